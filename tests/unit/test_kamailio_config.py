"""``callbot kamailio``: lines from the settings or from the command line, each by its address."""

import re
from pathlib import Path

import pytest

from callbot.cli.kamailio import kamailio
from callbot.errors import SettingsError
from callbot.telephony.kamailio import Address, configuration, dispatcher_list

pytestmark = pytest.mark.unit


def test_every_line_of_the_settings_is_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "callbot.toml").write_text('[telephony]\nbind = "192.0.2.1"\nlines = 3\nsip_port = 15070\n', "utf-8")
    kamailio(tmp_path / "kamailio.cfg", config=tmp_path / "callbot.toml")
    rows = (tmp_path / "kamailio.list").read_text("utf-8").splitlines()[1:]
    assert rows == [f"1 sip:192.0.2.1:{port} 0 0" for port in (15070, 15071, 15072)]
    written = (tmp_path / "kamailio.cfg").read_text("utf-8")
    assert "listen=udp:192.0.2.1:5060\n" in written
    assert f'"list_file", "{tmp_path / "kamailio.list"}"' in written


def test_named_lines_come_instead_and_ipv6_keeps_its_brackets(tmp_path: Path) -> None:
    kamailio(tmp_path / "k.cfg", ["10.0.0.1:5080", "[::1]:5081"], "[::1]:5060")
    assert "sip:10.0.0.1:5080 " in (tmp_path / "k.list").read_text("utf-8")
    assert "sip:[::1]:5081 " in (tmp_path / "k.list").read_text("utf-8")
    assert "listen=udp:[::1]:5060\n" in (tmp_path / "k.cfg").read_text("utf-8")


@pytest.mark.parametrize("text", ["10.0.0.1", "host:0", "host:70000", ":5060", 'a"b:5060', "a b:5060", "::1:5060"])
def test_what_is_no_address_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="地址:端口"):
        kamailio(tmp_path / "k.cfg", [text])
    assert not (tmp_path / "k.cfg").exists()


def test_kamailio_does_not_stand_in_front_of_itself(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--listen"):
        kamailio(tmp_path / "k.cfg", ["10.0.0.1:5060"], "10.0.0.1:5060")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        kamailio(tmp_path / "nowhere" / "k.cfg")


def test_nothing_is_left_open_in_the_template() -> None:
    written = configuration(Address("127.0.0.1", 5060), "/etc/kamailio/kamailio.list")
    assert not re.search(r"@[A-Z_]+@", written)
    assert written.count("{") == written.count("}")
    assert dispatcher_list([]).startswith("#")

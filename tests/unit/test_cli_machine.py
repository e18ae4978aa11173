"""``callbot init`` writes what ``callbot.settings`` reads; ``callbot doctor`` finds what is wrong."""

import json
import re
import socket
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from callbot import settings
from callbot.cli import checks, machine, settings_file
from callbot.errors import SettingsError
from callbot.settings import Settings, TelephonySettings, WebSettings
from callbot.telephony.build import Build

pytestmark = pytest.mark.unit


def uncommented(text: str) -> str:
    """The file with every key switched on."""
    return re.sub(r"^# (?=(\w+ = |\[))", "", text, flags=re.MULTILINE)


def test_every_key_has_a_sentence_and_no_sentence_lacks_its_key() -> None:
    assert set(settings_file.keys()) == set(settings_file.DESCRIPTIONS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_file_changes_nothing_until_a_line_is_switched_on(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOT_LANG", language)
    assert Settings.model_validate(tomllib.loads(settings_file.commented_toml())) == Settings()


def test_every_key_can_be_switched_on_and_shows_its_default() -> None:
    raw = tomllib.loads(uncommented(settings_file.commented_toml()))
    assert set(dotted(raw, "")) == set(settings_file.keys())
    assert len(raw["telephony"].pop("trunks")) == 1
    assert len(raw["transfer"].pop("queues")) == 1
    assert len(raw["hotline"].pop("numbers")) == 1
    assert Settings.model_validate({"webhooks": raw.pop("webhooks")}).webhooks.keys() == {"NAME"}
    del raw["orders_csv"], raw["coupons_csv"], raw["telephony"]["tls_ca"]  # these have no default
    del raw["speech"]["vosk_model"]
    assert Settings.model_validate(raw) == Settings()


def dotted(table: dict[str, object], prefix: str) -> list[str]:
    found = []
    for name, value in table.items():
        found.append(prefix + name)
        inner = value[0] if isinstance(value, list) else value
        if isinstance(inner, dict):
            found += dotted(inner, f"{prefix}{name}.")
    return found


def test_init_leaves_a_file_that_is_there_alone(tmp_path: Path) -> None:
    place = tmp_path / "callbot.toml"
    place.write_text("mine", "utf-8")
    with pytest.raises(SettingsError, match="--force"):
        machine.init(place)
    assert place.read_text("utf-8") == "mine"
    machine.init(place, force=True)
    assert settings.load(place).telephony == TelephonySettings()


def test_init_takes_a_folder_and_says_when_it_cannot_write(tmp_path: Path) -> None:
    machine.init(tmp_path)
    assert (tmp_path / "callbot.toml").exists()
    with pytest.raises(SettingsError, match="写不了"):
        machine.init(tmp_path / "nowhere" / "callbot.toml")


def test_the_packaged_sip_library_is_good_for_little_and_our_own_is_recommended() -> None:
    packaged, own = checks.pjsua2_build(Build("2.15.1", own=False)), checks.pjsua2_build(Build("2.17", own=True))
    assert (packaged.state, own.state) == ("warn", "ok")
    assert "make pjsua2" in packaged.advice
    assert not own.advice


def test_a_port_in_use_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, socket.socket() as listening:
        taken.bind(("127.0.0.1", 0))
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        sip, web = taken.getsockname()[1], listening.getsockname()[1]
        current = Settings(telephony=TelephonySettings(sip_port=sip, lines=1), web=WebSettings(port=web))
        busy_sip, busy_web = checks.sip_ports(current), checks.web_port(current)
    assert (busy_sip.state, busy_web.state) == ("warn", "warn")
    assert f"[{sip}]" in busy_sip.found
    assert f"[{web}]" in busy_web.found
    assert checks.sip_ports(current).state == "ok"
    assert checks.web_port(current).state == "ok"


def test_a_database_that_does_not_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as reserved:  # bound, not listening: nobody answers there
        reserved.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://nobody@127.0.0.1:{reserved.getsockname()[1]}/callbot"
        check = checks.database(Settings.model_validate({"store": {"url": url}}))
    assert check.state == "fail"
    assert "store.url" in check.advice


def test_the_data_folder_may_not_exist_yet(tmp_path: Path) -> None:
    current = Settings(data_dir=tmp_path / "a" / "b")
    assert checks.data_folder(current).state == "ok"
    assert checks.disk(current).state in ("ok", "warn")
    assert not (tmp_path / "a").exists()


def test_broken_settings_fail_and_the_doctor_says_so_to_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callbot.toml").write_text("[telephony]\nlines = 0\n", "utf-8")
    app = typer.Typer()
    machine.register(app)
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    (failed,) = [check for check in json.loads(result.stdout) if "telephony.lines" in check["found"]]
    assert failed["state"] == "fail"
    assert failed["advice"]

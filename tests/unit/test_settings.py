"""Wrong settings are one sentence that names the file and the key, before anything starts."""

from pathlib import Path

import pytest

from callbot.errors import SettingsError
from callbot.settings import load

pytestmark = pytest.mark.unit

TRUNK = '[[telephony.trunks]]\nname = "a"\n'


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('[campaign]\ntimezone = "Asia/Shangai"\n', "campaign.timezone"),
        ('[campaign]\ntimezone = "../etc/passwd"\n', "campaign.timezone"),
        ('[campaign]\ntimezone = ""\n', "campaign.timezone"),
        ('[campaign]\ncall_from = "9:00"\n', "campaign.call_from"),
        (TRUNK + TRUNK, "telephony.trunks"),
        ("[telephony]\nsip_port = 65535\nlines = 2\n", "telephony"),
        ("[telephony]\nrtp_port = 60000\nlines = 64\n", "telephony"),
        ('[sms]\ngateway = "http"\n', "sms"),
        ('[sms]\ngateway = "http"\nurl = "sms.example.com/send"\n', "sms"),
    ],
)
def test_a_value_that_cannot_work_is_named(tmp_path: Path, content: str, key: str) -> None:
    path = tmp_path / "callbot.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=rf"callbot\.toml.*{key}"):
        load(path)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=tmp_path.name):
        load(tmp_path)

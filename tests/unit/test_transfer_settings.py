"""Where queues lead, the tone that callers hear meanwhile, and the commands of supervisors without a callbot."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from callbot import app
from callbot.audio.pcm import active_level_dbfs
from callbot.audio.tones import ringback
from callbot.cli import build
from callbot.errors import SettingsError
from callbot.settings import Settings, TelephonySettings, TransferQueue, TransferSettings, Trunk
from callbot.telephony.switchboard import QueueTarget

pytestmark = pytest.mark.unit


def targets(*queues: TransferQueue) -> dict[str, QueueTarget]:
    telephony = TelephonySettings(trunks=(Trunk(name="carrier", host="192.0.2.5", port=5070),))
    return app.queue_targets(Settings(telephony=telephony, transfer=TransferSettings(queues=queues)))


def test_a_number_at_a_trunk_and_a_whole_address() -> None:
    assert targets(
        TransferQueue(name="finance", to="8001", trunk="carrier", method="refer", ring_limit_s=5),
        TransferQueue(name="human", to="sip:desk@192.0.2.9"),
    ) == {
        "finance": QueueTarget("sip:8001@192.0.2.5:5070", "refer", 5000, "carrier"),
        "human": QueueTarget("sip:desk@192.0.2.9", "bridge", 20_000),
    }


@pytest.mark.parametrize(("to", "trunk"), [("8001", ""), ("8001", "carier")])
def test_a_queue_that_leads_nowhere_is_named(to: str, trunk: str) -> None:
    with pytest.raises(SettingsError, match=r"finance.*trunk"):
        targets(TransferQueue(name="finance", to=to, trunk=trunk))


def test_the_ringing_tone_is_chinas() -> None:
    period = ringback()
    assert len(period) == 5 * 8000
    assert not period[8000:].any()
    assert np.argmax(np.abs(np.fft.rfft(period[:8000].astype(float)))) == 450
    assert active_level_dbfs(period[:8000]) == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("command", ["supervise", "release"])
def test_supervising_without_a_running_callbot_is_an_error_with_a_sentence(command: str, tmp_path: Path) -> None:
    config = tmp_path / "callbot.toml"
    config.write_text("", "utf-8")
    result = CliRunner().invoke(build(), [command, "call_x", "--config", str(config)])
    assert isinstance(result.exception, SettingsError)
    assert "callbot serve" in str(result.exception)

"""Every call that we end: the last sentence is said to its last sample, and only then we hang up."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from callbot.call.session import Session
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.messages import TimeUp
from callbot.script.revision import build_revision
from tests.golden.timeline import MS_PER_CHARACTER, People, Presses, Says, converse

pytestmark = pytest.mark.golden

INPUTS = {"name": "王女士", "order_no": "60731", "due": "128.50", "deadline": "2026-06-30"}
YES = Says(4000, 4700, "是的")
ENDINGS: dict[str, tuple[str, Sequence[Says | Presses]]] = {
    "silence": ("no_response", []),
    "promise": ("promised", [YES, Says(11_000, 11_800, "好的我今天就付")]),
    "key": ("promised", [YES, Presses(8000, "1")]),
    "talks over the goodbye": ("promised", [YES, Presses(8000, "1"), Says(8600, 12_000, "我还有一个问题")]),
    "a key in the goodbye": ("promised", [YES, Presses(8000, "1"), Presses(8900, "0"), Presses(9000, "#")]),
    "nobody takes the call": ("callback", [YES, Presses(8000, "0")]),
    "wrong person": ("wrong_person", [Says(4000, 4700, "不是")]),
}


@pytest.fixture(scope="module")
def script() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml"))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("shut_down_ms", [None, 1000, 7000])
async def test_the_goodbye_is_whole(script: CompiledScript, ending: str, shut_down_ms: int | None) -> None:
    outcome, customer = ENDINGS[ending]
    people, sessions = People(), list[Session]()
    if shut_down_ms is not None:
        people.at_ms(shut_down_ms, lambda: sessions[0].post(TimeUp("shutdown")))
    result = await converse(script, INPUTS, customer, people=people, during=sessions.append)
    assert result.conversation.hung_up_by == "robot"
    assert result.conversation.end.outcome in ({outcome} if shut_down_ms is None else {outcome, "callback"})
    goodbye = result.robot()[-1]
    assert goodbye.endswith("再见。")
    loud = np.flatnonzero(result.spoken)
    said_ms = len(goodbye) * MS_PER_CHARACTER
    assert np.all(result.spoken[loud[-1] + 1 - said_ms * 8 : loud[-1] + 1] == 5000), "whole and in one piece"
    assert len(result.spoken) - loud[-1] >= 380 * 8, "the far jitter buffer has time to play it"

"""A step says how it may be interrupted; carried out on a timeline, with the customer's words on it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.protocol import Revision
from callbot.script.revision import build_revision
from tests.golden.timeline import Presses, Result, Says, converse

pytestmark = pytest.mark.golden

INPUTS = {"name": "王女士", "order_no": "60731", "due": "128.50", "deadline": "2026-06-30"}
YES = Says(4000, 4700, "是的")
PAID = Says(7000, 8000, "我已经付过了")


@cache
def reminder(barge_in: str) -> CompiledScript:
    """The reminder with a policy for its second sentence, which begins at about 5.1 s and lasts some 5 s."""
    revision = build_revision(Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml")
    bundle: dict[str, Any] = json.loads(revision.text)
    bundle["script"]["steps"]["remind"]["barge_in"] = json.loads(barge_in)
    return compile_revision(Revision(revision.script, barge_in, json.dumps(bundle)))


def remind(result: Result) -> tuple[int, int]:
    """From when to when the second sentence was heard the first time."""
    line, *_ = [line for line in result.transcript if line.who == "robot" and "尾款" in line.text]
    return line.start_ms, line.end_ms


async def whole() -> tuple[int, int]:
    """The same when nobody interrupts."""
    return remind(await converse(reminder('"on"'), INPUTS, [YES], hangs_up_ms=14_000))


async def test_off_is_said_to_its_end_and_what_was_said_meanwhile_counts() -> None:
    result = await converse(reminder('"off"'), INPUTS, [YES, PAID])
    assert remind(result) == await whole()
    assert result.loud(7000, 9000)
    assert result.conversation.end.outcome == "already_paid"


async def test_by_meaning_goes_on_until_it_was_understood() -> None:
    result = await converse(reminder('{"by": "meaning"}'), INPUTS, [YES, PAID])
    assert all(result.loud(at, at + 20) for at in range(7000, 8000, 20)), "the speech alone does not stop it"
    start, end = remind(result)
    assert start < 8000 < end < (await whole())[1], "its meaning does"
    assert result.conversation.end.outcome == "already_paid"


async def test_by_meaning_takes_no_notice_of_a_murmur() -> None:
    result = await converse(reminder('{"by": "meaning"}'), INPUTS, [YES, Says(7000, 7600, "西红柿炒鸡蛋")])
    assert remind(result) == await whole()


async def test_by_meaning_is_stopped_by_a_key() -> None:
    result = await converse(reminder('{"by": "meaning"}'), INPUTS, [YES, Presses(7000, "1")])
    assert remind(result)[1] <= 7100
    assert result.conversation.end.outcome == "promised"


async def test_the_first_part_may_be_guarded() -> None:
    early = Says(5300, 6000, "呃")
    result = await converse(reminder('{"after": "1500ms"}'), INPUTS, [YES, early])
    assert all(result.loud(at, at + 20) for at in range(5400, 6000, 20)), "not yet"
    result = await converse(reminder('{"after": "1500ms"}'), INPUTS, [YES, PAID])
    assert not result.loud(7400, 8000), "now"

"""Callers on their way to people, on a timeline: ringing, talking, parting, failing, time running out."""

from pathlib import Path

import numpy as np
import pytest

from callbot.audio.tones import ringback
from callbot.call.session import Session
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.messages import TimeUp
from callbot.script.revision import build_revision
from tests.golden.timeline import People, Result, Says, converse

pytestmark = pytest.mark.golden

INPUTS = {"name": "王女士", "order_no": "60731", "due": "128.50", "deadline": "2026-06-30"}
WANTS_A_PERSON = [Says(4000, 4700, "是的"), Says(12_000, 12_900, "我要转人工")]


@pytest.fixture(scope="module")
def script() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml"))


def rings_from(result: Result) -> list[int]:
    """Where the ringing tone begins, in ms."""
    ring = ringback()[:8000].astype(float)
    spoken = result.spoken.astype(float)
    return [
        at // 8
        for at in range(0, len(spoken) - 8000, 160)
        if np.array_equal(spoken[at : at + 160], ring[:160]) and np.array_equal(spoken[at : at + 8000], ring)
    ]


async def test_the_caller_hears_it_ring_until_somebody_answers_and_the_call_lasts_until_they_part(
    script: CompiledScript,
) -> None:
    people = People(7000, 30_000, refuse=False)
    result = await converse(script, INPUTS, WANTS_A_PERSON, people=people)
    ((asked_ms, queue),) = people.asked
    assert queue == "finance"
    first, second = rings_from(result)
    assert first - asked_ms <= 60
    assert second - first == pytest.approx(5000, abs=40)
    assert not result.loud(asked_ms + 7100, len(result.spoken) // 8), "no ringing into the talk"
    assert result.conversation.end.outcome == "transferred"
    assert result.conversation.hung_up_by == "robot"
    agent = result.transcript[-1]
    assert (agent.who, agent.text, agent.step) == ("agent", "finance", "handover")
    assert agent.end_ms - agent.start_ms == pytest.approx(30_000, abs=40)
    assert len(result.spoken) // 8 == pytest.approx(agent.end_ms + 400, abs=60)


async def test_what_is_said_to_people_is_not_recognised(script: CompiledScript) -> None:
    said = [*WANTS_A_PERSON, Says(25_000, 26_000, "别再给我打电话了")]
    result = await converse(script, INPUTS, said, people=People(100, 30_000, refuse=False))
    assert result.customer() == ["是的", "我要转人工"]
    assert result.conversation.end.outcome == "transferred"


async def test_a_caller_who_hangs_up_while_talking_was_transferred_and_the_people_are_let_go(
    script: CompiledScript,
) -> None:
    people = People(100, None, refuse=False)
    result = await converse(script, INPUTS, WANTS_A_PERSON, people=people, hangs_up_ms=40_000)
    assert result.conversation.end.outcome == "transferred"
    assert result.conversation.hung_up_by == "customer"
    assert result.transcript[-1].who == "agent"
    assert result.transcript[-1].end_ms == 40_000
    assert people.let_go


async def test_a_caller_who_hangs_up_while_it_rings_was_not_transferred(script: CompiledScript) -> None:
    people = People(None)
    result = await converse(script, INPUTS, WANTS_A_PERSON, people=people, hangs_up_ms=30_000)
    assert result.conversation.end.outcome != "transferred"
    assert people.let_go
    assert all(line.who != "agent" for line in result.transcript)


async def test_people_who_do_not_answer_lead_on_in_the_script(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, WANTS_A_PERSON, people=People(6000))
    assert result.conversation.end.outcome == "callback"
    assert result.robot()[-1] not in ("", result.robot()[-2])
    assert all(line.who != "agent" for line in result.transcript)


async def shut_down_at(script: CompiledScript, people: People, at_ms: int) -> Result:
    sessions: list[Session] = []
    people.at_ms(at_ms, lambda: sessions[0].post(TimeUp("shutdown")))
    return await converse(script, INPUTS, WANTS_A_PERSON, people=people, during=sessions.append)


async def test_a_line_that_shuts_down_while_it_rings_says_goodbye(script: CompiledScript) -> None:
    people = People(None)
    result = await shut_down_at(script, people, 25_000)
    assert people.let_go
    assert "再见" in result.robot()[-1]
    assert result.conversation.hung_up_by == "robot"


async def test_a_line_that_shuts_down_lets_people_talk_twenty_seconds_more(script: CompiledScript) -> None:
    people = People(100, None, refuse=False)
    result = await shut_down_at(script, people, 25_000)
    assert result.conversation.end.outcome == "transferred"
    assert len(result.spoken) // 8 == pytest.approx(45_000, abs=60)
    assert people.let_go


async def test_the_longest_call_does_not_end_a_talk_with_people(script: CompiledScript) -> None:
    people = People(100, script.longest_ms, refuse=False)
    result = await converse(script, INPUTS, WANTS_A_PERSON, people=people, hangs_up_ms=script.longest_ms + 60_000)
    assert result.conversation.end.outcome == "transferred"
    assert len(result.spoken) // 8 > script.longest_ms

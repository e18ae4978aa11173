"""The robot's mouth: order, replacing, pausing, and what the transcript says of each sentence."""

import numpy as np
import pytest

from callbot.call.speaker import Speaker
from callbot.messages import Say, Spoken
from callbot.values import Pcm

pytestmark = pytest.mark.unit

LOUD = np.full(160, 3000, np.int16)
QUIET = np.zeros(160, np.int16)


class Leg:
    """Notes what it is told; satisfies the part of ``CallLeg`` that a speaker uses."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def play(self, audio: Pcm, number: int) -> None:
        self.told.append(number)

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def stop(self) -> None:
        self.told.append("stop")


def say(number: int, *, replace: bool = True) -> Say:
    return Say(number, "step", f"第{number}句", (f"第{number}句",), replace=replace)


@pytest.fixture
def leg() -> Leg:
    return Leg()


@pytest.fixture
def lines() -> list[Spoken]:
    return []


@pytest.fixture
def speaker(leg: Leg, lines: list[Spoken]) -> Speaker:
    return Speaker(leg, lines.append)  # type: ignore[arg-type]


def test_sentences_follow_each_other_and_are_noted_when_played(speaker: Speaker, leg: Leg, lines: list[Spoken]) -> None:
    speaker.say(say(1), LOUD)
    speaker.say(say(2, replace=False), LOUD)
    assert leg.told == [1]
    assert speaker.heard_by_customer(LOUD, 120)
    assert not speaker.heard_by_customer(LOUD, 140)
    assert speaker.finished(1)
    assert leg.told == [1, 2]
    assert lines == [Spoken("robot", "第1句", 100, 140, "step")]
    assert speaker.finished(2)
    assert not speaker.busy


def test_a_replaced_sentence_is_cut_and_noted_as_far_as_it_was_heard(
    speaker: Speaker, leg: Leg, lines: list[Spoken]
) -> None:
    speaker.say(say(1), LOUD)
    speaker.say(say(2, replace=False), LOUD)
    speaker.heard_by_customer(LOUD, 40)
    speaker.say(say(3), LOUD)
    assert leg.told == [1, "stop", 3]
    assert [line.text for line in lines] == ["第1句"]
    assert not speaker.finished(1), "a late report about a cut sentence changes nothing"
    assert speaker.audible


def test_pause_keeps_the_sentence_and_resume_goes_on(speaker: Speaker, leg: Leg) -> None:
    speaker.say(say(1), LOUD)
    speaker.pause()
    speaker.pause()
    assert speaker.busy
    assert not speaker.audible
    speaker.resume()
    speaker.resume()
    assert speaker.audible
    assert leg.told == [1, "pause", "resume"]


def test_a_sentence_that_was_never_audible_is_not_in_the_transcript(speaker: Speaker, lines: list[Spoken]) -> None:
    speaker.say(say(1), LOUD)
    assert not speaker.heard_by_customer(QUIET, 20)
    speaker.stop()
    assert lines == []


def guarded(number: int, *, by: str = "speech", guard_ms: int = 0) -> Say:
    return Say(number, "step", "句", ("句",), barge_in_by=by, guard_ms=guard_ms)  # type: ignore[arg-type]


def test_what_may_not_be_interrupted_is_said_to_its_end_and_the_reply_follows(speaker: Speaker, leg: Leg) -> None:
    speaker.say(guarded(1, by="nothing"), LOUD)
    speaker.say(say(2, replace=False), LOUD)
    assert not speaker.barge_in
    assert not speaker.interruptible
    speaker.say(say(3), LOUD)
    assert leg.told == [1]
    speaker.finished(1)
    assert leg.told == [1, 3], "the reply came instead of what was still to be said"


def test_only_a_reply_interrupts_by_meaning(speaker: Speaker, leg: Leg) -> None:
    speaker.say(guarded(1, by="meaning"), LOUD)
    assert not speaker.barge_in, "mere speech does not"
    speaker.say(say(2), LOUD)
    assert leg.told == [1, "stop", 2]


def test_the_beginning_of_a_sentence_may_be_guarded(speaker: Speaker, leg: Leg) -> None:
    speaker.say(guarded(1, guard_ms=800), LOUD)
    speaker.heard_by_customer(LOUD, 120)
    speaker.heard_by_customer(LOUD, 880)
    assert not speaker.barge_in
    assert not speaker.interruptible
    speaker.heard_by_customer(LOUD, 900)
    assert speaker.barge_in
    assert speaker.interruptible

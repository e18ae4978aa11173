"""Turn-taking as arithmetic on a timeline: spans of speech in ms go in, events with their times come out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbot.turn.taking import (
    BargeIn,
    ShortPause,
    SpeechResumed,
    SpeechStarted,
    TooLong,
    TurnEvent,
    TurnPolicy,
    TurnTaker,
    UtteranceEnded,
)
from callbot.values import FRAME_MS

pytestmark = pytest.mark.unit

Span = tuple[int, int]


def run(
    speech: list[Span],
    *,
    until_ms: int,
    robot: list[Span] | None = None,
    complete_at_ms: int | None = None,
    policy: TurnPolicy | None = None,
) -> list[TurnEvent]:
    taker = TurnTaker(policy or TurnPolicy())
    events: list[TurnEvent] = []
    for at_ms in range(0, until_ms, FRAME_MS):
        talking = any(start <= at_ms < end for start, end in speech)
        audible = any(start <= at_ms < end for start, end in robot or [])
        events += taker.frame(0.9 if talking else 0.05, audible)
        if complete_at_ms is not None and at_ms + FRAME_MS == complete_at_ms:
            taker.complete()
    return events


def test_one_utterance() -> None:
    assert run([(1000, 2000)], until_ms=4000) == [
        SpeechStarted(960),
        ShortPause(2100),
        UtteranceEnded(960, 1920),
    ]


def test_the_endpoint_comes_500_ms_after_the_last_speech() -> None:
    assert UtteranceEnded(960, 1920) not in run([(1000, 2000)], until_ms=2480)
    assert UtteranceEnded(960, 1920) in run([(1000, 2000)], until_ms=2500)


def test_a_complete_answer_ends_after_300_ms() -> None:
    early = run([(1000, 2000)], until_ms=2300, complete_at_ms=2200)
    assert early[-1] == UtteranceEnded(960, 1920)


def test_complete_said_later_than_300_ms_ends_with_the_next_frame() -> None:
    assert run([(1000, 2000)], until_ms=2420, complete_at_ms=2400)[-1] == UtteranceEnded(960, 1920)
    assert run([(1000, 2000)], until_ms=2400, complete_at_ms=2400)[-1] == ShortPause(2100)


def test_complete_is_forgotten_when_speech_resumes() -> None:
    events = run([(1000, 2000), (2240, 3000)], until_ms=3480, complete_at_ms=2200)
    assert events == [SpeechStarted(960), ShortPause(2100), SpeechResumed(2280), ShortPause(3100)]


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    events = run([(1000, 1500), (1900, 2500)], until_ms=4000)
    assert events == [
        SpeechStarted(960),
        ShortPause(1600),
        SpeechResumed(1940),
        ShortPause(2600),
        UtteranceEnded(960, 2420),
    ]


def test_one_frame_of_noise_in_a_pause_drops_nothing() -> None:
    events = run([(1000, 1500), (1700, 1720)], until_ms=3000)
    assert events == [SpeechStarted(960), ShortPause(1600), UtteranceEnded(960, 1420)]


def test_a_gap_shorter_than_100_ms_is_no_pause() -> None:
    assert run([(1000, 1500), (1580, 2000)], until_ms=2080) == [SpeechStarted(960)]


@pytest.mark.parametrize("length_ms", [100, 160, 200, 300])
def test_short_answers_are_never_lost(length_ms: int) -> None:
    events = run([(1000, 1000 + length_ms)], until_ms=3000)
    assert [type(event) for event in events] == [SpeechStarted, ShortPause, UtteranceEnded]


def test_a_click_is_no_speech() -> None:
    assert run([(1000, 1080)], until_ms=3000) == []


def test_interrupting_takes_200_ms_of_speech_over_the_robot() -> None:
    events = run([(5000, 6000)], robot=[(3000, 9000)], until_ms=7000)
    assert events[:2] == [SpeechStarted(4960), BargeIn(5200)]
    assert sum(isinstance(event, BargeIn) for event in events) == 1


def test_speech_that_is_over_before_200_ms_interrupts_nobody() -> None:
    assert not any(isinstance(e, BargeIn) for e in run([(5000, 5180)], robot=[(3000, 9000)], until_ms=7000))


def test_nobody_is_interrupted_while_the_robot_is_silent() -> None:
    assert not any(isinstance(e, BargeIn) for e in run([(5000, 6000)], until_ms=7000))


def test_only_speech_while_the_robot_speaks_counts() -> None:
    events = run([(5000, 7000)], robot=[(5900, 9000)], until_ms=8000)
    assert BargeIn(5920) in events  # the robot began to speak over somebody


def test_a_greeting_is_not_interrupted_by_hello() -> None:
    events = run([(300, 700), (1100, 1500)], robot=[(40, 5000)], until_ms=4000)
    assert not any(isinstance(event, BargeIn) for event in events)
    assert sum(isinstance(event, UtteranceEnded) for event in events) == 1


def test_who_talks_on_after_the_guard_interrupts() -> None:
    assert BargeIn(2200) in run([(1500, 4000)], robot=[(40, 5000)], until_ms=5000)
    assert not any(isinstance(e, BargeIn) for e in run([(1500, 2180)], robot=[(40, 5000)], until_ms=5000))


def test_endless_speech_is_cut_and_the_next_piece_begins() -> None:
    policy = TurnPolicy(longest_ms=3000)
    events = run([(1000, 9000)], until_ms=6000, policy=policy)
    assert events[:3] == [SpeechStarted(960), TooLong(3960), UtteranceEnded(960, 3880)]
    assert events[3] == SpeechStarted(3920)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=12))
def test_whatever_is_said_events_come_in_order_and_in_pairs(rhythm: list[tuple[int, int]]) -> None:
    spans: list[Span] = []
    at_ms = 0
    for quiet, speech in rhythm:
        at_ms += quiet * FRAME_MS
        spans.append((at_ms, at_ms + speech * FRAME_MS))
        at_ms += speech * FRAME_MS
    open_utterance = False
    last_end_ms = -1
    for event in run(spans, until_ms=at_ms + 2000):
        match event:
            case SpeechStarted(at_ms=started_ms):
                assert not open_utterance
                assert started_ms > last_end_ms - 200
                open_utterance = True
            case UtteranceEnded(start_ms=start_ms, end_ms=end_ms):
                assert open_utterance
                assert start_ms < end_ms
                last_end_ms = end_ms
                open_utterance = False
            case _:
                assert open_utterance
    assert not open_utterance

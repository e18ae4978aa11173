"""Numbers entered by keys, and what only a hotline may or may not have."""

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callbot.dialogue.engine import CompiledScript, DialogueState, advance, begin, compile_revision
from callbot.dialogue.pieces import shared_pieces
from callbot.messages import Action, ActionFinished, Answered, Do, Event, Heard, KeyPressed, Listen, Say, Silence
from callbot.script.revision import build_revision

pytestmark = pytest.mark.unit

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TO_ORDER = (Answered(), KeyPressed("2"), KeyPressed("1"))


@cache
def hotline() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "ivr_flows" / "hotline.yaml"))


def run(*events: Event) -> tuple[DialogueState, list[tuple[Action, ...]]]:
    state = begin(hotline(), {}, NOW)
    done: list[tuple[Action, ...]] = []
    for event in events:
        state, actions = advance(hotline(), state, event)
        done.append(actions)
    return state, done


def keys(text: str) -> list[Event]:
    return [KeyPressed(key) for key in text]


def test_every_digit_waits_for_the_next_and_says_nothing() -> None:
    state, done = run(*TO_ORDER, *keys("20"))
    assert all(isinstance(action, Listen) and action.silence_ms == 4000 for (action,) in done[-2:])
    assert (state.step, state.asking.keyed) == ("order", "20")


@pytest.mark.parametrize("end", [KeyPressed("#"), Silence()], ids=["hash", "pause"])
def test_a_number_ends_with_hash_or_a_pause_and_is_looked_up(end: Event) -> None:
    _, done = run(*TO_ORDER, *keys("00731"), end)
    assert done[-1][-1] == Do("order_status", {"order_no": "00731"}, 3000)


def test_a_whole_number_is_one_turn_however_many_keys_it_took() -> None:
    before, _ = run(*TO_ORDER)
    after, _ = run(*TO_ORDER, *keys("1234567890#"))
    assert after.counters["turns"] == before.counters["turns"] + 1


def test_nothing_entered_is_not_understood() -> None:
    state, done = run(*TO_ORDER, KeyPressed("#"))
    assert [type(action) for action in done[-1]] == [Say, Listen]
    assert state.counters["unclear"] == 1


def test_a_long_pause_before_the_first_key_is_silence() -> None:
    state, _ = run(*TO_ORDER, Silence())
    assert state.counters["silence"] == 1


def test_speech_answers_at_the_same_prompt_and_wins_over_half_a_number() -> None:
    state, done = run(*TO_ORDER, *keys("20"), Heard("订单号是四八二零幺六五"))
    assert done[-1][-1] == Do("order_status", {"order_no": "4820165"}, 3000)
    assert state.asking.keyed == ""


def test_a_murmur_does_not_throw_away_what_was_entered() -> None:
    state, done = run(*TO_ORDER, *keys("20"), Heard("呃那个"), *keys("731#"))
    assert done[5] == ()
    assert state.variables["order_no"] == "20731"


def test_a_row_for_the_star_wins_over_entering_anew() -> None:
    state, _ = run(*TO_ORDER, *keys("20*"))
    assert (state.step, state.asking.keyed) == ("users", "")


def test_what_was_entered_is_forgotten_when_the_question_comes_again() -> None:
    state, _ = run(*TO_ORDER, *keys("20"), Heard("再说一遍"), *keys("731#"))
    assert state.variables["order_no"] == "731"


def test_a_number_has_an_end() -> None:
    state, _ = run(*TO_ORDER, *keys("1" * 100))
    assert len(state.asking.keyed) == 30


def test_nothing_found_gives_nothing_and_is_no_failure() -> None:
    state, _ = run(*TO_ORDER, *keys("111#"), ActionFinished("order_status", "not_found"))
    assert state.step == "order_again"
    failed, _ = run(*TO_ORDER, *keys("111#"), ActionFinished("order_status", "found"))
    assert failed.step == "person"


def test_a_status_is_spoken_as_one_piece_that_can_be_made_ahead() -> None:
    _, done = run(*TO_ORDER, *keys("111#"), ActionFinished("order_status", "found", {"status": "已经发货"}))
    say = next(action for action in done[-1] if isinstance(action, Say))
    assert say.pieces == ("订单", "幺", "幺", "幺", "已经发货")


def test_all_else_that_a_hotline_says_is_known_before_anybody_calls() -> None:
    ready = set(shared_pieces(hotline()))
    _, done = run(*TO_ORDER, *keys("0123456789#"), ActionFinished("order_status", "not_found"))
    assert {piece for actions in done for say in actions if isinstance(say, Say) for piece in say.pieces} <= ready

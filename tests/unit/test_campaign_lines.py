"""The dispatcher's book: never more calls than legs and channels, whatever lines say in what order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbot.campaign.lines import LOST_AFTER_MS, TRUNK_REST_MS, LineBook, Place
from callbot.protocol import LineBeat, LineReady

pytestmark = pytest.mark.unit


def ready(line: str = "line-0", legs: int = 4, incarnation: str = "a") -> LineReady:
    return LineReady(line=line, incarnation=incarnation, legs=legs, media="test")


def test_calls_go_to_the_emptiest_line_and_trunk() -> None:
    book = LineBook({"x": 2, "y": 3})
    book.ready(ready("line-0", 2), 0)
    book.ready(ready("line-1", 3), 0)
    places = [book.reserve(f"call_{n}", 0) for n in range(6)]
    lines = [place.line for place in places if place]
    assert sorted(lines) == ["line-0", "line-0", "line-1", "line-1", "line-1"]
    assert sorted(place.trunk for place in places if place) == ["x", "x", "y", "y", "y"]
    assert places[5] is None
    assert book.room(0) == 0
    book.free("call_0")
    assert book.room(0) == 1


def test_a_silent_line_has_no_room_until_it_is_heard_again() -> None:
    book = LineBook({"x": 9})
    book.ready(ready(), 0)
    place = book.reserve("call_1", 0)
    assert place is not None
    assert book.room(LOST_AFTER_MS) == 0
    assert not book.lives(place, LOST_AFTER_MS)
    book.beat(LineBeat("line-0", "a", ("call_1",), legs=4), LOST_AFTER_MS)
    assert book.room(LOST_AFTER_MS) == 3
    assert book.lives(place, LOST_AFTER_MS)


def test_a_draining_line_gets_nothing() -> None:
    book = LineBook({"x": 9})
    book.ready(ready(), 0)
    book.beat(LineBeat("line-0", "a", (), draining=True, legs=4), 0)
    assert book.room(0) == 0


def test_a_restarted_line_is_another_one() -> None:
    book = LineBook({"x": 9})
    book.ready(ready(), 0)
    place = book.reserve("call_1", 0)
    assert place == Place("line-0", "a", "x")
    book.ready(ready(incarnation="b"), 0)
    assert not book.lives(place, 0)
    assert book.room(0) == 3  # the call still counts until its fate is known


def test_a_control_that_came_back_learns_from_beats() -> None:
    book = LineBook({"x": 2})
    book.occupy("call_1", Place("line-0", "a", "x"))
    book.beat(LineBeat("line-0", "a", ("call_1", "call_2"), legs=4), 0)
    assert book.room(0) == 1  # one channel of two; on the line two legs of four
    assert list(book.calls()) == [("line-0", "call_1"), ("line-0", "call_2")]


@given(st.lists(st.tuples(st.sampled_from(["reserve", "free", "beat", "ready", "wait"]), st.integers(0, 5))))
def test_never_more_calls_than_legs_and_channels(steps: list[tuple[str, int]]) -> None:
    book = LineBook({"x": 2, "y": 1})
    now = 0
    held: dict[str, Place] = {}
    for number, (kind, value) in enumerate(steps):
        if kind == "ready":
            book.ready(ready(f"line-{value % 2}", 2, f"life-{number}"), now)
        elif kind == "beat":
            alive = tuple(call for call, place in held.items() if place.line == f"line-{value % 2}")
            book.beat(LineBeat(f"line-{value % 2}", "a", alive, legs=2), now)
        elif kind == "reserve":
            room = book.room(now)
            place = book.reserve(f"call_{number}", now)
            assert (place is not None) == (room > 0)
            if place is not None:
                held[f"call_{number}"] = place
        elif kind == "free" and held:
            call = sorted(held)[value % len(held)]
            del held[call]
            book.free(call)
        else:
            now += value * 1000
        for name, most in (("line-0", 2), ("line-1", 2)):
            assert sum(place.line == name for place in held.values()) <= most
        for trunk, most in (("x", 2), ("y", 1)):
            assert sum(place.trunk == trunk for place in held.values()) <= most


def test_a_trunk_is_dead_only_after_silent_calls_in_a_row() -> None:
    book = LineBook({"x": 9})
    book.ready(ready(), 0)
    for number, answered in enumerate([False, False, True, False, False]):
        book.reserve(f"call_{number}", 0)
        assert book.trunk_answered(f"call_{number}", answered=answered, now_ms=0) is None
        book.free(f"call_{number}")
    book.reserve("call_9", 0)
    assert book.trunk_answered("call_9", answered=False, now_ms=0) == "x"
    book.free("call_9")
    assert book.room(0) == 0
    book.ready(ready(), TRUNK_REST_MS)
    assert book.room(TRUNK_REST_MS) == 1


def test_trunks_are_used_in_the_order_of_their_priority() -> None:
    book = LineBook({"dear": 9, "cheap": 1, "other": 2}, {"dear": 2, "cheap": 1, "other": 1})
    book.ready(ready("line-0", 9), 0)
    places = [book.reserve(f"call_{n}", 0) for n in range(4)]
    assert [place.trunk for place in places if place] == ["other", "cheap", "other", "dear"]
    first = places[0]
    assert first is not None
    assert book.spares(first, 0) == ["dear"]
    book.free("call_1")
    assert book.spares(first, 0) == ["cheap", "dear"]


def test_a_trunk_that_is_down_for_a_line_is_not_used_by_it() -> None:
    book = LineBook({"x": 1, "y": 9})
    for line, down in (("line-0", ("x",)), ("line-1", ())):
        book.ready(ready(line), 0)
        book.beat(LineBeat(line, "a", (), legs=4, trunks_down=down), 0)
    places = [book.reserve(f"call_{n}", 0) for n in range(8)]
    assert "line-0" not in [place.line for place in places if place and place.trunk == "x"]
    everywhere = LineBook({"x": 5})
    everywhere.beat(LineBeat("line-0", "a", (), legs=4, trunks_down=("x",)), 0)
    assert everywhere.room(0) == 0
    assert everywhere.reserve("call_1", 0) is None


def test_a_call_that_moves_on_frees_its_first_trunk() -> None:
    book = LineBook({"x": 1, "y": 1}, {"y": 2})
    book.ready(ready(), 0)
    place = book.reserve("call_1", 0)
    assert place is not None
    assert place.trunk == "x"
    assert book.move("call_1", "y", 0) is None
    assert book.move("nobody", "y", 0) is None
    second = book.reserve("call_2", 0)
    assert second is not None
    assert second.trunk == "x"
    assert book.reserve("call_3", 0) is None


def test_a_trunk_that_passes_every_call_on_is_dead() -> None:
    book = LineBook({"x": 9, "y": 9}, {"y": 2})
    book.ready(ready(), 0)
    dead = []
    for number in range(3):
        book.reserve(f"call_{number}", 0)
        dead.append(book.move(f"call_{number}", "y", 0))
        book.free(f"call_{number}")
    assert dead == [None, None, "x"]
    place = book.reserve("call_9", 0)
    assert place is not None
    assert place.trunk == "y"

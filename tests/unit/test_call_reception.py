"""Who answers a call that comes in, and what is kept of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbot.call import journal
from callbot.call.journal import CallJournal, PickedUp, Placed
from callbot.call.reception import Capacity, answer_with, picking_up, shown_caller
from callbot.campaign.lines import LineBook
from callbot.ports import CallLeg, NotConnected
from callbot.protocol import AnswerCalls, LineBeat, LineReady, Revision, TakeCall
from callbot.values import Disposition

pytestmark = pytest.mark.unit

SHOP, OTHER, BUSY = (Revision(name, name, "{}") for name in ("shop", "other", "busy"))
ONE = AnswerCalls({"4008001234": SHOP})
ALL = AnswerCalls({"4008001234": SHOP}, default=OTHER, busy=BUSY)
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "flows", "calls", "answer"),
    [
        ("4008001234", None, 0, 503),  # prompts are being made, or the line drains
        ("4008001234", ONE, 0, SHOP),
        ("", ONE, 0, 404),
        ("4008009999", ONE, 0, 404),
        ("4008009999", ALL, 0, OTHER),
        ("4008001234", ONE, 6, SHOP),
        ("4008001234", ONE, 7, 486),
        ("4008009999", ONE, 8, 404),  # a number that does not exist is never busy
    ],
)
def test_numbers_flows_and_legs(number: str, flows: AnswerCalls | None, calls: int, answer: Revision | int) -> None:
    assert answer_with(number, flows, Capacity(legs=8, kept=1, calls=calls)) == answer


@pytest.mark.parametrize("listed", ["02112345678", "+862112345678"])
@pytest.mark.parametrize(
    "dialled",
    ["02112345678", "+862112345678", "862112345678", "00862112345678", "+8602112345678", "2112345678"],
)
def test_a_number_is_the_same_however_the_trunk_writes_it(listed: str, dialled: str) -> None:
    flows = AnswerCalls({"4008001234": OTHER, listed: SHOP})
    assert answer_with(dialled, flows, Capacity(legs=8, kept=1, calls=0)) == SHOP


@pytest.mark.parametrize(
    ("listed", "dialled"),
    [
        ("02112345678", "02012345678"),
        ("02112345678", "2112345679"),
        ("4008001234", "8008001234"),
        ("+14155552671", "4155552671"),
        ("100", "*100"),
        ("100", "0100"),
        ("100", "+86100"),
    ],
)
def test_another_number_is_another_number(listed: str, dialled: str) -> None:
    assert answer_with(dialled, AnswerCalls({listed: SHOP}), Capacity(legs=8, kept=1, calls=0)) == 404


def test_a_number_that_is_listed_as_it_comes_goes_before_another_spelling() -> None:
    flows = AnswerCalls({"02112345678": SHOP, "+862112345678": OTHER})
    assert answer_with("+862112345678", flows, Capacity(legs=8, kept=1, calls=0)) == OTHER


def test_the_reserve_is_never_used_and_one_leg_says_that_all_are_busy() -> None:
    answers = [answer_with("4008001234", ALL, Capacity(legs=8, kept=3, calls=calls)) for calls in range(9)]
    assert answers == [SHOP] * 5 + [BUSY] + [486] * 3


def test_a_line_with_a_reserve_gets_fewer_calls_from_campaigns() -> None:
    book = LineBook({"t": 10})
    book.ready(LineReady(line="line-1", incarnation="a", legs=4, media="", reserve=1), 0)
    assert book.room(0) == 3
    book.beat(LineBeat("line-1", "a", ("call_in",), legs=4, reserve=1), 1)
    assert book.room(1) == 2
    book.beat(LineBeat("line-2", "b", (), legs=4, reserve=3), 1)
    assert book.room(1) == 3


@pytest.mark.parametrize(
    ("caller", "shown"),
    [("13900000001", "139****0001"), ("anonymous", "anonymous"), ("", "?"), ("x" * 500, "x" * 64)],
)
def test_callers_are_shown_masked_and_in_short(caller: str, shown: str) -> None:
    assert shown_caller(caller) == shown


class Caller:
    number = "4008001234"
    caller = "13900000001"

    def __init__(self, ended: NotConnected) -> None:
        self._ended = ended

    def reject(self, status: int) -> None:
        raise AssertionError("a call is either answered or rejected")

    async def answer(self) -> CallLeg | NotConnected:
        return self._ended


@pytest.mark.parametrize(
    ("got", "kept"),
    [
        (NotConnected(Disposition.NO_ANSWER, 487), NotConnected(Disposition.CANCELLED, 487)),
        (NotConnected(Disposition.FAILED, 0), NotConnected(Disposition.FAILED, 0)),
    ],
)
async def test_a_caller_who_gives_up_before_we_answer_has_cancelled(got: NotConnected, kept: NotConnected) -> None:
    assert await picking_up(Caller(got))(lambda: None, lambda _: None) == kept


def test_a_call_that_came_in_and_was_cut_off_is_kept_with_its_caller(tmp_path: Path) -> None:
    order = TakeCall(call_id="call_1", number="4008001234", caller="13900000001", contact="139****0001", revision=SHOP)
    left = CallJournal(tmp_path, Placed(order, "line-1", NOW, str(tmp_path / "none.wav")))
    left.write(PickedUp(NOW))
    left.close()
    [result] = journal.unfinished(tmp_path, NOW)
    assert (result.direction, result.caller, result.number) == ("in", "13900000001", "4008001234")
    assert (result.attempt_id, result.outcome, result.disposition) == ("", "interrupted", Disposition.ANSWERED)
    assert result.trace is not None
    assert result.trace.script == "shop"

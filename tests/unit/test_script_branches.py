"""``check``: what may be compared, how it is compared, what is certain afterwards; opening hours."""

from datetime import datetime
from pathlib import Path

import pytest

from callbot.messages import Heard
from callbot.script.branch import CheckRow, Hours
from callbot.script.comparison import holds
from tests.unit.script_workshop import NOW, OPENING, Workshop, talk, workshop

pytestmark = pytest.mark.unit


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return workshop(tmp_path)


def row(**comparison: str) -> CheckRow:
    return CheckRow.model_validate(
        {("is" if key == "equals" else key): each for key, each in comparison.items()} | {"to": "x"}
    )


@pytest.mark.parametrize(
    ("kind", "value", "comparison", "expected"),
    [
        ("money", "128.50", {"at_most": "128.5"}, True),
        ("money", "128.51", {"at_most": "128.50"}, False),
        ("money", "9.00", {"at_least": "10"}, False),
        ("money", "100.00", {"at_least": "￥100"}, True),
        ("money", "1280.00", {"equals": "1,280"}, True),
        ("digits", "00731", {"equals": "731"}, False),
        ("digits", "00731", {"equals": "00731"}, True),
        ("text", "王女士", {"equals": "王女士"}, True),
        ("text", "", {"empty": "true"}, True),
        ("text", "有", {"empty": "true"}, False),
        ("money", "", {"at_most": "10"}, False),
        ("date", "2026-05-31", {"before": "today"}, True),
        ("date", "2026-06-01", {"before": "today"}, False),
        ("date", "2026-06-01", {"before": "now"}, False),
        ("date", "2026-06-02", {"after": "today"}, True),
        ("date", "2026-06-03", {"before": "+3d"}, True),
        ("date", "2026-06-04", {"before": "+3d"}, False),
        ("date", "2026-06-30", {"equals": "2026/6/30"}, True),
        ("datetime", "2026-06-01T11:00:00+08:00", {"before": "+2h"}, True),
        ("datetime", "2026-06-01T13:00:00+08:00", {"before": "+2h"}, False),
        ("datetime", "2026-06-01T09:59:00+08:00", {"before": "now"}, True),
        ("datetime", "2026-06-01T02:30:00+00:00", {"after": "now"}, True),
        ("datetime", "2026-06-05T08:59:00+08:00", {"before": "09:00"}, True),
        ("datetime", "2026-06-05T09:00:00+08:00", {"before": "09:00"}, False),
        ("datetime", "2026-06-01T23:00:00+08:00", {"after": "2026-06-01"}, False),
        ("time", "08:59", {"before": "09:00"}, True),
        ("time", "09:00", {"after": "09:00"}, False),
        ("time", "09:00", {"equals": "09:00"}, True),
        ("list", "", {"empty": "true"}, True),
        ("money", "5.00", {"equals": "{other}"}, False),
        ("money", "7.00", {"equals": "{other}"}, True),
        ("money", "5.00", {"at_most": "{other}"}, True),
        ("money", "5.00", {"at_most": "{missing}"}, False),
    ],
)
def test_comparisons_know_their_types(kind: str, value: str, comparison: dict[str, str], expected: bool) -> None:
    assert holds(row(**comparison), kind, value, {"other": "7.00"}, NOW) is expected


HOURS = Hours(
    workdays=("09:00-12:00", "13:30-18:00"),
    sat=("10:00-24:00",),
    holidays=("2026-10-01",),
    makeup=("2026-10-10",),
)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-06-01T09:00", "open"),
        ("2026-06-01T08:59", "closed"),
        ("2026-06-01T12:00", "closed"),
        ("2026-06-01T17:59", "open"),
        ("2026-06-06T23:59", "open"),
        ("2026-06-07T11:00", "closed"),
        ("2026-10-01T11:00", "holiday"),
        ("2026-10-10T09:30", "open"),
        ("2026-10-10T20:00", "closed"),
    ],
)
def test_hours(moment: str, state: str) -> None:
    assert HOURS.state(datetime.fromisoformat(f"{moment}+08:00")) == state


STEPS = f"""
greet:
  say: {OPENING}请问是本人吗？
  answers: {{affirm: amount, deny: bye}}
amount:
  check: due
  rows:
    - {{at_most: 100, to: small}}
    - {{at_least: "{{limit}}", to: large}}
  otherwise: bye
small:
  say: 不到一百元，好吗？
  answers: {{affirm: bye}}
large:
  say: 比较多，好吗？
  answers: {{affirm: bye}}
"""
INPUTS = "inputs: {due: money, limit: money}\n".replace("due: money", "due: {type: money}").replace(
    "limit: money", "limit: {type: money}"
)


@pytest.mark.parametrize(("due", "step"), [("100", "small"), ("500", "large"), ("499.99", "bye")])
def test_the_first_row_that_holds_is_taken(shop: Workshop, due: str, step: str) -> None:
    script = shop.compile(STEPS, INPUTS)
    session = talk(script, Heard("", "affirm"), inputs={"due": due, "limit": "500"})
    assert session.state.step == step
    assert session.state.path[-2] == "amount"


def test_opening_hours_are_checked_like_a_value(shop: Workshop) -> None:
    top = """\
    hours:
      service: {workdays: 09:00-18:00, holidays: [2026-06-01]}
    """
    steps = f"""
    begin:
      check: service
      rows:
        - {{is: open, to: greet}}
        - {{is: holiday, to: holiday}}
      otherwise: closed
    greet:
      say: {OPENING}要查订单吗？
      answers: {{affirm: bye}}
    holiday:
      say: {OPENING}今天放假。
      end: {{outcome: closed}}
    closed:
      say: {OPENING}已经下班。
      end: {{outcome: closed}}
    """
    session = talk(shop.compile(steps, top, kind="hotline", start="begin"))
    assert session.state.path == ("begin", "holiday")


def check_of(value: str, rows: str) -> str:
    return f"""
    greet:
      say: {OPENING}好吗？
      answers: {{affirm: look}}
    look:
      check: {value}
      rows: {rows}
      otherwise: bye
    told:
      say: 是{{callback_at}}。
      end: {{outcome: told}}
    wanted:
      say: 什么时候？
      ask: {{callback_at: datetime, gave_up: bye}}
      then: told
    """


@pytest.mark.parametrize(
    ("value", "rows", "code"),
    [
        ("dew", "[{at_most: 1, to: wanted}]", "S204"),
        ("due", "[{before: today, to: wanted}]", "S211"),
        ("day", "[{at_most: 3, to: wanted}]", "S211"),
        ("due", "[{at_most: viel, to: wanted}]", "S211"),
        ("day", "[{before: morgen, to: wanted}]", "S211"),
        ("day", '[{before: "{due}", to: wanted}]', "S211"),
        ("due", '[{at_most: "{dew}", to: wanted}]', "S204"),
        ("due", "[{at_most: 1, to: nowhere}]", "S203"),
        ("due", "[{at_most: 1, at_least: 2, to: wanted}]", "S109"),
        ("due", "[{to: wanted}]", "S109"),
        ("now", "[{is: now, to: wanted}]", "S211"),
    ],
)
def test_comparisons_that_cannot_be_are_errors(shop: Workshop, value: str, rows: str, code: str) -> None:
    inputs = "inputs: {due: {type: money}, day: {type: date}}\n"
    assert shop.errors(check_of(value, rows), inputs) == {code}


def test_a_check_needs_its_rows_and_otherwise(shop: Workshop) -> None:
    assert shop.errors(f"greet:\n  say: {OPENING}\n  check: now\n  otherwise: bye\n") == {"S107"}


def test_after_an_empty_row_the_value_is_there(shop: Workshop) -> None:
    known = check_of("callback_at", "[{empty: true, to: wanted}]").replace("otherwise: bye", "otherwise: told")
    assert shop.errors(known) == set()
    assert shop.errors(known.replace("empty: true", "before: now")) == {"S305"}


def test_a_row_may_prove_something(shop: Workshop) -> None:
    steps = f"""
    greet:
      say: {OPENING}请说订单号。
      ask: {{tail: digits, gave_up: bye}}
      read_back: off
      then: compare
    compare:
      check: tail
      rows:
        - {{is: "{{order_no}}", to: told, proves: identity}}
      otherwise: bye
    told:
      say: 还差{{due}}。
      end: {{outcome: told}}
    """
    inputs = "inputs: {order_no: {type: digits}, due: {type: money, private: identity}}\n"
    contact = {"order_no": "00731", "due": "5"}
    script = shop.compile(steps, inputs)
    assert talk(script, Heard("零零七三一"), inputs=contact).state.outcome == "told"
    assert talk(script, Heard("零零七三二"), inputs=contact).state.outcome == "done"
    assert shop.errors(steps.replace(", proves: identity", ""), inputs) == {"S404"}

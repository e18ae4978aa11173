"""Rows of ``check``: may this kind of value be compared so, and does the comparison hold. Pure.

What a value is compared with is a constant of its type, or ``{name}``: another value. Days and times also know ``now``,
``today``, ``+3d`` and ``-2h`` (from the moment the call began), and ``09:00`` (that hour of the day).
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from callbot.language import Text
from callbot.script.branch import HOUR_STATES, CheckRow
from callbot.script.inputs import InputProblem, parse_input
from callbot.script.model import InputSpec, InputType
from callbot.zh.times import aware

_BY_KIND = {
    "money": ("is", "at_most", "at_least", "empty"),
    "date": ("is", "before", "after", "empty"),
    "datetime": ("before", "after", "empty"),
    "time": ("is", "before", "after", "empty"),
    "list": ("empty",),
    "hours": ("is",),
}
_ELSE = ("is", "empty")
_REFERENCE = re.compile(r"^\{([a-z][a-z0-9_]*)\}$")
_OFFSET = re.compile(r"^([+-])([0-9]{1,4})([dhm])$")
_OFFSET_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_CLOCK = re.compile(r"^([01][0-9]|2[0-3]):([0-5][0-9])$")
_PARSED: dict[str, InputType] = {
    "money": "money", "date": "date", "digits": "digits", "phone": "phone", "order_no": "order_no", "time": "time",
    "address": "address",
}  # fmt: skip


def reference(row: CheckRow) -> str | None:
    """The name of the value that a row compares with; None for a constant."""
    match = _REFERENCE.match(row.operand)
    return match[1] if match else None


def comparisons(kind: str) -> tuple[str, ...]:
    """What a value of this kind can be asked."""
    return _BY_KIND.get(kind, _ELSE)


def check_constant(kind: str, row: CheckRow) -> None:
    """Whether a row's constant is one that a value of this kind can be compared with. Errors: ``InputProblem``."""
    if row.comparison == "empty" or reference(row) is not None:
        return
    if kind == "hours":
        if row.operand not in HOUR_STATES:
            raise InputProblem(
                Text(f"营业时间不会是“{row.operand}”", f"hours are never {row.operand!r}"),
                Text("写 open、closed 或 holiday", "write open, closed or holiday"),
            )
    elif kind == "time":
        _clock_time(row.operand)
    elif kind in ("date", "datetime") and row.comparison != "is":
        _moment(row.operand, datetime.fromisoformat("2026-01-05T06:00:00+08:00"))
    else:
        _constant(kind, row.operand)


def holds(row: CheckRow, kind: str, value: str, values: Mapping[str, str], now: datetime) -> bool:
    """Whether a row holds for a canonical value, "" for none; ``now`` is when the call began, aware.

    Nothing but ``empty`` holds for a value that is not there, nor when the one to compare with is not there.
    """
    if row.comparison == "empty":
        return not value
    other = reference(row)
    operand = row.operand if other is None else values.get(other, "")
    if not value or not operand:
        return False
    if row.comparison == "is":
        return value == (operand if other is not None or kind == "hours" else _constant(kind, operand))
    if kind == "money":
        limit = Decimal(_constant(kind, operand))
        return Decimal(value) <= limit if row.comparison == "at_most" else Decimal(value) >= limit
    if kind == "time":
        earlier, later = (value, operand) if row.comparison == "before" else (operand, value)
        return _clock_time(earlier) < _clock_time(later)
    return _ordered(value, operand, now, (lambda a, b: a < b) if row.comparison == "before" else (lambda a, b: a > b))


def _ordered(value: str, operand: str, now: datetime, compare: Callable[[float, float], bool]) -> bool:
    limit = _moment(operand, now)
    if isinstance(limit, time):
        moment = aware(value, now)
        return compare(moment.hour * 60 + moment.minute, limit.hour * 60 + limit.minute)
    if len(value) == len("2026-06-30") or not isinstance(limit, datetime):  # a day is compared with days
        return compare(_day(datetime.fromisoformat(value)), _day(limit))
    return compare(aware(value, now).timestamp(), limit.timestamp())


def _day(moment: date) -> int:
    return moment.toordinal()


def _moment(text: str, now: datetime) -> datetime | date | time:
    """``now``, ``today``, ``+3d``, ``2026-06-30``, a datetime of the call, or ``09:00``. Errors: ``InputProblem``."""
    if text == "now":
        return now
    if text == "today":
        return now.date()
    if offset := _OFFSET.match(text):
        sign = 1 if offset[1] == "+" else -1
        later = now + timedelta(**{_OFFSET_UNITS[offset[3]]: sign * int(offset[2])})
        return later.date() if offset[3] == "d" else later
    if _CLOCK.match(text):
        return _clock_time(text)
    if "T" in text:
        return datetime.fromisoformat(text)
    try:
        return date.fromisoformat(parse_input(InputSpec(type="date"), text))
    except InputProblem as problem:
        raise InputProblem(
            problem.reason,
            Text(
                "写 2026-06-30、today、now、+3d、-2h 或 09:00",
                "write 2026-06-30, today, now, +3d, -2h or 09:00",
            ),
        ) from None


def _clock_time(text: str) -> time:
    clock = _CLOCK.match(text)
    if clock is None:
        raise InputProblem(
            Text(f"“{text}”不是钟点", f"{text!r} is no time of day"), Text("写 09:00 这样的钟点", "write it like 09:00")
        )
    return time(int(clock[1]), int(clock[2]))


def _constant(kind: str, text: str) -> str:
    return parse_input(InputSpec(type=_PARSED[kind]), text) if kind in _PARSED else text

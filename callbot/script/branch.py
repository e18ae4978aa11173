"""Steps that go on by themselves: comparing a value, and the opening hours that can be compared with."""

import re
from datetime import date, datetime, time
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from callbot.script.basics import Name, Part

COMPARISONS = ("is", "at_most", "at_least", "before", "after", "empty")
"""What a row of ``check`` may ask; exactly one."""


class CheckRow(Part):
    """One row of a check: when the comparison holds, go there. What is compared with is a constant or ``{value}``."""

    equals: str | None = Field(default=None, alias="is", title="等于", description="值正好是这个")
    at_most: str | None = Field(default=None, title="最多", description="金额不超过")
    at_least: str | None = Field(default=None, title="至少", description="金额不少于")
    before: str | None = Field(
        default=None, title="早于", description="日期或时间在这之前：2026-06-30、today、now、+3d、09:00"
    )
    after: str | None = Field(default=None, title="晚于", description="日期或时间在这之后：写法同 before")
    empty: Literal["true"] | None = Field(default=None, title="没有值", description="true：还没有这个值")
    to: Name = Field(title="去向", description="下一个步骤的名字")
    proves: Name | None = Field(default=None, title="证明", description="这一行成立就证明了什么，例如 identity（本人）")

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        if len(self._written()) != 1:
            raise PydanticCustomError("check_row", "row")
        return self

    def _written(self) -> list[str]:
        return [key for key in COMPARISONS if getattr(self, "equals" if key == "is" else key) is not None]

    @property
    def comparison(self) -> str:
        """Which of ``COMPARISONS`` this row asks."""
        return self._written()[0]

    @property
    def operand(self) -> str:
        """What the value is compared with, as it is written."""
        operand: str = getattr(self, "equals" if self.comparison == "is" else self.comparison)
        return operand


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"^([01][0-9]|2[0-3]):([0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")


def _spans(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


Spans = Annotated[tuple[Annotated[str, Field(pattern=_SPAN.pattern)], ...], BeforeValidator(_spans)]
Day = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class Hours(Part):
    """When somebody is there. A span ends at its second time; midnight is 24:00."""

    mon: Spans = Field(default=(), title="周一", description="例如 09:00-18:00，可以写几段")
    tue: Spans = Field(default=(), title="周二", description="不写就是不营业")
    wed: Spans = Field(default=(), title="周三", description="不写就是不营业")
    thu: Spans = Field(default=(), title="周四", description="不写就是不营业")
    fri: Spans = Field(default=(), title="周五", description="不写就是不营业")
    sat: Spans = Field(default=(), title="周六", description="不写就是不营业")
    sun: Spans = Field(default=(), title="周日", description="不写就是不营业")
    workdays: Spans = Field(default=(), title="工作日", description="周一到周五里没有单独写的日子")
    holidays: tuple[Day, ...] = Field(default=(), title="节假日", description="这些日期不营业，例如 2026-10-01")
    makeup: tuple[Day, ...] = Field(default=(), title="调休上班", description="这些日期按 workdays 营业")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        for spans in (self.workdays, *(getattr(self, day) for day in _DAYS)):
            for span in spans:
                begin, end = span.split("-")
                if end <= begin:
                    raise PydanticCustomError("hours_backwards", "{given}", {"given": span})
        return self

    def state(self, now: datetime) -> Literal["open", "closed", "holiday"]:
        """What ``now`` (aware, in the zone of the installation) is."""
        day = now.date()
        if day.isoformat() in self.holidays:
            return "holiday"
        return "open" if any(_within(span, now.time()) for span in self._of(day)) else "closed"

    def _of(self, day: date) -> tuple[str, ...]:
        if day.isoformat() in self.makeup:
            return self.workdays
        own: tuple[str, ...] = getattr(self, _DAYS[day.weekday()])
        return own or (self.workdays if day.weekday() < 5 else ())


def _within(span: str, moment: time) -> bool:
    begin, end = span.split("-")
    return begin <= f"{moment:%H:%M}" < end


HOUR_STATES = ("open", "closed", "holiday")

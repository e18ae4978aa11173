"""What people say about days and times becomes a value. Pure: the present moment is an argument.

Only the future is meant when a customer names a time: 三点 said at ten in the morning is this afternoon, at four it is
tomorrow. A part of the day without an hour stands for its usual hour (下午 → 15:00): the robot reads the time back.

::

    明天下午三点 ── day 明天 · part of the day 下午 · hour 三点      standing for: datetime, date, time, half day
    明天三点，不对，四点 ── the later hour replaces the first, the day stays
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from callbot.zh.found import Found, standing
from callbot.zh.numerals import half_width, whole_number
from callbot.zh.spoken import on_grid
from callbot.zh.time_words import (
    AFTERNOON,
    DAY_ALONE,
    FROM_NOW,
    NUM,
    PERIODS,
    WEEKDAYS,
    Named,
    end_of_day,
    from_now,
    phrases,
    real_day,
    repaired,
    squeezed,
)

HalfDay = Literal["morning", "afternoon", "evening"]


@dataclass(frozen=True, slots=True)
class SpokenTime:
    """A moment somebody named: aware, in the zone of ``now``; ``said`` is the part of the text that named it."""

    moment: datetime
    said: str


def aware(value: str, now: datetime) -> datetime:
    """The moment of a canonical datetime; one without an offset is in the zone of the campaign, that of ``now``."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=now.tzinfo)


def spoken_time(text: str, now: datetime) -> SpokenTime | None:
    """The future moment named in ``text``, seen from ``now`` (aware); None when there is none or it has passed.

    Read as it stands first; if that fails, date words are repaired by sound (名天下五三点 → 明天下午三点).
    """
    found = moment(text, now)
    return (
        None
        if found is None
        else SpokenTime(datetime.fromisoformat(found.value).astimezone(now.tzinfo), text[found.start : found.end])
    )


def moment(text: str, now: datetime, current: datetime | None = None) -> Found | None:
    """The future moment as ISO 8601 with the zone of ``now``; what is not said comes from ``current``, if there is one.

    不对，四点 with tomorrow at three as the current one is tomorrow at four.
    """
    plain, places = squeezed(text)
    best: Found | None = None
    for reading in dict.fromkeys((plain, repaired(plain))):
        found = _moment_in(reading, now, current)
        if found is not None and (best is None or found.end - found.start > best.end - best.start):
            best = found
    return None if best is None else Found(best.value, places[best.start], places[best.end - 1] + 1)


def day(text: str, now: datetime) -> Found | None:
    """The day named in ``text``, today or later, as ``2026-06-30``: 后天, 下周三, 月底, 十五号, 三天后."""
    plain, places = squeezed(text)
    for reading in dict.fromkeys((plain, repaired(plain))):
        for start, end in reversed(standing(reading)):
            for named in phrases(reading, start, end, now):
                if named.day is not None and named.day >= now.date():
                    stop = end_of_day(reading, named)
                    return Found(named.day.isoformat(), places[named.start], places[stop - 1] + 1)
            for match in FROM_NOW.finditer(reading, start, end):
                later = from_now(match, now)
                if later is not None and match["unit"] in ("天", "个星期", "星期", "周"):
                    return Found(later.date().isoformat(), places[match.start()], places[match.end() - 1] + 1)
    return None


def clock(text: str, now: datetime, current: str | None = None) -> Found | None:
    """The time of day as ``15:30``; without a part of the day 8 to 12 are before noon, 1 to 7 after it.

    ``current`` is the time it corrects: 不对，四点 keeps the afternoon.
    """
    plain, places = squeezed(text)
    for reading in dict.fromkeys((plain, repaired(plain))):
        before = None if current is None else Named(None, _period_of(int(current[:2])), None, 0, 0)
        named = _merged(reading, now, before, lambda each: each.clock is not None or each.period is not None)
        if named is not None and named.clock is not None:
            hour, minute = _on_24(named.period, named.clock)
            at = on_grid(datetime.combine(now.date(), time(hour % 24, minute)))
            return Found(f"{at:%H:%M}", places[named.start], places[named.end - 1] + 1)
    return None


def half_day(text: str, now: datetime) -> Found | None:
    """``morning`` to noon, ``afternoon`` to six, ``evening``: by its word or by an hour."""
    plain, places = squeezed(text)
    for reading in dict.fromkeys((plain, repaired(plain))):
        named = _merged(reading, now, None, lambda each: each.clock is not None or each.period is not None)
        if named is not None:
            hour = _on_24(named.period, named.clock)[0] or 24 if named.clock else PERIODS[named.period or "上午"][0]
            half: HalfDay = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
            return Found(half, places[named.start], places[named.end - 1] + 1)
    return None


def past_day(text: str, today: date) -> date | None:
    """The day up to ``today`` that ``text`` names, for what has happened: 昨天, 前天, 五月三十号, 上周五."""
    for word, days in (("大前天", 3), ("前天", 2), ("昨天", 1), ("今天", 0)):
        if word in text:
            return today - timedelta(days=days)
    week = re.search(r"上(?:个)?(?:周|星期|礼拜)([一二三四五六日天])", text)
    if week is not None:
        return today - timedelta(days=today.weekday() + 7 - WEEKDAYS[week[1]])
    match = re.search(rf"(?:({NUM})月)?({NUM})[号日]", half_width(text))
    month = None if match is None else whole_number(match[1]) if match[1] else today.month
    number = None if match is None else whole_number(match[2])
    if match is None or month is None or number is None:
        return None
    for back in range(13):
        year, index = divmod(today.year * 12 + month - 1 - back * (12 if match[1] else 1), 12)
        found = real_day(year, index + 1, number)
        if found is not None and found <= today:
            return found
    return None


def _moment_in(text: str, now: datetime, current: datetime | None) -> Found | None:
    for match in FROM_NOW.finditer(text):
        later = from_now(match, now)
        if later is not None:
            return Found(on_grid(later).isoformat(), match.start(), match.end())
    before = (
        None
        if current is None
        else Named(current.date(), _period_of(current.hour), (current.hour, current.minute), 0, 0)
    )
    stretches = standing(text)
    if current is None and len(stretches) == 1:
        for named in sorted(phrases(text, *stretches[0], now), key=lambda each: each.start - each.end):
            found = _at(named, now)
            if found is not None and found > now:
                return Found(on_grid(found).isoformat(), named.start, named.end)
        return None
    merged = _merged(text, now, before, lambda _: True)
    at = None if merged is None else _at(merged, now)
    if merged is None or at is None or at <= now:
        return None
    return Found(on_grid(at).isoformat(), merged.start, merged.end)


def _merged(text: str, now: datetime, named: Named | None, fits: Callable[[Named], bool]) -> Named | None:
    """What all standing stretches name together; None when none of them names anything that ``fits``."""
    found = False
    for start, end in standing(text):
        named_here = [each for each in phrases(text, start, end, now) if fits(each)]
        if named_here:
            longest = max(named_here, key=lambda each: each.end - each.start)
            named, found = longest if named is None else named.corrected(longest), True
    return named if found else None


def _at(named: Named, now: datetime) -> datetime | None:
    if named.clock is None:
        hour, minute = PERIODS[named.period] if named.period else DAY_ALONE
    elif named.period is None and named.clock[0] <= 12:
        return _likely(named.day, *named.clock, now)
    else:
        hour, minute = _on_24(named.period, named.clock)
    found = _on_day(named.day or now.date(), hour, minute, now)
    return found if named.day or found > now else found + timedelta(days=1)


def _likely(day_named: date | None, hour: int, minute: int, now: datetime) -> datetime:
    """An hour without its half of the day: 8 to 12 before noon, 1 to 7 after it; without a day the next such hour."""
    usual = _on_24(None, (hour, minute))[0]
    found = _on_day(day_named or now.date(), usual, minute, now)
    if day_named is None and found <= now:
        evening = found + timedelta(hours=12)
        return evening if usual == 8 and evening > now else found + timedelta(days=1)
    return found


def _on_day(named: date, hour: int, minute: int, now: datetime) -> datetime:
    """A moment of a day; hour 24 is its end."""
    return datetime.combine(named + timedelta(days=hour // 24), time(hour % 24, minute), now.tzinfo)


def _on_24(period: str | None, said: tuple[int, int]) -> tuple[int, int]:
    """The hour from 0 to 24 that was meant: 晚上十二点 is the end of the day, 零点 its beginning."""
    hour, minute = said
    if period is None:
        return (hour if hour >= 8 or hour == 0 else hour + 12), minute
    if period in ("凌晨", "清晨", "早上", "早晨"):
        return hour % 12 if hour == 12 else hour, minute
    if (period in AFTERNOON and hour < 12) or (period == "中午" and hour < 10):
        hour += 12
    elif period in ("晚上", "晚间", "夜里", "晚") and hour == 12:
        hour = 24
    return hour, minute


def _period_of(hour: int) -> str:
    return "凌晨" if hour < 6 else "上午" if hour < 12 else "下午" if hour < 18 else "晚上"

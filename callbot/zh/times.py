"""What people say about days and times becomes a value. Pure: the present moment is an argument.

Only the future is meant when a customer names a time: 三点 said at ten in the morning is this afternoon, at four it is
tomorrow. A part of the day without an hour stands for its usual hour (下午 → 15:00): the robot reads the time back.

::

    明天下午三点 ── day 明天 · part of the day 下午 · hour 三点      standing for: datetime, date, time, half day
    明天三点，不对，四点 ── the later hour replaces the first, the day stays
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from callbot.zh.found import Found, standing
from callbot.zh.numerals import NUMERAL, half_width, whole_number
from callbot.zh.pinyin import syllable_cost, syllables
from callbot.zh.spoken import on_grid

HalfDay = Literal["morning", "afternoon", "evening"]

_DAYS = {"今": 0, "明": 1, "后": 2, "大后": 3}
_PERIODS = {
    "凌晨": (2, 0), "清晨": (7, 0), "早上": (9, 0), "早晨": (9, 0), "一早": (9, 0), "早": (9, 0),
    "上午": (10, 0), "中午": (12, 0), "下午": (15, 0), "午后": (15, 0), "傍晚": (18, 0),
    "下班后": (18, 30), "下班以后": (18, 30), "晚上": (19, 0), "晚间": (19, 0), "夜里": (20, 0), "晚": (19, 0),
}  # fmt: skip
_AFTERNOON = frozenset(("下午", "午后", "傍晚", "下班后", "下班以后", "晚上", "晚间", "夜里", "晚"))
_WEEKDAYS = {
    **{char: index for index, char in enumerate("一二三四五六日")},
    "天": 6,
    "末": 5,
    **{str(n + 1): n for n in range(6)},
}
_FEASTS = {"元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1), "十一": (10, 1)}
"""Days that have a fixed date and are named in place of it; those of the lunar calendar are not known."""
_DAY_ALONE = (10, 0)
"""A day without a time: the middle of the morning."""
_NUM = f"{NUMERAL}{{1,4}}"
_MOMENT = re.compile(
    rf"""(?P<day>(?P<near>大?后(?=[天儿])|[今明](?=[天儿日早晚]))(?:天|儿个?|日)?
        |(?P<week>下下个?|下个?|这个?|本)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末1-6])
        |(?:(?P<month_off>下个?|这个?|本)月)(?P<end>底|末)
        |(?P<month_end>月底|月末)
        |(?P<feast>元旦|五一|国庆|十一(?=长假|假期))(?:节|长假|假期|劳动节|那天)*
        |(?:(?P<iso>20[0-9]{{2}})[-/.](?P<iso_month>[01]?[0-9])[-/.](?P<iso_day>[0-3]?[0-9]))
        |(?<![路街巷弄道园])(?:(?:(?P<year>明|今|{_NUM})年)?(?:(?P<month>{_NUM})月份?|(?P<next>下个?|这个?|本)月)的?)?(?P<dom>{_NUM})[号日](?![楼院店线])
        )?的?
    (?P<period>{"|".join(sorted(_PERIODS, key=len, reverse=True))})?的?
    (?:差(?P<before>{_NUM}|一刻)分?钟?(?=[零一二两三四五六七八九十0-9]+点))?
    (?:(?P<hour>{_NUM})(?:点钟?|:|时)(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{_NUM})分?|整)?)?""",
    re.VERBOSE,
)
_FROM_NOW = re.compile(
    rf"(?P<before>再?过|等)?(?:(?P<half>半)个?(?:小时|钟头)|(?P<number>{_NUM})(?P<unit>个半小时|个?小时|个?钟头|分钟|刻钟|天|个?星期|周))"
    r"(?P<after>以后|之后|过后|后)?"
)
_UNIT_MINUTES = {"个半小时": 90, "小时": 60, "钟头": 60, "分钟": 1, "刻钟": 15, "天": 1440, "星期": 10080, "周": 10080}
_A_LITTLE = "有快慢早晚差大小多少高低好近远轻响"
"""Before 一点 these make it a degree."""
_WORDS = tuple(
    (word, syllables(word))
    for word in (
        *("今天", "明天", "后天", "大后天", "上午", "中午", "下午", "晚上", "早上", "小时以后", "半小时", "半个小时"),
        *(f"下周{day}" for day in "一二三四五六日"),
        *(f"{hour}点" for hour in (*"一两三四五六七八九十", "十一", "十二")),
        *(f"{hour}点半" for hour in "一两三四五六七八九十"),
    )
)
_BLURRED = 0.2
"""Dearest syllable when date words are looked for by sound: one usual confusion."""


@dataclass(frozen=True, slots=True)
class SpokenTime:
    """A moment somebody named: aware, in the zone of ``now``; ``said`` is the part of the text that named it."""

    moment: datetime
    said: str


@dataclass(frozen=True, slots=True)
class _Named:
    """What one phrase names: a day, a part of the day, an hour as it was said; ``text[start:end]`` is the phrase."""

    day: date | None
    period: str | None
    clock: tuple[int, int] | None
    start: int
    end: int

    def corrected(self, later: "_Named") -> "_Named":
        """With what a later phrase names in the place of the same kind of thing."""
        said = later.clock or (self.clock if later.period is None else None)
        return _Named(later.day or self.day, later.period or self.period, said, later.start, later.end)


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
    plain, places = _squeezed(text)
    best: Found | None = None
    for reading in dict.fromkeys((plain, _repaired(plain))):
        found = _moment_in(reading, now, current)
        if found is not None and (best is None or found.end - found.start > best.end - best.start):
            best = found
    return None if best is None else Found(best.value, places[best.start], places[best.end - 1] + 1)


def day(text: str, now: datetime) -> Found | None:
    """The day named in ``text``, today or later, as ``2026-06-30``: 后天, 下周三, 月底, 十五号, 三天后."""
    plain, places = _squeezed(text)
    for reading in dict.fromkeys((plain, _repaired(plain))):
        for start, end in reversed(standing(reading)):
            for named in _phrases(reading, start, end, now):
                if named.day is not None and named.day >= now.date():
                    stop = _end_of_day(reading, named)
                    return Found(named.day.isoformat(), places[named.start], places[stop - 1] + 1)
            for match in _FROM_NOW.finditer(reading, start, end):
                later = _from_now(match, now)
                if later is not None and match["unit"] in ("天", "个星期", "星期", "周"):
                    return Found(later.date().isoformat(), places[match.start()], places[match.end() - 1] + 1)
    return None


def clock(text: str, now: datetime, current: str | None = None) -> Found | None:
    """The time of day as ``15:30``; without a part of the day 8 to 12 are before noon, 1 to 7 after it.

    ``current`` is the time it corrects: 不对，四点 keeps the afternoon.
    """
    plain, places = _squeezed(text)
    for reading in dict.fromkeys((plain, _repaired(plain))):
        before = None if current is None else _Named(None, _period_of(int(current[:2])), None, 0, 0)
        named = _merged(reading, now, before, lambda each: each.clock is not None or each.period is not None)
        if named is not None and named.clock is not None:
            hour, minute = _on_24(named.period, named.clock)
            at = on_grid(datetime.combine(now.date(), time(hour, minute)))
            return Found(f"{at:%H:%M}", places[named.start], places[named.end - 1] + 1)
    return None


def half_day(text: str, now: datetime) -> Found | None:
    """``morning`` to noon, ``afternoon`` to six, ``evening``: by its word or by an hour."""
    plain, places = _squeezed(text)
    for reading in dict.fromkeys((plain, _repaired(plain))):
        named = _merged(reading, now, None, lambda each: each.clock is not None or each.period is not None)
        if named is not None:
            hour = _on_24(named.period, named.clock)[0] if named.clock else _PERIODS[named.period or "上午"][0]
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
        return today - timedelta(days=today.weekday() + 7 - _WEEKDAYS[week[1]])
    match = re.search(rf"(?:({_NUM})月)?({_NUM})[号日]", half_width(text))
    month = None if match is None else whole_number(match[1]) if match[1] else today.month
    number = None if match is None else whole_number(match[2])
    if match is None or month is None or number is None:
        return None
    for back in range(13):
        year, index = divmod(today.year * 12 + month - 1 - back * (12 if match[1] else 1), 12)
        found = _real_day(year, index + 1, number)
        if found is not None and found <= today:
            return found
    return None


def _moment_in(text: str, now: datetime, current: datetime | None) -> Found | None:
    for match in _FROM_NOW.finditer(text):
        later = _from_now(match, now)
        if later is not None:
            return Found(on_grid(later).isoformat(), match.start(), match.end())
    before = (
        None
        if current is None
        else _Named(current.date(), _period_of(current.hour), (current.hour, current.minute), 0, 0)
    )
    stretches = standing(text)
    if current is None and len(stretches) == 1:
        for named in sorted(_phrases(text, *stretches[0], now), key=lambda each: each.start - each.end):
            found = _at(named, now)
            if found is not None and found > now:
                return Found(on_grid(found).isoformat(), named.start, named.end)
        return None
    merged = _merged(text, now, before, lambda _: True)
    at = None if merged is None else _at(merged, now)
    if merged is None or at is None or at <= now:
        return None
    return Found(on_grid(at).isoformat(), merged.start, merged.end)


def _merged(text: str, now: datetime, named: _Named | None, fits: Callable[[_Named], bool]) -> _Named | None:
    """What all standing stretches name together; None when none of them names anything that ``fits``."""
    found = False
    for start, end in standing(text):
        phrases = [each for each in _phrases(text, start, end, now) if fits(each)]
        if phrases:
            longest = max(phrases, key=lambda each: each.end - each.start)
            named, found = longest if named is None else named.corrected(longest), True
    return named if found else None


def _phrases(text: str, start: int, end: int, now: datetime) -> Iterator[_Named]:
    for match in _MOMENT.finditer(text, start, end):
        named = _named(match, now)
        if named is not None:
            yield named


def _named(match: re.Match[str], now: datetime) -> _Named | None:
    if not any(match[name] for name in ("day", "period", "hour")):
        return None
    found = _day(match, now.date())
    if (match["day"] and found is None) or (match["period"] in ("早", "晚") and not match["near"]):
        return None  # 晚点 and 早点 name no time
    hour = _clock(match) if match["hour"] else None
    if match["hour"] and (hour is None or _is_a_little(match)):
        return None
    return _Named(found, match["period"], hour, match.start(), match.end())


def _is_a_little(match: re.Match[str]) -> bool:
    """慢一点, 一点都不: no hour of the day."""
    if match["hour"] != "一" or match["day"] or match["period"]:
        return False
    before, after = match.string[: match.start()], match.string[match.end() :]
    return before.endswith(tuple(_A_LITTLE)) or after.startswith(("都", "也", "儿"))


def _end_of_day(text: str, named: _Named) -> int:
    """Where the words for the day end: what follows may be the value of something else."""
    match = _MOMENT.match(text, named.start)
    return named.end if match is None or match.end("day") < 0 else match.end("day")


def _at(named: _Named, now: datetime) -> datetime | None:
    if named.clock is None:
        hour, minute = _PERIODS[named.period] if named.period else _DAY_ALONE
    elif named.period is None and named.clock[0] <= 12:
        return _likely(named.day, *named.clock, now)
    else:
        hour, minute = _on_24(named.period, named.clock)
    found = datetime.combine(named.day or now.date(), time(hour, minute), now.tzinfo)
    return found if named.day or found > now else found + timedelta(days=1)


def _likely(day_named: date | None, hour: int, minute: int, now: datetime) -> datetime:
    """An hour without its half of the day: 8 to 12 before noon, 1 to 7 after it; without a day the next such hour."""
    usual = _on_24(None, (hour, minute))[0]
    found = datetime.combine(day_named or now.date(), time(usual, minute), now.tzinfo)
    if day_named is None and found <= now:
        evening = found + timedelta(hours=12)
        return evening if usual == 8 and evening > now else found + timedelta(days=1)
    return found


def _on_24(period: str | None, said: tuple[int, int]) -> tuple[int, int]:
    hour, minute = said
    if period is None:
        return (hour if hour >= 8 else hour + 12) % 24, minute
    if (period in _AFTERNOON and hour < 12) or (period == "中午" and hour < 10):
        hour += 12
    return hour % 24, minute


def _clock(match: re.Match[str]) -> tuple[int, int] | None:
    hour = whole_number(match["hour"])
    minute = 30 if match["half"] else 0
    if match["quarter"]:
        minute = 15 if match["quarter"] == "一" else 45
    elif match["minute"]:
        minute = -1 if (said := whole_number(match["minute"])) is None else said
    if hour is None or not 0 <= hour <= 24 or not 0 <= minute <= 59:
        return None
    if match["before"]:
        short = 15 if match["before"] == "一刻" else whole_number(match["before"])
        if not short or short >= 60 or minute or hour == 0:
            return None
        return hour - 1, 60 - short
    return hour, minute


def _period_of(hour: int) -> str:
    return "凌晨" if hour < 6 else "上午" if hour < 12 else "下午" if hour < 18 else "晚上"


def _from_now(match: re.Match[str], now: datetime) -> datetime | None:
    if not match["before"] and not match["after"]:
        return None
    if match["half"]:
        return now + timedelta(minutes=30)
    number, unit = whole_number(match["number"]), match["unit"]
    if not number:
        return None
    minutes = _UNIT_MINUTES[unit if unit in _UNIT_MINUTES else unit.removeprefix("个")]
    if unit == "个半小时":
        return now + timedelta(minutes=number * 60 + 30)
    if minutes >= 1440:
        return datetime.combine(now.date() + timedelta(minutes=number * minutes), time(*_DAY_ALONE), now.tzinfo)
    return now + timedelta(minutes=number * minutes)


def _day(match: re.Match[str], today: date) -> date | None:
    if match["near"]:
        return today + timedelta(days=_DAYS[match["near"]])
    if match["weekday"]:
        monday = today - timedelta(days=today.weekday())
        weeks = {"下下": 2, "下下个": 2, "下": 1, "下个": 1}.get(match["week"] or "", 0)
        found = monday + timedelta(days=_WEEKDAYS[match["weekday"]], weeks=weeks)
        return found + timedelta(weeks=1) if found < today and not match["week"] else found
    if match["end"] or match["month_end"]:
        months = 1 if (match["month_off"] or "").startswith("下") else 0
        year, index = divmod(today.year * 12 + today.month + months, 12)  # the month after it begins where it ends
        return date(year, index + 1, 1) - timedelta(days=1)
    if match["feast"]:
        month, number = _FEASTS[match["feast"]]
        return next(day for year in (0, 1) if (day := date(today.year + year, month, number)) >= today)
    if match["iso"]:
        return _real_day(int(match["iso"]), int(match["iso_month"]), int(match["iso_day"]))
    return _calendar_day(match, today) if match["dom"] else None


def _calendar_day(match: re.Match[str], today: date) -> date | None:
    month = whole_number(match["month"]) if match["month"] else today.month
    number = whole_number(match["dom"])
    if month is None or number is None or not 1 <= month <= 12:
        return None
    if match["year"]:
        year = {"今": today.year, "明": today.year + 1}.get(match["year"]) or whole_number(match["year"])
        return None if year is None else _real_day(year + 2000 if year < 100 else year, month, number)
    first = 1 if (match["next"] or "").startswith("下") else 0
    for step in range(first, 13):
        year, index = divmod(today.year * 12 + month - 1 + step * (12 if match["month"] else 1), 12)
        found = _real_day(year, index + 1, number)
        if found is not None and found >= today:
            return found
    return None


def _real_day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _squeezed(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without spaces, and where each character of it stood."""
    plain = half_width(text)
    places = tuple(at for at, char in enumerate(plain) if char != " ")
    return "".join(plain[at] for at in places), places


def _repaired(text: str) -> str:
    """With date words put in where their sound is."""
    heard = syllables(text)
    if len(heard) != len(text):
        return text
    characters = list(text)
    for word, sounds in _WORDS:
        for start in range(len(text) - len(word) + 1):
            pairs = zip(sounds, heard[start : start + len(word)], strict=True)
            if all(syllable_cost(one, other) <= _BLURRED for one, other in pairs):
                characters[start : start + len(word)] = word
    return "".join(characters)

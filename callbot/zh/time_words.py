"""The words for days and times: what one phrase names, before it is known which moment that is. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from callbot.zh.numerals import NUMERAL, half_width, whole_number
from callbot.zh.pinyin import syllable_cost, syllables

_DAYS = {"今": 0, "明": 1, "后": 2, "大后": 3}
PERIODS = {
    "凌晨": (2, 0), "清晨": (7, 0), "早上": (9, 0), "早晨": (9, 0), "一早": (9, 0), "早": (9, 0),
    "上午": (10, 0), "中午": (12, 0), "下午": (15, 0), "午后": (15, 0), "傍晚": (18, 0),
    "下班后": (18, 30), "下班以后": (18, 30), "晚上": (19, 0), "晚间": (19, 0), "夜里": (20, 0), "晚": (19, 0),
}  # fmt: skip
AFTERNOON = frozenset(("下午", "午后", "傍晚", "下班后", "下班以后", "晚上", "晚间", "夜里", "晚"))
WEEKDAYS = {
    **{char: index for index, char in enumerate("一二三四五六日")},
    "天": 6,
    "末": 5,
    **{str(n + 1): n for n in range(6)},
}
_FEASTS = {"元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1), "十一": (10, 1)}
"""Days that have a fixed date and are named in place of it; those of the lunar calendar are not known."""
DAY_ALONE = (10, 0)
"""A day without a time: the middle of the morning."""
NUM = f"{NUMERAL}{{1,4}}"
_MOMENT = re.compile(
    rf"""(?P<day>(?P<near>大?后(?=[天儿])|[今明](?=[天儿日早晚]))(?:天|儿个?|日)?
        |(?P<week>下下个?|下个?|这个?|本)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末1-6])
        |(?:(?P<month_off>下个?|这个?|本)月)(?P<end>底|末)
        |(?P<month_end>月底|月末)
        |(?P<feast>元旦|五一|国庆|十一(?=长假|假期))(?:节|长假|假期|劳动节|那天)*
        |(?:(?P<iso>20[0-9]{{2}})[-/.](?P<iso_month>[01]?[0-9])[-/.](?P<iso_day>[0-3]?[0-9]))
        |(?<![路街巷弄道园])(?:(?:(?P<year>明|今|{NUM})年)?(?:(?P<month>{NUM})月份?|(?P<next>下个?|这个?|本)月)的?)?(?P<dom>{NUM})[号日](?![楼院店线])
        |(?P<month2>{NUM})月(?P<dom2>{NUM})(?![0-9零一二三四五六七八九十点块个元年月时分天多:])
        )?的?
    (?P<period>{"|".join(sorted(PERIODS, key=len, reverse=True))})?的?
    (?:差(?P<before>{NUM}|一刻)分?钟?(?=[零一二两三四五六七八九十0-9]+点))?
    (?:(?P<hour>{NUM})(?:点钟?|:|时)(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{NUM})分?|整)?)?""",
    re.VERBOSE,
)
FROM_NOW = re.compile(
    rf"(?P<before>再?过|等)?(?:(?P<half>半)个?(?:小时|钟头)|(?P<number>{NUM})(?P<unit>个半小时|个?小时|个?钟头|分钟|刻钟|天|个?星期|周))"
    r"(?P<after>以后|之后|过后|后)?"
)
_UNIT_MINUTES = {"个半小时": 90, "小时": 60, "钟头": 60, "分钟": 1, "刻钟": 15, "天": 1440, "星期": 10080, "周": 10080}
_NOT_THEN = ("不要", "除了", "不是", "不能", "别", "不行")
"""After one of these a day or time is the one that is not meant."""
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
class Named:
    """What one phrase names: a day, a part of the day, an hour as it was said; ``text[start:end]`` is the phrase."""

    day: date | None
    period: str | None
    clock: tuple[int, int] | None
    start: int
    end: int

    def corrected(self, later: "Named") -> "Named":
        """With what a later phrase names in the place of the same kind of thing."""
        said = later.clock or (self.clock if later.period is None else None)
        return Named(later.day or self.day, later.period or self.period, said, later.start, later.end)


def phrases(text: str, start: int, end: int, now: datetime) -> Iterator[Named]:
    """All that ``text[start:end]`` names, in the order it was said, but what was ruled out (不要明天)."""
    for match in _MOMENT.finditer(text, start, end):
        named = None if text[: match.start()].endswith(_NOT_THEN) else _named(match, now)
        if named is not None:
            yield named


def _named(match: re.Match[str], now: datetime) -> Named | None:
    if not any(match[name] for name in ("day", "period", "hour")):
        return None
    found = _day(match, now.date())
    if (match["day"] and found is None) or (match["period"] in ("早", "晚") and not match["near"]):
        return None  # 晚点 and 早点 name no time
    hour = _clock(match) if match["hour"] else None
    if match["hour"] and (hour is None or _is_a_little(match)):
        return None
    return Named(found, match["period"], hour, match.start(), match.end())


def _is_a_little(match: re.Match[str]) -> bool:
    """慢一点, 一点都不: no hour of the day."""
    if match["hour"] != "一" or match["day"] or match["period"]:
        return False
    before, after = match.string[: match.start()], match.string[match.end() :]
    return before.endswith(tuple(_A_LITTLE)) or after.startswith(("都", "也", "儿"))


def end_of_day(text: str, named: Named) -> int:
    """Where the words for the day end: what follows may be the value of something else."""
    match = _MOMENT.match(text, named.start)
    return named.end if match is None or match.end("day") < 0 else match.end("day")


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


def from_now(match: re.Match[str], now: datetime) -> datetime | None:
    """The moment of a match of ``FROM_NOW`` (半小时后, 过两天); None for a mere length of time (两小时)."""
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
        return datetime.combine(now.date() + timedelta(minutes=number * minutes), time(*DAY_ALONE), now.tzinfo)
    return now + timedelta(minutes=number * minutes)


def _day(match: re.Match[str], today: date) -> date | None:
    if match["near"]:
        return today + timedelta(days=_DAYS[match["near"]])
    if match["weekday"]:
        monday = today - timedelta(days=today.weekday())
        weeks = {"下下": 2, "下下个": 2, "下": 1, "下个": 1}.get(match["week"] or "", 0)
        found = monday + timedelta(days=WEEKDAYS[match["weekday"]], weeks=weeks)
        return found + timedelta(weeks=1) if found < today and not match["week"] else found
    if match["end"] or match["month_end"]:
        months = 1 if (match["month_off"] or "").startswith("下") else 0
        year, index = divmod(today.year * 12 + today.month + months, 12)  # the month after it begins where it ends
        return date(year, index + 1, 1) - timedelta(days=1)
    if match["feast"]:
        month, number = _FEASTS[match["feast"]]
        return next(day for year in (0, 1) if (day := date(today.year + year, month, number)) >= today)
    if match["iso"]:
        return real_day(int(match["iso"]), int(match["iso_month"]), int(match["iso_day"]))
    return _calendar_day(match, today) if match["dom"] or match["dom2"] else None


def _calendar_day(match: re.Match[str], today: date) -> date | None:
    said = match["month"] or match["month2"]
    month = whole_number(said) if said else today.month
    number = whole_number(match["dom"] or match["dom2"])
    if month is None or number is None or not 1 <= month <= 12:
        return None
    if match["year"]:
        year = {"今": today.year, "明": today.year + 1}.get(match["year"]) or whole_number(match["year"])
        return None if year is None else real_day(year + 2000 if year < 100 else year, month, number)
    first = 1 if (match["next"] or "").startswith("下") else 0
    for step in range(first, 13):
        year, index = divmod(today.year * 12 + month - 1 + step * (12 if said else 1), 12)
        found = real_day(year, index + 1, number)
        if found is not None and found >= today:
            return found
    return None


def real_day(year: int, month: int, number: int) -> date | None:
    """The day, if the calendar has it."""
    try:
        return date(year, month, number)
    except ValueError:
        return None


def squeezed(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without spaces, and where each character of it stood."""
    plain = half_width(text)
    places = tuple(at for at, char in enumerate(plain) if char != " ")
    return "".join(plain[at] for at in places), places


@lru_cache(maxsize=64)
def repaired(text: str) -> str:
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

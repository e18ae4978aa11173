"""What people say about times and amounts becomes a value. Pure: the present moment is an argument.

Only the future is meant when a customer names a time: 三点 said at ten in the morning is this afternoon, at four it is
tomorrow. A part of the day without an hour stands for its usual hour (下午 → 15:00): the robot reads the time back.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from callbot.zh.numerals import NUMERAL, digit_string, half_width, whole_number
from callbot.zh.pinyin import syllable_cost, syllables
from callbot.zh.spoken import MONEY_LIMIT, on_grid

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
    **{str(n + 1): n for n in range(6)},
}
_DAY_ALONE = (10, 0)
"""A day without a time: the middle of the morning."""
_NUM = f"{NUMERAL}{{1,4}}"
_MOMENT = re.compile(
    rf"""(?P<day>(?P<near>大?后(?=[天儿])|[今明](?=[天儿日早晚]))(?:天|儿个?|日)?
        |(?P<week>下下|下个?|这个?|本)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天1-6])
        |(?:(?P<month>{_NUM})月)?(?P<dom>{_NUM})[号日])?
    的?(?P<period>{"|".join(sorted(_PERIODS, key=len, reverse=True))})?的?
    (?:(?P<hour>{_NUM})(?:点钟?|:|时)(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{_NUM})分?|整)?)?""",
    re.VERBOSE,
)
_FROM_NOW = re.compile(
    rf"(?P<before>再?过|等)?(?:(?P<half>半)个?(?:小时|钟头)|(?P<number>{_NUM})(?P<unit>个半小时|个?小时|个?钟头|分钟|刻钟|天|个?星期|周))"
    r"(?P<after>以后|之后|过后|后)?"
)
_UNIT_MINUTES = {"个半小时": 90, "小时": 60, "钟头": 60, "分钟": 1, "刻钟": 15, "天": 1440, "星期": 10080, "周": 10080}
_AMOUNT = re.compile(
    rf"(?P<yuan>[0-9]+(?:\.[0-9]{{1,2}})?|{_NUM}{NUMERAL}*)(?:块钱?|元)(?:(?P<jiao>{NUMERAL})(?:角|毛)?)?(?:(?P<fen>{NUMERAL})分)?"
)
_DIGIT_RUN = re.compile(r"[0-9零〇○一二三四五六七八九幺](?:[ \-]?[0-9零〇○一二三四五六七八九幺]){3,}")
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


def spoken_time(text: str, now: datetime) -> SpokenTime | None:
    """The future moment named in ``text``, seen from ``now`` (aware); None when there is none or it has passed.

    Read as it stands first; if that fails, date words are repaired by sound (名天下五三点 → 明天下午三点).
    """
    plain = half_width(text).replace(" ", "")
    as_heard, by_sound = _spoken_time(plain, now), _spoken_time(_repaired(plain), now)
    if as_heard is None or (by_sound is not None and len(by_sound.said) > len(as_heard.said)):
        return by_sound
    return as_heard


def _spoken_time(text: str, now: datetime) -> SpokenTime | None:
    for match in _FROM_NOW.finditer(text):
        moment = _from_now(match, now)
        if moment is not None:
            return SpokenTime(on_grid(moment), match[0])
    found = [match for match in _MOMENT.finditer(text) if any(match[name] for name in ("day", "period", "hour"))]
    for match in sorted(found, key=lambda match: -len(match[0])):
        moment = _moment(match, now)
        if moment is not None and moment > now:
            return SpokenTime(on_grid(moment), match[0])
    return None


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


def _moment(match: re.Match[str], now: datetime) -> datetime | None:
    day = _day(match, now.date())
    if (match["day"] and day is None) or (match["period"] in ("早", "晚") and not match["near"]):
        return None  # 晚点 and 早点 name no time
    clock = _clock(match)
    if clock is None:
        return None
    hour, minute = clock
    if match["hour"] and not match["period"] and hour <= 12:
        return _likely(day, hour, minute, now)
    moment = datetime.combine(day or now.date(), time(hour, minute), now.tzinfo)
    return moment if day or moment > now else moment + timedelta(days=1)


def _likely(day: date | None, hour: int, minute: int, now: datetime) -> datetime:
    """An hour without its half of the day: 8 to 12 before noon, 1 to 7 after it; without a day the next such hour."""
    usual = hour if 8 <= hour <= 12 else hour + 12
    moment = datetime.combine(day or now.date(), time(usual % 24, minute), now.tzinfo)
    if day is None and moment <= now:
        evening = moment + timedelta(hours=12)
        return evening if usual == 8 and evening > now else moment + timedelta(days=1)
    return moment


def _clock(match: re.Match[str]) -> tuple[int, int] | None:
    if not match["hour"]:
        return _PERIODS[match["period"]] if match["period"] else _DAY_ALONE
    hour = whole_number(match["hour"])
    minute = 30 if match["half"] else 0
    if match["quarter"]:
        minute = 15 if match["quarter"] == "一" else 45
    elif match["minute"]:
        minute = -1 if (said := whole_number(match["minute"])) is None else said
    if hour is None or not 0 <= hour <= 24 or not 0 <= minute <= 59:
        return None
    if (match["period"] in _AFTERNOON and hour < 12) or (match["period"] == "中午" and hour < 10):
        hour += 12
    return hour % 24, minute


def _day(match: re.Match[str], today: date) -> date | None:
    if match["near"]:
        return today + timedelta(days=_DAYS[match["near"]])
    if match["weekday"]:
        monday = today - timedelta(days=today.weekday())
        weeks = {"下下": 2, "下": 1, "下个": 1}.get(match["week"] or "", 0)
        day = monday + timedelta(days=_WEEKDAYS[match["weekday"]], weeks=weeks)
        return day + timedelta(weeks=1) if day < today and not match["week"] else day
    if match["dom"]:
        return _calendar_day(match["month"], match["dom"], today)
    return None


def _calendar_day(month_text: str | None, day_text: str, today: date) -> date | None:
    month, day = whole_number(month_text) if month_text else today.month, whole_number(day_text)
    if month is None or day is None:
        return None
    for step in range(13):
        year, index = divmod(today.year * 12 + month - 1 + step * (12 if month_text else 1), 12)
        try:
            found = date(year, index + 1, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _repaired(text: str) -> str:
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


def spoken_money(text: str) -> str | None:
    """The first amount in ``text`` with its unit (一百二十八块五, 128.5元) as canonical text ``128.50``."""
    match = _AMOUNT.search(half_width(text))
    if match is None:
        return None
    yuan = Decimal(match["yuan"]) if "." in match["yuan"] else whole_number(match["yuan"])
    if yuan is None:
        return None
    jiao, fen = whole_number(match["jiao"] or "零"), whole_number(match["fen"] or "零")
    amount = Decimal(yuan) + Decimal((jiao or 0) * 10 + (fen or 0)) / 100
    return f"{amount:.2f}" if amount <= MONEY_LIMIT else None


def spoken_digits(text: str) -> str | None:
    """The first run of at least four digits said one by one, as ASCII digits: 零零七三幺 → 00731."""
    match = _DIGIT_RUN.search(half_width(text))
    return digit_string(match[0]) if match else None

"""Values as telephone Mandarin speaks them: short pieces that are synthesised once and shared by all contacts. Pure.

Every function returns pieces in speaking order; ``"".join(pieces)`` is the whole reading. Each kind of value has a
finite inventory, so that all of its pieces can be made before anyone is called::

    money  128.50      一百 二十 八元 五角      known before the call: 一百二十八元 五角
    date   2026-06-30  六月 三十号
    time   15:30       明天 下午三点 半
    digits 00731       零 零 七 三 幺                 order numbers: letters too
    time   15:30       下午三点 半
    address            文三路 八 号 云杉小区 三 号楼 五 零 幺 室: names of places are pieces of their own
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from callbot.zh.numerals import DIGITS

MONEY_LIMIT = Decimal("99999999.99")
"""Largest amount that can be spoken; larger ones are refused when the list is read."""

_HUNDREDS = tuple(f"{'两' if n == 2 else DIGITS[n]}百" for n in range(1, 10))
_THOUSANDS = tuple(f"{'两' if n == 2 else DIGITS[n]}千" for n in range(1, 10))
_TENS = ("一十", *(f"{DIGITS[n]}十" for n in range(2, 10)))
_MONTHS = tuple(f"{name}月" for name in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"))
_WEEK = "一二三四五六日"
_HOURS = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_MINUTES = (
    "",
    "零五分",
    "十分",
    "一刻",
    "二十分",
    "二十五分",
    "半",
    "三十五分",
    "四十分",
    "四十五分",
    "五十分",
    "五十五分",
)
MINUTE_GRID = 5
"""Agreed times are kept and spoken in steps of five minutes."""


def _below_100(value: int) -> str:
    tens, ones = divmod(value, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones or not tens else "")


def _section(value: int, *, leading: bool) -> list[str]:
    """Pieces of 1..9999; ``leading`` when nothing larger was said before."""
    pieces: list[str] = []
    gap = not leading and value < 1000
    thousands, rest = divmod(value, 1000)
    hundreds, rest = divmod(rest, 100)
    tens, ones = divmod(rest, 10)
    alone = leading and not thousands and not hundreds
    for count, names in ((thousands, _THOUSANDS), (hundreds, _HUNDREDS), (tens, _TENS)):
        if count:
            if gap:
                pieces.append("零")
            gap = False
            pieces.append("十" if names is _TENS and count == 1 and alone else names[count - 1])
        elif pieces:
            gap = True
    if ones:
        if gap:
            pieces.append("零")
        pieces.append("两" if ones == 2 and value == 2 and leading else DIGITS[ones])
    return pieces


def money_pieces(amount: str) -> tuple[str, ...]:
    """An amount such as ``128.50`` (yuan, at most two decimals, 0 to ``MONEY_LIMIT``)."""
    value = Decimal(amount)
    if not 0 <= value <= MONEY_LIMIT:
        raise ValueError("amount out of range")
    fen = int(value * 100)
    yuan, (jiao, fen) = fen // 100, divmod(fen % 100, 10)
    pieces: list[str] = []
    wan, rest = divmod(yuan, 10_000)
    if wan:
        pieces += [*_section(wan, leading=True), "万" if rest else "万元"]
    if rest:
        section = _section(rest, leading=not wan)
        pieces += [*section[:-1], f"{section[-1]}元"]
    if jiao:
        pieces.append(f"{'两' if jiao == 2 else DIGITS[jiao]}角")
    elif fen and yuan:
        pieces.append("零")
    if fen:
        pieces.append(f"{DIGITS[fen]}分")
    return tuple(pieces) or ("零元",)


def known_money_pieces(amount: str) -> tuple[str, ...]:
    """An amount known before the call: the yuan as one piece, made for the contact, and the shared ``CHANGE``.

    Digit by digit, whisper misread about one amount in two through the telephone, in one piece one in six (21 amounts,
    2026-11-22), and people pay what they understood.
    """
    pieces = money_pieces(amount)
    end = next((at for at, piece in enumerate(pieces, 1) if piece.endswith("元")), 0)
    yuan = "".join(pieces[:end])
    return (*((yuan,) if yuan else ()), *pieces[end:])


def date_pieces(day: date, today: date) -> tuple[str, ...]:
    """A calendar day as 六月 三十号; the year is said only when it is not the year of ``today``."""
    month_day = (_MONTHS[day.month - 1], f"{_below_100(day.day)}号")
    if day.year == today.year:
        return month_day
    if day.year == today.year + 1:
        return ("明年", *month_day)
    return (*(DIGITS[int(char)] for char in str(day.year)), "年", *month_day)


def _period(hour: int) -> str:
    for end, name in ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < end:
            return name
    return "晚上"


def _hour(hour: int) -> str:
    return f"{_period(hour)}{_HOURS[hour if hour <= 12 else hour - 12]}点"


def on_grid(moment: datetime) -> datetime:
    """The same moment or the next one whose minute is a multiple of ``MINUTE_GRID``."""
    moment += timedelta(minutes=-moment.minute % MINUTE_GRID)
    return moment.replace(second=0, microsecond=0)


def datetime_pieces(moment: datetime, now: datetime) -> tuple[str, ...]:
    """A moment as 明天 下午三点 半, seen from ``now``; both aware, read in the zone of ``now``, on the minute grid."""
    moment = on_grid(moment.astimezone(now.tzinfo))
    days = (moment.date() - now.date()).days
    weeks = (moment.date() - timedelta(moment.weekday()) - now.date() + timedelta(now.weekday())).days // 7
    if 0 <= days <= 2:
        day: tuple[str, ...] = (("今天", "明天", "后天")[days],)
    elif days > 2 and weeks in (0, 1):
        day = (f"{'下' if weeks else '这'}周{_WEEK[moment.weekday()]}",)
    else:
        day = date_pieces(moment.date(), now.date())
    minutes = _MINUTES[moment.minute // MINUTE_GRID]
    return (*day, _hour(moment.hour), *((minutes,) if minutes else ()))


def digits_pieces(digits: str) -> tuple[str, ...]:
    """An order number or the like, digit by digit, 幺 for 1."""
    return tuple("幺" if char == "1" else DIGITS[int(char)] for char in digits)


def phone_pieces(number: str) -> tuple[str, ...]:
    """A telephone number in groups as people say it (3-4-4); the last digit of a group carries a comma: a pause."""
    digits = number.removeprefix("+86").lstrip("+")
    pieces = list(digits_pieces(digits))
    for end in range(len(pieces) - 4, 1, -4):
        pieces[end - 1] += "，"
    return tuple(pieces)


def ordinal_word(number: int) -> str:
    """The word of a place from 1 to 99, as in 第二个."""
    return _below_100(number)


def code_pieces(code: str) -> tuple[str, ...]:
    """An order number sign by sign: letters as they are called, digits as ``digits_pieces``."""
    return tuple(char if char.isalpha() else digits_pieces(char)[0] for char in code if char.isalnum())


def time_pieces(at: str) -> tuple[str, ...]:
    """A time of day such as ``15:30``, on the minute grid."""
    hour, minute = (int(part) for part in at.split(":"))
    minutes = _MINUTES[minute // MINUTE_GRID]
    return (_hour(hour), *((minutes,) if minutes else ()))


def address_pieces(address: str) -> tuple[str, ...]:
    """A written address: names of places in one piece each, numbers as words below 100 and digit by digit above."""
    pieces: list[str] = []
    for part in _ADDRESS_PART.finditer(address):
        if part["number"] is None:
            pieces.append(part[0])
            continue
        pieces += _house_number(part["number"])
        pieces.append(part["unit"])
    return tuple(pieces)


def _house_number(number: str) -> tuple[str, ...]:
    if len(number) > 2 or number[0] == "0":
        return digits_pieces(number)
    tens, ones = divmod(int(number), 10)
    return tuple(word for word in (_TEN_WORDS[tens], DIGITS[ones] if ones else "") if word)


HALF_DAYS = {"morning": "上午", "afternoon": "下午", "evening": "晚上"}
YES_NO = {"yes": "是", "no": "不是"}
_TEN_WORDS = ("", "十", *(f"{DIGITS[n]}十" for n in range(2, 10)))
_ADDRESS_UNITS = ("号楼", "号", "弄", "栋", "幢", "座", "单元", "门", "层", "楼", "室", "房", "户")
_ADDRESS_PART = re.compile(
    rf"(?P<number>[0-9]{{1,5}})(?P<unit>{'|'.join(_ADDRESS_UNITS)})"
    rf"|(?:(?![0-9]{{1,5}}(?:{'|'.join(_ADDRESS_UNITS)})).)+?(?:[省市区县镇乡路街巷道]|小区|花园|(?=[0-9]{{1,5}}(?:{'|'.join(_ADDRESS_UNITS)}))|$)"
)
CHANGE = (
    *(f"{'两' if n == 2 else DIGITS[n]}角" for n in range(1, 10)),
    *(f"{DIGITS[n]}分" for n in range(1, 10)),
    "零",
)
"""What may follow the yuan of an amount."""


def _money_inventory() -> Iterator[str]:
    counts = (*DIGITS[1:], "两", "十", *_TENS, *_HUNDREDS, *_THOUSANDS)
    yield from counts
    yield from (f"{count}元" for count in counts)
    yield from ("万", "万元", "零元")
    yield from CHANGE


def _date_inventory() -> Iterator[str]:
    yield from _MONTHS
    yield from (f"{_below_100(day)}号" for day in range(1, 32))
    yield from ("明年", "年", *DIGITS)


def _datetime_inventory() -> Iterator[str]:
    yield from ("今天", "明天", "后天")
    yield from (f"{week}周{day}" for week in "这下" for day in _WEEK)
    yield from _date_inventory()
    yield from _time_inventory()


def _time_inventory() -> Iterator[str]:
    yield from (_hour(hour) for hour in range(24))
    yield from _MINUTES[1:]


_SPOKEN_DIGITS = ("零", "幺", *DIGITS[2:])

INVENTORIES: dict[str, tuple[str, ...]] = {
    "money": tuple(_money_inventory()),
    "date": tuple(_date_inventory()),
    "datetime": tuple(_datetime_inventory()),
    "digits": _SPOKEN_DIGITS,
    "time": tuple(_time_inventory()),
    "list": tuple(f"第{_below_100(n)}个，" for n in range(1, 21)),
    "half_day": tuple(HALF_DAYS.values()),
    "yes_no": tuple(YES_NO.values()),
    "order_no": (*_SPOKEN_DIGITS, *(chr(code) for code in range(ord("A"), ord("Z") + 1))),
    "address": tuple(dict.fromkeys((*DIGITS, "幺", *_TEN_WORDS[1:], *_ADDRESS_UNITS))),
    "phone": (*_SPOKEN_DIGITS, *(f"{digit}，" for digit in _SPOKEN_DIGITS)),
}
"""All pieces a kind of value can ever need, names of places in addresses apart; text and names have none, because they
are made for each contact."""

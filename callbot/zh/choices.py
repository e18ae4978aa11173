"""Which of several things somebody means: yes or no, the second one, the one of yesterday, the headphones. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from callbot.zh.amounts import money
from callbot.zh.found import Found, standing
from callbot.zh.numerals import digit_string, half_width, whole_number
from callbot.zh.pinyin import find, syllables
from callbot.zh.times import past_day

_SOUND = 0.11
"""Dearest sound match of an option, per syllable: one usual confusion in two."""
_NO = re.compile(r"不(?:是|要|用|对|行|可以|需要|想|同意|愿意|方便|好|了|必)|没(?:有|收到)?|别|否|不$|^不(?=[，,。]|$)")
_YES = re.compile(
    r"^(?:嗯|呃|啊|哦|那|我|应该|当然|肯定)*(?:是|对|要|好|行|可以|有|需要|同意|愿意|收到|没错|没问题|确定|嗯|方便|成)"
)
_QUESTION = re.compile(r"(.)[不没]\1|吗|呢|什么|怎么|为什么|多少")
_NOT_BEFORE = re.compile(r"(?:不要|不是|不用|别|没有|不选|除了|不)$")
_ORDINAL = re.compile(
    r"(?:第|选|按)(?P<number>[一二两三四五六七八九十1-9]{1,2})(?:个|种|项|款|单|条|件|笔|套|号)?|(?P<bare>[1-9])(?=号|$)"
)
_LAST = re.compile(
    r"最后(?:那|的|面|边)?(?:一|那)?[个种项款单条件笔]?|(?:后面|后边|下面|下边)(?:的|那)(?:一)?[个种项款单条件笔]?|后[一者]个?"
)
_FIRST = re.compile(
    r"最前(?:面|边)?(?:的|那)?(?:一)?个?|(?:前面|前边|上面|上边)(?:的|那)(?:一)?[个种项款单条件笔]?|前[一者]个?|头一个"
)
_MIDDLE = re.compile(r"中间(?:的|那)?(?:一)?[个种项款单条件笔]?")
_TAIL = re.compile(r"[0-9零〇一二两三四五六七八九幺]{2,}")


@dataclass(frozen=True, slots=True)
class Item:
    """One of several found things: ``value`` is what is kept, the rest is how people speak of it; "" when unknown."""

    value: str
    name: str = ""
    day: str = ""
    amount: str = ""


def yes_no(text: str) -> Found | None:
    """``yes`` or ``no``; None for a question and for what says neither."""
    for start, end in reversed(standing(text)):
        said = text[start:end].strip("，,。 ！!")
        if _QUESTION.search(said):
            continue
        no, yes = _NO.search(said), _YES.search(said)
        if yes is not None and (no is None or "没错" in said or "没问题" in said):
            return Found("yes", start, end)
        if no is not None and (yes is None or no.start() <= yes.start()):
            return Found("no", start, end)
    return None


def ordinal(text: str, count: int) -> Found | None:
    """Which of ``count`` things, from 0: 第二个, 后面那个, 最后一个, 中间那个."""
    plain = half_width(text)
    for start, end in reversed(standing(plain)):
        for pattern, at in ((_LAST, count - 1), (_FIRST, 0), (_MIDDLE, count // 2)):
            match = pattern.search(plain, start, end)
            if match is not None and (pattern is not _MIDDLE or count % 2):
                return Found(str(at), match.start(), match.end())
        for match in _ORDINAL.finditer(plain, start, end):
            number = whole_number(match["number"] or match["bare"])
            if number is not None and 1 <= number <= count and not _NOT_BEFORE.search(plain[: match.start()]):
                return Found(str(number - 1), match.start(), match.end())
    return None


def option(text: str, options: Mapping[str, Sequence[str]]) -> Found | None:
    """The name of the one option that was said by one of its forms, as written or by sound, or by its place.

    None when two are named (大号还是小号) or it was refused (不要大号).
    """
    plain = half_width(text)
    for start, end in reversed(standing(plain)):
        stretch = plain[start:end]
        named = _named(stretch, options) or _sounding(stretch, options)
        if len(named) == 1:
            (name, (first, last)) = next(iter(named.items()))
            return Found(name, start + first, start + last)
        if not named and (place := ordinal(stretch, len(options))) is not None:
            return Found(list(options)[int(place.value)], start + place.start, start + place.end)
    return None


def one_of(text: str, items: Sequence[Item], today: date) -> Found | None:
    """The ``value`` of the one thing that is meant: by its place, name, day, amount or the last signs of its number."""
    plain = half_width(text)
    for start, end in reversed(standing(plain)):
        stretch = plain[start:end]
        fitting = [item for item in items if _fits(stretch, item, today)]
        if len(fitting) == 1:
            return Found(fitting[0].value, start, end)
        if not fitting and (place := ordinal(stretch, len(items))) is not None:
            return Found(items[int(place.value)].value, start + place.start, start + place.end)
        if fitting:
            named = [item for item in fitting if item.name and item.name in stretch]
            if len(named) == 1:
                return Found(named[0].value, start, end)
    return None


def _named(text: str, options: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, int]]:
    """Options whose form stands in the text and is not part of a longer form of another one."""
    places = [
        (match.start(), match.end(), name)
        for name, forms in options.items()
        for form in forms
        for match in re.finditer(re.escape(form), text)
    ]
    found: dict[str, tuple[int, int]] = {}
    for start, end, name in places:
        inside = any(a <= start and end <= b and b - a > end - start and other != name for a, b, other in places)
        if not inside and not _NOT_BEFORE.search(text[:start]):
            found.setdefault(name, (start, end))
    return found


def _sounding(text: str, options: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, int]]:
    heard = syllables(text)
    found: dict[str, tuple[int, int]] = {}
    if len(heard) != len(text):
        return found
    for name, forms in options.items():
        for form in forms:
            sounds = syllables(form)
            for start, end, _ in find(sounds, heard, _SOUND * len(sounds)) if len(sounds) > 1 else ():
                if not _NOT_BEFORE.search(text[:start]):
                    found.setdefault(name, (start, end))
    return found


def _fits(text: str, item: Item, today: date) -> bool:
    if item.name and _share(item.name, text):
        return True
    if item.day and (said := past_day(text, today)) is not None and said.isoformat() == item.day:
        return True
    if item.amount and (amount := money(text)) is not None:
        return int(Decimal(amount.value)) == int(Decimal(item.amount))
    tails = [digit_string(match[0]) for match in _TAIL.finditer(text)]
    return any(item.value.endswith(tail) for tail in tails if len(tail) >= 2)


def _share(name: str, text: str) -> bool:
    """Whether two characters of the name in a row are said: 耳机 of 蓝牙耳机; a name of one character whole."""
    if len(name) == 1:
        return name in text
    pairs = (name[at : at + 2] for at in range(len(name) - 1))
    return any((at := text.find(pair)) >= 0 and not _NOT_BEFORE.search(text[:at]) for pair in pairs)

"""Amounts of money that people say. Pure."""

import re
from decimal import Decimal

from callbot.zh.found import Found, standing
from callbot.zh.numerals import NUMERAL, half_width, whole_number
from callbot.zh.spoken import MONEY_LIMIT

_YUAN = (
    r"(?P<yuan>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?"
    rf"|[0-9]+\.[0-9]+[万千百]?|{NUMERAL}+(?:点{NUMERAL}{{1,2}})?)"
)
_AMOUNT = re.compile(
    rf"(?:[¥￥]\s*)?{_YUAN}\s*(?:块钱?|元|圆)(?:整|钱)?(?:(?P<jiao>{NUMERAL})(?:(?:角|毛)(?:钱)?(?:零?(?P<fen>{NUMERAL})分?)?)?)?"
    rf"(?:零?(?P<cent>{NUMERAL})分)?"
)
_SMALL = re.compile(rf"(?<!块)(?P<jiao>{NUMERAL})(?:毛|角)(?:钱)?(?:(?P<fen>{NUMERAL})分?)?|(?P<cent>{NUMERAL})分钱")
_SIGNED = re.compile(rf"[¥￥]\s*{_YUAN}")
_BARE = re.compile(_YUAN)
_AROUND = re.compile(r"多|几|来块|把块|出头|点|号|月|日|年|天|个|分|小时|楼|栋|岁|次|件|折|[0-9a-zA-Z%]")
"""What stands after a bare number that is no amount."""


def money(text: str) -> Found | None:
    """The amount somebody named as ``128.50`` (yuan): 一百二十八块五, 三毛, 1.5万元; the last one said."""
    plain = half_width(text)
    for start, end in reversed(standing(plain)):
        for match in _AMOUNT.finditer(plain, start, end):
            amount = _amount(match)
            if amount is not None:
                return Found(amount, match.start(), match.end())
        for pattern in (_SMALL, _SIGNED):
            match_small = pattern.search(plain, start, end)
            if match_small is not None and (amount := _amount(match_small)) is not None:
                return Found(amount, match_small.start(), match_small.end())
    return None


def bare_money(text: str) -> Found | None:
    """The same, and a number without a unit (三百五, 1280) where an amount is what was asked for."""
    named = money(text)
    if named is not None:
        return named
    plain = half_width(text)
    for start, end in reversed(standing(plain)):
        for match in _BARE.finditer(plain, start, end):
            if len(match[0]) < 2 or _AROUND.match(plain, match.end()) or plain[: match.start()].endswith("第"):
                continue
            amount = _amount(match)
            if amount is not None:
                return Found(amount, match.start(), match.end())
    return None


def _amount(match: re.Match[str]) -> str | None:
    part = {"yuan": "", **{name: said or "" for name, said in match.groupdict().items()}}
    yuan = _yuan(part["yuan"]) if part["yuan"] else Decimal(0)
    if yuan is None:
        return None
    jiao, fen = whole_number(part.get("jiao") or "零"), whole_number(part.get("fen") or part.get("cent") or "零")
    if jiao is None or fen is None or jiao > 9 or fen > 9:
        return None
    amount = yuan + Decimal(jiao * 10 + fen) / 100
    return f"{amount:.2f}" if amount <= MONEY_LIMIT and amount == round(amount, 2) else None


def _yuan(said: str) -> Decimal | None:
    said = said.replace(",", "")
    arabic = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([万千百]?)", said)
    if arabic is not None:
        return Decimal(arabic[1]) * {"": 1, "百": 100, "千": 1000, "万": 10_000}[arabic[2]]
    whole, _, part = said.partition("点")
    number = whole_number(whole)
    if number is None:
        return None
    digits = "".join(str(whole_number(char)) for char in part)
    return Decimal(f"{number}.{digits}") if digits else Decimal(number)

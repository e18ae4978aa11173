"""Chinese numerals: what is written or heard becomes a number. Pure."""

import re

DIGITS = "零一二三四五六七八九"
"""Spoken digits by value; telephone and order numbers say 幺 for 1."""

_VALUES = {
    **{char: value for value, char in enumerate(DIGITS)},
    "〇": 0,
    "○": 0,
    "两": 2,
    "俩": 2,
    "幺": 1,
    **{str(value): value for value in range(10)},
}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10_000, "亿": 100_000_000}
_TOKEN = re.compile(r"[0-9]+|[零〇○一二两俩三四五六七八九幺十百千万亿]")

NUMERAL = "[零〇○一二两俩三四五六七八九幺十百千万亿0-9]"
"""Character class of everything a spoken whole number is made of, for use in patterns."""


def half_width(text: str) -> str:
    """Full-width digits, letters and signs as their ASCII forms; other characters stay."""
    table = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    table[0x3000] = 0x20
    return text.translate(table)


def whole_number(text: str) -> int | None:
    """The value of a spoken or written whole number such as 三十, 一百零五, 两万三, 15万; None if it is none."""
    tokens = _TOKEN.findall(text)
    if not text or "".join(tokens) != text:
        return None
    if len(tokens) > 1 and all(token in _VALUES for token in tokens):
        return int("".join(str(_VALUES[token]) for token in tokens))
    total = section = 0
    digit: int | None = None
    scale = 1
    for token in tokens:
        if token in _SCALES:
            scale = _SCALES[token]
            section += (1 if digit is None else digit) * scale
            digit = None
        elif token in _BIG:
            scale = _BIG[token]
            total = (total + section + (digit or 0)) * scale
            section, digit = 0, None
        else:
            if digit:
                return None
            digit = int(token) if token.isascii() else _VALUES[token]
            scale = 1 if digit == 0 else scale  # 三百零五: the zero ends the short form 三百五 = 350
    if digit and scale >= 100:
        digit *= scale // 10
    return total + section + (digit or 0)


def digit_string(text: str) -> str:
    """Digits said one by one (幺三八, 零零七三一, 00731) as ASCII digits; other characters are dropped."""
    return "".join(str(_VALUES[char]) for char in half_width(text) if char in _VALUES)

"""Numbers that are said sign by sign: digits, telephone numbers, order numbers; their checksums. Pure.

Recognisers mix ASCII and Chinese digits, cut long numbers with commas and keep what people put between (嗯, 杠, 然后).
"""

import re
from typing import Literal

from callbot.zh.found import Found, standing
from callbot.zh.numerals import digit_string, half_width
from callbot.zh.pinyin import syllables

Checksum = Literal["luhn", "mod11_2", "mod97_10"]

_DIGIT = "[0-9零〇○一二两三四五六七八九幺洞拐]"
_BETWEEN = r"(?:[\s,，、。.\-—－_/]|杠|横杠|横线|短横|呃|嗯|啊|哦|额|那个|然后是?|接着是?|后面是?|再|空格)*"
_UNITS = "年月日号点时刻分秒块元毛角钱万亿百千十个楼栋幢座层室岁次天件周小折%"
"""After one of these a run of digits is a date, a time, an amount or a count."""
_REPEAT = re.compile(r"([两二三四五六2-6])个([0-9零〇一二两三四五六七八九幺])(?!个)")
_RUN = re.compile(rf"{_DIGIT}(?:{_BETWEEN}{_DIGIT})*")
_PHONE_RUN = re.compile(rf"(?:\+|加)?{_DIGIT}(?:{_BETWEEN}{_DIGIT})*")
_PHONE = re.compile(
    r"(?<![0-9])(?:00)?(?:86)?(?P<number>1[3-9][0-9]{9}|400[0-9]{7}|0(?:10|2[0-9])[0-9]{8}|0[3-9][0-9]{2}[0-9]{7,8})(?![0-9])"
)
_LETTERS = {
    "诶": "A", "艾弗": "F", "爱抚": "F", "艾尺": "H", "勾": "J", "艾勒": "L", "艾姆": "M", "圈": "Q", "阿尔": "R",
    "艾斯": "S", "达不溜": "W", "艾克斯": "X", "叉": "X", "歪": "Y", "贼": "Z",
}  # fmt: skip
"""Names of letters as recognisers of Mandarin write them; they count only beside other signs of the number."""
_SIGN = rf"(?:字母|大写的?|小写的?)?(?:[A-Za-z]|{'|'.join(sorted(_LETTERS, key=len, reverse=True))}|{_DIGIT})"
_CODE = re.compile(rf"{_SIGN}(?:{_BETWEEN}{_SIGN})*")
_NO_CODE = re.compile(r"^(?:OK|NO|VIP|APP|ID|SMS)(?=[0-9A-Z])")
_SOUNDS = {
    "ling": "0", "yao": "1", "yi": "1", "er": "2", "san": "3", "si": "4", "wu": "5", "liu": "6", "qi": "7", "ba": "8",
    "jiu": "9",
}  # fmt: skip
_LEAST = 4
"""Signs of a number whose length the script does not tell: shorter ones are ages, counts and hours."""
_WEIGHTS = tuple(2**n % 11 for n in range(64))


def digits(text: str, length: tuple[int, int] | None = None, checksum: Checksum | None = None) -> Found | None:
    """A number said digit by digit as ASCII digits; ``length`` is the least and most digits, else at least four.

    With ``checksum`` only a number that fits it counts; ``mod11_2`` allows an X at the end (叉, as in ID numbers).
    Where the length is known and nothing has it as written, digits are also taken by their sound (二零期三幺).
    """
    plain = half_width(text)
    found = _digits(plain, length, checksum)
    return _digits(_by_sound(plain), length, checksum) if found is None and length is not None else found


def _digits(text: str, length: tuple[int, int] | None, checksum: Checksum | None) -> Found | None:
    least, most = length or (_LEAST, 64)
    plain, places = _repeats_written_out(text)
    for start, end in reversed(standing(plain)):
        for match in reversed(list(_RUN.finditer(plain, start, end))):
            value, stop = digit_string(match[0].replace("洞", "0").replace("拐", "7")), match.end()
            tail = re.match(r"[\s]*(?:X|x|叉|艾克斯)", plain[stop:]) if checksum == "mod11_2" else None
            if tail is not None:
                value, stop = f"{value}X", stop + tail.end()
            fits = least <= len(value) <= most and valid(value, checksum)
            if fits and not _is_counted(value, plain[stop : stop + 1]):
                return Found(value, places[match.start()], places[stop - 1] + 1)
    return None


def phone(text: str) -> Found | None:
    """A Chinese telephone number: mobile, landline with its area code, or 400; without +86."""
    plain = half_width(text)
    return _phone(plain) or _phone(_by_sound(plain))


def _phone(text: str) -> Found | None:
    plain, places = _repeats_written_out(text)
    for start, end in reversed(standing(plain)):
        for match in reversed(list(_PHONE_RUN.finditer(plain, start, end))):
            number = _PHONE.search(digit_string(match[0].replace("洞", "0").replace("拐", "7")))
            if number is not None:
                return Found(number["number"], places[match.start()], places[match.end() - 1] + 1)
    return None


def order_number(text: str, length: tuple[int, int] | None = None, checksum: Checksum | None = None) -> Found | None:
    """A number of digits and letters (at least one digit) in capitals, without hyphens: YS杠二零七三幺 → YS20731."""
    least, most = length or (_LEAST, 64)
    plain, places = _repeats_written_out(half_width(text))
    for start, end in reversed(standing(plain)):
        for match in reversed(list(_CODE.finditer(plain, start, end))):
            value = _NO_CODE.sub("", _signs(match[0]))
            fits = least <= len(value) <= most and valid(value, checksum)
            if fits and re.search("[0-9]", value) and not _is_counted(value, plain[match.end() : match.end() + 1]):
                return Found(value, places[match.start()], places[match.end() - 1] + 1)
    return None


def valid(value: str, checksum: Checksum | None) -> bool:
    """Whether the last sign fits the others.

    ``luhn``: ISO/IEC 7812-1 annex B (bank cards) · ``mod11_2``: ISO/IEC 7064, as in Chinese ID numbers (GB 11643) ·
    ``mod97_10``: ISO/IEC 7064, letters count as 10 to 35.
    """
    match checksum:
        case None:
            return True
        case "luhn":
            if not value.isdecimal():
                return False
            doubled = (sum(divmod(2 * int(char), 10)) for char in value[-2::-2])
            return (sum(doubled) + sum(int(char) for char in value[-1::-2])) % 10 == 0
        case "mod11_2":
            if not value[:-1].isdecimal() or not (value[-1:].isdecimal() or value[-1:] == "X"):
                return False
            signs = [10 if char == "X" else int(char) for char in reversed(value)]
            return bool(sum(weight * sign for weight, sign in zip(_WEIGHTS, signs, strict=False)) % 11 == 1)
        case "mod97_10":
            return value.isalnum() and value.isascii() and int("".join(str(int(char, 36)) for char in value)) % 97 == 1


def _is_counted(value: str, following: str) -> bool:
    """Whether a unit makes a count, date or time of it; 20731号 is a number all the same."""
    return following in tuple(_UNITS) and not (following == "号" and len(value) > _LEAST)


def _by_sound(text: str) -> str:
    """Characters that sound like a digit, as that digit: between digits, and 要 and its like before one."""
    sounds = syllables(text)
    if len(sounds) != len(text):
        return text
    characters = list(text)
    for at in reversed(range(len(text) - 1)):
        digit = _SOUNDS.get(sounds[at])
        if digit is None or re.match(_DIGIT, characters[at]) or not re.match(_DIGIT, characters[at + 1]):
            continue
        if sounds[at] == "yao" or (at > 0 and (re.match(_DIGIT, characters[at - 1]) or sounds[at - 1] in _SOUNDS)):
            characters[at] = digit
    return "".join(characters)


def _signs(said: str) -> str:
    said = re.sub("字母|大写的?|小写的?", "", said)
    for name in sorted(_LETTERS, key=len, reverse=True):
        said = said.replace(name, _LETTERS[name])
    said = said.replace("洞", "0").replace("拐", "7")
    return "".join(char.upper() if char.isascii() and char.isalpha() else digit_string(char) for char in said)


def _repeats_written_out(text: str) -> tuple[str, tuple[int, ...]]:
    """三个八 as 八八八, with the place in ``text`` that each character came from."""
    written: list[str] = []
    places: list[int] = []
    at = 0
    for match in _REPEAT.finditer(text):
        if text[match.end() : match.end() + 1] in tuple(_UNITS):
            continue
        written.append(text[at : match.start()])
        places += range(at, match.start())
        count = int(digit_string(match[1]))
        written.append(match[2] * count)
        places += [*[match.start()] * (count - 1), match.end() - 1]
        at = match.end()
    written.append(text[at:])
    places += range(at, len(text))
    return "".join(written), tuple(places)

"""Telephone numbers as people and spreadsheets write them. Pure."""

import re
import unicodedata
from decimal import Decimal

import phonenumbers

from callbot.language import Text
from callbot.script.inputs import InputProblem
from callbot.values import Phone

_HOME = "CN"
_SCIENTIFIC = re.compile(r"(?P<mantissa>[0-9](?:\.[0-9]+)?)[eE]\+?(?P<exponent>[0-9]+)\Z")
_EXTENSION = re.compile(
    r"[0-9)]\s*(?:转|分机|ext(?:n|ension)?\.?|x|#)\s*[::]?\s*[0-9]+\Z|^0[0-9]{2,3}-?[0-9]{7,8}-[0-9]{1,6}\Z",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"[0-9]{7,}\s*[/、,;|]\s*\+?[0-9]{3,}|[0-9]{11}\s+1[0-9]{10}")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}\Z")
_WRITTEN = re.compile(r"\+?[0-9 ().\-]+\Z")


def read_phone(raw: str) -> Phone:
    """The number in a cell: national digits for China, E.164 for other countries. Errors: ``InputProblem``."""
    text = _plain(raw)
    if not text:
        raise _problem("没有电话号码", "there is no number", "填上手机号，或删掉这一行", "fill it in or delete the row")
    text = _unscientific(text)
    if _EXTENSION.search(text):
        raise _problem(
            "带分机号，机器人拨不了分机",
            "it has an extension, which the robot cannot dial",
            "改成直线号码或手机号",
            "give a direct or a mobile number",
        )
    if _SEVERAL.search(text):
        raise _problem(
            "一格里有多个号码",
            "there is more than one number in the cell",
            "每行只留一个号码",
            "leave one number a row",
        )
    digits = re.sub(r"[^0-9]", "", text)
    if _LOCAL.match(digits) and not text.startswith("+"):
        raise _problem(
            "固定电话缺区号", "the area code is missing", "加上区号，如 010-62345678", "add it, as in 010-62345678"
        )
    if not _WRITTEN.match(text):
        raise _problem(
            "不是电话号码", "it is not a telephone number", "改成 11 位手机号", "give an 11-digit mobile number"
        )
    return _valid(text, digits)


def _valid(text: str, digits: str) -> Phone:
    try:
        number = phonenumbers.parse(text, _HOME)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        if digits.startswith("1") and len(digits) not in (11, 13) and not text.startswith("+"):
            raise _problem(
                f"有 {len(digits)} 位数字，手机号应为 11 位",
                f"it has {len(digits)} digits, a mobile number has 11",
                "核对号码，看是否少了或多了数字",
                "check for missing or extra digits",
            )
        raise _problem(
            "没有这样的号码", "no such number exists", "核对号段和位数", "check its first digits and its length"
        )
    if number.country_code == phonenumbers.country_code_for_region(_HOME):
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        return Phone(re.sub(r"[^0-9]", "", national))
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _plain(raw: str) -> str:
    # NFKC makes full-width digits and signs plain; format characters such as zero-width spaces are invisible.
    text = unicodedata.normalize("NFKC", raw)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    text = re.sub(r"[‐‑‒–—―−]", "-", text).strip().lstrip("'").strip()
    return re.sub(r"(?<=[0-9])\.0+\Z", "", text)


def _unscientific(text: str) -> str:
    found = _SCIENTIFIC.match(text)
    if found is None:
        return text
    if len(found["mantissa"].replace(".", "")) != int(found["exponent"]) + 1:
        raise _problem(
            "是 Excel 的科学计数法，后面的数字已经丢了",
            "it is in Excel's scientific form, its last digits are lost",
            "在 Excel 里把这一列设为“文本”，从原系统重新导出",
            "format the column as text in Excel and export again from the source",
        )
    return str(int(Decimal(text)))


def _problem(reason_zh: str, reason_en: str, repair_zh: str, repair_en: str) -> InputProblem:
    return InputProblem(Text(reason_zh, reason_en), Text(repair_zh, repair_en))

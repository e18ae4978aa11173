"""Cells of a contact list become canonical values, or a reason with a repair. Pure.

Canonical forms: money ``128.50`` · date ``2026-06-30`` · digits ``00731`` · phone ``13800138000`` or ``+4930123456`` ·
text without spaces at its ends. A canonical value is accepted again and stays as it is.
"""

import re
from datetime import date, timedelta
from decimal import Decimal

from callbot.errors import CallbotError
from callbot.language import Text
from callbot.script.model import InputSpec
from callbot.zh.numerals import half_width
from callbot.zh.spoken import MONEY_LIMIT

_SCIENTIFIC = re.compile(r"^[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+$")
_MONEY = re.compile(
    r"^(?:¥|￥|RMB|CNY|人民币)?(?P<number>[0-9][0-9,]*(?:\.[0-9]*)?)(?P<wan>万)?(?:元整?|块|圆)?$", re.I
)
_THOUSANDS = re.compile(r"^[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$")
_YMD = re.compile(r"^(?P<y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})[日号]?(?:[ T]0{1,2}:00(?::00)?)?$")
_COMPACT_YMD = re.compile(r"^(?P<y>20[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})$")
_MD = re.compile(r"^(?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})[日号]?$")
_SERIAL = re.compile(r"^[34567][0-9]{4}(?:\.0*)?$")
_EXCEL_EPOCH = date(1899, 12, 30)
"""Day 0 of Excel's 1900 date system, its leap-year error of 1900 counted in."""
_YEARS = (2000, 2099)
_TEXT_LIMIT = 100
_PHONE = re.compile(r"^\+?[0-9]{5,15}$")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*[0-9]+$", re.I)


class InputProblem(CallbotError):  # noqa: N818 - a problem of one row, as contact lists call it
    """A cell cannot be used: why, and how to put it right."""

    def __init__(self, reason: Text, repair: Text) -> None:
        super().__init__(Text(f"{reason.zh}；{repair.zh}", f"{reason.en}; {repair.en}"))
        self.reason = reason
        self.repair = repair


def parse_input(spec: InputSpec, raw_text: str) -> str:
    """The canonical value of a cell. Errors: ``InputProblem``."""
    text = re.sub(r"[\u200b-\u200f\u2060\ufeff]", "", raw_text).replace("\u00a0", " ").strip()
    if not text:
        raise InputProblem(Text("这一格是空的", "the cell is empty"), Text("请填上内容", "fill it in"))
    if spec.type == "text":
        return _text(text)
    plain = half_width(text).strip()
    if spec.type != "date" and _SCIENTIFIC.match(plain):
        raise InputProblem(
            Text(
                f"“{text}”是 Excel 的科学计数法，后面的数字已经丢了", f"{text!r} is Excel's short form; digits are lost"
            ),
            Text("在 Excel 里把这一列设为“文本”，再从原系统导出一次", "format the column as text and export it again"),
        )
    match spec.type:
        case "money":
            return _money(plain)
        case "date":
            return _date(plain)
        case "digits":
            return _digits(plain)
        case "phone":
            return _phone(plain)


def _text(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > _TEXT_LIMIT:
        raise InputProblem(
            Text(f"文字太长（{len(text)} 字）", f"the text is too long ({len(text)} characters)"),
            Text(f"最多 {_TEXT_LIMIT} 字", f"use at most {_TEXT_LIMIT} characters"),
        )
    if "{" in text or "}" in text:
        raise InputProblem(
            Text(
                "文字里有花括号，像是没有填好的模板", "the text has braces, as of a template that was never filled in"
            ),
            Text("请写真正的内容", "write the real content"),
        )
    return text


def _money(text: str) -> str:
    match = _MONEY.match(text.replace(" ", ""))
    if match is None:
        negative = text.startswith(("-", "("))
        raise InputProblem(
            Text(
                f"“{text}”{'是负数' if negative else '不是金额'}",
                f"{text!r} is {'negative' if negative else 'no amount'}",
            ),
            Text("写成 128.50 这样的数", "write a number such as 128.50"),
        )
    number = match["number"]
    if "," in number and not _THOUSANDS.match(number):
        raise InputProblem(
            Text(
                f"“{text}”里的逗号位置不对，分不清是千位还是小数",
                f"the comma in {text!r} may mean thousands or decimals",
            ),
            Text("写成 1280.50 这样的数", "write it like 1280.50"),
        )
    amount = Decimal(number.replace(",", "")) * (10_000 if match["wan"] else 1)
    if amount != round(amount, 2):
        raise InputProblem(
            Text(f"“{text}”精确到了分以下", f"{text!r} has more than two decimals"),
            Text("金额最多两位小数", "use at most two decimals"),
        )
    if amount > MONEY_LIMIT:
        raise InputProblem(
            Text(f"“{text}”太大", f"{text!r} is too large"),
            Text(f"金额最多 {MONEY_LIMIT} 元", f"the largest amount is {MONEY_LIMIT}"),
        )
    return f"{amount:.2f}"


def _date(text: str) -> str:
    text = text.strip()
    match = _YMD.match(text) or _COMPACT_YMD.match(text)
    if match is not None:
        try:
            day = date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError:
            raise InputProblem(
                Text(f"没有“{text}”这一天", f"there is no day {text!r}"),
                Text("写成 2026-06-30 这样的日期", "write a date such as 2026-06-30"),
            ) from None
    elif _SERIAL.match(text):
        day = _EXCEL_EPOCH + timedelta(days=int(text.split(".")[0]))
    elif _MD.match(text):
        raise InputProblem(
            Text(f"“{text}”没有年份", f"{text!r} has no year"),
            Text("写上年份，例如 2026-06-30", "write the year too, such as 2026-06-30"),
        )
    else:
        raise InputProblem(
            Text(f"“{text}”不是日期", f"{text!r} is no date"),
            Text("写成 2026-06-30 这样的日期", "write a date such as 2026-06-30"),
        )
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise InputProblem(
            Text(f"年份 {day.year} 不对", f"the year {day.year} cannot be right"),
            Text("写成 2026-06-30 这样的日期", "write a date such as 2026-06-30"),
        )
    return day.isoformat()


def _digits(text: str) -> str:
    digits = re.sub(r"[ \-]", "", text)
    digits = re.sub(r"\.0+$", "", digits)  # a spreadsheet's way to write a whole number
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 32:
        raise InputProblem(
            Text(f"“{text}”里有数字以外的字符", f"{text!r} has characters other than digits"),
            Text(
                "只写数字；有字母的编号请把这一列定为 text",
                "write digits only; make the input `text` if it has letters",
            ),
        )
    return digits


def _phone(text: str) -> str:
    if _EXTENSION.search(text):
        raise InputProblem(
            Text(f"“{text}”带分机号，机器人拨不了分机", f"{text!r} has an extension, which cannot be dialled"),
            Text("写直线号码或手机号", "write a direct or mobile number"),
        )
    number = re.sub(r"[ \-().]", "", re.sub(r"\.0+$", "", text))
    number = re.sub(r"^(?:\+|00)86(?=1[3-9][0-9]{9}$|0?[1-9])", "", number)
    number = re.sub(r"^86(?=1[3-9][0-9]{9}$)", "", number)
    wrong_mobile = number.startswith("1") and not number.startswith("10") and not re.match(r"^1[3-9][0-9]{9}$", number)
    if not _PHONE.match(number) or wrong_mobile:
        raise InputProblem(
            Text(f"“{text}”不是电话号码", f"{text!r} is no telephone number"),
            Text(
                "手机号是 1 开头的 11 位数字，固定电话带区号",
                "mobile numbers have 11 digits; landlines need the area code",
            ),
        )
    return number

"""Cells of a contact list become canonical values, or a reason with a repair. Pure.

Canonical forms: money ``128.50`` · date ``2026-06-30`` · time ``15:30`` · datetime ``2026-06-30T15:30:00``, with an
offset or in the zone of the campaign · digits ``00731`` · order_no ``YS20731`` · phone ``13800138000`` or
``+4930123456`` · address ``文三路8号3号楼501室`` · list as in ``items`` · text and name without spaces at their ends. A
canonical value is accepted again and stays as it is.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from callbot.errors import CallbotError
from callbot.language import Text
from callbot.script.items import read_items, write_items
from callbot.script.model import InputSpec
from callbot.zh import addresses
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
_CLOCK = re.compile(r"^(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::00)?$")
_NAME_LIMIT = 30
_LEAST_ADDRESS = 4
"""Characters: shorter ones name no place (八号楼 has three)."""
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
    if spec.type in ("money", "digits", "phone", "order_no") and _SCIENTIFIC.match(plain):
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
        case "name":
            return _name(text)
        case "address":
            return _address(text)
        case "order_no":
            return _order_no(plain)
        case "time":
            return _time(plain)
        case "datetime":
            return _datetime(plain)
        case "list":
            return _list(text)


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


def _name(text: str) -> str:
    name = _text(text).replace(" ", "") if re.search("[\u4e00-\u9fff]", text) else _text(text)
    if re.search(r"[0-9]", name) or len(name) > _NAME_LIMIT:
        raise InputProblem(
            Text(f"“{name}”不是姓名", f"{name!r} is no name"),
            Text("只写姓名，例如 王建国 或 王女士", "write the name alone, such as 王建国 or 王女士"),
        )
    return name


def _address(text: str) -> str:
    address = str(addresses.read(_text(text)))
    if len(address) < _LEAST_ADDRESS or not re.search("[\u4e00-\u9fffA-Za-z]", address):
        raise InputProblem(
            Text(f"“{text}”不是地址", f"{text!r} is no address"),
            Text("写成 杭州市西湖区文三路8号3号楼501室 这样", "write it like 杭州市西湖区文三路8号3号楼501室"),
        )
    return address


def _order_no(text: str) -> str:
    number = re.sub(r"[ \-]", "", re.sub(r"\.0+$", "", text)).upper()
    if not re.fullmatch(r"[0-9A-Z]{1,32}", number) or not re.search("[0-9]", number):
        raise InputProblem(
            Text(f"“{text}”不是订单号", f"{text!r} is no order number"),
            Text("只用字母和数字，至少有一个数字，例如 YS20731", "letters and digits only, such as YS20731"),
        )
    return number


def _time(text: str) -> str:
    match = _CLOCK.match(text)
    if match is None or int(match["hour"]) > 23 or int(match["minute"]) > 59:
        raise InputProblem(
            Text(f"“{text}”不是时间", f"{text!r} is no time"),
            Text("写成 15:30 这样的 24 小时制", "write it like 15:30, on 24 hours"),
        )
    return f"{int(match['hour']):02}:{match['minute']}"


def _datetime(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        moment = None
    if moment is None or not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise InputProblem(
            Text(f"“{text}”不是日期加时间", f"{text!r} is no date with a time"),
            Text("写成 2026-06-30 15:30 这样", "write it like 2026-06-30 15:30"),
        )
    return moment.isoformat()


def _list(text: str) -> str:
    try:
        return write_items(read_items(text))
    except ValueError:
        raise InputProblem(
            Text("这一格不是列表，或者有重复的编号", "the cell is no list, or has a number twice"),
            Text(
                "每一项先写编号，再写名称、日期、金额，项之间用分号：20731 蓝牙耳机 2026-05-30 128.50元；20688 保温杯",
                "write the number of each thing, then name, day and amount, with ; between things",
            ),
        ) from None

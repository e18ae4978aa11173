"""Chinese addresses as they are said: cut into parts, corrected part by part, written in one way. Pure.

::

    浙江省 杭州市 西湖区 文三街道 | 文三路 8号 | 云杉小区 | 3号楼 2单元 5层 501室
    不对，是八号楼  →  only the building changes

What is not said stays what it was, unless a coarser part moved the address elsewhere: another city, or another road
with its own number, leaves nothing of the finer parts.
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Self

from callbot.zh.found import Found, standing
from callbot.zh.numerals import NUMERAL, digit_string, half_width, whole_number

_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北"
    "|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆"
)
_MUNICIPALITIES = "北京|天津|上海|重庆"
_AUTONOMOUS = "内蒙古|广西|西藏|宁夏|新疆"
"""Regions whose full name nobody says: they stay as they were said."""
_CITIES = (
    "广州|深圳|杭州|南京|苏州|成都|武汉|西安|长沙|郑州|青岛|宁波|东莞|佛山|合肥|无锡|济南|厦门|福州|大连"
    "|沈阳|哈尔滨|长春|昆明|石家庄|太原|南昌|南宁|贵阳|温州|金华|嘉兴|绍兴|台州|常州|南通|徐州|扬州|泉州|珠海"
    "|中山|惠州|烟台|潍坊|洛阳|海口|三亚|兰州|西宁|银川|乌鲁木齐|呼和浩特|拉萨|义乌|昆山"
)
_ROAD_AFTER = "(?![东南西北中]?(?:路|街|大街|大道|巷))"
"""南京东路 and 北京路 are roads of other cities."""
_REGION = "(?:(?![我你他她的了吗呢吧啊不没在这那哪省市区县])[\u4e00-\u9fff])"
_NAME = r"(?:(?![我你他她的了吗呢吧啊不没在这那哪路街巷弄道区县市省镇乡栋幢座室楼层号的，。])[\u4e00-\u9fff0-9A-Za-z])"
_NUMBER = rf"(?:{NUMERAL}+(?:[-杠之]{NUMERAL}+)?|[A-Za-z])"
_LEAD = re.compile(
    r".*(?:送货?到|寄到|发到|送去|寄去|邮到|送往|我?现?在?住在?|家住|家在|公司在|地址(?:是|为|在)?|改到|换到|改成|改为|换成|就在|位于|搬到了?"
    r"|变成了?|应该是|(?<!还)(?<!总)是(?!不是)|(?<![\u4e00-\u9fff]{2}正)在(?!线)|到(?!付))"
)
_PARTS = re.compile(
    rf"""
    (?:(?P<province>(?:{_PROVINCES})(?:省|市|(?:壮族|回族|维吾尔)?自治区|{_ROAD_AFTER}))[，,]?)?
    (?:(?P<city>(?:{_CITIES})(?:市|{_ROAD_AFTER})|{_REGION}{{2,5}}(?:市|自治州)|{_NAME}{{2,4}}州(?=.*[县市]))[，,]?)?
    (?:(?P<district>{_REGION}{{1,6}}(?:新区|开发区|高新区|(?<![小社校院])[区县旗](?![号栋幢座楼0-9零一二三四五六七八九十]))|(?:{_CITIES})市)[，,]?)?
    (?:(?P<town>{_NAME}{{1,6}}(?:街道|镇|乡))[，,]?)?
    (?:(?P<road>(?:{_NAME}|(?<!道)道(?=[{NUMERAL[1:-1]}东南西北中])){{1,8}}?(?:大道|大街|胡同|[路街巷弄道](?![道上口边]))
        (?:[东南西北中](?=段|[{NUMERAL[1:-1]}]))?段?(?:[一二三四五六七八九]段)?)[，,]?)?
    (?:(?P<number>[甲乙丙]?{_NUMBER}(?:弄|号院|号(?![楼店线])))[，,]?)?
    (?:(?P<place>{_NAME}{{1,10}}?(?:小区|花园|公寓|大厦|广场|家园|新村|新城|山庄|名都|国际
        |科技园|工业园|产业园|大学|中学|小学|医院|学校|酒店|宾馆|商场|中心|[村苑城府庄园院里郡湾邸](?!小区|花园|公寓|家园|新村|[村苑园]))
        (?:[{NUMERAL[1:-1]}]期|[东南西北中A-D]区|[一二三四五六七八九]区)?)[，,]?)?
    (?:(?P<building>(?:{_NUMBER}|[东南西北])(?:号楼|[栋幢座]楼?))[，,]?)?
    (?:(?P<unit>{_NUMBER}(?:个?单元|门(?!牌)))[，,]?)?
    (?:(?P<floor>{_NUMBER}(?:楼|层)(?!栋))[，,]?)?
    (?:(?P<room>(?:{_NUMBER}(?:号房间?|室|房间?|户))|(?<=[元栋幢座楼层，,])[0-9零一二三四五六七八九幺]{{3,4}}(?![0-9元块点月号楼栋年]))[，,]?)?
    """,
    re.VERBOSE,
)
_NO_ROAD = re.compile(r".?(?:知道|街道|马路|一路|顺路|半路|思路|味道|难道|报道|频道|渠道|电路|网路|走路|上街|逛街)")
_UNITS = re.compile(rf"(?P<number>{NUMERAL}+)(?P<rest>.*)", re.DOTALL)
_COARSE = ("province", "city", "district", "town")
_SUFFIX = {"province": "省", "city": "市"}


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address from the coarsest to the finest, each with its unit word (8号); "" when unknown."""

    province: str = ""
    city: str = ""
    district: str = ""
    town: str = ""
    road: str = ""
    number: str = ""
    place: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The known parts in order."""
        return tuple(part for each in fields(self) if (part := str(getattr(self, each.name))))

    def __str__(self) -> str:
        return "".join(self.parts)

    def corrected(self, said: "Address") -> Self:
        """With the parts that were said in the place of its own."""
        given = {each.name: str(getattr(said, each.name)) for each in fields(said) if getattr(said, each.name)}
        names = [each.name for each in fields(self)]
        moved = [name for name in _COARSE if name in given and getattr(self, name) not in ("", given[name])]
        if not moved and "number" in given and given.get("road", self.road) != self.road:
            moved = ["number"]
        if moved and len(given) > 1:
            finer = names[names.index(moved[0]) + 1 :]
            return replace(self, **{**dict.fromkeys(finer, ""), **given})
        return replace(self, **given)


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address in what somebody said: ``text[start:end]``."""

    address: Address
    start: int
    end: int


def address(text: str, current: str = "") -> Found | None:
    """The address in ``text`` in its one written form, numbers in ASCII digits: 文三路8号3号楼501室.

    With a ``current`` one the parts that are said replace its own; without, parts that name no place by themselves
    (五楼, 三号) are no address.
    """
    known = read(current) if current else Address()
    found: FoundAddress | None = None
    start = 0
    for begin, end in standing(text):
        said = _said(text, begin, end, alone=found is None and not current)
        if said is None:
            continue
        start = said.start if found is None else start
        known, found = known.corrected(said.address), said
    return None if found is None else Found(str(known), start, found.end)


def read(text: str) -> Address:
    """A written address in parts; a text without any known unit word is one place."""
    plain = re.sub(r"\s", "", half_width(text))
    match = _PARTS.match(plain)
    if match is None or match.end() == 0:
        return Address(place=plain)
    parts = _normal(match)
    rest = plain[match.end() :]
    return replace(parts, room=f"{parts.room}{rest}") if rest else parts


def _said(text: str, start: int, end: int, *, alone: bool) -> FoundAddress | None:
    plain = half_width(text)
    lead = _LEAD.match(plain, start, end)
    best: FoundAddress | None = None
    for begin in dict.fromkeys((start if lead is None else lead.end(), start)):
        at = begin
        while at < end:
            match = _PARTS.match(plain, at, end)
            if match is not None and match.end() > at and _is_place(match, alone=alone):
                found = FoundAddress(_normal(match), at, match.end())
                if best is None or len(found.address.parts) > len(best.address.parts):
                    best = found
                at = match.end()
            else:
                at += 1
        if best is not None:
            return best
    return None


def _is_place(match: re.Match[str], *, alone: bool) -> bool:
    given = {name for name, part in match.groupdict().items() if part}
    if match["road"] and _NO_ROAD.fullmatch(match["road"]):
        return False
    if alone:
        return (
            bool(given & {"road", "place"})
            or len(given & {"province", "city", "district", "town"}) >= 2
            or ("building" in given and len(given) >= 2)
        )
    return bool(given)


def _normal(match: re.Match[str]) -> Address:
    parts = {name: _in_digits(part) for name, part in match.groupdict().items() if part}
    for name, suffix in _SUFFIX.items():
        if name in parts and re.fullmatch(f"{_PROVINCES}|{_CITIES}", parts[name]):
            plain = re.fullmatch(_AUTONOMOUS, parts[name]) is not None
            parts[name] += "" if plain else "市" if re.fullmatch(_MUNICIPALITIES, parts[name]) else suffix
    if re.fullmatch(f"(?:{_MUNICIPALITIES})市", parts.get("province", "")) and "city" not in parts:
        parts["city"] = parts.pop("province")
    if "room" in parts and parts["room"].isdecimal():
        parts["room"] += "室"
    if "unit" in parts:
        parts["unit"] = parts["unit"].replace("个单元", "单元")
    return Address(**parts)


def _in_digits(part: str) -> str:
    """八号楼 → 8号楼, 幺二零三室 → 1203室, a栋 → A栋; names keep their numerals (文三路, 五一广场)."""
    match = _UNITS.fullmatch(part)
    if (
        match is None
        or re.fullmatch(r"|(?:号[楼院]?|弄|[栋幢座]楼?|楼|层|个?单元|门|室|号?房间?|户)|[-杠之].*", match["rest"])
        is None
    ):
        return part[:1].upper() + part[1:]
    said = match["number"]
    value = whole_number(said)
    spelt = digit_string(said) if value is None or not set(said) & set("十百千万") else str(value)
    rest = match["rest"].replace("杠", "-").replace("之", "-") if match["rest"][:1] in "-杠之" else match["rest"]
    return spelt + (rest[0] + _in_digits(rest[1:]) if rest[:1] == "-" else rest)

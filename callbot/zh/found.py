"""A value in what somebody said, and which of it stands after "不对，是…". Pure."""

import re
from dataclasses import dataclass

_MARK = re.compile(
    r"(?:不对不对|不对|不是不是|说错了?|讲错了?|报错了?|错了错了|错了|更正一下|改成|改为|换成|应该是)"
    r"(?:[，,。、\s]|啊|哦|呃|应该)*是?(?:[，,。、\s])*"
)
_NOT_BUT = re.compile(r"不是(?P<wrong>[^，,。]{1,20}?)[，,。\s]*(?:而是|，是|,是|应该是|是)")
_LEAST = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Found:
    """A value in canonical form and its place: ``text[start:end]`` said it."""

    value: str
    start: int
    end: int


def standing(text: str) -> tuple[tuple[int, int], ...]:
    """The stretches of ``text`` that its speaker did not take back, in the order they were said.

    明天三点，不对，四点 → 明天三点 | 四点, where the later one corrects the earlier; 不是三点是四点 → 四点.
    """
    found: list[tuple[int, int]] = []
    begin = at = 0
    while at < len(text):
        wrong, mark = _NOT_BUT.match(text, at), _MARK.match(text, at)
        cut = wrong or mark
        if cut is None or cut.end() >= len(text):
            at += 1
            continue
        found.append((begin, at))
        begin = at = cut.end()
    found.append((begin, len(text)))
    return tuple((start, end) for start, end in found if _LEAST.search(text, start, end))

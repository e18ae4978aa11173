"""Warnings that an author has waived in the file, each with a reason. Pure.

``# 允许 S401：客户必须听完整条款`` (or ``# allow S401: reason``) on the line of the finding or the one above; above the
first key it holds for the whole file. Errors cannot be waived: what is wrong stays wrong.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from callbot.language import Text
from callbot.script.findings import Finding, finding
from callbot.script.source import Document, Place

_WAIVER = re.compile(r"#\s*(?:允许|allow)\s+(?P<code>S[0-9]{3})\s*(?:[:：]\s*(?P<reason>\S.*))?$")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver: its place, what it waives, on which lines (from 1), and whether it says why."""

    document: Document
    place: Place
    code: str
    lines: range
    reason: bool

    def covers(self, found: Finding) -> bool:
        """Whether a finding is waived by this."""
        return (
            found.severity == "warning"
            and self.reason
            and found.code == self.code
            and found.path == self.document.path
            and found.place.line in self.lines
        )


def waivers(document: Document) -> list[Waiver]:
    """All waivers of a file."""
    first_key = min((place.line for place in document.keys.values()), default=1)
    found = []
    for number, line in enumerate(document.lines, start=1):
        match = _WAIVER.search(line)
        if match is not None:
            lines = range(1, len(document.lines) + 1) if number < first_key else range(number, number + 2)
            place = Place(number, match.start() + 1, match.end() - match.start())
            found.append(Waiver(document, place, match["code"], lines, bool(match["reason"])))
    return found


def unwaived(found: Iterable[Finding], documents: Iterable[Document]) -> list[Finding]:
    """The findings that nobody has waived."""
    every = [waiver for document in documents for waiver in waivers(document)]
    return [each for each in found if not any(waiver.covers(each) for waiver in every)]


def idle(document: Document, found: Sequence[Finding], *, complete: bool) -> Iterator[Finding]:
    """Waivers that do nothing: without a reason, of an error, or (when lint has seen everything) of nothing at all."""
    for waiver in waivers(document):
        code = waiver.code
        if not waiver.reason:
            message = Text(f"允许 {code} 没有写理由，不算数", f"the waiver of {code} gives no reason")
            hint = Text(f"写成 # 允许 {code}：理由", f"write # allow {code}: reason")
        elif any(each.code == code and each.severity == "error" for each in found):
            message = Text(f"{code} 是错误，不能允许", f"{code} is an error and cannot be waived")
            hint = Text("改好它", "put it right")
        elif complete and not any(waiver.covers(each) for each in found):
            message = Text(f"这里没有 {code}，不用允许", f"there is no {code} here to waive")
            hint = Text("删掉这条注释", "delete this comment")
        else:
            continue
        yield finding(document, waiver.place, "S021", message, hint, warn=True)

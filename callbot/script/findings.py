"""What lint found, as people read it: place, code, reason, the fragment with a mark under it, one repair. Pure."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from callbot.language import Text, tr
from callbot.script.source import Document, Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or doubtful in a script."""

    severity: Literal["error", "warning"]
    code: str
    path: Path
    place: Place
    fragment: str
    message: Text
    hint: Text | None = None

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Findings are shown by file, line and column."""
        return (str(self.path), self.place.line, self.place.column, self.code)

    def __str__(self) -> str:
        severity = tr("错误", "error") if self.severity == "error" else tr("警告", "warning")
        head = f"{self.path}:{self.place.line}:{self.place.column}  {severity} {self.code}  {self.message}"
        if not self.fragment:
            return head if self.hint is None else f"{head}\n      |  {self.hint}"
        before = self.fragment[: self.place.column - 1]
        marked = self.fragment[self.place.column - 1 : self.place.column - 1 + self.place.length]
        mark = " " * _width(before) + "^" * max(1, _width(marked))
        below = f"      | {mark}" if self.hint is None else f"      | {mark}  {self.hint}"
        return f"{head}\n{self.place.line:5} | {self.fragment}\n{below}"


def finding(
    document: Document, place: Place, code: str, message: Text, hint: Text | None = None, *, warn: bool = False
) -> Finding:
    """A finding at a place of a document."""
    fragment = document.lines[place.line - 1] if place.line <= len(document.lines) else ""
    return Finding("warning" if warn else "error", code, document.path, place, fragment, message, hint)


def render(findings: Iterable[Finding]) -> str:
    """The whole report."""
    return "\n\n".join(str(each) for each in sorted(findings, key=lambda each: each.order))


def did_you_mean(wrong: str, known: Sequence[str]) -> Text | None:
    """One suggestion when something known looks like the wrong word; else what there is, if it is little."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if close:
        return Text(f"您是想写 {close[0]} 吗？", f"did you mean {close[0]}?")
    if 0 < len(known) <= 12:
        listed = "、".join(sorted(known))
        return Text(f"可以写：{listed}", f"known: {', '.join(sorted(known))}")
    return None


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)

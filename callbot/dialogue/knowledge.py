"""Questions that a script answers in between: which entry does a customer's question fit. Pure.

::

    text → a wording stands in it as written, the longest → the same sounds → the wording it is clearly most like → None

Wordings are whole sentences, so likeness compares them as such; openings (请问一下) do not count, a negation that the
wording has not makes it another question, and what asks nothing (我忘记付了) is like no wording that does. ``why`` says
which stage decided, and by which wording.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callbot.dialogue.anchors import Anchors, anchored
from callbot.dialogue.likeness import Likeness, build
from callbot.dialogue.places import fit
from callbot.script.faq import FaqEntry
from callbot.script.phrases import Slots, choices, slots
from callbot.zh.numerals import half_width
from callbot.zh.pinyin import syllables

_SIGNS = re.compile(r"[\W_]+")
_OPENINGS = re.compile(
    r"^(?:你好|您好|请问|那个|就是|我想问问?|问一?下|想问问?|麻烦|一下|我想知道|想知道|我想了解|我不知道|不知道|咨询|喂|嗯|呃|那)+"
)
_ASKING = re.compile(r"[怎咋啥哪谁几吗呢？?]|如何|什么|多[少久长]|吧$|能|可以|可否|是否|行不|(.)[不没]\1")
"""What makes a question of a sentence: question words and particles, 能 and 可以, A-not-A."""
_SAME_SOUND = 0.95
_LEAST = 0.55
"""Least likeness to a wording. At 0.50 two questions more of the 64 on the development list are answered, and of 16
questions about something else two are taken for ours; from 0.54 none (tests/data/questions_*.csv, 2026-11-22)."""
_MARGIN = 0.05
"""How much less like what was said the nearest wording of another entry must be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What fits a question: the entry ``payment.how``, its answer, how well (0..1), and by which wording."""

    entry: str
    answer: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Entries made ready for questions; build once per revision. ``known`` are the wordings, each with its entry."""

    entries: Mapping[str, FaqEntry]
    wordings: Anchors[tuple[str, Slots]]
    known: tuple[tuple[str, str], ...]
    spoken: Mapping[tuple[str, ...], int]
    likeness: Likeness
    asking: NDArray[np.bool_]

    def find(self, text: str) -> Answer | None:
        """The best entry for a customer's words (simplified Chinese), None when nothing fits well enough, or two do."""
        bare = _bare(text)
        if not bare or not self.known:
            return None
        written = self._written(bare)
        if written is not None:
            return written
        at = self.spoken.get(syllables(_plain(bare)))
        if at is not None:
            return self._answer(at, _SAME_SOUND, "sound")
        return self._like(bare, asks=_ASKING.search(text) is not None)

    def _written(self, bare: str) -> Answer | None:
        found = [
            (length, entry, bare[start:end])
            for entry, row in self.wordings.inside(bare)
            for start, end, length in fit(row, bare)
        ]
        if not found:
            return None
        length, entry, wording = max(found, key=lambda each: each[0])
        return Answer(entry, self.entries[entry].answer, round(length / len(bare), 3), f"phrase {wording}")

    def _like(self, bare: str, *, asks: bool) -> Answer | None:
        scores = self.likeness.scores(_plain(bare))
        if not asks:
            scores[self.asking] = 0.0
        order = scores.argsort()[::-1]
        best = int(order[0])
        rival = next((float(scores[n]) for n in order if self.known[n][0] != self.known[best][0]), 0.0)
        if scores[best] < _LEAST or scores[best] - rival < _MARGIN:
            return None
        return self._answer(best, round(float(scores[best]), 3), "like")

    def _answer(self, at: int, score: float, how: str) -> Answer:
        entry, wording = self.known[at]
        return Answer(entry, self.entries[entry].answer, score, f"{how} {wording}")


def compile_knowledge(entries: Mapping[str, FaqEntry]) -> Knowledge:
    """Make entries ready, by name; some 20 ms for 300 wordings. One that stands twice belongs to the first entry."""
    questions = [(name, _asked(question)) for name, entry in entries.items() for question in entry.questions]
    known = [(name, "".join(row)) for name, question in questions for row in choices(question)]
    spoken: dict[tuple[str, ...], int] = {}
    for at, (_, wording) in enumerate(known):
        spoken.setdefault(syllables(_plain(wording)), at)
    return Knowledge(
        entries,
        anchored((row, (name, row)) for name, question in questions if (row := slots(question))),
        tuple(known),
        spoken,
        build([(_plain(wording),) for _, wording in known]),
        np.array([_ASKING.search(wording) is not None for _, wording in known], np.bool_),
    )


def _asked(question: str) -> str:
    """A wording without its signs, but for those that phrases are written with."""
    return re.sub(r"[^\w()|…]|_", "", half_width(question)).lower()


def _bare(text: str) -> str:
    return _SIGNS.sub("", half_width(text)).lower()


def _plain(bare: str) -> str:
    return _OPENINGS.sub("", bare) or bare

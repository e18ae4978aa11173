"""Which question of a knowledge base a customer asked: the same words, the same sounds, or clearly most like it. Pure.

Questions are whole sentences, so they are compared as such (``likeness``), not looked for inside what was said. Talk
before and after a question and politeness weigh little; a negation that the question has not weighs all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callbot.dialogue.likeness import Likeness, build
from callbot.zh.numerals import half_width
from callbot.zh.pinyin import syllables

_SIGNS = re.compile(r"[\W_]+")
_OPENINGS = re.compile(
    r"^(?:(?:你好|您好|请问|那个|就是|我想问问?|问一?下|想问问?|麻烦|一下|我想知道|想知道|我想了解|我不知道|不知道|咨询|喂|嗯|呃|那)+)"
)
_SAME_SOUND = 0.95
_LEAST = 0.5
"""Least likeness to a question: of 18 ways to ask 16 questions the right ones began at 0.58, but for one the wrong ones
ended at 0.41 (tests/unit/test_dialogue_knowledge.py, 2026-11-22)."""
_MARGIN = 0.05
"""How much less like what was said the nearest question of another entry must be."""


@dataclass(frozen=True, slots=True)
class Found:
    """The entry asked about: ``score`` 0 to 1, ``why`` the question it was taken for and how."""

    id: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Entries made ready for ``match``; build once per revision with ``compile_knowledge``."""

    owners: tuple[str, ...]
    questions: tuple[str, ...]
    written: Mapping[str, int]
    spoken: Mapping[tuple[str, ...], int]
    likeness: Likeness


def compile_knowledge(entries: Mapping[str, Sequence[str]]) -> Knowledge:
    """Make entries ready: the ways to ask for each, by id. A question that stands twice belongs to the first entry."""
    rows = [(owner, question) for owner, questions in entries.items() for question in questions]
    plain = [_plain(question) for _, question in rows]
    written: dict[str, int] = {}
    spoken: dict[tuple[str, ...], int] = {}
    for at, text in enumerate(plain):
        written.setdefault(text, at)
        spoken.setdefault(syllables(text), at)
    return Knowledge(
        tuple(owner for owner, _ in rows),
        tuple(question for _, question in rows),
        written,
        spoken,
        build([(text,) for text in plain]),
    )


def match(text: str, knowledge: Knowledge) -> Found | None:
    """The entry that ``text`` (simplified Chinese) asks about; None when nothing is near enough, or two are."""
    plain = _plain(text)
    if not plain or not knowledge.owners:
        return None
    at = knowledge.written.get(plain)
    if at is not None:
        return _found(knowledge, at, 1.0, "question")
    at = knowledge.spoken.get(syllables(plain))
    if at is not None:
        return _found(knowledge, at, _SAME_SOUND, "sound")
    scores = knowledge.likeness.scores(plain)
    order = scores.argsort()[::-1]
    best = int(order[0])
    rival = next((float(scores[n]) for n in order if knowledge.owners[n] != knowledge.owners[best]), 0.0)
    if scores[best] < _LEAST or scores[best] - rival < _MARGIN:
        return None
    return _found(knowledge, best, round(float(scores[best]), 3), "like")


def _found(knowledge: Knowledge, at: int, score: float, how: str) -> Found:
    return Found(knowledge.owners[at], score, f"{how} {knowledge.questions[at]}")


def _plain(text: str) -> str:
    bare = _SIGNS.sub("", half_width(text)).lower()
    return _OPENINGS.sub("", bare) or bare

"""Where the phrases of a pack stand in what a customer said: as written, or by sound. Pure.

A place is void when a negation stands right before it (没付过, 不方便), in its gap, or as 不了 right after it (付不了):
negation is looked at before assent.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from callbot.dialogue.intents import DEAREST_SOUND, Intents, Phrase
from callbot.script.phrases import GAP
from callbot.zh.pinyin import syllable_cost, syllables

_QUESTION = re.compile(r"(.)[不没]\1$")
"""A verb asked in the form A-not-A says neither."""
_NEGATIONS = ("不", "没", "没有", "别", "未", "不是", "不用", "不能", "不会", "没法", "不太", "不想", "不要", "不怎么")
_NEGATION_SOUNDS = ("bu", "mei", "bie")
_AFTER_NEGATIONS = ("不了", "不起", "不上", "不成", "没有")
_RHETORICAL = ("吗", "嘛", "么")
_DENYING = ("不", "没", "别", "未", *_NEGATION_SOUNDS)
WIDEST_GAP = 6
"""Characters that may stand at a ``…``: a short object or time (把刚才那个单子退了), hardly ever another thought."""
_NEARLY = 0.8
"""Dearest sum that ``nearly`` allows: one syllable of which the beginning or the end was heard (0.55, zh.pinyin), and
one usual confusion (0.2)."""
_NEARLY_FROM = 4
"""Syllables from which one may be misheard so much: three that are right hold the rest in place."""
_LEADS = tuple(map(syllables, ("我", "请", "我要", "我想", "帮我", "我想要", "我要问", "请帮我", "我想问")))
"""How people begin to say what they want."""
_SOUND_DISCOUNT = 0.05
"""What equal sound is worth less than equal text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A phrase at ``start`` to ``end`` of a text; ``text`` is what was found or, by sound, what it sounds like.

    ``length`` are the phrase's own characters, without gaps; ``likeness`` is 1.0 as written.
    """

    phrase: Phrase
    text: str
    start: int
    end: int
    length: int
    likeness: float


def places(text: str, intents: Intents, *, by_sound: bool) -> list[Place]:
    """All places that are not void and not merely a part of a filler, as 好 is of 你好."""
    mute = fillers(text, intents.fillers)
    found = _sounding(text, intents) if by_sound else _written(text, intents)
    return [
        place
        for place in found
        if not _void(place, text, by_sound=by_sound) and not _inside(place, mute, by_sound=by_sound)
    ]


def fillers(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where words stand that say nothing: (start, end)."""
    found: list[tuple[int, int]] = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = text.find(word, at + 1)
    return found


def _written(text: str, intents: Intents) -> Iterator[Place]:
    for phrase in intents.written.inside(text):
        for start, end, length in fit(phrase.slots, text):
            yield Place(phrase, text[start:end], start, end, length, 1.0)


def _sounding(text: str, intents: Intents) -> Iterator[Place]:
    sounds = syllables(text)
    if len(sounds) != len(text):
        return
    for phrase, own, said, limit in intents.may_sound(sounds):
        if len(said) == 1 < len(sounds):
            continue  # one syllable of many sounds like some word in any talk
        for start in range(len(sounds) - len(said) + 1):
            cost = _sound_cost(said, sounds[start : start + len(said)])
            if cost <= limit:
                end = start + len(said)
                yield Place(phrase, own, start, end, len(said), 1.0 - _SOUND_DISCOUNT - cost / len(said))
    heard = frozenset(sounds)
    for phrase in intents.gapped:
        for start, end, length in fit(phrase.sounds, sounds) if phrase.may_sound(heard) else ():
            yield Place(phrase, text[start:end], start, end, length, 1.0 - _SOUND_DISCOUNT)


def _sound_cost(said: Sequence[str], heard: Sequence[str]) -> float:
    total = 0.0
    for own, other in zip(said, heard, strict=True):
        if own != other:
            cost = syllable_cost(own, other)
            total += cost if cost <= DEAREST_SOUND else math.inf
    return total


def nearly(phrase: Phrase, heard: Sequence[str]) -> float | None:
    """What it costs that this was said and nothing else, with one syllable half misheard; None when it was not.

    用户子写 is 用户咨询 where that is waited for, 我要查定谭 is 查订单 behind a usual beginning. Never with a
    syllable of negation: it would turn the meaning round.
    """
    if len(heard) < _NEARLY_FROM or phrase.sure or phrase.gapped:
        return None
    reached = {0: 0.0} | {len(lead): 0.0 for lead in _LEADS if tuple(heard[: len(lead)]) == lead}
    for slot in phrase.sounds:
        further: dict[int, float] = {}
        for at, cost in reached.items():
            for choice in slot:
                more = cost + _half_misheard(choice, heard[at : at + len(choice)])
                if more <= _NEARLY:
                    further[at + len(choice)] = min(further.get(at + len(choice), math.inf), more)
        reached = further
    return reached.get(len(heard))


def _half_misheard(said: Sequence[str], heard: Sequence[str]) -> float:
    if len(said) != len(heard):
        return math.inf
    different = [(own, other) for own, other in zip(said, heard, strict=True) if own != other]
    if any(sound in _NEGATION_SOUNDS for pair in different for sound in pair):
        return math.inf
    return sum(syllable_cost(own, other) for own, other in different)


def fit(slots: Sequence[Sequence[Sequence[str]]], heard: Sequence[str]) -> list[tuple[int, int, int]]:
    """Every place where one alternative of each slot follows another: start, end, length without gaps.

    For each end only the place with most of the phrase's own characters is given.
    """
    reached = {at: (0, at) for at in range(len(heard))}
    for slot in slots:
        further: dict[int, tuple[int, int]] = {}
        for at, (length, start) in reached.items():
            for choice in slot:
                if tuple(choice) == (GAP,):
                    steps = [(end, (length, start)) for end in _gap(heard, at)]
                elif heard[at : at + len(choice)] == choice:
                    steps = [(at + len(choice), (length + len(choice), start))]
                else:
                    continue
                for end, place in steps:
                    further[end] = max(further.get(end, place), place)
        reached = further
    return [(start, end, length) for end, (length, start) in reached.items() if length]


def _gap(heard: Sequence[str], at: int) -> Iterator[int]:
    """Where a gap that begins at ``at`` may end: it holds no negation, as 能…退 is not said in 能不退."""
    for end in range(at, min(len(heard), at + WIDEST_GAP) + 1):
        if end > at and heard[end - 1] in _DENYING:
            return
        yield end


def _void(place: Place, text: str, *, by_sound: bool) -> bool:
    before, after = text[: place.start], text[place.end :]
    if _QUESTION.search(before) or (before.endswith("不是") and text.endswith(_RHETORICAL)):
        return False  # 有没有人工, 能不能慢一点, 不是已经付了吗
    if before.endswith(_NEGATIONS) or after.startswith(_AFTER_NEGATIONS):
        return not place.text.startswith(_DENYING)
    return by_sound and bool(before) and syllables(before)[-1] in _NEGATION_SOUNDS


def _inside(place: Place, mute: Iterable[tuple[int, int]], *, by_sound: bool) -> bool:
    """Whether a place is only a part of a filler, or a filler that sounds like something: 那个 is not 哪个."""
    return any(
        start <= place.start and place.end <= end and (by_sound or end - start > place.end - place.start)
        for start, end in mute
    )

"""A pack of intents made ready for matching, once per revision. Pure.

Phrases stay rows of slots (``script.phrases``). Two indexes find the few that can fit a text at all: by a piece that
must be written in it, and by the least that their sounds can differ from its sounds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from callbot.dialogue.anchors import Anchors, anchored
from callbot.dialogue.likeness import Likeness, build
from callbot.script.model import Intent
from callbot.script.phrases import GAP, Slots, choices, slots
from callbot.zh.pinyin import syllable_cost, syllables

SoundSlots = tuple[tuple[tuple[str, ...], ...], ...]
_SOUND_COST = 0.21
"""Dearest sound match per syllable: one usual confusion in each, or one lost nasal in two."""
_SHORT_COST = 0.18
"""The same for phrases of one or two syllables, which fit by chance more easily."""
DEAREST_SOUND = 0.4
"""Dearest single syllable: usual confusions and lost nasals; another syllable would make another word."""
_NEVER = 100.0
_MOST_TEXTS = 32
"""Texts of one phrase that are compared by sound at most; more are alike at so many places only in very long talk."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of an intent, by text and by sound; ``specific`` when it counts anywhere, else it covers a clause."""

    intent: str
    specific: bool
    sure: bool
    slots: Slots
    sounds: SoundSlots
    gapped: bool

    def may_sound(self, heard: frozenset[str]) -> bool:
        """Whether some of its texts have only syllables that were heard."""
        return all(any(heard.issuperset(choice) or choice == (GAP,) for choice in slot) for slot in self.sounds)


@dataclass(frozen=True, slots=True)
class _SoundIndex:
    """The syllables of all alternatives of all slots of all phrases without gaps, end to end.

    ``syllables[n]`` are places in ``inventory``; the place behind the last stands at the end of every alternative, so
    that none is empty. ``alternatives``, ``slots`` and ``phrases`` are where each begins in the level below it.
    ``costs`` remembers what the syllables heard so far cost against the inventory: a memory, not a state.
    """

    inventory: tuple[str, ...]
    syllables: NDArray[np.int64]
    alternatives: NDArray[np.int64]
    slots: NDArray[np.int64]
    phrases: NDArray[np.int64]
    limits: NDArray[np.float64]
    of: tuple[Phrase, ...]
    costs: dict[str, NDArray[np.float64]]

    def nearest(self, heard: frozenset[str]) -> NDArray[np.float64]:
        """What the nearest of the syllables heard costs, for each of the inventory; 0 for the place behind the last."""
        for sound in heard - self.costs.keys():
            row = np.array([*(syllable_cost(own, sound) for own in self.inventory), 0.0])
            self.costs[sound] = np.where(row <= DEAREST_SOUND, row, _NEVER)
        none = np.array([*(_NEVER for _ in self.inventory), 0.0])
        nearest: NDArray[np.float64] = np.minimum.reduce([none, *(self.costs[sound] for sound in heard)])
        return nearest


@dataclass(frozen=True, slots=True)
class Intents:
    """Intents made ready for matching; build once per revision with ``compile_intents``.

    ``written`` finds phrases by a piece that any text of theirs contains; ``known`` is what ``likeness`` compares with.
    """

    table: Mapping[str, Intent]
    fillers: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    written: Anchors[Phrase]
    gapped: tuple[Phrase, ...]
    sounding: _SoundIndex
    known: tuple[tuple[str, str], ...]
    likeness: Likeness

    def meanings(self, intent: str) -> tuple[str, ...]:
        """The intent and all it counts as, nearest first: later → busy."""
        chain: list[str] = []
        name: str | None = intent
        while name is not None and name not in chain and name in self.table:
            chain.append(name)
            name = self.table[name].means
        return tuple(chain) or (intent,)

    def may_sound(self, heard: Iterable[str]) -> Iterator[tuple[Phrase, str, tuple[str, ...], float]]:
        """Texts of phrases without gaps that could sound like part of what was heard: phrase, text, sounds, limit.

        No place of a text can be cheaper than its syllables' nearest ones among those heard.
        """
        index = self.sounding
        cheapest = index.nearest(frozenset(heard))
        alternatives = np.add.reduceat(cheapest[index.syllables], index.alternatives)
        least = np.minimum.reduceat(alternatives, index.slots)
        for at in np.flatnonzero(np.add.reduceat(least, index.phrases) <= index.limits):
            phrase = index.of[at]
            own = range(int(index.phrases[at]), int(index.phrases[at]) + len(phrase.slots))
            slack = index.limits[at] - least[own].sum()
            rows = [
                np.flatnonzero(alternatives[index.slots[n] : index.slots[n] + len(slot)] <= least[n] + slack)
                for n, slot in zip(own, phrase.slots, strict=True)
            ]
            for picked in islice(product(*rows), _MOST_TEXTS):
                said = tuple(sound for slot, n in zip(phrase.sounds, picked, strict=True) for sound in slot[n])
                text = "".join(slot[n] for slot, n in zip(phrase.slots, picked, strict=True))
                yield phrase, text, said, _limit(len(said), sure=phrase.sure)


def _limit(length: int, *, sure: bool) -> float:
    if sure or length == 1:
        return 0.0
    return length * (_SHORT_COST if length == 2 else _SOUND_COST)


def compile_intents(intents: Mapping[str, Intent], fillers: Iterable[str]) -> Intents:
    """Make a pack of intents ready; some 0.2 s for the standard pack, once for all revisions that have the same one."""
    return _compiled(tuple(intents.items()), tuple(dict.fromkeys(fillers)))


@lru_cache(maxsize=8)
def _compiled(intents: tuple[tuple[str, Intent], ...], fillers: tuple[str, ...]) -> Intents:
    written = [
        (name, intent, specific, phrase)
        for name, intent in intents
        for specific, group in ((True, intent.phrases), (False, intent.whole))
        for phrase in dict.fromkeys(group)
    ]
    phrases = [_phrase(name, intent, phrase, specific=specific) for name, intent, specific, phrase in written]
    known = [(name, row) for name, _, _, phrase in written for row in choices(phrase)]
    return Intents(
        dict(intents),
        fillers,
        tuple(phrases),
        anchored((phrase.slots, phrase) for phrase in phrases),
        tuple(phrase for phrase in phrases if phrase.gapped),
        _sound_index([phrase for phrase in phrases if not phrase.gapped]),
        tuple((name, "".join(row)) for name, row in known),
        build([row for _, row in known]),
    )


def _phrase(name: str, intent: Intent, text: str, *, specific: bool) -> Phrase:
    row = slots(text)
    sounds = tuple(tuple(syllables(choice) for choice in slot) for slot in row)
    return Phrase(name, specific, intent.sure, row, sounds, (GAP,) in row)


def _sound_index(phrases: list[Phrase]) -> _SoundIndex:
    sounds = dict.fromkeys(s for phrase in phrases for slot in phrase.sounds for choice in slot for s in choice)
    inventory = {sound: at for at, sound in enumerate(sounds)}
    flat: list[int] = []
    alternatives: list[int] = []
    slot_starts: list[int] = []
    phrase_starts: list[int] = []
    for phrase in phrases:
        phrase_starts.append(len(slot_starts))
        for slot in phrase.sounds:
            slot_starts.append(len(alternatives))
            for choice in slot:
                alternatives.append(len(flat))
                flat += [*(inventory[sound] for sound in choice), len(inventory)]
    limits = [_limit(sum(max(map(len, slot)) for slot in phrase.sounds), sure=phrase.sure) for phrase in phrases]
    return _SoundIndex(
        inventory=tuple(inventory),
        syllables=np.array(flat, np.int64),
        alternatives=np.array(alternatives, np.int64),
        slots=np.array(slot_starts, np.int64),
        phrases=np.array(phrase_starts, np.int64),
        limits=np.array(limits),
        of=tuple(phrases),
        costs={},
    )

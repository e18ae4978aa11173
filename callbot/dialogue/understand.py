"""What a customer meant: a cascade of equal text, then equal or similar sound. Pure.

::

    text → clauses, fillers marked → places where phrases fit (1.0 as written, less by sound)
         → per intent: the longest phrase inside (specific) or how much of the text its short words cover (general)
         → specific before general, what the step expects before the rest, longer before shorter

A place is void when a negation stands right before it (没付过, 不方便) or 不了 right after it (付不了): negation is
looked at before assent. Intents marked ``sure`` (stop calling, refund) accept only the same text or the same sounds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from callbot.messages import Understanding
from callbot.script.model import Intent
from callbot.script.phrases import expand
from callbot.zh.amounts import money
from callbot.zh.codes import digits
from callbot.zh.numerals import half_width
from callbot.zh.pinyin import GAP, find, syllable_cost, syllables
from callbot.zh.times import spoken_time

_BREAKS = re.compile(r"[，。！？、；：,.!?;:~…\s“”\"'（）()《》\-]+")
_QUESTION = re.compile(r"(.)[不没]\1$")
"""A verb asked in the form A-not-A says neither."""
_NEGATIONS = ("不", "没", "没有", "别", "未", "不是", "不用", "不能", "不会", "没法", "不太", "不想", "不要")
_NEGATION_SOUNDS = ("bu", "mei", "bie")
_AFTER_NEGATIONS = ("不了", "不起", "不上", "不成", "没有")
_SOUND_COST = 0.21
"""Dearest sound match per syllable: one usual confusion in each, or one lost nasal in two."""
_SHORT_COST = 0.18
"""The same for phrases of one or two syllables, which fit by chance more easily."""
_COVER = 0.6
"""How much of a text short words must cover to decide it."""
_CLAUSE_SCORE = 0.7
"""Score when they cover one whole clause of several."""
_SPECIFIC_SCORE = 0.75
"""Least score of a phrase found inside a longer text as it is written; grows with the share it covers."""
_SURE_SOUND = 0.8
"""Least score of a phrase found by sound that overrules short words covering only one clause."""
_LEAST_SOUND = 0.68
"""Least score at all of a phrase found by sound: in long talk some syllables always resemble one."""
_SOUND_DISCOUNT = 0.05
"""What equal sound is worth less than equal text."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    intent: str
    text: str
    sounds: tuple[str, ...]
    specific: bool


@dataclass(frozen=True, slots=True)
class Intents:
    """Intents made ready for matching; build once per revision with ``compile_intents``."""

    table: Mapping[str, Intent]
    phrases: tuple[_Phrase, ...]
    fillers: tuple[str, ...]

    def meanings(self, intent: str) -> tuple[str, ...]:
        """The intent and all it counts as, nearest first: later → busy."""
        chain: list[str] = []
        name: str | None = intent
        while name is not None and name not in chain and name in self.table:
            chain.append(name)
            name = self.table[name].means
        return tuple(chain) or (intent,)


@dataclass(frozen=True, slots=True)
class _Place:
    phrase: _Phrase
    start: int
    end: int
    likeness: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    intent: str
    specific: bool
    score: float
    length: int
    why: str


def compile_intents(intents: Mapping[str, Intent], fillers: Iterable[str]) -> Intents:
    """Make a pack of intents ready; takes some 50 ms for the standard pack, mostly pinyin."""
    phrases = tuple(
        _Phrase(name, text, syllables(text), specific)
        for name, intent in intents.items()
        for specific, group in ((True, intent.phrases), (False, intent.whole))
        for phrase in group
        for text in expand(phrase)
    )
    return Intents(intents, phrases, tuple(dict.fromkeys(fillers)))


def understand(text: str, intents: Intents, expects: Sequence[str] = (), now: datetime | None = None) -> Understanding:
    """The intent of ``text`` (simplified Chinese), those in ``expects`` first, and the values it names.

    ``slots`` may hold ``datetime`` (ISO when ``now`` is given, else the words that named it), ``money`` and ``digits``.
    When ``expects`` asks for a value (``value:datetime``) and the text has one, the intent is None and ``why`` says so.
    """
    slots = _slots(text, now)
    clauses = [clause for clause in _BREAKS.split(half_width(text)) if clause]
    wanted = [name for name in expects if not name.startswith("value:")]
    best = _decide(clauses, intents, wanted)
    for name in expects:
        value = slots.get(name.removeprefix("value:")) if name.startswith("value:") else None
        if value is not None and (best is None or not intents.table[best.intent].sure):
            return Understanding(None, 1.0, f"{name} {value}", slots)
    if best is None:
        return Understanding(None, 0.0, "no phrase fits" if clauses else "nothing was said", slots)
    return Understanding(best.intent, round(best.score, 3), best.why, slots)


def _decide(clauses: Sequence[str], intents: Intents, wanted: Sequence[str]) -> _Candidate | None:
    """The cascade: text as written first; sound when that leaves doubt."""
    written = _best(_candidates(clauses, intents, by_sound=False), intents, wanted)
    leads_on = written is not None and _decides(written, intents, wanted)
    if written is not None and leads_on and (written.specific or written.score > _CLAUSE_SCORE):
        return written
    by_sound = _best(_candidates(clauses, intents, by_sound=True), intents, wanted)
    if written is None or by_sound is None:
        return written or by_sound
    if not _decides(by_sound, intents, wanted):
        return written
    if leads_on:  # 好的，我今天就复: the sound says more than 好的
        return by_sound if by_sound.specific and by_sound.score >= _SURE_SOUND else written
    return by_sound if by_sound.score > written.score else written


def _slots(text: str, now: datetime | None) -> dict[str, str]:
    moment = spoken_time(text, now or datetime.fromisoformat("2026-01-05T06:00:00+08:00"))
    slots = {} if moment is None else {"datetime": moment.moment.isoformat() if now else moment.said}
    for name, found in (("money", money(text)), ("digits", digits(text))):
        if found is not None:
            slots[name] = found.value
    return slots


def _decides(candidate: _Candidate, intents: Intents, wanted: Sequence[str]) -> bool:
    return not wanted or any(name in wanted for name in intents.meanings(candidate.intent))


def _best(candidates: Iterable[_Candidate], intents: Intents, wanted: Sequence[str]) -> _Candidate | None:
    def rank(candidate: _Candidate) -> tuple[bool, bool, float, float]:
        share = candidate.length if candidate.specific else candidate.score
        return (_decides(candidate, intents, wanted), candidate.specific, share, candidate.score)

    return max(candidates, key=rank, default=None)


def _candidates(clauses: Sequence[str], intents: Intents, *, by_sound: bool) -> list[_Candidate]:
    text = "".join(clauses)
    mute = _fillers(text, intents.fillers)
    places = [
        place
        for place in _places(text, intents, by_sound=by_sound)
        if not _void(place, text, by_sound=by_sound) and not _inside(place, mute)
    ]
    specific = [place for place in places if place.phrase.specific and place.likeness == 1.0]
    by_intent: dict[str, list[_Place]] = {}
    for place in places:
        if not place.phrase.specific and _said_otherwise(place, specific, intents):
            continue
        by_intent.setdefault(place.phrase.intent, []).append(place)
    bounds = _clause_bounds(clauses)
    cells = frozenset(at for start, end in mute for at in range(start, end))
    found: list[_Candidate] = []
    for intent, group in by_intent.items():
        candidates = (_specific(intent, group, len(text)), _general(intent, group, bounds, cells))
        found += [candidate for candidate in candidates if candidate is not None]
    return found


def _places(text: str, intents: Intents, *, by_sound: bool) -> Iterable[_Place]:
    if not by_sound:
        for phrase in intents.phrases:
            at = text.find(phrase.text)
            while at >= 0:
                yield _Place(phrase, at, at + len(phrase.text), 1.0)
                at = text.find(phrase.text, at + 1)
        return
    sounds = syllables(text)
    if len(sounds) != len(text):
        return
    nearest = _Nearest(sounds)
    for phrase in intents.phrases:
        length = len(phrase.sounds)
        sure = intents.table[phrase.intent].sure or length == 1
        limit = length * (0.0 if sure else _SHORT_COST if length == 2 else _SOUND_COST)
        if sum(nearest[sound] for sound in phrase.sounds) <= limit:
            for start, end, cost in find(phrase.sounds, sounds, limit):
                yield _Place(phrase, start, end, 1.0 - _SOUND_DISCOUNT - cost / length)


class _Nearest(dict[str, float]):
    """What the nearest syllable of a text costs, by syllable: no place of a phrase can be cheaper than their sum."""

    def __init__(self, heard: Sequence[str]) -> None:
        self._heard = frozenset(heard)

    def __missing__(self, sound: str) -> float:
        cost = min((syllable_cost(sound, other) for other in self._heard), default=1.0)
        self[sound] = cost = min(cost, GAP)
        return cost


def _void(place: _Place, text: str, *, by_sound: bool) -> bool:
    before, after = text[: place.start], text[place.end :]
    if _QUESTION.search(before) or (before.endswith("不是") and text.endswith("吗")):
        return False  # 有没有人工, 能不能慢一点, 不是已经付了吗
    if before.endswith(_NEGATIONS) or after.startswith(_AFTER_NEGATIONS):
        return not place.phrase.text.startswith(("不", "没", "别", "未"))
    return by_sound and bool(before) and syllables(before)[-1] in _NEGATION_SOUNDS


def _specific(intent: str, places: Sequence[_Place], length: int) -> _Candidate | None:
    fitting = [place for place in places if place.phrase.specific]
    if not fitting:
        return None
    place = max(fitting, key=lambda each: (each.likeness * (each.end - each.start), each.likeness))
    share = (place.end - place.start) / length
    score = place.likeness * (_SPECIFIC_SCORE + (1 - _SPECIFIC_SCORE) * share)
    how = "phrase" if place.likeness == 1.0 else "sound"
    if place.likeness < 1.0 and score < _LEAST_SOUND:
        return None
    return _Candidate(intent, True, score, place.end - place.start, f"{how} {place.phrase.text}")


def _general(
    intent: str, places: Sequence[_Place], bounds: Sequence[tuple[int, int]], mute: frozenset[int]
) -> _Candidate | None:
    """How much of the whole text, or of one clause, the intent's phrases cover; fillers count neither way."""
    end_of_text = bounds[-1][1] if bounds else 0
    covered = _covered(places, 0, end_of_text)
    total = set(range(end_of_text)) - (mute - covered.keys())
    words = " ".join(dict.fromkeys(place.phrase.text for place in places))
    if total and (share := sum(covered.values()) / len(total)) >= _COVER:
        return _Candidate(intent, False, min(share, 1.0), len(covered), f"words {words}")
    for start, end in bounds:
        inside = _covered(places, start, end)
        cells = set(range(start, end)) - (mute - inside.keys())
        if inside and sum(inside.values()) / len(cells) >= 0.9:
            return _Candidate(
                intent, False, _CLAUSE_SCORE * sum(inside.values()) / len(cells), len(inside), f"words {words}"
            )
    return None


def _covered(places: Sequence[_Place], start: int, end: int) -> dict[int, float]:
    """The characters of a stretch that phrases cover, each with the likeness of the best phrase over it."""
    cells: dict[int, float] = {}
    for place in places:
        if place.start >= start and place.end <= end:
            for at in range(place.start, place.end):
                cells[at] = max(cells.get(at, 0.0), place.likeness)
    return cells


def _clause_bounds(clauses: Sequence[str]) -> list[tuple[int, int]]:
    bounds: list[tuple[int, int]] = []
    start = 0
    for clause in clauses:
        bounds.append((start, start + len(clause)))
        start += len(clause)
    return bounds


def _said_otherwise(place: _Place, specific: Sequence[_Place], intents: Intents) -> bool:
    """Whether a short word is only a part of what means something else, as 不对 is of 金额不对."""
    return any(
        other.start <= place.start
        and place.end <= other.end
        and place.phrase.intent not in intents.meanings(other.phrase.intent)
        for other in specific
    )


def _inside(place: _Place, fillers: Sequence[tuple[int, int]]) -> bool:
    """Whether a place is only a part of a filler, as 好 is of 你好."""
    return any(
        start <= place.start and place.end <= end and end - start > place.end - place.start for start, end in fillers
    )


def _fillers(text: str, fillers: Sequence[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for filler in fillers:
        at = text.find(filler)
        while at >= 0:
            found.append((at, at + len(filler)))
            at = text.find(filler, at + 1)
    return found

"""What a customer meant: a cascade from equal text to mere likeness. Pure.

::

    text → clauses, fillers marked
         → places where phrases fit: as written; by sound where that leaves doubt
         → per intent: the longest phrase inside (specific), or how much of the text its short words cover (general)
         → the best score; what the step expects wins near ties, as does what must be sure (stop calling, refund)
         → nothing fits: what the step expects with one syllable misheard; then the known sentence the text is most
           like, if clearly nearest; never one that must be sure

``why`` says which stage decided: ``phrase``, ``words``, ``sound`` or ``like``, and by which phrase.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callbot.dialogue.intents import Intents, compile_intents
from callbot.dialogue.places import Place, fillers, nearly, places
from callbot.messages import Understanding
from callbot.zh.amounts import money
from callbot.zh.codes import digits
from callbot.zh.numerals import half_width
from callbot.zh.pinyin import syllables
from callbot.zh.times import spoken_time

__all__ = ["Intents", "compile_intents", "understand"]

_BREAKS = re.compile(r"[，。！？、；：,.!?;:~…\s“”\"'（）()《》\-]+")
_COVER = 0.6
"""How much of a text short words must cover to decide it."""
_COVER_SOUND = 0.75
"""The same when some were found by sound."""
_CLAUSE_SCORE = 0.7
"""Score when they cover one whole clause of several."""
_SPECIFIC_SCORE = 0.75
"""Least score of a phrase found inside a longer text as it is written; grows with the share it covers."""
_LEAST_SOUND = 0.68
"""Least score at all of a phrase found by sound: in long talk some syllables always resemble one."""
_LONG = 5
"""Shorter phrases found by sound must make up half of what was said: 那只 in 你看那只鸟 is not 拿纸."""
_NEAR = 0.1
"""Scores this close are a near tie, which what the step expects wins."""
_SURE_BONUS = 0.05
"""What an intent that must be sure may be short of another: 烦不烦别打了 is an opt-out first."""
_DOUBT = 0.75
"""Below this score of what is written, what it sounds like is looked at too."""
_LEAST_LIKENESS = 0.72
"""Least likeness to a known sentence that is taken for its meaning: above it nothing was wrong on the development list
(tests/data/intents_development.csv, 2026-11-22), between 0.6 and it every third."""
_MARGIN = 0.06
"""How much less alike the nearest sentence of another meaning must be."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    intent: str
    specific: bool
    score: float
    length: int
    why: str


def understand(text: str, intents: Intents, expects: Sequence[str] = (), now: datetime | None = None) -> Understanding:
    """The intent of ``text`` (simplified Chinese), those in ``expects`` first among near ties, and the values it names.

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
    """The cascade: text as written first; sound when that leaves doubt; likeness when there is nothing at all."""
    found = _candidates(clauses, intents, by_sound=False)
    best = _best(found, intents, wanted)
    if best is None or best.score < _DOUBT or not _expected(best, intents, wanted):
        best = _best([*found, *_candidates(clauses, intents, by_sound=True)], intents, wanted)
    if best is None:
        best = _nearly(clauses, intents, wanted)
    return best if best is not None else _like(clauses, intents, wanted)


def _nearly(clauses: Sequence[str], intents: Intents, wanted: Sequence[str]) -> _Candidate | None:
    """What the step expects and the whole text is but for one syllable, when that is one intent's alone."""
    text = "".join(clauses)
    heard = syllables(text)
    costs: dict[str, float] = {}
    for phrase in intents.phrases:
        if phrase.intent in wanted and (cost := nearly(phrase, heard)) is not None:
            costs[phrase.intent] = min(costs.get(phrase.intent, cost), cost)
    if len(costs) != 1 or len(heard) != len(text):
        return None
    [(intent, cost)] = costs.items()
    score = _CLAUSE_SCORE - cost / len(heard)
    return _Candidate(intent, False, score, len(heard), "sound, one syllable misheard")


def _slots(text: str, now: datetime | None) -> dict[str, str]:
    moment = spoken_time(text, now or datetime.fromisoformat("2026-01-05T06:00:00+08:00"))
    slots = {} if moment is None else {"datetime": moment.moment.isoformat() if now else moment.said}
    for name, found in (("money", money(text)), ("digits", digits(text))):
        if found is not None:
            slots[name] = found.value
    return slots


def _expected(candidate: _Candidate, intents: Intents, wanted: Sequence[str]) -> bool:
    return not wanted or any(name in wanted for name in intents.meanings(candidate.intent))


def _best(candidates: Iterable[_Candidate], intents: Intents, wanted: Sequence[str]) -> _Candidate | None:
    def rank(candidate: _Candidate) -> tuple[float, bool, int]:
        favour = _NEAR if _expected(candidate, intents, wanted) else 0.0
        sure = _SURE_BONUS if intents.table[candidate.intent].sure else 0.0
        return (candidate.score + favour + sure, candidate.specific, candidate.length)

    return max(candidates, key=rank, default=None)


def _candidates(clauses: Sequence[str], intents: Intents, *, by_sound: bool) -> list[_Candidate]:
    text = "".join(clauses)
    found = places(text, intents, by_sound=by_sound)
    certain = [place for place in found if place.phrase.specific and place.likeness == 1.0]
    by_intent: dict[str, list[Place]] = {}
    for place in found:
        if not _said_otherwise(place, certain, intents):
            by_intent.setdefault(place.phrase.intent, []).append(place)
    bounds = _clause_bounds(clauses)
    mute = frozenset(at for start, end in fillers(text, intents.fillers) for at in range(start, end))
    candidates: list[_Candidate] = []
    for intent, group in by_intent.items():
        both = (_specific(intent, group, len(text)), _general(intent, group, bounds, mute))
        candidates += [candidate for candidate in both if candidate is not None]
    return candidates


def _specific(intent: str, found: Sequence[Place], length: int) -> _Candidate | None:
    fitting = [place for place in found if place.phrase.specific]
    if not fitting:
        return None
    place = max(fitting, key=lambda each: (each.likeness * each.length, each.likeness))
    score = place.likeness * (_SPECIFIC_SCORE + (1 - _SPECIFIC_SCORE) * place.length / length)
    how = "phrase" if place.likeness == 1.0 else "sound"
    if place.likeness < 1.0 and (score < _LEAST_SOUND or (place.length < _LONG and 2 * place.length < length)):
        return None
    return _Candidate(intent, True, score, place.length, f"{how} {place.text}")


def _general(
    intent: str, found: Sequence[Place], bounds: Sequence[tuple[int, int]], mute: frozenset[int]
) -> _Candidate | None:
    """How much of the whole text, or of one clause, the intent's phrases cover; fillers count neither way."""
    end_of_text = bounds[-1][1] if bounds else 0
    covered = _covered(found, 0, end_of_text)
    total = set(range(end_of_text)) - (mute - covered.keys())
    words = _shown(found)
    cover = _COVER if all(place.likeness == 1.0 for place in found) else _COVER_SOUND
    if total and (share := sum(covered.values()) / len(total)) >= cover:
        return _Candidate(intent, False, min(share, 1.0), len(covered), f"words {words}")
    for start, end in bounds:
        inside = _covered(found, start, end)
        cells = set(range(start, end)) - (mute - inside.keys())
        if inside and sum(inside.values()) / len(cells) >= 0.9:
            score = _CLAUSE_SCORE * sum(inside.values()) / len(cells)
            return _Candidate(intent, False, score, len(inside), f"words {words}")
    return None


def _shown(found: Iterable[Place]) -> str:
    """The phrases that cover a text from its beginning to its end, without those that only repeat a part of it."""
    shown: list[str] = []
    end = 0
    for place in sorted(found, key=lambda each: (each.start, -each.end)):
        if place.end > end:
            shown.append(place.text)
            end = place.end
    return " ".join(shown)


def _covered(found: Sequence[Place], start: int, end: int) -> dict[int, float]:
    """The characters of a stretch that phrases cover, each with the likeness of the best phrase over it."""
    cells: dict[int, float] = {}
    for place in found:
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


def _said_otherwise(place: Place, certain: Sequence[Place], intents: Intents) -> bool:
    """Whether a phrase is only a part of what means something else: 不对 of 金额不对, 退款 of 退款多久到账."""
    return any(
        other.start <= place.start
        and place.end <= other.end
        and (not place.phrase.specific or other.end - other.start > place.end - place.start)
        and place.phrase.intent not in intents.meanings(other.phrase.intent)
        for other in certain
    )


def _like(clauses: Sequence[str], intents: Intents, wanted: Sequence[str]) -> _Candidate | None:
    """The known sentence the whole text is most like, when no sentence of another meaning comes near it."""
    text = "".join(clauses)
    scores = intents.likeness.scores(text)
    nearest: dict[str, int] = {}
    for at in scores.argsort()[::-1]:
        if scores[at] < _LEAST_LIKENESS - _MARGIN:
            break
        nearest.setdefault(intents.known[at][0], int(at))
    ranked = sorted(
        (
            _Candidate(name, False, float(scores[at]), len(text), f"like {intents.known[at][1]}")
            for name, at in nearest.items()
        ),
        key=lambda each: each.score + (_MARGIN if wanted and _expected(each, intents, wanted) else 0.0),
        reverse=True,
    )
    if not ranked or ranked[0].score < _LEAST_LIKENESS or intents.table[ranked[0].intent].sure:
        return None
    best = ranked[0]
    kin = {name for name in nearest if name in intents.meanings(best.intent) or best.intent in intents.meanings(name)}
    rival = max((each.score for each in ranked if each.intent not in kin), default=0.0)
    return best if best.score - rival >= _MARGIN or (wanted and _expected(best, intents, wanted)) else None

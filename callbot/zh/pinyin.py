"""How alike two pieces of text sound to a recogniser of telephone Mandarin. Pure.

A recogniser errs in homophones (付了→复了) and in the sounds that telephone lines and accents blur: n/l, zh/z, ch/c,
sh/s, f/h, r/l and front and back nasals. Tones are ignored, because recognisers lose them first.
"""

from collections.abc import Sequence
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_BLURRED_INITIALS = frozenset(
    frozenset(pair) for pair in (("n", "l"), ("zh", "z"), ("ch", "c"), ("sh", "s"), ("f", "h"), ("r", "l"))
)
_SAME = 0.0
_BLURRED = 0.2
"""Cost of one blurred sound; with it fuzzy matching found 0.77 of intents against 0.65 for equal pinyin."""
_STEM = 0.35
"""Cost of a nasal that is lost or added (是的→是等): heard in whisper-base output on 8 kHz speech."""
_OTHER = 0.55
"""Cost of an initial or final that differs altogether."""
GAP = 0.8
"""Cost of a syllable too many or too few: less than a wrong one, recognisers drop particles."""


@lru_cache(maxsize=8192)
def syllables(text: str) -> tuple[str, ...]:
    """Toneless pinyin, one entry per character; what is not a Chinese character stands for itself."""
    # errors may give a list, one entry per character, which the annotations of pypinyin do not know
    return tuple(lazy_pinyin(text, style=Style.NORMAL, errors=list, v_to_u=False, strict=False))  # type: ignore[arg-type]


@lru_cache(maxsize=2048)
def _split(syllable: str) -> tuple[str, str]:
    for initial in _INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            return initial, syllable[len(initial) :]
    return "", syllable


def _final_cost(one: str, other: str) -> float:
    if one == other:
        return _SAME
    nasals = one.endswith(("n", "ng")), other.endswith(("n", "ng"))
    if one.removesuffix("g").removesuffix("n") != other.removesuffix("g").removesuffix("n"):
        return _OTHER
    return _BLURRED if all(nasals) else _STEM


@lru_cache(maxsize=65536)
def syllable_cost(one: str, other: str) -> float:
    """0 for the same sound, about 0.2 for a usual confusion, up to 1 for different syllables."""
    if one == other:
        return _SAME
    (initial, final), (initial2, final2) = _split(one), _split(other)
    cost = 0.0
    if initial != initial2:
        cost += _BLURRED if frozenset((initial, initial2)) in _BLURRED_INITIALS else _OTHER
    cost += _final_cost(final, final2)
    return min(cost, 1.0)


def find(phrase: Sequence[str], heard: Sequence[str], limit: float) -> list[tuple[int, int, float]]:
    """Every place of ``heard`` that sounds like ``phrase``: (start, end, cost), cost at most ``limit`` in all.

    A semi-global edit distance: the phrase must be used whole, the heard text may go on at both sides. For each end
    only the cheapest start is given.
    """
    columns = len(heard) + 1
    cost = [0.0] * columns
    start = list(range(columns))
    for sound in phrase:
        new_cost, new_start = [cost[0] + GAP], [start[0]]
        for column in range(1, columns):
            options = (
                (cost[column - 1] + syllable_cost(sound, heard[column - 1]), start[column - 1]),
                (cost[column] + GAP, start[column]),
                (new_cost[column - 1] + GAP, new_start[column - 1]),
            )
            best = min(options, key=lambda option: option[0])
            new_cost.append(best[0])
            new_start.append(best[1])
        cost, start = new_cost, new_start
        if min(cost) > limit:
            return []
    return [(start[end], end, cost[end]) for end in range(1, columns) if cost[end] <= limit and start[end] < end]

"""How intents are written: ``我(会|一定)付`` stands for 我会付 and 我一定付, ``把…退`` for 把钱退 and 把这个退. Pure.

A phrase is a row of slots, each with its alternatives; what they multiply to is never written out, because some phrases
stand for thousands of texts.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

GAP = "…"
"""Some other characters may stand here: 把…退. Only between slots, never inside the parentheses."""
_PARTS = re.compile(r"\(([^()]*)\)|(…+)")

Slots = tuple[tuple[str, ...], ...]
"""The alternatives of each slot in turn; an empty one leaves the slot out, a gap is the slot ``(GAP,)``."""


@lru_cache(maxsize=8192)
def slots(phrase: str) -> Slots:
    """What a phrase is made of, without gaps at its ends."""
    row: list[tuple[str, ...]] = []
    at = 0
    for part in _PARTS.finditer(phrase):
        if part.start() > at:
            row.append((phrase[at : part.start()],))
        row.append((GAP,) if part[2] else tuple(dict.fromkeys(part[1].split("|"))))
        at = part.end()
    if phrase[at:]:
        row.append((phrase[at:],))
    while row and row[0] == (GAP,):
        row.pop(0)
    while row and row[-1] == (GAP,):
        row.pop()
    return tuple(row)


def _well_formed(phrase: str) -> str:
    bare = _PARTS.sub("", phrase)
    gap_inside = any(part[1] and GAP in part[1] for part in _PARTS.finditer(phrase))
    must_be_said = any("" not in slot and slot != (GAP,) for slot in slots(phrase))
    if gap_inside or set(bare) & set("()|") or not must_be_said:
        raise PydanticCustomError("phrasing", "{given}", {"given": phrase})
    return phrase


Phrasing = Annotated[str, AfterValidator(_well_formed)]
"""A phrase whose parentheses match, whose gaps stand outside of them, and of which some character must be said."""


def choices(phrase: str) -> Iterator[tuple[str, ...]]:
    """Some of what a phrase stands for, slot by slot: every alternative once, as few rows as that takes; no gaps."""
    row = [slot for slot in slots(phrase) if slot != (GAP,)]
    for at in range(max(map(len, row), default=0)):
        yield tuple(slot[at % len(slot)] for slot in row)


def shared(one: Iterable[str], other: Iterable[str], most: int = 3) -> list[str]:
    """Texts that phrases of both groups stand for, at most ``most``; gaps count as the sign ``…``.

    Both groups are read letter by letter at once, so that only beginnings they have in common are looked at.
    """
    rows = tuple(tuple(map(slots, dict.fromkeys(group))) for group in (one, other))
    found: list[str] = []
    seen: set[tuple[frozenset[_State], ...]] = set()
    waiting = [("", tuple(_open({(at, 0, "") for at in range(len(group))}, group) for group in rows))]
    while waiting and len(found) < most:
        text, states = waiting.pop()
        if (here := tuple(map(frozenset, states))) in seen:
            continue
        seen.add(here)
        if text and all(map(_ended, states, rows)):
            found.append(text)
        letters = set.intersection(*({rest[0] for _, _, rest in state if rest} for state in states))
        for letter in sorted(letters, reverse=True):
            moved = tuple(
                _open({(at, slot, rest[1:]) for at, slot, rest in state if rest[:1] == letter}, group)
                for state, group in zip(states, rows, strict=True)
            )
            waiting.append((text + letter, moved))
    return found


_State = tuple[int, int, str]
"""Inside a group: which phrase, how many slots are done or begun, what is left of the alternative begun."""


def _ended(state: set[_State], group: tuple[Slots, ...]) -> bool:
    return any(not rest and slot == len(group[at]) for at, slot, rest in state)


def _open(state: set[_State], group: tuple[Slots, ...]) -> set[_State]:
    """Wherever an alternative is done, the alternatives of the next slot are begun."""
    reached: set[_State] = set()
    waiting = list(state)
    while waiting:
        at, slot, rest = waiting.pop()
        if (at, slot, rest) in reached:
            continue
        reached.add((at, slot, rest))
        if not rest and slot < len(group[at]):
            waiting += [(at, slot + 1, choice) for choice in group[at][slot]]
    return reached

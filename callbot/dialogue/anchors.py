"""Which of many phrases can stand in a text at all, found by a piece that each of them cannot do without. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from callbot.script.phrases import GAP, Slots

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Anchors(Generic[T]):
    """Things by the pieces of their phrases; ``longest`` in characters."""

    table: Mapping[str, tuple[T, ...]]
    longest: int

    def inside(self, text: str) -> list[T]:
        """The things of which a piece stands in ``text``, in its order: ties must not hang on the order of a set."""
        pieces = dict.fromkeys(
            text[start:end]
            for start in range(len(text))
            for end in range(start + 1, min(len(text), start + self.longest) + 1)
        )
        return [thing for piece in pieces for thing in self.table.get(piece, ())]


def anchored(rows: Iterable[tuple[Slots, T]]) -> Anchors[T]:
    """Things with the phrase that each is found by."""
    table: dict[str, list[T]] = {}
    for row, thing in rows:
        for piece in _pieces(row):
            table.setdefault(piece, []).append(thing)
    return Anchors({piece: tuple(group) for piece, group in table.items()}, max(map(len, table), default=0))


def _pieces(row: Slots) -> tuple[str, ...]:
    """The alternatives of the slot that tells most: none empty, the shortest as long as possible, few."""
    needed = [slot for slot in row if "" not in slot and slot != (GAP,)]
    return max(needed, key=lambda slot: (min(map(len, slot)), -len(slot)), default=())

"""Sentences with values in them: ``您的订单{order_no}还有尾款{due}`` is carriers and values in turn. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_VALUE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Carrier:
    """Fixed words of a sentence, punctuation included."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """The place of a value, by its name."""

    name: str


Template = tuple[Carrier | Value, ...]


def split(text: str) -> Template:
    """The parts of a sentence in order."""
    parts: list[Carrier | Value] = []
    end = 0
    for match in _VALUE.finditer(text):
        if match.start() > end:
            parts.append(Carrier(text[end : match.start()]))
        parts.append(Value(match[1]))
        end = match.end()
    if end < len(text):
        parts.append(Carrier(text[end:]))
    return tuple(parts)


def values(text: str) -> tuple[str, ...]:
    """The names of all values in a sentence, in order."""
    return tuple(part.name for part in split(text) if isinstance(part, Value))


def fill(text: str, lookup: Callable[[str], str]) -> str:
    """The sentence with every value put in, as ``lookup`` writes it."""
    return "".join(part.text if isinstance(part, Carrier) else lookup(part.name) for part in split(text))


def speakable(text: str) -> bool:
    """Whether a piece has anything to pronounce; a piece of nothing but punctuation has not."""
    return _WORD.search(text) is not None

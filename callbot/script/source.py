"""YAML with the place of every key and value. Scalars stay the text that was written, so 00731 keeps its zeros. Pure
but for reading the file.

YAML 1.2 (ruamel.yaml): 1.1 would turn ``on`` into True, ``no`` into False and ``20:00`` into 1200.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

NOT_UTF8, TOO_LARGE, CONTROL, ALIAS, KEY, SEVERAL = "not UTF-8", "too large", "control", "alias", "key", "several"
"""Problems of ``Broken`` that are not the parser's own words."""
_MOST_BYTES = 512 * 1024
"""Of one file. A script of 500 steps has 90 kB; the parser takes 1 s for so much text (measured on two cores)."""
_MOST_VALUES = 30_000
"""Of one file, keys counted. The 500 steps have 9,000; the parser takes 0.6 s for so many."""
_DEEPEST = 40
"""Levels of nesting; scripts have eight."""
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line to the parser, whose line numbers these have to be."""
_NULLS = ("", "~", "null", "Null", "NULL")

Route = tuple[str | int, ...]
"""The way to a value: ``("steps", "greet", "say")``."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line: line and column from 1, length in characters."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The file is not YAML: the parser's words and where it stopped."""

    problem: str
    context: str
    place: Place


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that stands twice in one mapping."""

    key: str
    first: Place
    second: Place


@dataclass(slots=True)
class Document:
    """One YAML file: plain data of dicts, lists and texts, and where everything stands."""

    path: Path
    lines: list[str]
    data: Any = None
    broken: Broken | None = None
    duplicates: list[Duplicate] = field(default_factory=list)
    keys: dict[Route, Place] = field(default_factory=dict)
    values: dict[Route, Place] = field(default_factory=dict)
    flow: set[Route] = field(default_factory=set)

    def place(self, route: Route, *, key: bool = False) -> Place:
        """Where the value (or key) of a route stands; for what is not in the file the nearest thing around it."""
        steps = tuple(part for part in self._known(route))
        table = self.keys if key else self.values
        return table.get(steps) or self.keys.get(steps) or self.values.get(steps) or Place(1, 1, 1)

    def _known(self, route: Route) -> Iterator[str | int]:
        """The parts of a route that exist; checks add parts that stand for short forms."""
        at: Any = self.data
        for part in route:
            known = part in at if isinstance(at, dict) else isinstance(at, list) and part in range(len(at))
            if known:
                at = at[part]
                yield part


def read(path: Path) -> Document:
    """Read a file into a document; one that is not UTF-8, too large or not YAML comes back with ``broken`` set.

    Errors: ``OSError`` when the file cannot be read.
    """
    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        return Document(path, [], broken=Broken(TOO_LARGE, "", Place(1, 1, 1)))
    try:
        return parse(path, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Document(path, [], broken=Broken(NOT_UTF8, "", Place(line, 1, 1)))


def parse(path: Path, text: str) -> Document:
    """The document of a text; ``path`` is only its name."""
    lines = _LINE_BREAK.split(text)
    document = Document(path, lines if lines[-1] else lines[:-1])
    try:
        _Composer(document, YAML(pure=True).parse(text)).compose()
    except _Refused as refused:
        document.broken = Broken(refused.problem, "", _at(refused.mark))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.broken = Broken(error.problem or "", error.context or "", _at(mark))
    except ReaderError as error:
        before = text[: error.position]
        line = len(_LINE_BREAK.findall(before)) + 1
        column = len(_LINE_BREAK.split(before)[-1]) + 1
        document.broken = Broken(CONTROL, "", Place(line, column, 1))
    if document.broken is not None:
        document.data = None
    return document


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """The text is YAML, but nothing that a script is made of."""

    def __init__(self, problem: str, mark: Any) -> None:
        self.problem = problem
        self.mark = mark


class _Composer:
    """Makes plain data of the parser's events, as they come: what is too much is refused before it is there.

    Written here because the library composes first and can be limited by nothing: aliases of aliases, or a hundred
    thousand brackets, take minutes.
    """

    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self._document = document
        self._events = events
        self._left = _MOST_VALUES
        self._depth = 0
        self._mark: Any = None

    def compose(self) -> None:
        """Fill the document. Errors: ``_Refused``, and what the parser raises."""
        self._next()  # the stream begins
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return
        self._document.data = self._value(self._next(), (), kept=True)
        self._next()  # the document ends
        event = self._next()
        if not isinstance(event, StreamEndEvent):
            raise _Refused(SEVERAL, event.start_mark)

    def _next(self) -> Any:
        try:
            event = next(self._events)
        except (MarkedYAMLError, ReaderError):
            raise
        except Exception as error:  # an escape beyond Unicode is an OverflowError, and who knows what else
            raise _Refused(f"{type(error).__name__}: {error}", self._mark) from error
        self._mark = event.end_mark
        self._left -= 1
        if self._left < 0:
            raise _Refused(TOO_LARGE, event.start_mark)
        return event

    def _value(self, event: Any, route: Route, *, kept: bool) -> Any:
        """The value that begins with ``event``; one that is not ``kept`` leaves no places."""
        if isinstance(event, ScalarEvent):
            if kept:
                self._document.values[route] = _place(event.start_mark, event.end_mark, self._document.lines)
            is_null = event.style is None and event.ctag is None and event.value in _NULLS
            return None if is_null else event.value
        if not isinstance(event, SequenceStartEvent | MappingStartEvent):
            raise _Refused(ALIAS, event.start_mark)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Refused(TOO_LARGE, event.start_mark)
        if kept:
            self._document.values[route] = _place(event.start_mark, event.end_mark, self._document.lines)
            if event.flow_style:
                self._document.flow.add(route)
        filled = self._sequence(route, kept) if isinstance(event, SequenceStartEvent) else self._mapping(route, kept)
        data, end = filled
        if kept:
            self._document.values[route] = _place(event.start_mark, end, self._document.lines)
        self._depth -= 1
        return data

    def _sequence(self, route: Route, kept: bool) -> tuple[list[Any], Any]:
        data: list[Any] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            data.append(self._value(event, (*route, len(data)), kept=kept))
        return data, event.end_mark

    def _mapping(self, route: Route, kept: bool) -> tuple[dict[str, Any], Any]:
        data: dict[str, Any] = {}
        document = self._document
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _Refused(ALIAS if isinstance(event, AliasEvent) else KEY, event.start_mark)
            key, place = str(event.value), _place(event.start_mark, event.end_mark, document.lines)
            twice = key in data
            if twice and kept:
                document.duplicates.append(Duplicate(key, document.keys[(*route, key)], place))
            elif kept:
                document.keys[(*route, key)] = place
            value = self._value(self._next(), (*route, key), kept=kept and not twice)
            if not twice:
                data[key] = value
        return data, event.end_mark


def _at(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1, 1) if mark else Place(1, 1, 1)


def _place(start: Any, end: Any, lines: list[str]) -> Place:
    if end.line == start.line:
        return Place(start.line + 1, start.column + 1, max(1, end.column - start.column))
    width = len(lines[start.line].rstrip()) - start.column if start.line < len(lines) else 1
    return Place(start.line + 1, start.column + 1, max(1, width))

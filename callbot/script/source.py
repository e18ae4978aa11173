"""YAML with the place of every key and value. Scalars stay the text that was written, so 00731 keeps its zeros. Pure
but for reading the file.

YAML 1.2 (ruamel.yaml): 1.1 would turn ``on`` into True, ``no`` into False and ``20:00`` into 1200.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

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
    """Read a file into a document; a file that is not UTF-8 or not YAML comes back with ``broken`` set.

    Errors: ``OSError`` when the file cannot be read.
    """
    raw = path.read_bytes()
    try:
        return parse(path, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Document(path, [], broken=Broken("not UTF-8", "", Place(line, 1, 1)))


def parse(path: Path, text: str) -> Document:
    """The document of a text; ``path`` is only its name."""
    document = Document(path, text.splitlines())
    yaml = YAML(pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1, 1) if mark else Place(1, 1, 1)
        document.broken = Broken(error.problem or "", error.context or "", place)
        return document
    if node is not None:
        document.data = _build(document, node, ())
    return document


def _place(node: Node, lines: list[str]) -> Place:
    start, end = node.start_mark, node.end_mark
    if end.line == start.line:
        return Place(start.line + 1, start.column + 1, max(1, end.column - start.column))
    width = len(lines[start.line].rstrip()) - start.column if start.line < len(lines) else 1
    return Place(start.line + 1, start.column + 1, max(1, width))


def _build(document: Document, node: Node, route: Route) -> Any:
    document.values[route] = _place(node, document.lines)
    if isinstance(node, ScalarNode):
        is_null = str(node.tag).endswith(":null") and node.style is None
        return None if is_null else node.value
    assert isinstance(node, SequenceNode | MappingNode)
    if node.flow_style:
        document.flow.add(route)
    if isinstance(node, SequenceNode):
        return [_build(document, child, (*route, index)) for index, child in enumerate(node.value)]
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        place = _place(key_node, document.lines)
        if key in data:
            document.duplicates.append(Duplicate(key, document.keys[(*route, key)], place))
            continue
        document.keys[(*route, key)] = place
        data[key] = _build(document, value_node, (*route, key))
    return data

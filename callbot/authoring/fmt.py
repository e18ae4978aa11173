"""One look for every script: keys in the order of the reference, two spaces, comments where they were. Pure.

::

    text → keys of block mappings put in order, each with the comments above it → ruamel.yaml round trip → text

The order is that of the model's fields, so a new key has its place without a change here. Scalars are never
interpreted, hence ``00731`` and ``on`` stay as written. Whatever could not be kept is refused: ``format_text`` compares
content and comments before and after.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.resolver import VersionedResolver

from callbot.errors import ScriptError
from callbot.language import Text
from callbot.script import source
from callbot.script.cases import CaseFile
from callbot.script.findings import render
from callbot.script.lint import SHARED
from callbot.script.model import Script
from callbot.script.shape import check_yaml
from callbot.script.source import Document, Route

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_WIDTH = 120
"""Characters from which what stands in brackets is broken between its items; sentences never are."""
_UNBROKEN = 1_000_000
"""ruamel.yaml breaks between a key and its value and inside sentences, so it does not break at all."""
_BRACKETS = re.compile(r"^(?P<head> *(?:- )*[^\s#'\"{}\[\]][^#'\"{}\[\]]*: )(?P<open>[\[{])(?P<items>.*)[\]}]$")
_ROUNDS = 4
"""Comments may move a column when the text before them changes, so the look is reached after a second round."""
_KINDS: dict[str, type[BaseModel]] = {"campaign": Script, "hotline": Script, **SHARED}


class _PlainResolver(VersionedResolver):
    """Takes every scalar as the text that it is."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node."""
        found = super().resolve(kind, value, implicit)
        name = str(getattr(found, "trval", found) or "")
        if name.rpartition(":")[2] in ("map", "seq", "str"):
            return found
        return super().resolve(kind, "a", implicit)


def format_text(path: Path, text: str) -> str:
    """The text in its canonical look. Errors: ``ScriptError`` for what is not YAML, or would not mean the same."""
    document = source.parse(path, text)
    found = check_yaml(document)
    if found:
        raise ScriptError(Text(f"{path} 有错误，没有整理。", f"{path} has errors and was left alone."), render(found))
    model = _model(path, document)
    for _ in range(_ROUNDS):
        before, text = text, _once(path, text, model)
        if text == before:
            break
    after = source.parse(path, text)
    if after.broken is not None or after.data != document.data or _comments(after) != _comments(document):
        raise ScriptError(
            Text(
                f"{path} 里有整理不了的写法（例如括号中间的注释），没有改动。",
                f"{path} has something that cannot be laid out anew (such as a comment inside brackets); left alone.",
            )
        )
    return text


def _model(path: Path, document: Document) -> type[BaseModel] | None:
    if path.name.endswith(".test.yaml"):
        return CaseFile
    return _KINDS.get(str(document.data.get("kind")))


def _once(path: Path, text: str, model: type[BaseModel] | None) -> str:
    document = source.parse(path, text)
    if model is not None:
        text = _ordered(document, model)
    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = _PlainResolver
    yaml.preserve_quotes = True
    yaml.width = _UNBROKEN
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    loaded = yaml.load(text)
    if model is not None:
        _order_flow(loaded, model)
    out = io.StringIO()
    yaml.dump(loaded, out)
    laid_out = [each for line in out.getvalue().splitlines() for each in _broken(line.rstrip())]
    return "\n".join(_aligned(text.splitlines(), laid_out)) + "\n"


def _aligned(before: list[str], after: list[str]) -> list[str]:
    """Comments that stood above a key in its column do so again: ruamel.yaml moves keys, and leaves comments."""
    above = iter(_stands_above(before, at) for at, line in enumerate(before) if line.lstrip().startswith("#"))
    lines = list(after)
    for at, line in enumerate(after):
        if line.lstrip().startswith("#") and next(above, False):
            lines[at] = " " * _column(_next(after, at)) + line.lstrip()
    return lines


def _stands_above(lines: list[str], at: int) -> bool:
    return _column(lines[at]) == _column(_next(lines, at))


def _next(lines: list[str], at: int) -> str:
    """The next line that is more than a comment; the line itself at the end."""
    return next((line for line in lines[at + 1 :] if line.strip() and not line.lstrip().startswith("#")), lines[at])


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _broken(line: str) -> Iterator[str]:
    """A line, or the several lines of one that is too long and ends in brackets."""
    match = _BRACKETS.match(line) if len(line) > _WIDTH else None
    if match is None:
        yield line
        return
    yield match["head"] + match["open"]
    inside = " " * (len(match["head"]) - len(match["head"].lstrip(" -")) + 2)
    row = inside
    for item in _items(match["items"]):
        if len(row) + len(item) > _WIDTH and row.strip():
            yield row.rstrip()
            row = inside
        row += item + " "
    yield row.rstrip()
    yield inside[2:] + ("]" if match["open"] == "[" else "}")


def _items(text: str) -> Iterator[str]:
    """The items between brackets, each with its comma."""
    depth, quote, item = 0, "", ""
    for at, char in enumerate(text):
        item += char
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and (at == 0 or text[at - 1] in " [{"):
            quote = char
        elif char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        elif char == "," and depth == 0 and text[at + 1 : at + 2] == " ":
            yield item.strip()
            item = ""
    if item.strip():
        yield item.strip()


def _comments(document: Document) -> Counter[str]:
    return Counter(match[0].strip() for line in document.lines if (match := _COMMENT.search(line)))


# ---------------------------------------------------------------- the order of keys


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Annotations by key as written, in canonical order."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _parts(annotation: Any) -> tuple[type[BaseModel] | None, Any]:
    """What stands under a key: a mapping of this model, and what the rows of a table or list are."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, None
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return None, arguments[1]
    if origin in (tuple, list):
        return None, arguments[0]
    for option in arguments:
        model, rows = _parts(option)
        if model is not None or rows is not None:
            return model, rows
    return None, None


def _rank(model: type[BaseModel], keys: list[str]) -> list[str]:
    order = {key: at for at, key in enumerate(_fields(model))}
    return sorted(keys, key=lambda key: order.get(key, -1))  # the name of what `ask` asks for comes first


def _order_flow(node: Any, annotation: Any) -> None:
    """Order the mappings in braces; those have no comments that could be torn off."""
    model, rows = _parts(annotation)
    if isinstance(node, CommentedMap):
        if model is not None and node.fa.flow_style():
            for key in _rank(model, list(node)):
                node.move_to_end(key)
        fields = {} if model is None else _fields(model)
        for key, value in node.items():
            _order_flow(value, fields.get(key) if model is not None else rows)
    elif isinstance(node, list):
        for each in node:
            _order_flow(each, rows)


def _ordered(document: Document, model: type[BaseModel]) -> str:
    """The text with the keys of block mappings in order, inner mappings first, comments with the key below them."""
    lines = list(document.lines)
    for route, inner in sorted(_mappings(document.data, (), model), key=lambda each: -len(each[0])):
        data = _at(document.data, route)
        if route not in document.flow and _rank(inner, list(data)) != list(data):
            _move(document, lines, route, _rank(inner, list(data)))
            return _ordered(source.parse(document.path, "\n".join(lines) + "\n"), model)
    return "\n".join(lines) + "\n"


def _mappings(data: Any, route: Route, annotation: Any) -> Iterator[tuple[Route, type[BaseModel]]]:
    model, rows = _parts(annotation)
    if isinstance(data, dict):
        if model is not None:
            yield route, model
        fields = {} if model is None else _fields(model)
        for key, value in data.items():
            yield from _mappings(value, (*route, key), fields.get(key) if model is not None else rows)
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from _mappings(value, (*route, at), rows)


def _at(data: Any, route: Route) -> Any:
    for part in route:
        data = data[part]
    return data


def _move(document: Document, lines: list[str], route: Route, wanted: list[str]) -> None:
    """Put the chunks of a block mapping into another order; a chunk is a key with the comments above it."""
    keys = list(_at(document.data, route))
    starts = [document.keys[(*route, key)].line - 1 for key in keys]
    column = document.keys[(*route, keys[0])].column - 1
    # What stands above the first key of the file belongs to the file; "- " begins with its first key.
    first = _above(lines, starts[0], column) if route and not lines[starts[0]][:column].strip() else starts[0]
    bounds = [first, *(_above(lines, at, column) for at in starts[1:])]
    end = _end(lines, starts[-1], column)
    chunks = {key: lines[at:to] for key, at, to in zip(keys, bounds, [*bounds[1:], end], strict=True)}
    lead = lines[first][:column]  # of the first key: "  - " in a list, else spaces
    if lead.strip():
        chunks[keys[0]][0] = " " * column + chunks[keys[0]][0][column:]
    moved = [line for key in wanted for line in chunks[key]]
    if lead.strip():
        at = next((at for at, line in enumerate(moved) if not line.lstrip().startswith("#")), 0)
        moved = [lead + moved[at][column:], *moved[:at], *moved[at + 1 :]]
    lines[first:end] = moved


def _above(lines: list[str], at: int, column: int) -> int:
    """Where the chunk of a key begins: at the comments right above it that stand in its own column."""
    while at > 0 and lines[at - 1].startswith(" " * column + "#"):
        at -= 1
    return at


def _end(lines: list[str], at: int, column: int) -> int:
    """The line after the last chunk: the first one that stands further left, without the blank lines before it."""
    to = at + 1
    while to < len(lines) and (not lines[to].strip() or _column(lines[to]) > column):
        to += 1
    while to > at + 1 and not lines[to - 1].strip():
        to -= 1
    return to

"""Drawings as files: Mermaid for documents and code hosts, SVG for everything else. SVG is laid out by Graphviz.

The SVG holds all it needs, no script, no font and no address of anything outside (docs/adr/0016-graphviz.md).
"""

import html
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from callbot.authoring.drawing import Arrow, Drawing, Kind, Mark, Node, labels
from callbot.errors import SettingsError
from callbot.language import Text

_WIDTH = 26
"""Half-width characters in a line of a node: a sentence of forty characters takes four lines."""
_LAYOUT_S = 60
"""Graphviz lays out 500 steps in some seconds; what takes longer is no readable picture."""
_WIDEST = 6
"""What is added to the width of a line, in points, when every call takes it."""
_FILL: dict[Kind, str] = {
    "say": "#f4f4f5",
    "listen": "#e0f2fe",
    "system": "#fef9c3",
    "check": "#fef9c3",
    "transfer": "#ede9fe",
    "end": "#e7e5e4",
    "anytime": "#ffffff",
    "start": "#ffffff",
}
_COLOUR: dict[Mark, str] = {
    "": "#71717a",
    "path": "#c2410c",
    "added": "#15803d",
    "removed": "#b91c1c",
    "changed": "#b45309",
}
_SHAPE: dict[Kind, str] = {"start": "circle", "anytime": "hexagon", "system": "cylinder", "check": "octagon"}
_BRACKETS: dict[Kind, tuple[str, str]] = {
    "end": ("([", "])"),
    "system": ("[[", "]]"),
    "start": ("((", "))"),
    "anytime": ("{{", "}}"),
    "check": ("{{", "}}"),
}
_MARKED_FILL: dict[Mark, str] = {"path": "#ffedd5", "added": "#dcfce7", "removed": "#fee2e2", "changed": "#fef3c7"}
_WORD: dict[Mark, Text] = {
    "added": Text("新增", "added"),
    "removed": Text("删除", "removed"),
    "changed": Text("改动", "changed"),
}


def write(drawing: Drawing, path: Path) -> None:
    """Write ``.svg`` or ``.mmd``. Errors: ``SettingsError`` for another ending, no ``dot``, a place not writable."""
    match path.suffix:
        case ".mmd":
            text = mermaid(drawing)
        case ".svg":
            text = svg(drawing)
        case other:
            raise SettingsError(
                Text(
                    f"不会写 {other or path.name}：文件名要以 .svg 或 .mmd（Mermaid）结尾。",
                    f"Cannot write {other or path.name}: the name has to end in .svg or .mmd (Mermaid).",
                )
            )
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise SettingsError(
            Text(f"写不了 {path}：{error.strerror}。", f"Cannot write {path}: {error.strerror}.")
        ) from None


# ---------------------------------------------------------------- Mermaid


def mermaid(drawing: Drawing) -> str:
    """A Mermaid flowchart; marked nodes carry their class, so colours and words both tell."""
    ids = {node.name: f"n{at}" for at, node in enumerate(drawing.nodes)}
    lines = ["---", f"title: {_quoted(drawing.title)}", "---", "flowchart TD"]
    lines += [f"  {ids[node.name]}{_mermaid_shape(node)}" for node in drawing.nodes]
    for at, ((source, target), group) in enumerate(labels(drawing).items()):
        text = "<br>".join(_mermaid_text(_arrow_text(arrow)) for arrow in group if _arrow_text(arrow))
        line = "-.->" if source.startswith("*any") else "==>" if _strongest(group) else "-->"
        label = f'|"{text}"|' if text else ""
        lines.append(f"  {ids[source]} {line}{label} {ids[target]}")
        if mark := _strongest(group):
            lines.append(f"  linkStyle {at} stroke:{_COLOUR[mark]},color:{_COLOUR[mark]}")
    for mark, fill in _MARKED_FILL.items():
        marked = [ids[node.name] for node in drawing.nodes if node.mark == mark]
        if marked:
            lines.append(f"  classDef {mark} fill:{fill},stroke:{_COLOUR[mark]},stroke-width:3px")
            lines.append(f"  class {','.join(marked)} {mark}")
    return "\n".join(lines) + "\n"


def _mermaid_shape(node: Node) -> str:
    text = "<br>".join(_mermaid_text(line) for line in _node_lines(node))
    first, last = _BRACKETS.get(node.kind, ("[", "]"))
    return f'{first}"{text}"{last}'


def _mermaid_text(text: str) -> str:
    """Mermaid reads # and quotes inside a label; both have entity codes of its own."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---------------------------------------------------------------- SVG


def svg(drawing: Drawing) -> str:
    """A self-contained SVG. Errors: ``SettingsError`` when Graphviz is not there or does not come to an end."""
    if shutil.which("dot") is None:
        raise SettingsError(
            Text(
                "画 SVG 需要 Graphviz：apt install graphviz。也可以先写成 Mermaid：-o 文件.mmd。",
                "SVG needs Graphviz: apt install graphviz. Or write Mermaid for now: -o FILE.mmd.",
            )
        )
    try:
        done = subprocess.run(
            ["dot", "-Tsvg"], input=dot(drawing).encode(), capture_output=True, timeout=_LAYOUT_S, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise SettingsError(
            Text(
                f"Graphviz 没有画出来（{type(error).__name__}）。可以改用 Mermaid：-o 文件.mmd。",
                f"Graphviz did not draw it ({type(error).__name__}). Try Mermaid: -o FILE.mmd.",
            )
        ) from None
    text = done.stdout.decode()
    return text[text.index("<svg") :]  # without the reference to W3C's DTD, which some viewers would fetch


def dot(drawing: Drawing) -> str:
    """The drawing in Graphviz' language."""
    lines = [
        "digraph script {",
        f"  graph [label={_dot(drawing.title)}, labelloc=t, fontsize=20, rankdir=TB, ranksep=0.6, nodesep=0.35,"
        " newrank=true, pad=0.3];",
        '  graph [fontname="sans-serif"]; node [fontname="sans-serif", fontsize=12]; '
        'edge [fontname="sans-serif", fontsize=11];',
    ]
    lines += [f"  {_dot(node.name)} [{_node_look(node)}];" for node in drawing.nodes]
    for (source, target), group in labels(drawing).items():
        lines.append(f"  {_dot(source)} -> {_dot(target)} [{_arrow_look(source, group)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _node_look(node: Node) -> str:
    head, *lines = (html.escape(line) for line in _node_lines(node))
    rows = [head if node.kind in ("start", "anytime") else f"<B>{head}</B>", *lines]
    body = '<BR ALIGN="LEFT"/>'.join(rows) + ('<BR ALIGN="LEFT"/>' if len(rows) > 1 else "")
    shape = {"end": "box", "start": "circle", "anytime": "hexagon", "system": "cylinder", "check": "octagon"}.get(
        node.kind, "box"
    )
    style = "rounded,filled" if node.kind in ("end", "transfer") else "filled"
    width = _width_of(_node_lines(node)) * 0.092 + 0.35  # inches: a half-width character of 12 pt takes 0.092
    return (
        f'label=<{body}>, shape={shape}, style="{style}", fillcolor="{_MARKED_FILL.get(node.mark, _FILL[node.kind])}", '
        f'color="{_COLOUR[node.mark]}", penwidth={3 if node.mark else 1}, width={width:.2f}'
    )


def _arrow_look(source: str, group: tuple[Arrow, ...]) -> str:
    mark = _strongest(group)
    rows = [
        f'<FONT COLOR="{_COLOUR[arrow.mark]}">&#160;{html.escape(_arrow_text(arrow))}</FONT>'
        for arrow in group
        if _arrow_text(arrow)
    ]
    label = f"label=<{'<BR/>'.join(rows)}>, " if rows else ""
    style = "dashed" if source.startswith("*any") else "solid"
    width = (2.5 if mark else 1) + _WIDEST * min(1.0, sum(arrow.share for arrow in group))
    return f'{label}color="{_COLOUR[mark]}", penwidth={width:.1f}, style={style}'


def _dot(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---------------------------------------------------------------- both


def _node_lines(node: Node) -> list[str]:
    head = [] if node.kind in ("start", "anytime") else [node.name]
    if node.mark in _WORD:
        head = [f"{_WORD[node.mark]} {' '.join(head)}".rstrip()]
    lines = [*head, *(part for line in node.lines for part in _wrapped(line))]
    return [*lines, node.note] if node.note else lines


def _arrow_text(arrow: Arrow) -> str:
    word = f"{_WORD[arrow.mark]} " if arrow.mark in _WORD else ""
    return f"{word}{arrow.label}{f' [{arrow.note}]' if arrow.note else ''}"


def _strongest(group: tuple[Arrow, ...]) -> Mark:
    """The mark of a line that stands for several ways: any of them shows, a mixture of comparisons is a change."""
    marks = {arrow.mark for arrow in group}
    found = marks - {""}
    if not found:
        return ""
    return next(iter(found)) if len(found) == 1 and (len(marks) == 1 or "path" in found) else "changed"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _width_of(lines: list[str]) -> int:
    return max((_width(line) for line in lines), default=1)


def _wrapped(text: str) -> Iterator[str]:
    line, at = "", 0
    for char in text.replace("\n", " "):
        size = _width(char)
        if at + size > _WIDTH and char not in "，。！？、；：":
            yield line
            line, at = "", 0
        line, at = line + char, at + size
    if line:
        yield line

"""A script as a picture: its steps and ways, what holds everywhere drawn once. Pure; ``picture_files`` writes it down.

Every listening step can lead to a person, to "do not call again" and to the rules for silence: drawn from every step
these arrows would hide the conversation. So they start from one node, ``ANYTIME``, unless a step has a row of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from callbot.language import Text
from callbot.script import ways
from callbot.script.basics import Jump
from callbot.script.graph import exits, reachable, starts
from callbot.script.model import Bundle, Step

ANYTIME = "*anytime"
"""The node from which what holds everywhere starts; no step can have this name."""
START = "*start"

Kind = Literal["say", "listen", "system", "check", "transfer", "end", "anytime", "start"]
Mark = Literal["", "path", "added", "removed", "changed"]
"""``path``: taken by a call; the others: how a newer revision differs."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step: its name, what it says, what it does besides; ``note`` is put on by an overlay."""

    name: str
    kind: Kind
    lines: tuple[str, ...]
    mark: Mark = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One way from a step to another; ``limited`` is the second way of a jump with ``at_most``.

    ``share``: of all calls, how many took it, 0 to 1; drawn as the width of the line.
    """

    source: str
    way: str
    target: str
    label: str
    mark: Mark = ""
    note: str = ""
    limited: bool = False
    share: float = 0.0

    @property
    def key(self) -> tuple[str, str, bool]:
        """Which way it is, wherever it leads."""
        return (self.source, self.way, self.limited)


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that a picture shows."""

    title: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def draw(bundle: Bundle, title: str | None = None) -> Drawing:
    """The picture of a revision, steps in the order of the script."""
    script = bundle.script
    nodes = [Node(START, "start", (str(Text("开始", "start")),))]
    used = reachable(script, starts(script))  # shared parts bring steps that no way leads to
    nodes += [_node(name, step) for name, step in script.steps.items() if name in used]
    arrows = [Arrow(START, "start", script.start, "")]
    arrows += [arrow for name in script.steps if name in used for arrow in _own(bundle, name)]
    nodes.append(Node(ANYTIME, "anytime", (str(Text("随时", "anytime")),)))
    arrows += _everywhere(bundle, used)
    return Drawing(title or f"{script.title} ({script.id})", tuple(nodes), tuple(arrows))


def source_of(bundle: Bundle, name: str, way: str) -> str:
    """From which node an exit of a step is drawn: the step itself, or ``ANYTIME`` when a common rule made it."""
    step = bundle.script.steps.get(name)
    kind, _, intent = way.partition(":")
    if step is None or way in ("longest", "machine"):
        return ANYTIME
    shared = (
        (kind == "anytime" and intent not in step.anytime)
        or (way == "silence" and step.silence is None)
        or (way == "unclear" and step.unclear is None)
    )
    return ANYTIME if shared else name


def _node(name: str, step: Step) -> Node:
    lines = [step.say.first] if step.say else []
    kind: Kind = "listen" if step.listens else "say"
    if step.do is not None:
        kind = "system"
        lines.append(str(Text(f"查询 {step.do.action}", f"asks {step.do.action}")))
    elif step.check is not None:
        kind = "check"
        lines.append(str(Text(f"比较 {step.check}", f"compares {step.check}")))
    elif step.transfer is not None:
        kind = "transfer"
        lines.append(str(Text(f"转人工 {step.transfer.queue}", f"transfers to {step.transfer.queue}")))
    elif step.end is not None:
        kind = "end"
        lines.append(" · ".join([step.end.outcome, *([step.end.sms] if step.end.sms else []), *step.end.tags]))
    elif step.ask is not None:
        asked = "、".join(step.ask.values)
        lines.append(str(Text(f"问 {asked}", f"asks for {asked}")))
    return Node(name, kind, tuple(lines))


def _own(bundle: Bundle, name: str) -> Iterator[Arrow]:
    for way, jump in exits(bundle.script, bundle.script.steps[name]).items():
        if source_of(bundle, name, way) == name:
            yield from _arrows(bundle, name, way, jump)


def _everywhere(bundle: Bundle, steps: set[str]) -> Iterator[Arrow]:
    """The common rules that any step really uses, and the farewell of the longest call."""
    used = {
        way: jump
        for name in sorted(steps)
        for way, jump in exits(bundle.script, bundle.script.steps[name]).items()
        if source_of(bundle, name, way) == ANYTIME
    }
    used["longest"] = Jump(to=bundle.script.longest.then)
    if bundle.script.on_machine is not None:
        used["machine"] = Jump(to=bundle.script.on_machine)
    for way, jump in used.items():
        yield from _arrows(bundle, ANYTIME, way, jump)


def _arrows(bundle: Bundle, source: str, way: str, jump: Jump) -> Iterator[Arrow]:
    label = str(ways.short(way, bundle.intents, bundle.script.steps.get(source)))
    if jump.otherwise is None:
        yield Arrow(source, way, jump.to, label)
        return
    yield Arrow(source, way, jump.to, label + str(Text(f"（最多 {jump.at_most} 次）", f" (at most {jump.at_most})")))
    yield Arrow(source, way, jump.otherwise, label + str(Text("（超过）", " (after that)")), limited=True)


def labels(drawing: Drawing) -> Mapping[tuple[str, str], tuple[Arrow, ...]]:
    """Arrows by the two nodes they join: those between the same nodes are drawn as one line with several labels."""
    joined: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in drawing.arrows:
        joined.setdefault((arrow.source, arrow.target), []).append(arrow)
    return {ends: tuple(group) for ends, group in joined.items()}

"""Which ways of a script calls took, from their traces: one call's path, or how many left each step by which way. Pure.

A trace keeps the step before and after each event, not the way between. The way is found on the script's graph: by
what happened (an answer heard, a key), then through steps that do not wait. A call of another revision may have gone
ways that this one does not have; they are counted as ``unknown`` and never guessed.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from callbot.authoring.drawing import ANYTIME, START, Arrow, Drawing, source_of
from callbot.language import Text
from callbot.messages import (
    ActionFinished,
    Answered,
    End,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    MachineHeard,
    Silence,
    TimeUp,
    Trace,
    TraceStep,
)
from callbot.script.basics import Jump
from callbot.script.graph import exits
from callbot.script.model import Bundle


@dataclass(frozen=True, slots=True)
class Hop:
    """One way taken: in which turn of the customer (0 before the first), from where, how, and where to."""

    turn: int
    step: str
    way: str
    target: str


@dataclass(frozen=True, slots=True)
class Travelled:
    """One call on the graph: its hops in order, where it was when it ended, ways the graph does not have."""

    hops: tuple[Hop, ...]
    last: str
    hung_up: bool
    unknown: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Funnel:
    """Many calls on the graph. ``unknown`` counts calls with a way that this revision does not have."""

    calls: int = 0
    visits: Counter[str] = field(default_factory=Counter)
    taken: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    hung_up: Counter[str] = field(default_factory=Counter)
    unknown: int = 0


def travelled(bundle: Bundle, trace: Trace) -> Travelled:
    """The way of one call."""
    hops: list[Hop] = []
    unknown: list[tuple[str, str]] = []
    turn = 0
    for step in trace.steps:
        turn += isinstance(step.event, Heard | KeyPressed | Silence)
        start = bundle.script.start
        found = [] if isinstance(step.event, Answered) else _hops(bundle, step)
        if isinstance(step.event, Answered) and step.step_after != start:
            found = _through(bundle, start, step.step_after, step)
        if found is None:
            unknown.append((step.step_before, step.step_after))
        else:
            hops += [Hop(turn, source, way, target) for source, way, target in found]
    last = trace.steps[-1].step_after if trace.steps else bundle.script.start
    hung_up = any(isinstance(step.event, HungUp) and _ends(step) for step in trace.steps)
    return Travelled(tuple(hops), last, hung_up, tuple(unknown))


def funnel(bundle: Bundle, traces: Iterable[Trace]) -> Funnel:
    """How many calls came through each step (a step counts once per visit) and left it by which way."""
    counted = Funnel()
    for trace in traces:
        one = travelled(bundle, trace)
        counted.calls += 1
        counted.visits[bundle.script.start] += 1
        counted.visits.update(hop.target for hop in one.hops)
        counted.taken.update((hop.step, hop.way, hop.target) for hop in one.hops)
        counted.hung_up[one.last] += one.hung_up
        counted.unknown += bool(one.unknown)
    return counted


def with_path(drawing: Drawing, bundle: Bundle, one: Travelled) -> Drawing:
    """The drawing with a call's path on it: each way with the numbers of the turns in which it was taken."""
    turns: dict[tuple[str, str, str], list[int]] = {}
    for hop in one.hops:
        turns.setdefault((hop.step, hop.way, hop.target), []).append(hop.turn)
    seen = {START, bundle.script.start, one.last, *(hop.step for hop in one.hops), *(hop.target for hop in one.hops)}
    arrows = [
        replace(arrow, mark="path", note=_turns(mine))
        if (mine := turns.pop((arrow.source, arrow.way, arrow.target), None))
        else replace(arrow, mark="path")
        if arrow.source == START
        else arrow
        for arrow in drawing.arrows
    ]
    for (step, way, target), mine in turns.items():  # common rules, drawn from where the call took them
        label = next((each.label for each in drawing.arrows if (each.source, each.way) == (ANYTIME, way)), way)
        arrows.append(Arrow(step, way, target, label, "path", _turns(mine)))
    note = str(Text("客户挂断", "the customer hung up")) if one.hung_up else ""
    nodes = [
        replace(node, mark="path", note=note if node.name == one.last else "") if node.name in seen else node
        for node in drawing.nodes
    ]
    return replace(drawing, nodes=tuple(nodes), arrows=tuple(arrows))


def with_funnel(drawing: Drawing, bundle: Bundle, counted: Funnel) -> Drawing:
    """The drawing with counts: at each step its visits and hang-ups, at each way how often it was taken."""
    by_arrow: Counter[tuple[str, str, str]] = Counter()
    for (step, way, target), number in counted.taken.items():
        by_arrow[source_of(bundle, step, way), way, target] += number
    by_arrow[START, "start", bundle.script.start] = counted.calls
    arrows = [
        replace(arrow, note=str(number), share=min(1.0, number / max(1, counted.calls)))
        for arrow in drawing.arrows
        for number in [by_arrow[arrow.source, arrow.way, arrow.target]]
    ]
    nodes = [
        replace(node, note=_visits(counted, node.name)) if node.name in bundle.script.steps else node
        for node in drawing.nodes
    ]
    return replace(drawing, nodes=tuple(nodes), arrows=tuple(arrows))


def _visits(counted: Funnel, name: str) -> str:
    visits, lost = counted.visits[name], counted.hung_up[name]
    text = str(Text(f"{visits} 次", f"{visits} visits"))
    return text + (str(Text(f"，挂断 {lost}", f", {lost} hung up")) if lost else "")


def _turns(numbers: list[int]) -> str:
    listed = "、".join(map(str, numbers))
    return str(Text(f"第 {listed} 轮", f"turn {', '.join(map(str, numbers))}"))


# ---------------------------------------------------------------- finding the way


def _ends(step: TraceStep) -> bool:
    return any(isinstance(action, End) for action in step.actions)


def _hops(bundle: Bundle, step: TraceStep) -> list[tuple[str, str, str]] | None:
    """The ways from the step before to the step after; none when the step only spoke again."""
    if isinstance(step.event, TimeUp | MachineHeard):
        way = "longest" if isinstance(step.event, TimeUp) else "machine"
        return [(step.step_before, way, step.step_after)] if step.step_after != step.step_before else []
    return _through(bundle, step.step_before, step.step_after, step)


def _through(bundle: Bundle, before: str, after: str, step: TraceStep) -> list[tuple[str, str, str]] | None:
    if before not in bundle.script.steps or after not in bundle.script.steps:
        return None
    ranked = sorted(
        (_unlikely(bundle, step, way), at, way, to) for at, (way, to) in enumerate(_targets(bundle, before))
    )
    queue = deque(
        [(before, way, to)]
        for unlikely, _, way, to in ranked
        if not _left_by_nothing(step, way) and (before != after or not unlikely)
    )
    seen = {before}
    while queue:
        path = queue.popleft()
        at = path[-1][2]
        if at == after:
            return path
        if at in seen or bundle.script.steps[at].listens or bundle.script.steps[at].transfer is not None:
            continue
        seen.add(at)
        queue.extend([*path, (at, way, to)] for way, to in _targets(bundle, at))
    if before == after:
        return []  # it only spoke again
    return [(before, "longest", after)] if after == bundle.script.longest.then else None


def _left_by_nothing(step: TraceStep, way: str) -> bool:
    """Whether what happened cannot be what takes this way."""
    kind = way.partition(":")[0]
    wrong: dict[type[Event], tuple[str, ...]] = {
        Heard: ("key", "silence", "result", "failed"),
        KeyPressed: ("answer", "anytime", "silence", "result", "failed"),
        Silence: ("answer", "anytime", "key", "unclear", "result", "failed"),
        ActionFinished: ("answer", "anytime", "key", "silence", "unclear", "value", "gave_up"),
    }
    return kind in wrong.get(type(step.event), ())


def _unlikely(bundle: Bundle, step: TraceStep, way: str) -> int:
    """0 for the way that the event names, 1 for one it does not."""
    kind, _, name = way.partition(":")
    match step.event:
        case Heard(intent=given):
            heard = step.understanding.intent if step.understanding is not None else given
            return 0 if kind in ("answer", "anytime") and name in _meanings(bundle, heard) else 1
        case KeyPressed(key=key):
            return 0 if way == f"key:{key}" else 1
        case ActionFinished(result=result):
            return 0 if name == result or way == result else 1
        case Silence():
            return 0 if way == "silence" else 1
        case _:
            return 1


def _meanings(bundle: Bundle, heard: str | None) -> list[str]:
    chain: list[str] = []
    while heard is not None and heard not in chain:
        chain.append(heard)
        intent = bundle.intents.get(heard)
        heard = None if intent is None else intent.means
    return chain


def _targets(bundle: Bundle, name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    jumps: dict[str, Jump] = exits(bundle.script, bundle.script.steps[name])
    for way, jump in jumps.items():
        found.append((way, jump.to))
        if jump.otherwise is not None:
            found.append((way, jump.otherwise))
    return found

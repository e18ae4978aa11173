"""Lint of steps that go on by themselves: comparisons, calls of flows, opening hours. Pure."""

from collections.abc import Iterator

from callbot.language import Text
from callbot.script import ask_checks, template
from callbot.script.comparison import check_constant, comparisons, reference
from callbot.script.context import Context
from callbot.script.expand import Called
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.graph import sentences
from callbot.script.inputs import InputProblem
from callbot.script.kinds import kinds_of
from callbot.script.model import Flow, Step
from callbot.script.source import Document, Route


def check_calls(context: Context) -> list[Finding]:
    """Flows that do not exist, do not fit, or are wrong in themselves; before anything looks at what they became."""
    return [*_calls(context), *_flows(context)]


def check(context: Context) -> list[Finding]:
    """Comparisons that cannot be, values of two types, values that a flow does not give."""
    return [*_checks(context), *_types(context), *_scopes(context)]


def _unknown(context: Context, route: Route, code: str, message: Text, name: str, known: list[str]) -> Finding:
    document, place = context.where(route)
    return finding(document, place, code, message, did_you_mean(name, known))


def _checks(context: Context) -> Iterator[Finding]:
    kinds = kinds_of(context.script)
    for name, step in context.script.steps.items():
        if step.check is None:
            continue
        if step.check not in kinds:
            message = Text(f"没有名为 {step.check} 的值", f"there is no value called {step.check}")
            yield _unknown(context, ("steps", name, "check"), "S204", message, step.check, list(kinds))
            continue
        yield from _rows(context, name, step, kinds)


def _rows(context: Context, name: str, step: Step, kinds: dict[str, str]) -> Iterator[Finding]:
    assert step.check is not None
    kind = kinds[step.check]
    for at, row in enumerate(step.rows):
        route: Route = ("steps", name, "rows", at, row.comparison)
        other = reference(row)
        if row.comparison not in comparisons(kind):
            document, place = context.where(route, key=True)
            known = "、".join(comparisons(kind))
            message = Text(
                f"{step.check} 的类型是 {kind}，不能用 {row.comparison} 比较",
                f"{step.check} is of the type {kind} and cannot be compared by `{row.comparison}`",
            )
            yield finding(document, place, "S211", message, Text(f"可以用：{known}", f"it can be: {known}"))
        elif other is not None and other not in kinds:
            message = Text(f"没有名为 {other} 的值", f"there is no value called {other}")
            yield _unknown(context, route, "S204", message, other, list(kinds))
        elif other is not None and not _alike(kind, kinds[other]):
            document, place = context.where(route)
            message = Text(
                f"{step.check} 的类型是 {kind}，{other} 的是 {kinds[other]}，不能比较",
                f"{step.check} is of the type {kind}, {other} of {kinds[other]}: they cannot be compared",
            )
            yield finding(document, place, "S211", message)
        else:
            try:
                check_constant(kind, row)
            except InputProblem as problem:
                document, place = context.where(route)
                yield finding(document, place, "S211", problem.reason, problem.repair)


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} == {"date", "datetime"}


def _calls(context: Context) -> Iterator[Finding]:
    flows = context.library.flows
    for name, step in context.script.steps.items():
        if step.call is not None and step.call not in flows:
            message = Text(f"common/ 里没有流程 {step.call}", f"there is no flow {step.call} in common/")
            yield _unknown(context, ("steps", name, "call"), "S213", message, step.call, list(flows))
        if step.exit is not None:
            document, place = context.where(("steps", name, "exit"), key=True)
            message = Text("exit 只能写在流程（kind: flow）里", "`exit` belongs into a flow (kind: flow)")
            yield finding(document, place, "S212", message)
    for name in context.whole.recursive:
        document, place = context.where(("steps", name, "call"))
        chain = " → ".join((*context.whole.calls[name].chain,))
        message = Text(f"流程绕回了自己：{chain}", f"the flow calls itself: {chain}")
        yield finding(document, place, "S213", message)
    for name in context.whole.taken:
        document, place = context.where(("steps", name), key=True)
        message = Text(f"步骤名 {name} 和流程展开后的名字相同", f"{name} is also the name of a step of a called flow")
        yield finding(document, place, "S213", message, Text("改个名字，不要用两个下划线", "avoid two underscores"))
    for call in context.whole.calls.values():
        if call.step not in context.whole.recursive:
            yield from _exits(context, call, context.whole.flows[call.flow])


def _exits(context: Context, call: Called, flow: Flow) -> Iterator[Finding]:
    for missing in [way for way in flow.exits if way not in call.exits]:
        document, place = context.where(("steps", call.step, "exits"), key=True)
        message = Text(f"exits 缺少 {missing}", f"`exits` lacks {missing}")
        yield finding(document, place, "S214", message, Text(f"流程 {flow.id} 有这个出口", f"{flow.id} has this exit"))
    for way in [way for way in call.exits if way not in flow.exits]:
        document, place = context.where(("steps", call.step, "exits", way), key=True)
        message = Text(f"流程 {flow.id} 没有出口 {way}", f"the flow {flow.id} has no exit {way}")
        yield finding(document, place, "S214", message, did_you_mean(way, flow.exits))
    kinds = kinds_of(context.script)
    for name, spec in flow.takes.items():
        if kinds.get(name) != spec.type:
            document, place = context.where(("steps", call.step, "call"))
            message = Text(
                f"流程 {flow.id} 需要值 {name}（{spec.type}），这个话术里没有",
                f"the flow {flow.id} needs the value {name} ({spec.type}), which this script does not have",
            )
            yield finding(document, place, "S214", message)


def _flows(context: Context) -> Iterator[Finding]:
    """What is wrong in the file of a flow that is called, whoever calls it."""
    for name, flow in context.whole.flows.items():
        document = context.library.flows[name]
        yield from _flow_steps(document, flow)
        if flow.id != document.path.stem:
            message = Text(f"id 是 {flow.id}，文件名却是 {document.path.stem}", "the id differs from the file's name")
            yield finding(document, document.place(("id",)), "S209", message)
        for at, way in enumerate(flow.exits):
            if all(step.exit != way for step in flow.steps.values()):
                message = Text(f"没有步骤从出口 {way} 离开", f"no step leaves by the exit {way}")
                yield finding(document, document.place(("exits", at)), "S212", message)


def _flow_steps(document: Document, flow: Flow) -> Iterator[Finding]:
    if flow.start not in flow.steps:
        message = Text(f"没有名为 {flow.start} 的步骤", f"there is no step called {flow.start}")
        hint = did_you_mean(flow.start, list(flow.steps))
        yield finding(document, document.place(("start",)), "S203", message, hint)
    for name, step in flow.steps.items():
        if step.exit is not None and step.exit not in flow.exits:
            message = Text(f"流程没有出口 {step.exit}", f"the flow has no exit {step.exit}")
            place = document.place(("steps", name, "exit"))
            yield finding(document, place, "S212", message, did_you_mean(step.exit, flow.exits))


def _types(context: Context) -> Iterator[Finding]:
    """One name, one type: a value that is asked here and given there would be spoken in two ways."""
    seen: dict[str, str] = {name: spec.type for name, spec in context.script.inputs.items()}
    for name, step in context.script.steps.items():
        found: dict[str, tuple[str, Route]] = {}
        if step.ask is not None:
            found |= {value: (spec.type, ("ask", value)) for value, spec in step.ask.values.items()}
        if step.do is not None:
            found |= {value: (spec.type, ("do", "gives", value)) for value, spec in step.do.gives.items()}
        for value, (kind, route) in found.items():
            if seen.setdefault(value, kind) != kind:
                document, place = context.where(("steps", name, *route), key=True)
                message = Text(
                    f"值 {value} 在别处的类型是 {seen[value]}，这里是 {kind}",
                    f"the value {value} is of the type {seen[value]} elsewhere, {kind} here",
                )
                yield finding(document, place, "S215", message, Text("换一个名字", "give it another name"))


def _scopes(context: Context) -> Iterator[Finding]:
    """What a flow collects stays in it, unless it ``gives`` it."""
    made: dict[str, set[Called | None]] = {}
    owners = context.whole.owners
    for name, step in context.script.steps.items():
        values = (*(step.ask.values if step.ask is not None else ()), *(step.do.gives if step.do else ()))
        for value in values:
            made.setdefault(value, set()).update(_seen_by(context, owners.get(name), value))
    for name, step in context.script.steps.items():
        for route, text in (*sentences(name, step), *ask_checks.sentences(context.script, name, step)):
            for value in template.values(text):
                if value in made and value not in context.script.inputs and owners.get(name) not in made[value]:
                    document, place = context.where_value(route, value)
                    message = Text(
                        f"{value} 是流程里问到的值，流程没有把它写进 gives",
                        f"{value} is collected in a flow that does not name it in `gives`",
                    )
                    yield finding(document, place, "S214", message)


def _seen_by(context: Context, owner: Called | None, value: str) -> set[Called | None]:
    """The calls whose steps may use a value that a step of ``owner`` collects; None is the script itself.

    A flow hands a value out by ``gives``, and hands it on to a flow that ``takes`` it.
    """
    flows = context.whole.flows
    seen: set[Called | None] = {owner}
    while owner is not None and value in flows[owner.flow].gives:
        owner = owner.inside
        seen.add(owner)
    for call in context.whole.calls.values():  # a call comes after the one it is in
        if call.inside in seen and call.flow in flows and value in flows[call.flow].takes:
            seen.add(call)
    return seen

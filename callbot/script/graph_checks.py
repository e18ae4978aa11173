"""Lint's fourth pass: every call ends, every step can be reached, every value is known where it is used. Pure."""

from collections.abc import Callable, Iterator

from callbot.language import Text
from callbot.script import ask_checks, template
from callbot.script.context import Context
from callbot.script.findings import Finding, finding
from callbot.script.graph import exits, reachable, sentences, starts, successors
from callbot.script.model import Script, Step
from callbot.script.references import of_ending
from callbot.script.source import Route


def check(context: Context) -> list[Finding]:
    """Unreachable steps, steps without an end, loops without the customer, a long farewell, values that are not set."""
    return [
        *_unreachable(context),
        *_endless(context),
        *_loops(context),
        *_farewell(context),
        *_hangup(context),
        *_unset(context),
    ]


def known_before(script: Script) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """What is certain when a step is entered, on every path: values that are set, things that are proven.

    A forward analysis over the graph: what holds at a step is what holds at the end of all ways into it.
    """
    certain: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    there = frozenset(script.inputs)
    waiting: list[tuple[str, frozenset[str], frozenset[str]]] = [(name, there, frozenset()) for name in starts(script)]
    while waiting:
        name, values, proven = waiting.pop()
        before = certain.get(name)
        if before is not None:
            values, proven = values & before[0], proven & before[1]
            if (values, proven) == before:
                continue
        certain[name] = (values, proven)
        step = script.steps[name]
        for way, jump in exits(script, step).items():
            after = values | gained(step, way)
            proofs = proven | ({jump.proves} if jump.proves is not None else frozenset())
            waiting.append((jump.to, after, proofs))
            if jump.otherwise is not None:
                waiting.append((jump.otherwise, after, proven))
    return certain


def gained(step: Step, way: str) -> frozenset[str]:
    """The values that are certain after this exit of a step though they need not have been before."""
    if way in ("value", "same", "changed") and step.ask is not None:
        return frozenset(step.ask.values)
    if step.check is not None:
        return frozenset((step.check,)) if _is_there(step, way) else frozenset()
    if step.do is not None and step.do.gives_with(way.removeprefix("result:")):
        return frozenset(step.do.gives)
    return frozenset()


def _is_there(step: Step, way: str) -> bool:
    """Whether this exit of a check is only taken when the value is there."""
    empty = [f"row:{at}" for at, row in enumerate(step.rows, start=1) if row.empty]
    return way not in empty and (way != "otherwise" or bool(empty))


def _unreachable(context: Context) -> Iterator[Finding]:
    script = context.script
    reached = reachable(script, starts(script))
    for name in script.steps:
        if name not in reached and not context.is_shared(name):
            document, place = context.where(("steps", name), key=True)
            message = Text(f"没有任何路能走到步骤 {name}", f"no way leads to the step {name}")
            yield finding(document, place, "S301", message, _why_unreachable(script, name))


def _why_unreachable(script: Script, name: str) -> Text:
    """A rule of ``defaults`` may lead there and yet never hold: every step that listens has its own way instead."""
    for rule, row in (("silence", script.defaults.silence), ("unclear", script.defaults.unclear)):
        if row is not None and row.then == name:
            return Text(
                f"defaults.{rule} 指向它，但每一步都另有去处（gave_up 或自己的 {rule}）：改指别的步骤，再删掉它",
                f"defaults.{rule} leads to it, but every step goes elsewhere (by gave_up or its own {rule}): "
                "let the rule lead to another step and delete this one",
            )
    return Text("删掉它，或从别的步骤指向它", "delete it or lead to it")


def _ends(script: Script) -> set[str]:
    """Steps from which an end can be reached."""
    before: dict[str, list[str]] = {name: [] for name in script.steps}
    for name in script.steps:
        for following in successors(script, name):
            before[following].append(name)
    good: set[str] = set()
    waiting = [name for name, step in script.steps.items() if step.end is not None]
    while waiting:
        name = waiting.pop()
        if name not in good:
            good.add(name)
            waiting += before[name]
    return good


def _endless(context: Context) -> Iterator[Finding]:
    good = _ends(context.script)
    for name in context.script.steps:
        if name not in good:
            document, place = context.where(("steps", name), key=True)
            message = Text(f"从步骤 {name} 永远走不到结束", f"no end can be reached from the step {name}")
            yield finding(document, place, "S302", message)


def _without_customer(script: Script, name: str) -> list[str]:
    step = script.steps[name]
    return [] if step.listens else successors(script, name)


def _loops(context: Context) -> Iterator[Finding]:
    script = context.script
    unheard = {name: _without_customer(script, name) for name in script.steps}
    for name in script.steps:
        seen: set[str] = set()
        waiting = list(unheard[name])
        while waiting:
            following = waiting.pop()
            if following not in seen:
                seen.add(following)
                waiting += unheard[following]
        if name in seen:
            document, place = context.where(("steps", name), key=True)
            message = Text(
                f"步骤 {name} 会绕回自己，中间没有听客户说话", f"the step {name} comes back to itself unheard"
            )
            yield finding(document, place, "S303", message)


def _farewell(context: Context) -> Iterator[Finding]:
    script = context.script
    yield from _waits(
        context,
        ("longest", "then"),
        script.longest.then,
        lambda name: Text(
            f"到了上限以后必须说完就结束，但 {name} 还要等别的",
            f"after the limit a call has to end, but {name} waits",
        ),
    )
    if script.on_machine is not None:
        yield from _waits(
            context,
            ("on_machine",),
            script.on_machine,
            lambda name: Text(
                f"对答录机只能说完就结束，但 {name} 还要等别的",
                f"with a machine a call has to end, but {name} waits",
            ),
        )


def _waits(context: Context, route: Route, start: str, message: Callable[[str], Text]) -> Iterator[Finding]:
    for name in sorted(reachable(context.script, (start,))):
        step = context.script.steps[name]
        if step.end is None and (step.listens or step.then is None):
            document, place = context.where(route)
            yield finding(document, place, "S304", message(name))
            return


def _hangup(context: Context) -> Iterator[Finding]:
    rules = context.script.hangup
    if not rules or rules[-1].after is not None or any(rule.after is None for rule in rules[:-1]):
        document, place = context.where(("hangup",), key=True)
        message = Text(
            "hangup 的最后一条不写 after，其余的都要写", "the last hangup rule has no `after`, all others do"
        )
        yield finding(document, place, "S306", message, Text("最后加一条 {outcome: hung_up}", "add {outcome: hung_up}"))


def _uses(script: Script, name: str, step: Step) -> Iterator[tuple[Route, str]]:
    route: Route = ("steps", name)
    for said, text in ask_checks.sentences(script, name, step):
        asked = step.ask.values if step.ask is not None and "read_back" in said else ()
        yield from ((said, value) for value in template.values(text) if value not in asked)
    yield from ((place, value) for place, text in sentences(name, step) for value in template.values(text))
    if step.do is not None:
        yield from (((*route, "do", "with", at), value) for at, _, value in step.do.asked())
    if step.ask is not None:
        needed = {"from": step.ask.source, "current": step.ask.current}
        yield from (((*route, "ask", key), value) for key, value in needed.items() if value is not None)
    yield from of_ending((*route, "end"), step.end)


def _unset(context: Context) -> Iterator[Finding]:
    for name, (values, _) in known_before(context.script).items():
        for route, value in _uses(context.script, name, context.script.steps[name]):
            if value not in values:
                document, place = context.where_value(route, value)
                message = Text(
                    f"走到 {name} 时，{value} 不一定已经有了", f"{value} is not set on every way to the step {name}"
                )
                yield finding(document, place, "S305", message)

"""Part of lint's third pass: does what a script asks of systems fit ``actions.yaml``? Pure."""

from collections.abc import Iterator, Sequence

from callbot.language import Text
from callbot.script.actions import FAILED, ActionSpec, takes
from callbot.script.context import Context
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.kinds import kinds_of
from callbot.script.model import Do, Step
from callbot.script.source import Route


def check(context: Context) -> Iterator[Finding]:
    """Unknown actions; results, values and arguments that do not fit what the action declares."""
    kinds = kinds_of(context.script)
    for name, step in context.script.steps.items():
        if step.do is None:
            continue
        spec = context.library.actions.get(step.do.action)
        if spec is None:
            message = Text(
                f"actions.yaml 里没有动作 {step.do.action}", f"there is no action {step.do.action} in actions.yaml"
            )
            known = list(context.library.actions)
            yield _found(context, ("steps", name, "do", "action"), "S205", message, step.do.action, known)
            continue
        yield from _results(context, name, step, step.do, spec)
        yield from _given(context, name, step.do, spec)
        yield from _arguments(context, name, step.do, spec, kinds)


def _found(
    context: Context, route: Route, code: str, message: Text, name: str, known: Sequence[str], *, key: bool = False
) -> Finding:
    document, place = context.where(route, key=key)
    return finding(document, place, code, message, did_you_mean(name, known))


def _results(context: Context, name: str, step: Step, do: Do, spec: ActionSpec) -> Iterator[Finding]:
    results = (*spec.results, FAILED)
    for result in step.results:
        if result not in results:
            message = Text(f"{do.action} 没有结果 {result}", f"{do.action} never comes back as {result}")
            yield _found(context, ("steps", name, "results", result), "S206", message, result, results, key=True)
    for missing in [result for result in results if result not in step.results]:
        document, place = context.where(("steps", name, "results"), key=True)
        yield finding(document, place, "S206", Text(f"results 缺少 {missing}", f"`results` lacks {missing}"))


def _given(context: Context, name: str, do: Do, spec: ActionSpec) -> Iterator[Finding]:
    for given, own in do.gives.items():
        route: Route = ("steps", name, "do", "gives", given)
        declared = spec.gives.get(given)
        if declared is None:
            message = Text(f"{do.action} 不给出 {given}", f"{do.action} does not give {given}")
            yield _found(context, route, "S206", message, given, list(spec.gives), key=True)
        elif (own.type, own.private) != (declared.type, declared.private):
            document, place = context.where(route)
            message = Text(
                f"{given} 的类型或保密和 actions.yaml 里写的不一样",
                f"{given} differs from what actions.yaml says of it",
            )
            yield finding(document, place, "S206", message, _written(given, declared.type, declared.private))


def _written(name: str, kind: str, private: str | None) -> Text:
    value = kind if private is None else f"{{type: {kind}, private: {private}}}"
    return Text(f"写成 {name}: {value}", f"write {name}: {value}")


def _arguments(context: Context, name: str, do: Do, spec: ActionSpec, kinds: dict[str, str]) -> Iterator[Finding]:
    route: Route = ("steps", name, "do", "with")
    missing = [argument for argument in spec.arguments if argument not in do.arguments]
    if missing:
        document, place = context.where(route, key=True)
        message = Text(f"{do.action} 需要 {'、'.join(missing)}", f"{do.action} needs {', '.join(missing)}")
        whole = f"with: [{', '.join(spec.arguments)}]"
        yield finding(document, place, "S206", message, Text(f"写成 {whole}", f"write {whole}"))
    for at, argument, value in do.asked():
        wanted, kind = spec.arguments.get(argument), kinds.get(value)
        if wanted is None:
            message = Text(f"{do.action} 不要 {argument}", f"{do.action} does not take {argument}")
            yield _found(context, (*route, at), "S206", message, argument, list(spec.arguments))
        elif kind is not None and not takes(wanted, kind):  # an unknown value is found elsewhere
            document, place = context.where((*route, at))
            message = Text(
                f"{do.action} 要的 {argument} 是 {wanted}，这里是 {kind}",
                f"{do.action} takes {argument} as {wanted}, here it is {kind}",
            )
            yield finding(document, place, "S206", message)

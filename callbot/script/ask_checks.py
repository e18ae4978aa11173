"""Lint of steps that ask: the values they refer to, and what they have to be able to say. Pure."""

from collections.abc import Iterator, Mapping

from callbot.language import Text
from callbot.script import template
from callbot.script.ask import VALUE, Ask, read_back
from callbot.script.context import Context
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.model import Script, Step
from callbot.script.source import Route
from callbot.zh.spoken import HALF_DAYS, YES_NO

_CLOSED = {"yes_no": tuple(YES_NO), "half_day": tuple(HALF_DAYS)}
"""Values that a type can only have."""


def sentences(script: Script, name: str, step: Step) -> Iterator[tuple[Route, str]]:
    """What a step says while it asks, besides its prompt: the values read back, and what is missing."""
    if step.ask is not None:
        said = read_back(step.ask, step.read_back, script.defaults.read_back)
        own = step.read_back not in (None, "on", "off")
        if said:
            yield (("steps", name, "read_back") if own else ("defaults", "read_back")), said
    yield from ((("steps", name, "missing", value), text) for value, text in step.missing.items())


def check(context: Context, kinds: Mapping[str, str]) -> Iterator[Finding]:
    """``from`` and ``current`` of the wrong type, wordings that are missing or leave a value out."""
    for name, step in context.script.steps.items():
        if step.ask is not None:
            yield from _sources(context, ("steps", name, "ask"), step.ask, kinds)
            yield from _missing(context, name, step, step.ask)
            yield from _own_read_back(context, name, step, step.ask)
        if step.check is not None:
            yield from _compared(context, name, step, step.check)
    yield from _standard(context)


def _compared(context: Context, name: str, step: Step, value: str) -> Iterator[Finding]:
    """A check of a value that can only be one of a few: a misspelt one would never hold, and nobody would notice."""
    asks = (each.ask for each in context.script.steps.values() if each.ask is not None)
    spec = next((ask.values[value] for ask in asks if value in ask.values), None)
    known = [*spec.options, *_CLOSED.get(spec.type, ())] if spec is not None else []
    for at, row in enumerate(step.rows):
        if known and row.comparison == "is" and not row.operand.startswith("{") and row.operand not in known:
            document, place = context.where(("steps", name, "rows", at, "is"))
            message = Text(f"{value} 不会是 {row.operand}", f"{value} is never {row.operand}")
            yield finding(document, place, "S211", message, did_you_mean(row.operand, known))


def _sources(context: Context, route: Route, ask: Ask, kinds: Mapping[str, str]) -> Iterator[Finding]:
    kind = next(iter(ask.values.values())).type
    for key, source, wanted in (("from", ask.source, "list"), ("current", ask.current, kind)):
        if source is not None and kinds.get(source, wanted) != wanted:
            document, place = context.where((*route, key))
            message = Text(
                f"{key} 要用 {wanted} 类型的值，{source} 是 {kinds[source]}",
                f"`{key}` needs a value of the type {wanted}, {source} is {kinds[source]}",
            )
            fitting = [each for each, given in kinds.items() if given == wanted and each not in ask.values]
            yield finding(document, place, "S216", message, did_you_mean(source, fitting))


def _missing(context: Context, name: str, step: Step, ask: Ask) -> Iterator[Finding]:
    route: Route = ("steps", name, "missing")
    for value in step.missing:
        if value not in ask.values:
            document, place = context.where((*route, value), key=True)
            message = Text(f"这一步不问 {value}", f"this step does not ask for {value}")
            yield finding(document, place, "S217", message, did_you_mean(value, list(ask.values)))
    needed = len(ask.values) > 1 or ask.current is not None
    for value in [each for each in ask.values if needed and each not in step.missing]:
        document, place = context.where(("steps", name, "ask"), key=True)
        message = Text(f"没有写单独问 {value} 的话", f"there is no sentence that asks for {value} alone")
        hint = Text(f"在 missing 里写 {value}: 请问……？", f"write {value}: … under `missing`")
        yield finding(document, place, "S217", message, hint)


def _own_read_back(context: Context, name: str, step: Step, ask: Ask) -> Iterator[Finding]:
    if step.read_back in (None, "on", "off"):
        return
    said = template.values(step.read_back or "")
    for value in [each for each in ask.values if each not in said]:
        document, place = context.where(("steps", name, "read_back"))
        message = Text(f"复述的话里没有 {{{value}}}", f"the sentence does not read {{{value}}} back")
        hint = Text("写 on、off，或一句有这个值的话", "write on, off, or a sentence with the value")
        yield finding(document, place, "S218", message, hint)


def _standard(context: Context) -> Iterator[Finding]:
    standard = context.script.defaults.read_back
    steps = [step for step in context.script.steps.values() if step.ask is not None]
    plain = [
        step
        for step in steps
        if step.ask is not None and (step.read_back == "on" or (step.read_back is None and step.ask.spoken_back))
    ]
    if standard is None and plain:
        document, place = context.where(("defaults",), key=True)
        message = Text("defaults 里缺少 read_back（复述客户说的值的话）", "defaults lacks `read_back`")
        hint = Text("例如 read_back: 您说的是{value}，对吗？", "such as read_back: 您说的是{value}，对吗？")
        yield finding(document, place, "S218", message, hint)
    if standard is not None and VALUE not in template.values(standard):
        document, place = context.where(("defaults", "read_back"))
        message = Text("复述的话里没有 {value}", "the sentence does not have {value}")
        yield finding(document, place, "S218", message, Text("例如：您说的是{value}，对吗？", "put {value} into it"))

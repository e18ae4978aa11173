"""Lint's third pass: every name that a script uses must be known. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from callbot.language import Text
from callbot.script import action_checks, ask_checks, template
from callbot.script.basics import Jump
from callbot.script.context import Context
from callbot.script.ending import Ending, EndSpec
from callbot.script.expand import plain
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.graph import sentences
from callbot.script.kinds import CALLER, kinds_of
from callbot.script.model import Step
from callbot.script.source import Route

_Target = tuple[Route, str]


def check(context: Context) -> list[Finding]:
    """Unknown steps, intents, values, actions, results, messages and common parts; what a hotline cannot have."""
    return [
        *_head(context),
        *_targets(context),
        *_intents(context),
        *_values(context),
        *action_checks.check(context),
        *_sms(context),
        *_hotline(context),
        *ask_checks.check(context, kinds_of(context.script)),
    ]


def known_values(context: Context) -> dict[str, str | None]:
    """Every value the script has, with what must be proven before it is spoken."""
    values: dict[str, str | None] = {name: spec.private for name, spec in context.script.inputs.items()}
    if context.script.kind == "hotline":
        values[CALLER] = None
    for step in context.script.steps.values():
        if step.do is not None:
            values.update({name: spec.private for name, spec in step.do.gives.items()})
    for step in context.script.steps.values():
        if step.ask is not None:  # what corrects a private value, or is chosen among private ones, is as private
            private = values.get(step.ask.current or step.ask.source or "")
            values.update(dict.fromkeys(step.ask.values, private))
    return values


def queues(context: Context, known: frozenset[str]) -> Iterator[Finding]:
    """Queues that the settings do not have: nobody would ever answer there. Nothing when no queue is set up at all."""
    for name, step in context.script.steps.items():
        if step.transfer is not None and known and step.transfer.queue not in known:
            queue = step.transfer.queue
            document, place = context.where(("steps", name, "transfer", "queue"))
            message = Text(f"配置里没有人工队列 {queue}", f"there is no queue {queue} in the settings")
            yield finding(document, place, "S231", message, did_you_mean(queue, sorted(known)), warn=True)


def webhooks(context: Context, known: frozenset[str]) -> Iterator[Finding]:
    """Webhooks that the settings do not have: nobody would be told."""
    for name, step in context.script.steps.items():
        if step.end is not None and step.end.webhook is not None and step.end.webhook.name not in known:
            webhook = step.end.webhook.name
            route: Route = ("steps", name, "end", "webhook")
            short = isinstance(context.raw["steps"][name]["end"]["webhook"], str)
            document, place = context.where(route if short else (*route, "name"))
            message = Text(f"配置里没有 [webhooks.{webhook}]", f"there is no [webhooks.{webhook}] in the settings")
            yield finding(document, place, "S234", message, did_you_mean(webhook, sorted(known)), warn=True)


def _unknown(
    context: Context, route: Route, code: str, message: Text, name: str, known: Sequence[str], *, key: bool = False
) -> Finding:
    document, place = context.where(route, key=key)
    return finding(document, place, code, message, did_you_mean(name, known))


def _head(context: Context) -> Iterator[Finding]:
    for index, name in enumerate(context.script.use):
        if name not in context.library.commons:
            message = Text(f"common/ 里没有 {name}.yaml", f"there is no {name}.yaml in common/")
            yield _unknown(context, ("use", index), "S201", message, name, list(context.library.commons))
    if context.script.id != context.document.path.stem:
        stem = context.document.path.stem
        message = Text(f"id 是 {context.script.id}，文件名却是 {stem}", f"the id differs from the file's name {stem}")
        yield finding(context.document, context.document.place(("id",)), "S209", message)


def _jump(route: Route, jump: Jump) -> Iterator[_Target]:
    yield (*route, "to"), jump.to
    if jump.otherwise is not None:
        yield (*route, "else"), jump.otherwise


def _step_targets(route: Route, step: Step) -> Iterator[_Target]:
    for group, jumps in (("answers", step.answers), ("keys", step.keys), ("results", step.results)):
        for name, jump in jumps.items():
            yield from _jump((*route, group, name), jump)
    if step.ask is not None:
        ways = {"gave_up": step.ask.gave_up, "same": step.ask.same, "changed": step.ask.changed}
        for way, leading in ways.items():
            if leading is not None:
                yield from _jump((*route, "ask", way), leading)
    if step.then is not None:
        yield from _jump((*route, "then"), step.then)
    if step.transfer is not None:
        yield from _jump((*route, "transfer", "failed"), step.transfer.failed)
    for at, row in enumerate(step.rows):
        yield (*route, "rows", at, "to"), row.to
    if step.otherwise is not None:
        yield from _jump((*route, "otherwise"), step.otherwise)
    for rule_name, rule in (("silence", step.silence), ("unclear", step.unclear)):
        if rule is not None:
            yield (*route, rule_name, "then"), rule.then
    for name, aside in step.anytime.items():
        if aside.to is not None:
            yield (*route, "anytime", name, "to"), aside.to


def _all_targets(context: Context) -> Iterator[_Target]:
    script = context.script
    yield ("start",), script.start
    yield ("longest", "then"), script.longest.then
    if script.on_machine is not None:
        yield ("on_machine",), script.on_machine
    if script.faq is not None and script.faq.otherwise is not None:
        yield ("faq", "else"), script.faq.otherwise
    for name, row in script.defaults.anytime.items():
        if row.to is not None:
            yield ("defaults", "anytime", name, "to"), row.to
    for rule_name, rule in (("silence", script.defaults.silence), ("unclear", script.defaults.unclear)):
        if rule is not None:
            yield ("defaults", rule_name, "then"), rule.then
    for index, hangup in enumerate(script.hangup):
        if hangup.after is not None:
            yield ("hangup", index, "after"), hangup.after
    for name, step in script.steps.items():
        yield from _step_targets(("steps", name), step)


def _targets(context: Context) -> Iterator[Finding]:
    for route, name in _all_targets(context):
        if name not in context.script.steps:
            message = Text(f"没有名为 {plain(name)} 的步骤", f"there is no step called {plain(name)}")
            beside = name.removesuffix(plain(name))
            known = [plain(each) for each in context.script.steps if each == beside + plain(each)]
            yield _unknown(context, route, "S203", message, plain(name), known)
    if any(step.listens for step in context.script.steps.values()):
        for rule in ("silence", "unclear"):
            if getattr(context.script.defaults, rule) is None:
                document, place = context.where(("defaults",), key=True)
                message = Text(f"defaults 里缺少 {rule}", f"defaults lacks `{rule}`")
                yield finding(document, place, "S102", message)


def _intents(context: Context) -> Iterator[Finding]:
    routes: list[Route] = [("defaults", "anytime", name) for name in context.script.defaults.anytime]
    for name, step in context.script.steps.items():
        routes += [("steps", name, "answers", intent) for intent in step.answers]
        routes += [("steps", name, "anytime", intent) for intent in step.anytime]
    for route in routes:
        name = str(route[-1])
        if name not in context.library.intents:
            message = Text(f"没有名为 {name} 的意图", f"there is no intent called {name}")
            yield _unknown(context, route, "S202", message, name, list(context.library.intents), key=True)
    for name, intent in context.library.intents.items():
        if intent.means is not None and intent.means not in context.library.intents:
            document = context.library.documents[name]
            message = Text(f"没有名为 {intent.means} 的意图", f"there is no intent called {intent.means}")
            place = document.place(("intents", name, "means"))
            yield finding(document, place, "S202", message, did_you_mean(intent.means, list(context.library.intents)))


def _spoken(context: Context) -> Iterator[tuple[Route, str]]:
    for name, row in context.script.defaults.anytime.items():
        if row.say is not None:
            yield ("defaults", "anytime", name, "say"), row.say
    for name, step in context.script.steps.items():
        yield from sentences(name, step)
        yield from ask_checks.sentences(context.script, name, step)
        for intent, row in step.anytime.items():
            if row.say is not None:
                yield ("steps", name, "anytime", intent, "say"), row.say


def _values(context: Context) -> Iterator[Finding]:
    known = known_values(context)
    uses: list[tuple[Route, Iterable[str]]] = [(route, template.values(text)) for route, text in _spoken(context)]
    for name, step in context.script.steps.items():
        if step.ask is not None:
            needed = {"from": step.ask.source, "current": step.ask.current}
            uses += [(("steps", name, "ask", key), (value,)) for key, value in needed.items() if value is not None]
        if step.do is not None:
            uses += [(("steps", name, "do", "with", at), (value,)) for at, _, value in step.do.asked()]
        uses += [(route, (value,)) for route, value in of_ending(("steps", name, "end"), step.end)]
    for at, rule in enumerate(context.script.hangup):
        uses += [(route, (value,)) for route, value in of_ending(("hangup", at), rule)]
    for route, names in uses:
        for value in names:
            if value not in known:
                message = Text(
                    f"没有名为 {value} 的值：名单里没有，通话里也没有问到", f"there is no value called {value}"
                )
                document, place = context.where_value(route, value)
                yield finding(document, place, "S204", message, did_you_mean(value, list(known)))
    for route, text in _spoken(context):
        rest = "".join(part.text for part in template.split(text) if isinstance(part, template.Carrier))
        if "{" in rest or "}" in rest or "｛" in rest:
            document, place = context.where(route)
            message = Text("花括号里不是值的名字", "the braces do not hold the name of a value")
            hint = Text(
                "写成 {name} 这样：半角花括号、小写英文名", "write it like {name}: half-width braces, lower-case name"
            )
            yield finding(document, place, "S204", message, hint)


def _sms(context: Context) -> Iterator[Finding]:
    templates, known = context.library.sms, known_values(context)
    uses: list[tuple[Route, str]] = [
        (("steps", name, "end", "sms"), step.end.sms)
        for name, step in context.script.steps.items()
        if step.end is not None and step.end.sms is not None
    ]
    uses += [(("hangup", at, "sms"), rule.sms) for at, rule in enumerate(context.script.hangup) if rule.sms is not None]
    for route, name in uses:
        if name not in templates:
            message = Text(f"sms.yaml 里没有模板 {name}", f"there is no template {name} in sms.yaml")
            yield _unknown(context, route, "S207", message, name, list(templates))
            continue
        for value in template.values(templates[name].text):
            if value not in known:
                message = Text(
                    f"短信 {name} 要用 {value}，这个话术里没有", f"the message {name} needs {value}, which is not here"
                )
                yield _unknown(context, route, "S208", message, value, list(known))


def of_ending(route: Route, end: Ending | None) -> Iterator[tuple[Route, str]]:
    """The values that an end needs, with their places."""
    if end is None:
        return
    if end.retry_at is not None:
        yield (*route, "retry_at"), end.retry_at
    if isinstance(end, EndSpec) and end.ticket is not None:
        yield from (((*route, "ticket", "text"), value) for value in template.values(end.ticket.text))
    if isinstance(end, EndSpec) and end.webhook is not None:
        yield from (((*route, "webhook", "with", at), value) for at, value in enumerate(end.webhook.values))


def _again(route: Route, end: Ending) -> list[Route]:
    again = {"retry_at": end.retry_at, "retry_in": end.retry_in}
    return [(*route, key) for key, value in again.items() if value is not None]


def _hotline(context: Context) -> Iterator[Finding]:
    """A caller is in no list, and nobody is called again."""
    if context.script.kind != "hotline":
        return
    routes: list[Route] = [("inputs",)] if context.script.inputs else []
    if context.script.on_machine is not None:
        routes.append(("on_machine",))
    for name, step in context.script.steps.items():
        if step.end is not None:
            routes += _again(("steps", name, "end"), step.end)
    for at, rule in enumerate(context.script.hangup):
        routes += _again(("hangup", at), rule)
    for route in routes:
        document, place = context.where(route, key=True)
        message = Text(f"热线里不能写 {route[-1]}", f"a hotline cannot have {route[-1]}")
        hint = Text("删掉它；要知道的值用 ask 问来电的人", "leave it out; collect values from the caller by `ask`")
        yield finding(document, place, "S210", message, hint)

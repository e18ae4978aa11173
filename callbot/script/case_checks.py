"""Lint of test files: names that the script does not have. A test that hears a misspelt intent tests nothing. Pure."""

from collections.abc import Iterator, Sequence

from callbot.language import Text
from callbot.script.cases import CaseFile
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.kinds import kinds_of
from callbot.script.model import Bundle
from callbot.script.source import Document, Route

_TRANSFER = "transfer"
"""What ``result`` calls the answer to a hand-over."""


def check(document: Document, bundle: Bundle) -> Iterator[Finding]:
    """Unknown intents, steps, actions, values and messages in a test file of the right shape."""
    file = CaseFile.model_validate(document.data)
    steps, intents, values = list(bundle.script.steps), list(bundle.intents), list(kinds_of(bundle.script))
    actions = dict.fromkeys(step.do.action for step in bundle.script.steps.values() if step.do is not None)
    for name in file.with_:
        yield from _known(document, ("with", name), name, "值", "value", list(bundle.script.inputs), key=True)
    for number, case in enumerate(file.cases):
        route: Route = ("cases", number)
        for name in case.with_:
            known = list(bundle.script.inputs)
            yield from _known(document, (*route, "with", name), name, "值", "value", known, key=True)
        for at, turn in enumerate(case.turns):
            here: Route = (*route, "turns", at)
            if turn.hear is not None:
                yield from _known(document, (*here, "hear"), turn.hear, "意图", "intent", intents)
            if turn.step is not None:
                yield from _known(document, (*here, "step"), turn.step, "步骤", "step", steps)
            for action in turn.result:
                known = [*actions, _TRANSFER]
                yield from _known(document, (*here, "result", action), action, "动作", "action", known, key=True)
        expect = case.expect
        if expect.never_said is not None:
            yield from _known(document, (*route, "expect", "never_said"), expect.never_said, "值", "value", values)
        if expect.sms is not None:
            yield from _known(document, (*route, "expect", "sms"), expect.sms, "短信", "text message", list(bundle.sms))


def _known(
    document: Document, route: Route, name: str, zh: str, en: str, known: Sequence[str], *, key: bool = False
) -> Iterator[Finding]:
    if name not in known:
        message = Text(f"话术里没有名为 {name} 的{zh}", f"the script has no {en} called {name}")
        yield finding(document, document.place(route, key=key), "S233", message, did_you_mean(name, known))

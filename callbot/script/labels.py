"""Words for values that stand for one of several things: an option, a found order. Pure."""

from collections.abc import Mapping

from callbot.script.items import read_items
from callbot.script.model import Script


def label(script: Script, name: str, value: str, values: Mapping[str, str]) -> str:
    """What the value ``name`` is called: the first form of an option, the name in the list; "" when there is none."""
    for step in script.steps.values():
        if step.ask is None or name not in step.ask.values:
            continue
        spec = step.ask.values[name]
        if value in spec.options:
            return spec.options[value][0]
        if spec.type == "one_of" and (listed := values.get(step.ask.source or "", "")):
            return next((item.name for item in read_items(listed) if item.value == value), "")
    return ""


def labels(script: Script, name: str) -> tuple[str, ...]:
    """All the words that a choice can be spoken with."""
    asks = (step.ask for step in script.steps.values() if step.ask is not None and name in step.ask.values)
    return tuple(forms[0] for ask in asks for forms in ask.values[name].options.values())


def sources(script: Script, name: str) -> tuple[str, ...]:
    """The values that the value ``name`` may come from: the list it is chosen from, the one it corrects."""
    asks = (step.ask for step in script.steps.values() if step.ask is not None and name in step.ask.values)
    return tuple(dict.fromkeys(each for ask in asks for each in (ask.source, ask.current) if each is not None))

"""The type of every value of a script. Pure."""

from callbot.script.model import Script


def kinds_of(script: Script) -> dict[str, str]:
    """The types by name: inputs, asked and given values."""
    kinds: dict[str, str] = {name: spec.type for name, spec in script.inputs.items()}
    for step in script.steps.values():
        if step.ask is not None:
            kinds.update({name: spec.type for name, spec in step.ask.values.items()})
        if step.do is not None:
            kinds.update({name: spec.type for name, spec in step.do.gives.items()})
    return kinds

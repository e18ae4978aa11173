"""The types of a script's values. Pure."""

from callbot.script.model import Script

NOW = "now"
"""What a check calls the moment at which the call began."""
DIALLED = "dialled"
"""What a check of a hotline calls the number that the caller dialled, as the trunk names it."""
CALLER = "caller"
"""The caller's own number, when the network shows one."""


def kinds_of(script: Script) -> dict[str, str]:
    """The type of every value of a script, by name: inputs, asked and given ones, and what a check knows besides."""
    kinds: dict[str, str] = {NOW: "datetime", **dict.fromkeys(script.hours, "hours")}
    if script.kind == "hotline":
        kinds |= {DIALLED: "text", CALLER: "phone"}
    kinds.update({name: spec.type for name, spec in script.inputs.items()})
    for step in script.steps.values():
        if step.ask is not None:
            kinds.update({name: spec.type for name, spec in step.ask.values.items()})
        if step.do is not None:
            kinds.update({name: spec.type for name, spec in step.do.gives.items()})
    return kinds

"""A script made whole: the common parts it uses and the flows it calls, put in as steps of its own. Pure.

A called flow stands once for every step that calls it, under names of that step::

    verify: {call: verify_identity, exits: {passed: remind, failed: handover}}

    verify               then: verify__ask_tail
    verify__ask_tail     the flow's steps, their targets renamed alike
    verify__exit_passed  then: remind         one for each exit, so that at_most counts the exit
    verify__exit_failed  then: handover

So lint, the state machine and the graph see plain steps, and what a flow proves is proved on every way through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callbot.script.model import Flow
from callbot.script.source import Document, Route

JOINT = "__"
"""Between the name of the step that calls and the name of a step of the flow."""
Origin = tuple[Document, Route]
"""Where something really stands: its file and its route there."""


def flow_step(caller: str, name: str) -> str:
    """What a step of a flow is called in the script whose step ``caller`` calls it."""
    return f"{caller}{JOINT}{name}"


def exit_step(caller: str, name: str) -> str:
    """What an exit of a flow is called there."""
    return f"{caller}{JOINT}exit_{name}"


def plain(step: str) -> str:
    """The name a step has in its own file."""
    return step.rpartition(JOINT)[2]


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a flow: the step that calls, the flow, the exits it names, the call it is in if a flow calls."""

    step: str
    flow: str
    exits: tuple[str, ...]
    inside: "Called | None" = None

    @property
    def chain(self) -> tuple[str, ...]:
        """The flows that are under way, this one last."""
        return (*(self.inside.chain if self.inside else ()), self.flow)


@dataclass(slots=True)
class Expanded:
    """The steps of a whole script, where they stand, and the calls among them by the step that calls.

    ``owners`` names the call that each step of a flow belongs to. ``recursive`` are steps that call a flow which is
    under way already: they stay as they are. ``taken`` are names that stand twice, ``flows``
    the flows that are called.
    """

    steps: dict[str, Any] = field(default_factory=dict)
    origins: dict[Route, Origin] = field(default_factory=dict)
    calls: dict[str, Called] = field(default_factory=dict)
    owners: dict[str, Called] = field(default_factory=dict)
    recursive: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    flows: dict[str, Flow] = field(default_factory=dict)


def expand(steps: Mapping[str, Any], flows: Mapping[str, Document], origins: Mapping[Route, Origin]) -> Expanded:
    """Put every called flow into ``steps`` (raw, of the right shape); unknown flows and exits are left to lint.

    ``origins`` tells where each of ``steps`` stands.
    """
    whole = Expanded(origins=dict(origins))
    for name, raw in steps.items():
        _add(whole, name, raw, flows, None)
    return whole


def _add(whole: Expanded, name: str, raw: Any, flows: Mapping[str, Document], inside: Called | None) -> None:
    if name in whole.steps:
        whole.taken.append(name)
        return
    if inside is not None:
        whole.owners[name] = inside
    flow = raw.get("call")
    if flow is None or flow not in flows:
        whole.steps[name] = raw
        return
    call = Called(name, flow, tuple(raw["exits"]), inside)
    whole.calls[name] = call
    if inside is not None and flow in inside.chain:
        whole.recursive.append(name)
        whole.steps[name] = raw
        return
    model = whole.flows.setdefault(flow, whole.flows.get(flow) or Flow.model_validate(flows[flow].data))
    whole.steps[name] = {
        **{key: value for key, value in raw.items() if key not in ("call", "exits")},
        "then": flow_step(name, model.start),
    }
    for own, step in flows[flow].data["steps"].items():
        inner = flow_step(name, own)
        whole.origins[("steps", inner)] = (flows[flow], ("steps", own))
        _add(whole, inner, _renamed(step, name), flows, call)
    for way in model.exits:
        joint = exit_step(name, way)
        if way in raw["exits"]:
            document, route = whole.origins[("steps", name)]
            whole.origins[("steps", joint)] = (document, (*route, "exits", way))
            whole.steps[joint] = {"then": raw["exits"][way]}
            if inside is not None:
                whole.owners[joint] = inside


def _renamed(raw: dict[str, Any], caller: str) -> dict[str, Any]:
    """A step of a flow as it stands in the script: every step it names is the flow's own."""
    step = dict(raw)
    if "exit" in step:
        step["then"] = exit_step(caller, step.pop("exit"))
        return step
    for group in ("answers", "keys", "results", "exits", "anytime"):
        if group in step:
            step[group] = {name: _jump(row, caller) for name, row in step[group].items()}
    for key in ("then", "otherwise"):
        if key in step:
            step[key] = _jump(step[key], caller)
    for key, targets in (("ask", ("gave_up", "same", "changed")), ("transfer", ("failed",))):
        if key in step:
            leading = {target: _jump(step[key][target], caller) for target in targets if target in step[key]}
            step[key] = {**step[key], **leading}
    for rule in ("silence", "unclear"):
        if rule in step:
            step[rule] = {**step[rule], "then": flow_step(caller, step[rule]["then"])}
    if "rows" in step:
        step["rows"] = [_jump(row, caller) for row in step["rows"]]
    return step


def _jump(raw: Any, caller: str) -> Any:
    if isinstance(raw, str):
        return flow_step(caller, raw)
    return {key: flow_step(caller, value) if key in ("to", "else") else value for key, value in raw.items()}

"""A stored call against another revision: the same events again, and the first place where it would go otherwise. Pure.

What the customer said is understood anew; answers of systems, keys and silences come as they came. After the first
difference the customer would have heard something else, so nothing that follows is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from callbot.dialogue.engine import CompiledScript, advance, begin
from callbot.dialogue.trace import trace_step
from callbot.language import Text
from callbot.messages import (
    Action,
    ActionFinished,
    Answered,
    Do,
    End,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    MachineHeard,
    PromptFinished,
    Say,
    Silence,
    TimeUp,
    Trace,
    TraceStep,
    Transfer,
    Understanding,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event after which the two part: what happened then, what would happen now, each in words."""

    at_ms: int
    event: Text
    then: tuple[Text, ...]
    now: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """Lines of the conversation as far as both agree; no ``difference`` when they agree to the end."""

    agreed: tuple[Text, ...]
    difference: Difference | None


def replay(trace: Trace, script: CompiledScript, answered_at: datetime) -> Replay:
    """Play the events of a call to a revision; ``answered_at`` in the zone of the campaign, as in the call.

    Errors: ``InputProblem`` when the revision needs an input that the call did not have.
    """
    state = begin(script, trace.inputs, answered_at)
    agreed: list[Text] = []
    for step in trace.steps:
        before = state
        state, actions = advance(script, before, step.event)
        again = trace_step(step.at_ms, step.event, before, state, actions)
        then, now = tuple(_told(step)), tuple(_told(again))
        if _essence(step) != _essence(again):
            return Replay(tuple(agreed), Difference(step.at_ms, _event(step.event), then, now))
        if not isinstance(step.event, PromptFinished):
            agreed += [_event(step.event), *(text for text in now if text.zh.startswith("机器人"))]
    return Replay(tuple(agreed), None)


def _essence(step: TraceStep) -> tuple[object, ...]:
    """What makes a difference to the customer or to what is kept; how it was understood alone does not."""
    return (step.step_after, dict(step.changed), *(part for action in step.actions for part in _parts(action)))


def _parts(action: Action) -> Iterator[object]:
    match action:
        case Say(text=text, barge_in_by=barge_in_by, guard_ms=guard_ms):
            yield ("say", text, barge_in_by, guard_ms)
        case Do(action=name, arguments=arguments):
            yield ("do", name, tuple(sorted(arguments.items())))
        case Transfer(queue=queue):
            yield ("transfer", queue)
        case End():
            yield action
        case _:
            return  # how long and for what it listens is not heard


def _told(step: TraceStep) -> Iterator[Text]:
    if step.understanding is not None:
        yield _understood(step.understanding)
    moved = step.step_after if step.step_after == step.step_before else f"{step.step_before} → {step.step_after}"
    yield Text(f"步骤：{moved}", f"step: {moved}")
    for name, value in step.changed.items():
        yield Text(f"记下 {name} = {value}", f"keeps {name} = {value}")
    for action in step.actions:
        match action:
            case Say(text=text):
                yield Text(f"机器人：{text}", f"robot: {text}")
            case Do(action=asked):
                yield Text(f"查询 {asked}", f"asks {asked}")
            case Transfer(queue=queue):
                yield Text(f"转接 {queue}", f"transfers to {queue}")
            case End(outcome=outcome, tags=tags, sms=sms):
                rest = " · ".join([outcome, *tags, *([f"SMS {sms}"] if sms else [])])
                yield Text(f"结束：{rest}", f"end: {rest}")
            case _:
                pass


def _understood(made: Understanding) -> Text:
    why = f"{made.score:.2f}, {made.why}"
    if made.intent is None:
        return Text(f"没听懂（{why}）", f"not understood ({why})")
    return Text(f"听成 {made.intent}（{why}）", f"understood as {made.intent} ({why})")


def _event(event: Event) -> Text:
    match event:
        case Answered():
            return Text("电话接通", "the call is answered")
        case Heard(text=text, intent=intent):
            return Text(f"客户：{text or intent or '（听不清）'}", f"customer: {text or intent or '(no words)'}")
        case KeyPressed(key=key):
            return Text(f"客户按键：{key}", f"customer presses {key}")
        case Silence():
            return Text("客户：（沉默）", "customer: (silence)")
        case HungUp():
            return Text("客户：（挂断）", "customer: (hangs up)")
        case ActionFinished(action=action, result=result):
            return Text(f"系统：{action} = {result}", f"system: {action} = {result}")
        case MachineHeard():
            return Text("接听的是语音信箱", "an answering machine took the call")
        case TimeUp():
            return Text("到了通话时长上限", "the call has reached its longest time")
        case PromptFinished():
            return Text("机器人说完了", "the robot has finished speaking")
        case _:
            assert_never(event)

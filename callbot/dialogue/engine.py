"""The dialogue engine: (script, state, event) → (state, actions). Pure: no clock, no waiting, no audio.

::

    begin ─ Answered → Say greet, Listen
            Heard, key → understood → next step: Say, then Listen | Do | Transfer | End
            Heard, Silence → not understood → the prompt again, ``tries`` times at most, then the rule's step
            HungUp, TimeUp, end of the longest talk → End

After ``End`` no event brings an action. A call ends at the latest after ``longest.turns`` turns of the customer.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from callbot.dialogue import hearing
from callbot.dialogue.compiled import CompiledScript, compile_revision
from callbot.dialogue.state import DialogueState
from callbot.dialogue.turn import Turn, expects
from callbot.messages import (
    Action,
    ActionFinished,
    Answered,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    MachineHeard,
    PromptFinished,
    Silence,
    TimeUp,
)
from callbot.script.ending import EndSpec
from callbot.script.inputs import InputProblem, parse_input
from callbot.script.model import InputSpec, Step

__all__ = ["CompiledScript", "DialogueState", "advance", "begin", "compile_revision", "expects"]

TRANSFERRED = "transferred"
"""Outcome of a call that people took over."""
MACHINE = "machine"
"""Outcome of a call that no person took, when the script does not say what to do then."""


def begin(script: CompiledScript, inputs: Mapping[str, str], now: datetime) -> DialogueState:
    """The state before pick-up. ``inputs`` raw or canonical; ``now`` aware, in the campaign's zone.

    Errors: ``InputProblem`` when an input cannot be used.
    """
    variables = script.canonical(inputs)
    return DialogueState(script.script.start, now, variables, frozenset(variables))


def advance(script: CompiledScript, state: DialogueState, event: Event) -> tuple[DialogueState, tuple[Action, ...]]:
    """What follows from an event. Never raises; an event that means nothing now brings no actions."""
    if state.ended:
        return state, ()
    turn = Turn(script, replace(state, understood=None))
    match event:
        case Answered():
            if not state.path:
                turn.enter(state.step)
        case Heard():
            hearing.heard(turn, event)
        case KeyPressed(key=key):
            hearing.key(turn, key)
        case Silence():
            hearing.silence(turn)
        case PromptFinished(say=say):
            _played(turn, say)
        case ActionFinished():
            _finished(turn, event)
        case HungUp():
            _hung_up(turn)
        case MachineHeard():
            _machine(turn)
        case TimeUp():
            turn.take("longest")
        case _:
            assert_never(event)
    return turn.state, tuple(turn.actions)


def _played(turn: Turn, say: int) -> None:
    state = turn.state
    if 0 < say <= len(state.said) and state.said[say - 1]:
        turn.state = replace(state, heard_out=state.heard_out | {state.said[say - 1]})


def _finished(turn: Turn, event: ActionFinished) -> None:
    if not turn.state.path:
        return
    step = turn.step
    if step.transfer is not None and event.action == "transfer":
        if event.result == "failed":
            turn.take("failed")
        else:
            turn.end(EndSpec(outcome=TRANSFERRED))
    elif step.do is not None and event.action == step.do.action:
        given = _given(step, event) if event.result != "failed" and event.result in step.results else None
        if given is None:
            turn.take("result:failed")
        else:
            turn.learn(given)
            turn.take(f"result:{event.result}")


def _given(step: Step, event: ActionFinished) -> dict[str, str] | None:
    """The values an action promised, in canonical form; None when one is missing or unusable."""
    assert step.do is not None
    given: dict[str, str] = {}
    if not step.do.gives_with(event.result):
        return given
    for name, spec in step.do.gives.items():
        raw = event.values.get(name, "")
        try:
            given[name] = parse_input(InputSpec(type=spec.type), raw)
        except InputProblem:
            return None
    return given


def _machine(turn: Turn) -> None:
    if not turn.state.path:
        return
    if turn.script.script.on_machine is not None:
        turn.take("machine")
    else:
        turn.end(EndSpec(outcome=MACHINE))


def _hung_up(turn: Turn) -> None:
    for rule in turn.script.script.hangup:
        if rule.after is None or rule.after in turn.state.heard_out:
            turn.end(rule)
            return

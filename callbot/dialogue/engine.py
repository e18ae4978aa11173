"""The dialogue engine: (script, state, event) → (state, actions). Pure: no clock, no waiting, no audio.

::

    begin ─ Answered → Say greet, Listen
            Heard, key → understood → next step: Say, then Listen | Do | Transfer | End
            Heard, Silence → not understood → the prompt again, ``tries`` times at most, then the rule's step
            HungUp, TimeUp, end of the longest talk → End

After ``End`` no event brings an action. A call ends at the latest after ``longest.turns`` turns of the customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from callbot.dialogue import asking
from callbot.dialogue.asking import AskState
from callbot.dialogue.compiled import CompiledScript, compile_revision
from callbot.dialogue.pieces import sentence
from callbot.dialogue.understand import understand
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
    Listen,
    PromptFinished,
    Say,
    Silence,
    TimeUp,
    Transfer,
    Understanding,
)
from callbot.script.actions import gives_with
from callbot.script.graph import anytime, silence_rule, unclear_rule
from callbot.script.inputs import InputProblem, parse_input
from callbot.script.model import Digression, EndSpec, InputSpec, Step

__all__ = ["CompiledScript", "DialogueState", "advance", "begin", "compile_revision", "expects"]

TRANSFERRED = "transferred"
"""Outcome of a call that people took over."""
_HELLO = "hello"
"""The intent of "喂": during a prompt it asks for nothing, the prompt simply goes on."""


@dataclass(frozen=True, slots=True)
class DialogueState:
    """All that a conversation has come to; treat the mappings as read-only.

    ``variables`` are canonical texts by name, inputs among them. ``counters``: ``turns``, ``silence`` and ``unclear``
    of this visit of the step, ``jump:<step>:<exit>``. ``said`` holds the step of every sentence so far ("" for asides):
    ``said[n - 1]`` belongs to ``Say.number`` n; ``heard_out`` are the steps whose prompt was played to its end;
    ``asking`` is how far this visit of a step that asks has come.
    """

    step: str
    now: datetime
    variables: Mapping[str, str]
    inputs: frozenset[str]
    counters: Mapping[str, int] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    heard_out: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()
    ended: bool = False
    outcome: str = ""
    tags: tuple[str, ...] = ()
    asking: AskState = field(default_factory=AskState)
    understood: Understanding | None = None

    @property
    def say_number(self) -> int:
        """The number of the last sentence."""
        return len(self.said)

    @property
    def slots(self) -> dict[str, str]:
        """What was learned in the call: variables that are not inputs."""
        return {name: value for name, value in self.variables.items() if name not in self.inputs}


def begin(script: CompiledScript, inputs: Mapping[str, str], now: datetime) -> DialogueState:
    """The state before pick-up. ``inputs`` raw or canonical; ``now`` aware, in the campaign's zone.

    Errors: ``InputProblem`` when an input cannot be used.
    """
    variables = script.canonical(inputs)
    return DialogueState(script.script.start, now, variables, frozenset(variables))


def expects(script: CompiledScript, step: str) -> tuple[str, ...]:
    """What a step listens for, as in ``messages.Listen``: the value it asks for, its answers, what is always valid."""
    here = script.script.steps[step]
    asked = () if here.ask is None else (f"value:{here.ask.type}",)
    return (*asked, *here.answers, *anytime(script.script, here))


def advance(script: CompiledScript, state: DialogueState, event: Event) -> tuple[DialogueState, tuple[Action, ...]]:
    """What follows from an event. Never raises; an event that means nothing now brings no actions."""
    if state.ended:
        return state, ()
    turn = _Turn(script, replace(state, understood=None))
    match event:
        case Answered():
            if not state.path:
                turn.enter(state.step)
        case Heard():
            turn.heard(event)
        case KeyPressed(key=key):
            turn.key(key)
        case Silence():
            turn.silence()
        case PromptFinished(say=say):
            turn.played(say)
        case ActionFinished():
            turn.finished(event)
        case HungUp():
            turn.hung_up()
        case TimeUp():
            turn.take("longest")
        case _:
            assert_never(event)
    return turn.state, tuple(turn.actions)


class _Turn:
    """One event being worked off: the state so far and the actions so far."""

    def __init__(self, script: CompiledScript, state: DialogueState) -> None:
        self.script = script
        self.state = state
        self.actions: list[Action] = []

    @property
    def _step(self) -> Step:
        return self.script.script.steps[self.state.step]

    @property
    def _listening(self) -> bool:
        return bool(self.state.path) and self._step.listens

    # ------------------------------------------------------------ moving

    def take(self, way: str) -> None:
        """Leave the step by one of its exits."""
        at = self.state.step
        counter = f"jump:{at}:{way}"
        taken = self.state.counters.get(counter, 0)
        self._count(**{counter: taken + 1})
        self.enter(self.script.machine.step(at, way, taken))

    def enter(self, name: str) -> None:
        """Come into a step: speak, then wait, ask a system, go on or end."""
        self._count(silence=0, unclear=0)
        self.state = replace(self.state, step=name, path=(*self.state.path, name), asking=AskState())
        step = self._step
        if step.say is not None:
            self._say(step.say, prompt=True)
        if step.listens:
            self._listen()
        elif step.do is not None:
            arguments = {each: self.state.variables.get(each, "") for each in step.do.arguments}
            self.actions.append(Do(step.do.action, arguments, step.do.timeout))
        elif step.transfer is not None:
            self.actions.append(Transfer(step.transfer.queue))
        elif step.end is not None:
            self._end(step.end)
        else:
            self.take("then")

    def _count(self, **counters: int) -> None:
        self.state = replace(self.state, counters={**self.state.counters, **counters})

    def _turn_over(self) -> bool:
        """Count a turn of the customer; True when it was one too many and the farewell has begun."""
        turns = self.state.counters.get("turns", 0) + 1
        self._count(turns=turns)
        if turns > self.script.script.longest.turns:
            self.take("longest")
            return True
        return False

    # ------------------------------------------------------------ events

    def heard(self, event: Heard) -> None:
        if not self._listening:
            return
        understood = self._understand(event)
        self.state = replace(self.state, understood=understood)
        way, row = self._way(understood)
        reply = asking.Nothing() if way else self._asked(event.text, understood)
        nothing = way is None and row is None and isinstance(reply, asking.Nothing)
        if event.during_prompt and way is None and (nothing or understood.intent == _HELLO):
            return  # noise, 嗯 or 喂 under the prompt: it goes on
        if self.state.asking.keyed and nothing:
            return  # a murmur while the keys are looked for
        if self._turn_over():
            return
        if way is not None:
            self.take(way)
        elif not isinstance(reply, asking.Nothing):
            self._follow(reply)
        elif row is not None:
            self._aside(row)
        else:
            self._unclear()

    def _understand(self, event: Heard) -> Understanding:
        if event.intent is not None:
            return Understanding(event.intent, 1.0, "given")
        return understand(event.text, self.script.intents, expects(self.script, self.state.step), self.state.now)

    def _way(self, understood: Understanding) -> tuple[str | None, Digression | None]:
        """The exit or the aside that an intent leads to here; what the intent also counts as comes after itself."""
        if understood.intent is None:
            return None, None
        everywhere = anytime(self.script.script, self._step)
        for name in self.script.intents.meanings(understood.intent):
            if name in self._step.answers:
                return f"answer:{name}", None
            if name in everywhere:
                row = everywhere[name]
                return (f"anytime:{name}", None) if row.to is not None else (None, row)
        return None, None

    def _asked(self, text: str, understood: Understanding) -> asking.Reply:
        ask = self._step.ask
        return asking.Nothing() if ask is None else asking.heard(ask, text, understood, self.state.now)

    def _follow(self, reply: asking.Reply) -> None:
        """Carry out what the words or keys of a step that asks came to."""
        match reply:
            case asking.Nothing():
                self._unclear()
            case asking.Entering(state=state, wait_ms=wait_ms):
                self.state = replace(self.state, asking=state)
                self._listen(wait_ms)
            case asking.Collected(values=values, way=way):
                self.state = replace(self.state, variables={**self.state.variables, **values})
                self.take(way)

    def key(self, key: str) -> None:
        if not self._listening:
            return
        ask = self._step.ask
        reply: asking.Reply = asking.Nothing()
        if ask is not None and asking.takes_keys(ask) and key not in self._step.keys:
            reply = asking.key(ask, self.state.asking, key)
        if isinstance(reply, asking.Entering):  # a number is one turn of the customer however many keys it takes
            self._follow(reply)
        elif self._turn_over():
            return
        elif key in self._step.keys:
            self.take(f"key:{key}")
        else:
            self._follow(reply)

    def silence(self) -> None:
        if not self._listening:
            return
        if self._turn_over():
            return
        if self.state.asking.keyed and self._step.ask is not None:
            self._follow(asking.entered(self._step.ask, self.state.asking))
            return
        rule = silence_rule(self.script.script, self._step)
        self._again("silence", rule.tries, own=self._step.silence is not None)

    def _unclear(self) -> None:
        rule = unclear_rule(self.script.script, self._step)
        self._again("unclear", rule.tries, own=self._step.unclear is not None)

    def _again(self, kind: str, tries: int, *, own: bool) -> None:
        """The prompt once more, or the rule's step when it was spoken ``tries`` times."""
        count = self.state.counters.get(kind, 0) + 1
        self._count(**{kind: count})
        self.state = replace(self.state, asking=AskState())
        if count >= tries:
            self.take("gave_up" if self._step.ask is not None and not own else kind)
        else:
            self._say(self._step.say or "", prompt=True)
            self._listen()

    def _aside(self, row: Digression) -> None:
        self._count(silence=0, unclear=0)
        self.state = replace(self.state, asking=AskState())
        if row.say is not None:
            self._say(row.say, prompt=False)
        if row.back == "prompt":
            self._say(self._step.say or "", prompt=True)
        self._listen(row.wait)

    def played(self, say: int) -> None:
        if 0 < say <= len(self.state.said) and self.state.said[say - 1]:
            self.state = replace(self.state, heard_out=self.state.heard_out | {self.state.said[say - 1]})

    def finished(self, event: ActionFinished) -> None:
        if not self.state.path:
            return
        step = self._step
        if step.transfer is not None and event.action == "transfer":
            if event.result == "failed":
                self.take("failed")
            else:
                self._end(EndSpec(outcome=TRANSFERRED))
        elif step.do is not None and event.action == step.do.action:
            given = self._given(step, event) if event.result != "failed" and event.result in step.results else None
            if given is None:
                self.take("result:failed")
            else:
                self.state = replace(self.state, variables={**self.state.variables, **given})
                self.take(f"result:{event.result}")

    def _given(self, step: Step, event: ActionFinished) -> dict[str, str] | None:
        """The values an action promised, in canonical form; None when one is missing or unusable."""
        assert step.do is not None
        given: dict[str, str] = {}
        if not gives_with(step.do.action, event.result):
            return given
        for name, spec in step.do.gives.items():
            raw = event.values.get(name, "")
            try:
                if spec.type == "datetime":
                    given[name] = datetime.fromisoformat(raw).isoformat()
                else:
                    given[name] = parse_input(InputSpec(type=spec.type), raw)
            except (InputProblem, ValueError):
                return None
        return given

    def hung_up(self) -> None:
        for rule in self.script.script.hangup:
            if rule.after is None or rule.after in self.state.heard_out:
                self._end(EndSpec(outcome=rule.outcome, sms=rule.sms))
                return

    # ------------------------------------------------------------ actions

    def _say(self, text: str, *, prompt: bool) -> None:
        shown, pieces = sentence(self.script, text, self.state.variables, self.state.now)
        first = not any(isinstance(action, Say) for action in self.actions)
        self.state = replace(self.state, said=(*self.state.said, self.state.step if prompt else ""))
        self.actions.append(
            Say(
                self.state.say_number,
                self.state.step,
                shown,
                pieces,
                barge_in=self._step.barge_in == "on",
                replace=first,
            )
        )

    def _listen(self, wait_ms: int | None = None) -> None:
        wait = wait_ms if wait_ms is not None else silence_rule(self.script.script, self._step).wait
        self.actions.append(Listen(self.state.step, wait, expects(self.script, self.state.step)))

    def _end(self, end: EndSpec) -> None:
        moment = None if end.retry_at is None else self.state.variables.get(end.retry_at)
        self.state = replace(self.state, ended=True, outcome=end.outcome, tags=end.tags)
        self.actions.append(
            End(
                end.outcome,
                end.tags,
                end.sms,
                None if moment is None else _moment(moment, self.state.now),
                end.retry_in,
            )
        )


def _moment(value: str, now: datetime) -> datetime:
    """The moment of a datetime or date variable; a day alone is tried at ten in the morning."""
    if len(value) == len("2026-06-30"):
        return datetime.combine(date.fromisoformat(value), datetime.min.time().replace(hour=10), now.tzinfo)
    return datetime.fromisoformat(value)

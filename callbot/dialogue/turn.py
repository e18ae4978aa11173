"""One event being worked off: moving through the script, speaking, listening, ending. Pure.

What the customer said or pressed is made sense of in ``hearing``; here is what follows from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from callbot.dialogue.asking import Asked, AskState, asked_in
from callbot.dialogue.compiled import CompiledScript
from callbot.dialogue.pieces import sentence
from callbot.dialogue.state import DialogueState
from callbot.messages import Action, Do, End, Listen, Say, Ticket, Transfer, Webhook
from callbot.script import template
from callbot.script.comparison import holds
from callbot.script.ending import Ending, EndSpec
from callbot.script.graph import anytime, silence_rule
from callbot.script.kinds import NOW
from callbot.script.model import Step
from callbot.script.prompt import Variant
from callbot.zh.times import aware
from callbot.zh.written import written


def expects(script: CompiledScript, step: str) -> tuple[str, ...]:
    """What a step listens for, as in ``messages.Listen``: the value it asks for, its answers, what is always valid."""
    here = script.script.steps[step]
    asked = asked_in(script.script, here, {})
    return (*(asked.expects if asked is not None else ()), *here.answers, *anytime(script.script, here))


class Turn:
    """The state so far and the actions so far."""

    def __init__(self, script: CompiledScript, state: DialogueState) -> None:
        self.script = script
        self.state = state
        self.actions: list[Action] = []

    @property
    def step(self) -> Step:
        """The step the conversation is at."""
        return self.script.script.steps[self.state.step]

    @property
    def listening(self) -> bool:
        """Whether the conversation has begun and waits for the customer."""
        return bool(self.state.path) and self.step.listens

    @property
    def asked(self) -> Asked | None:
        """What the step asks, if it asks for values."""
        return asked_in(self.script.script, self.step, self.state.variables)

    # ------------------------------------------------------------ moving

    def take(self, way: str) -> None:
        """Leave the step by one of its exits."""
        self.enter(self._leave(way))

    def enter(self, name: str) -> None:
        """Come into a step and go on until one waits or ends; a chain of silent steps is as long as it likes."""
        following: str | None = name
        while following is not None:
            following = self._arrive(following)

    def _leave(self, way: str) -> str:
        """The step that an exit leads to, counted."""
        at = self.state.step
        counter = f"jump:{at}:{way}"
        taken = self.state.counters.get(counter, 0)
        self.count(**{counter: taken + 1})
        return self.script.machine.step(at, way, taken)

    def _arrive(self, name: str) -> str | None:
        """Speak, then wait, ask a system or end; or the step to go to at once."""
        self.count(silence=0, unclear=0)
        self.state = replace(self.state, step=name, path=(*self.state.path, name), asking=AskState())
        step, asked = self.step, self.asked
        if asked is not None:
            self.state = replace(self.state, asking=asked.begin())
        self.prompt("first")
        if step.listens:
            self.listen()
        elif step.do is not None:
            arguments = {name: self.state.variables.get(value, "") for name, value in step.do.arguments.items()}
            self.actions.append(Do(step.do.action, arguments, step.do.timeout))
        elif step.transfer is not None:
            self.actions.append(Transfer(step.transfer.queue))
        elif step.end is not None:
            self.end(step.end)
        elif step.check is not None:
            return self._leave(self._row(step.check))
        else:
            return self._leave("then")
        return None

    def _row(self, name: str) -> str:
        """The exit of a step that compares a value: the first row that holds."""
        kind, value, values = self.script.kinds[name], self.value(name), self.state.variables
        for at, row in enumerate(self.step.rows, start=1):
            if holds(row, kind, value, values, self.state.now):
                return f"row:{at}"
        return "otherwise"

    def value(self, name: str) -> str:
        """A value in canonical form, "" for none; ``now`` and the script's hours are those of the beginning."""
        if name in self.script.script.hours:
            return self.script.script.hours[name].state(self.state.now)
        return self.state.now.isoformat() if name == NOW else self.state.variables.get(name, "")

    def count(self, **counters: int) -> None:
        """Set counters."""
        self.state = replace(self.state, counters={**self.state.counters, **counters})

    def learn(self, values: Mapping[str, str]) -> None:
        """Keep values in canonical form."""
        self.state = replace(self.state, variables={**self.state.variables, **values})

    def turn_over(self) -> bool:
        """Count a turn of the customer; True when it was one too many and the farewell has begun."""
        turns = self.state.counters.get("turns", 0) + 1
        self.count(turns=turns)
        if turns > self.script.script.longest.turns:
            self.take("longest")
            return True
        return False

    # ------------------------------------------------------------ actions

    def prompt(self, why: Variant) -> None:
        """Speak the step's own sentence, if it has one, as this occasion wants it.

        While a step asks, what reads back its values or asks for the missing ones is said instead.
        """
        own, asked = self.step.say, self.state.asking.prompt
        if asked:
            self.say(asked, prompt=True, slow=why == "slower")
        elif own is not None:
            recording = self.step.audio.get(own.variant(why), "")
            audio = self.script.recordings.get(recording, "")
            self.say(own.text(why), prompt=True, slow=why == "slower", audio=audio)

    def say(self, text: str, *, prompt: bool, slow: bool = False, audio: str = "") -> None:
        """Speak a sentence with its values: the step's own ``prompt``, or an aside."""
        values = {**self.state.variables, **self.state.asking.values}
        shown, pieces = sentence(self.script, text, values, self.state.now)
        first = not any(isinstance(action, Say) for action in self.actions)
        self.state = replace(self.state, said=(*self.state.said, self.state.step if prompt else ""))
        self.actions.append(
            Say(
                self.state.say_number,
                self.state.step,
                shown,
                pieces,
                replace=first,
                barge_in_by=self.step.barge_in.by,
                guard_ms=self.step.barge_in.after,
                slow=slow,
                audio=audio,
            )
        )

    def listen(self, wait_ms: int | None = None) -> None:
        """Wait for the customer, as long as the rule for silence says unless told otherwise."""
        wait = wait_ms if wait_ms is not None else silence_rule(self.script.script, self.step).wait
        self.actions.append(Listen(self.state.step, wait, expects(self.script, self.state.step)))

    def end(self, end: Ending) -> None:
        """The call is over once everything has been said."""
        moment = None if end.retry_at is None else self.state.variables.get(end.retry_at)
        self.state = replace(self.state, ended=True, outcome=end.outcome, tags=end.tags)
        self.actions.append(
            End(
                end.outcome,
                end.tags,
                end.sms,
                None if moment is None else _moment(moment, self.state.now),
                end.retry_in,
                self._ticket(end) if isinstance(end, EndSpec) else None,
                self._webhook(end) if isinstance(end, EndSpec) else None,
            )
        )

    def _ticket(self, end: EndSpec) -> Ticket | None:
        if end.ticket is None:
            return None
        kinds, values = self.script.kinds, self.state.variables
        return Ticket(
            end.ticket.queue,
            template.fill(end.ticket.text, lambda name: written(kinds[name], values[name]) if name in values else ""),
        )

    def _webhook(self, end: EndSpec) -> Webhook | None:
        if end.webhook is None:
            return None
        return Webhook(end.webhook.name, {name: self.state.variables.get(name, "") for name in end.webhook.values})


def _moment(value: str, now: datetime) -> datetime:
    """The moment of a datetime or date variable; a day alone is tried at ten in the morning."""
    if len(value) == len("2026-06-30"):
        return datetime.combine(date.fromisoformat(value), datetime.min.time().replace(hour=10), now.tzinfo)
    return aware(value, now)

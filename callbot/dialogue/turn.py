"""One event being worked off: moving through the script, speaking, listening, ending. Pure.

What the customer said or pressed is made sense of in ``hearing``; here is what follows from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from callbot.dialogue.asking import AskState
from callbot.dialogue.compiled import CompiledScript
from callbot.dialogue.pieces import sentence
from callbot.dialogue.state import DialogueState
from callbot.messages import Action, Do, End, Listen, Say, Transfer
from callbot.script.graph import anytime, silence_rule
from callbot.script.model import EndSpec, Step


def expects(script: CompiledScript, step: str) -> tuple[str, ...]:
    """What a step listens for, as in ``messages.Listen``: the value it asks for, its answers, what is always valid."""
    here = script.script.steps[step]
    asked = () if here.ask is None else (f"value:{here.ask.type}",)
    return (*asked, *here.answers, *anytime(script.script, here))


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

    # ------------------------------------------------------------ moving

    def take(self, way: str) -> None:
        """Leave the step by one of its exits."""
        at = self.state.step
        counter = f"jump:{at}:{way}"
        taken = self.state.counters.get(counter, 0)
        self.count(**{counter: taken + 1})
        self.enter(self.script.machine.step(at, way, taken))

    def enter(self, name: str) -> None:
        """Come into a step: speak, then wait, ask a system, go on or end."""
        self.count(silence=0, unclear=0)
        self.state = replace(self.state, step=name, path=(*self.state.path, name), asking=AskState())
        step = self.step
        if step.say is not None:
            self.say(step.say, prompt=True)
        if step.listens:
            self.listen()
        elif step.do is not None:
            arguments = {each: self.state.variables.get(each, "") for each in step.do.arguments}
            self.actions.append(Do(step.do.action, arguments, step.do.timeout))
        elif step.transfer is not None:
            self.actions.append(Transfer(step.transfer.queue))
        elif step.end is not None:
            self.end(step.end)
        else:
            self.take("then")

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

    def say(self, text: str, *, prompt: bool) -> None:
        """Speak a sentence with its values: the step's own ``prompt``, or an aside."""
        shown, pieces = sentence(self.script, text, self.state.variables, self.state.now)
        first = not any(isinstance(action, Say) for action in self.actions)
        self.state = replace(self.state, said=(*self.state.said, self.state.step if prompt else ""))
        self.actions.append(
            Say(
                self.state.say_number,
                self.state.step,
                shown,
                pieces,
                barge_in=self.step.barge_in == "on",
                replace=first,
            )
        )

    def listen(self, wait_ms: int | None = None) -> None:
        """Wait for the customer, as long as the rule for silence says unless told otherwise."""
        wait = wait_ms if wait_ms is not None else silence_rule(self.script.script, self.step).wait
        self.actions.append(Listen(self.state.step, wait, expects(self.script, self.state.step)))

    def end(self, end: EndSpec) -> None:
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
            )
        )


def _moment(value: str, now: datetime) -> datetime:
    """The moment of a datetime or date variable; a day alone is tried at ten in the morning."""
    if len(value) == len("2026-06-30"):
        return datetime.combine(date.fromisoformat(value), datetime.min.time().replace(hour=10), now.tzinfo)
    return datetime.fromisoformat(value)

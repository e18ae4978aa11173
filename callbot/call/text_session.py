"""A conversation without audio: typed words, keys, silence and results of systems go in, what the robot does comes out.

Prompts count as played to their end before the customer's next turn, unless the turn came during the prompt.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callbot.dialogue.engine import CompiledScript, DialogueState, advance, begin
from callbot.errors import ScriptError
from callbot.language import Text
from callbot.messages import (
    Action,
    ActionFinished,
    Answered,
    Do,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    MachineHeard,
    PromptFinished,
    Say,
    Silence,
    Transfer,
)

COMMANDS = "/key 20731#  /silence  /hangup  /machine  /result NAME=VALUE [GIVEN=VALUE ..]  /during WORDS"
"""What may be typed besides the customer's words."""


@dataclass(frozen=True, slots=True)
class TextTurn:
    """One event and what followed."""

    event: Event
    before: DialogueState
    after: DialogueState
    actions: tuple[Action, ...]

    @property
    def spoken(self) -> str:
        """Everything the robot said in this turn."""
        return "".join(action.text for action in self.actions if isinstance(action, Say))


class TextSession:
    """Holds one typed conversation. Errors: ``InputProblem`` when an input cannot be used."""

    def __init__(self, script: CompiledScript, inputs: Mapping[str, str], now: datetime) -> None:
        self.script = script
        self.state = begin(script, inputs, now)
        self.waits_for: str | None = None
        self._speaking: tuple[int, ...] = ()

    def start(self) -> TextTurn:
        """The callee picks up."""
        return self._advance(Answered())

    def give(self, event: Event, *, during_prompt: bool = False) -> TextTurn:
        """Let something happen; what was being said is played to its end before, unless ``during_prompt``."""
        if not during_prompt:
            for number in self._speaking:
                self.state, _ = advance(self.script, self.state, PromptFinished(number))
            self._speaking = ()
        return self._advance(event)

    def type(self, line: str) -> TextTurn:
        """One typed line. Errors: ``ScriptError`` with a sentence when a command is not understood."""
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        match word:
            case "/key" if re.fullmatch(r"[0-9*#]+", rest):
                for key in rest[:-1]:
                    self.give(KeyPressed(key))
                return self.give(KeyPressed(rest[-1]))
            case "/silence" if not rest:
                return self.give(Silence())
            case "/hangup" if not rest:
                return self.give(HungUp())
            case "/machine" if not rest:
                return self.give(MachineHeard())
            case "/during":
                return self.give(Heard(rest, during_prompt=True), during_prompt=True)
            case "/result" if "=" in rest:
                (name, value), *given = [pair.partition("=")[::2] for pair in rest.split()]
                return self.give(ActionFinished(name, value, dict(given)))
        if word.startswith("/"):
            raise ScriptError(
                Text(f"看不懂 {word}。可以用：{COMMANDS}", f"{word} is no command. There are: {COMMANDS}")
            )
        return self.give(Heard(line.strip()))

    def _advance(self, event: Event) -> TextTurn:
        before = self.state
        self.state, actions = advance(self.script, before, event)
        for action in actions:
            match action:
                case Say(number=number, replace=replace):
                    self._speaking = (number,) if replace else (*self._speaking, number)
                case Do(action=name):
                    self.waits_for = name
                case Transfer():
                    self.waits_for = "transfer"
                case _:
                    self.waits_for = None
        return TextTurn(event, before, self.state, actions)

"""A conversation without audio: typed words, keys, silence and results of systems go in, what the robot does comes out.

Prompts count as played to their end before the customer's next turn, unless the turn came during the prompt.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
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

COMMANDS = (
    ("/key 20731#", Text("客户按键", "the customer presses keys")),
    ("/silence", Text("客户不说话", "the customer says nothing")),
    (
        "/barge 600ms 我就是",
        Text("机器人说了 600ms 时客户插话", "the customer breaks in after 600 ms of what the robot says"),
    ),
    ("/hangup", Text("客户挂断", "the customer hangs up")),
    ("/machine", Text("接听的是语音信箱", "an answering machine took the call")),
    (
        "/result payment_status=failed",
        Text("系统的回答；给出的值跟在后面：值=内容", "a system's answer; values it gives follow: NAME=VALUE"),
    ),
    ("/back", Text("退回一步", "take the last line back")),
    ("/help", Text("看这些说明", "show this")),
)
"""What may be typed besides the customer's words."""
_CHARACTERS_PER_S = 5
"""How fast the robot speaks, to show how far a sentence had come: Mandarin has about 5 syllables a second."""


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


@dataclass(frozen=True, slots=True)
class Interruption:
    """What was being said when the customer broke in, and whether that was allowed there."""

    said: str
    unsaid: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class _Moment:
    """All that a line may change; a new one after each, so that it can be taken back."""

    state: DialogueState
    waits_for: str | None = None
    speaking: tuple[Say, ...] = ()


class TextSession:
    """Holds one typed conversation. Errors: ``InputProblem`` when an input cannot be used."""

    def __init__(self, script: CompiledScript, inputs: Mapping[str, str], now: datetime) -> None:
        self.script = script
        self.interruption: Interruption | None = None
        self._now = _Moment(begin(script, inputs, now))
        self._before: list[_Moment] = []

    @property
    def state(self) -> DialogueState:
        """What the conversation has come to."""
        return self._now.state

    @property
    def waits_for(self) -> str | None:
        """The action whose result the robot waits for."""
        return self._now.waits_for

    def start(self) -> TextTurn:
        """The callee picks up."""
        return self._advance(Answered())

    def give(self, event: Event, *, during_prompt: bool = False) -> TextTurn:
        """Let something happen; what was being said is played to its end before, unless ``during_prompt``."""
        if not during_prompt:
            state = self.state
            for say in self._now.speaking:
                state, _ = advance(self.script, state, PromptFinished(say.number))
            self._now = replace(self._now, state=state, speaking=())
        return self._advance(event)

    def type(self, line: str) -> TextTurn:
        """One typed line. Errors: ``ScriptError`` with a sentence when a command is not understood."""
        before = self._now
        self.interruption = None
        turn = self._typed(line)
        self._before.append(before)
        return turn

    def back(self) -> bool:
        """Take the last typed line back; False when there is none."""
        if not self._before:
            return False
        self._now = self._before.pop()
        return True

    def _typed(self, line: str) -> TextTurn:
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
            case "/barge" if (match := re.fullmatch(r"(?:([0-9]{1,6})ms\s+)?(\S.*)", rest)) is not None:
                return self._barge(int(match[1] or 0), match[2])
            case "/machine" if not rest:
                return self.give(MachineHeard())
            case "/result" if "=" in rest:
                (name, value), *given = [pair.partition("=")[::2] for pair in rest.split()]
                return self.give(ActionFinished(name, value, dict(given)))
        if word.startswith("/"):
            known = "  ".join(command for command, _ in COMMANDS)
            raise ScriptError(Text(f"看不懂 {word}。可以用：{known}", f"{word} is no command. There are: {known}"))
        return self.give(Heard(line.strip()))

    def _barge(self, at_ms: int, words: str) -> TextTurn:
        """The customer speaks into the prompt; when nothing is being said any more it is an ordinary turn."""
        saying = "".join(say.text for say in self._now.speaking)
        if not saying:
            return self.give(Heard(words))
        far = at_ms * _CHARACTERS_PER_S // 1000
        allowed = all(say.barge_in_by != "nothing" and at_ms >= say.guard_ms for say in self._now.speaking)
        self.interruption = Interruption(saying[:far], saying[far:], allowed)
        if far >= len(saying):
            self.interruption = None
            return self.give(Heard(words))
        if not allowed:  # a line does not listen while such a sentence is played
            return TextTurn(Heard(words, during_prompt=True), self.state, self.state, ())
        return self.give(Heard(words, during_prompt=True), during_prompt=True)

    def _advance(self, event: Event) -> TextTurn:
        before, speaking, waits_for = self.state, self._now.speaking, self._now.waits_for
        state, actions = advance(self.script, before, event)
        for action in actions:
            match action:
                case Say():
                    speaking = (action,) if action.replace else (*speaking, action)
                case Do(action=name):
                    waits_for = name
                case Transfer():
                    waits_for = "transfer"
                case _:
                    waits_for = None
        self._now = _Moment(state, waits_for, speaking)
        return TextTurn(event, before, state, actions)

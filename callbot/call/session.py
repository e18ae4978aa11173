"""One conversation: events of a leg in, actions of the dialogue out. One inbox, one task, one event at a time.

::

    leg ──ticks, keys, played, ended──┐
    recogniser ──results──────────────┤→ inbox → engine.advance → Say, Listen, Do, Transfer, End
    systems ──answers─────────────────┘

The session has no clock. Time is the audio that passed (20 ms a frame), so a call over SIP and a WAV file on no clock
at all take the same decisions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from callbot import log
from callbot.call.asking import Asking
from callbot.call.ear import Ear, HeardUtterance, Result
from callbot.call.handover import HandedOver, HandOver
from callbot.call.prompting import Made, Prompting
from callbot.call.speaker import Speaker
from callbot.dialogue.engine import CompiledScript, advance, begin
from callbot.dialogue.trace import trace_step
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
    MachineHeard,
    PromptFinished,
    Say,
    Silence,
    Spoken,
    TimeUp,
    TraceStep,
    Transfer,
    TurnMarks,
)
from callbot.ports import (
    CallLeg,
    HandOverResult,
    LegEnded,
    LegEvent,
    LegKey,
    LegPlayed,
    Prompts,
    Recogniser,
    Systems,
    Ticks,
    Transfers,
    Vad,
)
from callbot.turn.taking import TurnPolicy, TurnTaker
from callbot.values import FRAME_MS, FRAME_SAMPLES, Pcm

_TAIL_MS = 400
"""Between the last word and our BYE: the far jitter buffer (up to 200 ms) plays out, and it does not feel abrupt."""
_GOODBYE_MS = 20_000
"""Longest way from ``TimeUp`` to the hang-up; a farewell of two sentences takes under 15 s."""
_LAST_WORDS_S = 4.0
"""How long a recognition may still take after the customer hung up: "don't call again" counts although nobody waits."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a session works with. ``make_prompts`` makes pieces that were unexpectedly not ready."""

    vad: Vad
    recogniser: Recogniser
    prompts: Prompts
    systems: Systems
    transfers: Transfers
    make_prompts: Callable[[Sequence[str]], Awaitable[object]]
    policy: TurnPolicy


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told while the call goes on: the recording every 20 ms, the transcript and trace line by line."""

    audio: Callable[[Pcm, Pcm], None]
    spoken: Callable[[Spoken], None]
    step: Callable[[TraceStep], None]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What came of a session."""

    end: End
    hung_up_by: Literal["customer", "robot", "network"]
    sip_status: int
    slots: dict[str, str]
    turns: tuple[TurnMarks, ...]


_Inbox = LegEvent | Result | ActionFinished | MachineHeard | TimeUp | HandedOver | Made


class Session:
    """Holds one conversation on one connected leg."""

    def __init__(
        self,
        leg: CallLeg,
        script: CompiledScript,
        inputs: Mapping[str, str],
        now: datetime,
        parts: Parts,
        watchers: Watchers,
    ) -> None:
        self._leg = leg
        self._script = script
        self._state = begin(script, inputs, now)
        self._parts = parts
        self._watchers = watchers
        self._inbox: asyncio.Queue[_Inbox] = asyncio.Queue()
        self._ear = Ear(parts.vad, TurnTaker(parts.policy), parts.recogniser, self._inbox.put_nowait)
        self._speaker = Speaker(leg, watchers.spoken)
        post = self._inbox.put_nowait
        self._prompting = Prompting(self._speaker, parts.prompts, parts.make_prompts, self._spawn, post)
        self._asking = Asking(parts.systems, self._spawn, post)
        self._tasks: set[asyncio.Task[None]] = set()
        self._now_ms = 0
        self._listening: Listen | None = None
        self._quiet_ms = 0
        self._queue: str | None = None
        self._people: HandOver | None = None
        self._end: End | None = None
        self._tail_ms = 0
        self._time_up_ms: int | None = None
        self._turns: list[TurnMarks] = []
        self._replying_to: TurnMarks | None = None
        self._gone: LegEnded | None = None

    def post(self, event: TimeUp | MachineHeard) -> None:
        """Tell the conversation from outside that it has to end, or that no person is listening."""
        self._inbox.put_nowait(event)

    def hang_up(self) -> None:
        """End the call now, in mid-word."""
        self._leg.hang_up()

    async def settle(self) -> None:
        """Wait until nothing is under way beside the call: lets a leg without a clock stay in step."""
        while True:
            await asyncio.sleep(0)
            await self._ear.settle()
            if self._tasks:
                await asyncio.wait(self._tasks)
            elif self._inbox.empty():
                return

    async def run(self) -> Conversation:
        """Converse until the leg is gone. Cancelling hangs up."""
        self._leg.listen(self._inbox.put_nowait)
        self._advance(Answered())
        try:
            while self._gone is None:
                self._take(await self._inbox.get())
            await self._last_words()
        finally:
            self._leg.hang_up()
            self._drop_people()
            self._ear.close()
            for task in self._tasks:
                task.cancel()
        if self._end is None:
            self._advance(HungUp())
        if self._end is None:
            raise AssertionError("the engine gave no outcome for a hang-up")
        return Conversation(
            self._end, self._gone.by, self._gone.sip_status, dict(self._state.slots), tuple(self._turns)
        )

    # ------------------------------------------------------------ events

    def _take(self, item: _Inbox) -> None:
        match item:
            case Ticks(heard=heard, spoken=spoken):
                for at in range(0, len(heard), FRAME_SAMPLES):
                    self._frame(heard[at : at + FRAME_SAMPLES], spoken[at : at + FRAME_SAMPLES])
            case LegKey(key=key):
                self._pressed(key)
            case LegPlayed(number=number):
                if self._prompting.played(number):
                    self._advance(PromptFinished(number))
                if self._people is not None:
                    self._people.played(number)
            case LegEnded():
                self._speaker.stop()
                if self._talking_to_people:
                    self._parted("connected")
                self._gone = item
            case Result():
                self._recognised(item)
            case ActionFinished():
                self._asking.answered(item)
            case Made():
                self._prompting.made(item)
            case TimeUp():
                self._time_up(item)
            case MachineHeard():
                self._advance(item)
            case HandedOver(result=result):
                self._parted(result)
            case _:
                assert_never(item)

    def _frame(self, heard: Pcm, spoken: Pcm) -> None:
        self._now_ms += FRAME_MS
        self._watchers.audio(heard, spoken)
        if self._speaker.heard_by_customer(spoken, self._now_ms) and self._replying_to is not None:
            marks, self._replying_to = self._replying_to, None
            self._turns.append(TurnMarks(marks.speech_end_ms, marks.text_ms, marks.decided_ms, self._now_ms - FRAME_MS))
        if self._talking_to_people:
            self._pass_goodbye()
            return
        if self._end is None and self._ear.frame(heard, robot_audible=self._speaker.audible) and self._speaker.barge_in:
            self._speaker.pause()
        self._take_utterances()  # an early result may have waited for this endpoint
        self._pass_time()

    def _pass_time(self) -> None:
        self._asking.pass_time(self._now_ms)
        speaking = self._prompting.busy
        if not speaking and (answer := self._asking.take()) is not None:
            self._advance(answer)
        elif not speaking and self._queue is not None:
            queue, self._queue = self._queue, None
            post = self._inbox.put_nowait
            self._people = HandOver(self._leg, self._parts.transfers, queue, lambda: self._now_ms, post)
        elif self._end is not None:
            self._tail_ms = 0 if speaking else self._tail_ms + FRAME_MS
            if self._tail_ms >= _TAIL_MS:
                self._leg.hang_up()
        elif self._listening is not None and not speaking and not self._ear.busy:
            self._quiet_ms += FRAME_MS
            if self._quiet_ms >= self._listening.silence_ms:
                self._listening = None
                self._advance(Silence())
        if self._time_up_ms is None and self._now_ms >= self._script.longest_ms:
            self._time_up(TimeUp("longest"))
        else:
            self._pass_goodbye()

    def _pass_goodbye(self) -> None:
        if self._time_up_ms is not None and self._now_ms - self._time_up_ms >= _GOODBYE_MS:
            self._leg.hang_up()

    def _pressed(self, key: str) -> None:
        """A key that brings no sentence, such as the first digit of a number, ends the one being said."""
        actions = self._advance(KeyPressed(key))
        if actions and not any(isinstance(action, Say) for action in actions) and self._speaker.interruptible:
            self._speaker.stop()

    def _time_up(self, event: TimeUp) -> None:
        if self._time_up_ms is None:
            self._time_up_ms = self._now_ms
            if not self._talking_to_people:  # they say goodbye by themselves, or are cut off as late as the robot
                self._drop_people()
                self._advance(event)

    @property
    def _talking_to_people(self) -> bool:
        return self._people is not None and self._people.talking

    def _drop_people(self) -> None:
        self._queue = None
        if self._people is not None:
            self._people.cancel()
            self._people = None

    def _parted(self, result: HandOverResult) -> None:
        """Caller and people have parted, or never came together."""
        if self._people is None:
            return
        if result == "connected":
            since = self._now_ms if self._people.connected_ms is None else self._people.connected_ms
            self._watchers.spoken(Spoken("agent", self._people.queue, since, self._now_ms, self._state.step))
        self._drop_people()
        self._advance(ActionFinished("transfer", result))

    def _recognised(self, result: Result) -> None:
        early = self._ear.recognised(result)
        if early and self._is_expected(early):
            self._ear.complete()
        self._take_utterances()

    def _take_utterances(self) -> None:
        for utterance in self._ear.finished():
            self._heard(utterance)

    def _is_expected(self, text: str) -> bool:
        """Whether this leads on from here as it stands: the engine is pure, so it can simply be asked."""
        state, _ = advance(self._script, self._state, Heard(text))
        return state.step != self._state.step or state.ended

    def _heard(self, utterance: HeardUtterance) -> None:
        recognition = utterance.recognition
        if recognition.rejected:
            self._speaker.resume()
            return
        step = self._state.step
        self._watchers.spoken(Spoken("customer", recognition.text, utterance.start_ms, utterance.end_ms, step))
        if self._end is not None:
            return
        text_ms = self._now_ms
        actions = self._advance(Heard(recognition.text, during_prompt=utterance.during_prompt))
        if not actions:
            self._speaker.resume()
        elif any(isinstance(action, Say) for action in actions):
            self._replying_to = TurnMarks(utterance.end_ms, text_ms, self._now_ms, 0)
        elif self._speaker.paused or self._speaker.interruptible:
            self._speaker.stop()

    async def _last_words(self) -> None:
        """The customer hung up: understand what was said last before the outcome is drawn."""
        self._ear.close_utterance()
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._ear.settle()
        except TimeoutError:
            log.get(__name__).warning("last words were not recognised in time")
        while not self._inbox.empty():
            item = self._inbox.get_nowait()
            if isinstance(item, Result):
                self._recognised(item)

    # ------------------------------------------------------------ actions

    def _advance(self, event: Event) -> tuple[Action, ...]:
        before = self._state
        self._state, actions = advance(self._script, before, event)
        self._watchers.step(trace_step(self._now_ms, event, before, self._state, actions))
        for action in actions:
            self._do(action)
        return actions

    def _do(self, action: Action) -> None:
        match action:
            case Say():
                self._prompting.say(action)
            case Listen():
                self._listening = action
                self._quiet_ms = 0
                self._ear.expects = action.expects
            case Do():
                self._listening = None
                self._asking.ask(action, self._now_ms)
            case Transfer(queue=queue):
                self._listening = None
                self._queue = queue
            case End():
                self._listening = None
                self._end = action
            case _:
                assert_never(action)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

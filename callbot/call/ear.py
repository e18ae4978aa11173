"""The robot's ear: frames in, understood-to-be-finished utterances out.

Turn-taking decides when speech begins, pauses and ends; recognition runs beside it, begun at the first short pause so
that its time hides behind the wait for the endpoint, and begun again when the customer goes on speaking::

    speech ████████░░░░██████░░░░░░░░░░░░
                   ↑   ↑     ↑          ↑
              early    drop  early      endpoint: hurry, deliver
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from callbot import log
from callbot.errors import SpeechError
from callbot.ports import Recogniser, Recognition, Utterance, Vad
from callbot.turn.taking import (
    PRE_ROLL_MS,
    BargeIn,
    ShortPause,
    SpeechResumed,
    SpeechStarted,
    TurnTaker,
    UtteranceEnded,
)
from callbot.values import FRAME_MS, Pcm

_KEEP_FRAMES = 75
"""1.5 s of the latest frames: pre-roll and everything the onset decision lags behind."""


@dataclass(frozen=True, slots=True)
class Result:
    """A recognition came back; posted to the call's inbox and handed to ``Ear.recognised``."""

    utterance: int
    attempt: int
    recognition: Recognition


@dataclass(frozen=True, slots=True)
class HeardUtterance:
    """One finished utterance, times in ms from pick-up."""

    start_ms: int
    end_ms: int
    during_prompt: bool
    recognition: Recognition


class _Open:
    """An utterance that is being said or waits for its result."""

    def __init__(self, number: int, start_ms: int, handle: Utterance, *, during_prompt: bool) -> None:
        self.number = number
        self.start_ms = start_ms
        self.end_ms: int | None = None
        self.handle = handle
        self.during_prompt = during_prompt
        self.attempt = 0
        self.task: asyncio.Task[None] | None = None
        self.result: Recognition | None = None


class Ear:
    """One call's hearing; belongs to the call's task. ``post`` puts a ``Result`` into the call's inbox."""

    def __init__(self, vad: Vad, taker: TurnTaker, recogniser: Recogniser, post: Callable[[Result], None]) -> None:
        self._vad = vad
        self._taker = taker
        self._recogniser = recogniser
        self._post = post
        self._recent: deque[Pcm] = deque(maxlen=_KEEP_FRAMES)
        self._now_ms = 0
        self._numbers = 0
        self._speaking: _Open | None = None
        self._ended: deque[_Open] = deque()
        self.expects: Sequence[str] = ()

    @property
    def busy(self) -> bool:
        """Somebody speaks, or what was said is not understood yet."""
        return self._speaking is not None or bool(self._ended)

    def frame(self, frame: Pcm, *, robot_audible: bool) -> bool:
        """Take one 20 ms frame of the customer's side; True when the customer interrupts the robot."""
        self._now_ms += FRAME_MS
        self._recent.append(frame)
        if self._speaking:
            self._speaking.handle.push(frame)
        barge_in = False
        for event in self._taker.frame(self._vad.speech(frame), robot_audible):
            match event:
                case SpeechStarted(at_ms=at_ms):
                    self._begin(at_ms, robot_audible=robot_audible)
                case BargeIn():
                    barge_in = True
                case ShortPause():
                    self._recognise()
                case SpeechResumed():
                    self._drop()
                case UtteranceEnded(end_ms=end_ms):
                    self._end(end_ms)
        return barge_in

    def recognised(self, result: Result) -> str | None:
        """Take a posted result; returns the text when it is an early guess about somebody still in the pause."""
        for utterance in (self._speaking, *self._ended):
            if utterance and utterance.number == result.utterance and utterance.attempt == result.attempt:
                utterance.result = result.recognition
                if utterance is self._speaking and not result.recognition.rejected:
                    return result.recognition.text
        return None

    def complete(self) -> None:
        """What was heard so far is a complete expected answer: the endpoint may come sooner."""
        self._taker.complete()

    def finished(self) -> list[HeardUtterance]:
        """Utterances that ended and are recognised, in the order they were said."""
        done = []
        while self._ended and self._ended[0].result is not None:
            utterance = self._ended.popleft()
            utterance.handle.close()
            if utterance.result is not None and utterance.end_ms is not None:
                done.append(
                    HeardUtterance(utterance.start_ms, utterance.end_ms, utterance.during_prompt, utterance.result)
                )
        return done

    def close_utterance(self) -> None:
        """The customer is gone: whatever is being said ends here."""
        if self._speaking:
            self._end(self._now_ms)

    async def settle(self) -> None:
        """Wait until no recognition is under way."""
        tasks = [u.task for u in (self._speaking, *self._ended) if u and u.task]
        if tasks:
            await asyncio.wait(tasks)

    def close(self) -> None:
        """Drop everything."""
        for utterance in (self._speaking, *self._ended):
            if utterance:
                if utterance.task:
                    utterance.task.cancel()
                utterance.handle.close()
        self._speaking = None
        self._ended.clear()

    def _begin(self, at_ms: int, *, robot_audible: bool) -> None:
        self._numbers += 1
        handle = self._recogniser.utterance(self.expects)
        frames = min(len(self._recent), (self._now_ms - at_ms + PRE_ROLL_MS) // FRAME_MS)
        handle.push(np.concatenate(list(self._recent)[-frames:]))
        self._speaking = _Open(self._numbers, at_ms, handle, during_prompt=robot_audible)

    def _recognise(self) -> None:
        utterance = self._speaking
        if utterance is None:
            return
        utterance.attempt += 1
        utterance.result = None
        utterance.task = asyncio.get_running_loop().create_task(self._attempt(utterance, utterance.attempt))

    async def _attempt(self, utterance: _Open, attempt: int) -> None:
        try:
            recognition = await utterance.handle.result()
        except SpeechError as error:
            log.get(__name__).error("recognition failed", problem=str(error))
            recognition = Recognition("", rejected=False, reason="error", score=0.0, cpu_ms=0)
        self._post(Result(utterance.number, attempt, recognition))

    def _drop(self) -> None:
        if self._speaking and self._speaking.task:
            self._speaking.task.cancel()
            self._speaking.task = None
            self._speaking.attempt += 1
            self._speaking.result = None

    def _end(self, end_ms: int) -> None:
        utterance = self._speaking
        if utterance is None:
            return
        utterance.end_ms = end_ms
        utterance.handle.hurry()
        if utterance.task is None:
            self._recognise()
        self._ended.append(utterance)
        self._speaking = None

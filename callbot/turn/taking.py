"""Who speaks when: decided frame by frame from the probability of speech and nothing else.

::

    customer   ......████████████.........██████.................................
    speech p   ________--------------______-------______________________________
                       ↑     ↑         ↑  ↑       ↑               ↑
            SpeechStarted    BargeIn   |  Speech  ShortPause      UtteranceEnded
            after onset_ms   after     |  Resumed after           endpoint_ms after the last speech, or
            (at_ms is when   barge_in  |          short_pause_ms  complete_endpoint_ms once ``complete()`` said
            it really began) _ms while ShortPause                 that the answer heard so far suffices
                             the robot
                             speaks

Recognition runs from the short pause on, beside the wait for the endpoint, and is dropped when speech resumes.
Pure: one call per 20 ms of audio, all times in ms of audio since the first frame.
"""

from dataclasses import dataclass

from callbot.values import FRAME_MS

PRE_ROLL_MS = 250
"""Audio from before ``SpeechStarted.at_ms`` that belongs to an utterance: soft first consonants (f, h, s) raise no
detector (measured: the onset is found about 100 ms late)."""

_ONSET_LAG_MS = 40
_END_LAG_MS = 80
"""How late the detector is: speech is first believed 50 ms after it began and last believed 100 ms after it fell 40 dB
below its loudest (medians of 17 fixtures at 4 alignments, 2026-11; 16 and 76 at the 5th percentile, so that reported
times cut nothing off)."""


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """The numbers of turn-taking, measured with 72 synthetic utterances and 9 callers unless another source is named.

    - ``speech_over``, ``quiet_under``: silero's own recommended pair, 0.5 to begin and 0.15 less to end.
    - ``onset_ms``: about three windows of 32 ms; single windows over 0.5 come from clicks and breath.
    - ``resume_ms``: speech after a pause is believed after two frames: one window of noise drops no recognition.
    - ``barge_in_ms``: coughs and most backchannels stay below; people notice a robot that talks on after about 500 ms.
    - ``greeting_guard_ms``: people pick up with 喂, often twice, while the greeting already begins.
    - ``short_pause_ms``: at 200 recognition is never ready in time, at 100 1 to 4 in 120 start in vain.
    - ``endpoint_ms``: 300 splits 4 of 72 utterances, 500 one, 700 none but costs 200 ms in every turn.
    - ``complete_endpoint_ms``: enough when a whole expected answer is there already.
    - ``longest_ms``: longer speech is a recording or a television; whisper's window would end at 30 s.
    """

    speech_over: float = 0.5
    quiet_under: float = 0.35
    onset_ms: int = 100
    resume_ms: int = 40
    barge_in_ms: int = 200
    greeting_guard_ms: int = 2000
    short_pause_ms: int = 100
    endpoint_ms: int = 500
    complete_endpoint_ms: int = 300
    longest_ms: int = 15_000


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The customer speaks, since ``at_ms`` (about ``onset_ms`` ago)."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The customer has talked over the robot long enough to mean it; at most once per utterance."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class ShortPause:
    """A first pause: begin to recognise what was said so far."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """It was only a pause: what was recognised so far is stale."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class TooLong:
    """The utterance reached its longest; an ``UtteranceEnded`` follows in the same frame."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """The customer has finished: spoke from ``start_ms`` to ``end_ms``, the detector's lag taken off."""

    start_ms: int
    end_ms: int


TurnEvent = SpeechStarted | BargeIn | ShortPause | SpeechResumed | TooLong | UtteranceEnded


class TurnTaker:
    """Turn-taking of one leg. Call ``frame`` for every 20 ms in order."""

    def __init__(self, policy: TurnPolicy) -> None:
        self._policy = policy
        self._now_ms = 0
        self._start_ms: int | None = None
        self._speech_end_ms = 0
        self._run_ms = 0
        self._over_robot_ms = 0
        self._barged_in = False
        self._paused = False
        self._complete = False

    def frame(self, speech: float, robot_speaking: bool) -> tuple[TurnEvent, ...]:
        """Take the probability of speech after this frame and whether the robot is audible; returns what follows."""
        self._now_ms += FRAME_MS
        if speech > self._policy.speech_over:
            self._run_ms += FRAME_MS
        elif speech < self._policy.quiet_under:
            self._run_ms = 0
        if self._start_ms is None:
            return self._waiting()
        return self._talking(self._start_ms, speech, robot_speaking)

    def complete(self) -> None:
        """What was heard up to this pause is a complete expected answer: end after the shorter silence."""
        self._complete = self._paused

    def _waiting(self) -> tuple[TurnEvent, ...]:
        if self._run_ms < self._policy.onset_ms:
            return ()
        self._start_ms = max(0, self._now_ms - self._run_ms - _ONSET_LAG_MS)
        self._speech_end_ms = self._now_ms
        self._over_robot_ms = 0
        self._barged_in = self._paused = self._complete = False
        return (SpeechStarted(self._start_ms),)

    def _talking(self, start_ms: int, speech: float, robot_speaking: bool) -> tuple[TurnEvent, ...]:
        events: list[TurnEvent] = []
        if self._paused:
            if self._run_ms >= self._policy.resume_ms:
                self._paused = self._complete = False
                self._speech_end_ms = self._now_ms
                events.append(SpeechResumed(self._now_ms))
        elif speech >= self._policy.quiet_under:
            self._speech_end_ms = self._now_ms
        elif self._now_ms - self._speech_end_ms >= self._policy.short_pause_ms:
            self._paused = True
            events.append(ShortPause(self._now_ms))
        if self._interrupts(speech, robot_speaking):
            self._barged_in = True
            events.append(BargeIn(self._now_ms))
        if self._now_ms - start_ms >= self._policy.longest_ms:
            events += [TooLong(self._now_ms), self._end(start_ms)]
        elif self._now_ms - self._speech_end_ms >= self._wait_ms():
            events.append(self._end(start_ms))
        return tuple(events)

    def _interrupts(self, speech: float, robot_speaking: bool) -> bool:
        """Counts speech over the robot's voice; before the end of the greeting guard nothing counts."""
        if self._barged_in or not robot_speaking or self._now_ms <= self._policy.greeting_guard_ms:
            return False
        if self._over_robot_ms == 0:
            self._over_robot_ms = min(self._run_ms, self._now_ms - self._policy.greeting_guard_ms)
        elif speech > self._policy.speech_over:
            self._over_robot_ms += FRAME_MS
        return self._over_robot_ms >= self._policy.barge_in_ms

    def _wait_ms(self) -> int:
        return self._policy.complete_endpoint_ms if self._complete else self._policy.endpoint_ms

    def _end(self, start_ms: int) -> UtteranceEnded:
        self._start_ms = None
        self._run_ms = 0
        return UtteranceEnded(start_ms, max(start_ms + FRAME_MS, self._speech_end_ms - _END_LAG_MS))

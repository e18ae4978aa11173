"""The robot's mouth: sentences in order on one leg, paused and resumed, and what the transcript says of them.

::

    say A, say B        A playing, B waiting            → LegPlayed(A): B starts
    say C (replace)     A cut at this sample, B dropped → C starts
    say D (replace)     A may not be interrupted: B dropped, D starts after A
    pause … resume      A silent, goes on where it was
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from callbot.messages import Say, Spoken
from callbot.ports import CallLeg
from callbot.values import Pcm

_AUDIBLE = 33
"""-60 dBFS: below it a frame of the robot's side is silence (prompts are at about -20 dBFS)."""


class Speaker:
    """Plays ``Say`` actions; driven by the session, which passes ``LegPlayed`` and the spoken side of ticks on."""

    def __init__(self, leg: CallLeg, on_spoken: Callable[[Spoken], None]) -> None:
        self._leg = leg
        self._on_spoken = on_spoken
        self._waiting: deque[tuple[Say, Pcm]] = deque()
        self._current: Say | None = None
        self._started_ms: int | None = None
        self._last_ms = 0
        self.paused = False

    @property
    def busy(self) -> bool:
        """Whether something is being said, is paused, or waits to be said."""
        return self._current is not None or bool(self._waiting)

    @property
    def audible(self) -> bool:
        """Whether the customer may be hearing the robot right now."""
        return self._current is not None and not self.paused

    @property
    def barge_in(self) -> bool:
        """Whether mere speech interrupts the sentence being said."""
        return self._current is not None and self._current.barge_in_by == "speech" and self._guarded_no_more

    @property
    def interruptible(self) -> bool:
        """Whether a reply or a key may cut off what is being said; also when nothing is."""
        return self._current is None or (self._current.barge_in_by != "nothing" and self._guarded_no_more)

    @property
    def _guarded_no_more(self) -> bool:
        if self._current is None or not self._current.guard_ms:
            return True
        heard_ms = 0 if self._started_ms is None else self._last_ms - self._started_ms
        return heard_ms >= self._current.guard_ms

    def say(self, say: Say, audio: Pcm) -> None:
        """Start now, or after what is being said; ``say.replace`` drops that instead, if it may be interrupted."""
        if say.replace and self.interruptible:
            self.stop()
        elif say.replace:
            self._waiting.clear()
        self._waiting.append((say, audio))
        if self._current is None:
            self._next()

    def finished(self, number: int) -> bool:
        """The leg has played this number; False when it was replaced in the meantime."""
        if self._current is None or self._current.number != number:
            return False
        self._note()
        self._current = None
        self._next()
        return True

    def heard_by_customer(self, spoken: Pcm, now_ms: int) -> bool:
        """One 20 ms frame of the robot's side ended at ``now_ms``; True for the first audible frame of a sentence."""
        if self._current is None or not int(np.abs(spoken).max(initial=0)) > _AUDIBLE:
            return False
        self._last_ms = now_ms
        if self._started_ms is None:
            self._started_ms = now_ms - 20
            return True
        return False

    def pause(self) -> None:
        """Be silent, remember the place."""
        if self.audible:
            self.paused = True
            self._leg.pause()

    def resume(self) -> None:
        """Go on where it was paused."""
        if self.paused:
            self.paused = False
            self._leg.resume()

    def stop(self) -> None:
        """Cut off what is being said and drop what waits."""
        self._waiting.clear()
        if self._current is not None:
            self._leg.stop()
            self._note()
            self._current = None
        self.paused = False

    def _next(self) -> None:
        if self._waiting:
            self._current, audio = self._waiting.popleft()
            self._started_ms = None
            self.paused = False
            self._leg.play(audio, self._current.number)

    def _note(self) -> None:
        if self._current is not None and self._started_ms is not None:
            line = Spoken("robot", self._current.text, self._started_ms, self._last_ms, self._current.step)
            self._on_spoken(line)

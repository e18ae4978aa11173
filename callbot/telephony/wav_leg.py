"""A leg without a network: the customer is a recording, time is made of its samples.

A whole call runs as fast as the machine can, and the same way every time: after each 20 ms ``settle`` lets everything
else finish what this tick has started.
"""

from collections.abc import Awaitable, Callable

import numpy as np

from callbot.ports import LegEnded, LegEvent, LegPlayed, Ticks
from callbot.values import FRAME_MS, FRAME_SAMPLES, Pcm

_SILENCE = np.zeros(FRAME_SAMPLES, np.int16)


class WavLeg:
    """Satisfies ``ports.CallLeg``; drive it with ``run``.

    ``heard`` is what the customer says, silence before and between included; after it he is silent for
    ``silence_after_ms`` and then hangs up. What the robot said stands in ``spoken``, sample for sample beside that.
    """

    def __init__(self, heard: Pcm, settle: Callable[[], Awaitable[None]], *, silence_after_ms: int = 10_000) -> None:
        frames = -(-len(heard) // FRAME_SAMPLES)
        self._heard = np.zeros(frames * FRAME_SAMPLES, np.int16)
        self._heard[: len(heard)] = heard
        self._frames = frames + silence_after_ms // FRAME_MS
        self._settle = settle
        self._post: Callable[[LegEvent], None] | None = None
        self._said: list[Pcm] = []
        self._playing: Pcm | None = None
        self._number = 0
        self._at = 0
        self._paused = False
        self._hung_up = False
        self._over = False

    @property
    def spoken(self) -> Pcm:
        """Everything the robot said so far, from pick-up."""
        return np.concatenate([np.zeros(0, np.int16), *self._said])

    async def run(self) -> None:
        """Let the whole call pass; returns after ``LegEnded``. ``listen`` comes first."""
        if self._post is None:
            raise RuntimeError("nobody listens to this leg")
        await self._settle()
        for frame in range(self._frames):
            if self._hung_up:
                break
            self._tick(frame, self._post)
            await self._settle()
        self._over = True
        self._post(LegEnded("robot" if self._hung_up else "customer", 200))
        await self._settle()

    def _tick(self, frame: int, post: Callable[[LegEvent], None]) -> None:
        start = frame * FRAME_SAMPLES
        heard = self._heard[start : start + FRAME_SAMPLES] if start < len(self._heard) else _SILENCE
        spoken, ended = self._next_frame()
        self._said.append(spoken)
        post(Ticks(heard, spoken))
        if ended:
            post(LegPlayed(self._number))

    def _next_frame(self) -> tuple[Pcm, bool]:
        if self._playing is None or self._paused:
            return _SILENCE, False
        part = self._playing[self._at : self._at + FRAME_SAMPLES]
        self._at += FRAME_SAMPLES
        ended = self._at >= len(self._playing)
        if ended:
            self._playing = None
        spoken = np.zeros(FRAME_SAMPLES, np.int16)
        spoken[: len(part)] = part
        return spoken, ended

    # -------------------------------------------------------- ports.CallLeg

    def listen(self, post: Callable[[LegEvent], None]) -> None:
        """Deliver every event to ``post``; nothing has happened before ``run``."""
        self._post = post

    def play(self, audio: Pcm, number: int) -> None:
        """Say this from the next frame on."""
        if not self._over:
            self._playing, self._number, self._at, self._paused = audio, number, 0, False

    def pause(self) -> None:
        """Be silent from the next frame on."""
        self._paused = self._playing is not None

    def resume(self) -> None:
        """Go on where ``pause`` stopped."""
        self._paused = False

    def stop(self) -> None:
        """Drop what is said or paused."""
        self._playing = None
        self._paused = False

    def hang_up(self) -> None:
        """End the call before the next frame."""
        self._hung_up = True

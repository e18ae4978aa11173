"""When a simulated customer speaks: decided tick by tick from what he hears. Pure."""

from collections.abc import Sequence

import numpy as np

from callbot.simulate.customers import REACTION_MS, Turn
from callbot.values import FRAME_MS, Pcm

_LOUD_RMS = 184.0
"""-45 dBFS: above comfort noise and codec noise, below the quietest syllables of a prompt at its usual -20 dBFS."""

_SPOKE_TICKS = 200 // FRAME_MS
"""So much sound makes a sentence; less is the tail of an interrupted prompt or a click."""

_BEGAN_TICKS = 100 // FRAME_MS
_FORGET_TICKS = 300 // FRAME_MS


def is_loud(frame: Pcm) -> bool:
    """Whether somebody speaks in these 20 ms."""
    return bool(np.sqrt(np.mean(np.square(frame.astype(np.float32)))) > _LOUD_RMS)


class Customer:
    """Goes through his turns; feed ``tick`` every 20 ms, ``said`` when his own recording has ended.

    After a turn he does nothing before the robot has spoken again, so two machines never talk each other into a storm.
    When his turns are used up he is silent until the robot hangs up.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = list(turns)
        self._tick = 0
        self._speaking = False
        self._loud = 0  # loud ticks since his last turn
        self._quiet = 0  # ticks since the last loud one
        self._began: int | None = None  # tick at which the robot's present sentence began

    def tick(self, loud: bool) -> Turn | None:
        """20 ms passed in which the robot was loud or not; what to do now, if anything."""
        self._tick += 1
        self._listen(loud)
        if self._speaking or not self._turns or not self._due(self._turns[0]):
            return None
        turn = self._turns.pop(0)
        self._speaking = bool(turn.say or turn.tone)
        self._forget()
        return turn

    def said(self) -> None:
        """His recording is over; what the robot said meanwhile was no answer to it."""
        self._speaking = False
        self._forget()

    def _listen(self, loud: bool) -> None:
        if not loud:
            self._quiet += 1
            if self._quiet >= _FORGET_TICKS and self._loud < _BEGAN_TICKS:
                self._forget()  # a click, not a sentence
            return
        self._quiet = 0
        self._loud += 1
        if self._began is None:
            self._began = self._tick

    def _forget(self) -> None:
        self._loud = 0
        self._quiet = 0
        self._began = None

    def _due(self, turn: Turn) -> bool:
        if turn.at is not None:
            return self._tick * FRAME_MS >= turn.at
        if turn.interrupt is not None:
            began = self._began is not None and self._loud >= _BEGAN_TICKS
            return began and (self._tick - (self._began or 0)) * FRAME_MS >= turn.interrupt
        wait = REACTION_MS if turn.after is None else turn.after
        return self._loud >= _SPOKE_TICKS and self._quiet * FRAME_MS >= wait

"""The recording of a call: two channels, customer left, robot right, sample by sample as both were heard on the leg.

It begins with the first early media (ringing tones, announcements) or with the pick-up and goes on without a gap, so
times that count from the pick-up lie ``offset_ms`` further in it::

    early media ────┬─ pick-up ─────────────── last word
    ◄─ offset_ms ──►│ transcript, turn marks, trace: 0 ms is here

What the customer says has waited in the jitter buffer before the leg hears it, so the robot's channel is written a
little later too: side by side they stand as they passed through the network.

While the call runs, raw interleaved samples go to ``NAME.part``; ``finish`` puts the WAV header before them. So a
process that dies leaves all but the last moment of sound, and ``rescue`` makes a WAV of it afterwards.
"""

import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np

from callbot import log
from callbot.values import RATE_HZ, Pcm, ms_of

_CHUNK = 1 << 20
_JITTER_SAMPLES = RATE_HZ * 25 // 1000
"""25 ms: the customer's words reached the ear 8 to 41 ms after their packets on a quiet network (measured, 9 calls)."""


class Recording:
    """Writes one call; belongs to the call's task. The file is made when there is something to write.

    A disk that is full or away never ends a running call: what was recorded until then stays.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part: BinaryIO | None = None
        self._samples = 0
        self._waiting = np.zeros(_JITTER_SAMPLES, np.int16)
        self._broken = False
        self.offset_ms = 0

    def picked_up(self) -> None:
        """The conversation begins here; from now on there is a recording, however short."""
        self.offset_ms = ms_of(self._samples)
        self.write(np.zeros(0, np.int16), np.zeros(0, np.int16))

    def write(self, heard: Pcm, spoken: Pcm) -> None:
        """Append equally long audio of both sides."""
        robot = np.concatenate([self._waiting, spoken])
        both = np.empty((len(heard), 2), "<i2")
        both[:, 0] = heard
        both[:, 1] = robot[: len(heard)]
        self._waiting = robot[len(heard) :]
        if not self._broken:
            try:
                if self._part is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    # A quarter of a second of two channels at a time.
                    self._part = _part_of(self._path).open("wb", buffering=RATE_HZ)
                self._part.write(both.tobytes())
                self._samples += len(heard)
            except OSError as error:
                self._failed(error)

    def finish(self) -> str:
        """Close; the path of the complete WAV, "" when nothing was recorded."""
        try:
            if self._part is not None and not self._part.closed:
                rest = np.zeros(len(self._waiting), np.int16)
                self.write(rest, rest)
                self._part.close()
            return str(self._path) if rescue(self._path) else ""
        except OSError as error:
            self._failed(error)
            return ""

    def _failed(self, error: OSError) -> None:
        self._broken = True
        log.get(__name__).error("the recording cannot be written", problem=str(error))


def rescue(path: Path) -> bool:
    """Make the WAV at ``path`` from its part, if there is one; False when nothing was ever recorded."""
    part = _part_of(path)
    if not part.exists():
        return path.exists()
    with part.open("rb") as samples, wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        while chunk := samples.read(_CHUNK):
            out.writeframesraw(chunk[: len(chunk) // 4 * 4])
    part.unlink()
    return True


def _part_of(path: Path) -> Path:
    return path.with_suffix(".part")

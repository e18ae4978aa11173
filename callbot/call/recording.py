"""The recording of a call: two channels, customer left, robot right, sample by sample as both were heard on the leg.

While the call runs, raw interleaved samples go to ``NAME.part``; ``finish`` puts the WAV header before them. So a
process that dies leaves all but the last moment of sound, and ``rescue`` makes a WAV of it afterwards.
"""

import wave
from pathlib import Path

import numpy as np

from callbot.values import RATE_HZ, Pcm

_CHUNK = 1 << 20


class Recording:
    """Writes one call; belongs to the call's task."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._part = _part_of(path).open("wb", buffering=RATE_HZ)  # a quarter of a second of two channels

    def write(self, heard: Pcm, spoken: Pcm) -> None:
        """Append equally long audio of both sides."""
        both = np.empty((len(heard), 2), "<i2")
        both[:, 0] = heard
        both[:, 1] = spoken
        self._part.write(both.tobytes())

    def finish(self) -> Path:
        """Close; the WAV is complete when this returns."""
        self._part.close()
        rescue(self._path)
        return self._path


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

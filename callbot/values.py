"""Small values that every part speaks of: phone numbers, outcomes of the telephone network, audio."""

import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
"""Sampling rate on the line: G.711, RFC 3551 section 4.5.14."""
FRAME_MS = 20
"""Packet time of telephony audio, RFC 3551 section 4.2."""
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000

Pcm = NDArray[np.int16]
"""Mono audio, int16, shape ``(samples,)``; 8 kHz unless a rate stands beside it."""

_PHONE = re.compile(r"\+?[0-9]{3,15}\Z")


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in E.164 or national digits. Printing masks it; ``number`` is for dialling only."""

    number: str

    def __post_init__(self) -> None:
        if not _PHONE.match(self.number):
            raise ValueError(f"not a telephone number: {self.masked}")

    @property
    def masked(self) -> str:
        """First three and last four digits, the middle as stars: what logs and pages may show."""
        shown = self.number.removeprefix("+86")
        return shown[:3] + "*" * max(0, len(shown) - 7) + shown[-4:] if len(shown) > 7 else "*" * len(shown)

    def __str__(self) -> str:
        return self.masked


class Disposition(StrEnum):
    """What the telephone network made of a call, before anything was said."""

    ANSWERED = "answered"
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


def ms_of(samples: int, rate_hz: int = RATE_HZ) -> int:
    """Length of so many samples in whole milliseconds."""
    return samples * 1000 // rate_hz

"""Tones of the telephone network (pure)."""

import numpy as np

from callbot.audio.pcm import FULL_SCALE
from callbot.values import RATE_HZ, Pcm

_RING_HZ = 450
_RING_ON_MS, _RING_OFF_MS = 1000, 4000
_RING_DBFS = -20.0
"""As loud as prompts, so that nobody takes the telephone from his ear."""
_RAMP_MS = 10


def ringback() -> Pcm:
    """One period of the ringing tone that a waiting caller hears, 5 s: China's, 450 Hz, 1 s on and 4 s off.

    Source: ITU-T E.180 Supplement 2 (various tones used in national networks).
    """
    samples = _RING_ON_MS * RATE_HZ // 1000
    at = np.arange(samples)
    ramp = np.minimum(1.0, np.minimum(at, at[::-1]) / (_RAMP_MS * RATE_HZ // 1000))
    peak = FULL_SCALE * 10 ** (_RING_DBFS / 20) * np.sqrt(2)
    period = np.zeros((_RING_ON_MS + _RING_OFF_MS) * RATE_HZ // 1000, np.int16)
    period[:samples] = (peak * ramp * np.sin(2 * np.pi * _RING_HZ * at / RATE_HZ)).astype(np.int16)
    return period

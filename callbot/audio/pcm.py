"""Audio as arrays: levels, filters, pieces put together, G.711.

Everything takes and gives int16 mono of shape ``(samples,)`` unless it says otherwise, and changes nothing in place.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from callbot.values import FRAME_SAMPLES, RATE_HZ, Pcm

FULL_SCALE = 32768.0
SILENT_DBFS = -120.0
"""Level given for digital silence, where the logarithm has no value."""
SPEECH_DBFS = -20.0
"""Loudness of prompts. ITU-T P.56 active level of a nominal telephone talker lies near -26 dBov; public voice services
speak 4 to 8 dB above that so that a phone in the street is understood. -20 leaves room for peaks (crest of speech
12 to 16 dB) without clipping."""
PEAK_DBFS = -2.0
"""No sample of a prompt lies above this; the rest absorbs what G.711 and other people's filters add."""
_FADE_MS = 4
"""Length of the ramps at both ends of a piece: long enough to hide a step, too short to blunt a consonant."""
_ACTIVE_DB = 25.0
"""Frames this far below the loudest one do not count as speech when a level is taken (pauses between words)."""


def level_dbfs(audio: Pcm) -> float:
    """RMS level in dB below full scale (a full-scale square wave is 0, a sine -3)."""
    return _db(float(np.sqrt(np.mean(np.square(audio.astype(np.float64)))))) if len(audio) else SILENT_DBFS


def frame_levels_dbfs(audio: Pcm, frame: int = FRAME_SAMPLES) -> NDArray[np.float64]:
    """RMS level of each whole frame in dBFS; shape ``(len(audio) // frame,)``."""
    whole = audio[: len(audio) // frame * frame].astype(np.float64).reshape(-1, frame)
    rms = np.sqrt(np.mean(np.square(whole), axis=1))
    levels: NDArray[np.float64] = np.maximum(20 * np.log10(np.maximum(rms, 1e-9) / FULL_SCALE), SILENT_DBFS)
    return levels


def active_level_dbfs(audio: Pcm) -> float:
    """Level of the speech in it: mean power of the frames that lie less than 25 dB under the loudest one."""
    levels = frame_levels_dbfs(audio)
    if not len(levels):
        return level_dbfs(audio)
    loud = levels[levels > levels.max() - _ACTIVE_DB]
    return float(10 * np.log10(np.mean(10 ** (loud / 10))))


def with_gain(audio: Pcm, gain_db: float) -> Pcm:
    """The same audio louder or softer, clipped at full scale."""
    return to_int16(audio.astype(np.float64) * 10 ** (gain_db / 20) / FULL_SCALE)


def at_level(audio: Pcm, target_dbfs: float = SPEECH_DBFS, peak_dbfs: float = PEAK_DBFS) -> Pcm:
    """Bring speech to one loudness, or as near to it as its peaks allow. Silence stays as it is."""
    level = active_level_dbfs(audio)
    if level <= SILENT_DBFS:
        return audio.copy()
    peak = _db(float(np.max(np.abs(audio.astype(np.float64)))))
    return with_gain(audio, min(target_dbfs - level, peak_dbfs - peak))


def trimmed(audio: Pcm, below_peak_db: float = 40.0, keep_ms: int = 10) -> Pcm:
    """Without the quiet at both ends.

    Quiet is what lies more than ``below_peak_db`` under the loudest 5 ms; ``keep_ms`` of it stay so that soft
    consonants (f, h, s) keep their beginning.
    """
    step = RATE_HZ // 200
    levels = frame_levels_dbfs(audio, step)
    if not len(levels) or levels.max() <= SILENT_DBFS:
        return audio[:0].copy()
    loud = np.flatnonzero(levels > levels.max() - below_peak_db)
    keep = keep_ms * RATE_HZ // 1000
    start = max(0, int(loud[0]) * step - keep)
    return audio[start : (int(loud[-1]) + 1) * step + keep].copy()


def faded(audio: Pcm) -> Pcm:
    """With ramps of 4 ms at both ends, so that it can begin and end anywhere without a click."""
    ramp = min(_FADE_MS * RATE_HZ // 1000, len(audio) // 2)
    if not ramp:
        return audio.copy()
    weights = np.ones(len(audio))
    weights[:ramp] = np.linspace(0, 1, ramp, endpoint=False)
    weights[-ramp:] = weights[:ramp][::-1]
    return np.rint(audio * weights).astype(np.int16)


def joined(pieces: Sequence[Pcm], gaps_ms: Sequence[int]) -> Pcm:
    """Pieces one after the other with faded ends; ``gaps_ms[i]`` of silence follow piece ``i`` (the last one too)."""
    parts: list[Pcm] = []
    for piece, gap_ms in zip(pieces, gaps_ms, strict=True):
        parts += [faded(piece), silence(gap_ms)]
    return np.concatenate(parts) if parts else silence(0)


def silence(length_ms: int) -> Pcm:
    """So many milliseconds of nothing at 8 kHz."""
    return np.zeros(length_ms * RATE_HZ // 1000, np.int16)


def to_int16(audio: NDArray[np.floating]) -> Pcm:
    """From floats in -1..1, clipped."""
    samples: Pcm = np.clip(np.rint(audio * FULL_SCALE), -32768, 32767).astype(np.int16)
    return samples


def to_float(audio: Pcm) -> NDArray[np.float32]:
    """To floats in -1..1."""
    return audio.astype(np.float32) / np.float32(FULL_SCALE)


# ---------------------------------------------------------------- sampling rates


def resampled(audio: NDArray[np.floating], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Floats at another rate: a polyphase windowed-sinc filter, flat to 0.85 of the smaller Nyquist frequency.

    Length is ``ceil(samples * to_hz / from_hz)``; no delay. 1 s from 8 to 16 kHz costs about 1 ms (2026-11).
    """
    up, down = to_hz // gcd(from_hz, to_hz), from_hz // gcd(from_hz, to_hz)
    if up == down:
        return audio.astype(np.float32)
    phases, half = _phases(up, down)
    length = -(-len(audio) * up // down)
    padded = np.pad(audio.astype(np.float32), (half, half + down + 1))
    windows = sliding_window_view(padded, 2 * half + 1)
    result = np.zeros(length, np.float32)
    for first in range(min(up, length)):
        start, phase = divmod(first * down, up)
        count = len(range(first, length, up))
        result[first::up] = windows[start : start + (count - 1) * down + 1 : down] @ phases[phase]
    return result


@lru_cache(maxsize=16)
def _phases(up: int, down: int) -> tuple[NDArray[np.float32], int]:
    """Filter taps by phase, shape ``(up, 2 * half + 1)``: Kaiser window, beta 7 (70 dB), 28 zero crossings a side.

    28 crossings put the stop band at the Nyquist frequency for a pass band to 0.85 of it (3400 Hz at 8 kHz, the edge
    of the telephone channel, ITU-T G.712), by Kaiser's formula for 70 dB.
    """
    wider = max(1.0, down / up)
    half = int(np.ceil(28 * wider))
    cutoff = 0.925 / wider
    taps = np.empty((up, 2 * half + 1), np.float64)
    for phase in range(up):
        at = np.arange(-half, half + 1) - phase / up
        window = np.i0(7.0 * np.sqrt(np.clip(1 - (at / (half + 1)) ** 2, 0, None))) / np.i0(7.0)
        taps[phase] = np.sinc(at * cutoff) * window
        taps[phase] /= taps[phase].sum()
    return taps.astype(np.float32), half


# ---------------------------------------------------------------- G.711


def alaw_encoded(audio: Pcm) -> NDArray[np.uint8]:
    """A-law bytes, ITU-T G.711 (13 bits of each sample, even bits inverted)."""
    sample = audio.astype(np.int32) >> 3
    sign = np.where(sample >= 0, 0x80, 0)
    magnitude = np.where(sample >= 0, sample, -sample - 1)
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = np.where(exponent > 1, magnitude >> np.maximum(exponent, 1), magnitude >> 1) & 0x0F
    segment = np.where(magnitude < 32, 0, exponent)
    code: NDArray[np.uint8] = ((sign | (segment << 4) | mantissa) ^ 0x55).astype(np.uint8)
    return code


def alaw_decoded(data: NDArray[np.uint8]) -> Pcm:
    """Samples of A-law bytes."""
    code = data.astype(np.int32) ^ 0x55
    segment, mantissa = (code >> 4) & 7, code & 0x0F
    magnitude = np.where(segment == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def ulaw_encoded(audio: Pcm) -> NDArray[np.uint8]:
    """µ-law bytes, ITU-T G.711 (14 bits of each sample, all bits inverted)."""
    sample = audio.astype(np.int32) >> 2
    sign = np.where(sample < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(sample), 8158) + 33
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    mantissa = (magnitude >> (exponent + 1)) & 0x0F
    code: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return code


def ulaw_decoded(data: NDArray[np.uint8]) -> Pcm:
    """Samples of µ-law bytes."""
    code = ~data.astype(np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _db(amplitude: float) -> float:
    return max(SILENT_DBFS, 20 * float(np.log10(max(amplitude, 1e-9) / FULL_SCALE)))

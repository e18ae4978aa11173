"""Telephone keys as tones in the audio: found while somebody talks, and made for those who press.

::

    697 Hz   1  2  3        block of 20 ms, every 10 ms:  two tones and hardly anything else?
    770 Hz   4  5  6          ├─ three blocks in a row with the same key (40 ms): pressed
    852 Hz   7  8  9          └─ four blocks in a row without it (a pause of 40 ms): released
    941 Hz   *  0  #
           1209 1336 1477 Hz

Limits after ITU-T Q.23 (frequencies, ± 1.8 %) and Q.24 (at least 40 ms of tone, 40 ms of pause, breaks of 10 ms are no
pause, one tone up to 8 dB weaker than the other). Pure.
"""

import numpy as np
from numpy.typing import NDArray

from callbot.values import FRAME_SAMPLES, RATE_HZ, Pcm

ROWS_HZ = (697.0, 770.0, 852.0, 941.0)
COLUMNS_HZ = (1209.0, 1336.0, 1477.0)
KEYS = ("123", "456", "789", "*0#")

_HOP = FRAME_SAMPLES // 2
_DETUNING = (0.988, 1.0, 1.012)
"""Correlators per tone: a block of 20 ms loses half the power of a tone 22 Hz off; with three it is at most 13 %
within the tolerance of Q.23."""
_FLOOR_RMS = 184.0
"""-45 dBFS. Q.24 has the weakest tone at -25 dBm0, -28 dBFS; below this nobody presses a key."""
_SHARE = 0.72
"""Part of a block's power that must lie in the two tones. A block covered by the tone to three quarters has 0.75, noise
20 dB below takes 0.01; vowels hold it for two blocks at most (no key in all fixtures and prompts, 2026-11-22)."""
_TWIST = 10**1.05
"""Most power ratio of the two tones, either way: 10.5 dB, the 8 dB of Q.24 and what one tone leaks into the other."""
_PRESSED = 3
_RELEASED = 4


def _bank() -> NDArray[np.float32]:
    """Correlators as rows: cosine then sine of every tone in every detuning; shape (2 · 7 · 3, 160)."""
    hz = np.array([tone * factor for tone in (*ROWS_HZ, *COLUMNS_HZ) for factor in _DETUNING])
    angles = 2 * np.pi * hz[:, None] * np.arange(FRAME_SAMPLES)[None, :] / RATE_HZ
    return np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32)


_BANK = _bank()
_TONES = len(ROWS_HZ) + len(COLUMNS_HZ)


class KeyTones:
    """Finds keys in one side of a call; feed every frame in order. About 3 µs a loud frame, 1.3 µs a quiet one."""

    def __init__(self) -> None:
        self._samples = np.zeros(FRAME_SAMPLES + _HOP, np.float32)
        self._candidate = ""
        self._hits = 0
        self._misses = 0
        self._down = ""

    def frame(self, heard: Pcm) -> str:
        """Take 20 ms (160 samples at 8 kHz); the key that is now known to be pressed, "" otherwise; once per press."""
        samples = self._samples
        samples[:_HOP] = samples[FRAME_SAMPLES:]
        samples[_HOP:] = heard
        if not self._down and not self._hits and not _key(samples[_HOP:]):
            return ""  # nothing pressed, nothing begun: the block before this one alone makes no key either
        pressed = ""
        for start in (0, _HOP):
            pressed = self._block(_key(samples[start : start + FRAME_SAMPLES])) or pressed
        return pressed

    def _block(self, key: str) -> str:
        self._hits = self._hits + 1 if key and key == self._candidate else int(bool(key))
        self._candidate = key
        if self._down:
            self._misses = 0 if key == self._down else self._misses + 1
            if self._misses >= _RELEASED or (self._hits >= _PRESSED and key != self._down):
                self._down = ""
        if self._down or self._hits < _PRESSED:
            return ""
        self._down, self._misses = key, 0
        return key


def _key(block: NDArray[np.float32]) -> str:
    """The key whose tones fill this block, "" when there is none."""
    power = float(np.dot(block, block))
    if power < _FLOOR_RMS**2 * FRAME_SAMPLES:
        return ""
    found = _BANK @ block
    # A sine of amplitude a over N samples gives (a N / 2)², its power is a² N / 2.
    scale = 2 / FRAME_SAMPLES / power
    if float(np.dot(found, found)) * scale < _SHARE:
        return ""  # all correlators together have too little, as with nearly all speech: no need to look for the two
    parts = found.reshape(2, _TONES, len(_DETUNING))
    tones = np.max(parts[0] ** 2 + parts[1] ** 2, axis=1) * scale
    row, column = int(np.argmax(tones[: len(ROWS_HZ)])), int(np.argmax(tones[len(ROWS_HZ) :]))
    low, high = float(tones[row]), float(tones[len(ROWS_HZ) + column])
    if low + high < _SHARE or low > high * _TWIST or high > low * _TWIST:
        return ""
    return KEYS[row][column]


def key_tones(keys: str, *, tone_ms: int = 100, pause_ms: int = 100, dbfs: float = -16.0) -> Pcm:
    """The sound of these keys pressed one after the other, each tone at ``dbfs``; a pause at either end."""
    pause = np.zeros(pause_ms * RATE_HZ // 1000, np.int16)
    time = np.arange(tone_ms * RATE_HZ // 1000) / RATE_HZ
    amplitude = 32768 * 10 ** (dbfs / 20) * np.sqrt(2)
    audio = [pause]
    for key in keys:
        row = next(number for number, names in enumerate(KEYS) if key in names)
        low, high = ROWS_HZ[row], COLUMNS_HZ[KEYS[row].index(key)]
        both = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
        audio += [np.round(amplitude * both).astype(np.int16), pause]
    return np.concatenate(audio)

"""Log-mel spectra as whisper was trained on them (Radford et al. 2022, section 2.2), in numpy. Pure."""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

RATE_HZ = 16_000
BANDS = 80
_WINDOW = 400
HOP = 160
"""25 ms windows every 10 ms."""


def log_mel(audio: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Features of 16 kHz floats, shape ``(1, 80, frames)``; frames after the sound hold the value of silence.

    Only frames that hold sound are computed: 2 s cost 4 ms (2026-11). Sound longer than ``frames`` is cut off.
    """
    used = min(frames, len(audio) // HOP + 1)
    half = _WINDOW // 2
    padded = np.pad(audio[: used * HOP], (half, _WINDOW + half))
    padded[:half] = padded[2 * half : half : -1]
    windows = sliding_window_view(padded, _WINDOW)[::HOP][:used]
    spectrum = np.fft.rfft(windows * _hann(), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    logs = np.log10(np.maximum(power @ _filters(), 1e-10))
    floor = logs.max() - 8.0
    features = np.full((1, BANDS, frames), (floor + 4) / 4, np.float32)
    features[0, :, :used] = ((np.maximum(logs, floor) + 4) / 4).T
    return features


@cache
def _hann() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    """Triangles on Slaney's mel scale with equal area, shape ``(201, 80)``."""
    hz = np.linspace(0, RATE_HZ / 2, _WINDOW // 2 + 1)
    edges = _hz(np.linspace(0, _mel(RATE_HZ / 2), BANDS + 2))
    rising = (hz[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))
    return triangles.astype(np.float32)


_LINEAR_HZ = 200 / 3  # Slaney's Auditory Toolbox: linear below 1 kHz, 27 steps for each factor of 6.4 above
_LOG_STEP = np.log(6.4) / 27


def _mel(hz: float) -> float:
    return float(15 + np.log(hz / 1000) / _LOG_STEP) if hz >= 1000 else hz / _LINEAR_HZ


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel >= 15, 1000 * np.exp((mel - 15) * _LOG_STEP), mel * _LINEAR_HZ)

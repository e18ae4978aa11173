"""What a customer lived through, measured on his own recording: left what he said, right what he heard.

Pure but for ``measure_file``.
Both channels are int16 at 8 kHz, equally long, aligned; all times in ms from pick-up, exact to 10 ms.
"""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callbot.values import RATE_HZ, Pcm

_STEP_MS = 10
_STEP = RATE_HZ * _STEP_MS // 1000
_FLOOR_DBFS = -40.0
"""Louder is speech; where reply latency is counted from and to (evidence of the prototypes used the same)."""
_GAP_MS = 300
"""Shorter pauses belong to the sentence: closures of stops and commas."""
_SHORTEST_MS = 40
_LONG_SILENCE_MS = 3000
_GREETING_MS = 2000
_FULL_SCALE = 32_000
"""G.711 never decodes above 32256 (A-law) or 32124 (µ-law), ITU-T G.711; both count as clipped."""
_CLICK = 2000
_CLICK_SIDE = RATE_HZ * 5 // 1000
_SAME = 0.9
"""Normalised correlation of two pieces of the same cached audio after G.711; other sentences stay below 0.4."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Somebody speaks, or nobody does."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it lasts."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Reply:
    """The robot's answer to one utterance of the customer."""

    speech_end_ms: int
    audio_ms: int

    @property
    def latency_ms(self) -> int:
        """From the end of the customer's speech to the robot's first audio."""
        return self.audio_ms - self.speech_end_ms


@dataclass(frozen=True, slots=True)
class Interruption:
    """The customer began while the robot spoke; ``silent_ms`` is when the robot's sentence ended."""

    begin_ms: int
    silent_ms: int

    @property
    def took_ms(self) -> int:
        """How long the robot went on."""
        return self.silent_ms - self.begin_ms


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything measured on one call. ``repeated`` holds the sentences of the robot that equal the one before."""

    length_ms: int
    first_audio_ms: int | None
    replies: tuple[Reply, ...]
    interruptions: tuple[Interruption, ...]
    overlaps: tuple[Stretch, ...]
    long_silences: tuple[Stretch, ...]
    repeated: tuple[Stretch, ...]
    clipped_samples: int
    clicks_ms: tuple[int, ...]
    robot_dbfs: float
    customer_dbfs: float

    @property
    def reply_latency_ms(self) -> list[int]:
        """Latencies of all replies, in the order of the call."""
        return [reply.latency_ms for reply in self.replies]

    @property
    def silent_after_interruption_ms(self) -> list[int]:
        """How long the robot went on after each interruption."""
        return [interruption.took_ms for interruption in self.interruptions]


def measure_file(path: Path) -> Measured:
    """Measure a recording of a simulated customer: two channels of 16 bit at 8 kHz, as ``simulation`` writes them."""
    with wave.open(str(path), "rb") as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return measure(both[:, 0].copy(), both[:, 1].copy())


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The smallest value that so many percent do not exceed (nearest rank); None when there are no values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


def measure(customer: Pcm, robot: Pcm) -> Measured:
    """Measure one call."""
    said, heard = stretches(customer), stretches(robot)
    return Measured(
        length_ms=len(robot) * 1000 // RATE_HZ,
        first_audio_ms=heard[0].start_ms if heard else None,
        replies=replies(said, heard),
        interruptions=interruptions(said, heard),
        overlaps=overlaps(said, heard),
        long_silences=long_silences(said, heard, len(robot) * 1000 // RATE_HZ),
        repeated=repeated(robot, heard),
        clipped_samples=int(np.count_nonzero(np.abs(robot.astype(np.int32)) >= _FULL_SCALE)),
        clicks_ms=clicks(robot),
        robot_dbfs=speech_dbfs(robot),
        customer_dbfs=speech_dbfs(customer),
    )


def stretches(audio: Pcm) -> tuple[Stretch, ...]:
    """Where somebody speaks: louder than -40 dBFS, pauses under 300 ms filled, anything under 40 ms left out."""
    loud = np.flatnonzero(_levels(audio) > _FLOOR_DBFS)
    if not len(loud):
        return ()
    cuts = np.flatnonzero(np.diff(loud) * _STEP_MS > _GAP_MS)
    starts = loud[np.concatenate([[0], cuts + 1])]
    ends = loud[np.concatenate([cuts, [len(loud) - 1]])] + 1
    found = (Stretch(int(s) * _STEP_MS, int(e) * _STEP_MS) for s, e in zip(starts, ends, strict=True))
    return tuple(stretch for stretch in found if stretch.length_ms >= _SHORTEST_MS)


def replies(said: Sequence[Stretch], heard: Sequence[Stretch]) -> tuple[Reply, ...]:
    """The robot's first audio after each utterance, unless it spoke right through its end or the customer went on."""
    found = []
    for i, utterance in enumerate(said):
        if any(h.start_ms <= utterance.end_ms < h.end_ms for h in heard):
            continue
        until = said[i + 1].start_ms if i + 1 < len(said) else None
        after = next((h.start_ms for h in heard if h.start_ms >= utterance.end_ms), None)
        if after is not None and (until is None or after < until):
            found.append(Reply(utterance.end_ms, after))
    return tuple(found)


def interruptions(said: Sequence[Stretch], heard: Sequence[Stretch]) -> tuple[Interruption, ...]:
    """Every time the customer began to speak into a sentence of the robot, except in the first two seconds: a "喂"
    there is no interruption and must not stop the greeting.
    """
    return tuple(
        Interruption(utterance.start_ms, sentence.end_ms)
        for utterance in said
        for sentence in heard
        if sentence.start_ms < utterance.start_ms < sentence.end_ms and utterance.start_ms >= _GREETING_MS
    )


def overlaps(said: Sequence[Stretch], heard: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Where both speak at once."""
    both = (Stretch(max(s.start_ms, h.start_ms), min(s.end_ms, h.end_ms)) for s in said for h in heard)
    return tuple(sorted((stretch for stretch in both if stretch.length_ms > 0), key=lambda s: s.start_ms))


def long_silences(said: Sequence[Stretch], heard: Sequence[Stretch], length_ms: int) -> tuple[Stretch, ...]:
    """Where nobody speaks for more than three seconds."""
    found = []
    at = 0
    for stretch in [*sorted([*said, *heard], key=lambda s: s.start_ms), Stretch(length_ms, length_ms)]:
        if stretch.start_ms - at > _LONG_SILENCE_MS:
            found.append(Stretch(at, stretch.start_ms))
        at = max(at, stretch.end_ms)
    return tuple(found)


def repeated(robot: Pcm, heard: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Sentences of the robot that sound exactly like the one before; a wanted repetition counts too."""
    return tuple(
        second for first, second in pairwise(heard) if _likeness(_part(robot, first), _part(robot, second)) > _SAME
    )


def clicks(audio: Pcm) -> tuple[int, ...]:
    """Jumps out of or into silence, in ms: a sample step of 2000 or more with 5 ms of silence on one side."""
    samples = audio.astype(np.float64)
    found: list[int] = []
    for at in np.flatnonzero(np.abs(np.diff(samples)) >= _CLICK) + 1:
        before, after = samples[max(0, at - _CLICK_SIDE) : at], samples[at : at + _CLICK_SIDE]
        ms = int(at) * 1000 // RATE_HZ
        if min(_rms(before), _rms(after)) < 50 and (not found or ms - found[-1] > _STEP_MS):
            found.append(ms)
    return tuple(found)


def speech_dbfs(audio: Pcm) -> float:
    """Level of the speech in it, pauses left out; -inf when there is none."""
    levels = _levels(audio)
    loud = levels[levels > _FLOOR_DBFS]
    return float(10 * np.log10(np.mean(10 ** (loud / 10)))) if len(loud) else float("-inf")


def _levels(audio: Pcm) -> NDArray[np.float64]:
    whole = audio[: len(audio) // _STEP * _STEP].reshape(-1, _STEP).astype(np.float64)
    power: NDArray[np.float64] = np.maximum(np.mean(whole * whole, axis=1), 1e-3) / 32768.0**2
    return np.asarray(10 * np.log10(power), np.float64)


def _rms(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples * samples))) if len(samples) else 0.0


def _part(audio: Pcm, stretch: Stretch) -> NDArray[np.float64]:
    return audio[stretch.start_ms * RATE_HZ // 1000 : stretch.end_ms * RATE_HZ // 1000].astype(np.float64)


def _likeness(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    energy = np.sqrt(np.sum(first * first) * np.sum(second * second))
    if energy == 0:
        return 0.0
    size = len(first) + len(second)
    product = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    return float(np.max(np.fft.irfft(product, size)) / energy)

"""Measuring a call on synthetic recordings whose figures are known."""

from pathlib import Path

import numpy as np
import pytest

from callbot.audio import wav
from callbot.simulate import measure
from callbot.simulate.measure import Stretch
from callbot.values import Pcm

pytestmark = pytest.mark.unit


def track(length_ms: int, *pieces: tuple[int, int], seed: int = 1, amplitude: float = 6000) -> Pcm:
    """Silence with noise bursts from a to b ms, soft at both ends so that they do not click."""
    audio = np.zeros(length_ms * 8)
    random = np.random.default_rng(seed)
    for start, end in pieces:
        noise = np.clip(random.normal(0, amplitude / 3, (end - start) * 8), -amplitude, amplitude)
        ramp = np.minimum(1, np.minimum(np.arange(len(noise)), np.arange(len(noise))[::-1]) / 16)
        audio[start * 8 : end * 8] = noise * ramp
    return audio.astype(np.int16)


def test_first_audio_and_reply_latency() -> None:
    robot = track(10_000, (90, 2000), (3600, 5000), seed=1)
    customer = track(10_000, (2500, 2750), (2900, 3000), seed=2)  # a short gap inside one utterance
    found = measure.measure(customer, robot)
    assert found.first_audio_ms == 90
    assert [reply.latency_ms for reply in found.replies] == [600]
    assert found.replies[0].speech_end_ms == 3000


def test_speech_that_the_robot_talks_through_has_no_reply() -> None:
    found = measure.measure(track(6000, (300, 700)), track(6000, (100, 4000), seed=3))
    assert found.replies == ()
    assert found.overlaps == (Stretch(300, 700),)


def test_utterance_that_goes_on_before_the_robot_speaks_has_no_reply_of_its_own() -> None:
    found = measure.measure(track(6000, (1000, 1500), (2500, 3000)), track(6000, (3700, 4500), seed=3))
    assert [reply.latency_ms for reply in found.replies] == [700]


def test_interruption() -> None:
    found = measure.measure(track(6000, (2000, 3000)), track(6000, (500, 2350), (3600, 5000), seed=3))
    assert [interruption.took_ms for interruption in found.interruptions] == [350]
    assert [reply.latency_ms for reply in found.replies] == [600]


def test_hello_at_pick_up_is_no_interruption() -> None:
    found = measure.measure(track(6000, (300, 700)), track(6000, (100, 4000), seed=3))
    assert found.silent_after_interruption_ms == []


def test_a_file_is_measured_like_its_channels(tmp_path: Path) -> None:
    customer, robot = track(6000, (2000, 3000)), track(6000, (500, 2350), (3600, 5000), seed=3)
    wav.write(tmp_path / "call.wav", customer, robot)
    found = measure.measure_file(tmp_path / "call.wav")
    assert found == measure.measure(customer, robot)
    assert found.reply_latency_ms == [600]
    assert found.silent_after_interruption_ms == [350]


def test_percentile_is_the_nearest_rank() -> None:
    values = [40, 10, 30, 20]
    assert [measure.percentile(values, percent) for percent in (50, 75, 95, 100)] == [20, 30, 40, 40]
    assert measure.percentile([], 50) is None


def test_long_silences() -> None:
    found = measure.measure(track(20_000, (1000, 2000)), track(20_000, (6000, 7000), (9000, 16_000), seed=3))
    assert found.long_silences == (Stretch(2000, 6000), Stretch(16_000, 20_000))


def test_repeated_prompt_is_found_and_another_is_not() -> None:
    sentence = track(1000, (0, 1000), seed=5)
    robot = np.zeros(6 * 8000, np.int16)
    for at in (0, 2, 4):
        robot[at * 8000 : (at + 1) * 8000] = sentence if at < 4 else track(1000, (0, 1000), seed=6)
    found = measure.measure(np.zeros(len(robot), np.int16), robot)
    assert [stretch.start_ms for stretch in found.repeated] == [2000]


def test_clicks_are_jumps_beside_silence_only() -> None:
    robot = track(4000, (500, 1000))
    assert measure.clicks(robot) == ()
    robot[8 * 2000 : 8 * 2100] = (8000 * np.cos(np.arange(800) / 3)).astype(np.int16)  # begins at full swing
    assert measure.clicks(robot)[0] == 2000


def test_clipping_and_levels() -> None:
    tone = (16_384 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)).astype(np.int16)
    found = measure.measure(np.zeros(8000, np.int16), tone)
    assert found.clipped_samples == 0
    assert found.robot_dbfs == pytest.approx(-9.03, abs=0.05)  # half of full scale, sine
    assert found.customer_dbfs == float("-inf")
    tone[100] = -32_256  # what A-law decodes at most
    assert measure.measure(tone, tone).clipped_samples == 1


def test_a_call_without_a_sound() -> None:
    found = measure.measure(np.zeros(8000, np.int16), np.zeros(8000, np.int16))
    assert found.first_audio_ms is None
    assert (found.replies, found.interruptions, found.overlaps, found.repeated) == ((), (), (), ())

"""Keys in the audio: found as ITU-T Q.24 asks, never found in talk."""

from pathlib import Path

import numpy as np
import pytest

from callbot.audio import pcm, wav
from callbot.audio.dtmf import COLUMNS_HZ, KEYS, ROWS_HZ, KeyTones, key_tones
from callbot.values import Pcm

pytestmark = pytest.mark.unit

ALL = "".join(KEYS)
AUDIO = Path(__file__).parents[2] / "audio_fixtures"
OFFSETS = range(0, 160, 23)


def found(audio: Pcm, shift: int = 0) -> str:
    """Every key a leg would report when its frames begin ``shift`` samples earlier."""
    audio = np.concatenate([np.zeros(shift, np.int16), audio, np.zeros(800, np.int16)])
    tones = KeyTones()
    return "".join(tones.frame(audio[at : at + 160]) for at in range(0, len(audio) - 159, 160))


def press(key: str, length_ms: int, *, detune: float = 1.0, low_dbfs: float = -16.0, high_dbfs: float = -16.0) -> Pcm:
    row = next(number for number, names in enumerate(KEYS) if key in names)
    time = np.arange(length_ms * 8) / 8000
    low = 10 ** (low_dbfs / 20) * np.sin(2 * np.pi * ROWS_HZ[row] * detune * time)
    high = 10 ** (high_dbfs / 20) * np.sin(2 * np.pi * COLUMNS_HZ[KEYS[row].index(key)] * detune * time + 1.0)
    sound = (low + high) * np.sqrt(2) * 32768
    return np.concatenate([np.zeros(400), sound, np.zeros(400)]).astype(np.int16)


@pytest.mark.parametrize("shift", OFFSETS)
def test_the_shortest_tones_and_pauses_are_found_however_they_lie_in_the_frames(shift: int) -> None:
    assert found(key_tones(ALL, tone_ms=40, pause_ms=40), shift) == ALL


@pytest.mark.parametrize("key", ALL)
def test_a_key_held_down_counts_once(key: str) -> None:
    assert found(press(key, 3000)) == key


def test_the_same_key_twice_counts_twice() -> None:
    assert found(key_tones("0011", tone_ms=60, pause_ms=50)) == "0011"


def test_a_break_of_ten_milliseconds_is_no_pause() -> None:
    tone = press("5", 200)
    tone[1000:1080] = 0
    assert [found(tone, shift) for shift in OFFSETS] == ["5"] * len(OFFSETS)


@pytest.mark.parametrize("key", ALL)
@pytest.mark.parametrize(
    "how",
    [
        {"detune": 1.015},
        {"detune": 0.985},
        {"low_dbfs": -20.0, "high_dbfs": -12.5},
        {"low_dbfs": -12.5, "high_dbfs": -20.0},
        {"low_dbfs": -38.0, "high_dbfs": -38.0},
        {"low_dbfs": -10.0, "high_dbfs": -10.0},
    ],
    ids=str,
)
def test_telephones_that_are_a_little_off_are_understood(key: str, how: dict[str, float]) -> None:
    assert [found(press(key, 80, **how), shift) for shift in OFFSETS] == [key] * len(OFFSETS)


@pytest.mark.parametrize("key", ALL)
def test_noise_on_the_line_and_its_codec_hide_no_key(key: str) -> None:
    tone = press(key, 80)
    noise = np.random.default_rng(5).normal(0, 32768 * 10 ** ((-13 - 15) / 20), len(tone))
    noisy = pcm.alaw_decoded(pcm.alaw_encoded((tone + noise).astype(np.int16)))
    assert found(noisy) == key


@pytest.mark.parametrize("key", ALL)
def test_what_is_too_short_or_too_far_off_is_no_key(key: str) -> None:
    for shift in OFFSETS:
        assert found(press(key, 23), shift) == ""
        assert found(press(key, 100, detune=1.04), shift) == ""
        assert found(press(key, 100, low_dbfs=-12.0, high_dbfs=-30.0), shift) == ""


@pytest.mark.parametrize("path", sorted(AUDIO.glob("*.wav")), ids=lambda path: path.stem)
def test_talk_music_and_noise_press_no_key(path: Path) -> None:
    audio = wav.read(path)
    for gain_db in (-10.0, 0.0, 10.0):
        assert [found(pcm.with_gain(audio, gain_db), shift) for shift in OFFSETS] == [""] * len(OFFSETS)


def test_a_key_pressed_while_somebody_talks_softly_is_found() -> None:
    tone = key_tones("7", tone_ms=120)
    talk = pcm.with_gain(wav.read(AUDIO / "promise.wav"), -15.0)[2000 : 2000 + len(tone)]
    assert found((tone + talk).astype(np.int16)) == "7"

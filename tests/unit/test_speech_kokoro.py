"""What Kokoro's second half need not compute."""

import numpy as np
import pytest

from callbot.speech.kokoro import without_silence

pytestmark = pytest.mark.unit


def planned(loudness: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames whose sound and pitch are their own number; loudness and pitch come twice a frame."""
    count = len(loudness)
    sounds = np.tile(np.arange(count, dtype=np.float32), (1, 3, 1))
    return sounds, np.arange(2 * count, dtype=np.float32)[None], np.repeat(loudness, 2)[None].astype(np.float32)


def test_eight_quiet_frames_stay_on_either_side() -> None:
    sounds, pitch, loudness = without_silence(*planned([-9.0] * 20 + [9.0, -2.5, 5.0] + [-9.0] * 30))
    assert sounds[0, 0].tolist() == list(range(12, 31))
    assert pitch[0].tolist() == list(range(24, 62))
    assert loudness.shape == (1, 38)


def test_quiet_within_the_speech_stays() -> None:
    sounds, _, _ = without_silence(*planned([9.0] + [-9.0] * 40 + [9.0]))
    assert sounds.shape[2] == 42


def test_soft_sounds_at_the_ends_are_speech() -> None:
    """A consonant 40 dB below the vowel is about 11 steps below it."""
    sounds, _, _ = without_silence(*planned([-9.0] * 20 + [-2.0, 9.0, -2.0] + [-9.0] * 20))
    assert sounds[0, 0].tolist() == list(range(12, 31))


def test_no_more_is_kept_than_there_is() -> None:
    sounds, pitch, loudness = without_silence(*planned([-9.0, 9.0, -9.0]))
    assert (sounds.shape[2], pitch.shape[1], loudness.shape[1]) == (3, 6, 6)

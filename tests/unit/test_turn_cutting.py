import numpy as np
import pytest

from callbot.audio import pcm
from callbot.turn.cutting import utterances
from callbot.turn.taking import TurnPolicy
from callbot.values import RATE_HZ, Pcm

pytestmark = pytest.mark.unit


class LoudIsSpeech:
    def speech(self, frame: Pcm) -> float:
        return 1.0 if pcm.level_dbfs(frame) > -40 else 0.0


def sound(length_ms: int) -> Pcm:
    return np.tile(np.array([4000, -4000], np.int16), length_ms * RATE_HZ // 2000)


def test_nothing_is_cut_from_silence() -> None:
    assert utterances(pcm.silence(3000), LoudIsSpeech(), TurnPolicy()) == []
    assert utterances(pcm.silence(0), LoudIsSpeech(), TurnPolicy()) == []


def test_two_utterances_with_their_surroundings() -> None:
    audio = np.concatenate((pcm.silence(1000), sound(600), pcm.silence(1200), sound(400), pcm.silence(1000)))
    first, second = utterances(audio, LoudIsSpeech(), TurnPolicy())
    assert (first.start_ms, second.start_ms) == (pytest.approx(960, abs=40), pytest.approx(2760, abs=40))
    for cut, length_ms in ((first, 600), (second, 400)):
        assert np.count_nonzero(cut.audio) == length_ms * RATE_HZ // 1000
        assert not cut.audio[: 200 * RATE_HZ // 1000].any()


def test_speech_from_edge_to_edge_is_whole() -> None:
    audio = sound(700)
    (cut,) = utterances(audio, LoudIsSpeech(), TurnPolicy())
    assert np.count_nonzero(cut.audio) == len(audio)

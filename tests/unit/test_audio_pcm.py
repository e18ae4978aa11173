import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from callbot.audio import pcm
from callbot.values import RATE_HZ

pytestmark = pytest.mark.unit


def tone(hz: float, seconds: float = 1.0, rate_hz: int = RATE_HZ, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)


def test_level_of_known_signals() -> None:
    square = np.full(800, 16384, np.int16)
    assert pcm.level_dbfs(square) == pytest.approx(-6.02, abs=0.01)
    assert pcm.level_dbfs(pcm.silence(100)) == pcm.SILENT_DBFS
    assert pcm.level_dbfs(pcm.silence(0)) == pcm.SILENT_DBFS


def test_active_level_ignores_pauses() -> None:
    speech = pcm.to_int16(tone(300))
    with_pauses = np.concatenate((pcm.silence(2000), speech, pcm.silence(2000)))
    assert pcm.active_level_dbfs(with_pauses) == pytest.approx(pcm.level_dbfs(speech), abs=0.1)


@pytest.mark.parametrize("amplitude", [0.004, 0.05, 0.9])
def test_loudness_becomes_the_same_whatever_it_was(amplitude: float) -> None:
    assert pcm.active_level_dbfs(pcm.at_level(pcm.to_int16(tone(300, amplitude=amplitude)))) == pytest.approx(
        pcm.SPEECH_DBFS, abs=0.2
    )


def test_peaks_are_kept_below_the_limit() -> None:
    clicks = pcm.silence(1000)
    clicks[::400] = 20000
    assert np.abs(pcm.at_level(clicks).astype(int)).max() <= 32768 * 10 ** (pcm.PEAK_DBFS / 20) + 1


def test_silence_is_not_amplified() -> None:
    assert not pcm.at_level(pcm.silence(500)).any()


def test_trimming_takes_quiet_ends_and_keeps_the_sound() -> None:
    sound = pcm.to_int16(tone(300, 0.3))
    whole = np.concatenate((pcm.silence(500), sound, pcm.silence(700)))
    cut = pcm.trimmed(whole)
    assert len(sound) <= len(cut) <= len(sound) + 2 * RATE_HZ * 15 // 1000
    assert len(pcm.trimmed(pcm.silence(300))) == 0


def test_joined_pieces_have_their_gaps_and_no_clicks() -> None:
    piece = np.full(800, 10000, np.int16)
    whole = pcm.joined([piece, piece], [50, 0])
    assert len(whole) == 2 * len(piece) + 400
    assert np.abs(np.diff(whole.astype(int))).max() < 10000 / 20
    assert len(pcm.joined([], [])) == 0


@pytest.mark.parametrize(("from_hz", "to_hz"), [(24000, 8000), (8000, 16000), (22050, 8000), (44100, 8000)])
def test_resampling_keeps_speech_and_stops_what_would_fold_back(from_hz: int, to_hz: int) -> None:
    for hz in (300, 1000, 3300):
        kept = pcm.resampled(tone(hz, rate_hz=from_hz), from_hz, to_hz)
        assert len(kept) == to_hz
        expected = tone(hz, rate_hz=to_hz)
        assert np.abs(kept[200:-200] - expected[200:-200]).max() < 0.01
    if to_hz < from_hz:
        folded = pcm.resampled(tone(5000, rate_hz=from_hz), from_hz, to_hz)
        assert np.abs(folded[200:-200]).max() < 0.001


@given(st.integers(0, 3000))
def test_resampled_length_is_the_ratio(samples: int) -> None:
    assert len(pcm.resampled(np.zeros(samples), 24000, 8000)) == -(-samples // 3)


# Reference values: ITU-T G.711 as implemented by the standard library of Python 3.11 (audioop), taken 2026-11.
SAMPLES = np.array([-32768, -8159, -1000, -9, -8, -1, 0, 7, 8, 100, 1000, 8159, 32767], np.int16)
ALAW = [0x2A, 0x0A, 0x7A, 0x55, 0x55, 0x55, 0xD5, 0xD5, 0xD5, 0xD3, 0xFA, 0x8A, 0xAA]
ULAW = [0x00, 0x1F, 0x4E, 0x7D, 0x7E, 0x7E, 0xFF, 0xFE, 0xFE, 0xF2, 0xCE, 0x9F, 0x80]


def test_g711_codes_are_the_standard_ones() -> None:
    assert pcm.alaw_encoded(SAMPLES).tolist() == ALAW
    assert pcm.ulaw_encoded(SAMPLES).tolist() == ULAW


@pytest.mark.parametrize(
    ("encode", "decode"),
    [(pcm.alaw_encoded, pcm.alaw_decoded), (pcm.ulaw_encoded, pcm.ulaw_decoded)],
)
def test_every_g711_code_survives_a_round_trip(encode: object, decode: object) -> None:
    codes = np.arange(256, dtype=np.uint8)
    once = decode(codes)  # type: ignore[operator]
    assert np.array_equal(decode(encode(once)), once)  # type: ignore[operator]


@given(arrays.arrays(np.int16, st.integers(1, 200)))
def test_g711_error_stays_within_a_step(audio: np.ndarray) -> None:
    back = pcm.alaw_decoded(pcm.alaw_encoded(audio)).astype(int)
    assert np.all(np.abs(back - audio.astype(int)) <= np.maximum(16, np.abs(audio.astype(int)) / 16))

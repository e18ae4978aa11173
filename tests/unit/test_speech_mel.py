import numpy as np
import pytest

from callbot.speech import mel

pytestmark = pytest.mark.unit


def sine(hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(mel.RATE_HZ) / mel.RATE_HZ).astype(np.float32)


def test_shape_and_the_floor_after_the_sound() -> None:
    features = mel.log_mel(sine(440), 800)
    assert features.shape == (1, mel.BANDS, 800)
    assert features.dtype == np.float32
    assert np.allclose(features[0, :, 110:], features.min())
    assert features.max() - features.min() == pytest.approx(2.0)  # 8 decades, divided by 4


@pytest.mark.parametrize(("hz", "band"), [(200, 4), (1000, 26), (3000, 54)])
def test_a_tone_lies_in_its_band(hz: float, band: int) -> None:
    # Slaney's scale puts 80 band centres between 0 and 8 kHz; 1 kHz is at mel 15 of 45.2, 3 kHz at 31.
    loudest = int(mel.log_mel(sine(hz), 800)[0, :, 50].argmax())
    assert loudest == pytest.approx(band, abs=1)


def test_sound_longer_than_the_window_is_cut() -> None:
    assert mel.log_mel(np.tile(sine(440), 9), 800).shape == (1, mel.BANDS, 800)

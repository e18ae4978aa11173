"""Voice activity on real audio: every caller of the fixtures is found, nothing else is."""

import csv
from pathlib import Path

import numpy as np
import pytest

from callbot.audio import pcm, wav
from callbot.turn.taking import SpeechStarted, TurnEvent, TurnPolicy, TurnTaker, UtteranceEnded
from callbot.turn.vad import GatedVad
from callbot.values import FRAME_SAMPLES, Pcm

pytestmark = pytest.mark.contract

FOLDER = Path(__file__).parents[2] / "audio_fixtures"
LEAD_MS = 1000


def names(*, spoken: bool) -> list[str]:
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [row["file"] for row in csv.DictReader(file) if bool(row["text"]) == spoken]


def events(audio: Pcm) -> list[TurnEvent]:
    vad, taker = GatedVad(), TurnTaker(TurnPolicy())
    whole = np.concatenate((pcm.silence(LEAD_MS), audio, pcm.silence(1500)))
    found: list[TurnEvent] = []
    for at in range(0, len(whole) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        found += taker.frame(vad.speech(whole[at : at + FRAME_SAMPLES]), robot_speaking=False)
    return found


def test_probabilities_are_probabilities() -> None:
    vad = GatedVad()
    audio = wav.read(FOLDER / "promise.wav")
    values = [vad.speech(audio[at : at + 160]) for at in range(0, len(audio) - 159, 160)]
    assert all(0.0 <= value <= 1.0 for value in values)
    assert max(values) > 0.9


@pytest.mark.parametrize("name", names(spoken=True))
@pytest.mark.parametrize("gain_db", [0, -18], ids=["normal", "soft"])
def test_every_utterance_is_found_once_with_its_times(name: str, gain_db: int) -> None:
    audio = pcm.with_gain(wav.read(FOLDER / name), gain_db)
    found = events(audio)
    assert [type(event) for event in found if isinstance(event, SpeechStarted | UtteranceEnded)] == [
        SpeechStarted,
        UtteranceEnded,
    ]
    levels = pcm.frame_levels_dbfs(audio, 80)
    loud = np.flatnonzero(levels > levels.max() - 40)
    begins_ms, ends_ms = LEAD_MS + 10 * int(loud[0]), LEAD_MS + 10 * int(loud[-1] + 1)
    (ended,) = [event for event in found if isinstance(event, UtteranceEnded)]
    assert -60 <= ended.start_ms - begins_ms <= 200
    assert -60 <= ended.end_ms - ends_ms <= 120


@pytest.mark.parametrize("name", names(spoken=False))
def test_what_is_no_speech_starts_nothing(name: str) -> None:
    assert events(wav.read(FOLDER / name)) == []


def test_speech_is_found_above_noise() -> None:
    speech = wav.read(FOLDER / "busy.wav")
    noise = np.resize(pcm.with_gain(wav.read(FOLDER / "noise_pink.wav")[800:-800], -12), len(speech))
    mixed = (speech.astype(np.int32) + noise).clip(-32768, 32767).astype(np.int16)
    assert any(isinstance(event, UtteranceEnded) for event in events(mixed))

"""Every recogniser keeps the promises of ``ports.Recogniser``; whisper, the default, also understands its callers."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from callbot import settings
from callbot.audio import pcm, wav
from callbot.ports import Recogniser
from callbot.speech import models
from callbot.speech.vosk import VoskRecogniser
from callbot.speech.whisper import WhisperRecogniser
from callbot.values import RATE_HZ, Pcm

pytestmark = pytest.mark.contract

FOLDER = Path(__file__).parents[2] / "audio_fixtures"
SPEECH = wav.read(FOLDER / "stop.wav")
MORE_SPEECH = wav.read(FOLDER / "busy.wav")
MODEL_DIR = settings.Settings().model_dir


@pytest.fixture(scope="module")
def whisper() -> Iterator[WhisperRecogniser]:
    recogniser = WhisperRecogniser(models.ensure("whisper-base", MODEL_DIR), workers=1)
    yield recogniser
    recogniser.close()


@pytest.fixture(scope="module")
def vosk() -> Iterator[VoskRecogniser]:
    """With the Korean model, the only one that comes as a package: it hears Mandarin as Korean, but it hears it."""
    recogniser = VoskRecogniser(models.ensure("vosk-ko", MODEL_DIR), workers=1)
    yield recogniser
    recogniser.close()


@pytest.fixture(params=["whisper", "vosk"])
def recogniser(request: pytest.FixtureRequest) -> Recogniser:
    found: Recogniser = request.getfixturevalue(request.param)
    return found


async def heard(recogniser: Recogniser, *parts: Pcm) -> str:
    utterance = recogniser.utterance()
    for part in parts:
        utterance.push(part)
    result = await utterance.result()
    utterance.close()
    return result.text


async def test_speech_has_a_text(recogniser: Recogniser) -> None:
    utterance = recogniser.utterance(("affirm",))
    utterance.push(SPEECH)
    result = await utterance.result()
    utterance.close()
    assert result.text
    assert not result.rejected
    assert result.reason == ""
    assert result.cpu_ms > 0


@pytest.mark.parametrize("audio", [pcm.silence(0), pcm.silence(1500)], ids=["nothing", "silence"])
async def test_without_speech_it_is_rejected_with_a_reason(recogniser: Recogniser, audio: Pcm) -> None:
    utterance = recogniser.utterance()
    utterance.push(audio)
    result = await utterance.result()
    utterance.close()
    assert result.rejected
    assert result.reason
    assert result.text == ""


async def test_a_result_can_be_asked_again_and_covers_what_came_since(recogniser: Recogniser) -> None:
    utterance = recogniser.utterance()
    utterance.push(SPEECH)
    first = await utterance.result()
    assert (await utterance.result()).text == first.text
    utterance.push(pcm.silence(300))
    utterance.push(MORE_SPEECH)
    assert len((await utterance.result()).text) > len(first.text)
    utterance.close()


async def test_frames_give_about_the_same_as_the_whole(recogniser: Recogniser) -> None:
    frames = [SPEECH[at : at + 160] for at in range(0, len(SPEECH), 160)]
    whole, framed = await heard(recogniser, SPEECH), await heard(recogniser, *frames)
    assert cer(whole, framed) <= 0.5


async def test_utterances_at_the_same_time_do_not_mix(recogniser: Recogniser) -> None:
    quiet = asyncio.create_task(heard(recogniser, pcm.silence(1000)))
    spoken = asyncio.create_task(heard(recogniser, SPEECH))
    assert await quiet == ""
    assert await spoken


async def test_work_can_be_given_up_and_the_recogniser_goes_on(recogniser: Recogniser) -> None:
    utterance = recogniser.utterance()
    utterance.push(SPEECH)
    task = asyncio.create_task(utterance.result())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    utterance.close()
    assert await heard(recogniser, SPEECH)


async def test_who_pushes_may_reuse_the_array(recogniser: Recogniser) -> None:
    utterance = recogniser.utterance()
    audio = SPEECH.copy()
    utterance.push(audio)
    audio[:] = 0
    assert (await utterance.result()).text
    utterance.close()


async def test_hurried_utterances_overtake_early_guesses(whisper: WhisperRecogniser) -> None:
    order: list[str] = []

    async def recognise(name: str) -> None:
        utterance = whisper.utterance()
        utterance.push(SPEECH)
        if name == "urgent":
            utterance.hurry()
        await utterance.result()
        order.append(name)

    await asyncio.gather(*(recognise(name) for name in ("first", "second", "third", "urgent")))
    assert order.index("urgent") <= 1  # the only worker may have begun the first one already


def spoken_rows() -> list[tuple[str, str]]:
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [(row["file"], row["text"]) for row in csv.DictReader(file)]


async def test_callers_are_understood(whisper: WhisperRecogniser) -> None:
    errors = [
        cer(text, (await heard(whisper, wav.read(FOLDER / name))).replace("3", "三"))
        for name, text in spoken_rows()
        if text
    ]
    assert np.mean(errors) <= 0.15  # 0.06 when the recordings were made; one of them is a single syllable


@pytest.mark.parametrize("name", [name for name, text in spoken_rows() if not text])
async def test_noise_is_not_taken_for_words(whisper: WhisperRecogniser, name: str) -> None:
    utterance = whisper.utterance()
    utterance.push(wav.read(FOLDER / name))
    assert (await utterance.result()).rejected


async def test_long_speech_is_heard_to_its_end(whisper: WhisperRecogniser) -> None:
    names = ("busy", "paid_already", "dispute", "stop", "repeat", "refuse", "promise", "tomorrow_3pm")
    parts = [wav.read(FOLDER / f"{name}.wav") for name in names]
    assert sum(map(len, parts)) > 10 * RATE_HZ  # more than the 8 s window of short utterances
    text = await heard(whisper, *parts)
    assert "明天" in text[-10:]


def cer(expected: str, found: str) -> float:
    """Character error rate without punctuation, at most 1."""
    said = [character for character in expected if character.isalnum()]
    got = [character for character in found if character.isalnum()]
    row = list(range(len(got) + 1))
    for count, character in enumerate(said, 1):
        diagonal, row[0] = row[0], count
        for column, other in enumerate(got, 1):
            changed = diagonal + (character != other)
            diagonal, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, changed)
    return min(1.0, row[-1] / max(1, len(said)))

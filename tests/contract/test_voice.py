"""Every voice keeps the promises of ``ports.Voice``; Kokoro, the default, is also intelligible over the telephone."""

from ctypes.util import find_library

import numpy as np
import onnxruntime
import pytest

from callbot import app, settings
from callbot.audio import pcm
from callbot.errors import SpeechError
from callbot.ports import Voice
from callbot.speech import models
from callbot.speech.kokoro import KokoroVoice
from callbot.speech.pyttsx3_voice import Pyttsx3Voice
from callbot.speech.whisper import WhisperRecogniser

pytestmark = pytest.mark.contract

MODEL_DIR = settings.Settings().model_dir


@pytest.fixture(scope="module")
def kokoro() -> KokoroVoice:
    return KokoroVoice(models.ensure("kokoro", MODEL_DIR), "zf_xiaoyi", 1.0)


@pytest.fixture
def pyttsx3() -> Pyttsx3Voice:
    if not find_library("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    return Pyttsx3Voice(1.0)


@pytest.fixture(params=["kokoro", "pyttsx3"])
def voice(request: pytest.FixtureRequest) -> Voice:
    found: Voice = request.getfixturevalue(request.param)
    return found


def test_a_sentence_is_line_audio_of_a_sensible_length(voice: Voice) -> None:
    audio = voice.synthesise("您好，请问是张先生吗？")
    assert audio.dtype == np.int16
    assert audio.ndim == 1
    assert 1.0 < len(audio) / 8000 < 5.0
    assert pcm.active_level_dbfs(audio) > -40


@pytest.mark.parametrize("text", ["三", "下午三点", "六十元", "张先生"])
def test_short_pieces_have_sound_and_no_silent_ends(voice: Voice, text: str) -> None:
    audio = voice.synthesise(text)
    assert 0.15 < len(audio) / 8000 < 2.0
    assert len(audio) - len(pcm.trimmed(audio)) < 80


def test_a_text_longer_than_the_model_takes_is_spoken_whole(
    kokoro: KokoroVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "本次通话可能会被录音，用于提升服务质量，"
    once = len(kokoro.synthesise(sentence))
    monkeypatch.setattr("callbot.speech.kokoro._ROWS", len(kokoro._tokens(sentence * 2)))  # really 510
    assert 2.4 * once < len(kokoro.synthesise(sentence * 3)) < 3.6 * once


@pytest.mark.parametrize("text", ["", "。", "  "])
def test_nothing_to_say_is_an_error_with_a_sentence(voice: Voice, text: str) -> None:
    with pytest.raises(SpeechError, match="没有能念的字"):
        voice.synthesise(text)


def test_the_name_tells_voices_apart(voice: Voice) -> None:
    assert voice.name.count("/") == 2
    assert voice.name.endswith("/1.0")


def test_kokoro_is_cached_under_the_name_that_everybody_computes(kokoro: KokoroVoice) -> None:
    assert kokoro.name == app.voice_name(settings.Settings())


def test_the_halves_of_kokoro_make_the_audio_of_the_published_model() -> None:
    folder = models.ensure("kokoro", MODEL_DIR)
    rng = np.random.default_rng(0)
    asked = {
        "tokens": np.array([[0, 51, 43, 171, 55, 43, 169, 16]], np.int64),
        "style": rng.normal(0, 0.1, (1, 256)).astype(np.float32),
        "speed": np.ones(1, np.float32),
    }
    (whole,) = onnxruntime.InferenceSession(folder / "kokoro.onnx").run(None, asked)
    planned = onnxruntime.InferenceSession(folder / "prosody.onnx").run(models.KOKORO_FRAMES, asked)
    frames = dict(zip(models.KOKORO_FRAMES, planned, strict=True))
    (halves,) = onnxruntime.InferenceSession(folder / "decoder.onnx").run(None, {**frames, "style": asked["style"]})
    assert len(whole) > 6000
    assert np.array_equal(whole, halves)


@pytest.mark.parametrize("text", ["司马先生", "五千九百九十九元", "您好，我是云杉商城的智能语音助手，请问是"])
def test_kokoro_computes_little_silence(kokoro: KokoroVoice, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def kept(audio: pcm.Pcm) -> pcm.Pcm:
        computed.append(len(audio))
        return trimmed(audio)

    trimmed = pcm.trimmed
    monkeypatch.setattr(pcm, "trimmed", kept)
    said = kokoro.synthesise(text)
    assert computed[0] - len(said) < 0.65 * 8000  # 0.8 to 1.4 s of the model's own


def test_the_same_text_sounds_the_same(kokoro: KokoroVoice) -> None:
    assert np.array_equal(kokoro.synthesise("请稍等。"), kokoro.synthesise("请稍等。"))


def test_speed_makes_it_shorter(kokoro: KokoroVoice) -> None:
    quick = KokoroVoice(models.ensure("kokoro", MODEL_DIR), "zf_xiaoyi", 1.4)
    assert len(quick.synthesise("我现在在开会。")) < 0.85 * len(kokoro.synthesise("我现在在开会。"))


def test_an_unknown_speaker_gets_the_list_of_known_ones() -> None:
    with pytest.raises(SpeechError, match="zf_xiaoyi"):
        KokoroVoice(models.ensure("kokoro", MODEL_DIR), "zf_nobody", 1.0)


async def test_kokoro_is_understood_over_the_telephone(kokoro: KokoroVoice) -> None:
    recogniser = WhisperRecogniser(models.ensure("whisper-base", MODEL_DIR), workers=1)
    said = "您的订单还有一笔尾款没有支付，请问您今天方便支付吗？"
    utterance = recogniser.utterance()
    utterance.push(pcm.alaw_decoded(pcm.alaw_encoded(kokoro.synthesise(said))))
    result = await utterance.result()
    recogniser.close()
    wanted = set(said) - set("，？")
    assert len(wanted & set(result.text)) >= 0.7 * len(wanted)

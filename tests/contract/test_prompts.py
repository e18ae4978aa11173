"""The prompt cache keeps the promises of ``ports.Prompts``, with a voice of tones instead of speech."""

from pathlib import Path

import numpy as np
import pytest

from callbot.audio import pcm, wav
from callbot.errors import SpeechError
from callbot.speech.prompts import PromptCache, make_ready
from callbot.values import RATE_HZ, Pcm

pytestmark = pytest.mark.contract


class Tones:
    """Speaks a text as 100 ms of tone per character; louder for some texts than for others."""

    name = "tones/one/1.0"

    def __init__(self) -> None:
        self.spoken: list[str] = []

    def synthesise(self, text: str) -> Pcm:
        self.spoken.append(text)
        characters = sum(character.isalnum() for character in text)
        time = np.arange(characters * RATE_HZ // 10) / RATE_HZ
        return pcm.to_int16(0.05 * characters * np.sin(2 * np.pi * 300 * time))


@pytest.fixture
def voice() -> Tones:
    return Tones()


@pytest.fixture
def cache(tmp_path: Path) -> PromptCache:
    return PromptCache(tmp_path / "prompts", Tones.name)


def test_nothing_is_ready_at_first(cache: PromptCache) -> None:
    assert cache.audio(["您好"]) is None
    assert cache.missing(["您好", "，", "张", "您好"]) == ("您好", "张")


def test_made_pieces_are_ready_here_and_in_other_processes(cache: PromptCache, voice: Tones, tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    assert make_ready(voice, cache, ["您好", "张", "您好"], lambda *at: progress.append(at)) == 2
    assert progress == [(0, 2), (1, 2), (2, 2)]
    for reader in (cache, PromptCache(tmp_path / "prompts", Tones.name)):
        assert reader.missing(["您好", "张"]) == ()
        audio = reader.audio(["您好", "张"])
        assert audio is not None
        assert len(audio) == pytest.approx(0.315 * RATE_HZ, abs=160)


def test_what_is_there_is_not_made_again(cache: PromptCache, voice: Tones) -> None:
    make_ready(voice, cache, ["您好"])
    make_ready(voice, cache, ["您好", "再见"])
    assert voice.spoken == ["您好", "再见"]


def test_another_voice_needs_its_own_pieces(cache: PromptCache, voice: Tones, tmp_path: Path) -> None:
    make_ready(voice, cache, ["您好"])
    assert PromptCache(tmp_path / "prompts", "tones/two/1.0").missing(["您好"]) == ("您好",)


def test_all_pieces_have_one_loudness(cache: PromptCache, voice: Tones) -> None:
    pieces = ["张", "云杉商城智能客服"]
    make_ready(voice, cache, pieces)
    levels = [pcm.active_level_dbfs(audio) for piece in pieces if (audio := cache.audio([piece])) is not None]
    assert levels == [pytest.approx(pcm.SPEECH_DBFS, abs=0.5)] * 2


@pytest.mark.parametrize(
    ("pieces", "pause_ms"),
    [
        (["您好", "张"], 15),
        (["您好，", "张"], 140),
        (["您好", "，张"], 140),
        (["您好", "，", "张"], 140),
        (["您好。", "张"], 280),
        (["您好", "？", "张"], 280),
        (["您好，", "。", "张"], 280),
        (["您好", "张。"], 15),
    ],
)
def test_punctuation_makes_the_pauses(cache: PromptCache, voice: Tones, pieces: list[str], pause_ms: int) -> None:
    make_ready(voice, cache, pieces)
    audio = cache.audio(pieces)
    assert audio is not None
    assert len(audio) == pytest.approx((300 + pause_ms) * RATE_HZ // 1000, abs=160)


def test_joined_pieces_do_not_click(cache: PromptCache, voice: Tones) -> None:
    make_ready(voice, cache, ["您", "好", "张"])
    audio = cache.audio(["您", "好", "张"])
    assert audio is not None
    steepest = np.abs(np.diff(audio.astype(int))).max()
    assert steepest <= np.abs(audio.astype(int)).max() * 2 * np.pi * 300 / RATE_HZ * 1.3


def test_a_sentence_of_punctuation_is_silent_and_ready(cache: PromptCache) -> None:
    audio = cache.audio(["……"])
    assert audio is not None
    assert len(audio) == 0


def test_a_recording_wins_over_the_voice(voice: Tones, tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    wav.write(recordings / "hello.wav", pcm.to_int16(0.3 * np.sin(np.arange(RATE_HZ))))
    (recordings / "recordings.csv").write_text("file,text\nhello.wav,您好！\n", "utf-8")
    cache = PromptCache(tmp_path / "prompts", Tones.name, recordings)
    assert make_ready(voice, cache, ["您好，", "张"]) == 1
    audio = cache.audio(["您好，"])
    assert audio is not None
    assert len(audio) == pytest.approx(RATE_HZ, abs=160)


def test_a_bad_list_of_recordings_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "recordings.csv").write_text("wrong,columns\n1,2\n", "utf-8")
    with pytest.raises(SpeechError, match=r"recordings\.csv"):
        PromptCache(tmp_path / "prompts", Tones.name, tmp_path)


def test_a_folder_that_cannot_be_made_gets_a_sentence(voice: Tones, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpeechError, match="提示音目录"):
        make_ready(voice, PromptCache(tmp_path / "file" / "prompts", Tones.name), ["您好"])


def test_slow_is_the_same_pieces_with_longer_pauses(cache: PromptCache, voice: Tones) -> None:
    pieces = ["您", "好，", "张"]
    make_ready(voice, cache, pieces)
    usual, slow = cache.audio(pieces), cache.audio(pieces, slow=True)
    assert usual is not None
    assert slow is not None
    assert len(slow) - len(usual) == pytest.approx((250 - 15 + 280 - 140) * RATE_HZ // 1000, abs=160)


def test_a_recording_of_a_script_is_kept_under_its_hash(cache: PromptCache, tmp_path: Path) -> None:
    assert cache.recorded("ab12") is None
    cache.keep("ab12", pcm.to_int16(0.05 * np.sin(np.arange(RATE_HZ))))
    for reader in (cache, PromptCache(tmp_path / "prompts", "another/voice/1.0")):
        audio = reader.recorded("ab12")
        assert audio is not None
        assert len(audio) == RATE_HZ
        assert pcm.active_level_dbfs(audio) == pytest.approx(pcm.SPEECH_DBFS, abs=0.5)

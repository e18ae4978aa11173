"""Kokoro-82M: the natural voice that speaks the prompts. Made ahead of calls, never during one."""

import json
import logging
import warnings
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from callbot.audio import pcm
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.speech import models
from callbot.speech.prompts import speakable
from callbot.values import RATE_HZ, Pcm

_MODEL_HZ = 24_000
_ROWS = 510
"""Rows of a style file, one per number of tokens, so also the longest text in tokens (tried: 510 work, 511 do not)."""

_PAD = 0
"""Goes before every text. After it a space stands instead: the model then adds 0.7 s less of silence, and is understood
as well (whisper on 21 amounts, CER 0.096 against 0.104; 2026-11-22)."""

_QUIET_BELOW = 12.0
"""A frame is quiet when the loudness that the model plans for it lies this far below the loudest. A step of it is 3 to
4 dB in the audio (measured 2026-11-22), so 12 is below the 40 dB that ``pcm.trimmed`` keeps."""
_KEPT_FRAMES = 8
"""Quiet frames of 25 ms that stay on either side. The decoder levels over the whole piece: with fewer, what is soft in
it gets softer. See docs/adr/0013."""

_MARKS = "。！？；，、：!?;,:"
_PAUSE_MS = 140
"""Between the parts of a long text: what a reader leaves at a comma (see ``speech.prompts``)."""


class KokoroVoice:
    """``ports.Voice`` on onnxruntime; one instance may be used from several threads."""

    def __init__(self, folder: Path, speaker: str, speed: float) -> None:
        """Load the model from the folder ``models.ensure("kokoro", ...)`` gave, and the speaker's style vectors.

        ``speed`` 1.0 is the speaker's own pace, 1.2 a fifth faster. About 3 s and 200 MB.
        Errors: ``SpeechError``.
        """
        self._style = _style(speaker)
        self._speed = np.array([speed], np.float32)
        self._name = f"{models.KOKORO_SOUND}/{speaker}/{speed}"
        try:
            self._prosody = _session(folder / "prosody.onnx")
            self._decoder = _session(folder / "decoder.onnx")
        except Exception as error:  # onnxruntime has an exception class of its own for each cause
            raise SpeechError(models.broken(folder, error)) from error
        vocabulary = files("callbot.speech") / "voices" / "vocabulary.json"
        self._ids: dict[str, int] = json.loads(vocabulary.read_text("utf-8"))["vocab"]
        self._phonemes = _load_phonemes()

    @property
    def name(self) -> str:
        """``models.KOKORO_SOUND``, speaker and speed."""
        return self._name

    def synthesise(self, text: str) -> Pcm:
        """Speak a piece of text; digits are read as a number. Errors: ``SpeechError``.

        The model takes some 150 characters at once; longer texts are spoken in parts, cut at punctuation.
        """
        tokens = self._tokens(text)
        if not tokens:
            raise SpeechError(Text(f"“{text}”里没有能念的字。", f"There is nothing to speak in “{text}”."))
        if len(tokens) > _ROWS:
            first, rest = _halves(text)
            return pcm.joined([self.synthesise(first), self.synthesise(rest)], [_PAUSE_MS, 0])
        style = self._style[min(len(tokens), _ROWS - 1)]
        ids = np.array([[_PAD, *tokens, self._ids[" "]]], np.int64)
        planned = self._prosody.run(models.KOKORO_FRAMES, {"tokens": ids, "style": style, "speed": self._speed})
        frames = dict(zip(models.KOKORO_FRAMES, without_silence(*planned), strict=True))
        (audio,) = self._decoder.run(None, {**frames, "style": style})
        return pcm.trimmed(pcm.to_int16(pcm.resampled(np.ravel(audio), _MODEL_HZ, RATE_HZ)))

    def _tokens(self, text: str) -> list[int]:
        phonemes = self._phonemes(text)[0] if speakable(text) else ""
        return [self._ids[symbol] for symbol in phonemes if symbol in self._ids]


def _halves(text: str) -> tuple[str, str]:
    """Cut after the punctuation nearest to the middle, and in the middle when there is none."""
    middle = len(text) // 2
    cuts = [
        at for at in range(1, len(text)) if text[at - 1] in _MARKS and speakable(text[:at]) and speakable(text[at:])
    ]
    cut = min(cuts, key=lambda at: abs(at - middle), default=middle)
    return text[:cut], text[cut:]


def without_silence(
    sounds: NDArray[np.float32], pitch: NDArray[np.float32], loudness: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What the first half of the model plans, less the quiet at both ends, which costs the second half CPU time like
    speech: 0.4 s before each piece and 0.4 to 1 s after it. Shapes as in ``models.KOKORO_FRAMES``.
    """
    loud = np.flatnonzero(loudness[0] > loudness.max() - _QUIET_BELOW) // 2
    start = max(0, int(loud[0]) - _KEPT_FRAMES)
    end = int(loud[-1]) + 1 + _KEPT_FRAMES
    return sounds[:, :, start:end], pitch[:, 2 * start : 2 * end], loudness[:, 2 * start : 2 * end]


def _session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _style(speaker: str) -> NDArray[np.float32]:
    """Style vectors of a speaker, shape (510, 1, 256): row = number of tokens of the text."""
    folder = files("callbot.speech") / "voices"
    known = sorted(entry.name.removesuffix(".bin") for entry in folder.iterdir() if entry.name.endswith(".bin"))
    if speaker not in known:
        names = ", ".join(known)
        raise SpeechError(
            Text(
                f"没有名为 {speaker} 的发音人，可选：{names}（callbot.toml 的 speech.speaker）",
                f"There is no speaker {speaker}; choose one of {names} (speech.speaker in callbot.toml)",
            )
        )
    return np.frombuffer((folder / f"{speaker}.bin").read_bytes(), "<f4").reshape(_ROWS, 1, 256)


def _load_phonemes() -> Callable[[str], tuple[str, None]]:
    """misaki's Chinese grapheme-to-phoneme rules; imported here because its dictionaries take 1.5 s to load."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba's source is full of escapes that Python warns of when it compiles them
        import jieba  # type: ignore[import-untyped]
        from misaki.zh import ZHG2P

        jieba.setLogLevel(logging.WARNING)
        phonemes: Callable[[str], tuple[str, None]] = ZHG2P()
        phonemes("好")
    return phonemes

"""Vosk: recognises while the person speaks; any Kaldi model folder of the user's.

About 47 MB per utterance under way, which only ``close`` gives back (measured: resetting a recogniser frees nothing).
All engine work runs in a small pool; the engine releases the GIL.
"""

import asyncio
import json
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import vosk

from callbot.errors import SpeechError
from callbot.language import Text
from callbot.ports import Recognition
from callbot.speech import models
from callbot.values import RATE_HZ, Pcm


class VoskRecogniser:
    """``ports.Recogniser`` on vosk; ``workers`` utterances are computed at the same time."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        """Load the model in ``folder``; 1 to 12 s. Errors: ``SpeechError``."""
        models.vosk_folder(folder)
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # vosk raises bare Exception
            raise SpeechError(models.broken(folder, error)) from error
        self._pool = ThreadPoolExecutor(workers, "vosk")

    def utterance(self, expects: Sequence[str] = ()) -> "VoskUtterance":  # noqa: ARG002
        """Begin an utterance. ``expects`` is not used: a grammar would force noise into its words."""
        return VoskUtterance(self._model, self._pool)

    def close(self) -> None:
        """Stop the pool after what it is doing."""
        self._pool.shutdown(cancel_futures=True)


@dataclass(slots=True)
class _Decoder:
    """What one utterance holds of the engine; used by one pool thread at a time, which ``lock`` ensures."""

    engine: Any
    lock: threading.Lock = field(default_factory=threading.Lock)
    words: list[dict[str, Any]] = field(default_factory=list)
    cpu_ns: int = 0

    def take(self, waiting: "deque[Pcm]") -> None:
        with self.lock:
            began = time.thread_time_ns()
            while waiting and self.engine is not None:
                if self.engine.AcceptWaveform(waiting.popleft().tobytes()):
                    self._keep(self.engine.Result())
            self.cpu_ns += time.thread_time_ns() - began

    def result(self, waiting: "deque[Pcm]") -> Recognition:
        """Everything so far: finishing ends a segment, what is pushed later begins the next one."""
        self.take(waiting)
        with self.lock:
            began = time.thread_time_ns()
            if self.engine is not None:
                self._keep(self.engine.FinalResult())
            self.cpu_ns += time.thread_time_ns() - began
            text = _sentence([word["word"] for word in self.words])
            score = fmean(word["conf"] for word in self.words) if self.words else 0.0
            return Recognition(text, not text, "" if text else "empty", score, self.cpu_ns // 1_000_000)

    def free(self) -> None:
        with self.lock:
            self.engine = None

    def _keep(self, answer: str) -> None:
        self.words += [word for word in json.loads(answer).get("result", ()) if word["word"] != "[unk]"]


class VoskUtterance:
    """``ports.Utterance``: decoded as it is pushed, so that a result costs little."""

    def __init__(self, model: Any, pool: ThreadPoolExecutor) -> None:
        engine = vosk.KaldiRecognizer(model, RATE_HZ)
        engine.SetWords(True)
        self._decoder = _Decoder(engine)
        self._pool = pool
        self._waiting: deque[Pcm] = deque()

    def push(self, audio: Pcm) -> None:
        """Append int16 8 kHz audio; it is decoded in the pool."""
        self._waiting.append(np.ascontiguousarray(audio).copy())
        self._pool.submit(self._decoder.take, self._waiting)

    async def result(self) -> Recognition:
        """The text of all audio so far. Errors: ``SpeechError``."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._decoder.result, self._waiting)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(Text(f"语音识别失败：{error}", f"Recognition failed: {error}")) from error

    def hurry(self) -> None:
        """Nothing to do: the audio is decoded already when the endpoint comes."""

    def close(self) -> None:
        """Free the decoder's memory."""
        self._waiting.clear()
        self._pool.submit(self._decoder.free)


def _sentence(words: Sequence[str]) -> str:
    """Chinese words are written together, others apart."""
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", " ".join(words))

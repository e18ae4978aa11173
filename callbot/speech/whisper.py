"""Whisper on ctranslate2: recognises a whole utterance in 0.3 to 0.5 s of one core, with nothing to install beside it.

::

    utterance.result() ─► queue: hurried jobs first, then in order ─► worker thread 1..n ─► encoder, decoder ─► checks
         cancelled ─────► dropped, unless it is being computed

Never prompted: with a prompt whisper echoes it confidently on noise (measured). So ``expects`` is of no use here.
"""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from callbot.audio import pcm
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.ports import Recognition
from callbot.speech import mel, models
from callbot.speech.jobs import Job, JobQueue
from callbot.speech.plausible import Measures, rejection, simplified
from callbot.values import RATE_HZ, Pcm

_FRAMES = 800
"""Encoder input in 10 ms frames. Whisper wants 3000; 8 s give the same text for a quarter of the work, below 6.4 s the
decoder begins to loop (measured)."""
_TAIL_FRAMES = 100
"""Quiet after the sound that the encoder always sees."""
_MOST_FRAMES = 3000
_SILENT_DBFS = -55.0
"""Where no 100 ms are louder nobody spoke: telephone speech lies between -40 and -10, the quiet of A-law at -66."""


class WhisperRecogniser:
    """``ports.Recogniser``. Use it from asyncio; it computes in ``workers`` threads of its own, one core each."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        """Load the model from the folder ``models.ensure("whisper-base", ...)`` gave. About 1 s, 200 MB.

        Errors: ``SpeechError``.
        """
        try:
            self._engine = _Engine(folder, workers)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(models.broken(folder, error)) from error
        self._queue = JobQueue()
        self._threads = [threading.Thread(target=self._work, name=f"whisper-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    def utterance(self, expects: Sequence[str] = ()) -> "WhisperUtterance":  # noqa: ARG002
        """Begin an utterance."""
        return WhisperUtterance(self._queue)

    def close(self) -> None:
        """Stop the threads after what they are doing; jobs still waiting are dropped."""
        self._queue.close()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while job := self._queue.take():
            try:
                job.done(self._engine.recognise(job.audio))
            except Exception as error:  # whatever the engine throws belongs to this one job
                job.done(error)


class WhisperUtterance:
    """``ports.Utterance``: collects audio; each ``result`` recognises all of it anew."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._parts: list[Pcm] = []
        self._job: Job | None = None
        self._hurried = False

    def push(self, audio: Pcm) -> None:
        """Append int16 8 kHz audio."""
        self._parts.append(audio.copy())

    async def result(self) -> Recognition:
        """Recognise all audio so far. Errors: ``SpeechError``."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Recognition] = loop.create_future()

        def settle(outcome: Recognition | Exception) -> None:
            if future.done():
                return
            if isinstance(outcome, Exception):
                future.set_exception(_engine_failed(outcome))
            else:
                future.set_result(outcome)

        def done(outcome: Recognition | Exception) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, outcome)

        audio = np.concatenate(self._parts) if self._parts else pcm.silence(0)
        self._job = job = Job(audio, done, hurried=self._hurried)
        self._queue.put(job)
        try:
            return await future
        finally:
            job.dropped = True

    def hurry(self) -> None:
        """Somebody waits now: before all early guesses, this one and later results of this utterance."""
        self._hurried = True
        if self._job is not None:
            self._queue.hurry(self._job)

    def close(self) -> None:
        """Drop what is under way."""
        if self._job is not None:
            self._job.dropped = True
        self._parts.clear()


class _Engine:
    """The model itself; ``recognise`` may be called from as many threads as there are workers."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._model = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", inter_threads=workers, intra_threads=1
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>")
        self._start = [self._tokenizer.token_to_id(name) for name in names]
        self._end = self._tokenizer.token_to_id("<|endoftext|>")

    def recognise(self, audio: Pcm) -> Recognition:
        """Text of one utterance, or why it is none. ``cpu_ms`` is the time from here to the answer: the engine computes
        it on one thread, so that is CPU time as long as the machine has a core to spare, and never less."""
        began = perf_counter()
        levels = pcm.frame_levels_dbfs(audio, RATE_HZ // 10)
        if not len(levels) or levels.max() < _SILENT_DBFS:
            return Recognition("", True, "silence", 0.0, _ms_since(began))
        seconds = len(audio) / RATE_HZ
        outcome = self._transcribe(audio, seconds)
        ids = [number for number in outcome.sequences_ids[0] if number < self._end]
        text = simplified(self._tokenizer.decode(ids))
        measures = Measures(text, seconds, float(outcome.no_speech_prob), float(outcome.scores[0]))
        reason = rejection(measures)
        return Recognition("" if reason else text, bool(reason), reason, measures.mean_log_prob, _ms_since(began))

    def _transcribe(self, audio: Pcm, seconds: float) -> Any:
        frames = min(_MOST_FRAMES, max(_FRAMES, int(seconds * 100 + _TAIL_FRAMES) // 2 * 2))
        features = mel.log_mel(pcm.resampled(pcm.to_float(audio), RATE_HZ, mel.RATE_HZ), frames)
        encoded = self._model.encode(ctranslate2.StorageView.from_array(features))
        return self._model.generate(
            encoded,
            [self._start],
            beam_size=1,
            max_length=len(self._start) + int(8 + 9 * seconds),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
            max_initial_timestamp_index=0,
        )[0]


def _engine_failed(error: Exception) -> SpeechError:
    if isinstance(error, SpeechError):
        return error
    return SpeechError(Text(f"语音识别失败：{error}", f"Recognition failed: {error}"))


def _ms_since(began: float) -> int:
    return int((perf_counter() - began) * 1000)

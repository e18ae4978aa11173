"""The speech process seen from a line or from control: ``ports.Recogniser`` and prompt making over ``wire``."""

import asyncio
import itertools
from collections.abc import Callable, Sequence

import numpy as np

from callbot import wire
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.ports import Recognition
from callbot.protocol import Failed, Forget, FromSpeech, Hurry, Recognise, Recognised, Synthesise, Synthesised, ToSpeech
from callbot.values import Pcm

_PATIENCE_S = 8.0
"""A recognition that takes longer is lost (the process died): the worst measured at 32 callers was about 2 s."""
_SILENCE_S = 60.0
"""A sentence takes a few seconds, loading the models some ten: a minute without progress means nobody works on it."""


class SpeechClient:
    """One connection to the speech process, shared by all calls of this process. Belongs to one asyncio loop.

    ``run`` must be running while anything is asked.
    """

    def __init__(self, where: str, name: str) -> None:
        self._wire: wire.Client[FromSpeech, ToSpeech] = wire.Client(where, name, FromSpeech)
        self._jobs = itertools.count(1)
        self._recognising: dict[int, asyncio.Future[Recognised]] = {}
        self._making: dict[int, _Making] = {}

    async def run(self) -> None:
        """Deliver answers to those who asked, for ever."""
        async for message in self._wire.messages():
            match message:
                case Recognised(job=job):
                    waiting = self._recognising.get(job)
                    if waiting and not waiting.done():
                        waiting.set_result(message)
                case Synthesised(job=job):
                    making = self._making.get(job)
                    if making:
                        making.progress(message)
                case Failed(job=job, problem=problem):
                    error = SpeechError(Text(problem, problem))
                    future = self._recognising.get(job) or (self._making[job].future if job in self._making else None)
                    if future and not future.done():
                        future.set_exception(error)

    def utterance(self, expects: Sequence[str] = ()) -> "RemoteUtterance":
        """Begin an utterance; satisfies ``ports.Recogniser``."""
        return RemoteUtterance(self, tuple(expects))

    async def recognise(self, job: int, audio: Pcm, expects: tuple[str, ...], *, urgent: bool) -> Recognised:
        """One whole recognition; gives the work up when cancelled. Errors: ``SpeechError``, also after 8 s."""
        future: asyncio.Future[Recognised] = asyncio.get_running_loop().create_future()
        self._recognising[job] = future
        try:
            await self._wire.send(Recognise(job, audio.astype("<i2").tobytes(), expects, urgent))
            async with asyncio.timeout(_PATIENCE_S):
                return await future
        except TimeoutError:
            raise SpeechError(
                Text(
                    "语音识别进程没有应答，它可能正在重启。",
                    "The speech process does not answer; it may be restarting.",
                )
            ) from None
        except asyncio.CancelledError:
            await self._wire.send(Forget(job))
            raise
        finally:
            del self._recognising[job]

    async def hurry(self, job: int) -> None:
        """Somebody waits for this job now."""
        await self._wire.send(Hurry(job))

    def new_job(self) -> int:
        """A number for the next job."""
        return next(self._jobs)

    async def prepare(self, pieces: Sequence[str], on_progress: Callable[[int, int], None] | None = None) -> int:
        """Make pieces ready in the prompt cache; returns the CPU time spent in ms.

        Errors: ``SpeechError``, also when nothing was heard of the work for a minute.
        """
        if not pieces:
            return 0
        job = self.new_job()
        making = _Making(asyncio.get_running_loop().create_future(), on_progress)
        self._making[job] = making
        try:
            await self._wire.send(Synthesise(job, tuple(pieces)))
            async with asyncio.timeout(_SILENCE_S) as limit:
                making.on_word = lambda: limit.reschedule(asyncio.get_running_loop().time() + _SILENCE_S)
                return await making.future
        except TimeoutError:
            raise SpeechError(
                Text(
                    "语音合成进程没有应答，它可能正在重启。",
                    "The speech process does not answer; it may be restarting.",
                )
            ) from None
        finally:
            del self._making[job]

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()


def _nothing() -> None:
    pass


class _Making:
    """A synthesis under way."""

    def __init__(self, future: "asyncio.Future[int]", on_progress: Callable[[int, int], None] | None) -> None:
        self.future = future
        self.on_word: Callable[[], None] = _nothing
        self._on_progress = on_progress

    def progress(self, message: Synthesised) -> None:
        self.on_word()
        if self._on_progress:
            self._on_progress(message.done, message.total)
        if message.problem and not self.future.done():
            self.future.set_exception(SpeechError(Text(message.problem, message.problem)))
        elif message.done >= message.total and not self.future.done():
            self.future.set_result(message.cpu_ms)


class RemoteUtterance:
    """``ports.Utterance`` whose recogniser lives in the speech process; audio travels when a result is wanted."""

    def __init__(self, client: SpeechClient, expects: tuple[str, ...]) -> None:
        self._client = client
        self._expects = expects
        self._audio: list[Pcm] = []
        self._job = 0
        self._urgent = False
        self._hurrying: set[asyncio.Task[None]] = set()

    def push(self, audio: Pcm) -> None:
        """Append audio."""
        self._audio.append(audio)

    async def result(self) -> Recognition:
        """Recognise all audio so far."""
        self._job = self._client.new_job()
        audio = np.concatenate(self._audio) if self._audio else np.zeros(0, np.int16)
        answer = await self._client.recognise(self._job, audio, self._expects, urgent=self._urgent)
        return Recognition(answer.text, answer.rejected, answer.reason, answer.score, answer.cpu_ms)

    def hurry(self) -> None:
        """The endpoint has passed."""
        self._urgent = True
        if self._job:
            task = asyncio.get_running_loop().create_task(self._client.hurry(self._job))
            self._hurrying.add(task)
            task.add_done_callback(self._hurrying.discard)

    def close(self) -> None:
        """Drop the audio."""
        self._audio.clear()

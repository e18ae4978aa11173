"""The speech process: models loaded once, recognition and synthesis for all lines of the machine."""

import asyncio
import os
import signal
import time

import numpy as np

from callbot import app, log, wire
from callbot.errors import CallbotError
from callbot.ports import Recogniser, Utterance, Voice
from callbot.protocol import Failed, Forget, FromSpeech, Hurry, Recognise, Recognised, Synthesise, Synthesised, ToSpeech
from callbot.settings import Settings
from callbot.speech.prompts import PromptCache


class SpeechService:
    """Answers the jobs of lines and control; a job belongs to the peer that sent it."""

    def __init__(
        self, server: wire.Server[ToSpeech, FromSpeech], recogniser: Recogniser, voice: Voice, cache: PromptCache
    ) -> None:
        self._server = server
        self._recogniser = recogniser
        self._voice = voice
        self._cache = cache
        self._recognising: dict[tuple[str, int], tuple[Utterance, asyncio.Task[None]]] = {}
        self._synthesising: set[asyncio.Task[None]] = set()
        self._one_voice = asyncio.Lock()  # prompts are made one at a time: calls need the other core

    async def run(self) -> None:
        """Answer for ever."""
        async for peer, message in self._server.messages():
            match message:
                case Recognise():
                    self._start(peer, message)
                case Hurry(job=job):
                    if (peer, job) in self._recognising:
                        self._recognising[peer, job][0].hurry()
                case Forget(job=job):
                    if (peer, job) in self._recognising:
                        self._recognising[peer, job][1].cancel()
                case Synthesise():
                    task = asyncio.create_task(self._synthesise(peer, message))
                    self._synthesising.add(task)
                    task.add_done_callback(self._synthesising.discard)

    def _start(self, peer: str, message: Recognise) -> None:
        utterance = self._recogniser.utterance(message.expects)
        utterance.push(np.frombuffer(message.audio, "<i2").astype(np.int16))
        if message.urgent:
            utterance.hurry()
        key = (peer, message.job)
        task = asyncio.create_task(self._recognise(peer, message.job, utterance))
        self._recognising[key] = (utterance, task)
        task.add_done_callback(lambda _: self._recognising.pop(key, None))

    async def _recognise(self, peer: str, job: int, utterance: Utterance) -> None:
        try:
            got = await utterance.result()
        except Exception as error:  # whatever an engine throws: who asked must not wait until he gives up
            _log_unexpected(error)
            await self._server.send(peer, Failed(job, str(error)))
        else:
            answer = Recognised(job, got.text, got.rejected, got.reason, got.score, got.cpu_ms)
            await self._server.send(peer, answer)
        finally:
            utterance.close()

    async def _synthesise(self, peer: str, message: Synthesise) -> None:
        missing = self._cache.missing(message.pieces)
        total, cpu_ms = len(missing), 0
        if not missing:
            await self._server.send(peer, Synthesised(message.job, 0, 0, 0))
        for done, piece in enumerate(missing, 1):
            try:
                async with self._one_voice:
                    if self._cache.missing([piece]):
                        cpu_ms += await asyncio.to_thread(self._make, piece)
            except Exception as error:  # as above: a contact's place on a line is held meanwhile
                _log_unexpected(error)
                await self._server.send(peer, Synthesised(message.job, done, total, cpu_ms, str(error)))
                return
            await self._server.send(peer, Synthesised(message.job, done, total, cpu_ms))

    def _make(self, piece: str) -> int:
        """Make one piece; returns the CPU time of this thread in ms (the voice works on one thread)."""
        started = time.thread_time_ns()
        self._cache.put(piece, self._voice.synthesise(piece))
        return (time.thread_time_ns() - started) // 1_000_000


def _log_unexpected(error: Exception) -> None:
    if not isinstance(error, CallbotError):
        log.get(__name__).error("an engine failed", exc_info=error)


async def main(settings: Settings) -> None:
    """Serve until SIGTERM. The socket appears when the models are loaded; messages sent earlier wait for it."""
    log.configure("speech")
    recogniser = app.recogniser(settings)
    voice = app.voice(settings)
    cache = app.prompts(settings)
    server: wire.Server[ToSpeech, FromSpeech] = wire.Server(wire.address(settings.socket_dir, "speech"), ToSpeech)
    log.get(__name__).info("speech is ready")
    service = asyncio.ensure_future(SpeechService(server, recogniser, voice, cache).run())
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, service.cancel)
    try:
        await service
    except asyncio.CancelledError:
        server.close()
        # ctranslate2's threads can crash while the interpreter goes down; everything is closed by now.
        os._exit(0)

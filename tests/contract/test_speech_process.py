"""The speech process answers every job, whatever its engines do."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from callbot import wire
from callbot.errors import SpeechError
from callbot.ports import Recognition
from callbot.processes.speech import SpeechService
from callbot.protocol import FromSpeech, ToSpeech
from callbot.speech.prompts import PromptCache
from callbot.speech.remote import SpeechClient
from callbot.values import Pcm

pytestmark = pytest.mark.contract


class Broken:
    """An engine that throws what no callbot code throws."""

    name = "broken"

    def synthesise(self, text: str) -> Pcm:
        raise RuntimeError("invalid expand shape")

    def utterance(self, expects: Sequence[str] = ()) -> "Broken":
        return self

    def push(self, audio: Pcm) -> None:
        pass

    async def result(self) -> Recognition:
        raise RuntimeError("bad alloc")

    def hurry(self) -> None:
        pass

    def close(self) -> None:
        pass


async def test_an_engine_that_throws_is_an_answer(tmp_path: Path) -> None:
    where = wire.address(tmp_path, "speech")
    server: wire.Server[ToSpeech, FromSpeech] = wire.Server(where, ToSpeech)
    client = SpeechClient(where, "line-1")
    service = SpeechService(server, Broken(), Broken(), PromptCache(tmp_path, "broken"))
    running = [asyncio.ensure_future(service.run()), asyncio.ensure_future(client.run())]
    try:
        with pytest.raises(SpeechError, match="invalid expand shape"):
            await client.prepare(["您好"])
        with pytest.raises(SpeechError, match="bad alloc"):
            await client.recognise(client.new_job(), np.zeros(800, np.int16), (), urgent=True)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        client.close()
        server.close()

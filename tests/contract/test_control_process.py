"""The control process between lines that are only messages and a store that is busy."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from callbot import wire
from callbot.messages import CallResult
from callbot.processes.control import Control
from callbot.protocol import ActionAnswer, ActionAsked, CallEnded, ResultStored, ToControl, ToLine
from callbot.settings import Settings
from callbot.store.engine import writing
from callbot.store.repository import open_store
from callbot.values import Disposition

pytestmark = pytest.mark.contract

NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)


class Shop:
    def spoken_texts(self) -> list[str]:
        return []

    async def ask(self, asked: ActionAsked) -> tuple[str, dict[str, str]]:
        return "found", {}


async def test_a_caller_is_answered_while_somebody_else_writes_to_the_store(tmp_path: Path) -> None:
    """The import of a long list holds SQLite's one write lock for seconds; nobody on the line may hear of that."""
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path)
    store = open_store(settings.store_url)
    control = Control(settings, store, Shop())
    line: wire.Client[ToLine, ToControl] = wire.Client(wire.address(settings.socket_dir, "control"), "line-1", ToLine)
    running = [asyncio.ensure_future(work) for work in (control._receive(), control._dispatch())]
    answers = line.messages()
    ended = CallResult(
        call_id="call_1",
        attempt_id="",
        fence=0,
        line="line-1",
        disposition=Disposition.BUSY,
        outcome="busy",
        started_at=NOW,
        ended_at=NOW,
    )
    try:
        with writing(store.engine) as importing:
            importing.execute(text("SELECT 1"))
            await line.send(CallEnded(ended))
            await line.send(ActionAsked("call_2", "call_2/1", "order_status", {}))
            async with asyncio.timeout(10):
                assert isinstance(await anext(answers), ActionAnswer)
        assert await anext(answers) == ResultStored("call_1")
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        line.close()
        control._server.close()
        control._live.close()
        control._speech.close()
        store.close()

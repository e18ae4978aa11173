"""The line process between a control that is only messages and a telephone network that is made up."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callbot import wire
from callbot.call import journal
from callbot.ports import CallLeg, DialRequest, NotConnected, Ticks
from callbot.processes import line as line_process
from callbot.processes.line import Line
from callbot.protocol import CallEnded, CallRefused, LineReady, PlaceCall, ResultStored, Revision, ToControl, ToLine
from callbot.settings import Settings
from callbot.telephony.switchboard import Switchboard
from callbot.values import Disposition

pytestmark = pytest.mark.contract

SCRIPT = {
    "script": {
        "dsl": "1",
        "id": "tiny",
        "title": "试",
        "kind": "campaign",
        "defaults": {
            "silence": {"wait": "60s", "tries": "2", "then": "bye"},
            "unclear": {"tries": "2", "then": "bye"},
        },
        "longest": {"turns": "8", "time": "5m", "then": "bye"},
        "hangup": {"outcome": "hung_up"},
        "start": "bye",
        "steps": {"bye": {"say": "再见。", "end": {"outcome": "done"}}},
    },
    "intents": {},
    "fillers": [],
    "sms": {},
}


@dataclass
class BusyNetwork:
    """Everybody is busy."""

    dialled: list[str] = field(default_factory=list)
    legs: int = 4
    trunks_down: tuple[str, ...] = ()

    async def dial(
        self, request: DialRequest, on_ringing: Callable[[], None], on_early: Callable[[Ticks], None] | None = None
    ) -> CallLeg | NotConnected:
        self.dialled.append(request.call_id)
        return NotConnected(Disposition.BUSY, 486)


@dataclass
class World:
    line: Line
    network: BusyNetwork
    control: wire.Server[ToControl, ToLine]
    heard: AsyncIterator[tuple[str, ToControl]]
    journal_dir: Path
    incarnation: str = ""

    def order(self, call_id: str) -> PlaceCall:
        return PlaceCall(
            call_id=call_id,
            attempt_id="at_1",
            fence=1,
            incarnation=self.incarnation,
            uri="sip:1@192.0.2.1",
            caller="",
            contact="王女士",
            revision=Revision("tiny", "0", json.dumps(SCRIPT)),
            inputs={},
            ring_limit_ms=15_000,
        )

    async def place(self, call_id: str) -> None:
        await self.control.send("line-1", self.order(call_id))

    async def result_of(self, call_id: str) -> CallEnded:
        async for _, message in self.heard:
            if isinstance(message, CallEnded) and message.result.call_id == call_id:
                return message
        raise AssertionError("the wire ended")

    async def store(self, call_id: str) -> None:
        await self.control.send("line-1", ResultStored(call_id))

    async def ended(self, call_id: str) -> None:
        """Place a call, get its result, acknowledge it."""
        await self.place(call_id)
        await self.result_of(call_id)
        await self.store(call_id)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    settings = Settings(data_dir=folder, cache_dir=folder)
    control: wire.Server[ToControl, ToLine] = wire.Server(wire.address(settings.socket_dir, "control"), ToControl)
    network = BusyNetwork()
    line = Line("line-1", settings, network, "test", Switchboard(network, {}))  # type: ignore[arg-type]
    running = asyncio.ensure_future(line.run())
    made = World(line, network, control, control.messages(), folder / "journal" / "line-1")
    async with asyncio.timeout(30):
        async for _, message in made.heard:
            if isinstance(message, LineReady):
                made.incarnation = message.incarnation
                break
        yield made
        line.drain(0)
        await running
    control.close()


async def test_a_command_that_fails_leaves_the_line_obedient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that became read-only: the journal cannot be cleared. The next calls are made all the same."""

    def refuse(folder: Path, call_id: str) -> None:
        raise OSError(30, os.strerror(30))

    async with world(tmp_path) as here:
        with monkeypatch.context() as broken:
            broken.setattr(journal, "forget", refuse)
            await here.ended("call_1")
            await here.place("call_2")
            assert (await here.result_of("call_2")).result.outcome == "busy"


async def test_a_call_taken_back_before_it_was_dialled_goes_back(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.line._place(here.order("call_1"))
        here.line._attempts["call_1"].hang_up()
        async for _, message in here.heard:
            if isinstance(message, CallRefused):
                break
        assert here.network.dialled == []
        assert list(here.journal_dir.iterdir()) == []


def test_results_are_repeated_ever_more_rarely() -> None:
    """Control may be away for a night: what waits in the sockets must not fill the memory."""
    pauses = [line_process.repeat_after_s(times) for times in range(10)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]

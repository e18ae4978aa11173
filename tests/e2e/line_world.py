"""A line's way from the order to the result, with real SIP and media; only ears, mouth and systems are made up."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sipp_dialogue import scenario

from callbot.call.attempt import Attempt, Workplace, dialling
from callbot.call.session import Parts
from callbot.clock import SystemClock
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.messages import CallResult
from callbot.ports import Dialler
from callbot.protocol import CallProgress, PlaceCall, Revision, TrunkChanged
from callbot.simulate.crowd import free_ports
from callbot.turn.taking import TurnPolicy
from callbot.values import Pcm
from tests.golden.timeline import Orders, People, Script

Deed = Callable[[Attempt], None]


def script(*, ends: bool) -> CompiledScript:
    """Says one sentence and then hangs up, or waits for the customer."""
    wait = {"keys": {"1": "bye"}}
    goodbye = {"end": {"outcome": "done"}}
    content = {
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
        "start": "hello",
        "steps": {"hello": {"say": "您好。"} | (goodbye if ends else wait), "bye": {"say": "再见。"} | goodbye},
    }
    bundle = {"script": content, "intents": {}, "fillers": [], "sms": {}}
    return compile_revision(Revision("tiny", "0", json.dumps(bundle)))


class Deaf:
    """Hears no speech."""

    def speech(self, frame: Pcm) -> float:
        return 0.0


class Tones:
    """Every prompt is 400 ms of a 1 kHz tone."""

    def audio(self, pieces: Sequence[str], *, slow: bool = False) -> Pcm:
        return (8000 * np.sin(2 * np.pi * 1000 * np.arange(3200) / 8000)).astype(np.int16)

    def recorded(self, sha256: str) -> Pcm | None:
        return None

    async def make(self, pieces: Sequence[str]) -> None:
        raise AssertionError("every prompt is ready")


ORDER = PlaceCall(
    call_id="",
    attempt_id="at_1",
    fence=1,
    uri="",
    caller="4008",
    contact="王女士",
    revision=Revision("tiny", "0", "{}"),
    inputs={},
    ring_limit_ms=3000,
)


@dataclass
class Line:
    """Places calls over ``dialler`` as a line process does."""

    dialler: Dialler
    folder: Path
    seen: list[CallProgress | TrunkChanged] = field(default_factory=list)
    _calls: int = 0

    async def call(
        self,
        order: PlaceCall,
        *,
        ends: bool = False,
        when: str = "",
        after_ms: int = 0,
        deed: Deed | None = None,
    ) -> CallResult:
        """Carry out one call; do ``deed`` ``after_ms`` after the word of progress ``when`` (dialling, ringing, ...)."""
        self._calls += 1
        attempts: list[Attempt] = []

        def progress(message: CallProgress | TrunkChanged) -> None:
            self.seen.append(message)
            if deed is not None and isinstance(message, CallProgress) and message.kind == when:
                asyncio.get_running_loop().call_later(after_ms / 1000, deed, attempts[0])

        place = Workplace(
            line="line-1",
            clock=SystemClock(),
            zone=ZoneInfo("Asia/Shanghai"),
            journal_dir=self.folder,
            recording_dir=self.folder / "recordings",
            parts=lambda _: Parts(Deaf(), Script([]), Tones(), Orders(None, []), People(), Tones().make, TurnPolicy()),
            progress=progress,
        )
        named = {"call_id": f"call_{self._calls}"}
        order = _changed(order, named)
        attempts.append(Attempt(order, script(ends=ends), place, dialling(self.dialler, order, self.seen.append)))
        return await attempts[0].run()


def _changed(order: PlaceCall, named: dict[str, str]) -> PlaceCall:
    import msgspec

    return msgspec.structs.replace(order, **named)


@dataclass(frozen=True)
class Far:
    """SIPp on the other side. ``faithful`` after the call: whether everything came as the scenario says."""

    process: asyncio.subprocess.Process
    port: int
    folder: Path

    async def faithful(self) -> str:
        """Empty when the scenario ran as written, to its end; else what SIPp says."""
        async with asyncio.timeout(10):
            if await self.process.wait() == 0:
                return ""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("*errors.log"))

    def received(self, start: str) -> int:
        """How many messages with this start line have come, repetitions among them."""
        log = "".join(path.read_text(errors="replace") for path in self.folder.glob("*messages.log"))
        return len(re.findall(rf"message received \[\d+\] bytes\s*:\s*{start}", log))


def _written(folder: Path, lines: Sequence[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "far.xml"
    file.write_text(scenario(lines), "utf-8")
    return file


async def becomes(condition: Callable[[], bool], within_s: float) -> None:
    """Wait for what only another process or PJSIP's own threads can tell by its effect."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


@asynccontextmanager
async def far_end(folder: Path, lines: Sequence[str], *arguments: str, echo: bool = True) -> AsyncIterator[Far]:
    """SIPp with one call of a scenario. ``echo``: it sends back the RTP it gets, or is silent."""
    file = _written(folder, lines)
    port = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(file), "-i", "127.0.0.1", "-p", str(port), "-mp", str(free_ports(8)), "-m", "1"),
        *("-nostdin", "-trace_err", "-trace_msg", *(["-rtp_echo"] if echo else []), *arguments),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Far(process, port, folder)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()

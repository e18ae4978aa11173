"""The configuration that ``callbot kamailio`` writes, in a real Kamailio before two lines."""

import asyncio
import csv
import json
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from telephony_sipp import SCENARIOS, needs_sipp

from callbot.cli.kamailio import kamailio
from callbot.simulate.crowd import RTP_PORTS, free_ports
from callbot.telephony.kamailio import INVITES_PER_S, REQUESTS_PER_S

KAMAILIO = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(KAMAILIO is None, reason="Kamailio is not installed: apt-get install kamailio"),
]

ANSWERS = "customers: {'100': {answer_after: 20ms}}"


@dataclass(frozen=True)
class Line:
    """One line: simulated customers stand in for the robot, they answer as it does."""

    process: asyncio.subprocess.Process
    port: int
    out: Path

    @property
    def answered(self) -> int:
        return len(list(self.out.glob("*.json")))


@dataclass(frozen=True)
class Hotline:
    port: int
    lines: tuple[Line, Line]


@asynccontextmanager
async def ended(process: asyncio.subprocess.Process) -> AsyncIterator[asyncio.subprocess.Process]:
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(15):
            await process.wait()


async def start_line(folder: Path, stack: AsyncExitStack) -> Line:
    await asyncio.to_thread(folder.mkdir)
    (folder / "customers.yaml").write_text(ANSWERS, "utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callbot.simulate", "--port", "0", "--rtp-port", str(free_ports(RTP_PORTS))),
        *("--customers", str(folder / "customers.yaml"), "--audio", str(folder), "--out", str(folder / "out")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await stack.enter_async_context(ended(process))
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    return Line(process, ready["port"], folder / "out")


@asynccontextmanager
async def hotline(folder: Path) -> AsyncIterator[Hotline]:
    """Two lines, and Kamailio before them as its users start it."""
    async with AsyncExitStack() as stack:
        lines = (await start_line(folder / "a", stack), await start_line(folder / "b", stack))
        port = free_ports(1)
        config = folder / "kamailio.cfg"
        kamailio(config, [f"127.0.0.1:{line.port}" for line in lines], f"127.0.0.1:{port}")
        assert KAMAILIO is not None
        with (folder / "kamailio.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(KAMAILIO, "-DD", "-E", "-m", "32", "-M", "4", "-Y", str(folder), "-f", str(config)),
                stdout=log,
                stderr=log,
            )
        await stack.enter_async_context(ended(process))
        await listens(port)
        yield Hotline(port, lines)


async def listens(port: int) -> None:
    """Kamailio answers OPTIONS; asked again and again until it has started."""
    with Far("127.0.0.1") as far:
        async with asyncio.timeout(15):
            while 200 not in far.statuses.values():
                far.send("OPTIONS", port)
                await asyncio.sleep(0.05)


class Far:
    """A far end that only sends requests and notes the last status for each."""

    def __init__(self, address: str) -> None:
        self.statuses: dict[str, int] = {}
        self.sent = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.setblocking(False)
        self._me = f"{address}:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "Far":
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def send(self, method: str, port: int) -> None:
        self.sent += 1
        name = f"{self.sent}-{self._me}"
        self._socket.sendto(
            (
                f"{method} sip:999@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {self._me};branch=z9hG4bK{name}\r\n"
                f"From: <sip:far@{self._me}>;tag=1\r\nTo: <sip:999@127.0.0.1>\r\nCall-ID: {name}\r\n"
                f"CSeq: 1 {method}\r\nContact: <sip:far@{self._me}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            ("127.0.0.1", port),
        )

    def _read(self) -> None:
        text = self._socket.recv(4000).decode()
        status, name = re.match(r"SIP/2.0 (\d+)", text), re.search(r"^Call-ID: *(\S+)", text, re.MULTILINE)
        if status and name:
            self.statuses[name[1]] = int(status[1])

    async def flood(self, method: str, port: int, per_s: int, seconds: int) -> None:
        """Send at an even rate, then wait a moment for the last answers."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(per_s * seconds):
            await asyncio.sleep(max(0.0, begun + number / per_s - loop.time()))
            self.send(method, port)
        await asyncio.sleep(0.5)

    def count(self, status: int) -> int:
        return sum(found == status for found in self.statuses.values())


async def calls(folder: Path, name: str, hotline: Hotline, count: int, per_s: int, address: str = "127.0.0.1") -> int:
    """So many calls of half a second to the hotline; how many went as they should."""
    statistics = folder / f"{name}.csv"
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(SCENARIOS / "through_proxy.xml"), "-s", "100", "-i", address, "-p", str(free_ports(1))),
        *("-mp", str(free_ports(4)), "-m", str(count), "-r", str(per_s), "-nostdin", "-recv_timeout", "8000"),
        *("-trace_stat", "-stf", str(statistics), f"127.0.0.1:{hotline.port}"),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with ended(process), asyncio.timeout(60):
        await process.wait()
    with statistics.open(encoding="utf-8") as file:
        return int(list(csv.DictReader(file, delimiter=";"))[-1]["SuccessfulCall(C)"])


@needs_sipp
async def test_calls_are_shared_and_go_to_the_other_line_when_one_dies(tmp_path: Path) -> None:
    async with hotline(tmp_path) as here:
        first, second = here.lines
        assert await calls(tmp_path, "shared", here, 10, 4) == 10
        assert first.answered >= 3
        assert second.answered >= 3

        traffic = asyncio.create_task(calls(tmp_path, "traffic", here, 16, 2))
        before = first.answered
        async with asyncio.timeout(10):
            while first.answered < before + 2:  # noqa: ASYNC110 - another process writes its files
                await asyncio.sleep(0.02)
        first.process.kill()
        assert await calls(tmp_path, "new", here, 8, 2) == 8
        # At most the calls that the dead line carried at that moment are lost: half a second of two a second, shared.
        assert await traffic >= 14


@needs_sipp
async def test_who_floods_is_limited_and_others_get_through(tmp_path: Path) -> None:
    seconds = 4
    async with hotline(tmp_path) as here:
        with Far("127.0.0.2") as far:
            flood = asyncio.create_task(far.flood("INVITE", here.port, 200, seconds))
            others = await calls(tmp_path, "others", here, 8, 2, "127.0.0.3")
            await flood
        # Shares are counted by the seconds of the clock, one more of which are touched than the flood lasts.
        assert INVITES_PER_S <= far.count(404) <= INVITES_PER_S * (seconds + 1)
        assert far.count(503) >= 200 * seconds - INVITES_PER_S * (seconds + 1)
        assert others == 8


async def test_an_address_that_sends_far_too_much_is_not_heard(tmp_path: Path) -> None:
    async with hotline(tmp_path) as here:
        with Far("127.0.0.4") as far:
            await far.flood("OPTIONS", here.port, 3 * REQUESTS_PER_S, 2)
            assert 0 < far.count(200) < 4 * REQUESTS_PER_S
        with Far("127.0.0.5") as other:
            await other.flood("OPTIONS", here.port, 20, 1)
            assert other.count(200) == 20


async def test_a_line_answers_the_question_whether_it_lives(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        line = await start_line(tmp_path / "line", stack)
        with Far("127.0.0.1") as far:
            async with asyncio.timeout(5):
                while not far.statuses:
                    far.send("OPTIONS", line.port)
                    await asyncio.sleep(0.1)
        assert set(far.statuses.values()) == {200}

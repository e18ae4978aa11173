"""Starts processes of simulated customers and ends them; what the demo, the bench and the e2e tests share."""

import asyncio
import json
import random
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from callbot.errors import TelephonyError
from callbot.language import Text
from callbot.settings import Trunk

RTP_PORTS = 200
_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Running customers: the trunks that lead to them, and where their recordings are."""

    trunks: tuple[Trunk, ...]
    recordings: Path


def free_ports(count: int, *, first: int = 20000, last: int = 60000) -> int:
    """The first of ``count`` neighbouring UDP ports of 127.0.0.1 that are free right now."""
    chooser = random.SystemRandom()  # two demos started together look in different places
    while True:
        start = chooser.randrange(first, last - count, 2)
        if all(_is_free(port) for port in range(start, start + count)):
            return start


def _is_free(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@asynccontextmanager
async def crowd(
    customers: Path, audio: Path, out: Path, processes: int, *, call: str = "", jitter_ms: int = 0
) -> AsyncIterator[Crowd]:
    """That many processes of customers as ``customers`` describes them, for the time of the block.

    The calls that the file describes are made at once, to ``call`` (host:port), by every process.
    ``jitter_ms``: how long they hold back what they hear, so that a stall of the machine does not reach their
    recordings; 0 for a telephone's jitter buffer, which adapts.
    """
    running: list[asyncio.subprocess.Process] = []
    try:
        trunks = []
        for number in range(processes):
            process, port, legs = await _start(customers, audio, out, number, call, jitter_ms)
            running.append(process)
            trunks.append(Trunk(name=f"customers-{number + 1}", host="127.0.0.1", port=port, channels=legs))
        yield Crowd(tuple(trunks), out)
    finally:
        for process in running:
            if process.returncode is None:
                process.terminate()
        for process in running:
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _start(
    customers: Path, audio: Path, out: Path, number: int, call: str, jitter_ms: int
) -> tuple[asyncio.subprocess.Process, int, int]:
    log = out / f"customers-{number + 1}.log"
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callbot.simulate",
            *("--bind", "127.0.0.1", "--port", str(free_ports(1)), "--rtp-port", str(free_ports(RTP_PORTS))),
            *("--customers", str(customers), "--audio", str(audio), "--out", str(out), "--call", call),
            *("--jitter-ms", str(jitter_ms)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        ready = await asyncio.wait_for(_first_line(process, log), _START_S)
    except BaseException:  # whatever it was: nobody else knows of this process yet
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    return process, int(ready["port"]), int(ready["legs"])


async def _first_line(process: asyncio.subprocess.Process, log: Path) -> dict[str, int]:
    assert process.stdout is not None  # it was asked for
    line = await process.stdout.readline()
    if not line:
        await process.wait()
        told = await asyncio.to_thread(log.read_text, "utf-8", "replace")
        last = told.strip().splitlines()[-1] if told.strip() else str(log)
        raise TelephonyError(Text(f"模拟客户没有启动：{last}", f"The simulated customers did not start: {last}"))
    found: dict[str, int] = json.loads(line)
    return found

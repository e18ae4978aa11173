"""SIPp as the far end."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from callbot.simulate.crowd import free_ports

SCENARIOS = Path(__file__).parent / "sipp"

needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="SIPp is not installed: apt-get install sip-tester"
)


@dataclass(frozen=True, slots=True)
class Sipp:
    process: asyncio.subprocess.Process
    port: int

    async def succeeded(self, within_s: float = 10) -> bool:
        """Whether the scenario ran as written, to its end."""
        async with asyncio.timeout(within_s):
            return await self.process.wait() == 0


@asynccontextmanager
async def sipp(folder: Path, scenario: str, *arguments: str, status: str = "") -> AsyncIterator[Sipp]:
    """SIPp with one call of a scenario, in ``folder``. INVITE is repeated, so nobody need wait until it listens."""
    port, media = free_ports(1), free_ports(4)
    file = folder / f"{scenario}.xml"
    file.write_text((SCENARIOS / file.name).read_text("utf-8").replace("STATUS", status), "utf-8")
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", str(file), "-i", "127.0.0.1", "-p", str(port), "-mp", str(media)),
        *("-m", "1", "-nostdin", *arguments),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Sipp(process, port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()

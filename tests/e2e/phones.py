"""Telephones in processes of their own (``willing_phone.py``), and what they tell."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from callbot.simulate.crowd import free_ports


@dataclass
class Phone:
    """A telephone in its own process and what it says of its calls."""

    process: asyncio.subprocess.Process
    told: list[dict[str, object]] = field(default_factory=list)
    port: int = 0

    async def next(self) -> dict[str, object]:
        """The next thing it tells; PJSIP's own first words are none of it."""
        assert self.process.stdout is not None
        while not (line := await self.process.stdout.readline()).startswith(b"{"):
            assert line, "the telephone died"
        told: dict[str, object] = json.loads(line)
        return told

    async def reinvite(self) -> None:
        """Make it send a re-INVITE on its last call."""
        await self._order("again")

    async def dial(self, uri: str) -> None:
        """Make it call."""
        await self._order(uri)

    async def _order(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def until(self, condition: Callable[[dict[str, object]], bool]) -> None:
        async with asyncio.timeout(10):
            while not any(condition(one) for one in self.told):
                self.told.append(await self.next())

    async def talks_to(self, port: int) -> None:
        """Wait until it is connected with whoever has this SIP port."""
        await self.until(lambda one: one.get("state") == "CONFIRMED" and f":{port}" in str(one["remote"]))


@asynccontextmanager
async def phone(name: str, srtp: str = "off") -> AsyncIterator[Phone]:
    """``srtp`` as in ``settings.Trunk``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("willing_phone.py")), name, str(free_ports(40)), srtp),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        made = Phone(process)
        made.port = int(str((await made.next())["port"]))
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()

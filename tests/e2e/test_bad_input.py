"""Whatever arrives, the process lives, no leg is lost and other calls go on."""

import asyncio
import json
import random
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from bad_input import SDP, damaged, mutated, request, torture
from sip_peer import Message, SipPeer, answer

from callbot.ports import DialRequest, LegEnded, LegEvent, NotConnected
from callbot.simulate.crowd import crowd, free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint

pytestmark = pytest.mark.e2e

CUSTOMERS = 'customers: {"200": {answer_after: 20ms}}'
BLOCK = 100
FREE_WITHIN_S = 10.0
"""A leg that an INVITE without ACK has taken is free again after 9 s (stack.TRANSACTION_MS)."""


@dataclass(frozen=True)
class Target:
    """An endpoint in a process of its own that answers calls; a socket beside it; an endpoint of ours to call it."""

    address: tuple[str, int]
    udp: socket.socket
    robot: Pjsua2Endpoint

    @property
    def here(self) -> str:
        return f"127.0.0.1:{self.udp.getsockname()[1]}"

    @property
    def there(self) -> str:
        return f"127.0.0.1:{self.address[1]}"

    async def throw(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send these, and after every block look whether the target still answers; names the block that ended it."""
        names: list[str] = []
        for name, message in messages:
            await asyncio.get_running_loop().sock_sendto(self.udp, message, self.address)
            names.append(name)
            if len(names) == BLOCK:
                assert await self.lives(), f"no answer after {names}"
                names.clear()
        assert await self.lives(), f"no answer after {names}"

    async def lives(self) -> bool:
        """Whether an OPTIONS is answered."""
        loop = asyncio.get_running_loop()
        for number in range(5):
            question = request("OPTIONS", self.here, self.there, call_id=f"alive-{loop.time()}-{number}")
            await loop.sock_sendto(self.udp, question.encode(), self.address)
            wanted = f"Call-ID: {question.split('Call-ID: ')[1].split(chr(13))[0]}".encode()
            try:
                async with asyncio.timeout(2):
                    while wanted not in await loop.sock_recv(self.udp, 65536):
                        pass
                return True
            except TimeoutError:
                continue
        return False

    async def call(self) -> SipLeg | NotConnected:
        return await self.robot.dial(DialRequest("call", f"sip:200@{self.there}", "4008", 5000), lambda: None)

    async def all_legs_free(self) -> None:
        """As many calls at once as the target has legs, within the time that calls without ACK may take."""
        until = asyncio.get_running_loop().time() + FREE_WITHIN_S
        legs: list[SipLeg] = []
        while len(legs) < self.robot.legs and len(legs) < 4:
            result = await self.call()
            if isinstance(result, SipLeg):
                result.listen(_ignore)
                legs.append(result)
            else:
                assert asyncio.get_running_loop().time() < until, f"only {len(legs)} legs are free: {result}"
                await asyncio.sleep(0.2)
        for leg in legs:
            await ended(leg)


def _ignore(event: LegEvent) -> None:
    pass


async def ended(leg: SipLeg) -> None:
    """Hang up and wait for the end."""
    over = asyncio.Event()
    leg._post = lambda event: over.set() if isinstance(event, LegEnded) else None
    leg.hang_up()
    async with asyncio.timeout(5):
        await over.wait()


@asynccontextmanager
async def targeted(folder: Path) -> AsyncIterator[Target]:
    (folder / "customers.yaml").write_text(CUSTOMERS, "utf-8")
    async with crowd(folder / "customers.yaml", folder, folder / "out", 1) as people:
        robot = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind(("127.0.0.1", 0))
                udp.setblocking(False)
                yield Target((people.trunks[0].host, people.trunks[0].port), udp, robot)
        finally:
            await robot.close()


async def test_torture(tmp_path: Path) -> None:
    async with targeted(tmp_path) as target:
        messages = torture(target.here, target.there)
        await target.throw((str(number), message) for number, message in enumerate(messages))
        await target.all_legs_free()


async def mutations(folder: Path, seeds: range) -> None:
    async with targeted(folder) as target:
        running = await target.call()
        assert isinstance(running, SipLeg)
        events: list[LegEvent] = []
        running.listen(events.append)
        await target.throw((f"seed {seed}", mutated(seed, target.here, target.there)) for seed in seeds)
        assert not any(isinstance(event, LegEnded) for event in events), "the call beside it goes on"
        await ended(running)
        await target.all_legs_free()


async def test_mutations(tmp_path: Path) -> None:
    await mutations(tmp_path, range(1000))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_many_mutations(tmp_path: Path) -> None:
    await mutations(tmp_path, range(1000, 21_000))


async def test_calls_that_are_never_acknowledged_do_not_fill_the_line(tmp_path: Path) -> None:
    async with targeted(tmp_path) as target:
        sdp = "Content-Type: application/sdp"
        invites = [request("INVITE", target.here, target.there, sdp, body=SDP, call_id=f"noack{n}") for n in range(20)]
        await target.throw((f"invite {n}", invite.encode()) for n, invite in enumerate(invites))
        await target.all_legs_free()


async def test_damaged_answers(tmp_path: Path) -> None:
    """Whoever is called answers with damaged messages, then properly: every call comes to an end."""
    dice = random.Random(7)

    def react(message: Message) -> Iterator[str | bytes]:
        if message.method == "INVITE":
            good = answer(message, dice.choice((100, 180, 183, 200, 302, 401, 486)), body=SDP)
            yield damaged(dice, good.encode())
            yield answer(message, 486)
        elif message.method in ("BYE", "CANCEL"):
            yield answer(message, 200)

    with closing(await SipPeer.udp(react)) as peer:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.dialling_process", str(peer.port), "200"),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        async with asyncio.timeout(60):
            out, _ = await process.communicate()
    assert process.returncode == 0
    outcomes = json.loads(out)
    assert sum(outcomes.values()) == 200
    assert outcomes["busy"] > 100

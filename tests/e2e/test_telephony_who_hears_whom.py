"""A caller, an agent and a supervisor as real legs: each sounds at his own pitch, and each end's spectrum says whom it
heard in every mode and after every change of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from callbot.audio import wav
from callbot.ports import DialRequest, LegEnded, LegEvent, NotConnected, Ticks
from callbot.simulate.crowd import crowd, free_ports
from callbot.telephony.bridge import Bridge, Party
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.values import Pcm

pytestmark = pytest.mark.e2e

PITCH = {"caller": 500, "agent": 1000, "supervisor": 1700}
WINDOW = 800
"""100 ms: bins of 10 Hz, so that all three pitches lie on one."""


def tone(hz: int, seconds: int) -> Pcm:
    return (4000 * np.sin(2 * np.pi * hz * np.arange(seconds * 8000) / 8000)).astype(np.int16)


def voices(audio: Pcm) -> list[frozenset[str]]:
    """Who sounds in each 100 ms."""
    whole = audio[: len(audio) // WINDOW * WINDOW].reshape(-1, WINDOW).astype(float)
    spectra = np.abs(np.fft.rfft(whole, axis=1)) / (WINDOW / 2)
    return [frozenset(who for who, hz in PITCH.items() if spectrum[hz // 10] > 1000) for spectrum in spectra]


def stays(heard: list[frozenset[str]], at_least: int = 5) -> list[frozenset[str]]:
    """What was heard one after the other, what lasted less than half a second left out."""
    runs: list[list[frozenset[str]]] = []
    for one in heard:
        if runs and runs[-1][0] == one:
            runs[-1].append(one)
        else:
            runs.append([one])
    found: list[frozenset[str]] = []
    for run in runs:
        if len(run) >= at_least and (not found or found[-1] != run[0]):
            found.append(run[0])
    return found


def heard(*parties: str) -> frozenset[str]:
    return frozenset(parties)


@dataclass
class Ear:
    """All that passes on the caller's leg."""

    events: list[LegEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def post(self, event: LegEvent) -> None:
        self.events.append(event)
        self.changed.set()

    @property
    def ticks(self) -> list[Ticks]:
        return [event for event in self.events if isinstance(event, Ticks)]

    @property
    def passed_ms(self) -> int:
        return sum(len(tick.heard) for tick in self.ticks) // 8

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def passes(self, ms: int) -> None:
        target = self.passed_ms + ms
        await self.until(lambda: self.passed_ms >= target)


@dataclass(frozen=True)
class Room:
    endpoint: Pjsua2Endpoint
    host: str
    out: Path

    async def dial(self, party: str) -> SipLeg:
        request = DialRequest("call", f"sip:{party}@{self.host}", "4008", 3000)
        leg = await self.endpoint.dial(request, lambda: None)
        assert not isinstance(leg, NotConnected)
        return leg

    async def recording(self, party: str) -> list[frozenset[str]]:
        """Whom this party heard, in order; his own pitch is not in it."""
        path = self.out / f"{party}-01.wav"
        async with asyncio.timeout(5):
            while not path.with_suffix(".json").exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
        return stays(voices(np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)[:, 1]))


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    rows = []
    for party, hz in PITCH.items():
        wav.write(folder / f"{party}.wav", tone(hz, 60))
        rows.append(f'  "{party}": {{answer_after: 20ms, turns: [{{say: {party}.wav, at: 0ms}}]}}')
    (folder / "people.yaml").write_text("customers:\n" + "\n".join(rows), "utf-8")
    async with crowd(folder / "people.yaml", folder, folder / "out", 1) as people:
        trunk = people.trunks[0]
        endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
        try:
            yield Room(endpoint, f"{trunk.host}:{trunk.port}", folder / "out")
        finally:
            await endpoint.close()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


async def caller_and_agent(here: Room) -> tuple[SipLeg, Ear, Bridge]:
    ear = Ear()
    caller = await here.dial("caller")
    caller.listen(ear.post)
    agent = await here.dial("agent")
    await ear.passes(800)
    return caller, ear, Bridge(caller, agent)


async def test_who_hears_whom_in_every_mode_and_after_every_change(here: Room) -> None:
    caller, ear, bridge = await caller_and_agent(here)
    await ear.passes(1000)
    bridge.admit_supervisor(await here.dial("supervisor"), "listen")
    await ear.passes(1000)
    for mode in ("whisper", "join", "listen", "join", "whisper"):
        bridge.set_mode(mode)
        await ear.passes(1000)
    bridge.take_over()
    await ear.passes(1200)
    assert bridge.release(Party.AGENT), "the supervisor sits in the agent's place now"
    await ear.until(bridge.over.is_set)
    await ear.passes(800)
    caller.hang_up()
    await ear.until(lambda: isinstance(ear.events[-1], LegEnded))
    alone, all_three = heard("agent"), heard("agent", "supervisor")
    # listen and whisper are the same to him, and the last whisper follows a join
    expected = [heard(), alone, all_three, alone, all_three, alone, heard("supervisor"), heard()]
    assert await here.recording("caller") == expected
    assert stays(voices(np.concatenate([tick.spoken for tick in ear.ticks]))) == expected
    assert stays(voices(np.concatenate([tick.heard for tick in ear.ticks])))[-1] == heard("caller")
    both = heard("caller", "supervisor")
    assert await here.recording("agent") == [heard(), heard("caller"), both, heard("caller"), both]
    assert await here.recording("supervisor") == [heard("caller", "agent"), heard("caller")]


async def test_both_directions_are_recorded_in_time(here: Room) -> None:
    """Left the caller, right everybody else: after the bridge is made both sound at once, within 20 ms."""
    caller, ear, bridge = await caller_and_agent(here)
    await ear.passes(600)
    bridge.close()
    await ear.passes(600)
    said, others = (np.concatenate(side) for side in zip(*[(t.heard, t.spoken) for t in ear.ticks], strict=True))
    assert len(said) == len(others)
    assert stays(voices(said))[-1] == heard("caller")
    assert stays(voices(others)) == [heard(), heard("agent"), heard()]
    caller.hang_up()
    await ear.until(lambda: isinstance(ear.events[-1], LegEnded))


@pytest.mark.parametrize("mode", ["join", "whisper"])
async def test_an_agent_who_leaves_ends_the_bridge_unless_the_supervisor_is_in_it(here: Room, mode: str) -> None:
    caller, ear, bridge = await caller_and_agent(here)
    bridge.admit_supervisor(await here.dial("supervisor"), mode)
    await ear.passes(800)
    assert bridge.release(Party.AGENT)
    await ear.until(lambda: not bridge.supervised)
    await ear.passes(1000)
    assert bridge.over.is_set() == (mode == "whisper")
    bridge.close()
    caller.hang_up()
    await ear.until(lambda: isinstance(ear.events[-1], LegEnded))
    at_last = [one for one in await here.recording("caller") if one][-2:]
    assert at_last == ([heard("agent", "supervisor"), heard("supervisor")] if mode == "join" else [heard("agent")])


async def test_release_ends_the_leg_that_was_named(here: Room) -> None:
    _, ear, bridge = await caller_and_agent(here)
    bridge.admit_supervisor(await here.dial("supervisor"), "listen")
    await ear.passes(300)
    assert bridge.release(Party.SUPERVISOR)
    await ear.until(lambda: not bridge.supervised)
    assert not bridge.release(Party.SUPERVISOR)
    assert not bridge.over.is_set()
    assert bridge.release(Party.CALLER)
    await ear.until(lambda: isinstance(ear.events[-1], LegEnded))
    assert ear.events[-1] == LegEnded("robot", 200)
    bridge.close()

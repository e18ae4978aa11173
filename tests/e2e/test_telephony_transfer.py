"""Handing callers over in all three ways, and coming back when it fails: real SIP against SIPp and telephones."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from phones import phone
from telephony_sipp import needs_sipp, sipp

from callbot.audio import wav
from callbot.ports import DialRequest, LegEnded, LegEvent, NotConnected, Ticks
from callbot.simulate.crowd import crowd, free_ports
from callbot.telephony.bridge import Party
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.telephony.switchboard import Method, QueueTarget, Switchboard

pytestmark = pytest.mark.e2e

PEOPLE = """
customers:
  "caller": {answer_after: 20ms}
  "agent":
    answer_after: 300ms
    turns: [{say: hello.wav, at: 200ms}, {say: hello.wav, at: 600ms}, {hang_up: true, at: 1500ms}]
  "patient": {answer_after: 20ms}
  "busy": {reject: busy}
  "away": {no_answer: true}
"""


@dataclass
class Caller:
    """A caller's leg and all that happens on it."""

    leg: SipLeg
    events: list[LegEvent] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.leg.listen(self._post)

    def _post(self, event: LegEvent) -> None:
        self.events.append(event)
        if isinstance(event, LegEnded):
            self.over.set()

    async def ends(self) -> LegEvent:
        async with asyncio.timeout(10):
            await self.over.wait()
        return self.events[-1]

    async def hears(self, hz: int, length_ms: int) -> None:
        """Wait until this pitch has sounded for so long from now on."""
        begun, wanted = len(self.events), length_ms // 20
        async with asyncio.timeout(10):
            while self._frames_of(hz, begun) < wanted:  # noqa: ASYNC110 - audio that passes
                await asyncio.sleep(0.05)

    def _frames_of(self, hz: int, since: int) -> int:
        spoken = [event.spoken for event in self.events[since:] if isinstance(event, Ticks)]
        frames = np.concatenate([np.zeros(0), *spoken]).reshape(-1, 160)
        return int(np.count_nonzero(np.abs(np.fft.rfft(frames, axis=1))[:, hz // 50] > 50_000))

    @property
    def others(self) -> np.ndarray:
        return np.concatenate([event.spoken for event in self.events if isinstance(event, Ticks)])


async def connected(endpoint: Pjsua2Endpoint, uri: str) -> Caller:
    leg = await endpoint.dial(DialRequest("call", uri, "4008", 5000), lambda: None)
    assert not isinstance(leg, NotConnected)
    return Caller(leg)


@pytest.fixture
async def endpoint() -> AsyncIterator[Pjsua2Endpoint]:
    made = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200), no_rtp_ms=15_000))
    try:
        yield made
        assert made.busy_legs == 0
    finally:
        await made.close()


def queue(endpoint: Pjsua2Endpoint, uri: str, method: Method = "bridge", ring_limit_ms: int = 4000) -> Switchboard:
    return Switchboard(endpoint, {"people": QueueTarget(uri, method, ring_limit_ms)})


async def hand_over(board: Switchboard, caller: Caller) -> str:
    async with asyncio.timeout(15):
        return await board.for_call("call", "4008").hand_over(caller.leg, "people", lambda: None)


# ---------------------------------------------------------------- by REFER


@needs_sipp
@pytest.mark.parametrize(
    ("scenario", "status", "result"),
    [
        ("refer", "200 OK", "connected"),
        ("refer", "486 Busy Here", "failed"),
        ("refer", "603 Decline", "failed"),
        ("refer_once", "603 Decline", "failed"),
        ("refer_once", "202 Accepted", "failed"),  # and never a word of it: the ring limit
    ],
)
async def test_refer_is_followed_to_its_last_notify(
    endpoint: Pjsua2Endpoint, tmp_path: Path, scenario: str, status: str, result: str
) -> None:
    async with sipp(tmp_path, scenario, status=status) as far:
        caller = await connected(endpoint, f"sip:1@127.0.0.1:{far.port}")
        board = queue(endpoint, "sip:7001@127.0.0.1", "refer", 1500)
        assert await hand_over(board, caller) == result
        assert not caller.over.is_set(), "the first leg stays until we hang up"
        caller.leg.hang_up()
        assert await caller.ends() == LegEnded("robot", 200)
        assert await far.succeeded()


@needs_sipp
async def test_refer_to_us_is_refused(endpoint: Pjsua2Endpoint, tmp_path: Path) -> None:
    async with sipp(tmp_path, "refers_us") as far:
        caller = await connected(endpoint, f"sip:1@127.0.0.1:{far.port}")
        assert await far.succeeded()
        assert await caller.ends() == LegEnded("customer", 200)


# ---------------------------------------------------------------- attended, between real telephones


async def test_attended_the_far_ends_talk_without_us(endpoint: Pjsua2Endpoint) -> None:
    async with phone("caller") as first, phone("agent") as second:
        caller = await connected(endpoint, f"sip:caller@127.0.0.1:{first.port}")
        board = queue(endpoint, f"sip:agent@127.0.0.1:{second.port}", "attended")
        assert await hand_over(board, caller) == "connected"
        assert not caller.over.is_set(), "the first leg stays until we hang up"
        caller.leg.hang_up()
        assert await caller.ends() == LegEnded("robot", 200)
        await first.talks_to(second.port)
        await second.talks_to(first.port)
        assert {"replaced": True} in second.told


async def test_blind_between_real_telephones(endpoint: Pjsua2Endpoint) -> None:
    async with phone("caller") as first, phone("agent") as second:
        caller = await connected(endpoint, f"sip:caller@127.0.0.1:{first.port}")
        board = queue(endpoint, f"sip:agent@127.0.0.1:{second.port}", "refer")
        assert await hand_over(board, caller) == "connected"
        caller.leg.hang_up()
        assert await caller.ends() == LegEnded("robot", 200)
        await first.talks_to(second.port)
        await second.talks_to(first.port)


# ---------------------------------------------------------------- by a bridge of the line


@dataclass(frozen=True)
class Town:
    endpoint: Pjsua2Endpoint
    host: str
    out: Path

    async def call(self, name: str = "caller") -> Caller:
        return await connected(self.endpoint, f"sip:{name}@{self.host}")

    def queue(self, name: str, method: Method = "bridge", ring_limit_ms: int = 4000) -> Switchboard:
        return queue(self.endpoint, f"sip:{name}@{self.host}", method, ring_limit_ms)


@pytest.fixture
async def town(endpoint: Pjsua2Endpoint, tmp_path: Path) -> AsyncIterator[Town]:
    at = np.arange(300 * 8)
    wav.write(tmp_path / "hello.wav", (6000 * np.sin(2 * np.pi * 1000 * at / 8000)).astype(np.int16))
    (tmp_path / "people.yaml").write_text(PEOPLE, "utf-8")
    async with crowd(tmp_path / "people.yaml", tmp_path, tmp_path / "out", 1) as people:
        trunk = people.trunks[0]
        yield Town(endpoint, f"{trunk.host}:{trunk.port}", tmp_path / "out")
        async with asyncio.timeout(5):
            while endpoint.busy_legs:  # noqa: ASYNC110 - the last BYE of an agent
                await asyncio.sleep(0.01)


async def test_people_still_hear_each_other_after_a_re_invite(town: Town) -> None:
    caller = await town.call()
    async with phone("agent") as far:
        board = queue(town.endpoint, f"sip:agent@127.0.0.1:{far.port}")
        going = asyncio.create_task(hand_over(board, caller))
        await caller.hears(1000, 500)
        for number in (2, 3):
            await far.reinvite()
            await far.until(lambda _, number=number: far.told.count({"media": True}) >= number)  # type: ignore[misc]
            await caller.hears(1000, 500)
        assert board.release("call", Party.AGENT) is None
        assert await going == "connected"
    caller.leg.hang_up()
    await caller.ends()


async def test_an_agent_is_heard_from_his_first_word_and_ends_it(town: Town) -> None:
    caller = await town.call()
    assert await hand_over(town.queue("agent"), caller) == "connected"
    assert not caller.over.is_set()
    caller.leg.hang_up()
    await caller.ends()
    loud = np.abs(caller.others[: len(caller.others) // 160 * 160].reshape(-1, 160)).max(axis=1) > 1000
    assert np.count_nonzero(loud) * 20 == pytest.approx(600, abs=60), "both words, whole"


@pytest.mark.parametrize("method", ["bridge", "attended"])
@pytest.mark.parametrize("name", ["busy", "away", "nobody"])
async def test_people_who_cannot_be_had_leave_the_caller_where_he_was(town: Town, name: str, method: Method) -> None:
    caller = await town.call()
    assert await hand_over(town.queue(name, method, ring_limit_ms=800), caller) == "failed"
    assert not caller.over.is_set()
    assert town.endpoint.busy_legs == 1
    caller.leg.hang_up()
    await caller.ends()


async def test_no_free_leg_and_no_such_queue_are_failed(town: Town) -> None:
    callers = [await town.call() for _ in range(town.endpoint.legs)]
    assert await hand_over(town.queue("agent"), callers[0]) == "failed"
    assert await hand_over(Switchboard(town.endpoint, {}), callers[0]) == "failed"
    for caller in callers:
        caller.leg.hang_up()
        await caller.ends()


async def test_giving_up_lets_the_people_go(town: Town) -> None:
    caller = await town.call()
    connected_now = asyncio.Event()
    board = town.queue("patient")
    going = asyncio.create_task(board.for_call("call", "4008").hand_over(caller.leg, "people", connected_now.set))
    async with asyncio.timeout(5):
        await connected_now.wait()
    caller.leg.hang_up()
    await caller.ends()
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    async with asyncio.timeout(5):
        while town.endpoint.busy_legs:  # noqa: ASYNC110 - the agent's BYE
            await asyncio.sleep(0.01)


async def test_supervisors_come_change_their_mode_take_over_and_are_told_what_is_wrong(town: Town) -> None:
    caller = await town.call()
    board = town.queue("patient")
    supervisor = f"sip:patient@{town.host}"
    assert "没有坐席" in str(await board.supervise("call", "listen", supervisor))
    assert "没有坐席" in str(board.release("call", Party.AGENT))
    connected_now = asyncio.Event()
    going = asyncio.create_task(board.for_call("call", "4008").hand_over(caller.leg, "people", connected_now.set))
    async with asyncio.timeout(5):
        await connected_now.wait()
    assert "--to" in str(await board.supervise("call", "listen", ""))
    assert "打不通" in str(await board.supervise("call", "listen", f"sip:busy@{town.host}"))
    assert await board.supervise("call", "whisper", supervisor) is None
    assert town.endpoint.busy_legs == 3
    assert await board.supervise("call", "join", "") is None
    assert await board.supervise("call", "takeover", "") is None
    assert "supervisor" in str(board.release("call", Party.SUPERVISOR))
    assert board.release("call", Party.AGENT) is None
    async with asyncio.timeout(5):
        assert await going == "connected"
    caller.leg.hang_up()
    await caller.ends()

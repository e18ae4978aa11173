"""Encrypted audio with a real far end, both ways: everybody is heard, or there is no call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from line_world import becomes
from phones import phone

from callbot.ports import DialRequest, LegEnded, LegEvent, NotConnected, Ticks
from callbot.settings import Trunk
from callbot.simulate.crowd import free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, IncomingCall, Pjsua2Endpoint
from callbot.telephony.trunks import Login, uri_of

pytestmark = pytest.mark.e2e

TONE_HZ = 400
TONE = (4000 * np.sin(2 * np.pi * TONE_HZ * np.arange(16000) / 8000)).astype(np.int16)


@dataclass
class Robot:
    endpoint: Pjsua2Endpoint
    incoming: list[IncomingCall] = field(default_factory=list)


@asynccontextmanager
async def robot(*trunks: Trunk) -> AsyncIterator[Robot]:
    found: list[IncomingCall] = []
    config = EndpointConfig("127.0.0.1", 0, free_ports(200), logins=tuple(Login(trunk) for trunk in trunks))
    started = await Pjsua2Endpoint.start(config, found.append)
    try:
        yield Robot(started, found)
        await becomes(lambda: started.busy_legs == 0, 3)
    finally:
        await started.close()


def trunk_to(port: int, srtp: str, **more: object) -> Trunk:
    return Trunk.model_validate({"name": "carrier", "port": port, "srtp": srtp, **more})


async def both_are_heard(leg: SipLeg) -> None:
    """The telephone's tone comes, and what it heard of ours comes back; then the call ends."""
    events: list[LegEvent] = []
    leg.listen(events.append)
    leg.play(TONE, 1)
    await becomes(lambda: heard(events, 1000) and heard(events, TONE_HZ), 5)
    leg.hang_up()
    await becomes(lambda: isinstance(events[-1], LegEnded), 3)


def heard(events: list[LegEvent], hz: int) -> bool:
    """Whether this pitch has come in for 300 ms."""
    frames = np.concatenate([np.zeros(0), *(each.heard for each in events if isinstance(each, Ticks))]).reshape(-1, 160)
    return int(np.count_nonzero(np.abs(np.fft.rfft(frames, axis=1))[:, hz // 50] > 50_000)) >= 15


@pytest.mark.parametrize(
    ("ours", "theirs", "encrypted"),
    [
        ("off", "optional", False),
        ("optional", "off", False),
        ("optional", "optional", True),
        ("required", "optional", True),
        ("required", "required", True),
    ],
)
async def test_calls_out(ours: str, theirs: str, encrypted: bool) -> None:
    async with phone("far", theirs) as far:
        trunk = trunk_to(far.port, ours)
        async with robot(trunk) as here:
            leg = await dial(here, trunk)
            assert isinstance(leg, SipLeg)
            await both_are_heard(leg)
            await far.until(lambda one: one == {"answered_with_keys": encrypted})


@pytest.mark.parametrize(("ours", "theirs"), [("off", "required"), ("required", "off"), ("optional", "required")])
async def test_no_call_out_without_agreement(ours: str, theirs: str) -> None:
    async with phone("far", theirs) as far:
        trunk = trunk_to(far.port, ours)
        async with robot(trunk) as here:
            result = await dial(here, trunk)
    assert isinstance(result, NotConnected)
    assert result.sip_status == 488


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("off", "off"), ("off", "optional"), ("optional", "off"), ("optional", "required"), ("required", "required")],
)
async def test_calls_in(ours: str, theirs: str) -> None:
    async with phone("far", theirs) as far, robot(trunk_to(far.port, ours)) as here:
        await far.dial(f"sip:4008@127.0.0.1:{here.endpoint.sip_port}")
        await becomes(lambda: bool(here.incoming), 3)
        leg = await here.incoming[0].answer()
        assert isinstance(leg, SipLeg)
        await both_are_heard(leg)


@pytest.mark.parametrize(("ours", "theirs"), [("required", "off"), ("off", "required")])
async def test_no_call_in_without_agreement(ours: str, theirs: str) -> None:
    async with phone("far", theirs) as far, robot(trunk_to(far.port, ours)) as here:
        await far.dial(f"sip:4008@127.0.0.1:{here.endpoint.sip_port}")
        await far.until(lambda one: one.get("state") == "DISCONNECTED")
        assert far.told[-1]["status"] == 488
        assert here.incoming == []


@pytest.mark.parametrize(("clear_host", "taken"), [("127.0.0.1", True), ("192.0.2.2", False)])
async def test_calls_in_beside_a_trunk_that_requires_encryption(clear_host: str, taken: bool) -> None:
    async with phone("far") as far:
        trunks = trunk_to(far.port, "off", host=clear_host), trunk_to(5060, "required", name="other", host="192.0.2.1")
        async with robot(*trunks) as here:
            await far.dial(f"sip:4008@127.0.0.1:{here.endpoint.sip_port}")
            if not taken:
                await far.until(lambda one: one.get("status") == 488)
                return
            await becomes(lambda: bool(here.incoming), 3)
            leg = await here.incoming[0].answer()
            assert isinstance(leg, SipLeg)
            await both_are_heard(leg)


async def dial(here: Robot, trunk: Trunk) -> SipLeg | NotConnected:
    request = DialRequest("call", uri_of(trunk, "1"), "400", 5000, trunk.name)
    async with asyncio.timeout(10):
        return await here.endpoint.dial(request, lambda: None)

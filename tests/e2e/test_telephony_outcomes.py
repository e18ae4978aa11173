"""What becomes of a call that nobody takes, that dies, or that is not meant: real SIP against SIPp."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telephony_sipp import needs_sipp, sipp

from callbot.errors import TelephonyError
from callbot.ports import DialRequest, LegEnded, LegEvent, LegKey, NotConnected, Ticks
from callbot.simulate.crowd import free_ports
from callbot.telephony.endpoint import IncomingCall
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.values import Disposition

pytestmark = pytest.mark.e2e


class Robot:
    def __init__(self, endpoint: Pjsua2Endpoint, incoming: asyncio.Queue[IncomingCall]) -> None:
        self.endpoint = endpoint
        self.incoming = incoming
        self.rang = 0

    async def dial(self, port: int, *, ring_limit_ms: int = 5000, host: str = "127.0.0.1") -> SipLeg | NotConnected:
        request = DialRequest("call", f"sip:13800000001@{host}:{port}", "4008", ring_limit_ms)
        return await self.endpoint.dial(request, self._ringing)

    def _ringing(self) -> None:
        self.rang += 1


@pytest.fixture
async def robot() -> AsyncIterator[Robot]:
    incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
    config = EndpointConfig("127.0.0.1", 0, free_ports(200), no_rtp_ms=2000)
    endpoint = await Pjsua2Endpoint.start(config, incoming.put_nowait)
    try:
        yield Robot(endpoint, incoming)
        assert endpoint.busy_legs == 0
    finally:
        await endpoint.close()


@needs_sipp
@pytest.mark.parametrize(
    ("status", "disposition"),
    [
        ("486 Busy Here", Disposition.BUSY),
        ("603 Decline", Disposition.REJECTED),
        ("404 Not Found", Disposition.NOT_FOUND),
        ("480 Temporarily Unavailable", Disposition.NO_ANSWER),
        ("503 Service Unavailable", Disposition.UNREACHABLE),
        ("488 Not Acceptable Here", Disposition.FAILED),
    ],
)
async def test_refused(robot: Robot, tmp_path: Path, status: str, disposition: Disposition) -> None:
    async with sipp(tmp_path, "refuse", status=status) as far:
        assert await robot.dial(far.port) == NotConnected(disposition, int(status[:3]))
        assert await far.succeeded()


@needs_sipp
async def test_not_picked_up_within_the_ring_limit(robot: Robot, tmp_path: Path) -> None:
    async with sipp(tmp_path, "ring") as far:
        assert await robot.dial(far.port, ring_limit_ms=1500) == NotConnected(Disposition.NO_ANSWER, 487)
        assert await far.succeeded()
    assert robot.rang == 1


@needs_sipp
async def test_cancelling_the_task_cancels_the_invite(robot: Robot, tmp_path: Path) -> None:
    async with sipp(tmp_path, "ring") as far:
        dialling = asyncio.create_task(robot.dial(far.port))
        while robot.rang == 0:  # noqa: ASYNC110 - SIPp says when it rings
            await asyncio.sleep(0.01)
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling
        assert await far.succeeded()


async def test_silent_address_is_unreachable_long_before_the_ring_limit(robot: Robot) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        begun = asyncio.get_running_loop().time()
        result = await robot.dial(silent.getsockname()[1], ring_limit_ms=60_000)
        took = asyncio.get_running_loop().time() - begun
    assert isinstance(result, NotConnected)
    assert result.disposition == Disposition.UNREACHABLE
    assert 8 <= took < 12


async def test_unknown_host_is_unreachable(robot: Robot) -> None:
    assert await robot.dial(5060, host="no-such-host.invalid") == NotConnected(Disposition.UNREACHABLE, 0)


async def test_nonsense_is_an_error_with_a_sentence(robot: Robot) -> None:
    with pytest.raises(TelephonyError, match="SIP 地址"):
        await robot.endpoint.dial(DialRequest("call", "not a uri", "4008", 1000), lambda: None)


@needs_sipp
async def test_no_rtp_ends_the_call_and_an_info_key_is_reported_once(robot: Robot, tmp_path: Path) -> None:
    async with sipp(tmp_path, "answer") as far:
        leg = await robot.dial(far.port)
        assert isinstance(leg, SipLeg)
        events: list[LegEvent] = []
        ended = asyncio.Event()

        def post(event: LegEvent) -> None:
            events.append(event)
            if isinstance(event, LegEnded):
                ended.set()

        leg.listen(post)
        async with asyncio.timeout(10):
            await ended.wait()
        assert await far.succeeded()
    assert [event for event in events if not isinstance(event, Ticks)] == [LegKey("5"), LegEnded("network", 200)]


@needs_sipp
async def test_an_answer_that_is_never_acknowledged_frees_its_leg(robot: Robot, tmp_path: Path) -> None:
    target = f"127.0.0.1:{robot.endpoint.sip_port}"
    async with sipp(tmp_path, "no_ack", "-s", "4008", target):
        async with asyncio.timeout(10):
            call = await robot.incoming.get()
        assert (call.number, call.caller) == ("4008", "500")
        result = await call.answer()
        assert isinstance(result, NotConnected)
        assert result.disposition == Disposition.FAILED
        assert robot.endpoint.busy_legs == 0


async def test_a_busy_port_is_an_error_that_names_it(robot: Robot) -> None:
    # The robot's own endpoint is closed first: a process has only one.
    await robot.endpoint.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(TelephonyError, match=str(port)) as caught:
            await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", port, free_ports(200)))
    assert "telephony.sip_port" in str(caught.value)


async def test_a_second_endpoint_in_a_process_is_refused(robot: Robot) -> None:
    with pytest.raises(TelephonyError, match="只能有一个"):
        await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))

"""CANCEL and 200 crossing on the wire, two hundred times: each call ends once, and its leg is free."""

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest
from line_world import becomes
from sip_peer import Message, RtpPeer, SipPeer, answer, sdp

from callbot.ports import DialRequest, LegEnded, NotConnected
from callbot.simulate.crowd import free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.values import Disposition

pytestmark = pytest.mark.e2e

RACES = 200
ANSWERS_AFTER_S = 0.02


class Callee:
    """Rings, and answers 20 ms later, CANCEL or not, as a telephone does that somebody is just picking up."""

    def __init__(self, rtp: RtpPeer) -> None:
        self.peer: SipPeer
        self._rtp = rtp
        self.over = 0

    def react(self, message: Message) -> Iterator[str]:
        if message.method == "INVITE":
            contact = f"far@127.0.0.1:{self.peer.port}"
            yield answer(message, 180, contact=contact)
            picked_up = answer(message, 200, body=sdp(self._rtp.port), contact=contact)
            asyncio.get_running_loop().call_later(ANSWERS_AFTER_S, self.peer.send, picked_up, message.source)
        elif message.method in ("BYE", "CANCEL"):
            self.over += message.method == "BYE"
            yield answer(message, 200)


async def test_cancel_and_answer_cross() -> None:
    robot = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(400), rtp_ports=400))
    try:
        with closing(await RtpPeer.open()) as rtp:
            callee = Callee(rtp)
            with closing(await SipPeer.udp(callee.react)) as callee.peer:
                ends = [await race(robot, callee.peer.port, number) for number in range(RACES)]
                await becomes(lambda: robot.busy_legs == 0, 5)
                await becomes(lambda: callee.over == RACES, 5)
    finally:
        await robot.close()
    assert ends.count("answered") > 0
    assert ends.count("no_answer") > 0


async def race(robot: Pjsua2Endpoint, port: int, number: int) -> str:
    """The ring limit comes up to 8 ms before or after the answer. An answered call is hung up."""
    limit_ms = int(ANSWERS_AFTER_S * 1000) - 8 + number % 17
    result = await robot.dial(DialRequest("call", f"sip:1@127.0.0.1:{port}", "4008", limit_ms), lambda: None)
    if isinstance(result, NotConnected):
        assert result.disposition in (Disposition.NO_ANSWER, Disposition.UNREACHABLE)
        return str(Disposition.NO_ANSWER)
    assert isinstance(result, SipLeg)
    ended: list[LegEnded] = []
    result.listen(lambda event: ended.append(event) if isinstance(event, LegEnded) else None)
    result.hang_up()
    await becomes(lambda: bool(ended), 5)
    assert ended == [LegEnded("robot", 200)]
    return "answered"


async def test_giving_up_in_the_very_moment_of_dialling_keeps_no_leg() -> None:
    robot = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
    try:
        with closing(await RtpPeer.open()) as rtp:
            callee = Callee(rtp)
            with closing(await SipPeer.udp(callee.react)) as callee.peer:
                for turns in range(12):
                    request = DialRequest("call", f"sip:1@127.0.0.1:{callee.peer.port}", "4008", 3000)
                    dialling = asyncio.create_task(robot.dial(request, lambda: None))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    dialling.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await dialling
                    await becomes(lambda: robot.busy_legs == 0, 5)
    finally:
        await robot.close()

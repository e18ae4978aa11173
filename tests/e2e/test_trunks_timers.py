"""Session timers (RFC 4028): a call is refreshed in time by whoever has to, and ends when the other side does not."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing

import pytest
from line_world import becomes
from sip_peer import Message, RtpPeer, SipPeer, answer, sdp

from callbot.ports import DialRequest, LegEnded, LegEvent
from callbot.simulate.crowd import free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

SESSION_S = 90
"""The shortest session that RFC 4028 allows (section 4), and PJSIP takes."""


class Carrier:
    """Answers with a session timer; ``refreshed`` are the requests in the call that renew it."""

    def __init__(self, refresher: str, *, refuses: int = 0) -> None:
        self.peer: SipPeer
        self.rtp: RtpPeer
        self.refresher = refresher
        self.refuses = refuses

    @property
    def refreshed(self) -> list[Message]:
        return [*self.peer.of("UPDATE"), *self.peer.of("INVITE")[1:]]

    def react(self, message: Message) -> Iterator[str]:
        contact = f"far@127.0.0.1:{self.peer.port}"
        timer = ("Require: timer", f"Session-Expires: {SESSION_S};refresher={self.refresher}")
        again = "tag=far" in message.header("To")
        if message.method in ("INVITE", "UPDATE") and again and self.refuses:
            yield answer(message, self.refuses)
        elif message.method == "INVITE" or (message.method == "UPDATE" and "m=audio" in message.text):
            yield answer(
                message, 200, *timer, "Allow: INVITE, ACK, BYE, UPDATE", body=sdp(self.rtp.port), contact=contact
            )
        elif message.method == "UPDATE":
            yield answer(message, 200, *timer, contact=contact)
        elif message.method == "BYE":
            yield answer(message, 200)


@asynccontextmanager
async def calls(*carriers: Carrier) -> AsyncIterator[list[list[LegEvent]]]:
    """A call to each carrier; no RTP comes, and none is missed: only the timer can end them."""
    robot = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200), no_rtp_ms=200_000))
    try:
        async with AsyncExitStack() as stack:
            legs = []
            for far in carriers:
                far.rtp = stack.enter_context(closing(await RtpPeer.open()))
                far.peer = stack.enter_context(closing(await SipPeer.udp(far.react)))
                uri = f"sip:1@127.0.0.1:{far.peer.port}"
                leg = await robot.dial(DialRequest("call", uri, "400", 5000), lambda: None)
                assert isinstance(leg, SipLeg)
                legs.append(leg)
            heard: list[list[LegEvent]] = [[] for _ in legs]
            for leg, events in zip(legs, heard, strict=True):
                leg.listen(events.append)
            yield heard
            for leg in legs:
                leg.hang_up()
            await becomes(lambda: robot.busy_legs == 0, 3)
    finally:
        await robot.close()


def ended(events: list[LegEvent]) -> bool:
    return any(isinstance(event, LegEnded) for event in events)


async def test_calls_are_refreshed_in_time_or_end() -> None:
    """Three at once, because it takes a minute: ours to refresh, theirs to refresh, and one they have forgotten."""
    ours, theirs, forgotten = Carrier("uac"), Carrier("uas"), Carrier("uac", refuses=481)
    async with calls(ours, theirs, forgotten) as (kept, dead, unknown):
        await becomes(lambda: bool(ours.refreshed), SESSION_S / 2 + 5)
        assert ours.refreshed[0].header("Session-Expires")
        await becomes(lambda: ended(unknown), 5)
        await becomes(lambda: ended(dead), SESSION_S / 2)
        await becomes(lambda: bool(theirs.peer.of("BYE")), 2)
        assert theirs.refreshed == []
        assert not ended(kept)

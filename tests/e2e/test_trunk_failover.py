"""A call whose trunk does not take it goes over the next one; a call that may have rung never does."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

import msgspec
import pytest
from line_world import ORDER, Line
from sip_peer import Message, RtpPeer, SipPeer, answer, sdp

from callbot.messages import CallResult
from callbot.protocol import Route, TrunkChanged
from callbot.settings import Trunk
from callbot.simulate.crowd import free_ports
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.telephony.trunks import Login, uri_of

pytestmark = pytest.mark.e2e

Answers = Callable[[Message], Iterable[str]]


def refuses(message: Message) -> Iterator[str]:
    if message.method == "INVITE":
        yield answer(message, 503)


def rings_and_refuses(message: Message) -> Iterator[str]:
    if message.method == "INVITE":
        yield answer(message, 180)
        yield answer(message, 503)


def says_nothing(message: Message) -> Iterator[str]:
    yield from ()


def is_busy(message: Message) -> Iterator[str]:
    if message.method == "INVITE":
        yield answer(message, 486)


@asynccontextmanager
async def line(folder: Path, *behaviours: Answers) -> AsyncIterator[tuple[Line, list[Trunk], list[SipPeer]]]:
    """A line with one trunk per behaviour; a last trunk takes every call."""
    with ExitStack() as stack:
        rtp = stack.enter_context(closing(await RtpPeer.open()))

        def takes(message: Message) -> Iterator[str]:
            if message.method == "INVITE":
                yield answer(message, 200, body=sdp(rtp.port), contact=f"far@127.0.0.1:{peers[-1].port}")
            elif message.method == "BYE":
                yield answer(message, 200)

        peers = [stack.enter_context(closing(await SipPeer.udp(react))) for react in (*behaviours, takes)]
        trunks = [Trunk(name=f"t{n}", port=peer.port, prefix=str(n)) for n, peer in enumerate(peers)]
        logins = tuple(Login(trunk) for trunk in trunks)
        endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200), logins=logins))
        try:
            yield Line(endpoint, folder), trunks, peers
            assert endpoint.busy_legs <= sum(react is says_nothing for react in behaviours)
        finally:
            await endpoint.close()


async def call(here: Line, trunks: list[Trunk]) -> CallResult:
    first, *others = [Route(trunk.name, uri_of(trunk, "13800000001"), trunk.caller) for trunk in trunks]
    order = msgspec.structs.replace(ORDER, uri=first.uri, trunk=first.trunk, spares=tuple(others), ring_limit_ms=15_000)
    return await here.call(order, ends=True)


async def test_goes_over_the_next_trunk(tmp_path: Path) -> None:
    async with line(tmp_path, refuses) as (here, trunks, peers):
        result = await call(here, trunks)
        assert (result.outcome, result.hung_up_by) == ("done", "robot")
        assert peers[1].of("INVITE")[0].uri.startswith("sip:113800000001@")
    assert [message for message in here.seen if isinstance(message, TrunkChanged)] == [TrunkChanged("call_1", "t1")]


async def test_past_two_dead_trunks(tmp_path: Path) -> None:
    async with line(tmp_path, refuses, refuses) as (here, trunks, _):
        assert (await call(here, trunks)).outcome == "done"


@pytest.mark.parametrize(
    ("first", "outcome"), [(rings_and_refuses, "unreachable"), (is_busy, "busy"), (says_nothing, "unreachable")]
)
async def test_a_telephone_that_may_have_rung_is_not_called_again(tmp_path: Path, first: Answers, outcome: str) -> None:
    async with line(tmp_path, first) as (here, trunks, peers):
        assert (await call(here, trunks)).outcome == outcome
        assert peers[1].seen == []

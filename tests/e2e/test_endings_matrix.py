"""Every way a call can end, against SIPp: result, who hung up, recording, and a leg that is free again."""

import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from line_world import ORDER, Deed, Far, Line, becomes, far_end
from telephony_sipp import needs_sipp

from callbot.call.attempt import Attempt
from callbot.messages import CallResult
from callbot.simulate.crowd import free_ports
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint

pytestmark = pytest.mark.e2e

NO_RTP_MS = 2000


@dataclass(frozen=True)
class Ending:
    """What the far end does, what we do, and what the result says as ``disposition outcome status by``.

    ``when`` and ``after_ms``: at which word of progress we act, and how long after it. ``comes``: how often a message
    has to come at least. ``recorded``: from which moment on there is a recording.
    """

    name: str
    far: tuple[str, ...]
    result: str
    recorded: str = ""
    ends: bool = False
    echo: bool = True
    when: str = ""
    deed: Deed | None = None
    after_ms: int = 0
    ring_limit_ms: int = 5000
    comes: tuple[str, int] = ("", 0)
    faithful: bool = True
    sipp: tuple[str, ...] = ()


def hang_up(attempt: Attempt) -> None:
    attempt.hang_up()


def shut_down(attempt: Attempt) -> None:
    attempt.finish_politely()


RINGS = ("< INVITE", "> 100", "> 180")
EARLY = ("< INVITE", "> 100", "> 183 sdp", "wait 400")
ANSWERS = (*RINGS, "> 200 sdp", "< ACK")
CANCELLED = ("< CANCEL", "> ok", "> 487", "< ACK")
OURS = ("< BYE", "> ok")
THEIRS = ("> BYE", "< 200")


def refused(status: int, disposition: str, header: str = "") -> list[Ending]:
    """A final answer at once, after ringing and after an announcement."""
    last = (f"> {status}{' | ' + header if header else ''}", "< ACK")
    result = f"{disposition} {disposition} {status}"
    name = f"{status}{' ' + header if header else ''}"
    return [
        Ending(f"{name} at once", ("< INVITE", *last), result),
        Ending(f"{name} after ringing", (*RINGS, "wait 100", *last), result),
        Ending(f"{name} after an announcement", (*EARLY, *last), result, recorded="early"),
    ]


ENDINGS = [
    # Who hangs up, in every state.
    Ending("they, in the greeting", (*ANSWERS, "wait 300", *THEIRS), "answered hung_up 200 customer", "answer"),
    Ending("they, at once", (*ANSWERS, *THEIRS), "answered hung_up 200 customer", "answer"),
    Ending("we, after the goodbye", (*ANSWERS, *OURS), "answered done 200 robot", "answer", ends=True),
    Ending(
        "the operator, in the greeting",
        (*ANSWERS, *OURS),
        "answered hung_up 200 robot",
        "answer",
        when="answered",
        deed=hang_up,
    ),
    Ending(
        "shutdown, in the greeting",
        (*ANSWERS, *OURS),
        "answered done 200 robot",
        "answer",
        when="answered",
        deed=shut_down,
    ),
    Ending(
        "the operator, while it rings", (*RINGS, *CANCELLED), "cancelled cancelled 487", when="ringing", deed=hang_up
    ),
    Ending("shutdown, while it rings", (*RINGS, *CANCELLED), "cancelled cancelled 487", when="ringing", deed=shut_down),
    Ending(
        "the operator, during an announcement",
        (*EARLY[:-1], *CANCELLED),
        "cancelled cancelled 487",
        when="ringing",
        deed=hang_up,
    ),
    Ending(
        "the operator, before any answer",
        ("< INVITE", "wait 500", "> 180", *CANCELLED),
        "cancelled cancelled 487",
        when="dialling",
        after_ms=200,
        deed=hang_up,
    ),
    Ending("ring limit", (*RINGS, *CANCELLED), "no_answer no_answer 487", ring_limit_ms=800),
    Ending(
        "ring limit during an announcement",
        (*EARLY, *CANCELLED),
        "no_answer no_answer 487",
        "early",
        ring_limit_ms=1200,
    ),
    Ending(
        "answered after an announcement",
        (*EARLY, "> 200 sdp", "< ACK", *OURS),
        "answered done 200 robot",
        "early",
        ends=True,
    ),
    Ending(
        "they, after an announcement",
        (*EARLY, "> 200 sdp", "< ACK", "wait 300", *THEIRS),
        "answered hung_up 200 customer",
        "early",
    ),
    # Messages that cross.
    Ending(
        "both at once", (*ANSWERS, "< BYE", "> BYE", "< 200", "> ok"), "answered done 200 robot", "answer", ends=True
    ),
    Ending(
        "200 crosses our CANCEL",
        (*RINGS, "< CANCEL", "> ok", "> 200 sdp", "< ACK", *OURS),
        "cancelled cancelled 487",
        when="ringing",
        deed=hang_up,
    ),
    Ending(
        "200 crosses the ring limit",
        (*RINGS, "< CANCEL", "> ok", "> 200 sdp", "< ACK", *OURS),
        "no_answer no_answer 487",
        ring_limit_ms=800,
    ),
    Ending(
        "486 crosses our CANCEL",
        (*RINGS, "< CANCEL", "> ok", "> 486", "< ACK"),
        "cancelled cancelled 487",
        when="ringing",
        deed=hang_up,
    ),
    Ending(
        "their re-INVITE crosses our BYE",
        (*ANSWERS, "< BYE", "> INVITE sdp", "> ok"),
        "answered done 200 robot",
        "answer",
        ends=True,
        faithful=False,
    ),
    # Messages that are lost or come twice.
    Ending(
        "our BYE gets no answer",
        (*ANSWERS, "< BYE", "wait 30000"),
        "answered done 200 robot",
        "answer",
        ends=True,
        comes=("BYE", 2),
        faithful=False,
    ),
    Ending(
        "our CANCEL gets no answer",
        (*RINGS, "< CANCEL", "wait 30000"),
        "no_answer no_answer 487",
        ring_limit_ms=800,
        comes=("CANCEL", 2),
        faithful=False,
    ),
    Ending(
        "200 twice",
        (*ANSWERS, "> 200 sdp", "wait 300", *THEIRS),
        "answered hung_up 200 customer",
        "answer",
        comes=("ACK", 2),
        sipp=("-default_behaviors", "all,-abortunexp"),
    ),
    Ending(
        "180 three times",
        (*RINGS, "> 180", "> 180", "> 200 sdp", "< ACK", *THEIRS),
        "answered hung_up 200 customer",
        "answer",
    ),
    Ending(
        "their BYE twice",
        (*ANSWERS, *THEIRS, "> BYE again", "wait 300"),
        "answered hung_up 200 customer",
        "answer",
        comes=("SIP/2.0 200", 2),
    ),
    Ending("486 twice", ("< INVITE", "> 486", "< ACK", "> 486", "wait 300"), "busy busy 486", comes=("ACK", 2)),
    # A peer that dies.
    Ending("no RTP at all", (*ANSWERS, *OURS), "answered hung_up 200 network", "answer", echo=False),
    Ending(
        "dead, RTP and SIP",
        (*ANSWERS, "wait 30000"),
        "answered hung_up 200 network",
        "answer",
        echo=False,
        faithful=False,
    ),
    # Causes in headers.
    Ending(
        "BYE with a cause",
        (*ANSWERS, "> BYE | Reason: Q.850;cause=16", "< 200"),
        "answered hung_up 200 customer",
        "answer",
    ),
    # Asked to go elsewhere, or for a password we have not.
    Ending("302", ("< INVITE", "> 302", "< ACK"), "failed failed 302"),
    Ending("401", ("< INVITE", '> 401 | WWW-Authenticate: Digest realm="r", nonce="n"', "< ACK"), "failed failed 401"),
    Ending(
        "407", ("< INVITE", '> 407 | Proxy-Authenticate: Digest realm="r", nonce="n"', "< ACK"), "failed failed 407"
    ),
    *refused(480, "busy", 'Reason: Q.850;cause=17;text="user busy"'),
    *refused(503, "not_found", "Reason: Q.850;cause=1"),
    *refused(400, "failed"),
    *refused(403, "rejected"),
    *refused(404, "not_found"),
    *refused(408, "no_answer"),
    *refused(480, "no_answer"),
    *refused(486, "busy"),
    *refused(500, "failed"),
    *refused(503, "unreachable"),
    *refused(600, "busy"),
    *refused(603, "rejected"),
]


@dataclass
class World:
    line: Line
    endpoint: Pjsua2Endpoint


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200), no_rtp_ms=NO_RTP_MS))
    try:
        yield World(Line(endpoint, tmp_path), endpoint)
    finally:
        await endpoint.close()


@needs_sipp
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
async def test_ending(world: World, tmp_path: Path, ending: Ending) -> None:
    async with far_end(tmp_path / "far", ending.far, *ending.sipp, echo=ending.echo) as far:
        result = await world.line.call(
            order(far, ending.ring_limit_ms),
            ends=ending.ends,
            when=ending.when,
            after_ms=ending.after_ms,
            deed=ending.deed,
        )
        if ending.faithful:
            assert await far.faithful() == ""
        start, times = ending.comes
        await becomes(lambda: far.received(start) >= times, 5)
        await becomes(lambda: world.endpoint.busy_legs == 0, 1)
    assert f"{result.disposition} {result.outcome} {result.sip_status} {result.hung_up_by}".strip() == ending.result
    check_recording(result, ending.recorded)
    async with far_end(tmp_path / "next", (*ANSWERS, *OURS)) as far:
        following = await world.line.call(order(far), ends=True)
    assert (following.outcome, following.hung_up_by) == ("done", "robot")


def order(far: Far, ring_limit_ms: int = 5000) -> object:
    uri = f"sip:13800000001@127.0.0.1:{far.port}"
    return msgspec.structs.replace(ORDER, uri=uri, ring_limit_ms=ring_limit_ms)


def check_recording(result: CallResult, since: str) -> None:
    if not since:
        assert result.recording == ""
        return
    with wave.open(result.recording) as recording:
        length_ms = recording.getnframes() // 8
    if result.answered_at is not None:
        talked_ms = (result.ended_at - result.answered_at).total_seconds() * 1000
        assert length_ms - result.recording_offset_ms == pytest.approx(talked_ms, abs=200)
    if since == "early":
        assert length_ms >= 380
    if result.answered_at is not None:
        assert (result.recording_offset_ms >= 380) == (since == "early")

"""The recording covers the call from the first early media to the last word, both sides in step."""

import asyncio
import statistics
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from line_world import ORDER, Line
from sip_peer import Message, Packet, RtpPeer, SipPeer, answer, sdp, starts

from callbot.messages import CallResult
from callbot.simulate.crowd import free_ports
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.values import Pcm

pytestmark = pytest.mark.e2e


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
    try:
        yield Line(endpoint, tmp_path)
        assert endpoint.busy_legs == 0
    finally:
        await endpoint.close()


def bursts(count: int, every_ms: int) -> Pcm:
    """So many tones of 500 Hz and 100 ms, each at the end of its stretch."""
    tone = (8000 * np.sin(2 * np.pi * 500 * np.arange(800) / 8000)).astype(np.int16)
    return np.tile(np.concatenate([np.zeros(every_ms * 8 - 800, np.int16), tone]), count)


class Callee:
    """Announces with tones, then answers after ``rings_s`` with 200 or ``status``, and goes on with tones."""

    def __init__(self, rtp: RtpPeer, rings_s: float, status: int = 200) -> None:
        self._rtp = rtp
        self._rings_s = rings_s
        self._status = status
        self.peer: SipPeer
        self.speaking: asyncio.Task[None]
        self.answered_at = 0.0

    def react(self, message: Message) -> Iterator[str]:
        body = sdp(self._rtp.port)
        contact = f"far@127.0.0.1:{self.peer.port}"
        if message.method == "INVITE":
            yield answer(message, 183, body=body, contact=contact)
            self.speaking = asyncio.ensure_future(self._rtp.speak(("127.0.0.1", message.media_port), bursts(9, 400)))
            asyncio.get_running_loop().call_later(self._rings_s, self._answer, message, body, contact)
        elif message.method in ("BYE", "CANCEL"):
            yield answer(message, 200)

    def _answer(self, invite: Message, body: str, contact: str) -> None:
        self.answered_at = asyncio.get_running_loop().time()
        text = answer(invite, self._status, body=body if self._status == 200 else "", contact=contact)
        self.peer.send(text, invite.source)


def channels(result: CallResult) -> tuple[list[Packet], list[Packet]]:
    """Customer and robot of a recording, in steps of 5 ms windows of 20 ms."""
    with wave.open(result.recording) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    steps = range(0, len(both) - 160, 40)
    customer, robot = ([Packet(at / 8000, both[at : at + 160, side]) for at in steps] for side in (0, 1))
    return customer, robot


async def call(line: Line, rings_s: float, status: int = 200) -> tuple[CallResult, RtpPeer, Callee]:
    with closing(await RtpPeer.open()) as rtp:
        callee = Callee(rtp, rings_s, status)
        with closing(await SipPeer.udp(callee.react)) as callee.peer:
            uri = f"sip:13800000001@127.0.0.1:{callee.peer.port}"
            result = await line.call(msgspec.structs.replace(ORDER, uri=uri), ends=True)
        callee.speaking.cancel()
    return result, rtp, callee


async def test_both_channels_keep_time_from_early_media_to_the_last_word(line: Line) -> None:
    result, rtp, callee = await call(line, rings_s=1.0)
    customer, robot = channels(result)
    said, heard = starts(rtp.sent, 500), starts(customer, 500)
    assert len(heard) >= 4, "two before and two after the pick-up"
    robot_said, far_heard = starts(robot, 1000), starts(rtp.heard, 1000)
    assert len(robot_said) == len(far_heard) == 1
    # The same moments on the far end's clock and in the recording: what most bursts say ties the two together.
    recording_begins = statistics.median(recorded - sent for sent, recorded in zip(said, heard, strict=False))
    for sent, recorded in zip(said, heard, strict=False):
        assert recorded - sent - recording_begins == pytest.approx(0, abs=0.02)
    assert robot_said[0] - far_heard[0] - recording_begins == pytest.approx(0, abs=0.02)
    assert result.recording_offset_ms / 1000 - callee.answered_at - recording_begins == pytest.approx(0, abs=0.06)
    spoken = result.transcript[0]
    assert (result.recording_offset_ms + spoken.start_ms) / 1000 == pytest.approx(robot_said[0], abs=0.04)


async def test_an_announcement_before_a_refusal_is_kept(line: Line) -> None:
    result, rtp, _ = await call(line, rings_s=1.0, status=480)
    assert (result.outcome, result.sip_status, result.answered_at) == ("no_answer", 480, None)
    customer, _ = channels(result)
    assert len(starts(customer, 500)) == len([at for at in starts(rtp.sent, 500) if at < rtp.sent[0].at + 0.95])


async def test_an_answer_without_early_media_begins_the_recording(line: Line) -> None:
    rtp = await RtpPeer.open()

    def react(message: Message) -> Iterator[str]:
        if message.method == "INVITE":
            yield answer(message, 180)
            yield answer(message, 200, body=sdp(rtp.port), contact=f"far@127.0.0.1:{peer.port}")
        elif message.method == "BYE":
            yield answer(message, 200)

    with closing(await SipPeer.udp(react)) as peer, closing(rtp):
        result = await line.call(msgspec.structs.replace(ORDER, uri=f"sip:1@127.0.0.1:{peer.port}"), ends=True)
    assert (result.outcome, result.recording_offset_ms) == ("done", 0)

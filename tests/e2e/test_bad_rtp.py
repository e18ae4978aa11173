"""Sound that comes lost, late, doubled, empty or from somebody else: the call goes on."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest
from line_world import becomes
from sip_peer import Message, RtpPeer, SipPeer, answer, sdp

from callbot.audio import pcm
from callbot.ports import DialRequest, LegEnded, LegEvent, Ticks
from callbot.simulate.crowd import free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint

pytestmark = pytest.mark.e2e

PACKETS = 100  # 2 s
TONE = pcm.alaw_encoded((8000 * np.sin(2 * np.pi * 500 * np.arange(160) / 8000)).astype(np.int16)).tobytes()
Packets = list[tuple[int, bytes]]
"""When to send (in 20 ms), and what."""


def packet(number: int, *, payload: int = 8, ssrc: int = 7, sound: bytes = TONE) -> bytes:
    return struct.pack("!BBHII", 0x80, payload, number & 0xFFFF, number * 160, ssrc) + sound


def good() -> Packets:
    return [(number, packet(number)) for number in range(PACKETS)]


def lossy(percent: int) -> Packets:
    dice = Random(percent)
    return [each for each in good() if dice.random() >= percent / 100]


def shuffled() -> Packets:
    """Every fourth packet comes 40 ms later, after its followers."""
    return sorted((at + 2 if at % 4 == 0 else at, data) for at, data in good())


def doubled() -> Packets:
    return sorted([*good(), *good()])


def new_source() -> Packets:
    """After a second the sender restarts: other SSRC, other numbers."""
    return [
        (number, packet(number) if number < PACKETS // 2 else packet(number + 30_000, ssrc=99))
        for number in range(PACKETS)
    ]


def other_payloads() -> Packets:
    """Between good packets others of kinds that nobody agreed on."""
    others = [(number, packet(number, payload=(0, 3, 96, 127)[number % 4])) for number in range(PACKETS)]
    return sorted([*good(), *others])


def empty_ones() -> Packets:
    """Between good packets some without sound, without header, and with nonsense."""
    junk = [packet(3, sound=b""), b"", b"\x80", b"\xff" * 12, bytes(1400), packet(5, sound=bytes(1400))]
    return sorted([*good(), *((number, junk[number % len(junk)]) for number in range(0, PACKETS, 2))])


@dataclass
class Call:
    leg: SipLeg
    rtp: RtpPeer
    to: tuple[str, int]
    events: list[LegEvent] = field(default_factory=list)

    def tones(self) -> float:
        """The share of what was heard since the first sound that is the tone."""
        heard = np.concatenate([event.heard for event in self.events if isinstance(event, Ticks)])
        frames = heard.reshape(-1, 160).astype(float)
        loud = np.argmax(np.abs(np.fft.rfft(frames, axis=1)), axis=1) == 10
        loud &= np.abs(frames).max(axis=1) > 1000
        return float(np.count_nonzero(loud)) / PACKETS


@asynccontextmanager
async def call() -> AsyncIterator[Call]:
    with closing(await RtpPeer.open()) as rtp:

        def react(message: Message) -> Iterator[str]:
            if message.method == "INVITE":
                yield answer(message, 200, body=sdp(rtp.port), contact=f"far@127.0.0.1:{peer.port}")
            elif message.method == "BYE":
                yield answer(message, 200)

        with closing(await SipPeer.udp(react)) as peer:
            robot = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
            try:
                request = DialRequest("call", f"sip:1@127.0.0.1:{peer.port}", "4008", 3000)
                leg = await robot.dial(request, lambda: None)
                assert isinstance(leg, SipLeg)
                made = Call(leg, rtp, ("127.0.0.1", peer.of("INVITE")[0].media_port))
                leg.listen(made.events.append)
                yield made
                assert not any(isinstance(event, LegEnded) for event in made.events)
                leg.hang_up()
                await becomes(lambda: made.events[-1] == LegEnded("robot", 200), 3)
                assert robot.busy_legs == 0
            finally:
                await robot.close()


@pytest.mark.parametrize(
    ("packets", "share"),
    [
        (good(), 0.9),
        (lossy(1), 0.9),
        (lossy(10), 0.8),
        (lossy(20), 0.7),
        (shuffled(), 0.8),
        (doubled(), 0.9),
        (new_source(), 0.8),
        (other_payloads(), 0.5),
        (empty_ones(), 0.5),
    ],
    ids=["good", "1 % lost", "10 % lost", "20 % lost", "shuffled", "doubled", "new source", "payloads", "empty"],
)
async def test_sound_of_all_kinds(packets: Packets, share: float) -> None:
    async with call() as made:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for at, data in packets:
            await asyncio.sleep(max(0.0, begun + at * 0.02 - loop.time()))
            made.rtp.send(data, made.to)
        await asyncio.sleep(0.2)  # the jitter buffer plays out
        assert made.tones() >= share

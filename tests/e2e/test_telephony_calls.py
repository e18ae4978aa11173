"""Whole calls over real SIP and RTP between the robot's endpoint and simulated customers in a process of their own."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from callbot.audio import wav
from callbot.errors import TelephonyError
from callbot.ports import DialRequest, LegEnded, LegEvent, LegKey, LegPlayed, NotConnected, Ticks
from callbot.simulate import measure
from callbot.simulate.crowd import crowd, free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.values import Disposition, Pcm

pytestmark = pytest.mark.e2e

CUSTOMERS = """
customers:
  "100":
    answer_after: 100ms
    turns: [{say: yes.wav, at: 300ms}, {key: "7"}, {say: no.wav, interrupt: 400ms}, {hang_up: true}]
  "200": {answer_after: 20ms}
  "300": {reject: busy}
  "301": {reject: declined}
  "302": {reject: not_found}
  "303": {no_answer: true}
"""


def speech(length_ms: int, seed: int) -> Pcm:
    """Something that sounds like a sentence to a level meter: noise in syllables, soft at its ends."""
    noise = np.random.default_rng(seed).normal(0, 2500, length_ms * 8)
    at = np.arange(len(noise))
    syllables = 0.6 + 0.4 * np.cos(2 * np.pi * at / 1600)
    ramp = np.minimum(1, np.minimum(at, at[::-1]) / 80)
    return np.clip(noise * syllables * ramp, -12_000, 12_000).astype(np.int16)


@dataclass
class Call:
    """A connected leg with everything that has happened on it."""

    leg: SipLeg

    def __post_init__(self) -> None:
        self.events: list[LegEvent] = []
        self._queue: asyncio.Queue[LegEvent] = asyncio.Queue()
        self.leg.listen(self._post)

    def _post(self, event: LegEvent) -> None:
        self.events.append(event)
        if not isinstance(event, Ticks):
            self._queue.put_nowait(event)

    async def next(self) -> LegEvent:
        """The next event that is not audio."""
        async with asyncio.timeout(15):
            return await self._queue.get()

    @property
    def heard(self) -> Pcm:
        return np.concatenate([event.heard for event in self.events if isinstance(event, Ticks)])


@dataclass(frozen=True)
class World:
    robot: Pjsua2Endpoint
    host: str
    out: Path

    async def dial(self, number: str) -> SipLeg | NotConnected:
        request = DialRequest("call", f"sip:{number}@{self.host}", "4008", 3000)
        return await self.robot.dial(request, lambda: None)

    async def call(self, number: str) -> Call:
        leg = await self.dial(number)
        assert isinstance(leg, SipLeg)
        return Call(leg)

    async def report(self, name: str) -> dict[str, object]:
        path = self.out / f"{name}.json"
        async with asyncio.timeout(5):
            while not path.exists() or not path.read_bytes().endswith(b"}"):  # noqa: ASYNC110 - another process's file
                await asyncio.sleep(0.02)
        loaded: dict[str, object] = json.loads(path.read_text("utf-8"))
        return loaded


@asynccontextmanager
async def world(folder: Path, codecs: Sequence[str] = ("PCMA", "PCMU")) -> AsyncIterator[World]:
    for seed, name in enumerate(("yes.wav", "no.wav")):
        wav.write(folder / name, speech(600, seed))
    (folder / "customers.yaml").write_text(CUSTOMERS, "utf-8")
    async with crowd(folder / "customers.yaml", folder, folder / "out", 1) as people:
        trunk = people.trunks[0]
        config = EndpointConfig("127.0.0.1", 0, free_ports(200), codecs=tuple(codecs))
        robot = await Pjsua2Endpoint.start(config)
        try:
            yield World(robot, f"{trunk.host}:{trunk.port}", folder / "out")
        finally:
            await robot.close()


def share_heard(said: Pcm, heard: Pcm) -> float:
    """How much of a sentence arrived unharmed, in pieces of 100 ms.

    On a busy machine the far jitter buffer drops or repeats a frame now and then, which is the network's business.
    """
    pieces = [said[start : start + 800] for start in range(0, len(said), 800)]
    return sum(_likeness(piece, heard) > 0.95 for piece in pieces) / len(pieces)


def _likeness(said: Pcm, heard: Pcm) -> float:
    size = len(said) + len(heard)
    spectrum = np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(said.astype(float), size))
    product = np.fft.irfft(spectrum, size)
    at = int(np.argmax(product))
    part = heard[at : at + len(said)].astype(float)
    energy = np.sqrt(np.sum(part * part) * np.sum(said.astype(float) ** 2))
    return float(product[at] / energy) if energy else 0.0


def channels(path: Path) -> tuple[Pcm, Pcm]:
    with wave.open(str(path), "rb") as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
async def test_a_conversation(tmp_path: Path, codec: str) -> None:
    """Both directions sound alike at both ends, keys and interruptions arrive, nothing is clipped or clicks."""
    first, second, third = speech(1500, 11), speech(1200, 12), speech(2500, 13)
    async with world(tmp_path, [codec]) as here:
        call = await here.call("100")
        call.leg.play(first, 1)
        assert await call.next() == LegPlayed(1)
        assert await call.next() == LegKey("7")
        call.leg.play(second, 2)
        assert await call.next() == LegPlayed(2)
        call.leg.play(third, 3)
        assert await call.next() == LegPlayed(3)
        ended = await call.next()
        assert ended == LegEnded("customer", 200)
        report = await here.report("100-01")
        said, heard = channels(here.out / "100-01.wav")
    assert report["ended_by"] == "customer"
    deeds = report["deeds"]
    assert isinstance(deeds, list)
    assert [deed["did"] for deed in deeds] == ["say", "said", "key", "say", "said", "hang_up"]
    for sentence in (first, second, third):
        assert share_heard(sentence, heard) >= 0.85
    for seed in range(2):
        assert share_heard(speech(600, seed), call.heard) >= 0.8
    found = measure.measure(said, heard)
    assert found.first_audio_ms is not None
    assert found.first_audio_ms <= 150
    assert (found.clipped_samples, found.clicks_ms, found.repeated) == (0, (), ())
    # The third sentence follows the second without a pause worth the name.
    robot_stretches = [stretch.length_ms for stretch in measure.stretches(heard)]
    assert robot_stretches == pytest.approx([1500, 1200 + 2500], abs=80)


async def test_customers_who_are_not_to_be_had(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        assert await here.dial("300") == NotConnected(Disposition.BUSY, 486)
        assert await here.dial("301") == NotConnected(Disposition.REJECTED, 603)
        assert await here.dial("302") == NotConnected(Disposition.NOT_FOUND, 404)
        assert await here.dial("999") == NotConnected(Disposition.NOT_FOUND, 404)
        assert await here.dial("303") == NotConnected(Disposition.NO_ANSWER, 487)


async def test_no_more_calls_than_the_library_carries(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        # Customers carry as many as the robot, so the first refusal is the robot's own.
        calls = [await here.call("200") for _ in range(here.robot.legs)]
        with pytest.raises(TelephonyError, match=str(here.robot.legs)):
            await here.dial("200")
        calls[0].leg.hang_up()
        assert await calls[0].next() == LegEnded("robot", 200)
        again = await here.call("200")
        for call in [*calls[1:], again]:
            call.leg.hang_up()
            assert await call.next() == LegEnded("robot", 200)
        assert here.robot.busy_legs == 0


async def test_fifty_calls_leave_nothing_behind(tmp_path: Path) -> None:
    """Ear, mouth, player and slot of a leg are used again; so are call slots and RTP ports."""
    sentence, last = speech(100, 21), speech(800, 22)
    async with world(tmp_path) as here:
        for number in range(50):
            call = await here.call("200")
            call.leg.play(sentence if number < 49 else last, number)
            assert await call.next() == LegPlayed(number)
            call.leg.hang_up()
            assert await call.next() == LegEnded("robot", 200)
        assert here.robot.busy_legs == 0
        await here.report("200-50")
        _, heard = channels(here.out / "200-50.wav")
        assert share_heard(last, heard) >= 0.75


async def test_closing_the_endpoint_ends_its_calls_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        call = await here.call("200")
        call.leg.play(speech(100, 31), 1)
        assert await call.next() == LegPlayed(1)
        await here.robot.close()
        assert [event for event in call.events if isinstance(event, LegEnded)] == [LegEnded("robot", 200)]
        report = await here.report("200-01")
    assert report["ended_by"] == "robot"

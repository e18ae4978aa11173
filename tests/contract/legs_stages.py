"""Stages for the contract of call legs: a leg, time that passes, and what the far end heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from callbot.audio import wav
from callbot.ports import CallLeg, DialRequest, LegEnded, LegEvent, NotConnected, Ticks
from callbot.simulate.crowd import crowd, free_ports
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.telephony.wav_leg import WavLeg
from callbot.values import FRAME_SAMPLES, Pcm, ms_of

CUSTOMER_SAYS_MS = (600, 1100)
STEADY_MS = 120
"""How long the far end holds back what it hears: its recording has what was sent though the machine stalls so long.
Shorter than the leg waits with its BYE after the last word (``leg_state.TAIL_TICKS``)."""


class Stage(Protocol):
    leg: CallLeg
    events: list[LegEvent]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until the condition holds; it is looked at after every event."""
        ...

    async def far_end(self) -> Pcm:
        """What the customer heard in the whole call, once it is over."""
        ...


class Events(list[LegEvent]):
    """All events so far, and the samples that have passed."""

    @property
    def passed_ms(self) -> int:
        return ms_of(sum(len(event.heard) for event in self if isinstance(event, Ticks)))

    @property
    def heard(self) -> Pcm:
        return np.concatenate([event.heard for event in self if isinstance(event, Ticks)])

    @property
    def spoken(self) -> Pcm:
        return np.concatenate([event.spoken for event in self if isinstance(event, Ticks)])


def tone(hz: int, length_ms: int) -> Pcm:
    """A tone that begins and ends softly."""
    at = np.arange(length_ms * 8)
    ramp = np.minimum(1, np.minimum(at, at[::-1]) / 40)
    return (8000 * np.sin(2 * np.pi * hz * at / 8000) * ramp).astype(np.int16)


def length_of_tone(audio: Pcm, hz: int) -> int:
    """How many ms of 20 sound at this frequency."""
    whole = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES).astype(np.float64)
    spectra = np.abs(np.fft.rfft(whole, axis=1))
    strongest = np.argmax(spectra, axis=1) * 50
    return int(np.count_nonzero((strongest == hz) & (np.sqrt(np.mean(whole * whole, axis=1)) > 1000))) * 20


class WavStage:
    def __init__(self) -> None:
        says = np.zeros(CUSTOMER_SAYS_MS[1] * 8, np.int16)
        says[CUSTOMER_SAYS_MS[0] * 8 :] = tone(500, CUSTOMER_SAYS_MS[1] - CUSTOMER_SAYS_MS[0])
        self.events = Events()
        self._steps = asyncio.Queue[None]()
        self._stopped = asyncio.Queue[None]()
        self.leg = WavLeg(says, self._settle, silence_after_ms=60_000)
        self.leg.listen(self.events.append)
        self._run = asyncio.create_task(self.leg.run())

    async def _settle(self) -> None:
        self._stopped.put_nowait(None)
        await self._steps.get()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._stopped.get()
            self._steps.put_nowait(None)

    async def far_end(self) -> Pcm:
        return self.leg.spoken

    def close(self) -> None:
        self._run.cancel()


class SipStage:
    def __init__(self, leg: CallLeg, out: Path) -> None:
        self.leg = leg
        self.events = Events()
        self._out = out
        self._changed = asyncio.Event()
        leg.listen(self._on_event)

    def _on_event(self, event: LegEvent) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def far_end(self) -> Pcm:
        ended = self.events[-1]
        assert isinstance(ended, LegEnded)
        customer, robot = await recording(self._out, "100")
        del customer
        return robot


async def recording(out: Path, number: str, sequence: int = 1) -> tuple[Pcm, Pcm]:
    """Both channels of a customer's recording; waits for the file, written within a moment of the end of the call."""
    path = out / f"{number}-{sequence:02d}.wav"
    async with asyncio.timeout(5):
        while not path.with_suffix(".json").exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    raw = np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)
    return raw[:, 0].copy(), raw[:, 1].copy()


@asynccontextmanager
async def wav_stage(folder: Path) -> AsyncIterator[Stage]:
    stage = WavStage()
    try:
        yield stage
    finally:
        stage.close()


@asynccontextmanager
async def sip_stage(folder: Path) -> AsyncIterator[Stage]:
    wav.write(folder / "tone.wav", tone(500, CUSTOMER_SAYS_MS[1] - CUSTOMER_SAYS_MS[0]))
    customers = folder / "customers.yaml"
    customers.write_text(
        f"customers: {{'100': {{answer_after: 50ms, turns: [{{say: tone.wav, at: {CUSTOMER_SAYS_MS[0]}ms}}]}}}}",
        "utf-8",
    )
    out = folder / "out"
    async with crowd(customers, folder, out, 1, jitter_ms=STEADY_MS) as people:
        trunk = people.trunks[0]
        endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
        try:
            leg = await endpoint.dial(DialRequest("c", f"sip:100@{trunk.host}:{trunk.port}", "400", 5000), lambda: None)
            assert not isinstance(leg, NotConnected)
            yield SipStage(leg, out)
        finally:
            await endpoint.close()

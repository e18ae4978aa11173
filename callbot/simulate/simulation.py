"""Customers on a SIP endpoint: they are called or call, behave as their file says, and record what they hear.

Every answered call leaves two files in the output folder: ``NUMBER-SEQUENCE.wav`` (left what the customer said, right
what he heard, aligned tick by tick), and a ``.json`` beside it with what he did and when, in ms from pick-up. A call
that he made and nobody answered leaves only the ``.json``, with the ``sip_status``.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from callbot import log
from callbot.audio import wav
from callbot.audio.dtmf import key_tones
from callbot.ports import CallLeg, DialRequest, LegEnded, LegEvent, LegKey, LegPlayed, NotConnected, Ticks
from callbot.simulate.customer import Customer, is_loud
from callbot.simulate.customers import Behaviour, Call, Turn
from callbot.values import FRAME_SAMPLES, Pcm, ms_of

_STATUS = {"busy": 486, "declined": 603, "not_found": 404}

_RING_LIMIT_MS = 20_000

_log = log.get(__name__)


def _nothing() -> None:
    """Nobody waits for the ringing."""


class Calls(Protocol):
    """Makes calls; what ``telephony.endpoint.SipEndpoint`` is."""

    async def dial(self, request: DialRequest, on_ringing: Callable[[], None]) -> "Phone | NotConnected":
        """Call and wait for the answer."""
        ...


class Phone(CallLeg, Protocol):
    """A leg that also has keys to press."""

    def press(self, key: str) -> None:
        """Press one key."""
        ...


class Incoming(Protocol):
    """A call that comes in; what ``telephony.endpoint.IncomingCall`` is."""

    number: str
    caller: str

    def ring(self) -> None:
        """Say that it rings."""
        ...

    def reject(self, status: int) -> None:
        """Refuse."""
        ...

    async def answer(self) -> Phone | NotConnected:
        """Pick up."""
        ...


class Simulation:
    """All customers of one endpoint; ``on_incoming`` is what its endpoint calls, ``call`` makes them call."""

    def __init__(self, customers: Mapping[str, Behaviour], recordings: Mapping[str, Pcm], out: Path) -> None:
        self._customers = customers
        self._recordings = recordings
        self._out = out
        self._count: dict[str, int] = {}
        self._ringing: set[asyncio.Task[Phone | NotConnected]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_incoming(self, call: Incoming) -> None:
        """Somebody calls one of the customers."""
        behaviour = self._customers.get(call.number)
        if behaviour is None:
            call.reject(404)
        elif behaviour.reject is not None:
            call.reject(_STATUS[behaviour.reject])
        else:
            call.ring()
            if not behaviour.no_answer:
                task = asyncio.create_task(self._serve(call, behaviour))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def call(self, endpoint: Calls, where: str, call: Call) -> None:
        """Let somebody call ``call.number`` at ``where`` (host:port)."""
        task = asyncio.create_task(self._call(endpoint, where, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, endpoint: Calls, where: str, call: Call) -> None:
        await asyncio.sleep(call.begin / 1000)
        request = DialRequest(call.caller, f"sip:{call.number}@{where}", call.caller, _RING_LIMIT_MS)
        dialling = asyncio.create_task(endpoint.dial(request, _nothing))
        self._ringing.add(dialling)
        dialling.add_done_callback(self._ringing.discard)
        leg = await dialling
        record: dict[str, object] = {"number": call.number, "caller": call.caller}
        if isinstance(leg, NotConnected):
            name = self._name(call.caller)
            await asyncio.to_thread(self._write, name, None, {**record, "sip_status": leg.sip_status})
        else:
            await self._talk(leg, call.turns, call.caller, record)

    def _name(self, number: str) -> str:
        sequence = self._count[number] = self._count.get(number, 0) + 1
        return f"{number}-{sequence:02d}"

    def stop_answering(self) -> None:
        """Let whoever is being called or calls now give up; comes before the endpoint is closed."""
        for task in self._ringing:
            task.cancel()

    async def finish(self) -> None:
        """Wait until every call has ended and its files are written; comes after the endpoint is closed."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, call: Incoming, behaviour: Behaviour) -> None:
        picking_up = asyncio.create_task(self._pick_up(call, behaviour))
        self._ringing.add(picking_up)
        picking_up.add_done_callback(self._ringing.discard)
        leg = await picking_up
        if isinstance(leg, NotConnected):
            _log.info("caller gave up before the answer", status=leg.sip_status)
            return
        await self._talk(leg, behaviour.turns, call.number, {"number": call.number, "caller": call.caller})

    async def _talk(self, leg: Phone, turns: Sequence[Turn], who: str, record: Mapping[str, object]) -> None:
        talk = _Talk(leg, Customer(turns), self._recordings)
        await talk.over.wait()
        name = self._name(who)
        await asyncio.to_thread(self._write, name, talk, {**record, "sequence": self._count[who], **talk.record()})

    async def _pick_up(self, call: Incoming, behaviour: Behaviour) -> Phone | NotConnected:
        await asyncio.sleep(behaviour.answer_after / 1000)
        return await call.answer()

    def _write(self, name: str, talk: "_Talk | None", record: dict[str, object]) -> None:
        if talk is not None:
            wav.write(self._out / f"{name}.wav", *talk.channels())
        (self._out / f"{name}.json").write_text(json.dumps(record, ensure_ascii=False, indent=1), "utf-8")


class _Talk:
    """One answered call: carries the customer's decisions out and keeps both directions."""

    def __init__(self, leg: Phone, customer: Customer, recordings: Mapping[str, Pcm]) -> None:
        self.over = asyncio.Event()
        self._leg = leg
        self._customer = customer
        self._recordings = recordings
        self._said: list[Pcm] = []
        self._heard: list[Pcm] = []
        self._samples = 0
        self._deeds: list[dict[str, object]] = []
        self._ended_by = ""
        leg.listen(self._on_event)

    def channels(self) -> tuple[Pcm, Pcm]:
        """What the customer said and what he heard, equally long."""
        nothing = np.zeros(0, np.int16)
        return np.concatenate([nothing, *self._said]), np.concatenate([nothing, *self._heard])

    def record(self) -> dict[str, object]:
        """What happened, for the file beside the recording."""
        return {"length_ms": ms_of(self._samples), "ended_by": self._ended_by, "deeds": self._deeds}

    def _on_event(self, event: LegEvent) -> None:
        match event:
            case Ticks(heard, spoken):
                self._heard.append(heard)
                self._said.append(spoken)
                for start in range(0, len(heard), FRAME_SAMPLES):
                    self._samples += FRAME_SAMPLES
                    turn = self._customer.tick(is_loud(heard[start : start + FRAME_SAMPLES]))
                    if turn is not None:
                        self._do(turn)
            case LegPlayed():
                self._customer.said()
                self._note("said", "")
            case LegKey(key):
                self._note("got_key", key)
            case LegEnded(by):
                self._ended_by = {"customer": "robot", "robot": "customer", "network": "network"}[by]
                self.over.set()

    def _do(self, turn: Turn) -> None:
        if turn.say:
            self._note("say", turn.say)
            self._leg.play(self._recordings[turn.say], len(self._deeds))
        elif turn.tone:
            self._note("tone", turn.tone)
            self._leg.play(key_tones(turn.tone), len(self._deeds))
        elif turn.key:
            self._note("key", turn.key)
            self._leg.press(turn.key)
        elif turn.hang_up:
            self._note("hang_up", "")
            self._leg.hang_up()
        else:
            self._note("silent", "")

    def _note(self, did: str, what: str) -> None:
        self._deeds.append({"at_ms": ms_of(self._samples), "did": did, "what": what})

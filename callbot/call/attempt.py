"""One call from the order to the result: journal, dialling or picking up, conversation, recording.

Never raises for one bad call. An attempt of a campaign and a call that came in differ only in how their leg is got.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from callbot import log
from callbot.call.journal import CallJournal, Ended, PickedUp, Placed, blank_result, trace_of
from callbot.call.placing import dial_in_turn
from callbot.call.recording import Recording
from callbot.call.session import Conversation, Parts, Session, Watchers
from callbot.dialogue.engine import CompiledScript
from callbot.errors import TelephonyError
from callbot.language import Text
from callbot.messages import CallResult, Heard, Spoken, TimeUp, TraceStep
from callbot.ports import CallLeg, Clock, Dialler, DialRequest, NotConnected, Ticks
from callbot.protocol import CallOrder, CallProgress, PlaceCall, Route, TakeCall, TrunkChanged
from callbot.values import Disposition

Stage = Literal["dialling", "ringing", "answered", "robot", "customer", "agent", "ended"]
Watch = Callable[[Stage, str, str], None]
Reach = Callable[[Callable[[], None], Callable[[Ticks], None]], Awaitable[CallLeg | NotConnected]]
"""Gets the leg of a call; calls the first argument when it rings, the second with early media. Cancelling gives up."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What all calls of a line share."""

    line: str
    clock: Clock
    zone: ZoneInfo
    journal_dir: Path
    recording_dir: Path
    parts: Callable[[CallOrder], Parts]
    progress: Callable[[CallProgress], None]


def dialling(dialler: Dialler, order: PlaceCall, on_next: Callable[[TrunkChanged], None]) -> Reach:
    """Reach a contact by calling; ``on_next`` hears when another trunk has to try."""
    routes = (Route(order.trunk, order.uri, order.caller), *order.spares)
    requests = [DialRequest(order.call_id, to.uri, to.caller, order.ring_limit_ms, to.trunk) for to in routes]
    return lambda on_ringing, on_early: dial_in_turn(
        dialler, requests, on_ringing, on_early, lambda request: on_next(TrunkChanged(order.call_id, request.trunk))
    )


class Attempt:
    """Carries out one call."""

    def __init__(self, order: CallOrder, script: CompiledScript, place: Workplace, reach: Reach) -> None:
        self._order = order
        self._reach = reach
        self._script = script
        self._place = place
        self._session: Session | None = None
        self._time_up = False
        self._taken_back = asyncio.Event()
        self._steps: list[TraceStep] = []
        self._said: list[Spoken] = []
        self._dialling: asyncio.Task[CallLeg | NotConnected] | None = None

    def finish_politely(self) -> None:
        """The line shuts down: a conversation says goodbye, a ringing call is cancelled."""
        self._time_up = True
        if self._session:
            self._session.post(TimeUp("shutdown"))
        else:
            self._take_back()

    def hang_up(self) -> None:
        """An operator ends this call now."""
        if self._session:
            self._session.hang_up()
        else:
            self._take_back()

    def _take_back(self) -> None:
        self._taken_back.set()
        if self._dialling:
            self._dialling.cancel()

    async def run(self) -> CallResult:
        """Reach the leg, converse, and return what came of it; the journal has it before this returns.

        Errors, both before anything has left this machine: ``TelephonyError`` when no call can be placed now or it was
        taken back already, ``OSError`` when the journal cannot be written.
        """
        place, order = self._place, self._order
        started = place.clock.now()
        path = place.recording_dir / f"{started:%Y-%m-%d}" / f"{order.call_id}.wav"
        recording = Recording(path)
        placed = Placed(order, place.line, started, str(path))
        # Forcing it to disk can take a slow disk a tenth of a second, in which other calls of this line go on.
        journal = await asyncio.to_thread(CallJournal, place.journal_dir, placed)
        try:
            journal_now = _Journaled(journal, self._said, self._steps, self._watch)
            result = await self._connect(placed, recording, journal, journal_now)
            file = recording.finish()
            result = msgspec.structs.replace(result, recording=file, recording_offset_ms=recording.offset_ms)
            await asyncio.to_thread(journal.write, Ended(result), force=True)
        finally:
            recording.finish()
            journal.close()
        self._watch("ended", result.outcome, "")
        return result

    async def _connect(
        self, placed: Placed, recording: Recording, journal: CallJournal, journaled: "_Journaled"
    ) -> CallResult:
        place, order = self._place, self._order
        self._watch("ringing" if isinstance(order, TakeCall) else "dialling", "", "")
        if self._taken_back.is_set():
            raise TelephonyError(Text("还没有拨出就被取消了。", "It was taken back before it was dialled."))
        parts = place.parts(order)  # before the phone rings: a voice detector takes 35 ms to make
        reaching = self._reach(
            lambda: self._watch("ringing", "", ""), lambda ticks: recording.write(ticks.heard, ticks.spoken)
        )
        self._dialling = asyncio.ensure_future(reaching)
        try:
            leg = await self._dialling
        except asyncio.CancelledError:
            if not self._taken_back.is_set():
                raise
            leg = NotConnected(Disposition.CANCELLED, 487)
        if isinstance(leg, NotConnected):
            return self._result(placed, leg.disposition, sip_status=leg.sip_status)
        answered = place.clock.now()
        recording.picked_up()
        journal.write(
            PickedUp(answered, recording.offset_ms)
        )  # not forced: the disk may take longer than a greeting may wait
        self._watch("answered", "", "")
        try:
            conversation = await self._converse(
                leg, answered, parts, Watchers(recording.write, journaled.spoken, journaled.step)
            )
        except Exception:
            # Whatever went wrong in this conversation ends this conversation only, and its result says so.
            log.get(__name__).exception("a conversation broke off", call_id=order.call_id)
            conversation = None
        return self._result(placed, Disposition.ANSWERED, conversation, answered)

    async def _converse(self, leg: CallLeg, answered: datetime, parts: Parts, watchers: Watchers) -> Conversation:
        now = answered.astimezone(self._place.zone)
        self._session = Session(leg, self._script, self._order.inputs, now, parts, watchers)
        if self._time_up:
            self._session.post(TimeUp("shutdown"))
        elif self._taken_back.is_set():  # hung up in the moment of the pick-up
            self._session.hang_up()
        return await self._session.run()

    def _result(
        self,
        placed: Placed,
        disposition: Disposition,
        conversation: Conversation | None = None,
        answered: datetime | None = None,
        sip_status: int = 0,
    ) -> CallResult:
        now = self._place.clock.now()
        result = msgspec.structs.replace(
            blank_result(placed, now),
            disposition=disposition,
            outcome="interrupted" if answered else str(disposition),
            sip_status=sip_status,
            answered_at=answered,
            transcript=tuple(sorted(self._said, key=lambda spoken: spoken.start_ms)),
            trace=trace_of(self._order, self._steps),
        )
        if conversation is None:
            return result
        end = conversation.end
        retry_in = None if end.retry_in_ms is None else now + timedelta(milliseconds=end.retry_in_ms)
        return msgspec.structs.replace(
            result,
            outcome=end.outcome,
            sip_status=conversation.sip_status,
            hung_up_by=conversation.hung_up_by,
            tags=end.tags,
            sms=end.sms,
            retry_at=end.retry_at or retry_in,
            ticket=end.ticket,
            webhook=end.webhook,
            slots=conversation.slots,
            turns=conversation.turns,
        )

    def _watch(self, kind: Stage, text: str, note: str) -> None:
        self._place.progress(CallProgress(self._order.call_id, self._place.line, self._order.contact, kind, text, note))


@dataclass(frozen=True, slots=True)
class _Journaled:
    """Writes transcript and trace to the journal as they happen, and tells who watches live."""

    journal: CallJournal
    said: list[Spoken]
    steps: list[TraceStep]
    watch: Watch

    def spoken(self, line: Spoken) -> None:
        self.journal.write(line)
        self.said.append(line)
        if line.who != "customer":  # what he said is told when it is understood
            self.watch(line.who, line.text, line.step)

    def step(self, step: TraceStep) -> None:
        self.journal.write(step)
        self.steps.append(step)
        if isinstance(step.event, Heard):
            understood = step.understanding.intent if step.understanding else None
            told = ", ".join(f"{name}={value}" for name, value in step.changed.items())
            self.watch("customer", step.event.text, understood or told)

"""One attempt from the order to the result: journal, INVITE, conversation, recording. Never raises for one bad call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from callbot import log
from callbot.call.journal import CallJournal, Ended, PickedUp, Placed
from callbot.call.placing import dial_in_turn
from callbot.call.recording import Recording
from callbot.call.session import Conversation, Parts, Session, Watchers
from callbot.dialogue.engine import CompiledScript
from callbot.messages import (
    CallProgress,
    CallResult,
    Heard,
    PlaceCall,
    Route,
    Spoken,
    TimeUp,
    Trace,
    TraceStep,
    TrunkChanged,
)
from callbot.ports import CallLeg, Clock, Dialler, DialRequest, NotConnected
from callbot.values import Disposition

Watch = Callable[[Literal["dialling", "ringing", "answered", "robot", "customer", "ended"], str, str], None]


@dataclass(frozen=True, slots=True)
class Workplace:
    """What all attempts of a line share."""

    line: str
    dialler: Dialler
    clock: Clock
    zone: ZoneInfo
    journal_dir: Path
    recording_dir: Path
    parts: Callable[[PlaceCall], Parts]
    progress: Callable[[CallProgress | TrunkChanged], None]


class Attempt:
    """Carries out one ``PlaceCall``."""

    def __init__(self, order: PlaceCall, script: CompiledScript, place: Workplace) -> None:
        self._order = order
        self._script = script
        self._place = place
        self._session: Session | None = None
        self._time_up = False
        self._cancelled = False
        self._steps: list[TraceStep] = []
        self._said: list[Spoken] = []
        self._dialling: asyncio.Task[CallLeg | NotConnected] | None = None

    def finish_politely(self) -> None:
        """The line shuts down: a conversation says goodbye, a ringing call is cancelled."""
        self._time_up = True
        if self._session:
            self._session.post(TimeUp("shutdown"))
        elif self._dialling:
            self._cancelled = True
            self._dialling.cancel()

    def hang_up(self) -> None:
        """An operator ends this call now."""
        if self._session:
            self._session.hang_up()
        elif self._dialling:
            self._cancelled = True
            self._dialling.cancel()

    async def run(self) -> CallResult:
        """Dial, converse, and return what came of it; the journal has it before this returns.

        Errors, both before anything has left this machine: ``TelephonyError`` when no call can be placed now,
        ``OSError`` when the journal cannot be written.
        """
        place, order = self._place, self._order
        started = place.clock.now()
        path = place.recording_dir / f"{started:%Y-%m-%d}" / f"{order.call_id}.wav"
        recording = Recording(path)
        journal = CallJournal(place.journal_dir, Placed(order, place.line, started, str(path)))
        try:
            journal_now = _Journaled(journal, self._said, self._steps, self._watch)
            result = await self._connect(started, recording, journal, journal_now)
            file = recording.finish()
            result = msgspec.structs.replace(result, recording=file, recording_offset_ms=recording.offset_ms)
            journal.write(Ended(result), force=True)
        finally:
            recording.finish()
            journal.close()
        self._watch("ended", result.outcome, "")
        return result

    async def _connect(
        self, started: datetime, recording: Recording, journal: CallJournal, journaled: "_Journaled"
    ) -> CallResult:
        place, order = self._place, self._order
        self._watch("dialling", "", "")
        parts = place.parts(order)  # before the phone rings: a voice detector takes 35 ms to make
        routes = (Route(order.trunk, order.uri, order.caller), *order.spares)
        dialling = dial_in_turn(
            place.dialler,
            [DialRequest(order.call_id, each.uri, each.caller, order.ring_limit_ms, each.trunk) for each in routes],
            on_ringing=lambda: self._watch("ringing", "", ""),
            on_early=lambda ticks: recording.write(ticks.heard, ticks.spoken),
            on_next=lambda request: place.progress(TrunkChanged(order.call_id, request.trunk)),
        )
        self._dialling = asyncio.ensure_future(dialling)
        try:
            leg = await self._dialling
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
            leg = NotConnected(Disposition.CANCELLED, 487)
        if isinstance(leg, NotConnected):
            return self._result(started, leg.disposition, sip_status=leg.sip_status)
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
        return self._result(started, Disposition.ANSWERED, conversation, answered)

    async def _converse(self, leg: CallLeg, answered: datetime, parts: Parts, watchers: Watchers) -> Conversation:
        now = answered.astimezone(self._place.zone)
        self._session = Session(leg, self._script, self._order.inputs, now, parts, watchers)
        if self._time_up:
            self._session.post(TimeUp("shutdown"))
        return await self._session.run()

    def _result(
        self,
        started: datetime,
        disposition: Disposition,
        conversation: Conversation | None = None,
        answered: datetime | None = None,
        sip_status: int = 0,
    ) -> CallResult:
        order, now = self._order, self._place.clock.now()
        result = CallResult(
            call_id=order.call_id,
            attempt_id=order.attempt_id,
            fence=order.fence,
            line=self._place.line,
            disposition=disposition,
            outcome="interrupted" if answered else str(disposition),
            sip_status=sip_status,
            started_at=started,
            answered_at=answered,
            ended_at=now,
            transcript=tuple(sorted(self._said, key=lambda spoken: spoken.start_ms)),
            trace=Trace(order.revision.script, order.revision.hash, order.inputs, tuple(self._steps)),
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
            slots=conversation.slots,
            turns=conversation.turns,
        )

    def _watch(
        self, kind: Literal["dialling", "ringing", "answered", "robot", "customer", "ended"], text: str, note: str
    ) -> None:
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
        if line.who == "robot":
            self.watch("robot", line.text, line.step)

    def step(self, step: TraceStep) -> None:
        self.journal.write(step)
        self.steps.append(step)
        if isinstance(step.event, Heard):
            understood = step.understanding.intent if step.understanding else None
            told = ", ".join(f"{name}={value}" for name, value in step.changed.items())
            self.watch("customer", step.event.text, understood or told)

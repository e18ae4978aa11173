"""The line process: SIP legs and their conversations. Told what to do by control, asks the speech process to listen."""

import asyncio
import signal
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from callbot import app, log, wire
from callbot.call import journal
from callbot.call.attempt import Attempt, Workplace
from callbot.call.session import Parts
from callbot.clock import SystemClock, new_id
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.errors import TelephonyError
from callbot.messages import (
    ActionAnswer,
    ActionAsked,
    ActionFinished,
    CallEnded,
    CallProgress,
    CallRefused,
    CallResult,
    Drain,
    HangUp,
    LineBeat,
    LineReady,
    PlaceCall,
    ResultStored,
    Revision,
    ToControl,
    ToLine,
)
from callbot.ports import Dialler
from callbot.settings import Settings
from callbot.speech.remote import SpeechClient
from callbot.turn.taking import TurnPolicy

_BEAT_S = 1.0
_REPEAT_S = 2.0
"""How often an unacknowledged result is sent again."""
_DRAIN_MS = 30_000
"""A conversation gets 20 s to say goodbye (call/session); the rest is for storing results."""


class Line:
    """One line: keeps attempts, results that control has not stored yet, and the answers systems owe."""

    def __init__(self, name: str, settings: Settings, dialler: Dialler, media: str) -> None:
        self._name = name
        self._settings = settings
        self._dialler = dialler
        self._media = media
        self._clock = SystemClock()
        self._incarnation = new_id("line", self._clock)
        self._control: wire.Client[ToLine, ToControl] = wire.Client(
            wire.address(settings.socket_dir, "control"), name, ToLine
        )
        self._speech = SpeechClient(wire.address(settings.socket_dir, "speech"), name)
        self._journal_dir = settings.data_dir / "journal" / name
        self._prompts = app.prompts(settings)
        self._attempts: dict[str, Attempt] = {}
        self._unstored: dict[str, CallResult] = {}
        self._asked: dict[tuple[str, str], asyncio.Future[ActionFinished]] = {}
        self._scripts: dict[str, CompiledScript] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._outgoing: asyncio.Queue[ToControl] = asyncio.Queue()
        self._draining = False
        self._idle = asyncio.Event()
        self._left = asyncio.Event()

    async def run(self) -> None:
        """Work until drained."""
        for result in journal.unfinished(self._journal_dir, self._clock.now()):
            self._unstored[result.call_id] = result
        self._tell(
            LineReady(
                line=self._name,
                incarnation=self._incarnation,
                legs=self._dialler.legs,
                media=self._media,
                journaled=tuple(self._unstored),
            )
        )
        for work in (self._deliver(), self._speech.run(), self._beat(), self._repeat_results(), self._obey()):
            self._spawn(work)
        await self._left.wait()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._speech.close()
        self._control.close()

    def drain(self, within_ms: int = _DRAIN_MS) -> None:
        """No new calls; running ones say goodbye; then ``run`` returns, at the latest after ``within_ms``."""
        if not self._draining:
            self._draining = True
            for attempt in self._attempts.values():
                attempt.finish_politely()
            self._note_idle()
            self._spawn(self._leave(within_ms))

    async def _leave(self, within_ms: int) -> None:
        try:
            async with asyncio.timeout(within_ms / 1000):
                await self._idle.wait()
        except TimeoutError:
            log.get(__name__).warning("left before all results were stored", waiting=len(self._unstored))
        self._left.set()

    def _note_idle(self) -> None:
        if not self._attempts and not self._unstored:
            self._idle.set()

    async def _obey(self) -> None:
        async for message in self._control.messages():
            match message:
                case PlaceCall():
                    await self._place(message)
                case HangUp(call_id=call_id):
                    if call_id in self._attempts:
                        self._attempts[call_id].hang_up()
                case Drain(within_ms=within_ms):
                    self.drain(within_ms)
                case ResultStored(call_id=call_id):
                    self._unstored.pop(call_id, None)
                    journal.forget(self._journal_dir, call_id)
                    self._note_idle()
                case ActionAnswer(call_id=call_id, finished=finished):
                    waiting = self._asked.get((call_id, finished.action))
                    if waiting and not waiting.done():
                        waiting.set_result(finished)

    async def _place(self, order: PlaceCall) -> None:
        if order.call_id in self._attempts or order.call_id in self._unstored:
            return
        # An order for the process whose name this one took over: control counts it as never left, so it must not leave.
        stray = order.incarnation not in ("", self._incarnation)
        if stray or self._draining or len(self._attempts) >= self._dialler.legs:
            self._tell(CallRefused(order.call_id, order.attempt_id, order.fence))
            return
        place = Workplace(
            line=self._name,
            dialler=self._dialler,
            clock=self._clock,
            zone=ZoneInfo(self._settings.campaign.timezone),
            journal_dir=self._journal_dir,
            recording_dir=self._settings.recording_dir,
            parts=self._parts,
            progress=self._tell,
        )
        attempt = Attempt(order, self._compiled(order.revision), place)
        self._attempts[order.call_id] = attempt
        self._spawn(self._carry_out(order, attempt))

    async def _carry_out(self, order: PlaceCall, attempt: Attempt) -> None:
        try:
            with log.call_context(call_id=order.call_id):
                result = await attempt.run()
        except (OSError, TelephonyError) as error:  # nothing has left this machine: the contact goes back
            log.get(__name__).error("a call could not be placed", call_id=order.call_id, problem=str(error))
            journal.forget(self._journal_dir, order.call_id)
            self._tell(CallProgress(order.call_id, self._name, order.contact, "ended", "", str(error)))
            self._tell(CallRefused(order.call_id, order.attempt_id, order.fence))
        else:
            self._unstored[order.call_id] = result
            self._tell(CallEnded(result))
        finally:
            del self._attempts[order.call_id]
            self._note_idle()

    def _compiled(self, revision: Revision) -> CompiledScript:
        if revision.hash not in self._scripts:
            self._scripts[revision.hash] = compile_revision(revision)
        return self._scripts[revision.hash]

    def _parts(self, order: PlaceCall) -> Parts:
        return Parts(
            vad=app.vad(),
            recogniser=self._speech,
            prompts=self._prompts,
            systems=_AskControl(self, order),
            make_prompts=self._speech.prepare,
            policy=TurnPolicy(),
        )

    async def ask(self, order: PlaceCall, action: str, arguments: dict[str, str]) -> ActionFinished:
        """Ask control's systems on behalf of a call; the caller bounds the wait."""
        key = (order.call_id, action)
        self._asked[key] = asyncio.get_running_loop().create_future()
        try:
            self._tell(ActionAsked(order.call_id, action, arguments, order.inputs))
            return await self._asked[key]
        finally:
            del self._asked[key]

    async def _beat(self) -> None:
        while True:
            calls, legs = tuple(self._attempts), self._dialler.legs
            self._tell(LineBeat(self._name, self._incarnation, calls, self._draining, legs, self._dialler.trunks_down))
            await asyncio.sleep(_BEAT_S)

    async def _repeat_results(self) -> None:
        while True:
            for result in list(self._unstored.values()):
                self._tell(CallEnded(result))
            await asyncio.sleep(_REPEAT_S)

    def _tell(self, message: ToControl) -> None:
        self._outgoing.put_nowait(message)

    async def _deliver(self) -> None:
        while True:
            await self._control.send(await self._outgoing.get())

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.get(__name__).error("a task of the line failed", exc_info=task.exception())


class _AskControl:
    """``ports.Systems`` of one call."""

    def __init__(self, line: Line, order: PlaceCall) -> None:
        self._line = line
        self._order = order

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        finished = await self._line.ask(self._order, action, dict(arguments))
        return finished.result, finished.values


async def main(name: str, number: int, settings: Settings) -> None:
    """Run line ``number`` (from 0) until it is told to end or gets SIGTERM."""
    log.configure(name)
    endpoint = await app.endpoint(settings, number)
    line = Line(name, settings, endpoint, endpoint.media)
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, line.drain)
    try:
        await line.run()
    finally:
        await endpoint.close()

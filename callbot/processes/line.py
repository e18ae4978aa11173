"""The line process: SIP legs and their conversations. Told what to do by control, asks the speech process to listen."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from zoneinfo import ZoneInfo

from callbot import app, log, wire
from callbot.call import journal
from callbot.call.attempt import Attempt, Workplace, dialling
from callbot.call.reception import UNAVAILABLE, Capacity, Incoming, answer_with, kept_caller, picking_up, shown_caller
from callbot.call.requests import Requests
from callbot.call.session import Parts
from callbot.clock import SystemClock, new_id
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.errors import SettingsError, TelephonyError
from callbot.language import Text
from callbot.messages import ActionFinished, CallResult
from callbot.ports import Dialler
from callbot.protocol import (
    ActionAnswer,
    ActionAsked,
    AnswerCalls,
    CallEnded,
    CallOrder,
    CallProgress,
    CallRefused,
    CommandDone,
    Drain,
    HangUp,
    LineBeat,
    LineReady,
    PlaceCall,
    Release,
    ResultStored,
    Revision,
    Supervise,
    TakeCall,
    ToControl,
    ToLine,
)
from callbot.script.kinds import CALLER, DIALLED
from callbot.settings import Settings
from callbot.speech.remote import SpeechClient
from callbot.telephony.bridge import Party
from callbot.telephony.switchboard import Switchboard
from callbot.turn.taking import TurnPolicy

_BEAT_S = 1.0
_REPEAT_S = 2.0
_REPEAT_MOST_S = 60.0
"""An unacknowledged result is sent again after so long, twice as long each time: what control cannot take, because it
or its database is away for a night, waits in the sockets' memory."""
_DRAIN_MS = 30_000
"""A conversation gets 20 s to say goodbye (call/session); the rest is for storing results."""


def repeat_after_s(times: int) -> float:
    """Pause after the first sending of a result (``times`` 0), the second, and so on."""
    return float(min(_REPEAT_S * 2 ** min(times, 10), _REPEAT_MOST_S))


class Line:
    """One line: keeps attempts, results that control has not stored yet, and the answers systems owe."""

    def __init__(self, name: str, settings: Settings, dialler: Dialler, media: str, switchboard: Switchboard) -> None:
        self._name = name
        self._settings = settings
        self._dialler = dialler
        self._media = media
        self._switchboard = switchboard
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
        self._asked: dict[str, asyncio.Future[ActionFinished]] = {}
        self._scripts: dict[str, CompiledScript] = {}
        self._flows: AnswerCalls | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._outgoing: asyncio.Queue[ToControl] = asyncio.Queue()
        self._leaving = asyncio.Event()
        self._idle = asyncio.Event()
        self._left = asyncio.Event()
        if settings.kept_legs >= dialler.legs:
            raise _no_legs_left(dialler.legs, settings.kept_legs)

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
                reserve=self._settings.kept_legs,
                journaled=(*self._unstored, *journal.unreadable(self._journal_dir)),
            )
        )
        for work in (self._deliver(), self._speech.run(), self._beat(), self._obey()):
            self._spawn(work)
        for result in self._unstored.values():
            self._spawn(self._bring_home(result))
        await self._left.wait()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._speech.close()
        self._control.close()

    def drain(self, within_ms: int = _DRAIN_MS) -> None:
        """No new calls; running ones say goodbye; then ``run`` returns, at the latest after ``within_ms``."""
        if not self._draining:
            self._leaving.set()
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
            try:
                self._take(message)
            except Exception:  # one message that cannot be carried out never makes the line deaf to the next
                log.get(__name__).exception("a message of control failed", kind=type(message).__name__)

    def _take(self, message: ToLine) -> None:
        match message:
            case PlaceCall():
                self._place(message)
            case AnswerCalls(numbers=numbers, default=default, busy=busy):
                for revision in (*numbers.values(), default, busy):
                    if revision is not None:
                        self._compiled(revision)
                self._flows = message
            case HangUp(call_id=call_id):
                if call_id in self._attempts:
                    self._attempts[call_id].hang_up()
            case Drain(within_ms=within_ms):
                self.drain(within_ms)
            case ResultStored(call_id=call_id):
                self._unstored.pop(call_id, None)
                self._note_idle()
                journal.forget(self._journal_dir, call_id)
            case Supervise():
                self._spawn(self._supervise(message))
            case Release(call_id=call_id, party=party, asked_by=asked_by):
                self._answer(asked_by, self._switchboard.release(call_id, Party(party)))
            case ActionAnswer(request=request, finished=finished):
                waiting = self._asked.get(request)
                if waiting and not waiting.done():
                    waiting.set_result(finished)

    @property
    def _draining(self) -> bool:
        return self._leaving.is_set()

    @property
    def _capacity(self) -> Capacity:
        return Capacity(self._dialler.legs, self._settings.kept_legs, len(self._attempts))

    def _place(self, order: PlaceCall) -> None:
        if order.call_id in self._attempts or order.call_id in self._unstored:
            return
        refused = CallRefused(order.call_id, order.attempt_id, order.fence)
        # An order for the process whose name this one took over: control counts it as never left, so it must not leave.
        stray = order.incarnation not in ("", self._incarnation)
        if stray or self._draining or not self._capacity.free:
            self._tell(refused)
            return
        attempt = Attempt(
            order, self._compiled(order.revision), self._workplace(), dialling(self._dialler, order, self._tell)
        )
        self._begin(order, attempt, lambda: self._tell(refused))

    def on_incoming(self, call: Incoming) -> None:
        """Somebody calls: pick up at once with the flow of that number, or refuse."""
        flow = answer_with(call.number, None if self._draining else self._flows, self._capacity)
        if isinstance(flow, int):
            log.get(__name__).info("a call was refused", number=call.number, status=flow)
            call.reject(flow)
            return
        order = TakeCall(
            call_id=new_id("call", self._clock),
            number=kept_caller(call.number),
            caller=kept_caller(call.caller),
            contact=shown_caller(call.caller),
            revision=flow,
            inputs={DIALLED: call.number, CALLER: kept_caller(call.caller)},
        )
        attempt = Attempt(order, self._compiled(flow), self._workplace(), picking_up(call))
        self._begin(order, attempt, lambda: call.reject(UNAVAILABLE))

    def _workplace(self) -> Workplace:
        return Workplace(
            line=self._name,
            clock=self._clock,
            zone=ZoneInfo(self._settings.campaign.timezone),
            journal_dir=self._journal_dir,
            recording_dir=self._settings.recording_dir,
            parts=self._parts,
            progress=self._tell,
        )

    def _begin(self, order: CallOrder, attempt: Attempt, refuse: Callable[[], None]) -> None:
        self._attempts[order.call_id] = attempt
        self._spawn(self._carry_out(order, attempt, refuse))

    async def _carry_out(self, order: CallOrder, attempt: Attempt, refuse: Callable[[], None]) -> None:
        try:
            with log.call_context(call_id=order.call_id):
                result = await attempt.run()
        except (OSError, TelephonyError) as error:  # nothing has left this machine: the contact goes back
            log.get(__name__).error("a call could not be begun", call_id=order.call_id, problem=str(error))
            journal.forget(self._journal_dir, order.call_id)
            self._tell(CallProgress(order.call_id, self._name, order.contact, "ended", "", str(error)))
            refuse()
        else:
            self._unstored[order.call_id] = result
            self._spawn(self._bring_home(result))
        finally:
            del self._attempts[order.call_id]
            self._note_idle()

    async def _supervise(self, asked: Supervise) -> None:
        self._answer(asked.asked_by, await self._switchboard.supervise(asked.call_id, asked.mode, asked.to))

    def _answer(self, asked_by: str, problem: Text | None) -> None:
        self._tell(CommandDone(asked_by, problem.zh, problem.en) if problem else CommandDone(asked_by))

    def _compiled(self, revision: Revision) -> CompiledScript:
        if revision.hash not in self._scripts:
            self._scripts[revision.hash] = compile_revision(revision)
        return self._scripts[revision.hash]

    def _parts(self, order: CallOrder) -> Parts:
        return Parts(
            vad=app.vad(),
            recogniser=self._speech,
            prompts=self._prompts,
            systems=_AskControl(self, order),
            transfers=self._switchboard.for_call(order.call_id, order.caller),
            make_prompts=self._speech.prepare,
            policy=TurnPolicy(),
        )

    async def ask(self, asked: ActionAsked) -> ActionFinished:
        """Ask control's systems on behalf of a call; the caller bounds the wait by cancelling."""
        answer: asyncio.Future[ActionFinished] = asyncio.get_running_loop().create_future()
        self._asked[asked.request] = answer
        try:
            self._tell(asked)
            return await answer
        finally:
            if self._asked.get(asked.request) is answer:  # else it is being asked again already
                del self._asked[asked.request]

    async def _beat(self) -> None:
        while True:
            calls, legs = tuple(self._attempts), self._dialler.legs
            reserve, down = self._settings.kept_legs, self._dialler.trunks_down
            self._tell(LineBeat(self._name, self._incarnation, calls, self._draining, legs, reserve, down))
            await asyncio.sleep(_BEAT_S)

    async def _bring_home(self, result: CallResult) -> None:
        """Send a result until control has stored it."""
        times = 0
        while result.call_id in self._unstored:
            self._tell(CallEnded(result))
            with suppress(TimeoutError):
                # A line that leaves has no time for long pauses.
                async with asyncio.timeout(repeat_after_s(times)):
                    await self._leaving.wait()
                await asyncio.sleep(_REPEAT_S)
            times += 1

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

    def __init__(self, line: Line, order: CallOrder) -> None:
        self._line = line
        self._order = order
        self._requests = Requests(order.call_id)

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        request = self._requests.name(action, arguments)
        phone = self._order.caller if isinstance(self._order, TakeCall) else ""
        finished = await self._line.ask(ActionAsked(self._order.call_id, request, action, dict(arguments), phone))
        self._requests.answered(action, finished.result)
        return finished.result, finished.values


def _no_legs_left(legs: int, kept: int) -> SettingsError:
    return SettingsError(
        Text(
            f"每条线路只有 {legs} 路，却要留出 {kept} 路（telephony.reserve，以及 hotline.busy 的一路），没有剩下的。"
            "请减小 telephony.reserve。",
            f"A line has {legs} legs and {kept} are kept (telephony.reserve, and one for hotline.busy): none is left. "
            "Make telephony.reserve smaller.",
        )
    )


async def main(name: str, number: int, settings: Settings) -> None:
    """Run line ``number`` (from 0) until it is told to end or gets SIGTERM."""
    log.configure(name)
    line: Line | None = None

    def on_incoming(call: Incoming) -> None:
        if line is None:
            call.reject(UNAVAILABLE)
        else:
            line.on_incoming(call)

    endpoint = await app.endpoint(settings, number, on_incoming)
    try:
        switchboard = Switchboard(endpoint, app.queue_targets(settings))
        line = Line(name, settings, endpoint, endpoint.media, switchboard)
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, line.drain)
        await line.run()
    finally:
        await endpoint.close()

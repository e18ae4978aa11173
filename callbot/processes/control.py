"""The control process: dispatcher, store, follow-ups, health. The only process that touches the database."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial

import msgspec
import uvicorn

from callbot import __version__, app, log, wire
from callbot.call.prompting import FILLER
from callbot.campaign.dispatch import Dispatcher, Hands, Terms
from callbot.clock import SystemClock
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.dialogue.pieces import contact_pieces, shared_pieces
from callbot.errors import SettingsError
from callbot.followup.deliver import Deliverer
from callbot.followup.plan import plan
from callbot.language import Text, tr
from callbot.messages import ActionFinished
from callbot.ports import ShopSystems
from callbot.processes.hotlines import Hotlines, flows_of
from callbot.processes.recordings import keep_recordings
from callbot.protocol import (
    ActionAnswer,
    ActionAsked,
    CallProgress,
    CommandDone,
    LineBeat,
    LineReady,
    Live,
    Notice,
    Release,
    Revision,
    Supervise,
    ToControl,
    ToLine,
)
from callbot.settings import Settings
from callbot.speech.remote import SpeechClient
from callbot.store.records import Due
from callbot.store.repository import Store
from callbot.web.health import Health, LineHealth, create_app

_DELIVER_S = 1.0
"""How often the outbox is looked into when no call has ended."""
_LOST_MS = 5000
_THREADS = 32
"""Blocking work at the same time: calls being placed, results, and what callers ask."""


class Control:
    """Wires lines, dispatcher, follow-ups and whoever watches."""

    def __init__(self, settings: Settings, store: Store, systems: ShopSystems) -> None:
        self._clock = SystemClock()
        self._systems = systems
        self._server: wire.Server[ToControl, ToLine | CommandDone] = wire.Server(
            wire.address(settings.socket_dir, "control"), ToControl
        )
        self._live: wire.Publisher[Live] = wire.Publisher(wire.address(settings.socket_dir, "live"))
        self._speech = SpeechClient(wire.address(settings.socket_dir, "speech"), "control")
        self._scripts: dict[str, CompiledScript] = {}
        self._shared_ready: set[str] = set()
        self._lines: dict[str, tuple[LineHealth, int]] = {}
        self._calls: dict[str, str] = {}  # where each call is, as of the line's last beat
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._for_dispatcher: asyncio.Queue[tuple[str, ToControl]] = asyncio.Queue()
        self._planned = asyncio.Event()
        self._settings = settings
        flows = flows_of(settings, store.publications)
        for flow in (*flows.numbers.values(), flows.default, flows.busy):
            if flow is not None:
                keep_recordings(settings, flow, app.prompts(settings))
        self._hotlines = Hotlines(flows, store.incoming, systems, self._speech.prepare, self._server.send)
        gateway = app.sms_gateway(settings, store)
        self._deliverer = Deliverer(app.dbos_url(settings), store.followups, gateway, app.webhooks(settings))
        self.dispatcher = Dispatcher(
            store,
            Terms.of(settings),
            Hands(
                send=self._server.send,
                prepare=self._prepare,
                plan=partial(plan, signature=settings.sms.signature),
                run=asyncio.to_thread,
                notify=self._notify,
                clock=self._clock,
            ),
        )

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.to_thread(self._deliverer.start)
        await self.dispatcher.start()
        try:
            async with asyncio.TaskGroup() as group:
                receiving = (self._receive(), self._dispatch(), self._speech.run())
                for work in (*receiving, self.dispatcher.run(), self._deliver(), self._hotlines.run()):
                    group.create_task(work)
        finally:
            await self.dispatcher.drain()
            await asyncio.to_thread(self._deliverer.stop)
            self._server.close()
            self._live.close()
            self._speech.close()

    def health(self) -> Health:
        """Whether calls can be placed."""
        now = self._clock.monotonic_ms()
        lines = [line for line, seen in self._lines.values() if now - seen < _LOST_MS]
        problem = "" if lines else tr("没有线路在运行", "no line is running")
        return Health(
            status="ok" if lines else "degraded",
            version=__version__,
            lines=lines,
            hotlines="ready" if self._hotlines.ready else "preparing",
            problem=problem,
        )

    async def _receive(self) -> None:
        async for line, message in self._server.messages():
            match message:
                case CallProgress():
                    await self._live.send(message)
                case ActionAsked():
                    self._spawn_answer(line, message)
                case Supervise() | Release():
                    await self._pass_on(line, message)
                case CommandDone(asked_by=asked_by):
                    await self._server.send(asked_by, message)
                case _:
                    await self._note_line(message)
                    self._for_dispatcher.put_nowait((line, message))

    async def _dispatch(self) -> None:
        """What touches the store, one after the other; a slow database must not keep callers' questions waiting."""
        while True:
            if await self.dispatcher.handle(*await self._for_dispatcher.get()):
                self._planned.set()

    async def _notify(self, text: Text) -> None:
        await self._live.send(Notice(text.zh, text.en))

    async def _note_line(self, message: ToControl) -> None:
        if isinstance(message, LineReady | LineBeat):
            await self._hotlines.note(message)
        now = self._clock.monotonic_ms()
        match message:
            case LineReady(line=name, legs=legs, media=media):
                self._lines[name] = LineHealth(line=name, legs=legs, busy=0, media=media), now
            case LineBeat(line=name, legs=legs, calls=calls, trunks_down=down):
                media = self._lines[name][0].media if name in self._lines else ""
                health = LineHealth(line=name, legs=legs, busy=len(calls), media=media, trunks_down=list(down))
                self._lines[name] = health, now
                self._calls = {call: line for call, line in self._calls.items() if line != name}
                self._calls |= dict.fromkeys(calls, name)
            case _:
                pass

    async def _pass_on(self, peer: str, command: Supervise | Release) -> None:
        """Give a command to the line that has the call."""
        line = self._calls.get(command.call_id)
        if line is not None:
            await self._server.send(line, msgspec.structs.replace(command, asked_by=peer))
            return
        running = ", ".join(sorted(self._calls)) or "-"
        zh = f"没有正在进行的通话 {command.call_id}。正在进行的：{running}"
        en = f"There is no call {command.call_id} now. Running calls: {running}"
        await self._server.send(peer, CommandDone(peer, zh, en))

    def _spawn_answer(self, line: str, asked: ActionAsked) -> None:
        """A question that is asked again while its answer is under way is not carried out beside itself."""
        if asked.request not in self._answering:
            task = asyncio.create_task(self._answer(line, asked))
            self._answering[asked.request] = task
            task.add_done_callback(lambda _: self._answering.pop(asked.request, None))

    async def _answer(self, line: str, asked: ActionAsked) -> None:
        result, values = await self._systems.ask(asked)
        await self._server.send(line, ActionAnswer(asked.request, ActionFinished(asked.action, result, values)))

    async def _prepare(self, contact: Due) -> None:
        script = self._compiled(contact.revision)
        pieces = list(contact_pieces(script, contact.inputs))
        if contact.revision.hash not in self._shared_ready:
            pieces = [FILLER, *shared_pieces(script), *pieces]
            await asyncio.to_thread(keep_recordings, self._settings, contact.revision, app.prompts(self._settings))
        await self._speech.prepare(pieces)
        self._shared_ready.add(contact.revision.hash)

    def _compiled(self, revision: Revision) -> CompiledScript:
        if revision.hash not in self._scripts:
            self._scripts[revision.hash] = compile_revision(revision)
        return self._scripts[revision.hash]

    async def _deliver(self) -> None:
        while True:
            self._planned.clear()
            await asyncio.to_thread(self._deliverer.deliver_pending)
            with suppress(TimeoutError):
                async with asyncio.timeout(_DELIVER_S):
                    await self._planned.wait()


async def main(settings: Settings) -> None:
    """Serve until SIGTERM. Errors: ``SettingsError`` for a busy port, ``StoreError`` for a database out of reach."""
    log.configure("control")
    # asyncio's own pool has six threads on two cores: all of them would wait when the database does, and callers too.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "store"))
    store = app.store(settings)
    try:
        control = Control(settings, store, app.systems(settings))
        async with _http(settings, control):
            work = asyncio.ensure_future(control.run())
            for stop in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(stop, work.cancel)
            with suppress(asyncio.CancelledError):
                await work
    finally:
        store.close()


@asynccontextmanager
async def _http(settings: Settings, control: Control) -> AsyncIterator[None]:
    """The HTTP side for the time of the block; port 0 means none."""
    if not settings.web.port:
        yield
        return
    listening = _listen(settings.web.host, settings.web.port)
    config = uvicorn.Config(create_app(control.health), log_config=None, access_log=False, lifespan="off")
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve([listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves the signals to ``main``."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise SettingsError(
            Text(
                f"网页端口 {host}:{port} 不能使用（{error.strerror}）。请在 callbot.toml 的 [web] 里换一个 port。",
                f"Web port {host}:{port} cannot be used ({error.strerror}). Set another under [web] in callbot.toml.",
            )
        ) from None

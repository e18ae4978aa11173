"""Flows for calls that come in: read when control starts, their prompts made, then handed to every line.

::

    flows ──publish──> store     pieces ──prepare──> speech     lines ──ready, beat──> AnswerCalls, once a line process
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from callbot import log
from callbot.authoring.publish import choose
from callbot.call.prompting import FILLER
from callbot.dialogue.engine import compile_revision
from callbot.dialogue.pieces import shared_pieces
from callbot.errors import CallbotError, SettingsError
from callbot.language import Text
from callbot.ports import ShopSystems
from callbot.protocol import AnswerCalls, LineBeat, LineReady, Revision, ToLine
from callbot.script.revision import read_revision
from callbot.settings import Settings
from callbot.store.calls import IncomingStore
from callbot.store.publications import PublicationStore

_AGAIN_S = 5.0
"""Rest after prompts could not be made: the speech process may be starting."""


def flows_of(settings: Settings, published: PublicationStore) -> AnswerCalls:
    """The flows that the settings name: the newest published, or the file of one that was never published.

    Errors: ``SettingsError``; ``ScriptError`` for a flow that cannot be run.
    """
    hotline = settings.hotline
    known: dict[str, Revision] = {}

    def flow(name: str, key: str) -> Revision:
        if name not in known:
            known[name] = _flow(settings, published, name, key)
        return known[name]

    return AnswerCalls(
        {each.number: flow(each.flow, "numbers") for each in hotline.numbers},
        flow(hotline.default, "default") if hotline.default else None,
        flow(hotline.busy, "busy") if hotline.busy else None,
    )


class Hotlines:
    """What control does for calls that come in."""

    def __init__(
        self,
        flows: AnswerCalls,
        store: IncomingStore,
        systems: ShopSystems,
        prepare: Callable[[Sequence[str]], Awaitable[object]],
        send: Callable[[str, ToLine], Awaitable[None]],
    ) -> None:
        self._flows = flows
        self._store = store
        self._systems = systems
        self._prepare = prepare
        self._send = send
        self._told: dict[str, str] = {}
        self.ready = False

    async def run(self) -> None:
        """Make everything ready, however often it takes."""
        while not self.ready:
            try:
                await self._make_ready()
            except CallbotError as error:
                log.get(__name__).error("hotlines do not answer yet", problem=str(error))
                await asyncio.sleep(_AGAIN_S)

    async def _make_ready(self) -> None:
        every = (*self._flows.numbers.values(), self._flows.default, self._flows.busy)
        flows = {flow.hash: flow for flow in every if flow is not None}
        if flows:
            await asyncio.to_thread(self._store.publish, list(flows.values()))
            pieces = [FILLER]
            for flow in flows.values():
                pieces += shared_pieces(compile_revision(flow))
            await self._prepare([*pieces, *await asyncio.to_thread(self._systems.spoken_texts)])
        self.ready = True

    async def note(self, message: LineReady | LineBeat) -> None:
        """A line lives: tell it what to answer, once and as soon as the prompts are ready."""
        if self.ready and self._told.get(message.line) != message.incarnation:
            self._told[message.line] = message.incarnation
            await self._send(message.line, self._flows)


def _flow(settings: Settings, published: PublicationStore, name: str, key: str) -> Revision:
    path = settings.flows_dir / f"{name}.yaml"
    if not path.is_file():
        raise SettingsError(
            Text(
                f"callbot.toml 的 hotline.{key} 写了流程 {name}，但没有文件 {path}。请改名字，或检查 flows_dir。",
                f"hotline.{key} in callbot.toml names the flow {name}, but there is no file {path}. Name another, or "
                "check flows_dir.",
            )
        )
    revision = choose(published, path).revision
    if read_revision(revision).script.kind != "hotline":
        raise SettingsError(
            Text(
                f"{path} 不是热线流程，不能接听来电。请把它的 kind 写成 hotline。",
                f"{path} is no hotline flow and cannot answer calls. Its kind has to be hotline.",
            )
        )
    return revision

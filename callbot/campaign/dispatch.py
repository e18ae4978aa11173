"""The dispatcher: gives due contacts to lines with room, and takes results home.

::

    claim ─> prepare (prompts) ─> gate again ─> mark_dialling ─> PlaceCall ... CallEnded ─> record ─> ResultStored
       └──────── what fails here: release, nothing left ───┘

One asyncio task at a time calls ``handle``; ``run`` is a task beside it. Database calls go through ``Hands.run``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from callbot import log
from callbot.campaign.lines import LineBook, Place
from callbot.campaign.preparing import AHEAD, Prepare, Prepared, Preparing
from callbot.campaign.rules import Refusal, Window, refusal
from callbot.clock import new_id
from callbot.errors import StoreError
from callbot.language import Text
from callbot.messages import CallResult
from callbot.ports import Clock
from callbot.protocol import (
    CallEnded,
    CallRefused,
    HangUp,
    LineBeat,
    LineReady,
    PlaceCall,
    ResultStored,
    Route,
    ToControl,
    ToLine,
    TrunkChanged,
)
from callbot.settings import Settings, Trunk
from callbot.store.records import CallContext, Claimed, Dialling, Due, NewFollowUp
from callbot.store.repository import Store
from callbot.telephony.trunks import uri_of
from callbot.values import Disposition

_TICK_S = 1.0
"""How often due contacts are looked for when nothing happens; a call that ends asks at once."""
_REFUSED_S = 2
"""Rest of a contact that a line had no leg for; by then its beat told how many legs are free."""

PROMPTS_FAILED = "prompts_failed"
"""Outcome of a contact that was never dialled because its prompts could not be made."""
_NO_VOICE = Text(
    "话术语音做不出来，暂时不能外呼，过一会儿自动再试。请运行 callbot doctor 检查语音合成，原因见日志。",
    "Prompts cannot be made, so nobody is called; it is tried again by itself. "
    "Check the voice with `callbot doctor`; the log has the reason.",
)

Result = TypeVar("Result")


class Run(Protocol):
    """Runs a blocking function elsewhere, such as ``asyncio.to_thread``."""

    def __call__(self, function: Callable[..., Result], /, *arguments: object) -> Awaitable[Result]:
        """Await its result."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits calls are placed within. ``owner`` stays the same over restarts of this control."""

    owner: str
    window: Window
    trunks: tuple[Trunk, ...]
    lease_s: int
    ring_limit_ms: int

    @classmethod
    def of(cls, settings: Settings, owner: str = "control") -> "Terms":
        """The terms of this installation."""
        return cls(
            owner=owner,
            window=Window.of(settings.campaign),
            trunks=settings.telephony.trunks,
            lease_s=settings.campaign.lease_s,
            ring_limit_ms=settings.telephony.ring_limit_s * 1000,
        )


@dataclass(frozen=True, slots=True)
class Hands:
    """What the dispatcher does things with.

    ``plan`` turns a result into its follow-ups; it is pure. ``notify`` tells whoever watches what a person has to put
    right.
    """

    send: Callable[[str, ToLine], Awaitable[None]]
    prepare: Prepare
    plan: Callable[[CallResult, CallContext], Sequence[NewFollowUp]]
    run: Run
    notify: Callable[[Text], Awaitable[None]]
    clock: Clock


class Dispatcher:
    """Places calls of running campaigns and records what came of them."""

    def __init__(self, store: Store, terms: Terms, hands: Hands) -> None:
        self._store = store
        self._terms = terms
        self._hands = hands
        self._trunks = {trunk.name: trunk for trunk in terms.trunks}
        self._book = LineBook(
            {trunk.name: trunk.channels for trunk in terms.trunks},
            {trunk.name: trunk.priority for trunk in terms.trunks},
        )
        self._leases: dict[str, datetime] = {}
        self._placing: set[asyncio.Task[None]] = set()
        self._preparing = Preparing(hands.prepare, terms.lease_s, hands.clock)
        self._claiming = asyncio.Lock()
        self._wake = asyncio.Event()
        self._draining = False
        self._log = log.get(__name__)

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Take up what an earlier control left: its claims go back, its calls still fill lines and trunks."""
        attempts = self._store.attempts
        await self._hands.run(attempts.release_claims, self._terms.owner)
        for attempt in await self._hands.run(attempts.open_attempts):
            dialling = attempt.dialling
            self._book.occupy(dialling.call_id, Place(dialling.line, dialling.incarnation, dialling.trunk))
            self._leases[dialling.call_id] = attempt.lease_until

    async def run(self) -> None:
        """Place calls until cancelled; call ``start`` before. A database that is away is waited for."""
        while True:
            try:
                await self.tick()
            except StoreError as error:
                self._log.error("due contacts could not be claimed", problem=str(error))
            except Exception:  # whatever one row holds, control has calls to bring home
                self._log.exception("a round of the dispatcher failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._wake.wait()
            self._wake.clear()

    def wake(self) -> None:
        """Look for due contacts now: a campaign was started."""
        self._wake.set()

    async def drain(self) -> None:
        """Place no more calls; contacts that are still being prepared go back. Returns when that is done."""
        self._draining = True
        self._preparing.cancel()
        await self.settled()

    async def settled(self) -> None:
        """Wait until no call is on its way to a line."""
        while self._placing:
            await asyncio.wait(self._placing)

    async def stop_all(self) -> int:
        """The red button: every campaign pauses, every call is hung up; returns how many calls were alive."""
        await self._hands.run(self._store.campaigns.pause_all)
        calls = list(self._book.calls())
        for line, call_id in calls:
            await self._hands.send(line, HangUp(call_id))
        return len(calls)

    def closed(self) -> Refusal | None:
        """Why nobody is called at this hour, or None."""
        return refusal(self._hands.clock.now(), self._terms.window)

    # ------------------------------------------------------------ what lines say

    async def handle(self, sender: str, message: ToControl) -> bool:
        """Take a message of the line ``sender``; True when it brought a result that was not known before."""
        try:
            return await self._take(sender, message)
        except StoreError as error:
            # A result comes again until it is stored; for the rest, leases settle what was missed, on the safe side.
            self._log.error("a line's message met a store out of reach", line=sender, problem=str(error))
            return False
        except Exception:
            # One message that cannot be dealt with must not end control: it would come again to the next one, for ever.
            self._log.exception("a line's message could not be dealt with", line=sender, kind=type(message).__name__)
            return False

    async def _take(self, sender: str, message: ToControl) -> bool:
        match message:
            case LineReady():
                self._book.ready(message, self._hands.clock.monotonic_ms())
                await self._reconcile(message)
                self.wake()
            case LineBeat():
                self._book.beat(message, self._hands.clock.monotonic_ms())
                await self._renew(message.calls)
            case CallRefused(call_id=call_id, attempt_id=attempt_id, fence=fence):
                await self._release(attempt_id, fence, call_id, rest_s=_REFUSED_S)
            case TrunkChanged(call_id=call_id, trunk=trunk):
                await self._say_dead(self._book.move(call_id, trunk, self._hands.clock.monotonic_ms()))
            case CallEnded(result=result):
                return await self._record(sender, result)
            case _:
                pass  # live progress and questions of calls are control's
        return False

    async def _reconcile(self, ready: LineReady) -> None:
        """A line is back from the dead: what its journal holds will be reported; what it does not hold never left."""
        for attempt in await self._hands.run(self._store.attempts.open_attempts, ready.line):
            call_id = attempt.dialling.call_id
            if attempt.dialling.incarnation == ready.incarnation:
                continue
            if call_id in ready.journaled:
                self._leases.pop(call_id, None)
                await self._renew((call_id,))
            else:
                await self._release(attempt.attempt_id, attempt.fence, call_id)

    async def _renew(self, calls: Sequence[str]) -> None:
        now = self._hands.clock.now()
        half = timedelta(seconds=self._terms.lease_s / 2)
        old = [call_id for call_id in calls if self._leases.get(call_id, now) - now < half]
        if old:
            until = now + 2 * half
            await self._hands.run(self._store.attempts.renew, old, until)
            self._leases.update(dict.fromkeys(old, until))

    async def _record(self, sender: str, result: CallResult) -> bool:
        if result.direction == "in":
            context = await self._hands.run(self._store.incoming.context, result)
            record = self._store.incoming.record
        else:
            context = await self._hands.run(self._store.attempts.context, result.attempt_id)
            record = self._store.attempts.record
        followups = () if context is None else self._hands.plan(result, context)
        new = await self._hands.run(record, result, followups)
        await self._watch_trunk(result)
        self._forget(result.call_id)
        await self._hands.send(sender, ResultStored(result.call_id))
        return new

    async def _watch_trunk(self, result: CallResult) -> None:
        """A trunk that answers nothing must not use up a whole list."""
        answered = result.disposition is not Disposition.UNREACHABLE
        dead = self._book.trunk_answered(result.call_id, answered=answered, now_ms=self._hands.clock.monotonic_ms())
        await self._say_dead(dead)

    async def _say_dead(self, dead: str | None) -> None:
        if dead is None:
            return
        trunk = self._trunks[dead]
        self._log.error("a trunk does not answer and rests", trunk=dead)
        await self._hands.notify(
            Text(
                f"中继 {dead}（{trunk.host}:{trunk.port}）没有应答，暂停一分钟后再试。"
                f"请检查地址、端口、防火墙，以及对端是否在运行。",
                f"Trunk {dead} ({trunk.host}:{trunk.port}) does not answer; it is tried again in a minute. "
                f"Check address, port, firewall, and whether the other side is running.",
            )
        )

    # ------------------------------------------------------------ placing calls

    async def tick(self) -> None:
        """Settle what ran out, then claim as many due contacts as there is room for and send them on their way."""
        async with self._claiming:
            now = self._hands.clock.now()
            for call_id in await self._hands.run(self._store.attempts.expire, now):
                self._log.warning("nobody answers for this call any more", call_id=call_id)
                self._forget(call_id)
            room = self._book.room(self._hands.clock.monotonic_ms())
            if self._draining or self.closed():
                return
            for claimed in await self._claim(room, now):
                task = asyncio.create_task(self._place(claimed))
                self._placing.add(task)
                task.add_done_callback(self._placed)
                room -= 1
            if not room:
                self._preparing.ahead(await self._hands.run(self._store.attempts.upcoming, AHEAD, now))

    async def _claim(self, room: int, now: datetime) -> Sequence[Claimed]:
        if not room:
            return ()
        claim, cold = self._store.attempts.claim, self._preparing.cold
        return await self._hands.run(claim, room, now, self._terms.lease_s, self._terms.owner, cold)

    def _placed(self, task: asyncio.Task[None]) -> None:
        self._placing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # The claim stays until its lease runs out; then it goes back by itself.
            self._log.error("a call could not be placed", problem=str(error), exc_info=error)

    async def _place(self, claimed: Claimed) -> None:
        call_id = new_id("call", self._hands.clock)
        place = self._book.reserve(call_id, self._hands.clock.monotonic_ms())
        if place is None:
            await self._release(claimed.attempt_id, claimed.fence, call_id)
        elif await self._prepared(claimed, call_id):
            if await self._may_dial(claimed, call_id, place):
                await self._hands.send(place.line, self._order(claimed, call_id, place))
            else:
                await self._release(claimed.attempt_id, claimed.fence, call_id)

    async def _prepared(self, claimed: Claimed, call_id: str) -> bool:
        """Whether all its prompts are ready; if not, the contact is given back or set aside."""
        match await self._preparing.prepared(claimed):
            case Prepared.READY:
                return True
            case Prepared.CANCELLED | Prepared.COLD:
                await self._release(claimed.attempt_id, claimed.fence, call_id)
            case Prepared.HOPELESS:
                set_aside = self._store.attempts.set_aside
                await self._hands.run(set_aside, claimed.attempt_id, claimed.fence, PROMPTS_FAILED)
                self._forget(call_id)
                await self._hands.notify(_set_aside(claimed))
            case Prepared.FAILED:
                await self._release(claimed.attempt_id, claimed.fence, call_id, rest_s=self._preparing.rest_s(claimed))
            case Prepared.ALL_FAIL:
                await self._release(claimed.attempt_id, claimed.fence, call_id, rest_s=self._preparing.rest_s(claimed))
                await self._hands.notify(_NO_VOICE)
        return False

    async def _may_dial(self, claimed: Claimed, call_id: str, place: Place) -> bool:
        lives = self._book.lives(place, self._hands.clock.monotonic_ms())
        if self._draining or not lives or self.closed():
            return False
        until = self._hands.clock.now() + timedelta(seconds=self._terms.lease_s)
        dialling = Dialling(call_id, place.line, place.incarnation, place.trunk)
        mark = self._store.attempts.mark_dialling
        if not await self._hands.run(mark, claimed.attempt_id, claimed.fence, dialling, until):
            return False
        self._leases[call_id] = until
        return True

    def _order(self, claimed: Claimed, call_id: str, place: Place) -> PlaceCall:
        spares = self._book.spares(place, self._hands.clock.monotonic_ms())
        first, *others = [self._route(trunk, claimed.phone.number) for trunk in (place.trunk, *spares)]
        return PlaceCall(
            call_id=call_id,
            attempt_id=claimed.attempt_id,
            fence=claimed.fence,
            incarnation=place.incarnation,
            uri=first.uri,
            caller=first.caller,
            trunk=first.trunk,
            spares=tuple(others),
            contact=claimed.name,
            revision=claimed.revision,
            inputs=dict(claimed.inputs),
            ring_limit_ms=self._terms.ring_limit_ms,
        )

    def _route(self, name: str, number: str) -> Route:
        trunk = self._trunks[name]
        return Route(name, uri_of(trunk, number), trunk.caller)

    async def _release(self, attempt_id: str, fence: int, call_id: str, rest_s: int = 0) -> None:
        """The call surely never left; its contact waits again, for now or for ``rest_s`` seconds."""
        due_at = self._hands.clock.now() + timedelta(seconds=rest_s) if rest_s else None
        await self._hands.run(self._store.attempts.release, attempt_id, fence, due_at)
        self._forget(call_id)

    def _forget(self, call_id: str) -> None:
        self._book.free(call_id)
        self._leases.pop(call_id, None)
        self.wake()


def _set_aside(contact: Due) -> Text:
    return Text(
        f"{contact.name}（任务 {contact.campaign_id}）的话术语音三次都没有做出来，已搁置，没有拨打，原因见日志。"
        f"改好后运行 callbot call-again {contact.campaign_id}。",
        f"The prompts of {contact.name} (campaign {contact.campaign_id}) could not be made in three tries: set aside, "
        f"not called; the log has the reason. When it is put right: callbot call-again {contact.campaign_id}.",
    )

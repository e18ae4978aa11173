"""Prompts of contacts: ready before the call, made ahead while all legs are busy, given up where they never succeed.

::

    one contact fails, others do not     3 times ──► set aside, the operator is told
    every contact fails                  tried again, ever more rarely; the operator is told once: no voice
    a script is new and its own prompts  one contact has them made; the others go back, and leave their legs to
    take minutes                         other campaigns until that is done
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto

from callbot import log
from callbot.errors import CallbotError
from callbot.ports import Clock
from callbot.store.records import Due

AHEAD = 4
"""Contacts whose prompts are made before there is a leg for them: enough for legs that fall free together."""
TRIES = 3
"""A contact's prompts are tried so often while those of others succeed."""
RETRY_S = 30
MOST_S = 600
"""Rest of a contact whose prompts could not be made, twice as long each time."""

_NEVER_AGAIN_MS = 2**62

_WARM_UP_S = 2.0
"""So long contacts of a new script wait with a leg in hand: prompts that are in the cache take no time."""

Prepare = Callable[[Due], Awaitable[None]]
"""Returns when every prompt of the contact is ready; raises when that cannot be."""


class Prepared(Enum):
    """What came of it."""

    READY = auto()
    FAILED = auto()
    """Try again later."""
    HOPELESS = auto()
    """It is this contact: the prompts of others were made meanwhile."""
    ALL_FAIL = auto()
    """Try again later, and tell the operator: nobody's prompts can be made."""
    COLD = auto()
    """The script's own prompts are still being made: give the contact back as it was."""
    CANCELLED = auto()


class Preparing:
    """Has prompts made, and remembers whose could not be."""

    def __init__(self, prepare: Prepare, limit_s: int, clock: Clock) -> None:
        self._prepare = prepare
        self._limit_s = limit_s
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._first: dict[str, asyncio.Task[None]] = {}  # by revision: its first contact, who has the shared ones made
        self._failures: dict[str, tuple[int, int]] = {}  # times, and how many others had succeeded before the first
        self._successes = 0
        self._told_at = -1
        self._ahead: asyncio.Task[None] | None = None
        self._seen: dict[str, int] = {}  # contacts made ready ahead, or when to try them again

    async def prepared(self, contact: Due) -> Prepared:
        """Have the prompts of a claimed contact made."""
        first = self._first.get(contact.revision.hash)
        if first is not None and not first.done():
            await asyncio.wait({first}, timeout=_WARM_UP_S)
            if not first.done():
                return Prepared.COLD
        task: asyncio.Task[None] = asyncio.ensure_future(self._make(contact))
        if first is None or first.cancelled() or first.exception() is not None:
            self._first[contact.revision.hash] = task
        self._running.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._running.discard(task)
        if task.cancelled():
            return Prepared.CANCELLED
        error = task.exception()
        if error is None:
            self._successes += 1
            self._failures.pop(contact.contact_id, None)
            return Prepared.READY
        details = None if isinstance(error, CallbotError | TimeoutError) else error
        log.get(__name__).error(
            "the prompts of a contact could not be made",
            contact=contact.contact_id,
            problem=str(error),
            exc_info=details,
        )
        return self._failed(contact.contact_id)

    @property
    def cold(self) -> frozenset[str]:
        """Revisions whose first contact is still being prepared: no use to claim more of them."""
        return frozenset(revision for revision, first in self._first.items() if not first.done())

    def rest_s(self, contact: Due) -> int:
        """How long a contact whose prompts failed is left alone."""
        times, _ = self._failures.get(contact.contact_id, (1, 0))
        return int(min(RETRY_S * 2 ** min(times - 1, 10), MOST_S))

    def ahead(self, contacts: Sequence[Due]) -> None:
        """Make the prompts of those whose turn comes next, one contact after the other; returns at once."""
        now_ms = self._clock.monotonic_ms()
        self._seen = {one.contact_id: self._seen.get(one.contact_id, 0) for one in contacts}
        new = [one for one in contacts if self._seen[one.contact_id] <= now_ms]
        if new and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.ensure_future(self._make_ahead(new))

    def cancel(self) -> None:
        """Let go of everything that is being made."""
        for task in [*self._running, *([self._ahead] if self._ahead else [])]:
            task.cancel()

    def _failed(self, contact_id: str) -> Prepared:
        times, successes = self._failures.get(contact_id, (0, self._successes))
        self._failures[contact_id] = times + 1, successes
        if times + 1 < TRIES:
            return Prepared.FAILED
        if self._successes > successes:
            del self._failures[contact_id]
            return Prepared.HOPELESS
        if self._told_at == self._successes:
            return Prepared.FAILED
        self._told_at = self._successes
        return Prepared.ALL_FAIL

    async def _make_ahead(self, contacts: Sequence[Due]) -> None:
        for contact in contacts:
            try:
                await self._make(contact)
            except Exception as error:  # one contact's failure never keeps others waiting; its turn tells more
                log.get(__name__).info(
                    "prompts could not be made ahead", contact=contact.contact_id, problem=str(error)
                )
                self._seen[contact.contact_id] = self._clock.monotonic_ms() + RETRY_S * 1000
            else:
                self._seen[contact.contact_id] = _NEVER_AGAIN_MS

    async def _make(self, contact: Due) -> None:
        async with asyncio.timeout(self._limit_s):
            await self._prepare(contact)

"""Calls that came in: no contact, no attempt, no claim; the caller is all there is."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Engine, select

from callbot.messages import CallResult
from callbot.ports import Clock
from callbot.protocol import Revision
from callbot.store.engine import insert_once, reading, writing
from callbot.store.followups import insert_followups, to_followup
from callbot.store.records import CallContext, FollowUp, NewFollowUp, TakenCall
from callbot.store.tables import calls, revisions
from callbot.store.tables import followups as followup_rows
from callbot.values import Phone


class IncomingStore:
    """Keeps what came of calls to the hotlines. Any thread; every call blocks."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def publish(self, flows: Iterable[Revision]) -> None:
        """Keep the flows that answer from now on, so that every call can be read again beside the one it ran."""
        with writing(self._engine) as connection:
            for flow in flows:
                insert_once(connection, revisions, {"hash": flow.hash, "script": flow.script, "text": flow.text})

    def context(self, result: CallResult) -> CallContext | None:
        """Caller and flow of a call, for planning what follows; None when no flow of ours was spoken."""
        phone = None
        with suppress(ValueError):  # a caller who hides the number
            phone = Phone(result.caller)
        if result.trace is None:
            return None
        with reading(self._engine) as connection:
            query = select(revisions).where(revisions.c.hash == result.trace.revision)
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return CallContext("", "", phone, {}, Revision(row.script, row.hash, row.text))

    def record(self, result: CallResult, followups: Sequence[NewFollowUp]) -> bool:
        """Keep a result with its follow-ups, in one transaction; False when this call is known already."""
        with writing(self._engine) as connection:
            if not insert_once(connection, calls, call_row(result, campaign_id=None, contact_id=None, stale=False)):
                return False
            insert_followups(connection, result.call_id, self._clock.now(), followups)
            return True

    def latest(self, limit: int) -> list[TakenCall]:
        """The newest calls first, with their follow-ups."""
        newest = calls.c.started_at.desc(), calls.c.call_id.desc()
        query = select(calls).where(calls.c.direction == "in").order_by(*newest).limit(limit)
        with reading(self._engine) as connection:
            results = [to_call(row._mapping) for row in connection.execute(query)]
            sent: dict[str, list[FollowUp]] = {}
            of_these = followup_rows.c.call_id.in_([result.call_id for result in results])
            for row in connection.execute(select(followup_rows).where(of_these).order_by(followup_rows.c.id)):
                sent.setdefault(row.call_id, []).append(to_followup(row))
        return [TakenCall(result, tuple(sent.get(result.call_id, ()))) for result in results]


def call_row(result: CallResult, **belongs: object) -> dict[str, Any]:
    """A result as a row of ``calls``; ``belongs`` are the columns that a result does not carry."""
    row = msgspec.structs.asdict(result) | belongs
    for name in ("tags", "slots", "transcript", "turns", "trace", "ticket", "webhook"):
        row[name] = msgspec.to_builtins(row[name])
    return row


def to_call(row: Any) -> CallResult:
    """A whole row of ``calls`` as a value."""
    return msgspec.convert({name: row[name] for name in CallResult.__struct_fields__}, CallResult)

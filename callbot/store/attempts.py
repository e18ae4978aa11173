"""Attempts in the store: who may call whom now, and what came of it.

The database is the arbiter of one rule above all: **no telephone rings twice by accident**.

::

    contact   waiting ──claim──> calling ──record──> done        (or waiting again: the script asked for a call-back)
                 ^                  │└────lease ran out─────> interrupted ──operator──> waiting
                 └──────release─────┘       (set_aside: to interrupted without a call; its prompts cannot be made)
    attempt      claimed ──mark_dialling──> dialling ──record / lease ran out──> ended
                    └────────release────────────┴──> released    (only when it surely never left)

Every change locks the contact's row first, so that two processes never decide about one contact at the same time:
``FOR UPDATE`` on PostgreSQL; SQLite has one writer anyway. Any thread; every call blocks.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select, update

from callbot.clock import new_id
from callbot.messages import CallResult
from callbot.ports import Clock
from callbot.protocol import Revision
from callbot.store.calls import call_row
from callbot.store.engine import insert_once, reading, writing
from callbot.store.followups import insert_followups
from callbot.store.records import (
    MAX_ATTEMPTS,
    AttemptState,
    CallContext,
    CampaignState,
    Claimed,
    ContactState,
    Dialling,
    Due,
    NewFollowUp,
    OpenAttempt,
)
from callbot.store.tables import attempts, calls, campaigns, contacts, revisions
from callbot.values import Disposition, Phone

_CHUNK = 10_000
"""Values in one statement: SQLite takes 32 766 and PostgreSQL 65 535."""
_OPEN = (AttemptState.CLAIMED, AttemptState.DIALLING)


class AttemptStore:
    """Claims contacts, follows their attempts, keeps their results."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    # ------------------------------------------------------------ before the call

    def claim(self, limit: int, now: datetime, lease_s: int, owner: str, cold: Collection[str] = ()) -> list[Claimed]:
        """Take up to ``limit`` due contacts of running campaigns, the longest due first, for ``owner`` alone.

        Campaigns of ``cold`` revisions (their hashes) are passed over.

        The lease is for an owner that dies: ``expire`` gives an undialled contact back after it.
        """
        with writing(self._engine) as connection:
            rows = connection.execute(_due(limit, now, cold).with_for_update(skip_locked=True)).all()
            script = _revisions(connection, {row.campaign_id for row in rows})
            return [self._claim(connection, row, script, now + timedelta(seconds=lease_s), owner) for row in rows]

    def upcoming(self, limit: int, now: datetime) -> list[Due]:
        """Whom the next ``claim`` would take, left where they are."""
        with reading(self._engine) as connection:
            rows = connection.execute(_due(limit, now)).all()
            script = _revisions(connection, {row.campaign_id for row in rows})
        return [
            Due(
                campaign_id=row.campaign_id,
                contact_id=row.id,
                phone=Phone(row.phone),
                inputs=row.inputs,
                revision=script[row.campaign_id],
            )
            for row in rows
        ]

    def _claim(
        self, connection: Connection, row: Row[Any], script: dict[str, Revision], lease_until: datetime, owner: str
    ) -> Claimed:
        claimed = Claimed(
            attempt_id=new_id("att", self._clock),
            fence=row.fence + 1,
            number=row.attempts + 1,
            campaign_id=row.campaign_id,
            contact_id=row.id,
            phone=Phone(row.phone),
            inputs=row.inputs,
            revision=script[row.campaign_id],
        )
        new = {
            "id": claimed.attempt_id,
            "campaign_id": claimed.campaign_id,
            "contact_id": claimed.contact_id,
            "number": claimed.number,
            "state": AttemptState.CLAIMED,
            "fence": claimed.fence,
            "owner": owner,
            "lease_until": lease_until,
        }
        connection.execute(attempts.insert(), new)
        values = {"state": ContactState.CALLING, "fence": claimed.fence, "attempts": claimed.number}
        connection.execute(update(contacts).where(contacts.c.id == row.id).values(values))
        return claimed

    def mark_dialling(self, attempt_id: str, fence: int, dialling: Dialling, lease_until: datetime) -> bool:
        """Say that the INVITE is about to leave; only after True may it leave.

        False when the claim is gone or the campaign no longer runs; ``release`` it then.
        """
        running = select(campaigns.c.id).where(campaigns.c.state == CampaignState.RUNNING)
        claimed = (attempts.c.id == attempt_id) & (attempts.c.fence == fence)
        values = {
            "state": AttemptState.DIALLING,
            "call_id": dialling.call_id,
            "line": dialling.line,
            "incarnation": dialling.incarnation,
            "trunk": dialling.trunk,
            "lease_until": lease_until,
        }
        query = update(attempts).where(claimed, attempts.c.state == AttemptState.CLAIMED)
        with writing(self._engine) as connection:
            changed = connection.execute(query.where(attempts.c.campaign_id.in_(running)).values(values))
            return changed.rowcount == 1

    def release(self, attempt_id: str, fence: int, due_at: datetime | None = None) -> bool:
        """The call surely never left: its contact waits again, due when it was before, or at ``due_at``."""
        with writing(self._engine) as connection:
            attempt = _lock(connection, attempt_id)
            if attempt is None or attempt.fence != fence or attempt.state not in _OPEN:
                return False
            _release(connection, attempt, due_at)
            return True

    def set_aside(self, attempt_id: str, fence: int, outcome: str) -> bool:
        """The call surely never left, and would not by itself: its contact waits for the operator's decision."""
        with writing(self._engine) as connection:
            attempt = _lock(connection, attempt_id)
            if attempt is None or attempt.fence != fence or attempt.state != AttemptState.CLAIMED:
                return False
            _release(connection, attempt, None)
            mine = (contacts.c.id == attempt.contact_id) & (contacts.c.fence == fence)
            values = {"state": ContactState.INTERRUPTED, "outcome": outcome}
            connection.execute(update(contacts).where(mine).values(values))
            return True

    def release_claims(self, owner: str) -> int:
        """Give back whatever ``owner`` claimed in an earlier life and did not dial; returns how many."""
        claimed = select(attempts).where(attempts.c.state == AttemptState.CLAIMED, attempts.c.owner == owner)
        with reading(self._engine) as connection:
            rows = connection.execute(claimed).all()
        return sum(self._release_claim(row.id) for row in rows)

    def _release_claim(self, attempt_id: str) -> bool:
        with writing(self._engine) as connection:
            attempt = _lock(connection, attempt_id)
            if attempt is None or attempt.state != AttemptState.CLAIMED:
                return False
            _release(connection, attempt, None)
            return True

    # ------------------------------------------------------------ while it rings or talks

    def renew(self, call_ids: Collection[str], lease_until: datetime) -> None:
        """These calls are alive: their leases last until then."""
        if not call_ids:
            return
        query = update(attempts).where(attempts.c.call_id.in_(call_ids), attempts.c.state == AttemptState.DIALLING)
        with writing(self._engine) as connection:
            connection.execute(query.values(lease_until=lease_until))

    def open_attempts(self, line: str | None = None) -> list[OpenAttempt]:
        """Attempts that may be ringing or talking, of one line or of all."""
        query = select(attempts).where(attempts.c.state == AttemptState.DIALLING).order_by(attempts.c.id)
        if line is not None:
            query = query.where(attempts.c.line == line)
        with reading(self._engine) as connection:
            return [
                OpenAttempt(
                    row.id,
                    row.fence,
                    row.contact_id,
                    Dialling(row.call_id, row.line, row.incarnation, row.trunk),
                    row.lease_until,
                )
                for row in connection.execute(query)
            ]

    def expire(self, now: datetime) -> list[str]:
        """Settle attempts whose lease ran out; returns the ids of calls that ended as ``interrupted``.

        An attempt that was only claimed goes back. One that may have rung is never dialled again by itself.
        """
        overdue = select(attempts.c.id).where(attempts.c.state.in_(_OPEN), attempts.c.lease_until <= now)
        with reading(self._engine) as connection:
            ids = [row.id for row in connection.execute(overdue)]
        ended = []
        for attempt_id in ids:
            with writing(self._engine) as connection:
                attempt = _lock(connection, attempt_id)
                if attempt is None or attempt.lease_until > now:
                    continue
                if attempt.state == AttemptState.CLAIMED:
                    _release(connection, attempt, None)
                elif attempt.state == AttemptState.DIALLING:
                    _interrupt(connection, attempt)
                    ended.append(attempt.call_id)
        return ended

    # ------------------------------------------------------------ after the call

    def context(self, attempt_id: str) -> CallContext | None:
        """Contact and script of an attempt, for planning what follows from its result."""
        query = (
            select(contacts, revisions)
            .join(attempts, attempts.c.contact_id == contacts.c.id)
            .join(campaigns, campaigns.c.id == contacts.c.campaign_id)
            .join(revisions)
            .where(attempts.c.id == attempt_id)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        revision = Revision(row.script, row.hash, row.text)
        return CallContext(row.campaign_id, row.id, Phone(row.phone), row.inputs, revision)

    def record(self, result: CallResult, followups: Sequence[NewFollowUp]) -> bool:
        """Keep a result with its follow-ups, in one transaction; False when this call is known already.

        The contact moves on only if no later claim of it was made; a late result of an attempt that was given up
        as interrupted counts, one that comes after the operator's ``call_again`` is kept beside it.
        """
        with writing(self._engine) as connection:
            attempt = _lock(connection, result.attempt_id)
            stale = attempt is None or not _counts(connection, result, attempt)
            row = call_row(
                result,
                campaign_id=None if attempt is None else attempt.campaign_id,
                contact_id=None if attempt is None else attempt.contact_id,
                stale=stale,
            )
            if not insert_once(connection, calls, row):
                return False
            insert_followups(connection, result.call_id, self._clock.now(), followups)
            if attempt is not None:
                _end(connection, attempt, result.outcome)
                if not stale:
                    _move_on(connection, attempt, result)
            return True

    def call_again(self, contact_ids: Collection[str], now: datetime) -> int:
        """The operator decides that these interrupted contacts are called once more; returns how many were put back."""
        # A new fence: a late result of the lost call must not settle the contact any more.
        values = {"state": ContactState.WAITING, "outcome": "", "due_at": now, "fence": contacts.c.fence + 1}
        lost = update(contacts).where(contacts.c.state == ContactState.INTERRUPTED).values(values)
        ids = list(contact_ids)
        with writing(self._engine) as connection:
            return sum(
                connection.execute(lost.where(contacts.c.id.in_(ids[start : start + _CHUNK]))).rowcount
                for start in range(0, len(ids), _CHUNK)
            )


def _due(limit: int, now: datetime, cold: Collection[str] = ()) -> Select[Any]:
    running = select(campaigns.c.id).where(
        campaigns.c.state == CampaignState.RUNNING, campaigns.c.revision_hash.not_in(cold)
    )
    return (
        select(contacts)
        .where(contacts.c.campaign_id.in_(running), contacts.c.state == ContactState.WAITING)
        .where(contacts.c.due_at <= now)
        .order_by(contacts.c.due_at, contacts.c.campaign_id, contacts.c.position)
        .limit(limit)
    )


def _revisions(connection: Connection, campaign_ids: set[str]) -> dict[str, Revision]:
    if not campaign_ids:
        return {}
    query = select(campaigns.c.id, revisions).join(revisions).where(campaigns.c.id.in_(campaign_ids))
    return {row.id: Revision(row.script, row.hash, row.text) for row in connection.execute(query)}


def _lock(connection: Connection, attempt_id: str) -> Row[Any] | None:
    """The attempt, as it is once its contact's row and its own are ours, in this order."""
    contact_id = select(attempts.c.contact_id).where(attempts.c.id == attempt_id).scalar_subquery()
    connection.execute(select(contacts.c.id).where(contacts.c.id == contact_id).with_for_update())
    return connection.execute(select(attempts).where(attempts.c.id == attempt_id).with_for_update()).one_or_none()


def _release(connection: Connection, attempt: Row[Any], due_at: datetime | None) -> None:
    values = {"state": AttemptState.RELEASED, "number": None}
    connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(values))
    back: dict[str, Any] = {"state": ContactState.WAITING, "attempts": contacts.c.attempts - 1}
    if due_at is not None:
        back["due_at"] = due_at
    mine = (contacts.c.id == attempt.contact_id) & (contacts.c.fence == attempt.fence)
    connection.execute(update(contacts).where(mine).values(back))


def _interrupt(connection: Connection, attempt: Row[Any]) -> None:
    _end(connection, attempt, Disposition.INTERRUPTED)
    mine = (contacts.c.id == attempt.contact_id) & (contacts.c.fence == attempt.fence)
    values = {"state": ContactState.INTERRUPTED, "outcome": Disposition.INTERRUPTED}
    connection.execute(update(contacts).where(mine).values(values))


def _end(connection: Connection, attempt: Row[Any], outcome: str) -> None:
    values = {"state": AttemptState.ENDED, "outcome": outcome}
    connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(values))


def _counts(connection: Connection, result: CallResult, attempt: Row[Any]) -> bool:
    """Whether the result settles the contact."""
    fence: int = connection.execute(select(contacts.c.fence).where(contacts.c.id == attempt.contact_id)).scalar_one()
    if result.fence != attempt.fence:
        return False
    if fence == attempt.fence:
        return True
    if attempt.state != AttemptState.RELEASED:
        return False
    # We believed that this call never left, and it did. A later claim that was not dialled yet must not ring again.
    later = select(attempts.c.id).where(
        attempts.c.contact_id == attempt.contact_id,
        attempts.c.fence > attempt.fence,
        attempts.c.state.in_((AttemptState.DIALLING, AttemptState.ENDED)),
    )
    return connection.execute(later.limit(1)).one_or_none() is None


def _move_on(connection: Connection, attempt: Row[Any], result: CallResult) -> None:
    of_contact = attempts.c.contact_id == attempt.contact_id
    for later in connection.execute(select(attempts).where(of_contact, attempts.c.state == AttemptState.CLAIMED)).all():
        _release(connection, later, None)
    contact = connection.execute(select(contacts).where(contacts.c.id == attempt.contact_id)).one()
    number = contact.attempts
    if attempt.state == AttemptState.RELEASED:  # it was an attempt after all
        number += 1
        connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(number=number))
    values: dict[str, Any] = {"outcome": result.outcome, "last_call_id": result.call_id, "attempts": number}
    # Cut off while ringing or talking, or taken back while it rang: whether to ring again is the operator's decision.
    if {Disposition.INTERRUPTED, Disposition.CANCELLED} & {result.disposition, result.outcome}:
        values["state"] = ContactState.INTERRUPTED
    elif result.retry_at is not None and number < MAX_ATTEMPTS:
        values |= {"state": ContactState.WAITING, "due_at": result.retry_at}
    else:
        values["state"] = ContactState.DONE
    connection.execute(update(contacts).where(contacts.c.id == contact.id).values(values))

"""Follow-ups and the SMS outbox in the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from callbot.language import Text
from callbot.ports import Clock
from callbot.store.engine import insert_once, reading, writing
from callbot.store.records import FollowUp, FollowUpKind, FollowUpState, NewFollowUp, Sms
from callbot.store.tables import calls, followups, sms_outbox
from callbot.values import Phone


class FollowUpStore:
    """Reads and changes follow-up rows; they are created in ``AttemptStore.record`` together with the result."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def pending(self, limit: int, kind: FollowUpKind) -> list[FollowUp]:
        """The oldest follow-ups of a kind that are still to be done."""
        query = select(followups).where(followups.c.state == FollowUpState.PENDING, followups.c.kind == kind)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(followups.c.created_at, followups.c.id).limit(limit))
            return [to_followup(row) for row in rows]

    def get(self, followup_id: str) -> FollowUp | None:
        """One follow-up as it stands."""
        with reading(self._engine) as connection:
            row = connection.execute(select(followups).where(followups.c.id == followup_id)).one_or_none()
            return None if row is None else to_followup(row)

    def of_campaign(self, campaign_id: str) -> list[FollowUp]:
        """All follow-ups of a campaign's calls, oldest first."""
        query = select(followups).join(calls).where(calls.c.campaign_id == campaign_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(followups.c.created_at, followups.c.id))
            return [to_followup(row) for row in rows]

    def count_try(self, followup_id: str, problem: Text | None = None) -> None:
        """One more try was made; ``problem`` says what came of it when it failed."""
        values: dict[str, Any] = {"tries": followups.c.tries + 1, "problem": _problem(problem)}
        self._change(followup_id, values)

    def mark_sent(self, followup_id: str, reference: str) -> None:
        """It is done; the gateway calls it ``reference``."""
        values = {"state": FollowUpState.SENT, "reference": reference, "problem": None, "tries": followups.c.tries + 1}
        self._change(followup_id, values)

    def mark_failed(self, followup_id: str, problem: Text) -> None:
        """It will not be tried again; the last try is not counted here."""
        self._change(followup_id, {"state": FollowUpState.FAILED, "problem": _problem(problem)})

    def put_sms(self, sms_id: str, phone: Phone, text: str) -> None:
        """Put a message into the outbox; the second time with the same id changes nothing."""
        row = {"id": sms_id, "phone": phone.number, "text": text, "created_at": self._clock.now()}
        with writing(self._engine) as connection:
            insert_once(connection, sms_outbox, row)

    def outbox(self, limit: int = 1000) -> list[Sms]:
        """The newest messages of the outbox, oldest of them first."""
        query = select(sms_outbox).order_by(sms_outbox.c.created_at.desc(), sms_outbox.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Sms(row.id, Phone(row.phone), row.text, row.created_at) for row in reversed(rows)]

    def _change(self, followup_id: str, values: dict[str, Any]) -> None:
        # Only a pending row changes: a late second delivery must not undo "sent".
        where = (followups.c.id == followup_id) & (followups.c.state == FollowUpState.PENDING)
        with writing(self._engine) as connection:
            connection.execute(update(followups).where(where).values(values))


def insert_followups(
    connection: Connection, call_id: str, created_at: datetime, planned: Sequence[NewFollowUp]
) -> None:
    """Write the outbox rows of a call, inside the transaction that stores its result."""
    for item in planned:
        row = {
            "id": item.id,
            "call_id": call_id,
            "kind": item.kind,
            "template": item.template,
            "phone": "" if item.phone is None else item.phone.number,
            "text": item.text,
            "state": FollowUpState.PENDING if item.problem is None else FollowUpState.FAILED,
            "problem": _problem(item.problem),
            "created_at": created_at,
        }
        insert_once(connection, followups, row)


def to_followup(row: Row[Any]) -> FollowUp:
    """A row of ``followups`` as a value."""
    return FollowUp(
        id=row.id,
        call_id=row.call_id,
        kind=FollowUpKind(row.kind),
        template=row.template,
        phone=Phone(row.phone) if row.phone else None,
        text=row.text,
        state=FollowUpState(row.state),
        tries=row.tries,
        problem=None if row.problem is None else Text(row.problem["zh"], row.problem["en"]),
        reference=row.reference,
        created_at=row.created_at,
    )


def _problem(problem: Text | None) -> Mapping[str, str] | None:
    return None if problem is None else {"zh": problem.zh, "en": problem.en}

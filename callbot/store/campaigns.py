"""Campaigns in the store: lists, states, progress, results."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, func, select, update

from callbot.clock import new_id
from callbot.errors import StoreError
from callbot.language import Text
from callbot.messages import CallResult, Trace
from callbot.ports import Clock
from callbot.protocol import Revision
from callbot.store.calls import to_call
from callbot.store.engine import insert_once, reading, writing
from callbot.store.followups import to_followup
from callbot.store.records import (
    Campaign,
    CampaignState,
    ContactResult,
    ContactState,
    FollowUp,
    NewContact,
    Progress,
)
from callbot.store.tables import calls, campaigns, contacts, followups, revisions
from callbot.values import Phone

_CHUNK = 1000
"""Rows handed to the database at once; keeps memory small on lists of any length."""


class CampaignStore:
    """Adds campaigns, starts and stops them, tells how far they are. Any thread; every call blocks.

    Errors: ``StoreError`` for a campaign that does not exist.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, title: str, revision: Revision, new: Sequence[NewContact]) -> str:
        """Keep a campaign with all its contacts, or nothing; returns its id. It waits for ``start``."""
        now = self._clock.now()
        campaign_id = new_id("camp", self._clock)
        row = {
            "id": campaign_id,
            "title": title,
            "state": CampaignState.READY,
            "revision_hash": revision.hash,
            "created_at": now,
        }
        with writing(self._engine) as connection:
            script = {"hash": revision.hash, "script": revision.script, "text": revision.text}
            insert_once(connection, revisions, script)
            connection.execute(campaigns.insert(), row)
            for start in range(0, len(new), _CHUNK):
                rows = [
                    {
                        "id": new_id("ct", self._clock),
                        "campaign_id": campaign_id,
                        "key": contact.key,
                        "position": position,
                        "phone": contact.phone.number,
                        "inputs": dict(contact.inputs),
                        "state": ContactState.WAITING,
                        "due_at": now,
                    }
                    for position, contact in enumerate(new[start : start + _CHUNK], start)
                ]
                connection.execute(contacts.insert(), rows)
        return campaign_id

    def start(self, campaign_id: str) -> bool:
        """Let a ready or paused campaign call; False when it runs already or was stopped for good."""
        return self._change(campaign_id, (CampaignState.READY, CampaignState.PAUSED), CampaignState.RUNNING)

    def pause(self, campaign_id: str) -> bool:
        """No new calls until ``start``; running ones go on. False when it was not running."""
        return self._change(campaign_id, (CampaignState.RUNNING,), CampaignState.PAUSED)

    def stop(self, campaign_id: str) -> bool:
        """No new calls ever again; running ones go on. False when it was stopped before."""
        return self._change(
            campaign_id, (CampaignState.READY, CampaignState.RUNNING, CampaignState.PAUSED), CampaignState.STOPPED
        )

    def pause_all(self) -> int:
        """Pause every running campaign; returns how many."""
        query = update(campaigns).where(campaigns.c.state == CampaignState.RUNNING)
        with writing(self._engine) as connection:
            return connection.execute(query.values(state=CampaignState.PAUSED)).rowcount

    def _change(self, campaign_id: str, before: tuple[CampaignState, ...], after: CampaignState) -> bool:
        with writing(self._engine) as connection:
            where = (campaigns.c.id == campaign_id) & campaigns.c.state.in_(before)
            if connection.execute(update(campaigns).where(where).values(state=after)).rowcount:
                return True
            _demand(connection, campaign_id)
            return False

    def get(self, campaign_id: str) -> Campaign:
        """One campaign."""
        with reading(self._engine) as connection:
            _demand(connection, campaign_id)
            return _campaigns(connection, campaign_id)[0]

    def all(self) -> list[Campaign]:
        """All campaigns, newest first."""
        with reading(self._engine) as connection:
            return _campaigns(connection)

    def progress(self, campaign_id: str) -> Progress:
        """How far it is."""
        mine = contacts.c.campaign_id == campaign_id
        settled = contacts.c.state.in_((ContactState.DONE, ContactState.INTERRUPTED))
        with reading(self._engine) as connection:
            _demand(connection, campaign_id)
            states = connection.execute(
                select(contacts.c.state, func.count()).where(mine).group_by(contacts.c.state)
            ).all()
            outcomes = connection.execute(
                select(contacts.c.outcome, func.count()).where(mine, settled).group_by(contacts.c.outcome)
            ).all()
            next_due = connection.execute(
                select(func.min(contacts.c.due_at)).where(mine, contacts.c.state == ContactState.WAITING)
            ).scalar_one()
        count = {state: int(number) for state, number in states}
        return Progress(
            waiting=count.get(ContactState.WAITING, 0),
            calling=count.get(ContactState.CALLING, 0),
            done=count.get(ContactState.DONE, 0),
            interrupted=count.get(ContactState.INTERRUPTED, 0),
            outcomes={outcome: int(number) for outcome, number in outcomes},
            next_due=next_due,
        )

    def results(self, campaign_id: str) -> Iterator[ContactResult]:
        """What came of every contact, in the order of the list; only as many rows in memory as are looked at."""
        query = (
            select(contacts, *_CALL_COLUMNS)
            .outerjoin(calls, calls.c.call_id == contacts.c.last_call_id)
            .where(contacts.c.campaign_id == campaign_id)
            .order_by(contacts.c.position)
        )
        with reading(self._engine) as connection:
            _demand(connection, campaign_id)
            planned: dict[str, list[FollowUp]] = {}
            of_campaign = select(followups).join(calls).where(calls.c.campaign_id == campaign_id)
            for row in connection.execute(of_campaign.order_by(followups.c.created_at, followups.c.id)):
                planned.setdefault(row.call_id, []).append(to_followup(row))
            for row in connection.execution_options(yield_per=_CHUNK).execute(query):
                yield _result(row, tuple(planned.get(row.last_call_id or "", ())))

    def traces(self, script: str, campaign_id: str | None = None) -> Iterator[Trace]:
        """The traces of all stored calls that ran a script, or only those of one campaign; few in memory at a time."""
        query = select(calls.c.trace).where(calls.c.trace.is_not(None)).order_by(calls.c.ended_at)
        with reading(self._engine) as connection:
            if campaign_id is not None:
                _demand(connection, campaign_id)
                query = query.where(calls.c.campaign_id == campaign_id)
            for (trace,) in connection.execution_options(yield_per=_CHUNK).execute(query):
                if trace["script"] == script:
                    yield msgspec.convert(trace, Trace)

    def call(self, call_id: str) -> CallResult | None:
        """One call with all that is known of it, its trace included."""
        with reading(self._engine) as connection:
            row = connection.execute(select(calls).where(calls.c.call_id == call_id)).one_or_none()
        if row is None:
            return None
        return to_call(row._mapping)


_CALL_COLUMNS = [
    calls.c[name].label(f"call_{name}") for name in CallResult.__struct_fields__ if name not in ("trace", "call_id")
]


def _demand(connection: Connection, campaign_id: str) -> None:
    if connection.execute(select(campaigns.c.id).where(campaigns.c.id == campaign_id)).one_or_none() is None:
        raise StoreError(
            Text(
                f"没有编号为 {campaign_id} 的外呼任务。用 callbot campaigns 查看全部任务。",
                f"There is no campaign {campaign_id}. `callbot campaigns` lists all.",
            )
        )


def _campaigns(connection: Connection, campaign_id: str | None = None) -> list[Campaign]:
    number = select(func.count()).where(contacts.c.campaign_id == campaigns.c.id).scalar_subquery()
    query = select(campaigns, revisions.c.script, revisions.c.text, number.label("contacts")).join(revisions)
    if campaign_id is not None:
        query = query.where(campaigns.c.id == campaign_id)
    return [
        Campaign(
            id=row.id,
            title=row.title,
            state=CampaignState(row.state),
            revision=Revision(row.script, row.revision_hash, row.text),
            created_at=row.created_at,
            contacts=row.contacts,
        )
        for row in connection.execute(query.order_by(campaigns.c.created_at.desc(), campaigns.c.id.desc()))
    ]


def _result(row: Row[Any], planned: tuple[FollowUp, ...]) -> ContactResult:
    call = None
    if row.call_attempt_id is not None:
        fields = {column.name.removeprefix("call_"): row._mapping[column.name] for column in _CALL_COLUMNS}
        call = msgspec.convert(fields | {"call_id": row.last_call_id}, CallResult)
    return ContactResult(
        contact_id=row.id,
        key=row.key,
        phone=Phone(row.phone),
        inputs=row.inputs,
        state=ContactState(row.state),
        outcome=row.outcome,
        attempts=row.attempts,
        due_at=row.due_at,
        call=call,
        followups=planned,
    )

"""The tables. The same on SQLite and PostgreSQL; changed only together with a migration.

::

    revisions ──< publications
        │
        └───────< campaigns ──< contacts ──< attempts
                                    │            └ at most one open (claimed, dialling) per contact
                                    └──< calls ──< followups        sms_outbox
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, ``timestamptz`` on PostgreSQL, UTC without zone on SQLite, which has no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they are mistakes."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(64)


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), **options)


revisions = Table(
    "revisions",
    metadata,
    Column("hash", String(128), primary_key=True),
    Column("script", Text, nullable=False),
    Column("text", Text, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("script", String(128), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision_hash", ForeignKey(revisions.c.hash), nullable=False),
    Column("author", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("source", Text, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("revision_hash", ForeignKey(revisions.c.hash), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("campaign_id", ForeignKey(campaigns.c.id), nullable=False),
    Column("key", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("phone", String(20), nullable=False),
    _json("inputs", nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("last_call_id", _ID),
    UniqueConstraint("campaign_id", "key"),
    Index(None, "campaign_id", "state", "due_at", "position"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("campaign_id", ForeignKey(campaigns.c.id), nullable=False),
    Column("contact_id", ForeignKey(contacts.c.id), nullable=False),
    Column("number", Integer),  # NULL once released: it was no attempt after all
    Column("state", String(16), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Column("call_id", _ID, unique=True),
    Column("line", String(64)),
    Column("incarnation", String(64)),
    Column("trunk", String(64)),
    Column("outcome", Text, nullable=False, server_default=""),
    UniqueConstraint("campaign_id", "contact_id", "number"),
    Index(None, "state", "lease_until"),
)
Index(
    "uq_attempts_open",
    attempts.c.contact_id,
    unique=True,
    sqlite_where=text("state IN ('claimed', 'dialling')"),
    postgresql_where=text("state IN ('claimed', 'dialling')"),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", _ID, primary_key=True),
    Column("attempt_id", _ID, nullable=False),
    Column("campaign_id", ForeignKey(campaigns.c.id)),
    Column("contact_id", ForeignKey(contacts.c.id)),
    Column("stale", Boolean, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("direction", String(8), nullable=False, server_default="out"),
    Column("caller", String(64), nullable=False, server_default=""),
    Column("number", String(64), nullable=False, server_default=""),
    Column("line", String(64), nullable=False),
    Column("disposition", String(32), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("sip_status", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime, nullable=False),
    Column("hung_up_by", String(16), nullable=False),
    Column("sms", Text),
    Column("retry_at", UtcTime),
    Column("recording", Text, nullable=False),
    Column("recording_offset_ms", Integer, nullable=False, server_default="0"),
    _json("tags", nullable=False),
    _json("slots", nullable=False),
    _json("transcript", nullable=False),
    _json("turns", nullable=False),
    _json("trace"),
    _json("ticket"),
    _json("webhook"),
    Index(None, "campaign_id", "ended_at"),
    Index(None, "direction", "started_at"),
)

followups = Table(
    "followups",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("call_id", ForeignKey(calls.c.call_id), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("template", Text, nullable=False),
    Column("phone", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    _json("problem"),
    Column("reference", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "state", "created_at"),
    Index(None, "call_id"),
)

sms_outbox = Table(
    "sms_outbox",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("phone", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

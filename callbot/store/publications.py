"""Published revisions: numbered, never changed, never deleted. What was published can always be run and read again."""

from typing import Any

from sqlalchemy import Engine, Row, Select, func, select

from callbot.errors import StoreError
from callbot.language import Text
from callbot.ports import Clock
from callbot.protocol import Revision
from callbot.store.engine import insert_once, reading, writing
from callbot.store.records import Publication
from callbot.store.tables import publications, revisions


class PublicationStore:
    """Publishes scripts and finds what was published. Any thread; every call blocks."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, revision: Revision, source: str, author: str, message: str, after: int) -> Publication:
        """Publish ``revision`` as the number that follows ``after``, the newest one its author knows (0 for none).

        Errors: ``StoreError`` when somebody else has published meanwhile; then nothing is kept.
        """
        now = self._clock.now()
        row = {
            "script": revision.script,
            "number": after + 1,
            "revision_hash": revision.hash,
            "author": author,
            "message": message,
            "published_at": now,
            "source": source,
        }
        with writing(self._engine) as connection:
            kept = {"hash": revision.hash, "script": revision.script, "text": revision.text}
            insert_once(connection, revisions, kept)
            highest = select(func.max(publications.c.number)).where(publications.c.script == revision.script)
            newest = connection.execute(highest).scalar_one() or 0
            # The key decides between two who come at the very same moment; the look before it, between all others.
            if newest != after or not insert_once(connection, publications, row):
                theirs = _newest(connection.execute(_query(revision.script).limit(1)).one_or_none())
                raise _too_late(revision.script, after, theirs)
        return Publication(after + 1, revision, author, message, now, source)

    def all(self, script: str) -> list[Publication]:
        """All revisions of a script, newest first."""
        with reading(self._engine) as connection:
            return [_publication(row) for row in connection.execute(_query(script))]

    def newest(self, script: str) -> Publication | None:
        """What campaigns of this script run from now on; None when it was never published."""
        with reading(self._engine) as connection:
            return _newest(connection.execute(_query(script).limit(1)).one_or_none())

    def get(self, script: str, number: int) -> Publication:
        """One revision by its number. Errors: ``StoreError`` with what there is."""
        with reading(self._engine) as connection:
            row = connection.execute(_query(script).where(publications.c.number == number)).one_or_none()
            if row is not None:
                return _publication(row)
            newest = _newest(connection.execute(_query(script).limit(1)).one_or_none())
        if newest is None:
            raise StoreError(
                Text(
                    f"话术 {script} 还没有发布过。用 callbot publish {script} 发布。",
                    f"{script} was never published. `callbot publish {script}` does it.",
                )
            )
        raise StoreError(
            Text(
                f"话术 {script} 没有第 {number} 版，最新是第 {newest.number} 版。",
                f"{script} has no revision {number}; the newest is {newest.number}.",
            )
        )

    def revision(self, content: str) -> Revision | None:
        """The text with this hash, published or run by a campaign from a working file."""
        with reading(self._engine) as connection:
            row = connection.execute(select(revisions).where(revisions.c.hash == content)).one_or_none()
        return None if row is None else Revision(row.script, row.hash, row.text)


def _query(script: str) -> Select[Any]:
    return (
        select(publications, revisions.c.text)
        .join(revisions)
        .where(publications.c.script == script)
        .order_by(publications.c.number.desc())
    )


def _publication(row: Row[Any]) -> Publication:
    revision = Revision(row.script, row.revision_hash, row.text)
    return Publication(row.number, revision, row.author, row.message, row.published_at, row.source)


def _newest(row: Row[Any] | None) -> Publication | None:
    return None if row is None else _publication(row)


def _too_late(script: str, after: int, theirs: Publication | None) -> StoreError:
    if theirs is None or theirs.number <= after:
        number = 0 if theirs is None else theirs.number
        return StoreError(
            Text(
                f"话术 {script} 没有第 {after} 版，最新是第 {number} 版。请核对 --after。",
                f"{script} has no revision {after}; the newest is {number}. Check --after.",
            )
        )
    return StoreError(
        Text(
            f"{theirs.author} 已经发布了 {script} 的第 {theirs.number} 版（{theirs.message}），您的改动没有发布。"
            f"先看 callbot diff {script}，把对方的改动合进来再发布。",
            f"{theirs.author} has published revision {theirs.number} of {script} ({theirs.message}); yours was not "
            f"published. See `callbot diff {script}`, take their changes in, and publish again.",
        )
    )

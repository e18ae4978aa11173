"""What calls have changed in a shop that has no system of its own: an SQLite file beside the store.

::

    answers    every question that was carried out, by its name, with its answer: asked again, it is answered again
    coupons    reserved for an order, one each          requests   refunds and exchanges for people to work off
    addresses  where an order shall go now              misses     wrong answers to an identity check

An effect and the answer that tells of it are written in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
)

from callbot.store.engine import insert_once, open_engine, reading, writing
from callbot.store.tables import UtcTime

_metadata = MetaData()
_answers = Table(
    "answers",
    _metadata,
    Column("request", String, primary_key=True),
    Column("call_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("result", String, nullable=False),
    Column("given", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
)
_coupons = Table(
    "coupons",
    _metadata,
    Column("code", String, primary_key=True),
    Column("order_no", String, nullable=False, unique=True),
    Column("amount", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
)
_requests = Table(
    "requests",
    _metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("order_no", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("kind", "order_no"),
    sqlite_autoincrement=True,
)
_addresses = Table(
    "addresses",
    _metadata,
    Column("order_no", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
)
_misses = Table(
    "misses",
    _metadata,
    Column("request", String, primary_key=True),
    Column("phone", String, nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
)
_FIRST_REQUEST = 100_001
"""Numbers of requests have six digits from the first on: callers can tell them from order numbers and note them."""

Answer = tuple[str, dict[str, str]]
"""A result and what it gives."""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing for people to do.

    ``kind`` is refund, exchange, address or coupon; ``what`` the number of the request, the address or the code.
    """

    at: datetime
    kind: str
    order_no: str
    what: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon that an order has: ``amount`` in yuan, canonical."""

    code: str
    amount: str


class ShopRecords:
    """The file. Any thread; every call blocks. Errors: ``StoreError``."""

    def __init__(self, path: Path) -> None:
        self._engine = open_engine(f"sqlite:///{path}")
        with writing(self._engine) as connection:
            _metadata.create_all(connection)

    def once(
        self,
        request: str,
        asked: Mapping[str, Any],
        now: datetime,
        work: Callable[["Desk"], Answer],
    ) -> Answer:
        """The answer to a question: what ``work`` comes to the first time, later the same again.

        ``asked`` holds ``call_id``, ``action`` and ``arguments``, for whoever looks it up. When ``work`` raises,
        nothing was done.
        """
        with writing(self._engine) as connection:
            row = connection.execute(select(_answers).where(_answers.c.request == request)).one_or_none()
            if row is not None:
                return row.result, dict(row.given)
            result, given = work(Desk(connection, request, str(asked["call_id"]), now))
            connection.execute(insert(_answers).values(request=request, **asked, result=result, given=given, at=now))
            return result, given

    def work(self) -> list[Work]:
        """What calls have left to do in the shop, oldest first; of an order's addresses only the last."""
        with reading(self._engine) as connection:
            filed = [
                Work(row.at, row.kind, row.order_no, str(row.number), row.call_id)
                for row in connection.execute(select(_requests))
            ]
            moved = [
                Work(row.at, "address", row.order_no, row.address, row.call_id)
                for row in connection.execute(select(_addresses))
            ]
            reserved = [
                Work(row.at, "coupon", row.order_no, row.code, row.call_id)
                for row in connection.execute(select(_coupons))
            ]
        return sorted((*filed, *moved, *reserved), key=lambda one: (one.at, one.order_no))

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


class Desk:
    """What can be changed while one question is answered."""

    def __init__(self, connection: Connection, request: str, call_id: str, now: datetime) -> None:
        self._connection = connection
        self._request = request
        self._call_id = call_id
        self._now = now

    def coupon(self, order_no: str, stock: Mapping[str, str]) -> Coupon | None:
        """The coupon of an order: the one it has, else the first of ``stock`` (amount by code) that nobody has."""
        mine = self._connection.execute(select(_coupons).where(_coupons.c.order_no == order_no)).one_or_none()
        if mine is not None:
            return Coupon(mine.code, mine.amount)
        taken = set(self._connection.execute(select(_coupons.c.code)).scalars())
        free = next((code for code in stock if code not in taken), None)
        if free is None:
            return None
        row = {
            "code": free,
            "order_no": order_no,
            "amount": stock[free],
            "call_id": self._call_id,
            "at": self._now,
        }
        self._connection.execute(insert(_coupons).values(row))
        return Coupon(free, stock[free])

    def file(self, kind: str, order_no: str) -> int:
        """The number of the request of this kind for an order, filed unless it was before."""
        same = (_requests.c.kind == kind) & (_requests.c.order_no == order_no)
        number = self._connection.execute(select(_requests.c.number).where(same)).scalar_one_or_none()
        if number is not None:
            return int(number)
        last = self._connection.execute(select(func.max(_requests.c.number))).scalar_one()
        number = _FIRST_REQUEST if last is None else last + 1
        row = {"number": number, "kind": kind, "order_no": order_no, "call_id": self._call_id, "at": self._now}
        self._connection.execute(insert(_requests).values(row))
        return int(number)

    def change_address(self, order_no: str, address: str) -> None:
        """Where an order shall go from now on."""
        self._connection.execute(delete(_addresses).where(_addresses.c.order_no == order_no))
        row = {"order_no": order_no, "address": address, "call_id": self._call_id, "at": self._now}
        self._connection.execute(insert(_addresses).values(row))

    def misses(self, phone: str, since: datetime) -> int:
        """How many wrong answers came for this number since then."""
        these = (_misses.c.phone == phone) & (_misses.c.at >= since)
        return int(self._connection.execute(select(func.count()).where(these)).scalar_one())

    def miss(self, phone: str) -> None:
        """One more wrong answer."""
        insert_once(self._connection, _misses, {"request": self._request, "phone": phone, "at": self._now})

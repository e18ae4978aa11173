"""What a script's ``do`` can ask, answered from tables: for a shop without a system of its own, and for trying out."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callbot import log
from callbot.customers.orders import CsvTable, Order, orders_of, plain_phone
from callbot.errors import CallbotError, SettingsError
from callbot.language import Text, tr
from callbot.ports import Clock
from callbot.protocol import ActionAsked
from callbot.script.inputs import InputProblem, parse_input
from callbot.script.model import InputSpec
from callbot.store.shop import Answer, Desk, ShopRecords

_TRIES = 3
"""Wrong answers to an identity check before a number is locked: as many as banks allow for a card's PIN."""
_LOCKED_FOR = timedelta(hours=24)
_LISTED = 5
"""Orders to choose from: nobody remembers more spoken choices."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of the settings; None: there is no such table."""

    orders: CsvTable | None
    coupons: CsvTable | None


class TablesShop:
    """``ports.ShopSystems`` over CSV tables.

    Orders are read from the table at every question; what calls change is kept in ``records``, for people to work off.
    """

    def __init__(self, tables: Tables, records: ShopRecords, clock: Clock) -> None:
        self._tables = tables
        self._records = records
        self._clock = clock

    async def ask(self, asked: ActionAsked) -> Answer:
        """See ``ports.ShopSystems``. In a thread, because files and the database block."""
        try:
            return await asyncio.to_thread(self._answer, asked)
        except CallbotError as error:
            problem = str(error)
        except KeyError:  # its key may be an order number, which no log needs
            problem = tr("没有这个动作、值或订单", "there is no such action, value or order")
        log.get(__name__).error("the shop has no answer", action=asked.action, call_id=asked.call_id, problem=problem)
        return "failed", {}

    def spoken_texts(self) -> Sequence[str]:
        """See ``ports.ShopSystems``; nothing without a table of orders. Errors: ``SettingsError``."""
        if self._tables.orders is None:
            return ()
        return tuple(dict.fromkeys(row["delivery"] for row in self._tables.orders.rows("delivery").values()))

    def _answer(self, asked: ActionAsked) -> Answer:
        answer = _ANSWERS[asked.action]
        kept = {"call_id": asked.call_id, "action": asked.action, "arguments": asked.arguments}
        now = self._clock.now()
        return self._records.once(
            asked.request, kept, now, lambda desk: answer(_Question(asked, self._tables, desk, now))
        )


@dataclass(frozen=True, slots=True)
class _Question:
    """One question, what it can be answered from, and where changes go."""

    asked: ActionAsked
    tables: Tables
    desk: Desk
    now: datetime

    @property
    def orders(self) -> CsvTable:
        if self.tables.orders is None:
            raise _missing("orders_csv")
        return self.tables.orders

    def value(self, name: str) -> str:
        return self.asked.arguments[name]

    def order(self, *columns: str) -> Order:
        """These columns of the order that is asked about. Errors: ``KeyError`` when there is none."""
        return self.orders.rows(*columns)[self.value("order_no")]


def _payment_status(question: _Question) -> Answer:
    return question.order("status")["status"], {}


def _order_status(question: _Question) -> Answer:
    rows = question.orders.rows("delivery")
    row = rows.get(question.value("order_no"))
    return ("not_found", {}) if row is None else ("found", {"status": row["delivery"]})


def _caller_account(question: _Question) -> Answer:
    known = orders_of(question.orders, question.asked.phone)
    return ("known", {"phone": plain_phone(question.asked.phone)}) if known else ("unknown", {})


def _verify_identity(question: _Question) -> Answer:
    phone = plain_phone(question.value("phone"))
    since = question.now - _LOCKED_FOR
    if question.desk.misses(phone, since) >= _TRIES:
        return "locked", {}
    tails = {row["id_tail"] for row in orders_of(question.orders, phone, "id_tail")}
    if question.value("id_tail") in tails:
        return "matched", {}
    question.desk.miss(phone)
    return ("locked" if question.desk.misses(phone, since) >= _TRIES else "wrong"), {}


def _orders_of(question: _Question) -> Answer:
    columns = ("order_no", "item", "amount", "stage")
    rows = [row for row in orders_of(question.orders, question.value("phone"), *columns) if row["stage"] != "cancelled"]
    items = [
        {"value": row["order_no"], "name": row["item"], "day": row["ordered_on"], "amount": _money(row["amount"])}
        for row in rows[:_LISTED]
    ]
    return ("found", {"orders": json.dumps(items, ensure_ascii=False)}) if items else ("none", {})


def _reserve_coupon(question: _Question) -> Answer:
    if question.tables.coupons is None:
        raise _missing("coupons_csv")
    rows = question.tables.coupons.rows("amount")
    stock = {code: _money(row["amount"]) for code, row in rows.items()}
    coupon = question.desk.coupon(question.order()["order_no"], stock)
    if coupon is None:
        return "none_left", {}
    return "reserved", {"coupon": coupon.amount, "coupon_code": coupon.code}


def _request(kind: str) -> Callable[[_Question], Answer]:
    def answer(question: _Question) -> Answer:
        if question.order("stage")["stage"] == "cancelled":
            return "closed", {}
        return "filed", {"request_no": str(question.desk.file(kind, question.value("order_no")))}

    return answer


def _change_address(question: _Question) -> Answer:
    if question.order("stage")["stage"] != "preparing":
        return "too_late", {}
    question.desk.change_address(question.value("order_no"), question.value("address"))
    return "changed", {}


def _money(raw: str) -> str:
    try:
        return parse_input(InputSpec(type="money"), raw)
    except InputProblem as problem:
        raise SettingsError(
            Text(f"表里的 amount：{problem.text.zh}", f"amount in a table: {problem.text.en}")
        ) from None


def _missing(setting: str) -> SettingsError:
    return SettingsError(
        Text(
            f"没有可查的表。请在 callbot.toml 里设置 {setting}，或用 [shop] url 接入商城系统。",
            f"There is no table to look it up in. Set {setting} in callbot.toml, or connect the shop by [shop] url.",
        )
    )


_ANSWERS: dict[str, Callable[[_Question], Answer]] = {
    "payment_status": _payment_status,
    "order_status": _order_status,
    "caller_account": _caller_account,
    "verify_identity": _verify_identity,
    "orders_of": _orders_of,
    "reserve_coupon": _reserve_coupon,
    "request_refund": _request("refund"),
    "request_exchange": _request("exchange"),
    "change_address": _change_address,
}

"""What scripts ask of the shop: from tables, and from a real HTTP service that answers as the tables do."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from callbot.customers.http_shop import HttpShop
from callbot.customers.orders import CsvTable
from callbot.customers.tables_shop import Tables, TablesShop
from callbot.errors import SettingsError
from callbot.ports import ShopSystems
from callbot.protocol import ActionAsked
from callbot.script.library import load
from callbot.store.shop import ShopRecords

pytestmark = pytest.mark.contract

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
EXAMPLES = SCRIPTS / "examples"
ACTIONS = load(SCRIPTS).actions
ORDERS = """order_no,status,delivery,stage,phone,id_tail,item,ordered_on,amount
00731,unpaid,已经发货,shipped,13800000001,3016,耳机,2026-05-28,328.50
4820165, PAID ,正在备货,preparing,+8613800000001,3016,水杯,2026-05-30,89
900,paid,已经取消,cancelled,13800000001,3016,台灯,2026-05-31,79.90
563,paid,正在备货,preparing,13800000002,0458,雨衣,2026-05-31,56.80
"""
COUPONS = "code,amount\nA1,20\nB2,30.5\n"


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic_ms(self) -> int:
        return 0


@dataclass(slots=True)
class World:
    shop: ShopSystems
    records: ShopRecords
    clock: Clock
    orders: Path
    asked: list[int] = field(default_factory=list)

    async def ask(self, action: str, *, caller: str = "", request: str = "", **arguments: str) -> Any:
        """A question of a name of its own, unless ``request`` says which."""
        self.asked.append(0)
        name = request or f"call_1:{action}:{len(self.asked)}"
        return await self.shop.ask(ActionAsked("call_1", name, action, arguments, caller))


def tables(folder: Path, clock: Clock) -> tuple[TablesShop, ShopRecords]:
    (folder / "orders.csv").write_text(ORDERS, "utf-8-sig")
    (folder / "coupons.csv").write_text(COUPONS, "utf-8")
    records = ShopRecords(folder / "shop.db")
    orders = CsvTable(folder / "orders.csv", "order_no", "orders_csv")
    return TablesShop(Tables(orders, CsvTable(folder / "coupons.csv", "code", "coupons_csv")), records, clock), records


Answering = Callable[[str, dict[str, str], dict[str, Any]], tuple[int, bytes]]


@contextmanager
def service(answer: Answering) -> Iterator[str]:
    """A real HTTP server: ``answer`` gets path, headers and body, and gives status and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = answer(self.path, dict(self.headers), body)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answered_by(shop: TablesShop) -> Answering:
    """The service of a shop that keeps the contract of docs/how-to/connect-your-shop.md."""

    def answer(path: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, bytes]:
        call = body["call"]
        request = headers["Idempotency-Key"].strip('"')
        result, values = shop._answer(  # the handler runs in a thread of its own, without a loop
            ActionAsked(call["id"], request, path.removeprefix("/actions/"), body["arguments"], call["phone"])
        )
        return 200, json.dumps({"result": result, "values": values}).encode()

    return answer


@pytest.fixture(params=["tables", "http"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    clock = Clock()
    shop, records = tables(tmp_path, clock)
    try:
        if request.param == "tables":
            yield World(shop, records, clock, tmp_path / "orders.csv")
        else:
            with service(answered_by(shop)) as url:
                over = HttpShop(url, ACTIONS)
                yield World(over, records, clock, tmp_path / "orders.csv")
                await over.close()
    finally:
        records.close()


async def test_payments_and_deliveries(world: World) -> None:
    assert await world.ask("payment_status", order_no="00731") == ("unpaid", {})
    assert await world.ask("payment_status", order_no="4820165") == ("paid", {})
    assert await world.ask("order_status", order_no="00731") == ("found", {"status": "已经发货"})
    assert await world.ask("order_status", order_no="731") == ("not_found", {})


async def test_a_payment_that_comes_in_is_seen_by_the_next_question(world: World) -> None:
    assert await world.ask("payment_status", order_no="00731") == ("unpaid", {})
    world.orders.write_text(ORDERS.replace("unpaid", "paid"), "utf-8")
    assert await world.ask("payment_status", order_no="00731") == ("paid", {})


async def test_a_caller_is_known_by_number(world: World) -> None:
    assert await world.ask("caller_account", caller="+8613800000002") == ("known", {"phone": "13800000002"})
    assert await world.ask("caller_account", caller="13900000000") == ("unknown", {})
    assert await world.ask("caller_account", caller="") == ("unknown", {})
    assert await world.ask("caller_account", caller="anonymous") == ("unknown", {})


async def test_three_wrong_answers_lock_a_number_for_a_day_in_all_calls(world: World) -> None:
    right = {"phone": "13800000001", "id_tail": "3016"}
    assert await world.ask("verify_identity", **right) == ("matched", {})
    wrong = [await world.ask("verify_identity", phone="13800000001", id_tail=tail) for tail in ("1", "2", "3")]
    assert [result for result, _ in wrong] == ["wrong", "wrong", "locked"]
    assert await world.ask("verify_identity", **right) == ("locked", {})
    assert await world.ask("verify_identity", phone="13800000002", id_tail="0458") == ("matched", {})
    world.clock.moment += timedelta(hours=25)
    assert await world.ask("verify_identity", **right) == ("matched", {})


async def test_a_number_that_is_in_no_order_is_never_matched(world: World) -> None:
    assert await world.ask("verify_identity", phone="13900000000", id_tail="3016") == ("wrong", {})


async def test_a_customers_orders_newest_first_without_cancelled_ones(world: World) -> None:
    result, values = await world.ask("orders_of", phone="13800000001")
    assert result == "found"
    assert json.loads(values["orders"]) == [
        {"value": "4820165", "name": "水杯", "day": "2026-05-30", "amount": "89.00"},
        {"value": "00731", "name": "耳机", "day": "2026-05-28", "amount": "328.50"},
    ]
    assert await world.ask("orders_of", phone="13900000000") == ("none", {})


async def test_a_coupon_is_reserved_once_for_an_order(world: World) -> None:
    first = await world.ask("reserve_coupon", order_no="00731")
    assert first == ("reserved", {"coupon": "20.00", "coupon_code": "A1"})
    assert await world.ask("reserve_coupon", order_no="00731") == first
    assert await world.ask("reserve_coupon", order_no="563") == (
        "reserved",
        {"coupon": "30.50", "coupon_code": "B2"},
    )
    assert await world.ask("reserve_coupon", order_no="4820165") == ("none_left", {})
    assert await world.ask("reserve_coupon", order_no="00731") == first


async def test_a_question_that_is_asked_again_gets_its_answer_again(world: World) -> None:
    """An answer that was lost: the line asks under the same name."""
    first = await world.ask("payment_status", order_no="00731", request="call_9:payment_status:1")
    world.orders.write_text(ORDERS.replace("unpaid", "paid"), "utf-8")
    assert await world.ask("payment_status", order_no="00731", request="call_9:payment_status:1") == first
    for _ in range(3):
        miss = await world.ask("verify_identity", phone="13800000002", id_tail="1", request="call_9:verify_identity:1")
        assert miss == ("wrong", {})


@pytest.mark.parametrize("action", ["request_refund", "request_exchange"])
async def test_a_request_is_filed_once_for_an_order(world: World, action: str) -> None:
    first = await world.ask(action, order_no="00731")
    assert first == ("filed", {"request_no": "100001"})
    assert await world.ask(action, order_no="00731") == first
    assert await world.ask(action, order_no="563") == ("filed", {"request_no": "100002"})
    assert await world.ask(action, order_no="900") == ("closed", {})
    assert [(each.kind, each.order_no) for each in world.records.work()] == [
        (action.removeprefix("request_"), "00731"),
        (action.removeprefix("request_"), "563"),
    ]


async def test_an_address_is_changed_until_the_order_leaves(world: World) -> None:
    assert await world.ask("change_address", order_no="00731", address="杭州市") == ("too_late", {})
    assert await world.ask("change_address", order_no="4820165", address="杭州市文三路8号") == ("changed", {})
    assert await world.ask("change_address", order_no="4820165", address="杭州市文三路9号") == ("changed", {})
    assert [(each.order_no, each.what) for each in world.records.work()] == [("4820165", "杭州市文三路9号")]


async def test_only_results_and_values_that_scripts_know(world: World) -> None:
    questions = {
        "payment_status": {"order_no": "00731"},
        "order_status": {"order_no": "00731"},
        "caller_account": {},
        "verify_identity": {"phone": "13800000001", "id_tail": "3016"},
        "orders_of": {"phone": "13800000001"},
        "reserve_coupon": {"order_no": "00731"},
        "request_refund": {"order_no": "00731"},
        "request_exchange": {"order_no": "00731"},
        "change_address": {"order_no": "4820165", "address": "杭州市"},
    }
    assert questions.keys() == ACTIONS.keys()
    for action, arguments in questions.items():
        spec = ACTIONS[action]
        assert arguments.keys() == spec.arguments.keys()
        result, values = await world.ask(action, caller="13800000001", **arguments)
        assert result in spec.results
        assert values.keys() == (set() if result in spec.without else spec.gives.keys())


# ---------------------------------------------------------------- what cannot be answered


@pytest.mark.parametrize(
    ("action", "arguments"),
    [("payment_status", {"order_no": "1"}), ("payment_status", {}), ("fly", {}), ("reserve_coupon", {"order_no": "1"})],
)
async def test_what_the_tables_cannot_answer_is_failed(tmp_path: Path, action: str, arguments: dict[str, str]) -> None:
    shop, records = tables(tmp_path, Clock())
    assert await shop.ask(ActionAsked("call_1", "call_1:x:1", action, arguments)) == ("failed", {})
    records.close()


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "no,status,stage\n1,paid,shipped\n",
        "order_no,status\n1,paid\n",
        "order_no,status,stage\n1,paid,gone\n",
        "order_no,status,stage\n1,paid,\n",
        "order_no,status,stage\n1,paid\n",
    ],
)
async def test_a_table_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    shop, records = tables(tmp_path, Clock())
    path = tmp_path / "orders.csv"
    path.unlink()
    if content is not None:
        path.write_text(content, "utf-8")
    assert await shop.ask(ActionAsked("call_1", "call_1:request_refund:1", "request_refund", {"order_no": "1"})) == (
        "failed",
        {},
    )
    with pytest.raises(SettingsError, match=r"orders\.csv"):
        CsvTable(path, "order_no", "orders_csv").rows("status", "stage")
    assert records.work() == []
    records.close()


async def test_without_tables_nothing_is_known(tmp_path: Path) -> None:
    records = ShopRecords(tmp_path / "shop.db")
    shop = TablesShop(Tables(None, None), records, Clock())
    assert shop.spoken_texts() == ()
    assert await shop.ask(ActionAsked("call_1", "r", "payment_status", {"order_no": "1"})) == ("failed", {})
    records.close()


async def test_what_was_reserved_is_still_so_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        shop, records = tables(tmp_path, Clock())
        asked = ActionAsked("call_1", "call_1:reserve_coupon:1", "reserve_coupon", {"order_no": "563"})
        assert await shop.ask(asked) == ("reserved", {"coupon": "20.00", "coupon_code": "A1"})
        records.close()


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b'{"result": "paid"}'),
        (401, b""),
        (302, b""),
        (0, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"[" * 60_000),
        (200, b"\xff"),
        (200, b'{"result": "perhaps"}'),
        (200, b'{"result": "failed"}'),
        (200, b'{"result": ["paid"]}'),
        (200, b'{"result": "paid", "values": 1}'),
        (200, b'{"result": "paid"}' + b" " * 70_000),
    ],
)
async def test_an_answer_that_cannot_be_used_is_failed(status: int, content: bytes) -> None:
    with service(lambda *_: (status, content)) as url:
        shop = HttpShop(url, ACTIONS)
        assert await shop.ask(ActionAsked("call_1", "r", "payment_status", {"order_no": "1"})) == ("failed", {})
        await shop.close()


async def test_a_service_that_is_not_there_is_failed() -> None:
    with service(lambda *_: (200, b"")) as url:
        pass
    shop = HttpShop(url, ACTIONS)
    assert await shop.ask(ActionAsked("call_1", "r", "payment_status", {"order_no": "1"})) == ("failed", {})
    await shop.close()


async def test_an_address_that_is_none_is_failed() -> None:
    shop = HttpShop("http://[", ACTIONS)
    assert await shop.ask(ActionAsked("call_1", "r", "payment_status", {"order_no": "1"})) == ("failed", {})
    await shop.close()


async def test_values_come_as_conversations_hold_them_and_all_that_were_declared() -> None:
    given: dict[str, Any] = {"coupon": 20.5, "coupon_code": "A1", "more": 1}
    with service(lambda *_: (200, json.dumps({"result": "reserved", "values": given}).encode())) as url:
        shop = HttpShop(url, ACTIONS)
        asked = ActionAsked("call_1", "r", "reserve_coupon", {"order_no": "1"})
        assert await shop.ask(asked) == ("reserved", {"coupon": "20.5", "coupon_code": "A1"})
        del given["coupon"]
        assert await shop.ask(asked) == ("failed", {})
        await shop.close()


async def test_the_service_sees_who_asks_what_and_under_which_name() -> None:
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    def answer(path: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, bytes]:
        seen.append((path, headers, body))
        return 200, b'{"result": "known", "values": {"phone": "13800000001"}}'

    with service(answer) as url:
        shop = HttpShop(url + "/callbot/", ACTIONS, "secret")
        await shop.ask(ActionAsked("call_1", "call_1:caller_account:1", "caller_account", {}, "13800000001"))
        await shop.close()
    ((path, headers, body),) = seen
    assert path == "/callbot/actions/caller_account"
    assert headers["Idempotency-Key"] == '"call_1:caller_account:1"'
    assert headers["Authorization"] == "Bearer secret"
    assert body == {"arguments": {}, "call": {"id": "call_1", "phone": "13800000001"}}


# ---------------------------------------------------------------- the examples


def test_the_example_orders_fit_the_example_list_and_can_be_told() -> None:
    orders = CsvTable(EXAMPLES / "orders.csv", "order_no", "orders_csv")
    rows = (EXAMPLES / "balance_reminder.csv").read_text("utf-8").splitlines()[1:]
    paid = orders.rows("status", "delivery", "stage", "phone", "id_tail", "item", "ordered_on", "amount")
    assert [paid[row.split(",")[2]]["status"] for row in rows] == ["unpaid", "paid", *["unpaid"] * 4]
    assert paid["4820165"]["delivery"] == "已经发货，预计明天送达"


async def test_what_tables_can_say_is_known_ahead(tmp_path: Path) -> None:
    shop, records = tables(tmp_path, Clock())
    assert shop.spoken_texts() == ("已经发货", "正在备货", "已经取消")
    records.close()

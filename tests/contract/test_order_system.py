"""The shop's orders, and what scripts ask of them."""

from pathlib import Path

import pytest

from callbot.customers.orders import CsvOrders
from callbot.customers.systems import OrderActions
from callbot.errors import SettingsError
from callbot.ports import OrderSystem
from callbot.script.actions import ACTIONS

pytestmark = pytest.mark.contract


@pytest.fixture(params=["utf-8", "utf-8-sig"])
def orders(request: pytest.FixtureRequest, tmp_path: Path) -> OrderSystem:
    path = tmp_path / "orders.csv"
    path.write_text("order_no,status,note\n00731,unpaid,一\n4820165, PAID ,二\n", request.param)
    return CsvOrders(path)


def test_paid_and_unpaid(orders: OrderSystem) -> None:
    assert orders.payment_status("00731") == "unpaid"
    assert orders.payment_status("4820165") == "paid"


def test_an_unknown_order(orders: OrderSystem) -> None:
    with pytest.raises(KeyError):
        orders.payment_status("731")


def test_a_payment_that_comes_in_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    orders = CsvOrders(path)
    for status in ("unpaid", "paid"):
        path.write_text(f"order_no,status\n1,{status}\n", "utf-8")
        assert orders.payment_status("1") == status


@pytest.mark.parametrize(
    "content", [None, "", "no,status\n1,paid\n", "order_no,status\n1,perhaps\n", "order_no,status\n1\n"]
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "orders.csv"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=r"orders\.csv"):
        CsvOrders(path).payment_status("1")


async def test_actions_give_only_results_that_scripts_know(orders: OrderSystem) -> None:
    actions = OrderActions(orders)
    for order_no in ("00731", "4820165"):
        result, values = await actions.ask("payment_status", {"order_no": order_no})
        assert result in ACTIONS["payment_status"].results
        assert values == {}


async def test_what_cannot_be_answered_raises(orders: OrderSystem) -> None:
    for action, arguments in (
        ("payment_status", {"order_no": "1"}),
        ("payment_status", {}),
        ("fly", {"order_no": "1"}),
    ):
        with pytest.raises(KeyError):
            await OrderActions(orders).ask(action, arguments)
    with pytest.raises(SettingsError, match="orders_csv"):
        await OrderActions(None).ask("payment_status", {"order_no": "00731"})


def test_the_example_orders_fit_the_example_list() -> None:
    examples = Path(__file__).parents[2] / "scripts_dsl" / "examples"
    orders = CsvOrders(examples / "orders.csv")
    rows = (examples / "balance_reminder.csv").read_text("utf-8").splitlines()[1:]
    assert [orders.payment_status(row.split(",")[2]) for row in rows] == ["unpaid", "paid", *["unpaid"] * 4]


async def test_how_an_order_stands_is_told_in_words_that_are_known_ahead(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_no,status,delivery\n00731,paid,已经发货\n2,paid,已经签收\n3,paid,已经发货\n", "utf-8")
    shop = OrderActions(CsvOrders(path))
    result, given = await shop.ask("order_status", {"order_no": "00731"})
    assert (result, given) == ("found", {"status": "已经发货"})
    assert tuple(given) == ACTIONS["order_status"].gives
    assert await shop.ask("order_status", {"order_no": "731"}) == ("not_found", {})
    assert shop.spoken_texts() == ("已经发货", "已经签收")


@pytest.mark.parametrize("content", ["order_no,status\n1,paid\n", "order_no,status,delivery\n1,paid,\n"])
async def test_without_words_for_every_order_nothing_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match="delivery"):
        await OrderActions(CsvOrders(path)).ask("order_status", {"order_no": "1"})


async def test_without_a_table_nothing_is_known() -> None:
    assert OrderActions(None).spoken_texts() == ()
    with pytest.raises(SettingsError, match="orders_csv"):
        await OrderActions(None).ask("order_status", {"order_no": "1"})


def test_the_example_orders_can_be_told() -> None:
    examples = Path(__file__).parents[2] / "scripts_dsl" / "examples"
    assert CsvOrders(examples / "orders.csv").order_status("4820165") == "已经发货，预计明天送达"

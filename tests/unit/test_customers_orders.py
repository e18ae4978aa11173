"""The table of orders and the questions that scripts may ask about it."""

from pathlib import Path

import pytest

from callbot.customers.orders import CsvOrders
from callbot.customers.systems import OrderActions
from callbot.errors import SettingsError
from callbot.script.actions import ACTIONS

pytestmark = pytest.mark.unit

EXAMPLE = Path(__file__).parents[2] / "scripts_dsl" / "examples" / "orders.csv"


def orders(folder: Path, text: str) -> OrderActions:
    path = folder / "orders.csv"
    path.write_text(text, "utf-8-sig")
    return OrderActions(CsvOrders(path))


async def test_payment_and_status_of_an_order() -> None:
    shop = OrderActions(CsvOrders(EXAMPLE))
    assert await shop.ask("payment_status", {"order_no": "4820165"}) == ("paid", {})
    assert await shop.ask("order_status", {"order_no": "4820165"}) == ("found", {"status": "已经发货，预计明天送达"})
    assert await shop.ask("order_status", {"order_no": "00000"}) == ("not_found", {})
    assert set(shop.spoken_texts()) >= {"已经签收", "已经取消"}
    with pytest.raises(KeyError):
        await shop.ask("payment_status", {"order_no": "00000"})
    with pytest.raises(KeyError):
        await shop.ask("weather", {})


@pytest.mark.parametrize("action", ACTIONS)
async def test_every_action_is_answered_as_it_is_described(action: str) -> None:
    spec = ACTIONS[action]
    result, given = await OrderActions(CsvOrders(EXAMPLE)).ask(action, dict.fromkeys(spec.arguments, "20731"))
    assert result in spec.results
    assert tuple(given) == spec.gives


async def test_a_table_without_deliveries_still_answers_for_payments(tmp_path: Path) -> None:
    shop = orders(tmp_path, "order_no,status\n1,PAID\n")
    assert await shop.ask("payment_status", {"order_no": "1"}) == ("paid", {})
    with pytest.raises(SettingsError, match="delivery"):
        await shop.ask("order_status", {"order_no": "1"})


@pytest.mark.parametrize("text", ["order_no,status\n1,perhaps\n", "order_no,status\n1\n", "number,status\n1,paid\n"])
async def test_a_table_that_cannot_be_used_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="order_no"):
        await orders(tmp_path, text).ask("payment_status", {"order_no": "1"})


async def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    shop = OrderActions(None)
    assert shop.spoken_texts() == ()
    with pytest.raises(SettingsError, match="orders_csv"):
        await shop.ask("order_status", {"order_no": "1"})

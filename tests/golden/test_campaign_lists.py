"""The example lists through all but sound and network: list, script, session, the shop's tables, text message."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from callbot.call.requests import Requests
from callbot.campaign.contacts import check, read_list
from callbot.clock import SystemClock
from callbot.customers.orders import CsvTable
from callbot.customers.tables_shop import Tables, TablesShop
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.protocol import ActionAsked
from callbot.script.inputs import parse_input
from callbot.script.revision import build_revision, render_sms
from callbot.store.shop import ShopRecords
from tests.golden.timeline import Presses, Result, Says, converse

pytestmark = pytest.mark.golden

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
EXAMPLES = SCRIPTS / "examples"


@cache
def script(name: str) -> CompiledScript:
    return compile_revision(build_revision(SCRIPTS / f"{name}.yaml"))


def contacts(name: str) -> list[dict[str, str]]:
    """The rows of an example list, as the import takes them."""
    inputs = script(name).script.inputs

    def parse(column: str, text: str) -> str:
        return parse_input(inputs[column], text)

    report = check(read_list(EXAMPLES / f"{name}.csv"), {key: spec.label for key, spec in inputs.items()}, parse)
    assert report.problems == ()
    return [dict(contact.inputs) for contact in report.good]


class Shop:
    """The tables of the examples as a line asks them on behalf of one call."""

    def __init__(self, shop: TablesShop, call_id: str) -> None:
        self._shop = shop
        self._call_id = call_id
        self._requests = Requests(call_id)

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        name = self._requests.name(action, arguments)
        result, values = await self._shop.ask(ActionAsked(self._call_id, name, action, dict(arguments)))
        self._requests.answered(action, result)
        return result, values


@pytest.fixture
def records(tmp_path: Path) -> Iterator[ShopRecords]:
    opened = ShopRecords(tmp_path / "shop.db")
    yield opened
    opened.close()


@pytest.fixture
def shop(records: ShopRecords) -> TablesShop:
    orders = CsvTable(EXAMPLES / "orders.csv", "order_no", "orders_csv")
    return TablesShop(Tables(orders, CsvTable(EXAMPLES / "coupons.csv", "code", "coupons_csv")), records, SystemClock())


def sms(name: str, row: Mapping[str, str], result: Result) -> str:
    end = result.conversation.end
    return render_sms(script(name).revision, end.sms, {**row, **result.conversation.slots}) if end.sms else ""


async def test_a_delay_is_apologised_for_with_a_coupon_that_is_kept(shop: TablesShop) -> None:
    row, other, _ = contacts("delay_apology")
    customer = [Says(4000, 4700, "是我"), Says(16_000, 17_000, "那我再等等吧")]
    first = await converse(script("delay_apology"), row, customer, systems=Shop(shop, "call_1"))
    assert first.conversation.end.outcome == "waits"
    assert "券码YS8K2M" in sms("delay_apology", row, first)
    second = await converse(script("delay_apology"), other, customer, systems=Shop(shop, "call_2"))
    assert "券码YS4T7Q" in sms("delay_apology", other, second), "another order has another coupon"
    again = await converse(script("delay_apology"), row, customer, systems=Shop(shop, "call_3"))
    assert "券码YS8K2M" in sms("delay_apology", row, again), "and an order never gets two"


async def test_who_hangs_up_after_the_apology_was_informed_and_gets_the_coupon(shop: TablesShop) -> None:
    row = contacts("delay_apology")[0]
    customer = [Says(4000, 4700, "是我")]
    heard = await converse(script("delay_apology"), row, customer, systems=Shop(shop, "call_1"), hangs_up_ms=14_000)
    assert heard.conversation.end.outcome == "informed"
    assert "券码YS8K2M" in sms("delay_apology", row, heard)
    cut = await converse(script("delay_apology"), row, customer, systems=Shop(shop, "call_2"), hangs_up_ms=7_000)
    assert cut.conversation.end.outcome == "hung_up", "the apology was not heard to its end"


async def test_an_address_is_corrected_in_one_part_read_back_and_written(
    shop: TablesShop, records: ShopRecords
) -> None:
    row = contacts("address_confirm")[0]
    customer = [Says(4000, 4700, "我是"), Says(11_000, 12_500, "不对，是八号楼"), Says(19_000, 19_600, "对的")]
    result = await converse(script("address_confirm"), row, customer, systems=Shop(shop, "call_1"))
    assert result.conversation.end.outcome == "address_changed"
    (written,) = records.work()
    assert (written.order_no, written.what) == ("20731", "杭州市西湖区文三路8号8号楼501室")
    assert "8号楼501室" in sms("address_confirm", row, result)


async def test_an_address_that_is_right_is_not_written(shop: TablesShop, records: ShopRecords) -> None:
    row = contacts("address_confirm")[1]
    customer = [Says(4000, 4700, "我是"), Says(11_000, 11_600, "对的")]
    result = await converse(script("address_confirm"), row, customer, systems=Shop(shop, "call_1"))
    assert (result.conversation.end.outcome, records.work()) == ("address_right", [])


async def test_a_survey_by_key(shop: TablesShop) -> None:
    row = contacts("satisfaction_survey")[0]
    customer = [Says(4500, 5200, "方便"), Presses(9000, "5")]
    result = await converse(script("satisfaction_survey"), row, customer, systems=Shop(shop, "call_1"))
    assert (result.conversation.end.outcome, result.conversation.slots) == ("scored", {"score": "five"})


async def test_a_payment_is_looked_up(shop: TablesShop) -> None:
    row = contacts("balance_reminder")[1]
    customer = [Says(4000, 4700, "是的"), Says(12_000, 12_900, "我已经付过了")]
    result = await converse(script("balance_reminder"), row, customer, systems=Shop(shop, "call_1"))
    assert result.conversation.end.outcome == "already_paid"

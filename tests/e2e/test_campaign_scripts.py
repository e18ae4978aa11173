"""Two of the campaign scripts over real SIP: what customers are promised is in the shop's records afterwards."""

from pathlib import Path

import pytest

from callbot.cli.campaign import import_list
from callbot.store.shop import ShopRecords
from tests.e2e.system import ROOT, System, system, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

EXAMPLES = ROOT / "scripts_dsl" / "examples"
WAITS, LISTENS, CORRECTS = "13800000011", "13800000013", "13800000021"
CUSTOMERS = f"""customers:
  "{WAITS}":
    turns: [{{say: yes_me.wav, after: 700ms}}, {{say: wait.wav, after: 1500ms}}]
  "{LISTENS}":
    turns: [{{say: yes_me.wav, after: 700ms}}, {{hang_up: true, after: 1500ms}}]
  "{CORRECTS}":
    turns: [{{say: yes_me.wav, after: 700ms}}, {{say: building_8.wav, after: 1s}}, {{say: yes.wav, after: 1s}}]
"""
TABLES = f'coupons_csv = "{EXAMPLES / "coupons.csv"}"\n'


def example(folder: Path, script: str, numbers: dict[str, str]) -> Path:
    """Rows of an example list, by order number, for other telephones."""
    header, *rows = (EXAMPLES / f"{script}.csv").read_text("utf-8").splitlines()
    kept = [f"{numbers[row.split(',')[2]]},{row.partition(',')[2]}" for row in rows if row.split(",")[2] in numbers]
    path = folder / f"{script}.csv"
    path.write_text("\n".join([header, *kept]) + "\n", "utf-8")
    return path


async def run(running: System, path: Path, script: str) -> dict[str, tuple[str, list[str]]]:
    """Outcome and text messages of every contact of a list, once all have been called."""
    campaign = import_list(running.store, running.settings, path, script, title=script)
    running.store.campaigns.start(campaign)
    await until(lambda: running.store.campaigns.progress(campaign).finished, f"{script} ends", within_s=600)
    found = running.store.campaigns.results(campaign)
    return {one.phone.number: (one.outcome, [followup.text for followup in one.followups]) for one in found}


async def test_what_is_promised_is_kept(tmp_path: Path) -> None:
    customers = tmp_path / "customers.yaml"
    customers.write_text(CUSTOMERS, "utf-8")
    async with system(tmp_path, customers=customers, top=TABLES) as running:
        delay = example(tmp_path, "delay_apology", {"20731": WAITS, "77402": LISTENS})
        results = await run(running, delay, "delay_apology")
        assert {number: outcome for number, (outcome, _) in results.items()} == {WAITS: "waits", LISTENS: "informed"}
        messages = {number: text for number, (_, (text,)) in results.items()}
        codes = {number: text.partition("券码")[2][:6] for number, text in messages.items()}
        assert len(set(codes.values())) == 2
        assert set(codes.values()) <= {line[:6] for line in (EXAMPLES / "coupons.csv").read_text("utf-8").splitlines()}

        address = example(tmp_path, "address_confirm", {"20731": CORRECTS})
        ((number, (outcome, (text,))),) = (await run(running, address, "address_confirm")).items()
        assert (number, outcome) == (CORRECTS, "address_changed")
        assert "8号楼501室" in text
        records = ShopRecords(running.settings.data_dir / "shop.db")
        assert [one.what for one in records.work() if one.kind == "address"] == ["杭州市西湖区文三路8号8号楼501室"]
        records.close()

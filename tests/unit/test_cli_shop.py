"""``callbot work``: what calls left to do, for people, for Excel, for programs."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callbot.cli import build
from callbot.store.shop import Desk, ShopRecords

pytestmark = pytest.mark.unit

AT = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "callbot.toml"
    path.write_text('data_dir = "data"\n', "utf-8")
    return path


@pytest.fixture
def filled(config: Path) -> Path:
    folder = config.parent / "data"
    folder.mkdir()
    records = ShopRecords(folder / "shop.db")

    def leave(desk: Desk) -> tuple[str, dict[str, str]]:
        desk.file("refund", "20731")
        desk.change_address("77402", "=杭州市")
        desk.coupon("90042", {"YS1": "20.00"})
        return "filed", {}

    records.once("call_1:x:1", {"call_id": "call_1", "action": "x", "arguments": {}}, AT, leave)
    records.close()
    return config


def call(*arguments: str) -> str:
    result = CliRunner().invoke(build(), ["work", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_nothing_yet(config: Path) -> None:
    assert json.loads(call("--json", "-c", str(config))) == []
    assert not (config.parent / "data").exists()


def test_for_programs(filled: Path) -> None:
    rows = json.loads(call("--json", "-c", str(filled)))
    assert [(row["kind"], row["order_no"], row["what"]) for row in rows] == [
        ("refund", "20731", "100001"),
        ("address", "77402", "=杭州市"),
        ("coupon", "90042", "YS1"),
    ]
    assert {(row["at"], row["call"]) for row in rows} == {("2026-06-01 10:00", "call_1")}


def test_for_people_and_for_excel(filled: Path) -> None:
    assert "退款" in call("-c", str(filled))
    path = filled.parent / "work.csv"
    call("--csv", str(path), "-c", str(filled))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["at", "kind", "order_no", "what", "call"]
    assert [row[3] for row in rows[1:]] == ["100001", "'=杭州市", "YS1"], "no cell is a formula"

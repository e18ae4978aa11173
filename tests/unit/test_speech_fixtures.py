"""The recordings agree with their manifest."""

import csv
import hashlib
from pathlib import Path

import pytest

from callbot.audio import pcm, wav

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[2] / "audio_fixtures"
INTENTS = {
    *("affirm", "deny", "busy", "already_paid", "will_pay", "wrong_person", "dispute", "human", "stop_calling"),
    *("who_is_this", "repeat", "hello", "bye", "not_interested", "user_menu", "order_query", "can_wait", ""),
}


def rows() -> list[dict[str, str]]:
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_manifest_lists_exactly_the_files() -> None:
    assert {row["file"] for row in rows()} == {path.name for path in FOLDER.glob("*.wav")}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_a_recording_is_what_its_row_says(row: dict[str, str]) -> None:
    path = FOLDER / row["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
    assert row["rate_hz"] == "8000"
    assert row["intent"] in INTENTS
    assert row["licence"]
    audio = wav.read(path)
    assert pcm.level_dbfs(audio[:400]) < -60
    assert pcm.level_dbfs(audio[-400:]) < -60
    if row["text"]:
        assert pcm.active_level_dbfs(audio) == pytest.approx(-20, abs=1.5)

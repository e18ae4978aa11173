"""The list of phrasings by which understanding is judged: written before any tuning, and unchanged since."""

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data"
LIST = DATA / "intents_test.csv"
SHA256 = "66cf7eda6a78ad460f7670a64cb6ba6785edbbc265d9f1d7cc25d9088c83e221"
"""Of the list as it was first committed, before the pack and the cascade were worked on."""


def rows(path: Path) -> list[tuple[str, str | None]]:
    """Text and intent; None for talk that means nothing here."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["intent"] or None) for row in csv.DictReader(file)]


def test_the_list_is_the_one_written_before_tuning() -> None:
    assert hashlib.sha256(LIST.read_bytes()).hexdigest() == SHA256


def test_the_list_is_large_and_has_no_phrasing_twice() -> None:
    phrasings = rows(LIST)
    assert len(phrasings) >= 300
    assert len({text for text, _ in phrasings}) == len(phrasings)
    counts = Counter(intent for _, intent in phrasings)
    assert counts[None] >= 40
    assert min(counts.values()) >= 2

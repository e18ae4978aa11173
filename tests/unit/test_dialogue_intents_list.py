"""The list of phrasings by which understanding is judged: written before any tuning, and unchanged since."""

import csv
import hashlib
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from callbot.dialogue.understand import Intents, compile_intents, understand
from callbot.script.library import Library, load
from callbot.script.phrases import shared

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data"
DEVELOPMENT = DATA / "intents_development.csv"
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


STANDARD = {
    "affirm", "deny", "busy", "already_paid", "not_paid", "will_pay", "dispute", "wrong_person", "human",
    "complaint", "refund", "exchange", "ship_status", "address_wrong", "is_robot", "who_is_this", "repeat",
    "slower", "hold_on", "hello", "bye", "thanks", "stop_calling", "later", "not_interested", "ask_price",
    "ask_discount", "angry",
}  # fmt: skip


@pytest.fixture(scope="module")
def library() -> Library:
    return load(Path(__file__).parents[2] / "scripts_dsl")


@pytest.fixture(scope="module")
def intents(library: Library) -> Intents:
    return compile_intents(library.intents, library.fillers)


def test_the_list_was_not_worked_from() -> None:
    assert {text for text, _ in rows(LIST)}.isdisjoint(text for text, _ in rows(DEVELOPMENT))


def test_every_intent_is_judged(library: Library) -> None:
    assert {intent for _, intent in rows(LIST)} == {*library.intents, None}


@pytest.mark.parametrize("path", [LIST, DEVELOPMENT], ids=["judging", "development"])
def test_at_least_92_percent_right_and_at_most_3_percent_wrong(intents: Intents, path: Path) -> None:
    right, wrong, phrasings = 0, 0, rows(path)
    for text, intent in phrasings:
        made = understand(text, intents).intent
        right += made == intent
        wrong += made is not None and made != intent
    assert right >= 0.92 * len(phrasings)
    assert wrong <= 0.03 * len(phrasings)


def test_meaningless_talk_is_rejected(intents: Intents) -> None:
    nothing = [text for text, intent in rows(LIST) if intent is None]
    assert sum(understand(text, intents).intent is None for text in nothing) >= 0.9 * len(nothing)


def test_the_shared_pack_is_whole(library: Library) -> None:
    assert library.findings == []
    assert library.intents.keys() >= STANDARD
    assert len(library.intents) >= 40
    few = {name for name, intent in library.intents.items() if len({*intent.whole, *intent.phrases}) < 12}
    assert few == set()


def test_no_phrasing_of_the_pack_belongs_to_two_intents(library: Library) -> None:
    both = {
        (one, other): shared((*first.whole, *first.phrases), (*second.whole, *second.phrases))
        for (one, first), (other, second) in combinations(library.intents.items(), 2)
    }
    assert {pair: texts for pair, texts in both.items() if texts} == {}


def test_what_must_be_sure_is_never_taken_for_its_likeness(library: Library, intents: Intents) -> None:
    sure = {name for name, intent in library.intents.items() if intent.sure}
    assert sure >= {"refund", "stop_calling"}
    for path in (LIST, DEVELOPMENT):
        for text, _ in rows(path):
            made = understand(text, intents)
            assert made.intent not in sure or made.why.startswith(("phrase ", "words ", "sound ")), made

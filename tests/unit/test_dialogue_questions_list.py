"""Lists of spoken questions over scripts_dsl/knowledge: which entry answers each, and talk that must find none.

The wordings were worked on with the development list; the other was written after them and nothing was changed for its
questions.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from callbot.dialogue.knowledge import Knowledge, compile_knowledge
from callbot.script.faq import FaqEntry
from callbot.script.library import load

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data"
SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    files = load(SCRIPTS).faqs
    return compile_knowledge(
        {
            f"{name}.{key}": FaqEntry.model_validate(entry)
            for name, file in files.items()
            for key, entry in file.data["entries"].items()
        }
    )


def rows(name: str) -> list[tuple[str, str]]:
    """Text and entry, "" for talk that asks nothing we know."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["entry"]) for row in csv.DictReader(file)]


def judged(knowledge: Knowledge, name: str) -> tuple[Counter[str], str]:
    """How many are right, missed, wrong, taken, quiet; and every one that is not as it should be."""
    counts: Counter[str] = Counter()
    faults = []
    for text, entry in rows(name):
        answer = knowledge.find(text)
        found = "" if answer is None else answer.entry
        if entry:
            verdict = "right" if found == entry else "wrong" if found else "missed"
        else:
            verdict = "taken" if found else "quiet"
        counts[verdict] += 1
        if verdict not in ("right", "quiet"):
            faults.append(f"{verdict}: {text} → {found or '-'}")
    return counts, "\n".join([str(dict(counts)), *faults])


def test_the_lists_are_large_have_no_sentence_twice_and_ask_of_every_entry(knowledge: Knowledge) -> None:
    developed = rows("questions_development.csv")
    every = [text for text, _ in developed + rows("questions_test.csv")]
    assert len(set(every)) == len(every)
    asked = Counter(entry for _, entry in developed)
    assert asked.pop("") >= 30
    assert asked.total() >= 60
    assert asked.keys() == knowledge.entries.keys()
    assert min(asked.values()) >= 6


def test_development_list(knowledge: Knowledge) -> None:
    counts, told = judged(knowledge, "questions_development.csv")
    questions = counts["right"] + counts["missed"] + counts["wrong"]
    assert counts["right"] >= 0.95 * questions, told
    assert counts["wrong"] == 0, told
    assert counts["taken"] == 0, told


def test_list_written_after_the_wordings(knowledge: Knowledge) -> None:
    """New ways to ask are mostly not understood, which the robot says; what it answers must be right."""
    counts, told = judged(knowledge, "questions_test.csv")
    assert counts["right"] >= 4, told
    assert counts["wrong"] == 0, told
    assert counts["taken"] == 0, told

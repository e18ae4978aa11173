"""How intents are written: alternatives, gaps, and what two groups of phrases have in common."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from callbot.script.library import load
from callbot.script.model import Intent
from callbot.script.phrases import GAP, choices, shared, slots

pytestmark = pytest.mark.unit


def test_a_phrase_is_a_row_of_slots() -> None:
    assert slots("我(会|一定|)付") == (("我",), ("会", "一定", ""), ("付",))
    assert slots("…把…(退|换)了…") == (("把",), (GAP,), ("退", "换"), ("了",))


def test_choices_have_every_alternative_once() -> None:
    assert list(choices("我(会|一定|)(付|交)…款")) == [
        ("我", "会", "付", "款"),
        ("我", "一定", "交", "款"),
        ("我", "", "付", "款"),
    ]


@pytest.mark.parametrize("phrase", ["", "…", "(我|)", "我(会", "我会)付", "我((会|能)|要)付", "我(会…|能)付", "我|你"])
def test_phrases_that_cannot_be_meant_are_refused(phrase: str) -> None:
    with pytest.raises(ValidationError):
        Intent(title="付", phrases=(phrase,))


def _texts(phrase: str) -> set[str]:
    return {"".join(choice) for choice in product(*slots(phrase))}


PHRASES = st.lists(
    st.lists(st.sampled_from(["我", "付", "(会|能|)", "(付|付款)", "款"]), min_size=1, max_size=4).map("".join),
    max_size=3,
)


@given(one=PHRASES, other=PHRASES)
def test_what_two_groups_share_is_what_both_stand_for(one: list[str], other: list[str]) -> None:
    both = set().union(*map(_texts, one)) & set().union(*map(_texts, other)) - {""}
    found = shared(one, other, most=1000)
    assert set(found) <= both
    assert bool(found) == bool(both)


def test_a_malformed_phrase_is_reported_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "intents").mkdir()
    file = tmp_path / "intents" / "mine.yaml"
    file.write_text("dsl: 1\nkind: intents\nintents:\n  pay:\n    title: 付\n    phrases: [我(会付]\n", "utf-8")
    (finding,) = load(tmp_path).findings
    assert (finding.code, finding.place.line) == ("S103", 6)
    assert "括号" in finding.hint.zh

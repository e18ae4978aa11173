"""Questions that a script answers in between: which entry does a customer's question fit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from callbot.script.faq import FaqEntry
from callbot.script.phrases import expand
from callbot.zh.numerals import half_width


@dataclass(frozen=True, slots=True)
class Answer:
    """What fits a question: the entry ``payment.how``, its answer, how well (0..1), and which wording."""

    entry: str
    answer: str
    score: float
    why: str


class Knowledge(Protocol):
    """Finds the entry that a question fits; made ready once per revision."""

    def find(self, text: str) -> Answer | None:
        """The best entry for a customer's words, None when nothing fits well enough."""
        ...


class PhraseKnowledge:
    """``Knowledge`` by wordings that stand in the customer's words as they are written, the longest first."""

    def __init__(self, entries: Mapping[str, FaqEntry]) -> None:
        found = [
            (_bare(text), name) for name, entry in entries.items() for each in entry.questions for text in expand(each)
        ]
        self._wordings = sorted((each for each in found if each[0]), key=lambda each: -len(each[0]))
        self._entries = entries

    def find(self, text: str) -> Answer | None:
        """The entry with the longest wording inside ``text``."""
        bare = _bare(text)
        for wording, name in self._wordings:
            if wording in bare:
                return Answer(name, self._entries[name].answer, len(wording) / len(bare), wording)
        return None


def _bare(text: str) -> str:
    return "".join(character for character in half_width(text) if character.isalnum())

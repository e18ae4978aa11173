"""The two languages of the interface: every sentence for a person is written once in each, side by side.

Spoken text never comes from here; it belongs to scripts.
"""

import os
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


def language() -> Language:
    """The interface's language: ``CALLBOT_LANG`` when set, else the locale; Chinese if there is none."""
    for name in ("CALLBOT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").lower()
        if value:
            return "zh" if value.startswith("zh") else "en"
    return "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence for a person in both languages; ``str()`` gives the one of the interface."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if language() == "zh" else self.en


def tr(zh: str, en: str) -> str:
    """The sentence in the interface's language, for places that print at once."""
    return zh if language() == "zh" else en

"""Lint of what scripts share, looked at together with all scripts of the folder. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from callbot.language import Text
from callbot.script.findings import Finding, finding
from callbot.script.library import Library
from callbot.script.source import Document


def unused_intents(library: Library, scripts: Iterable[Document]) -> Iterator[Finding]:
    """Intents that no script, shared part or other intent names anywhere."""
    used = {intent.means for intent in library.intents.values()}
    for document in (*scripts, *library.commons.values(), *library.flows.values()):
        used |= set(_words(document.data))
    for name in library.intents:
        if name not in used:
            document = library.documents[name]
            place = document.place(("intents", name), key=True)
            message = Text(f"没有话术用到意图 {name}", f"no script uses the intent {name}")
            yield finding(document, place, "S232", message, warn=True)


def _words(data: Any) -> Iterator[str]:
    """Every key and text: wherever a key of the language takes intents, they are among them."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _words(value)
    elif isinstance(data, list):
        for each in data:
            yield from _words(each)
    elif isinstance(data, str):
        yield data

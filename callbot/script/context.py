"""A script together with the common parts it uses, and where each of its steps stands. Pure."""

from dataclasses import dataclass
from typing import Any

from callbot.script.actions import carried
from callbot.script.library import Library
from callbot.script.model import Script
from callbot.script.source import Document, Place, Route


@dataclass(frozen=True, slots=True)
class Context:
    """What the later passes of lint look at: the whole script and its places."""

    document: Document
    library: Library
    raw: dict[str, Any]
    script: Script
    origins: dict[Route, Document]

    @property
    def documents(self) -> list[Document]:
        """All files that findings can point to."""
        return [self.document, *self.library.commons.values(), *self.library.documents.values()]

    def where(self, route: Route, *, key: bool = False) -> tuple[Document, Place]:
        """File and place of something in the whole script."""
        for length in range(len(route), 0, -1):
            if route[:length] in self.origins:
                document = self.origins[route[:length]]
                return document, document.place(route, key=key)
        return self.document, self.document.place(route, key=key)

    def where_value(self, route: Route, name: str) -> tuple[Document, Place]:
        """Where ``{name}`` stands in the text at a route; the whole text when it is written over several lines."""
        document, place = self.where(route)
        line, mark = document.lines[place.line - 1], f"{{{name}}}"
        at = line.find(mark, place.column - 1)
        return document, place if at < 0 else Place(place.line, at + 1, len(mark))

    def is_shared(self, step: str) -> bool:
        """Whether a step comes from a common part."""
        return ("steps", step) in self.origins

    def expanded(self) -> dict[str, Any]:
        """The content of a revision."""
        return {
            "script": self.raw,
            "intents": {name: each.model_dump(exclude_defaults=True) for name, each in self.library.intents.items()},
            "fillers": list(self.library.fillers),
            "sms": {name: each.model_dump() for name, each in self.library.sms.items()},
        }


def combine(document: Document, library: Library) -> Context:
    """Put the common parts into a script of the right shape; its own steps and rows win over theirs."""
    raw = dict(document.data)
    steps, defaults = dict(raw["steps"]), dict(raw["defaults"])
    anytime = dict(defaults.get("anytime", {}))
    origins: dict[Route, Document] = {}

    def add(table: dict[str, Any], rows: dict[str, Any], route: Route, common: Document) -> None:
        for name, row in rows.items():
            if name not in table:
                table[name] = row
                origins[(*route, name)] = common

    for use in raw.get("use", []):
        common = library.commons.get(use)
        if common is not None:  # an unknown one is found among the references
            shared = common.data.get("defaults", {})
            add(steps, common.data["steps"], ("steps",), common)
            add(anytime, shared.get("anytime", {}), ("defaults", "anytime"), common)
            add(defaults, {name: rule for name, rule in shared.items() if name != "anytime"}, ("defaults",), common)
    whole = {**raw, "steps": carried(steps, library.actions), "defaults": {**defaults, "anytime": anytime}}
    return Context(document, library, whole, Script.model_validate(whole), origins)

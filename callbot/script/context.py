"""A script together with the common parts it uses and the flows it calls, and where each of its steps stands. Pure."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callbot.script.actions import carried
from callbot.script.expand import Expanded, Origin, expand
from callbot.script.library import Library
from callbot.script.model import Script
from callbot.script.prompt import Variant
from callbot.script.source import Document, Place, Route


@dataclass(frozen=True, slots=True)
class Context:
    """What the later passes of lint look at: the whole script and its places."""

    document: Document
    library: Library
    raw: dict[str, Any]
    script: Script
    whole: Expanded

    @property
    def origins(self) -> dict[Route, Origin]:
        """Where steps and rules stand."""
        return self.whole.origins

    @property
    def documents(self) -> list[Document]:
        """All files that findings can point to."""
        library = self.library
        shared = (library.commons, library.flows, library.faqs, library.documents)
        return [self.document, *(document for table in shared for document in table.values())]

    def where(self, route: Route, *, key: bool = False) -> tuple[Document, Place]:
        """File and place of something in the whole script."""
        for length in range(len(route), 0, -1):
            if route[:length] in self.origins:
                document, start = self.origins[route[:length]]
                return document, document.place((*start, *route[length:]), key=key)
        return self.document, self.document.place(route, key=key)

    def where_value(self, route: Route, name: str) -> tuple[Document, Place]:
        """Where ``{name}`` stands in the text at a route; the whole text when it is written over several lines."""
        document, place = self.where(route)
        line, mark = document.lines[place.line - 1], f"{{{name}}}"
        at = line.find(mark, place.column - 1)
        return document, place if at < 0 else Place(place.line, at + 1, len(mark))

    def is_shared(self, step: str) -> bool:
        """Whether a step comes from a common part: not every script that uses the part needs all of it."""
        return any(self.origins[("steps", step)][0] is common for common in self.library.commons.values())

    def recordings(self) -> dict[tuple[str, Variant], Path]:
        """The file of every recording, by step and variant; its name counts from the file it is written in."""
        return {
            (name, why): self.where(("steps", name))[0].path.parent / file
            for name, step in self.script.steps.items()
            for why, file in step.audio.items()
        }

    def expanded(self) -> dict[str, Any]:
        """The content of a revision. Errors: ``OSError`` for a recording that is not there; lint has looked before."""
        steps = dict(self.raw["steps"])
        hashes: dict[str, str] = {}
        for (name, why), path in self.recordings().items():
            file = Path(os.path.relpath(path, self.document.path.parent)).as_posix()
            hashes[file] = hashlib.sha256(path.read_bytes()).hexdigest()
            own = steps[name]["audio"]
            steps[name] = {**steps[name], "audio": {**({} if isinstance(own, str) else own), why: file}}
        return {
            "script": {**self.raw, "steps": steps},
            "recordings": hashes,
            "faq": {
                f"{name}.{key}": entry
                for name in (self.script.faq.categories if self.script.faq else ())
                for key, entry in self.library.faqs[name].data["entries"].items()
            },
            "intents": {name: each.model_dump(exclude_defaults=True) for name, each in self.library.intents.items()},
            "fillers": list(self.library.fillers),
            "sms": {name: each.model_dump() for name, each in self.library.sms.items()},
        }


def combine(document: Document, library: Library) -> Context:
    """Put the common parts into a script of the right shape; its own steps and rows win over theirs."""
    raw = dict(document.data)
    steps, defaults = dict(raw["steps"]), dict(raw["defaults"])
    anytime = dict(defaults.get("anytime", {}))
    origins: dict[Route, Origin] = {("steps", name): (document, ("steps", name)) for name in steps}

    def add(table: dict[str, Any], rows: dict[str, Any], route: Route, common: Document) -> None:
        for name, row in rows.items():
            if name not in table:
                table[name] = row
                origins[(*route, name)] = (common, (*route, name))

    for use in raw.get("use", []):
        common = library.commons.get(use)
        if common is not None:  # an unknown one is found among the references
            shared = common.data.get("defaults", {})
            add(steps, common.data["steps"], ("steps",), common)
            add(anytime, shared.get("anytime", {}), ("defaults", "anytime"), common)
            add(defaults, {name: rule for name, rule in shared.items() if name != "anytime"}, ("defaults",), common)
    whole = expand(steps, library.flows, origins)
    whole_steps = carried(whole.steps, library.actions)
    text = {**raw, "steps": whole_steps, "defaults": {**defaults, "anytime": anytime}}
    return Context(document, library, text, Script.model_validate(text), whole)

"""What scripts share: intents/, common/, knowledge/, actions.yaml, sms.yaml of a folder. Pure but for reading files."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from callbot.language import Text
from callbot.script import source
from callbot.script.actions import ActionFile, ActionSpec
from callbot.script.faq import FaqFile
from callbot.script.findings import Finding, finding
from callbot.script.model import CommonPart, Flow, Intent, IntentFile, SmsFile, SmsTemplate
from callbot.script.shape import check_shape, check_yaml
from callbot.script.source import Document, Place


@dataclass(slots=True)
class Library:
    """Shared parts of one folder. Files with findings are left out of the tables."""

    root: Path
    intents: dict[str, Intent] = field(default_factory=dict)
    fillers: tuple[str, ...] = ()
    sms: dict[str, SmsTemplate] = field(default_factory=dict)
    actions: dict[str, ActionSpec] = field(default_factory=dict)
    commons: dict[str, Document] = field(default_factory=dict)
    flows: dict[str, Document] = field(default_factory=dict)
    faqs: dict[str, Document] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def root_of(script: Path) -> Path:
    """The folder whose intents/ belong to a script: its own, else scripts_dsl/ beside its folder."""
    folder = script.parent
    for candidate in (folder, folder / "..", folder / ".." / "scripts_dsl"):
        if (candidate / "intents").is_dir():
            return candidate
    return folder


def load(root: Path) -> Library:
    """Read all shared parts below ``root``."""
    library = Library(root)
    for path in sorted((root / "intents").glob("*.yaml")):
        document = _checked(library, path, IntentFile)
        if document is not None:
            _add_intents(library, document)
    sms = root / "sms.yaml"
    if sms.exists() and (document := _checked(library, sms, SmsFile)) is not None:
        library.documents["sms"] = document
        library.sms = {each.id: each for each in SmsFile.model_validate(document.data).templates}
    actions = root / "actions.yaml"
    if actions.exists() and (document := _checked(library, actions, ActionFile)) is not None:
        library.documents["actions"] = document
        library.actions = ActionFile.model_validate(document.data).actions
    for path in sorted((root / "common").glob("*.yaml")):
        _add_common(library, path)
    for path in sorted((root / "knowledge").glob("*.yaml")):
        if (document := _checked(library, path, FaqFile)) is not None:
            library.faqs[path.stem] = document
    return library


def _add_common(library: Library, path: Path) -> None:
    document = source.read(path)
    is_flow = isinstance(document.data, dict) and document.data.get("kind") == "flow"
    found = check_yaml(document) or check_shape(document, Flow if is_flow else CommonPart)
    library.findings += found
    if not found:
        (library.flows if is_flow else library.commons)[path.stem] = document


def _checked(library: Library, path: Path, model: type[BaseModel]) -> Document | None:
    document = source.read(path)
    found = check_yaml(document) or check_shape(document, model)
    library.findings += found
    return None if found else document


def _add_intents(library: Library, document: Document) -> None:
    file = IntentFile.model_validate(document.data)
    library.fillers += file.fillers
    for name, intent in file.intents.items():
        place = document.place(("intents", name), key=True)
        if name in library.intents:
            other = library.documents[name].path.name
            message = Text(f"意图 {name} 在 {other} 里已经有了", f"the intent {name} is in {other} already")
            library.findings.append(finding(document, place, "S002", message))
            continue
        library.intents[name] = intent
        library.documents[name] = document


def unreadable(path: Path) -> Finding:
    """The finding for a file that is not there or may not be read."""
    return finding(Document(path, []), Place(1, 1, 1), "S003", Text("打不开这个文件", "this file cannot be opened"))

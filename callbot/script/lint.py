"""All findings of a script: parse → shape → references → graph → speech and privacy. Pure but for reading files.

Each pass reports everything it finds; the next one runs only when the pass before found no error, so one mistake
does not bring others along.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from callbot.script import (
    branch_checks,
    faq_checks,
    graph_checks,
    recording_checks,
    references,
    source,
    speech_checks,
    waivers,
)
from callbot.script.actions import ActionFile
from callbot.script.context import Context, combine
from callbot.script.faq import FaqFile
from callbot.script.findings import Finding
from callbot.script.library import Library, load, root_of, unreadable
from callbot.script.model import CommonPart, Flow, IntentFile, Script, SmsFile
from callbot.script.shape import check_shape, check_yaml
from callbot.script.source import Document

_PASSES = (
    branch_checks.check_calls,
    references.check,
    branch_checks.check,
    faq_checks.check,
    graph_checks.check,
    speech_checks.check,
    recording_checks.check,
)


SHARED: dict[str, type[BaseModel]] = {
    "common": CommonPart,
    "flow": Flow,
    "intents": IntentFile,
    "faq": FaqFile,
    "actions": ActionFile,
    "sms": SmsFile,
}
"""What files that scripts share hold, by their kind."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What lint made of one file; ``expanded`` is the content of a revision, None unless it can be run."""

    findings: tuple[Finding, ...]
    expanded: dict[str, Any] | None = None


def check(
    path: Path,
    library: Library | None = None,
    queues: frozenset[str] = frozenset(),
    webhooks: frozenset[str] | None = None,
) -> Checked:
    """Lint a campaign script with the shared parts of its folder.

    ``queues``, ``webhooks``: those of this installation, to find misspelt ones; none and None when it is not known.
    """
    try:
        document = source.read(path)
    except OSError:
        return Checked((unreadable(path),))
    return check_document(document, library, queues, webhooks)


def check_document(
    document: Document,
    library: Library | None = None,
    queues: frozenset[str] = frozenset(),
    webhooks: frozenset[str] | None = None,
) -> Checked:
    """Lint a campaign script that was read already."""
    found = check_yaml(document) or check_shape(document, Script)
    if found:
        return Checked(tuple(found))
    library = library or load(root_of(document.path))
    if library.findings:
        return Checked(tuple(library.findings))
    context = combine(document, library)
    found += references.queues(context, queues)
    if webhooks is not None:
        found += references.webhooks(context, webhooks)
    for run in _PASSES:
        found += run(context)
        if any(each.severity == "error" for each in found):
            return Checked(_final(context, found, complete=False))
    return Checked(_final(context, found, complete=True), context.expanded())


def _final(context: Context, found: list[Finding], *, complete: bool) -> tuple[Finding, ...]:
    """In the order of the file, without what was waived."""
    idle = waivers.idle(context.document, found, complete=complete)
    left = [*waivers.unwaived(found, context.documents), *idle]
    return tuple(sorted(left, key=lambda each: each.order))


def check_shared(path: Path) -> tuple[Finding, ...]:
    """Lint a file of intents, text messages, actions or common parts by itself: parse and shape."""
    try:
        document = source.read(path)
    except OSError:
        return (unreadable(path),)
    model = SHARED.get(kind(document) or "", CommonPart)
    return tuple(check_yaml(document) or check_shape(document, model))


def kind(document: Document) -> str | None:
    """What a file is: a script (campaign, hotline) or one of ``SHARED``; None when it does not say."""
    found = document.data.get("kind") if isinstance(document.data, dict) else None
    return found if isinstance(found, str) else None

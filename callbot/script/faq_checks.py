"""Lint of the knowledge that a script uses. Pure."""

from collections.abc import Iterator

from callbot.language import Text
from callbot.script.context import Context
from callbot.script.faq import FaqEntry, FaqFile
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.phrases import shared
from callbot.script.source import Document, Place

_SENTENCES = 2
"""Of an answer that is spoken: who asks in between wants to go on."""


def check(context: Context) -> list[Finding]:
    """Categories that do not exist, answers too long to be spoken or with values, one wording for two answers."""
    return [*_categories(context), *_entries(context)]


def _categories(context: Context) -> Iterator[Finding]:
    known = context.library.faqs
    for at, name in enumerate(context.script.faq.categories if context.script.faq else ()):
        if name not in known:
            document = context.document
            place = document.place(("faq", "from", at))
            if isinstance(document.data["faq"], list):
                place = document.place(("faq", at))
            message = Text(f"knowledge/ 里没有 {name}.yaml", f"there is no {name}.yaml in knowledge/")
            yield finding(document, place, "S219", message, did_you_mean(name, list(known)))


def _entries(context: Context) -> Iterator[Finding]:
    asked: dict[str, list[str]] = {}
    for name in context.script.faq.categories if context.script.faq else ():
        document = context.library.faqs.get(name)
        if document is None:
            continue
        for key, entry in FaqFile.model_validate(document.data).entries.items():
            yield from _answer(document, key, entry)
            for at, question in enumerate(entry.questions):
                others = [each for each in asked if each != f"{name}.{key}"]
                other = next((each for each in others if shared([question], asked[each], most=1)), None)
                if other is not None:
                    place = document.place(("entries", key, "questions", at))
                    message = Text(f"{other} 也有这个问法", f"{other} has this wording too")
                    yield finding(document, place, "S412", message, warn=True)
                asked.setdefault(f"{name}.{key}", []).append(question)


def _answer(document: Document, key: str, entry: FaqEntry) -> Iterator[Finding]:
    place: Place = document.place(("entries", key, "answer"))
    if any(mark in entry.answer for mark in "{}｛｝"):
        message = Text("回答里不能有 {值}", "an answer cannot hold a {value}")
        yield finding(document, place, "S412", message)
    if entry.sentences > _SENTENCES:
        message = Text(f"回答有 {entry.sentences} 句，电话里太长", f"{entry.sentences} sentences are too long to hear")
        yield finding(document, place, "S412", message, Text("最多两句", "use at most two"), warn=True)

"""Publishing scripts: the gate before it, the revisions after it, and which one campaigns and hotlines take.

::

    working file ──lint, tests, coverage──> Candidate ──> revision N+1 in the store     (nothing is ever overwritten)
                                                                 ▲
    revision K  ─────────────── rollback ────────────────────────┘

A campaign keeps the revision it was made with. A new one takes the newest published; a script that was never published
is taken as its working file stands, so that callbot can be tried without any ceremony.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from callbot.authoring.rehearse import NO_LISTENER, SUFFIX, Listener, Rehearsal, rehearse
from callbot.errors import CallbotError, ScriptError, SettingsError
from callbot.language import Text
from callbot.protocol import Revision
from callbot.script import lint
from callbot.script.findings import Finding
from callbot.script.revision import build_revision, read_revision
from callbot.settings import Settings
from callbot.store.publications import PublicationStore
from callbot.store.records import Publication

WORKING_FILE = "file"
"""Where a revision number can be given, this stands for the script as it is in the folder now."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A working file that has passed the gate."""

    path: Path
    revision: Revision
    source: str
    warnings: tuple[Finding, ...]
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is going to run: a published revision or (``published`` None) the working file.

    ``unpublished``: the working file holds changes that are not in it.
    """

    revision: Revision
    published: Publication | None
    unpublished: bool = False


class NotReadyError(ScriptError):
    """A script does not pass the gate; ``rehearsal`` when its tests are the reason."""

    def __init__(self, text: Text, rehearsal: Rehearsal | None = None) -> None:
        super().__init__(text)
        self.rehearsal = rehearsal


def examine(path: Path, settings: Settings, listener: Listener | Text = NO_LISTENER) -> Candidate:
    """The gate: lint without errors, all tests passed, enough of the script tested.

    Errors: ``NotReadyError``; ``ScriptError`` with lint's report.
    """
    revision = build_revision(path)
    tests = path.with_name(path.stem + SUFFIX)
    if not tests.is_file():
        raise NotReadyError(
            Text(
                f"{path.name} 旁边没有测试，不能发布。请写 {tests.name}。",
                f"{path.name} has no tests and cannot be published. Write {tests.name}.",
            )
        )
    rehearsal = rehearse(tests, settings.campaign.timezone, listener)
    least_coverage = settings.publish.coverage
    failed = sum(bool(case.problems) for case in rehearsal.cases)
    if failed:
        raise NotReadyError(
            Text(
                f"{tests.name} 有 {failed} 个用例没有通过，不能发布。是哪些：callbot test {path.stem}。",
                f"{failed} cases of {tests.name} fail, so it cannot be published. Which: callbot test {path.stem}.",
            ),
            rehearsal,
        )
    if rehearsal.coverage < least_coverage:
        raise NotReadyError(
            Text(
                f"测试只走过话术的 {rehearsal.coverage}%，发布至少要 {least_coverage}%（配置 publish.coverage）。"
                f"缺哪些：callbot test {path.stem} --coverage。",
                f"The tests touch only {rehearsal.coverage} % of the script; {least_coverage} % are needed (setting "
                f"publish.coverage). What is missing: callbot test {path.stem} --coverage.",
            ),
            rehearsal,
        )
    queues = frozenset(queue.name for queue in settings.transfer.queues)
    checked = lint.check(path, queues=queues, webhooks=frozenset(settings.webhooks))
    warnings = tuple(each for each in checked.findings if each.severity == "warning")
    return Candidate(path, revision, path.read_text("utf-8-sig"), warnings, rehearsal)


def publish(
    store: PublicationStore, candidate: Candidate, author: str, message: str, after: int
) -> tuple[Publication, bool]:
    """Publish what passed the gate after revision ``after``; False when it is that revision already.

    Errors: ``StoreError`` when somebody published meanwhile, ``SettingsError`` without a message.
    """
    newest = store.newest(candidate.revision.script)
    if newest is not None and newest.number == after and newest.revision.hash == candidate.revision.hash:
        return newest, False
    return store.add(candidate.revision, candidate.source, author, _demanded(message), after), True


def rollback(store: PublicationStore, script: str, number: int, author: str, message: str, after: int) -> Publication:
    """Publish the text of an old revision as a new one. Errors: ``StoreError``; ``ScriptError`` for one too old."""
    old = store.get(script, number)
    try:
        read_revision(old.revision)
    except ValidationError:
        raise ScriptError(
            Text(
                f"第 {number} 版是旧版语言写的，现在不能运行。请用 callbot revisions {script} --source {number} "
                "取出原文，改好再发布。",
                f"Revision {number} was written in an older language and cannot be run now. Take its text from "
                f"`callbot revisions {script} --source {number}`, correct it and publish that.",
            )
        ) from None
    return store.add(old.revision, old.source, author, _demanded(message), after)


def choose(store: PublicationStore, path: Path, wanted: str | None = None) -> Chosen:
    """What to run of a script: the newest published, the one with the number ``wanted``, or the working file.

    Errors: ``ScriptError`` when the working file is meant and has errors; ``StoreError`` for an unknown number.
    """
    if wanted == WORKING_FILE:
        return Chosen(build_revision(path), None)
    published = store.newest(path.stem) if wanted is None else store.get(path.stem, _number(wanted))
    if published is None:
        return Chosen(build_revision(path), None)
    try:
        unpublished = build_revision(path).hash != published.revision.hash
    except CallbotError:
        unpublished = True  # a draft that is being worked on keeps nobody from running what is published
    return Chosen(published.revision, published, unpublished)


def _number(wanted: str) -> int:
    if wanted.isdecimal() and wanted.isascii() and len(wanted) < 9:
        return int(wanted)
    raise SettingsError(
        Text(
            f"“{wanted}”不是版本号：写数字，例如 3，或写 file（工作文件）。",
            f"{wanted!r} is no revision: write a number such as 3, or `file` for the working file.",
        )
    )


def _demanded(message: str) -> str:
    if message.strip():
        return message.strip()
    raise SettingsError(Text("请用 -m 说明改了什么。", "Say with -m what was changed."))

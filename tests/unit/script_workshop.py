"""Scripts made for one test: written to a folder beside copies of the shared parts, linted, compiled, driven."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import dedent, indent
from zoneinfo import ZoneInfo

from callbot.call.text_session import TextSession
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.messages import Action, Answered, Event, Say
from callbot.script import lint
from callbot.script.findings import Finding
from callbot.script.revision import build_revision

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
NOW = datetime(2026, 6, 1, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday."""

_HEAD = """\
dsl: 1
id: made
title: 测试
kind: {kind}
use: [made_ends]
defaults:
  silence: {{wait: 5s, tries: 2, then: quiet}}
  unclear: {{tries: 2, then: lost}}
  anytime: {{human: person, stop_calling: bye, repeat: {{back: prompt}}, slower: {{back: slower}}}}
longest: {{turns: 20, time: 5m, then: bye}}
hangup: {{outcome: hung_up}}
"""
_ENDS = """\
dsl: 1
id: made_ends
kind: common
steps:
  bye: {end: {outcome: done}}
  quiet: {end: {outcome: quiet}}
  lost: {end: {outcome: lost}}
  person: {end: {outcome: person}}
"""
OPENING = "您好，我是云杉商城的智能语音助手，"


@dataclass
class Workshop:
    """One folder with the shared intents and messages and whatever a test adds."""

    root: Path

    def add(self, name: str, text: str) -> Path:
        """Another file, such as ``common/verify.yaml``."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
        return path

    def script(self, steps: str, top: str = "", *, kind: str = "campaign", start: str = "greet") -> Path:
        """A script of ``steps`` and more top-level keys; the usual ends are there."""
        text = _HEAD.format(kind=kind) + dedent(top) + f"start: {start}\nsteps:\n"
        text += indent(dedent(steps).strip("\n") + "\n", "  ")
        path = self.root / "made.yaml"
        path.write_text(text, "utf-8")
        return path

    def lint(self, steps: str, top: str = "", *, kind: str = "campaign", start: str = "greet") -> list[Finding]:
        """All findings of such a script."""
        return list(lint.check(self.script(steps, top, kind=kind, start=start)).findings)

    def errors(self, steps: str, top: str = "", *, kind: str = "campaign", start: str = "greet") -> set[str]:
        """The codes of its errors."""
        found = self.lint(steps, top, kind=kind, start=start)
        return {each.code for each in found if each.severity == "error"}

    def compile(self, steps: str, top: str = "", *, kind: str = "campaign", start: str = "greet") -> CompiledScript:
        """The script ready to run; lint must be content."""
        return compile_revision(build_revision(self.script(steps, top, kind=kind, start=start)))


def workshop(folder: Path) -> Workshop:
    """A new one below ``folder``."""
    root = folder / "scripts_dsl"
    shutil.copytree(SCRIPTS / "intents", root / "intents")
    for name in ("sms.yaml", "actions.yaml"):
        shutil.copy(SCRIPTS / name, root / name)
    made = Workshop(root)
    made.add("common/made_ends.yaml", _ENDS)
    return made


def talk(script: CompiledScript, *events: Event, inputs: dict[str, str] | None = None) -> TextSession:
    """A conversation after these events, from pick-up on."""
    session = TextSession(script, inputs or {}, NOW)
    session.start()
    for event in events:
        session.give(event)
    return session


def last(script: CompiledScript, *events: Event, inputs: dict[str, str] | None = None) -> tuple[Action, ...]:
    """What the last of these events brought."""
    session = TextSession(script, inputs or {}, NOW)
    turns = [session.start(), *(session.give(event) for event in events)]
    assert isinstance(turns[0].event, Answered)
    return turns[-1].actions


def said(actions: tuple[Action, ...]) -> list[str]:
    """The sentences among actions."""
    return [action.text for action in actions if isinstance(action, Say)]

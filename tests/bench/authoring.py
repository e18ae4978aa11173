"""Figures of what a campaign manager waits for: lint of a large script, lint and tests of all.

Alone: ``python -m tests.bench.authoring``.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callbot.cli import build
from callbot.script import lint
from callbot.script.revision import build_revision, read_revision
from tests.bench.figure import Figure

pytestmark = pytest.mark.bench

ROOT = Path(__file__).parents[2]
_STEPS = 500


def figures() -> list[Figure]:
    """CPU time, as one command takes it."""
    return [_large(), _all()]


def _large() -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "scripts_dsl", Path(folder) / "scripts_dsl")
        path = Path(folder) / "scripts_dsl" / "large.yaml"
        path.write_text(_script(), "utf-8")
        began = time.process_time()
        checked = lint.check(path)
        took = time.process_time() - began
    if checked.expanded is None:
        raise AssertionError([str(each) for each in checked.findings[:3]])
    return Figure(
        f"检查 {_STEPS} 步的话术 | lint of a script with {_STEPS} steps",
        "< 2 CPU s",
        f"{took:.2f} s",
        "python -m tests.bench.authoring",
    )


def _script() -> str:
    """The balance reminder with a ring of questions in it, each with five answers and two keys."""
    path = ROOT / "scripts_dsl" / "balance_reminder.yaml"
    text = path.read_text("utf-8").replace("id: balance_reminder", "id: large")
    number = _STEPS - len(read_revision(build_revision(path)).script.steps)
    ring = "".join(
        f"  part{at}:\n    say: 第{at}步，您的订单{{order_no}}，您看方便吗？\n"
        f"    answers: {{affirm: part{(at + 1) % number}, deny: later, busy: call_later, already_paid: check, "
        f'dispute: handover}}\n    keys: {{"1": part{(at + 2) % number}, "0": handover}}\n'
        for at in range(number)
    )
    return text.replace("already_paid: check, dispute", "later: part0, already_paid: check, dispute") + ring


def _all() -> Figure:
    began = time.process_time()
    for command in ("lint", "test"):
        result = CliRunner().invoke(build(), [command])
        if result.exit_code:
            raise AssertionError(result.output)
    took = time.process_time() - began
    return Figure(
        "检查并测试全部话术 | lint and tests of all scripts",
        "< 20 s",
        f"{took:.1f} CPU s",
        "python -m tests.bench.authoring",
    )


if __name__ == "__main__":
    for figure in figures():
        sys.stdout.write(f"{figure.what}: {figure.measured} ({figure.bound})\n")

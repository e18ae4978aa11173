"""The rows of docs/figures.md, and how they get there: each benchmark replaces its own and leaves the others."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "figures.md"
_ROW = re.compile(r"^\| .* \|$", re.MULTILINE)
_HEAD = """# 实测指标 Figures

由 `make bench`、`make bench-telephony` 和 `make soak` 写成，请勿手改；各写自己的行。
Written by `make bench`, `make bench-telephony` and `make soak`, each its own rows; do not edit.

| 指标 figure | 界限 bound | 实测 measured | 命令 command | 何时何处 when and where |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise and what was measured. ``command``: the benchmark that owns this row."""

    what: str
    bound: str
    measured: str
    command: str


def write(figures: Sequence[Figure]) -> None:
    """Put these rows into docs/figures.md in place of all earlier ones of the same commands."""
    where = f"{datetime.now(UTC):%Y-%m-%d}, {_commit()}, {_machine()}"
    owned = {figure.command for figure in figures}
    old = FIGURES.read_text("utf-8") if FIGURES.exists() else ""
    kept = [row for row in _ROW.findall(old)[1:] if row.split(" | ")[3].strip("`") not in owned]
    cells = [(f.what.replace("|", "/"), f.bound, f.measured, f"`{f.command}`", where) for f in figures]
    FIGURES.write_text(
        _HEAD + "".join(f"{row}\n" for row in [*kept, *(f"| {' | '.join(c)} |" for c in cells)]), "utf-8"
    )


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _machine() -> str:
    model = _value_of("/proc/cpuinfo", "model name", ":")
    system = _value_of("/etc/os-release", "PRETTY_NAME", "=")
    return f"{os.cpu_count()} × {model}, {system}, Python {platform.python_version()}"


def _value_of(path: str, key: str, separator: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(separator, 1)[1].strip().strip('"')
    return "?"

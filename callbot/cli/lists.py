"""Importing contact lists from the terminal: which script, the check with its progress, the table of problems."""

from difflib import get_close_matches
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from callbot.campaign.contacts import ListReport, Problem, check, read_list
from callbot.cli.results import add_row, plain_table
from callbot.errors import SettingsError
from callbot.language import Text, tr
from callbot.protocol import Revision
from callbot.script.inputs import parse_input
from callbot.script.revision import build_revision, read_revision
from callbot.settings import Settings

_LONG_LIST = 2000
"""Rows from which checking takes long enough (about a second) for a progress bar."""
_SHOWN_PROBLEMS = 200
"""Rows of problems on a screen; ``--json`` has them all."""


def check_list(settings: Settings, path: Path, script: str, console: Console) -> tuple[Revision, ListReport]:
    """Check a list against a script of the settings' folder, with a progress bar when it is long.

    Errors: ``SettingsError`` for an unknown script, ``ScriptError``, ``ContactListError``.
    """
    revision = build_revision(_script_path(settings, script))
    specs = read_revision(revision).script.inputs
    table = read_list(path)

    def parse(name: str, raw: str) -> str:
        return parse_input(specs[name], raw)

    with Progress(console=console, transient=True, disable=len(table.rows) < _LONG_LIST) as progress:
        task = progress.add_task(tr("检查名单", "Checking the list"), total=len(table.rows))
        report = check(
            table,
            {name: spec.label for name, spec in specs.items()},
            parse,
            lambda done: progress.update(task, completed=done),
        )
    return revision, report


def _script_path(settings: Settings, script: str) -> Path:
    known = {path.stem: path for path in settings.scripts_dir.glob("*.yaml") if not path.stem.endswith(".test")}
    if script in known:
        return known[script]
    close = get_close_matches(script, known, 1)
    hint_zh = f"您是想写 {close[0]} 吗？" if close else "请检查 --script 和配置里的 scripts_dir。"
    hint_en = f"Did you mean {close[0]}?" if close else "Check --script, and scripts_dir in the settings."
    raise SettingsError(
        Text(
            f"{settings.scripts_dir} 里没有话术 {script}。{hint_zh}",
            f"There is no script {script} in {settings.scripts_dir}. {hint_en}",
        )
    )


def report_json(campaign: str | None, report: ListReport) -> dict[str, object]:
    """What the import did, for programs."""
    return {
        "campaign": campaign,
        "rows": report.rows,
        "good": len(report.good),
        "problems": [
            {
                "row": problem.row,
                "column": problem.column,
                "value": problem.shown,
                "reason": str(problem.reason),
                "repair": str(problem.repair),
            }
            for problem in report.problems
        ],
    }


def show_report(campaign: str | None, report: ListReport, console: Console) -> None:
    """What the import did, for people; without a campaign nothing was imported."""
    if report.problems:
        _show_problems(report.problems[:_SHOWN_PROBLEMS], console)
    if len(report.problems) > _SHOWN_PROBLEMS:
        more = len(report.problems) - _SHOWN_PROBLEMS
        console.print(tr(f"……另有 {more} 处，用 --json 查看全部。", f"... and {more} more; --json has all of them."))
    good, bad = len(report.good), report.rows - len(report.good)
    if campaign is not None:
        left_out = tr(f"，跳过 {bad} 行", f", {bad} rows left out") if bad else ""
        console.print(
            tr(f"已导入 {good} 位联系人{left_out}。任务编号：", f"Imported {good} contacts{left_out}. Campaign:")
        )
        console.print(campaign, highlight=False)
    elif good:
        console.print(
            tr(
                f"{bad} 行有问题，什么都没有导入。改好后再来，或加 --good-only 只导入其余 {good} 行。",
                f"{bad} rows have problems; nothing was imported. Correct them, or take {good} with --good-only.",
            )
        )
    else:
        console.print(tr("没有一行可用，什么都没有导入。", "Not one row can be used; nothing was imported."))


def _show_problems(problems: tuple[Problem, ...], console: Console) -> None:
    table = plain_table(
        tr("行", "Row"), tr("列", "Column"), tr("内容", "Value"), tr("问题", "Problem"), tr("怎么改", "Repair")
    )
    for problem in problems:
        add_row(table, str(problem.row), problem.column, problem.shown, str(problem.reason), str(problem.repair))
    console.print(table)

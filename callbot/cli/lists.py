"""Importing contact lists from the terminal: which script, the check with its progress, the table of problems."""

from difflib import get_close_matches
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from callbot.authoring.publish import Chosen, choose
from callbot.campaign.contacts import ListReport, Problem, check, read_list
from callbot.cli.results import add_row, plain_table
from callbot.errors import SettingsError
from callbot.language import Text, tr
from callbot.protocol import Revision
from callbot.script.inputs import parse_input
from callbot.script.revision import read_revision
from callbot.settings import Settings
from callbot.store.repository import Store

_LONG_LIST = 2000
"""Rows from which checking takes long enough (about a second) for a progress bar."""
_SHOWN_PROBLEMS = 200
"""Rows of problems on a screen; ``--json`` has them all."""


def choose_revision(settings: Settings, store: Store, script: str, wanted: str | None) -> Chosen:
    """The revision that a new campaign runs: the newest published, another that is ``wanted``, or the working file.

    Errors: ``SettingsError`` for an unknown script, ``ScriptError``, ``StoreError``.
    """
    return choose(store.publications, _script_path(settings, script), wanted)


def show_chosen(chosen: Chosen, console: Console) -> None:
    """Say which revision a campaign got, and that the working file says something else if it does."""
    published = chosen.published
    if published is None:
        console.print(tr("话术：工作文件（还没有发布过）。", "Script: the working file (never published)."))
        return
    when = f"{published.message}，{published.author}"
    console.print(
        tr(f"话术：第 {published.number} 版（{when}）。", f"Script: revision {published.number} ({when})."),
        markup=False,
    )
    if chosen.unpublished:
        name = published.revision.script
        console.print(
            tr(
                f"注意：工作文件里没有发布的改动不算数。看改动：callbot diff {name}；发布：callbot publish {name}",
                f"Mind: the working file has changes that are not published and not used. See: callbot diff {name}; "
                f"publish: callbot publish {name}",
            ),
            style="yellow",
            markup=False,
        )


def check_list(revision: Revision, path: Path, console: Console) -> ListReport:
    """Check a list against what a script needs, with a progress bar when it is long. Errors: ``ContactListError``."""
    specs = read_revision(revision).script.inputs
    table = read_list(path)

    def parse(name: str, raw: str) -> str:
        return parse_input(specs[name], raw)

    with Progress(console=console, transient=True, disable=len(table.rows) < _LONG_LIST) as progress:
        task = progress.add_task(tr("检查名单", "Checking the list"), total=len(table.rows))
        return check(
            table,
            {name: spec.label for name, spec in specs.items()},
            parse,
            lambda done: progress.update(task, completed=done),
        )


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

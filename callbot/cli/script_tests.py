"""The command ``test``: runs the tests beside scripts, says what fails and what of the script they do not reach."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.cli.script_files import TEST, read_settings, script_folders, yaml_files
from callbot.errors import ScriptError, SpeechError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from rich.console import Console

    from callbot.authoring.rehearse import Listener, Rehearsal
    from callbot.settings import Settings

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH..", help=tr("文件或文件夹（默认整个话术目录）", "files or folders"))
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test", help=tr("运行话术旁边的测试", "Run the tests that stand beside scripts"))(test)


def test(
    paths: Paths = None,
    coverage: Annotated[
        bool,
        typer.Option("--coverage", help=tr("列出测试没有走到的步骤和出路", "list steps and ways that no test reaches")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run every case; exit code 1 when one fails or a file cannot be used."""
    from rich.console import Console

    from callbot.authoring.rehearse import rehearse

    settings = read_settings()
    console = Console(soft_wrap=True, highlight=False)
    failed = False
    reports: list[dict[str, object]] = []
    files = _test_files(paths or script_folders(settings))
    listener = ears(settings, *files)
    for path in files:
        try:
            rehearsal = rehearse(path, settings.campaign.timezone, listener)
        except ScriptError as error:
            failed = True
            reports.append({"file": str(path), "passed": False, "problem": str(error)})
            if not as_json:
                console.print(f"{error.report}\n{error}".strip(), markup=False)
            continue
        failed |= not rehearsal.passed
        reports.append(_json(rehearsal))
        if not as_json:
            _show(console, rehearsal)
            if coverage:
                _show_missing(console, rehearsal)
    if as_json:
        typer.echo(json.dumps({"passed": not failed, "files": reports}, ensure_ascii=False))
    raise typer.Exit(1 if failed else 0)


def ears(settings: "Settings", *paths: Path) -> "Listener | Text":
    """The recogniser of the settings when one of the test files (or the tests of a script) has recordings; else the
    reason why there is none. Its model takes a second to load, so tests in words do without.
    """
    from callbot import app
    from callbot.authoring.listening import listener
    from callbot.authoring.rehearse import NO_LISTENER, read_cases

    files = [path if path.name.endswith(TEST) else path.with_name(path.stem + TEST) for path in paths]
    try:
        cases = [case for path in files if path.is_file() for case in read_cases(path).cases]
    except ScriptError:
        return NO_LISTENER  # the report on that file comes when it is run
    if not any(turn.wav is not None for case in cases for turn in case.turns):
        return NO_LISTENER
    try:
        return listener(app.recogniser(settings), app.vad)
    except SpeechError as error:
        return error.text


def _test_files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in yaml_files(paths):
        own = path if path.name.endswith(TEST) else path.with_name(path.stem + TEST)
        if own.is_file():
            found.append(own)
        elif path in paths:
            raise ScriptError(Text(f"{path} 旁边没有 {own.name}", f"there is no {own.name} beside {path}"))
    return list(dict.fromkeys(found))


def _json(rehearsal: "Rehearsal") -> dict[str, object]:
    return {
        "file": str(rehearsal.path),
        "passed": rehearsal.passed,
        "cases": [
            {
                "name": case.name,
                "passed": not case.problems and case.skipped is None,
                "skipped": None if case.skipped is None else str(case.skipped),
                "problems": [str(problem) for problem in case.problems],
            }
            for case in rehearsal.cases
        ],
        "coverage": rehearsal.coverage,
        "steps": rehearsal.steps,
        "unvisited": rehearsal.unvisited,
        "exits": rehearsal.exits,
        "untaken": rehearsal.untaken,
    }


def _show(console: "Console", rehearsal: "Rehearsal") -> None:
    for case in rehearsal.cases:
        if case.skipped is not None:
            reason = tr(f"跳过 {case.name}：{case.skipped}", f"skipped {case.name}: {case.skipped}")
            console.print(f"  {reason}", style="yellow", markup=False)
        if not case.problems:
            continue
        console.print(f"[red]✗[/red] {rehearsal.path}：", end="")
        console.print(case.name, markup=False)
        for problem in case.problems:
            console.print(f"    {problem}", markup=False)
        for line in case.conversation:
            console.print(f"      {line}", style="dim", markup=False)
    good = sum(not case.problems and case.skipped is None for case in rehearsal.cases)
    steps, ways = rehearsal.steps - len(rehearsal.unvisited), rehearsal.exits - len(rehearsal.untaken)
    console.print(
        tr(
            f"{rehearsal.path}：{good}/{len(rehearsal.cases)} 通过；走到步骤 {steps}/{rehearsal.steps}，"
            f"走过出路 {ways}/{rehearsal.exits}（{rehearsal.coverage}%）",
            f"{rehearsal.path}: {good}/{len(rehearsal.cases)} passed; {steps}/{rehearsal.steps} steps visited, "
            f"{ways}/{rehearsal.exits} ways taken ({rehearsal.coverage} %)",
        ),
        markup=False,
    )


def _show_missing(console: "Console", rehearsal: "Rehearsal") -> None:
    """What no case reached, step by step; of a step that no case came to, its ways need no line."""
    from callbot.script.revision import build_revision, read_revision
    from callbot.script.ways import words

    bundle = read_revision(build_revision(rehearsal.path.parent / f"{rehearsal.script}.yaml"))
    for step in rehearsal.unvisited:
        console.print(tr(f"    没有走到步骤 {step}", f"    step {step} not visited"), style="yellow", markup=False)
    for step, way in (each.split(" ", 1) for each in rehearsal.untaken):
        if step not in rehearsal.unvisited:
            named = words(way, bundle.intents, bundle.script.steps[step])
            line = tr(f"    步骤 {step} 没有走过：{named}", f"    step {step}, way not taken: {named}")
            console.print(line, style="yellow", markup=False)

"""Commands that check scripts: ``lint``, ``test``, ``explain``."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.cli import conversation
from callbot.cli.script_files import TEST, read_settings, script_folders, yaml_files
from callbot.errors import ScriptError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from rich.console import Console

    from callbot.authoring.rehearse import Rehearsal
    from callbot.script.findings import Finding

_EXAMPLES = "examples"
"""Folder of lists and simulated customers; no scripts in it."""

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH..", help=tr("文件或文件夹（默认整个话术目录）", "files or folders"))
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the commands, those of ``conversation`` with them."""
    app.command("lint", help=tr("检查话术：每处错误给出文件、行、列和改法", "Check scripts"))(lint)
    app.command("test", help=tr("运行话术旁边的测试", "Run the tests that stand beside scripts"))(test)
    conversation.register(app)
    app.command("explain", help=tr("解释一个检查代码", "Explain a code of lint"))(explain)


# ---------------------------------------------------------------- lint


def lint(paths: Paths = None, as_json: AsJson = False) -> None:
    """Print every finding; exit code 1 when one of them is an error."""
    settings = read_settings()
    files = [path for path in yaml_files(paths or script_folders(settings)) if _EXAMPLES not in path.parts]
    webhooks = frozenset(settings.webhooks)
    findings = list({(str(each.path), each.place, each.code): each for each in _lint_all(files, webhooks)}.values())
    errors = sum(each.severity == "error" for each in findings)
    if as_json:
        typer.echo(
            json.dumps({"files": len(files), "findings": [_plain(each) for each in findings]}, ensure_ascii=False)
        )
    else:
        from callbot.script.findings import render

        if findings:
            typer.echo(render(findings) + "\n")
        warnings = len(findings) - errors
        typer.echo(
            tr(
                f"{len(files)} 个文件，{errors} 处错误，{warnings} 处警告。",
                f"{len(files)} files, {errors} errors, {warnings} warnings.",
            )
        )
        if errors:
            typer.echo(tr("代码的含义：callbot explain CODE", "What a code means: callbot explain CODE"))
    raise typer.Exit(1 if errors else 0)


def _lint_all(files: Iterable[Path], webhooks: frozenset[str]) -> "Iterator[Finding]":
    from callbot.script import lint as checks
    from callbot.script import source
    from callbot.script.cases import CaseFile
    from callbot.script.library import Library, load, root_of
    from callbot.script.shape import check_shape, check_yaml

    libraries: dict[Path, Library] = {}
    for path in files:
        try:
            document = source.read(path)
        except OSError:
            yield from checks.check_shared(path)
            continue
        if path.name.endswith(TEST):
            yield from check_yaml(document) or check_shape(document, CaseFile)
        elif checks.kind(document) in checks.SHARED:
            yield from checks.check_shared(path)
        else:
            root = root_of(path)
            library = libraries.setdefault(root.resolve(), libraries.get(root.resolve()) or load(root))
            yield from checks.check(path, library, webhooks).findings


def _plain(found: "Finding") -> dict[str, object]:
    return {
        "file": str(found.path),
        "line": found.place.line,
        "column": found.place.column,
        "length": found.place.length,
        "severity": found.severity,
        "code": found.code,
        "message": str(found.message),
        "hint": None if found.hint is None else str(found.hint),
    }


# ---------------------------------------------------------------- test


def test(paths: Paths = None, as_json: AsJson = False) -> None:
    """Run every case; exit code 1 when one fails or a file cannot be used."""
    from rich.console import Console

    from callbot.authoring.rehearse import rehearse

    settings = read_settings()
    console = Console(soft_wrap=True, highlight=False)
    failed = False
    reports: list[dict[str, object]] = []
    for path in _test_files(paths or script_folders(settings)):
        try:
            rehearsal = rehearse(path, settings.campaign.timezone)
        except ScriptError as error:
            failed = True
            reports.append({"file": str(path), "passed": False, "problem": str(error)})
            if not as_json:
                console.print(f"{error.report}\n{error}".strip(), markup=False)
            continue
        failed |= not rehearsal.passed
        reports.append(_rehearsal_json(rehearsal))
        if not as_json:
            _show_rehearsal(console, rehearsal)
    if as_json:
        typer.echo(json.dumps({"passed": not failed, "files": reports}, ensure_ascii=False))
    raise typer.Exit(1 if failed else 0)


def _test_files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in yaml_files(paths):
        own = path if path.name.endswith(TEST) else path.with_name(path.stem + TEST)
        if own.is_file():
            found.append(own)
        elif path in paths:
            raise ScriptError(Text(f"{path} 旁边没有 {own.name}", f"there is no {own.name} beside {path}"))
    return list(dict.fromkeys(found))


def _rehearsal_json(rehearsal: "Rehearsal") -> dict[str, object]:
    return {
        "file": str(rehearsal.path),
        "passed": rehearsal.passed,
        "cases": [
            {"name": case.name, "passed": not case.problems, "problems": [str(problem) for problem in case.problems]}
            for case in rehearsal.cases
        ],
        "steps": rehearsal.steps,
        "unvisited": rehearsal.unvisited,
        "exits": rehearsal.exits,
        "untaken": rehearsal.untaken,
    }


def _show_rehearsal(console: "Console", rehearsal: "Rehearsal") -> None:
    for case in rehearsal.cases:
        if not case.problems:
            continue
        console.print(f"[red]✗[/red] {rehearsal.path}：", end="")
        console.print(case.name, markup=False)
        for problem in case.problems:
            console.print(f"    {problem}", markup=False)
        for line in case.conversation:
            console.print(f"      {line}", style="dim", markup=False)
    good = sum(not case.problems for case in rehearsal.cases)
    steps, ways = rehearsal.steps - len(rehearsal.unvisited), rehearsal.exits - len(rehearsal.untaken)
    console.print(
        tr(
            f"{rehearsal.path}：{good}/{len(rehearsal.cases)} 通过；走到步骤 {steps}/{rehearsal.steps}，"
            f"走过出路 {ways}/{rehearsal.exits}",
            f"{rehearsal.path}: {good}/{len(rehearsal.cases)} passed; {steps}/{rehearsal.steps} steps visited, "
            f"{ways}/{rehearsal.exits} ways taken",
        ),
        markup=False,
    )
    for missing in (*rehearsal.unvisited, *rehearsal.untaken):
        console.print(tr(f"    没有测到：{missing}", f"    not covered: {missing}"), style="yellow", markup=False)


# ---------------------------------------------------------------- explain


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help=tr("代码，例如 S203", "a code such as S203"))],
) -> None:
    """Say at length what a code means."""
    from callbot.script.codes import CODES

    text = CODES.get(code.upper())
    if text is None:
        known = ", ".join(CODES)
        raise ScriptError(Text(f"没有代码 {code}。有：{known}", f"There is no code {code}. There are: {known}"))
    typer.echo(f"{code.upper()}  {text}")

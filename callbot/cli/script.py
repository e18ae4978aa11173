"""Commands that check scripts: ``lint``, ``explain``; those that test, draw, try and publish come with them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.cli import conversation, pictures, publishing, script_tests, writing
from callbot.cli.script_files import TEST, read_settings, script_folders, yaml_files
from callbot.errors import ScriptError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from callbot.script.findings import Finding
    from callbot.script.library import Library
    from callbot.script.source import Document

_EXAMPLES = "examples"
"""Folder of lists and simulated customers; no scripts in it."""

_EXAMPLE_LINES = 8
"""Lines of an example that ``explain`` shows; only a whole script has more."""

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH..", help=tr("文件或文件夹（默认整个话术目录）", "files or folders"))
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the commands, those of the modules about scripts with them."""
    app.command("lint", help=tr("检查话术：每处错误给出文件、行、列和改法", "Check scripts"))(lint)
    writing.register(app)
    script_tests.register(app)
    conversation.register(app)
    pictures.register(app)
    publishing.register(app)
    app.command("explain", help=tr("解释一个检查代码", "Explain a code of lint"))(explain)


# ---------------------------------------------------------------- lint


def lint(paths: Paths = None, as_json: AsJson = False) -> None:
    """Print every finding; exit code 1 when one of them is an error."""
    settings = read_settings()
    files = [path for path in yaml_files(paths or script_folders(settings)) if _EXAMPLES not in path.parts]
    queues = frozenset(queue.name for queue in settings.transfer.queues)
    found = _lint_all(files, queues, frozenset(settings.webhooks), whole=not paths)
    findings = list({(str(each.path), each.place, each.code): each for each in found}.values())
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


def _lint_all(
    files: Iterable[Path], queues: frozenset[str], webhooks: frozenset[str], *, whole: bool
) -> "Iterator[Finding]":
    """``whole``: these are all files of the installation, so that what none of them uses is used nowhere."""
    from callbot.script import library_checks, source, waivers
    from callbot.script import lint as checks
    from callbot.script.library import Library, load, root_of

    libraries: dict[Path, Library] = {}
    scripts: dict[Path, list[Document]] = {}
    for path in files:
        try:
            document = source.read(path)
        except OSError:
            yield from checks.check_shared(path)
            continue
        root = root_of(path).resolve()
        if path.name.endswith(TEST):
            yield from _lint_tests(document, libraries)
        elif checks.kind(document) in checks.SHARED:
            yield from checks.check_shared(path)
        else:
            libraries.setdefault(root, libraries.get(root) or load(root_of(path)))
            scripts.setdefault(root, []).append(document)
            yield from checks.check(path, libraries[root], queues, webhooks).findings
    for root, library in libraries.items() if whole else ():
        unused = library_checks.unused_intents(library, scripts[root])
        yield from waivers.unwaived(unused, library.documents.values())


def _lint_tests(document: "Document", libraries: "dict[Path, Library]") -> "Iterator[Finding]":
    """A test file by itself, and its names beside the script it tests when that one can be run."""
    from callbot.script import case_checks
    from callbot.script import lint as checks
    from callbot.script.cases import CaseFile
    from callbot.script.library import load, root_of
    from callbot.script.model import Bundle
    from callbot.script.shape import check_shape, check_yaml

    found = check_yaml(document) or check_shape(document, CaseFile)
    yield from found
    script = document.path.with_name(f"{document.data['script']}.yaml") if not found else document.path
    if not found and script.is_file():
        root = root_of(script).resolve()
        libraries.setdefault(root, libraries.get(root) or load(root_of(script)))
        checked = checks.check(script, libraries[root])
        if checked.expanded is not None:
            yield from case_checks.check(document, Bundle.model_validate(checked.expanded))


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


# ---------------------------------------------------------------- explain


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help=tr("代码，例如 S203", "a code such as S203"))],
) -> None:
    """Say at length what a code means, with an example that is wrong and the same put right."""
    from callbot.authoring.code_examples import EXAMPLES
    from callbot.script.codes import CODES

    text = CODES.get(code.upper())
    if text is None:
        known = ", ".join(CODES)
        raise ScriptError(Text(f"没有代码 {code}。有：{known}", f"There is no code {code}. There are: {known}"))
    typer.echo(f"{code.upper()}  {text}")
    example = EXAMPLES[code.upper()]
    where = "" if example.file == "example.yaml" else f"（{example.file}）"
    for title, piece in ((tr("错", "wrong"), example.wrong), (tr("对", "right"), example.right)):
        typer.echo(f"\n{title}{where}:")
        lines = piece.splitlines()
        for line in lines[:_EXAMPLE_LINES]:
            typer.echo(f"    {line}")
        if len(lines) > _EXAMPLE_LINES:
            typer.echo("    …")

"""Commands for writing scripts: ``fmt`` lays them out, ``schema`` writes what editors complete and explain from."""

import json
from pathlib import Path
from typing import Annotated

import typer

from callbot.cli.script_files import read_settings, script_folders, yaml_files
from callbot.errors import ScriptError, SettingsError
from callbot.language import Text, tr

_EXAMPLES = "examples"
"""Folder of lists and simulated customers; no scripts in it."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("fmt", help=tr("把话术整理成统一的样子，注释保留", "Lay scripts out in one look, comments kept"))(fmt)
    app.command("schema", help=tr("写出编辑器用的 JSON Schema", "Write the JSON Schema that editors use"))(schema)


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH..", help=tr("文件或文件夹（默认整个话术目录）", "files or folders")),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help=tr("只看，不改；有要改的就以 1 退出", "change nothing; exit 1 if needed")),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))] = False,
) -> None:
    """Put keys in order and indentation right; the meaning never changes. A file with errors is left alone."""
    from callbot.authoring.fmt import format_text

    files = [path for path in yaml_files(paths or script_folders(read_settings())) if _EXAMPLES not in path.parts]
    changed: list[Path] = []
    problems: list[ScriptError] = []
    for path in files:
        try:
            text = path.read_bytes().decode("utf-8-sig")
            laid_out = format_text(path, text)
        except UnicodeDecodeError:
            problems.append(ScriptError(Text(f"{path} 不是 UTF-8 编码。", f"{path} is not UTF-8.")))
            continue
        except ScriptError as error:
            problems.append(error)
            continue
        if laid_out != text:
            changed.append(path)
            if not check:
                path.write_text(laid_out, "utf-8")
    _report(files, changed, problems, check=check, as_json=as_json)
    raise typer.Exit(1 if problems or (check and changed) else 0)


def _report(files: list[Path], changed: list[Path], problems: list[ScriptError], *, check: bool, as_json: bool) -> None:
    if as_json:
        told = {"files": len(files), "changed": [str(path) for path in changed], "problems": [str(e) for e in problems]}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for path in changed:
        typer.echo(
            tr(f"{'要整理' if check else '已整理'}：{path}", f"{'would change' if check else 'changed'}: {path}")
        )
    for error in problems:
        typer.echo(f"{error.report}\n{error}".strip(), err=True)
    typer.echo(
        tr(
            f"{len(files)} 个文件，{len(changed)} 个{'要整理' if check else '整理过'}。",
            f"{len(files)} files, {len(changed)} {'to change' if check else 'changed'}.",
        )
    )


def schema(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help=tr("写到哪里（默认话术目录的 schema/）", "where to write"))
    ] = None,
) -> None:
    """Write one schema per kind of file; scripts name theirs in their first line."""
    from callbot.authoring import schema as made

    place = folder or read_settings().scripts_dir / "schema"
    try:
        made.write(place)
    except OSError as error:
        raise SettingsError(
            Text(f"写不了 {place}：{error.strerror}。", f"Cannot write to {place}: {error.strerror}.")
        ) from None
    for name in made.schemas():
        typer.echo(str(place / name))

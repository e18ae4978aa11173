"""Commands about this machine: ``init`` writes the settings, ``doctor`` says what is missing and how to get it."""

from pathlib import Path
from typing import Annotated

import typer

from callbot.errors import SettingsError
from callbot.language import Text, tr


def register(app: typer.Typer) -> None:
    """Add ``init`` and ``doctor``."""
    app.command("init", help=tr("生成带说明的配置文件 callbot.toml", "Write a commented callbot.toml"))(init)
    app.command(
        "doctor", help=tr("检查这台机器：缺什么、怎么补", "Check this machine: what is missing, how to get it")
    )(doctor)


def init(
    path: Annotated[Path, typer.Argument(help=tr("写到哪里", "Where to write it"))] = Path("callbot.toml"),
    force: Annotated[bool, typer.Option("--force", help=tr("覆盖已有的文件", "Overwrite what is there"))] = False,
) -> None:
    """Write the settings file with every key, its default and what it is for."""
    from callbot.cli.settings_file import commented_toml

    if path.is_dir():
        path /= "callbot.toml"
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(commented_toml())
    except FileExistsError:
        raise SettingsError(
            Text(
                f"{path} 已经存在，没有改动。要重新生成请加 --force。",
                f"{path} exists and was left alone. Add --force to write it anew.",
            )
        ) from None
    except OSError as error:
        raise SettingsError(
            Text(
                f"写不了 {path}：{error.strerror}。请换个位置。",
                f"Cannot write {path}: {error.strerror}. Name another place.",
            )
        ) from None
    typer.echo(
        tr(f"已写好 {path}。改完后运行 callbot doctor 检查。", f"Wrote {path}. After changing it run `callbot doctor`.")
    )


def doctor(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))] = False,
) -> None:
    """Print one line per check with what to do; exit code 1 when something that callbot needs is missing."""
    import json

    from callbot.cli.checks import all_checks

    checks = list(all_checks(config))
    if as_json:
        typer.echo(json.dumps([check.as_dict() for check in checks], ensure_ascii=False))
    else:
        colon = tr("：", ": ")
        marks = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}
        for check in checks:
            mark, colour = marks[check.state]
            typer.echo(f"{typer.style(mark, fg=colour)} {check.name}{colon}{check.found}")
            if check.advice:
                typer.echo(f"    → {check.advice}")
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)

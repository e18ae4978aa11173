"""The command line. Each module beside this one adds its commands by ``register(app)``.

Modules are imported at every start, so what is heavy is imported inside the commands that need it.
Exit codes: 0 done, 1 done but not well (a check failed, findings), 2 the user has to put something right, 130 Ctrl-C.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from callbot import __version__
from callbot.errors import CallbotError, ScriptError
from callbot.language import tr


def build() -> typer.Typer:
    """The whole command line, with help in the interface's language."""
    from callbot.cli import calls, campaign, kamailio, machine, people, script, shop, speech, system

    app = typer.Typer(
        name="callbot",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=tr(
            "AI 外呼与热线机器人：按脚本打电话、听、说、记录结果。", "A robot that calls people and answers a hotline."
        ),
    )
    app.callback()(_options)
    for group in (system, campaign, calls, shop, people, script, speech, machine, kamailio):
        group.register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"callbot {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=tr("显示版本", "Show the version"))
    ] = False,
) -> None:
    """Options before the command; ``version`` has done its work when this runs."""


def main(build: Callable[[], typer.Typer] = build) -> None:
    """Entry point of ``callbot``; people get sentences, tracebacks only with CALLBOT_DEBUG=1."""
    try:
        build()(prog_name="callbot")
    except CallbotError as error:
        if isinstance(error, ScriptError) and error.report:
            sys.stderr.write(error.report.rstrip() + "\n")
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("CALLBOT_DEBUG") == "1":
            raise
        if isinstance(error, OSError) and error.filename is not None:
            sys.stderr.write(_unusable(error))
            sys.exit(2)
        place = _keep_details()
        sys.stderr.write(
            tr(
                f"程序内部出错（{type(error).__name__}）。详情已写入 {place}，请附上它报告这个问题。\n",
                f"An internal error ({type(error).__name__}). Details are in {place}; please report it.\n",
            )
        )
        sys.exit(1)


def _unusable(error: OSError) -> str:
    return tr(
        f"{error.filename} 不能使用（{error.strerror}）。请检查权限、磁盘空间，以及配置里的 data_dir 和 cache_dir。\n",
        f"{error.filename} cannot be used ({error.strerror}). "
        f"Check its permissions, the disk, and data_dir and cache_dir in the settings.\n",
    )


def _keep_details() -> Path:
    """Write the traceback where logs belong, or among temporary files when that place cannot be used."""
    from callbot import settings

    details = f"callbot {__version__}\n{' '.join(sys.argv[:2])}\n{traceback.format_exc()}"
    name = f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        folder = settings.load().data_dir / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / name
        place.write_text(details, "utf-8")
    except (CallbotError, OSError):
        place = Path(tempfile.gettempdir()) / name
        place.write_text(details, "utf-8")
    return place

"""Commands for supervisors of calls that an agent has: ``supervise``, ``release``."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from callbot.language import Text, tr

if TYPE_CHECKING:
    from callbot.protocol import Release, Supervise

_WITHIN_S = 30.0
"""Twice as long as a supervisor's telephone rings."""

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
]
CallId = Annotated[
    str,
    typer.Argument(
        metavar="CALL",
        help=tr("通话编号；写错时会列出正在进行的通话", "id of the call; a wrong one lists those running"),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "supervise",
        help=tr("班长监听、密语、加入或接管坐席的通话", "Listen to, whisper into, join or take over a call"),
    )(supervise)
    app.command("release", help=tr("强拆：挂断坐席通话中的一方", "Hang up one party of a call that an agent has"))(
        release
    )


def supervise(
    call: CallId,
    mode: Annotated[
        Literal["listen", "whisper", "join", "takeover"],
        typer.Option(
            "--mode",
            help=tr(
                "listen 监听；whisper 只有坐席听得到班长；join 三方通话；takeover 替下坐席",
                "listen; whisper: only the agent hears you; join: all three talk; takeover: replace the agent",
            ),
        ),
    ] = "listen",
    to: Annotated[
        str,
        typer.Option(
            "--to", help=tr("班长电话的 sip: 地址；已在通话里时不写", "the supervisor's sip: address; none when in")
        ),
    ] = "",
    config: Config = None,
) -> None:
    """Bring a supervisor into the call, or change what one who is in it may do."""
    from callbot.protocol import Supervise

    _command(Supervise(call, mode, to), config)


def release(
    call: CallId,
    party: Annotated[
        Literal["caller", "agent", "supervisor"],
        typer.Option("--party", help=tr("caller 客户；agent 坐席；supervisor 班长", "whom to hang up")),
    ] = "agent",
    config: Config = None,
) -> None:
    """Hang up one party at once."""
    from callbot.protocol import Release

    _command(Release(call, party), config)


def _command(command: "Supervise | Release", config: Path | None) -> None:
    from callbot.errors import SettingsError
    from callbot.processes import supervisor
    from callbot.settings import load

    settings = load(config)
    if not supervisor.is_running(settings):
        raise SettingsError(
            Text(
                "callbot 没有在运行，没有通话可以监听。请先运行 callbot serve。",
                "callbot is not running, so there is no call. Start `callbot serve` first.",
            )
        )
    problem = asyncio.run(_ask(str(settings.socket_dir), command))
    if problem is not None:
        typer.echo(problem, err=True)
        raise typer.Exit(1)


async def _ask(sockets: str, command: "Supervise | Release") -> Text | None:
    from callbot import wire
    from callbot.protocol import CommandDone, ToControl

    client: wire.Client[CommandDone, ToControl] = wire.Client(
        wire.address(Path(sockets), "control"), f"cli-{os.getpid()}", CommandDone
    )
    try:
        await client.send(command)
        async with asyncio.timeout(_WITHIN_S):
            async for done in client.messages():
                return Text(done.zh, done.en) if done.zh else None
    except TimeoutError:
        pass
    finally:
        client.close()
    return Text("线路没有回答，请看 callbot 的日志。", "The line did not answer; look into callbot's logs.")

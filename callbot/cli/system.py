"""Commands that run the system: ``serve``, ``run``, ``demo``."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from callbot.errors import SettingsError
from callbot.language import Text, tr

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(help=tr("启动整套系统：控制、语音、线路进程。", "Start the whole system: control, speech and lines."))(
        serve
    )
    app.command(help=tr("开始一个外呼任务，看着它打完。", "Start a campaign and watch it to its end."))(run)
    app.command(help=tr("演示：给六位模拟客户打真实的 SIP 电话。", "Demo: real SIP calls to six simulated customers."))(
        demo
    )


def serve(config: Config = None) -> None:
    """Start everything and stay until Ctrl-C or SIGTERM."""
    from rich.console import Console

    from callbot import log, settings
    from callbot.cli import running
    from callbot.cli.running import processes

    log.configure("supervisor")
    loaded = settings.load(config)
    console = Console(stderr=True)
    lines, logs = loaded.telephony.lines, loaded.data_dir / "logs"

    async def stay() -> None:
        stop = asyncio.Event()
        async with processes(loaded, config):
            for name in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(name, stop.set)
            console.print(
                tr(
                    f"callbot 正在运行：{lines} 条线路，日志在 {logs}。Ctrl-C 停止。",
                    f"callbot is running: {lines} lines, logs in {logs}. Ctrl-C ends it.",
                )
            )
            await stop.wait()
            console.print(
                tr(
                    "正在停止：不再拨打新电话，通话中的客气收尾（30 秒内）……",
                    "Stopping: no new calls, running ones end politely (30 s)...",
                )
            )

    running.run(stay())


def run(
    campaign: Annotated[str, typer.Argument(help=tr("任务编号（import 时给出）", "campaign id, as import printed it"))],
    config: Config = None,
) -> None:
    """Start the campaign, in the running system if there is one, else in processes of its own."""
    from rich.console import Console

    from callbot import log, settings
    from callbot.cli import running
    from callbot.cli.campaign import print_results
    from callbot.cli.running import processes, watch
    from callbot.processes import supervisor
    from callbot.store.repository import open_store

    log.configure("cli", level="error")
    loaded = settings.load(config)
    console = Console()
    if not loaded.telephony.trunks:
        raise SettingsError(
            Text(
                "callbot.toml 里没有中继，电话打不出去。请加上 [[telephony.trunks]]，写明 name、host、port。",
                "callbot.toml names no trunk, so nobody can be called. Add [[telephony.trunks]]: name, host, port.",
            )
        )
    store = open_store(loaded.store_url)

    async def follow() -> None:
        store.campaigns.start(campaign)
        if supervisor.is_running(loaded):
            await watch(loaded, store, campaign, console, lambda: supervisor.is_running(loaded))
            return
        async with processes(loaded, config):
            await watch(loaded, store, campaign, console)

    try:
        store.campaigns.get(campaign)  # a wrong id is said before anything starts
        running.run(follow())
        print_results(store, campaign, console)
    finally:
        store.close()


def demo(
    json: Annotated[bool, typer.Option("--json", help=tr("结果以 JSON 输出", "print the results as JSON"))] = False,
) -> None:
    """Install models, make prompts, call six simulated customers, show what came of it."""
    from callbot.cli.demo import run_demo

    run_demo(as_json=json)

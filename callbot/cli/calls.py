"""Calls to the hotlines on the terminal: ``calls``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.language import tr

if TYPE_CHECKING:
    from rich.table import Table

    from callbot.settings import Settings
    from callbot.store.records import TakenCall

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calls", help=tr("列出热线接到的来电", "List calls that came in"))(calls)


def calls(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help=tr("最多列出多少通", "how many at most"))] = 50,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what came of calls to the hotlines, the newest first; callers are masked unless it is for programs."""
    from rich.console import Console

    from callbot.settings import load
    from callbot.store.repository import open_store

    settings = load(config)
    store = open_store(settings.store_url)
    try:
        taken = store.incoming.latest(limit)
    finally:
        store.close()
    if as_json:
        typer.echo(json.dumps([_json(one) for one in taken], ensure_ascii=False))
    else:
        Console().print(_table(settings, taken))


def _table(settings: "Settings", taken: "list[TakenCall]") -> "Table":
    from zoneinfo import ZoneInfo

    from callbot.call.reception import shown_caller
    from callbot.cli.live import outcome_name
    from callbot.cli.results import add_row, plain_table

    zone = ZoneInfo(settings.campaign.timezone)
    table = plain_table(
        tr("时间", "Time"),
        tr("来电", "Caller"),
        tr("热线", "Number"),
        tr("流程", "Flow"),
        tr("结果", "Outcome"),
        tr("信息", "Slots"),
        tr("通话秒数", "Seconds"),
    )
    for one in taken:
        call = one.call
        told = "，".join(f"{name}={value}" for name, value in call.slots.items())
        began = f"{call.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        seconds = _seconds(one)
        length = "" if seconds is None else str(seconds)
        flow = call.trace.script if call.trace else ""
        add_row(table, began, shown_caller(call.caller), call.number, flow, outcome_name(call.outcome), told, length)
    return table


def _json(one: "TakenCall") -> dict[str, object]:
    from callbot.cli.results import sms_json, webhook_json

    call = one.call
    return {
        "call": call.call_id,
        "started_at": call.started_at.isoformat(),
        "caller": call.caller,
        "number": call.number,
        "flow": call.trace.script if call.trace else None,
        "outcome": call.outcome,
        "hung_up_by": call.hung_up_by,
        "seconds": _seconds(one),
        "slots": call.slots,
        "tags": call.tags,
        "transcript": [
            {"who": said.who, "text": said.text, "start_ms": said.start_ms, "end_ms": said.end_ms}
            for said in call.transcript
        ],
        "sms": sms_json(one.followups),
        "ticket": {"queue": call.ticket.queue, "text": call.ticket.text} if call.ticket else None,
        "webhook": webhook_json(call.webhook, one.followups),
        "recording": call.recording,
    }


def _seconds(one: "TakenCall") -> int | None:
    call = one.call
    return round((call.ended_at - call.answered_at).total_seconds()) if call.answered_at else None

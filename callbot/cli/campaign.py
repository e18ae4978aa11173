"""Campaigns on the terminal: ``import`` a list, ``campaigns``, ``results``, ``call-again`` after an interruption."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.errors import ContactListError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from rich.console import Console

    from callbot.settings import Settings
    from callbot.store.repository import Store

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]
CampaignId = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help=tr("任务编号（import 时给出）", "campaign id, as import printed it"))
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import", help=tr("检查名单，建立外呼任务", "Check a contact list and make it a campaign"))(
        import_command
    )
    app.command("campaigns", help=tr("列出所有外呼任务", "List all campaigns"))(campaigns)
    app.command("results", help=tr("查看或导出一个任务的结果", "Show or export what came of a campaign"))(results)
    app.command("pause", help=tr("暂停一个任务：不再拨打新电话", "Pause a campaign: no new calls"))(pause)
    app.command("call-again", help=tr("重新拨打被中断的联系人", "Call contacts again whose calls were interrupted"))(
        call_again
    )


def import_command(
    contacts: Annotated[Path, typer.Argument(metavar="LIST", help=tr("名单文件（CSV）", "contact list (CSV)"))],
    script: Annotated[str, typer.Option("--script", "-s", metavar="ID", help=tr("话术编号", "script id"))],
    title: Annotated[str, typer.Option("--title", help=tr("任务名称", "name of the campaign"))] = "",
    good_only: Annotated[
        bool,
        typer.Option("--good-only", help=tr("有问题的行跳过，只要好的", "leave bad rows out and take the good ones")),
    ] = False,
    wanted: Annotated[
        str | None,
        typer.Option(
            "--revision",
            metavar="N|file",
            help=tr("第几版话术，file 是工作文件（默认最新发布的）", "revision, or `file` (newest)"),
        ),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Check every row; import all, or with --good-only the good ones, or nothing and exit with 1.

    The campaign keeps the revision of the script that it gets here, whatever is published later.
    """
    from rich.console import Console

    from callbot.cli.lists import check_list, choose_revision, report_json, show_chosen, show_report
    from callbot.settings import load
    from callbot.store.repository import open_store

    settings = load(config)
    console = Console(stderr=as_json, soft_wrap=True)
    store = open_store(settings.store_url)
    try:
        chosen = choose_revision(settings, store, script, wanted)
        report = check_list(chosen.revision, contacts, console)
        campaign = None
        if report.good and (good_only or not report.problems):
            campaign = store.campaigns.add(title or contacts.stem, chosen.revision, report.good)
    finally:
        store.close()
    show_chosen(chosen, console)
    if as_json:
        typer.echo(json.dumps(report_json(campaign, report), ensure_ascii=False))
    else:
        show_report(campaign, report, console)
    if campaign is None:
        raise typer.Exit(1)


def import_list(store: "Store", settings: "Settings", path: Path, script: str, title: str) -> str:
    """Import a list that must be good in every row; returns the campaign's id. Errors: ``ContactListError``."""
    from rich.console import Console

    from callbot.cli.lists import check_list, choose_revision

    revision = choose_revision(settings, store, script, None).revision
    report = check_list(revision, path, Console(stderr=True))
    if report.problems:
        number, first = len(report.problems), report.problems[0]
        raise ContactListError(
            Text(
                f"名单 {path} 有 {number} 处问题，第一处在第 {first.row} 行：{first.reason.zh}。",
                f"The list {path} has {number} problems; the first, in row {first.row}: {first.reason.en}.",
            )
        )
    return store.campaigns.add(title, revision, report.good)


def campaigns(config: Config = None) -> None:
    """List campaigns, newest first, with how far they are."""
    from rich.console import Console

    from callbot.cli.results import campaign_table
    from callbot.settings import load
    from callbot.store.repository import open_store

    store = open_store(load(config).store_url)
    try:
        every = ((campaign, store.campaigns.progress(campaign.id)) for campaign in store.campaigns.all())
        Console().print(campaign_table(every))
    finally:
        store.close()


def results(
    campaign: CampaignId,
    to_csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help=tr("写成 CSV 文件", "write a CSV file"))
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what came of every contact, or write it to a file or as JSON."""
    from rich.console import Console

    from callbot.cli.results import result_json, write_csv
    from callbot.settings import load
    from callbot.store.repository import open_store

    store = open_store(load(config).store_url)
    try:
        if to_csv is not None:
            rows = write_csv(store, campaign, to_csv)
            typer.echo(tr(f"已写入 {to_csv}（{rows} 行）。", f"Wrote {to_csv} ({rows} rows)."), err=as_json)
        if as_json:
            typer.echo(json.dumps([result_json(one) for one in store.campaigns.results(campaign)], ensure_ascii=False))
        elif to_csv is None:
            print_results(store, campaign, Console())
    finally:
        store.close()


def print_results(store: "Store", campaign: str, console: "Console") -> None:
    """Print a campaign's outcomes as a table, numbers masked."""
    from callbot.cli.results import result_table

    console.print(result_table(store.campaigns.results(campaign)))


def pause(campaign: CampaignId, config: Config = None) -> None:
    """Place no more calls of this campaign until it is run again; running calls go on to their end."""
    from callbot.settings import load
    from callbot.store.repository import open_store

    store = open_store(load(config).store_url)
    try:
        paused = store.campaigns.pause(campaign)
    finally:
        store.close()
    if paused:
        typer.echo(
            tr(
                "已暂停：不再拨打新电话，通话中的照常结束。callbot run 可以继续。",
                "Paused: no new calls, running ones go on to their end. `callbot run` goes on with it.",
            )
        )
    else:
        typer.echo(tr("这个任务本来就没有在拨打。", "This campaign was not calling."))


def call_again(campaign: CampaignId, config: Config = None) -> None:
    """Put interrupted contacts back in the queue; callbot never does that by itself, because they may have heard us."""
    from callbot.clock import SystemClock
    from callbot.settings import load
    from callbot.store.records import ContactState
    from callbot.store.repository import open_store

    store = open_store(load(config).store_url)
    try:
        lost = [one for one in store.campaigns.results(campaign) if one.state is ContactState.INTERRUPTED]
        number = store.attempts.call_again([one.contact_id for one in lost], SystemClock().now())
    finally:
        store.close()
    typer.echo(
        tr(
            f"{number} 位联系人重新排队，任务运行时会再拨。",
            f"{number} contacts wait again and are called when it runs.",
        )
    )

"""What calls have left to do in the shop, on the terminal or as a table: ``work``."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.errors import SettingsError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from callbot.store.shop import Work

_HEADER = ("at", "kind", "order_no", "what", "call")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("work", help=tr("列出通话登记的退款、换货、改地址和优惠券", "List what calls left to do in the shop"))(
        work
    )


def work(
    to_csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help=tr("写成 CSV 文件", "write a CSV file"))
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
    ] = None,
) -> None:
    """Show refunds, exchanges, new addresses and reserved coupons, the oldest first."""
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from callbot.cli.results import add_row, plain_table
    from callbot.settings import load
    from callbot.store.shop import ShopRecords

    settings = load(config)
    path = settings.data_dir / "shop.db"
    found: list[Work] = []
    if path.is_file():
        records = ShopRecords(path)
        found = records.work()
        records.close()
    zone = ZoneInfo(settings.campaign.timezone)
    rows = [
        (f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}", one.kind, one.order_no, one.what, one.call_id) for one in found
    ]
    if to_csv is not None:
        _write(to_csv, rows)
        typer.echo(tr(f"已写入 {to_csv}（{len(rows)} 行）。", f"Wrote {to_csv} ({len(rows)} rows)."), err=as_json)
    if as_json:
        typer.echo(json.dumps([dict(zip(_HEADER, row, strict=True)) for row in rows], ensure_ascii=False))
    elif to_csv is None:
        titles = (tr("时间", "At"), tr("事项", "Kind"), tr("订单", "Order"), tr("内容", "What"), tr("通话", "Call"))
        table = plain_table(*titles)
        for row in rows:
            add_row(table, row[0], _kind_name(row[1]), *row[2:])
        Console().print(table)


def _kind_name(kind: str) -> str:
    return {
        "refund": tr("退款", "refund"),
        "exchange": tr("换货", "exchange"),
        "address": tr("改地址", "new address"),
        "coupon": tr("优惠券", "coupon"),
    }[kind]


def _write(path: Path, rows: list[tuple[str, str, str, str, str]]) -> None:
    """With a byte order mark: Excel takes UTF-8 for another encoding without."""
    from callbot.cli.results import harmless

    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow(_HEADER)
            table.writerows([harmless(cell) for cell in row] for row in rows)
    except OSError as error:
        raise SettingsError(
            Text(f"{path} 写不了：{error.strerror}。请换一个地方。", f"{path} cannot be written: {error.strerror}.")
        ) from None

"""``callbot kamailio``: writes what Kamailio needs to stand in front of this machine's lines."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.errors import SettingsError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from callbot.telephony.kamailio import Address

_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})")


def register(app: typer.Typer) -> None:
    """Add ``kamailio``."""
    app.command(
        help=tr(
            "生成 Kamailio 配置，把来电分给多条线路", "Write a Kamailio configuration that shares calls among lines"
        )
    )(kamailio)


def kamailio(
    output: Annotated[
        Path, typer.Option("--output", "-o", help=tr("配置写到哪里", "where to write the configuration"))
    ] = Path("kamailio.cfg"),
    lines: Annotated[
        list[str] | None,
        typer.Option(
            "--lines", help=tr("线路 地址:端口，可多次（默认按配置）", "a line, host:port (default: settings)")
        ),
    ] = None,
    listen: Annotated[
        str,
        typer.Option(
            "--listen", help=tr("Kamailio 的 地址:端口（默认 bind:5060）", "host:port of Kamailio (bind:5060)")
        ),
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
    ] = None,
) -> None:
    """Write the configuration and, beside it, the list of lines; files that are there are written anew."""
    from callbot import settings
    from callbot.telephony.kamailio import Address, configuration, dispatcher_list

    telephony = settings.load(config).telephony
    if lines:
        targets = [_address(text) for text in lines]
    else:
        targets = [Address(telephony.bind, telephony.sip_port + number) for number in range(telephony.lines)]
    own = _address(listen) if listen else Address(telephony.bind, 5060)
    if own in targets:
        raise SettingsError(
            Text(
                f"Kamailio 和一条线路不能用同一个地址 {own}。请用 --listen 换一个端口。",
                f"Kamailio and a line cannot share {own}. Name another port with --listen.",
            )
        )
    list_file = output.resolve().with_suffix(".list")
    try:
        output.write_text(configuration(own, str(list_file)), "utf-8")
        list_file.write_text(dispatcher_list(targets), "utf-8")
    except OSError as error:
        raise SettingsError(
            Text(
                f"写不了 {error.filename}：{error.strerror}。请用 -o 换个位置。",
                f"Cannot write {error.filename}: {error.strerror}. Name another place with -o.",
            )
        ) from None
    typer.echo(
        tr(
            f"已写好 {output} 和 {list_file.name}（{len(targets)} 条线路）。检查：kamailio -c -f {output}",
            f"Wrote {output} and {list_file.name} ({len(targets)} lines). Check: kamailio -c -f {output}",
        )
    )


def _address(text: str) -> "Address":
    from callbot.telephony.kamailio import Address

    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise SettingsError(
            Text(
                f"“{text}”不是地址。请写成 192.0.2.10:5060 这样的 地址:端口。",
                f'"{text}" is not an address. Write host:port, such as 192.0.2.10:5060.',
            )
        )
    return Address(found[1] or found[2], int(found[3]))

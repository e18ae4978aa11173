"""The commands about the graph of a script and calls on it: ``graph``, ``replay``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.cli.publishing import Config, Script, opened
from callbot.cli.script_files import script_path
from callbot.errors import ScriptError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from callbot.authoring.drawing import Drawing
    from callbot.messages import CallResult, Trace
    from callbot.script.model import Bundle
    from callbot.store.repository import Store

Revision = Annotated[
    str | None,
    typer.Option("--revision", metavar="N", help=tr("第几版（默认工作文件）", "which revision (the working file)")),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("graph", help=tr("把话术画成图", "Draw a script as a graph"))(graph)
    app.command("replay", help=tr("把一通存下的电话放到另一版话术里重放", "Replay a stored call in another revision"))(
        replay
    )


def graph(
    script: Script,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=tr("写到 .svg 或 .mmd（默认在屏幕上打印 Mermaid）", "an .svg or .mmd file (otherwise prints Mermaid)"),
        ),
    ] = None,
    trace: Annotated[
        str | None,
        typer.Option("--trace", metavar="CALL", help=tr("标出一通电话走的路（编号或 .json）", "mark a call's path")),
    ] = None,
    funnel: Annotated[
        bool, typer.Option("--funnel", help=tr("标出所有存下的电话各走了多少次", "count the ways of all stored calls"))
    ] = False,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="ID", help=tr("只数这个任务的电话", "count only this campaign"))
    ] = None,
    revision: Revision = None,
    config: Config = None,
) -> None:
    """Mermaid on the screen or a file; one overlay at a time."""
    from callbot.authoring.drawing import draw
    from callbot.authoring.picture_files import mermaid, write
    from callbot.script.revision import build_revision, read_revision
    from callbot.settings import load

    counts = funnel or campaign is not None
    if trace is not None and counts:
        raise ScriptError(Text("--trace 和 --funnel 只能选一个", "--trace and --funnel exclude each other"))
    if trace is None and not counts and revision is None:  # a draft is drawn without any database
        drawing = draw(read_revision(build_revision(script_path(load(config), script))))
    else:
        with opened(config) as (settings, store):
            path = script_path(settings, script)
            if trace is not None:
                drawing = _with_trace(store, path, trace, revision)
            elif counts:
                drawing = _with_funnel(store, path, campaign, revision)
            else:
                drawing = draw(_bundle(store, path, revision))
    if output is None:
        typer.echo(mermaid(drawing), nl=False)
    else:
        write(drawing, output)


def _bundle(store: "Store", path: Path, revision: str | None) -> "Bundle":
    from callbot.authoring.publish import WORKING_FILE, choose
    from callbot.script.revision import read_revision

    return read_revision(choose(store.publications, path, revision or WORKING_FILE).revision)


def _with_trace(store: "Store", path: Path, call: str, revision: str | None) -> "Drawing":
    """The way of a call in the revision that it ran, unless another one is wanted."""
    from callbot.authoring import travelled
    from callbot.authoring.drawing import draw
    from callbot.script.revision import read_revision

    trace = _stored(store, call).trace
    ran = store.publications.revision(trace.revision) if revision is None else None
    bundle = _bundle(store, path, revision) if ran is None else read_revision(ran)
    one = travelled.travelled(bundle, trace)
    _warn_unknown([*one.unknown])
    return travelled.with_path(draw(bundle), bundle, one)


def _with_funnel(store: "Store", path: Path, campaign: str | None, revision: str | None) -> "Drawing":
    from callbot.authoring import travelled
    from callbot.authoring.drawing import draw

    bundle = _bundle(store, path, revision)
    counted = travelled.funnel(bundle, store.campaigns.traces(bundle.script.id, campaign))
    typer.echo(tr(f"{counted.calls} 通电话。", f"{counted.calls} calls."), err=True)
    if counted.unknown:
        typer.echo(
            tr(
                f"其中 {counted.unknown} 通走过这一版没有的路，那几步没有计数。",
                f"{counted.unknown} of them took ways that this revision does not have; those are not counted.",
            ),
            err=True,
        )
    return travelled.with_funnel(draw(bundle), bundle, counted)


def _warn_unknown(unknown: list[tuple[str, str]]) -> None:
    for before, after in unknown:
        sentence = tr(f"这一版没有从 {before} 到 {after} 的路", f"this revision has no way from {before} to {after}")
        typer.echo(sentence, err=True)


class _Call:
    """A stored call, from the store or from a file: its trace and, when known, the moment of the pick-up."""

    def __init__(self, trace: "Trace", answered_at: "datetime | None") -> None:
        self.trace = trace
        self.answered_at = answered_at

    def answered(self, zone: "ZoneInfo") -> "datetime":
        """In the campaign's zone; a bare trace does not know its time, and gets the one that tests have."""
        from datetime import datetime

        if self.answered_at is not None:
            return self.answered_at.astimezone(zone)
        return datetime(2026, 6, 1, 10, tzinfo=zone)


def _stored(store: "Store", name: str) -> _Call:
    """A call by its id or from a JSON file (a whole result or a trace). Errors: ``ScriptError``."""
    path = Path(name)
    if path.suffix == ".json":
        return _read(path)
    result = store.campaigns.call(name)
    if result is None:
        raise ScriptError(
            Text(
                f"没有编号为 {name} 的电话。编号在 callbot results --json 和 callbot calls --json 里。",
                f"There is no call {name}. Ids are in `callbot results --json` and `callbot calls --json`.",
            )
        )
    return _of(result, name)


def _of(result: "CallResult", name: str) -> _Call:
    if result.trace is None:
        raise ScriptError(
            Text(f"{name} 没有接通，没有对话可看。", f"{name} was not answered: there is nothing to see.")
        )
    return _Call(result.trace, result.answered_at)


def _read(path: Path) -> _Call:
    import msgspec

    from callbot.messages import CallResult, Trace

    try:
        read = msgspec.json.decode(path.read_bytes(), type=CallResult | Trace)
    except OSError:
        raise ScriptError(Text(f"打不开 {path}", f"{path} cannot be opened")) from None
    except msgspec.DecodeError as error:
        raise ScriptError(
            Text(f"{path} 不是一通电话的记录：{error}", f"{path} is no record of a call: {error}")
        ) from None
    return _of(read, path.name) if isinstance(read, CallResult) else _Call(read, None)


# ---------------------------------------------------------------- replay


def replay(
    call: Annotated[
        str, typer.Argument(metavar="CALL|FILE.json", help=tr("电话编号，或存下的 JSON 文件", "call id or a JSON file"))
    ],
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            metavar="N|FILE",
            help=tr("第几版，或一个话术文件（默认工作文件）", "revision number or script file (the working file)"),
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Show the conversation up to the first difference, and both sides of that; exit code 1 when there is one."""
    from zoneinfo import ZoneInfo

    from callbot.authoring.publish import WORKING_FILE, choose
    from callbot.authoring.replay import replay as play
    from callbot.dialogue.compiled import compile_revision
    from callbot.script.inputs import InputProblem

    with opened(config) as (settings, store):
        stored = _stored(store, call)
        is_file = revision is not None and revision.endswith(".yaml")
        path = script_path(settings, revision if is_file and revision is not None else stored.trace.script)
        chosen = choose(store.publications, path, WORKING_FILE if is_file or revision is None else revision)
        zone = ZoneInfo(settings.campaign.timezone)
    try:
        done = play(stored.trace, compile_revision(chosen.revision), stored.answered(zone))
    except InputProblem as problem:
        raise ScriptError(
            Text(
                f"这一版需要那通电话没有的值：{problem.text.zh}",
                f"this revision needs a value that the call did not have: {problem.text.en}",
            )
        ) from None
    for line in done.agreed:
        typer.echo(str(line))
    if done.difference is None:
        typer.echo(tr("到结束都一样。", "The same to the end."))
        return
    parts = done.difference
    seconds = f"{parts.at_ms // 60_000:02}:{parts.at_ms // 1000 % 60:02}"
    typer.echo(tr(f"\n从这里开始不同（{seconds}）：{parts.event}", f"\nDifferent from here ({seconds}): {parts.event}"))
    for title, side in ((tr("当时", "then"), parts.then), (tr("现在", "now"), parts.now)):
        typer.echo(f"  {title}")
        for text in side:
            typer.echo(f"    {text}")
    raise typer.Exit(1)

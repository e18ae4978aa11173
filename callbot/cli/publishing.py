"""Commands that publish scripts: ``publish``, ``revisions``, ``diff``, ``rollback``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.cli.script_files import script_path
from callbot.language import tr

if TYPE_CHECKING:
    from rich.console import Console

    from callbot.authoring.publish import Candidate
    from callbot.settings import Settings
    from callbot.store.records import Publication
    from callbot.store.repository import Store

Script = Annotated[str, typer.Argument(metavar="SCRIPT", help=tr("话术编号或文件", "script id or file"))]
Message = Annotated[
    str, typer.Option("--message", "-m", metavar="TEXT", help=tr("改了什么、为什么", "what was changed, and why"))
]
Author = Annotated[
    str, typer.Option("--author", metavar="NAME", help=tr("谁发布的（默认是登录名）", "who publishes (login name)"))
]
After = Annotated[
    int | None,
    typer.Option(
        "--after",
        min=0,
        metavar="N",
        help=tr("只在最新一版仍是第 N 版时发布", "only while revision N is still the newest"),
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("publish", help=tr("检查、测试并发布一个话术", "Check, test and publish a script"))(publish)
    app.command("revisions", help=tr("列出一个话术发布过的版本", "List what was published of a script"))(revisions)
    app.command("diff", help=tr("用话说出两个版本的不同", "Say how two revisions differ"))(diff)
    app.command("rollback", help=tr("把旧版本重新发布", "Publish an old revision again"))(rollback)


@contextmanager
def opened(config: Path | None) -> "Iterator[tuple[Settings, Store]]":
    """Settings and store for the time of the block."""
    from callbot.settings import load
    from callbot.store.repository import open_store

    settings = load(config)
    store = open_store(settings.store_url)
    try:
        yield settings, store
    finally:
        store.close()


# ---------------------------------------------------------------- publish, rollback


def publish(
    script: Script,
    message: Message,
    author: Author = "",
    after: After = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Publish the working file when lint, tests and coverage allow it; new campaigns take it from then on."""
    from callbot.authoring.publish import examine
    from callbot.authoring.publish import publish as publish_it
    from callbot.cli.script_tests import ears

    with opened(config) as (settings, store):
        path = script_path(settings, script)
        newest = store.publications.newest(path.stem)
        candidate = examine(path, settings, ears(settings, path))
        seen = after if after is not None else 0 if newest is None else newest.number
        made, is_new = publish_it(store.publications, candidate, author or _login(), message, seen)
        if as_json:
            typer.echo(json.dumps({"new": is_new, **_json(made)}, ensure_ascii=False))
            return
        _show_gate(candidate)
        if not is_new:
            typer.echo(
                tr(
                    f"和第 {made.number} 版完全相同，没有发布新版。",
                    f"Exactly the same as revision {made.number}; nothing published.",
                )
            )
            return
        _show_published(made)
        if newest is not None:
            _show_changes(newest, made)


def rollback(
    script: Script,
    revision: Annotated[int, typer.Argument(metavar="REV", min=1, help=tr("旧版本号", "number of the old revision"))],
    message: Message = "",
    author: Author = "",
    after: After = None,
    config: Config = None,
) -> None:
    """Publish the text of an old revision as a new one; running campaigns keep theirs, the working file stays."""
    from callbot.authoring.publish import rollback as publish_again

    with opened(config) as (settings, store):
        path = script_path(settings, script)
        newest = store.publications.newest(path.stem)
        seen = after if after is not None else 0 if newest is None else newest.number
        said = message or tr(f"恢复第 {revision} 版", f"back to revision {revision}")
        made = publish_again(store.publications, path.stem, revision, author or _login(), said, seen)
        _show_published(made)
        if newest is not None:
            _show_changes(newest, made)
        typer.echo(
            tr(
                f"工作文件 {path} 没有改动。取回那一版的原文：callbot revisions {path.stem} --source {revision}",
                f"The working file {path} is as it was. Its old text: callbot revisions {path.stem} "
                f"--source {revision}",
            )
        )


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except OSError:  # a user without a name, as in some containers
        return tr("未署名", "unnamed")


def _show_gate(candidate: "Candidate") -> None:
    from callbot.script.findings import render

    rehearsal = candidate.rehearsal
    if candidate.warnings:
        typer.echo(render(candidate.warnings) + "\n")
    skipped = [case for case in rehearsal.cases if case.skipped is not None]
    for case in skipped:
        typer.echo(tr(f"跳过 {case.name}：{case.skipped}", f"skipped {case.name}: {case.skipped}"))
    passed = len(rehearsal.cases) - len(skipped)
    typer.echo(
        tr(
            f"检查通过，{passed} 个用例通过，走过话术的 {rehearsal.coverage}%。",
            f"Lint is green, {passed} cases passed, {rehearsal.coverage} % of the script tested.",
        )
    )


def _show_published(made: "Publication") -> None:
    script, number, content = made.revision.script, made.number, made.revision.hash
    typer.echo(
        tr(
            f"已发布 {script} 第 {number} 版（{content}）：{made.message}。新建的任务从现在起用这一版，进行中的不变。",
            f"Published {script} revision {number} ({content}): {made.message}. New campaigns take it from now on, "
            "running ones keep theirs.",
        )
    )


def _show_changes(old: "Publication", new: "Publication") -> None:
    from callbot.authoring.compare import changes
    from callbot.script.revision import read_revision

    found = changes(read_revision(old.revision), read_revision(new.revision))
    typer.echo(
        tr(f"与第 {old.number} 版（{old.author}）相比：", f"Compared with revision {old.number} ({old.author}):")
    )
    for change in found:
        typer.echo(f"  {_SIGN[change.kind]} {change.text}")
    if not found:
        typer.echo(tr("  只有不影响这个话术的共用内容变了。", "  only shared parts that this script does not use."))


_SIGN = {"added": "+", "removed": "-", "changed": "~"}


# ---------------------------------------------------------------- revisions


def revisions(
    script: Script,
    source: Annotated[
        int | None,
        typer.Option("--source", min=1, metavar="N", help=tr("打印第 N 版的原文", "print revision N as written")),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List revisions, newest first, and say whether the working file has changes that are not published."""
    from rich.console import Console

    with opened(config) as (settings, store):
        path = script_path(settings, script)
        if source is not None:
            typer.echo(store.publications.get(path.stem, source).source, nl=False)
            return
        found = store.publications.all(path.stem)
        if as_json:
            typer.echo(json.dumps([_json(one) for one in found], ensure_ascii=False))
            return
        if found:
            _show_revisions(Console(), settings, found)
        typer.echo(_state(path, found))


def _show_revisions(console: "Console", settings: "Settings", found: "list[Publication]") -> None:
    from zoneinfo import ZoneInfo

    from callbot.cli.results import add_row, plain_table

    zone = ZoneInfo(settings.campaign.timezone)
    table = plain_table(tr("版本", "Revision"), tr("时间", "Time"), tr("作者", "Author"), tr("说明", "Message"), "hash")
    for one in found:
        when = f"{one.published_at.astimezone(zone):%Y-%m-%d %H:%M}"
        add_row(table, str(one.number), when, one.author, one.message, one.revision.hash)
    console.print(table)


def _state(path: Path, found: "list[Publication]") -> str:
    from callbot.errors import ScriptError
    from callbot.script.revision import build_revision

    if not found:
        return tr(
            f"{path.stem} 还没有发布过，任务用的是工作文件。",
            f"{path.stem} was never published; campaigns take the working file.",
        )
    try:
        same = build_revision(path).hash == found[0].revision.hash
    except ScriptError:
        return tr(f"工作文件 {path} 有错误，还不能发布。", f"The working file {path} has errors.")
    if same:
        return tr("工作文件和最新一版相同。", "The working file is the same as the newest revision.")
    return tr(
        f"工作文件有还没有发布的改动：callbot diff {path.stem}",
        f"The working file has changes that are not published: callbot diff {path.stem}",
    )


def _json(one: "Publication") -> dict[str, object]:
    return {
        "script": one.revision.script,
        "revision": one.number,
        "hash": one.revision.hash,
        "author": one.author,
        "message": one.message,
        "published_at": one.published_at.isoformat(),
    }


# ---------------------------------------------------------------- diff


def diff(
    script: Script,
    old: Annotated[
        str | None, typer.Argument(metavar="REV", help=tr("旧版本号（默认最新发布的）", "older one (newest published)"))
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="REV", help=tr("新版本号（默认工作文件）", "newer one (the working file)"))
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help=tr("画成图：.svg 或 .mmd", "draw it: .svg or .mmd")),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """One sentence per difference, + added, - removed, ~ changed; exit code 1 when there is one."""
    from callbot.authoring.compare import changes, difference
    from callbot.authoring.picture_files import write
    from callbot.authoring.publish import WORKING_FILE, choose
    from callbot.script.revision import read_revision

    with opened(config) as (settings, store):
        path = script_path(settings, script)
        before = choose(store.publications, path, old or str(_newest(store, path.stem)))
        after = choose(store.publications, path, new or WORKING_FILE)
    first, second = read_revision(before.revision), read_revision(after.revision)
    found = changes(first, second)
    names = [
        tr(f"第 {each.published.number} 版", f"revision {each.published.number}")
        if each.published is not None
        else tr("工作文件", "working file")
        for each in (before, after)
    ]
    if as_json:
        rows = [{"kind": each.kind, "step": each.step, "text": str(each.text)} for each in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        typer.echo(f"{path.stem}: {names[0]} → {names[1]}")
        for change in found:
            typer.echo(f"{_SIGN[change.kind]} {change.text}")
        if not found:
            typer.echo(tr("没有不同。", "No difference."))
    if output is not None:
        write(difference(first, second, f"{path.stem}: {names[0]} → {names[1]}"), output)
    raise typer.Exit(1 if found else 0)


def _newest(store: "Store", script: str) -> int:
    newest = store.publications.newest(script)
    return 1 if newest is None else newest.number  # 1 is not there either, and its error says so

"""Commands about scripts: ``lint``, ``test``, ``sim``, ``understand``, ``explain``."""

import difflib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from callbot.errors import ScriptError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from rich.console import Console

    from callbot.authoring.rehearse import Rehearsal
    from callbot.call.text_session import TextSession, TextTurn
    from callbot.dialogue.engine import CompiledScript
    from callbot.dialogue.understand import Intents
    from callbot.script.findings import Finding
    from callbot.settings import Settings

_TEST = ".test.yaml"
_EXAMPLES = "examples"
"""Folder of lists and simulated customers; no scripts in it."""

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH..", help=tr("文件或文件夹（默认整个话术目录）", "files or folders"))
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("lint", help=tr("检查话术：每处错误给出文件、行、列和改法", "Check scripts"))(lint)
    app.command("test", help=tr("运行话术旁边的测试", "Run the tests that stand beside scripts"))(test)
    app.command("sim", help=tr("打字和机器人对话", "Talk to the robot by typing"))(sim)
    app.command("understand", help=tr("看机器人怎么理解一句话", "See what the robot makes of a sentence"))(understand)
    app.command("explain", help=tr("解释一个检查代码", "Explain a code of lint"))(explain)


# ---------------------------------------------------------------- lint


def lint(paths: Paths = None, as_json: AsJson = False) -> None:
    """Print every finding; exit code 1 when one of them is an error."""
    files = [path for path in _files(paths or [_settings().scripts_dir]) if _EXAMPLES not in path.parts]
    findings = list({(str(each.path), each.place, each.code): each for each in _lint_all(files)}.values())
    errors = sum(each.severity == "error" for each in findings)
    if as_json:
        typer.echo(
            json.dumps({"files": len(files), "findings": [_plain(each) for each in findings]}, ensure_ascii=False)
        )
    else:
        from callbot.script.findings import render

        if findings:
            typer.echo(render(findings) + "\n")
        warnings = len(findings) - errors
        typer.echo(
            tr(
                f"{len(files)} 个文件，{errors} 处错误，{warnings} 处警告。",
                f"{len(files)} files, {errors} errors, {warnings} warnings.",
            )
        )
        if errors:
            typer.echo(tr("代码的含义：callbot explain CODE", "What a code means: callbot explain CODE"))
    raise typer.Exit(1 if errors else 0)


def _lint_all(files: Iterable[Path]) -> "Iterator[Finding]":
    from callbot.script import lint as checks
    from callbot.script import source
    from callbot.script.cases import CaseFile
    from callbot.script.library import Library, load, root_of
    from callbot.script.shape import check_shape, check_yaml

    libraries: dict[Path, Library] = {}
    for path in files:
        try:
            document = source.read(path)
        except OSError:
            yield from checks.check_shared(path)
            continue
        if path.name.endswith(_TEST):
            yield from check_yaml(document) or check_shape(document, CaseFile)
        elif checks.kind(document) in ("intents", "sms", "common"):
            yield from checks.check_shared(path)
        else:
            root = root_of(path)
            library = libraries.setdefault(root.resolve(), libraries.get(root.resolve()) or load(root))
            yield from checks.check(path, library).findings


def _plain(found: "Finding") -> dict[str, object]:
    return {
        "file": str(found.path),
        "line": found.place.line,
        "column": found.place.column,
        "length": found.place.length,
        "severity": found.severity,
        "code": found.code,
        "message": str(found.message),
        "hint": None if found.hint is None else str(found.hint),
    }


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.rglob("*.yaml"))
        elif path.exists():
            found.append(path)
        else:
            found.append(_script_path(_settings(), str(path)))
    return list(dict.fromkeys(found))


def _script_path(settings: "Settings", name: str) -> Path:
    """A script by path or by id. Errors: ``ScriptError`` with the closest id."""
    path = Path(name)
    if path.suffix == ".yaml" and path.is_file():
        return path
    path = settings.scripts_dir / f"{name}.yaml"
    if path.is_file():
        return path
    known = [each.stem for each in settings.scripts_dir.glob("*.yaml") if not each.name.endswith(_TEST)]
    close = difflib.get_close_matches(name, known, n=1)
    hint = Text(f"您是想写 {close[0]} 吗？", f"Did you mean {close[0]}?") if close else Text("", "")
    raise ScriptError(
        Text(
            f"{settings.scripts_dir} 里没有话术 {name}。{hint.zh}",
            f"There is no script {name} in {settings.scripts_dir}. {hint.en}",
        )
    )


# ---------------------------------------------------------------- test


def test(paths: Paths = None, as_json: AsJson = False) -> None:
    """Run every case; exit code 1 when one fails or a file cannot be used."""
    from rich.console import Console

    from callbot.authoring.rehearse import rehearse

    settings = _settings()
    console = Console(soft_wrap=True, highlight=False)
    failed = False
    reports: list[dict[str, object]] = []
    for path in _test_files(paths or [settings.scripts_dir]):
        try:
            rehearsal = rehearse(path, settings.campaign.timezone)
        except ScriptError as error:
            failed = True
            reports.append({"file": str(path), "passed": False, "problem": str(error)})
            if not as_json:
                console.print(f"{error.report}\n{error}".strip(), markup=False)
            continue
        failed |= not rehearsal.passed
        reports.append(_rehearsal_json(rehearsal))
        if not as_json:
            _show_rehearsal(console, rehearsal)
    if as_json:
        typer.echo(json.dumps({"passed": not failed, "files": reports}, ensure_ascii=False))
    raise typer.Exit(1 if failed else 0)


def _test_files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in _files(paths):
        own = path if path.name.endswith(_TEST) else path.with_name(path.stem + _TEST)
        if own.is_file():
            found.append(own)
        elif path in paths:
            raise ScriptError(Text(f"{path} 旁边没有 {own.name}", f"there is no {own.name} beside {path}"))
    return list(dict.fromkeys(found))


def _rehearsal_json(rehearsal: "Rehearsal") -> dict[str, object]:
    return {
        "file": str(rehearsal.path),
        "passed": rehearsal.passed,
        "cases": [
            {"name": case.name, "passed": not case.problems, "problems": [str(problem) for problem in case.problems]}
            for case in rehearsal.cases
        ],
        "steps": rehearsal.steps,
        "unvisited": rehearsal.unvisited,
        "exits": rehearsal.exits,
        "untaken": rehearsal.untaken,
    }


def _show_rehearsal(console: "Console", rehearsal: "Rehearsal") -> None:
    for case in rehearsal.cases:
        if not case.problems:
            continue
        console.print(f"[red]✗[/red] {rehearsal.path}：", end="")
        console.print(case.name, markup=False)
        for problem in case.problems:
            console.print(f"    {problem}", markup=False)
        for line in case.conversation:
            console.print(f"      {line}", style="dim", markup=False)
    good = sum(not case.problems for case in rehearsal.cases)
    steps, ways = rehearsal.steps - len(rehearsal.unvisited), rehearsal.exits - len(rehearsal.untaken)
    console.print(
        tr(
            f"{rehearsal.path}：{good}/{len(rehearsal.cases)} 通过；走到步骤 {steps}/{rehearsal.steps}，"
            f"走过出路 {ways}/{rehearsal.exits}",
            f"{rehearsal.path}: {good}/{len(rehearsal.cases)} passed; {steps}/{rehearsal.steps} steps visited, "
            f"{ways}/{rehearsal.exits} ways taken",
        ),
        markup=False,
    )
    for missing in (*rehearsal.unvisited, *rehearsal.untaken):
        console.print(tr(f"    没有测到：{missing}", f"    not covered: {missing}"), style="yellow", markup=False)


# ---------------------------------------------------------------- sim


def sim(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help=tr("话术编号或文件", "script id or file"))],
    values: Annotated[
        list[str] | None,
        typer.Option("--with", "-w", metavar="K=V", help=tr("名单的值（默认取自测试文件）", "a contact's value")),
    ] = None,
) -> None:
    """Hold a typed conversation until the call ends or the input does."""
    from rich.console import Console

    from callbot.call.text_session import COMMANDS, TextSession
    from callbot.dialogue.engine import compile_revision
    from callbot.script.revision import build_revision

    settings = _settings()
    path = _script_path(settings, script)
    compiled = compile_revision(build_revision(path))
    console = Console(soft_wrap=True, highlight=False)
    session = TextSession(compiled, _inputs(path, compiled, values or []), _now(settings))
    console.print(
        tr(f"直接打字是客户说话。{COMMANDS}", f"Type what the customer says. {COMMANDS}"), style="dim", markup=False
    )
    _show_turn(console, session, session.start())
    while not session.state.ended:
        if sys.stdin.isatty():
            console.print(tr("客户> ", "customer> "), end="")
        line = sys.stdin.readline()
        if not line:
            break
        if line.strip():
            try:
                _show_turn(console, session, session.type(line))
            except ScriptError as error:
                console.print(str(error), style="yellow", markup=False)


def _inputs(path: Path, script: "CompiledScript", given: Iterable[str]) -> dict[str, str]:
    """Values from the command line, else from the test file beside the script."""
    from callbot.authoring.rehearse import read_cases

    tests = path.with_name(path.stem + _TEST)
    inputs = dict(read_cases(tests).with_) if tests.is_file() else {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name not in script.script.inputs:
            known = "、".join(script.script.inputs)
            raise ScriptError(
                Text(
                    f"--with {pair} 不对，要写成 名字=值；名字有：{known}",
                    f"--with {pair}: write NAME=VALUE; names: {known}",
                )
            )
        inputs[name] = value
    return inputs


def _settings() -> "Settings":
    from callbot.settings import load

    return load()


def _now(settings: "Settings") -> datetime:
    from callbot.clock import SystemClock

    return SystemClock().now().astimezone(ZoneInfo(settings.campaign.timezone))


def _show_turn(console: "Console", session: "TextSession", turn: "TextTurn") -> None:
    from callbot.messages import Do, End, Heard, Listen, Say, Transfer

    understood = turn.after.understood
    if isinstance(turn.event, Heard) and understood is not None:
        slots = " ".join(f"{name}={value}" for name, value in understood.slots.items())
        meaning = understood.intent or tr("没听懂", "not understood")
        console.print(
            f"    [{meaning} {understood.score:.2f}] {understood.why} {slots}".rstrip(), style="dim", markup=False
        )
    moved = turn.before.step if turn.before.step == turn.after.step else f"{turn.before.step} → {turn.after.step}"
    console.print(f"    {moved}", style="dim", markup=False)
    if not turn.actions:
        console.print(tr("    （机器人继续）", "    (the robot goes on)"), style="dim")
    for action in turn.actions:
        match action:
            case Say(text=text):
                console.print(tr("机器人：", "robot: ") + text, style="bold cyan", markup=False)
            case Listen():
                pass
            case Do(action=name, arguments=arguments):
                console.print(
                    tr(
                        f"    查询 {name} {arguments}：用 /result {name}=… 回答",
                        f"    asks {name} {arguments}: answer with /result {name}=…",
                    ),
                    markup=False,
                )
            case Transfer(queue=queue):
                console.print(
                    tr(
                        f"    转接 {queue}：用 /result transfer=failed 或 done 回答",
                        f"    transfers to {queue}: /result transfer=failed or done",
                    ),
                    markup=False,
                )
            case End(outcome=outcome, tags=tags, sms=sms, retry_at=retry_at, retry_in_ms=retry_in):
                retry = f"{retry_at:%Y-%m-%d %H:%M}" if retry_at else f"+{retry_in // 60_000} min" if retry_in else ""
                parts = [outcome, *tags, *([f"sms {sms}"] if sms else []), *([f"retry {retry}"] if retry else [])]
                console.print(tr("结束：", "end: ") + " · ".join(parts), style="bold green", markup=False)
    if session.state.ended:
        for name, value in session.state.slots.items():
            console.print(f"    {name} = {value}", markup=False)


# ---------------------------------------------------------------- understand, explain


def understand(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT..", help=tr("客户的话", "what a customer says"))],
    script: Annotated[
        str | None, typer.Option("--script", "-s", metavar="ID", help=tr("话术编号或文件", "script id or file"))
    ] = None,
    step: Annotated[
        str | None, typer.Option("--step", metavar="STEP", help=tr("在哪个步骤听到", "heard in this step"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """One line per text; with a script and step what is expected there comes first."""
    from callbot.dialogue.understand import understand as make_sense

    settings = _settings()
    intents, expects = _listener(settings, script, step)
    now = _now(settings)
    for text in texts:
        made = make_sense(text, intents, expects, now)
        if as_json:
            line = {"text": text, "intent": made.intent, "score": made.score, "slots": made.slots}
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            slots = " ".join(f"{name}={value}" for name, value in made.slots.items())
            meaning = made.intent or tr("没听懂", "not understood")
            typer.echo(f"{text}  →  {meaning}  {made.score:.2f}  ({made.why})  {slots}".rstrip())


def _listener(settings: "Settings", script: str | None, step: str | None) -> "tuple[Intents, tuple[str, ...]]":
    """What is listened for: all shared intents, or what a step of a script expects."""
    from callbot.dialogue.engine import compile_revision, expects
    from callbot.dialogue.understand import compile_intents
    from callbot.script.findings import did_you_mean, render
    from callbot.script.library import load as load_library
    from callbot.script.revision import build_revision

    if script is None:
        if step is not None:
            raise ScriptError(Text("--step 要和 --script 一起用", "--step needs --script"))
        library = load_library(settings.scripts_dir)
        if library.findings or not library.intents:
            problem = Text(
                f"{settings.scripts_dir} 里没有可用的意图", f"there are no usable intents in {settings.scripts_dir}"
            )
            raise ScriptError(problem, render(library.findings))
        return compile_intents(library.intents, library.fillers), ()
    compiled = compile_revision(build_revision(_script_path(settings, script)))
    if step is None:
        return compiled.intents, ()
    if step not in compiled.script.steps:
        close = did_you_mean(step, list(compiled.script.steps)) or Text("", "")
        raise ScriptError(Text(f"{script} 里没有步骤 {step}。{close.zh}", f"{script} has no step {step}. {close.en}"))
    return compiled.intents, expects(compiled, step)


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help=tr("代码，例如 S203", "a code such as S203"))],
) -> None:
    """Say at length what a code means."""
    from callbot.script.codes import CODES

    text = CODES.get(code.upper())
    if text is None:
        known = ", ".join(CODES)
        raise ScriptError(Text(f"没有代码 {code}。有：{known}", f"There is no code {code}. There are: {known}"))
    typer.echo(f"{code.upper()}  {text}")

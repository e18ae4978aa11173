"""Commands that talk: ``sim`` holds a typed conversation, ``understand`` shows what the robot makes of a sentence."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from callbot.cli.script_files import TEST, read_settings, script_path
from callbot.errors import ScriptError
from callbot.language import Text, tr

if TYPE_CHECKING:
    from rich.console import Console

    from callbot.call.text_session import TextSession, TextTurn
    from callbot.dialogue.engine import CompiledScript
    from callbot.dialogue.understand import Intents
    from callbot.messages import Understanding
    from callbot.settings import Settings


AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sim", help=tr("打字和机器人对话", "Talk to the robot by typing"))(sim)
    app.command("understand", help=tr("看机器人怎么理解一句话", "See what the robot makes of a sentence"))(understand)


def sim(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help=tr("话术编号或文件", "script id or file"))],
    values: Annotated[
        list[str] | None,
        typer.Option("--with", "-w", metavar="K=V", help=tr("名单的值（默认取自测试文件）", "a contact's value")),
    ] = None,
) -> None:
    """Hold a typed conversation until the call ends or the input does; /help lists what may be typed."""
    from rich.console import Console

    from callbot.call.text_session import TextSession
    from callbot.dialogue.engine import compile_revision
    from callbot.script.revision import build_revision

    settings = read_settings()
    path = script_path(settings, script)
    compiled = compile_revision(build_revision(path))
    console = Console(soft_wrap=True, highlight=False)
    session = TextSession(compiled, _inputs(path, compiled, values or []), _now(settings))
    _show_help(console)
    shown = [session.start()]
    _show_turn(console, session, shown[-1])
    while not session.state.ended:
        if sys.stdin.isatty():
            console.print(tr("客户> ", "customer> "), end="")
        line = sys.stdin.readline()
        if not line:
            break
        match line.strip():
            case "":
                pass
            case "/help":
                _show_help(console)
            case "/back":
                _back(console, session, shown)
            case typed:
                _typed(console, session, shown, typed)


def _typed(console: "Console", session: "TextSession", shown: "list[TextTurn]", typed: str) -> None:
    try:
        shown.append(session.type(typed))
    except ScriptError as error:
        console.print(str(error), style="yellow", markup=False)
        return
    _show_interruption(console, session)
    _show_turn(console, session, shown[-1])


def _back(console: "Console", session: "TextSession", shown: "list[TextTurn]") -> None:
    """Take the last line back and show again where the conversation stands."""
    if not session.back():
        console.print(tr("    已经在开头了。", "    This is the beginning."), style="yellow")
        return
    shown.pop()
    console.print(tr("    退回到：", "    back at:"), style="yellow")
    _show_turn(console, session, shown[-1])


def _show_help(console: "Console") -> None:
    from rich.cells import cell_len

    from callbot.call.text_session import COMMANDS

    console.print(tr("直接打字是客户说话。还可以：", "Type what the customer says. Or:"), style="dim", markup=False)
    for command, meaning in COMMANDS:
        console.print(f"  {command}{' ' * (32 - cell_len(command))}{meaning}", style="dim", markup=False)


def _show_interruption(console: "Console", session: "TextSession") -> None:
    if session.interruption is not None:
        said, unsaid = session.interruption.said, session.interruption.unsaid
        console.print(
            tr(f"    机器人刚说到：{said}▌{unsaid}", f"    the robot had come to: {said}▌{unsaid}"),
            style="dim",
            markup=False,
        )
        if not session.interruption.allowed:
            console.print(
                tr(
                    "    这时还不能打断（barge_in），不算",
                    "    it cannot be interrupted yet (barge_in)",
                ),
                style="yellow",
                markup=False,
            )


def _inputs(path: Path, script: "CompiledScript", given: Iterable[str]) -> dict[str, str]:
    """Values from the command line, else from the test file beside the script."""
    from callbot.authoring.rehearse import read_cases
    from callbot.script.kinds import CALLER, DIALLED

    tests = path.with_name(path.stem + TEST)
    inputs = dict(read_cases(tests).with_) if tests.is_file() else {}
    for pair in given:
        name, equals, value = pair.partition("=")
        names = list(script.script.inputs) or [DIALLED, CALLER]
        if not equals or name not in names:
            known = "、".join(names)
            raise ScriptError(
                Text(
                    f"--with {pair} 不对，要写成 名字=值；名字有：{known}",
                    f"--with {pair}: write NAME=VALUE; names: {known}",
                )
            )
        inputs[name] = value
    return inputs


def _now(settings: "Settings") -> datetime:
    from callbot.clock import SystemClock

    return SystemClock().now().astimezone(ZoneInfo(settings.campaign.timezone))


def _understood(session: "TextSession", made: "Understanding") -> str:
    """What was understood, how surely, by which phrase, and what else the sentence says."""
    slots = " ".join(f"{name}={value}" for name, value in made.slots.items())
    intent = session.script.intents.table.get(made.intent or "")
    title = f"“{intent.title}” " if intent is not None else ""
    meaning = f"{title}{made.intent}" if made.intent else tr("没听懂", "not understood")
    return tr(
        f"听成 {meaning}，把握 {made.score:.2f}，依据：{made.why} {slots}",
        f"understood as {meaning}, score {made.score:.2f}, by: {made.why} {slots}",
    ).rstrip()


def _show_turn(console: "Console", session: "TextSession", turn: "TextTurn") -> None:
    from callbot.messages import Do, End, Heard, Listen, Say, Transfer

    understood = turn.after.understood
    if isinstance(turn.event, Heard) and understood is not None:
        console.print(f"    {_understood(session, understood)}", style="dim", markup=False)
    moved = turn.before.step if turn.before.step == turn.after.step else f"{turn.before.step} → {turn.after.step}"
    console.print(tr(f"    步骤 {moved}", f"    step {moved}"), style="dim", markup=False)
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
                        f"    查询 {name} {arguments}：用 /result {name}=… 回答，给出的值跟在后面：值=内容",
                        f"    asks {name} {arguments}: answer with /result {name}=… and then what it gives: NAME=VALUE",
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
            case End(outcome=outcome, tags=tags, sms=sms, retry_at=retry_at, retry_in_ms=retry_in, webhook=webhook):
                retry = f"{retry_at:%Y-%m-%d %H:%M}" if retry_at else f"+{retry_in // 60_000} min" if retry_in else ""
                parts = [outcome, *tags, *([f"sms {sms}"] if sms else []), *([f"retry {retry}"] if retry else [])]
                parts += [f"webhook {webhook.name}"] if webhook else []
                console.print(tr("结束：", "end: ") + " · ".join(parts), style="bold green", markup=False)
    if session.state.ended:
        for name, value in session.state.slots.items():
            console.print(f"    {name} = {value}", markup=False)


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

    settings = read_settings()
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
    compiled = compile_revision(build_revision(script_path(settings, script)))
    if step is None:
        return compiled.intents, ()
    if step not in compiled.script.steps:
        close = did_you_mean(step, list(compiled.script.steps)) or Text("", "")
        raise ScriptError(Text(f"{script} 里没有步骤 {step}。{close.zh}", f"{script} has no step {step}. {close.en}"))
    return compiled.intents, expects(compiled, step)

"""Commands about speech: ``say`` and ``hear`` try voice and recogniser on files, ``models`` shows what they run on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callbot.language import tr

if TYPE_CHECKING:
    import asyncio

    from rich.progress import Progress, TaskID

    from callbot.ports import Recogniser
    from callbot.settings import Settings
    from callbot.speech.models import ModelStatus

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help=tr("配置文件（默认 ./callbot.toml）", "settings file (./callbot.toml)")),
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("给程序读的输出", "Output for programs"))]


def register(app: typer.Typer) -> None:
    """Add ``say``, ``hear`` and ``models``."""
    app.command("say", help=tr("把一句话合成为 8 kHz WAV", "Speak a sentence into an 8 kHz WAV"))(say)
    app.command("hear", help=tr("识别录音，与通话中用的是同一套", "Recognise recordings as calls do"))(hear)
    app.command("models", help=tr("语音模型：有哪些、缺什么", "Speech models: what is there, what is missing"))(models)


def say(
    text: Annotated[str, typer.Argument(help=tr("要说的话", "What to say"))],
    output: Annotated[Path, typer.Option("--output", "-o", help=tr("写到哪个文件", "The file to write"))],
    config: Config = None,
) -> None:
    """Synthesise with the voice of the settings, at the loudness of prompts."""
    from callbot import app, settings
    from callbot.audio import pcm, wav
    from callbot.values import ms_of

    audio = pcm.at_level(app.voice(settings.load(config)).synthesise(text))
    wav.write(output, audio)
    seconds = ms_of(len(audio)) / 1000
    typer.echo(tr(f"已写好 {output}，{seconds:.1f} 秒。", f"Wrote {output}, {seconds:.1f} s."))


def hear(
    files: Annotated[list[Path], typer.Argument(help=tr("WAV 文件", "WAV files"))],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Cut out what is speech, recognise it; exit code 1 when a file could not be read."""
    import asyncio
    import json

    from rich.console import Console
    from rich.table import Table

    from callbot import app, settings

    heard = _Hearing(app.recogniser(settings.load(config)))
    table = Table(
        *(tr("文件", "File"), tr("文字", "Text"), tr("未采用", "Rejected"), tr("得分", "Score")),
        *(tr("长度 ms", "Length ms"), "CPU ms"),
    )
    for row in heard.rows(files, asyncio.Runner()):
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            table.add_row(*(str(row[key]) for key in ("file", "text", "reason", "score", "audio_ms", "cpu_ms")))
    if not as_json and table.row_count:
        Console().print(table)
    if heard.unreadable:
        raise typer.Exit(1)


class _Hearing:
    """Recordings through the same cutting and the same recogniser as calls."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self.unreadable = 0

    def rows(self, files: list[Path], runner: asyncio.Runner) -> Iterator[dict[str, object]]:
        """One row per file that can be read; a sentence on standard error for each other."""
        from callbot.errors import SpeechError

        with runner:
            for file in files:
                try:
                    yield runner.run(self._row(file))
                except SpeechError as error:
                    self.unreadable += 1
                    typer.echo(str(error), err=True)

    async def _row(self, file: Path) -> dict[str, object]:
        from dataclasses import asdict

        from callbot import app
        from callbot.authoring.listening import hear_file

        return {"file": str(file), **asdict(await hear_file(self._recogniser, app.vad(), file))}


def models(
    fetch: Annotated[
        bool, typer.Option("--fetch", help=tr("现在就把模型合并、校验好", "Join and verify the models now"))
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List models; exit code 1 when one that callbot needs is not ready."""
    import json

    from callbot import settings
    from callbot.speech.models import status

    current = settings.load(config)
    if fetch:
        _fetch(current)
    found = status(current.model_dir, current.speech.vosk_model)
    if as_json:
        typer.echo(json.dumps([_as_dict(state) for state in found], ensure_ascii=False))
    else:
        _show(found)
    if any(state.model.needed and not state.ready for state in found):
        raise typer.Exit(1)


def _fetch(current: Settings) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from callbot.speech.models import MODELS, ensure

    with Progress(console=Console(stderr=True)) as progress:
        for model in MODELS:
            if not (model.needed and model.files):
                continue
            task = progress.add_task(f"{model.name} {model.use}", total=None)
            ensure(model.name, current.model_dir, partial(_advance, progress, task))
            progress.update(task, completed=1, total=1)


def _advance(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _as_dict(state: ModelStatus) -> dict[str, object]:
    return {
        "name": state.model.name,
        "use": str(state.model.use),
        "needed": state.model.needed,
        "ready": state.ready,
        "path": None if state.path is None else str(state.path),
        "size": state.size,
        "licence": state.model.licence,
        "problem": None if state.problem is None else str(state.problem),
    }


def _show(found: tuple[ModelStatus, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    headings = (tr("模型", "Model"), tr("用途", "Use"), tr("状态", "State"), "MB", tr("许可证", "Licence"))
    table = Table(*headings)
    for state in found:
        stands = tr("可用", "ready") if state.ready else tr("缺", "missing") if state.model.needed else "–"
        size = str(round(state.size / 1e6)) if state.size else ""
        table.add_row(state.model.name, str(state.model.use), stands, size, state.model.licence)
    Console().print(table)
    for state in found:
        typer.echo(f"{state.model.name}: {state.problem or state.path}")

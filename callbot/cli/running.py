"""Running a campaign from the terminal: processes, prompts, live view, until nothing is left to do."""

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.live import Live as Screen
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from callbot import wire
from callbot.campaign.rules import Window, refusal
from callbot.cli.live import LiveBoard
from callbot.errors import SettingsError
from callbot.language import Text, tr
from callbot.processes import supervisor
from callbot.protocol import Live, Notice
from callbot.settings import Settings
from callbot.speech.remote import SpeechClient
from callbot.store.records import CampaignState
from callbot.store.records import Progress as CampaignProgress
from callbot.store.repository import Store

Result = TypeVar("Result")

_LOOK_S = 0.5
"""How often the database is asked how far the campaign is."""
_LOOKS_PER_TEST = 10
_GONE = Text(
    "正在拨打的 callbot 停止了，任务没有打完。要接着打，请再运行一次。",
    "The callbot that was calling has ended before the campaign did. Run it again to go on.",
)


def bar(console: Console) -> Progress:
    """A progress bar for long work, in one look everywhere."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )


def run(work: Coroutine[object, object, Result]) -> Result:
    """Run what calls people; ended by SIGTERM it leaves with status 143, as the shell reads it."""
    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        raise typer.Exit(143) from None


@asynccontextmanager
async def processes(settings: Settings, config: Path | None) -> AsyncIterator[None]:
    """All processes for the time of the block; a process that can never work ends the block with its sentence.

    SIGTERM cancels the block like Ctrl-C does; either way running calls say goodbye and their results are stored.
    """
    async with supervisor.running(settings, config) as running:
        task = asyncio.current_task()
        assert task is not None  # inside a coroutine there is one

        def end_the_block(_: object) -> None:
            task.cancel()

        running.problem.add_done_callback(end_the_block)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            yield
        except asyncio.CancelledError:
            if running.problem.done():
                sentence = running.problem.result()
                raise SettingsError(Text(sentence, sentence)) from None
            raise
        finally:
            running.problem.remove_done_callback(end_the_block)


async def prepare_prompts(settings: Settings, pieces: Sequence[str], console: Console) -> int:
    """Have the speech process make ``pieces`` with a progress bar; returns the CPU time spent in ms."""
    client = SpeechClient(wire.address(settings.socket_dir, "speech"), f"cli-{datetime.now(UTC):%H%M%S%f}")
    receiving = asyncio.ensure_future(client.run())
    try:
        with bar(console) as progress:
            task = progress.add_task(tr("准备话术录音", "Making prompts"), total=None)

            def show(done: int, total: int) -> None:
                progress.update(task, completed=done, total=max(total, 1) if done < total else max(done, 1))

            return await client.prepare(pieces, show)
    finally:
        receiving.cancel()
        with suppress(asyncio.CancelledError):
            await receiving
        client.close()


async def watch(
    settings: Settings, store: Store, campaign: str, console: Console, works: Callable[[], bool] = lambda: True
) -> CampaignProgress:
    """Show the campaign live until nothing more happens by itself; a pipe gets plain lines.

    ``works`` tells whether the processes that call are there; ``SettingsError`` when they have gone.
    """
    board = LiveBoard()
    subscriber: wire.Subscriber[Live] = wire.Subscriber(wire.address(settings.socket_dir, "live"), Live)

    async def follow() -> None:
        async for message in subscriber.messages():
            if isinstance(message, Notice):
                console.print(tr(message.zh, message.en), style="bold red", soft_wrap=True)
                continue
            line = board.take(message)
            if line is not None and not console.is_terminal:
                console.print(line, soft_wrap=True)

    closed = refusal(datetime.now(UTC), Window.of(settings.campaign))
    if closed is not None:
        console.print(str(closed.text), style="bold yellow", soft_wrap=True)
    following = asyncio.ensure_future(follow())
    screen = (
        Screen(board, console=console, refresh_per_second=4, transient=True) if console.is_terminal else nullcontext()
    )
    try:
        with screen:
            for looks in itertools.count():
                progress = await asyncio.to_thread(store.campaigns.progress, campaign)
                board.progress = progress
                if progress.finished or _only_later(progress) or await _halted(store, campaign, progress):
                    await asyncio.sleep(_LOOK_S)  # the last words of the live view
                    return progress
                if looks % _LOOKS_PER_TEST == 0 and not works():
                    raise SettingsError(_GONE)
                await asyncio.sleep(_LOOK_S)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        subscriber.close()
    raise AssertionError("counting does not end")


async def _halted(store: Store, campaign: str, progress: CampaignProgress) -> bool:
    """Somebody paused it, and its last call is over."""
    state = (await asyncio.to_thread(store.campaigns.get, campaign)).state
    return state is not CampaignState.RUNNING and not progress.calling


def _only_later(progress: CampaignProgress) -> bool:
    """What still waits is due at a time the customer named, not now."""
    if progress.calling or progress.next_due is None:
        return False
    return progress.next_due > datetime.now(UTC)

"""Starts the processes of one machine, starts them again when they die, ends them in the order that loses nothing.

::

    start   speech, control, line-1 … line-N           end   lines (say goodbye, results stored) → control → speech
"""

import asyncio
import contextlib
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from callbot import log
from callbot.errors import SettingsError
from callbot.language import Text
from callbot.processes.log_files import keep_small
from callbot.settings import Settings

GIVE_UP = 78
"""Exit status of a child whose settings or machine are wrong: starting again cannot help (EX_CONFIG, sysexits.h)."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_HEALTHY_S = 60.0
"""A child that lived this long starts again at once."""
_LINES_LEAVE_S = 35.0
"""A line drains within 30 s (processes/line)."""
_OTHERS_LEAVE_S = 10.0


@dataclass(slots=True)
class _Child:
    name: str
    role: tuple[str, ...]
    process: asyncio.subprocess.Process | None = None
    keeper: asyncio.Task[None] | None = field(default=None, repr=False)


class Supervisor:
    """The processes of this machine; use through ``running``."""

    def __init__(self, settings: Settings, config: Path | None) -> None:
        self._settings = settings
        self._config = config
        lines = [_Child(f"line-{n + 1}", ("line", str(n))) for n in range(settings.telephony.lines)]
        self._lines = lines
        self._others = [_Child("control", ("control",)), _Child("speech", ("speech",))]
        self._ending = asyncio.Event()
        self._trimming: asyncio.Task[None] | None = None
        self.problem: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def pids(self) -> dict[str, int]:
        """Process ids by name, of those that run."""
        return {
            c.name: c.process.pid for c in (*self._others, *self._lines) if c.process and c.process.returncode is None
        }

    def start(self) -> None:
        """Start everything."""
        (self._settings.data_dir / "logs").mkdir(parents=True, exist_ok=True)
        for child in (*reversed(self._others), *self._lines):
            child.keeper = asyncio.get_running_loop().create_task(self._keep(child))
        self._trimming = asyncio.get_running_loop().create_task(
            keep_small([self._log_of(child) for child in (*self._others, *self._lines)])
        )

    async def stop(self) -> None:
        """End everything: lines first, so that control stores their results."""
        self._ending.set()
        await self._end(self._lines, _LINES_LEAVE_S)
        for child in self._others:
            await self._end([child], _OTHERS_LEAVE_S)
        if self._trimming is not None:
            self._trimming.cancel()

    async def _keep(self, child: _Child) -> None:
        pause = _FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        has_worked = False
        while not self._ending.is_set():
            started = loop.time()
            status = await self._run(child)
            if self._ending.is_set():
                return
            # Settings that have worked are not wrong: what it misses now, such as the database, will come back.
            if status == GIVE_UP and not has_worked:
                if not self.problem.done():
                    self.problem.set_result(_last_line(self._log_of(child)))
                return
            log.get(__name__).error("a process died and is started again", child=child.name, status=status)
            healthy = loop.time() - started > _HEALTHY_S
            has_worked = has_worked or healthy
            pause = _FIRST_PAUSE_S if healthy else min(pause * 2, _LONGEST_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ending.wait()

    async def _run(self, child: _Child) -> int:
        path = self._log_of(child)
        environment = dict(os.environ)
        if self._config:
            environment["CALLBOT_CONFIG"] = str(self._config)
        with path.open("ab") as out:
            child.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "callbot.processes",
                *child.role,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends the others in order
            )
        return await child.process.wait()

    async def _end(self, children: list[_Child], within_s: float) -> None:
        for child in children:
            if child.process and child.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.terminate()
        keepers = [child.keeper for child in children if child.keeper]
        if not keepers:
            return
        _, late = await asyncio.wait(keepers, timeout=within_s)
        for child in children:
            if child.keeper in late:
                if child.process and child.process.returncode is None:
                    log.get(__name__).error("a process did not end in time and is killed", child=child.name)
                    child.process.kill()
                child.keeper.cancel()

    def _log_of(self, child: _Child) -> Path:
        return self._settings.data_dir / "logs" / f"{child.name}.log"


@asynccontextmanager
async def running(settings: Settings, config: Path | None) -> AsyncIterator[Supervisor]:
    """All processes of this machine for the time of the block. ``SettingsError`` when they run already."""
    with _only_one(settings):
        supervisor = Supervisor(settings, config)
        supervisor.start()
        try:
            yield supervisor
        finally:
            await supervisor.stop()


def is_running(settings: Settings) -> bool:
    """Whether ``callbot serve`` works on this data folder now."""
    try:
        with _only_one(settings):
            return False
    except SettingsError:
        return True


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(
                Text(
                    f"callbot 已在 {settings.data_dir} 上运行；请先停止它，或用另一个数据目录（data_dir）。",
                    f"callbot is already running on {settings.data_dir}; stop it first, or use another data_dir.",
                )
            ) from None
        yield


def _last_line(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""

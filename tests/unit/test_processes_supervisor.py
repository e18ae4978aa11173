"""When the supervisor starts a process again, and when it gives up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from callbot.processes import supervisor
from callbot.processes.supervisor import GIVE_UP, Supervisor
from callbot.settings import Settings

pytestmark = pytest.mark.unit


async def kept(monkeypatch: pytest.MonkeyPatch, folder: Path, statuses: Iterator[int]) -> Supervisor:
    """A supervisor whose control process ends with these statuses, one after the other, and then lives on."""
    running = Supervisor(Settings(data_dir=folder), None)
    (folder / "logs").mkdir()
    (folder / "logs" / "control.log").write_text("the reason\n", "utf-8")

    async def run(child: object) -> int:
        status = next(statuses, None)
        if status is None:
            running._ending.set()
        return status or 0

    monkeypatch.setattr(running, "_run", run)
    async with asyncio.timeout(20):
        await running._keep(running._others[0])
    return running


async def test_a_process_that_can_never_work_ends_everything_with_its_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running = await kept(monkeypatch, tmp_path, iter([GIVE_UP]))
    assert running.problem.result() == "the reason"


async def test_a_process_that_has_worked_is_started_again_whatever_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Control died while the database was away: calls that run go on, and it is tried until the database is back."""
    monkeypatch.setattr(supervisor, "_HEALTHY_S", -1.0)
    running = await kept(monkeypatch, tmp_path, iter([-9, GIVE_UP]))
    assert not running.problem.done()

"""Keeps the log files of processes small while they are written.

The processes write to a file directly (``O_APPEND``), not through a pipe: they must not suffer when the supervisor is
killed. So a file that has grown is copied and emptied; what is written between the two, a few lines at the most, is
lost.
"""

import asyncio
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

LOG_BYTES = 20_000_000
"""About a day of a line with 30 calls; with the copy beside it a process holds twice as much on the disk."""
_LOOK_EVERY_S = 60.0


def trim(path: Path, limit: int = LOG_BYTES) -> None:
    """Move the content of a file that has grown beyond ``limit`` bytes to ``.log.1`` beside it; nothing without one."""
    if path.exists() and path.stat().st_size > limit:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)


async def keep_small(paths: Iterable[Path]) -> None:
    """Look at these files every minute, for ever."""
    files = tuple(paths)
    while True:
        for path in files:
            await asyncio.to_thread(trim, path)
        await asyncio.sleep(_LOOK_EVERY_S)

"""Audio between PJSIP's media thread and the loop, and the slot files that native players play from.

Knows no pjsua2 type: frames are taken by their memory layout, which is proved at start.
"""

import asyncio
import ctypes
import struct
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from callbot.telephony.config import unfit
from callbot.telephony.leg_state import SLOT_MS
from callbot.values import FRAME_SAMPLES, RATE_HZ, Pcm

FRAME_BYTES = 2 * FRAME_SAMPLES
SILENT_FRAME = bytes(FRAME_BYTES)
SLOT_SAMPLES = SLOT_MS * RATE_HZ // 1000

ReadFrame = Callable[[Any], bytes]


def read_by_pointer(frame: Any) -> bytes:
    """The frame's bytes, copied from the data pointer of its vector: 1.6 µs instead of 394 µs (measured, evidence.md).

    ``MediaFrame`` lies in memory as {int type, std::vector<unsigned char> buf, unsigned size}.
    """
    size: int = frame.size
    if size != FRAME_BYTES:
        return b""
    return ctypes.string_at(ctypes.c_size_t.from_address(int(frame.this) + 8).value, FRAME_BYTES)


def read_by_copy(frame: Any) -> bytes:
    """The frame's bytes, element by element: slow, right on every platform."""
    return bytes(frame.buf) if frame.size == FRAME_BYTES else b""


def layout_holds(frame: Any, content: bytes) -> bool:
    """Whether ``read_by_pointer`` may be used: prove it on a frame known to hold ``content`` (320 bytes).

    Before anything is read through it, the pointer is checked against the end pointer beside it, so that another layout
    is found out rather than crashed on.
    """
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    address = int(frame.this) + 8
    begin = ctypes.c_size_t.from_address(address).value
    end = ctypes.c_size_t.from_address(address + 8).value
    return begin != 0 and end - begin == len(content) and ctypes.string_at(begin, len(content)) == content


def compiled_library() -> ctypes.CDLL:
    """PJSIP's C functions inside the loaded pjsua2: it does not tell Python how many calls it was compiled for.

    Errors: ``TelephonyError`` when this build hides them.
    """
    for module in list(sys.modules.values()):
        extension = getattr(module, "_pjsua2", None) if module.__name__.startswith("pjsua2") else None
        if extension is not None:
            library = ctypes.CDLL(extension.__file__)
            if hasattr(library, "pjsua_call_get_max_count"):
                return library
    raise unfit("pjsua_call_get_max_count is not exported")


class Waker:
    """Wakes the loop at most once for any number of frames: every frame would cost a switch of threads.

    ``last`` is the queue that the bridge serves at the end of each tick, so that all legs' frames are fetched at once;
    while nobody has said which it is, every frame may wake. With 30 legs and a wake in mid-tick the two threads fought
    for the interpreter: 2.3 times the CPU time (measured).
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, drain: Callable[[], None]) -> None:
        self._loop = loop
        self._drain = drain
        self._pending = False
        self._waiting = False
        self.last: TickQueue | None = None

    def served(self, queue: "TickQueue") -> None:
        """Media thread: the bridge has served this queue in the running tick."""
        self._waiting |= queue.open
        if self._waiting and self.last in (None, queue):
            self._waiting = False
            self.wake()

    def wake(self) -> None:
        """Media thread: have ``drain`` called in the loop. Never raises: an exception there would end the process."""
        if not self._pending:
            self._pending = True
            try:
                self._loop.call_soon_threadsafe(self._run)
            except RuntimeError:  # the loop is closed; nobody wants frames any more
                self._pending = False

    def _run(self) -> None:
        self._pending = False
        self._drain()


class TickQueue:
    """Frames of one leg on their way from the media thread to the loop, ear and mouth paired by tick.

    In every tick the bridge serves the ear before the mouth (lower slot first), so the mouth completes the pair.
    ``count`` numbers mouth frames from 1 and is never reset.
    """

    def __init__(self, waker: Waker) -> None:
        self.count = 0
        self.open = False
        self._ear = b""
        self._waker = waker
        self._frames: deque[tuple[int, bytes, bytes]] = deque()

    def ear(self, data: bytes) -> None:
        """Media thread: what the customer said in this tick; empty while nothing arrives."""
        self._ear = data

    def mouth(self, data: bytes) -> None:
        """Media thread: what the robot said in this tick; empty while it is silent."""
        self.count += 1
        if self.open:
            self._frames.append((self.count, self._ear, data))
            self._ear = b""
        self._waker.served(self)

    def take(self) -> list[tuple[int, bytes, bytes]]:
        """Loop: all ticks since the last call as (number, ear, mouth)."""
        taken = []
        while self._frames:
            taken.append(self._frames.popleft())
        return taken

    def clear(self) -> None:
        """Forget what was not taken."""
        self._frames.clear()


@contextmanager
def slot_file() -> Iterator[Path]:
    """Where to make a slot: in a private folder, in memory where the system has such a place, gone after the block."""
    shm = Path("/dev/shm")  # noqa: S108 - the kernel's tmpfs; the folder in it is private (mode 0700)
    with tempfile.TemporaryDirectory(prefix="callbot-slot-", dir=shm if shm.is_dir() else None) as folder:
        yield Path(folder) / "slot.wav"


class Slot:
    """A WAV file of fixed length that one native player keeps open; its content is rewritten for every prompt.

    The player never comes to the end of the file, so no end-of-file event exists that could meet a freed player.
    The file is sparse: memory is used only for the longest prompt it ever held.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        size = 2 * SLOT_SAMPLES
        header = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            36 + size,
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            RATE_HZ,
            2 * RATE_HZ,
            2,
            16,
            b"data",
            size,
        )
        with path.open("wb") as file:
            file.write(header)
            file.truncate(len(header) + size)
        self._samples = np.memmap(path, dtype="<i2", mode="r+", offset=len(header), shape=(SLOT_SAMPLES,))
        self._used = 0

    def load(self, audio: Pcm) -> None:
        """Hold this audio and then silence."""
        self._samples[: len(audio)] = audio
        self._samples[len(audio) : max(self._used, len(audio))] = 0
        self._used = len(audio)

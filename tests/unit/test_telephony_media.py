"""Frames on their way from the media thread to the loop, and the slot files that players play from."""

import asyncio
import ctypes
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from callbot.telephony.media import (
    SLOT_SAMPLES,
    Slot,
    TickQueue,
    Waker,
    layout_holds,
    read_by_copy,
    read_by_pointer,
    slot_file,
)

pytestmark = pytest.mark.unit


class Frame:
    """A frame in memory as pjsua2 lays it out: int type, then begin, end and capacity of a vector."""

    def __init__(self, content: bytes, end_shift: int = 0) -> None:
        self.buf = list(content)
        self.size = len(content)
        self._data = ctypes.create_string_buffer(content, len(content))
        begin = ctypes.addressof(self._data)
        packed = struct.pack("<qQQQ", 1, begin, begin + len(content) + end_shift, begin + len(content))
        self._object = ctypes.create_string_buffer(packed, len(packed))
        self.this = ctypes.addressof(self._object)


KNOWN = bytes(i % 251 for i in range(320))


@pytest.mark.parametrize("read", [read_by_pointer, read_by_copy])
def test_reading_a_frame(read: object) -> None:
    assert callable(read)
    assert read(Frame(KNOWN)) == KNOWN
    assert read(Frame(b"")) == b""


def test_the_layout_is_proved_before_it_is_used() -> None:
    assert layout_holds(Frame(KNOWN), KNOWN)
    assert not layout_holds(Frame(KNOWN, end_shift=8), KNOWN)
    assert not layout_holds(Frame(bytes(320)), KNOWN)


async def test_ear_and_mouth_are_paired_and_the_loop_is_woken_once() -> None:
    woken = []
    queue = TickQueue(Waker(asyncio.get_running_loop(), lambda: woken.append(queue.take())))
    queue.ear(b"lost")
    queue.mouth(b"before anybody listens")
    queue.open = True
    queue.ear(b"a")
    queue.mouth(b"1")
    queue.mouth(b"2")
    queue.ear(b"c")
    queue.mouth(b"3")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert woken == [[(2, b"a", b"1"), (3, b"", b"2"), (4, b"c", b"3")]]
    queue.mouth(b"4")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert woken[1:] == [[(5, b"", b"4")]]


async def test_all_legs_are_fetched_at_the_end_of_the_tick() -> None:
    woken = []
    waker = Waker(asyncio.get_running_loop(), lambda: woken.append(len(first.take())))
    first, last = TickQueue(waker), TickQueue(waker)
    waker.last = last
    last.mouth(b"nobody is connected")
    await asyncio.sleep(0)
    assert woken == []
    first.open = True
    first.mouth(b"1")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert woken == []
    last.mouth(b"")  # has no call, but ends the tick
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert woken == [1]


def test_frames_after_the_loop_has_closed_are_dropped_quietly() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    queue = TickQueue(Waker(loop, lambda: None))
    queue.open = True
    queue.mouth(b"1")
    queue.mouth(b"2")
    assert len(queue.take()) == 2


def test_a_slot_holds_the_last_prompt_and_silence(tmp_path: Path) -> None:
    slot = Slot(tmp_path / "slot.wav")
    slot.load(np.full(5000, 7, np.int16))
    slot.load(np.full(2000, 9, np.int16))
    with wave.open(str(tmp_path / "slot.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() == SLOT_SAMPLES
        content = np.frombuffer(file.readframes(10_000), "<i2")
    assert content[:2000].tolist() == [9] * 2000
    assert not content[2000:].any()


def test_slots_are_private_and_leave_nothing() -> None:
    with slot_file() as path:
        slot = Slot(path)
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.parent.exists()
    slot.load(np.full(2000, 9, np.int16))  # still usable by whoever has it open

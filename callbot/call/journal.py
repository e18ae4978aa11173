"""The line's own record of each call, on disk before the INVITE leaves or is answered and until control has the result.

::

    journal/call_….jsonl     placed → answered? → (spoken | step)* → result?

``placed`` is forced to disk, so an attempt that is not in the journal surely never rang. A file without a result was
cut off by the death of its line: it becomes a result with outcome ``interrupted`` that keeps what was said. A file that
this version cannot read is kept beside the others: its call may have rung, and its lease runs out as such.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from callbot import log
from callbot.call import recording
from callbot.messages import CallResult, Spoken, Trace, TraceStep
from callbot.protocol import CallOrder, PlaceCall, TakeCall
from callbot.values import Disposition


class Placed(msgspec.Struct, frozen=True, tag=True):
    """The INVITE is about to leave, or to be answered."""

    order: CallOrder
    line: str
    at: datetime
    recording: str


class PickedUp(msgspec.Struct, frozen=True, tag=True):
    """The conversation begins, so far into the recording."""

    at: datetime
    recording_offset_ms: int = 0


class Ended(msgspec.Struct, frozen=True, tag=True):
    """All is known; waits for control."""

    result: CallResult


Entry = Placed | PickedUp | Spoken | TraceStep | Ended

_UNREADABLE = ".unreadable"

_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)
_encoder = msgspec.json.Encoder()


class CallJournal:
    """One attempt's file; belongs to the call's task. ``OSError`` when not even ``placed`` can be written."""

    def __init__(self, folder: Path, placed: Placed) -> None:
        self._path = _path_of(folder, placed.order.call_id)
        self._file = self._path.open("xb")
        self._write(placed, force=True)
        _force_folder(folder)

    def write(self, entry: Entry, *, force: bool = False) -> None:
        """Append; with ``force`` it is on the disk when this returns. A full disk never ends a running call."""
        try:
            self._write(entry, force=force)
        except OSError as error:
            log.get(__name__).error("the journal cannot be written", problem=str(error))

    def _write(self, entry: Entry, *, force: bool) -> None:
        self._file.write(_encoder.encode(entry) + b"\n")
        self._file.flush()
        if force:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, which stays until ``forget``."""
        self._file.close()


def forget(folder: Path, call_id: str) -> None:
    """Control has stored the result."""
    _path_of(folder, call_id).unlink(missing_ok=True)


def unfinished(folder: Path, now: datetime) -> list[CallResult]:
    """What a line that starts finds from before: results not yet acknowledged, and calls cut off by its death."""
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    for path in sorted(folder.glob("call_*.jsonl")):
        result = _result_of(path, now)
        if result is not None:
            results.append(result)
        elif b"\n" in path.read_bytes():
            kept = path.replace(path.with_suffix(_UNREADABLE))
            log.get(__name__).error("a journal cannot be read and is kept", path=str(kept))
        else:
            path.unlink()  # not even the first line reached the disk: the INVITE never left
    return results


def unreadable(folder: Path) -> list[str]:
    """Ids of calls that may have rung and of which nothing else can be read; valid after ``unfinished``."""
    return sorted(path.stem for path in folder.glob(f"call_*{_UNREADABLE}"))


def _result_of(path: Path, now: datetime) -> CallResult | None:
    placed: Placed | None = None
    answered: datetime | None = None
    offset_ms = 0
    said: list[Spoken] = []
    steps: list[TraceStep] = []
    for row in path.read_bytes().splitlines():
        try:
            entry = _decoder.decode(row)
        except msgspec.DecodeError:
            continue  # the last line, being written when the line died; or another version's
        match entry:
            case Placed():
                placed = entry
            case PickedUp(at=at, recording_offset_ms=offset):
                answered, offset_ms = at, offset
            case Spoken():
                said.append(entry)
            case TraceStep():
                steps.append(entry)
            case Ended(result=result):
                return result
    if placed is None:
        return None
    return msgspec.structs.replace(
        blank_result(placed, now),
        disposition=Disposition.INTERRUPTED if answered is None else Disposition.ANSWERED,
        answered_at=answered,
        hung_up_by="network",
        slots=_slots_of(steps),
        transcript=tuple(said),
        recording=placed.recording if recording.rescue(Path(placed.recording)) else "",
        recording_offset_ms=offset_ms,
        trace=trace_of(placed.order, steps),
    )


def blank_result(placed: Placed, ended_at: datetime) -> CallResult:
    """The result of a call of which nothing is known but that it was begun."""
    order = placed.order
    result = CallResult(
        call_id=order.call_id,
        attempt_id="",
        fence=0,
        line=placed.line,
        disposition=Disposition.INTERRUPTED,
        outcome="interrupted",
        started_at=placed.at,
        ended_at=ended_at,
    )
    match order:
        case PlaceCall(attempt_id=attempt_id, fence=fence):
            return msgspec.structs.replace(result, attempt_id=attempt_id, fence=fence)
        case TakeCall(caller=caller, number=number):
            return msgspec.structs.replace(result, direction="in", caller=caller, number=number)


def trace_of(order: CallOrder, steps: Sequence[TraceStep]) -> Trace:
    """The trace of a call so far."""
    return Trace(order.revision.script, order.revision.hash, order.inputs, tuple(steps))


def _slots_of(steps: list[TraceStep]) -> dict[str, str]:
    slots: dict[str, str] = {}
    for step in steps:
        slots |= step.changed
    return slots


def _force_folder(folder: Path) -> None:
    """Make the file's name durable too: its content alone would not be found again after a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _path_of(folder: Path, call_id: str) -> Path:
    return folder / f"{call_id}.jsonl"

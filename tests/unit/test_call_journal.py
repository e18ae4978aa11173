"""The journal brings home what a dead line left behind."""

import subprocess
import sys
import wave
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from callbot.call import journal
from callbot.call.journal import CallJournal, Ended, PickedUp, Placed
from callbot.call.recording import Recording
from callbot.messages import CallResult, Heard, Spoken, TraceStep
from callbot.protocol import PlaceCall, Revision
from callbot.values import Disposition

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 4, 5, tzinfo=UTC)


def order(call_id: str = "call_1") -> PlaceCall:
    return PlaceCall(
        call_id=call_id,
        attempt_id="at_1",
        fence=3,
        uri="sip:13800000001@127.0.0.1",
        caller="callbot",
        contact="王女士",
        revision=Revision("balance_reminder", "abc", "{}"),
        inputs={"name": "王女士"},
        ring_limit_ms=15000,
    )


def opened(folder: Path, recording: Path | None = None) -> CallJournal:
    folder.mkdir(exist_ok=True)
    return CallJournal(folder, Placed(order(), "line-1", NOW, str(recording or folder / "none.wav")))


def test_a_call_that_was_cut_off_while_ringing_is_interrupted_and_not_answered(tmp_path: Path) -> None:
    opened(tmp_path).close()
    [result] = journal.unfinished(tmp_path, LATER)
    assert (result.outcome, result.disposition) == ("interrupted", Disposition.INTERRUPTED)
    assert (result.attempt_id, result.fence, result.line) == ("at_1", 3, "line-1")
    assert result.answered_at is None
    assert result.recording == ""


def test_a_call_that_was_cut_off_in_mid_sentence_keeps_what_was_said_and_known(tmp_path: Path) -> None:
    left = opened(tmp_path)
    left.write(PickedUp(NOW))
    left.write(Spoken("robot", "您好", 100, 900, "greet"))
    left.write(TraceStep(1500, Heard("明天吧"), "ask", "promise", (), changed={"callback_at": "2026-03-02T15:00"}))
    left.close()
    [result] = journal.unfinished(tmp_path, LATER)
    assert result.disposition is Disposition.ANSWERED
    assert result.outcome == "interrupted"
    assert [line.text for line in result.transcript] == ["您好"]
    assert result.slots == {"callback_at": "2026-03-02T15:00"}
    assert result.trace is not None
    assert len(result.trace.steps) == 1


def test_a_result_that_control_never_acknowledged_is_sent_again_unchanged(tmp_path: Path) -> None:
    result = CallResult(
        call_id="call_1",
        attempt_id="at_1",
        fence=3,
        line="line-1",
        disposition=Disposition.BUSY,
        outcome="busy",
        started_at=NOW,
        ended_at=LATER,
    )
    left = opened(tmp_path)
    left.write(Ended(result), force=True)
    left.close()
    assert journal.unfinished(tmp_path, LATER) == [result]
    journal.forget(tmp_path, "call_1")
    assert journal.unfinished(tmp_path, LATER) == []


def test_a_last_line_that_was_being_written_is_left_out(tmp_path: Path) -> None:
    left = opened(tmp_path)
    left.write(Spoken("robot", "您好", 100, 900, "greet"))
    left.close()
    with (tmp_path / "call_1.jsonl").open("ab") as file:
        file.write(b'{"type":"Spoken","who":"cust')
    [result] = journal.unfinished(tmp_path, LATER)
    assert [line.text for line in result.transcript] == ["您好"]


def test_a_journal_that_never_got_its_first_line_means_that_nothing_left(tmp_path: Path) -> None:
    (tmp_path / "call_9.jsonl").write_bytes(b'{"type":"Pla')
    assert journal.unfinished(tmp_path, LATER) == []
    assert not (tmp_path / "call_9.jsonl").exists()


def test_a_journal_of_another_version_may_have_rung_and_is_kept(tmp_path: Path) -> None:
    (tmp_path / "call_9.jsonl").write_bytes(b'{"type":"Placed","order":{"type":"OtherVersion"}}\n')
    assert journal.unfinished(tmp_path, LATER) == []
    assert journal.unreadable(tmp_path) == ["call_9"]
    assert journal.unfinished(tmp_path, LATER) == []
    assert journal.unreadable(tmp_path) == ["call_9"]


def test_a_step_of_another_version_does_not_hide_the_result(tmp_path: Path) -> None:
    left = opened(tmp_path)
    left.close()
    [blank] = journal.unfinished(tmp_path, LATER)
    with (tmp_path / "call_1.jsonl").open("ab") as file:
        file.write(b'{"type":"TraceStep","of":"another version"}\n')
        file.write(msgspec.json.encode(Ended(msgspec.structs.replace(blank, outcome="promised"))) + b"\n")
    [result] = journal.unfinished(tmp_path, LATER)
    assert result.outcome == "promised"


def test_the_sound_of_a_cut_off_call_is_rescued(tmp_path: Path) -> None:
    path = tmp_path / "day" / "call_1.wav"
    heard = np.arange(8000, dtype=np.int16)
    line_that_dies = (
        "import os, pathlib, numpy; from callbot.call.recording import Recording\n"
        f"recording = Recording(pathlib.Path({str(path)!r}))\n"
        "recording.write(numpy.arange(8000, dtype='i2'), numpy.zeros(8000, 'i2'))\n"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", line_that_dies], check=False)
    opened(tmp_path / "journal", path).close()
    [result] = journal.unfinished(tmp_path / "journal", LATER)
    assert result.recording == str(path)
    with wave.open(str(path)) as rescued:
        assert (rescued.getnchannels(), rescued.getframerate()) == (2, 8000)
        both = np.frombuffer(rescued.readframes(8000), "<i2").reshape(-1, 2)
    assert np.array_equal(both[: len(both), 0], heard[: len(both)])
    assert len(both) >= 6000  # all but the last quarter of a second


def test_a_finished_recording_has_the_customer_left_and_the_robot_right(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    recording.write(np.full(160, 7, np.int16), np.full(160, -9, np.int16))
    with wave.open(recording.finish()) as wav:
        both = np.frombuffer(wav.readframes(1000), "<i2").reshape(-1, 2)
    # The robot's side is 25 ms later: so long the customer's has waited in the jitter buffer.
    assert both[:, 0].tolist() == [7] * 160 + [0] * 200
    assert both[:, 1].tolist() == [0] * 200 + [-9] * 160
    assert not (tmp_path / "call.part").exists()


def test_a_recording_knows_where_the_pick_up_is(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    recording.write(np.zeros(1600, np.int16), np.zeros(1600, np.int16))
    recording.picked_up()
    recording.write(np.zeros(160, np.int16), np.zeros(160, np.int16))
    assert recording.offset_ms == 200
    assert recording.finish() == recording.finish() == str(tmp_path / "call.wav")


def test_without_sound_there_is_no_file_and_a_full_disk_ends_no_call(tmp_path: Path) -> None:
    assert Recording(tmp_path / "none.wav").finish() == ""
    (tmp_path / "file").touch()
    recording = Recording(tmp_path / "file" / "call.wav")
    recording.picked_up()
    recording.write(np.zeros(160, np.int16), np.zeros(160, np.int16))
    assert recording.finish() == ""


def test_a_call_cut_off_after_early_media_knows_where_the_pick_up_was(tmp_path: Path) -> None:
    left = opened(tmp_path)
    left.write(PickedUp(NOW, 1240))
    left.close()
    [result] = journal.unfinished(tmp_path, LATER)
    assert result.recording_offset_ms == 1240

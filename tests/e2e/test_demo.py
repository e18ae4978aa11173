"""The main job, as a new user runs it: ``callbot demo --json``, once, looked at from every side."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from callbot.messages import Trace
from callbot.simulate import measure
from tests.e2e.system import CACHE, ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

OUTCOMES = {
    "13800000001": "promised",
    "13800000002": "already_paid",
    "13800000003": "wrong_person",
    "13800000004": "callback",
    "13800000005": "no_response",
    "13800000006": "no_answer",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo")
    config = folder / "callbot.toml"
    config.write_text(
        f'data_dir = "{folder / "var"}"\ncache_dir = "{CACHE}"\nscripts_dir = "{ROOT / "scripts_dsl"}"\n', "utf-8"
    )
    run = subprocess.run(
        [sys.executable, "-m", "callbot.cli", "demo", "--json"],
        cwd=ROOT,
        env={**os.environ, "CALLBOT_CONFIG": str(config), "CALLBOT_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def call(demo: dict[str, Any], number: str) -> dict[str, Any]:
    found: dict[str, Any] = next(call for call in demo["calls"] if call["contact"] == number)
    return found


def customers(demo: dict[str, Any]) -> list[Path]:
    return sorted(Path(demo["summary"]["folder"], "customers").glob("*.wav"))


def test_every_customer_gets_the_outcome_that_his_words_mean(demo: dict[str, Any]) -> None:
    assert {one["contact"]: one["outcome"] for one in demo["calls"]} == OUTCOMES


def test_nobody_was_called_twice(demo: dict[str, Any]) -> None:
    assert [path.name for path in customers(demo)] == [f"{number}-01.wav" for number in sorted(OUTCOMES)[:5]]


def test_who_promised_gets_the_link_and_nobody_else_an_sms(demo: dict[str, Any]) -> None:
    (text,) = call(demo, "13800000001")["sms"]
    assert "王女士" in text
    assert "https://" in text
    assert all(not one["sms"] for one in demo["calls"] if one["outcome"] != "promised")


def test_the_named_time_is_kept(demo: dict[str, Any]) -> None:
    assert "T15:00" in call(demo, "13800000004")["slots"]["callback_at"]


def test_transcripts_tell_who_said_what_when(demo: dict[str, Any]) -> None:
    for one in demo["calls"]:
        lines = one["transcript"]
        assert [line["start_ms"] for line in lines] == sorted(line["start_ms"] for line in lines)
        assert all(line["start_ms"] < line["end_ms"] and line["who"] in ("robot", "customer") for line in lines)
    said = [line["who"] for line in call(demo, "13800000004")["transcript"]]
    assert said == ["robot", "customer"] * 3 + ["robot"]
    assert call(demo, "13800000006")["transcript"] == []


def test_hello_at_pick_up_does_not_repeat_the_greeting(demo: dict[str, Any]) -> None:
    lines = call(demo, "13800000001")["transcript"]
    assert sum("语音助手" in line["text"] for line in lines) == 1
    assert min(line["start_ms"] for line in lines if line["who"] == "customer") < 2000


def test_the_amount_is_never_said_to_somebody_who_is_not_the_person(demo: dict[str, Any]) -> None:
    for number in ("13800000003", "13800000005"):
        assert not any("尾款" in line["text"] for line in call(demo, number)["transcript"])


def test_recordings_have_both_sides_at_a_good_level_without_clipping_clicks_or_repetition(
    demo: dict[str, Any],
) -> None:
    for path in customers(demo):
        measured = measure.measure_file(path)
        assert -26 < measured.robot_dbfs < -14, path.name
        assert measured.clipped_samples == 0, path.name
        assert measured.clicks_ms == (), path.name
        assert measured.repeated == () or path.name.startswith("13800000005"), path.name


def test_the_robots_own_recording_agrees_with_the_customers(demo: dict[str, Any]) -> None:
    for one in demo["calls"]:
        if not one["recording"]:
            continue
        with wave.open(one["recording"]) as wav:
            assert (wav.getnchannels(), wav.getframerate()) == (2, 8000)
            both = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
        there = measure.measure_file(Path(demo["summary"]["folder"], "customers", f"{one['contact']}-01.wav"))
        robot = measure.stretches(both[:, 1].astype(np.int16))
        assert abs(len(both) // 8 - there.length_ms) < 700
        assert abs(robot[0].start_ms - there.first_audio_ms) < 150  # type: ignore[operator]


def test_latencies_were_measured_on_the_customers_side(demo: dict[str, Any]) -> None:
    answered = [one for one in demo["calls"] if one["outcome"] not in ("no_answer", "no_response")]
    assert all(one["reply_latency_ms"] for one in answered)
    assert all(0 < ms < 5000 for one in answered for ms in one["reply_latency_ms"])
    assert demo["summary"]["reply_latency_p50_ms"] > 0


def test_traces_say_why(demo: dict[str, Any]) -> None:
    trace = msgspec.json.decode(Path(call(demo, "13800000002")["trace"]).read_bytes(), type=Trace)
    understood = [step.understanding.intent for step in trace.steps if step.understanding]
    assert understood == ["affirm", "already_paid"]
    assert trace.script == "balance_reminder"
    assert any(step.actions for step in trace.steps if step.step_after == "settled")

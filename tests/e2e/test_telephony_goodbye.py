"""The last sentence is never cut: what the customer has on his recording is what the robot meant to say, to its end."""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from goodbye_robot import sound

from callbot.audio import wav
from callbot.simulate.crowd import crowd
from callbot.values import Pcm

pytestmark = pytest.mark.e2e

CUSTOMERS = """
customers:
  "silent": {answer_after: 20ms}
  "shutdown": {answer_after: 20ms}
  "promise": {answer_after: 20ms, turns: [{say: yes.wav, after: 300ms}, {say: yes.wav, after: 300ms}]}
  "transfer": {answer_after: 20ms, turns: [{say: yes.wav, after: 300ms}, {key: "0", after: 300ms}]}
  "talker":
    answer_after: 20ms
    turns: [{say: yes.wav, after: 300ms}, {say: yes.wav, after: 300ms}, {say: long.wav, interrupt: 100ms}]
"""
ENDINGS = ("silent", "promise", "transfer", "shutdown", "talker")
PIECE = 800
"""100 ms; taken piece by piece, because a stall of the machine may cost a frame."""


def likeness(said: Pcm, heard: Pcm) -> float:
    """How much the best fitting part of ``heard`` is like ``said``: 1 the same, 0 nothing in common."""
    size = len(said) + len(heard)
    product = np.fft.irfft(
        np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(said.astype(float), size)), size
    )
    at = int(np.argmax(product))
    part = heard[at : at + len(said)].astype(float)
    energy = np.sqrt(np.sum(part * part) * np.sum(said.astype(float) ** 2))
    return float(product[at] / energy) if energy else 0.0


def heard_by(out: Path, ending: str) -> Pcm:
    return np.frombuffer((out / f"{ending}-01.wav").read_bytes()[44:], "<i2").reshape(-1, 2)[:, 1]


async def robot(host: str, *endings: str) -> list[dict[str, str]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("goodbye_robot.py")), host, *endings),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    answers: list[dict[str, str]] = json.loads(told)
    return answers


def test_the_measure_notices_a_goodbye_that_was_cut() -> None:
    whole = sound("好的，过后再联系您，再见。")
    assert likeness(whole[-PIECE:], whole) > 0.99
    assert likeness(whole[-PIECE:], whole[:-PIECE]) < 0.5


async def test_every_ending_by_us_five_at_once_on_two_endpoints(tmp_path: Path) -> None:
    wav.write(tmp_path / "yes.wav", sound("是的" * 5))
    wav.write(tmp_path / "long.wav", sound("说个不停" * 20))
    (tmp_path / "customers.yaml").write_text(CUSTOMERS, "utf-8")
    out = tmp_path / "out"
    async with crowd(tmp_path / "customers.yaml", tmp_path, out, 2, jitter_ms=120) as people:
        first, second = (f"{trunk.host}:{trunk.port}" for trunk in people.trunks)
        both = await asyncio.gather(robot(first, *ENDINGS[:2]), robot(second, *ENDINGS[2:]))
    results = {one["ending"]: one for one in (*both[0], *both[1])}
    assert {ending: one["outcome"] for ending, one in results.items()} == {
        "silent": "no_response",
        "promise": "promised",
        "transfer": "callback",
        "shutdown": "callback",
        "talker": "promised",
    }
    for ending, one in results.items():
        assert one["by"] == "robot", ending
        goodbye, heard = sound(one["goodbye"]), heard_by(out, ending)
        assert one["goodbye"].endswith("再见。"), ending
        pieces = [goodbye[at - PIECE : at] for at in range(len(goodbye), PIECE - 1, -PIECE)]  # the last one first
        found = [likeness(piece, heard) for piece in pieces]
        assert found[0] > 0.9, (ending, "the last word")
        assert sum(each > 0.9 for each in found) >= 0.85 * len(found), (ending, found)

"""A customer who wants a person gets one: the whole system, a supervisor beside it, and what is kept of the call."""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from callbot.audio.pcm import level_dbfs
from callbot.cli.campaign import import_list
from tests.e2e.system import NAMES, PROMISES, System, contacts, system, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PEOPLE = f"""
customers:
  "{PROMISES}":
    answer_after: 300ms
    turns: [{{say: yes_me.wav, after: 700ms}}, {{key: "0", interrupt: 800ms}}]
  "7001":
    answer_after: 1s
    turns: [{{say: repeat.wav, at: 1s}}, {{say: repeat.wav, at: 9s}}, {{hang_up: true, at: 14s}}]
  "7002": {{answer_after: 100ms}}
"""
QUEUES = '[[transfer.queues]]\nname = "finance"\nto = "7001"\ntrunk = "t"\n'


async def callbot(running: System, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callbot.cli", *arguments, "--config", str(running.config)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_customer_who_wants_a_person(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text(PEOPLE, "utf-8")
    async with system(tmp_path, customers=people, more=QUEUES) as running:
        path = contacts(tmp_path / "list.csv", [PROMISES])
        campaign = import_list(running.store, running.settings, path, "balance_reminder", title="test")
        running.store.campaigns.start(campaign)
        await until(lambda: running.talking(NAMES[PROMISES]), "the robot talks", within_s=300)
        call_id = running.store.attempts.open_attempts()[0].dialling.call_id
        status, said = await callbot(running, "supervise", "call_nobody", "--to", "sip:7002@127.0.0.1")
        assert (status, call_id in said) == (1, True), "a wrong id lists the right ones"
        port = running.settings.telephony.trunks[0].port

        async def supervised() -> bool:
            code, _ = await callbot(running, "supervise", call_id, "--to", f"sip:7002@127.0.0.1:{port}")
            return code == 0

        await until(supervised, "a supervisor is in the call", within_s=40)
        assert (await callbot(running, "supervise", call_id, "--mode", "whisper"))[0] == 0
        assert (await callbot(running, "release", call_id, "--party", "supervisor"))[0] == 0
        await until(lambda: running.store.campaigns.progress(campaign).finished, "the campaign ends", within_s=90)
        (result,) = running.store.campaigns.results(campaign)
        assert result.outcome == "transferred"
        assert result.call is not None
        (agent,) = [line for line in result.call.transcript if line.who == "agent"]
        assert agent.text == "finance"
        assert 12_000 <= agent.end_ms - agent.start_ms <= 16_000
        (recording,) = running.settings.recording_dir.rglob("*.wav")
        robot_side = np.frombuffer(recording.read_bytes()[44:], "<i2").reshape(-1, 2)[:, 1]
        assert level_dbfs(robot_side[(agent.start_ms + 9_000) * 8 : agent.end_ms * 8]) > -45, "the agent is recorded"
        report = json.loads((running.recordings / "7001-01.json").read_text("utf-8"))
        assert report["ended_by"] == "customer", "the agent himself hung up"
        assert len(running.heard_by("7002")) == 1

"""What a person trusts callbot with: whatever dies, nothing is lost and nobody is called twice."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from callbot.cli.campaign import import_list
from callbot.store.records import ContactResult
from tests.e2e.system import CACHE, NAMES, PROMISES, ROOT, SILENT, System, contacts, system, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def campaign_of(running: System, folder: Path, *numbers: str) -> str:
    path = contacts(folder / "list.csv", numbers)
    return import_list(running.store, running.settings, path, "balance_reminder", title="test")


def results(running: System, campaign: str) -> dict[str, ContactResult]:
    return {result.phone.number: result for result in running.store.campaigns.results(campaign)}


def calling(running: System, campaign: str) -> int:
    return running.store.campaigns.progress(campaign).calling


def finished(running: System, campaign: str) -> bool:
    return running.store.campaigns.progress(campaign).finished


async def talking(running: System, *numbers: str) -> None:
    """The robot is in conversation with all of these."""
    await until(lambda: all(running.talking(NAMES[n]) for n in numbers), f"talking to {numbers}", within_s=300)


async def test_a_line_killed_in_mid_call_ends_its_calls_as_interrupted_and_calls_nobody_twice(tmp_path: Path) -> None:
    async with system(tmp_path, lines=2) as running:
        campaign = campaign_of(running, tmp_path, PROMISES, SILENT)
        running.store.campaigns.start(campaign)
        await talking(running, PROMISES, SILENT)
        victim = running.store.attempts.open_attempts()[0]
        before = running.supervisor.pids()
        os.kill(before[victim.dialling.line], signal.SIGKILL)
        await until(lambda: finished(running, campaign), "the campaign ends", within_s=90)
        outcomes = {number: result.outcome for number, result in results(running, campaign).items()}
        assert list(outcomes.values()).count("interrupted") == 1
        assert len(set(outcomes.values())) == 2, "the call on the other line went on to its own end"
        after = running.supervisor.pids()
        assert after[victim.dialling.line] != before[victim.dialling.line], "the line was started again"
        assert [len(running.heard_by(number)) for number in (PROMISES, SILENT)] == [1, 1]


async def test_control_killed_in_mid_call_gets_the_result_from_the_lines_journal(tmp_path: Path) -> None:
    async with system(tmp_path) as running:
        campaign = campaign_of(running, tmp_path, PROMISES)
        running.store.campaigns.start(campaign)
        await talking(running, PROMISES)
        os.kill(running.supervisor.pids()["control"], signal.SIGKILL)
        await until(lambda: finished(running, campaign), "the result comes home", within_s=90)
        result = results(running, campaign)[PROMISES]
        assert result.outcome == "promised"
        await until(lambda: len(running.store.followups.outbox()) == 1, "the SMS is delivered, once")
        assert len(running.heard_by(PROMISES)) == 1


async def test_the_speech_process_killed_in_mid_call_costs_no_call(tmp_path: Path) -> None:
    async with system(tmp_path) as running:
        campaign = campaign_of(running, tmp_path, PROMISES)
        running.store.campaigns.start(campaign)
        await talking(running, PROMISES)
        os.kill(running.supervisor.pids()["speech"], signal.SIGKILL)
        await until(lambda: finished(running, campaign), "the campaign ends", within_s=120)
        assert results(running, campaign)[PROMISES].outcome != "interrupted"
        assert len(running.heard_by(PROMISES)) == 1


async def test_sigterm_ends_running_calls_politely_and_keeps_the_rest_waiting(tmp_path: Path) -> None:
    async with system(tmp_path) as running:
        many = [f"1380000{number:04d}" for number in range(21, 29)]  # unknown to the customers file: see its default
        campaign = campaign_of(running, tmp_path, SILENT, *many)
        running.store.campaigns.start(campaign)
        await talking(running, SILENT)
        started = asyncio.get_running_loop().time()
        await running.supervisor.stop()
        took = asyncio.get_running_loop().time() - started
        assert took < 40, "lines have 30 s"
        assert calling(running, campaign) == 0
        result = results(running, campaign)[SILENT]
        assert result.outcome not in ("", "interrupted")
        call = running.store.campaigns.call(result.call_id)
        assert call is not None
        assert "再见" in [line.text for line in call.transcript if line.who == "robot"][-1]
        progress = running.store.campaigns.progress(campaign)
        assert progress.waiting + progress.done == 9


async def test_a_dead_trunk_is_an_outcome_for_each_contact(tmp_path: Path) -> None:
    async with system(tmp_path, trunk="127.0.0.1:9") as running:
        campaign = campaign_of(running, tmp_path, PROMISES)
        running.store.campaigns.start(campaign)
        await until(lambda: finished(running, campaign), "the campaign ends", within_s=300)
        assert results(running, campaign)[PROMISES].outcome == "unreachable"


async def test_a_busy_sip_port_is_one_sentence_that_says_what_to_do(tmp_path: Path, free_udp_port: object) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        config = tmp_path / "callbot.toml"
        config.write_text(
            f'data_dir = "{tmp_path / "data"}"\ncache_dir = "{CACHE}"\nscripts_dir = "{ROOT / "scripts_dsl"}"\n'
            f"[telephony]\nlines = 1\nsip_port = {port}\n[web]\nport = 0\n",
            "utf-8",
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "callbot.cli", "serve", "--config", str(config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "CALLBOT_LANG": "en"},
        )
        _, errors = await asyncio.wait_for(process.communicate(), 120)
    text = errors.decode()
    assert process.returncode == 2
    assert str(port) in text
    assert "sip_port" in text
    assert "Traceback" not in text

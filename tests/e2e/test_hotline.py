"""People call the hotline over real SIP: by key in three ways, by speech, when all are busy, with wrong numbers."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from callbot.audio import wav
from callbot.call.reception import shown_caller
from callbot.messages import CallResult
from callbot.simulate import measure
from callbot.simulate.crowd import crowd
from tests.e2e.system import AUDIO, System, system, until
from tests.e2e.telephony_sipp import needs_sipp, sipp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HOTLINE = """[hotline]
busy = "all_busy"
[[hotline.numbers]]
number = "4008001234"
flow = "hotline"
"""


@dataclass(frozen=True, slots=True)
class Callers:
    """Callers of one file, what they recorded, and the calls that the store has of them."""

    running: System
    out: Path

    async def report(self, caller: str, within_s: float = 90) -> dict[str, Any]:
        path = self.out / f"{caller}-01.json"
        await until(lambda: path.exists() and path.read_bytes().endswith(b"}"), f"{caller} is done", within_s=within_s)
        loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return loaded

    async def result(self, caller: str) -> CallResult:
        await self.report(caller)
        await until(lambda: caller in self.results(), f"the call of {caller} is stored", within_s=20)
        return self.results()[caller]

    def results(self) -> dict[str, CallResult]:
        return {one.call.caller: one.call for one in self.running.store.incoming.latest(100)}

    def recording(self, caller: str) -> Path:
        return self.out / f"{caller}-01.wav"


@asynccontextmanager
async def hotline(folder: Path, more: str = HOTLINE, *, reserve: int = 0) -> AsyncIterator[System]:
    async with system(folder, more=more, reserve=reserve) as running:
        await until(lambda: ready(running), "the hotline's prompts are made", within_s=500)
        await asyncio.sleep(1.5)  # a line hears of it with its next beat, of one a second
        yield running


def ready(running: System) -> bool:
    """Whether lines are told of the hotlines with their next beat."""
    health = httpx.get(f"http://127.0.0.1:{running.settings.web.port}/health").json()
    return bool(health["hotlines"] == "ready")


@asynccontextmanager
async def callers(running: System, folder: Path, text: str) -> AsyncIterator[Callers]:
    folder.mkdir()  # noqa: ASYNC240 - before anything else runs
    (folder / "callers.yaml").write_text(text, "utf-8")
    where = f"127.0.0.1:{running.settings.telephony.sip_port}"
    async with crowd(folder / "callers.yaml", AUDIO, folder / "out", 1, call=where):
        yield Callers(running, folder / "out")


def robot(result: CallResult) -> list[str]:
    return [line.text for line in result.transcript if line.who == "robot"]


def pressed(result: CallResult) -> str:
    assert result.trace is not None
    return "".join(getattr(step.event, "key", "") for step in result.trace.steps)


MENU = "商务咨询请按1"
BY_KEY, BY_TONE, BY_SPEECH, BY_INFO = "13900000001", "13900000002", "13900000003", "13900000004"
NAVIGATE = f"""
calls:
  - caller: "{BY_KEY}"                # keys as events, during the prompts; then a person
    number: "4008001234"
    turns: [{{key: "2", interrupt: 1s}}, {{key: "1", interrupt: 1s}}, {{key: "4820165#", interrupt: 1s}}, {{key: "0"}}]
  - caller: "{BY_TONE}"                # keys as tones in the audio; a wrong number, then one that ends by a pause
    number: "4008001234"
    turns: [{{tone: "2", interrupt: 1500ms}}, {{tone: "1", interrupt: 1500ms}}, {{tone: "11111#", interrupt: 1500ms}},
      {{tone: "20731", after: 1s}}, {{hang_up: true}}]
  - caller: "{BY_SPEECH}"                # by speech, keys at the same prompts; then a person
    number: "4008001234"
    turns: [{{say: users.wav}}, {{say: order.wav}}, {{key: "90042#"}}, {{say: repeat.wav}}, {{say: person.wav}}]
"""


@needs_sipp
async def test_by_key_by_tone_and_by_speech(tmp_path: Path) -> None:
    async with hotline(tmp_path) as running:
        line = f"127.0.0.1:{running.settings.telephony.sip_port}"
        async with sipp(tmp_path, "call_hotline", line, status=BY_INFO) as caller:
            assert await caller.succeeded(within_s=30)
        async with callers(running, tmp_path / "a", NAVIGATE) as people:
            results = {who: await people.result(who) for who in (BY_KEY, BY_TONE, BY_SPEECH)}
            results[BY_INFO] = people.results()[BY_INFO]
            first_audio = [measure.measure_file(people.recording(who)).first_audio_ms for who in list(results)[:3]]

    by_key = results[BY_KEY]
    assert pressed(by_key) == "214820165#0"
    assert any("4820165，已经发货，预计明天送达" in line for line in robot(by_key))
    assert robot(by_key)[-2:] == ["正在为您转接人工，请稍候。", "抱歉，客服都在忙，请在工作时间再打来，再见。"]
    assert (by_key.outcome, by_key.hung_up_by) == ("nobody_free", "robot")
    assert (by_key.number, by_key.direction, by_key.attempt_id) == ("4008001234", "in", "")
    assert by_key.slots["status"] == "已经发货，预计明天送达"
    assert wav.read(Path(by_key.recording)).size

    by_tone = results[BY_TONE]
    assert pressed(by_tone) == "2111111#20731"
    assert any("没有查到订单11111" in line for line in robot(by_tone))
    assert any("20731，正在备货" in line for line in robot(by_tone))
    assert by_tone.outcome == "answered_order"

    by_speech = results[BY_SPEECH]
    assert any("查询订单请按1" in line for line in robot(by_speech))
    assert any("90042，已经签收" in line for line in robot(by_speech))
    assert sum("还有什么可以帮您" in line for line in robot(by_speech)) >= 2, "it was asked to say it again"
    assert by_speech.outcome == "nobody_free"

    by_info = results[BY_INFO]
    assert pressed(by_info) == "2120731#"
    assert any("20731，正在备货" in line for line in robot(by_info))

    print("pick-up to first audio, ms:", first_audio)
    assert all(ms is not None and ms <= 1500 for ms in first_audio), "greeted at once, on a busy machine too"


async def test_wrong_numbers_and_too_many_callers(tmp_path: Path) -> None:
    """Four legs: one for the reserve, one to say that all are busy, two for conversations; PJSIP refuses the fifth."""
    text = """
calls:
  - {caller: "13900000010", number: "4008009999"}
  - {caller: "13900000011", number: "4008001234", begin: 1s, turns: [{silent: true}, {hang_up: true}]}
  - {caller: "13900000012", number: "4008001234", begin: 2s, turns: [{silent: true}, {hang_up: true}]}
  - {caller: "13900000013", number: "4008001234", begin: 3s}
  - {caller: "13900000014", number: "4008001234", begin: 4s}
"""
    async with hotline(tmp_path, HOTLINE, reserve=1) as running, callers(running, tmp_path / "a", text) as people:
        unknown, refused = await people.report("13900000010"), await people.report("13900000014")
        busy = await people.result("13900000013")
        served = [await people.result(who) for who in ("13900000011", "13900000012")]
        assert running.store.incoming.latest(100)[-1].call.caller == "13900000011", "refused calls are no calls"
    assert (unknown["sip_status"], refused["sip_status"]) == (404, 486)
    assert (busy.outcome, busy.hung_up_by) == ("all_busy", "robot")
    assert ["来电较多" in line for line in robot(busy)] == [True]
    assert all(MENU in robot(result)[1] for result in served)


async def test_a_line_that_drains_says_goodbye_and_takes_no_more_calls(tmp_path: Path) -> None:
    text = """
calls:
  - {caller: "13900000021", number: "4008001234"}
  - {caller: "13900000022", number: "4008001234", begin: 4s}
"""
    async with hotline(tmp_path) as running, callers(running, tmp_path / "a", text) as people:
        await until(lambda: running.talking(shown_caller("13900000021")), "the first caller is greeted")
        os.kill(running.supervisor.pids()["line-1"], signal.SIGTERM)
        late, first = await people.report("13900000022"), await people.result("13900000021")
    assert late["sip_status"] in (503, 408), "refused, or the line was gone already"
    assert "感谢您的来电" in robot(first)[-1]
    assert first.outcome == "served"

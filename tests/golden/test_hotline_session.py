"""The hotline on a timeline: keys in the middle of prompts, numbers that end by a pause, speech at the same prompt."""

from functools import cache
from pathlib import Path

import pytest

from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.script.revision import build_revision
from tests.golden.timeline import Presses, Result, Says, converse

pytestmark = pytest.mark.golden


@cache
def hotline() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "ivr_flows" / "hotline.yaml"))


def said_at(result: Result, words: str) -> tuple[int, int]:
    line = next(line for line in result.transcript if words in line.text)
    return line.start_ms, line.end_ms


async def test_the_first_digit_ends_the_prompt_and_the_number_ends_by_a_pause() -> None:
    keys = [Presses(3000, "2"), Presses(4000, "1"), *(Presses(5000 + 500 * n, key) for n, key in enumerate("207"))]
    result = await converse(hotline(), {}, keys, orders="not_found", hangs_up_ms=25_000)
    assert said_at(result, "请说出或输入订单号")[1] == pytest.approx(5000, abs=60)
    assert not result.loud(5200, 9800)
    assert said_at(result, "正在查询")[0] == pytest.approx(6000 + 4000, abs=100)
    assert result.asked == [("order_status", {"order_no": "207"})]
    assert any("没有查到订单207" in line for line in result.robot())


async def test_a_key_in_a_menu_interrupts_and_is_answered_at_once() -> None:
    result = await converse(hotline(), {}, [Presses(3000, "1")], hangs_up_ms=6000)
    assert said_at(result, "商务咨询请按1")[1] == pytest.approx(3000, abs=60)
    assert said_at(result, "加盟开店请按1")[0] == pytest.approx(3000, abs=100)


async def test_speech_and_keys_answer_the_same_prompts() -> None:
    customer = [Says(12_000, 12_900, "用户咨询"), Presses(14_000, "1"), Says(20_000, 22_000, "二零七三幺")]
    result = await converse(hotline(), {}, customer, orders="not_found", hangs_up_ms=30_000)
    assert result.asked == [("order_status", {"order_no": "20731"})]

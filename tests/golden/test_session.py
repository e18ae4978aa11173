"""Whole conversations on a timeline: session, ear, speaker, turn-taking, engine; no sound and no network."""

from pathlib import Path

import pytest

from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.messages import Heard, PromptFinished
from callbot.script.revision import build_revision
from tests.golden.timeline import Presses, Says, converse

pytestmark = pytest.mark.golden

INPUTS = {"name": "王女士", "order_no": "60731", "due": "128.50", "deadline": "2026-06-30"}
GREETING_MS = 3000  # 30-odd characters of 100 ms


@pytest.fixture(scope="module")
def script() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml"))


async def test_a_promise_from_the_first_word_to_our_hang_up(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [Says(4000, 4700, "是的"), Says(11_000, 11_800, "好的我今天就付")])
    assert result.conversation.end.outcome == "promised"
    assert result.conversation.end.sms == "pay_link"
    assert result.conversation.hung_up_by == "robot"
    assert [line.who for line in result.transcript] == ["robot", "customer", "robot", "customer", "robot"]
    goodbye = result.transcript[-1]
    assert not result.loud(goodbye.end_ms + 20, len(result.spoken) // 8), "nothing after the goodbye"
    assert len(result.spoken) // 8 >= goodbye.end_ms + 300, "and the goodbye is played out before the hang-up"


async def test_a_complete_answer_gets_its_reply_sooner_than_an_unclear_one(script: CompiledScript) -> None:
    clear = await converse(script, INPUTS, [Says(4000, 4700, "是的")], hangs_up_ms=9000)
    unclear = await converse(script, INPUTS, [Says(4000, 4700, "西红柿炒鸡蛋")], hangs_up_ms=9000)
    fast, slow = (r.conversation.turns[0].first_audio_ms - 4700 for r in (clear, unclear))
    assert 280 <= fast <= 380
    assert 480 <= slow <= 580


async def test_hello_in_the_first_two_seconds_neither_stops_nor_repeats_the_greeting(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [Says(300, 700, "喂"), Says(4500, 5100, "是的")], hangs_up_ms=7000)
    greetings = [line for line in result.transcript if "语音助手" in line.text]
    assert len(greetings) == 1
    assert result.loud(700, 720)
    assert greetings[0].end_ms - greetings[0].start_ms == len("".join(result.robot()[0])) * 100
    assert any(isinstance(step.event, PromptFinished) and step.event.say == 1 for step in result.steps)


async def test_an_interruption_silences_the_robot_and_is_answered(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [Says(4000, 4600, "是的"), Says(7000, 8000, "我已经付过了")])
    assert result.loud(6900, 7000)
    assert not result.loud(7400, 8000), "silent at most 400 ms after the customer began"
    assert result.conversation.end.outcome == "already_paid"
    assert result.asked == [("payment_status", {"order_no": "60731"})]


async def test_a_cough_pauses_at_most_and_the_sentence_goes_on(script: CompiledScript) -> None:
    cough = [Says(4000, 4600, "是的"), Says(7000, 7300, None)]
    disturbed = await converse(script, INPUTS, cough, hangs_up_ms=20_000)
    quiet = await converse(script, INPUTS, cough[:1], hangs_up_ms=20_000)
    assert disturbed.robot() == quiet.robot()
    assert disturbed.customer() == ["是的"]
    loud = sum(disturbed.loud(at, at + 20) for at in range(5000, 19_000, 20))
    assert loud == sum(quiet.loud(at, at + 20) for at in range(5000, 19_000, 20)), "not a frame is missing"


async def test_silence_twice_ends_the_call_without_the_amount(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [])
    assert result.conversation.end.outcome == "no_response"
    assert not any("128" in line or "一百二十八" in line for line in result.robot())
    first, second = (line for line in result.transcript if "语音助手" in line.text)
    assert 5000 <= second.start_ms - first.end_ms <= 5200, "the script waits five seconds"


async def test_an_order_system_that_is_away_is_the_scripts_failed_branch(script: CompiledScript) -> None:
    said = [Says(4000, 4700, "是的"), Says(12_000, 12_900, "我已经付过了")]
    result = await converse(script, INPUTS, said, orders=None)
    assert result.conversation.end.outcome == "callback"
    assert any("转接人工" in line for line in result.robot())


async def test_keys_answer_like_words(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [Says(4000, 4700, "是的"), Presses(8000, "1")])
    assert result.conversation.end.outcome == "promised"


async def test_last_words_count_when_the_customer_hangs_up_at_once(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [Says(4000, 4900, "别再给我打电话了")], hangs_up_ms=4900)
    assert any(isinstance(step.event, Heard) for step in result.steps)
    assert result.conversation.hung_up_by == "customer"
    assert result.conversation.end.outcome == "opt_out"


async def test_a_prompt_that_is_not_ready_is_announced_by_a_filler_and_then_said(script: CompiledScript) -> None:
    result = await converse(script, INPUTS, [Says(4000, 4700, "是的")], missing="尾款", hangs_up_ms=12_000)
    assert result.robot()[1] == "请稍等。"
    assert "尾款" in result.robot()[2]


async def test_time_is_up_ends_politely(script: CompiledScript) -> None:
    from callbot.messages import TimeUp

    result = await converse(script, INPUTS, [], during=lambda session: session.post(TimeUp("shutdown")))
    assert result.conversation.hung_up_by == "robot"
    assert "再见" in result.robot()[-1]

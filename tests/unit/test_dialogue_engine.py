"""The engine: counters, silence, asides, limits, and what must never happen however a call goes."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbot.dialogue.engine import CompiledScript, DialogueState, advance, begin, compile_revision
from callbot.dialogue.pieces import contact_pieces, reading, shared_pieces
from callbot.dialogue.trace import trace_step
from callbot.messages import (
    Action,
    ActionFinished,
    Answered,
    Do,
    End,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    Listen,
    PromptFinished,
    Say,
    Silence,
    TimeUp,
    Transfer,
)
from callbot.protocol import Revision
from callbot.script.inputs import InputProblem
from callbot.script.revision import build_revision, read_revision, render_sms
from callbot.zh.written import written

pytestmark = pytest.mark.unit

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
INPUTS = {"name": "王女士", "order_no": "00731", "due": "128.50", "deadline": "2026-06-30"}


@cache
def reminder() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml"))


def small(**changes: Any) -> CompiledScript:
    """A small script of its own; ``changes`` replace top-level keys, ``steps`` are added."""
    shared = read_revision(reminder().revision)
    steps = {
        "ask": {"say": "可以吗？", "answers": {"affirm": "yes", "deny": "bye"}, "keys": {"1": "yes"}},
        "yes": {"say": "好的。", "then": "bye"},
        "bye": {"say": "再见。", "end": {"outcome": "done"}},
        "lost": {"say": "听不懂。", "end": {"outcome": "lost"}},
        "quiet": {"say": "没声音。", "end": {"outcome": "quiet"}},
    }
    script = {
        "dsl": "1",
        "id": "small",
        "title": "小",
        "kind": "campaign",
        "defaults": {
            "silence": {"wait": "5s", "tries": "2", "then": "quiet"},
            "unclear": {"tries": "3", "then": "lost"},
            "anytime": {"repeat": {"back": "prompt"}},
        },
        "longest": {"turns": "8", "time": "5m", "then": "bye"},
        "hangup": {"outcome": "hung_up"},
        "start": "ask",
        **changes,
        "steps": {**steps, **changes.get("steps", {})},
    }
    bundle = {
        "script": script,
        "intents": {name: intent.model_dump() for name, intent in shared.intents.items()},
        "fillers": list(shared.fillers),
        "sms": {},
    }
    return compile_revision(Revision("small", "0", json.dumps(bundle)))


def run(script: CompiledScript, *events: Event) -> tuple[DialogueState, list[tuple[Action, ...]]]:
    state = begin(script, INPUTS, NOW)
    done: list[tuple[Action, ...]] = []
    for event in (Answered(), *events):
        state, actions = advance(script, state, event)
        done.append(actions)
    return state, done


def spoken(actions: tuple[Action, ...]) -> list[str]:
    return [action.text for action in actions if isinstance(action, Say)]


UNCLEAR = Heard("今天天气不错")


def test_the_call_begins_with_the_greeting() -> None:
    _, (actions,) = run(reminder())
    say, listen = actions
    assert isinstance(say, Say)
    assert say.number == 1
    assert say.text == "您好，我是云杉商城的智能语音助手，请问是王女士本人吗？"
    assert say.pieces == ("您好，我是云杉商城的智能语音助手，请问是", "王女士", "本人吗？")
    assert say.barge_in_by == "speech"
    assert isinstance(listen, Listen)
    assert listen.silence_ms == 5000
    assert listen.expects[:3] == ("affirm", "deny", "busy")


def test_a_sentence_is_cut_at_its_values() -> None:
    _, done = run(reminder(), Heard("是的"))
    say = done[-1][0]
    assert isinstance(say, Say)
    assert say.text == "您的订单00731还有尾款128.50元，请在6月30日前支付，您看方便吗？"
    assert " ".join(say.pieces) == (
        "您的订单 零 零 七 三 幺 还有尾款 一百二十八元 五角 ，请在 六月 三十号 前支付，您看方便吗？"
    )


def test_inputs_may_come_as_they_stand_in_the_list() -> None:
    raw = {**INPUTS, "due": "￥1,280", "deadline": "2026/6/30", "phone": "13800138000"}
    assert begin(reminder(), raw, NOW).variables == {**INPUTS, "due": "1280.00"}


def test_an_unusable_input_is_a_problem_before_the_call() -> None:
    with pytest.raises(InputProblem):
        begin(reminder(), {**INPUTS, "due": "1.38E+10"}, NOW)
    with pytest.raises(InputProblem):
        begin(reminder(), {"name": "王女士"}, NOW)


def test_answered_counts_once() -> None:
    _, done = run(reminder(), Answered())
    assert done[-1] == ()


@pytest.mark.parametrize("event", [Heard("是的"), Silence(), KeyPressed("1"), ActionFinished("transfer", "failed")])
def test_nothing_happens_before_pick_up(event: Event) -> None:
    state = begin(reminder(), INPUTS, NOW)
    assert advance(reminder(), state, event)[1] == ()


def test_tries_is_how_often_the_prompt_is_spoken() -> None:
    state, done = run(small(), UNCLEAR, UNCLEAR, UNCLEAR)
    assert [spoken(actions) for actions in done] == [["可以吗？"], ["可以吗？"], ["可以吗？"], ["听不懂。"]]
    assert state.outcome == "lost"


def test_silence_and_unclear_count_separately() -> None:
    state, done = run(small(), UNCLEAR, Silence(), UNCLEAR, Silence())
    assert [spoken(actions) for actions in done[1:]] == [["可以吗？"], ["可以吗？"], ["可以吗？"], ["没声音。"]]
    assert state.outcome == "quiet"


def test_what_is_understood_resets_both_counters() -> None:
    state, done = run(small(), Silence(), Heard("再说一遍"), Silence(), UNCLEAR)
    assert not state.ended
    assert spoken(done[-1]) == ["可以吗？"]


def test_coming_back_into_a_step_starts_at_zero() -> None:
    again = {"ask": {"say": "可以吗？", "answers": {"affirm": "ask", "deny": "bye"}}}
    state, _ = run(small(steps=again), Silence(), Heard("可以"), Silence())
    assert not state.ended


def test_a_step_may_have_its_own_rules() -> None:
    own = {"say": "可以吗？", "answers": {"affirm": "bye"}, "silence": {"wait": "9s", "tries": "1", "then": "lost"}}
    state, done = run(small(steps={"ask": own}), Silence())
    assert isinstance(done[0][-1], Listen)
    assert done[0][-1].silence_ms == 9000
    assert state.outcome == "lost"


def test_an_unknown_key_is_not_understood_and_a_known_one_is() -> None:
    state, done = run(small(), KeyPressed("9"), KeyPressed("1"))
    assert spoken(done[1]) == ["可以吗？"]
    assert spoken(done[2]) == ["好的。", "再见。"]
    assert state.outcome == "done"


def test_sentences_of_one_turn_follow_each_other_and_replace_what_was_said() -> None:
    _, done = run(small(), Heard("可以"))
    assert [(say.number, say.replace) for say in done[-1] if isinstance(say, Say)] == [(2, True), (3, False)]


def test_a_jump_may_be_limited() -> None:
    limited = {"say": "可以吗？", "answers": {"affirm": {"to": "ask", "at_most": "2", "else": "bye"}}}
    state, done = run(small(steps={"ask": limited}), Heard("可以"), Heard("可以"), Heard("可以"))
    assert [spoken(actions) for actions in done[1:]] == [["可以吗？"], ["可以吗？"], ["再见。"]]
    assert state.path == ("ask", "ask", "ask", "bye")


def test_the_longest_talk_ends() -> None:
    asks = {"ask": {"say": "可以吗？", "answers": {"affirm": "ask"}}}
    state, done = run(small(steps=asks), *[Heard("可以")] * 9)
    assert spoken(done[8]) == ["可以吗？"]
    assert spoken(done[9]) == ["再见。"]
    assert state.outcome == "done"


@pytest.mark.parametrize("reason", ["longest", "shutdown"])
def test_time_up_says_farewell_from_anywhere(reason: Any) -> None:
    for before in ((), (Heard("是的"),), (Heard("是的"), Heard("我付过了"))):
        state, done = run(reminder(), *before, TimeUp(reason))
        assert spoken(done[-1]) == ["好的，过后再联系您，再见。"]
        assert state.outcome == "callback"


def test_barge_in_can_be_switched_off() -> None:
    _, done = run(small(steps={"bye": {"say": "再见。", "barge_in": "off", "end": {"outcome": "done"}}}), Heard("不行"))
    assert [say.barge_in_by for actions in done for say in actions if isinstance(say, Say)] == ["speech", "nothing"]


@pytest.mark.parametrize("text", ["喂", "喂你好", "", "呼噜"])
def test_hello_and_noise_under_the_prompt_change_nothing(text: str) -> None:
    state, done = run(reminder(), Heard(text, during_prompt=True))
    assert done[-1] == ()
    assert state.counters.get("unclear", 0) == 0
    assert state.step == "greet"


def test_hello_after_the_prompt_brings_it_again() -> None:
    _, done = run(reminder(), Heard("喂"))
    assert len(spoken(done[-1])) == 1


def test_an_aside_comes_back_to_the_step() -> None:
    state, done = run(reminder(), Heard("你是机器人吗"), Heard("等一下"))
    assert [text[:8] for text in spoken(done[1])] == ["是的，我是云杉商", "您好，我是云杉商"]
    assert spoken(done[2]) == ["好的，我等您。"]
    listen = done[2][-1]
    assert isinstance(listen, Listen)
    assert listen.silence_ms == 20_000
    assert state.step == "greet"


def test_a_system_is_asked_and_its_answer_followed() -> None:
    state, done = run(reminder(), Heard("是的"), Heard("我付过了"), ActionFinished("payment_status", "paid"))
    assert done[2] == (Do("payment_status", {"order_no": "00731"}, 3000),)
    assert state.outcome == "already_paid"


def test_an_answer_that_no_script_knows_counts_as_failed() -> None:
    state, _ = run(reminder(), Heard("是的"), Heard("我付过了"), ActionFinished("payment_status", "strange"))
    assert state.step == "handover"


def test_words_and_answers_of_others_are_ignored_while_a_system_is_asked() -> None:
    _, done = run(reminder(), Heard("是的"), Heard("我付过了"), Heard("喂"), Silence(), ActionFinished("other", "paid"))
    assert done[3:] == [(), (), ()]


@pytest.mark.parametrize(("values", "step"), [({"left": "3.5"}, "told"), ({}, "bye"), ({"left": "viel"}, "bye")])
def test_what_an_action_gives_must_be_there_and_usable(values: dict[str, str], step: str) -> None:
    steps = {
        "ask": {
            "do": {"action": "payment_status", "timeout": "3s", "gives": {"left": "money"}},
            "results": {"paid": "told", "failed": "bye"},
        },
        "told": {"say": "还差{left}，好吗？", "answers": {"affirm": "bye"}},
    }
    state, done = run(small(steps=steps), ActionFinished("payment_status", "paid", values))
    assert state.step == step
    if step == "told":
        assert spoken(done[-1]) == ["还差3.50元，好吗？"]
        assert state.slots == {"left": "3.50"}


@pytest.mark.parametrize(("result", "outcome"), [("failed", "callback"), ("done", "transferred")])
def test_a_transfer_ends_well_or_goes_on(result: str, outcome: str) -> None:
    state, done = run(reminder(), Heard("转人工"), ActionFinished("transfer", result))
    assert done[1][-1] == Transfer("finance")
    assert state.outcome == outcome


def test_a_time_is_asked_read_back_and_kept() -> None:
    state, done = run(reminder(), Heard("我在开会"), Heard("明天下午三点吧"))
    assert spoken(done[-1]) == ["好的，明天下午三点再联系您，再见。"]
    end = done[-1][-1]
    assert isinstance(end, End)
    assert end.retry_at == datetime(2026, 6, 2, 15, 0, tzinfo=NOW.tzinfo)
    assert state.slots == {"callback_at": "2026-06-02T15:00:00+08:00"}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("date", "六月三十号", "2026-06-30"), ("money", "一百块", "100.00"), ("digits", "零零七三幺", "00731")],
)
def test_other_values_can_be_asked(kind: str, text: str, value: str) -> None:
    steps = {
        "ask": {"say": "是什么？", "ask": {"it": kind, "gave_up": "lost"}, "then": "told"},
        "told": {"say": "是{it}。", "end": {"outcome": "done"}},
    }
    script = small(steps=steps)
    state, done = run(script, Heard(text))
    assert state.slots == {"it": value}
    assert spoken(done[-1]) == [f"是{written(kind, value)}。"]


def test_a_step_that_gets_no_value_gives_up() -> None:
    for events in ([UNCLEAR, UNCLEAR], [Silence(), Silence()]):
        state, _ = run(reminder(), Heard("我在开会"), *events)
        assert state.path[-1] == "later"


def test_a_hang_up_means_what_the_script_says_of_that_point() -> None:
    rules = [{"after": "ask", "outcome": "informed", "sms": "coupon"}, {"outcome": "hung_up"}]
    script = small(hangup=rules)
    assert run(script, HungUp())[0].outcome == "hung_up"
    state, done = run(script, PromptFinished(1), HungUp())
    assert state.outcome == "informed"
    assert done[-1] == (End("informed", sms="coupon"),)
    assert run(script, PromptFinished(7), HungUp())[0].outcome == "hung_up"


def test_after_the_end_nothing_follows() -> None:
    _, done = run(reminder(), Heard("你打错了"), Heard("转人工"), HungUp(), Silence(), TimeUp("longest"))
    assert isinstance(done[1][-1], End)
    assert done[2:] == [(), (), (), ()]


def test_the_trace_keeps_what_changed_and_why() -> None:
    script = reminder()
    before, _ = run(script, Heard("我在开会"))
    after, actions = advance(script, before, event := Heard("明天下午三点吧"))
    step = trace_step(1234, event, before, after, actions)
    assert (step.at_ms, step.step_before, step.step_after) == (1234, "call_later", "promise")
    assert step.changed == {"callback_at": "2026-06-02T15:00:00+08:00"}
    assert step.understanding is not None
    assert step.understanding.why.startswith("value:datetime")
    assert trace_step(1, Silence(), before, before, ()).understanding is None


def test_a_revision_is_named_by_its_content_and_stands_alone() -> None:
    revision = reminder().revision
    again = build_revision(Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml")
    assert again == revision
    assert "wrong_person" in read_revision(revision).script.steps
    text = render_sms(revision, "pay_link", INPUTS)
    assert text.startswith("王女士您好，您的订单00731尾款128.50元，请在6月30日前支付")


# ---------------------------------------------------------------- however a call goes

WORDS = [
    *("是的，我是", "好的", "不是", "你打错了", "我在开会", "明天下午三点", "我付过了", "喂", "", "今天天气不错"),
    *("金额不对", "转人工", "别再打了", "你是机器人吗", "等一下", "没听清", "随便"),
]
EVENTS = st.one_of(
    st.builds(Heard, st.sampled_from(WORDS), during_prompt=st.booleans()),
    st.builds(Heard, st.just(""), st.sampled_from(["affirm", "busy", "no_such_intent"])),
    st.builds(KeyPressed, st.sampled_from("0129*#")),
    st.just(Silence()),
    st.builds(PromptFinished, st.integers(0, 30)),
    st.builds(
        ActionFinished,
        st.sampled_from(["payment_status", "transfer"]),
        st.sampled_from(["paid", "unpaid", "failed", "done", "other"]),
    ),
    st.just(Answered()),
)
LAST = st.sampled_from([HungUp(), TimeUp("longest"), TimeUp("shutdown"), Silence()])
CONTACTS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["王女士", "欧阳先生", "李"]),
        "order_no": st.text("0123456789", min_size=1, max_size=12),
        "due": st.integers(100_000, 9_999_999_999).map(lambda fen: f"{fen // 100}.{fen % 100:02d}"),
        "deadline": st.dates(datetime(2026, 6, 2).date(), datetime(2030, 1, 1).date()).map(str),  # noqa: DTZ001
    }
)


@settings(max_examples=200)
@given(inputs=CONTACTS, events=st.lists(EVENTS, max_size=30), last=LAST)
def test_every_walk_is_safe(inputs: dict[str, str], events: list[Event], last: Event) -> None:
    script = reminder()
    ready = {*shared_pieces(script), *contact_pieces(script, inputs)}
    secret = {inputs["due"], "".join(reading("money", inputs["due"], NOW))}
    state = begin(script, inputs, NOW)
    proven, number, ends = False, 0, 0
    for event in (Answered(), *events, last, HungUp()):
        before = state
        state, actions = advance(script, state, event)
        assert advance(script, before, event) == (state, actions)
        proven |= "remind" in state.path
        assert not (before.ended and actions)
        for action in actions:
            if isinstance(action, Say):
                number += 1
                assert action.number == number
                assert action.pieces
                assert set(action.pieces) <= ready
                assert proven or not any(each in action.text + "".join(action.pieces) for each in secret)
            ends += isinstance(action, End)
        assert [action.replace for action in actions if isinstance(action, Say)][:1] in ([], [True])
    assert state.ended
    assert ends == 1


@settings(max_examples=15)
@given(
    st.lists(
        st.one_of(
            st.builds(Heard, st.sampled_from(["没听清", "等一下", "你是谁", "喂", "好的", "哈"])), st.just(Silence())
        ),
        min_size=41,
        max_size=41,
    )
)
def test_every_talk_ends_within_the_longest_turns(events: list[Event]) -> None:
    state, _ = run(reminder(), *events)
    assert state.ended or state.step == "handover"  # there it waits for people, not for the customer

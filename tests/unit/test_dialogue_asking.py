"""Steps that ask: several values from one sentence, reading back, correction, keys, a current value, found things."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbot.dialogue.engine import CompiledScript, DialogueState, advance, begin, compile_revision
from callbot.dialogue.pieces import contact_pieces, shared_pieces
from callbot.messages import Action, Answered, End, Event, Heard, KeyPressed, Listen, Say, Silence, TimeUp, Transfer
from callbot.script.revision import build_revision
from tests.unit.script_workshop import OPENING, workshop
from tests.unit.test_dialogue_engine import NOW, small, spoken

pytestmark = pytest.mark.unit

ORDERS = "20731 蓝牙耳机 2026-05-30 128.50元；20688 保温杯"
ADDRESS = "文三路8号3号楼501室"
DEFAULTS = {
    "silence": {"wait": "5s", "tries": "2", "then": "quiet"},
    "unclear": {"tries": "3", "then": "lost"},
    "anytime": {"repeat": {"back": "prompt"}, "human": "person", "stop_calling": "person"},
    "read_back": "您说的是{value}，对吗？",
}


def asking(ask: Mapping[str, Any], *, inputs: Mapping[str, str] | None = None, **step: Any) -> CompiledScript:
    """A script that asks, says what it got and ends; ``inputs`` are types by name."""
    names = [name for name in ask if name not in ("from", "current", "same", "changed", "collect", "pause")]
    listed = "，".join(f"{{{name}}}" for name in names)
    ways = {} if "current" in ask else {"then": "told"}
    steps = {
        "ask": {"say": "是什么？", "ask": {**ask, "gave_up": "lost"}, **ways, **step},
        "told": {"say": f"好的，{listed}。", "end": {"outcome": "told"}},
        "kept": {"say": "没有变。", "end": {"outcome": "kept"}},
        "person": {"say": "转接人工。", "end": {"outcome": "person"}},
    }
    kinds = {name: {"type": kind} for name, kind in (inputs or {}).items()}
    return small(steps=steps, defaults=DEFAULTS, inputs=kinds)


def keys(text: str) -> list[Event]:
    return [KeyPressed(each) for each in text]


def play(
    script: CompiledScript, *said: str | Event, inputs: Mapping[str, str] | None = None
) -> tuple[DialogueState, list[tuple[Action, ...]]]:
    state = begin(script, inputs or {}, NOW)
    done: list[tuple[Action, ...]] = []
    for each in (Answered(), *said):
        state, actions = advance(script, state, Heard(each) if isinstance(each, str) else each)
        done.append(actions)
    return state, done


def replies(done: list[tuple[Action, ...]]) -> list[str]:
    return ["".join(spoken(actions)) for actions in done[1:]]


@pytest.mark.parametrize(
    ("spec", "said", "value", "shown"),
    [
        ("date", "后天", "2026-06-03", "6月3日"),
        ("time", "下午三点半", "15:30", "15:30"),
        ("datetime", "明天下午三点半", "2026-06-02T15:30:00+08:00", "明天下午三点半"),
        ("half_day", "晚上吧", "evening", "晚上"),
        ("yes_no", "是的", "yes", "是"),
        ("yes_no", "没有", "no", "不是"),
        ("text", "放在门口就行", "放在门口就行", "放在门口就行"),
        ({"type": "choice", "options": {"big": ["大号", "大的"], "small": "小号"}}, "我要大的", "big", "大号"),
        ({"type": "choice", "options": {"big": ["大号", "大的"], "small": "小号"}}, "第二个", "small", "小号"),
    ],
)
def test_what_need_not_be_read_back_goes_on_at_once(spec: Any, said: str, value: str, shown: str) -> None:
    state, done = play(asking({"it": spec}), said)
    assert state.slots == {"it": value}
    assert replies(done) == [f"好的，{shown}。"]


@pytest.mark.parametrize(
    ("spec", "said", "value", "shown"),
    [
        ("digits", "零零七三幺", "00731", "00731"),
        ("phone", "幺三八零零幺三八零零零", "13800138000", "13800138000"),
        ("order_no", "ys杠二零七三幺", "YS20731", "YS20731"),
        ("money", "三百五", "350.00", "350.00元"),
        ("name", "我叫章维，弓长张，伟大的伟", "张伟", "张伟"),
        ("address", "我住文三路八号", "文三路8号", "文三路8号"),
    ],
)
def test_what_is_easily_misheard_is_read_back(spec: str, said: str, value: str, shown: str) -> None:
    script = asking({"it": spec})
    half, done = play(script, said)
    assert replies(done) == [f"您说的是{shown}，对吗？"]
    assert half.slots == {}
    state, done = play(script, said, "对的")
    assert state.slots == {"it": value}
    assert replies(done)[-1] == f"好的，{shown}。"


@pytest.mark.parametrize(("own", "asked_back"), [("off", False), ("on", True), ("是{it}，没错吧？", True)])
def test_a_step_says_itself_whether_it_reads_back(own: str, asked_back: bool) -> None:
    _, done = play(asking({"it": "digits"}, read_back=own), "零零七三幺")
    assert ("吗" in replies(done)[0] or "吧" in replies(done)[0]) is asked_back
    _, done = play(asking({"it": "date"}, read_back=own), "明天")
    assert ("吗" in replies(done)[0] or "吧" in replies(done)[0]) is asked_back


def test_a_correction_in_the_same_breath_is_read_back_again() -> None:
    state, done = play(asking({"it": "digits"}), "零零七三幺", "不对，是零零七三二", "嗯对的")
    assert replies(done) == ["您说的是00731，对吗？", "您说的是00732，对吗？", "好的，00732。"]
    assert state.slots == {"it": "00732"}


def test_only_the_part_that_was_said_is_corrected() -> None:
    state, done = play(asking({"it": "address"}), "文三路八号三号楼五零幺室", "不对，是八号楼", "对")
    assert replies(done)[1] == "您说的是文三路8号8号楼501室，对吗？"
    assert state.slots == {"it": "文三路8号8号楼501室"}


def test_free_words_are_read_back_when_the_step_says_so() -> None:
    state, done = play(asking({"it": "text"}, read_back="on"), "放在门口", "不对，是放在物业", "对")
    assert replies(done)[:2] == ["您说的是放在门口，对吗？", "您说的是放在物业，对吗？"]
    assert state.slots == {"it": "放在物业"}


def test_a_time_is_corrected_within_its_day() -> None:
    script = asking({"it": "datetime"}, read_back="on")
    state, _ = play(script, "明天下午三点", "不是三点是四点", "是的")
    assert state.slots == {"it": "2026-06-02T16:00:00+08:00"}


@pytest.mark.parametrize("no", ["不对", "不是", "不是零零七三幺"])
def test_a_value_that_was_denied_is_asked_again(no: str) -> None:
    state, done = play(asking({"it": "digits"}), "零零七三幺", no, "零零七三二", "对")
    assert replies(done)[1] == "是什么？"
    assert state.slots == {"it": "00732"}


@pytest.mark.parametrize(("pressed", "reply"), [("1", "好的，文三路8号。"), ("2", "是什么？")])
def test_one_and_two_answer_what_was_read_back(pressed: str, reply: str) -> None:
    _, done = play(asking({"it": "address"}), "我住文三路八号", KeyPressed(pressed))
    assert replies(done)[1] == reply


def test_keys_after_a_number_was_read_back_enter_it_anew() -> None:
    state, done = play(asking({"it": "phone"}), "幺三八零零幺三八零零零", *keys("13900139000"))
    assert state.slots == {"it": "13900139000"}
    assert replies(done)[-1] == "好的，13900139000。"


def test_saying_it_again_confirms_it() -> None:
    state, _ = play(asking({"it": "digits"}), "零零七三幺", "对，零零七三幺")
    assert state.slots == {"it": "00731"}


def test_it_is_read_back_only_as_often_as_tries_say_and_nothing_is_kept() -> None:
    said = [word for number in "一二三四" for word in (f"零零七三{number}", "不对")]
    state, done = play(asking({"it": "digits"}), *said)
    assert sum("您说的是" in each for each in replies(done)) == 3
    assert state.path[-1] == "lost"
    assert state.slots == {}
    corrected, _ = play(asking({"it": "digits"}), *(f"不对，是零零七三{number}" for number in "一二三四"))
    assert corrected.path[-1] == "lost"


@pytest.mark.parametrize("events", [["今天天气不错"] * 3, [Silence(), Silence()]])
def test_who_does_not_answer_the_read_back_hears_it_again_then_it_gives_up(events: list[Any]) -> None:
    state, done = play(asking({"it": "digits"}), "零零七三幺", *events)
    assert replies(done)[1] == "您说的是00731，对吗？"
    assert state.path[-1] == ("lost")
    assert state.slots == {}


def test_repeat_says_what_was_said_last() -> None:
    _, done = play(asking({"it": "digits"}), "零零七三幺", "再说一遍")
    assert replies(done)[1] == "您说的是00731，对吗？"


@pytest.mark.parametrize("said", [["转人工"], ["零零七三幺", "帮我转人工"], ["零零七三幺", "不要再打了"]])
def test_a_person_and_the_end_of_calls_can_always_be_asked_for(said: list[str]) -> None:
    state, _ = play(asking({"it": "digits"}), *said)
    assert state.outcome == "person"
    assert state.slots == {}


SEVERAL = {"day": "date", "part": "half_day", "addr": "address"}
MISSING = {"day": "哪一天？", "part": "上午还是下午？", "addr": "送到哪里？"}


def test_several_values_come_from_one_sentence() -> None:
    state, done = play(asking(SEVERAL, missing=MISSING), "明天下午送到人民路八号", "没错")
    assert replies(done) == ["您说的是6月2日，下午，人民路8号，对吗？", "好的，6月2日，下午，人民路8号。"]
    assert state.slots == {"day": "2026-06-02", "part": "afternoon", "addr": "人民路8号"}


@pytest.mark.parametrize(
    ("said", "questions"),
    [
        (["明天", "下午", "人民路八号"], ["上午还是下午？", "送到哪里？"]),
        (["人民路八号", "明天下午"], ["哪一天？"]),
        (["下午送到人民路八号", "明天吧"], ["哪一天？"]),
        (["明天", "嗯什么", "下午人民路八号"], ["上午还是下午？", "上午还是下午？"]),
    ],
)
def test_only_what_is_missing_is_asked(said: list[str], questions: list[str]) -> None:
    state, done = play(asking(SEVERAL, missing=MISSING), *said, "对")
    assert replies(done)[: len(questions)] == questions
    assert state.slots == {"day": "2026-06-02", "part": "afternoon", "addr": "人民路8号"}


def test_one_of_several_values_is_corrected() -> None:
    state, done = play(asking(SEVERAL, missing=MISSING), "明天下午送到人民路八号", "不对，后天", "是人民东路", "对")
    assert replies(done)[2] == "您说的是6月3日，下午，人民东路8号，对吗？"
    assert state.slots["addr"] == "人民东路8号"


def test_a_length_completes_an_entry_and_keys_are_not_read_back() -> None:
    script = asking({"it": {"type": "digits", "length": "5"}})
    state, done = play(script, *keys("20731"))
    assert all(isinstance(actions[0], Listen) for actions in done[1:-1])
    assert state.slots == {"it": "20731"}
    assert state.counters["turns"] == 1


@pytest.mark.parametrize(
    ("spec", "pressed", "value"),
    [
        ({"type": "digits", "length": "4-6"}, "2073#", "2073"),
        ({"type": "digits", "length": "4-6"}, "207*2073#", "2073"),
        ({"type": "digits", "length": "4-6"}, "207315", "207315"),
        ("digits", "12#", "12"),
        ("phone", "13800138000", "13800138000"),
        ("phone", "057188886666#", "057188886666"),
        ("order_no", "20731#", "20731"),
        ({"type": "digits", "checksum": "luhn"}, "79927398713#", "79927398713"),
        ({"type": "choice", "options": {"big": "大号", "small": "小号"}}, "2", "small"),
        ("yes_no", "1", "yes"),
        ("yes_no", "2", "no"),
    ],
)
def test_values_entered_by_keys(spec: Any, pressed: str, value: str) -> None:
    state, _ = play(asking({"it": spec}), *keys(pressed))
    assert (state.outcome, state.slots) == ("told", {"it": value})


@pytest.mark.parametrize(
    ("spec", "pressed"),
    [
        ({"type": "digits", "length": "4-6"}, "207#"),
        ({"type": "digits", "checksum": "luhn"}, "79927398710#"),
        ("phone", "12345678901#"),
        ({"type": "choice", "options": {"big": "大号", "small": "小号"}}, "3"),
        ("yes_no", "5"),
        ("date", "15"),
    ],
)
def test_keys_that_make_no_value_are_not_understood(spec: Any, pressed: str) -> None:
    state, done = play(asking({"it": spec}), *keys(pressed))
    assert state.slots == {}
    assert state.counters["unclear"] >= 1
    assert replies(done)[-1] == "是什么？"


def test_a_pause_ends_an_entry() -> None:
    state, _ = play(asking({"it": "digits"}), *keys("20731"), Silence())
    assert state.slots == {"it": "20731"}


@pytest.mark.parametrize(
    ("collect", "said", "pressed"), [("keys", False, True), ("speech", True, False), ("both", True, True)]
)
def test_a_step_may_take_only_keys_or_only_speech(collect: str, said: bool, pressed: bool) -> None:
    script = asking({"it": "digits", "collect": collect}, read_back="off")
    assert bool(play(script, "零零七三幺")[0].slots) is said
    assert bool(play(script, *keys("00731#"))[0].slots) is pressed


CURRENT = {"addr": "address", "current": "address", "same": "kept", "changed": "told"}


def confirming(**changes: Any) -> CompiledScript:
    return asking({**CURRENT, **changes}, inputs={"address": "address"}, missing={"addr": "请说正确的地址。"})


@pytest.mark.parametrize(
    ("said", "outcome", "value"),
    [
        (["对的"], "kept", ADDRESS),
        ([KeyPressed("1")], "kept", ADDRESS),
        (["不对，是八号楼", "对"], "told", "文三路8号8号楼501室"),
        (["不对", "人民路六号", "是的"], "told", "人民路6号"),
        (["不对", "八号楼", "是的"], "told", "文三路8号8号楼501室"),
        ([KeyPressed("2"), "是六零二室", "对"], "told", "文三路8号3号楼602室"),
        (["不对，是八号楼", "不对，是三号楼", "对"], "kept", ADDRESS),
    ],
)
def test_a_current_value_stays_or_is_changed(said: list[str | Event], outcome: str, value: str) -> None:
    state, _ = play(confirming(), *said, inputs={"address": ADDRESS})
    assert (state.outcome, state.slots) == (outcome, {"addr": value})


def test_who_says_only_no_is_asked_for_the_right_value() -> None:
    _, done = play(confirming(), "不对", inputs={"address": ADDRESS})
    assert replies(done) == ["请说正确的地址。"]


def choosing() -> CompiledScript:
    return asking({"order": "one_of", "from": "orders"}, inputs={"orders": "list"})


@pytest.mark.parametrize("said", ["第二个", "保温杯那个", "尾号六八八", KeyPressed("2")])
def test_one_of_the_found_things_is_chosen(said: str | Event) -> None:
    state, done = play(choosing(), said, inputs={"orders": ORDERS})
    assert state.slots == {"order": "20688"}
    assert replies(done) == ["好的，保温杯。"]


def test_found_things_are_read_out_with_their_places() -> None:
    script = small(
        inputs={"orders": {"type": "list"}},
        steps={"ask": {"say": "有{orders}您要哪个？", "answers": {"affirm": "bye"}}},
    )
    _, (actions,) = play(script, inputs={"orders": ORDERS})
    say = next(action for action in actions if isinstance(action, Say))
    assert say.pieces == ("有", "第一个，", "蓝牙耳机，", "第二个，", "保温杯，", "您要哪个？")
    ready = {*shared_pieces(script), *contact_pieces(script, {"orders": ORDERS})}
    assert set(say.pieces) <= ready


@pytest.mark.parametrize(
    ("script", "inputs", "said"),
    [
        (asking({"it": "digits"}), {}, ["零零七三幺", "对"]),
        (asking({"it": "order_no"}), {}, ["YS零零七三幺", "对"]),
        (asking(SEVERAL, missing=MISSING), {}, ["明天", "下午"]),
        (confirming(), {"address": ADDRESS}, ["不对，是八号楼", "对"]),
        (choosing(), {"orders": ORDERS}, ["第二个"]),
        (asking({"it": {"type": "choice", "options": {"big": "大号", "small": "小号"}}}), {}, ["小号"]),
        (asking({"it": "time"}), {}, ["三点半"]),
    ],
)
def test_what_it_says_can_be_made_before_the_call(
    script: CompiledScript, inputs: dict[str, str], said: list[str]
) -> None:
    ready = {*shared_pieces(script), *contact_pieces(script, inputs)}
    _, done = play(script, *said, inputs=inputs)
    pieces = {piece for actions in done for say in actions if isinstance(say, Say) for piece in say.pieces}
    assert pieces <= ready


TALK = st.sampled_from(
    [
        "对",
        "不对",
        "不对，是八号楼",
        "明天",
        "下午",
        "人民路八号",
        "不是明天是后天",
        "没听清",
        "再说一遍",
        "嗯",
        "转人工",
        "你好",
        "",
    ]
)
EVENTS = st.one_of(st.builds(Heard, TALK), st.builds(KeyPressed, st.sampled_from("12#*")), st.just(Silence()))


@settings(max_examples=60)
@given(st.lists(EVENTS, min_size=1, max_size=30))
def test_any_talk_while_it_asks_ends_or_waits_and_keeps_all_values_or_none(events: list[Event]) -> None:
    state, done = play(asking(SEVERAL, missing=MISSING), *events)
    assert set(state.slots) in (set(), set(SEVERAL))
    for actions in done:
        assert not actions or isinstance(actions[-1], Listen | End)


def test_what_is_corrected_or_chosen_is_as_private_as_where_it_comes_from(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    inputs = "inputs: {address: {type: address, private: identity}, orders: {type: list, private: identity}}\n"
    steps = f"""
greet:
  say: {OPENING}是本人吗？
  answers: {{affirm: {{to: where, proves: identity}}, deny: bye}}
where:
  say: 您的地址对吗？
  ask: {{place: address, current: address, same: which, changed: which, gave_up: bye}}
  read_back: 您说的是{{place}}，对吗？
  missing:
    place: 请说新的地址。
which:
  say: 哪一个？
  ask: {{order: one_of, from: orders, gave_up: bye}}
  then: told
told:
  say: 好的，{{order}}。
  then: bye
"""
    assert shop.errors(steps, inputs) == set()
    assert shop.errors(steps.replace(", proves: identity", ""), inputs) == {"S404"}


@cache
def booking() -> CompiledScript:
    return compile_revision(build_revision(Path(__file__).parents[2] / "scripts_dsl" / "delivery_booking.yaml"))


BOOKED = {"name": "王女士", "orders": ORDERS, "address": ADDRESS}
WALK = st.sampled_from(
    ["是我", "不是", "第一个", "耳机那个", "对的", "不对", "不对，是八号楼", "明天上午",
     "后天", "晚上", "没有电梯", "到了打电话", "嗯", "等一下", "再说一遍",
     "呼噜呼噜", "幺三八零零幺三八零零零", "送到人民路八号", "不是八号楼"]
)  # fmt: skip
WALKED = st.one_of(st.builds(Heard, WALK), st.builds(KeyPressed, st.sampled_from("0123456789#*")), st.just(Silence()))


@settings(max_examples=60)
@given(st.lists(WALKED, max_size=60))
def test_a_walk_through_every_way_of_asking_tells_no_stranger_and_ends(events: list[Event]) -> None:
    state = begin(booking(), BOOKED, NOW)
    proven = False
    for event in (Answered(), *events):
        state, actions = advance(booking(), state, event)
        proven |= "which" in state.path
        told = "".join(spoken(actions))
        assert proven or not any(secret in told for secret in ("文三路", "蓝牙耳机", "保温杯"))
        assert "{" not in told
        assert not actions or isinstance(actions[-1], Listen | End | Transfer)
    state, _ = advance(booking(), state, TimeUp("longest"))
    assert state.ended

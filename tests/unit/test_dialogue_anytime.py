"""What may come in any step: questions, feelings, machines, asking again; counted exactly as the language says."""

from pathlib import Path

import pytest

from callbot.call.text_session import TextSession
from callbot.dialogue.engine import advance, begin
from callbot.dialogue.pieces import shared_pieces
from callbot.messages import (
    Answered,
    End,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    Listen,
    MachineHeard,
    PromptFinished,
    Silence,
    Ticket,
    Webhook,
)
from callbot.script.revision import build_revision, read_revision
from tests.unit.script_workshop import NOW, OPENING, Workshop, last, said, talk, workshop

pytestmark = pytest.mark.unit

GREET = f"{OPENING}好吗？"
STEPS = f"""
greet:
  say:
    first: {GREET}
    silence: 还在吗？
    unclear: 没听清。
    repeat: 好吗？
  answers: {{affirm: second, deny: bye}}
  keys: {{"1": second, "0": person}}
second:
  say: 真的吗？
  answers: {{affirm: greet}}
"""
UNCLEAR = Heard("呼噜呼噜")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    made = workshop(tmp_path)
    made.add(
        "knowledge/payment.yaml",
        """\
        dsl: 1
        kind: faq
        title: 付款
        entries:
          wechat:
            questions: [(可以|能)用微信, 微信付]
            answer: 可以用微信付。
          invoice:
            questions: [开发票, 有没有发票]
            answer: 发票在订单页面开。
        """,
    )
    return made


def heard(shop: Workshop, *events: Event, top: str = "", steps: str = STEPS) -> list[list[str]]:
    """The sentences that each event brought."""
    session = TextSession(shop.compile(steps, top), {}, NOW)
    return [said(turn.actions) for turn in (session.start(), *(session.give(event) for event in events))]


# ---------------------------------------------------------------- counters


def test_silence_and_unclear_are_counted_apart(shop: Workshop) -> None:
    assert heard(shop, UNCLEAR, Silence(), UNCLEAR)[1:3] == [["没听清。"], ["还在吗？"]]
    script = shop.compile(STEPS)
    assert talk(script, UNCLEAR, Silence(), UNCLEAR).state.outcome == "lost"
    assert talk(script, Silence(), UNCLEAR, Silence()).state.outcome == "quiet"


def test_two_tries_say_the_prompt_at_most_twice(shop: Workshop) -> None:
    assert heard(shop, Silence(), Silence()) == [[GREET], ["还在吗？"], []]
    assert heard(shop, UNCLEAR, UNCLEAR) == [[GREET], ["没听清。"], []]


@pytest.mark.parametrize(
    "understood",
    [Heard("", "repeat"), Heard("", "slower"), Heard("能用微信付吗"), Heard("", "repeat", during_prompt=True)],
)
@pytest.mark.parametrize("failure", [Silence(), UNCLEAR])
def test_anything_understood_sets_both_back(shop: Workshop, understood: Event, failure: Event) -> None:
    script = shop.compile(STEPS, "faq: [payment]\n")
    session = talk(script, failure, understood, failure)
    assert not session.state.ended
    assert session.give(failure).after.ended


@pytest.mark.parametrize("failure", [Silence(), UNCLEAR])
@pytest.mark.parametrize("onward", [Heard("", "affirm"), KeyPressed("1")])
def test_coming_into_a_step_again_starts_at_zero(shop: Workshop, failure: Event, onward: Event) -> None:
    script = shop.compile(STEPS)
    session = talk(script, failure, onward, failure, Heard("", "affirm"), failure)
    assert session.state.step == "greet"
    assert session.give(failure).after.ended


def test_a_key_without_meaning_is_unclear(shop: Workshop) -> None:
    assert talk(shop.compile(STEPS), KeyPressed("7"), UNCLEAR).state.outcome == "lost"


def test_keys_of_a_number_count_when_it_is_complete(shop: Workshop) -> None:
    ask = "ask: {order_no: digits, gave_up: lost}\n  read_back: off\n  then: bye\n"
    steps = f"greet:\n  say: {OPENING}请输入。\n  {ask}"
    script = shop.compile(steps)
    session = talk(script, Silence(), KeyPressed("2"), KeyPressed("*"))
    assert session.state.counters["turns"] == 1
    assert session.give(Silence()).after.outcome == "lost"


# ---------------------------------------------------------------- questions in between


def test_a_question_is_answered_and_the_prompt_said_again(shop: Workshop) -> None:
    script = shop.compile(STEPS, "faq: [payment]\n")
    turn = talk(script).give(Heard("那个，可以用微信吗？"))
    assert said(turn.actions) == ["可以用微信付。", "好吗？"]
    assert isinstance(turn.actions[-1], Listen)
    assert turn.after.step == "greet"
    assert turn.after.understood is not None
    assert turn.after.understood.why == "faq payment.wechat: phrase 可以用微信"
    assert "可以用微信付。" in shared_pieces(script)


def test_an_answer_of_the_step_comes_before_a_question(shop: Workshop) -> None:
    script = shop.compile(STEPS, "faq: [payment]\n")
    assert talk(script, Heard("好的好的，微信付")).state.step == "second"


def test_questions_are_counted_in_a_call(shop: Workshop) -> None:
    top = "faq: {from: [payment], at_most: 2, else: person}\n"
    asked = Heard("能用微信吗")
    script = shop.compile(STEPS, top)
    assert not talk(script, asked, Heard("", "affirm"), asked).state.ended
    assert talk(script, asked, Heard("", "affirm"), asked, asked).state.outcome == "person"


def test_a_question_interrupts_and_a_murmur_does_not(shop: Workshop) -> None:
    script = shop.compile(STEPS, "faq: [payment]\n")
    assert last(script, Heard("能用微信吗", during_prompt=True))
    assert last(script, Heard("呼噜", during_prompt=True)) == ()


def test_a_revision_holds_only_the_categories_it_uses(shop: Workshop) -> None:
    assert read_revision(build_revision(shop.script(STEPS))).faq == {}
    bundle = read_revision(build_revision(shop.script(STEPS, "faq: [payment]\n")))
    assert sorted(bundle.faq) == ["payment.invoice", "payment.wechat"]


@pytest.mark.parametrize(
    ("top", "code"),
    [
        ("faq: [paymnt]\n", "S219"),
        ("faq: {from: [paymnt]}\n", "S219"),
        ("faq: {from: [payment], at_most: 2}\n", "S109"),
        ("faq: {from: [payment], at_most: 2, else: nowhere}\n", "S203"),
        ("faq: []\n", "S103"),
    ],
)
def test_unusable_knowledge_is_an_error(shop: Workshop, top: str, code: str) -> None:
    assert shop.errors(STEPS, top) == {code}


def test_answers_are_short_and_without_values(shop: Workshop) -> None:
    shop.add(
        "knowledge/payment.yaml",
        """\
        dsl: 1
        kind: faq
        entries:
          one: {questions: [开发票], answer: '给{name}开。'}
          two: {questions: [(要|开)发票], answer: 一。二。三。}
        """,
    )
    found = [(each.severity, each.fragment.strip()[:3]) for each in shop.lint(STEPS, "faq: [payment]\n")]
    assert sorted(found) == [("error", "one"), ("warning", "two"), ("warning", "two")]


# ---------------------------------------------------------------- feelings


def with_angry(row: str) -> str:
    return STEPS + f"  anytime: {{angry: {row}}}\n"


@pytest.mark.parametrize(
    ("event", "step"),
    [
        (Heard("呼噜呼噜", emotion="angry"), "person"),
        (Heard("", "affirm", emotion="angry"), "greet"),
        (Heard("", "repeat", emotion="angry"), "person"),
        (Heard("能用微信吗", emotion="angry"), "person"),
        (Heard("呼噜呼噜", emotion="happy"), "second"),
    ],
)
def test_a_feeling_counts_where_words_lead_nowhere(shop: Workshop, event: Heard, step: str) -> None:
    script = shop.compile(with_angry("person"), "faq: [payment]\n")
    assert talk(script, Heard("", "affirm"), event).state.step == step


def test_a_feeling_may_bring_an_aside(shop: Workshop) -> None:
    steps = STEPS + "  anytime:\n    angry:\n      say: 非常抱歉。\n      back: prompt\n"
    turn = talk(shop.compile(steps), Heard("", "affirm")).give(Heard("呼噜呼噜", emotion="angry"))
    assert said(turn.actions) == ["非常抱歉。", "真的吗？"]


# ---------------------------------------------------------------- machines


def test_a_machine_ends_the_call(shop: Workshop) -> None:
    session = talk(shop.compile(STEPS), MachineHeard())
    assert session.state.outcome == "machine"


def test_a_message_may_be_left(shop: Workshop) -> None:
    steps = STEPS + "message:\n  say: 请您回电。\n  end: {outcome: machine, retry_in: 4h}\n"
    actions = last(shop.compile(steps, "on_machine: message\n"), Heard("", "affirm"), MachineHeard())
    assert said(actions) == ["请您回电。"]
    assert actions[-1] == End("machine", retry_in_ms=4 * 3_600_000)


def test_a_machine_before_pick_up_means_nothing(shop: Workshop) -> None:
    script = shop.compile(STEPS)
    assert advance(script, begin(script, {}, NOW), MachineHeard())[1] == ()


def test_a_message_is_said_and_ended_and_tells_no_secrets(shop: Workshop) -> None:
    inputs = "inputs: {due: {type: money, private: identity}}\n"
    assert shop.errors(STEPS, "on_machine: second\n") == {"S304"}
    secret = STEPS.replace("affirm: second", "affirm: {to: second, proves: identity}")
    secret += "message:\n  say: 还差{due}。\n  end: {outcome: machine}\n"
    assert shop.errors(secret, inputs + "on_machine: message\n") == {"S404"}
    assert shop.errors(STEPS, "on_machine: nowhere\n") == {"S203"}
    assert shop.errors(STEPS, "on_machine: bye\n", kind="hotline") == {"S210"}


# ---------------------------------------------------------------- what follows a call


def test_an_end_leaves_a_ticket_and_tells_a_system(shop: Workshop) -> None:
    steps = STEPS + (
        "wrong:\n  end:\n    outcome: dispute\n    ticket: {queue: finance, text: '{name}说{due}不对'}\n"
        "    webhook: {name: crm, with: [due]}\n"
    )
    inputs = "inputs: {name: {type: text}, due: {type: money}}\n"
    script = shop.compile(steps.replace("deny: bye", "deny: wrong"), inputs)
    session = TextSession(script, {"name": "王女士", "due": "128.5"}, NOW)
    session.start()
    assert session.give(Heard("", "deny")).actions[-1] == End(
        "dispute",
        ticket=Ticket("finance", "王女士说128.50元不对"),
        webhook=Webhook("crm", {"due": "128.50"}),
    )


def test_values_of_tickets_and_webhooks_must_be_there(shop: Workshop) -> None:
    for end in ("ticket: {queue: finance, text: '{dew}'}", "webhook: {name: crm, with: [dew]}"):
        assert shop.errors(STEPS + f"odd: {{end: {{outcome: odd, {end}}}}}\n") == {"S204"}


def test_a_hang_up_may_have_tags_and_a_call_back(shop: Workshop) -> None:
    top = "hangup: [{after: greet, outcome: informed, sms: pay_link, tags: [听完], retry_in: 2h}, {outcome: hung_up}]\n"
    inputs = "inputs: {name: {type: text}, order_no: {type: digits}, due: {type: money}, deadline: {type: date}}\n"
    path = shop.script(STEPS, inputs)
    path.write_text(path.read_text("utf-8").replace("hangup: {outcome: hung_up}\n", top), "utf-8")
    from callbot.dialogue.engine import compile_revision

    script = compile_revision(build_revision(path))
    state = begin(script, {"name": "李", "order_no": "1", "due": "1", "deadline": "2026-06-30"}, NOW)
    for event in (Answered(), PromptFinished(1)):
        state, _ = advance(script, state, event)
    assert advance(script, state, HungUp())[1] == (End("informed", ("听完",), "pay_link", retry_in_ms=2 * 3_600_000),)


# ---------------------------------------------------------------- hotlines


HOTLINE = f"""
begin:
  check: dialled
  rows:
    - {{is: "4008001234", to: greet}}
  otherwise: second
greet:
  say: {OPENING}这里是售后，好吗？
  answers: {{affirm: look}}
second:
  say: {OPENING}这里是售前，好吗？
  answers: {{affirm: look}}
look:
  check: caller
  rows:
    - {{empty: true, to: bye}}
  otherwise: told
told:
  say: 您的号码是{{caller}}。
  end: {{outcome: told}}
"""


@pytest.mark.parametrize(
    ("dialled", "caller", "path"),
    [
        ("4008001234", "13800138000", ("begin", "greet", "look", "told")),
        ("+864008001234", "anonymous", ("begin", "second", "look", "bye")),
        ("", "", ("begin", "second", "look", "bye")),
    ],
)
def test_a_hotline_knows_the_dialled_number_and_the_caller(
    shop: Workshop, dialled: str, caller: str, path: tuple[str, ...]
) -> None:
    script = shop.compile(HOTLINE, kind="hotline", start="begin")
    session = talk(script, Heard("", "affirm"), inputs={"dialled": dialled, "caller": caller})
    assert session.state.path == path
    assert session.state.slots == {}, "they are not what was learned in the call"


def test_the_caller_is_spoken_only_where_he_is_known(shop: Workshop) -> None:
    unchecked = HOTLINE.replace("{empty: true, to: bye}", '{is: "13800138000", to: bye}')
    assert shop.errors(unchecked, kind="hotline", start="begin") == {"S305"}
    assert shop.errors(HOTLINE.replace("check: dialled", "check: now"), start="begin") >= {"S204"}

"""``call``: flows of other files, put in where they are called, with their names, places, proofs and values."""

from pathlib import Path

import pytest

from callbot.messages import Heard, KeyPressed, Say, Silence
from callbot.script.findings import render
from callbot.script.revision import build_revision, read_revision
from tests.unit.script_workshop import OPENING, Workshop, said, talk, workshop

pytestmark = pytest.mark.unit

VERIFY = """\
dsl: 1
id: verify_identity
kind: flow
takes: {order_no: digits}
gives: [tail]
exits: [passed, failed]
start: ask_tail
steps:
  ask_tail:
    say: 请说订单号。
    ask: {tail: digits, gave_up: failed}
    read_back: off
    then: compare
  compare:
    check: tail
    rows:
      - {is: "{order_no}", to: passed, proves: identity}
    otherwise: {to: ask_again, at_most: 1, else: failed}
  ask_again:
    say: 不对，请再说一遍。
    ask: {tail: digits, gave_up: failed}
    read_back: off
    then: compare
  passed:
    say: 核对好了。
    exit: passed
  failed:
    say: 没有核对上。
    exit: failed
"""
STEPS = f"""
greet:
  say: {OPENING}好吗？
  answers: {{affirm: verify, deny: bye}}
verify:
  say: 先核对一下。
  call: verify_identity
  exits: {{passed: told, failed: person}}
told:
  say: 还差{{due}}。
  end: {{outcome: told}}
"""
INPUTS = "inputs: {order_no: {type: digits}, due: {type: money, private: identity}}\n"
CONTACT = {"order_no": "00731", "due": "5"}
RIGHT, WRONG = Heard("零零七三一"), Heard("零零七三二")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    made = workshop(tmp_path)
    made.add("common/verify_identity.yaml", VERIFY)
    return made


def test_a_flow_is_gone_through_and_left_by_its_exits(shop: Workshop) -> None:
    script = shop.compile(STEPS, INPUTS)
    session = talk(script, Heard("", "affirm"), RIGHT, inputs=CONTACT)
    assert session.state.outcome == "told"
    assert session.state.path == (
        "greet",
        "verify",
        "verify__ask_tail",
        "verify__compare",
        "verify__passed",
        "verify__exit_passed",
        "told",
    )
    assert talk(script, Heard("", "affirm"), WRONG, WRONG, inputs=CONTACT).state.outcome == "person"
    assert talk(script, Heard("", "affirm"), Silence(), Silence(), inputs=CONTACT).state.outcome == "person"


def test_sentences_of_the_caller_and_the_flow_follow_each_other(shop: Workshop) -> None:
    session = talk(shop.compile(STEPS, INPUTS), inputs=CONTACT)
    assert said(session.give(Heard("", "affirm")).actions) == ["先核对一下。", "请说订单号。"]
    assert said(session.give(RIGHT).actions) == ["核对好了。", "还差5.00元。"]


def test_the_rules_of_the_script_hold_in_the_flow(shop: Workshop) -> None:
    session = talk(shop.compile(STEPS, INPUTS), Heard("", "affirm"), Heard("", "human"), inputs=CONTACT)
    assert session.state.outcome == "person"


def test_the_revision_stands_alone(shop: Workshop) -> None:
    revision = build_revision(shop.script(STEPS, INPUTS))
    (shop.root / "common" / "verify_identity.yaml").unlink()
    assert "verify__ask_tail" in read_revision(revision).script.steps


def test_privacy_is_proved_through_the_exits(shop: Workshop) -> None:
    assert shop.errors(STEPS, INPUTS) == set()
    assert shop.errors(STEPS.replace("failed: person", "failed: told"), INPUTS) == {"S404"}
    shop.add("common/verify_identity.yaml", VERIFY.replace(", proves: identity", ""))
    assert shop.errors(STEPS, INPUTS) == {"S404"}


def test_a_limited_exit_counts_the_exit(shop: Workshop) -> None:
    steps = STEPS.replace("failed: person", "failed: {to: verify, at_most: 1, else: person}")
    script = shop.compile(steps, INPUTS)
    once = [Heard("", "affirm"), WRONG, WRONG]
    assert talk(script, *once, inputs=CONTACT).state.step == "verify__ask_tail"
    assert talk(script, *once, Silence(), Silence(), inputs=CONTACT).state.outcome == "person"


def test_flows_call_flows(shop: Workshop) -> None:
    shop.add(
        "common/outer.yaml",
        """\
        dsl: 1
        id: outer
        kind: flow
        takes: {order_no: digits}
        exits: [done]
        start: inner
        steps:
          inner:
            call: verify_identity
            exits: {passed: leave, failed: leave}
          leave: {exit: done}
        """,
    )
    steps = STEPS.replace("call: verify_identity", "call: outer").replace(
        "exits: {passed: told, failed: person}", "exits: {done: bye}"
    )
    session = talk(shop.compile(steps.split("told:")[0], INPUTS), Heard("", "affirm"), RIGHT, inputs=CONTACT)
    assert session.state.outcome == "done"
    assert "verify__inner__passed" in session.state.path


def test_one_flow_may_be_called_from_several_steps(shop: Workshop) -> None:
    steps = STEPS + "again:\n  say: 再来。\n  call: verify_identity\n  exits: {passed: bye, failed: bye}\n"
    steps = steps.replace("deny: bye", "deny: again")
    assert "again__compare" in talk(shop.compile(steps, INPUTS), Heard("", "deny"), RIGHT, inputs=CONTACT).state.path


def test_a_menu_is_shared_as_a_flow(shop: Workshop) -> None:
    shop.add(
        "common/menu.yaml",
        """\
        dsl: 1
        id: menu
        kind: flow
        exits: [orders, returns]
        start: main
        steps:
          main:
            say: 查订单请按1，退货请按2。
            keys: {"1": orders, "2": returns, "0": orders}
            answers: {order_query: orders}
          orders: {exit: orders}
          returns: {exit: returns}
        """,
    )
    steps = f"""
    greet:
      say: {OPENING}
      call: menu
      exits: {{orders: bye, returns: person}}
    """
    script = shop.compile(steps, kind="hotline")
    assert talk(script, KeyPressed("2")).state.outcome == "person"
    (zero,) = [found for found in shop.lint(steps, kind="hotline") if found.code == "S408"]
    assert zero.path.name == "menu.yaml", "a finding stands where the flow is written"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("call: verify_identity", "call: verify_idntity"), "S213"),
        (("exits: {passed: told, failed: person}", "exits: {passed: told}"), "S214"),
        (("failed: person}", "failed: person, other: bye}"), "S214"),
        (("exits: {passed: told, failed: person}", "then: told"), "S106"),
        (("answers: {affirm: verify, deny: bye}", "exit: passed"), "S212"),
    ],
)
def test_calls_that_do_not_fit_are_errors(shop: Workshop, change: tuple[str, str], code: str) -> None:
    steps = STEPS.replace(*change)
    assert steps != STEPS
    assert shop.errors(steps, INPUTS) == {code}


def test_a_flow_takes_what_the_script_has(shop: Workshop) -> None:
    assert "S214" in shop.errors(STEPS, INPUTS.replace("order_no: {type: digits}", "order_no: {type: money}"))


def test_only_what_a_flow_gives_can_be_used(shop: Workshop) -> None:
    steps = STEPS.replace("还差{due}", "请听{tail}，还差{due}")
    assert shop.errors(steps, INPUTS) == set()
    shop.add("common/verify_identity.yaml", VERIFY.replace("gives: [tail]\n", ""))
    assert shop.errors(steps, INPUTS) == {"S214"}


def test_a_value_has_one_type(shop: Workshop) -> None:
    other = "other:\n  say: 多少？\n  ask: {due: digits, gave_up: bye}\n  read_back: off\n  then: bye\n"
    assert shop.errors(STEPS.replace("deny: bye", "deny: other") + other, INPUTS) == {"S215"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("start: ask_tail", "start: ask_tai"), "S203"),
        (("gave_up: failed}\n", "gave_up: faild}\n"), "S203"),
        (("exit: failed\n", "exit: faild\n"), "S212"),
        (("exits: [passed, failed]", "exits: [passed, failed, third]"), "S212"),
        (("id: verify_identity", "id: verify"), "S209"),
    ],
)
def test_what_is_wrong_in_a_flow_is_found_in_its_file(shop: Workshop, change: tuple[str, str], code: str) -> None:
    assert change[0] in VERIFY
    shop.add("common/verify_identity.yaml", VERIFY.replace(*change, 1))
    found = shop.lint(STEPS, INPUTS)
    assert code in {each.code for each in found if each.path.name == "verify_identity.yaml"}, render(found)


def test_a_flow_cannot_call_itself(shop: Workshop) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        shop.add(
            f"common/{name}.yaml",
            f"""\
            dsl: 1
            id: {name}
            kind: flow
            exits: [done]
            start: go
            steps:
              go:
                call: {other}
                exits: {{done: leave}}
              leave: {{exit: done}}
            """,
        )
    steps = f"greet:\n  say: {OPENING}\n  call: one\n  exits: {{done: bye}}\n"
    assert shop.errors(steps) == {"S213"}


def test_names_of_flow_steps_are_not_free(shop: Workshop) -> None:
    assert "S213" in shop.errors(STEPS + "verify__compare:\n  end: {outcome: odd}\n", INPUTS)


def test_sentences_of_a_flow_are_made_ready(shop: Workshop) -> None:
    from callbot.dialogue.pieces import shared_pieces

    pieces = shared_pieces(shop.compile(STEPS, INPUTS))
    turn = talk(shop.compile(STEPS, INPUTS), inputs=CONTACT).give(Heard("", "affirm"))
    assert {piece for say in turn.actions if isinstance(say, Say) for piece in say.pieces} <= set(pieces)

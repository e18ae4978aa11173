"""However a call goes: every script of the project, and one with every kind of step, driven by random events."""

import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbot.dialogue.engine import CompiledScript, DialogueState, advance, begin, compile_revision
from callbot.dialogue.pieces import reading
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
    MachineHeard,
    PromptFinished,
    Say,
    Silence,
    TimeUp,
    Transfer,
)
from callbot.script import lint, template
from callbot.script.graph import exits, sentences
from callbot.script.library import load
from callbot.script.revision import build_revision
from callbot.script.source import read
from callbot.zh.written import written
from tests.unit.script_workshop import NOW, OPENING, workshop

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
ACTIONS = load(ROOT / "scripts_dsl").actions
SCRIPTS = sorted(
    path
    for folder in ("scripts_dsl", "ivr_flows")
    for path in (ROOT / folder).glob("*.yaml")
    if lint.kind(read(path)) in ("campaign", "hotline")
)
EVERYTHING = "everything"

TOP = """\
inputs: {order_no: {type: digits}, due: {type: money, private: identity}, deadline: {type: date}}
hours: {service: {workdays: 09:00-18:00}}
faq: {from: [payment], at_most: 2, else: person}
on_machine: message
"""
STEPS = f"""
greet:
  say:
    first: {OPENING}方便吗？
    unclear: 没听清，方便吗？
  barge_in: {{by: meaning}}
  answers: {{affirm: verify, deny: bye, busy: {{to: when, at_most: 1, else: bye}}}}
  keys: {{"1": verify, "0": handover}}
  anytime: {{angry: handover}}
verify:
  say: 先核对一下。
  call: verify
  exits: {{passed: late, failed: {{to: verify, at_most: 1, else: handover}}}}
late:
  check: deadline
  rows:
    - {{before: today, to: handover}}
  otherwise: open
open:
  check: service
  rows:
    - {{is: open, to: amount}}
  otherwise: amount
amount:
  say: 还差{{due}}，请在{{deadline}}前付，好吗？
  barge_in: {{after: 800ms}}
  answers: {{affirm: paid, already_paid: paid}}
paid:
  do: {{action: payment_status, with: [order_no], timeout: 3s}}
  results: {{paid: thanks, unpaid: amount, failed: handover}}
thanks:
  say: 感谢您支付{{due}}，再见。
  end:
    outcome: paid
    ticket: {{queue: finance, text: "{{order_no}}付了{{due}}"}}
    webhook: {{name: crm, with: [due]}}
when:
  say: 什么时候方便？
  ask: {{callback_at: datetime, gave_up: bye}}
  then: greet
handover:
  say: 正在转接。
  transfer: {{queue: finance, failed: bye}}
message:
  say: 请回电。
  end: {{outcome: machine, retry_in: 4h}}
"""
VERIFY = """\
dsl: 1
id: verify
kind: flow
takes: {order_no: digits}
exits: [passed, failed]
start: ask
steps:
  ask:
    say: 请说订单号。
    ask: {tail: digits, gave_up: failed}
    read_back: off
    then: compare
  compare:
    check: tail
    rows:
      - {is: "{order_no}", to: passed, proves: identity}
    otherwise: failed
  passed: {exit: passed}
  failed: {exit: failed}
"""
PAYMENT = "dsl: 1\nkind: faq\nentries:\n  how: {questions: [怎么付], answer: 用微信付。}\n"


@cache
def script(name: str) -> CompiledScript:
    if name != EVERYTHING:
        return compile_revision(build_revision(ROOT / name))
    with tempfile.TemporaryDirectory() as folder:
        shop = workshop(Path(folder))
        shop.add("common/verify.yaml", VERIFY)
        shop.add("knowledge/payment.yaml", PAYMENT)
        return shop.compile(STEPS, TOP)


INPUTS = {
    **{"text": "王女士", "name": "王女士", "digits": "20731", "order_no": "20731", "money": "8317.46"},
    **{"phone": "13800138000", "date": "2026-06-30", "time": "15:30", "datetime": "2026-06-30T15:30:00+08:00"},
    **{"address": "杭州市西湖区文三路八号", "list": '[{"value":"20731","name":"蓝牙耳机"}]'},
}
WORDS = [
    "",
    "呼噜",
    "喂",
    "是的",
    "不是",
    "二零七三一",
    "20732",
    "明天下午三点",
    "一百块",
    "再说一遍",
    "等一下",
    "怎么付",
    "转人工",
]
RESULTS = sorted({result for spec in ACTIONS.values() for result in spec.results} | {"failed", "connected", "strange"})
GIVEN = st.dictionaries(
    st.sampled_from(sorted({name for spec in ACTIONS.values() for name in spec.gives})),
    st.sampled_from(["已经发货", "20731", "8", ""]),
)


def events(of: CompiledScript) -> st.SearchStrategy[Event]:
    intents = sorted(of.intents.table)
    return st.one_of(
        st.builds(Heard, st.just(""), st.sampled_from(intents), during_prompt=st.booleans()),
        st.builds(Heard, st.sampled_from(WORDS), during_prompt=st.booleans(), emotion=st.sampled_from(["", "angry"])),
        st.builds(KeyPressed, st.sampled_from("0123456789*#")),
        st.just(Silence()),
        st.builds(PromptFinished, st.integers(0, 12)),
        st.builds(
            ActionFinished,
            st.sampled_from(["transfer", *ACTIONS]),
            st.sampled_from(RESULTS),
            GIVEN,
        ),
        st.sampled_from([HungUp(), MachineHeard(), TimeUp("longest"), Answered()]),
    )


class Walk:
    """A call and what must hold at every step of it."""

    def __init__(self, of: CompiledScript) -> None:
        self.of = of
        inputs = {name: INPUTS[spec.type] for name, spec in of.script.inputs.items()}
        secret = {name: "蓝牙耳机" for name, spec in of.script.inputs.items() if spec.private and spec.type == "text"}
        inputs |= secret  # not what a public input holds too
        self.state = begin(of, inputs, NOW)
        self.proven: set[str] = set()
        self.waits = False

    def give(self, event: Event) -> None:
        before = self.state
        self.state, actions = advance(self.of, before, event)
        assert advance(self.of, before, event) == (self.state, actions), "the engine is a function"
        self._prove(before)
        self._spoken(actions)
        if any(isinstance(action, Listen | Do | Transfer | End) for action in actions):
            self.waits = True
        assert self.state.ended or not self.state.path or self.waits, "somebody is waited for, for a time that ends"
        assert self.state.ended == (before.ended or any(isinstance(action, End) for action in actions))
        assert not (before.ended and actions)

    def _prove(self, before: DialogueState) -> None:
        for counter, taken in self.state.counters.items():
            if counter.startswith("jump:") and taken > before.counters.get(counter, 0):
                _, at, way = counter.split(":", 2)
                jump = exits(self.of.script, self.of.script.steps[at]).get(way)
                if jump is not None and jump.proves is not None and jump.to in self.state.path:
                    self.proven.add(jump.proves)

    def _spoken(self, actions: tuple[Action, ...]) -> None:
        for say in (action for action in actions if isinstance(action, Say)):
            assert say.pieces
            assert all(say.pieces)
            for name, spec in self.of.script.inputs.items():
                if spec.private is not None and spec.private not in self.proven:
                    kind, value = self.of.kinds[name], self.state.variables[name]
                    for secret in (value, written(kind, value), "".join(reading(kind, value, NOW))):
                        assert secret not in say.text + "".join(say.pieces)
            if say.step in self.state.path and self.state.said[say.number - 1]:
                for name in self._values(say):
                    assert self.state.variables.get(name), f"{name} is spoken unset in {say.step}"

    def _values(self, say: Say) -> set[str]:
        """The values that every variant of the step's sentence holds."""
        held = [set(template.values(text)) for _, text in sentences(say.step, self.of.script.steps[say.step])]
        return set.intersection(*held) if held else set()


@pytest.mark.parametrize("name", [EVERYTHING, *(str(path.relative_to(ROOT)) for path in SCRIPTS)])
@settings(max_examples=25)
@given(data=st.data())
def test_every_walk_is_safe_and_ends(name: str, data: st.DataObject) -> None:
    walk = Walk(script(name))
    walk.give(Answered())
    for event in data.draw(st.lists(events(walk.of), max_size=25)):
        walk.give(event)
    # A customer who only ever says something that leads nowhere: the limit of turns ends the call.
    for _ in range(walk.of.script.longest.turns + 1):
        walk.give(data.draw(st.sampled_from([Silence(), Heard("呼噜"), KeyPressed("9"), Heard("", "repeat")])))
        if walk.state.asking.keyed:
            walk.give(Silence())  # the pause after a key runs out; a number counts as one turn however many keys it has
        walk.give(ActionFinished("transfer", "failed"))
        for action in ACTIONS:
            walk.give(ActionFinished(action, "failed"))
    assert walk.state.ended


def test_every_limit_of_time_ends_the_call() -> None:
    for name in [EVERYTHING, *(str(path.relative_to(ROOT)) for path in SCRIPTS)]:
        walk = Walk(script(name))
        walk.give(Answered())
        walk.give(TimeUp("longest"))
        assert walk.state.ended


def test_the_walk_sees_a_secret() -> None:
    """The property can fail: what lint forbids is noticed."""
    walk = Walk(script(EVERYTHING))
    walk.give(Answered())
    said = Say(1, "greet", "还差8317.46元", ("还差", "8317.46"))
    with pytest.raises(AssertionError):
        walk._spoken((said,))

"""For every code of lint a piece that gets it and the same piece put right, for ``callbot explain``.

Each piece belongs into one of five sound files. The tests put it there: only the wrong one brings its code.
"""

from dataclasses import dataclass
from typing import Literal

FileName = Literal[
    "example.yaml",
    "intents/example.yaml",
    "common/example_flow.yaml",
    "knowledge/example_faq.yaml",
    "example.test.yaml",
]

SCRIPT = """\
dsl: 1
id: example
title: 付款提醒
kind: campaign
use: [common_endings]
faq: [example_faq]
inputs:
  name: {type: text, label: 客户称呼}
  order_no: {type: digits, label: 订单号}
  due: {type: money, label: 尾款金额, private: identity}
  deadline: {type: date, label: 最晚付款日}
defaults:
  silence: {wait: 5s, tries: 2, then: unreachable}
  unclear: {tries: 2, then: handover}
  anytime: {human: handover, stop_calling: opt_out}
longest: {turns: 40, time: 5m, then: later}
hangup: {outcome: hung_up}
start: greet
steps:
  greet:
    say: 您好，我是云杉商城的智能语音助手，请问是{name}本人吗？
    answers: {affirm: {to: remind, proves: identity}, deny: wrong_person}
  remind:
    say: 您还有尾款{due}，今天方便支付吗？
    answers: {pay_today: verify, pay_later: call_later, already_paid: check}
    keys: {"1": thanks, "0": handover}
  check:
    do: {action: payment_status, with: [order_no], timeout: 3s}
    results: {paid: thanks, unpaid: amount, failed: handover}
  amount:
    check: due
    rows:
      - {at_least: 1000, to: handover}
    otherwise: thanks
  verify:
    call: example_flow
    exits: {passed: thanks, failed: handover}
  call_later:
    say: 好的，您看什么时候方便？
    ask: {callback_at: datetime, gave_up: later}
    then: promise
  promise:
    say: 好的，{callback_at}再联系您，再见。
    end: {outcome: callback, retry_at: callback_at}
  thanks:
    say: 感谢您，付款链接稍后用短信发给您，再见。
    end: {outcome: promised, sms: pay_link}
  later:
    say: 好的，过后再联系您，再见。
    end: {outcome: callback, retry_in: 4h}
  handover:
    say: 正在为您转接人工，请稍候。
    transfer: {queue: finance, failed: later}
"""

INTENTS = """\
dsl: 1
kind: intents
intents:
  pay_today:
    title: 今天付
    phrases: [今天就转账, 马上转账]
  pay_later:
    title: 改天付
    phrases: [改天再转账]
"""

FLOW = """\
dsl: 1
id: example_flow
kind: flow
takes: {order_no: digits}
gives: [last_digits]
exits: [passed, failed]
start: ask_tail
steps:
  ask_tail:
    say: 请说一下手机号的后四位。
    ask: {last_digits: {type: digits, length: 4}, gave_up: lost}
    read_back: off
    then: good
  good:
    exit: passed
  lost:
    exit: failed
"""

KNOWLEDGE = """\
dsl: 1
kind: faq
entries:
  stock:
    questions: [有没有现货, 现在有货吗]
    answer: 都有，三到五天到货。
"""

TESTS = """\
script: example
with: {name: 王女士, order_no: "00731", due: 128.50, deadline: 2026-06-30}
cases:
  - name: 不是本人
    turns: [{hear: deny, bot: 打扰}]
    expect: {outcome: wrong_person, never_said: due}
"""

FILES: dict[FileName, str] = {
    "example.yaml": SCRIPT,
    "intents/example.yaml": INTENTS,
    "common/example_flow.yaml": FLOW,
    "knowledge/example_faq.yaml": KNOWLEDGE,
    "example.test.yaml": TESTS,
}


@dataclass(frozen=True, slots=True)
class Example:
    """A wrong piece and its repair; both stand for ``at`` in a sound file, which is the repair unless told."""

    wrong: str
    right: str
    at: str = ""
    file: FileName = "example.yaml"

    def files(self, piece: str) -> dict[FileName, str]:
        """The files with a piece put in."""
        return {**FILES, self.file: FILES[self.file].replace(self.at or self.right, piece, 1)}


_GREET = "    say: 您好，我是云杉商城的智能语音助手，请问是{name}本人吗？"
_LONG = _GREET.replace("请问", "想跟您核对一下您在我们商城的订单和付款的情况，请问")
_REMIND = "    say: 您还有尾款{due}，今天方便支付吗？"
_ANSWERS = "    answers: {affirm: {to: remind, proves: identity}, deny: wrong_person}"
_SILENCE = "  silence: {wait: 5s, tries: 2, then: unreachable}"
_ANYTIME = "  anytime: {human: handover, stop_calling: opt_out}"
_RESULTS = "    results: {paid: thanks, unpaid: amount, failed: handover}"
_ASK = "    ask: {callback_at: datetime, gave_up: later}"
_LONGEST = "longest: {turns: 40, time: 5m, then: later}"
_LATER = "  later:\n    say: 好的，过后再联系您，再见。\n    end: {outcome: callback, retry_in: 4h}"
_THANKS = "    say: 感谢您，付款链接稍后用短信发给您，再见。"

_BOTH = (
    "    ask: {day: date, callback_at: datetime, gave_up: later}\n"
    "    missing:\n      day: 您看哪一天？\n      callback_at: 那天几点？"
)

EXAMPLES: dict[str, Example] = {
    "S001": Example(
        "    say: {name}您好，我是云杉商城的智能语音助手，是您本人吗？",
        "    say: '{name}您好，我是云杉商城的智能语音助手，是您本人吗？'",
        _GREET,
    ),
    "S002": Example("title: 付款提醒\ntitle: 尾款提醒", "title: 付款提醒"),
    "S003": Example("# 这里还什么都没有写\n", SCRIPT),
    "S021": Example(
        f"    # 允许 S401\n{_LONG}",
        f"    # 允许 S401：开场白由法务定稿\n{_LONG}",
        _GREET,
    ),
    "S101": Example(_ANSWERS.replace("answers", "anwsers"), _ANSWERS),
    "S102": Example("longest: {turns: 40, time: 5m}", _LONGEST),
    "S103": Example("kind: campain", "kind: campaign"),
    "S104": Example(
        "  silence: {wait: 5, tries: 2, then: unreachable}", "  silence: {wait: 5s, tries: 2, then: unreachable}"
    ),
    "S105": Example("  later: {say: 好的,过后再联系您,再见。, end: {outcome: callback, retry_in: 4h}}", _LATER),
    "S106": Example(f"{_LATER}\n    then: thanks", _LATER),
    "S107": Example("    results: {paid: thanks, unpaid: amount}", _RESULTS),
    "S108": Example(
        "    ask: {callback_at: datetime, gave_up: later}",
        "    ask: {callback_at: datetime, gave_up: later}\n    then: promise",
    ),
    "S109": Example(
        "    results: {paid: thanks, unpaid: {to: amount, at_most: 2}, failed: handover}",
        "    results: {paid: thanks, unpaid: {to: amount, at_most: 2, else: later}, failed: handover}",
        _RESULTS,
    ),
    "S110": Example("use: [common_endings]\nchoices: [orders]", "use: [common_endings]"),
    "S111": Example("  最晚付款日: {type: date}", "  deadline: {type: date, label: 最晚付款日}"),
    "S112": Example("    ask: {callback_at: one_of, gave_up: later}", _ASK),
    "S201": Example("use: [common_ending]", "use: [common_endings]"),
    "S202": Example(_ANSWERS.replace("deny", "denny"), _ANSWERS),
    "S203": Example(_ANSWERS.replace("wrong_person", "wrong_persn"), _ANSWERS),
    "S204": Example(_GREET.replace("{name}", "{nam}"), _GREET),
    "S205": Example(
        "    do: {action: payment_state, with: [order_no], timeout: 3s}",
        "    do: {action: payment_status, with: [order_no], timeout: 3s}",
    ),
    "S206": Example("    results: {paid: thanks, failed: handover}", _RESULTS),
    "S207": Example("    end: {outcome: promised, sms: pay_lnk}", "    end: {outcome: promised, sms: pay_link}"),
    "S208": Example(
        "  due: {type: money, label: 尾款金额, private: identity}",
        "  due: {type: money, label: 尾款金额, private: identity}\n  deadline: {type: date, label: 最晚付款日}",
    ),
    "S209": Example("id: exmaple", "id: example"),
    "S210": Example("kind: hotline", "kind: campaign"),
    "S211": Example("      - {before: 2026-06-30, to: handover}", "      - {at_least: 1000, to: handover}"),
    "S212": Example("    exit: pased", "    exit: passed", file="common/example_flow.yaml"),
    "S213": Example("    call: exampel_flow", "    call: example_flow"),
    "S214": Example("    exits: {passed: thanks}", "    exits: {passed: thanks, failed: handover}"),
    "S215": Example(_BOTH.replace("day", "deadline").replace("date,", "datetime,"), _BOTH, _ASK),
    "S216": Example("    ask: {callback_at: one_of, from: due, gave_up: later}", _ASK),
    "S217": Example(_BOTH.partition("\n")[0], _BOTH, _ASK),
    "S218": Example(
        f"{_ASK}\n    read_back: 我再确认一下，对吗？", f"{_ASK}\n    read_back: 是{{callback_at}}，对吗？", _ASK
    ),
    "S219": Example("faq: [exampel_faq]", "faq: [example_faq]"),
    "S231": Example("    transfer: {queue: finanse, failed: later}", "    transfer: {queue: finance, failed: later}"),
    "S232": Example(
        "intents:\n  pay_by_friend:\n    title: 朋友代付\n    phrases: [我朋友替我转账]",
        "intents:",
        file="intents/example.yaml",
    ),
    "S233": Example(
        "    turns: [{hear: denny, bot: 打扰}]", "    turns: [{hear: deny, bot: 打扰}]", file="example.test.yaml"
    ),
    "S234": Example(
        "    end: {outcome: promised, sms: pay_link, webhook: cmr}",
        "    end: {outcome: promised, sms: pay_link, webhook: crm}",
        "    end: {outcome: promised, sms: pay_link}",
    ),
    "S301": Example(f"  goodbye:\n    say: 再见。\n    end: {{outcome: done}}\n{_LATER}", _LATER),
    "S302": Example(_LATER.replace("end: {outcome: callback, retry_in: 4h}", "then: later"), _LATER),
    "S303": Example("    results: {paid: thanks, unpaid: check, failed: handover}", _RESULTS),
    "S304": Example(_LONGEST.replace("later", "remind"), _LONGEST),
    "S305": Example(_THANKS.replace("付款链接稍后", "我们{callback_at}"), _THANKS),
    "S306": Example(
        "hangup: {after: remind, outcome: informed}",
        "hangup:\n  - {after: remind, outcome: informed}\n  - {outcome: hung_up}",
        "hangup: {outcome: hung_up}",
    ),
    "S401": Example(
        "    say: 您还有尾款{due}没有支付，想提醒您尽快打开手机上的应用完成支付，以免错过优惠和发货，您看今天方便吗？",
        _REMIND,
    ),
    "S402": Example(_GREET.replace("智能语音助手", "小云"), _GREET),
    "S403": Example(_GREET.replace("云杉商城的", ""), _GREET),
    "S404": Example(_ANSWERS.replace("{to: remind, proves: identity}", "remind"), _ANSWERS),
    "S405": Example("  anytime: {stop_calling: opt_out}", _ANYTIME),
    "S406": Example("  anytime: {human: handover}", _ANYTIME),
    "S407": Example("    phrases: [改天再转账, 今天就转账]", "    phrases: [改天再转账]", file="intents/example.yaml"),
    "S408": Example('    keys: {"1": thanks, "0": later}', '    keys: {"1": thanks, "0": handover}'),
    "S410": Example(f"{_THANKS}\n    audio: recordings/no_such_file.wav", _THANKS),
    "S411": Example(
        "    say: 好的，{callback_at}再联系您，再见。\n    audio: recordings/promise.wav",
        "    say: 好的，{callback_at}再联系您，再见。",
    ),
    "S412": Example(
        "    answer: 都有。三到五天。还有别的问题吗？",
        "    answer: 都有，三到五天到货。",
        file="knowledge/example_faq.yaml",
    ),
    "S431": Example("    say: 您的订单{order_no}，尾款{due}，最晚{deadline}付，订单{order_no}方便付吗？", _REMIND),
}

"""What a person sees while calls run: which line talks to whom, what was said and understood."""

from dataclasses import dataclass, field

from rich.console import Group
from rich.table import Table
from rich.text import Text as RichText

from callbot.language import tr
from callbot.protocol import CallProgress
from callbot.store.records import Progress

_KEEP_LINES = 14
"""Lines of conversation on the screen: with the table they fit a terminal of 40 lines."""


@dataclass(slots=True)
class _Call:
    line: str
    contact: str
    state: str = ""
    step: str = ""
    outcome: str = ""


@dataclass(slots=True)
class LiveBoard:
    """Collects ``CallProgress`` and draws itself."""

    progress: Progress | None = None
    _calls: dict[str, _Call] = field(default_factory=dict)
    _said: list[RichText] = field(default_factory=list)

    def take(self, message: CallProgress) -> RichText | None:
        """Note one message; returns the line of conversation it adds, if any."""
        call = self._calls.setdefault(message.call_id, _Call(message.line, message.contact))
        if message.kind in ("robot", "customer", "agent"):
            call.state = "talking"
            if message.kind == "robot":
                call.step = message.note
            line = _spoken(message, call)
            self._said = [*self._said[-_KEEP_LINES + 1 :], line]
            return line
        call.state = message.kind
        if message.kind == "ended":
            call.outcome = message.text
        return None

    def __rich__(self) -> Group:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in (tr("线路", "Line"), tr("客户", "Contact"), tr("状态", "State"), tr("步骤", "Step")):
            table.add_column(title)
        for call in self._calls.values():
            state = outcome_name(call.outcome) if call.state == "ended" else _state_name(call.state)
            style = "dim" if call.state == "ended" else "green" if call.state == "talking" else ""
            table.add_row(call.line, call.contact, state, call.step, style=style)
        return Group(table, RichText(), *self._said, RichText(), self._summary())

    def _summary(self) -> RichText:
        if self.progress is None:
            return RichText()
        done = self.progress.total - self.progress.waiting - self.progress.calling
        return RichText(
            tr(
                f"完成 {done}/{self.progress.total}，通话中 {self.progress.calling}，等待 {self.progress.waiting}",
                f"done {done}/{self.progress.total}, calling {self.progress.calling}, waiting {self.progress.waiting}",
            ),
            style="bold",
        )


def _spoken(message: CallProgress, call: _Call) -> RichText:
    who, style = call.contact, "yellow"
    if message.kind == "robot":
        who, style = tr("机器人", "robot"), "cyan"
    elif message.kind == "agent":
        who, style = tr("人工", "people"), "magenta"
    line = RichText(f"{message.line}  ")
    line.append(f"  {who}：" if message.kind == "customer" else f"{who}：", style=style)
    line.append(message.text or tr("（没听清）", "(not recognised)"))
    if message.kind == "customer":
        line.append(f"  [{message.note or '?'}]", style="dim")
    return line


def _state_name(state: str) -> str:
    return {
        "dialling": tr("拨号", "dialling"),
        "ringing": tr("振铃", "ringing"),
        "answered": tr("接通", "answered"),
        "talking": tr("通话", "talking"),
    }.get(state, state)


def outcome_name(outcome: str) -> str:
    """An outcome in the interface's language; scripts may have outcomes of their own, shown as written."""
    return {
        "promised": tr("答应付款", "promised"),
        "already_paid": tr("已经付款", "already paid"),
        "wrong_person": tr("找错人", "wrong person"),
        "callback": tr("改约再打", "call back"),
        "no_response": tr("无应答语音", "no response"),
        "opt_out": tr("拒绝再打", "opted out"),
        "hung_up": tr("客户挂断", "hung up"),
        "transferred": tr("已转人工", "transferred"),
        "callback_by_person": tr("人工回电", "a person calls back"),
        "reminded": tr("已提醒", "reminded"),
        "informed": tr("已通知", "informed"),
        "waits": tr("愿意等", "waits"),
        "exchange_requested": tr("申请换货", "exchange requested"),
        "refund_requested": tr("申请退款", "refund requested"),
        "address_right": tr("地址无误", "address right"),
        "address_changed": tr("地址已改", "address changed"),
        "address_not_saved": tr("地址未存上", "address not saved"),
        "scored": tr("已打分", "scored"),
        "no_score": tr("没有打分", "no score"),
        "declined": tr("不愿回访", "declined"),
        "no_answer": tr("无人接听", "no answer"),
        "busy": tr("占线", "busy"),
        "rejected": tr("拒接", "rejected"),
        "unreachable": tr("无法接通", "unreachable"),
        "not_found": tr("空号", "not found"),
        "failed": tr("呼叫失败", "failed"),
        "cancelled": tr("已取消", "cancelled"),
        "interrupted": tr("中断", "interrupted"),
        "prompts_failed": tr("话术做不出", "prompts failed"),
        "served": tr("已答复", "served"),
        "answered_order": tr("已答订单", "told of the order"),
        "business_lead": tr("商务线索", "business lead"),
        "nobody_free": tr("无人工可转", "nobody free"),
        "all_busy": tr("线路忙", "all busy"),
    }.get(outcome, outcome)

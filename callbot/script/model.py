"""The keys of the script language, each with its meaning. What a script may contain is written here and nowhere else.

Outside data, so pydantic. The JSON Schema that editors use is generated from these classes.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError

from callbot.script.ask import Asked
from callbot.script.basics import NAME, TO, TO_SCHEMA, Dsl, Duration, Key, Name, Part, Target, short_form
from callbot.script.branch import CheckRow, Hours
from callbot.script.ending import EndSpec, HangupRule
from callbot.script.faq import Digressions, FaqEntry
from callbot.script.phrases import Phrasing
from callbot.script.prompt import BargeIn, Interrupting, Recordings, Said

InputType = Literal[
    "text", "digits", "money", "date", "phone", "time", "datetime", "order_no", "name", "address", "list"
]

LATER_KEYS = frozenset(("choices",))
"""Keys that the language has but this version does not run; using one is an error, never silently ignored."""


_TYPE, _TYPE_SCHEMA = short_form("type")


class Digression(Part):
    """What an intent that is valid everywhere leads to: a jump, or an aside after which the step goes on."""

    to: Name | None = Field(default=None, title="去向", description="下一个步骤的名字")
    say: str | None = Field(default=None, title="说", description="先说这一句，再回到当前步骤")
    back: Literal["prompt", "slower", "listen"] | None = Field(
        default=None, title="返回", description="回到当前步骤：prompt 重说问题，slower 慢一点重说，listen 只等客户说话"
    )
    wait: Duration | None = Field(default=None, title="等待", description="返回后等客户多久，例如 30s")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.to is None) == (self.back is None) or (self.to and (self.say or self.wait)):
            raise PydanticCustomError("digression", "to/back")
        return self


Anytime = Annotated[Digression, TO, TO_SCHEMA]


class InputSpec(Part):
    """One column that a contact list must have."""

    type: InputType = Field(
        title="类型", description="text 文字、digits 号码、money 金额、date 日期、phone 电话、name 姓名、address 地址等"
    )
    label: str = Field(default="", title="中文名", description="名单和界面里显示的名字")
    private: Name | None = Field(
        default=None, title="保密", description="证明了什么之后才能说出来，例如 identity（本人）"
    )


class GivenSpec(Part):
    """One value that an action gives back."""

    type: InputType = Field(title="类型", description="这个值怎么读")
    private: Name | None = Field(default=None, title="保密", description="证明了什么之后才能说出来")


class SilenceRule(Part):
    """What happens when the customer says nothing."""

    wait: Duration = Field(title="等多久", description="机器人说完后等客户多久，例如 5s")
    tries: int = Field(ge=1, le=5, title="最多说几遍", description="问题最多说几遍（含第一遍）")
    then: Name = Field(title="之后", description="还是没有声音时去的步骤")


class UnclearRule(Part):
    """What happens when the customer was not understood."""

    tries: int = Field(ge=1, le=5, title="最多说几遍", description="问题最多说几遍（含第一遍）")
    then: Name = Field(title="之后", description="还是听不懂时去的步骤")


class Defaults(Part):
    """Said once, valid in every step that listens."""

    silence: SilenceRule | None = Field(default=None, title="没有声音", description="客户不说话时怎么办")
    unclear: UnclearRule | None = Field(default=None, title="没听懂", description="听不懂客户的话时怎么办")
    anytime: dict[Name, Anytime] = Field(default={}, title="随时有效", description="任何时候听到这些意图都这样处理")
    read_back: str | None = Field(
        default=None, title="复述", description="复述客户说的值的话，{value} 是这些值，例如：您说的是{value}，对吗？"
    )


class Longest(Part):
    """Every call ends: the limit of a conversation."""

    turns: int = Field(ge=2, le=200, title="最多轮数", description="客户最多说几次话")
    time: Duration = Field(title="最长时间", description="通话最长多久，例如 5m")
    then: Name = Field(title="之后", description="到了上限去的步骤，它必须说完就结束")


def _arguments(raw: object) -> object:
    """``[order_no]`` → ``{order_no: order_no}``: the action's name for it and the script's."""
    return {name: name for name in raw} if isinstance(raw, list) and all(isinstance(name, str) for name in raw) else raw


class _ArgumentsSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "array", "items": {"type": "string", "pattern": NAME}}, handler(schema)]}


class Do(Part):
    """A question to a system."""

    action: str = Field(title="动作", description="要问的系统，例如 payment_status")
    arguments: Annotated[dict[Name, Name], BeforeValidator(_arguments), _ArgumentsSchema] = Field(
        default={}, alias="with", title="用到的值", description="交给系统的值；名字不一样时写成 动作要的名字: 值的名字"
    )
    timeout: Duration = Field(title="最长等待", description="多久没有回答就算失败，例如 3s")
    gives: dict[Name, Annotated[GivenSpec, _TYPE, _TYPE_SCHEMA]] = Field(
        default={}, title="给出", description="系统给出的值和类型"
    )
    without: SkipJsonSchema[tuple[Name, ...]] = ()
    """Results that come without the values of ``gives``: put in from ``actions.yaml``, never written in a script."""

    def asked(self) -> Iterator[tuple[str | int, str, str]]:
        """Each argument: its place under ``with``, the action's name for it, and the value's."""
        for at, (argument, value) in enumerate(self.arguments.items()):
            yield (at if argument == value else argument), argument, value

    def gives_with(self, result: str) -> bool:
        """Whether the values of ``gives`` come with this result: not with a failure, nor when nothing was found."""
        return result != "failed" and result not in self.without


class TransferSpec(Part):
    """A hand-over to people."""

    queue: Name = Field(title="队列", description="转给哪个人工队列")
    failed: Target = Field(title="转不通", description="没有人接时去的步骤")


class Step(Part):
    """One step: says something, then goes on in exactly one way."""

    say: Said | None = Field(
        default=None, title="说", description="机器人说的话；{名字} 是名单或通话里的值；也可以分 first、repeat 等几种"
    )
    audio: Recordings = Field(default={}, title="录音", description="录好的 WAV 文件，代替合成；8 kHz 单声道 16 位")
    barge_in: Interrupting = Field(
        default=BargeIn(),
        title="可打断",
        description="off 不能打断；on 一开口就停；{after: 800ms} 先说够这么久；{by: meaning} 听懂了才停",
    )
    answers: dict[Name, Target] = Field(default={}, title="回答", description="听到的意图: 去的步骤")
    keys: dict[Key, Target] = Field(default={}, title="按键", description="按键: 去的步骤；问一个值时只能有 *")
    ask: Asked | None = Field(default=None, title="问一个或几个值", description="例如约定的时间")
    read_back: str | None = Field(
        default=None, title="复述", description="off 不复述，on 复述，或一句话代替 defaults.read_back"
    )
    missing: dict[Name, str] = Field(default={}, title="还缺时问", description="值的名字: 只缺这个值时问的话")
    do: Do | None = Field(default=None, title="问系统", description="查询订单等")
    results: dict[Name, Target] = Field(default={}, title="系统的回答", description="回答: 去的步骤；必须有 failed")
    check: Name | None = Field(default=None, title="比较", description="要比较的值，或 hours 里的名字")
    rows: tuple[CheckRow, ...] = Field(default=(), title="比较的几行", description="从上往下，第一个成立的算数")
    otherwise: Target | None = Field(default=None, title="都不成立", description="哪一行都不成立时去的步骤")
    call: Name | None = Field(default=None, title="调用流程", description="common/ 里 kind: flow 的流程")
    exits: dict[Name, Target] = Field(default={}, title="流程的出口", description="流程的每个出口: 去的步骤")
    exit: Name | None = Field(default=None, title="离开流程", description="只在流程里：从这个出口回到调用它的话术")
    then: Target | None = Field(default=None, title="然后", description="接着去的步骤")
    transfer: TransferSpec | None = Field(default=None, title="转人工", description="转给人工队列")
    end: EndSpec | None = Field(default=None, title="结束", description="结束通话并记录结果")
    silence: SilenceRule | None = Field(default=None, title="没有声音", description="只在这一步代替 defaults.silence")
    unclear: UnclearRule | None = Field(default=None, title="没听懂", description="只在这一步代替 defaults.unclear")
    anytime: dict[Name, Anytime] = Field(
        default={}, title="随时有效", description="只在这一步代替 defaults.anytime 的行"
    )

    @property
    def listens(self) -> bool:
        """Whether the step waits for the customer."""
        return bool(self.answers or self.keys or self.ask)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        answers = bool(self.answers or (self.keys and self.ask is None))
        ways = [answers, self.ask, self.do, self.check, self.call, self.exit, self.transfer, self.end]
        if sum(bool(way) for way in ways) + (self.then is not None and self.ask is None) != 1:
            raise PydanticCustomError("one_way", "ways")
        if self.ask is not None and (self.then is None) != (self.ask.current is not None):
            raise PydanticCustomError("ask_then", "then")
        if self.ask is None and (self.read_back is not None or self.missing):
            raise PydanticCustomError("ask_only", "read_back")
        if self.ask is not None and self.keys.keys() - {"*"}:
            raise PydanticCustomError("ask_keys", "keys")
        if (self.do is None) != (not self.results) or (self.do is not None and "failed" not in self.results):
            raise PydanticCustomError("results_failed", "results")
        if (self.check is None) != (not self.rows) or (self.check is None) != (self.otherwise is None):
            raise PydanticCustomError("check_rows", "rows")
        if (self.call is None) != (not self.exits):
            raise PydanticCustomError("call_exits", "exits")
        if self.say is None and (self.listens or self.transfer is not None or self.audio):
            raise PydanticCustomError("no_say", "say")
        return self


class CommonPart(Part):
    """Steps and rules that scripts share: a file in common/."""

    dsl: Dsl = Field(title="语言版本")
    id: Name = Field(title="名字")
    title: str = Field(default="", title="标题")
    kind: Literal["common"] = Field(title="种类")
    defaults: Defaults = Field(default=Defaults(), title="通用规则", description="所有使用它的话术都有效")
    steps: dict[Name, Step] = Field(title="步骤")


class Flow(Part):
    """A flow that scripts call and come back from: a file in common/. It has the rules of the script that calls it."""

    dsl: Dsl = Field(title="语言版本")
    id: Name = Field(title="名字")
    title: str = Field(default="", title="标题")
    kind: Literal["flow"] = Field(title="种类")
    takes: dict[Name, Annotated[GivenSpec, _TYPE, _TYPE_SCHEMA]] = Field(
        default={}, title="需要的值", description="调用它的话术必须已经有的值和类型"
    )
    gives: tuple[Name, ...] = Field(default=(), title="给出的值", description="流程问到的值里，调用它的话术可以用的")
    exits: tuple[Name, ...] = Field(min_length=1, title="出口", description="离开流程的各种方式，例如 passed、failed")
    start: Name = Field(title="开始", description="第一个步骤")
    steps: dict[Name, Step] = Field(title="步骤")


def _rules(raw: object) -> object:
    return [raw] if isinstance(raw, dict) else raw


class _HangupSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        rules = handler(schema)
        return {"anyOf": [rules["items"], rules]}


class Script(Part):
    """A campaign script or hotline flow."""

    dsl: Dsl = Field(title="语言版本", description="现在是 1")
    id: Name = Field(title="名字", description="小写英文，与文件名相同")
    title: str = Field(title="标题", description="界面里显示的中文名")
    kind: Literal["campaign", "hotline"] = Field(title="种类", description="campaign 外呼，hotline 接听来电")
    use: tuple[Name, ...] = Field(default=(), title="使用", description="common/ 里的通用部分")
    inputs: dict[Name, InputSpec] = Field(default={}, title="名单的列", description="名单必须有的列；上传时逐行校验")
    hours: dict[Name, Hours] = Field(default={}, title="营业时间", description="几张营业时间表，用 check 比较")
    defaults: Defaults = Field(title="通用规则", description="说一次，处处有效")
    faq: Digressions | None = Field(
        default=None, title="知识库", description="随时能问的问题：knowledge/ 里的分类；答完回到当前步骤"
    )
    on_machine: Name | None = Field(
        default=None, title="答录机", description="听到答录机或录音通知时去的步骤，它必须说完就结束；不写就直接结束"
    )
    longest: Longest = Field(title="上限", description="轮数和时间的上限：每通电话都会结束")
    hangup: Annotated[tuple[HangupRule, ...], BeforeValidator(_rules), _HangupSchema] = Field(
        title="客户挂断", description="客户挂断时的结果，可以按说到哪里区分"
    )
    start: Name = Field(title="开始", description="第一个步骤")
    steps: dict[Name, Step] = Field(title="步骤")


class Intent(Part):
    """One thing customers mean, and how they say it."""

    title: str = Field(title="中文名")
    means: Name | None = Field(default=None, title="也算", description="步骤没有等这个意图时，当作这个意图")
    sure: bool = Field(default=False, title="必须确定", description="只接受说法完全一致或同音，不接受相近的音")
    whole: tuple[Phrasing, ...] = Field(default=(), title="整句", description="整句（或一个分句）就是它才算，适合短词")
    phrases: tuple[Phrasing, ...] = Field(
        default=(), title="说法", description="句子里出现就算；(甲|乙) 是任选其一，… 是中间隔几个字"
    )


class IntentFile(Part):
    """A file of intents in intents/."""

    dsl: Dsl = Field(title="语言版本")
    kind: Literal["intents"] = Field(title="种类")
    intents: dict[Name, Intent] = Field(title="意图")
    fillers: tuple[str, ...] = Field(default=(), title="语气词", description="匹配时不算数的词")


class SmsTemplate(Part):
    """One text message."""

    id: Name = Field(title="名字")
    title: str = Field(title="标题")
    text: str = Field(title="内容", description="{名字} 是名单或通话里的值")


class SmsFile(Part):
    """The file of text messages."""

    dsl: Dsl = Field(title="语言版本")
    kind: Literal["sms"] = Field(title="种类")
    templates: tuple[SmsTemplate, ...] = Field(title="模板")


class Bundle(Part):
    """The text of a revision: a script with everything it uses, expanded.

    ``recordings``: sha256 of the file behind every ``audio``, by its name. ``faq``: entries as ``category.entry``.
    """

    script: Script
    intents: dict[Name, Intent]
    fillers: tuple[str, ...]
    sms: dict[Name, SmsTemplate]
    recordings: dict[str, str] = Field(default={})
    faq: dict[str, FaqEntry] = Field(default={})

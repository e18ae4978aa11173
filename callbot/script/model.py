"""The keys of the script language, each with its meaning. What a script may contain is written here and nowhere else.

Outside data, so pydantic. The JSON Schema that editors use is generated from these classes.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from callbot.script.phrases import Phrasing

NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=NAME)]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
InputType = Literal["text", "digits", "money", "date", "phone"]
AskType = Literal["datetime", "date", "digits", "money"]
ValueType = Literal["text", "digits", "money", "date", "phone", "datetime"]


class _OneSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"const": 1}


Dsl = Annotated[Literal["1"], _OneSchema]
"""Written ``dsl: 1``: a number to editors, a text here, as every scalar is."""

LATER_KEYS = frozenset(("check", "call", "faq", "exits", "choices", "retry"))
"""Keys that the language has but this version does not run; using one is an error, never silently ignored."""

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"^([0-9]+)(ms|s|m|h|d)$")


def _duration(raw: object) -> object:
    """``5s`` → 5000 ms."""
    match = _DURATION.match(raw) if isinstance(raw, str) else None
    if match is None:
        raise PydanticCustomError("duration", "{given}", {"given": str(raw)})
    return int(match[1]) * _UNITS[match[2]]


class _DurationSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": _DURATION.pattern}


Duration = Annotated[int, BeforeValidator(_duration), _DurationSchema]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _short_form(key: str) -> Any:
    """``deny: wrong_person`` is short for ``deny: {to: wrong_person}``; the schema allows both."""

    class ShortForm:
        @classmethod
        def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
            return {"anyOf": [{"type": "string"}, handler(schema)]}

    def expand(raw: object) -> object:
        return {key: raw} if isinstance(raw, str) else raw

    return BeforeValidator(expand), ShortForm


_TO, _TO_SCHEMA = _short_form("to")
_TYPE, _TYPE_SCHEMA = _short_form("type")


class Jump(_Part):
    """Where the conversation goes on."""

    to: Name = Field(title="去向", description="下一个步骤的名字")
    proves: Name | None = Field(default=None, title="证明", description="走这条路就证明了什么，例如 identity（本人）")
    at_most: int | None = Field(default=None, ge=1, title="最多次数", description="整通电话里最多走几次，超过后走 else")
    otherwise: Name | None = Field(default=None, alias="else", title="否则", description="超过 at_most 之后去的步骤")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if (self.at_most is None) != (self.otherwise is None):
            raise PydanticCustomError("jump_limit", "at_most/else")
        return self


Target = Annotated[Jump, _TO, _TO_SCHEMA]


class Digression(_Part):
    """What an intent that is valid everywhere leads to: a jump, or an aside after which the step goes on."""

    to: Name | None = Field(default=None, title="去向", description="下一个步骤的名字")
    say: str | None = Field(default=None, title="说", description="先说这一句，再回到当前步骤")
    back: Literal["prompt", "listen"] | None = Field(
        default=None, title="返回", description="回到当前步骤：prompt 重说问题，listen 只等客户说话"
    )
    wait: Duration | None = Field(default=None, title="等待", description="返回后等客户多久，例如 30s")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.to is None) == (self.back is None) or (self.to and (self.say or self.wait)):
            raise PydanticCustomError("digression", "to/back")
        return self


Anytime = Annotated[Digression, _TO, _TO_SCHEMA]


class InputSpec(_Part):
    """One column that a contact list must have."""

    type: InputType = Field(title="类型", description="text 文字、digits 号码、money 金额、date 日期、phone 电话")
    label: str = Field(default="", title="中文名", description="名单和界面里显示的名字")
    private: Name | None = Field(
        default=None, title="保密", description="证明了什么之后才能说出来，例如 identity（本人）"
    )


class GivenSpec(_Part):
    """One value that an action gives back."""

    type: ValueType = Field(title="类型", description="这个值怎么读")
    private: Name | None = Field(default=None, title="保密", description="证明了什么之后才能说出来")


class SilenceRule(_Part):
    """What happens when the customer says nothing."""

    wait: Duration = Field(title="等多久", description="机器人说完后等客户多久，例如 5s")
    tries: int = Field(ge=1, le=5, title="最多说几遍", description="问题最多说几遍（含第一遍）")
    then: Name = Field(title="之后", description="还是没有声音时去的步骤")


class UnclearRule(_Part):
    """What happens when the customer was not understood."""

    tries: int = Field(ge=1, le=5, title="最多说几遍", description="问题最多说几遍（含第一遍）")
    then: Name = Field(title="之后", description="还是听不懂时去的步骤")


class Defaults(_Part):
    """Said once, valid in every step that listens."""

    silence: SilenceRule | None = Field(default=None, title="没有声音", description="客户不说话时怎么办")
    unclear: UnclearRule | None = Field(default=None, title="没听懂", description="听不懂客户的话时怎么办")
    anytime: dict[Name, Anytime] = Field(default={}, title="随时有效", description="任何时候听到这些意图都这样处理")


class Longest(_Part):
    """Every call ends: the limit of a conversation."""

    turns: int = Field(ge=2, le=200, title="最多轮数", description="客户最多说几次话")
    time: Duration = Field(title="最长时间", description="通话最长多久，例如 5m")
    then: Name = Field(title="之后", description="到了上限去的步骤，它必须说完就结束")


class HangupRule(_Part):
    """What a hang-up means."""

    after: Name | None = Field(default=None, title="在哪一步之后", description="这个步骤的话说完之后挂断才适用")
    outcome: Name = Field(title="结果", description="客户挂断时记录的结果")
    sms: Name | None = Field(default=None, title="短信", description="挂断后发的短信模板")


PAUSE_MS = 4000
"""How long after a key the next one may come when digits are collected; VoiceXML platforms wait 3 to 5 s."""


class Ask(_Part):
    """A value collected from the customer; ``digits`` by speech or by keys, which end with # or a ``pause``."""

    variable: Name
    type: AskType
    gave_up: Target
    pause: Duration = PAUSE_MS

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        fields = handler.resolve_ref_schema(handler(schema))["properties"]
        return {
            "type": "object",
            "description": "值的名字: 类型（datetime、date、digits、money）；gave_up 是问不到时去的步骤；"
            "digits 也可以按键输入，按 # 或停顿 pause 结束",
            "properties": {
                "gave_up": fields["gave_up"],
                "pause": {
                    **fields["pause"],
                    "title": "停顿",
                    "description": "按键停顿多久就算输完，不写是 4s",
                },
            },
            "additionalProperties": fields["type"],
            "required": ["gave_up"],
            "minProperties": 2,
            "maxProperties": 3,
        }


def _ask(raw: object) -> object:
    """``{callback_at: datetime, gave_up: later}`` → the fields of ``Ask``."""
    if not isinstance(raw, dict):
        return raw
    wanted = [name for name in raw if name not in ("gave_up", "pause")]
    if "gave_up" not in raw:
        raise PydanticCustomError("gave_up", "gave_up")
    if len(wanted) != 1:
        raise PydanticCustomError("ask_one", "ask")
    gave_up = raw["gave_up"]
    return {
        "variable": wanted[0],
        "type": raw[wanted[0]],
        "gave_up": {"to": gave_up} if isinstance(gave_up, str) else gave_up,
        **({"pause": raw["pause"]} if "pause" in raw else {}),
    }


class Do(_Part):
    """A question to a system."""

    action: str = Field(title="动作", description="要问的系统，例如 payment_status")
    arguments: tuple[Name, ...] = Field(default=(), alias="with", title="用到的值", description="交给系统的值的名字")
    timeout: Duration = Field(title="最长等待", description="多久没有回答就算失败，例如 3s")
    gives: dict[Name, Annotated[GivenSpec, _TYPE, _TYPE_SCHEMA]] = Field(
        default={}, title="给出", description="系统给出的值和类型"
    )


class TransferSpec(_Part):
    """A hand-over to people."""

    queue: Name = Field(title="队列", description="转给哪个人工队列")
    failed: Target = Field(title="转不通", description="没有人接时去的步骤")


class EndSpec(_Part):
    """The end of the call and what follows from it."""

    outcome: Name = Field(title="结果", description="这通电话的结果")
    sms: Name | None = Field(default=None, title="短信", description="通话后发的短信模板")
    tags: tuple[str, ...] = Field(default=(), title="标签", description="给客户打的标签")
    retry_at: Name | None = Field(default=None, title="再拨时间", description="存着约定时间的值的名字")
    retry_in: Duration | None = Field(default=None, title="多久后再拨", description="例如 4h")

    @model_validator(mode="after")
    def _one_retry(self) -> Self:
        if self.retry_at is not None and self.retry_in is not None:
            raise PydanticCustomError("one_retry", "retry")
        return self


WAYS = ("answers", "ask", "do", "then", "transfer", "end")
"""The ways a step goes on; ``keys`` belongs to ``answers`` (in an ``ask`` only ``*``), ``results`` to ``do``, and
``ask`` leaves by ``then``."""


class Step(_Part):
    """One step: says something, then goes on in exactly one way."""

    say: str | None = Field(default=None, title="说", description="机器人说的话；{名字} 是名单或通话里的值")
    barge_in: Literal["on", "off"] = Field(default="on", title="可打断", description="off 表示客户不能打断这一句")
    answers: dict[Name, Target] = Field(default={}, title="回答", description="听到的意图: 去的步骤")
    keys: dict[Key, Target] = Field(default={}, title="按键", description="按键: 去的步骤；问一个值时只能有 *")
    ask: Annotated[Ask, BeforeValidator(_ask)] | None = Field(
        default=None, title="问一个值", description="例如约定的时间"
    )
    do: Do | None = Field(default=None, title="问系统", description="查询订单等")
    results: dict[Name, Target] = Field(default={}, title="系统的回答", description="回答: 去的步骤；必须有 failed")
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
        ways = [answers, bool(self.ask), bool(self.do), bool(self.transfer), bool(self.end)]
        if sum(ways) + (self.then is not None and self.ask is None) != 1:
            raise PydanticCustomError("one_way", "ways")
        if self.ask is not None and self.then is None:
            raise PydanticCustomError("ask_then", "then")
        if self.ask is not None and self.keys.keys() - {"*"}:
            raise PydanticCustomError("ask_keys", "keys")
        if (self.do is None) != (not self.results) or (self.do is not None and "failed" not in self.results):
            raise PydanticCustomError("results_failed", "results")
        if self.say is None and (self.listens or self.then is not None or self.transfer is not None):
            raise PydanticCustomError("no_say", "say")
        return self


class CommonPart(_Part):
    """Steps and rules that scripts share: a file in common/."""

    dsl: Dsl = Field(title="语言版本")
    id: Name = Field(title="名字")
    title: str = Field(default="", title="标题")
    kind: Literal["common"] = Field(title="种类")
    defaults: Defaults = Field(default=Defaults(), title="通用规则", description="所有使用它的话术都有效")
    steps: dict[Name, Step] = Field(title="步骤")


def _rules(raw: object) -> object:
    return [raw] if isinstance(raw, dict) else raw


class _HangupSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        rules = handler(schema)
        return {"anyOf": [rules["items"], rules]}


class Script(_Part):
    """A campaign script or hotline flow."""

    dsl: Dsl = Field(title="语言版本", description="现在是 1")
    id: Name = Field(title="名字", description="小写英文，与文件名相同")
    title: str = Field(title="标题", description="界面里显示的中文名")
    kind: Literal["campaign", "hotline"] = Field(title="种类", description="campaign 外呼，hotline 接听来电")
    use: tuple[Name, ...] = Field(default=(), title="使用", description="common/ 里的通用部分")
    inputs: dict[Name, InputSpec] = Field(default={}, title="名单的列", description="名单必须有的列；上传时逐行校验")
    defaults: Defaults = Field(title="通用规则", description="说一次，处处有效")
    longest: Longest = Field(title="上限", description="轮数和时间的上限：每通电话都会结束")
    hangup: Annotated[tuple[HangupRule, ...], BeforeValidator(_rules), _HangupSchema] = Field(
        title="客户挂断", description="客户挂断时的结果，可以按说到哪里区分"
    )
    start: Name = Field(title="开始", description="第一个步骤")
    steps: dict[Name, Step] = Field(title="步骤")


class Intent(_Part):
    """One thing customers mean, and how they say it."""

    title: str = Field(title="中文名")
    means: Name | None = Field(default=None, title="也算", description="步骤没有等这个意图时，当作这个意图")
    sure: bool = Field(default=False, title="必须确定", description="只接受说法完全一致或同音，不接受相近的音")
    whole: tuple[Phrasing, ...] = Field(default=(), title="整句", description="整句（或一个分句）就是它才算，适合短词")
    phrases: tuple[Phrasing, ...] = Field(
        default=(), title="说法", description="句子里出现就算；(甲|乙) 是任选其一，… 是中间隔几个字"
    )


class IntentFile(_Part):
    """A file of intents in intents/."""

    dsl: Dsl = Field(title="语言版本")
    kind: Literal["intents"] = Field(title="种类")
    intents: dict[Name, Intent] = Field(title="意图")
    fillers: tuple[str, ...] = Field(default=(), title="语气词", description="匹配时不算数的词")


class SmsTemplate(_Part):
    """One text message."""

    id: Name = Field(title="名字")
    title: str = Field(title="标题")
    text: str = Field(title="内容", description="{名字} 是名单或通话里的值")


class SmsFile(_Part):
    """The file of text messages."""

    dsl: Dsl = Field(title="语言版本")
    kind: Literal["sms"] = Field(title="种类")
    templates: tuple[SmsTemplate, ...] = Field(title="模板")


class Bundle(_Part):
    """The text of a revision: a script with everything it uses, expanded."""

    script: Script
    intents: dict[Name, Intent]
    fillers: tuple[str, ...]
    sms: dict[Name, SmsTemplate]

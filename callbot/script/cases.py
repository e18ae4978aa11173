"""The form of tests that stand beside a script: ``balance_reminder.test.yaml``. Outside data, so pydantic."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from callbot.script.basics import Name


class _PlainSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number"]}


Plain = Annotated[str, _PlainSchema]
"""A text that may look like a number, such as 128.50."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseTurn(_Part):
    """What the customer does, then what a system answers, and what the robot must say or not."""

    hear: Name | None = Field(default=None, title="意图", description="客户说了什么意思，不测理解")
    say: str | None = Field(default=None, title="原话", description="客户的原话，同时测理解")
    wav: str | None = Field(default=None, title="录音", description="客户的录音，同时测识别")
    silence: bool = Field(default=False, title="沉默", description="客户不说话")
    key: Annotated[str, Field(pattern=r"^[0-9*#]+$")] | None = Field(
        default=None, title="按键", description="客户按的键，可以连写，例如 20731#"
    )
    hangup: bool = Field(default=False, title="挂断", description="客户挂断")
    machine: bool = Field(default=False, title="答录机", description="接电话的是答录机或录音通知")
    emotion: Name | None = Field(
        default=None, title="情绪", description="听出来的情绪，例如 angry；和 hear 或 say 一起写"
    )
    during_prompt: bool = Field(default=False, title="抢话", description="机器人还没说完时")
    result: dict[Name, Name] = Field(default={}, title="系统回答", description="动作: 结果；转人工写 transfer: failed")
    gives: dict[Name, Plain] = Field(default={}, title="系统给出", description="系统回答里给出的值: 内容")
    bot: Plain | None = Field(default=None, title="机器人说", description="这一轮机器人说的话里必须有这几个字")
    quiet: bool = Field(default=False, title="不说话", description="这一轮机器人不说新的话")
    step: Name | None = Field(default=None, title="到哪一步", description="这一轮之后在哪个步骤")

    @model_validator(mode="after")
    def _one_event(self) -> Self:
        events = [
            self.hear,
            self.say,
            self.wav,
            self.silence or None,
            self.key,
            self.hangup or None,
            self.machine or None,
        ]
        given = sum(event is not None for event in events)
        if given > 1 or (given == 0 and not self.result):
            raise PydanticCustomError("turn", "turn")
        if self.emotion is not None and self.hear is None and self.say is None:
            raise PydanticCustomError("turn", "turn")
        return self


class CaseExpect(_Part):
    """What must have come of the call."""

    outcome: Name | None = Field(default=None, title="结果")
    sms: Name | None = Field(default=None, title="短信", description="短信模板；写 ~ 表示不许发")
    tags: tuple[str, ...] | None = Field(default=None, title="标签")
    retry_at: str | None = Field(default=None, title="再拨时间", description="例如 2026-06-02 15:00")
    never_said: Name | None = Field(default=None, title="不得说出", description="这个值的任何读法都不得出现")


class Case(_Part):
    """One conversation."""

    name: str = Field(title="名字")
    now: str | None = Field(default=None, title="现在", description="只在这个用例里代替，例如下班以后")
    with_: dict[Name, Plain] = Field(default={}, alias="with", title="名单的值", description="只在这个用例里代替")
    turns: tuple[CaseTurn, ...] = Field(title="轮次")
    expect: CaseExpect = Field(title="期望")


class CaseFile(_Part):
    """Tests of one script. ``now`` is when the calls begin, in the zone of the campaign."""

    script: Name = Field(title="话术", description="同一个文件夹里的话术")
    now: str = Field(
        default="2026-06-01 10:00", title="现在", description="通话开始的时间；默认 2026-06-01 10:00，周一"
    )
    with_: dict[Name, Plain] = Field(
        default={}, alias="with", title="名单的值", description="热线没有名单，可以写 dialled、caller"
    )
    cases: tuple[Case, ...] = Field(title="用例")

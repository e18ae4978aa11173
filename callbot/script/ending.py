"""What follows a call: outcome, text message, tags, ticket, webhook, calling again."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from callbot.script.basics import Duration, Name, Part, short_form


class TicketSpec(Part):
    """Work for people after the call."""

    queue: Name = Field(title="队列", description="交给哪个人工队列")
    text: str = Field(title="内容", description="工单内容；{名字} 是名单或通话里的值")


class WebhookSpec(Part):
    """A message to another system after the call."""

    name: Name = Field(title="名字", description="设置里 [webhooks.名字] 的名字")
    values: tuple[Name, ...] = Field(default=(), alias="with", title="用到的值", description="一起发送的值的名字")


_NAME, _NAME_SCHEMA = short_form("name")


class Ending(Part):
    """What an end and a hang-up have in common."""

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


class EndSpec(Ending):
    """The end of the call and what follows from it."""

    ticket: TicketSpec | None = Field(default=None, title="工单", description="通话后建的工单")
    webhook: Annotated[WebhookSpec, _NAME, _NAME_SCHEMA] | None = Field(
        default=None, title="通知系统", description="通话后通知的系统：设置里的名字"
    )


class HangupRule(Ending):
    """What a hang-up means."""

    after: Name | None = Field(default=None, title="在哪一步之后", description="这个步骤的话说完之后挂断才适用")

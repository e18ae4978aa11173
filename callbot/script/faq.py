"""Knowledge: questions that may come at any time, with spoken answers."""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from callbot.script.basics import Dsl, Name, Part
from callbot.script.phrases import Phrasing

_SENTENCE_END = re.compile(r"[。！？!?]+")


class FaqEntry(Part):
    """One question in its usual wordings, and its answer."""

    questions: tuple[Phrasing, ...] = Field(
        min_length=1, title="问法", description="客户怎么问；(甲|乙) 是任选其一，… 是中间隔几个字"
    )
    answer: str = Field(title="回答", description="机器人的回答，最多两句，不带 {值}")

    @property
    def sentences(self) -> int:
        """How many sentences the answer has."""
        return sum(bool(part.strip()) for part in _SENTENCE_END.split(self.answer))


class FaqFile(Part):
    """One category of questions: a file in knowledge/."""

    dsl: Dsl = Field(title="语言版本")
    kind: Literal["faq"] = Field(title="种类")
    title: str = Field(default="", title="标题")
    entries: dict[Name, FaqEntry] = Field(title="问答")


class Faq(Part):
    """Which questions a script answers in between, and how often in a call."""

    categories: tuple[Name, ...] = Field(alias="from", min_length=1, title="分类", description="knowledge/ 里的文件")
    at_most: int | None = Field(default=None, ge=1, title="最多次数", description="整通电话里最多答几次，超过后走 else")
    otherwise: Name | None = Field(default=None, alias="else", title="否则", description="超过 at_most 之后去的步骤")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if (self.at_most is None) != (self.otherwise is None):
            raise PydanticCustomError("jump_limit", "at_most/else")
        return self


class _ListSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler(schema)
        return {"anyOf": [handler.resolve_ref_schema(whole)["properties"]["from"], whole]}


def _faq(raw: object) -> object:
    return {"from": raw} if isinstance(raw, list) else raw


Digressions = Annotated[Faq, BeforeValidator(_faq), _ListSchema]

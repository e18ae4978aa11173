"""What every part of the script language is made of: names, durations, short forms, jumps.

Outside data, so pydantic.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=NAME)]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]


class _OneSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"const": 1}


Dsl = Annotated[Literal["1"], _OneSchema]
"""Written ``dsl: 1``: a number to editors, a text here, as every scalar is."""

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"^([0-9]{1,8})(ms|s|m|h|d)$")
_LONGEST_DURATION = 366 * 86_400_000
"""A year: nothing in a call or after it waits longer, and every time stays one that a calendar has."""


def _duration(raw: object) -> object:
    """``5s`` → 5000 ms."""
    match = _DURATION.match(raw) if isinstance(raw, str) else None
    milliseconds = int(match[1]) * _UNITS[match[2]] if match else None
    if milliseconds is None or milliseconds > _LONGEST_DURATION:
        raise PydanticCustomError("duration", "{given}", {"given": str(raw)[:20]})
    return milliseconds


class _DurationSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": _DURATION.pattern}


Duration = Annotated[int, BeforeValidator(_duration), _DurationSchema]


class Part(BaseModel):
    """A group of keys: no unknown ones, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def short_form(key: str) -> Any:
    """``deny: wrong_person`` is short for ``deny: {to: wrong_person}``; the schema allows both."""

    class ShortForm:
        @classmethod
        def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
            return {"anyOf": [{"type": "string"}, handler(schema)]}

    def expand(raw: object) -> object:
        return {key: raw} if isinstance(raw, str) else raw

    return BeforeValidator(expand), ShortForm


TO, TO_SCHEMA = short_form("to")


class Jump(Part):
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


Target = Annotated[Jump, TO, TO_SCHEMA]

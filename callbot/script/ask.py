"""What a step asks for: values by type, how they are entered by keys, read back and corrected.

Outside data, so pydantic. ``ask: {day: date, addr: address, gave_up: later}``: every key that is not one of the
language's own is the name of a value.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from callbot.script.basics import Duration, Name, Part, Target, short_form
from callbot.zh.codes import Checksum

AskType = Literal[
    "yes_no", "choice", "one_of", "digits", "phone", "order_no", "money", "date", "time", "datetime", "half_day",
    "name", "address", "text",
]  # fmt: skip
READ_BACK: frozenset[str] = frozenset(("digits", "phone", "order_no", "money", "name", "address"))
"""Types that are read back unless the step says otherwise: what a recogniser gets wrong most often and nobody can put
right after the call. Days and times are heard again in the sentence that promises them; answers lead to a sentence."""
BY_SIGN: frozenset[str] = frozenset(("digits", "phone", "order_no"))
"""Types that are entered by several keys; # or a pause ends them."""
BY_ONE_KEY: frozenset[str] = frozenset(("yes_no", "choice", "one_of"))
"""Types that one key answers: 1 is the first of them, or yes."""

PAUSE_MS = 4000
"""How long after a key the next one may come when digits are collected; VoiceXML platforms wait 3 to 5 s."""
LONGEST_CODE = 30
"""Most signs of a number: the longest order numbers of Chinese shops have 28 (payment platforms')."""
VALUE = "value"
"""``{value}`` in the sentence of ``defaults.read_back`` stands for what the step asked for."""

_LENGTH = re.compile(r"^([0-9]{1,2})(?:-([0-9]{1,2}))?$")


def _length(raw: object) -> object:
    """``11`` or ``6-8`` → the least and the most."""
    match = _LENGTH.match(raw) if isinstance(raw, str) else None
    if match is None or not 1 <= int(match[1]) <= int(match[2] or match[1]) <= LONGEST_CODE:
        raise PydanticCustomError("length", "length")
    return int(match[1]), int(match[2] or match[1])


class _LengthSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LONGEST_CODE}, {"pattern": _LENGTH.pattern}]}


def _forms(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


class _FormsSchema:
    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


Forms = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class AskSpec(Part):
    """One value to collect."""

    type: AskType = Field(title="类型", description="见“值的类型”：digits、phone、date、address 等")
    length: Annotated[tuple[int, int], BeforeValidator(_length), _LengthSchema] | None = Field(
        default=None, title="位数", description="digits、order_no 的位数：5，或 6-8；按键按够就算输完"
    )
    checksum: Checksum | None = Field(
        default=None, title="校验", description="luhn 银行卡号，mod11_2 身份证号，mod97_10；不符的不算听清"
    )
    options: dict[Name, Annotated[Forms, BeforeValidator(_forms), _FormsSchema]] = Field(
        default={}, title="选项", description="choice 的选项: 说法，一个或几个；第一个说法也是读法"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type == "choice") != bool(self.options) or len(self.options) == 1:
            raise PydanticCustomError("ask_options", "options")
        if (self.length or self.checksum) and self.type not in ("digits", "order_no"):
            raise PydanticCustomError("ask_length", "length")
        return self


_TYPE, _TYPE_SCHEMA = short_form("type")
Spec = Annotated[AskSpec, _TYPE, _TYPE_SCHEMA]


class AskRules(Part):
    """The keys of ``ask`` that are not values."""

    gave_up: Target = Field(title="问不到", description="问不到时去的步骤")
    pause: Duration = Field(default=PAUSE_MS, title="停顿", description="按键停顿多久就算输完，不写是 4s")
    collect: Literal["both", "keys", "speech"] = Field(
        default="both", title="怎么输入", description="keys 只按键，speech 只说话，不写是 both 都可以"
    )
    source: Name | None = Field(default=None, alias="from", title="来源", description="one_of 从哪个 list 值里选")
    current: Name | None = Field(default=None, title="现在的值", description="核对这个值：对的走 same，改了走 changed")
    same: Target | None = Field(default=None, title="没有变", description="客户说现在的值对时去的步骤")
    changed: Target | None = Field(default=None, title="改了", description="客户改了值时去的步骤")


_OWN = frozenset(field.alias or name for name, field in AskRules.model_fields.items())


class Ask(AskRules):
    """The values a step collects, in the order they are asked for, and the rules for it."""

    values: dict[Name, Spec]

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        properties = dict(handler.resolve_ref_schema(handler(schema))["properties"])
        (value,) = properties.pop("values")["patternProperties"].values()
        return {
            "type": "object",
            "description": "值的名字: 类型，一个或几个；gave_up 是问不到时去的步骤",
            "properties": properties,
            "additionalProperties": value,
            "required": ["gave_up"],
            "minProperties": 2,
        }

    @property
    def spoken_back(self) -> bool:
        """Whether values of these types are read back when nothing else is said."""
        return any(spec.type in READ_BACK for spec in self.values.values())

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wants_list = any(spec.type == "one_of" for spec in self.values.values())
        if wants_list != (self.source is not None):
            raise PydanticCustomError("ask_from", "from")
        ways = (self.current is not None, self.same is not None, self.changed is not None)
        if any(ways) and (not all(ways) or len(self.values) != 1):
            raise PydanticCustomError("ask_current", "current")
        by_keys = all(spec.type in BY_SIGN | BY_ONE_KEY for spec in self.values.values())
        if self.collect == "keys" and not by_keys:
            raise PydanticCustomError("ask_collect", "collect")
        return self


def _ask(raw: object) -> object:
    """``{callback_at: datetime, gave_up: later}`` → the fields of ``Ask``."""
    if not isinstance(raw, dict):
        return raw
    if "gave_up" not in raw:
        raise PydanticCustomError("gave_up", "gave_up")
    values: dict[str, Any] = {name: spec for name, spec in raw.items() if name not in _OWN}
    if not values:
        raise PydanticCustomError("ask_none", "ask")
    return {**{key: rule for key, rule in raw.items() if key in _OWN}, "values": values}


Asked = Annotated[Ask, BeforeValidator(_ask)]


def read_back(ask: Ask, own: str | None, standard: str | None) -> str:
    """The sentence that reads the values back, "" when they are not read back.

    ``own`` is the step's ``read_back`` (on, off or a sentence), ``standard`` the script's with ``{value}``.
    """
    if own == "off" or (own is None and not ask.spoken_back):
        return ""
    if own is not None and own != "on":
        return own
    listed = "，".join(f"{{{name}}}" for name in ask.values)
    return (standard or "").replace(f"{{{VALUE}}}", listed)


def sentences(ask: Ask, own: str | None, standard: str | None, missing: Mapping[str, str]) -> tuple[str, ...]:
    """Everything that a step says while it asks, besides its prompt."""
    back = read_back(ask, own, standard)
    return (*((back,) if back else ()), *missing.values())

"""What a step says: its variants, the recordings beside them, and how the customer may interrupt."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from callbot.script.basics import Duration, Part, short_form

Variant = Literal["first", "silence", "unclear", "repeat", "slower"]
"""Why a prompt is said: on entering, after silence, after what was not understood, again, again and slowly."""

_INSTEAD: dict[Variant, Variant] = {"silence": "repeat", "unclear": "repeat", "slower": "repeat", "repeat": "first"}


class Prompt(Part):
    """A step's sentence and what is said instead of it the next time."""

    first: str = Field(title="第一次", description="第一次说的话")
    silence: str | None = Field(default=None, title="沉默以后", description="客户没说话，再问时说的话；不写就用 repeat")
    unclear: str | None = Field(default=None, title="没听懂以后", description="没听懂，再问时说的话；不写就用 repeat")
    repeat: str | None = Field(default=None, title="重说", description="再说一遍时说的话；不写就用 first")
    slower: str | None = Field(default=None, title="慢一点", description="请机器人慢一点时说的话；不写就用 repeat")

    def variant(self, why: Variant) -> Variant:
        """The variant that is said: the one asked for, or the nearest that is written."""
        while getattr(self, why) is None:
            why = _INSTEAD[why]
        return why

    def text(self, why: Variant) -> str:
        """The sentence for this occasion."""
        text: str = getattr(self, self.variant(why))
        return text

    def texts(self) -> Iterator[tuple[Variant, str]]:
        """All sentences that are written."""
        for why in ("first", *_INSTEAD):
            if (text := getattr(self, why)) is not None:
                yield why, text


_FIRST, _FIRST_SCHEMA = short_form("first")
Said = Annotated[Prompt, _FIRST, _FIRST_SCHEMA]
Recordings = Annotated[dict[Variant, str], _FIRST, _FIRST_SCHEMA]


class BargeIn(Part):
    """How the customer may interrupt a sentence: by any speech, only by what means something here, not at all."""

    by: Literal["speech", "meaning", "nothing"] = "speech"
    after: Duration = 0

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        after = {"type": "object", "properties": {"after": {"type": "string", "pattern": "^[0-9]+(ms|s)$"}}}
        by = {"type": "object", "properties": {"by": {"const": "meaning"}}}
        closed = {"additionalProperties": False, "minProperties": 1}
        return {"anyOf": [{"enum": ["on", "off"]}, {**after, **closed}, {**by, **closed}]}


def _barge_in(raw: object) -> object:
    """``off``, ``on``, ``{after: 800ms}``, ``{by: meaning}``."""
    if raw in ("on", "off"):
        return {"by": "speech" if raw == "on" else "nothing"}
    if isinstance(raw, dict) and len(raw) == 1 and ("after" in raw or raw.get("by") == "meaning"):
        return raw
    raise PydanticCustomError("barge_in", "barge_in")


Interrupting = Annotated[BargeIn, BeforeValidator(_barge_in)]

"""The systems a script may ask with ``do``, as ``actions.yaml`` declares them. Outside data, so pydantic."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from callbot.script.basics import Dsl, Name, Part, short_form
from callbot.script.model import GivenSpec, InputType

FAILED = "failed"
"""The result that every action can have and none declares: no answer, or one that cannot be used."""

_TYPE, _TYPE_SCHEMA = short_form("type")


class ActionSpec(Part):
    """What one action takes, how it can come back besides ``failed``, and what it gives."""

    title: str = Field(title="中文名", description="这个动作做什么，界面里显示")
    arguments: dict[Name, InputType] = Field(
        default={},
        alias="with",
        title="需要的值",
        description="值的名字和类型；话术的 with 要写上这些名字；text 什么值都收",
    )
    results: tuple[Name, ...] = Field(
        min_length=1, title="结果", description="系统可能的回答；failed（没有回答）总是有，不用写"
    )
    gives: dict[Name, Annotated[GivenSpec, _TYPE, _TYPE_SCHEMA]] = Field(
        default={}, title="给出", description="系统给出的值和类型；private 表示证明了什么之后才能说"
    )
    without: tuple[Name, ...] = Field(default=(), title="不给值的结果", description="哪些结果不带 gives 里的值")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if FAILED in self.results:
            raise PydanticCustomError("action_failed", "failed")
        if set(self.without) - set(self.results):
            raise PydanticCustomError("action_without", "without")
        return self


class ActionFile(Part):
    """The file of actions."""

    dsl: Dsl = Field(title="语言版本")
    kind: Literal["actions"] = Field(title="种类")
    actions: dict[Name, ActionSpec] = Field(title="动作")


def takes(wanted: str, kind: str) -> bool:
    """Whether an argument of the type ``wanted`` takes a value of the type ``kind``.

    What was chosen out of a list is whatever the system put there.
    """
    return wanted in ("text", kind) or kind == "one_of" or (wanted == "order_no" and kind == "digits")


def carried(raw_steps: Mapping[str, Any], actions: Mapping[str, ActionSpec]) -> dict[str, Any]:
    """Steps as a revision keeps them: each ``do`` with the results that come ``without`` values.

    So a revision says all that running it needs, whatever becomes of ``actions.yaml`` later. ``raw_steps`` have the
    right shape; an unknown action stays as it is and is found among the references.
    """
    return {name: _carried(step, actions) for name, step in raw_steps.items()}


def _carried(step: Any, actions: Mapping[str, ActionSpec]) -> Any:
    spec = actions.get(step["do"]["action"]) if "do" in step else None
    if spec is None or not spec.without:
        return step
    return {**step, "do": {**step["do"], "without": list(spec.without)}}

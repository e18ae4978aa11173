"""The file that says how simulated customers behave: outside data, checked when read.

::

    customers:
      "13800000001":            # the number that is dialled
        answer_after: 1500ms
        turns:
          - {say: hello.wav, at: 300ms}          # so long after pick-up, whatever the robot does
          - {say: yes_me.wav, after: 800ms}      # the robot has spoken and then been quiet for 800 ms
          - {key: "1", interrupt: 600ms}         # 600 ms after the robot began its next sentence
          - {silent: true}                       # let one sentence of the robot pass
          - {hang_up: true}
      "13800000006": {no_answer: true}
    calls:                      # and whom they call, with ``--call HOST:PORT``
      - caller: "13900000001"
        number: "4008001234"
        turns:
          - {key: "20731#", interrupt: 1s}     # as RFC 4733 events, one after the other
          - {tone: "2", after: 500ms}          # the same as sound in the audio
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from callbot.errors import SettingsError
from callbot.language import Text

_DURATION = re.compile(r"(\d+)(ms|s)")


def _milliseconds(value: object) -> object:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a time has a unit: 600ms or 2s")
    return int(found[1]) * (1000 if found[2] == "s" else 1)


Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]

REACTION_MS = 700
"""How long the robot must be quiet before a customer answers: more than the pauses inside one of its sentences."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Turn(_Section):
    """One thing a customer does, and when. Without a time it comes after the robot's next sentence."""

    say: str = ""
    key: str = Field(default="", pattern=r"^[0-9*#]*$")
    tone: str = Field(default="", pattern=r"^[0-9*#]*$")
    hang_up: bool = False
    silent: bool = False
    at: Milliseconds | None = None
    after: Milliseconds | None = None
    interrupt: Milliseconds | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if sum((bool(self.say), bool(self.key), bool(self.tone), self.hang_up, self.silent)) != 1:
            raise ValueError("a turn has exactly one of say, key, tone, hang_up, silent")
        if sum(time is not None for time in (self.at, self.after, self.interrupt)) > 1:
            raise ValueError("a turn has at most one of at, after, interrupt")
        return self


class Behaviour(_Section):
    """What somebody does who is called."""

    answer_after: Milliseconds = 1000
    reject: Literal["busy", "declined", "not_found"] | None = None
    no_answer: bool = False
    turns: tuple[Turn, ...] = ()


class Call(_Section):
    """One call that somebody makes, so long after the start, and what he does when it is answered."""

    caller: str
    number: str
    begin: Milliseconds = 0
    turns: tuple[Turn, ...] = ()


class Customers(_Section):
    """All numbers that exist, any other is not found; and the calls that are made."""

    customers: dict[str, Behaviour] = {}
    calls: tuple[Call, ...] = ()

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.customers and not self.calls:
            raise ValueError("nobody is in it: a file has customers or calls")
        return self


def load(path: Path, audio: Path) -> Customers:
    """Read the file and check that every recording is there. Errors: ``SettingsError`` naming file and place."""
    try:
        raw = YAML(typ="safe").load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise _wrong(path, "文件不存在", "there is no such file") from None
    except (MarkedYAMLError, UnicodeDecodeError) as error:
        raise _wrong(path, str(error), str(error)) from None
    try:
        customers = Customers.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part) for part in first["loc"])
        raise _wrong(path, f"{place}：{first['msg']}", f"{place}: {first['msg']}") from None
    people = [(number, behaviour.turns) for number, behaviour in customers.customers.items()]
    people += [(call.caller, call.turns) for call in customers.calls]
    for number, turns in people:
        for turn in turns:
            if turn.say and not (audio / turn.say).is_file():
                place = f"{number} → say: {turn.say}"
                raise _wrong(path, f"{place}：{audio} 里没有这个录音", f"{place}: not in {audio}")
    return customers


def _wrong(path: Path, zh: str, en: str) -> SettingsError:
    return SettingsError(Text(f"模拟客户文件 {path}：{zh}", f"Customers file {path}: {en}"))

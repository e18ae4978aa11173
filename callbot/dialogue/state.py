"""All that a conversation has come to, as one value. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callbot.dialogue.asking import AskState
from callbot.messages import Understanding


@dataclass(frozen=True, slots=True)
class DialogueState:
    """All that a conversation has come to; treat the mappings as read-only.

    ``variables`` are canonical texts by name, inputs among them. ``counters``: ``turns``, ``silence`` and ``unclear``
    of this visit of the step, ``faq``, ``jump:<step>:<exit>``. ``said`` holds the step of every sentence so far ("" for
    asides): ``said[n - 1]`` belongs to ``Say.number`` n; ``heard_out`` are the steps whose prompt was played to its
    end; ``asking`` is how far this visit of a step that asks has come.
    """

    step: str
    now: datetime
    variables: Mapping[str, str]
    inputs: frozenset[str]
    counters: Mapping[str, int] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    heard_out: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()
    ended: bool = False
    outcome: str = ""
    tags: tuple[str, ...] = ()
    asking: AskState = field(default_factory=AskState)
    understood: Understanding | None = None

    @property
    def say_number(self) -> int:
        """The number of the last sentence."""
        return len(self.said)

    @property
    def slots(self) -> dict[str, str]:
        """What was learned in the call: variables that are not inputs."""
        return {name: value for name, value in self.variables.items() if name not in self.inputs}

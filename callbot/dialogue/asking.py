"""A step that asks: what the customer's words and keys come to. Pure; the engine carries out the replies.

::

    heard ── Nothing    no value in it: not understood, or an aside
          └─ Collected  the values, and the exit to take
    key ──── Entering   one more key of a number: wait for the next
          └─ Nothing    # before any digit
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from callbot.messages import Understanding
from callbot.script.model import Ask
from callbot.zh.heard import spoken_time

_LONGEST_NUMBER = 30
"""Digits of a number entered by keys: the longest order numbers of Chinese shops have 28 (payment platforms')."""


@dataclass(frozen=True, slots=True)
class AskState:
    """How far this visit of an asking step has come; ``keyed`` holds the keys of a number that is being entered."""

    keyed: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no value in it."""


@dataclass(frozen=True, slots=True)
class Entering:
    """A number is being entered: wait ``wait_ms`` for the next key, as always when None."""

    state: AskState
    wait_ms: int | None


@dataclass(frozen=True, slots=True)
class Collected:
    """The values are there: keep them and leave by ``way``."""

    values: Mapping[str, str]
    way: str = "value"


Reply = Nothing | Entering | Collected


def heard(ask: Ask, text: str, understood: Understanding, now: datetime) -> Reply:
    """What the customer's words come to; ``now`` is aware, in the zone of the campaign."""
    value = _value(ask, text, understood, now)
    return Nothing() if value is None else Collected({ask.variable: value})


def takes_keys(ask: Ask) -> bool:
    """Whether keys are what is collected."""
    return ask.type == "digits"


def key(ask: Ask, state: AskState, pressed: str) -> Reply:
    """One key of a number: # ends it, * begins it anew; digits beyond what a number can hold do not count."""
    if pressed == "#":
        return entered(ask, state)
    digits = "" if pressed == "*" else (state.keyed + pressed)[:_LONGEST_NUMBER]
    return Entering(replace(state, keyed=digits), ask.pause if digits else None)


def entered(ask: Ask, state: AskState) -> Reply:
    """The entry is complete: by # or by a pause."""
    return Collected({ask.variable: state.keyed}) if state.keyed else Nothing()


def _value(ask: Ask, text: str, understood: Understanding, now: datetime) -> str | None:
    if ask.type == "datetime":
        return understood.slots.get("datetime")
    if ask.type == "date":
        moment = spoken_time(text, now)
        return None if moment is None else moment.moment.date().isoformat()
    return understood.slots.get(ask.type)

"""A step that asks: what the customer's words and keys come to. Pure; the engine carries out the replies.

::

    ask ── a value ── all there? ── read back? ── yes → Collected
     ↑        │           │ no: ask for what is missing       the step goes on
     │        │           ↓
     │        └──────── Asking ── 不对，是八号楼 → the value is corrected and read back again
     └── 不对 ──────────────┘
    key ── Entering: wait for the next ── the length, # or a pause → the value, not read back

Values wait here until they are complete and confirmed: a step that gave up has learned nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from callbot.dialogue.taking import Taken, Words, take
from callbot.script.ask import BY_ONE_KEY, BY_SIGN, LONGEST_CODE, Ask, AskSpec, read_back
from callbot.script.graph import unclear_rule
from callbot.script.items import read_items
from callbot.script.model import Script, Step
from callbot.zh import codes
from callbot.zh.choices import Item
from callbot.zh.found import standing

_AFFIRM, _DENY = "affirm", "deny"
"""The intents that answer 对吗？"""
_YES_KEY, _NO_KEY = "1", "2"
_REFUSED = re.compile("不对|不是|错了|不要")
"""Words that keep a value from being confirmed by its being said again: 不是八号楼."""


@dataclass(frozen=True, slots=True)
class AskState:
    """How far this visit of an asking step has come.

    ``values`` are canonical, not confirmed yet; ``spoken`` tells whether any came by speech. ``keyed`` holds the keys
    of a number that is being entered. ``prompt`` is the sentence that was said last, "" for the step's own;
    ``confirming`` when it read the values back, ``read`` how often that happened.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    keyed: str = ""
    prompt: str = ""
    confirming: bool = False
    spoken: bool = False
    read: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a step asks and how: the sentence that reads back ("" for none), sentences for single values, how often a
    value is read back at most, the value it may keep (``current``), the list it chooses from."""

    ask: Ask
    read_back: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    tries: int = 2
    current: str = ""
    items: Sequence[Item] = ()

    @property
    def expects(self) -> tuple[str, ...]:
        """What understanding should look for first, as in ``messages.Listen``."""
        kinds = [spec.type for spec in self.ask.values.values()]
        yes_no = self.read_back or self.ask.current is not None or "yes_no" in kinds
        return (*(f"value:{kind}" for kind in kinds), *((_AFFIRM, _DENY) if yes_no else ()))

    def begin(self) -> AskState:
        """The state on entering: a step with a current value has put it to the customer with its own prompt."""
        if not self.current:
            return AskState()
        return AskState(dict.fromkeys(self.ask.values, self.current), confirming=True)


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no value in it."""


@dataclass(frozen=True, slots=True)
class Entering:
    """A number is being entered: wait ``wait_ms`` for the next key, as always when None."""

    state: AskState
    wait_ms: int | None


@dataclass(frozen=True, slots=True)
class Asking:
    """Say the state's prompt and listen: values are read back or still missing."""

    state: AskState


@dataclass(frozen=True, slots=True)
class Collected:
    """The values are there: keep them and leave by ``way``."""

    values: Mapping[str, str]
    way: str = "value"


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Read back as often as the step allows, and still wrong."""


Reply = Nothing | Entering | Asking | Collected | GaveUp


def asked_in(script: Script, step: Step, variables: Mapping[str, str]) -> Asked | None:
    """What a step asks, with the values it compares and chooses from; None for a step that asks nothing."""
    ask = step.ask
    if ask is None:
        return None
    listed = variables.get(ask.source or "", "")
    return Asked(
        ask,
        read_back(ask, step.read_back, script.defaults.read_back),
        step.missing,
        unclear_rule(script, step).tries,
        variables.get(ask.current or "", ""),
        read_items(listed) if listed else (),
    )


def taken(asked: Asked, state: AskState, words: Words) -> Taken:
    """The values in what was said: the missing ones, or corrections of what was read back."""
    if asked.ask.collect == "keys":
        return Taken({}, sure=False)
    if state.confirming:
        specs = {name: spec for name, spec in asked.ask.values.items() if _may_correct(spec, words)}
        return take(specs, words, state.values)
    known = dict.fromkeys(asked.ask.values, asked.current) if asked.current else {}
    return take({name: spec for name, spec in asked.ask.values.items() if name not in state.values}, words, known)


def heard(asked: Asked, state: AskState, words: Words, found: Mapping[str, str]) -> Reply:
    """What the customer's words come to; ``found`` are the values that were ``taken`` from them."""
    if not state.confirming:
        return _go_on(asked, replace(state, values={**state.values, **found}, spoken=True)) if found else Nothing()
    values = {**state.values, **found}
    if values != state.values:
        return _go_on(asked, replace(state, values=values, spoken=True))
    if _DENY in words.meanings or _REFUSED.search(words.text):
        return _denied(asked, state)
    return _confirmed(asked, state) if found or _AFFIRM in words.meanings else Nothing()


def key(asked: Asked, state: AskState, pressed: str) -> Reply:
    """One key: a sign of a number (# ends it, * begins it anew), the place of an option, 1 or 2 to what was read back.

    A number is complete with its last digit when its length is known; digits beyond what it can hold do not count. Keys
    after a number was read back enter it anew: who begins to press 138… does not mean yes.
    """
    name = _keyed_name(asked, state)
    if state.confirming and name is None:
        if pressed == _YES_KEY:
            return _confirmed(asked, state)
        return _denied(asked, state) if pressed == _NO_KEY else Nothing()
    if name is None:
        return Nothing()
    spec = asked.ask.values[name]
    if spec.type in BY_ONE_KEY:
        chosen = _by_place(spec, asked, pressed)
        return Nothing() if chosen is None else _go_on(asked, _with(state, name, chosen))
    if pressed == "#":
        return entered(asked, state)
    most = spec.length[1] if spec.length else LONGEST_CODE
    digits = "" if pressed == "*" else (state.keyed + pressed)[:most]
    entering = replace(state, keyed=digits)
    if _is_whole(spec, digits):
        return entered(asked, entering)
    return Entering(entering, asked.ask.pause if digits else None)


def entered(asked: Asked, state: AskState) -> Reply:
    """The entry is complete: by its length, by # or by a pause."""
    name = _keyed_name(asked, state)
    if name is None or not state.keyed or not _fits(asked.ask.values[name], state.keyed):
        return Nothing()
    return _go_on(asked, _with(state, name, state.keyed))


def _go_on(asked: Asked, state: AskState) -> Reply:
    """Ask for what is missing, read back, or be done."""
    missing = next((name for name in asked.ask.values if name not in state.values), None)
    if missing is not None:
        return Asking(replace(state, keyed="", prompt=asked.missing.get(missing, ""), confirming=False))
    if not asked.read_back or not state.spoken:
        return _confirmed(asked, state)
    if state.read >= asked.tries:
        return GaveUp()
    return Asking(replace(state, keyed="", prompt=asked.read_back, confirming=True, read=state.read + 1))


def _confirmed(asked: Asked, state: AskState) -> Reply:
    if not asked.current:
        return Collected(state.values)
    same = all(value == asked.current for value in state.values.values())
    return Collected(state.values, "same" if same else "changed")


def _denied(asked: Asked, state: AskState) -> Reply:
    """Wrong, and not said how: everything is asked again."""
    if state.read >= asked.tries:
        return GaveUp()
    first = next(iter(asked.ask.values))
    again = asked.missing.get(first, "") if len(asked.ask.values) == 1 else ""
    return Asking(AskState(prompt=again, read=state.read))


def _with(state: AskState, name: str, value: str) -> AskState:
    """With a value that was entered by keys; it alone need not be read back."""
    values = {**state.values, name: value}
    return replace(state, values=values, keyed="", spoken=state.spoken and len(values) > 1)


def _may_correct(spec: AskSpec, words: Words) -> bool:
    """Free words answer 对吗？ only when they are neither yes nor no, or come after 不对，是…."""
    if spec.type not in ("text", "yes_no") or not {_AFFIRM, _DENY} & set(words.meanings):
        return True
    return spec.type == "text" and any(start for start, _ in standing(words.text))


def _keyed_name(asked: Asked, state: AskState) -> str | None:
    """The value that keys go to: the first that can be entered and is missing, or a number that was read back."""
    if asked.ask.collect == "speech":
        return None
    specs = asked.ask.values
    if state.confirming:
        return next((name for name, spec in specs.items() if spec.type in BY_SIGN), None)
    missing = (name for name in specs if name not in state.values)
    return next((name for name in missing if specs[name].type in BY_SIGN | BY_ONE_KEY), None)


def _by_place(spec: AskSpec, asked: Asked, pressed: str) -> str | None:
    match spec.type:
        case "choice":
            values = list(spec.options)
        case "one_of":
            values = [item.value for item in asked.items]
        case _:
            values = ["yes", "no"]
    return values[int(pressed) - 1] if pressed.isdecimal() and 1 <= int(pressed) <= len(values) else None


def _is_whole(spec: AskSpec, digits: str) -> bool:
    if spec.type == "phone":
        found = codes.phone(digits)
        return found is not None and found.value == digits and digits.startswith("1")
    return spec.length is not None and len(digits) == spec.length[1]


def _fits(spec: AskSpec, digits: str) -> bool:
    if spec.type == "phone":
        found = codes.phone(digits)
        return found is not None and found.value == digits
    least, most = spec.length or (1, LONGEST_CODE)
    return least <= len(digits) <= most and codes.valid(digits, spec.checksum)

"""The values that are in what the customer said, by the types a step asks for. Pure.

Several values come from one sentence: what is surest (numbers with their form, days, times) is taken first and its
words are taken away, so that 明天下午送到人民路八号 is a day, a half-day and an address, each from its own words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from callbot.script.ask import AskSpec, AskType
from callbot.zh import addresses, amounts, choices, codes, names, times
from callbot.zh.choices import Item
from callbot.zh.found import Found, standing

_ORDER: tuple[AskType, ...] = (
    "phone", "order_no", "digits", "money", "datetime", "date", "half_day", "time", "choice", "one_of", "address",
    "name", "yes_no", "text",
)  # fmt: skip
_WEAK: frozenset[AskType] = frozenset(("name", "yes_no", "text"))
"""Types that nearly any words could be: what means something else in the script is that, not the value."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was said and what is needed to read it: the present moment, the list a choice is made from, and the meanings
    (intents, nearest first) that understanding found."""

    text: str
    now: datetime
    items: Sequence[Item] = ()
    meanings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """Values by name; ``sure`` when at least one has a form that means nothing else."""

    values: Mapping[str, str]
    sure: bool


def take(specs: Mapping[str, AskSpec], words: Words, known: Mapping[str, str]) -> Taken:
    """Every value of ``specs`` that is in the words; those in ``known`` are corrected by what is said of them."""
    values: dict[str, str] = {}
    sure = False
    text = words.text
    for name in sorted(specs, key=lambda name: _ORDER.index(specs[name].type)):
        spec = specs[name]
        found = _found(spec, Words(text, words.now, words.items, words.meanings), known.get(name, ""), len(specs) == 1)
        if found is not None:
            values[name] = found.value
            sure = sure or spec.type not in _WEAK
            text = text[: found.start] + "，" * (found.end - found.start) + text[found.end :]
    return Taken(values, sure)


def _found(spec: AskSpec, words: Words, known: str, alone: bool) -> Found | None:
    text, now = words.text, words.now
    match spec.type:
        case "digits":
            return codes.digits(text, spec.length, spec.checksum)
        case "order_no":
            return codes.order_number(text, spec.length, spec.checksum)
        case "phone":
            return codes.phone(text)
        case "money":
            return amounts.bare_money(text) if alone else amounts.money(text)
        case "date":
            return times.day(text, now)
        case "time":
            return times.clock(text, now, known or None)
        case "datetime":
            return times.moment(text, now, datetime.fromisoformat(known) if known else None)
        case "half_day":
            return times.half_day(text, now)
        case "choice":
            return choices.option(text, spec.options)
        case "one_of":
            return choices.one_of(text, words.items, now.date())
        case "address":
            return addresses.address(text, known)
        case "name":
            return names.name(text)
        case "yes_no":
            return _yes_no(words)
        case "text":
            return _free(text)


def _yes_no(words: Words) -> Found | None:
    whole = (0, len(words.text))
    for intent, value in (("affirm", "yes"), ("deny", "no")):
        if intent in words.meanings:
            return Found(value, *whole)
    return choices.yes_no(words.text)


def _free(text: str) -> Found | None:
    stretches = standing(text)
    if not stretches:
        return None
    start, end = stretches[-1]
    said = text[start:end].strip("，,。. ")
    return Found(said, start, end) if said else None

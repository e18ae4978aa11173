"""Sentences as pieces of speech: carriers belong to the script, values are shared or belong to a contact. Pure.

``Say.pieces`` holds exactly these strings, so what ``shared_pieces`` and ``contact_pieces`` list is all that a call can
need. A carrier keeps its punctuation: at its end or beginning it means a pause there.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from callbot.dialogue.compiled import CompiledScript
from callbot.script import template
from callbot.zh import spoken
from callbot.zh.written import written


def reading(kind: str, value: str, now: datetime) -> tuple[str, ...]:
    """How a canonical value is spoken; ``now`` is aware, in the zone of the campaign."""
    match kind:
        case "money":
            return spoken.money_pieces(value)
        case "date":
            return spoken.date_pieces(date.fromisoformat(value), now.date())
        case "datetime":
            return spoken.datetime_pieces(datetime.fromisoformat(value), now)
        case "digits":
            return spoken.digits_pieces(value)
        case "phone":
            return spoken.phone_pieces(value)
        case _:
            return (value,)


def sentence(
    script: CompiledScript, text: str, variables: Mapping[str, str], now: datetime
) -> tuple[str, tuple[str, ...]]:
    """A sentence with its values: as people read it, and as pieces to speak."""
    shown: list[str] = []
    pieces: list[str] = []
    for part in template.split(text):
        if isinstance(part, template.Carrier):
            shown.append(part.text)
            if template.speakable(part.text):
                pieces.append(part.text.strip())
        else:
            kind, value = script.kinds[part.name], variables.get(part.name, "")
            said = reading(kind, value, now) if value else ()
            pieces += said
            shown.append("".join(said) if kind == "datetime" else written(kind, value) if value else "")
    return "".join(shown), tuple(pieces)


def shared_pieces(script: CompiledScript) -> tuple[str, ...]:
    """Everything that calls of this script can need whoever is called: carriers, and the inventories of value types."""
    found: dict[str, None] = {}
    for text in _sentences(script):
        for part in template.split(text):
            if isinstance(part, template.Value):
                found |= dict.fromkeys(spoken.INVENTORIES.get(script.kinds[part.name], ()))
            elif template.speakable(part.text):
                found[part.text.strip()] = None
    return tuple(found)


def contact_pieces(script: CompiledScript, inputs: Mapping[str, str]) -> tuple[str, ...]:
    """What only this contact's values bring: their names and other free text. ``inputs`` as for ``engine.begin``."""
    values = script.canonical(inputs)
    names = dict.fromkeys(name for text in _sentences(script) for name in template.values(text))
    return tuple(values[name] for name in names if name in values and script.kinds[name] not in spoken.INVENTORIES)


def _sentences(script: CompiledScript) -> Iterator[str]:
    rows = [script.script.defaults.anytime, *(step.anytime for step in script.script.steps.values())]
    yield from (step.say for step in script.script.steps.values() if step.say is not None)
    yield from (row.say for table in rows for row in table.values() if row.say is not None)

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
            said = _said(script, part.name, value, now) if value else ()
            pieces += said
            shown.append("".join(said) if kind == "datetime" else written(kind, value) if value else "")
    return "".join(shown), tuple(pieces)


def shared_pieces(script: CompiledScript) -> tuple[str, ...]:
    """Everything that calls of this script can need whoever is called: carriers, and the inventories of value types."""
    found: dict[str, None] = {}
    for text in _sentences(script):
        for part in template.split(text):
            if isinstance(part, template.Value):
                found |= dict.fromkeys(_inventory(script, part.name))
            elif template.speakable(part.text):
                found[part.text.strip()] = None
    return tuple(found)


def contact_pieces(script: CompiledScript, inputs: Mapping[str, str]) -> tuple[str, ...]:
    """What only this contact's values bring: names, amounts, other free text. ``inputs`` as for ``engine.begin``."""
    values = script.canonical(inputs)
    found: dict[str, None] = {}
    for name in dict.fromkeys(name for text in _sentences(script) for name in template.values(text)):
        if name not in values:
            continue
        if _is_known_money(script, name):
            found |= dict.fromkeys(spoken.known_money_pieces(values[name]))
        elif script.kinds[name] not in spoken.INVENTORIES:
            found[values[name]] = None
        found = {piece: None for piece in found if piece not in _inventory(script, name)}
    return tuple(found)


def _is_known_money(script: CompiledScript, name: str) -> bool:
    return script.kinds[name] == "money" and name in script.script.inputs


def _inventory(script: CompiledScript, name: str) -> tuple[str, ...]:
    return spoken.CHANGE if _is_known_money(script, name) else spoken.INVENTORIES.get(script.kinds[name], ())


def _said(script: CompiledScript, name: str, value: str, now: datetime) -> tuple[str, ...]:
    if _is_known_money(script, name):
        return spoken.known_money_pieces(value)
    return reading(script.kinds[name], value, now)


def _sentences(script: CompiledScript) -> Iterator[str]:
    yield from (entry.answer for entry in script.faq.values())
    rows = [script.script.defaults.anytime, *(step.anytime for step in script.script.steps.values())]
    for step in script.script.steps.values():
        if step.say is not None:
            yield from (text for _, text in step.say.texts())
    yield from (row.say for table in rows for row in table.values() if row.say is not None)

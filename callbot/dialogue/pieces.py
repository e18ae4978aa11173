"""Sentences as pieces of speech: carriers belong to the script, values are shared or belong to a contact. Pure.

``Say.pieces`` holds exactly these strings, so what ``shared_pieces`` and ``contact_pieces`` list is all that a call can
need. A carrier keeps its punctuation: at its end or beginning it means a pause there.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from callbot.dialogue.compiled import CompiledScript
from callbot.script import labels, template
from callbot.script.ask import sentences as ask_sentences
from callbot.script.items import read_items
from callbot.zh import spoken
from callbot.zh.times import aware
from callbot.zh.written import written


def reading(kind: str, value: str, now: datetime) -> tuple[str, ...]:
    """How a canonical value is spoken; ``now`` is aware, in the zone of the campaign."""
    match kind:
        case "money":
            return spoken.money_pieces(value)
        case "date":
            return spoken.date_pieces(date.fromisoformat(value), now.date())
        case "datetime":
            return spoken.datetime_pieces(aware(value, now), now)
        case "time":
            return spoken.time_pieces(value)
        case "half_day":
            return (spoken.HALF_DAYS[value],)
        case "yes_no":
            return (spoken.YES_NO[value],)
        case "digits" | "order_no":
            return spoken.code_pieces(value)
        case "address":
            return spoken.address_pieces(value)
        case "list":
            return _listing(value)
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
            said = _said(script, part.name, value, variables, now) if value else ()
            pieces += said
            shown.append(_shown(kind, value, said) if value else "")
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
        for source in (name, *labels.sources(script.script, name)):
            if source in values:
                own = _own(script, source, values[source])
                found |= {piece: None for piece in own if piece not in _inventory(script, name)}
    return tuple(found)


def _own(script: CompiledScript, name: str, value: str) -> tuple[str, ...]:
    """What only this value brings."""
    kind = script.kinds[name]
    if _is_known_money(script, name):
        own = spoken.known_money_pieces(value)
    elif kind == "list":
        items = read_items(value)
        own = (*(item.name for item in items if item.name), *_listing(value))
    elif kind == "address":
        own = spoken.address_pieces(value)
    else:
        own = () if kind in spoken.INVENTORIES else (value,)
    return tuple(piece for piece in own if piece not in _inventory(script, name))


def _is_known_money(script: CompiledScript, name: str) -> bool:
    return script.kinds[name] == "money" and name in script.script.inputs


def _inventory(script: CompiledScript, name: str) -> tuple[str, ...]:
    if _is_known_money(script, name):
        return spoken.CHANGE
    if script.kinds[name] == "choice":
        return labels.labels(script.script, name)
    return spoken.INVENTORIES.get(script.kinds[name], ())


def _said(
    script: CompiledScript, name: str, value: str, variables: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    kind = script.kinds[name]
    if _is_known_money(script, name):
        return spoken.known_money_pieces(value)
    if kind in ("choice", "one_of"):
        named = labels.label(script.script, name, value, variables)
        return (named,) if named else spoken.code_pieces(value)
    return reading(kind, value, now)


def _shown(kind: str, value: str, said: tuple[str, ...]) -> str:
    return "".join(said) if kind in ("datetime", "choice", "one_of", "list") else written(kind, value)


def _listing(value: str) -> tuple[str, ...]:
    """Options as they are read out: 第一个，蓝牙耳机，第二个，保温杯."""
    items = read_items(value)
    pieces: list[str] = []
    for at, item in enumerate(items, 1):
        pieces.append(f"第{spoken.ordinal_word(at)}个，")
        pieces += (f"{item.name}，",) if item.name else (*spoken.code_pieces(item.value), "，")
    return tuple(pieces)


def _sentences(script: CompiledScript) -> Iterator[str]:
    yield from (entry.answer for entry in script.faq.values())
    rows = [script.script.defaults.anytime, *(step.anytime for step in script.script.steps.values())]
    for step in script.script.steps.values():
        if step.say is not None:
            yield from (text for _, text in step.say.texts())
        if step.ask is not None:
            yield from ask_sentences(step.ask, step.read_back, script.script.defaults.read_back, step.missing)
    yield from (row.say for table in rows for row in table.values() if row.say is not None)

"""Lists of found things, such as the orders of a caller, as one text value. Pure.

Canonical is JSON: ``[{"value":"20731","name":"蓝牙耳机","day":"2026-05-30","amount":"128.50"}]``; only ``value`` is
required. People write one thing after the other: ``20731 蓝牙耳机 2026-05-30 128.50元；20688 保温杯``.
"""

import json
import re
from datetime import date
from typing import Any

from callbot.zh.choices import Item

_BETWEEN = re.compile(r"\s*[;；\n]\s*")
_DAY = re.compile(r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$")
_AMOUNT = re.compile(r"^[¥￥]?([0-9]{1,8}(?:\.[0-9]{1,2})?)元$")
_LONGEST = 20
"""Things in one list: nobody listens to more, and a caller is told of the latest ones."""


def read_items(text: str) -> tuple[Item, ...]:
    """The things of a list value. Errors: ``ValueError`` when it is none, is empty, too long or has a thing twice."""
    stripped = text.strip()
    items = _from_json(stripped) if stripped.startswith("[") else tuple(map(_written, _BETWEEN.split(stripped)))
    values = [item.value for item in items]
    if not 0 < len(items) <= _LONGEST or len(set(values)) < len(values) or not all(values):
        raise ValueError("no list")
    for item in items:
        if item.day:
            date.fromisoformat(item.day)
    return items


def write_items(items: tuple[Item, ...]) -> str:
    """The canonical text of a list."""
    rows = [
        {key: value for key in ("value", "name", "day", "amount") if (value := getattr(item, key))} for item in items
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _from_json(text: str) -> tuple[Item, ...]:
    rows: Any = json.loads(text)
    try:
        return tuple(Item(**{key: str(value) for key, value in row.items()}) for row in rows)
    except (AttributeError, TypeError):
        raise ValueError("no list") from None


def _written(text: str) -> Item:
    value, *rest = text.split()
    day = next((word for word in rest if _DAY.match(word)), "")
    amount = next((match[1] for word in rest if (match := _AMOUNT.match(word))), "")
    name = " ".join(word for word in rest if word != day and not _AMOUNT.match(word))
    return Item(value, name, day, f"{float(amount):.2f}" if amount else "")

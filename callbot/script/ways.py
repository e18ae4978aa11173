"""The ways out of a step in words, for graphs, comparisons and coverage. Pure.

``graph.exits`` names them; a kind that has no words here is shown by its name, so a new one breaks nothing.
"""

from collections.abc import Mapping

from callbot.language import Text
from callbot.script.model import Intent, Step

_PLAIN = {
    "silence": Text("没有声音", "silence"),
    "unclear": Text("没听懂", "not understood"),
    "value": Text("问到了", "value given"),
    "gave_up": Text("问不到", "gave up"),
    "failed": Text("转不通", "nobody free"),
    "then": Text("然后", "then"),
    "same": Text("没有变", "unchanged"),
    "changed": Text("改了", "changed"),
    "otherwise": Text("都不成立", "otherwise"),
    "machine": Text("接听的是语音信箱", "answering machine"),
    "longest": Text("到了上限", "limit reached"),
}
_NAMED = {
    "answer": Text("听到", "hears"),
    "key": Text("按", "key"),
    "anytime": Text("随时听到", "anytime"),
    "result": Text("查到", "result"),
}
FAILED = Text("查询失败", "look-up failed")
"""``result:failed`` is what every question to a system may come back as."""


def words(way: str, intents: Mapping[str, Intent], step: Step | None = None) -> Text:
    """A way out as people read it: ``answer:busy`` is 听到“在忙”(busy). Rows of a check need their ``step``."""
    kind, _, name = way.partition(":")
    if kind == "row" and step is not None and 0 < int(name) <= len(step.rows):
        row = step.rows[int(name) - 1]
        compared = f"{row.comparison} {row.operand}"
        return Text(compared, compared)
    if way in _PLAIN:
        return _PLAIN[way]
    if way == "result:failed":
        return FAILED
    if kind in _NAMED:
        verb, intent = _NAMED[kind], intents.get(name)
        shown = f"“{intent.title}”({name})" if intent is not None and kind in ("answer", "anytime") else f" {name}"
        return Text(f"{verb.zh}{shown}", f"{verb.en} {name}")
    return Text(way, way)


def short(way: str, intents: Mapping[str, Intent], step: Step | None = None) -> Text:
    """The same in the few characters that an arrow has room for."""
    kind, _, name = way.partition(":")
    if kind in ("answer", "anytime") and name:
        intent = intents.get(name)
        return Text(intent.title if intent is not None else name, name)
    if kind == "result" and name and way != "result:failed":
        return Text(name, name)
    return words(way, intents, step)

"""Two revisions of a script compared: in sentences for people, and on the graph. Pure.

What a step says and where it leads has sentences of its own; every other key is named by the title it has in the model,
so a new key or kind of step is compared without a change here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, get_args

from pydantic import BaseModel

from callbot.authoring.drawing import Arrow, Drawing, Mark, Node, draw
from callbot.language import Text
from callbot.script import ways
from callbot.script.basics import Duration, Jump
from callbot.script.branch import CheckRow
from callbot.script.graph import exits
from callbot.script.model import Bundle, Script
from callbot.script.prompt import Prompt

Kind = Literal["added", "removed", "changed"]
_COMMON = ("silence", "unclear", "anytime")
"""Ways that a step has by rules, which are told as rules."""
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"))


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: of which step ("" for the script), and what it is in words."""

    kind: Kind
    step: str
    text: Text


def changes(old: Bundle, new: Bundle) -> tuple[Change, ...]:
    """All differences, those of the head first, then step by step in the order of the newer script."""
    return tuple(
        chain(
            _head(old.script, new.script),
            _steps(old, new),
            _shared(old, new),
        )
    )


# ---------------------------------------------------------------- the head


def _head(old: Script, new: Script) -> Iterator[Change]:
    for name in _differing(old, new):
        if name == "steps":
            continue
        yield from _field("", Text("", ""), old, new, name)


def _value(step: str, title: Text, before: object, after: object) -> Iterator[Change]:
    """A field that changed; the rows of a table each by itself."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            row = Text(f"{title.zh} {key}", f"{title.en} {key}")
            if before.get(key) != after.get(key):
                yield _one(step, row, before.get(key), after.get(key))
    else:
        yield _one(step, title, before, after)


def _one(step: str, title: Text, before: object, after: object) -> Change:
    old, new = _shown(before), _shown(after)
    if not old:
        return _change("added", step, Text(f"新增{_gap(title)}：{new}", f"{title.en} added: {new}"))
    if not new:
        return _change("removed", step, Text(f"删除{_gap(title)}（原来是 {old}）", f"{title.en} removed (was {old})"))
    text = Text(f"{title.zh}从 {old} 改为 {new}", f"{title.en} changed from {old} to {new}")
    return _change("changed", step, text)


def _gap(title: Text) -> str:
    return f" {title.zh}" if title.zh[:1].isascii() else title.zh


def _change(kind: Kind, step: str, text: Text) -> Change:
    if not step:
        return Change(kind, step, text)
    return Change(kind, step, Text(f"步骤 {step}：{text.zh}", f"step {step}: {text.en}"))


# ---------------------------------------------------------------- steps


def _steps(old: Bundle, new: Bundle) -> Iterator[Change]:
    before, after = old.script.steps, new.script.steps
    for name in dict.fromkeys([*after, *before]):
        if name not in before:
            said = after[name].say
            told_zh, told_en = (f"，说“{said.first}”", f", says “{said.first}”") if said else ("", "")
            yield Change("added", name, Text(f"新增步骤 {name}{told_zh}", f"new step {name}{told_en}"))
        elif name not in after:
            yield Change("removed", name, Text(f"删除步骤 {name}", f"step {name} removed"))
        elif before[name] != after[name]:
            yield from _step(old, new, name)


def _step(old: Bundle, new: Bundle, name: str) -> Iterator[Change]:
    before, after = old.script.steps[name], new.script.steps[name]
    yield from _said(name, before.say, after.say)
    yield from _jumps(old, new, name)
    for field in _differing(before, after):
        if field != "say":
            yield from _field(name, Text("", ""), before, after, field)


def _said(name: str, before: Prompt | None, after: Prompt | None) -> Iterator[Change]:
    """The sentences of a step: the first one, and those that are said instead of it the next time."""
    was, now = (dict[str, str]() if each is None else dict(each.texts()) for each in (before, after))
    for why in dict.fromkeys([*now, *was]):
        old, new = was.get(why), now.get(why)
        title = Text("话术", "says")
        if why != "first":
            title = Text(f"话术（{_title(Prompt, why).zh}）", f"says ({why})")
        if old is None:
            yield _change("added", name, Text(f"新增{title.zh}“{new}”", f"now {title.en} “{new}”"))
        elif new is None:
            yield _change("removed", name, Text(f"删除{title.zh}“{old}”", f"no longer {title.en} “{old}”"))
        elif old != new:
            text = Text(f"{title.zh}从“{old}”改为“{new}”", f"{title.en} “{new}” instead of “{old}”")
            yield _change("changed", name, text)


def _is_ways(value: object) -> bool:
    """Whether a value holds nothing but ways out, which are told one by one."""
    if isinstance(value, Mapping):
        return bool(value) and all(isinstance(each, Jump) for each in value.values())
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(each, CheckRow) for each in value)
    return isinstance(value, Jump)


def _jumps(old: Bundle, new: Bundle, name: str) -> Iterator[Change]:
    before, after = (_own_exits(bundle, name) for bundle in (old, new))
    for way in dict.fromkeys([*after, *before]):
        newer = new if way in after else old
        word = ways.words(way, newer.intents, newer.script.steps[name])
        was, now = before.get(way), after.get(way)
        if was == now:
            continue
        if was is None and now is not None:
            text = Text(f"新增：{word.zh}，去 {_jump(now)}", f"new: {word.en} leads to {_jump(now)}")
            yield _change("added", name, text)
        elif now is None and was is not None:
            text = Text(f"删除：{word.zh}（原来去 {_jump(was)}）", f"removed: {word.en} (led to {_jump(was)})")
            yield _change("removed", name, text)
        elif was is not None and now is not None:
            text = Text(
                f"{word.zh}，改去 {_jump(now)}（原来去 {_jump(was)}）",
                f"{word.en} now leads to {_jump(now)} (was {_jump(was)})",
            )
            yield _change("changed", name, text)


def _own_exits(bundle: Bundle, name: str) -> dict[str, Jump]:
    """What the step itself says about where it goes; common rules are told once, with the head."""
    found = exits(bundle.script, bundle.script.steps[name])
    return {way: jump for way, jump in found.items() if way.partition(":")[0] not in _COMMON}


def _jump(jump: Jump) -> str:
    more = [f"proves {jump.proves}"] if jump.proves is not None else []
    if jump.at_most is not None:
        more.append(f"at_most {jump.at_most}, else {jump.otherwise}")
    return jump.to + (f" [{'; '.join(more)}]" if more else "")


def _field(step: str, inside: Text, before: BaseModel, after: BaseModel, name: str) -> Iterator[Change]:
    """One field that differs, by its way from the step: 结束的标签, end.tags."""
    own = _title(type(after), name)
    title = Text(f"{inside.zh}的{own.zh}", f"{inside.en}.{own.en}") if inside.zh else own
    was, now = getattr(before, name), getattr(after, name)
    if _is_ways(was or now):
        return
    if isinstance(was, BaseModel) and isinstance(now, BaseModel) and type(was) is type(now):
        for inner in _differing(was, now):
            yield from _field(step, title, was, now, inner)
    elif _is_duration(type(after), name):
        yield _one(step, title, None if was is None else _duration(was), None if now is None else _duration(now))
    else:
        yield from _value(step, title, was, now)


# ---------------------------------------------------------------- what scripts share


def _shared(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Intents and text messages that the script uses; others may change without changing what it does."""
    used = _intents_of(old.script) | _intents_of(new.script)
    for name in sorted(used):
        was, now = old.intents.get(name), new.intents.get(name)
        if was is None or now is None or was == now:
            continue
        less, more = (
            ({*was.phrases, *was.whole} - {*now.phrases, *now.whole}),
            ({*now.phrases, *now.whole} - {*was.phrases, *was.whole}),
        )
        parts = (
            [Text("新增说法：" + "、".join(sorted(more)), "new phrases: " + ", ".join(sorted(more)))] if more else []
        )
        if less:
            gone = ", ".join(sorted(less))
            parts.append(Text("去掉说法：" + "、".join(sorted(less)), f"phrases removed: {gone}"))
        parts = parts or [Text("规则有变", "its rules changed")]
        text = Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))
        yield Change("changed", "", Text(f"意图“{now.title}”({name})：{text.zh}", f"intent {name}: {text.en}"))
    for name in sorted(_messages_of(old.script) | _messages_of(new.script)):
        first, second = old.sms.get(name), new.sms.get(name)
        if first is not None and second is not None and first.text != second.text:
            title = Text(f"短信“{second.title}”({name})", f"text message {name}")
            yield _one("", title, f"“{first.text}”", f"“{second.text}”")


def _intents_of(script: Script) -> set[str]:
    ways_out = (way for step in script.steps.values() for way in exits(script, step))
    return {name for way in ways_out for kind, _, name in [way.partition(":")] if kind in ("answer", "anytime")}


def _messages_of(script: Script) -> set[str]:
    ends = {step.end.sms for step in script.steps.values() if step.end is not None and step.end.sms is not None}
    return ends | {rule.sms for rule in script.hangup if rule.sms is not None}


# ---------------------------------------------------------------- on the graph


def difference(old: Bundle, new: Bundle, title: str) -> Drawing:
    """One picture of both: what is new, what is gone, what was changed."""
    before, after = draw(old), draw(new)
    touched = {change.step for change in changes(old, new) if change.step}
    nodes = [*_nodes(before, after, touched), *_gone(before, after)]
    first, second = ({(arrow.key, arrow.target): arrow for arrow in each.arrows} for each in (before, after))
    arrows = [arrow if key in first else replace(arrow, mark="added") for key, arrow in second.items()]
    arrows += [replace(arrow, mark="removed") for key, arrow in first.items() if key not in second]
    return Drawing(title, tuple(nodes), tuple(_unique(arrows)))


def _nodes(before: Drawing, after: Drawing, touched: set[str]) -> Iterator[Node]:
    known = {node.name for node in before.nodes}
    for node in after.nodes:
        mark: Mark = "added" if node.name not in known else "changed" if node.name in touched else ""
        yield replace(node, mark=mark)


def _gone(before: Drawing, after: Drawing) -> Iterator[Node]:
    known = {node.name for node in after.nodes}
    return (replace(node, mark="removed") for node in before.nodes if node.name not in known)


def _unique(arrows: list[Arrow]) -> Iterator[Arrow]:
    seen: set[tuple[object, str, str]] = set()
    for arrow in arrows:
        if (arrow.key, arrow.target, arrow.mark) not in seen:
            seen.add((arrow.key, arrow.target, arrow.mark))
            yield arrow


# ---------------------------------------------------------------- words


def _differing(before: BaseModel, after: BaseModel) -> list[str]:
    return [name for name in type(after).model_fields if getattr(before, name) != getattr(after, name)]


def _title(model: type[BaseModel], name: str) -> Text:
    field = model.model_fields[name]
    key = field.alias or name
    return Text(field.title or key, key)


def _is_duration(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields[name]
    validator = get_args(Duration)[1]
    return validator in field.metadata or Duration in get_args(field.annotation)


def _duration(ms: int) -> str:
    """As scripts write it: 5000 is 5s."""
    size, unit = next(((size, unit) for size, unit in _UNITS if ms % size == 0), (1, "ms"))
    return f"{ms // size}{unit}"


def _shown(value: object) -> str:
    """A value as a manager writes it; "" for none."""
    if isinstance(value, BaseModel):
        model = type(value)
        rows = {model.model_fields[name].alias or name: (name, getattr(value, name)) for name in value.model_fields_set}
        inner = "、".join(
            f"{key}: {_duration(each) if _is_duration(model, name) and each is not None else _shown(each)}"
            for key, (name, each) in sorted(rows.items())
        )
        return f"{{{inner}}}"
    if isinstance(value, Mapping):
        return "、".join(f"{key}: {_shown(each)}" for key, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return "、".join(_shown(each) for each in value)
    return "" if value is None else str(value)

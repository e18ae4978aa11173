"""Lint's last pass: what the robot says, to whom, and what the customer can always ask for. Pure."""

import re
from collections.abc import Iterator
from itertools import combinations

from callbot.language import Text
from callbot.script import ask_checks, template
from callbot.script.context import Context
from callbot.script.findings import Finding, finding
from callbot.script.graph import anytime, reachable, sentences, successors
from callbot.script.graph_checks import known_before
from callbot.script.kinds import kinds_of
from callbot.script.model import Intent, Step
from callbot.script.phrases import shared
from callbot.script.references import known_values
from callbot.script.source import Route
from callbot.zh.pinyin import syllables

_LONGEST_PROMPT = 40
"""Characters: about 8 s at 5 syllables a second; people stop listening."""
_VALUE_CHARACTERS = 4
"""What a value counts for in the length of a prompt."""
_LONGEST_S = 8.0
_SYLLABLES_PER_S = 5.0
"""Speed of the robot with its short pauses: Mandarin news are read at 5 to 6, telephone prompts at 4.5 to 5."""
_VALUE_SYLLABLES = {"text": 3, "digits": 8, "money": 7, "date": 5, "datetime": 6, "phone": 11}
"""How long usual values are: a name, an order number, 一百二十八块五, 六月三十号, 明天下午三点; others count as 5."""
_ROBOT = re.compile(r"机器人|智能语音|语音助手|智能助手|智能客服|人工智能|自动语音|AI")
_SYLLABLE = re.compile(r"[\u4e00-\u9fff]|[0-9A-Za-z]")
_NO_NAME = re.compile(r"(?:AI|人工智能|智能|自动|语音|电话|机器人|助手|助理|客服|热线|的|一个|一位|一名|您)+")
_COMPANY = re.compile(r"(?:我是|这里是|我们是|来自)[^，。！？,]*?(?:[\u4e00-\u9fff]{2,}|[A-Za-z]{2,})")


def check(context: Context) -> list[Finding]:
    """Long prompts, the opening, private values, the ways to a person and out, phrases that fit two answers."""
    return [
        *_length(context),
        *_seconds(context),
        *_opening(context),
        *_privacy(context),
        *_ways_out(context),
        *_overlaps(context),
    ]


def _length(context: Context) -> Iterator[Finding]:
    script = context.script
    for name, step in script.steps.items():
        for route, text in (*sentences(name, step), *ask_checks.sentences(script, name, step)):
            parts = template.split(text)
            length = sum(len(part.text) if isinstance(part, template.Carrier) else _VALUE_CHARACTERS for part in parts)
            if length > _LONGEST_PROMPT:
                document, place = context.where(route)
                message = Text(
                    f"这句话大约 {length} 个字，电话里太长", f"about {length} characters are too long on the telephone"
                )
                hint = Text(f"最好不超过 {_LONGEST_PROMPT} 个字", f"use at most {_LONGEST_PROMPT}")
                yield finding(document, place, "S401", message, hint, warn=True)


def _seconds(context: Context) -> Iterator[Finding]:
    """Prompts that are short to read and long to hear, because values are spoken digit by digit."""
    script, kinds = context.script, kinds_of(context.script)
    spoken = (each for name, step in script.steps.items() for each in sentences(name, step))
    for route, text in spoken:
        parts = template.split(text)
        long = sum(len(part.text) if isinstance(part, template.Carrier) else _VALUE_CHARACTERS for part in parts)
        syllables = sum(
            len(_SYLLABLE.findall(part.text))
            if isinstance(part, template.Carrier)
            else _VALUE_SYLLABLES.get(kinds.get(part.name, ""), 5)
            for part in parts
        )
        seconds = syllables / _SYLLABLES_PER_S
        if seconds > _LONGEST_S and long <= _LONGEST_PROMPT:  # a long text has been found already
            document, place = context.where(route)
            message = Text(f"这句话大约要说 {seconds:.0f} 秒", f"this takes about {seconds:.0f} s to say")
            hint = Text(
                f"最好不超过 {_LONGEST_S:.0f} 秒：少说几个值，或分成两步",
                f"use at most {_LONGEST_S:.0f} s: fewer values",
            )
            yield finding(document, place, "S431", message, hint, warn=True)


def _opening(context: Context) -> Iterator[Finding]:
    for name in _first_speakers(context):
        yield from _opens(context, name)


def _first_speakers(context: Context) -> list[str]:
    """The steps that may speak first: the start, or what follows it when it only compares or calls."""
    found: list[str] = []
    waiting, seen = [context.script.start], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if context.script.steps[name].say is not None:
            found.append(name)
        else:
            waiting += successors(context.script, name)
    return sorted(found)


def _opens(context: Context, name: str) -> Iterator[Finding]:
    opening = context.script.steps[name].say
    text = opening.first if opening is not None else ""
    document, place = context.where(("steps", name, "say"))
    if not _ROBOT.search(text):
        message = Text("第一句话没有说明是机器人打的电话", "the opening does not say that a robot is calling")
        yield finding(
            document, place, "S402", message, Text("例如：我是某某公司的智能语音助手", "say so in the opening")
        )
    if not _COMPANY.search(_NO_NAME.sub("", text)):
        message = Text("第一句话没有说是哪家公司", "the opening does not name the company")
        yield finding(
            document, place, "S403", message, Text("例如：我是某某公司的智能语音助手", "say `我是…` or `这里是…`")
        )


def _privacy(context: Context) -> Iterator[Finding]:
    script, private = context.script, known_values(context)
    certain = known_before(script)
    for name, (_, proven) in certain.items():
        step = script.steps[name]
        spoken: list[tuple[Route, str]] = list(sentences(name, step))
        if step.listens:
            for intent, row in anytime(script, step).items():
                own: Route = ("steps", name) if intent in step.anytime else ("defaults",)
                spoken.append(((*own, "anytime", intent, "say"), row.say or ""))
        spoken += ask_checks.sentences(script, name, step)
        for route, text in spoken:
            for value in template.values(text):
                needed = private[value]
                if needed is not None and needed not in proven:
                    document, place = context.where_value(route, value)
                    message = Text(
                        f"{value} 是保密的：有的路没有证明 {needed} 就走到 {name}，会说给别人听",
                        f"{value} is private, but {name} can be reached without proof of {needed}",
                    )
                    hint = Text(f"在前面的回答上写 proves: {needed}", f"let an answer before it say proves: {needed}")
                    yield finding(document, place, "S404", message, hint)


def _ways_out(context: Context) -> Iterator[Finding]:
    script = context.script
    for name in sorted(reachable(script, (script.start,))):
        step = script.steps[name]
        if not step.listens:
            continue
        heard = {intent: jump.to for intent, jump in step.answers.items()}
        heard |= {intent: row.to for intent, row in anytime(script, step).items() if row.to is not None}
        document, place = context.where(("steps", name), key=True)
        if "human" not in heard:
            message = Text(f"在步骤 {name} 找不到人工", f"in the step {name} there is no way to a person")
            yield finding(
                document,
                place,
                "S405",
                message,
                Text("在 defaults.anytime 里写 human", "add `human` to defaults.anytime"),
            )
        if "stop_calling" not in heard and script.kind == "campaign":
            message = Text(f"在步骤 {name} 不能拒绝来电", f"in the step {name} there is no way to stop calls")
            hint = Text("在 defaults.anytime 里写 stop_calling", "add `stop_calling` to defaults.anytime")
            yield finding(document, place, "S406", message, hint)
        zero = step.keys.get("0")
        if (
            step.keys
            and step.ask is None
            and (zero is None or (zero.to != heard.get("human") and script.steps[zero.to].transfer is None))
        ):
            document, place = context.where(("steps", name, "keys"), key=True)
            message = Text("按 0 应该转人工", "key 0 should lead to a person")
            yield finding(document, place, "S408", message, warn=True)


def _same_sound(one: Intent, other: Intent) -> list[str]:
    """What both are said by, by its sound: what a recogniser cannot tell apart, the robot cannot either."""
    letters: dict[tuple[str, ...], str] = {}

    def by_sound(intent: Intent) -> list[str]:
        phrases = (*intent.whole, *intent.phrases)
        return ["".join(letters.setdefault(syllables(sign) or (sign,), sign) for sign in each) for each in phrases]

    return shared(by_sound(one), by_sound(other))


def _overlaps(context: Context) -> Iterator[Finding]:
    intents = context.library.intents
    known: dict[tuple[str, str], list[str]] = {}
    for name, step in context.script.steps.items():
        for one, other in combinations(step.answers, 2):
            if (one, other) not in known:
                known[one, other] = _same_sound(intents[one], intents[other])
            both = known[one, other]
            if both:
                document, place = context.where(("steps", name, "answers", other), key=True)
                shown = "、".join(both)
                message = Text(f"“{shown}”既算 {one} 又算 {other}", f"{shown!r} means both {one} and {other}")
                yield finding(document, place, "S407", message, warn=True)
        yield from _same_options(context, name, step)


def _same_options(context: Context, name: str, step: Step) -> Iterator[Finding]:
    for value, spec in step.ask.values.items() if step.ask is not None else ():
        for one, other in combinations(spec.options, 2):
            both = set(spec.options[one]) & set(spec.options[other])
            if both:
                document, place = context.where(("steps", name, "ask", value, "options", other), key=True)
                shown = "、".join(sorted(both)[:3])
                message = Text(f"“{shown}”既算 {one} 又算 {other}", f"{shown!r} means both {one} and {other}")
                yield finding(document, place, "S407", message, warn=True)

"""What the customer said, pressed or did not say, and what comes of it in a step that listens. Pure.

::

    heard ─ an exit of the step ─ a value it asks for ─ the voice (angry) ─ an aside ─ a question (faq) ─ not understood
    key   ─ a digit of a value  ─ a key of the menu ─ not understood
"""

from dataclasses import replace
from typing import Literal, assert_never

from callbot.dialogue import asking
from callbot.dialogue.knowledge import Answer
from callbot.dialogue.taking import Words
from callbot.dialogue.turn import Turn, expects
from callbot.dialogue.understand import understand
from callbot.messages import Heard, Understanding
from callbot.script.graph import anytime, silence_rule, unclear_rule
from callbot.script.model import Digression

_HELLO = "hello"
"""The intent of "喂": during a prompt it asks for nothing, the prompt simply goes on."""


def heard(turn: Turn, event: Heard) -> None:
    """The customer said something."""
    if not turn.listening:
        return
    understood = _understand(turn, event)
    way, row = _way(turn, understood.intent)
    elsewhere = (way is not None or row is not None) and not _reason(turn, understood.intent)
    reply, understood = _asked(turn, event.text, understood, elsewhere=elsewhere)
    turn.state = replace(turn.state, understood=understood)
    if not isinstance(reply, asking.Nothing):
        way, row = None, None
    elif way is None and event.emotion:
        way, felt = _way(turn, event.emotion)
        row = felt or row
    nothing = way is None and row is None and isinstance(reply, asking.Nothing)
    answer = turn.script.knowledge.find(event.text) if nothing else None
    if answer is not None:
        nothing = False
        why = f"faq {answer.entry}: {answer.why}"
        turn.state = replace(turn.state, understood=Understanding(None, answer.score, why, understood.slots))
    if event.during_prompt and way is None and (nothing or understood.intent == _HELLO):
        return  # noise, 嗯 or 喂 under the prompt: it goes on
    if turn.state.asking.keyed and nothing:
        return  # a murmur while the keys are looked for
    if turn.turn_over():
        return
    if way is not None:
        turn.take(way)
    elif not isinstance(reply, asking.Nothing):
        _follow(turn, reply)
    elif row is not None:
        _aside(turn, row)
    elif answer is not None:
        _answer(turn, answer)
    else:
        _unclear(turn)


def key(turn: Turn, pressed: str) -> None:
    """The customer pressed a key."""
    if not turn.listening:
        return
    asked = turn.asked
    reply: asking.Reply = asking.Nothing()
    if asked is not None and pressed not in turn.step.keys:
        reply = asking.key(asked, turn.state.asking, pressed)
    if isinstance(reply, asking.Entering):  # a number is one turn of the customer however many keys it takes
        _follow(turn, reply)
    elif turn.turn_over():
        return
    elif pressed in turn.step.keys:
        turn.take(f"key:{pressed}")
    else:
        _follow(turn, reply)


def silence(turn: Turn) -> None:
    """The customer said nothing for as long as the last ``Listen`` told."""
    if not turn.listening or turn.turn_over():
        return
    asked = turn.asked
    if turn.state.asking.keyed and asked is not None:
        _follow(turn, asking.entered(asked, turn.state.asking))
        return
    rule = silence_rule(turn.script.script, turn.step)
    _again(turn, "silence", rule.tries, own=turn.step.silence is not None)


def _understand(turn: Turn, event: Heard) -> Understanding:
    if event.intent is not None:
        return Understanding(event.intent, 1.0, "given")
    return understand(event.text, turn.script.intents, expects(turn.script, turn.state.step), turn.state.now)


def _way(turn: Turn, intent: str | None) -> tuple[str | None, Digression | None]:
    """The exit or the aside that an intent leads to here; what the intent also counts as comes after itself."""
    if intent is None:
        return None, None
    everywhere = anytime(turn.script.script, turn.step)
    for name in turn.script.intents.meanings(intent):
        if name in turn.step.answers:
            return f"answer:{name}", None
        if name in everywhere:
            row = everywhere[name]
            return (f"anytime:{name}", None) if row.to is not None else (None, row)
    return None, None


def _reason(turn: Turn, intent: str | None) -> bool:
    """Whether free words are asked for and the intent leads on only by what it also counts as.

    Who is asked what went wrong complains: that is the answer, and no wish for a person, which a complaint counts as.
    """
    asked = turn.asked
    free = asked is not None and all(spec.type == "text" for spec in asked.ask.values.values())
    return free and intent not in turn.step.answers and intent not in anytime(turn.script.script, turn.step)


def _asked(turn: Turn, text: str, understood: Understanding, *, elsewhere: bool) -> tuple[asking.Reply, Understanding]:
    """What the words come to in a step that asks, and how they were understood then.

    An intent that leads ``elsewhere`` gives way to a value that means nothing else, unless it has to be followed (stop
    calling), and to yes or no when a value was read back.
    """
    asked, state = turn.asked, turn.state.asking
    if asked is None:
        return asking.Nothing(), understood
    intent = understood.intent
    words = Words(text, turn.state.now, asked.items, turn.script.intents.meanings(intent) if intent else ())
    found = asking.taken(asked, state, words)
    answered = state.confirming and intent in ("affirm", "deny")
    must = intent is not None and intent in turn.script.intents.table and turn.script.intents.table[intent].sure
    if elsewhere and not answered and (must or not found.sure):
        return asking.Nothing(), understood
    reply = asking.heard(asked, state, words, found.values)
    if found.sure and not isinstance(reply, asking.Nothing):
        values = " ".join(f"value:{asked.ask.values[name].type} {value}" for name, value in found.values.items())
        understood = Understanding(None, 1.0, values, understood.slots)
    return reply, understood


def _follow(turn: Turn, reply: asking.Reply) -> None:
    """Carry out what the words or keys of a step that asks came to."""
    match reply:
        case asking.Nothing():
            _unclear(turn)
        case asking.Entering(state=state, wait_ms=wait_ms):
            turn.state = replace(turn.state, asking=state)
            turn.listen(wait_ms)
        case asking.Asking(state=state):
            turn.count(silence=0, unclear=0)
            turn.state = replace(turn.state, asking=state)
            turn.prompt("first")
            turn.listen()
        case asking.Collected(values=values, way=way):
            turn.learn(values)
            turn.take(way)
        case asking.GaveUp():
            turn.take("gave_up")
        case _:
            assert_never(reply)


def _unclear(turn: Turn) -> None:
    rule = unclear_rule(turn.script.script, turn.step)
    _again(turn, "unclear", rule.tries, own=turn.step.unclear is not None)


def _again(turn: Turn, kind: Literal["silence", "unclear"], tries: int, *, own: bool) -> None:
    """The prompt once more, or the rule's step when it was spoken ``tries`` times."""
    count = turn.state.counters.get(kind, 0) + 1
    turn.count(**{kind: count})
    turn.state = replace(turn.state, asking=replace(turn.state.asking, keyed=""))
    if count >= tries:
        turn.take("gave_up" if turn.step.ask is not None and not own else kind)
    else:
        turn.prompt(kind)
        turn.listen()


def _answer(turn: Turn, answer: Answer) -> None:
    """Answer a question in between and come back to the prompt, as often as the script allows in a call."""
    limit = turn.script.script.faq.at_most if turn.script.script.faq is not None else None
    answered = turn.state.counters.get("faq", 0)
    if limit is not None and answered >= limit:
        turn.take("faq")
        return
    turn.count(faq=answered + 1, silence=0, unclear=0)
    turn.state = replace(turn.state, asking=replace(turn.state.asking, keyed=""))
    turn.say(answer.answer, prompt=False)
    turn.prompt("repeat")
    turn.listen()


def _aside(turn: Turn, row: Digression) -> None:
    turn.count(silence=0, unclear=0)
    turn.state = replace(turn.state, asking=replace(turn.state.asking, keyed=""))
    if row.say is not None:
        turn.say(row.say, prompt=False)
    if row.back != "listen":
        turn.prompt("slower" if row.back == "slower" else "repeat")
    turn.listen(row.wait)

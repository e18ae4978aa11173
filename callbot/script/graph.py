"""The script as a graph: every step's exits, by name, and where they lead. Pure.

Exits are named after what takes them: ``answer:affirm``, ``key:1``, ``anytime:human``, ``silence``, ``unclear``,
``value``, ``same``, ``changed``, ``gave_up``, ``row:1``, ``otherwise``, ``result:paid``, ``failed``, ``then``. Lint
walks them and the state
machine is built from them, so both see the same script.
"""

from collections.abc import Iterable, Iterator

from callbot.script.basics import Jump
from callbot.script.model import Digression, Script, SilenceRule, Step, UnclearRule
from callbot.script.source import Route


def anytime(script: Script, step: Step) -> dict[str, Digression]:
    """What is valid in a step wherever it is: the script's rows, the step's own in their place."""
    return {**script.defaults.anytime, **step.anytime}


def silence_rule(script: Script, step: Step) -> SilenceRule:
    """The step's own rule for silence, else the script's (lint demands one)."""
    rule = step.silence or script.defaults.silence
    assert rule is not None
    return rule


def unclear_rule(script: Script, step: Step) -> UnclearRule:
    """The step's own rule for what is not understood, else the script's (lint demands one)."""
    rule = step.unclear or script.defaults.unclear
    assert rule is not None
    return rule


def exits(script: Script, step: Step) -> dict[str, Jump]:
    """All ways out of a step.

    A step that asks for a value leaves by ``gave_up`` when nothing usable comes, unless it has a rule of its own.
    """
    ways: dict[str, Jump] = {}
    if step.listens:
        ways |= {f"answer:{name}": jump for name, jump in step.answers.items()}
        ways |= {f"key:{key}": jump for key, jump in step.keys.items()}
        for name, row in anytime(script, step).items():
            if row.to is not None and name not in step.answers:
                ways[f"anytime:{name}"] = Jump(to=row.to)
        if step.ask is not None:
            asked = {
                "value": step.then,
                "same": step.ask.same,
                "changed": step.ask.changed,
                "gave_up": step.ask.gave_up,
            }
            ways |= {way: jump for way, jump in asked.items() if jump is not None}
        if step.ask is None or step.silence is not None:
            ways["silence"] = Jump(to=silence_rule(script, step).then)
        if step.ask is None or step.unclear is not None:
            ways["unclear"] = Jump(to=unclear_rule(script, step).then)
        if script.faq is not None and script.faq.otherwise is not None:
            ways["faq"] = Jump(to=script.faq.otherwise)
    elif step.check is not None and step.otherwise is not None:
        ways |= {f"row:{at}": Jump(to=row.to, proves=row.proves) for at, row in enumerate(step.rows, start=1)}
        ways["otherwise"] = step.otherwise
    elif step.do is not None:
        ways |= {f"result:{name}": jump for name, jump in step.results.items()}
    elif step.transfer is not None:
        ways["failed"] = step.transfer.failed
    elif step.then is not None:
        ways["then"] = step.then
    return ways


def sentences(name: str, step: Step) -> Iterator[tuple[Route, str]]:
    """Every sentence of a step's own, with its place in the script."""
    for why, text in step.say.texts() if step.say is not None else ():
        yield ("steps", name, "say", why), text


def successors(script: Script, name: str) -> list[str]:
    """Steps that can follow a step, the second ways of limited jumps included."""
    found: list[str] = []
    for jump in exits(script, script.steps[name]).values():
        found.append(jump.to)
        if jump.otherwise is not None:
            found.append(jump.otherwise)
    return found


def starts(script: Script) -> tuple[str, ...]:
    """The steps that a call can come to from outside of the graph: its start, its limit, an answering machine."""
    machine = () if script.on_machine is None else (script.on_machine,)
    return (script.start, script.longest.then, *machine)


def reachable(script: Script, starts: Iterable[str]) -> set[str]:
    """All steps that can be reached from ``starts``, themselves included."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen and name in script.steps:
            seen.add(name)
            waiting += successors(script, name)
    return seen

"""The script's graph as a ``transitions`` machine, built once per revision. Pure.

The machine keeps strong references to its models, so a model lives in it only for one ``step`` and is taken out in
``finally``. Auto transitions are off: they would let anything jump anywhere.
"""

from collections.abc import Callable
from typing import Any

from transitions import EventData, Machine

from callbot.script.basics import Jump
from callbot.script.graph import exits
from callbot.script.model import Script


class _Cursor:
    """What moves over the graph while one exit is taken; ``state`` belongs to the machine."""

    state: str


class ScriptMachine:
    """All ways of a script. Not for several threads at a time; every line process has its own."""

    def __init__(self, script: Script) -> None:
        self._machine = Machine(
            model=None,
            states=list(script.steps),
            initial=script.start,
            transitions=[way for name in script.steps for way in _ways(script, name)],
            auto_transitions=False,
            send_event=True,
        )

    def step(self, at: str, way: str, taken: int) -> str:
        """The step that exit ``way`` of step ``at`` leads to, when it was taken ``taken`` times before in this call."""
        cursor = _Cursor()
        self._machine.add_model(cursor, initial=at)
        try:
            self._machine.events[way].trigger(cursor, taken=taken)
            return cursor.state
        finally:
            self._machine.remove_model(cursor)


def _ways(script: Script, name: str) -> list[dict[str, Any]]:
    ways: list[dict[str, Any]] = [{"trigger": "longest", "source": name, "dest": script.longest.then}]
    if script.on_machine is not None:
        ways.append({"trigger": "machine", "source": name, "dest": script.on_machine})
    for way, jump in exits(script, script.steps[name]).items():
        if jump.at_most is not None:
            limit = _below(jump.at_most)
            ways.append({"trigger": way, "source": name, "dest": jump.to, "conditions": limit})
        ways.append({"trigger": way, "source": name, "dest": _last(jump)})
    return ways


def _last(jump: Jump) -> str:
    return jump.to if jump.otherwise is None else jump.otherwise


def _below(limit: int) -> Callable[[EventData], bool]:
    def below(event: EventData) -> bool:
        taken: int = event.kwargs["taken"]
        return taken < limit

    return below

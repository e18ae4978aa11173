"""The dispatcher's book of lines and trunks: who has room for one more call. Pure; the caller brings the time.

::

    room of a line  = legs it announced - its reserve
                      - calls it names in its beats, or that were given to it and have not ended
    room of a trunk = channels - calls given to it that have not ended; none while it rests or is down for all lines
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from callbot.protocol import LineBeat, LineReady

LOST_AFTER_MS = 5000
"""A line that was not heard for so long gets no more calls: five beats (protocol.LineBeat comes every second)."""


SILENT_CALLS = 3
"""So many calls in a row that a trunk did not answer, and it is taken for dead. One or two are single numbers."""
TRUNK_REST_MS = 60_000
"""A dead trunk is tried again after a minute, with one call at a time until one is answered."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one more call fits."""

    line: str
    incarnation: str
    trunk: str


@dataclass(slots=True)
class _Line:
    incarnation: str
    legs: int
    seen_ms: int
    draining: bool = False
    alive: frozenset[str] = field(default_factory=frozenset)
    trunks_down: frozenset[str] = frozenset()


class LineBook:
    """Counts calls on lines and trunks. One thread."""

    def __init__(self, channels: Mapping[str, int], priorities: Mapping[str, int] | None = None) -> None:
        """``channels`` by trunk; ``priorities`` likewise, lower ones first, all alike without them."""
        self._channels = channels
        self._priorities = priorities or {}
        self._lines: dict[str, _Line] = {}
        self._given: dict[str, Place] = {}
        self._silent: dict[str, int] = {}
        self._resting: dict[str, int] = {}

    def ready(self, message: LineReady, now_ms: int) -> None:
        """A line started, again perhaps."""
        self._lines[message.line] = _Line(message.incarnation, message.legs - message.reserve, now_ms)

    def beat(self, message: LineBeat, now_ms: int) -> None:
        """A line lives; after a restart of control its first beat is also its introduction."""
        line = self._lines.get(message.line)
        if line is None or line.incarnation != message.incarnation:
            line = self._lines[message.line] = _Line(message.incarnation, message.legs - message.reserve, now_ms)
        line.seen_ms = now_ms
        line.draining = message.draining
        line.alive = frozenset(message.calls)
        line.trunks_down = frozenset(message.trunks_down)

    def lives(self, place: Place, now_ms: int) -> bool:
        """Whether the very line process of ``place`` still takes calls."""
        line = self._lines.get(place.line)
        return line is not None and line.incarnation == place.incarnation and self._takes_calls(line, now_ms)

    def room(self, now_ms: int) -> int:
        """How many more calls fit now."""
        legs = sum(max(0, self._free_legs(name)) for name in self._open_lines(now_ms))
        return min(legs, sum(max(0, self._free_channels(trunk, now_ms)) for trunk in self._channels))

    def reserve(self, call_id: str, now_ms: int) -> Place | None:
        """Keep a leg and a channel for this call until ``free``.

        Trunks by priority; among equals the emptiest line and the emptiest trunk.
        """
        open_lines = [name for name in self._open_lines(now_ms) if self._free_legs(name) >= 1]
        usable = [trunk for trunk in self._channels if self._free_channels(trunk, now_ms) >= 1]
        ways = [(name, trunk) for name in open_lines for trunk in usable if trunk not in self._lines[name].trunks_down]
        if not ways:
            return None
        name, trunk = min(ways, key=lambda way: self._rank(way[1], now_ms, -self._free_legs(way[0])))
        place = Place(name, self._lines[name].incarnation, trunk)
        self._given[call_id] = place
        return place

    def spares(self, place: Place, now_ms: int) -> list[str]:
        """Other trunks that have room for the call at ``place``, in the order they are to be tried."""
        down = self._lines[place.line].trunks_down
        usable = [
            t for t in self._channels if t != place.trunk and t not in down and self._free_channels(t, now_ms) > 0
        ]
        return sorted(usable, key=lambda trunk: self._rank(trunk, now_ms))

    def move(self, call_id: str, trunk: str, now_ms: int) -> str | None:
        """The call's trunk did not take it, ``trunk`` tries; returns the former's name when it is dead now."""
        dead = self.trunk_answered(call_id, answered=False, now_ms=now_ms)
        if call_id in self._given:
            self._given[call_id] = replace(self._given[call_id], trunk=trunk)
        return dead

    def occupy(self, call_id: str, place: Place) -> None:
        """This call was given to ``place`` in an earlier life of control."""
        self._given[call_id] = place

    def free(self, call_id: str) -> None:
        """The call is over, or never began; unknown calls are fine."""
        self._given.pop(call_id, None)
        for line in self._lines.values():
            line.alive -= {call_id}

    def trunk_answered(self, call_id: str, *, answered: bool, now_ms: int) -> str | None:
        """Note whether the trunk of a call that ended said anything at all; returns its name when it is dead now."""
        place = self._given.get(call_id)
        if place is None:
            return None
        silent = self._silent[place.trunk] = 0 if answered else self._silent.get(place.trunk, 0) + 1
        if silent < SILENT_CALLS:
            return None
        self._resting[place.trunk] = now_ms + TRUNK_REST_MS
        return place.trunk

    def calls(self) -> Iterable[tuple[str, str]]:
        """Every call that may be ringing or talking, as (line, call id)."""
        given = {(place.line, call_id) for call_id, place in self._given.items()}
        return sorted(given | {(name, call_id) for name, line in self._lines.items() for call_id in line.alive})

    def _takes_calls(self, line: _Line, now_ms: int) -> bool:
        return not line.draining and now_ms - line.seen_ms < LOST_AFTER_MS

    def _open_lines(self, now_ms: int) -> list[str]:
        return [name for name, line in self._lines.items() if self._takes_calls(line, now_ms)]

    def _free_legs(self, name: str) -> int:
        line = self._lines[name]
        given = {call_id for call_id, place in self._given.items() if place.line == name}
        return line.legs - len(given | line.alive)

    def _rank(self, trunk: str, now_ms: int, before_room: int = 0) -> tuple[int, int, int]:
        return self._priorities.get(trunk, 1), before_room, -self._free_channels(trunk, now_ms)

    def _free_channels(self, trunk: str, now_ms: int) -> int:
        given = sum(place.trunk == trunk for place in self._given.values())
        lines = self._open_lines(now_ms)
        down = bool(lines) and all(trunk in self._lines[name].trunks_down for name in lines)
        if down or now_ms < self._resting.get(trunk, 0):
            return 0
        channels = 1 if self._silent.get(trunk, 0) >= SILENT_CALLS else self._channels[trunk]
        return channels - given

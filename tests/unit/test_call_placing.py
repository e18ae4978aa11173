"""Which calls go on to another trunk: only those that surely did not ring."""

from collections.abc import Callable

import pytest

from callbot.call.placing import dial_in_turn
from callbot.ports import CallLeg, DialRequest, NotConnected, Ticks
from callbot.values import Disposition

pytestmark = pytest.mark.unit

REFUSED = NotConnected(Disposition.UNREACHABLE, 503, trunk_failed=True)
BUSY = NotConnected(Disposition.BUSY, 486)


class Trunks:
    """Every trunk answers as it is told; those in ``ring`` ring first."""

    legs = 4
    trunks_down = ()

    def __init__(self, results: dict[str, NotConnected], ring: str = "") -> None:
        self.dialled: list[str] = []
        self._results = results
        self._ring = ring

    async def dial(
        self, request: DialRequest, on_ringing: Callable[[], None], on_early: Callable[[Ticks], None] | None = None
    ) -> CallLeg | NotConnected:
        self.dialled.append(request.trunk)
        if request.trunk in self._ring:
            on_ringing()
        return self._results[request.trunk]


@pytest.mark.parametrize(
    ("results", "ring", "dialled"),
    [
        ({"a": REFUSED, "b": BUSY, "c": BUSY}, "", ["a", "b"]),
        ({"a": BUSY, "b": REFUSED, "c": REFUSED}, "", ["a"]),
        ({"a": REFUSED, "b": REFUSED, "c": REFUSED}, "", ["a", "b", "c"]),
        ({"a": REFUSED, "b": BUSY, "c": BUSY}, "a", ["a"]),
        ({"a": REFUSED, "b": REFUSED, "c": BUSY}, "b", ["a", "b"]),
    ],
)
async def test_the_next_trunk(results: dict[str, NotConnected], ring: str, dialled: list[str]) -> None:
    trunks, rang, moved = Trunks(results, ring), [], []
    requests = [DialRequest("call", f"sip:1@{name}", "4008", 1000, name) for name in "abc"]
    result = await dial_in_turn(
        trunks, requests, lambda: rang.append(1), lambda _: None, lambda request: moved.append(request.trunk)
    )
    assert trunks.dialled == dialled
    assert result == results[dialled[-1]]
    assert moved == dialled[1:]
    assert len(rang) == len(ring)

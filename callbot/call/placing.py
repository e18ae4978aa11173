"""One call over the first trunk that takes it.

Another trunk is tried only while the telephone has surely not rung: the one before refused as a trunk does (503, no
connection) and said neither 180 nor 183. Silence is no refusal; a silent trunk is left to OPTIONS and to its rest.
"""

from collections.abc import Callable, Sequence

from callbot.ports import CallLeg, Dialler, DialRequest, NotConnected, Ticks


async def dial_in_turn(
    dialler: Dialler,
    requests: Sequence[DialRequest],
    on_ringing: Callable[[], None],
    on_early: Callable[[Ticks], None],
    on_next: Callable[[DialRequest], None],
) -> CallLeg | NotConnected:
    """Dial one request after the other; ``on_next`` hears of every one but the first. As ``ports.Dialler.dial``."""
    rang = False

    def rings() -> None:
        nonlocal rang
        rang = True
        on_ringing()

    for number, request in enumerate(requests):
        if number:
            on_next(request)
        result = await dialler.dial(request, rings, on_early)
        if rang or not isinstance(result, NotConnected) or not result.trunk_failed:
            break
    return result

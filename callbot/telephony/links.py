"""Which calls hear which other calls in PJSIP's conference bridge. Knows no pjsua2 type; pj thread only.

A call that hears another one gets its audio twice: on its line, for the person, and in its mouth, for the recording::

    speaker's line ──► listener's line
                  └──► listener's mouth ──► Ticks.spoken
"""

from collections.abc import Callable
from typing import Any


class Links:
    """Connections between calls, remembered because a stream that is made anew (re-INVITE) has none.

    ``line`` gives a call's present audio stream and ``mouth`` the port that hears what is said to it; None without one.
    """

    def __init__(self, line: Callable[[int], Any], mouth: Callable[[int], Any]) -> None:
        self._line = line
        self._mouth = mouth
        self._pairs: set[tuple[int, int]] = set()

    def join(self, listener: int, speaker: int) -> None:
        """Let one call hear another from the bridge's next tick on."""
        self._pairs.add((listener, speaker))
        self._start(listener, speaker)

    def part(self, listener: int, speaker: int) -> None:
        """Take that back; nothing happens when it was not so."""
        if (listener, speaker) in self._pairs:
            self._pairs.remove((listener, speaker))
            self._stop(listener, speaker)

    def renew(self, number: int) -> None:
        """Connect the stream of this call again after it was made anew."""
        for listener, speaker in self._pairs:
            if number in (listener, speaker):
                self._start(listener, speaker)

    def drop(self, number: int) -> None:
        """The call is gone: its mouth, which will serve another call, must hear nobody any more."""
        for listener, speaker in [pair for pair in self._pairs if number in pair]:
            self.part(listener, speaker)

    def _start(self, listener: int, speaker: int) -> None:
        source, line, mouth = self._line(speaker), self._line(listener), self._mouth(listener)
        if source is not None and mouth is not None:
            if line is not None:
                source.startTransmit(line)
            source.startTransmit(mouth)

    def _stop(self, listener: int, speaker: int) -> None:
        source, line, mouth = self._line(speaker), self._line(listener), self._mouth(listener)
        if source is not None and line is not None:
            source.stopTransmit(line)
        if source is not None and mouth is not None:
            source.stopTransmit(mouth)

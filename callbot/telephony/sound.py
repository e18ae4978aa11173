"""What a call hears and says: ears, mouths and players in PJSIP's conference bridge. Knows no pjsua2 type.

::

    call's stream ──► ear                     (what the far end says, to the loop)
    player ──► call's stream                  (what the robot says, to the far end)
       └─────► mouth                          (the same, to the loop: it goes into the recording)

Everything here is called on the pj thread. Ports and players are pooled and never destroyed while the bridge runs:
destroying them there crashes (measured, evidence).
"""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callbot.telephony.links import Links
from callbot.telephony.media import SLOT_SAMPLES, Slot, TickQueue, Waker, slot_file
from callbot.values import RATE_HZ, Pcm

MakePort = Callable[[], Any]
"""Makes a port of the bridge whose ``take`` is called on the media thread with each frame's bytes."""
MakePlayer = Callable[[Path], Any]
"""Makes a player of this file that does not begin again at its end."""


class Kit:
    """Ear, mouth, player and slot of one leg, used again and again."""

    def __init__(self, make_port: MakePort, make_player: MakePlayer, waker: Waker) -> None:
        self.ticks = TickQueue(waker)
        self.playing = False
        # The bridge serves lower slots first; ``TickQueue`` needs the ear to be the first of the two.
        self.ear, self.mouth = sorted((make_port(), make_port()), key=lambda port: int(port.getPortId()))
        self.ear.take = self._first_frame
        self.mouth.take = self.ticks.mouth
        self.slot_number = int(self.mouth.getPortId())
        with slot_file() as path:  # open files stay; a killed process leaves nothing behind
            self._slot = Slot(path)
            self.player = make_player(path)

    def load(self, audio: Pcm) -> None:
        """Hold this audio and stand at its start. The player must be disconnected.

        ``setPos`` refills its buffer, but through C's stdio, which serves what it read before when the place is near:
        without a look at the far end of the file first, the old prompt is heard (measured, pjsua2 2.15.1).
        """
        self._slot.load(audio)
        self.player.setPos(SLOT_SAMPLES - RATE_HZ)
        self.player.setPos(0)

    def hush(self) -> None:
        """Stop speaking into the mouth; whatever is said next is said at full amplitude."""
        self.player.stopTransmit(self.mouth)
        self.player.adjustRxLevel(1.0)
        self.playing = False

    def _first_frame(self, data: bytes) -> None:
        """Media thread: make Python's state of this thread permanent, then hand frames straight on.

        PJSIP's thread is none of Python's: every callback would make a state for it and free it again, with a stack of
        its own (measured, Python 3.11). One reference that is never given back keeps the state.
        """
        ctypes.pythonapi.PyGILState_Ensure()
        self.ear.take = self.ticks.ear
        self.ear.take(data)


class Sound:
    """The kits of all calls. A number whose call is gone does nothing.

    ``line`` gives a call's present audio stream in the bridge, None without one.
    """

    def __init__(self, line: Callable[[int], Any], make_port: MakePort, make_player: MakePlayer, waker: Waker) -> None:
        self._line = line
        self._make_port = make_port
        self._make_player = make_player
        self._waker = waker
        self._kits: dict[int, Kit] = {}
        self._pool: list[Kit] = []
        self._made: list[Kit] = []
        self._links = Links(line, self._mouth)

    def attach(self, number: int) -> TickQueue:
        """Give the call an ear, a mouth and a player; returns where its frames arrive."""
        kit = self._kits[number] = self._take_kit()
        kit.ticks.clear()
        kit.ticks.open = True
        self.connect_ear(number)
        return kit.ticks

    def connect_ear(self, number: int) -> None:
        """Connect the call's present audio stream to its ear, and to its player while that plays."""
        kit, line = self._kits.get(number), self._line(number)
        if kit is not None and line is not None:
            line.startTransmit(kit.ear)
            if kit.playing:
                kit.player.startTransmit(line)
            self._links.renew(number)

    def start_player(self, number: int, audio: Pcm | None) -> None:
        """Play ``audio`` from its start, or go on when None.

        The call is connected before the mouth: it may get a frame more, never one less.
        """
        kit, line = self._kits.get(number), self._line(number)
        if kit is None:
            return
        if audio is not None:
            kit.load(audio)
        if line is not None:
            kit.player.startTransmit(line)
        kit.player.startTransmit(kit.mouth)
        kit.playing = True

    def silence(self, number: int) -> int:
        """Stop the player; the number of the mouth's latest frame. It will start at its full amplitude again."""
        kit, line = self._kits.get(number), self._line(number)
        if kit is None:
            return 0
        if line is not None:
            kit.player.stopTransmit(line)
        kit.hush()
        return kit.ticks.count

    def set_level(self, number: int, level: float) -> None:
        """Let the player sound at this part of its amplitude, until it is silenced."""
        kit = self._kits.get(number)
        if kit is not None and kit.playing:
            kit.player.adjustRxLevel(level)

    def hear(self, listener: int, speaker: int) -> None:
        """Send what comes in on one call to another and to its mouth, also after either stream was made anew."""
        self._links.join(listener, speaker)

    def ignore(self, listener: int, speaker: int) -> None:
        """Take that back."""
        self._links.part(listener, speaker)

    def drop(self, number: int) -> None:
        """Put ear, mouth and player of a call that is gone back into the pool."""
        self._links.drop(number)
        kit = self._kits.pop(number, None)
        if kit is None:
            return
        kit.ticks.open = False
        if kit.playing:
            kit.hush()
        self._pool.append(kit)

    def clear(self) -> None:
        """Let go of all ports and players, which destroys them: only once the bridge has stopped."""
        for kits in (self._kits, self._pool, self._made):
            kits.clear()

    def _mouth(self, number: int) -> Any:
        kit = self._kits.get(number)
        return kit and kit.mouth

    def _take_kit(self) -> Kit:
        if not self._pool:
            self._made.append(Kit(self._make_port, self._make_player, self._waker))
            self._waker.last = max(self._made, key=lambda kit: kit.slot_number).ticks
            return self._made[-1]
        return self._pool.pop(0)  # the one that has rested longest: its connections in the bridge are surely gone

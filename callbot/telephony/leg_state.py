"""What SIP events mean, decided without SIP: outcomes of dialling, who ended a call, when a prompt has been said.

Pure: fed with statuses, counters and ticks of the media clock (20 ms each), never with a clock.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from callbot.ports import NotConnected
from callbot.values import FRAME_MS, FRAME_SAMPLES, RATE_HZ, Disposition, Pcm

NO_PROVISIONAL_MS = 8000
"""No answer at all to an INVITE for so long: unreachable. RFC 3261 section 17.1.1.2 repeats it after 0.5, 1.5, 3.5
and 7.5 s, so five copies were lost; the transaction itself would go on until 32 s."""

NO_ACK_MS = 8000
"""A 200 that nobody acknowledged for so long is given up; such calls would fill all legs (measured, see evidence)."""

TAIL_TICKS = 10
"""A BYE waits until 200 ms after the last spoken frame: the far jitter buffer still holds what was sent last."""

LEAD_TICKS = 3
"""A call's first prompt waits for 60 ms of silence, so that the far end's stream and jitter buffer are running when
it comes; played in the very first frame, 20 ms of it were lost in some calls (measured between two endpoints)."""

SLOT_MS = 120_000
"""Longest audio one ``play`` takes: what a prompt slot holds."""


# ---------------------------------------------------------------- events of one call, as the SIP side reports them


@dataclass(frozen=True, slots=True)
class Provisional:
    """The far end answered 1xx; ``ringing`` for 180 and 183."""

    ringing: bool


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The 200 was acknowledged: the conversation begins."""


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """The audio stream was made or made anew (re-INVITE): connect again.

    ``early``: before the pick-up. ``held``: the far end has put us on hold.
    """

    early: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A key event and how it came, since some gateways send it in several ways; ``method`` as PJSIP numbers them."""

    key: str
    method: int


TONE = -1
"""``Key.method`` of a key that was heard as tones in the audio; PJSIP's own numbers begin at 0."""


@dataclass(frozen=True, slots=True)
class Referred:
    """How a REFER goes: the refusal of it, or what its NOTIFY said of the new call (RFC 3515 section 2.4.5)."""

    status: int


@dataclass(frozen=True, slots=True)
class Gone:
    """The call is over; nothing follows. ``cause``: Q.850's, where a gateway gives it in a Reason header, else 0."""

    status: int
    cause: int = 0


CallEvent = Provisional | Confirmed | MediaChanged | Key | Referred | Gone


# ---------------------------------------------------------------- outcomes

HangUpReason = Literal["", "cancelled", "ring_limit", "silent", "robot", "no_rtp", "no_ack"]
"""Why *we* hung up; empty when the far end did. Needed because our own CANCEL comes back as 487 in every case."""

_BY_STATUS = {
    486: Disposition.BUSY,
    600: Disposition.BUSY,
    603: Disposition.REJECTED,
    403: Disposition.REJECTED,
    404: Disposition.NOT_FOUND,
    604: Disposition.NOT_FOUND,
    410: Disposition.NOT_FOUND,
    484: Disposition.NOT_FOUND,
    408: Disposition.NO_ANSWER,
    480: Disposition.NO_ANSWER,
    487: Disposition.NO_ANSWER,
    502: Disposition.UNREACHABLE,
    503: Disposition.UNREACHABLE,
    504: Disposition.UNREACHABLE,
}

_TRUNK_FAILED = (503,)
"""Service Unavailable is also what PJSIP reports for a transport that fails (RFC 3261 section 8.1.3.1). A Q.850 cause
beside it means that the call had gone further. 408 is not among them: whoever timed out may have been ringing."""

_BY_CAUSE = {
    1: Disposition.NOT_FOUND,  # unallocated number
    17: Disposition.BUSY,
    18: Disposition.NO_ANSWER,  # no user responding
    19: Disposition.NO_ANSWER,  # alerted, no answer
    20: Disposition.UNREACHABLE,  # subscriber absent: switched off, no coverage
    21: Disposition.REJECTED,
    22: Disposition.NOT_FOUND,  # number changed
    27: Disposition.UNREACHABLE,  # destination out of order
    28: Disposition.NOT_FOUND,  # invalid number format
    34: Disposition.UNREACHABLE,  # no circuit
    38: Disposition.UNREACHABLE,  # network out of order
    41: Disposition.UNREACHABLE,  # temporary failure
    42: Disposition.UNREACHABLE,  # congestion
}
"""What the telephone network behind a gateway said (ITU-T Q.850): surer than the status the gateway made of it."""

_CAUSE = re.compile(r"^Reason[ \t]*:.*Q\.850[ \t]*;[^\r\n]*cause[ \t]*=[ \t]*(\d{1,3})", re.IGNORECASE | re.MULTILINE)


def q850_cause(message: str) -> int:
    """The Q.850 cause in the Reason header (RFC 3326) of a SIP message; 0 without one."""
    found = _CAUSE.search(message)
    return int(found[1]) if found else 0


def not_connected(status: int, reason: HangUpReason = "", cause: int = 0) -> NotConnected:
    """The outcome of a call that nobody took. Meaning of statuses: RFC 3261 section 21."""
    match reason:
        case "cancelled" | "robot":
            return NotConnected(Disposition.CANCELLED, status)
        case "ring_limit":
            return NotConnected(Disposition.NO_ANSWER, status)
        case "silent":
            # The INVITE may have arrived, and a telephone rung, though no answer came back: nobody else is asked.
            return NotConnected(Disposition.UNREACHABLE, status)
        case "no_ack":
            return NotConnected(Disposition.FAILED, status)
        case _:
            known = _BY_CAUSE.get(cause) or _BY_STATUS.get(status, Disposition.FAILED)
            return NotConnected(known, status, trunk_failed=not cause and status in _TRUNK_FAILED)


def ended_by(status: int, reason: HangUpReason) -> Literal["customer", "robot", "network"]:
    """Who ended a connected call; a final status that is neither BYE nor ours means the transport failed."""
    if reason == "robot" or reason == "cancelled":
        return "robot"
    if reason:
        return "network"
    return "customer" if status in (0, 200) else "network"


class KeyFilter:
    """Lets each key through once though gateways send it in several ways: RFC 4733 event, SIP INFO, tone in the audio.

    Every way reports the same keys in the same order, some later than others. So a report is an echo when a key just
    let through has not been reported that way yet; whatever comes a second time the same way was pressed a second time.
    """

    _WINDOW_TICKS = 400 // FRAME_MS

    def __init__(self) -> None:
        self._passed: list[tuple[str, int, set[int]]] = []

    def passes(self, key: Key, tick: int) -> bool:
        """Whether this key event is a new press; ``tick`` counts the call's media clock."""
        self._passed = [each for each in self._passed if tick - each[1] < self._WINDOW_TICKS]
        for name, _, methods in self._passed:
            if name == key.key and key.method not in methods:
                methods.add(key.method)
                return False
        self._passed.append((key.key, tick, {key.method}))
        return True


class RtpWatch:
    """Notices that no RTP packet has come for ``limit_ms`` of media clock: a dead peer sends no event at all.

    Whoever put us on hold (``held``) owes no packets.
    """

    def __init__(self, limit_ms: int) -> None:
        self._limit = limit_ms // FRAME_MS
        self._packets = -1
        self._tick = 0
        self.held = False

    def dead(self, packets: int, tick: int) -> bool:
        """Feed the stream's count of received packets; True once the limit has passed without a new one."""
        if packets != self._packets or self.held:
            self._packets, self._tick = packets, tick
        return tick - self._tick >= self._limit


# ---------------------------------------------------------------- playing


class Order(Enum):
    """What the media side has to do next; carried out in order on the pj thread."""

    LOAD = auto()
    """Put ``Playback.audio`` into the slot, rewind, connect the player."""
    CONNECT = auto()
    """Connect the player again where it stopped."""
    SILENCE = auto()
    """Disconnect the player and report by ``silenced`` the number of the mouth's last frame."""


class _State(Enum):
    IDLE = auto()
    PLAYING = auto()
    DRAINING = auto()  # SILENCE was ordered; frames of the old prompt may still come


class Playback:
    """Which frames belong to which prompt, and when one has been said.

    The bridge connects and disconnects at its next tick, so frames of a replaced prompt still come after the order.
    A new prompt is therefore loaded only after one empty mouth frame later than the disconnection::

        play(2) → SILENCE ... old frames ... silenced(i) ... empty frame > i → LOAD → frames of 2 → said(2)

    Loop thread only. ``take_orders`` empties the list of what has to be done.
    """

    def __init__(self) -> None:
        self.audio: Pcm | None = None
        self._state = _State.IDLE
        self._paused = False
        self._number = 0
        self._left = 0
        self._next: tuple[Pcm, int] | None = None
        self._silent_after: int | None = None
        self._lead = LEAD_TICKS
        self._orders: list[Order] = []

    @property
    def busy(self) -> bool:
        """Whether something is being said, paused or about to be said."""
        return self._state is _State.PLAYING or self._next is not None

    def play(self, audio: Pcm, number: int) -> None:
        """Say this instead of anything else."""
        if len(audio) > SLOT_MS * RATE_HZ // 1000:
            raise ValueError(f"audio of {len(audio)} samples is longer than a prompt slot of {SLOT_MS} ms")
        self._paused = False
        self._next = (audio, number)
        self._free_or_load()

    def pause(self) -> None:
        """Be silent, keep the place."""
        if not self._paused and self.busy:
            self._paused = True
            if self._state is _State.PLAYING:
                self._orders.append(Order.SILENCE)

    def resume(self) -> None:
        """Go on after ``pause``."""
        if self._paused:
            self._paused = False
            if self._state is _State.PLAYING:
                self._orders.append(Order.CONNECT)
            else:
                self._free_or_load()

    def stop(self) -> None:
        """Forget everything that is said or paused."""
        self._next = None
        self._paused = False
        if self._state is _State.PLAYING:
            self._drain()

    def silenced(self, frame: int) -> None:
        """The player was disconnected while the mouth's latest frame was number ``frame``."""
        if self._state is _State.DRAINING:
            self._silent_after = frame

    def mouth(self, frame: int, empty: bool) -> int | None:
        """One mouth frame passed; returns the number of the prompt that ended with it."""
        if self._lead > 0:
            self._lead -= 1
            self._free_or_load()
        if self._state is _State.DRAINING:
            # The tick that ran while the player was disconnected may have begun before it: one more has to pass.
            if empty and self._silent_after is not None and frame > self._silent_after + 1:
                self._state = _State.IDLE
                self._free_or_load()
            return None
        if self._state is _State.IDLE or empty:
            return None
        self._left -= 1
        if self._left > 0:
            return None
        self._paused = False
        self._drain()
        return self._number

    def take_orders(self) -> list[Order]:
        """What has to be done now, in order."""
        orders, self._orders = self._orders, []
        return orders

    def _free_or_load(self) -> None:
        if self._state is _State.PLAYING:
            self._drain()
        if self._state is _State.IDLE and self._next is not None and not self._paused and self._lead == 0:
            self.audio, self._number = self._next
            self._next = None
            self._left = max(1, -(-len(self.audio) // FRAME_SAMPLES))
            self._state = _State.PLAYING
            self._orders.append(Order.LOAD)

    def _drain(self) -> None:
        self._state = _State.DRAINING
        self._silent_after = None
        self._orders.append(Order.SILENCE)

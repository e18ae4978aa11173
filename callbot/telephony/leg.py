"""One connected leg: ``ports.CallLeg`` over whatever carries its audio. Runs in the loop's thread only."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from callbot import log
from callbot.audio.dtmf import KeyTones
from callbot.ports import LegEnded, LegEvent, LegKey, LegPlayed, Ticks
from callbot.telephony.leg_state import (
    TAIL_TICKS,
    TONE,
    CallEvent,
    Confirmed,
    Gone,
    HangUpReason,
    Key,
    KeyFilter,
    MediaChanged,
    Order,
    Playback,
    Provisional,
    Referred,
    RtpWatch,
    ended_by,
)
from callbot.telephony.media import SILENT_FRAME
from callbot.values import FRAME_MS, Pcm

_WATCH_EVERY_TICKS = 1000 // FRAME_MS

_log = log.get(__name__)


class Wire(Protocol):
    """What a leg asks of the SIP side. Every call returns at once; all are carried out in order on the pj thread."""

    number: int
    """The call's number at this endpoint."""

    def connect_ear(self) -> None:
        """Connect the call's audio (again) to the leg's ear and, while playing, the player to the call."""
        ...

    def load(self, audio: Pcm) -> None:
        """Put audio into the slot, rewind and start the player."""
        ...

    def connect(self) -> None:
        """Start the player where it stopped."""
        ...

    def silence(self, done: Callable[[int], None]) -> None:
        """Stop the player; hand the number of the mouth's latest frame to ``done`` in the loop."""
        ...

    def count_packets(self, done: Callable[[int], None]) -> None:
        """Hand the number of RTP packets received so far to ``done`` in the loop."""
        ...

    def press(self, key: str) -> None:
        """Send a key as RFC 4733 events."""
        ...

    def hear(self, speaker: int) -> None:
        """Let this call hear what comes in on the call of that number."""
        ...

    def ignore(self, speaker: int) -> None:
        """Take that back."""
        ...

    def refer(self, to: str | int, done: Callable[[int], None]) -> None:
        """Send REFER to a URI, or to the far end of the call of a number; hand 1 to ``done`` when it left, else 0."""
        ...

    def hang_up(self, reason: HangUpReason) -> None:
        """End the call; a ``Gone`` follows."""
        ...


class SipLeg:
    """A leg that is carried by a ``Wire``; satisfies ``ports.CallLeg``."""

    def __init__(self, wire: Wire, no_rtp_ms: int) -> None:
        self._wire = wire
        self._playback = Playback()
        self._keys = KeyFilter()
        self._tones = KeyTones()
        self._rtp = RtpWatch(no_rtp_ms)
        self._tick = 0
        self._spoken_at = -TAIL_TICKS
        self._bye_at: int | None = None
        self._reason: HangUpReason = ""
        self._over = False
        self._post: Callable[[LegEvent], None] | None = None
        self._early: list[LegEvent] = []
        self._on_referral: Callable[[int], None] | None = None

    # -------------------------------------------------------- ports.CallLeg

    def listen(self, post: Callable[[LegEvent], None]) -> None:
        """Deliver what has happened so far, then every event as it happens."""
        early, self._early = self._early, []
        for event in early:
            post(event)
        self._post = post

    def play(self, audio: Pcm, number: int) -> None:
        """Say this instead of anything else; at most 120 s."""
        if self._alive:
            self._playback.play(audio, number)
            self._carry_out()

    def pause(self) -> None:
        """Be silent from the bridge's next tick on."""
        if self._alive:
            self._playback.pause()
            self._carry_out()

    def resume(self) -> None:
        """Go on where ``pause`` stopped."""
        if self._alive:
            self._playback.resume()
            self._carry_out()

    def stop(self) -> None:
        """Drop what is said or paused."""
        if self._alive:
            self._playback.stop()
            self._carry_out()

    def press(self, key: str) -> None:
        """Press a telephone key: what simulated customers do."""
        if self._alive:
            self._wire.press(key)

    # -------------------------------------------------------- with other legs of the endpoint

    def hear(self, other: "SipLeg") -> None:
        """From the bridge's next tick on, hear the other leg; it counts as ``spoken`` here. Play nothing meanwhile."""
        if self._alive:
            self._wire.hear(other._wire.number)

    def ignore(self, other: "SipLeg") -> None:
        """Hear the other leg no longer."""
        if not self._over:
            self._wire.ignore(other._wire.number)

    def refer(self, to: "str | SipLeg", on_status: Callable[[int], None]) -> None:
        """Ask the far end to call a URI instead, or to take the place of this endpoint in the call of another leg.

        ``on_status`` gets every status that comes of it, 0 when REFER could not be sent; from 200 on it is the last.
        The leg stays up until somebody hangs up.
        """
        if self._alive:
            self._on_referral = on_status
            self._wire.refer(to if isinstance(to, str) else to._wire.number, self._on_refer_sent)

    def hang_up(self) -> None:
        """Say BYE; within 200 ms after the last spoken frame it waits until the far jitter buffer has played it."""
        if not self._alive:
            return
        cut_short = self._playback.busy
        self.stop()
        self._reason = "robot"
        wait = 0 if cut_short else self._spoken_at + TAIL_TICKS - self._tick
        if wait > 0:
            self._bye_at = self._tick + wait
        else:
            self._wire.hang_up("robot")

    # -------------------------------------------------------- from the SIP side

    @property
    def _alive(self) -> bool:
        return not self._over and not self._reason

    def on_frames(self, frames: list[tuple[int, bytes, bytes]]) -> None:
        """Ticks that passed: (mouth frame number, heard, spoken), empty bytes being silence."""
        if self._over or not frames:
            return
        start = 0
        for i, (number, heard, spoken) in enumerate(frames):
            self._tick += 1
            if key := self._tones.frame(np.frombuffer(heard or SILENT_FRAME, np.int16)):
                self._key(Key(key, TONE))
            if spoken:
                self._spoken_at = self._tick
            said = self._playback.mouth(number, not spoken)
            if said is not None:
                self._emit(ticks_of(frames[start : i + 1]))
                self._emit(LegPlayed(said))
                start = i + 1
        if start < len(frames):
            self._emit(ticks_of(frames[start:]))
        self._carry_out()
        self._watch(len(frames))

    def on_event(self, event: CallEvent) -> None:
        """An event of the call after it was confirmed."""
        if self._over:
            return
        match event:
            case MediaChanged(held=held):
                self._rtp.held = held
                self._wire.connect_ear()
            case Key():
                self._key(event)
            case Referred(status):
                self._tell_referral(status)
            case Gone(status):
                self._over = True
                self._emit(LegEnded(ended_by(status, self._reason), status))
            case Provisional() | Confirmed():
                pass  # nothing new once connected

    # -------------------------------------------------------- inside

    def _key(self, key: Key) -> None:
        if self._keys.passes(key, self._tick):
            self._emit(LegKey(key.key))

    def _emit(self, event: LegEvent) -> None:
        if self._post is None:
            self._early.append(event)
        else:
            self._post(event)

    def _on_refer_sent(self, sent: int) -> None:
        if not sent:
            self._tell_referral(0)

    def _tell_referral(self, status: int) -> None:
        if self._on_referral is not None and not self._over:
            self._on_referral(status)

    def _carry_out(self) -> None:
        for order in self._playback.take_orders():
            match order:
                case Order.LOAD:
                    if self._playback.audio is not None:
                        self._wire.load(self._playback.audio)
                case Order.CONNECT:
                    self._wire.connect()
                case Order.SILENCE:
                    self._wire.silence(self._playback.silenced)

    def _watch(self, passed: int) -> None:
        if self._bye_at is not None and self._tick >= self._bye_at:
            self._bye_at = None
            self._wire.hang_up("robot")
        if self._alive and self._tick // _WATCH_EVERY_TICKS != (self._tick - passed) // _WATCH_EVERY_TICKS:
            self._wire.count_packets(self._on_packets)

    def _on_packets(self, packets: int) -> None:
        if self._alive and self._rtp.dead(packets, self._tick):
            _log.warning("no rtp from the far end", packets=packets)
            self._reason = "no_rtp"
            self._wire.hang_up("no_rtp")


def ticks_of(frames: list[tuple[int, bytes, bytes]]) -> Ticks:
    """Both sides of these ticks, silence where nothing came."""
    heard = b"".join(ear or SILENT_FRAME for _, ear, _ in frames)
    spoken = b"".join(mouth or SILENT_FRAME for _, _, mouth in frames)
    return Ticks(np.frombuffer(heard, np.int16), np.frombuffer(spoken, np.int16))

"""Every interface between the parts of callbot. Implementations are chosen in ``app`` and nowhere else.

Each protocol has one contract suite in ``tests/contract`` that every implementation passes, fakes included.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from callbot.protocol import ActionAsked
from callbot.values import Disposition, Pcm


class Clock(Protocol):
    """Time, injected everywhere so that tests never sleep."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds that never run backwards; only differences mean anything."""
        ...


# ---------------------------------------------------------------- telephony


@dataclass(frozen=True, slots=True)
class Ticks:
    """Audio that passed since the last one: both sides of the call, equally long, a multiple of 160 samples (20 ms)."""

    heard: Pcm
    spoken: Pcm


@dataclass(frozen=True, slots=True)
class LegKey:
    """The customer pressed a key, reported once, however it came: RFC 4733, SIP INFO, tones in the audio."""

    key: str


@dataclass(frozen=True, slots=True)
class LegPlayed:
    """The audio given to ``play`` under this number has left to its last frame."""

    number: int


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone; nothing follows. ``network``: no RTP, transport lost."""

    by: Literal["customer", "robot", "network"]
    sip_status: int


LegEvent = Ticks | LegKey | LegPlayed | LegEnded


@dataclass(frozen=True, slots=True)
class DialRequest:
    """One number to call. ``caller`` is the user part of From; the ring limit counts from the INVITE.

    ``trunk`` names the trunk whose password, codecs and headers are used; empty for a plain call.
    """

    call_id: str
    uri: str
    caller: str
    ring_limit_ms: int
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Nobody picked up, and why; a result, not an error.

    ``trunk_failed``: the trunk did not take the call at all, another one may.
    """

    disposition: Disposition
    sip_status: int
    trunk_failed: bool = field(default=False, compare=False)


class CallLeg(Protocol):
    """One connected side of a call. All methods are called from the line's asyncio loop and return at once.

    Order of calls: ``listen`` once (events so far are delivered first), then the others until ``LegEnded``. Calls after
    that do nothing.
    """

    def listen(self, post: Callable[[LegEvent], None]) -> None:
        """From now on hand every event to ``post``, in order, in the loop's thread. The first tick is sample 0."""
        ...

    def play(self, audio: Pcm, number: int) -> None:
        """Start playing int16 8 kHz audio now, instead of anything still playing (which gets no ``LegPlayed``)."""
        ...

    def pause(self) -> None:
        """Be silent from the next frame on, remembering the place."""
        ...

    def resume(self) -> None:
        """Go on where ``pause`` stopped."""
        ...

    def stop(self) -> None:
        """Drop what is playing or paused."""
        ...

    def hang_up(self) -> None:
        """End the call; ``LegEnded`` follows."""
        ...


class Dialler(Protocol):
    """Places calls. ``legs`` is the capacity that was detected, never assumed."""

    @property
    def legs(self) -> int:
        """How many legs this dialler can carry at the same time."""
        ...

    @property
    def trunks_down(self) -> tuple[str, ...]:
        """Names of trunks that take no calls now: registration refused, or no answer when asked."""
        ...

    async def dial(
        self, request: DialRequest, on_ringing: Callable[[], None], on_early: Callable[[Ticks], None] | None = None
    ) -> CallLeg | NotConnected:
        """Call and wait for the answer. Cancelling the task cancels the INVITE. Too many legs: ``TelephonyError``.

        ``on_early`` gets what is heard before the pick-up (ringing tones, announcements), from the first early media on
        without a gap; the leg's own first tick follows the last of these.
        """
        ...


HandOverResult = Literal["connected", "failed"]


class Transfers(Protocol):
    """Hands the caller of one call over to people."""

    async def hand_over(self, leg: CallLeg, queue: str, on_connected: Callable[[], None]) -> HandOverResult:
        """Bring the caller together with somebody of this queue; returns when they have parted, or it failed.

        ``on_connected`` is called in the loop the moment before they hear each other; a hand-over by REFER returns
        without it. Cancelling lets the people go. Busy, no answer, no free leg and an unknown queue are ``failed``.
        """
        ...


# ---------------------------------------------------------------- hearing


class Vad(Protocol):
    """Judges speech, frame by frame; keeps state, one per leg."""

    def speech(self, frame: Pcm) -> float:
        """Probability 0..1 that the person speaks, after this 20 ms frame of 160 samples at 8 kHz."""
        ...


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was recognised. ``score`` is the engine's mean log-probability or confidence: compare within one engine."""

    text: str
    rejected: bool
    reason: str
    score: float
    cpu_ms: int


class Utterance(Protocol):
    """One utterance under way. ``push`` and ``result`` may alternate: a later result covers all audio pushed so far."""

    def push(self, audio: Pcm) -> None:
        """Append int16 8 kHz audio; never blocks."""
        ...

    async def result(self) -> Recognition:
        """Recognise all audio so far; cancelling the task gives the work up. Errors: ``SpeechError``."""
        ...

    def hurry(self) -> None:
        """Somebody waits now: the result under way goes before those that are only early guesses."""
        ...

    def close(self) -> None:
        """Free what the engine holds for this utterance; a result under way is dropped."""
        ...


class Recogniser(Protocol):
    """A speech recogniser for 8 kHz telephone Mandarin, shared by calls."""

    def utterance(self, expects: Sequence[str] = ()) -> Utterance:
        """Begin an utterance; ``expects`` as in ``messages.Listen``."""
        ...


# ---------------------------------------------------------------- speaking


class Voice(Protocol):
    """A synthesiser. Blocking; call it in a worker thread or process."""

    @property
    def name(self) -> str:
        """Identity for caches, such as ``kokoro-2/zf_xiaoyi/1.0``: another name means another sound."""
        ...

    def synthesise(self, text: str) -> Pcm:
        """Speak a piece of text: int16 at 8 kHz, without silence at its ends. Errors: ``SpeechError``."""
        ...


class Prompts(Protocol):
    """Ready-made audio of pieces; the call side of the prompt cache."""

    def audio(self, pieces: Sequence[str], *, slow: bool = False) -> Pcm | None:
        """All pieces joined at one loudness, without clicks, or None when one is not ready; ``slow``: long pauses."""
        ...

    def recorded(self, sha256: str) -> Pcm | None:
        """A recording that a script names by its hash, at the loudness of prompts; None when it is not here."""
        ...


# ---------------------------------------------------------------- what a call needs from the rest of the world


class Systems(Protocol):
    """The systems that a script's ``do`` asks."""

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Ask; return the named result and what it gives. Raises on failure; the caller turns that into ``failed``."""
        ...


class ShopSystems(Protocol):
    """The systems as control has them at hand."""

    async def ask(self, asked: ActionAsked) -> tuple[str, dict[str, str]]:
        """The named result and what it gives; ``failed`` when there is none, with the reason in the log. Never raises.

        A question of a name that was answered before gets the same answer, and nothing is done twice.
        """
        ...

    def spoken_texts(self) -> Sequence[str]:
        """Texts that answers can hold now, so that their prompts can be made before anybody asks. Blocking."""
        ...


class SmsGateway(Protocol):
    """Hands text messages to whoever delivers them."""

    def send(self, sms_id: str, phone: str, text: str) -> str:
        """Hand over one message and return the gateway's own reference.

        ``sms_id`` is the same on every try, so that a gateway which knows it sends nothing twice. Blocking. Errors:
        ``FollowUpError`` with ``retryable``.
        """
        ...

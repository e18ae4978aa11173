"""One SIP call between the loop and the pj thread, and what the SIP stack has to offer for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, ParamSpec, Protocol, TypeVar

from callbot import log
from callbot.ports import DialRequest, NotConnected, Ticks
from callbot.telephony.config import EndpointConfig
from callbot.telephony.invitation import Invitation
from callbot.telephony.leg import SipLeg, ticks_of
from callbot.telephony.leg_state import CallEvent, Gone, HangUpReason, not_connected
from callbot.telephony.media import TickQueue
from callbot.telephony.sound import Sound
from callbot.values import FRAME_MS, Pcm

P = ParamSpec("P")
T = TypeVar("T")

_log = log.get(__name__)

HANG_UP_WITHIN_S = 1.0
"""How long to wait for the end of calls that were hung up: a BYE on a LAN takes milliseconds."""


Sending = Literal["sent", "no_route", "full"]
"""What became of an INVITE: on its way; no such host; the stack still holds calls that have ended for us."""


class Listener(Protocol):
    """Where the SIP stack reports; always called in the loop."""

    def on_event(self, call_number: int, event: CallEvent) -> None:
        """Something happened to a call."""
        ...

    def on_incoming(self, call_number: int, invitation: Invitation) -> None:
        """Somebody calls."""
        ...

    def on_frames(self) -> None:
        """Frames have come for one call or more."""
        ...

    def on_registered(self, trunk: str, status: int) -> None:
        """A trunk answered REGISTER; 408 and 503 also mean that nothing came."""
        ...


FADE_LEVELS = (0.5, 0.15)
"""Amplitudes of the last two frames before a cut, 20 ms each: the step to silence is 16 dB smaller than from full."""


def _nobody(frame: int) -> None:
    """Waits for no silence."""


class SipCore(Protocol):
    """The SIP stack. Calls have numbers that are never used twice; a number whose call is gone does nothing.

    ``sound``, what calls hear and say, is there once it has started.
    """

    legs: int
    media: str
    sip_port: int
    sound: Sound

    def start(self, config: EndpointConfig, listener: Listener) -> None:
        """Bind and make ready. Errors: ``TelephonyError``."""
        ...

    def close(self) -> None:
        """Free everything; nothing may be called after it."""
        ...

    def new_number(self) -> int:
        """A number for a call; any thread."""
        ...

    def make_call(self, number: int, request: DialRequest) -> Sending:
        """Send INVITE. Errors: ``TelephonyError`` for a bad URI.

        Answers by a word because an exception would keep the call's native object alive, and in a wrong thread.
        """
        ...

    def respond(self, number: int, status: int) -> None:
        """Answer an incoming call: 180 rings, 200 takes it, 3xx and above refuse it."""
        ...

    def hang_up(self, number: int) -> None:
        """BYE, CANCEL or a refusal, whatever fits."""
        ...

    def knows(self, number: int) -> int:
        """1 while there is a call of this number, else 0."""
        ...

    def attach(self, number: int) -> TickQueue | None:
        """Give the call an ear, a mouth and a player; ``None`` when it is gone already."""
        ...

    def press(self, number: int, key: str) -> None:
        """Send a key as RFC 4733 events."""
        ...

    def refer(self, number: int, to: str | int) -> int:
        """Send REFER to a URI, or with Replaces to the far end of the call of a number; 1 when it left, else 0."""
        ...

    def packets(self, number: int) -> int:
        """RTP packets received so far; -1 without a stream."""
        ...


class PjThread:
    """The one thread that makes all calls of the SIP stack."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="pj")

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do something on the pj thread and wait for it."""
        return await self._loop.run_in_executor(self._executor, lambda: work(*arguments, **named))

    def submit(
        self, work: Callable[..., int | None], *arguments: object, done: Callable[[int], None] | None = None
    ) -> None:
        """Do something on the pj thread; hand its result to ``done`` in the loop, or log its failure."""

        def job() -> None:
            try:
                result = work(*arguments)
            except Exception as error:  # one call's failure never ends another call
                self._loop.call_soon_threadsafe(self._failed, work.__name__, error)
            else:
                if done is not None and result is not None:
                    self._loop.call_soon_threadsafe(done, result)

        self._executor.submit(job)

    def end(self) -> None:
        """Finish what was submitted and end the thread."""
        self._executor.shutdown()

    def _failed(self, work: str, error: Exception) -> None:
        _log.error("work on the pj thread failed", work=work, error=repr(error))


class SipCall:
    """One call, from INVITE to its end; the ``leg.Wire`` of its leg. Loop thread only."""

    def __init__(self, core: SipCore, pj_thread: PjThread, number: int, no_rtp_ms: int) -> None:
        self.number = number
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()
        self.reason: HangUpReason = ""
        self._core = core
        self._pj_thread = pj_thread
        self._no_rtp_ms = no_rtp_ms
        self._leg: SipLeg | None = None
        self._ticks: TickQueue | None = None
        self._on_early: Callable[[Ticks], None] | None = None
        self._sounding = False
        self._fading: asyncio.TimerHandle | None = None
        self._silenced: Callable[[int], None] = _nobody

    def on_event(self, event: CallEvent) -> None:
        """An event of this call: for its leg once there is one, before that for whoever dials or answers."""
        if isinstance(event, Gone) and self._fading is not None:
            self._fading.cancel()
        if self._leg is not None:
            self._leg.on_event(event)
        else:
            self.events.put_nowait(event)

    def take_frames(self) -> None:
        """Hand the frames that have come to the leg; before the pick-up, to whoever listens to early media."""
        frames = self._ticks.take() if self._ticks is not None else []
        if self._leg is not None:
            self._leg.on_frames(frames)
        elif frames and self._on_early is not None:
            self._on_early(ticks_of(frames))

    async def hear_early(self, on_early: Callable[[Ticks], None]) -> None:
        """The audio stream is there before the pick-up, or was replaced: hear it from now on."""
        if self._ticks is None:
            self._on_early = on_early
            self._ticks = await self._pj_thread.run(self._core.attach, self.number)
        else:
            self.connect_ear()

    async def to_leg(self) -> SipLeg:
        """Make the leg of a call that was confirmed; it may be over already, which its events say."""
        if self._ticks is None:
            self._ticks = await self._pj_thread.run(self._core.attach, self.number)
        else:
            self.connect_ear()
            self.take_frames()
        self._leg = SipLeg(self, self._no_rtp_ms)
        while not self.events.empty():
            self._leg.on_event(self.events.get_nowait())
        return self._leg

    async def give_up(self, reason: HangUpReason) -> NotConnected:
        """Hang up before there was a leg, and wait a moment for the SIP side to agree."""
        self.hang_up(reason)
        status = 0
        try:
            async with asyncio.timeout(HANG_UP_WITHIN_S):
                while True:
                    event = await self.events.get()
                    if isinstance(event, Gone):
                        status = event.status
                        break
        except TimeoutError:
            _log.info("call given up without a last word from the far end", reason=reason)
        return not_connected(status, reason)

    def end(self) -> None:
        """End the call in whatever state it is, by our own will."""
        if self._leg is not None:
            self._leg.hang_up()
        else:
            self.hang_up("robot")

    def respond(self, status: int) -> None:
        """Answer an incoming call."""
        self._pj_thread.submit(self._core.respond, self.number, status)

    # -------------------------------------------------------- leg.Wire

    def connect_ear(self) -> None:
        """See ``leg.Wire``."""
        self._pj_thread.submit(self._core.sound.connect_ear, self.number)

    def load(self, audio: Pcm) -> None:
        """See ``leg.Wire``."""
        self._sounding = True
        self._pj_thread.submit(self._core.sound.start_player, self.number, audio)

    def connect(self) -> None:
        """See ``leg.Wire``; also takes back a silence that is still fading."""
        self._sounding = True
        if self._fading is not None:
            self._fading.cancel()
            self._fading = None
            self._pj_thread.submit(self._core.sound.set_level, self.number, 1.0)
        else:
            self._pj_thread.submit(self._core.sound.start_player, self.number, None)

    def silence(self, done: Callable[[int], None]) -> None:
        """See ``leg.Wire``. What sounds is faded out first: a vowel cut off at full amplitude clicks."""
        self._silenced = done
        if self._fading is None:
            self._fade(FADE_LEVELS if self._sounding else ())
        self._sounding = False

    def _fade(self, levels: tuple[float, ...]) -> None:
        if levels:
            self._pj_thread.submit(self._core.sound.set_level, self.number, levels[0])
            self._fading = asyncio.get_running_loop().call_later(FRAME_MS / 1000, self._fade, levels[1:])
        else:
            self._fading = None
            self._pj_thread.submit(self._core.sound.silence, self.number, done=self._silenced)

    def count_packets(self, done: Callable[[int], None]) -> None:
        """See ``leg.Wire``."""
        self._pj_thread.submit(self._core.packets, self.number, done=done)

    def press(self, key: str) -> None:
        """See ``leg.Wire``."""
        self._pj_thread.submit(self._core.press, self.number, key)

    def hear(self, speaker: int) -> None:
        """See ``leg.Wire``."""
        self._pj_thread.submit(self._core.sound.hear, self.number, speaker)

    def ignore(self, speaker: int) -> None:
        """See ``leg.Wire``."""
        self._pj_thread.submit(self._core.sound.ignore, self.number, speaker)

    def refer(self, to: str | int, done: Callable[[int], None]) -> None:
        """See ``leg.Wire``."""
        self._pj_thread.submit(self._core.refer, self.number, to, done=done)

    def hang_up(self, reason: HangUpReason) -> None:
        """See ``leg.Wire``; the first reason stays."""
        self.reason = self.reason or reason
        self._on_early = None
        self._pj_thread.submit(self._core.hang_up, self.number)

"""A SIP endpoint as the loop sees it: dialling, answering, and the legs that come of it.

::

    loop thread                              pj thread (one)                 PJSIP's own threads
    SipEndpoint, SipCall ── submit ────────► SipCore ── pjsua2 calls ──►     SIP worker, media clock
    SipCall.on_event / SipLeg.on_frames ◄──────────── call_soon_threadsafe ──┘

Everything here runs in the loop's thread; ``SipCore`` is called on the pj thread only.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from callbot import log
from callbot.errors import TelephonyError
from callbot.ports import DialRequest, NotConnected, Ticks
from callbot.telephony.config import EndpointConfig, too_many_legs
from callbot.telephony.invitation import Invitation, wrongly_in_clear
from callbot.telephony.leg import SipLeg
from callbot.telephony.leg_state import (
    NO_ACK_MS,
    NO_PROVISIONAL_MS,
    CallEvent,
    Confirmed,
    Gone,
    MediaChanged,
    Provisional,
    not_connected,
)
from callbot.telephony.sip_call import HANG_UP_WITHIN_S, PjThread, SipCall, SipCore
from callbot.telephony.trunk_watch import TrunkWatch

_log = log.get(__name__)

_SLOT_FREE_WITHIN_S = 1.0
"""A call that has ended holds its slot in PJSIP for 1-2 ms more, one to a silent address for 31 s (measured): a new
call waits for the former and is refused because of the latter."""
_SLOT_LOOK_S = 0.01
_BETWEEN_CALLS_S = 0.025
"""At most 40 calls a second: the packaged PJSIP has 64 sockets, keeps closed ones for 500 ms, and ends the process when
none is left (measured: 30 refused calls within half a second)."""


class IncomingCall:
    """A call somebody makes to us. ``number`` is the user part of the request URI, ``caller`` that of From.

    At most one of ``answer`` and ``reject`` is called; a call left alone ends when the caller gives up.
    """

    def __init__(self, call: SipCall, number: str, caller: str) -> None:
        self._call = call
        self.number = number
        self.caller = caller

    def ring(self) -> None:
        """Say 180."""
        self._call.respond(180)

    def reject(self, status: int) -> None:
        """Refuse with a final status such as 486 or 603."""
        self._call.respond(status)

    async def answer(self) -> SipLeg | NotConnected:
        """Say 200 and wait for ACK; no ACK within 8 s ends the call. Cancelling the task hangs up."""
        call = self._call
        call.respond(200)
        try:
            async with asyncio.timeout(NO_ACK_MS / 1000):
                while True:
                    match await call.events.get():
                        case Confirmed():
                            return await call.to_leg()
                        case Gone(status):  # 408: PJSIP gave up sooner than we
                            return not_connected(status, "no_ack" if status == 408 else "")
                        case _:
                            pass
        except TimeoutError:
            return await call.give_up("no_ack")
        except asyncio.CancelledError:
            call.hang_up("cancelled")
            raise


class SipEndpoint:
    """Dials and answers over a ``SipCore``; satisfies ``ports.Dialler``."""

    def __init__(
        self, config: EndpointConfig, core: SipCore, on_incoming: Callable[[IncomingCall], None] | None
    ) -> None:
        self._config = config
        self._core = core
        self._on_incoming = on_incoming
        self._loop = asyncio.get_running_loop()
        self._pj_thread = PjThread(self._loop)
        self._calls: dict[int, SipCall] = {}
        self._closing = False
        self._next_turn = 0.0
        self._trunks = TrunkWatch(config.logins, config.bind, config.tls_ca)
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        """Start the SIP stack; once. Errors: ``TelephonyError``, and nothing is left of it."""
        try:
            await self._pj_thread.run(self._core.start, self._config, self)
        except TelephonyError:
            self._pj_thread.end()
            raise
        self._trunks.start()

    async def close(self) -> None:
        """Hang up what is left, then free everything in the order PJSIP needs. No calls after it."""
        if self._closing:
            return
        self._closing = True
        self._trunks.stop()
        for call in list(self._calls.values()):
            call.end()
        try:
            async with asyncio.timeout(HANG_UP_WITHIN_S):
                await self._idle.wait()
        except TimeoutError:
            _log.info("closing while calls had not ended", calls=len(self._calls))
        await self._pj_thread.run(self._core.close)
        self._pj_thread.end()

    @property
    def legs(self) -> int:
        """How many legs the SIP stack carries, as it says itself."""
        return self._core.legs

    @property
    def media(self) -> str:
        """The SIP stack and how frames are read, for people."""
        return self._core.media

    @property
    def sip_port(self) -> int:
        """The UDP port it listens on."""
        return self._core.sip_port

    @property
    def busy_legs(self) -> int:
        """Legs taken now, ringing ones among them."""
        return len(self._calls)

    @property
    def trunks_down(self) -> tuple[str, ...]:
        """Trunks that take no calls now: registration refused, or no answer to OPTIONS."""
        return self._trunks.down

    async def dial(
        self, request: DialRequest, on_ringing: Callable[[], None], on_early: Callable[[Ticks], None] | None = None
    ) -> SipLeg | NotConnected:
        """Call and wait; see ``ports.Dialler``. Unreachable when the far end has not said a word after 8 s."""
        if self._closing or len(self._calls) >= self.legs:
            raise too_many_legs(self.legs)
        call = self._new_call(self._core.new_number())
        try:
            await self._take_turn()
            begun = self._loop.time()
            if await self._send(call, request):
                return await self._wait_for_answer(call, begun, request.ring_limit_ms, on_ringing, on_early)
            self._forget(call)
            return not_connected(0, "silent")
        except TelephonyError:
            self._forget(call)
            raise
        except asyncio.CancelledError:
            call.hang_up("cancelled")
            # Cancelled before PJSIP knew of it, a call has no end that could be reported.
            self._pj_thread.submit(self._core.knows, call.number, done=partial(self._forget_unknown, call))
            raise

    async def _take_turn(self) -> None:
        now = self._loop.time()
        at = self._next_turn = max(now, self._next_turn + _BETWEEN_CALLS_S)
        await asyncio.sleep(at - now)

    async def _send(self, call: SipCall, request: DialRequest) -> bool:
        until = self._loop.time() + _SLOT_FREE_WITHIN_S
        while True:
            sending = await self._pj_thread.run(self._core.make_call, call.number, request)
            if sending != "full":
                return sending == "sent"
            if self._loop.time() > until:
                raise too_many_legs(self.legs)
            await asyncio.sleep(_SLOT_LOOK_S)

    async def _wait_for_answer(
        self,
        call: SipCall,
        begun: float,
        ring_limit_ms: int,
        on_ringing: Callable[[], None],
        on_early: Callable[[Ticks], None] | None,
    ) -> SipLeg | NotConnected:
        answered = ringing = False  # any word from the far end; 180 or 183
        while True:
            limit_ms = ring_limit_ms if answered else min(ring_limit_ms, NO_PROVISIONAL_MS)
            try:
                async with asyncio.timeout_at(begun + limit_ms / 1000):
                    event = await call.events.get()
            except TimeoutError:
                return await call.give_up("ring_limit" if answered else "silent")
            match event:
                case Provisional(rings):
                    answered = True
                    if rings and not ringing:
                        ringing = True
                        on_ringing()
                case MediaChanged(early=True) if on_early is not None:
                    await call.hear_early(on_early)
                case Confirmed():
                    return await call.to_leg()
                case Gone(status, cause):
                    return not_connected(status, call.reason, cause)
                case _:
                    pass

    # -------------------------------------------------------- sip_call.Listener

    def on_event(self, call_number: int, event: CallEvent) -> None:
        """Something happened to a call."""
        call = self._calls.get(call_number)
        if call is None:
            return
        if isinstance(event, Gone):
            self._forget(call)
        call.on_event(event)

    def on_incoming(self, call_number: int, invitation: Invitation) -> None:
        """Somebody calls; without anybody to take calls they get 480, in clear where it must not be 488."""
        call = self._new_call(call_number)
        if self._on_incoming is None or self._closing:
            call.respond(480)
        elif wrongly_in_clear(invitation, self._config.logins):
            _log.warning("a call in clear was refused: a trunk requires SRTP", source=invitation.source)
            call.respond(488)
        else:
            self._on_incoming(IncomingCall(call, invitation.number, invitation.caller))

    def on_frames(self) -> None:
        """Frames have come; called once per tick at most."""
        for call in list(self._calls.values()):
            call.take_frames()

    def on_registered(self, trunk: str, status: int) -> None:
        """A trunk answered REGISTER, or did not."""
        self._trunks.registered(trunk, status)

    # -------------------------------------------------------- inside

    def _new_call(self, number: int) -> SipCall:
        call = SipCall(self._core, self._pj_thread, number, self._config.no_rtp_ms)
        self._calls[number] = call
        self._idle.clear()
        return call

    def _forget_unknown(self, call: SipCall, known: int) -> None:
        if not known:
            self._forget(call)

    def _forget(self, call: SipCall) -> None:
        if self._calls.pop(call.number, None) is None:
            return
        call.take_frames()
        self._pj_thread.submit(self._core.sound.drop, call.number)
        if not self._calls:
            self._idle.set()

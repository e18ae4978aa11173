"""SIP and RTP on PJSIP: the only module that knows pjsua2.

Every pjsua2 call is made on one pj thread. PJSIP's own threads only run the callbacks, which read what they were given
and hand it to the loop; nothing is decided here.

What shapes this module (measured): Python keeps every call, port and player alive; a ``Call`` that outlives
``libDestroy`` ends the process, as does an exception in a callback.
"""

import asyncio
import ctypes
import gc
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pjsua2 as pj

from callbot.errors import TelephonyError
from callbot.ports import DialRequest
from callbot.telephony import build, stack, trunks
from callbot.telephony.config import (
    RTP_PORTS_PER_LEG,
    EndpointConfig,
    bad_uri,
    filled,
    one_endpoint,
    unfit,
)
from callbot.telephony.endpoint import IncomingCall, SipEndpoint
from callbot.telephony.invitation import read_invitation
from callbot.telephony.leg_state import Confirmed, Gone, Key, MediaChanged, Provisional, Referred, q850_cause
from callbot.telephony.media import (
    FRAME_BYTES,
    ReadFrame,
    TickQueue,
    Waker,
    compiled_library,
    layout_holds,
    read_by_copy,
    read_by_pointer,
)
from callbot.telephony.sip_call import Listener, Sending
from callbot.telephony.sound import Sound
from callbot.values import FRAME_MS, RATE_HZ

__all__ = ["EndpointConfig", "IncomingCall", "Pjsua2Endpoint"]


class Pjsua2Endpoint(SipEndpoint):
    """The SIP endpoint of this process; there is at most one at a time."""

    @classmethod
    async def start(
        cls, config: EndpointConfig, on_incoming: Callable[[IncomingCall], None] | None = None
    ) -> "Pjsua2Endpoint":
        """Bind the SIP port and make ready. Errors: ``TelephonyError`` when the port is taken or pjsua2 is unfit."""
        endpoint = cls(config, _PjCore(asyncio.get_running_loop()), on_incoming)
        await endpoint.open()
        return endpoint


class _PjCore:
    """pjsua2 behind ``SipCore``; all methods on the pj thread unless they say otherwise."""

    running = False  # of the process: PJSIP aborts it when a second endpoint is made

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.legs = 0
        self.media = ""
        self.sip_port = 0
        self.calls: dict[int, _PjCall] = {}
        self.read_frame: ReadFrame = read_by_copy
        self._loop = loop
        self._numbers = itertools.count(1)
        self._config: EndpointConfig
        self._endpoint: Any = None
        self._accounts: dict[str, _PjAccount] = {}
        self.listener: Listener
        self.sound: Sound
        self._library: ctypes.CDLL

    def new_number(self) -> int:
        """A number for a call; any thread."""
        return next(self._numbers)

    def post(self, work: Callable[..., None], *arguments: object) -> None:
        """Any thread: do something in the loop. Never raises: an exception in a callback ends the process."""
        try:
            self._loop.call_soon_threadsafe(work, *arguments)
        except RuntimeError:  # the loop is closed; nobody is interested any more
            return

    # -------------------------------------------------------- start and end

    def start(self, config: EndpointConfig, listener: Listener) -> None:
        """Create the library, bind, prove the frame layout. After an error nothing is left of it."""
        self._config = config
        self._trunks = {login.trunk.name: login.trunk for login in config.logins}
        self.listener = listener
        self.sound = Sound(self._audio, self._make_port, _player, Waker(self._loop, listener.on_frames))
        if _PjCore.running:
            raise one_endpoint()
        self._library = compiled_library()
        self._library.pj_log_set_level(0)  # libCreate would print to standard output otherwise
        self._endpoint = pj.Endpoint()
        _PjCore.running = True
        self._endpoint.libCreate()
        reason = ""
        try:
            self._endpoint.libInit(filled(pj.EpConfig(), config))
            compiled_for = int(self._library.pjsua_call_get_max_count())
            self.legs = min(compiled_for, config.rtp_ports // RTP_PORTS_PER_LEG)
            if refused := stack.refusal(self._library, config, compiled_for):
                raise refused
            stack.give_up_after(self._library, stack.TRANSACTION_MS)
            self._endpoint.audDevManager().setNullDev()
            stack.choose_codecs(self._endpoint, config)
            bound = stack.bind(pj, self._endpoint, config)
            if isinstance(bound, TelephonyError):
                raise bound
            self.sip_port = bound
            self._endpoint.libStart()
            self._make_account("", stack.account(pj, config, self.sip_port))
            for login in config.logins:
                self._make_account(login.trunk.name, stack.trunk_account(pj, config, self.sip_port, login))
            self._prove_layout()
        except pj.Error as error:
            reason = str(error.reason)
        except TelephonyError:
            self.close()
            raise
        if reason:
            self.close()
            raise unfit(reason)

    def _make_account(self, name: str, config: Any) -> None:
        account = self._accounts[name] = _PjAccount(self, name)
        account.create(config, not name)

    def _prove_layout(self) -> None:
        known = bytes(i % 251 for i in range(FRAME_BYTES))
        frame = pj.MediaFrame()
        frame.buf = pj.ByteVector(known)
        frame.size = FRAME_BYTES
        self.read_frame = read_by_pointer if layout_holds(frame, known) else read_by_copy
        how = "frames by pointer" if self.read_frame is read_by_pointer else "frames by copy, slow"
        installed = build.installed()
        whose = "own build" if installed and installed.own else "packaged"
        self.media = f"pjsua2 {self._endpoint.libVersion().full} ({whose}), {self.legs} legs, {how}"

    def close(self) -> None:
        """Calls, account, clock, ports, library: in this order, or the process aborts."""
        self.calls.clear()
        self._accounts.clear()  # unregisters
        gc.collect()
        if self._endpoint.libGetState() == pj.PJSUA_STATE_RUNNING:
            self._endpoint.audDevManager().setNoDev()
        self.sound.clear()
        gc.collect()
        self._endpoint.libDestroy(pj.PJSUA_DESTROY_NO_NETWORK)  # BYEs have left; it would wait a second otherwise
        self._endpoint = None
        gc.collect()
        _PjCore.running = False

    # -------------------------------------------------------- calls

    def make_call(self, number: int, request: DialRequest) -> Sending:
        """See ``SipCore``. A host name is looked up here; addresses cost nothing."""
        if self._endpoint.utilVerifySipUri(request.uri) != 0:
            raise bad_uri(request.uri)
        if self._library.pjsua_call_get_count() >= self.legs:
            return "full"
        trunk = self._trunks.get(request.trunk)
        call = _PjCall(self, number, self._accounts[request.trunk if trunk else ""])
        call.codecs = trunk.codecs if trunk else ()
        self.calls[number] = call
        address = stack.here(self._config, self.sip_port)
        options = stack.call_options(pj, trunk, request, address)
        stack.give_up_after(self._library, stack.INVITE_MS)
        try:
            call.makeCall(request.uri, options)
        except pj.Error:
            self.calls.pop(number, None)
            return "no_route"
        finally:
            stack.give_up_after(self._library, stack.TRANSACTION_MS)
        return "sent"

    def respond(self, number: int, status: int) -> None:
        """See ``SipCore``."""
        call = self.calls.get(number)
        if call is not None and call.isActive():
            options = stack.plain_options(pj)
            options.statusCode = status
            call.answer(options)

    def hang_up(self, number: int) -> None:
        """See ``SipCore``."""
        call = self.calls.get(number)
        if call is not None and call.isActive():
            call.hangup(stack.plain_options(pj))

    def knows(self, number: int) -> int:
        """See ``SipCore``."""
        return int(number in self.calls)

    def attach(self, number: int) -> TickQueue | None:
        """See ``SipCore``."""
        call = self.calls.get(number)
        if call is None or not call.isActive():
            return None
        return self.sound.attach(number)

    def press(self, number: int, key: str) -> None:
        """See ``SipCore``."""
        call = self.calls.get(number)
        if call is not None and call.isActive():
            call.dialDtmf(key)

    def refer(self, number: int, to: str | int) -> int:
        """See ``SipCore``."""
        call, other = self.calls.get(number), self.calls.get(to) if isinstance(to, int) else None
        if call is None or not call.isActive():
            return 0
        try:
            if isinstance(to, str):
                call.xfer(to, pj.CallOpParam(True))
            elif other is not None and other.isActive():
                call.xferReplaces(other, pj.CallOpParam(True))
            else:
                return 0
        except pj.Error:
            return 0
        return 1

    def packets(self, number: int) -> int:
        """See ``SipCore``; the whole statistics are kept while a part is read."""
        call = self.calls.get(number)
        if call is None or call.audio() is None:
            return -1
        statistics = call.getStreamStat(call.stream)
        return int(statistics.rtcp.rxStat.pkt)

    def _audio(self, number: int) -> Any:
        call = self.calls.get(number)
        return call and call.audio()

    def _make_port(self) -> "_PjPort":
        return _PjPort(self.read_frame)


# ---------------------------------------------------------------- callbacks, on PJSIP's threads


class _PjPort(pj.AudioMediaPort):  # type: ignore[misc]
    """A Python port of the bridge; its callback comes on the media clock's thread every 20 ms."""

    def __init__(self, read_frame: ReadFrame) -> None:
        super().__init__()
        self._read = read_frame
        self.take: Callable[[bytes], None] = _nowhere
        audio = pj.MediaFormatAudio()
        audio.init(pj.PJMEDIA_FORMAT_L16, RATE_HZ, 1, FRAME_MS * 1000, 16)
        self.createPort("port", audio)

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - pjsua2's name
        """Copy 320 bytes and hand them over."""
        self.take(self._read(frame))


class _PjCall(pj.Call):  # type: ignore[misc]
    """A call; its callbacks come on PJSIP's SIP thread."""

    def __init__(self, core: _PjCore, number: int, account: Any, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self._core = core
        self.number = number
        self.stream = 0
        self.codecs: Sequence[str] = ()
        self._redirected = 0

    def audio(self) -> Any:
        """The call's active audio stream in the bridge, or None. ``info`` is kept: its parts live in it."""
        if not self.isActive():
            return None
        info = self.getInfo()
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status in _STREAMING:
                self.stream = media.index
                return self.getAudioMedia(media.index)
        return None

    def onCallState(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """Tell the loop what the call has come to."""
        info = self.getInfo()
        match info.state:
            case pj.PJSIP_INV_STATE_EARLY:
                self._core.post(self._core.listener.on_event, self.number, Provisional(ringing=True))
            case pj.PJSIP_INV_STATE_CONFIRMED:
                self._core.post(self._core.listener.on_event, self.number, Confirmed())
            case pj.PJSIP_INV_STATE_DISCONNECTED:
                # Destroyed when this callback returns, before PJSIP gives its slot to another call: a ``Call``
                # destroyed later hangs up whoever has that slot by then (measured).
                self._core.calls.pop(self.number, None)
                gone = Gone(self._redirected or int(info.lastStatusCode), q850_cause(stack.message_of(pj, prm.e)))
                self._core.post(self._core.listener.on_event, self.number, gone)

    def onCallRedirected(self, prm: Any) -> int:  # noqa: N802 - pjsua2's name
        """Nobody is called whom the list does not name; PJSIP would report 487 for it."""
        self._redirected = int(prm.e.body.tsxState.tsx.statusCode)
        return int(pj.PJSIP_REDIRECT_STOP)

    def onCallTsxState(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """Notice 100 Trying, which changes no call state but shows that somebody is there."""
        transaction = prm.e.body.tsxState.tsx
        if transaction.method == "INVITE" and transaction.statusCode == pj.PJSIP_SC_TRYING:
            self._core.post(self._core.listener.on_event, self.number, Provisional(ringing=False))

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802, ARG002 - pjsua2's name
        """The stream is there, or was replaced."""
        info = self.getInfo()
        early = info.state == pj.PJSIP_INV_STATE_EARLY
        held = any(media.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD for media in info.media)
        self._core.post(self._core.listener.on_event, self.number, MediaChanged(early, held))

    def onCallSdpCreated(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """Offer what the trunk is meant to be offered; PJSIP itself knows codecs for all calls alike only."""
        if self.codecs:
            prm.sdp.wholeSdp = trunks.with_codecs(prm.sdp.wholeSdp, self.codecs)

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """A key, by RFC 4733 or INFO."""
        self._core.post(self._core.listener.on_event, self.number, Key(prm.digit, int(prm.method)))

    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """What became of a REFER of ours. ``cont``: go on telling; PJSIP would stop after the first NOTIFY."""
        prm.cont = not prm.finalNotify
        self._core.post(self._core.listener.on_event, self.number, Referred(int(prm.statusCode)))

    def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """Refuse REFER: PJSIP would dial whatever number the far end names, on our account."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """Refuse INVITE with Replaces: PJSIP would put the new caller into this call behind the loop's back."""
        prm.statusCode = pj.PJSIP_SC_DECLINE


class _PjAccount(pj.Account):  # type: ignore[misc]
    """Receives calls to any number; one account a trunk, and one for calls without a trunk."""

    def __init__(self, core: _PjCore, name: str) -> None:
        super().__init__()
        self._core = core
        self._name = name

    def onRegState(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """The trunk let us register, or not."""
        self._core.post(self._core.listener.on_registered, self._name, int(prm.code))

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - pjsua2's name
        """Keep the call and tell the loop."""
        number = self._core.new_number()
        call = _PjCall(self._core, number, self, prm.callId)
        self._core.calls[number] = call
        caller = call.getInfo().remoteUri
        invitation = read_invitation(prm.rdata.wholeMsg, caller, prm.rdata.srcAddress)
        self._core.post(self._core.listener.on_incoming, number, invitation)


def _nowhere(data: bytes) -> None:
    """Where a port's frames go before its kit is complete."""


# ---------------------------------------------------------------- small things

_STREAMING = (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)


def _player(path: Path) -> Any:
    player = pj.AudioMediaPlayer()
    player.createPlayer(str(path), pj.PJMEDIA_FILE_NO_LOOP)
    return player

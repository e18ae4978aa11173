"""The line's switchboard: brings callers and people together, keeps the bridges, obeys supervisors. Loop thread only.

Three ways to hand a caller over, chosen per queue:

::

    bridge     line dials the agent, then caller ◄─ line ─► agent until either hangs up; recorded to the end
    attended   line dials the agent, then REFER with Replaces to the caller's side; both legs of the line end
    refer      REFER to the caller's side, which calls the agent itself; the line's leg ends
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, assert_never

from callbot import log
from callbot.errors import TelephonyError
from callbot.language import Text
from callbot.ports import CallLeg, DialRequest, HandOverResult, NotConnected
from callbot.telephony.bridge import Bridge, Party, SupervisorMode
from callbot.telephony.leg import SipLeg

Method = Literal["bridge", "attended", "refer"]

_FINAL = 200
"""From here on a status of a NOTIFY is the last: the new call was answered or has failed (RFC 3515 section 2.4.5)."""

_SUPERVISOR_RING_MS = 15_000
"""A supervisor has just asked for it and sits beside the telephone."""

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class QueueTarget:
    """Where the people of a queue are reached, and how callers get there. The ring limit holds for every method.

    ``trunk``: whose password and headers the call to them needs, empty without one.
    """

    uri: str
    method: Method
    ring_limit_ms: int
    trunk: str = ""


class LegDialler(Protocol):
    """What the switchboard needs of an endpoint: ``telephony.endpoint.SipEndpoint``."""

    async def dial(self, request: DialRequest, on_ringing: Callable[[], None]) -> SipLeg | NotConnected:
        """See ``ports.Dialler``."""
        ...


class Switchboard:
    """All hand-overs of one endpoint."""

    def __init__(self, dialler: LegDialler, queues: Mapping[str, QueueTarget]) -> None:
        self._dialler = dialler
        self._queues = queues
        self._bridges: dict[str, tuple[Bridge, str]] = {}  # with the number that people see

    def for_call(self, call_id: str, caller: str) -> "CallTransfers":
        """Hand-overs of one call; ``caller`` is the number that agents see."""
        return CallTransfers(self, call_id, caller)

    async def hand_over(
        self, call_id: str, caller: str, leg: CallLeg, queue: str, on_connected: Callable[[], None]
    ) -> HandOverResult:
        """See ``ports.Transfers``."""
        target = self._queues.get(queue)
        if target is None or not isinstance(leg, SipLeg):
            _log.warning("a queue leads nowhere", queue=queue)
            return "failed"
        if target.method == "refer":
            return await _refer(leg, target.uri, target.ring_limit_ms)
        agent = await self._dial(DialRequest(call_id, target.uri, caller, target.ring_limit_ms, target.trunk))
        if agent is None:
            return "failed"
        match target.method:
            case "bridge":
                return await self._bridge(call_id, caller, leg, agent, on_connected)
            case "attended":
                try:
                    return await _refer(leg, agent, target.ring_limit_ms)
                finally:
                    agent.hang_up()  # its far end has replaced it, or nobody wants it
            case _:
                assert_never(target.method)

    async def supervise(self, call_id: str, mode: SupervisorMode | Literal["takeover"], uri: str) -> Text | None:
        """Bring a supervisor into a bridged call or change what he may do; ``uri`` "" for who is there already.

        Returns what is wrong, None when it is done.
        """
        if call_id not in self._bridges:
            return _no_bridge(call_id)
        bridge, caller = self._bridges[call_id]
        at_first: SupervisorMode = "listen" if mode == "takeover" else mode
        if uri:
            leg = await self._dial(DialRequest(call_id, uri, caller, _SUPERVISOR_RING_MS))
            if leg is None:
                return Text(f"打不通班长的电话 {uri}。", f"The supervisor at {uri} could not be reached.")
            bridge.admit_supervisor(leg, at_first)
            if bridge.over.is_set():
                return _no_bridge(call_id)
        elif not bridge.supervised:
            return Text(
                "这通电话里还没有班长，请给出班长的电话（--to）。",
                "There is no supervisor in this call yet: say whom to call (--to).",
            )
        if mode == "takeover":
            bridge.take_over()
        else:
            bridge.set_mode(mode)
        return None

    def release(self, call_id: str, party: Party) -> Text | None:
        """Hang up one leg of a bridged call. Returns what is wrong, None when it is done."""
        if call_id not in self._bridges:
            return _no_bridge(call_id)
        if not self._bridges[call_id][0].release(party):
            return Text(f"这通电话里没有 {party}。", f"There is no {party} in this call.")
        return None

    async def _dial(self, request: DialRequest) -> SipLeg | None:
        try:
            leg = await self._dialler.dial(request, lambda: None)
        except TelephonyError as error:
            _log.warning("people could not be called", problem=str(error))
            return None
        if isinstance(leg, NotConnected):
            _log.info("people did not take the call", disposition=str(leg.disposition), sip_status=leg.sip_status)
            return None
        return leg

    async def _bridge(
        self, call_id: str, caller: str, leg: SipLeg, agent: SipLeg, on_connected: Callable[[], None]
    ) -> HandOverResult:
        on_connected()
        bridge = Bridge(leg, agent)
        self._bridges[call_id] = bridge, caller
        try:
            await bridge.over.wait()
        finally:
            del self._bridges[call_id]
            bridge.close()
        return "connected"


class CallTransfers:
    """``ports.Transfers`` of one call."""

    def __init__(self, switchboard: Switchboard, call_id: str, caller: str) -> None:
        self._switchboard = switchboard
        self._call_id = call_id
        self._caller = caller

    async def hand_over(self, leg: CallLeg, queue: str, on_connected: Callable[[], None]) -> HandOverResult:
        """See ``ports.Transfers``."""
        return await self._switchboard.hand_over(self._call_id, self._caller, leg, queue, on_connected)


async def _refer(leg: SipLeg, to: str | SipLeg, limit_ms: int) -> HandOverResult:
    """Send REFER and follow its NOTIFYs; no last one within the limit counts as failed."""
    final: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_status(status: int) -> None:
        _log.info("a referred call", status=status)
        if (status == 0 or status >= _FINAL) and not final.done():
            final.set_result(status)

    leg.refer(to, on_status)
    try:
        async with asyncio.timeout(limit_ms / 1000):
            status = await final
    except TimeoutError:
        _log.warning("nobody said what became of a REFER")
        return "failed"
    return "connected" if _FINAL <= status < _FINAL + 100 else "failed"


def _no_bridge(call_id: str) -> Text:
    return Text(
        f"通话 {call_id} 现在没有坐席接入，无法监听或接管。", f"No agent is in call {call_id} now: nobody to supervise."
    )

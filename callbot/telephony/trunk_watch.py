"""Which trunks live: what they answer to REGISTER, and to OPTIONS sent from a socket of its own. Loop thread only.

PJSIP can send OPTIONS too, but a question that is still open when it is shut down ends the process (measured, 2.15.1).
"""

import asyncio
import re
import secrets
import ssl
from collections.abc import Sequence
from pathlib import Path

from callbot import log
from callbot.settings import Trunk
from callbot.telephony.trunks import Login, authorities, host_in_uri, server_uri

_SEND_AFTER_S = (0.0, 0.5, 1.0, 2.0)
"""When a question is sent and sent again, one pause after the other: the retransmissions of RFC 3261 section 17.1.2."""
_ANSWER_WITHIN_S = 4.0
_TRUNK_FAILED = (408, 503)

_log = log.get(__name__)


class TrunkWatch:
    """Keeps who is down, and says so when it changes. A trunk that registers is down until it has been let in."""

    def __init__(self, logins: Sequence[Login], bind: str, tls_ca: Path | None = None) -> None:
        self._trunks = [login.trunk for login in logins]
        self._bind = bind
        self._tls_ca = tls_ca
        self._bad = {(trunk.name, "REGISTER") for trunk in self._trunks if trunk.register_s}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def down(self) -> tuple[str, ...]:
        """Names of trunks that take no calls now."""
        return tuple(sorted({name for name, _ in self._bad}))

    def start(self) -> None:
        """Begin to ask the trunks that want it."""
        self._tasks = [asyncio.create_task(self._check(trunk)) for trunk in self._trunks if trunk.check_s]

    def stop(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()

    def registered(self, trunk: str, status: int) -> None:
        """What a trunk said to REGISTER."""
        self._note(trunk, "REGISTER", status)

    def _note(self, trunk: str, method: str, status: int) -> None:
        # Any answer to OPTIONS, even 404 or 405, comes from somebody who lives (RFC 3261 section 11).
        good = status == 200 if method == "REGISTER" else status not in _TRUNK_FAILED
        known = (trunk, method) in self._bad
        if good and known:
            self._bad.discard((trunk, method))
            _log.info("a trunk is up", trunk=trunk, method=method)
        elif not good and (not known or method == "REGISTER"):  # PJSIP tries again every 30 s
            self._bad.add((trunk, method))
            _log.warning("a trunk is down", trunk=trunk, method=method, status=status)

    async def _check(self, trunk: Trunk) -> None:
        while True:
            self._note(trunk.name, "OPTIONS", await ask(trunk, self._bind, self._tls_ca))
            await asyncio.sleep(trunk.check_s)


async def ask(trunk: Trunk, bind: str, tls_ca: Path | None = None) -> int:
    """The status a trunk answers to OPTIONS, 408 for none; over TCP and TLS 200 or 503: whether it can be connected.

    A certificate that ``tls_ca`` (``EndpointConfig``) does not vouch for counts as no connection.
    """
    if trunk.transport != "udp":
        return await _connects(trunk, tls_ca)
    loop = asyncio.get_running_loop()
    answered = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Question(answered), local_addr=(bind, 0), remote_addr=(trunk.host, trunk.port)
        )
    except OSError:
        return 503
    host, port = transport.get_extra_info("sockname")[:2]
    text = _options(trunk, f"{host_in_uri(host)}:{port}")
    sending = asyncio.create_task(_send(transport, text))
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            return int(await answered)
    except TimeoutError:
        return 408
    finally:
        sending.cancel()
        transport.close()


async def _send(transport: asyncio.DatagramTransport, text: bytes) -> None:
    for pause_s in _SEND_AFTER_S:
        await asyncio.sleep(pause_s)
        transport.sendto(text)


async def _connects(trunk: Trunk, tls_ca: Path | None) -> int:
    tls = ssl.create_default_context(cafile=authorities(tls_ca)) if trunk.transport == "tls" else None
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            _, writer = await asyncio.open_connection(trunk.host, trunk.port, ssl=tls)
    except ssl.SSLError as error:
        _log.warning("a trunk's certificate is refused", trunk=trunk.name, reason=str(error))
        return 503
    except (OSError, TimeoutError):
        return 503
    writer.close()
    return 200


def _options(trunk: Trunk, here: str) -> bytes:
    lines = (
        f"OPTIONS {server_uri(trunk)} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};rport;branch=z9hG4bK{secrets.token_hex(8)}",
        f"From: <sip:callbot@{here}>;tag={secrets.token_hex(4)}",
        f"To: <{server_uri(trunk)}>",
        f"Call-ID: {secrets.token_hex(8)}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:callbot@{here}>",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Question(asyncio.DatagramProtocol):
    """Waits for the first final answer."""

    def __init__(self, answered: "asyncio.Future[int]") -> None:
        self._answered = answered

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's name
        """A status line, perhaps."""
        found = re.match(rb"SIP/2\.0 ([2-6]\d\d) ", data)
        if found and not self._answered.done():
            self._answered.set_result(int(found[1]))

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - asyncio's name
        """Nobody listens there."""
        if not self._answered.done():
            self._answered.set_result(503)

"""What makes one SIP trunk differ from another: how numbers are dialled, who calls, with which password and codecs.

Pure, but for filling in objects of pjsua2, which this module does not import.
"""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from callbot.settings import Trunk

Srtp = Literal["off", "optional", "required"]
TransportKind = Literal["udp", "tcp", "tls"]

_PJSIP_TRANSPORT = {"udp": 1, "tcp": 2, "tls": 3}
_PJSIP_IPV6 = 128
"""Values of ``pjsip_transport_type_e`` (pjsip/sip_types.h): the IPv6 kinds have this bit set."""
_SRTP_USE = {"off": 0, "optional": 1, "required": 2}
"""Values of ``pjmedia_srtp_use`` (pjmedia/transport_srtp.h)."""
_REGISTER_RETRY_S = 30
_SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Of Debian's ca-certificates, for a Python whose own OpenSSL looks elsewhere."""
_STATIC_PAYLOADS = {"0": "PCMU", "8": "PCMA"}


@dataclass(frozen=True, slots=True)
class Login:
    """A trunk and the password for it, "" without one; never printed."""

    trunk: Trunk
    password: str = field(default="", repr=False)


def dialled(trunk: Trunk, number: str) -> str:
    """The number as this trunk wants it: ``strip`` taken off its beginning if it is there, ``prefix`` put before."""
    return trunk.prefix + number.removeprefix(trunk.strip)


def uri_of(trunk: Trunk, number: str) -> str:
    """Whom to send the INVITE to; the transport stands in the URI (RFC 3261 section 19.1.1)."""
    return f"sip:{dialled(trunk, number)}@{_server(trunk)}"


def server_uri(trunk: Trunk) -> str:
    """The trunk itself, for OPTIONS and REGISTER."""
    return f"sip:{_server(trunk)}"


def host_in_uri(host: str) -> str:
    """An IPv6 address stands in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def caller_uri(trunk: Trunk | None, caller: str, here: str) -> str:
    """From: a trunk that logs us in knows us under its own name, any other under our address ``here`` (host:port)."""
    return f"sip:{caller}@{host_in_uri(trunk.host) if trunk and trunk.username else here}"


def caller_headers(trunk: Trunk | None, caller: str, here: str) -> list[tuple[str, str]]:
    """Further headers that say who calls: P-Asserted-Identity (RFC 3325) for trunks that take the number from it."""
    if trunk is None or not trunk.asserted_identity:
        return []
    return [("P-Asserted-Identity", f"<{caller_uri(trunk, caller, here)}>")]


def transports(logins: Sequence[Login]) -> list[TransportKind]:
    """What to listen on: UDP always, the others when a trunk needs them."""
    wanted = {login.trunk.transport for login in logins}
    return ["udp", *(kind for kind in ("tcp", "tls") if kind in wanted)]


def authorities(chosen: Path | None) -> Path:
    """The certificate authorities that TLS trunks are checked against: the chosen ones, or the system's."""
    return chosen or Path(ssl.get_default_verify_paths().cafile or _SYSTEM_AUTHORITIES)


def transport_type(kind: TransportKind, bind: str) -> int:
    """PJSIP's number of a transport on this address."""
    return _PJSIP_TRANSPORT[kind] + (_PJSIP_IPV6 if ":" in bind else 0)


def fill_login(account: Any, credentials: Any, login: Login) -> Any:
    """Put what this trunk needs into an ``AccountConfig`` of pjsua2; ``credentials`` is a fresh ``AuthCredInfo``."""
    trunk = login.trunk
    if trunk.username:
        account.idUri = f"sip:{trunk.username}@{host_in_uri(trunk.host)}"
        credentials.scheme, credentials.realm = "digest", "*"
        credentials.username, credentials.dataType, credentials.data = trunk.username, 0, login.password
        account.sipConfig.authCreds.append(credentials)
    if trunk.register_s:
        account.regConfig.registrarUri = server_uri(trunk)
        account.regConfig.timeoutSec = trunk.register_s
        account.regConfig.retryIntervalSec = _REGISTER_RETRY_S
    fill_srtp(account.mediaConfig, trunk.srtp, secure=trunk.transport == "tls")
    return account


def fill_srtp(media: Any, srtp: Srtp, *, secure: bool) -> None:
    """How audio is encrypted. ``secure``: only over TLS.

    Over UDP and TCP the keys of SRTP can be read in the SDP; a trunk that asks for it nevertheless gets it.
    """
    media.srtpUse = _SRTP_USE[srtp]
    media.srtpSecureSignaling = int(secure)


def srtp_of_callers(logins: Sequence[Login]) -> Srtp:
    """What calls that come in may use: PJSIP does not know which trunk they come from (``invitation`` looks)."""
    wanted = {login.trunk.srtp for login in logins}
    if wanted == {"required"}:
        return "required"
    return "off" if wanted <= {"off"} else "optional"


def with_codecs(sdp: str, codecs: Sequence[str]) -> str:
    """An offer with only these audio codecs, in this order; telephone events and other kinds of media stay."""
    sections = re.split(r"(?m)^(?=m=)", sdp)
    return "".join(_audio_with(each, codecs) if each.startswith("m=audio ") else each for each in sections)


def _audio_with(section: str, codecs: Sequence[str]) -> str:
    names = {**_STATIC_PAYLOADS, **dict(re.findall(r"^a=rtpmap:(\d+) ([\w-]+)/", section, re.MULTILINE))}
    first, *lines = section.splitlines(keepends=True)
    kind, port, profile, *offered = first.split()
    audio = [each for codec in codecs for each in offered if names.get(each) == codec]
    if not audio:
        return section
    kept = audio + [each for each in offered if names.get(each) == "telephone-event"]
    attributes = re.compile(r"a=(?:rtpmap|fmtp):(\d+) ")
    rest = [line for line in lines if not (about := attributes.match(line)) or about[1] in kept]
    return f"{' '.join([kind, port, profile, *kept])}\r\n{''.join(rest)}"


def _server(trunk: Trunk) -> str:
    suffix = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    return f"{host_in_uri(trunk.host)}:{trunk.port}{suffix}"

"""How PJSIP is set up: transports, codecs, accounts, the options of a call. Takes pjsua2's module; pj thread only."""

import ssl
from pathlib import Path
from typing import Any

from callbot.errors import TelephonyError
from callbot.ports import DialRequest
from callbot.settings import Trunk
from callbot.telephony import trunks
from callbot.telephony.config import EndpointConfig, busy_port, codec_priority, no_authorities, no_ipv6, old_tls
from callbot.telephony.leg_state import NO_PROVISIONAL_MS

TRANSACTION_MS = 4500
"""How long a SIP transaction is repeated. RFC 3261 says 32 s, and so long an INVITE of somebody who then vanished holds
one of the library's calls, twice in fact: until our 200 is given up, and then our BYE (measured). A handful of them
would fill the line. After 4.5 s four copies were lost; after 9 s the call is free."""
INVITE_MS = NO_PROVISIONAL_MS + 500
"""Our own INVITEs get the time of ``leg_state.NO_PROVISIONAL_MS``, and a little more: it is ours to give up."""

_PACKAGED_LEGS = 4
_OPENSSL_3 = 0x30000000


def refusal(library: Any, config: EndpointConfig, legs: int) -> TelephonyError | None:
    """What these settings ask of a pjsua2 that cannot do it. ``library``: its C functions.

    The packaged build knows no IPv6 and would end the process; its OpenSSL 1.0.2 is out of support, so that TLS over
    any network but this machine's own would be a promise not kept (both measured, pjsua2-python 2.15.1.post1).
    """
    if ":" in config.bind and legs <= _PACKAGED_LEGS:
        return no_ipv6(config.bind)
    modern = hasattr(library, "OpenSSL_version_num") and library.OpenSSL_version_num() >= _OPENSSL_3
    for trunk in (login.trunk for login in config.logins):
        if trunk.transport == "tls" and not modern and trunk.host not in ("127.0.0.1", "localhost"):
            return old_tls(trunk.name)
    return None


def give_up_after(library: Any, transaction_ms: int) -> None:
    """For SIP transactions that begin from now on. pj thread, once the library is initialised."""
    keep = 0
    library.pjsip_tsx_set_timers(keep, keep, keep, transaction_ms)


def choose_codecs(endpoint: Any, config: EndpointConfig) -> None:
    """Switch off all codecs but the wanted ones, for all calls alike."""
    for codec_id in [codec.codecId for codec in endpoint.codecEnum2()]:
        endpoint.codecSetPriority(codec_id, codec_priority(codec_id, config.codecs))


def bind(pj: Any, endpoint: Any, config: EndpointConfig) -> int | TelephonyError:
    """Listen; returns the port, which UDP and TCP share, or what is wrong with it.

    Nothing is raised: the frames of an exception would keep pjsua2's endpoint alive, and a second one ends the process.
    """
    port = config.sip_port
    for kind in trunks.transports(config.logins):
        transport = pj.TransportConfig()
        transport.boundAddress = config.bind
        transport.port = 0 if kind == "tls" else port
        if kind == "tls":
            authorities = trunks.authorities(config.tls_ca)
            try:
                ssl.create_default_context(cafile=authorities)
            except OSError:  # ssl.SSLError, for a file that is no PEM, is one
                return no_authorities(authorities)
            _verify(pj, transport.tlsConfig, authorities)
        try:
            transport_id = endpoint.transportCreate(trunks.transport_type(kind, config.bind), transport)
        except pj.Error as error:
            return busy_port(config, kind, str(error.reason))
        if kind == "udp":
            port = int(endpoint.transportGetInfo(transport_id).localName.rsplit(":", 1)[1])
    return port


def _verify(pj: Any, tls: Any, authorities: Path) -> None:
    """Talk only to who proves to be the host that was meant; PJSIP by itself takes any certificate."""
    tls.CaListFile = str(authorities)
    tls.verifyServer = True
    tls.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | pj.PJ_SSL_SOCK_PROTO_TLS1_3  # RFC 8996: older ones must not be used
    tls.msecTimeout = NO_PROVISIONAL_MS


def here(config: EndpointConfig, port: int) -> str:
    """Our own address as it stands in URIs."""
    return f"{trunks.host_in_uri(config.bind)}:{port}"


def account(pj: Any, config: EndpointConfig, port: int) -> Any:
    """The configuration of the account that belongs to no trunk, and gets the calls that come in."""
    filled = pj.AccountConfig()
    filled.idUri = f"sip:callbot@{here(config, port)}"
    if ":" in config.bind:
        filled.sipConfig.ipv6Use = filled.mediaConfig.ipv6Use = pj.PJSUA_IPV6_ENABLED_USE_IPV6_ONLY
    trunks.fill_srtp(filled.mediaConfig, trunks.srtp_of_callers(config.logins), secure=False)
    transport = filled.mediaConfig.transportConfig
    transport.boundAddress = transport.publicAddress = config.bind
    transport.port = config.rtp_port
    transport.portRange = config.rtp_ports
    return filled


def trunk_account(pj: Any, config: EndpointConfig, port: int, login: trunks.Login) -> Any:
    """The configuration of a trunk's account."""
    return trunks.fill_login(account(pj, config, port), pj.AuthCredInfo(), login)


def plain_options(pj: Any) -> Any:
    """One audio stream and nothing else: PJSIP 2.17 would offer real-time text too, with two more ports for it."""
    options = pj.CallOpParam(True)
    options.opt.audioCount = 1
    options.opt.videoCount = 0
    if hasattr(options.opt, "textCount"):  # not in 2.15, the packaged build
        options.opt.textCount = 0
    return options


def call_options(pj: Any, trunk: Trunk | None, request: DialRequest, address: str) -> Any:
    """The options of a call of ours: who calls, as the trunk wants it said."""
    options = plain_options(pj)
    options.txOption.localUri = trunks.caller_uri(trunk, request.caller, address)
    for name, value in trunks.caller_headers(trunk, request.caller, address):
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        options.txOption.headers.append(header)
    return options


def message_of(pj: Any, event: Any) -> str:
    """The SIP message that an event of PJSIP is about, "" for a timer or an order of ours."""
    if event.type != pj.PJSIP_EVENT_TSX_STATE or event.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
        return ""
    return str(event.body.tsxState.src.rdata.wholeMsg)

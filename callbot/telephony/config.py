"""Where an endpoint listens, and the sentences for what can be wrong with it (pure)."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callbot.errors import TelephonyError
from callbot.language import Text
from callbot.telephony.trunks import Login, TransportKind
from callbot.values import FRAME_MS, RATE_HZ

_MANY_CALLS = 1000  # asked for; PJSIP cuts it down to what it was compiled for
_PORTS_PER_LEG = 4  # the call, ear, mouth, player
RTP_PORTS_PER_LEG = 2  # RTP and RTCP
_MEDIA_CONFIG_WORDS = 28  # pjsua2's MediaConfig, counted to the end in its header (2.15 and 2.17)
_JB_DISCARD_NONE, _JB_DISCARD_PROGRESSIVE = 0, 2  # PJMEDIA_JB_DISCARD_NONE and what PJSIP sets by itself


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """Where an endpoint listens, and its trunks.

    ``sip_port`` 0 takes a free one; every process needs RTP ports of its own.
    ``rtp_ports`` bounds the legs beside what PJSIP was compiled for: a leg takes two. 200 make 100 legs, about what one
    process carries at a third of a core (measured, evidence: 300 calls saturate one).

    ``jitter_ms``: a jitter buffer of this fixed length instead of PJSIP's adaptive one, for a far end that measures:
    the adaptive one leaves out 10 ms whenever it shrinks, and repeats frames when it was empty (measured).

    ``tls_ca``: certificate authorities for TLS trunks, None for those the system trusts.

    ``log_file``: PJSIP's own log at level 4, for finding faults in SIP; empty for none.
    """

    bind: str
    sip_port: int
    rtp_port: int
    rtp_ports: int = 200
    no_rtp_ms: int = 8000
    jitter_ms: int = 0
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    tls_ca: Path | None = None
    log_file: str = ""
    logins: tuple[Login, ...] = ()


def codec_priority(codec_id: str, wanted: Sequence[str]) -> int:
    """PJSIP's priority of a codec such as ``PCMA/8000/1``: the first wanted one highest, 0 switches it off."""
    name = codec_id.split("/")[0]
    return 200 - wanted.index(name) if name in wanted else 0


def filled(endpoint: Any, config: EndpointConfig) -> Any:
    """pjsua2's ``EpConfig`` for telephony: 8 kHz in 20 ms, no echo canceller, silence sent as any other sound."""
    endpoint.logConfig.consoleLevel = 0
    endpoint.logConfig.level = 4 if config.log_file else 0
    endpoint.logConfig.filename = config.log_file
    endpoint.uaConfig.maxCalls = _MANY_CALLS
    endpoint.uaConfig.threadCnt = 1
    endpoint.uaConfig.userAgent = "callbot"
    media = endpoint.medConfig
    media.clockRate = media.sndClockRate = RATE_HZ
    media.audioFramePtime = media.ptime = FRAME_MS
    media.channelCount = 1
    media.ecTailLen = 0
    media.noVad = True
    media.quality = 1
    if config.jitter_ms:
        _hold_back(media, config.jitter_ms)
    media.threadCnt = 1
    media.maxMediaPorts = _MANY_CALLS * _PORTS_PER_LEG
    return endpoint


def _hold_back(media: Any, jitter_ms: int) -> None:
    """A jitter buffer of fixed length. pjsua2 takes no value for "never discard", so it is put where the setting lies:
    behind its neighbour, which is found by its content, and where the default of the setting stands.
    """
    media.jbInit = media.jbMinPre = media.jbMaxPre = jitter_ms
    media.jbMax = 10 * jitter_ms + 7
    words = (ctypes.c_int * _MEDIA_CONFIG_WORDS).from_address(int(media.this))
    place = list(words).index(media.jbMax) + 1
    if words[place] != _JB_DISCARD_PROGRESSIVE:
        raise AssertionError("the jitter buffer's setting lies elsewhere in this pjsua2")
    words[place] = _JB_DISCARD_NONE


def too_many_legs(legs: int) -> TelephonyError:
    """The error of a call beyond capacity."""
    return TelephonyError(
        Text(
            f"这条线路最多同时承载 {legs} 路通话，现已占满。请等一路结束，或增加线路进程。",
            f"This line carries {legs} legs at once and all are taken. Wait for one to end, or run more lines.",
        )
    )


def unfit(reason: str) -> TelephonyError:
    """The SIP stack itself does not work."""
    return TelephonyError(
        Text(
            f"SIP 协议栈无法启动：{reason}。请运行 callbot doctor 检查 pjsua2 的安装和端口设置。",
            f"The SIP stack does not start: {reason}. Run `callbot doctor` to check pjsua2 and the ports.",
        )
    )


def busy_port(config: EndpointConfig, kind: TransportKind, reason: str) -> TelephonyError:
    """Somebody else holds the port, or the address is not of this machine."""
    where = f"{config.bind}:{config.sip_port}"
    return TelephonyError(
        Text(
            f"SIP 端口 {where}（{kind.upper()}）不能使用：{reason}。"
            "请结束占用它的程序，或在 callbot.toml 里换一个 telephony.sip_port。",
            f"SIP port {where} ({kind.upper()}) cannot be used: {reason}. End the program that holds it, or set "
            "another telephony.sip_port in callbot.toml.",
        )
    )


def no_ipv6(bind: str) -> TelephonyError:
    """This build of PJSIP was compiled without IPv6."""
    return TelephonyError(
        Text(
            f"随包安装的 pjsua2 不支持 IPv6，不能监听 {bind}。请运行 make pjsua2 编译自己的版本，或改用 IPv4 地址。",
            f"The packaged pjsua2 has no IPv6 and cannot listen on {bind}. "
            "Build your own with `make pjsua2`, or use an IPv4 address.",
        )
    )


def old_tls(trunk: str) -> TelephonyError:
    """This build of PJSIP uses an OpenSSL that gets no security fixes any more."""
    return TelephonyError(
        Text(
            f"中继 {trunk} 要用 TLS，但随包安装的 pjsua2 使用已停止维护的 OpenSSL 1.0.2，不安全。"
            "请运行 make pjsua2 编译自己的版本，或改用专线、隧道和 UDP。",
            f"Trunk {trunk} asks for TLS, but the packaged pjsua2 uses OpenSSL 1.0.2, which is out of support and not "
            "safe. Build your own with `make pjsua2`, or use a private line or a tunnel and UDP.",
        )
    )


def no_authorities(path: Path) -> TelephonyError:
    """Without certificate authorities nobody could be trusted."""
    return TelephonyError(
        Text(
            f"TLS 中继需要的 CA 证书文件 {path} 读不出来。请检查 callbot.toml 的 telephony.tls_ca，"
            "留空则用系统的（需要软件包 ca-certificates）。",
            f"The certificate authorities for TLS trunks, {path}, cannot be read. Check telephony.tls_ca in "
            "callbot.toml; left empty the system's are used (package ca-certificates).",
        )
    )


def one_endpoint() -> TelephonyError:
    """A second endpoint in one process: PJSIP would abort it."""
    return TelephonyError(
        Text(
            "一个进程里只能有一个 SIP 端点。请先关闭已有的端点，或另起一个进程。",
            "A process has one SIP endpoint. Close the one there is first, or start another process.",
        )
    )


def bad_uri(uri: str) -> TelephonyError:
    """Not a SIP address at all."""
    return TelephonyError(Text(f"“{uri}”不是有效的 SIP 地址。", f"“{uri}” is not a SIP address."))

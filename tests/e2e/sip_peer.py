"""A far end in a few lines of Python: SIP over UDP or TCP as a test wants it, RTP both ways, every packet timed.

SIPp plays scenarios; this one can challenge for passwords, lose messages, send damaged ones and measure sound.
"""

import asyncio
import hashlib
import re
import ssl
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from callbot.audio import pcm
from callbot.values import Pcm

Address = tuple[str, int]


@dataclass(frozen=True)
class Message:
    """One SIP message and whom it came from."""

    text: str
    source: Address

    @property
    def method(self) -> str:
        return self.text.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        return self.text.split(" ", 2)[1]

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}[ \t]*:[ \t]*(.*?)\r?$", self.text, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else ""

    @property
    def media_port(self) -> int:
        found = re.search(r"^m=audio (\d+)", self.text, re.MULTILINE)
        return int(found[1]) if found else 0


def answer(request: Message, status: int, *headers: str, body: str = "", contact: str = "far@127.0.0.1") -> str:
    """A response to ``request``."""
    to = request.header("To") + ("" if status == 100 or "tag=" in request.header("To") else ";tag=far")
    kind = ["Content-Type: application/sdp"] if body else []
    lines = [
        f"SIP/2.0 {status} Status",
        *(
            f"Via: {via}"
            for via in re.findall(r"^Via[ \t]*:[ \t]*(.*?)\r?$", request.text, re.IGNORECASE | re.MULTILINE)
        ),
        f"From: {request.header('From')}",
        f"To: {to}",
        f"Call-ID: {request.header('Call-ID')}",
        f"CSeq: {request.header('CSeq')}",
        f"Contact: <sip:{contact}>",
        *headers,
        *kind,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def sdp(port: int, host: str = "127.0.0.1", *more: str, payload: int = 8, version: int = 1) -> str:
    """An offer or answer of one codec; ``more`` are further lines."""
    ip = "IP6" if ":" in host else "IP4"
    lines = ["v=0", f"o=far 1 {version} IN {ip} {host}", "s=-", f"c=IN {ip} {host}", "t=0 0"]
    lines += [
        f"m=audio {port} RTP/AVP {payload}",
        f"a=rtpmap:{payload} {'PCMA' if payload == 8 else 'PCMU'}/8000",
        *more,
    ]
    return "".join(f"{line}\r\n" for line in lines)


def proves(request: Message, name: str, user: str, password: str) -> bool:
    """Whether the digest in header ``name`` (RFC 2617, MD5) is that of this user and password."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', request.header(name)))
    if given.get("username") != user:
        return False
    secret = _md5(f"{user}:{given['realm']}:{password}")
    what = _md5(f"{request.method}:{given['uri']}")
    middle = ":".join(given[key] for key in ("nc", "cnonce", "qop")) + ":" if "qop" in given else ""
    return given.get("response") == _md5(f"{secret}:{given['nonce']}:{middle}{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


React = Callable[[Message], Iterable[str | bytes]]


class SipPeer(asyncio.DatagramProtocol):
    """Answers every message with what ``react`` yields; all that came is in ``seen``."""

    def __init__(self, react: React) -> None:
        self.react = react
        self.seen: list[Message] = []
        self._udp: asyncio.DatagramTransport
        self._server: asyncio.Server | None = None

    @classmethod
    async def udp(cls, react: React, host: str = "127.0.0.1") -> "SipPeer":
        peer = cls(react)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: peer, local_addr=(host, 0))
        return peer

    @classmethod
    async def tcp(cls, react: React, tls: ssl.SSLContext | None = None) -> "SipPeer":
        peer = cls(react)
        peer._server = await asyncio.start_server(peer._serve, "127.0.0.1", 0, ssl=tls)
        return peer

    @property
    def port(self) -> int:
        sockets = self._server.sockets[0] if self._server else self._udp.get_extra_info("socket")
        port: int = sockets.getsockname()[1]
        return port

    def of(self, method: str) -> list[Message]:
        """Requests of this method, in the order they came."""
        return [message for message in self.seen if message.method == method]

    def send(self, text: str, to: Address) -> None:
        self._udp.sendto(text.encode(), to)

    def close(self) -> None:
        if self._server:
            self._server.close()
        else:
            self._udp.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._udp = transport

    def datagram_received(self, data: bytes, source: Address) -> None:
        if data.strip():
            for reply in self._take(Message(data.decode(errors="replace"), source)):
                self._udp.sendto(reply if isinstance(reply, bytes) else reply.encode(), source)

    def error_received(self, exc: Exception) -> None:
        """The other side has gone; what it did not get does not matter."""

    def _take(self, message: Message) -> Iterable[str | bytes]:
        self.seen.append(message)
        return self.react(message)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"^Content-Length[ \t]*:[ \t]*(\d+)", head, re.IGNORECASE | re.MULTILINE)
                body = (await reader.readexactly(int(length[1]) if length else 0)).decode()
                if head.strip():
                    for reply in self._take(Message(head.lstrip() + body, writer.get_extra_info("peername")[:2])):
                        writer.write(reply if isinstance(reply, bytes) else reply.encode())
        except asyncio.IncompleteReadError:
            writer.close()


@dataclass(frozen=True)
class Packet:
    """An RTP packet as it came: when (loop time), its sound as A-law, and its payload type."""

    at: float
    audio: Pcm
    payload: int = 8


class RtpPeer(asyncio.DatagramProtocol):
    """Sends A-law at the pace of a telephone and keeps what it gets."""

    def __init__(self) -> None:
        self.heard: list[Packet] = []
        self.sent: list[Packet] = []
        self._udp: asyncio.DatagramTransport

    @classmethod
    async def open(cls, host: str = "127.0.0.1") -> "RtpPeer":
        peer = cls()
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: peer, local_addr=(host, 0))
        return peer

    @property
    def port(self) -> int:
        port: int = self._udp.get_extra_info("socket").getsockname()[1]
        return port

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._udp = transport

    def datagram_received(self, data: bytes, source: Address) -> None:
        if len(data) == 172:
            now = asyncio.get_running_loop().time()
            self.heard.append(Packet(now, pcm.alaw_decoded(np.frombuffer(data[12:], np.uint8)), data[1] & 0x7F))

    async def speak(self, to: Address, sound: Pcm, *, ssrc: int = 7, first: int = 0) -> None:
        """Send ``sound`` in packets of 20 ms, on time."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(len(sound) // 160):
            await asyncio.sleep(max(0.0, begun + number * 0.02 - loop.time()))
            frame = sound[number * 160 : number * 160 + 160]
            header = struct.pack("!BBHII", 0x80, 8, first + number & 0xFFFF, (first + number) * 160 & 0xFFFFFFFF, ssrc)
            self._udp.sendto(header + pcm.alaw_encoded(frame).tobytes(), to)
            self.sent.append(Packet(loop.time(), frame))

    def send(self, data: bytes, to: Address) -> None:
        self._udp.sendto(data, to)

    def close(self) -> None:
        self._udp.close()


def starts(packets: list[Packet], hz: int) -> list[float]:
    """When a tone of this frequency began, each time."""
    found, sounding = [], False
    for packet in packets:
        spectrum = np.abs(np.fft.rfft(packet.audio.astype(float)))
        loud = bool(np.abs(packet.audio).max() > 1000 and np.argmax(spectrum) * 50 == hz)
        if loud and not sounding:
            found.append(packet.at)
        sounding = loud
    return found

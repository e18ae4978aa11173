"""The far end of the telephony figures: picks every call up, sends its RTP back, and measures what comes.

Run as ``python -m tests.bench.telephony_far``; prints its SIP port on one line. When its standard input ends it prints
one object of JSON and ends: the gaps between packets, and the time from pick-up (200 leaves) to the first packet that
sounds. Arrival times are the kernel's, so that this process may be late without a packet being so.
"""

import asyncio
import json
import re
import socket
import struct
import sys
import time

import numpy as np

_TIMESTAMPS = 35  # SO_TIMESTAMPNS of Linux; Python has no name for it
_BUFFER = 4_000_000
_SILENT = 16
"""Codes of A-law without their sign: silence dithers by one or two, speech spans dozens (ITU-T G.711)."""
_SKIP = 50
"""Packets of each call that are not counted: the first second, while the others are still being called."""


class Far:
    """One SIP socket and one RTP socket for all calls; who sends RTP is told apart by address."""

    def __init__(self) -> None:
        self.arrivals: dict[tuple[str, int], list[int]] = {}
        self.picked_up: dict[int, int] = {}  # when, in ns, by the port of the caller's audio
        self.first_audio_ns: list[int] = []
        self.sip, self.rtp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one in (self.sip, self.rtp):
            one.bind(("127.0.0.1", 0))
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self.rtp.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self.port: int = self.sip.getsockname()[1]

    def take_rtp(self) -> None:
        """Note when each packet came and send it back."""
        while True:
            try:
                data, notes, _, address = self.rtp.recvmsg(2048, 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = struct.unpack("qq", notes[0][2])
            at = seconds * 1_000_000_000 + nanoseconds
            self.arrivals.setdefault(address, []).append(at)
            if address[1] in self.picked_up and np.ptp(np.frombuffer(data[12:], np.uint8) ^ 0x55 & 0x7F) > _SILENT:
                self.first_audio_ns.append(at - self.picked_up.pop(address[1]))
            self.rtp.sendto(data, address)

    def take_sip(self) -> None:
        """Pick up, confirm a BYE."""
        while True:
            try:
                data, address = self.sip.recvfrom(8192)
            except BlockingIOError:
                return
            text = data.decode()
            if text.startswith("INVITE"):
                found = re.search(r"^m=audio (\d+)", text, re.MULTILINE)
                assert found is not None
                self.picked_up.setdefault(int(found[1]), time.time_ns())
            if text.startswith(("INVITE", "BYE")):
                self.sip.sendto(self._answer(text).encode(), address)

    def _answer(self, request: str) -> str:
        kept = re.findall(r"^(?:Via|From|Call-ID|CSeq):[^\r]*\r\n", request, re.MULTILINE | re.IGNORECASE)
        to = re.search(r"^To:[^\r]*", request, re.MULTILINE | re.IGNORECASE)
        assert to is not None
        tag = "" if ";tag=" in to[0] else ";tag=far"
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
            if request.startswith("INVITE")
            else ""
        )
        return (
            f"SIP/2.0 200 OK\r\n{''.join(kept)}{to[0]}{tag}\r\nContact: <sip:far@127.0.0.1:{self.port}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )

    def report(self) -> dict[str, float]:
        """Gaps between neighbouring packets of the same call."""
        gaps = [np.diff(times[_SKIP:]) for times in self.arrivals.values() if len(times) > _SKIP + 1]
        ms = np.concatenate([np.zeros(1), *gaps]) / 1e6
        first = np.array(self.first_audio_ns or [0]) / 1e6
        return {
            "first_audio_calls": len(self.first_audio_ns),
            "first_audio_p50_ms": round(float(np.percentile(first, 50))),
            "first_audio_p95_ms": round(float(np.percentile(first, 95))),
            "first_audio_max_ms": round(float(first.max())),
            "packets": sum(map(len, self.arrivals.values())),
            "gap_p50_ms": round(float(np.percentile(ms, 50)), 1),
            "gap_p99_ms": round(float(np.percentile(ms, 99)), 1),
            "gap_max_ms": round(float(ms.max()), 1),
        }


async def main() -> None:
    """Serve until standard input ends."""
    far, loop = Far(), asyncio.get_running_loop()
    loop.add_reader(far.sip, far.take_sip)
    loop.add_reader(far.rtp, far.take_rtp)
    sys.stdout.write(f"{far.port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    sys.stdout.write(json.dumps(far.report()) + "\n")


if __name__ == "__main__":
    asyncio.run(main())

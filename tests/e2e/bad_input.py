"""Damaged SIP: messages as strange as RFC 4475's, and endless mutations of good ones. Pure; a seed is a message."""

import random
from collections.abc import Callable

SDP = (
    "v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)


def request(
    method: str, here: str, target: str, *more: str, body: str = "", call_id: str = "good", tag: str = ""
) -> str:
    """A correct request from ``here`` to ``target``, both host:port."""
    lines = [
        f"{method} sip:200@{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};branch=z9hG4bK-{call_id}-{method}",
        f"From: <sip:500@{here}>;tag=f-{call_id}",
        f"To: <sip:200@{target}>{';tag=' + tag if tag else ''}",
        f"Call-ID: {call_id}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:500@{here}>",
        "Max-Forwards: 70",
        *more,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def originals(here: str, target: str, call_id: str) -> list[str]:
    """Good messages of every kind, those of no known call among them."""
    sdp = "Content-Type: application/sdp"
    reply = f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {target};branch=z9hG4bK-x\r\nFrom: <sip:a@b>;tag=1\r\n"
    return [
        *[request("INVITE", here, target, sdp, body=SDP, call_id=call_id) for _ in range(4)],
        *[request(method, here, target, call_id=call_id) for method in ("ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER")],
        request("INFO", here, target, "Content-Type: application/dtmf-relay", body="Signal=5\r\n", call_id=call_id),
        request("UPDATE", here, target, sdp, body=SDP, call_id=call_id, tag="x"),
        request("PRACK", here, target, "RAck: 1 1 INVITE", call_id=call_id),
        request("REFER", here, target, "Refer-To: <sip:a@127.0.0.1:9>", call_id=call_id),
        request("SUBSCRIBE", here, target, "Event: presence", "Expires: 60", call_id=call_id),
        request("NOTIFY", here, target, "Event: refer", "Subscription-State: active", call_id=call_id),
        request("MESSAGE", here, target, "Content-Type: text/plain", body="hello", call_id=call_id),
        reply + f"To: <sip:c@d>;tag=2\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
    ]


def torture(here: str, target: str) -> list[bytes]:
    """Messages that are legal though they look wild, or wrong in one thorough way each."""
    good = request("INVITE", here, target, "Content-Type: application/sdp", body=SDP, call_id="torture")
    head, _, body = good.partition("\r\n\r\n")
    long = "x" * 3000

    def swap(old: str, new: str) -> str:
        assert old in good
        return good.replace(old, new)

    texts = [
        swap("Via:", "v:\r\n "),  # folded, compact
        swap("Call-ID: torture", "CALL-id  :\t torture\r\n\t(more)"),
        swap("Max-Forwards: 70", "Max-Forwards: 0"),
        swap("Max-Forwards: 70", "Max-Forwards: 300"),
        swap("Max-Forwards: 70", "Max-Forwards: -1"),
        swap("CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE"),
        swap("CSeq: 1 INVITE", "CSeq: 1 BYE"),
        swap("CSeq: 1 INVITE", "CSeq: one INVITE"),
        swap("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"),
        swap("INVITE sip:200@", "INVITE  sip:200@"),
        swap("sip:200@", "sip:200%00%0d@"),
        swap("sip:200@", "sip:" + "%C3%28" * 200 + "@"),
        swap("INVITE sip:", "INVITE nobody-knows-this:"),
        swap("INVITE sip:200@", "NEWMETHOD sip:200@"),
        swap("To: <sip:200@", 'To: "quoted \\" <sip:a@b> " <sip:200@'),
        swap("To: <sip:200@", 'To: "never closed <sip:200@'),
        swap("From: <sip:500@", "From: ;;;,,, <sip:500@"),
        swap("Contact: <sip:", "Contact: *\r\nContact: <sip:"),
        swap("Content-Length: ", "Content-Length: 9999"),
        swap("Content-Length: ", "Content-Length: -"),
        swap("Content-Length: ", "l: 5\r\nContent-Length: "),
        swap("Content-Type: application/sdp", "Content-Type: multipart/mixed;boundary=x"),
        swap("Content-Type: application/sdp", "Content-Type: application/unknown"),
        swap("Content-Type: application/sdp", "Require: nothing-we-know"),
        swap("Content-Type: application/sdp", f"Route: <sip:{target};lr>\r\nContent-Type: application/sdp"),
        swap("Max-Forwards: 70", "".join(f"X-{n}: {n}\r\n" for n in range(300)) + "Max-Forwards: 70"),
        swap("Max-Forwards: 70", f"Subject: {long}"),
        swap(";branch=z9hG4bK-torture-INVITE", ""),
        swap(";branch=z9hG4bK-torture-INVITE", ";branch=" + long),
        swap("m=audio 40000", "m=audio 0"),
        swap("m=audio 40000", "m=audio 99999999"),
        swap("m=audio 40000 RTP/AVP 8 101", "m=audio 40000 RTP/AVP"),
        swap("m=audio 40000 RTP/AVP 8 101", "m=audio 40000 RTP/AVP " + " ".join(map(str, range(120)))),
        swap("a=rtpmap:8 PCMA/8000", "a=rtpmap:8 PCMA/0"),
        swap("a=ptime:20", "a=ptime:0"),
        swap("a=ptime:20", "a=ptime:100000"),
        swap("c=IN IP4 127.0.0.1", "c=IN IP4 999.1.1.1"),
        swap("c=IN IP4 127.0.0.1", "c=IN IP6 ::zz"),
        swap("v=0\r\n", ""),
        head + "\r\n\r\n",
        head + "\r\n",
        body,
        "\r\n\r\n",
        "INVITE",
        " ",
        "SIP/2.0 200 OK\r\n\r\n",
        "SIP/2.0 99999 What\r\n" + head.split("\r\n", 1)[1] + "\r\n\r\n",
        good + good,
    ]
    return [text.encode() for text in texts] + [bytes(2000), bytes(range(256)) * 8, b"\xff" * 60000, b""]


_PIECES = (b"\0", b"\r\n", b"\r\n\r\n", b'"', b"<", b">", b";", b"%", b"=", b"\xff\xfe", b"A" * 1500, b"\t " * 40)

Mutation = Callable[[random.Random, bytes], bytes]


def _cut(dice: random.Random, text: bytes) -> bytes:
    return text[: dice.randrange(len(text))]


def _drop(dice: random.Random, text: bytes) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + text[at + dice.randint(1, 40) :]


def _repeat(dice: random.Random, text: bytes) -> bytes:
    at, size = dice.randrange(len(text)), dice.randint(1, 60)
    return text[:at] + text[at : at + size] * dice.choice((2, 3, 50)) + text[at + size :]


def _flip(dice: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _insert(dice: random.Random, text: bytes) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + dice.choice(_PIECES) + text[at:]


def _number(dice: random.Random, text: bytes) -> bytes:
    digits = [at for at, byte in enumerate(text) if 48 <= byte <= 57]
    at = dice.choice(digits) if digits else 0
    other = dice.choice((b"0", b"-1", b"65536", b"4294967296", b"99999999999999999999", b"", b"1e9", b"0x10"))
    return text[:at] + other + text[at + 1 :]


def _lines(dice: random.Random, text: bytes) -> bytes:
    lines = text.split(b"\r\n")
    first, second = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines)


MUTATIONS: tuple[Mutation, ...] = (_cut, _drop, _repeat, _flip, _insert, _number, _lines)


def mutated(seed: int, here: str, target: str) -> bytes:
    """The message of this seed: a good one, damaged."""
    dice = random.Random(seed)
    return damaged(dice, dice.choice(originals(here, target, f"m{seed}")).encode())


def damaged(dice: random.Random, text: bytes) -> bytes:
    """The message, damaged one to three times. At most 60 000 bytes, as UDP takes them."""
    for _ in range(dice.randint(1, 3)):
        text = dice.choice(MUTATIONS)(dice, text) or b"?"
    return text[:60_000]

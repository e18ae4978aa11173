"""Trunks of every kind against a far end that looks closely: passwords, registration, headers, transports, hold."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import numpy as np
import pytest
from line_world import becomes
from sip_peer import Message, RtpPeer, SipPeer, answer, proves, sdp

from callbot.errors import TelephonyError
from callbot.ports import DialRequest, LegEnded, LegEvent, NotConnected
from callbot.settings import Trunk
from callbot.simulate.crowd import free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.telephony.trunks import Login, uri_of
from callbot.values import Disposition

pytestmark = pytest.mark.e2e

SECRET = "不外传-7f3a"
NO_RTP_MS = 1500


@asynccontextmanager
async def endpoint(*trunks: Trunk, bind: str = "127.0.0.1", password: str = SECRET) -> AsyncIterator[Pjsua2Endpoint]:
    logins = tuple(Login(trunk, password if trunk.username else "") for trunk in trunks)
    config = EndpointConfig(bind, 0, free_ports(200), no_rtp_ms=NO_RTP_MS, logins=logins)
    started = await Pjsua2Endpoint.start(config)
    try:
        yield started
        await becomes(lambda: started.busy_legs == 0, 2)
    finally:
        await started.close()


def trunk_to(peer: SipPeer, **more: object) -> Trunk:
    return Trunk.model_validate({"name": "carrier", "port": peer.port, "caller": "02112345678", **more})


async def dial(robot: Pjsua2Endpoint, trunk: Trunk, number: str = "13800000001") -> SipLeg | NotConnected:
    request = DialRequest("call", uri_of(trunk, number), trunk.caller, 5000, trunk.name)
    return await robot.dial(request, lambda: None)


class Carrier:
    """Lets in who knows the password, answers calls and hangs up when told to."""

    def __init__(self, rtp: RtpPeer, *, user: str = "", host: str = "127.0.0.1", refuses: int = 0) -> None:
        self.peer: SipPeer
        self._rtp = rtp
        self._user = user
        self._host = host
        self._refuses = refuses
        self.registered: list[str] = []

    def react(self, message: Message) -> Iterator[str]:
        contact = f"far@{f'[{self._host}]' if ':' in self._host else self._host}:{self.peer.port}"
        if message.uri.find("transport=tcp") >= 0:
            contact += ";transport=tcp"
        if message.method in ("INVITE", "REGISTER") and self._user and not self._let_in(message):
            register = message.method == "REGISTER"
            header = "WWW-Authenticate" if register else "Proxy-Authenticate"
            yield answer(message, 401 if register else 407, f'{header}: Digest realm="carrier", nonce="n1", qop="auth"')
        elif message.method == "REGISTER":
            self.registered.append(message.header("Expires") or message.header("Contact"))
            yield answer(message, 200, f"Expires: {message.header('Expires') or 60}", contact=contact)
        elif message.method == "INVITE" and self._refuses:
            yield answer(message, self._refuses)
        elif message.method == "INVITE":
            yield answer(message, 180, contact=contact)
            yield answer(message, 200, body=sdp(self._rtp.port, self._host), contact=contact)
        elif message.method in ("BYE", "CANCEL", "OPTIONS"):
            yield answer(message, 200)

    @property
    def heard_in_clear(self) -> int:
        """Packets of plain A-law that came."""
        return len(self._rtp.heard)

    def _let_in(self, message: Message) -> bool:
        header = "Authorization" if message.method == "REGISTER" else "Proxy-Authorization"
        return proves(message, header, self._user, SECRET)


@asynccontextmanager
async def carrier(
    *, user: str = "", refuses: int = 0, host: str = "127.0.0.1", tcp: bool = False
) -> AsyncIterator[Carrier]:
    with closing(await RtpPeer.open(host)) as rtp:
        far = Carrier(rtp, user=user, host=host, refuses=refuses)
        with closing(await (SipPeer.tcp(far.react) if tcp else SipPeer.udp(far.react, host))) as far.peer:
            yield far


async def talks(robot: Pjsua2Endpoint, trunk: Trunk) -> None:
    """A call over this trunk is answered and ends in good order."""
    leg = await dial(robot, trunk)
    assert isinstance(leg, SipLeg)
    ended = asyncio.Event()
    leg.listen(lambda event: ended.set() if isinstance(event, LegEnded) else None)
    leg.hang_up()
    async with asyncio.timeout(5):
        await ended.wait()


async def test_a_trunk_that_wants_a_password_gets_it_and_nobody_else_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with carrier(user="u1001") as far:
        trunk = trunk_to(far.peer, username="u1001")
        async with endpoint(trunk) as robot:
            await talks(robot, trunk)
    first, second = far.peer.of("INVITE")
    assert "Proxy-Authorization" not in first.text
    assert "Proxy-Authorization" in second.text
    assert second.header("From").startswith("<sip:02112345678@127.0.0.1>") or "02112345678@127.0.0.1" in second.header(
        "From"
    )
    assert SECRET not in repr(Login(trunk, SECRET)) + capfd.readouterr().out + "".join(m.text for m in far.peer.seen)


async def test_a_wrong_password_is_a_refusal_and_no_endless_loop() -> None:
    async with carrier(user="u1001") as far:
        trunk = trunk_to(far.peer, username="u1001")
        async with endpoint(trunk, password="wrong") as robot:
            assert await dial(robot, trunk) == NotConnected(Disposition.FAILED, 407)
    assert len(far.peer.of("INVITE")) <= 3


async def test_registered_before_the_first_call_and_unregistered_at_the_end() -> None:
    async with carrier(user="u1001") as far:
        trunk = trunk_to(far.peer, username="u1001", register_s=300)
        async with endpoint(trunk) as robot:
            assert robot.trunks_down == ("carrier",)
            await becomes(lambda: robot.trunks_down == (), 5)
            await talks(robot, trunk)
        await becomes(lambda: far.registered[-1:] == ["0"], 2)
    assert far.registered[0] == "300"


async def test_a_registration_that_is_refused_is_seen() -> None:
    async with carrier(user="u1001") as far:
        trunk = trunk_to(far.peer, username="u1001", register_s=300)
        async with endpoint(trunk, password="wrong") as robot:
            await becomes(lambda: len(far.peer.of("REGISTER")) >= 2, 5)
            assert robot.trunks_down == ("carrier",)


async def test_options_tell_a_dead_trunk_from_a_living_one() -> None:
    async with carrier() as far:
        with closing(await SipPeer.udp(lambda _: ())) as silent:
            dead = trunk_to(silent, name="dead", check_s=1)
            alive = trunk_to(far.peer, name="alive", check_s=1)
            async with endpoint(dead, alive) as robot:
                await becomes(lambda: len(far.peer.of("OPTIONS")) >= 2, 5)
                await becomes(lambda: robot.trunks_down == ("dead",), 40)


async def test_number_rules_and_identity() -> None:
    async with carrier() as far:
        trunk = trunk_to(far.peer, strip="+86", prefix="9", asserted_identity=True)
        async with endpoint(trunk) as robot:
            leg = await dial(robot, trunk, "+8613800000001")
            assert isinstance(leg, SipLeg)
            leg.hang_up()
            await becomes(lambda: bool(far.peer.of("BYE")), 5)
    [invite] = far.peer.of("INVITE")
    assert invite.uri.startswith("sip:913800000001@127.0.0.1:")
    assert "02112345678@" in invite.header("From")
    assert invite.header("P-Asserted-Identity").startswith("<sip:02112345678@127.0.0.1")
    assert "timer" in invite.header("Supported")


@pytest.mark.parametrize("codecs", [["PCMU"], ["PCMU", "PCMA"], ["PCMA"]])
async def test_codecs_of_a_trunk(codecs: list[str]) -> None:
    async with carrier(refuses=486) as far:
        trunk = trunk_to(far.peer, codecs=codecs)
        async with endpoint(trunk) as robot:
            await dial(robot, trunk)
    payload = {"PCMA": "8", "PCMU": "0"}
    [line] = [line for line in far.peer.of("INVITE")[0].text.splitlines() if line.startswith("m=audio")]
    assert line.split()[3:-1] == [payload[codec] for codec in codecs]


async def test_over_tcp() -> None:
    async with carrier(tcp=True) as far:
        trunk = trunk_to(far.peer, transport="tcp")
        async with endpoint(trunk) as robot:
            await talks(robot, trunk)
    assert "SIP/2.0/TCP" in far.peer.of("INVITE")[0].header("Via")


async def test_a_refused_tcp_connection_is_a_failed_trunk() -> None:
    async with carrier(tcp=True) as far:
        trunk = trunk_to(far.peer, transport="tcp")
    async with endpoint(trunk) as robot:
        result = await dial(robot, trunk)
    assert isinstance(result, NotConnected)
    assert (result.disposition, result.trunk_failed) == (Disposition.UNREACHABLE, True)


async def test_over_ipv6() -> None:
    async with carrier(host="::1") as far:
        trunk = trunk_to(far.peer, host="::1")
        try:
            async with endpoint(trunk, bind="::1") as robot:
                await talks(robot, trunk)
        except TelephonyError as error:
            assert "IPv6" in str(error)
            pytest.skip("this build of pjsua2 has no IPv6, and says so")
    assert "c=IN IP6 ::1" in far.peer.of("INVITE")[0].text


async def test_tls_to_another_machine_needs_a_library_that_is_kept_up() -> None:
    trunk = Trunk(name="carrier", host="192.0.2.1", transport="tls")
    try:
        async with endpoint(trunk) as robot:
            assert robot.legs > 4
    except TelephonyError as error:
        assert "make pjsua2" in str(error)


async def test_being_put_on_hold_is_no_dead_line_but_silence_after_it_is() -> None:
    events: list[LegEvent] = []
    async with carrier() as far:
        trunk = trunk_to(far.peer)
        async with endpoint(trunk) as robot:
            leg = await dial(robot, trunk)
            assert isinstance(leg, SipLeg)
            leg.listen(events.append)
            ask_again(far, "a=sendonly", version=2)
            await passes(events, 2 * NO_RTP_MS)
            assert not any(isinstance(event, LegEnded) for event in events)
            asked_at = asyncio.get_running_loop().time()
            ask_again(far, "a=sendrecv", version=3)
            await becomes(lambda: far._rtp.heard[-1:] != [] and far._rtp.heard[-1].at > asked_at, 2)
            await becomes(lambda: any(isinstance(event, LegEnded) for event in events), 2 * NO_RTP_MS / 1000 + 2)
    assert events[-1] == LegEnded("network", 200)


async def test_another_codec_in_mid_call() -> None:
    """A re-INVITE to PCMU: what is heard goes on."""
    events: list[LegEvent] = []
    async with carrier() as far:
        trunk = trunk_to(far.peer)
        async with endpoint(trunk) as robot:
            leg = await dial(robot, trunk)
            assert isinstance(leg, SipLeg)
            leg.listen(events.append)
            ask_again(far, "a=sendrecv", version=2, payload=0)
            await becomes(lambda: any("m=audio" in m.text for m in far.peer.seen if m.method == "SIP/2.0"), 3)
            [accepted] = [m for m in far.peer.seen if m.method == "SIP/2.0" and "m=audio" in m.text]
            assert " 0" in next(line for line in accepted.text.splitlines() if line.startswith("m=audio"))
            leg.play(np.full(1600, 3000, np.int16), 1)
            await passes(events, 600)
            assert far._rtp.heard[-1].payload == 0
            leg.hang_up()
    assert far.peer.of("BYE")


def ask_again(far: Carrier, direction: str, *, version: int, payload: int = 8) -> None:
    """The carrier's re-INVITE in the dialogue of its latest call."""
    invite = far.peer.of("INVITE")[0]
    body = sdp(far._rtp.port, "127.0.0.1", direction, payload=payload, version=version)
    contact = invite.header("Contact").strip("<>").split(";")[0]
    lines = [
        f"INVITE {contact} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{far.peer.port};branch=z9hG4bK-again-{version}",
        f"From: {invite.header('To')};tag=far",
        f"To: {invite.header('From')}",
        f"Call-ID: {invite.header('Call-ID')}",
        f"CSeq: {version} INVITE",
        f"Contact: <sip:far@127.0.0.1:{far.peer.port}>",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        f"Content-Length: {len(body)}",
    ]
    ack = "\r\n".join([lines[0].replace("INVITE", "ACK", 1), *lines[1:5], f"CSeq: {version} ACK", "Content-Length: 0"])
    before = far.peer.react

    def react(message: Message) -> Iterator[str]:
        if (
            message.method == "SIP/2.0"
            and message.header("CSeq") == f"{version} INVITE"
            and " 200 " in message.text[:13]
        ):
            yield ack + "\r\n\r\n"
        yield from before(message)

    far.peer.react = react
    far.peer.send("\r\n".join(lines) + "\r\n\r\n" + body, invite.source)


async def passes(events: list[LegEvent], ms: int) -> None:
    """So much audio goes by."""
    target = heard_ms(events) + ms
    await becomes(lambda: heard_ms(events) >= target, ms / 1000 + 3)


def heard_ms(events: list[LegEvent]) -> int:
    return sum(len(event.heard) // 8 for event in events if hasattr(event, "heard"))


@pytest.mark.parametrize(
    ("srtp", "profile", "keys"),
    [("off", "RTP/AVP", False), ("optional", "RTP/AVP", True), ("required", "RTP/SAVP", True)],
)
async def test_encrypted_audio_is_offered_as_the_trunk_wants_it(srtp: str, profile: str, keys: bool) -> None:
    async with carrier(refuses=486) as far:
        trunk = trunk_to(far.peer, srtp=srtp)
        async with endpoint(trunk) as robot:
            await dial(robot, trunk)
    offer = far.peer.of("INVITE")[0].text
    [line] = [line for line in offer.splitlines() if line.startswith("m=audio")]
    assert line.split()[2] == profile
    assert ("a=crypto:" in offer) == keys


async def test_a_trunk_that_requires_encryption_is_not_talked_to_in_clear() -> None:
    async with carrier() as far:
        trunk = trunk_to(far.peer, srtp="required")
        async with endpoint(trunk) as robot:
            leg = await dial(robot, trunk)
            if isinstance(leg, SipLeg):  # answered in clear: a call without sound, which ends as a dead one does
                events: list[LegEvent] = []
                leg.listen(events.append)
                leg.play(np.full(1600, 3000, np.int16), 1)
                await becomes(lambda: bool(events) and isinstance(events[-1], LegEnded), NO_RTP_MS / 1000 + 3)
        assert far.heard_in_clear == 0

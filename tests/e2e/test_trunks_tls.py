"""TLS to a trunk, with real certificates: who proves to be the host that was meant is talked to, nobody else."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from line_world import becomes
from sip_peer import Message, RtpPeer, SipPeer, answer, sdp

from callbot.errors import TelephonyError
from callbot.ports import DialRequest, LegEnded, NotConnected
from callbot.settings import Trunk
from callbot.simulate.crowd import free_ports
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.telephony.trunks import Login, uri_of
from callbot.values import Disposition

OPENSSL = shutil.which("openssl")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes the certificates, is not installed"),
]


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate and its key."""

    file: Path
    key: Path

    @classmethod
    def made(cls, folder: Path, name: str, *, host: str) -> "Certificate":
        one = cls(folder / f"{name}.pem", folder / f"{name}.key")
        command = [str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"]
        command += ["-addext", f"subjectAltName={host}", "-days", "2", "-keyout", str(one.key), "-out", str(one.file)]
        subprocess.run(command, check=True, capture_output=True)
        return one

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def good(folder: Path) -> Certificate:
    return Certificate.made(folder, "good", host="IP:127.0.0.1")


@asynccontextmanager
async def carrier(certificate: Certificate) -> AsyncIterator[SipPeer]:
    """Answers calls over TLS."""
    with closing(await RtpPeer.open()) as rtp:

        def react(message: Message) -> Iterator[str]:
            contact = f"far@127.0.0.1:{peer.port};transport=tls"
            if message.method == "INVITE":
                yield answer(message, 200, body=sdp(rtp.port), contact=contact)
            elif message.method in ("BYE", "CANCEL"):
                yield answer(message, 200)

        with closing(await SipPeer.tcp(react, certificate.server())) as peer:
            yield peer


@asynccontextmanager
async def endpoint(trunk: Trunk, authorities: Path | None) -> AsyncIterator[Pjsua2Endpoint]:
    config = EndpointConfig("127.0.0.1", 0, free_ports(200), logins=(Login(trunk),), tls_ca=authorities)
    started = await Pjsua2Endpoint.start(config)
    try:
        yield started
        await becomes(lambda: started.busy_legs == 0, 2)
    finally:
        await started.close()


def trunk_to(peer: SipPeer, **more: object) -> Trunk:
    return Trunk.model_validate({"name": "carrier", "port": peer.port, "transport": "tls", **more})


async def dial(robot: Pjsua2Endpoint, trunk: Trunk) -> SipLeg | NotConnected:
    return await robot.dial(DialRequest("call", uri_of(trunk, "13800000001"), "400", 5000, "carrier"), lambda: None)


async def test_a_certificate_of_a_chosen_authority_is_trusted(good: Certificate) -> None:
    async with carrier(good) as far:
        trunk = trunk_to(far)
        async with endpoint(trunk, good.file) as robot:
            leg = await dial(robot, trunk)
            assert isinstance(leg, SipLeg)
            ended = asyncio.Event()
            leg.listen(lambda event: ended.set() if isinstance(event, LegEnded) else None)
            leg.hang_up()
            async with asyncio.timeout(5):
                await ended.wait()
        assert "SIP/2.0/TLS" in far.of("INVITE")[0].header("Via")
        assert far.of("BYE")


@pytest.mark.parametrize("wrong", ["another authority", "nobody but the system's", "another host's"])
async def test_who_proves_nothing_gets_no_call(good: Certificate, folder: Path, wrong: str) -> None:
    other = Certificate.made(
        folder,
        wrong.replace(" ", "-"),
        host="IP:127.0.0.1" if wrong == "another authority" else "DNS:sip.carrier.example",
    )
    shown, trusted = {
        "another authority": (good, other.file),
        "nobody but the system's": (good, None),
        "another host's": (other, other.file),
    }[wrong]
    async with carrier(shown) as far:
        trunk = trunk_to(far)
        async with endpoint(trunk, trusted) as robot:
            result = await dial(robot, trunk)
        assert isinstance(result, NotConnected)
        assert (result.disposition, result.trunk_failed) == (Disposition.UNREACHABLE, True)
        assert far.seen == []


async def test_a_check_shakes_hands_too(good: Certificate, folder: Path) -> None:
    other = Certificate.made(folder, "unknown", host="IP:127.0.0.1")
    async with carrier(good) as far:
        trunk = trunk_to(far, check_s=1)
        async with endpoint(trunk, other.file) as robot:
            await becomes(lambda: robot.trunks_down == ("carrier",), 10)


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_authorities_that_cannot_be_read_are_said_at_start(folder: Path, content: str | None) -> None:
    file = folder / "authorities.pem"
    file.unlink(missing_ok=True)
    if content:
        file.write_text(content, "utf-8")
    trunk = Trunk(name="carrier", transport="tls")
    with pytest.raises(TelephonyError, match=r"telephony\.tls_ca"):
        async with endpoint(trunk, file):
            pass

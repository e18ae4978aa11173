"""What an INVITE says, and which calls in clear are refused."""

import pytest

from callbot.settings import Trunk
from callbot.telephony.invitation import read_invitation, user_part, wrongly_in_clear
from callbot.telephony.trunks import Login, srtp_of_callers

pytestmark = pytest.mark.unit


def invite(profile: str) -> str:
    return f"INVITE sip:4008@192.0.2.9 SIP/2.0\r\nTo: <sip:other@x>\r\n\r\nv=0\r\nm=audio 4000 {profile} 8\r\n"


def login(host: str, srtp: str) -> Login:
    return Login(Trunk.model_validate({"name": host, "host": host, "srtp": srtp}))


@pytest.mark.parametrize(
    ("profile", "encrypted"),
    [("RTP/AVP", False), ("RTP/SAVP", True), ("RTP/SAVPF", True), ("UDP/TLS/RTP/SAVPF", True), ("RTP/AVPF", False)],
)
def test_reading(profile: str, encrypted: bool) -> None:
    read = read_invitation(invite(profile), '"王" <sip:139@x>', "[2001:db8::1]:5060")
    assert (read.number, read.caller, read.source, read.encrypted) == ("4008", "139", "2001:db8::1", encrypted)


def test_an_invite_without_an_offer_promises_nothing() -> None:
    assert not read_invitation("INVITE sip:4008@x SIP/2.0\r\n\r\n", "sip:139@x", "192.0.2.1:5060").encrypted


@pytest.mark.parametrize("text", ["", "tel:139", "<sip:x>"])
def test_no_user_part(text: str) -> None:
    assert user_part(text) == ""


@pytest.mark.parametrize(
    ("trunks", "profile", "refused"),
    [
        ([], "RTP/AVP", False),
        ([("192.0.2.1", "off")], "RTP/AVP", False),
        ([("192.0.2.1", "optional")], "RTP/AVP", False),
        ([("192.0.2.1", "required")], "RTP/AVP", True),
        ([("192.0.2.1", "required")], "RTP/SAVP", False),
        ([("192.0.2.7", "required")], "RTP/AVP", True),  # who calls is no trunk at all
        ([("192.0.2.7", "required"), ("192.0.2.1", "off")], "RTP/AVP", False),
        ([("192.0.2.1", "required"), ("192.0.2.7", "off")], "RTP/AVP", True),
    ],
)
def test_calls_in_clear(trunks: list[tuple[str, str]], profile: str, refused: bool) -> None:
    read = read_invitation(invite(profile), "sip:139@x", "192.0.2.1:5060")
    assert wrongly_in_clear(read, [login(*each) for each in trunks]) is refused


@pytest.mark.parametrize(
    ("trunks", "srtp"),
    [
        ([], "off"),
        (["off"], "off"),
        (["optional"], "optional"),
        (["required"], "required"),
        (["required", "off"], "optional"),
        (["off", "optional"], "optional"),
    ],
)
def test_what_callers_may_use(trunks: list[str], srtp: str) -> None:
    assert srtp_of_callers([login(f"192.0.2.{i}", each) for i, each in enumerate(trunks)]) == srtp

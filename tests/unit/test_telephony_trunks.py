"""How numbers are dialled over trunks, who calls, and what is offered."""

import pytest

from callbot.settings import Trunk
from callbot.telephony.trunks import Login, caller_headers, caller_uri, dialled, transport_type, transports, uri_of
from callbot.telephony.trunks import with_codecs as chosen

pytestmark = pytest.mark.unit

OFFER = (
    "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n"
    "m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n"
)


@pytest.mark.parametrize(
    ("rules", "number", "as_dialled"),
    [
        ({}, "13800000001", "13800000001"),
        ({"strip": "+86"}, "+8613800000001", "13800000001"),
        ({"strip": "+86"}, "13800000001", "13800000001"),
        ({"prefix": "9"}, "13800000001", "913800000001"),
        ({"strip": "0", "prefix": "+86"}, "02112345678", "+862112345678"),
    ],
)
def test_number_rules(rules: dict[str, str], number: str, as_dialled: str) -> None:
    assert dialled(Trunk(name="t", **rules), number) == as_dialled


def test_addresses() -> None:
    assert uri_of(Trunk(name="t", host="203.0.113.5"), "1") == "sip:1@203.0.113.5:5060"
    assert uri_of(Trunk(name="t", host="::1", transport="tcp"), "1") == "sip:1@[::1]:5060;transport=tcp"
    assert transport_type("udp", "127.0.0.1") == 1
    assert transport_type("tls", "::1") == 131
    logins = [Login(Trunk(name="a", transport="tls")), Login(Trunk(name="b"))]
    assert transports(logins) == ["udp", "tls"]


def test_who_calls() -> None:
    plain = Trunk(name="t", host="203.0.113.5")
    known = Trunk(name="t", host="203.0.113.5", username="u", asserted_identity=True)
    assert caller_uri(None, "4008", "192.0.2.1:15060") == "sip:4008@192.0.2.1:15060"
    assert caller_uri(plain, "4008", "192.0.2.1:15060") == "sip:4008@192.0.2.1:15060"
    assert caller_uri(known, "4008", "192.0.2.1:15060") == "sip:4008@203.0.113.5"
    assert caller_headers(plain, "4008", "192.0.2.1:15060") == []
    assert caller_headers(known, "4008", "192.0.2.1:15060") == [("P-Asserted-Identity", "<sip:4008@203.0.113.5>")]


def test_a_password_is_never_printed() -> None:
    assert "geheim" not in repr(Login(Trunk(name="t", username="u"), "geheim"))


def test_codecs_of_an_offer() -> None:
    only = chosen(OFFER, ["PCMU"])
    assert "m=audio 4000 RTP/AVP 0 101\r\n" in only
    assert "PCMA" not in only
    assert "a=fmtp:101" in only
    assert only.endswith("m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n")
    assert "m=audio 4000 RTP/AVP 0 8 101\r\n" in chosen(OFFER, ["PCMU", "PCMA"])
    assert chosen(OFFER, ["PCMA", "PCMU"]) == OFFER
    assert chosen(OFFER, ["G722"]) == OFFER, "an offer of nothing would be no call"
    assert chosen("v=0\r\n", ["PCMA"]) == "v=0\r\n"

"""Every SMS gateway: one message an id, a reference, errors that say whether trying again can help."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

import pytest

from callbot.errors import FollowUpError
from callbot.followup.sms import HttpGateway, OutboxGateway
from callbot.ports import SmsGateway
from callbot.store.repository import open_store

pytestmark = pytest.mark.contract

TOKEN = "s3cret-token"
TEXT = "【云杉商城】请付款：https://example.com/p?x=1&y=“二”"


@dataclass
class Service:
    """A real HTTP server that keeps messages by id, and answers as it is told."""

    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    url: str = ""

    def handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.requests.append(
                    (self.path, self.headers["Content-Type"], self.headers.get("Authorization", ""))
                )
                if service.status < 300:
                    service.messages.setdefault(sent["id"], sent)
                body = service.body
                if body is None:
                    body = json.dumps({"reference": f"ref-{sent['id']}"}).encode()
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class Seen(Protocol):
    def __call__(self) -> list[tuple[str, str, str]]:
        """Messages that arrived, as (id, phone, text)."""
        ...


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    with ThreadingHTTPServer(("127.0.0.1", 0), made.handler()) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/sms"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def http(service: Service) -> Iterator[HttpGateway]:
    gateway = HttpGateway(service.url, TOKEN)
    yield gateway
    gateway.close()


@pytest.fixture(params=["outbox", "http"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SmsGateway, Seen]]:
    if request.param == "outbox":
        store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
        yield (
            OutboxGateway(store.followups),
            lambda: [(sms.id, sms.phone.number, sms.text) for sms in store.followups.outbox()],
        )
        store.close()
    else:
        service: Service = request.getfixturevalue("service")
        yield (
            request.getfixturevalue("http"),
            lambda: [(sms["id"], sms["phone"], sms["text"]) for sms in service.messages.values()],
        )


# ---------------------------------------------------------------- all gateways


def test_a_message_arrives_as_it_was_sent(gateway: tuple[SmsGateway, Seen]) -> None:
    sms, seen = gateway
    assert sms.send("followup:call_1:sms", "13800000001", TEXT)
    assert seen() == [("followup:call_1:sms", "13800000001", TEXT)]


def test_the_same_id_is_one_message_with_one_reference(gateway: tuple[SmsGateway, Seen]) -> None:
    sms, seen = gateway
    references = {sms.send("followup:call_1:sms", "13800000001", TEXT) for _ in range(3)}
    assert len(references) == 1
    assert len(seen()) == 1


def test_other_ids_are_other_messages(gateway: tuple[SmsGateway, Seen]) -> None:
    sms, seen = gateway
    for number in range(3):
        sms.send(f"followup:call_{number}:sms", "+14155552671", TEXT)
    assert [sms_id for sms_id, _, _ in seen()] == [f"followup:call_{number}:sms" for number in range(3)]


# ---------------------------------------------------------------- over HTTP


def test_the_request_is_json_with_a_bearer_token(http: HttpGateway, service: Service) -> None:
    assert http.send("a", "13800000001", TEXT) == "ref-a"
    assert service.requests == [("/sms", "application/json", f"Bearer {TOKEN}")]


def test_without_a_token_there_is_no_authorization(service: Service) -> None:
    gateway = HttpGateway(service.url)
    gateway.send("a", "13800000001", TEXT)
    gateway.close()
    assert service.requests[0][2] == ""


@pytest.mark.parametrize("body", [b"", b"ok", b"[1]", b'{"reference": null}', b"\xff\xfe"])
def test_any_success_is_a_success(http: HttpGateway, service: Service, body: bytes) -> None:
    service.body = body
    assert http.send("a", "13800000001", TEXT) == "a"


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(429, True), (408, True), (500, True), (503, True), (400, False), (401, False), (404, False), (301, False)],
)
def test_refusals_say_whether_trying_again_can_help(
    http: HttpGateway, service: Service, status: int, retryable: bool
) -> None:
    service.status = status
    with pytest.raises(FollowUpError) as caught:
        http.send("a", "13800000001", TEXT)
    assert caught.value.retryable is retryable
    told = caught.value.text.zh + caught.value.text.en
    assert str(status) in told
    for secret in (TOKEN, "13800000001", "请付款"):
        assert secret not in told


def test_a_service_that_is_not_there_may_come_back(service: Service) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), service.handler()) as gone:
        port = gone.server_port
    gateway = HttpGateway(f"http://127.0.0.1:{port}/sms", TOKEN)
    with pytest.raises(FollowUpError) as caught:
        gateway.send("a", "13800000001", TEXT)
    gateway.close()
    assert caught.value.retryable
    assert TOKEN not in str(caught.value)

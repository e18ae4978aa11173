"""Webhooks against a real HTTP server: what is sent, what an answer means, and nothing secret in what is told."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from callbot.clock import SystemClock
from callbot.errors import FollowUpError
from callbot.followup.webhook import Target, Webhooks, signature

pytestmark = pytest.mark.contract

TOKEN, SECRET = "s3cret-token", b"s3cret-key-of-24-bytes-or-more"
KEY = "call_1:crm"
BODY = '{"call": "call_1", "phone": "13800000001", "outcome": "约定"}'


@dataclass
class Receiver:
    """A real HTTP server that keeps what was posted; ``status`` is its answer, ``mute`` never gives one."""

    url: str = ""
    status: int = 200
    mute: bool = False
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    leaving: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if made.mute:
                made.leaving.wait(60)
                return
            self.send_response(made.status)
            if 300 <= made.status < 400:
                self.send_header("Location", f"{made.url}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.leaving.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@contextmanager
def sending(url: str, timeout_s: float = 10, token: str = "", secret: bytes = b"") -> Iterator[Webhooks]:
    made = Webhooks({"crm": Target(url, timeout_s, token, secret)}, SystemClock())
    yield made
    made.close()


def refusal(url: str, timeout_s: float = 10) -> FollowUpError:
    with sending(url, timeout_s, TOKEN, SECRET) as webhooks, pytest.raises(FollowUpError) as caught:
        webhooks.send("crm", KEY, BODY)
    for told in (caught.value.text.zh, caught.value.text.en):
        assert "crm" in told
        for secret in (TOKEN, SECRET.decode(), "13800000001", "约定", url):
            assert secret not in told
    return caught.value


def test_what_is_sent(receiver: Receiver) -> None:
    with sending(receiver.url, token=TOKEN, secret=SECRET) as webhooks:
        assert webhooks.send("crm", KEY, BODY) == KEY
    ((headers, body),) = receiver.posted
    assert json.loads(body) == json.loads(BODY)
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"] == f'"{KEY}"'
    assert headers["webhook-id"] == KEY
    assert headers["webhook-signature"] == signature(SECRET, KEY, int(headers["webhook-timestamp"]), body)


def test_without_token_and_secret_nothing_stands_in_for_them(receiver: Receiver) -> None:
    with sending(receiver.url) as webhooks:
        webhooks.send("crm", KEY, BODY)
    ((headers, _),) = receiver.posted
    assert headers.keys().isdisjoint({"authorization", "webhook-id", "webhook-timestamp", "webhook-signature"})


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_an_acknowledgement(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with sending(receiver.url) as webhooks:
        assert webhooks.send("crm", KEY, BODY) == KEY


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(408, True), (409, True), (429, True), (500, True), (503, True), (400, False), (401, False), (404, False)],
)
def test_refusals_say_whether_trying_again_can_help(receiver: Receiver, status: int, retryable: bool) -> None:
    receiver.status = status
    error = refusal(receiver.url)
    assert error.retryable is retryable
    assert str(status) in error.text.zh


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status = status
    assert not refusal(receiver.url).retryable
    assert len(receiver.posted) == 1


def test_a_receiver_that_says_nothing_is_asked_again_later(receiver: Receiver) -> None:
    receiver.mute = True
    assert refusal(receiver.url, 0.2).retryable
    assert len(receiver.posted) == 1


def test_a_receiver_that_is_not_there_may_come_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/").retryable


def test_an_address_that_can_never_work_is_given_up() -> None:
    assert not refusal("http://[::1/").retryable


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The vector that the reference libraries test themselves with."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_a_target_prints_has_no_secret() -> None:
    shown = repr(Target("http://127.0.0.1/", 10, TOKEN, SECRET))
    assert TOKEN not in shown
    assert SECRET.decode() not in shown

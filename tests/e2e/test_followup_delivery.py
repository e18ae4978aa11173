"""A process killed while it hands over an SMS: after the restart there is one message, and its row says sent."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import callbot
from callbot.messages import CallResult
from callbot.store.records import FollowUpKind, FollowUpState, NewFollowUp
from callbot.store.repository import Store, open_store
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.e2e

SMS = NewFollowUp("followup:call_1:sms", FollowUpKind.SMS, "pay_link", Phone("13800000001"), "请付款")
WEBHOOK = NewFollowUp("followup:call_1:webhook", FollowUpKind.WEBHOOK, "crm", None, '{"outcome": "promised"}')


@dataclass
class Receiver:
    """Where messages arrive: what came, as (idempotency key, body)."""

    url: str
    requests: list[tuple[str, bytes]]
    arrived: threading.Event


# The process under test: delivers what is pending and ends when nothing is. Its first argument is the folder, its
# second the gateway, also of the webhook crm: a URL, or "outbox" that pulls the plug right after the message is in the
# outbox.
WORKER = """
import os, signal, sys, threading
from callbot.clock import SystemClock
from callbot.followup.deliver import Deliverer
from callbot.followup.webhook import Target, Webhooks
from callbot.store.records import FollowUpKind
from callbot.followup.sms import HttpGateway, OutboxGateway
from callbot.store.repository import open_store

class PullsThePlug(OutboxGateway):
    def send(self, sms_id, phone, text):
        super().send(sms_id, phone, text)
        if os.environ.get("PULL"):
            os.kill(os.getpid(), signal.SIGKILL)
        return sms_id

folder, gateway = sys.argv[1:]
store = open_store(f"sqlite:///{folder}/store.db")
sends = PullsThePlug(store.followups) if gateway == "outbox" else HttpGateway(gateway)
webhooks = Webhooks({"crm": Target(gateway, 10, "token", b"secret")}, SystemClock())
deliverer = Deliverer(f"sqlite:///{folder}/dbos.db", store.followups, sends, webhooks, first_pause_s=0.2)
deliverer.start()
while any(store.followups.pending(1, kind) for kind in FollowUpKind):
    deliverer.deliver_pending()
    threading.Event().wait(0.05)
deliverer.stop()
"""


@pytest.fixture(params=[SMS])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    at = datetime(2026, 6, 1, tzinfo=UTC)
    call = CallResult(
        call_id="call_1",
        attempt_id="att_1",
        fence=1,
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="promised",
        started_at=at,
        ended_at=at,
        sms="pay_link",
    )
    opened.attempts.record(call, [request.param])
    yield opened
    opened.close()


def start(folder: Path, gateway: str, **environment: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(Path(callbot.__file__).parents[1]), **environment}
    return subprocess.Popen([sys.executable, "-c", WORKER, str(folder), gateway], env=env, cwd=folder)


def run(folder: Path, gateway: str, **environment: str) -> int:
    """Run to the end; returns the exit status."""
    with start(folder, gateway, **environment) as process:
        try:
            return process.wait(60)
        finally:
            process.kill()


def assert_sent(store: Store, planned: NewFollowUp = SMS) -> None:
    row = store.followups.get(planned.id)
    assert row is not None
    assert row.state is FollowUpState.SENT


def test_killed_between_sending_and_saying_so(store: Store, tmp_path: Path) -> None:
    assert run(tmp_path, "outbox", PULL="1") == -signal.SIGKILL
    assert [sms.id for sms in store.followups.outbox()] == [SMS.id]
    row = store.followups.get(SMS.id)
    assert row is not None
    assert row.state is FollowUpState.PENDING  # the hole that the second run has to close
    assert run(tmp_path, "outbox") == 0
    assert [sms.id for sms in store.followups.outbox()] == [SMS.id]
    assert_sent(store)


@contextmanager
def forgetful(answers: Sequence[int]) -> Iterator[Receiver]:
    """A service that keeps what it is sent and answers with these statuses in turn, then 204; 0: never."""
    made = Receiver("", [], threading.Event())
    left = list(answers)
    go_on = threading.Event()

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append((self.headers["Idempotency-Key"] or "", body))
            made.arrived.set()
            status = left.pop(0) if left else 204
            if not status:
                go_on.wait(60)  # the message is taken, the answer never comes
                return
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.daemon_threads = True
        made.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            go_on.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("store", [SMS, WEBHOOK], indirect=True, ids=["sms", "webhook"])
def test_killed_while_an_http_service_thinks(store: Store, tmp_path: Path) -> None:
    with forgetful([0]) as service:
        with start(tmp_path, service.url) as first:
            try:
                assert service.arrived.wait(60)
            finally:
                first.kill()
        assert run(tmp_path, service.url) == 0
        assert run(tmp_path, service.url) == 0  # acknowledged: never again
    assert len(service.requests) == 2
    assert service.requests[0] == service.requests[1]  # the same name and words, so that the service does it once
    name, body = service.requests[0]
    if b"outcome" in body:
        assert (name, body.decode()) == ('"call_1:crm"', WEBHOOK.text)
        assert_sent(store, WEBHOOK)
    else:
        assert json.loads(body)["id"] == SMS.id
        assert_sent(store)


@pytest.mark.parametrize("store", [WEBHOOK], indirect=True)
def test_a_receiver_that_fails_gets_the_same_again(store: Store, tmp_path: Path) -> None:
    with forgetful([500, 503]) as service:
        assert run(tmp_path, service.url) == 0
    assert len(service.requests) == 3
    assert set(service.requests) == {('"call_1:crm"', WEBHOOK.text.encode())}
    row = store.followups.get(WEBHOOK.id)
    assert row is not None
    assert (row.state, row.tries, row.problem) == (FollowUpState.SENT, 3, None)


@pytest.mark.parametrize("store", [WEBHOOK], indirect=True)
def test_a_receiver_that_refuses_is_asked_once(store: Store, tmp_path: Path) -> None:
    with forgetful([401]) as service:
        assert run(tmp_path, service.url) == 0
    assert len(service.requests) == 1
    row = store.followups.get(WEBHOOK.id)
    assert row is not None
    assert (row.state, row.tries) == (FollowUpState.FAILED, 1)
    assert "HTTP 401" in str(row.problem)

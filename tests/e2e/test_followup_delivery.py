"""A process killed while it hands over an SMS: after the restart there is one message, and its row says sent."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import callbot
from callbot.messages import CallResult
from callbot.store.records import FollowUpState, NewFollowUp
from callbot.store.repository import Store, open_store
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.e2e

SMS = NewFollowUp("followup:call_1:sms", "sms", "pay_link", Phone("13800000001"), "请付款")

# The process under test: delivers what is pending and ends when nothing is. Its first argument is the folder, its
# second the gateway: a URL, or "outbox" that pulls the plug right after the message is in the outbox.
WORKER = """
import os, signal, sys, threading
from callbot.followup.deliver import Deliverer
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
deliverer = Deliverer(f"sqlite:///{folder}/dbos.db", store.followups, sends, first_pause_s=0.2)
deliverer.start()
while store.followups.pending(1):
    deliverer.deliver_pending()
    threading.Event().wait(0.05)
deliverer.stop()
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
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
    opened.attempts.record(call, [SMS])
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


def assert_sent(store: Store) -> None:
    row = store.followups.get(SMS.id)
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


def test_killed_while_an_http_service_thinks(store: Store, tmp_path: Path) -> None:
    requests: list[dict[str, str]] = []
    arrived, go_on = threading.Event(), threading.Event()

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            arrived.set()
            if len(requests) == 1:
                go_on.wait(60)  # the message is taken, the answer never comes
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            with start(tmp_path, url) as first:
                try:
                    assert arrived.wait(60)
                finally:
                    first.kill()
            go_on.set()
            assert run(tmp_path, url) == 0
        finally:
            go_on.set()
            server.shutdown()
            thread.join()
    assert len(requests) == 2
    assert requests[0] == requests[1]  # the same id, so that the service sends one message
    assert requests[0]["id"] == SMS.id
    assert_sent(store)

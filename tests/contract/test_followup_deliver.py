"""Durable delivery, with DBOS's own tables in SQLite and in PostgreSQL."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from throwaway_postgres import postgres  # noqa: F401

from callbot.clock import SystemClock
from callbot.errors import FollowUpError
from callbot.followup.deliver import Deliverer
from callbot.followup.webhook import Target, Webhooks
from callbot.language import Text
from callbot.messages import CallResult
from callbot.store.records import FollowUp, FollowUpKind, FollowUpState, NewFollowUp
from callbot.store.repository import Store, open_store
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.contract

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BUSY = FollowUpError(Text("忙", "busy"), retryable=True)
REFUSED = FollowUpError(Text("不行", "refused"), retryable=False)


@dataclass
class Gateway:
    """Answers each message with the next of its answers, then with success."""

    answers: dict[str, list[Exception]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def send(self, sms_id: str, phone: str, text: str) -> str:
        with self.changed:
            self.sent.append(sms_id)
            self.changed.notify_all()
            if self.answers.get(sms_id):
                raise self.answers[sms_id].pop(0)
        return f"ref-{sms_id}"

    def wait_for(self, tries: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.sent) >= tries, 20)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    fresh: Callable[[], str] = request.getfixturevalue("postgres")
    return fresh()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    """One whose receiver is not there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    made = Webhooks({"crm": Target(f"http://127.0.0.1:{port}/", 1)}, SystemClock())
    yield made
    made.close()


@pytest.fixture
def deliverer(
    url: str, store: Store, gateway: Gateway, webhooks: Webhooks, tmp_path: Path
) -> Iterator[Callable[[float], Deliverer]]:
    started: list[Deliverer] = []
    where = url if url.startswith("postgresql") else f"sqlite:///{tmp_path / 'dbos.db'}"

    def start(first_pause_s: float) -> Deliverer:
        made = Deliverer(where, store.followups, gateway, webhooks, first_pause_s=first_pause_s)
        made.start()
        started.append(made)
        return made

    yield start
    if started:
        started[-1].stop()


def plan(store: Store, *numbers: int, webhook: str = "") -> list[str]:
    """Calls with a text message each, or with a webhook."""
    ids = []
    for number in numbers:
        call = CallResult(
            call_id=f"call_{number}",
            attempt_id="att",
            fence=1,
            line="line-0",
            disposition=Disposition.ANSWERED,
            outcome="promised",
            started_at=NOW,
            ended_at=NOW,
        )
        if webhook:
            ids.append(f"followup:call_{number}:webhook")
            planned = NewFollowUp(ids[-1], FollowUpKind.WEBHOOK, webhook, None, "{}")
        else:
            ids.append(f"followup:call_{number}:sms")
            planned = NewFollowUp(ids[-1], FollowUpKind.SMS, "t", Phone("13800000001"), "请付款")
        store.attempts.record(call, [planned])
    return ids


def settled(store: Store, deliverer: Deliverer, gateway: Gateway, ids: list[str], tries: int) -> list[FollowUp]:
    """Sweep until the gateway was tried so often; then stop, which waits for what is under way."""
    deliverer.deliver_pending()
    gateway.wait_for(tries)
    deliverer.stop()
    rows = [store.followups.get(one) for one in ids]
    return [row for row in rows if row is not None]


def test_all_kinds_of_ends(store: Store, gateway: Gateway, deliverer: Callable[[float], Deliverer]) -> None:
    ids = plan(store, 1, 2, 3)
    gateway.answers = {ids[1]: [BUSY, BUSY], ids[2]: [REFUSED]}
    working = deliverer(0.01)
    sent, busy, refused = settled(store, working, gateway, ids, 5)
    assert (sent.state, sent.reference, sent.tries) == (FollowUpState.SENT, f"ref-{ids[0]}", 1)
    assert (busy.state, busy.problem, busy.tries) == (FollowUpState.SENT, None, 3)
    assert (refused.state, refused.problem, refused.tries) == (FollowUpState.FAILED, REFUSED.text, 1)
    working.start()
    assert working.deliver_pending() == 0
    assert len(gateway.sent) == 5


def test_sweeping_twice_sends_once(store: Store, gateway: Gateway, deliverer: Callable[[float], Deliverer]) -> None:
    ids = plan(store, 1)
    working = deliverer(0.01)
    for _ in range(5):
        working.deliver_pending()
    settled(store, working, gateway, ids, 1)
    assert gateway.sent == ids
    working.start()


def test_a_stop_in_a_pause_is_no_end(store: Store, gateway: Gateway, deliverer: Callable[[float], Deliverer]) -> None:
    ids = plan(store, 1)
    gateway.answers = {ids[0]: [BUSY]}
    (waiting,) = settled(store, deliverer(0.5), gateway, ids, 1)
    assert (waiting.state, waiting.problem, waiting.tries) == (FollowUpState.PENDING, BUSY.text, 1)
    again = deliverer(0.5)
    gateway.wait_for(2)  # taken up without a sweep
    again.stop()
    row = store.followups.get(ids[0])
    assert row is not None
    assert (row.state, row.tries) == (FollowUpState.SENT, 2)
    again.start()


def test_a_gateway_that_never_recovers_is_given_up(
    store: Store, gateway: Gateway, deliverer: Callable[[float], Deliverer]
) -> None:
    ids = plan(store, 1)
    gateway.answers = {ids[0]: [BUSY] * 99}
    working = deliverer(0.0001)
    (row,) = settled(store, working, gateway, ids, 16)
    assert (row.state, row.problem, row.tries) == (FollowUpState.FAILED, BUSY.text, 16)
    working.start()


def test_a_system_that_is_away_keeps_no_message_waiting(
    store: Store, gateway: Gateway, deliverer: Callable[[float], Deliverer]
) -> None:
    waiting = plan(store, *range(40), webhook="crm")
    ids = plan(store, 100)
    (sent,) = settled(store, deliverer(60), gateway, ids, 1)
    assert sent.state is FollowUpState.SENT
    rows = [store.followups.get(one) for one in waiting]
    assert {row.state for row in rows if row is not None} == {FollowUpState.PENDING}


def test_a_webhook_that_the_settings_do_not_have_is_a_failure_with_a_reason(
    store: Store, gateway: Gateway, deliverer: Callable[[float], Deliverer]
) -> None:
    (lost,) = plan(store, 1, webhook="cmr")
    ids = plan(store, 2)
    working = deliverer(0.01)
    settled(store, working, gateway, ids, 1)
    row = store.followups.get(lost)
    assert row is not None
    assert (row.state, row.tries) == (FollowUpState.FAILED, 1)
    assert row.problem is not None
    assert "[webhooks.cmr]" in row.problem.zh
    working.start()

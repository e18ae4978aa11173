"""Durable delivery of follow-ups by DBOS; the only module that knows it.

::

    followups row (pending, written with the result) ──deliver_pending──> workflow of the same id
        hand_over   looks at the row, sends (SMS, webhook), marks it sent or failed ... or says when to try again
          ^──pause──┘

After a crash DBOS runs the unfinished workflows of this executor id and application version again, hence both are
fixed. Tries that were recorded are not repeated; the one that was under way is: it looks at the row first, and
gateways know a message by its id.

No DBOS queue of our own: the rows are the queue, and each DBOS queue costs polling. Idle on SQLite, DBOS 3.4: 0.5 % of
a core (measured 2026-11-22, two cores, 15 s). DBOS is one per process, so only one ``Deliverer`` is started at a time.
"""

import threading
from collections.abc import Callable

from dbos import DBOS, SetWorkflowID

from callbot import log
from callbot.clock import SystemClock
from callbot.errors import FollowUpError, StoreError
from callbot.followup.webhook import Webhooks
from callbot.language import Text
from callbot.ports import Clock, SmsGateway
from callbot.store.followups import FollowUpStore
from callbot.store.records import FollowUp, FollowUpKind, FollowUpState

_AT_ONCE = 16
"""Deliveries of each kind under way at the same time; each holds a thread, also in its pauses. Counted by kind, so that
a system which is away for an hour keeps no customer waiting for a message."""
_TRIES = 16
_FIRST_PAUSE_S = 2.0
_BACKOFF = 1.5
"""Pauses of 2, 3, 4.5 ... 580 s: 16 tries ride out about half an hour without the gateway."""
_LEAVE_S = 15.0
"""How long ``stop`` waits for a try under way; the HTTP gateway answers or gives up within 10 s."""
_OVER = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
_BROKE_OFF = Text("投递中断，原因见日志。", "The delivery broke off; the log says why.")


class _Leaving(BaseException):
    """This process ends. No ``Exception``, because DBOS would record that as the end of the workflow."""


class Deliverer:
    """Sends pending follow-ups, each once, whatever happens to this process. Blocking calls; any thread.

    ``system_url`` is where DBOS keeps its own tables: the store's PostgreSQL, or an SQLite file beside the store.
    """

    def __init__(
        self,
        system_url: str,
        store: FollowUpStore,
        gateway: SmsGateway,
        webhooks: Webhooks,
        *,
        clock: Clock | None = None,
        first_pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        self._system_url = system_url
        self._store = store
        self._gateway = gateway
        self._webhooks = webhooks
        self._clock = clock or SystemClock()
        self._first_pause_s = first_pause_s
        self._workflow: Callable[[str], None] | None = None
        self._busy: dict[str, FollowUpKind] = {}
        self._changed = threading.Condition()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start DBOS and take up what an earlier process left unfinished."""
        self._stopping.clear()
        DBOS(
            config={
                "name": "callbot",
                "system_database_url": self._system_url,
                "executor_id": "control",
                "application_version": "1",  # of the workflow below: changes with its steps
                "log_level": "ERROR",
            }
        )
        self._workflow = self._register()
        DBOS.launch()

    def stop(self) -> None:
        """End tries under way and stop; deliveries that wait for their next try go on at the next ``start``."""
        self._stopping.set()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, _LEAVE_S)
        DBOS.destroy(destroy_registry=True)

    def deliver_pending(self) -> int:
        """Begin to deliver pending follow-ups; returns how many were begun. Two queries when there is nothing to do."""
        begun = 0
        try:
            pending = [row for kind in FollowUpKind for row in self._store.pending(_AT_ONCE * 2, kind)]
        except StoreError as error:  # the rows stay; the next sweep finds them
            log.get(__name__).error("the outbox could not be looked into", problem=str(error))
            return 0
        for row in pending:
            with self._changed:
                under_way = sum(kind is row.kind for kind in self._busy.values())
                if row.id in self._busy or under_way >= _AT_ONCE or self._stopping.is_set():
                    continue
                self._busy[row.id] = row.kind
            try:
                self._begin(row.id)
            except Exception:  # DBOS's database is away, in whatever words its driver has for that; later, then
                log.get(__name__).exception("a follow-up could not be begun", followup=row.id)
                self._leave(row.id)
            else:
                begun += 1
        return begun

    def _begin(self, followup_id: str) -> None:
        assert self._workflow is not None, "start() comes first"
        with SetWorkflowID(followup_id):
            handle = DBOS.start_workflow(self._workflow, followup_id)
        if handle.get_status().status in _OVER:
            # It ended at once, or in an earlier life; a row that is pending all the same would stay so for ever.
            self._store.mark_failed(followup_id, _BROKE_OFF)
            self._leave(followup_id)

    def _leave(self, followup_id: str) -> None:
        with self._changed:
            self._busy.pop(followup_id, None)
            self._changed.notify_all()

    def _register(self) -> Callable[[str], None]:
        """Define the workflow for the DBOS that is about to be launched."""

        @DBOS.step(name="hand_over")
        def hand_over(followup_id: str, number: int) -> float:
            return self._hand_over(followup_id, number)

        @DBOS.workflow(name="deliver_followup")
        def deliver(followup_id: str) -> None:
            try:
                for number in range(1, _TRIES + 1):
                    again_at = hand_over(followup_id, number)
                    if not again_at:
                        return
                    if self._stopping.wait(max(0.0, again_at - self._clock.now().timestamp())):
                        raise _Leaving
            finally:
                self._leave(followup_id)

        return deliver

    def _hand_over(self, followup_id: str, number: int) -> float:
        """Try once; returns when to try again (seconds since the epoch), 0 when there is nothing left to do."""
        try:
            row = self._store.get(followup_id)
            if row is None or row.state is not FollowUpState.PENDING:
                return 0
            if self._settled(row, number):
                return 0
        except StoreError as error:
            log.get(__name__).error("a follow-up waits for the store", followup=followup_id, problem=str(error))
        return self._clock.now().timestamp() + self._first_pause_s * _BACKOFF ** (number - 1)

    def _settled(self, row: FollowUp, number: int) -> bool:
        try:
            reference = self._send(row)
        except FollowUpError as error:
            self._store.count_try(row.id, error.text)
            if error.retryable and number < _TRIES:
                return False
            log.get(__name__).error("a follow-up was given up", followup=row.id, tries=number, problem=str(error))
            self._store.mark_failed(row.id, error.text)
        else:
            self._store.mark_sent(row.id, reference)
        return True

    def _send(self, row: FollowUp) -> str:
        match row.kind:
            case FollowUpKind.SMS:
                assert row.phone is not None, "plan() writes no SMS without a number"
                return self._gateway.send(row.id, row.phone.number, row.text)
            case FollowUpKind.WEBHOOK:
                return self._webhooks.send(row.template, f"{row.call_id}:{row.template}", row.text)

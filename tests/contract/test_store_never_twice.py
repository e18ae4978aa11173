"""No telephone rings twice by accident and nothing is lost, whatever order things happen in.

Random interleavings of two dispatchers that claim, dial, crash and come back, of lines that lose orders or calls, of
results that come late, twice or never, and of an operator. The model knows what the store cannot: whether a telephone
really rang. A failing seed replays exactly.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from callbot.clock import SystemClock
from callbot.messages import CallResult
from callbot.protocol import Revision
from callbot.store.records import MAX_ATTEMPTS, Claimed, ContactState, Dialling, FollowUpKind, NewContact, NewFollowUp
from callbot.store.repository import Store, open_store
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.contract

LEASE_S = 60
STEPS = 150
WEIGHTS = {
    "claim": 8,
    "dial": 12,
    "give_back": 2,
    "control_comes_back": 2,
    "time_passes": 6,
    "pause": 1,
    "telephone_rings": 8,
    "order_never_left": 2,
    "order_lost": 1,
    "result_comes": 8,
    "call_again": 3,
}


@dataclass(slots=True)
class Person:
    """What really happened to a contact. ``may_ring``: how often their telephone may still ring."""

    may_ring: int = 1
    dialled: int = 0
    fence: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """An attempt that was marked as dialling."""

    call_id: str
    claimed: Claimed


class World:
    """One campaign among dispatchers, lines and an operator."""

    def __init__(self, store: Store, seed: int) -> None:
        self.random = random.Random(seed)
        self.store = store
        new = [NewContact(str(n), Phone(f"1380000000{n}"), {}) for n in range(4)]
        self.campaign = store.campaigns.add("x", Revision("s", "h", "{}"), new)
        store.campaigns.start(self.campaign)
        people = list(store.campaigns.results(self.campaign))
        self.people = {one.contact_id: Person() for one in people}
        self.now: datetime = max(one.due_at for one in people)
        self.claims: list[Claimed] = []
        self.orders: list[Call] = []
        self.rung: list[Call] = []
        self.recorded: set[str] = set()
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        (name,) = self.random.choices(list(WEIGHTS), WEIGHTS.values())
        getattr(self, name)()
        self.nobody_is_lost()

    def taken(self, calls: list[Call]) -> Iterator[Call]:
        if calls:
            yield calls.pop(self.random.randrange(len(calls)))

    # -------------------------------------------------------- dispatchers

    def claim(self) -> None:
        owner = self.random.choice(("one", "two"))
        for claimed in self.store.attempts.claim(self.random.randint(1, 3), self.now, LEASE_S, owner):
            person = self.people[claimed.contact_id]
            assert claimed.fence > person.fence, "fences grow"
            person.fence = claimed.fence
            self.claims.append(claimed)

    def dial(self) -> None:
        if self.claims:
            claimed = self.random.choice(self.claims[-6:])  # an old claim too, and one a second time
            call = Call(f"call_{self.campaign}_{self.done['dial']}", claimed)
            until = self.now + timedelta(seconds=LEASE_S)
            order = Dialling(call.call_id, "line-0", "life", "trunk")
            if self.store.attempts.mark_dialling(claimed.attempt_id, claimed.fence, order, until):
                self.people[claimed.contact_id].dialled += 1
                self.orders.append(call)
                self.done["dial"] += 1

    def give_back(self) -> None:
        dialling = {one.attempt_id for one in self.store.attempts.open_attempts()}
        for claimed in [one for one in self.claims[-3:] if one.attempt_id not in dialling]:
            self.done["give_back"] += self.store.attempts.release(claimed.attempt_id, claimed.fence)

    def control_comes_back(self) -> None:
        self.done["given_back"] += self.store.attempts.release_claims(self.random.choice(("one", "two")))

    def time_passes(self) -> None:
        self.now += timedelta(seconds=self.random.choice((1, 10, LEASE_S // 2, LEASE_S + 1)))
        self.done["interrupted"] += len(self.store.attempts.expire(self.now))

    def pause(self) -> None:
        self.store.campaigns.pause(self.campaign)
        self.dial()
        self.claim()
        self.store.campaigns.start(self.campaign)

    # -------------------------------------------------------- lines

    def telephone_rings(self) -> None:
        for call in self.taken(self.orders):
            person = self.people[call.claimed.contact_id]
            person.may_ring -= 1
            assert person.may_ring >= 0, "a telephone rang twice by accident"
            self.rung.append(call)
            self.done["rang"] += 1

    def order_never_left(self) -> None:
        for call in self.taken(self.orders):
            self.done["released"] += self.store.attempts.release(call.claimed.attempt_id, call.claimed.fence)

    def order_lost(self) -> None:
        for _ in self.taken(self.orders):
            self.done["lost"] += 1

    def result_comes(self) -> None:
        """Perhaps late, perhaps for the second time."""
        if not self.rung:
            return
        call = self.random.choice(self.rung)
        outcome = self.random.choice(("promised", "callback", "callback", "interrupted"))
        retry_at = self.now + timedelta(minutes=self.random.randint(0, 1)) if outcome == "callback" else None
        claimed = call.claimed
        result = CallResult(
            call_id=call.call_id,
            attempt_id=claimed.attempt_id,
            fence=claimed.fence,
            line="line-0",
            disposition=Disposition.ANSWERED,
            outcome=outcome,
            started_at=self.now,
            ended_at=self.now,
            retry_at=retry_at,
        )
        sms = NewFollowUp(f"followup:{call.call_id}:sms", FollowUpKind.SMS, "t", claimed.phone, "text")
        new = self.store.attempts.record(result, [sms])
        assert new == (call.call_id not in self.recorded)
        self.recorded.add(call.call_id)
        person = self.people[claimed.contact_id]
        if new and retry_at is not None and person.fence == claimed.fence and claimed.number < MAX_ATTEMPTS:
            person.may_ring += 1  # the script asked for it
        self.done["recorded" if new else "repeated"] += 1

    # -------------------------------------------------------- the operator

    def call_again(self) -> None:
        contact_id = self.random.choice(list(self.people))
        if self.store.attempts.call_again([contact_id], self.now):
            self.people[contact_id].may_ring += 1
            self.people[contact_id].fence += 1
            self.done["again"] += 1

    # -------------------------------------------------------- what always holds

    def nobody_is_lost(self) -> None:
        for one in self.store.campaigns.results(self.campaign):
            person = self.people[one.contact_id]
            if person.dialled == 0:
                assert one.state in (ContactState.WAITING, ContactState.CALLING), "forgotten without a call"
            if one.state is ContactState.WAITING:
                assert person.may_ring >= 1, "waits although it may not be called"

    def end(self) -> None:
        self.store.attempts.expire(self.now + timedelta(days=1))
        assert self.store.campaigns.progress(self.campaign).calling == 0, "hangs for ever"
        for call_id in self.recorded:
            assert self.store.campaigns.call(call_id) is not None
            assert self.store.followups.get(f"followup:{call_id}:sms") is not None
        self.store.campaigns.stop(self.campaign)


def test_nobody_is_called_twice_and_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}", SystemClock())
    done: Counter[str] = Counter()
    try:
        for seed in range(40):
            world = World(store, seed)
            for number in range(STEPS):
                try:
                    world.step()
                except AssertionError as error:
                    raise AssertionError(f"seed {seed}, step {number}: {error}") from error
            world.end()
            done += world.done
    finally:
        store.close()
    for name in ("rang", "interrupted", "released", "given_back", "recorded", "repeated", "again", "lost"):
        assert done[name] >= 10, f"{name} hardly happened: {done}"

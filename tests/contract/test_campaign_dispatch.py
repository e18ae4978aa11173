"""The dispatcher over a real store, with lines that are only messages and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from callbot.campaign.dispatch import PROMPTS_FAILED, Dispatcher, Hands, Terms
from callbot.campaign.preparing import AHEAD, MOST_S, TRIES
from callbot.campaign.rules import Window
from callbot.errors import SpeechError, StoreError
from callbot.language import Text
from callbot.messages import CallResult, Trace
from callbot.protocol import (
    CallEnded,
    CallRefused,
    HangUp,
    LineBeat,
    LineReady,
    PlaceCall,
    ResultStored,
    Revision,
    ToLine,
)
from callbot.settings import Trunk
from callbot.store.records import CallContext, Due, NewContact, NewFollowUp
from callbot.store.repository import Store, open_store
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.contract

MORNING = datetime(2026, 6, 1, 2, tzinfo=UTC)  # ten o'clock in Shanghai
OFFICE_HOURS = Window(ZoneInfo("Asia/Shanghai"), time(9), time(20))
LEASE_S = 60
SCRIPT = Revision("s", "h", "{}")


@dataclass
class Clock:
    at: datetime = MORNING
    ms: int = 0

    def now(self) -> datetime:
        return self.at

    def monotonic_ms(self) -> int:
        return self.ms

    def go_on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ms += int(seconds * 1000)


@dataclass
class World:
    """Everything around the dispatcher."""

    store: Store
    clock: Clock
    sent: list[tuple[str, ToLine]] = field(default_factory=list)
    prepare: Callable[[Due], Awaitable[None]] | None = None
    store_away: bool = False
    notices: list[Text] = field(default_factory=list)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        self.dispatcher = self.new_control()

    def new_control(self) -> Dispatcher:
        async def send(line: str, message: ToLine) -> None:
            self.sent.append((line, message))

        async def prepare(contact: Due) -> None:
            if self.prepare is not None:
                await self.prepare(contact)

        async def run(function: Callable[..., object], /, *arguments: object) -> object:
            await asyncio.sleep(0)  # as with a thread, others get their turn
            if self.store_away:
                raise StoreError(Text("没有数据库", "no database"))
            return function(*arguments)

        def plan(result: CallResult, context: CallContext) -> list[NewFollowUp]:
            if result.sms is None:
                return []
            return [NewFollowUp(f"followup:{result.call_id}:sms", "sms", result.sms, context.phone, "请付款")]

        trunks = (Trunk(name="x", host="10.0.0.1", port=5070, channels=3, caller="4008"),)
        terms = Terms("control", OFFICE_HOURS, trunks, LEASE_S, 30_000)

        async def notify(text: Text) -> None:
            self.notices.append(text)

        return Dispatcher(self.store, terms, Hands(send, prepare, plan, run, notify, self.clock))  # type: ignore[arg-type]

    def campaign(self, contacts: int, revision: Revision = SCRIPT) -> str:
        new = [NewContact(str(n), Phone(f"138{n:08}"), {"name": "王女士"}) for n in range(contacts)]
        made = self.store.campaigns.add("x", revision, new)
        self.store.campaigns.start(made)
        return made

    async def line(
        self, name: str = "line-0", legs: int = 2, incarnation: str = "a", journaled: tuple[str, ...] = ()
    ) -> None:
        await self.dispatcher.handle(
            name, LineReady(line=name, incarnation=incarnation, legs=legs, media="test", journaled=journaled)
        )

    async def tick(self) -> list[PlaceCall]:
        """What one round sends out."""
        before = len(self.sent)
        await self.dispatcher.tick()
        await self.dispatcher.settled()
        return [message for _, message in self.sent[before:] if isinstance(message, PlaceCall)]

    async def end(self, order: PlaceCall, sender: str = "line-0", **changes: object) -> bool:
        return await self.dispatcher.handle(sender, CallEnded(self.result(order, **changes)))

    def result(self, order: PlaceCall, **changes: object) -> CallResult:
        fields: dict[str, object] = {
            "call_id": order.call_id,
            "attempt_id": order.attempt_id,
            "fence": order.fence,
            "line": "line-0",
            "disposition": Disposition.ANSWERED,
            "outcome": "promised",
            "started_at": self.clock.now(),
            "ended_at": self.clock.now(),
        }
        return CallResult(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = Clock()
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", clock)
    made = World(store, clock)
    await made.dispatcher.start()
    yield made
    store.close()


async def test_a_call_from_claim_to_result(world: World) -> None:
    made = world.campaign(1)
    assert await world.tick() == []  # no line yet
    await world.line()
    (order,) = await world.tick()
    assert order.uri == "sip:13800000000@10.0.0.1:5070"
    assert (order.caller, order.incarnation, order.ring_limit_ms) == ("4008", "a", 30_000)
    assert (order.inputs, order.revision.script) == ({"name": "王女士"}, "s")
    assert await world.tick() == []
    assert await world.end(order, sms="pay_link")
    assert world.sent[-1] == ("line-0", ResultStored(order.call_id))
    (one,) = world.store.campaigns.results(made)
    assert (one.outcome, [sms.text for sms in one.followups]) == ("promised", ["请付款"])


async def test_a_repeated_result_is_acknowledged_and_changes_nothing(world: World) -> None:
    world.campaign(1)
    await world.line()
    (order,) = await world.tick()
    assert await world.end(order)
    assert not await world.end(order, outcome="other")
    assert [message for _, message in world.sent[-2:]] == [ResultStored(order.call_id)] * 2


async def test_calls_keep_within_legs_and_channels(world: World) -> None:
    world.campaign(9)
    await world.line("line-0", 2)
    assert len(await world.tick()) == 2
    await world.line("line-1", 2)
    (third,) = await world.tick()  # the trunk has three channels
    assert await world.tick() == []
    await world.end(third, "line-1")
    assert len(await world.tick()) == 1


async def test_rounds_at_the_same_time_do_not_overbook(world: World) -> None:
    world.campaign(9)
    await world.line(legs=2)
    await asyncio.gather(*(world.dispatcher.tick() for _ in range(4)))
    await world.dispatcher.settled()
    assert sum(isinstance(message, PlaceCall) for _, message in world.sent) == 2


async def test_nobody_is_called_outside_the_window(world: World) -> None:
    world.campaign(1)
    await world.line()
    world.clock.at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert await world.tick() == []
    refused = world.dispatcher.closed()
    assert refused is not None
    assert refused.until == datetime(2026, 6, 2, 1, tzinfo=UTC)
    world.clock.at = refused.until
    assert len(await world.tick()) == 1


async def test_the_window_is_asked_again_after_preparing(world: World) -> None:
    made = world.campaign(1)
    await world.line()

    async def slow(_: Due) -> None:
        world.clock.at = datetime(2026, 6, 1, 12, tzinfo=UTC)

    world.prepare = slow
    assert await world.tick() == []
    assert world.store.campaigns.progress(made).waiting == 1


async def test_a_contact_whose_prompts_fail_rests_and_the_line_is_free(world: World) -> None:
    made = world.campaign(1)
    await world.line(legs=1)

    async def fail(_: Due) -> None:
        raise SpeechError(Text("没有声音", "no voice"))

    world.prepare = fail
    assert await world.tick() == []
    assert world.store.campaigns.progress(made).waiting == 1
    world.prepare = None
    assert await world.tick() == []
    world.clock.go_on(31)
    await world.dispatcher.handle("line-0", LineBeat("line-0", "a", (), legs=1))
    (order,) = await world.tick()
    assert order.fence == 2


async def failing(world: World, names: set[str], tries: int) -> None:
    """Rounds long enough apart for every rest, with a voice that fails for these contacts."""

    async def prepare(contact: Due) -> None:
        if contact.phone.number in names:
            raise SpeechError(Text("没有声音", "no voice"))

    world.prepare = prepare
    for _ in range(tries):
        await world.tick()
        world.clock.go_on(MOST_S + 1)
        await world.line(legs=9)


async def test_a_contact_whose_prompts_alone_fail_is_set_aside_and_told_of(world: World) -> None:
    made = world.campaign(2)
    await world.line(legs=9)
    await failing(world, {"13800000000"}, TRIES + 2)
    assert [one.outcome for one in world.store.campaigns.results(made)].count(PROMPTS_FAILED) == 1
    assert world.store.campaigns.progress(made).interrupted == 2, "this one, and the other's call, whose lease ran out"
    (notice,) = world.notices
    assert f"callbot call-again {made}" in notice.en
    lost = [one.contact_id for one in world.store.campaigns.results(made) if one.outcome == PROMPTS_FAILED]
    world.store.attempts.call_again(lost, world.clock.now())
    world.prepare = None
    assert len(await world.tick()) == 1


async def test_when_nobodys_prompts_can_be_made_all_wait_and_it_is_said_once(world: World) -> None:
    made = world.campaign(2)
    await world.line(legs=9)
    await failing(world, {"13800000000", "13800000001"}, TRIES + 5)
    assert world.store.campaigns.progress(made).waiting == 2
    (notice,) = world.notices
    assert "callbot doctor" in notice.zh
    world.prepare = None
    assert len(await world.tick()) == 2


async def test_a_new_script_keeps_no_legs_from_other_campaigns(world: World) -> None:
    slow = world.campaign(3, Revision("slow", "h-slow", "{}"))
    released = asyncio.Event()

    async def prepare(contact: Due) -> None:
        if contact.campaign_id == slow:
            await released.wait()

    world.prepare = prepare
    await world.line(legs=3)
    await world.dispatcher.tick()  # three of the slow script in hand: one makes its prompts, two go back
    other = world.campaign(2, Revision("ready", "h-ready", "{}"))
    async with asyncio.timeout(10):
        while world.store.campaigns.progress(other).waiting:
            await world.dispatcher.tick()
            await asyncio.sleep(0.05)
    assert world.store.campaigns.progress(slow).waiting == 2
    released.set()
    await world.dispatcher.settled()
    orders = [message for _, message in world.sent if isinstance(message, PlaceCall)]
    assert [order.revision.script for order in orders] == ["ready", "ready", "slow"]


async def test_prompts_of_the_next_are_made_while_all_legs_are_busy(world: World) -> None:
    world.campaign(AHEAD + 3)
    await world.line(legs=1)
    made: list[str] = []
    done = asyncio.Event()

    async def prepare(contact: Due) -> None:
        made.append(contact.contact_id)
        if len(made) == 1 + AHEAD:
            done.set()

    world.prepare = prepare
    (order,) = await world.tick()
    async with asyncio.timeout(5):
        await done.wait()
    await world.tick()
    assert len(made) == len(set(made)) == 1 + AHEAD, "each once, and no further"
    await world.end(order)
    (following,) = await world.tick()
    assert following.attempt_id != order.attempt_id


async def test_a_paused_campaign_places_no_call_even_when_prepared(world: World) -> None:
    made = world.campaign(1)
    await world.line()

    async def pause(_: Due) -> None:
        world.store.campaigns.pause(made)

    world.prepare = pause
    assert await world.tick() == []
    progress = world.store.campaigns.progress(made)
    assert (progress.waiting, progress.calling) == (1, 0)


async def test_a_refused_call_goes_back(world: World) -> None:
    world.campaign(1)
    await world.line()
    (order,) = await world.tick()
    await world.dispatcher.handle("line-0", CallRefused(order.call_id, order.attempt_id, order.fence))
    world.clock.go_on(3)
    (again,) = await world.tick()
    assert again.call_id != order.call_id
    assert again.fence > order.fence


async def test_a_line_that_came_back_reports_what_left_and_the_rest_goes_back(world: World) -> None:
    made = world.campaign(2)
    await world.line()
    rang, never_left = await world.tick()
    await world.line(incarnation="b", journaled=(rang.call_id,))
    progress = world.store.campaigns.progress(made)
    assert (progress.calling, progress.waiting) == (1, 1)
    (again,) = await world.tick()
    assert (again.contact, again.incarnation) == (never_left.contact, "b")
    await world.end(rang, outcome="interrupted")
    assert world.store.campaigns.progress(made).interrupted == 1
    assert await world.tick() == []


async def test_a_lost_line_gets_no_calls_and_its_calls_end_interrupted_after_the_lease(world: World) -> None:
    made = world.campaign(3)
    await world.line()
    orders = await world.tick()
    world.clock.go_on(6)
    assert await world.tick() == []
    await world.line("line-1", 1)
    assert len(await world.tick()) == 1
    world.clock.go_on(LEASE_S)
    await world.tick()
    progress = world.store.campaigns.progress(made)
    assert progress.interrupted >= len(orders)
    late = orders[0]
    assert await world.end(late)  # the line was only out of reach: its result still counts
    assert world.store.campaigns.progress(made).outcomes["promised"] == 1


async def test_beats_keep_a_long_call_alive(world: World) -> None:
    made = world.campaign(1)
    await world.line()
    (order,) = await world.tick()
    for _ in range(5 * LEASE_S):
        world.clock.go_on(1)
        await world.dispatcher.handle("line-0", LineBeat("line-0", "a", (order.call_id,), legs=2))
        await world.dispatcher.tick()
    assert world.store.campaigns.progress(made).calling == 1


async def test_a_control_that_came_back_knows_its_calls(world: World) -> None:
    made = world.campaign(9)
    await world.line(legs=9)
    orders = await world.tick()
    assert len(orders) == 3
    world.store.attempts.claim(2, world.clock.now(), LEASE_S, "control")  # and dies with two claims in hand
    world.dispatcher = world.new_control()
    await world.dispatcher.start()
    assert world.store.campaigns.progress(made).calling == 3
    await world.dispatcher.handle("line-0", LineBeat("line-0", "a", tuple(o.call_id for o in orders), legs=9))
    assert await world.tick() == []  # the trunk is full
    await world.end(orders[0])
    assert len(await world.tick()) == 1


async def test_draining_gives_back_what_is_being_prepared(world: World) -> None:
    made = world.campaign(1)
    await world.line()
    begun = asyncio.Event()

    async def for_ever(_: Due) -> None:
        begun.set()
        await asyncio.Event().wait()

    world.prepare = for_ever
    await world.dispatcher.tick()
    await begun.wait()
    await world.dispatcher.drain()
    assert world.store.campaigns.progress(made).waiting == 1
    assert await world.tick() == []
    assert world.sent == []


async def test_the_red_button(world: World) -> None:
    made = world.campaign(3)
    await world.line()
    orders = await world.tick()
    assert await world.dispatcher.stop_all() == 2
    hung_up = {message.call_id for _, message in world.sent if isinstance(message, HangUp)}
    assert hung_up == {order.call_id for order in orders}
    for order in orders:
        await world.end(order, disposition=Disposition.CANCELLED, outcome="cancelled")
    assert await world.tick() == []
    assert world.store.campaigns.progress(made).waiting == 1


async def test_a_result_waits_for_a_store_that_is_away(world: World) -> None:
    made = world.campaign(1)
    await world.line()
    (order,) = await world.tick()
    world.store_away = True
    assert not await world.end(order)
    assert not any(isinstance(message, ResultStored) for _, message in world.sent)
    world.store_away = False
    assert await world.end(order)
    assert world.store.campaigns.progress(made).finished


async def test_logs_name_contacts_by_id_alone(world: World) -> None:
    async def fail(contact: Due) -> None:
        raise SpeechError(Text("没有声音", "no voice"))

    world.prepare = fail
    world.campaign(1)
    await world.line()
    with capture_logs() as logs:
        await world.tick()
    assert "could not be made" in str(logs)
    assert "王女士" not in str(logs)


async def test_a_result_that_cannot_be_stored_ends_neither_control_nor_other_results(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.campaign(2)
    await world.line()
    bad, good = await world.tick()

    def plan(result: CallResult, context: CallContext) -> list[NewFollowUp]:
        if result.call_id == bad.call_id:
            raise ValueError("surrogates not allowed")
        return []

    monkeypatch.setattr(world.dispatcher, "_hands", replace(world.dispatcher._hands, plan=plan))
    assert not await world.end(bad)  # not acknowledged, so the line keeps it
    assert await world.end(good)
    stored = [message for _, message in world.sent if isinstance(message, ResultStored)]
    assert stored == [ResultStored(good.call_id)]


async def test_a_dead_trunk_rests_instead_of_using_up_the_list(world: World) -> None:
    world.campaign(20)
    await world.line(legs=4)
    placed = 0
    for _ in range(3):
        for order in await world.tick():
            placed += 1
            await world.end(order, disposition=Disposition.UNREACHABLE, outcome="unreachable")
    assert placed == 3, "the trunk has three channels, and three silent calls are enough"
    (notice,) = world.notices
    assert "10.0.0.1:5070" in notice.zh
    assert "10.0.0.1:5070" in notice.en
    world.clock.go_on(61)
    await world.line(legs=4)
    (probe,) = await world.tick()
    await world.end(probe)
    assert len(await world.tick()) == 3, "it answered: all channels are open again"


async def test_the_loop_finds_work_by_itself(world: World) -> None:
    world.campaign(1)
    placed = asyncio.Event()

    async def prepare(_: Due) -> None:
        placed.set()

    world.prepare = prepare
    loop = asyncio.create_task(world.dispatcher.run())
    await world.line()
    async with asyncio.timeout(5):
        await placed.wait()
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    await world.dispatcher.settled()


async def test_the_loop_outlives_a_round_that_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    twice = asyncio.Event()

    async def fail() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            twice.set()
        raise ValueError("a row that cannot be read")

    monkeypatch.setattr(world.dispatcher, "tick", fail)
    loop = asyncio.create_task(world.dispatcher.run())
    waiting = asyncio.create_task(twice.wait())
    await asyncio.wait({loop, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    assert twice.is_set()
    for task in (loop, waiting):
        task.cancel()
    await asyncio.gather(loop, waiting, return_exceptions=True)


async def test_a_call_that_came_in_is_stored_acknowledged_and_followed_up(world: World) -> None:
    flow = Revision("hotline", "h1", "{}")
    world.store.incoming.publish([flow])
    came_in = CallResult(
        call_id="call_in",
        attempt_id="",
        fence=0,
        direction="in",
        caller="13900000001",
        number="4008001234",
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="served",
        sms="thanks",
        started_at=world.clock.now(),
        ended_at=world.clock.now(),
        trace=Trace("hotline", "h1", {}, ()),
    )
    assert await world.dispatcher.handle("line-0", CallEnded(came_in))
    assert not await world.dispatcher.handle("line-0", CallEnded(came_in))
    assert world.sent == [("line-0", ResultStored("call_in"))] * 2
    (kept,) = world.store.incoming.latest(10)
    assert [str(followup.phone) for followup in kept.followups] == ["139****0001"]


async def test_callers_and_reserve_leave_less_room_for_campaigns(world: World) -> None:
    world.campaign(3)
    await world.dispatcher.handle("line-0", LineReady(line="line-0", incarnation="a", legs=4, media="", reserve=1))
    await world.dispatcher.handle("line-0", LineBeat("line-0", "a", ("call_in",), legs=4, reserve=1))
    assert len(await world.tick()) == 2

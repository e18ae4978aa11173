"""The store keeps its promises on SQLite and on PostgreSQL alike."""

import socket
import threading
import traceback
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from store_clock import NOW, FixedClock

from callbot.errors import SettingsError, StoreError
from callbot.language import Text
from callbot.messages import (
    CallResult,
    Heard,
    Listen,
    Say,
    Spoken,
    Ticket,
    Trace,
    TraceStep,
    TurnMarks,
    Understanding,
    Webhook,
)
from callbot.protocol import Revision
from callbot.store.engine import open_engine, reading
from callbot.store.migrate import migrate
from callbot.store.records import (
    MAX_ATTEMPTS,
    CampaignState,
    Claimed,
    ContactState,
    Dialling,
    FollowUpKind,
    FollowUpState,
    NewContact,
    NewFollowUp,
)
from callbot.store.repository import Store, open_store
from callbot.store.tables import metadata
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.contract

LATER = NOW + timedelta(hours=4)
SCRIPT = Revision("balance_reminder", "abc", '{"say": "您好"}')


def campaign(store: Store, contacts: int = 1, start: bool = True) -> str:
    new = [NewContact(str(n + 2), Phone(f"138{n:08}"), {"name": "王女士", "due": "128.50"}) for n in range(contacts)]
    made = store.campaigns.add("提醒", SCRIPT, new)
    if start:
        store.campaigns.start(made)
    return made


def claim(store: Store, limit: int = 1, now: datetime = NOW, owner: str = "control") -> list[Claimed]:
    return store.attempts.claim(limit, now, 60, owner)


def dial(store: Store, claimed: Claimed, call_id: str = "call_1") -> bool:
    dialling = Dialling(call_id, "line-0", "line_x", "trunk")
    return store.attempts.mark_dialling(claimed.attempt_id, claimed.fence, dialling, NOW + timedelta(seconds=60))


def result(claimed: Claimed, call_id: str = "call_1", **changes: object) -> CallResult:
    base = CallResult(
        call_id=call_id,
        attempt_id=claimed.attempt_id,
        fence=claimed.fence,
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="promised",
        sip_status=200,
        started_at=NOW,
        answered_at=NOW + timedelta(seconds=5),
        ended_at=NOW + timedelta(seconds=65),
        hung_up_by="robot",
        tags=("会付尾款",),
        sms="pay_link",
        slots={"callback_at": "明天"},
        transcript=(Spoken("robot", "您好😀", 40, 2000, "greet"), Spoken("customer", "", 2100, 2500)),
        turns=(TurnMarks(1, 2, 3, 4),),
        ticket=Ticket("finance", "王女士对金额有异议"),
        webhook=Webhook("crm", {"order_no": "00731"}),
        recording="recordings/call_1.wav",
        trace=Trace(
            "balance_reminder",
            "abc",
            {"name": "王女士"},
            (
                TraceStep(
                    40,
                    Heard("是的"),
                    "greet",
                    "remind",
                    (Say(1, "remind", "您的尾款", ("您的尾款",)), Listen("remind", 5000, ("affirm",))),
                    Understanding("affirm", 0.9, "exact"),
                ),
            ),
        ),
    )
    return msgspec.structs.replace(base, **changes)


SMS = NewFollowUp("followup:call_1:sms", FollowUpKind.SMS, "pay_link", Phone("13800000000"), "请付款")


# ---------------------------------------------------------------- shape


def test_migrations_make_exactly_the_tables(url: str) -> None:
    migrate(url)
    migrate(url)  # a second time changes nothing
    engine = open_engine(url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_callbot_is_refused(url: str) -> None:
    migrate(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="9999"):
        open_store(url)


def test_two_processes_may_migrate_at_once(url: str) -> None:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            migrate(url)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_an_unusable_url_is_a_sentence() -> None:
    for bad in ("mysql://x/y", "nonsense", "oracle://x"):
        with pytest.raises(SettingsError, match=r"store\.url"):
            open_store(bad)


# ---------------------------------------------------------------- campaigns


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(StoreError):
        open_store(f"postgresql://callbot@127.0.0.1:{deaf.getsockname()[1]}/callbot")


def test_waiting_in_vain_for_a_connection_is_a_sentence(url: str) -> None:
    """Many threads wait for a slow database: who gets no turn hears what he hears when it is away."""
    opened = open_store(url, FixedClock())
    opened.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    with ExitStack() as held, pytest.raises(StoreError):
        for _ in range(100):
            held.enter_context(reading(opened.engine))
    opened.close()


def test_a_campaign_comes_back_as_it_was_added(store: Store) -> None:
    made = campaign(store, 3, start=False)
    found = store.campaigns.get(made)
    assert (found.title, found.state, found.revision, found.contacts) == ("提醒", CampaignState.READY, SCRIPT, 3)
    assert found.created_at == NOW
    assert [one.id for one in store.campaigns.all()] == [made]
    assert [one.key for one in store.campaigns.results(made)] == ["2", "3", "4"]


def test_a_campaign_is_added_whole_or_not_at_all(store: Store) -> None:
    twice = NewContact("2", Phone("13800000000"), {})
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.campaigns.add("提醒", SCRIPT, [twice, twice])
    assert store.campaigns.all() == []


def test_start_pause_stop(store: Store) -> None:
    made = campaign(store, start=False)
    assert claim(store) == []
    assert [store.campaigns.start(made), store.campaigns.start(made)] == [True, False]
    assert [store.campaigns.pause(made), store.campaigns.pause(made)] == [True, False]
    assert claim(store) == []
    assert store.campaigns.start(made)
    assert store.campaigns.pause_all() == 1
    assert [store.campaigns.stop(made), store.campaigns.stop(made), store.campaigns.start(made)] == [True, False, False]
    assert claim(store) == []


def test_an_unknown_campaign_is_a_sentence(store: Store) -> None:
    for ask in (store.campaigns.get, store.campaigns.start, store.campaigns.progress):
        with pytest.raises(StoreError, match="camp_x"):
            ask("camp_x")
    with pytest.raises(StoreError, match="camp_x"):
        list(store.campaigns.results("camp_x"))


# ---------------------------------------------------------------- attempts


def test_a_contact_is_claimed_once(store: Store) -> None:
    made = campaign(store, 3)
    first, second = claim(store, 2)
    assert (first.number, first.fence, first.phone, first.inputs["name"]) == (1, 1, Phone("13800000000"), "王女士")
    assert first.revision == SCRIPT
    assert len(claim(store, 5)) == 1
    assert claim(store, 5) == []
    assert second.contact_id != first.contact_id
    assert store.campaigns.progress(made).calling == 3


def test_a_released_claim_goes_back_and_was_no_attempt(store: Store) -> None:
    made = campaign(store)
    (first,) = claim(store)
    assert store.attempts.release(first.attempt_id, first.fence, LATER)
    assert not store.attempts.release(first.attempt_id, first.fence)
    assert claim(store) == []
    (again,) = claim(store, now=LATER)
    assert (again.number, again.fence) == (1, 2)
    assert not dial(store, first)  # the fence of the first claim opens nothing any more
    assert dial(store, again)
    assert store.campaigns.progress(made).calling == 1


def test_who_comes_next_is_seen_without_being_taken(store: Store) -> None:
    made = campaign(store, contacts=3)
    seen = store.attempts.upcoming(2, NOW)
    assert [one.contact_id for one in claim(store, 2)] == [one.contact_id for one in seen]
    assert (seen[0].campaign_id, seen[0].phone, seen[0].revision) == (made, Phone("13800000000"), SCRIPT)
    (last,) = store.attempts.upcoming(2, NOW)
    assert last.phone == Phone("13800000002")
    store.campaigns.pause(made)
    assert store.attempts.upcoming(2, NOW) == []


def test_campaigns_of_a_cold_revision_are_passed_over(store: Store) -> None:
    campaign(store)
    assert store.attempts.claim(1, NOW, 60, "control", {SCRIPT.hash}) == []
    assert len(store.attempts.claim(1, NOW, 60, "control", {"another"})) == 1


def test_a_contact_set_aside_waits_for_the_operator_and_was_no_attempt(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    assert not store.attempts.set_aside(claimed.attempt_id, claimed.fence + 1, "no_prompts")
    assert store.attempts.set_aside(claimed.attempt_id, claimed.fence, "no_prompts")
    assert not store.attempts.set_aside(claimed.attempt_id, claimed.fence, "no_prompts")
    assert not dial(store, claimed)
    assert claim(store) == []
    (one,) = store.campaigns.results(made)
    assert (one.state, one.outcome) == (ContactState.INTERRUPTED, "no_prompts")
    assert store.attempts.call_again([one.contact_id], NOW) == 1
    (again,) = claim(store)
    assert again.number == 1


def test_nothing_is_dialled_for_a_campaign_that_was_paused_meanwhile(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    store.campaigns.pause(made)
    assert not dial(store, claimed)


def test_claims_of_an_owner_that_died_go_back_but_not_its_calls(store: Store) -> None:
    campaign(store, 3)
    first, second, other = [*claim(store, 2), *claim(store, 1, owner="elsewhere")]
    dial(store, first)
    assert store.attempts.release_claims("control") == 1
    assert [one.contact_id for one in claim(store, 5)] == [second.contact_id]
    assert dial(store, other, "call_2")


def test_a_lease_that_runs_out(store: Store) -> None:
    made = campaign(store, 3)
    claimed, dialled, kept = claim(store, 3)
    dial(store, dialled, "call_1")
    dial(store, kept, "call_2")
    store.attempts.renew(["call_2"], NOW + timedelta(seconds=500))
    assert store.attempts.expire(NOW + timedelta(seconds=59)) == []
    assert store.attempts.expire(NOW + timedelta(seconds=61)) == ["call_1"]
    progress = store.campaigns.progress(made)
    assert (progress.waiting, progress.calling, progress.interrupted) == (1, 1, 1)
    assert [one.dialling.call_id for one in store.attempts.open_attempts()] == ["call_2"]
    assert [one.contact_id for one in claim(store, 5, LATER)] == [claimed.contact_id]


def test_open_attempts_by_line(store: Store) -> None:
    campaign(store)
    (claimed,) = claim(store)
    assert store.attempts.open_attempts() == []
    dial(store, claimed)
    (found,) = store.attempts.open_attempts("line-0")
    assert (found.attempt_id, found.fence, found.dialling.incarnation) == (claimed.attempt_id, 1, "line_x")
    assert store.attempts.open_attempts("line-1") == []


# ---------------------------------------------------------------- results


def test_a_result_is_kept_whole_with_its_followups(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    assert store.attempts.record(result(claimed), [SMS])
    assert store.campaigns.call("call_1") == result(claimed)
    (one,) = store.campaigns.results(made)
    assert (one.state, one.outcome, one.attempts, one.call_id) == (ContactState.DONE, "promised", 1, "call_1")
    assert one.call == msgspec.structs.replace(result(claimed), trace=None)
    assert [(sms.id, sms.state, sms.text) for sms in one.followups] == [(SMS.id, FollowUpState.PENDING, "请付款")]
    progress = store.campaigns.progress(made)
    assert progress.finished
    assert progress.outcomes == {"promised": 1}


def test_the_same_result_again_changes_nothing(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    assert store.attempts.record(result(claimed), [SMS])
    store.followups.mark_sent(SMS.id, "ref")
    assert not store.attempts.record(result(claimed, outcome="other"), [SMS])
    (one,) = store.campaigns.results(made)
    assert one.outcome == "promised"
    assert [sms.state for sms in one.followups] == [FollowUpState.SENT]


def test_a_callback_is_due_when_the_script_said_so_and_at_most_three_times(store: Store) -> None:
    made = campaign(store)
    for number in range(1, MAX_ATTEMPTS + 1):
        due = NOW + number * timedelta(hours=1)
        (claimed,) = claim(store, now=due - timedelta(hours=1))
        assert claimed.number == number
        call = f"call_{number}"
        dial(store, claimed, call)
        beijing = due.astimezone(timezone(timedelta(hours=8)))
        store.attempts.record(result(claimed, call, outcome="callback", retry_at=beijing, sms=None), [])
        assert claim(store, now=due - timedelta(seconds=1)) == []
    assert claim(store, now=NOW + timedelta(days=9)) == []
    (one,) = store.campaigns.results(made)
    assert (one.state, one.outcome, one.attempts) == (ContactState.DONE, "callback", 3)


def test_a_late_result_settles_an_interrupted_contact(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    store.attempts.expire(LATER)
    assert store.attempts.record(result(claimed), [SMS])
    (one,) = store.campaigns.results(made)
    assert (one.state, one.outcome) == (ContactState.DONE, "promised")


def test_a_call_cut_off_waits_for_the_operator(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    store.attempts.record(result(claimed, outcome="interrupted", sms=None), [])
    assert store.campaigns.progress(made).interrupted == 1
    assert claim(store, now=LATER) == []
    (one,) = store.campaigns.results(made)
    assert store.attempts.call_again([one.contact_id], LATER) == 1
    assert store.attempts.call_again([one.contact_id], LATER) == 0
    (again,) = claim(store, now=LATER)
    assert again.number == 2


def test_a_call_taken_back_while_it_rang_is_not_forgotten(store: Store) -> None:
    """A restart of callbot cancels what rings: nobody was reached, and nobody may be rung again by itself."""
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    cancelled = result(claimed, disposition=Disposition.CANCELLED, outcome="cancelled", answered_at=None)
    assert store.attempts.record(cancelled, ())
    (one,) = store.campaigns.results(made)
    assert (one.state, one.outcome) == (ContactState.INTERRUPTED, "cancelled")
    assert claim(store, now=LATER) == []
    assert store.attempts.call_again([one.contact_id], LATER) == 1
    assert len(claim(store, now=LATER)) == 1


def test_a_whole_list_can_be_called_again(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    store.attempts.record(result(claimed, outcome="interrupted"), ())
    (one,) = store.campaigns.results(made)
    # PostgreSQL takes 65 535 values in one statement, SQLite 32 766.
    assert store.attempts.call_again([*(f"ct_{n}" for n in range(70_000)), one.contact_id], LATER) == 1


def test_a_result_after_the_operators_decision_is_kept_beside_the_new_state(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    store.attempts.expire(LATER)
    store.attempts.call_again([claimed.contact_id], LATER)
    (again,) = claim(store, now=LATER)
    assert store.attempts.record(result(claimed), [SMS])
    assert store.campaigns.progress(made).calling == 1
    assert store.campaigns.call("call_1") == result(claimed)
    assert store.followups.get(SMS.id) is not None  # what the customer was promised in that call holds
    assert dial(store, again, "call_2")


def test_a_call_believed_never_to_have_left_still_counts(store: Store) -> None:
    made = campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed)
    store.attempts.release(claimed.attempt_id, claimed.fence)
    (again,) = claim(store)
    assert store.attempts.record(result(claimed), [])
    assert not dial(store, again, "call_2")
    (one,) = store.campaigns.results(made)
    assert (one.state, one.outcome, one.attempts) == (ContactState.DONE, "promised", 1)


def test_a_result_of_an_unknown_attempt_is_kept(store: Store) -> None:
    campaign(store)
    (claimed,) = claim(store)
    stranger = result(claimed, "call_9", attempt_id="att_x")
    assert store.attempts.record(stranger, [])
    assert store.campaigns.call("call_9") == stranger
    assert store.attempts.context("att_x") is None
    context = store.attempts.context(claimed.attempt_id)
    assert context is not None
    assert (context.contact_id, context.revision) == (claimed.contact_id, SCRIPT)


# ---------------------------------------------------------------- follow-ups


def taken(call_id: str = "call_1", **changes: object) -> CallResult:
    came_in = CallResult(
        call_id=call_id,
        attempt_id="",
        fence=0,
        direction="in",
        caller="13900000001",
        number="4008001234",
        line="line-1",
        disposition=Disposition.ANSWERED,
        outcome="served",
        started_at=NOW,
        answered_at=NOW,
        ended_at=LATER,
        slots={"order_no": "20731"},
        trace=Trace("hotline", "h1", {}, ()),
    )
    return msgspec.structs.replace(came_in, **changes)


def test_a_call_that_came_in_is_kept_with_what_follows_and_belongs_to_nobody(store: Store) -> None:
    flow = Revision("hotline", "h1", "{}")
    store.incoming.publish([flow])
    store.incoming.publish([flow])
    came_in = taken()
    context = store.incoming.context(came_in)
    assert context is not None
    assert (context.phone, context.revision) == (Phone("13900000001"), flow)
    sms = NewFollowUp("followup:call_1:sms", FollowUpKind.SMS, "t", context.phone, "您好")
    assert store.incoming.record(came_in, [sms])
    assert not store.incoming.record(came_in, [sms])
    (kept,) = store.incoming.latest(10)
    assert kept.call == came_in
    assert [followup.text for followup in kept.followups] == ["您好"]
    assert [followup.call_id for followup in store.followups.pending(10, FollowUpKind.SMS)] == ["call_1"]


def test_systems_are_told_of_callers_without_a_number_too(store: Store) -> None:
    store.incoming.publish([Revision("hotline", "h1", "{}")])
    came_in = taken(caller="anonymous")
    context = store.incoming.context(came_in)
    assert context is not None
    assert context.phone is None
    planned = NewFollowUp("followup:call_1:webhook", FollowUpKind.WEBHOOK, "crm", None, "{}")
    assert store.incoming.record(came_in, [planned])
    (row,) = store.followups.pending(10, FollowUpKind.WEBHOOK)
    assert (row.id, row.kind, row.template, row.phone, row.text) == (planned.id, "webhook", "crm", None, "{}")
    assert store.followups.pending(10, FollowUpKind.SMS) == []


def test_what_a_column_cannot_hold_is_a_sentence_without_the_values(store: Store) -> None:
    """A result that PostgreSQL refuses must not end control, nor may what it holds get into a log."""
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite takes text of any length")
    claimed = claim_of_one(store)
    with pytest.raises(StoreError) as caught:
        store.attempts.record(result(claimed, line="x" * 65, slots={"a": "138" + "0" * 8}), ())
    assert "138" + "0" * 8 not in "".join(traceback.format_exception(caught.value))


def claim_of_one(store: Store) -> Claimed:
    campaign(store)
    (claimed,) = claim(store)
    assert dial(store, claimed)
    return claimed


def test_calls_that_came_in_are_listed_newest_first_and_those_we_made_are_not(store: Store) -> None:
    campaign(store)
    (claimed,) = claim(store)
    dial(store, claimed, "call_9")
    store.attempts.record(result(claimed, "call_9"), ())
    for number in range(3):
        store.incoming.record(taken(f"call_{number}", started_at=NOW + timedelta(minutes=number)), ())
    assert [one.call.call_id for one in store.incoming.latest(2)] == ["call_2", "call_1"]
    assert {one.call.direction for one in store.incoming.latest(10)} == {"in"}


@pytest.mark.parametrize("changes", [{"trace": None}, {"trace": Trace("x", "unknown", {}, ())}])
def test_nothing_follows_from_a_flow_that_is_not_known(store: Store, changes: dict[str, object]) -> None:
    assert store.incoming.context(taken(**changes)) is None


def test_followups_move_on_only_from_pending(store: Store) -> None:
    campaign(store)
    (claimed,) = claim(store)
    broken = NewFollowUp("followup:call_1:x", FollowUpKind.SMS, "gone", SMS.phone, "", Text("没有模板", "no template"))
    store.attempts.record(result(claimed), [SMS, broken])
    assert [row.id for row in store.followups.pending(9, FollowUpKind.SMS)] == [SMS.id]
    store.followups.count_try(SMS.id, Text("忙", "busy"))
    store.followups.mark_sent(SMS.id, "ref-1")
    store.followups.mark_failed(SMS.id, Text("晚了", "too late"))
    row = store.followups.get(SMS.id)
    assert row is not None
    assert (row.state, row.tries, row.reference, row.problem) == (FollowUpState.SENT, 2, "ref-1", None)
    failed = store.followups.get(broken.id)
    assert failed is not None
    assert (failed.state, failed.problem) == (FollowUpState.FAILED, broken.problem)
    assert store.followups.pending(9, FollowUpKind.SMS) == []


def test_the_outbox_takes_a_message_once(store: Store) -> None:
    for wording in ("一", "二"):
        store.followups.put_sms("sms-1", Phone("13800000000"), wording)
    store.followups.put_sms("sms-2", Phone("13800000001"), "三")
    assert [(sms.id, sms.text) for sms in store.followups.outbox()] == [("sms-1", "一"), ("sms-2", "三")]


# ---------------------------------------------------------------- many at once


def test_many_claim_at_once_and_nobody_is_claimed_twice(store: Store) -> None:
    campaign(store, 120)
    taken: list[str] = []
    problems: list[BaseException] = []
    together = threading.Barrier(6)

    def work(owner: str) -> None:
        try:
            together.wait()
            while claims := claim(store, 3, owner=owner):
                for claimed in claims:
                    assert dial(store, claimed, f"call_{claimed.contact_id}")
                    taken.append(claimed.contact_id)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(f"owner-{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    # SKIP LOCKED may let a worker find nothing for a moment and leave; what is left is still there for the next.
    while claims := claim(store, 50):
        taken += [claimed.contact_id for claimed in claims]
    assert len(taken) == len(set(taken)) == 120


def test_dialling_and_giving_back_at_the_same_moment_never_both_succeed(store: Store) -> None:
    campaign(store, 60)
    for number, claimed in enumerate(claim(store, 60)):
        together = threading.Barrier(2)
        said: list[bool] = []

        def dialling(
            one: Claimed = claimed,
            call: str = f"call_{number}",
            at: threading.Barrier = together,
            out: list[bool] = said,
        ) -> None:
            at.wait()
            out.append(dial(store, one, call))

        def giving_back(at: threading.Barrier = together) -> None:
            at.wait()
            store.attempts.release_claims("control")

        threads = [threading.Thread(target=dialling), threading.Thread(target=giving_back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        open_now = {one.attempt_id for one in store.attempts.open_attempts()}
        assert said == [claimed.attempt_id in open_now]

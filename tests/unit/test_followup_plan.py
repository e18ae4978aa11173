"""What follows from a call: an SMS from the script's template, or a problem that a person sees."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbot.followup.plan import plan
from callbot.messages import CallResult, Webhook
from callbot.protocol import Revision
from callbot.script.revision import build_revision
from callbot.store.records import CallContext
from callbot.values import Disposition, Phone

pytestmark = pytest.mark.unit

SCRIPT = Path(__file__).parents[2] / "scripts_dsl" / "balance_reminder.yaml"
INPUTS = {"name": "王女士", "order_no": "20731", "due": "128.50", "deadline": "2026-12-31"}


@pytest.fixture(scope="module")
def revision() -> Revision:
    """The example script with a template of our own in the place of all of its own."""
    built = build_revision(SCRIPT)
    bundle = json.loads(built.text)
    bundle["sms"] = {"t": {"id": "t", "title": "t", "text": "{name}，请付{due}，{later}"}}
    return Revision(built.script, "changed", json.dumps(bundle, ensure_ascii=False))


def planned(
    revision: Revision, sms: str | None, slots: dict[str, str], signature: str = "云杉商城"
) -> list[tuple[str, bool]]:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    result = CallResult(
        call_id="call_1",
        attempt_id="att_1",
        fence=1,
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="promised",
        started_at=at,
        ended_at=at,
        sms=sms,
        slots=slots,
    )
    context = CallContext("camp_1", "ct_1", Phone("13800000001"), INPUTS, revision)
    made = plan(result, context, signature)
    assert all(one.id == "followup:call_1:sms" and one.phone == context.phone for one in made)
    return [(one.text, one.problem is None) for one in made]


def test_values_are_written_as_people_read_them(revision: Revision) -> None:
    ((text, good),) = planned(revision, "t", {"later": "明天"})
    assert good
    assert text.startswith("【云杉商城】王女士，请付128.5")
    assert text.endswith("明天")
    ((text, _),) = planned(revision, "t", {"later": "明天"}, signature="")
    assert text.startswith("王女士")


def test_what_the_call_found_out_comes_before_the_list(revision: Revision) -> None:
    ((text, _),) = planned(revision, "t", {"later": "明天", "name": "李先生"})
    assert "李先生" in text
    assert "王女士" not in text


def test_no_sms_no_follow_up(revision: Revision) -> None:
    assert planned(revision, None, {}) == []


@pytest.mark.parametrize(("sms", "slots"), [("t", {}), ("t", {"later": ""}), ("gone", {})])
def test_what_cannot_be_written_is_a_problem_and_never_half_a_message(
    revision: Revision, sms: str, slots: dict[str, str]
) -> None:
    assert planned(revision, sms, slots) == [("", False)]


def test_a_system_is_told_what_came_of_the_call(revision: Revision) -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    result = CallResult(
        call_id="call_1",
        attempt_id="att_1",
        fence=1,
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="promised",
        started_at=at,
        answered_at=at + timedelta(seconds=5),
        ended_at=at + timedelta(seconds=47),
        tags=("回访",),
        webhook=Webhook("crm", {"order_no": "00731"}),
        slots={"callback_at": "2026-06-02T10:00:00+08:00"},
    )
    (made,) = plan(result, CallContext("camp_1", "ct_1", Phone("13800000001"), INPUTS, revision), "云杉商城")
    assert (made.id, made.kind, made.template, made.problem) == ("followup:call_1:webhook", "webhook", "crm", None)
    assert json.loads(made.text) == {
        "webhook": "crm",
        "call": "call_1",
        "campaign": "camp_1",
        "script": "balance_reminder",
        "direction": "out",
        "phone": "13800000001",
        "outcome": "promised",
        "tags": ["回访"],
        "slots": {"callback_at": "2026-06-02T10:00:00+08:00"},
        "values": {"order_no": "00731"},
        "started_at": "2026-06-01T00:00:00+00:00",
        "answered_at": "2026-06-01T00:00:05+00:00",
        "ended_at": "2026-06-01T00:00:47+00:00",
    }


def test_a_caller_without_a_number_gets_no_message_but_systems_are_told(revision: Revision) -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    result = CallResult(
        call_id="call_1",
        attempt_id="",
        fence=0,
        direction="in",
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="promised",
        started_at=at,
        ended_at=at,
        sms="t",
        webhook=Webhook("crm"),
        slots={"later": "明天", "name": "王女士", "due": "128.50"},
    )
    message, told = plan(result, CallContext("", "", None, {}, revision), "云杉商城")
    assert message.problem is not None
    assert told.problem is None
    body = json.loads(told.text)
    assert (body["phone"], body["campaign"], body["answered_at"]) == (None, None, None)

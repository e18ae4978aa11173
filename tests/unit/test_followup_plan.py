"""What follows from a call: an SMS from the script's template, or a problem that a person sees."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbot.followup.plan import plan
from callbot.messages import CallResult
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

"""``import``, ``campaigns``, ``results`` and ``call-again`` as a person and a program meet them."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from callbot.cli import campaign
from callbot.cli.running import watch
from callbot.errors import ContactListError, SettingsError
from callbot.language import Text
from callbot.messages import CallResult, Webhook
from callbot.settings import load
from callbot.store.records import Dialling, FollowUpKind, NewFollowUp
from callbot.store.repository import Store, open_store
from callbot.values import Disposition

pytestmark = pytest.mark.unit

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
HEADER = "手机号,客户称呼,订单号,尾款金额,最晚付款日\n"
GOOD = "13800000001,王女士,20731,128.50,2026-12-31\n"
BAD = "1.38E+10,李先生,4820165,abc,2026-12-31\n"

Call = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "callbot.toml"
    path.write_text(f'data_dir = "{tmp_path / "var"}"\nscripts_dir = "{SCRIPTS}"\n', "utf-8")
    return path


@pytest.fixture
def call(config: Path) -> Call:
    app = typer.Typer()
    campaign.register(app)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "-c", str(config)])

    return run


@pytest.fixture
def bring(tmp_path: Path, call: Call) -> Call:
    """Import a list with this content."""

    def run(content: str, *options: str) -> Result:
        path = tmp_path / "customers.csv"
        path.write_text(content, "utf-8")
        return call("import", str(path), "--script", "balance_reminder", *options)

    return run


def store_of(config: Path) -> Store:
    return open_store(load(config).store_url)


def titles(config: Path) -> list[tuple[str, int]]:
    store = store_of(config)
    try:
        return [(one.title, one.contacts) for one in store.campaigns.all()]
    finally:
        store.close()


def test_a_good_list_becomes_a_campaign(bring: Call, config: Path, call: Call) -> None:
    done = bring(HEADER + GOOD, "--title", "六月提醒")
    assert done.exit_code == 0, done.output
    assert titles(config) == [("六月提醒", 1)]
    campaign_id = done.output.split()[-1]
    listed = call("campaigns").output
    assert campaign_id in listed
    assert "未开始" in listed


def test_the_example_list_is_good_in_every_row(call: Call, config: Path) -> None:
    done = call("import", str(SCRIPTS / "examples" / "balance_reminder.csv"), "-s", "balance_reminder", "--json")
    report = json.loads(done.stdout)
    assert (report["rows"], report["good"], report["problems"]) == (6, 6, [])
    assert titles(config) == [("balance_reminder", 6)]


def test_one_bad_row_and_nothing_is_imported(bring: Call, config: Path) -> None:
    done = bring(HEADER + GOOD + BAD)
    assert done.exit_code == 1
    assert titles_or_none(config) == []
    for part in ("科学计数法", "金额", "--good-only"):
        assert part in done.output.replace("\n", "")
    report = json.loads(bring(HEADER + GOOD + BAD, "--json").stdout)
    assert report["campaign"] is None
    assert [(one["row"], one["column"]) for one in report["problems"]] == [(3, "手机号"), (3, "尾款金额")]


def titles_or_none(config: Path) -> list[tuple[str, int]]:
    return titles(config) if (config.parent / "var" / "callbot.db").exists() else []


def test_good_rows_alone(bring: Call, config: Path) -> None:
    done = bring(HEADER + GOOD + BAD, "--good-only")
    assert done.exit_code == 0
    assert titles(config) == [("customers", 1)]
    assert bring(HEADER + BAD, "--good-only").exit_code == 1


def test_an_unknown_script_is_named_with_its_neighbour(call: Call, tmp_path: Path) -> None:
    done = call("import", str(tmp_path / "x.csv"), "--script", "balance_remindr")
    assert isinstance(done.exception, SettingsError)
    assert "balance_reminder" in str(done.exception)


def test_a_wrong_column_is_a_sentence(bring: Call) -> None:
    done = bring("手机号,名字\n13800000001,王\n")
    assert isinstance(done.exception, ContactListError)
    assert "order_no" in str(done.exception)


# ---------------------------------------------------------------- results


@pytest.fixture
def called(bring: Call, config: Path) -> str:
    """A campaign of two: one was called and promised, the other's call was interrupted. Returns its id."""
    evil = '13800000002,"=HYPERLINK(""x"")",4820165,2399,2026-12-31\n'
    campaign_id = json.loads(bring(HEADER + GOOD + evil, "--json").stdout)["campaign"]
    store = store_of(config)
    store.campaigns.start(campaign_id)
    now = datetime.now(UTC)
    first, second = store.attempts.claim(2, now + timedelta(seconds=1), 60, "control")
    for number, claimed in enumerate((first, second)):
        order = Dialling(f"call_{number}", "line-0", "a", "x")
        store.attempts.mark_dialling(claimed.attempt_id, claimed.fence, order, now)
    result = CallResult(
        call_id="call_0",
        attempt_id=first.attempt_id,
        fence=first.fence,
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="promised",
        started_at=now,
        answered_at=now,
        ended_at=now + timedelta(seconds=42),
        slots={"callback_at": "@明天[/]"},
        sms="pay_link",
        webhook=Webhook("crm", {"order_no": "00731"}),
    )
    refused = Text("webhook crm 拒绝了这条通知（HTTP 401）。", "Webhook crm refused this message (HTTP 401).")
    planned = [
        NewFollowUp("followup:call_0:sms", FollowUpKind.SMS, "pay_link", first.phone, "请付款"),
        NewFollowUp("followup:call_0:webhook", FollowUpKind.WEBHOOK, "crm", first.phone, "{}", refused),
    ]
    store.attempts.record(result, planned)
    store.attempts.expire(now + timedelta(days=1))
    store.close()
    return str(campaign_id)


def test_results_on_the_screen_mask_numbers(called: str, call: Call) -> None:
    shown = call("results", called).output
    for part in ("138****0001", "答应付款", "42", "待发", "中断", "[/]", "失败"):
        assert part in shown
    assert "13800000001" not in shown


def test_results_as_csv_open_in_excel_and_compute_nothing(called: str, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert call("results", called, "--csv", str(path)).exit_code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    assert (first["phone"], first["outcome"], first["seconds"]) == ("13800000001", "promised", "42")
    assert first["sms"] == "待发"
    assert first["webhook"].startswith("失败：webhook crm 拒绝了这条通知（HTTP 401）")
    assert first["slot_callback_at"] == "'@明天[/]"
    assert second["name"] == '\'=HYPERLINK("x")'


def test_results_as_json(called: str, call: Call) -> None:
    first, second = json.loads(call("results", called, "--json").stdout)
    assert (first["contact"], first["outcome"], first["seconds"]) == ("13800000001", "promised", 42)
    assert first["sms"] == [{"text": "请付款", "state": "pending", "problem": None}]
    told = first["webhook"]
    assert (told["name"], told["values"], told["state"]) == ("crm", {"order_no": "00731"}, "failed")
    assert "HTTP 401" in told["problem"]
    assert second["webhook"] is None
    assert (second["state"], second["call"]) == ("interrupted", None)


def test_interrupted_contacts_are_called_again_only_on_demand(called: str, call: Call, config: Path) -> None:
    assert "1 位" in call("call-again", called).output
    store = store_of(config)
    assert store.campaigns.progress(called).waiting == 1
    store.close()
    assert "0 位" in call("call-again", called).output


def test_a_file_that_cannot_be_written(called: str, call: Call, tmp_path: Path) -> None:
    done = call("results", called, "--csv", str(tmp_path))
    assert isinstance(done.exception, SettingsError)


def test_pause_stops_new_calls_and_says_so(bring: Call, config: Path, call: Call) -> None:
    campaign_id = bring(HEADER + GOOD).output.split()[-1]
    assert "没有在拨打" in call("pause", campaign_id).output
    store = store_of(config)
    try:
        store.campaigns.start(campaign_id)
        assert "已暂停" in call("pause", campaign_id).output
        assert store.attempts.claim(1, datetime.now(UTC), 60, "control") == []
    finally:
        store.close()


async def test_watching_ends_with_the_callbot_that_was_calling(bring: Call, config: Path) -> None:
    """Another `run` had the processes and was ended: nobody calls any more, so nobody waits."""
    campaign_id = bring(HEADER + GOOD).output.split()[-1]
    store = store_of(config)
    try:
        store.campaigns.start(campaign_id)
        with pytest.raises(SettingsError, match="停止了"):
            await watch(load(config), store, campaign_id, Console(file=io.StringIO()), lambda: False)
        store.campaigns.pause(campaign_id)
        progress = await watch(load(config), store, campaign_id, Console(file=io.StringIO()))
        assert progress.waiting == 1
    finally:
        store.close()

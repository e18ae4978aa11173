"""Graphs from the command line: Mermaid, SVG, the path of a call, the funnel of many; and calls replayed."""

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from callbot.authoring.drawing import draw
from callbot.authoring.picture_files import mermaid
from callbot.authoring.travelled import funnel, travelled
from callbot.call.text_session import TextSession
from callbot.cli import build
from callbot.dialogue.compiled import CompiledScript, compile_revision
from callbot.dialogue.trace import trace_step
from callbot.errors import CallbotError, ScriptError, SettingsError, StoreError
from callbot.messages import CallResult, Trace
from callbot.script.revision import build_revision, read_revision
from callbot.settings import load
from callbot.store.repository import Store, open_store
from callbot.values import Disposition

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
ID = "balance_reminder"
INPUTS = {"name": "王女士", "order_no": "00731", "due": "128.50", "deadline": "2026-06-30"}
NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed (apt install graphviz)")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("scripts_dsl", "ivr_flows"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def reminder() -> CompiledScript:
    return compile_revision(build_revision(ROOT / "scripts_dsl" / f"{ID}.yaml"))


@pytest.fixture(scope="module")
def hotline() -> CompiledScript:
    return compile_revision(build_revision(ROOT / "ivr_flows" / "hotline.yaml"))


def talk(script: CompiledScript, *lines: str, inputs: dict[str, str] | None = None) -> Trace:
    """The trace of a typed conversation, as a call leaves it."""
    given = INPUTS if inputs is None else inputs
    session = TextSession(script, given, NOW)
    steps = []
    for at, turn in enumerate((session.start(), *(session.type(line) for line in lines))):
        steps.append(trace_step(at * 4000, turn.event, turn.before, turn.after, turn.actions))
    return Trace(script.script.id, script.revision.hash, given, tuple(steps))


def result(trace: Trace, number: int = 1) -> CallResult:
    return CallResult(
        call_id=f"call_{number}",
        attempt_id="",
        fence=0,
        direction="in",
        line="line-0",
        disposition=Disposition.ANSWERED,
        outcome="done",
        started_at=NOW,
        answered_at=NOW,
        ended_at=NOW,
        trace=trace,
    )


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    opened = open_store(load().store_url)
    yield opened
    opened.close()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def refused(kind: type[CallbotError], *arguments: str) -> str:
    found = call(*arguments)
    assert isinstance(found.exception, kind), found.output
    return str(found.exception)


# ---------------------------------------------------------------- the graph


def test_mermaid_on_the_screen(folder: Path) -> None:
    shown = call("graph", ID).output
    assert 'title: "尾款到期提醒 (balance_reminder)"' in shown
    assert "flowchart TD" in shown
    assert '["remind<br>您的订单{order_no}还有尾款' in shown
    assert '-->|"现在不方便"|' in shown
    assert '-.->|"听到' not in shown  # what holds everywhere is named by its intent
    assert '-.->|"找人工<br>生气<br>没听懂"|' in shown


@pytest.mark.parametrize("script", ["reminder", "hotline"])
def test_every_way_is_drawn_and_nothing_that_cannot_happen(script: str, request: pytest.FixtureRequest) -> None:
    compiled: CompiledScript = request.getfixturevalue(script)
    drawing = draw(read_revision(compiled.revision))
    names = {node.name for node in drawing.nodes}
    assert all({arrow.source, arrow.target} <= names for arrow in drawing.arrows)
    assert {arrow.target for arrow in drawing.arrows} >= names - {"*start", "*anytime"}
    assert mermaid(drawing).count("\n") > len(drawing.nodes)


@needs_dot
def test_svg_is_whole_and_holds_nothing_from_outside(folder: Path) -> None:
    assert call("graph", "hotline", "-o", "h.svg").exit_code == 0
    text = (folder / "h.svg").read_text("utf-8")
    tree = ET.fromstring(text)
    shown = "".join(tree.itertext())
    assert all(word in shown for word in ("look_up", "person", "加盟开店请按1", "最多 2 次"))
    addresses = [part for part in text.split('"') if "://" in part and "w3.org" not in part]
    assert addresses == []
    assert "<script" not in text
    assert "<!DOCTYPE" not in text


def test_a_place_that_cannot_be_written_and_an_unknown_ending(folder: Path) -> None:
    assert ".svg 或 .mmd" in refused(SettingsError, "graph", ID, "-o", "g.png")
    assert "写不了" in refused(SettingsError, "graph", ID, "-o", "nowhere/g.mmd")
    assert "只能选一个" in refused(ScriptError, "graph", ID, "--trace", "x", "--funnel")
    assert "没有编号为 call_9 的电话" in refused(ScriptError, "graph", ID, "--trace", "call_9")


def test_without_graphviz_a_sentence_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "apt install graphviz" in refused(SettingsError, "graph", ID, "-o", "g.svg")


# ---------------------------------------------------------------- calls on it


def hops(script: CompiledScript, *lines: str, inputs: dict[str, str] | None = None) -> list[tuple[int, str, str, str]]:
    one = travelled(read_revision(script.revision), talk(script, *lines, inputs=inputs))
    assert one.unknown == ()
    return [(hop.turn, hop.step, hop.way, hop.target) for hop in one.hops]


def test_the_path_of_a_call(reminder: CompiledScript) -> None:
    lines = ("今天天气不错", "是的", "我付过了", "/result payment_status=unpaid", "/result transfer=failed")
    assert hops(reminder, *lines) == [
        (2, "greet", "answer:affirm", "remind"),
        (3, "remind", "answer:already_paid", "check"),
        (3, "check", "result:unpaid", "handover"),
        (3, "handover", "failed", "later"),
    ]
    assert hops(reminder, "/silence", "/silence") == [(2, "greet", "silence", "unreachable")]
    assert hops(reminder, "是的", "/key 1") == [
        (1, "greet", "answer:affirm", "remind"),
        (2, "remind", "key:1", "thanks"),
    ]
    assert hops(reminder, "忙着呢", "别再打了")[-1] == (2, "call_later", "anytime:stop_calling", "opt_out")


def test_steps_that_do_not_wait_are_on_the_path_too(hotline: CompiledScript) -> None:
    assert hops(hotline, "加盟费多少", inputs={})[:2] == [
        (0, "greet", "then", "main"),
        (1, "main", "answer:join_fee", "join_fee"),
    ]
    assert hops(hotline, "商务咨询", "加盟要多少钱", inputs={})[2:] == [
        (2, "business", "answer:join_fee", "join_fee"),
        (2, "join_fee", "then", "more"),
    ]
    assert hops(hotline, "/key 7", inputs={})[1:] == []  # only said again


def test_the_funnel_of_many_calls(reminder: CompiledScript) -> None:
    calls = [
        ("是的", "好的"),
        ("是的", "/key 1"),
        ("是的", "/hangup"),
        ("打错了",),
        ("转人工", "/result transfer=failed"),
    ]
    bundle = read_revision(reminder.revision)
    counted = funnel(bundle, [talk(reminder, *lines) for lines in calls])
    assert counted.calls == 5
    assert (counted.visits["greet"], counted.visits["remind"], counted.visits["thanks"]) == (5, 3, 2)
    assert counted.taken["greet", "answer:affirm", "remind"] == 3
    assert counted.taken["greet", "anytime:human", "handover"] == 1
    assert counted.hung_up == {"remind": 1, "thanks": 0, "wrong_person": 0, "later": 0}
    assert counted.unknown == 0


def test_overlays_from_the_command_line(folder: Path, store: Store, reminder: CompiledScript) -> None:
    for number, lines in enumerate((("是的", "转人工", "/result transfer=failed"), ("是的", "/hangup"))):
        store.incoming.record(result(talk(reminder, *lines), number), ())
    shown = call("graph", ID, "--trace", "call_0").output
    assert "同意、是本人 [第 1 轮]" in shown
    assert "找人工 [第 2 轮]" in shown
    assert "classDef path" in shown
    counted = call("graph", ID, "--funnel").output
    assert "2 通电话" in counted
    assert "同意、是本人 [2]" in counted
    assert "2 次，挂断 1" in counted
    assert "找人工 [1]" in counted


def test_a_call_of_another_revision_is_not_guessed_at(folder: Path, store: Store, reminder: CompiledScript) -> None:
    store.incoming.record(result(talk(reminder, "忙着呢", "说不准", "说不准"), 0), ())
    path = folder / "scripts_dsl" / f"{ID}.yaml"
    text = path.read_text("utf-8").replace("  call_later:", "  when:").replace("busy: call_later", "busy: when")
    path.write_text(text, "utf-8")
    shown = call("graph", ID, "--trace", "call_0").output
    assert "这一版没有从 greet 到 call_later 的路" in shown
    store.incoming.publish([reminder.revision])  # as campaigns and hotlines do with what they run
    again = call("graph", ID, "--trace", "call_0").output
    assert "没有从" not in again
    assert "现在不方便 [第 1 轮]" in again
    assert "1 通走过这一版没有的路" in call("graph", ID, "--funnel").output


# ---------------------------------------------------------------- replay


@pytest.fixture
def stored(folder: Path, store: Store, reminder: CompiledScript) -> Callable[..., str]:
    def keep(*lines: str) -> str:
        store.incoming.record(result(talk(reminder, *lines)), ())
        return "call_1"

    return keep


def test_the_same_text_says_the_same(stored: Callable[..., str]) -> None:
    name = stored("是的", "我付过了", "/result payment_status=paid")
    found = call("replay", name)
    assert found.exit_code == 0, found.exception
    assert "客户：我付过了" in found.output
    assert found.output.rstrip().endswith("到结束都一样。")


def test_the_first_difference_is_shown_from_both_sides(folder: Path, stored: Callable[..., str]) -> None:
    name = stored("是的", "忙着呢", "明天下午三点")
    path = folder / "scripts_dsl" / f"{ID}.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("dispute: handover, busy: call_later}", "dispute: handover, busy: later}"), "utf-8")
    found = call("replay", name)
    assert found.exit_code == 1
    before, after = found.output.split("从这里开始不同（00:08）：客户：忙着呢")
    assert "机器人：您的订单00731还有尾款128.50元" in before
    then, now = after.split("  现在\n")
    assert "步骤：remind → call_later" in then
    assert "步骤：remind → later" in now
    assert "结束：callback" in now
    (folder / "other.yaml").write_text(text, "utf-8")  # a file by its path
    assert isinstance(call("replay", name, "--revision", "other.yaml").exception, ScriptError)  # its id differs
    assert "还没有发布过" in refused(StoreError, "replay", name, "--revision", "1")


def test_a_call_from_a_file(folder: Path, reminder: CompiledScript) -> None:
    trace = talk(reminder, "打错了")
    (folder / "t.json").write_bytes(msgspec.json.encode(trace))
    (folder / "r.json").write_bytes(msgspec.json.encode(result(trace)))
    assert call("replay", "t.json").exit_code == 0
    assert call("replay", "r.json").exit_code == 0
    (folder / "x.json").write_text("{}", "utf-8")
    assert "不是一通电话的记录" in refused(ScriptError, "replay", "x.json")
    assert "打不开" in refused(ScriptError, "replay", "none.json")
    (folder / "n.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(result(trace), trace=None)))
    assert "没有接通" in refused(ScriptError, "replay", "n.json")


def test_a_new_input_is_explained(folder: Path, stored: Callable[..., str]) -> None:
    name = stored("打错了")
    path = folder / "scripts_dsl" / f"{ID}.yaml"
    path.write_text(path.read_text("utf-8").replace("inputs:", "inputs:\n  shop: {type: text}", 1), "utf-8")
    assert "那通电话没有的值" in refused(ScriptError, "replay", name)

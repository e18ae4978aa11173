"""Publishing from the command line: gate, revisions, differences, rolling back, and what an import takes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callbot.authoring.publish import NotReadyError
from callbot.cli import build
from callbot.errors import CallbotError, ScriptError, SettingsError, StoreError

pytestmark = pytest.mark.unit

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
ID = "balance_reminder"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working file of a script in a folder of its own."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts_dsl")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scripts_dsl" / f"{ID}.yaml"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def done(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(kind: type[CallbotError], *arguments: str) -> str:
    result = call(*arguments)
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


@pytest.fixture
def edit(script: Path) -> Callable[[str, str], None]:
    def replace(old: str, new: str) -> None:
        text = script.read_text("utf-8")
        assert old in text
        script.write_text(text.replace(old, new), "utf-8")

    return replace


def test_a_life_from_draft_to_roll_back(script: Path, edit: Callable[[str, str], None]) -> None:
    assert "还没有发布过" in done("revisions", ID)
    first = done("publish", ID, "-m", "第一版", "--author", "李经理")
    assert "个用例通过，走过话术的 100%" in first
    assert f"已发布 {ID} 第 1 版" in first
    assert "和第 1 版完全相同" in done("publish", ID, "-m", "又来")
    assert "工作文件和最新一版相同" in done("revisions", ID)

    edit("已查到您的付款，打扰了，再见。", "已查到您的付款，谢谢，再见。")
    assert "还没有发布的改动" in done("revisions", ID)
    second = done("publish", ID, "-m", "道谢", "--author", "王主管")
    assert "与第 1 版（李经理）相比" in second
    assert "~ 步骤 settled：话术从“已查到您的付款，打扰了，再见。”改为“已查到您的付款，谢谢，再见。”" in second

    back = done("rollback", ID, "1", "--author", "李经理")
    assert f"已发布 {ID} 第 3 版" in back
    assert "恢复第 1 版" in back
    assert "谢谢" in script.read_text("utf-8")  # the working file stays
    rows = json.loads(done("revisions", ID, "--json"))
    assert [(row["revision"], row["author"], row["message"]) for row in rows] == [
        (3, "李经理", "恢复第 1 版"),
        (2, "王主管", "道谢"),
        (1, "李经理", "第一版"),
    ]
    assert rows[0]["hash"] == rows[2]["hash"] != rows[1]["hash"]
    assert done("revisions", ID, "--source", "2") == script.read_text("utf-8")
    assert done("diff", ID, "1", "3").endswith("没有不同。\n")


def test_differences_in_words_for_people_and_programs(
    script: Path, edit: Callable[[str, str], None], tmp_path: Path
) -> None:
    done("publish", ID, "-m", "一")
    edit("deny: wrong_person, busy: call_later}", "deny: wrong_person, busy: later}")
    edit("silence: {wait: 5s", "silence: {wait: 6s")
    edit("tags: [会付尾款]", "tags: [会付]")
    edit("  settled:", "  spare:\n    say: 再见。\n    end: {outcome: spare}\n  settled:")
    edit("unpaid: handover", "unpaid: spare")
    edit('keys: {"1": thanks, "0": handover}', 'keys: {"2": thanks, "0": handover}')
    result = call("diff", ID, "-o", "d.svg" if shutil.which("dot") else "d.mmd")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{ID}: 第 1 版 → 工作文件",
        "~ 通用规则的没有声音的等多久从 5s 改为 6s",
        "~ 步骤 greet：听到“现在不方便”(busy)，改去 later（原来去 call_later）",
        "+ 步骤 remind：新增：按 2，去 thanks",
        "- 步骤 remind：删除：按 1（原来去 thanks）",
        "~ 步骤 check：查到 unpaid，改去 spare（原来去 handover）",
        "~ 步骤 thanks：结束的标签从 会付尾款 改为 会付",
        "+ 新增步骤 spare，说“再见。”",
    ]
    (picture,) = tmp_path.glob("d.*")
    assert "新增 spare" in picture.read_text("utf-8")
    rows = json.loads(call("diff", ID, "--json").stdout)
    assert {row["kind"] for row in rows} == {"added", "removed", "changed"}
    assert {row["step"] for row in rows} == {"", "greet", "remind", "check", "thanks", "spare"}


def test_differences_in_english(script: Path, edit: Callable[[str, str], None], english: None) -> None:
    done("publish", ID, "-m", "one")
    edit("您看方便吗？", "可以吗？")
    edit("dispute: handover", "dispute: later")
    shown = call("diff", ID).output
    assert "~ step remind: says “您的订单{order_no}还有尾款{due}，请在{deadline}前支付，可以吗？” instead of" in shown
    assert "~ step remind: hears dispute now leads to later (was handover)" in shown


def test_the_gate(script: Path, edit: Callable[[str, str], None]) -> None:
    tests = script.with_name(f"{ID}.test.yaml")
    whole = tests.read_text("utf-8")
    tests.write_text(whole.replace("outcome: opt_out", "outcome: out"), "utf-8")
    assert "个用例没有通过，不能发布" in refused(NotReadyError, "publish", ID, "-m", "x")
    tests.write_text(whole[: whole.index("  - name: 按 1")], "utf-8")
    sentence = refused(NotReadyError, "publish", ID, "-m", "x")
    assert "发布至少要 80%" in sentence
    assert f"callbot test {ID} --coverage" in sentence
    Path("callbot.toml").write_text("[publish]\ncoverage = 10\n", "utf-8")
    assert "第 1 版" in done("publish", ID, "-m", "少测一点")
    tests.unlink()
    assert "旁边没有测试" in refused(NotReadyError, "publish", ID, "-m", "x")
    tests.write_text(whole, "utf-8")
    edit("deny: wrong_person", "deny: wrong_persn")
    assert "1 处错误" in refused(ScriptError, "publish", ID, "-m", "x")
    assert len(json.loads(done("revisions", ID, "--json"))) == 1


def test_who_publishes_on_top_of_an_older_revision_is_told(script: Path, edit: Callable[[str, str], None]) -> None:
    done("publish", ID, "-m", "一", "--author", "李")
    edit("您看方便吗？", "可以吗？")
    done("publish", ID, "-m", "李的改动", "--author", "李")
    edit("可以吗？", "行吗？")
    sentence = refused(StoreError, "publish", ID, "-m", "王的改动", "--author", "王", "--after", "1")
    assert "李 已经发布了 balance_reminder 的第 2 版（李的改动），您的改动没有发布" in sentence
    assert "第 3 版" in done("publish", ID, "-m", "王的改动", "--author", "王", "--after", "2")


def test_wrong_numbers_and_missing_words(script: Path) -> None:
    assert "还没有发布过" in refused(StoreError, "diff", ID)
    assert "用 -m 说明改了什么" in refused(SettingsError, "publish", ID, "-m", " ")
    done("publish", ID, "-m", "一")
    assert "最新是第 1 版" in refused(StoreError, "rollback", ID, "4")
    assert "不是版本号" in refused(SettingsError, "diff", ID, "一")


def test_an_import_takes_what_was_published(script: Path, edit: Callable[[str, str], None]) -> None:
    contacts = "scripts_dsl/examples/balance_reminder.csv"
    assert "工作文件（还没有发布过）" in done("import", contacts, "-s", ID)
    done("publish", ID, "-m", "一", "--author", "李")
    published = json.loads(done("revisions", ID, "--json"))[0]["hash"]
    script.write_text("dsl: [", "utf-8")  # a draft somebody is working on
    shown = done("import", contacts, "-s", ID)
    assert "话术：第 1 版（一，李）" in shown
    assert "没有发布的改动不算数" in shown
    assert isinstance(call("import", contacts, "-s", ID, "--revision", "file").exception, ScriptError)
    from callbot.settings import load
    from callbot.store.repository import open_store

    store = open_store(load().store_url)
    assert {campaign.revision.hash for campaign in store.campaigns.all()} == {published}
    store.close()

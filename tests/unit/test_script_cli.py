"""The commands about scripts, as a person and as a program see them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callbot.cli import build
from callbot.errors import ScriptError

pytestmark = pytest.mark.unit

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the scripts of the project in it."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts_dsl")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scripts_dsl"


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(build(), list(arguments), input=typed)


def break_script(folder: Path) -> None:
    path = folder / "balance_reminder.yaml"
    path.write_text(path.read_text("utf-8").replace("deny: wrong_person", "deny: wrong_persn"), "utf-8")


def test_lint_of_a_sound_folder(folder: Path) -> None:
    result = call("lint", "scripts_dsl")
    assert result.exit_code == 0
    assert "0 处错误" in result.output


def test_lint_prints_place_mark_and_suggestion(folder: Path) -> None:
    break_script(folder)
    result = call("lint", "scripts_dsl")
    assert result.exit_code == 1
    assert "balance_reminder.yaml:23:61  错误 S203  没有名为 wrong_persn 的步骤" in result.output
    assert "^^^^^^^^^^^  您是想写 wrong_person 吗？" in result.output


def test_lint_for_programs(folder: Path) -> None:
    break_script(folder)
    answer = json.loads(call("lint", "scripts_dsl", "--json").stdout)
    (found,) = answer["findings"]
    assert (found["line"], found["column"], found["length"], found["code"]) == (23, 61, 11, "S203")
    assert found["severity"] == "error"


def test_lint_reads_tests_and_shared_parts_too(folder: Path) -> None:
    (folder / "sms.yaml").write_text("dsl: 1\nkind: sms\ntemplate: []\n", "utf-8")
    (folder / "balance_reminder.test.yaml").write_text("script: balance_reminder\ncase: []\n", "utf-8")
    codes = {found["code"] for found in json.loads(call("lint", "--json").stdout)["findings"]}
    assert codes == {"S101", "S102"}


def test_test_passes_and_names_what_fails(folder: Path) -> None:
    assert "35/35 通过" in call("test").output
    path = folder / "balance_reminder.test.yaml"
    path.write_text(path.read_text("utf-8").replace("outcome: opt_out", "outcome: out"), "utf-8")
    result = call("test", "balance_reminder")
    assert result.exit_code == 1
    assert "结果应该是 out，实际是 opt_out" in result.output
    assert "客户：别再打了" in result.output
    answer = json.loads(call("test", "--json").stdout)
    assert not answer["passed"]
    (file,) = [each for each in answer["files"] if each["file"].endswith("balance_reminder.test.yaml")]
    assert {case["passed"] for case in file["cases"]} == {True, False}


def test_test_of_a_broken_script_shows_its_report(folder: Path) -> None:
    break_script(folder)
    result = call("test")
    assert result.exit_code == 1
    assert "S203" in result.output


def test_sim_talks_to_the_end(folder: Path) -> None:
    typed = "是的\n\n我付过了\n/result payment_status=paid\n还说什么\n"
    result = call("sim", "balance_reminder", "--with", "name=李先生", typed=typed)
    assert result.exit_code == 0
    assert "请问是李先生本人吗" in result.output
    assert "[already_paid 1.00] words 付过了" in result.output
    assert result.output.rstrip().endswith("结束：already_paid")


def test_sim_takes_all_commands_and_explains_wrong_ones(folder: Path) -> None:
    typed = "/dance\n/key x\n/during 喂\n/silence\n/key 1\n/hangup\n"
    result = call("sim", "balance_reminder", typed=typed)
    assert "看不懂 /dance" in result.output
    assert "看不懂 /key" in result.output
    assert "（机器人继续）" in result.output
    assert "结束：hung_up" in result.output


def test_sim_refuses_values_that_the_script_does_not_have(folder: Path) -> None:
    result = call("sim", "balance_reminder", "--with", "nmae=李先生")
    assert isinstance(result.exception, ScriptError)
    assert "order_no" in str(result.exception)


def test_understand_for_programs(folder: Path) -> None:
    result = call("understand", "是的，我是", "今天天气不错", "明天下午三点吧", "--json")
    first, second, third = (json.loads(line) for line in result.stdout.splitlines())
    assert first == {"text": "是的，我是", "intent": "affirm", "score": 1.0, "slots": {}}
    assert second["intent"] is None
    assert third["slots"]["datetime"].endswith("T15:00:00+08:00")


def test_understand_in_a_step(folder: Path) -> None:
    result = call("understand", "好的我今天就复", "--script", "balance_reminder", "--step", "remind")
    assert "will_pay" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["understand", "好", "--script", "balance_reminder", "--step", "gret"], "您是想写 greet 吗？"),
        (["understand", "好", "--step", "greet"], "--script"),
        (["sim", "balance_remindr"], "您是想写 balance_reminder 吗？"),
        (["explain", "S999"], "没有代码 S999"),
        (["test", "scripts_dsl/sms.yaml"], "旁边没有 sms.test.yaml"),
    ],
)
def test_wrong_names_get_a_sentence(folder: Path, arguments: list[str], sentence: str) -> None:
    result = call(*arguments)
    assert isinstance(result.exception, ScriptError)
    assert sentence in str(result.exception)


def test_explain(folder: Path) -> None:
    assert "proves" in call("explain", "s404").output

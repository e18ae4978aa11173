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
    (mine,) = [file for file in answer["files"] if file["file"].endswith("balance_reminder.test.yaml")]
    assert {case["passed"] for case in mine["cases"]} == {True, False}


def test_coverage_lists_what_no_test_reaches(folder: Path) -> None:
    path = folder / "balance_reminder.test.yaml"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("  - name: 按 0 转人工")], "utf-8")
    plain = call("test", "balance_reminder")
    (mine,) = json.loads(call("test", "balance_reminder", "--json").stdout)["files"]
    seen, taken = mine["steps"] - len(mine["unvisited"]), mine["exits"] - len(mine["untaken"])
    assert (seen, taken) == (3, 3)
    share = 100 * (seen + taken) // (mine["steps"] + mine["exits"])
    assert mine["coverage"] == share
    assert f"2/2 通过；走到步骤 3/{mine['steps']}，走过出路 3/{mine['exits']}（{share}%）" in plain.output
    assert "没有走" not in plain.output
    result = call("test", "balance_reminder", "--coverage")
    assert result.exit_code == 0
    assert "没有走到步骤 handover" in result.output
    assert "步骤 remind 没有走过：听到“有异议”(dispute)" in result.output
    assert "handover 没有走过" not in result.output  # its step says it already


def test_recordings_are_skipped_with_a_reason_when_nothing_can_hear_them(folder: Path, tmp_path: Path) -> None:
    path = folder / "balance_reminder.test.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("{hear: affirm, bot: 尾款}", "{wav: yes.wav, bot: 尾款}", 1), "utf-8")
    (tmp_path / "callbot.toml").write_text('[speech]\nrecogniser = "vosk"\n', "utf-8")
    result = call("test", "balance_reminder")
    assert result.exit_code == 0
    assert "跳过 答应付款，发短信：" in result.output
    assert "vosk" in result.output
    cases = json.loads(call("test", "balance_reminder", "--json").stdout)["files"][0]["cases"]
    assert f"{len(cases) - 1}/{len(cases)} 通过" in result.output
    case = cases[0]
    assert not case["passed"]
    assert "vosk" in case["skipped"]


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
    assert "听成 “已经付过了” already_paid，把握 1.00，依据：words 付过了" in result.output
    assert "步骤 remind → check" in result.output
    assert result.output.rstrip().endswith("结束：already_paid")


def test_sim_takes_all_commands_and_explains_wrong_ones(folder: Path) -> None:
    typed = "/dance\n/key x\n/barge 喂\n/silence\n/key 1\n/help\n/hangup\n"
    result = call("sim", "balance_reminder", typed=typed)
    assert "看不懂 /dance" in result.output
    assert "看不懂 /key" in result.output
    assert "（机器人继续）" in result.output
    assert result.output.count("退回一步") == 2  # at the start, and asked for
    assert "结束：hung_up" in result.output


def test_sim_breaks_into_prompts(folder: Path) -> None:
    result = call("sim", "balance_reminder", typed="/barge 600ms 我就是\n/barge 9000ms 好的\n")
    assert "机器人刚说到：您好，▌我是云杉商城" in result.output
    assert result.output.count("▌") == 1  # the second came when all was said
    assert "结束：promised" in result.output
    path = folder / "balance_reminder.yaml"
    path.write_text(path.read_text("utf-8").replace("本人吗？\n", "本人吗？\n    barge_in: off\n", 1), "utf-8")
    held = call("sim", "balance_reminder", typed="/barge 600ms 我就是\n我就是\n")
    assert "这时还不能打断（barge_in）" in held.output
    assert held.output.count("greet → remind") == 1


def test_sim_takes_lines_back(folder: Path) -> None:
    typed = "/back\n是的\n我付过了\n/result payment_status=paid2\n/back\n/back\n忙着呢\n"
    result = call("sim", "balance_reminder", typed=typed)
    assert "已经在开头了" in result.output
    assert result.output.count("退回到：") == 2
    assert "remind → call_later" in result.output.split("退回到：")[-1]


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


# ---------------------------------------------------------------- lint beyond one script


def findings() -> list[tuple[str, int, str]]:
    answer = json.loads(call("lint", "--json").stdout)
    return [(Path(found["file"]).name, found["line"], found["code"]) for found in answer["findings"]]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_warning_is_waived_with_a_reason_on_its_line_above_it_or_for_the_file(folder: Path) -> None:
    path = folder / "balance_reminder.yaml"
    change(path, "您看方便吗？", "如果有什么不清楚的地方也可以现在就问我，您看方便吗？")
    line = path.read_text("utf-8").split("如果有什么不清楚")[0].count("\n") + 1
    assert findings() == [(path.name, line, "S401")]
    change(path, "  remind:\n", "  remind:\n    # 允许 S401：法务定稿\n")
    assert findings() == []
    change(path, "S401：法务定稿", "S401")
    assert findings() == [(path.name, line, "S021"), (path.name, line + 1, "S401")]
    change(path, "    # 允许 S401\n", "")
    change(path, "dsl: 1", "# allow S401: approved by legal\ndsl: 1")
    assert findings() == []


def test_waivers_that_do_nothing_are_found(folder: Path) -> None:
    path = folder / "balance_reminder.yaml"
    change(path, "  thanks:\n", "  # 允许 S401：太长了\n  thanks:\n")
    assert [code for _, _, code in findings()] == ["S021"]
    assert "这里没有 S401" in call("lint").output
    change(path, "deny: wrong_person", "deny: wrong_persn")
    change(path, "S401：太长了", "S203：以后再改")
    result = call("lint")
    assert result.exit_code == 1
    assert "S203 是错误，不能允许" in result.output


def test_queues_that_the_settings_do_not_have(folder: Path, tmp_path: Path) -> None:
    assert findings() == []  # nothing is known of queues
    (tmp_path / "callbot.toml").write_text('[[transfer.queues]]\nname = "finances"\nto = "sip:a@b"\n', "utf-8")
    result = call("lint")
    assert "警告 S231  配置里没有人工队列 finance" in result.output
    assert "您是想写 finances 吗？" in result.output


def test_answers_that_sound_the_same(folder: Path) -> None:
    change(folder / "intents" / "answers.yaml", "    whole: [不认可, ", "    whole: [富过了, 不认可, ")
    assert "S407  “付过了”既算 already_paid 又算 dispute" in call("lint").output


def test_tests_that_name_what_is_not_there(folder: Path) -> None:
    path = folder / "balance_reminder.test.yaml"
    change(path, "{hear: affirm, bot: 尾款}", "{hear: afirm, bot: 尾款}")
    change(path, "result: {payment_status: paid}", "result: {payment_state: paid}")
    change(path, "never_said: due", "never_said: dew")
    change(path, "with: {name:", "with: {nmae:")
    assert [code for _, _, code in findings()] == ["S233"] * 4
    assert "话术里没有名为 afirm 的意图" in call("lint").output


def test_schema_is_written_where_one_wants(folder: Path, tmp_path: Path) -> None:
    shown = call("schema", "made").output
    assert "made/script.v1.json" in shown
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "made").iterdir()}
    assert written == {path.name: path.read_text("utf-8") for path in (folder / "schema").iterdir()}

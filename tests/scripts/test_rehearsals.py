"""Every ``*.test.yaml`` passes; failing cases say what was expected and what came."""

import shutil
from pathlib import Path

import pytest

from callbot.authoring.rehearse import rehearse
from callbot.authoring.schema import schemas
from callbot.errors import ScriptError, SpeechError
from callbot.language import Text
from callbot.script import lint
from callbot.script.source import read

pytestmark = pytest.mark.scripts

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("scripts_dsl", "ivr_flows") for path in (ROOT / folder).rglob("*.test.yaml"))
TESTED = ROOT / "scripts_dsl"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    rehearsal = rehearse(path)
    assert {case.name: [str(problem) for problem in case.problems] for case in rehearsal.cases if case.problems} == {}
    assert rehearsal.unvisited == ()
    assert rehearsal.untaken == ()


def test_every_script_has_tests() -> None:
    files = [*TESTED.glob("*.yaml"), *(ROOT / "ivr_flows").glob("*.yaml")]
    scripts = [path for path in files if lint.kind(read(path)) in ("campaign", "hotline")]
    assert len(scripts) >= 3
    assert [path for path in scripts if not path.with_name(path.stem + ".test.yaml").exists()] == []


def test_schemas_are_fresh() -> None:
    """When this fails: callbot schema scripts_dsl/schema."""
    assert {path.name: path.read_text("utf-8") for path in (TESTED / "schema").glob("*.json")} == schemas()


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A copy of the scripts, with a test file that a test writes."""
    shutil.copytree(TESTED, tmp_path / "scripts_dsl")
    return tmp_path / "scripts_dsl" / "balance_reminder.test.yaml"


def write(cases: Path, turns: str, expect: str) -> Path:
    cases.write_text(
        "script: balance_reminder\n"
        'with: {name: 王女士, order_no: "00731", due: 128.50, deadline: 2026-06-30}\n'
        f"cases:\n  - name: 一\n    turns: {turns}\n    expect: {expect}\n",
        "utf-8",
    )
    return cases


@pytest.mark.parametrize(
    ("turns", "expect", "problem"),
    [
        ("[{hear: affirm, bot: 再见}]", "{}", "第 1 轮：机器人应该说“再见”，实际说“您的订单00731还有尾款128.50元"),
        ("[{say: 你打错了, bot: 尾款}]", "{}", "wrong_person"),
        ("[{hear: affirm, quiet: true}]", "{}", "第 1 轮：机器人不该说话"),
        ("[{hear: affirm, step: greet}]", "{}", "应该到 greet，实际在 remind"),
        ("[{hear: deny}]", "{outcome: promised}", "结果应该是 promised，实际是 wrong_person"),
        ("[{hear: affirm}, {hear: affirm}]", "{sms: ~}", "短信应该是 无，实际是 pay_link"),
        ("[{hear: affirm}]", "{outcome: promised}", "通话没有结束，还在 remind"),
        ("[{hear: deny}, {hear: deny}]", "{}", "第 2 轮：通话在这之前已经结束了"),
        ("[{hear: affirm}, {hear: already_paid}, {say: 喂}]", "{}", "第 3 轮：机器人在等 payment_status 的结果"),
        ("[{result: {payment_status: paid}}]", "{}", "第 1 轮：没有人在等 payment_status 的结果"),
        ("[{hear: affirm}]", "{never_said: due}", "不该说出 due，却说了"),
        ("[{hear: affirm}]", "{never_said: dew}", "没有名为 dew 的值"),
    ],
)
def test_failures_say_where_and_what(cases: Path, turns: str, expect: str, problem: str) -> None:
    (report,) = rehearse(write(cases, turns, expect)).cases
    assert any(problem in str(each) for each in report.problems), [str(each) for each in report.problems]


def test_recordings_are_heard_by_what_the_caller_gives(cases: Path) -> None:
    heard = {"yes.wav": "是的", "noise.wav": None}
    path = write(cases, "[{wav: noise.wav, bot: 本人吗}, {wav: yes.wav, bot: 尾款}]", "{}")
    good = rehearse(path, listener=lambda file: heard[file.name])
    assert [str(problem) for problem in good.cases[0].problems] == []
    assert good.cases[0].conversation[1:4:2] == ("客户：（沉默）", "客户：是的")
    (skipped,) = rehearse(path).cases
    assert str(skipped.skipped) == "没有识别引擎"
    assert skipped.problems == ()


def test_a_recording_that_cannot_be_read_is_a_failure(cases: Path) -> None:
    def deaf(file: Path) -> str:
        raise SpeechError(Text(f"读不了 {file.name}", f"cannot read {file.name}"))

    (report,) = rehearse(write(cases, "[{wav: yes.wav}]", "{}"), listener=deaf).cases
    assert str(report.problems[0]) == "第 1 轮：读不了 yes.wav"


def test_what_no_case_touched_is_listed(cases: Path) -> None:
    rehearsal = rehearse(write(cases, "[{hear: deny}]", "{outcome: wrong_person}"))
    assert rehearsal.passed
    assert "remind" in rehearsal.unvisited
    assert "greet answer:affirm" in rehearsal.untaken
    assert "greet answer:deny" not in rehearsal.untaken


@pytest.mark.parametrize("turns", ["[{hear: affirm, say: 好}]", "[{}]", "[{her: affirm}]", "[{key: 1x}]"])
def test_a_test_file_with_errors_gets_a_report(cases: Path, turns: str) -> None:
    with pytest.raises(ScriptError) as caught:
        rehearse(write(cases, turns, "{}"))
    assert "balance_reminder.test.yaml:5" in caught.value.report


def test_a_contact_that_the_list_would_refuse_is_a_failure(cases: Path) -> None:
    text = write(cases, "[{hear: deny}]", "{}").read_text("utf-8")
    cases.write_text(text.replace("128.50", "1.38E+10"), "utf-8")
    (report,) = rehearse(cases).cases
    assert "科学计数法" in str(report.problems[0])

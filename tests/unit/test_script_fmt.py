"""``callbot fmt``: one look, comments kept, the meaning never changed, the second time nothing to do."""

import random
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from callbot.authoring.code_examples import INTENTS, SCRIPT, TESTS
from callbot.authoring.fmt import format_text
from callbot.cli import build
from callbot.errors import ScriptError
from callbot.script import source
from callbot.script.revision import build_revision

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("scripts_dsl", "ivr_flows")
    for path in (ROOT / folder).rglob("*.yaml")
    if "examples" not in path.parts
)
MESSY = """\
# yaml-language-server: $schema=./schema/script.v1.json
id:    example   # 编号
dsl: 1


title: "付款提醒"
steps:
    bye:
        # 结束以前先道谢
        end: {sms: pay_link, outcome: "00731"}    # 记下来
        say:   再见。
    # 第一步
    greet:
        answers: {affirm: {proves: identity, to: bye}, deny: bye}
        # 说什么
        say: |
            您好。
kind: campaign
start: greet   # 从这里开始
"""


def formatted(text: str, name: str = "example.yaml") -> str:
    return format_text(Path(name), text)


def test_keys_come_in_order_each_with_its_comments() -> None:
    assert formatted(MESSY) == (
        "# yaml-language-server: $schema=./schema/script.v1.json\n"
        "dsl: 1\n"
        "\n"
        "\n"
        "id: example      # 编号\n"
        'title: "付款提醒"\n'
        "kind: campaign\n"
        "start: greet   # 从这里开始\n"
        "steps:\n"
        "  bye:\n"
        "    say: 再见。\n"
        "    # 结束以前先道谢\n"
        '    end: {outcome: "00731", sms: pay_link}        # 记下来\n'
        "  # 第一步\n"
        "  greet:\n"
        "    # 说什么\n"
        "    say: |\n"
        "      您好。\n"
        "    answers: {affirm: {to: bye, proves: identity}, deny: bye}\n"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_script_of_the_project_keeps_its_meaning_and_its_comments(path: Path) -> None:
    text = path.read_text("utf-8")
    once = formatted(text, path.name)
    assert formatted(once, path.name) == once
    assert source.parse(path, once).data == source.parse(path, text).data
    assert sorted(re.findall(r"(?:^|\s)(# .*)", once)) == sorted(re.findall(r"(?:^|\s)(# .*)", text))


def test_a_revision_is_the_same_but_for_the_order_of_keys(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts_dsl", tmp_path / "scripts_dsl")
    path = tmp_path / "scripts_dsl" / "balance_reminder.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("start: greet\n", "").replace("dsl: 1\n", "start: greet\ndsl: 1\n"), "utf-8")
    assert build_revision(path).hash != build_revision(ROOT / "scripts_dsl" / "balance_reminder.yaml").hash
    CliRunner().invoke(build(), ["fmt", str(path)])
    assert build_revision(path).hash == build_revision(ROOT / "scripts_dsl" / "balance_reminder.yaml").hash


def shuffled(text: str, seed: int) -> str:
    """The same file with its blocks in another order, comments, other spacing and trailing spaces."""
    dice = random.Random(seed)
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if line[:1] not in (" ", "-"):
            blocks.append([])
        blocks[-1].append(line)
    dice.shuffle(blocks)
    lines: list[str] = []
    wide = 1 if "- " in text else 2
    for block in blocks:
        if dice.random() < 0.3:
            lines.append(f"# 说明 {dice.randrange(100)}")
        if dice.random() < 0.2:
            lines.append("")
        for line in block:
            indent = len(line) - len(line.lstrip())
            note = f"   # 旁注{dice.randrange(9)}" if dice.random() < 0.1 else " " * dice.randrange(3)
            lines.append(" " * (indent * wide) + line.lstrip() + note)
    return "\n".join(lines) + "\n"


@settings(max_examples=25)
@given(st.sampled_from([(SCRIPT, "example.yaml"), (INTENTS, "a.yaml"), (TESTS, "example.test.yaml")]), st.integers())
def test_shuffled_files_keep_their_meaning_and_settle_at_once(file: tuple[str, str], seed: int) -> None:
    text, name = shuffled(file[0], seed), file[1]
    once = formatted(text, name)
    assert formatted(once, name) == once
    assert source.parse(Path(name), once).data == source.parse(Path(name), text).data
    assert once.count("# 旁注") == text.count("# 旁注")
    assert once.count("# 说明") == text.count("# 说明")


@pytest.mark.parametrize(
    "value", ["00731", "0x10", "1e3", "20:00", "on", "no", "~", "2026-06-30", "1_000", "'a: b'", "''"]
)
def test_values_stay_as_they_were_written(value: str) -> None:
    text = f"dsl: 1\nkind: sms\ntemplates:\n  - id: {value}\n    text: {value}\n"
    assert formatted(text) == text


def test_long_lists_are_broken_between_items_only() -> None:
    phrases = ", ".join(f"说法第{number}种" for number in range(40))
    text = INTENTS.replace("[改天再转账]", f"[{phrases}]")
    lines = formatted(text).splitlines()
    assert max(map(len, lines)) <= 120
    assert "    phrases: [" in lines
    assert "    ]" in lines


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_the_command_changes_files_and_only_looks_with_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "example.yaml"
    path.write_text(MESSY, "utf-8")
    looked = call("fmt", "example.yaml", "--check")
    assert looked.exit_code == 1
    assert "1 个要整理" in looked.output
    assert path.read_text("utf-8") == MESSY
    assert call("fmt", "example.yaml").exit_code == 0
    assert path.read_text("utf-8") == formatted(MESSY)
    assert call("fmt", "example.yaml", "--check").exit_code == 0


def test_what_cannot_be_kept_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.yaml"
    broken.write_text("dsl: [", "utf-8")
    result = call("fmt", "broken.yaml")
    assert result.exit_code == 1
    assert "S001" in result.output
    assert broken.read_text("utf-8") == "dsl: ["
    with pytest.raises(ScriptError):
        formatted("dsl: 1\ndsl: 2\n")

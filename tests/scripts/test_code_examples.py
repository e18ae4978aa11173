"""Every example of ``callbot explain`` does what it says: the wrong piece brings its code, the repaired one not."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callbot.authoring.code_examples import EXAMPLES, Example
from callbot.cli import build
from callbot.script.codes import CODES
from callbot.script.library import load

pytestmark = pytest.mark.scripts

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"


@pytest.fixture(scope="module")
def names() -> list[str]:
    """The intents of the project."""
    return list(load(SCRIPTS).intents)


@pytest.fixture
def folder(names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shared parts of the project around the example, and settings with the queue it transfers to.

    The intents have one phrase each here: reading the whole pack ninety times takes half a minute.
    """
    shutil.copytree(SCRIPTS / "common", tmp_path / "scripts_dsl" / "common")
    for name in ("sms.yaml", "actions.yaml"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts_dsl")
    (tmp_path / "scripts_dsl" / "knowledge").mkdir()
    rows = "".join(f"  {name}: {{title: {name}, phrases: [{name}]}}\n" for name in names)
    (tmp_path / "scripts_dsl" / "intents").mkdir()
    pack = f"# 允许 S232：标准意图\ndsl: 1\nkind: intents\nintents:\n{rows}"
    (tmp_path / "scripts_dsl" / "intents" / "pack.yaml").write_text(pack, "utf-8")
    (tmp_path / "callbot.toml").write_text(
        '[[transfer.queues]]\nname = "finance"\nto = "sip:a@b"\n[webhooks.crm]\nurl = "http://127.0.0.1/"\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scripts_dsl"


def codes(folder: Path, example: Example, piece: str) -> set[str]:
    for name, text in example.files(piece).items():
        (folder / name).write_text(text, "utf-8")
    answer = json.loads(CliRunner().invoke(build(), ["lint", "--json"]).stdout)
    return {found["code"] for found in answer["findings"]}


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_wrong_one_gets_its_code_and_the_right_one_none(folder: Path, code: str) -> None:
    example = EXAMPLES[code]
    assert code in codes(folder, example, example.wrong)
    assert codes(folder, example, example.right) == set()


def test_every_code_has_an_example_and_words_in_both_languages() -> None:
    assert EXAMPLES.keys() == CODES.keys()
    assert [code for code, text in CODES.items() if not text.zh.strip() or not text.en.isprintable()] == []


def test_explain_shows_both_pieces() -> None:
    shown = CliRunner().invoke(build(), ["explain", "s203"]).output
    assert "wrong_persn" in shown
    assert shown.index("错:") < shown.index("对:")

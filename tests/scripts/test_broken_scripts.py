"""Broken scripts and the whole reports they must get."""

from pathlib import Path

import pytest

from callbot.errors import ScriptError
from callbot.script import lint
from callbot.script.codes import CODES
from callbot.script.findings import render
from callbot.script.library import Library, load
from callbot.script.revision import build_revision

pytestmark = pytest.mark.scripts

BROKEN = Path(__file__).parent / "broken"
SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
FILES = sorted(BROKEN.glob("*.yaml"))


@pytest.fixture(scope="module")
def library() -> Library:
    return load(SCRIPTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_report(path: Path, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    findings = lint.check(Path(path.name), library).findings
    assert render(findings) + "\n" == path.with_suffix(".txt").read_text("utf-8")
    assert {each.code for each in findings} <= CODES.keys()


def test_reports_in_english_name_the_same_places(library: Library, english: None) -> None:
    report = render(lint.check(BROKEN / "names.yaml", library).findings)
    assert "names.yaml:19:37  error S203  there is no step called wrong_persn" in report


def test_every_code_that_lint_can_give_is_explained() -> None:
    sources = (SCRIPTS.parent / "callbot" / "script").glob("*.py")
    used = {
        word
        for path in sources
        for word in path.read_text("utf-8").split('"')
        if word[:1] == "S" and word[1:].isdigit()
    }
    assert used == CODES.keys()


def test_a_script_with_errors_has_no_revision(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("dsl: 1\nid: [", "utf-8")
    with pytest.raises(ScriptError) as caught:
        build_revision(path)
    assert "S001" in caught.value.report


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00x", b"- a\n- b\n", b"just text"])
def test_what_is_no_script_at_all_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    (found,) = lint.check(path).findings
    assert found.code == "S003"


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    (found,) = lint.check(tmp_path / "nobody.yaml").findings
    assert found.code == "S003"

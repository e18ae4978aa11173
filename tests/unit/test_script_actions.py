"""actions.yaml: what it may say, what a script may say of it, and what of it a revision keeps."""

from pathlib import Path

import pytest

from callbot.protocol import Revision
from callbot.script import lint
from callbot.script.findings import render
from callbot.script.library import load
from callbot.script.revision import build_revision, read_revision

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]


def linted(folder: Path, body: str) -> str:
    path = folder / "actions.yaml"
    path.write_text("dsl: 1\nkind: actions\nactions:\n  fly:\n    title: 飞\n" + body, "utf-8")
    return render(lint.check_shared(path))


def test_a_whole_one(tmp_path: Path) -> None:
    body = "    with: {to: text}\n    results: [landed, lost]\n    gives: {height: money}\n    without: [lost]\n"
    assert linted(tmp_path, body) == ""


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("    results: []\n", "results 的值不对"),
        ("    results: [landed, failed]\n", "failed 总是有，不写在 results 里"),
        ("    results: [landed]\n    without: [lost]\n", "without 里的名字必须是 results 里的"),
        ("    results: [landed]\n    with: {to: place}\n", "to 不能是“place”"),
        ("    results: [landed]\n    give: {height: money}\n", "您是想写 gives 吗？"),
    ],
)
def test_what_is_wrong_gets_a_sentence(tmp_path: Path, body: str, problem: str) -> None:
    assert problem in linted(tmp_path, body)


def test_a_revision_keeps_which_results_come_without_values() -> None:
    revision = build_revision(ROOT / "ivr_flows" / "hotline.yaml")
    do = read_revision(Revision(revision.script, revision.hash, revision.text)).script.steps["look_up"].do
    assert do is not None
    assert (do.gives_with("found"), do.gives_with("not_found"), do.gives_with("failed")) == (True, False, False)


def test_a_script_cannot_write_it_itself(tmp_path: Path) -> None:
    text = (ROOT / "ivr_flows" / "hotline.yaml").read_text("utf-8")
    path = tmp_path / "hotline.yaml"
    path.write_text(text.replace("gives: {status: text}}", "gives: {status: text}, without: [found]}"), "utf-8")
    (finding,) = lint.check(path, load(ROOT / "scripts_dsl")).findings
    assert (finding.code, str(finding.message)) == ("S101", "话术里不写 without，它在 actions.yaml 里")

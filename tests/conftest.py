"""Rules for all tests: one category per module, no settings from outside, one interface language."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CATEGORIES = frozenset({"unit", "contract", "scripts", "golden", "e2e", "web", "bench"})


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makemodule(module_path: Path) -> Iterator[None]:
    """Refuse a module that does not say of which one category it is, before any of its tests runs."""
    module: pytest.Module = yield
    marks = getattr(module.obj, "pytestmark", [])
    names = {mark.name for mark in (marks if isinstance(marks, list) else [marks])}
    if len(names & CATEGORIES) != 1:
        raise pytest.UsageError(
            f"{module_path}: put exactly one category at the top of the module, such as "
            f"`pytestmark = pytest.mark.unit` (one of {', '.join(sorted(CATEGORIES))}; it has {sorted(names)})"
        )
    return module


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CALLBOT_* variable of the developer reaches a test; sentences come in Chinese."""
    for name in [name for name in os.environ if name.startswith("CALLBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CALLBOT_LANG", "zh")


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences come in English."""
    monkeypatch.setenv("CALLBOT_LANG", "en")


@pytest.fixture
def free_udp_port() -> Callable[[], int]:
    """Gives UDP ports of 127.0.0.1 that were free a moment ago, another one each time."""
    given: set[int] = set()

    def free() -> int:
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            if port not in given:
                given.add(port)
                return port

    return free

"""Rules for all tests: one category per module, no settings from outside, one interface language."""

import os
import socket
from collections.abc import Callable

import hypothesis
import pytest

CATEGORIES = frozenset({"unit", "contract", "scripts", "golden", "e2e", "web", "bench"})

# No test passes or fails by the clock. Where CI is set, hypothesis also draws the same examples every time.
hypothesis.settings.register_profile("callbot", deadline=None, parent=hypothesis.settings.default)
hypothesis.settings.load_profile("callbot")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse modules that do not say of which one category they are, before any test runs or is deselected."""
    wrong = {}
    for module in {item.getparent(pytest.Module) for item in items} - {None}:
        marks = getattr(module.obj, "pytestmark", [])
        names = {mark.name for mark in (marks if isinstance(marks, list) else [marks])}
        if len(names & CATEGORIES) != 1:
            wrong[module.nodeid] = sorted(names)
    if wrong:
        raise pytest.UsageError(
            "put exactly one category at the top of a test module, such as `pytestmark = pytest.mark.unit` "
            f"(one of {', '.join(sorted(CATEGORIES))}). Not so: "
            + "; ".join(f"{path} has {names or 'none'}" for path, names in sorted(wrong.items()))
        )


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

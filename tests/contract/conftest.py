"""A store on each of the databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_clock import FixedClock
from throwaway_postgres import postgres  # noqa: F401 - a fixture

from callbot.store.repository import Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / '库 %.db'}"
    fresh: Callable[[], str] = request.getfixturevalue("postgres")
    return fresh()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store on it."""
    opened = open_store(url, FixedClock())
    yield opened
    opened.close()

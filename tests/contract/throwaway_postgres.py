"""A PostgreSQL cluster of its own for one test run: made in a folder, reached over a Unix socket, gone afterwards.

PostgreSQL refuses to run as root, so then it runs as the user postgres.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

_BIN = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/bin"), Path("/usr/local/bin"))


def missing() -> str:
    """Why no cluster can be made here; empty when one can."""
    if _tools() is None:
        return "PostgreSQL (initdb, pg_ctl) is not installed"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL does not run as root, and runuser is not here"
    return ""


def _tools() -> Path | None:
    return next((folder for folder in _BIN if (folder / "initdb").exists()), None)


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; gives a URL with ``{}`` in the place of the database's name."""
    tools = _tools()
    assert tools is not None
    # Not pytest's tmp_path: its parents are private to the user that runs the tests, and socket paths must be short.
    home = Path(tempfile.mkdtemp(prefix="callbot-pg-"))
    try:
        as_user = []
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
            as_user = ["runuser", "-u", "postgres", "--"]
        data = home / "data"

        def tool(*command: str) -> None:
            done = subprocess.run(
                [*as_user, *command], cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr or done.stdout

        tool(str(tools / "initdb"), "-D", str(data), "-U", "callbot", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off -c max_connections=60"
        tool(str(tools / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(home / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://callbot@/{{}}?host={home}"
        finally:
            tool(str(tools / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Gives the URL of a fresh database each time; for ``request.getfixturevalue`` in modules that import it."""
    if reason := missing():
        pytest.skip(reason)
    with cluster() as url:
        number = 0
        admin = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")

        def fresh() -> str:
            nonlocal number
            number += 1
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE test{number}"))
            return url.format(f"test{number}")

        yield fresh
        admin.dispose()

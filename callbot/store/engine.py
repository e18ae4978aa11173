"""Opening the database and its two kinds of transactions. Any thread; every call blocks."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from callbot.errors import SettingsError, StoreError
from callbot.language import Text

_BUSY_MS = 15_000
"""How long SQLite waits for another writer; our longest transaction, an import of 100 000 rows, takes a few seconds."""


_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {},
    "postgresql": {
        "pool_pre_ping": True,
        # libpq waits for minutes by itself when a server's machine is gone, and calls would wait with it.
        "connect_args": {"connect_timeout": 5, "tcp_user_timeout": 15_000, "keepalives_idle": 10},
    },
}

_UNUSABLE = Text(
    "配置 store.url 不是可用的数据库地址。请写成 sqlite:///文件 或 postgresql://用户@主机/库名。",
    "store.url is not a usable database. Write sqlite:///file or postgresql://user@host/database.",
)


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql://...``; creates the folder of an SQLite file.

    Errors: ``SettingsError`` when the URL or the driver is not usable. Nothing is connected yet.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(_UNUSABLE) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError(_UNUSABLE)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        # Values are customers' names and numbers: they stay out of every error text and so out of the logs.
        engine = create_engine(parsed, hide_parameters=True, **_OPTIONS[parsed.get_backend_name()])
    except ModuleNotFoundError as error:
        raise SettingsError(
            Text(
                f"缺少数据库驱动 {error.name}。请安装 callbot[postgres]。",
                f"The database driver {error.name} is missing. Install callbot[postgres].",
            )
        ) from None
    except NoSuchModuleError:
        raise SettingsError(_UNUSABLE) from None
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling off: we say BEGIN ourselves, below. synchronous stays FULL, because a
    # "dialling" that a power cut forgets would ring a customer twice.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: one that began as a reader could not wait for it later (SQLITE_BUSY_SNAPSHOT).
    writes = connection.get_execution_options().get("callbot_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that changes something; all of it or nothing. Errors: ``StoreError``."""
    with _converted(), engine.execution_options(callbot_write=True).begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only looks. Errors: ``StoreError``."""
    with _converted(), engine.begin() as connection:
        yield connection


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert unless a row with this key is there already; True when it was inserted."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # Asked by RETURNING, because psycopg's rowcount is -1 here (seen with SQLAlchemy 2.1 and psycopg 3.3).
    query = insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(query, row).one_or_none() is not None


@contextmanager
def _converted() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise  # a mistake of ours, never of the database
    except (DBAPIError, PoolTimeoutError) as error:
        # str(error.orig) is the sentence of the driver, without the values of the statement.
        said = error.orig if isinstance(error, DBAPIError) else error
        reason = str(said).strip().splitlines()[0]
        raise StoreError(
            Text(
                f"数据库无法使用：{reason}。请检查数据库是否在运行、磁盘是否已满、store.url 是否正确。",
                f"The database cannot be used: {reason}. Check that it runs, that the disk is not full, and store.url.",
            )
        ) from error

"""Bringing a database to the shape this version expects: at every start, one query when nothing is to do."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from callbot.errors import StoreError
from callbot.language import Text
from callbot.store.engine import open_engine, writing

_LOCK = 0x63616C6C  # "call": the PostgreSQL advisory lock that keeps two starting processes apart


def migrate(url: str) -> None:
    """Create or upgrade all tables, in one transaction. Errors: ``StoreError`` when a newer callbot shaped them."""
    engine = open_engine(url)
    try:
        migrate_engine(engine)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine) -> None:
    """As ``migrate``, on an engine that is open already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = ScriptDirectory.from_config(config)
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        current = MigrationContext.configure(connection).get_current_revision()
        if current == known.get_current_head():
            return
        if current is not None and current not in {script.revision for script in known.walk_revisions()}:
            raise StoreError(
                Text(
                    f"数据库由更新版本的 callbot 建立（结构版本 {current}）。请升级 callbot，或换一个 data_dir。",
                    f"A newer callbot made this database (shape {current}). Upgrade callbot, or use another data_dir.",
                )
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

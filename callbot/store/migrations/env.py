"""Alembic's entry: migrates over the connection that ``callbot.store.migrate`` hands in."""

from alembic import context

from callbot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

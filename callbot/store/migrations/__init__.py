"""Alembic migrations; ``callbot.store.migrate`` runs them."""

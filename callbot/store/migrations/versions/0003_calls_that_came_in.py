"""Calls that came in: their direction, caller and number."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("direction", sa.String(length=8), server_default="out", nullable=False))
    op.add_column("calls", sa.Column("caller", sa.String(length=64), server_default="", nullable=False))
    op.add_column("calls", sa.Column("number", sa.String(length=64), server_default="", nullable=False))
    op.create_index(op.f("ix_calls_direction_started_at"), "calls", ["direction", "started_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_direction_started_at"), table_name="calls")
    for column in ("number", "caller", "direction"):
        op.drop_column("calls", column)

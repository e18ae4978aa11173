"""Recordings begin with early media: where the pick-up lies in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("calls", sa.Column("recording_offset_ms", sa.Integer(), nullable=False, server_default="0"))

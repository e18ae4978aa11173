"""What a call leaves to be done besides a text message: a ticket, a webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("ticket", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("calls", sa.Column("webhook", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    for column in ("webhook", "ticket"):
        op.drop_column("calls", column)

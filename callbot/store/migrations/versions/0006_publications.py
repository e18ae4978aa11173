"""Published revisions of scripts, numbered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("script", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision_hash", sa.String(length=128), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["revision_hash"], ["revisions.hash"], name=op.f("fk_publications_revision_hash")),
        sa.PrimaryKeyConstraint("script", "number", name=op.f("pk_publications")),
    )


def downgrade() -> None:
    op.drop_table("publications")

"""Leases of work that one process does at a time; an index of the active claims."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("renewals", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_index("ix_claims_until_ms", "claims", ["until_ms"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_claims_until_ms", "claims")
    op.drop_table("leases")

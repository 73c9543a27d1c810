"""Accounts of an identity provider, and failed attempts to sign in, counted over all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column("accounts", sa.Column("openid_subject", sa.Text))
    op.create_index("ix_accounts_openid_subject", "accounts", ["openid_subject"], unique=True)
    op.create_table(
        "failed_attempts",
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_failed_attempts"),
    )
    op.create_index("ix_failed_attempts_last_at_ms", "failed_attempts", ["last_at_ms"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("failed_attempts")
    op.drop_index("ix_accounts_openid_subject", "accounts")
    op.drop_column("accounts", "openid_subject")

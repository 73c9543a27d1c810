"""Teams whose exceptions alone an account or a key shows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    op.add_column("accounts", sa.Column("teams", sa.Text))
    op.add_column("api_keys", sa.Column("teams", sa.Text))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("api_keys", "teams")
    op.drop_column("accounts", "teams")

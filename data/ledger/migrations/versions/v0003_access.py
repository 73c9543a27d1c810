"""Accounts, sessions, API keys, and the log of actions, which only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
REFUSED = "the log of actions only grows"


def upgrade() -> None:
    """Make the tables of access."""
    _make_accounts()
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("token_sha256", name="uq_api_keys_token_sha256"),
    )
    _make_action_log()


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_accounts"),
    )
    for table, columns in (
        ("sessions", ["created_at_ms", "until_ms"]),
        ("login_links", ["until_ms"]),
    ):
        op.create_table(
            table,
            sa.Column("token_sha256", sa.String(64), nullable=False),
            sa.Column("account", sa.String(120), nullable=False),
            *(sa.Column(column, sa.BigInteger, nullable=False) for column in columns),
            sa.PrimaryKeyConstraint("token_sha256", name=f"pk_{table}"),
            sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=f"fk_{table}_account"),
        )
        op.create_index(f"ix_{table}_account", table, ["account"])


def _make_action_log() -> None:
    op.create_table(
        "action_log",
        sa.Column("seq", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("credential", sa.String(20), nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("model_version", sa.Text),
        sa.Column("policy_version", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_action_log"),
    )
    op.create_index("ix_action_log_known_at_ms", "action_log", ["known_at_ms"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"create trigger action_log_{change} before {change} on action_log "
                f"begin select raise(abort, '{REFUSED}'); end"
            )
    else:
        op.execute(
            "create function action_log_only_grows() returns trigger language plpgsql as "
            f"$$ begin raise exception '{REFUSED}'; end $$"
        )
        op.execute(
            "create trigger action_log_only_grows before update or delete or truncate "
            "on action_log for each statement execute function action_log_only_grows()"
        )


def downgrade() -> None:
    """Drop what was made."""
    for name in ("action_log", "api_keys", "login_links", "sessions", "accounts"):
        op.drop_table(name)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("drop function action_log_only_grows")

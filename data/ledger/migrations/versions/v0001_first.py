"""Exceptions, events, outcomes and idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the first four tables."""
    _make_exceptions()
    _make_events()
    _make_outcomes()
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_made_at_ms", "idempotency", ["made_at_ms"])


def _make_exceptions() -> None:
    op.create_table(
        "exceptions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger),
        sa.Column("updated_at_ms", sa.BigInteger, nullable=False),
        sa.Column("detected_at_ms", sa.BigInteger, nullable=False),
        sa.Column("received_at_ms", sa.BigInteger, nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("opinion", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exceptions"),
        sa.UniqueConstraint("source", "external_id", name="uq_exceptions_source"),
    )
    op.create_index("ix_exceptions_is_open", "exceptions", ["is_open"])


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("exception_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("occurred_at_ms", sa.BigInteger, nullable=False),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("opinion", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.ForeignKeyConstraint(["exception_id"], ["exceptions.id"], name="fk_events_exception_id"),
    )
    op.create_index("ix_events_exception_id", "events", ["exception_id", "seq"])
    op.create_index("ix_events_known_at_ms", "events", ["known_at_ms"])


def _make_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("exception_id", sa.String(40), nullable=False),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
        sa.Column("resolved_at_ms", sa.BigInteger, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("label_origin", sa.String(20)),
        sa.Column("team", sa.Text),
        sa.Column("touch_minutes", sa.Float),
        sa.Column("breached", sa.Boolean),
        sa.Column("loss_amount", sa.String(40)),
        sa.Column("loss_currency", sa.String(3)),
        sa.Column("by", sa.Text),
        sa.PrimaryKeyConstraint("exception_id", name="pk_outcomes"),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["exceptions.id"], name="fk_outcomes_exception_id"
        ),
    )
    op.create_index("ix_outcomes_known_at_ms", "outcomes", ["known_at_ms"])


def downgrade() -> None:
    """Drop the four tables."""
    for name in ("idempotency", "outcomes", "events", "exceptions"):
        op.drop_table(name)

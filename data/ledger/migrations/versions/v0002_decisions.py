"""Versions in use, incidents, claims, audits, suspended promises; where labels came from."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the columns of where labels came from."""
    with op.batch_alter_table("outcomes") as outcomes:
        outcomes.add_column(sa.Column("suggestion_hidden", sa.Boolean))
        outcomes.add_column(sa.Column("team_origin", sa.String(20)))
    _make_versions()
    _make_incidents()
    _make_claims()
    _make_promises()


def _sequence() -> sa.Column:
    return sa.Column("seq", BIG_KEY, autoincrement=True, nullable=False)


def _exception(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("exception_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["exceptions.id"], name=f"fk_{table}_exception_id"
        ),
    ]


def _incident(table: str) -> sa.schema.SchemaItem:
    return sa.ForeignKeyConstraint(
        ["incident_id"], ["incidents.id"], name=f"fk_{table}_incident_id"
    )


def _of_a_promise() -> list[sa.Column]:
    return [
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
    ]


def _make_versions() -> None:
    op.create_table(
        "versions",
        _sequence(),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_versions"),
    )
    op.create_index("ix_versions_known_at_ms", "versions", ["known_at_ms"])


def _make_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("attribute", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("began_at_ms", sa.BigInteger, nullable=False),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_known_at_ms", "incidents", ["known_at_ms"])
    op.create_index("ix_incidents_closed_at_ms", "incidents", ["closed_at_ms"])
    op.create_table(
        "incident_states",
        _sequence(),
        sa.Column("incident_id", sa.String(40), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("known_at_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_incident_states"),
        _incident("incident_states"),
    )
    op.create_index("ix_incident_states_incident_id", "incident_states", ["incident_id"])
    op.create_table(
        "incident_members",
        _sequence(),
        sa.Column("incident_id", sa.String(40), nullable=False),
        *_exception("incident_members"),
        sa.Column("joined_at_ms", sa.BigInteger, nullable=False),
        sa.Column("left_at_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="pk_incident_members"),
        _incident("incident_members"),
    )
    for column in ("incident_id", "exception_id"):
        op.create_index(f"ix_incident_members_{column}", "incident_members", [column])

    op.create_table(
        "readers",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_readers"),
    )


def _make_claims() -> None:
    op.create_table(
        "claims",
        _sequence(),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("claimed_at_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="pk_claims"),
    )
    op.create_index("ix_claims_subject_id", "claims", ["subject_id"])


def _make_promises() -> None:
    op.create_table(
        "audits",
        _sequence(),
        *_exception("audits"),
        *_of_a_promise(),
        sa.Column("actual", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audits"),
    )
    op.create_index("ix_audits_exception_id", "audits", ["exception_id"])
    op.create_index("ix_audits_known_at_ms", "audits", ["known_at_ms"])
    op.create_table(
        "suspensions",
        _sequence(),
        *_of_a_promise(),
        sa.Column("is_lifted", sa.Boolean, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_suspensions"),
    )
    op.create_index("ix_suspensions_known_at_ms", "suspensions", ["known_at_ms"])
    identity = op.create_table(
        "identity",
        sa.Column("salt", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("salt", name="pk_identity"),
    )
    op.bulk_insert(identity, [{"salt": secrets.token_hex(16)}])


def downgrade() -> None:
    """Drop what was made."""
    for name in (
        "identity", "suspensions", "audits", "claims", "readers",
        "incident_members", "incident_states", "incidents", "versions",
    ):  # fmt: skip
        op.drop_table(name)
    with op.batch_alter_table("outcomes") as outcomes:
        outcomes.drop_column("team_origin")
        outcomes.drop_column("suggestion_hidden")

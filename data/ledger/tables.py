"""The tables of the ledger. Moments are milliseconds since 1970 in UTC; JSON is stored as text.

A change here needs a migration in `data/ledger/migrations/versions`; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

BIG_KEY = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only a column that is an INTEGER."""

MAX_REVISION = 2**31 - 1
"""Largest number that an INTEGER of PostgreSQL holds."""

EXCEPTIONS = Table(
    "exceptions",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("is_open", Boolean, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("version", BigInteger),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("detected_at_ms", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("closed_at_ms", BigInteger),
    Column("payload", Text, nullable=False),
    Column("opinion", Text, nullable=False),
    UniqueConstraint("source", "external_id"),
)
"""One exception as the source last sent it. `opinion` is the assessment of models and policy."""

EVENTS = Table(
    "events",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("exception_id", String(40), ForeignKey("exceptions.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("occurred_at_ms", BigInteger, nullable=False),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
    Column("by", Text),
    Column("body", Text),
    Column("opinion", Text),
    Index("ix_events_exception_id", "exception_id", "seq"),
)
"""One thing that happened to one exception; rows are only ever added."""

OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("exception_id", String(40), ForeignKey("exceptions.id"), primary_key=True),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
    Column("resolved_at_ms", BigInteger, nullable=False),
    Column("category", Text),
    Column("label_origin", String(20)),
    Column("suggestion_hidden", Boolean),
    Column("team", Text),
    Column("team_origin", String(20)),
    Column("touch_minutes", Float),
    Column("breached", Boolean),
    Column("loss_amount", String(40)),
    Column("loss_currency", String(3)),
    Column("by", Text),
)
"""One exception as it ended. An empty field was not recorded."""

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("key", String(255), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False, index=True),
)
"""Answer to a request with an `Idempotency-Key`."""

VERSIONS = Table(
    "versions",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("label", Text),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
    Column("body", Text),
)
"""Versions in use: each policy (text in `body`) and champion (no label: none), with their begin."""

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("attribute", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("began_at_ms", BigInteger, nullable=False),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
    Column("closed_at_ms", BigInteger, index=True),
    Column("body", Text, nullable=False),
)
"""One burst with one cause. `body` holds the evidence: rates, counts, words."""

INCIDENT_STATES = Table(
    "incident_states",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("incident_id", String(40), ForeignKey("incidents.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("known_at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""States of an incident, with their begin; rows are only ever added."""

INCIDENT_MEMBERS = Table(
    "incident_members",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("incident_id", String(40), ForeignKey("incidents.id"), nullable=False, index=True),
    Column("exception_id", String(40), ForeignKey("exceptions.id"), nullable=False, index=True),
    Column("joined_at_ms", BigInteger, nullable=False),
    Column("left_at_ms", BigInteger),
)
"""Membership of an exception in an incident; rows are added, and ended once."""

READERS = Table(
    "readers",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""Last event that a reader processed; its work must be done exactly once."""

CLAIMS = Table(
    "claims",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("subject_id", String(40), nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("claimed_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
    Column("ended_at_ms", BigInteger),
)
"""Leases on exceptions and incidents: by whom and until when."""

LEASES = Table(
    "leases",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("holder", Text),
    Column("token", BigInteger, nullable=False),
    Column("renewals", BigInteger, nullable=False),
)
"""Work that one process does at a time: which, its number among the holders, its renewals."""

AUDITS = Table(
    "audits",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("exception_id", String(40), ForeignKey("exceptions.id"), nullable=False, index=True),
    Column("label", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("actual", Text, nullable=False),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
)
"""Audit by people of an automatic decision: `name` was decided, `actual` is right."""

SUSPENSIONS = Table(
    "suspensions",
    METADATA,
    Column("seq", BIG_KEY, primary_key=True, autoincrement=True),
    Column("label", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("is_lifted", Boolean, nullable=False),
    Column("known_at_ms", BigInteger, nullable=False, index=True),
    Column("by", Text),
    Column("reason", Text, nullable=False),
)
"""Suspension of a promise, or its end: class, label, model and reason.

The last row of a promise counts; `by` is empty where the audits suspended it.
"""

IDENTITY = Table("identity", METADATA, Column("salt", String(32), primary_key=True))
"""One row: the salt of this ledger's random draws."""


def next_revision(revision: int) -> int:
    """Return the number after a revision; the largest that a database holds stays."""
    return min(revision + 1, MAX_REVISION)

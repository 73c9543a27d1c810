"""The ledger: exceptions, the decisions on them and their outcomes; it must never lose one.

SQLite by default (write-ahead log, every commit on the disk before it is answered), PostgreSQL as
well. The tables are brought up to date at every start. Several processes may write to one ledger:
one transaction at a time (`data.ledger.engine`).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, RowMapping, select, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from data.database_address import database_url
from data.domain import BadInputError, NotFoundError
from data.ledger.commit_signal import CommitSignal
from data.ledger.engine import maintaining, open_engine, reading, writing
from data.ledger.tables import EVENTS, EXCEPTIONS, OUTCOMES

MIGRATIONS = Path(__file__).with_name("migrations")
IDS_AT_ONCE = 500


@dataclass(frozen=True)
class ExceptionRecord:
    """One exception as it stands; the fields are those of `data.ledger.tables.EXCEPTIONS`."""

    id: str
    source: str
    external_id: str
    is_open: bool
    revision: int
    version: int | None
    updated_at_ms: int
    detected_at_ms: int
    received_at_ms: int
    closed_at_ms: int | None
    payload: str
    opinion: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """Take a row of the table."""
        return cls(**row)


@dataclass(frozen=True)
class LedgerEvent:
    """One thing that happened; the fields are those of `data.ledger.tables.EVENTS`."""

    seq: int
    exception_id: str
    kind: str
    occurred_at_ms: int
    known_at_ms: int
    by: str | None
    body: str | None
    opinion: str | None


@dataclass(frozen=True)
class OutcomeRecord:
    """One exception as it ended; the fields are those of `data.ledger.tables.OUTCOMES`."""

    exception_id: str
    known_at_ms: int
    resolved_at_ms: int
    category: str | None = None
    label_origin: str | None = None
    suggestion_hidden: bool | None = None
    team: str | None = None
    team_origin: str | None = None
    touch_minutes: float | None = None
    breached: bool | None = None
    loss_amount: str | None = None
    loss_currency: str | None = None
    by: str | None = None


class Ledger:
    """An open ledger: reads here, writes through functions of the modules beside it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect and bring the tables up to date.

        Raises:
            BadInputError: The address can't be read, or no database answers there.
        """
        cure = "Correct EXPEDITE_DATABASE_URL, or start the database."
        try:
            engine = open_engine(url)
            _migrate(engine)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise BadInputError("EXPEDITE_DATABASE_URL", f"not usable: {error}", cure) from error
        except SQLAlchemyError as error:
            shown = database_url(url).render_as_string(hide_password=True)
            raise BadInputError(
                f"the ledger at {shown}", f"can't be opened: {error}", cure
            ) from error
        return cls(engine)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes: committed when the block ends, rolled back if it fails."""
        with writing(self._engine) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads: it sees one state of all tables."""
        with reading(self._engine) as connection:
            yield connection

    @contextmanager
    def maintaining(self) -> Iterator[Connection]:
        """A connection without a transaction, for statements that can't run in one."""
        with maintaining(self._engine) as connection:
            yield connection

    def commit_signal(self) -> CommitSignal:
        """Return what waits for commits of any process."""
        return CommitSignal(self._engine)

    def is_alive(self) -> bool:
        """Return whether the database answers."""
        try:
            with self._engine.connect() as connection:
                connection.execute(text("select 1"))
        except SQLAlchemyError:
            return False
        return True

    def record(self, exception_id: str) -> ExceptionRecord:
        """Return one exception.

        Raises:
            NotFoundError: There is none of this id.
        """
        with self._engine.connect() as connection:
            return record_of(connection, exception_id)

    def open_records(self) -> Iterator[ExceptionRecord]:
        """Yield all open exceptions, never many of them in memory at once."""
        query = select(EXCEPTIONS).where(EXCEPTIONS.c.is_open)
        with self._engine.connect() as connection:
            rows = connection.execute(query, execution_options={"yield_per": 1_000})
            yield from (ExceptionRecord.of(row) for row in rows.mappings())

    def events(self, exception_id: str) -> list[LedgerEvent]:
        """Return what happened to one exception, the first first."""
        query = select(EVENTS).where(EVENTS.c.exception_id == exception_id).order_by(EVENTS.c.seq)
        with self._engine.connect() as connection:
            return [LedgerEvent(**row) for row in connection.execute(query).mappings()]

    def events_after(self, seq: int, kinds: Sequence[str], limit: int) -> list[LedgerEvent]:
        """Return up to `most` events of some kinds that were written after one, in order."""
        query = select(EVENTS).where(EVENTS.c.seq > seq, EVENTS.c.kind.in_(kinds))
        query = query.order_by(EVENTS.c.seq).limit(limit)
        with self._engine.connect() as connection:
            return [LedgerEvent(**row) for row in connection.execute(query).mappings()]

    def outcomes(self, exception_ids: Collection[str]) -> dict[str, OutcomeRecord]:
        """Return the outcomes of some exceptions by id; one that is open has none."""
        ids, outcomes = sorted(exception_ids), {}
        with self._engine.connect() as connection:
            for begin in range(0, len(ids), IDS_AT_ONCE):
                batch = OUTCOMES.c.exception_id.in_(ids[begin : begin + IDS_AT_ONCE])
                for row in connection.execute(select(OUTCOMES).where(batch)).mappings():
                    outcomes[row["exception_id"]] = OutcomeRecord(**row)
        return outcomes

    def outcome(self, exception_id: str) -> OutcomeRecord | None:
        """Return how one exception ended, None as long as it has not."""
        query = select(OUTCOMES).where(OUTCOMES.c.exception_id == exception_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else OutcomeRecord(**row)


def record_of(connection: Connection, exception_id: str) -> ExceptionRecord:
    """Return one exception inside a transaction.

    Raises:
        NotFoundError: There is none of this id.
    """
    query = select(EXCEPTIONS).where(EXCEPTIONS.c.id == exception_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("exception", exception_id)
    return ExceptionRecord.of(row)


def records_of(connection: Connection, source: str) -> list[ExceptionRecord]:
    """Return all exceptions of a source, open or not, inside a transaction."""
    query = select(EXCEPTIONS).where(EXCEPTIONS.c.source == source)
    return [ExceptionRecord.of(row) for row in connection.execute(query).mappings()]


def records_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, ExceptionRecord]:
    """Return exceptions inside a transaction, locked until its end."""
    records: dict[str, ExceptionRecord] = {}
    for begin in range(0, len(ids), IDS_AT_ONCE):
        query = select(EXCEPTIONS).where(EXCEPTIONS.c.id.in_(ids[begin : begin + IDS_AT_ONCE]))
        for row in connection.execute(query.with_for_update()).mappings():
            records[row["id"]] = ExceptionRecord.of(row)
    return records


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date; of several processes that start at once, one does it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

"""Runs migrations over the connection that `data.ledger.ledger` hands in."""

from alembic import context

from data.ledger.access_tables import METADATA  # all tables: those of access are added to it

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()

"""The history of the ledger's tables, for alembic; `data.ledger` runs it at every start."""

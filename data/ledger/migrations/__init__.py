"""The history of the ledger's tables, for alembic; `data.ledger.ledger` runs it at every start."""

"""The ledger: the SQL database of exceptions, decisions, claims, incidents and outcomes."""

"""The watch that finds incidents on the stream of the ledger's events."""

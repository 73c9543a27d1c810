"""Detection of bursts of exceptions that share a cause."""

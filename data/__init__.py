"""Domain words, the data contract, sources of data and storage: the lowest of the five packages."""

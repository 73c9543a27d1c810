"""What the world told us: the words of the business, the data contract, sources and storage."""

"""Features, as known at a moment: columns computed from the tables of the order history. Pure."""

"""What we know at a moment: columns computed from the tables of the order history. Pure."""

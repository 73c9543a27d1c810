"""Features of orders, for the early warning."""

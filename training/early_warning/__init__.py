"""Training of the early warning."""

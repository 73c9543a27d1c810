"""Description of a history: whether it was understood, and what it can't tell."""

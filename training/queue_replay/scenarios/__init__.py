"""Scenarios: draws of the facts that no history records."""

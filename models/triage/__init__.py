"""Triage of exceptions: category, team, breach risk, time to resolve and touch time."""

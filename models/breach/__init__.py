"""Chance of a breach: its estimators, their blend, and the breach clock."""

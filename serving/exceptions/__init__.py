"""Exceptions: scored, taken in, claimed, resolved, explained."""

"""Replay of the work queue: what a ranking rule would have cost on a past period."""

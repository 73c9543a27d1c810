"""Replay of stock policies on demand that they have not seen."""

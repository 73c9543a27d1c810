"""Replay of ordering policies on demand that they were not fitted on."""

"""Evaluation of burst detection on a history."""

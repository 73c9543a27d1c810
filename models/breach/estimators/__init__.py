"""Estimators of the chance of a breach; `models.breach.contract` says what a file defines."""

"""Predictions of models that are fitted anew at each origin of a period, and their skill."""

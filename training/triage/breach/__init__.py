"""Breaches in training: what is known of them, and which chance of a breach serves."""

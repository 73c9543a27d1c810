"""Held-out tests of automation: what a promise of a label rests on."""

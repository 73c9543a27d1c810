"""Scoring: the champion in use, its assessments, decisions and guarantees."""

"""Estimators, calibration and the ranking rule. Pure but for four files."""

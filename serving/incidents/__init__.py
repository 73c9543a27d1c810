"""Incidents: shown, split and resolved as one."""

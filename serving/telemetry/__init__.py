"""Telemetry: the lines of the log, and one for each request."""

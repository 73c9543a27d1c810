"""Telemetry: the lines of the log, one for each request, and the traces of calls."""

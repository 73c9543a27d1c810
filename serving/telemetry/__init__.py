"""Telemetry: the lines of the log, one for each request, and a span of each call."""

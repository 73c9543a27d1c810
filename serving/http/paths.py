"""Paths that programs call; all others are pages."""

API_PREFIX = "/v1/"
PROGRAM_PATHS = (API_PREFIX, "/metrics", "/openapi.json")
"""Beginnings of paths."""

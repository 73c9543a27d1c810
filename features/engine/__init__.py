"""The feature engine: event logs, windows over them, and the feature set of a subject."""

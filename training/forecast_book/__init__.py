"""The job that writes a forecast book."""

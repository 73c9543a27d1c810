"""Demand methods to choose from, one to a file. The folder is scanned."""

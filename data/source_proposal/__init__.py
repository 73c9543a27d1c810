"""Proposal of a source: queries for given files, columns mapped by name and content."""

"""The work list as answers show it."""

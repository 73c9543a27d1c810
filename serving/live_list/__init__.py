"""The work list in memory: open exceptions, ranked as of now or of a past moment."""

"""Touch time in training: rehearsal, and the baselines beside it."""

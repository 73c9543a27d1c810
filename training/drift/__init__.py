"""The drift report: which columns moved, and what that costs."""

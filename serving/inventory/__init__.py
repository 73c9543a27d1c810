"""Allocation, replenishment and the stock page."""

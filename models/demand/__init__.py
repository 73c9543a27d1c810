"""Demand forecasters: a distribution for each series and period, and joint paths."""

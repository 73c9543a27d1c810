"""Inventory decisions: allocation, replenishment, stock risk and order filling."""

"""Forecasts and the demand page."""

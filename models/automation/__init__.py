"""Risk-controlled automation: bounds, prediction sets and a sequential test."""

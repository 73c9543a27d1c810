"""Training and backtests of demand forecasts."""

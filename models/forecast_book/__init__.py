"""The forecast book: forecasts, stock and reviews as files that map into memory."""

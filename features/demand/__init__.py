"""Features of demand: the panel of series by periods, its calendar, windows and matrix."""

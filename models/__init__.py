"""What we expect and prefer: estimators, calibration, the ranking rule. Pure, but for `store`."""

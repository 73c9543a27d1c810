"""Class estimators: a calibrated probability for each class of a label."""

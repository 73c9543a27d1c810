"""Class estimators, one to a file. The folder is scanned; see `models.classifiers.contract`."""

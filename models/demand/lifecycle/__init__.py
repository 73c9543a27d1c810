"""Methods of series that have hardly begun or have ended, one to a file. The folder is scanned."""

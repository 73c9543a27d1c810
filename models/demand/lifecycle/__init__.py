"""Methods of series that have hardly begun, have ended or hardly change, one to a file. Scanned."""

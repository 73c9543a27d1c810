"""Import of files into a history: read, check, quarantine, merge, write, verify."""

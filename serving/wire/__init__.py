"""What callers send, checked; without HTTP."""

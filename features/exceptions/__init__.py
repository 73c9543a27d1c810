"""Features of exceptions, from tables for training and from columns for a call."""

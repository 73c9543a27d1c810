"""Erasure of personal data from the ledger, and from what its database leaves behind."""

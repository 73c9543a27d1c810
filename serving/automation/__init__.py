"""Automation seen from outside: guarantees, audits, suspensions, and their page."""

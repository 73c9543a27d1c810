"""Model card of triage: what its labels are judged by, and what its page says."""

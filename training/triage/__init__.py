"""Training, rehearsal and evaluation of triage."""

"""Classes of triage in the rehearsal: which estimators serve a label."""

"""Trials of triage: settings of the trees are tried before the weeks that are reported."""

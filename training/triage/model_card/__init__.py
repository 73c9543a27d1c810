"""Model card of triage: figures of the judged rows beside their baselines, and one page."""

"""The ranking rule: money saved per hour of work, its reasons, capacity and comparison."""

"""The policy: costs, fallbacks and guards that the company prefers, read from one file."""

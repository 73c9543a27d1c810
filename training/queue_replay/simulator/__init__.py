"""The compiled simulator of teams and their queues."""

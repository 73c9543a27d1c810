"""Access: keys of programs, accounts of people, what each may call, and the log of actions."""

"""Queue rules, and what each may know when it orders."""

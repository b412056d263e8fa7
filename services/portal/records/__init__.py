"""A person's record as the pages show it: its history, and what may be recorded in it."""

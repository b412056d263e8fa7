"""The command line: the platform's commands composed, and what ``./dev`` starts."""

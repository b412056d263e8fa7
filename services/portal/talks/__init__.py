"""A talk: told in one line, and the indicators that it answers."""

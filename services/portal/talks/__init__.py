"""A talk: told in its form or in one line, and the indicators that it answers."""

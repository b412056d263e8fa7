"""Backups: what is kept and not derived, in one directory, and back (docs/adr/0016)."""

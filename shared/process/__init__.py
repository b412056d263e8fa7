"""How processes run: on eventlet or on plain threads, watched by signals, stopped cleanly."""

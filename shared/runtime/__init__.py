"""What everything rests on: settings, logs, metrics, native threads."""

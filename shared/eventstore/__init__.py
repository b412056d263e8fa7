"""The event store: the port that every adapter keeps, and the adapters."""

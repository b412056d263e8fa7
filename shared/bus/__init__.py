"""The bus: topology, relay, consumers that lose nothing, parked messages."""

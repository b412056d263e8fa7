"""What the bus counts, for Prometheus. Labels name services, never anything of an event."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

PUBLISHED: Final = Counter("wegmarken_relay_published_total", "Events that the broker has taken over.")
REDONE: Final = Counter("wegmarken_relay_redone_batches_total", "Batches published again for want of confirmation.")
LAG: Final = Gauge("wegmarken_relay_lag_events", "Stored events that are not published yet.")
LAG_SECONDS: Final = Gauge("wegmarken_relay_lag_seconds", "Age of the oldest stored event that is not published yet.")
LEADER: Final = Gauge("wegmarken_relay_leader", "1 in the relay that publishes, 0 in those that stand by.")

HANDLED: Final = Counter("wegmarken_reactions_handled_total", "Messages whose effect is there.", ["service"])
RETRIED: Final = Counter("wegmarken_reactions_retried_total", "Messages put back for a later attempt.", ["service"])
PARKED: Final = Counter("wegmarken_reactions_parked_total", "Messages put aside for people.", ["service"])
FOREIGN: Final = Counter(
    "wegmarken_reactions_foreign_total", "Messages of another store, dropped without effect.", ["service"]
)
IN_HAND: Final = Gauge("wegmarken_reactions_in_hand", "Messages received and not settled yet.", ["service"])
SUBSCRIBED: Final = Gauge(
    "wegmarken_reactions_subscribed", "1 while this process receives a service's messages, else 0.", ["service"]
)

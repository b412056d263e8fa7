"""A stand-in for KurrentDB: the same gRPC protocol over a small log of its own, for tests without a server.

It answers as version 25.0 does: streams, $all and subscriptions to them, deletion, metadata, gossip and what the server
can; and it fails on demand. It has no persistent subscriptions, no projections, no access control besides one user, and
never cleans up what was deleted.
"""

from tests.eventstore.stand_in.secured import Secured
from tests.eventstore.stand_in.server import StandIn

__all__ = ["Secured", "StandIn"]

"""Who reacts to what: the row of a service says which events come to its queue.

A reaction in ``services/<service>/reactions`` needs its event here. The relay binds the queues before it publishes
anything, whatever service runs or does not run yet: so it cannot ask the services themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.contracts.casework import MunicipalServiceSet
from shared.contracts.eligibility import ServiceInChargeDetermined
from shared.contracts.registry import types_of

SUBSCRIPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "eligibility": ("intake.*", *types_of(MunicipalServiceSet)),
    "casework": (*types_of(ServiceInChargeDetermined),),
}
"""Stored types by the service that reacts; ``<service>.*`` are all of a service. Who is not here has no queue."""

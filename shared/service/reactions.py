"""The base of every service's reacting side: reactions to events and timers, without HTTP.

A service says which it has::

class CaseworkReact(ServiceReact):
    name = "casework"
    classes = frozenset({PersonalClass.EMPLOYEE})
    views = VIEWS

    @reaction
    def look_at_person(self, nudge: Nudge) -> None: ...
"""

from __future__ import annotations

from typing import Any, ClassVar

from shared.contracts.model import PersonalClass
from shared.projections.read import ViewReader
from shared.projections.view import View
from shared.service import provided
from shared.service.platform import Platform


class ServiceReact:
    """Base class; ``name``, ``classes`` and ``views`` as in ``ServiceHttp``."""

    name: ClassVar[str]
    classes: ClassVar[frozenset[PersonalClass]] = frozenset()
    views: ClassVar[tuple[View[Any], ...]] = ()

    platform = provided.platform()
    reader = provided.reader()

    @classmethod
    def due(cls, platform: Platform, reader: ViewReader) -> int:
        """How many timers are overdue now: what waits only for the next look. Shown by ``/health/ready``."""
        return 0

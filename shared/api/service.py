"""The base of every service's HTTP side: what all of them answer, and the way of a command.

A service is a table of contents of what can be asked::

    class CaseworkHttp(ServiceHttp):
        name = "casework"
        classes = frozenset({PersonalClass.STATISTICS, PersonalClass.EMPLOYEE})
        problems = PROBLEMS
        views = VIEWS

        @command("/casework/v1/teams", FormTeam, roles=OFFICE, creates="team_id")
        def form_team(self, call: Call[FormTeam]) -> Accepted:
            return self.run(call, team_stream(call.command.team_id), team.decider(...))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeVar

from shared.api.ask import Nothing
from shared.api.call import Answered, Call
from shared.api.entrypoint import command, page, query
from shared.api.fields import any_date
from shared.api.health import Status, live_reply, metrics_reply, readiness
from shared.api.openapi import document
from shared.api.problems import Problem
from shared.api.reply import Reply
from shared.api.roles import OPERATOR
from shared.contracts.model import Event, PersonalClass
from shared.eventstore.lag import lag
from shared.execute import Accepted, Decider, Refused, execute
from shared.projections.view import View
from shared.runtime.config import Settings
from shared.service import provided
from shared.service.clock import advance
from shared.service.platform import Platform
from shared.service.projection import Projection, projection

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, kw_only=True)
class BeginDay:
    """Advance the manual business clock to this day."""

    today: date = any_date()  # noqa: RUF009 - a dataclass field


class ServiceHttp:
    """Base class. ``classes``: the classes of personal data whose master keys the service holds;
    ``problems``: its catalogue of refusals; ``views``: the read models its queries look at.
    """

    name: ClassVar[str]
    classes: ClassVar[frozenset[PersonalClass]] = frozenset()
    problems: ClassVar[Mapping[str, Problem]] = {}
    views: ClassVar[tuple[View[Any], ...]] = ()

    platform = provided.platform()
    reader = provided.reader()

    def run(
        self,
        call: Call[Any],
        stream: str,
        decider: Decider[S, C, E],
        command: C | None = None,
        *,
        on_behalf_of: str | None = None,
        begins: bool = False,
    ) -> Accepted:
        """Carry out a command on one stream; ``command`` is the call's own unless another is given.

        ``begins``: the stream's id is one that the command creates.
        Raises what ``execute`` raises.
        """
        asked: C = call.command if command is None else command
        origin = call.origin(on_behalf_of)
        return execute(self.platform.store, self.platform.sealer, stream, decider, asked, origin, begins=begins)

    def positions(self) -> Mapping[str, int]:
        """Up to which position each view has read."""
        return self.reader.positions() if self.views else {}

    @classmethod
    def projection(cls, platform: Platform) -> Projection:
        """What the service's projector runs: its views, fed by the event store."""
        return projection(platform, cls.views)

    @classmethod
    def open(cls, settings: Settings) -> Platform:
        """What the service's http process works with. Raises ConfigurationError, StoreUnavailable."""
        return Platform.open(settings, cls.name, cls.classes)

    # --- what every service answers ---------------------------------------------------------------

    @query("/clock", Nothing, public=True)
    def today(self, call: Call[Nothing]) -> dict[str, object]:
        """Which day it is in the office."""
        return {"today": call.today, "clock": self.platform.settings.clock}

    @command("/clock", BeginDay, roles={OPERATOR})
    def begin_day(self, call: Call[BeginDay]) -> Accepted | Answered:
        """Advance the business clock; only while it is set by hand."""
        if self.platform.settings.clock != "manual":
            raise Refused("clock-not-manual")
        return advance(self.platform.store, self.platform.sealer, call.command.today, call.actor.account)

    @page("/openapi.json")
    def openapi(self) -> Reply:
        return document(type(self))

    @page("/health/live")
    def live(self) -> Reply:
        return live_reply()

    @page("/health/ready")
    def ready(self) -> Reply:
        """Ready while the store answers; what the views have read is shown, not awaited."""

        def ready() -> tuple[bool, Status]:
            store, positions = self.platform.store, dict(self.positions())
            behind = lag(store, min(positions.values(), default=store.head()))
            return True, {"views": positions, "lag": behind.as_json}

        return readiness(ready)

    @page("/metrics")
    def metrics(self) -> Reply:
        return metrics_reply()

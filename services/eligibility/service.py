"""What can be asked of eligibility, and what it reacts to. Everything that is decided is in the rules."""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import Any, Final

from services.eligibility import answers, determination, wiring
from services.eligibility.assessing import stream_of
from services.eligibility.commands import FindDue, GetEligibility, GetResponsibility
from services.eligibility.dossier import Dossier, Recollection, gather
from services.eligibility.problems import PROBLEMS
from services.eligibility.rules import rule_set_on
from services.eligibility.service_in_charge import NONE
from services.eligibility.views import VIEWS
from services.eligibility.views.due import DUE, due_by, how_many_due
from shared.api.call import Call
from shared.api.entrypoint import query
from shared.api.problems import Declined
from shared.api.service import ServiceHttp
from shared.bus.consumer import reaction
from shared.bus.nudge import Nudge
from shared.contracts.envelope import Envelope
from shared.contracts.model import Hidden, PersonalClass, PersonId
from shared.execute import Refused, load
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady
from shared.runtime.platform import Platform
from shared.runtime.reactions import ServiceReact
from shared.runtime.timers import every_beat

READ: Final = {"intake-clerk", "integration-manager", "team-lead", "auditor"}
OVERSEE: Final = {"intake-clerk", "team-lead", "auditor"}


class EligibilityHttp(ServiceHttp):
    name = "eligibility"
    classes = frozenset({PersonalClass.STATISTICS})
    problems = PROBLEMS
    views = VIEWS

    @query("/eligibility/v1/persons/<person_id>", GetEligibility, roles=READ, personal=True, within_municipality=True)
    def get_eligibility(self, call: Call[GetEligibility]) -> dict[str, Any]:
        """Phase and service in charge of a person as of a day, as it was known, and why."""
        asked, as_of = call.query, call.query.valid_at or call.today

        def known(envelope: Envelope) -> bool:
            return _was_known(envelope, asked.known)

        records = Recollection(self.platform.store, self.platform.sealer, known)
        dossier = gather(records, asked.person_id, as_of)
        if (assessment := dossier.assess(as_of)) is None:
            raise _nothing_to_say(asked.person_id, dossier)
        if call.actor.ags not in (None, assessment.ags):
            raise Refused("other-municipality")
        management = assessment.integration_management or self._still_in_charge(asked, as_of)
        return {
            **answers.person(assessment, management, records.sources, call.language),
            "valid_at": as_of,
            "known_at": asked.known_at,
        }

    @query("/eligibility/v1/responsibility", GetResponsibility, public=True)
    def get_responsibility(self, call: Call[GetResponsibility]) -> dict[str, Any]:
        """Who serves people in this phase in a municipality."""
        asked, day = call.query, call.query.on or call.today
        service = Recollection(self.platform.store, self.platform.sealer).municipality(asked.ags)
        return answers.responsibility(asked.ags, asked.phase, day, service, rule_set_on(day), call.language)

    @query("/eligibility/v1/due", FindDue, roles=OVERSEE, views=(DUE.name,), personal=True, within_municipality=True)
    def find_due(self, call: Call[FindDue]) -> dict[str, Any]:
        """At whom to look again by a day, in the whole district."""
        if call.actor.ags is not None:  # municipal staff see only who lives in their municipality
            raise Declined("forbidden")
        until = call.query.until or call.today
        with self.reader.snapshot() as now:
            looks = due_by(now.connection, now.tables(DUE), until, call.query.limit)
            position = now.position(DUE)
        call.reads(*(look.person_id for look in looks))
        return {
            "due": [{"person_id": look.person_id, "next_look_on": look.due_on} for look in looks],
            "until": until,
            "position": position,
        }

    def _still_in_charge(self, asked: GetEligibility, as_of: date) -> str:
        """Who was determined last while a human looks (R13): nobody is dropped meanwhile."""
        history = load(self.platform.store, self.platform.sealer, stream_of(asked.person_id))
        made = (
            recorded.event
            for recorded in history
            if recorded.event.occurred_on <= as_of and _was_known(recorded.envelope, asked.known)
        )
        last = reduce(determination.evolve, made, determination.decider.nothing).service  # type: ignore[arg-type]
        return NONE if last is None or isinstance(last.integration_management, Hidden) else last.integration_management


class EligibilityReact(ServiceReact):
    """Looks at whomever intake or time may have brought another phase or service."""

    name = "eligibility"
    classes = frozenset({PersonalClass.STATISTICS})
    views = VIEWS

    reactions = wiring.reactions()
    looking_again = wiring.looking_again()

    @reaction
    def look_at_concerned(self, nudge: Nudge) -> None:
        """Whatever was recorded: look at everybody whom it may concern."""
        self.reactions.react(nudge)

    @every_beat
    def look_again(self) -> None:
        """Whoever has fallen due since the last look, however long ago that was."""
        self.looking_again.look()

    @classmethod
    def due(cls, platform: Platform, reader: ViewReader) -> int:
        """Looks that are due and not yet followed by a new determination."""
        try:
            with reader.snapshot() as now:
                return how_many_due(now.connection, now.tables(DUE), platform.clock.today())
        except ViewNotReady:
            return 0


def _was_known(envelope: Envelope, known_at: date | int | None) -> bool:
    """By the office on a date, or exactly up to a position of the log."""
    if known_at is None:
        return True
    return envelope.position <= known_at if isinstance(known_at, int) else envelope.learnt_on <= known_at


def _nothing_to_say(person_id: PersonId, dossier: Dossier) -> Refused:
    return Refused("person-erased" if isinstance(dossier.facts, Hidden) else "unknown-person", person=person_id)


HTTP: Final = EligibilityHttp
REACT: Final = EligibilityReact

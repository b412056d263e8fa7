"""What can be asked of eligibility, and what it reacts to. Everything that is decided is in the rules."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from services.eligibility import answers, determination, municipal_staff, wiring
from services.eligibility.commands import (
    FindDue,
    FindDueAmong,
    FindPhases,
    GetEligibility,
    GetHistory,
    GetResponsibility,
)
from services.eligibility.determination import DeterminationEvent
from services.eligibility.dossier import Dossier, Recollection, gather
from services.eligibility.problems import PROBLEMS
from services.eligibility.rules import rule_set_on
from services.eligibility.views import DUE, VIEWS
from services.eligibility.views.when_to_look_again import Look, due_among, due_by, how_many_due
from shared.api.call import Call
from shared.api.entrypoint import query, question
from shared.api.problems import Declined
from shared.api.roles import AUDITOR, INTAKE_CLERK, INTEGRATION_MANAGER, MUNICIPAL_STAFF, TEAM_LEAD
from shared.api.service import ServiceHttp
from shared.bus.consumer import reaction
from shared.bus.nudge import Nudge
from shared.contracts.eligibility import eligibility_stream
from shared.contracts.envelope import Recorded, events_known
from shared.contracts.model import Hidden, PersonalClass, PersonId
from shared.execute import Refused, load
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady
from shared.service.platform import Platform
from shared.service.reactions import ServiceReact
from shared.service.timers import every_beat

READ: Final = {INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD, AUDITOR, MUNICIPAL_STAFF}
OVERSEE: Final = {INTAKE_CLERK, TEAM_LEAD, AUDITOR}


class EligibilityHttp(ServiceHttp):
    name = "eligibility"
    classes = frozenset({PersonalClass.STATISTICS})
    problems = PROBLEMS
    views = VIEWS

    streams = wiring.streams()

    @query("/eligibility/v1/persons/<person_id>", GetEligibility, roles=READ, personal=True, within_municipality=True)
    def get_eligibility(self, call: Call[GetEligibility]) -> dict[str, Any]:
        """Phase and service in charge of a person as of a day, as it was known, and why."""
        asked, as_of = call.query, call.query.valid_at or call.today
        records = Recollection(self.platform.store, self.platform.sealer, asked.known)
        dossier = gather(records, asked.person_id, as_of)
        if (assessment := dossier.assess(as_of)) is None:
            if call.actor.ags is not None:  # who was erased is no more to them than whoever lives elsewhere
                raise Refused("other-municipality")
            raise _nothing_to_say(asked.person_id, dossier)
        if call.actor.ags is not None:
            facts = Recollection(self.platform.store, self.platform.sealer).person(asked.person_id)
            municipal_staff.check_visible(call.actor.ags, facts, assessment, as_of=as_of, today=call.today)
        made = events_known(self._determinations(asked.person_id), asked.known)
        management = determination.management(determination.determined_by(as_of, made), assessment)
        return {
            **answers.person(assessment, management, records.sources, call.language),
            "valid_at": as_of,
            "known_at": asked.known_at,
        }

    @question("/eligibility/v1/persons/search", FindPhases, roles=READ, personal=True)
    def find_phases(self, call: Call[FindPhases]) -> dict[str, Any]:
        """In which phase some persons are today, for a list; of whom nothing can be said is left out."""
        ids = call.query.person_ids
        found = (gather(self.streams, person_id, call.today).assess(call.today) for person_id in ids)
        call.reads(*ids)
        return {"persons": [answers.phase(each) for each in found if each is not None]}

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

    @question("/eligibility/v1/due/search", FindDueAmong, roles=READ, views=(DUE.name,), personal=True)
    def find_due_among(self, call: Call[FindDueAmong]) -> dict[str, Any]:
        """What time alone brings some persons by a day: another phase, another service, or a look at them."""
        until = call.query.until
        with self.reader.snapshot() as now:
            looks = due_among(now.connection, now.tables(DUE), call.query.person_ids, until)
            position = now.position(DUE)
        call.reads(*(look.person_id for look in looks))
        found = (self._due(look, call.today) for look in looks)
        return {"due": [each for each in found if each is not None], "until": until, "position": position}

    @query("/eligibility/v1/persons/<person_id>/history", GetHistory, roles=READ, personal=True)
    def get_history(self, call: Call[GetHistory]) -> dict[str, Any]:
        """What was determined about a person, and when: one entry per look that found something new."""
        asked = call.query
        history = self._determinations(asked.person_id)
        if not history and self.streams.person(asked.person_id) is None:
            raise Refused("unknown-person", person=asked.person_id)
        entries = answers.entries(history, asked.known, call.language)
        return {"person_id": asked.person_id, "entries": entries, "known_at": asked.known_at}

    def _determinations(self, person_id: PersonId) -> list[Recorded[DeterminationEvent]]:
        stream = eligibility_stream(person_id)
        return load(self.platform.store, self.platform.sealer, stream, determination.evolve)

    def _due(self, look: Look, today: date) -> dict[str, Any] | None:
        """None if nothing can be said about the person any more."""
        day = max(look.due_on, today)
        then = gather(self.streams, look.person_id, day).assess(day)
        return None if then is None else answers.due(self.streams.determined(look.person_id), then, look.due_on)


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


def _nothing_to_say(person_id: PersonId, dossier: Dossier) -> Refused:
    return Refused("person-erased" if isinstance(dossier.facts, Hidden) else "unknown-person", person=person_id)


HTTP: Final = EligibilityHttp
REACT: Final = EligibilityReact

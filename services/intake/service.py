"""What can be asked of intake, and of whom. Everything that is decided is in ``person`` and its parts.

Intake reacts to nobody: it only records what people know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar, cast

from services.intake import record
from services.intake.commands import (
    CorrectMasterData,
    CorrectResidence,
    FindPersons,
    GetHousehold,
    GetPerson,
    GiveConsent,
    GiveNotice,
    GrantTitle,
    IssueToleration,
    JoinHousehold,
    MoveIn,
    MoveOut,
    OpenProcedure,
    RecordBirth,
    RecordDecision,
    RecordFinality,
    RefuseConsent,
    RegisterPerson,
    WithdrawConsent,
    WithdrawEntry,
)
from services.intake.households import Memberships
from services.intake.person import IntakeEvent, LaterCommand, decider
from services.intake.problems import PROBLEMS
from services.intake.views import VIEWS, households, persons
from services.intake.views.households import HOUSEHOLDS
from services.intake.views.persons import PERSONS
from shared.api.call import Answered, Call
from shared.api.entrypoint import command, query
from shared.api.service import ServiceHttp
from shared.contracts.envelope import Recorded
from shared.contracts.model import PersonalClass, PersonId
from shared.execute import Accepted, Refused, load

L = TypeVar("L", bound=LaterCommand)

WRITE: Final = {"intake-clerk", "importer"}
READ: Final = {"intake-clerk", "integration-manager", "team-lead"}

PERSON: Final = "/intake/v1/persons/<person_id>"


class IntakeHttp(ServiceHttp):
    name = "intake"
    classes = frozenset({PersonalClass.IDENTITY, PersonalClass.STATISTICS})
    problems = PROBLEMS
    views = VIEWS

    # --- persons and households -------------------------------------------------------------------

    @command("/intake/v1/persons", RegisterPerson, roles=WRITE, creates="person_id", answers=("household_id",))
    def register_person(self, call: Call[RegisterPerson]) -> Answered:
        """Take up a person, with a household and perhaps the first residence."""
        return self._take_up(call, call.command.anchor_id)

    @command("/intake/v1/births", RecordBirth, roles=WRITE, creates="person_id", answers=("household_id",))
    def record_birth(self, call: Call[RecordBirth]) -> Answered:
        """A child was born into a household."""
        return self._take_up(call, call.command.anchor_id)

    @command(f"{PERSON}/household", JoinHousehold, roles=WRITE)
    def join_household(self, call: Call[JoinHousehold]) -> Accepted:
        """The person moves to an anchor's household, or founds their own."""
        anchor = self._memberships(call.command.anchor_id)
        return self.run(call, stream_of(call.command.person_id), decider(call.id, anchor))

    # --- procedures, titles, tolerations ----------------------------------------------------------

    @command(f"{PERSON}/procedures", OpenProcedure, roles=WRITE, creates="procedure_id")
    def open_procedure(self, call: Call[OpenProcedure]) -> Accepted:
        """An asylum application was filed."""
        return self._recorded(call)

    @command(f"{PERSON}/procedures/<procedure_id>/decision", RecordDecision, roles=WRITE)
    def record_decision(self, call: Call[RecordDecision]) -> Accepted:
        """A procedure was decided."""
        return self._recorded(call)

    @command(f"{PERSON}/procedures/<procedure_id>/finality", RecordFinality, roles=WRITE)
    def record_finality(self, call: Call[RecordFinality]) -> Accepted:
        """A decision is final."""
        return self._recorded(call)

    @command(f"{PERSON}/titles", GrantTitle, roles=WRITE, creates="title_id")
    def grant_title(self, call: Call[GrantTitle]) -> Accepted:
        """A residence title was granted."""
        return self._recorded(call)

    @command(f"{PERSON}/tolerations", IssueToleration, roles=WRITE, creates="toleration_id")
    def issue_toleration(self, call: Call[IssueToleration]) -> Accepted:
        """A toleration was issued."""
        return self._recorded(call)

    # --- residences -------------------------------------------------------------------------------

    @command(f"{PERSON}/residences", MoveIn, roles=WRITE, creates="residence_id")
    def move_in(self, call: Call[MoveIn]) -> Accepted:
        """The person moved in somewhere."""
        return self._recorded(call)

    @command(f"{PERSON}/departure", MoveOut, roles=WRITE, creates="residence_id")
    def move_out(self, call: Call[MoveOut]) -> Accepted:
        """The person left the district."""
        return self._recorded(call)

    # --- corrections ------------------------------------------------------------------------------

    @command(f"{PERSON}/corrections/master-data", CorrectMasterData, roles=WRITE)
    def correct_master_data(self, call: Call[CorrectMasterData]) -> Accepted:
        """The master data as they should read from the start."""
        return self._recorded(call)

    @command(f"{PERSON}/corrections/residences/<residence_id>", CorrectResidence, roles=WRITE)
    def correct_residence(self, call: Call[CorrectResidence]) -> Accepted:
        """A residence entry as it should read."""
        return self._recorded(call)

    @command(f"{PERSON}/withdrawals", WithdrawEntry, roles=WRITE)
    def withdraw_entry(self, call: Call[WithdrawEntry]) -> Accepted:
        """An entry was recorded by mistake."""
        return self._recorded(call)

    # --- notice and consent -----------------------------------------------------------------------

    @command(f"{PERSON}/notices", GiveNotice, roles=WRITE)
    def give_notice(self, call: Call[GiveNotice]) -> Accepted:
        """The person was told how their data are used."""
        return self._recorded(call)

    @command(f"{PERSON}/consents", GiveConsent, roles=WRITE)
    def give_consent(self, call: Call[GiveConsent]) -> Accepted:
        """The person consents."""
        return self._recorded(call)

    @command(f"{PERSON}/refusals", RefuseConsent, roles=WRITE)
    def refuse_consent(self, call: Call[RefuseConsent]) -> Accepted:
        """The person refuses."""
        return self._recorded(call)

    @command(f"{PERSON}/consent-withdrawals", WithdrawConsent, roles=WRITE)
    def withdraw_consent(self, call: Call[WithdrawConsent]) -> Accepted:
        """The person withdraws a consent."""
        return self._recorded(call)

    # --- questions --------------------------------------------------------------------------------

    @query("/intake/v1/persons", FindPersons, roles=READ, views=(PERSONS.name,), personal=True)
    def find_persons(self, call: Call[FindPersons]) -> dict[str, Any]:
        """Who is who: persons by the beginnings of their names and file numbers."""
        with self.reader.snapshot() as now:
            found = persons.find(now.connection, now.tables(PERSONS), call.query.q, call.query.limit)
            position = now.position(PERSONS)
        call.reads(*(person["person_id"] for person in found))
        return {"persons": found, "position": position}

    @query(PERSON, GetPerson, roles=READ, personal=True)
    def get_person(self, call: Call[GetPerson]) -> dict[str, Any]:
        """A person's record: what held on a day, as it was known."""
        asked, day = call.query, call.query.valid_at or call.today
        history = self._history(asked.person_id)
        if (person := record.known(history, asked.known)) is None:
            raise Refused("unknown-person", person=asked.person_id)
        return {
            **record.as_of(person, day),
            "valid_at": day,
            "known_at": asked.known_at,
            "revision": history[-1].envelope.revision,
            "position": history[-1].envelope.position,
        }

    @query(
        "/intake/v1/households/<household_id>",
        GetHousehold,
        roles=READ,
        views=(HOUSEHOLDS.name, PERSONS.name),
        personal=True,
    )
    def get_household(self, call: Call[GetHousehold]) -> dict[str, Any]:
        """The members of a household on a day."""
        household_id, day = call.query.household_id, call.query.valid_at or call.today
        with self.reader.snapshot() as now:
            if not households.exists_ever(now.connection, now.tables(HOUSEHOLDS), household_id):
                raise Refused("unknown-household", household=household_id)
            members = households.members(now.connection, now.tables(HOUSEHOLDS), household_id, day)
            names = persons.named(now.connection, now.tables(PERSONS), [m["person_id"] for m in members])
            position = now.position(HOUSEHOLDS)
        call.reads(*(member["person_id"] for member in members))
        return {
            "household_id": household_id,
            "members": [{**member, **names[member["person_id"]]} for member in members],
            "valid_at": day,
            "position": position,
        }

    # --- how it is done ---------------------------------------------------------------------------

    def _take_up(self, call: Call[RegisterPerson] | Call[RecordBirth], anchor_id: PersonId | None) -> Answered:
        person_id = PersonId(call.id("person_id"))
        accepted = self.run(call, stream_of(person_id), decider(call.id, self._memberships(anchor_id)))
        # From the stream, not from the anchor: a repeated command gets its first answer.
        taken_up = self._memberships(person_id)
        assert taken_up is not None
        return Answered(accepted, {"household_id": taken_up[0].household_id})

    def _recorded(self, call: Call[L]) -> Accepted:
        return self.run(call, stream_of(call.command.person_id), decider(call.id))

    def _memberships(self, person_id: PersonId | None) -> Memberships | None:
        """The households of a person; None if there is no such person."""
        person = None if person_id is None else record.known(self._history(person_id), None)
        return None if person is None else person.memberships

    def _history(self, person_id: PersonId) -> Sequence[Recorded[IntakeEvent]]:
        recorded = load(self.platform.store, self.platform.sealer, stream_of(person_id))
        return cast(Sequence[Recorded[IntakeEvent]], recorded)  # nobody else writes these streams


def stream_of(person_id: PersonId) -> str:
    return f"person-{person_id}"


HTTP: Final = IntakeHttp
REACT: Final = None

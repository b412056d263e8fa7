"""What can be asked of intake, and of whom. Everything that is decided is in ``person`` and its parts.

Intake reacts to nobody: it only records what people know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from services.intake import answers, history
from services.intake.commands import (
    CorrectMasterData,
    CorrectResidence,
    FindDue,
    FindHouseholds,
    FindPersons,
    GetHistory,
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
    SettleReview,
    WithdrawConsent,
    WithdrawEntry,
)
from services.intake.households import Memberships
from services.intake.person import IntakeEvent, LaterCommand, as_known, decider, evolve
from services.intake.problems import PROBLEMS
from services.intake.views import (
    HOUSEHOLDS,
    PERMITS,
    PERSONS,
    RESIDENCES,
    VIEWS,
    which_permits_expire,
    who_belongs_together,
    who_is_who,
    who_lives_where,
)
from shared.api.call import Answered, Call
from shared.api.entrypoint import command, query, question
from shared.api.roles import IMPORTER, INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD
from shared.api.service import ServiceHttp
from shared.contracts.envelope import Recorded
from shared.contracts.intake import person_stream
from shared.contracts.model import PersonalClass, PersonId
from shared.execute import Accepted, Refused, load

L = TypeVar("L", bound=LaterCommand)

WRITE: Final = {INTAKE_CLERK, IMPORTER}
READ: Final = {INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD}

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
        return self.run(call, person_stream(call.command.person_id), decider(call.id, anchor))

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

    # --- reviews ----------------------------------------------------------------------------------

    @command(f"{PERSON}/reviews", SettleReview, roles=WRITE | {TEAM_LEAD}, creates="review_id")
    def settle_review(self, call: Call[SettleReview]) -> Accepted:
        """Somebody decided what the rules leave to a human (R13)."""
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

    @question(
        "/intake/v1/persons/search", FindPersons, roles=READ, views=(PERSONS.name, RESIDENCES.name), personal=True
    )
    def find_persons(self, call: Call[FindPersons]) -> dict[str, Any]:
        """Who is who, and where they live: by the beginnings of names and file numbers, or by names alike.

        With `similar`, each has `same_name` (every word begins one of theirs) and `same_birthday`.
        """
        asked = call.query
        look = who_is_who.alike if asked.similar else who_is_who.find
        with self.reader.snapshot() as now:
            found = look(now.connection, now.tables(PERSONS), asked.q, asked.limit, asked.born_on)
            ids = [person["person_id"] for person in found]
            homes = who_lives_where.homes(now.connection, now.tables(RESIDENCES), ids, call.today)
            position = min(now.position(PERSONS), now.position(RESIDENCES))
        call.reads(*ids)
        persons = [{**person, "residence": homes.get(person["person_id"])} for person in found]
        return {"persons": persons, "position": position}

    @query(PERSON, GetPerson, roles=READ, personal=True)
    def get_person(self, call: Call[GetPerson]) -> dict[str, Any]:
        """A person's record: what held on a day, as it was known."""
        asked, day = call.query, call.query.valid_at or call.today
        history = self._history(asked.person_id)
        if (person := as_known(history, asked.known)) is None:
            raise Refused("unknown-person", person=asked.person_id)
        return {
            **answers.person(person, day),
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
        """The members of a household on a day, as it was known."""
        household_id, day = call.query.household_id, call.query.valid_at or call.today
        with self.reader.snapshot() as now:
            ever = who_belongs_together.ever(now.connection, now.tables(HOUSEHOLDS), household_id)
            found = who_belongs_together.members(now.connection, now.tables(HOUSEHOLDS), [household_id], day)
            names = who_is_who.named(now.connection, now.tables(PERSONS), ever)
            position = now.position(HOUSEHOLDS)
        if not ever:
            raise Refused("unknown-household", household=household_id)
        members = [{**member, **names[member["person_id"]]} for member in found[household_id]]
        if (known := call.query.known) is not None:  # the views know only what is known now
            records = filter(None, (as_known(self._history(each), known) for each in ever))
            members = answers.members(records, household_id, day)
        call.reads(*(member["person_id"] for member in members))
        return {
            "household_id": household_id,
            "members": members,
            "valid_at": day,
            "known_at": call.query.known_at,
            "position": position,
        }

    @question(
        "/intake/v1/households/search",
        FindHouseholds,
        roles=READ,
        views=(HOUSEHOLDS.name, PERSONS.name, RESIDENCES.name),
        personal=True,
    )
    def find_households(self, call: Call[FindHouseholds]) -> dict[str, Any]:
        """Households as one visits them: who belongs to them today, where they live, how they are reached."""
        asked = call.query.household_ids
        with self.reader.snapshot() as now:
            members = who_belongs_together.members(now.connection, now.tables(HOUSEHOLDS), asked, call.today)
            ids = [member["person_id"] for household in members.values() for member in household]
            people = who_is_who.named(now.connection, now.tables(PERSONS), ids)
            first = [household[0]["person_id"] for household in members.values() if household]
            homes = who_lives_where.homes(now.connection, now.tables(RESIDENCES), first, call.today)
            position = min(now.position(HOUSEHOLDS), now.position(PERSONS), now.position(RESIDENCES))
        call.reads(*ids)
        cards = [answers.household(each, members[each], people, homes) for each in asked]
        return {"households": cards, "position": position}

    @question("/intake/v1/due/search", FindDue, roles=READ, views=(HOUSEHOLDS.name, PERMITS.name), personal=True)
    def find_due(self, call: Call[FindDue]) -> dict[str, Any]:
        """Titles and tolerations after which a person has none: those that expire, and have expired already."""
        asked = call.query
        with self.reader.snapshot() as now:
            households = now.tables(HOUSEHOLDS)
            members = who_belongs_together.members(now.connection, households, asked.household_ids, call.today)
            ids = {*asked.person_ids, *(one["person_id"] for household in members.values() for one in household)}
            found = which_permits_expire.expiring(now.connection, now.tables(PERMITS), ids, asked.until)
            position = min(now.position(HOUSEHOLDS), now.position(PERMITS))
        call.reads(*(permit["person_id"] for permit in found))
        return {"due": [answers.due(permit) for permit in found], "until": asked.until, "position": position}

    @query(f"{PERSON}/history", GetHistory, roles=READ, personal=True)
    def get_history(self, call: Call[GetHistory]) -> dict[str, Any]:
        """What was recorded about a person: one entry per command, with its events and what became of them."""
        recorded = self._history(call.query.person_id)
        if as_known(recorded, call.query.known) is None:
            raise Refused("unknown-person", person=call.query.person_id)
        return {
            "person_id": call.query.person_id,
            "entries": history.entries(recorded, call.query.known, call.actor.account),
            "known_at": call.query.known_at,
            "position": recorded[-1].envelope.position,
        }

    # --- how it is done ---------------------------------------------------------------------------

    def _take_up(self, call: Call[RegisterPerson] | Call[RecordBirth], anchor_id: PersonId | None) -> Answered:
        person_id = PersonId(call.id("person_id"))
        accepted = self.run(call, person_stream(person_id), decider(call.id, self._memberships(anchor_id)))
        # From the stream, not from the anchor: a repeated command gets its first answer.
        taken_up = self._memberships(person_id)
        assert taken_up is not None
        return Answered(accepted, {"household_id": taken_up[0].household_id})

    def _recorded(self, call: Call[L]) -> Accepted:
        return self.run(call, person_stream(call.command.person_id), decider(call.id))

    def _memberships(self, person_id: PersonId | None) -> Memberships | None:
        """The households of a person; None if there is no such person."""
        person = None if person_id is None else as_known(self._history(person_id))
        return None if person is None else person.memberships

    def _history(self, person_id: PersonId) -> Sequence[Recorded[IntakeEvent]]:
        return load(self.platform.store, self.platform.sealer, person_stream(person_id), evolve)


HTTP: Final = IntakeHttp
REACT: Final = None

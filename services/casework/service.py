"""What can be asked of casework, and what it does by itself. Everything that is decided is decided elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from services.casework import (
    answers,
    case,
    consultation,
    cover,
    employee,
    grant,
    municipality,
    reacting,
    team,
)
from services.casework.case import Staff
from services.casework.commands import (
    AssignCase,
    AwardGrant,
    BeginCover,
    CloseCase,
    ConcludeContract,
    CorrectConsultation,
    CreatePost,
    EndContract,
    EndCover,
    FillPost,
    FindCases,
    FindConsultations,
    FormTeam,
    GetCase,
    GetHouseholdsCase,
    HireEmployee,
    JoinTeam,
    ListEmployees,
    ListTeams,
    RecordAttemptedVisit,
    RecordConsultation,
    SetMunicipalService,
    SetTeamArea,
    VacatePost,
    WithdrawConsultation,
)
from services.casework.consultation import covered_for, standing_in, standing_with
from services.casework.employee import Office
from services.casework.problems import PROBLEMS
from services.casework.reactions import when_contract_expires_soon_then_announce as expiry
from services.casework.standing import Scope, own_cases
from services.casework.team import Neighbours
from services.casework.views import (
    ACCESS,
    CASES,
    CONSULTATIONS,
    CONTRACT_ENDS,
    STAFF,
    VIEWS,
    which_cases,
    which_consultations,
    which_contracts_end,
    who_may_act,
    who_works_where,
)
from services.casework.views.which_cases import Sought
from services.casework.wiring import contracts_observed, desk
from shared.api.ask import Nothing
from shared.api.call import Answered, Call
from shared.api.entrypoint import command, query, question
from shared.api.roles import HEAD_OF_OFFICE, IMPORTER, INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD
from shared.api.service import ServiceHttp
from shared.bus.consumer import reaction
from shared.bus.nudge import Nudge
from shared.contracts.casework import (
    case_stream,
    consultation_stream,
    cover_stream,
    employee_stream,
    grant_stream,
    municipality_stream,
    team_stream,
)
from shared.contracts.model import PersonalClass, PersonId, subject_of
from shared.execute import Accepted, Refused, load
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady
from shared.service.platform import Platform
from shared.service.reactions import ServiceReact
from shared.service.timers import every_beat

OFFICE: Final = {HEAD_OF_OFFICE, IMPORTER}
ASSIGNS: Final = {TEAM_LEAD, IMPORTER}
ADVISES: Final = {INTEGRATION_MANAGER, TEAM_LEAD, IMPORTER}
ANY: Final = {HEAD_OF_OFFICE, TEAM_LEAD, INTEGRATION_MANAGER, IMPORTER}

SOON: Final = timedelta(days=14)
"""How far ahead a cover is told to those who have a part in it."""

CASEWORK: Final = "/casework/v1"
EMPLOYEE: Final = f"{CASEWORK}/employees/<employee_id>"
GRANT: Final = f"{CASEWORK}/grants/<grant_id>"
CASE: Final = f"{CASEWORK}/cases/<case_id>"
CONSULTATION: Final = f"{CASEWORK}/consultations/<consultation_id>"


class CaseworkHttp(ServiceHttp):
    name = "casework"
    classes = frozenset(PersonalClass)
    problems = PROBLEMS
    views = VIEWS

    desk = desk()

    # --- the office -------------------------------------------------------------------------------

    @command(f"{CASEWORK}/municipalities/<ags>/service", SetMunicipalService, roles=OFFICE)
    def set_municipal_service(self, call: Call[SetMunicipalService]) -> Accepted:
        """From a day on integration management is the district's or the town's own."""
        decider = municipality.decider(self.desk.areas_beside(call.command))
        return self.run(call, municipality_stream(call.command.ags), decider)

    @command(f"{CASEWORK}/teams", FormTeam, roles=OFFICE, creates="team_id")
    def form_team(self, call: Call[FormTeam]) -> Accepted:
        """A regional team is formed."""
        return self.run(call, team_stream(call.command.team_id), team.decider(Neighbours(areas={}, services={})))

    @command(f"{CASEWORK}/teams/<team_id>/area", SetTeamArea, roles=OFFICE)
    def set_team_area(self, call: Call[SetTeamArea]) -> Accepted:
        """From a day on the team serves exactly these municipalities."""
        decider = team.decider(self.desk.neighbours(call.command))
        return self.run(call, team_stream(call.command.team_id), decider)

    @command(f"{CASEWORK}/employees", HireEmployee, roles=OFFICE, creates="employee_id")
    def hire_employee(self, call: Call[HireEmployee]) -> Answered:
        """Somebody joins the office and will act under an account."""
        hiring = self.desk.hiring(call.command)
        accepted = self.run(call, employee_stream(hiring.employee_id), employee.decider(Office()), hiring)
        return Answered(accepted, {"id": hiring.employee_id})

    @command(f"{EMPLOYEE}/team", JoinTeam, roles=OFFICE)
    def join_team(self, call: Call[JoinTeam]) -> Accepted:
        """From a day on an employee belongs to a team."""
        decider = employee.decider(self.desk.team(call.command))
        return self.run(call, employee_stream(call.command.employee_id), decider)

    @command(f"{EMPLOYEE}/contracts", ConcludeContract, roles=OFFICE, creates="contract_id")
    def conclude_contract(self, call: Call[ConcludeContract]) -> Accepted:
        """A contract is concluded."""
        return self.run(call, employee_stream(call.command.employee_id), employee.decider(Office()))

    @command(f"{EMPLOYEE}/contracts/<contract_id>/end", EndContract, roles=OFFICE)
    def end_contract(self, call: Call[EndContract]) -> Accepted:
        """A contract ends early."""
        return self.run(call, employee_stream(call.command.employee_id), employee.decider(Office()))

    @command(f"{CASEWORK}/covers", BeginCover, roles=ANY, creates="cover_id")
    def begin_cover(self, call: Call[BeginCover]) -> Accepted:
        """A deputy may act in a colleague's cases for a while."""
        decider = cover.decider(self.desk.pair(call.command, call.actor, call.today))
        return self.run(call, cover_stream(call.command.cover_id), decider)

    @command(f"{CASEWORK}/covers/<cover_id>/end", EndCover, roles=ANY)
    def end_cover(self, call: Call[EndCover]) -> Accepted:
        """A cover ends early."""
        decider = cover.decider(self.desk.end_of_cover(call.actor, call.today))
        return self.run(call, cover_stream(call.command.cover_id), decider)

    @command(f"{CASEWORK}/grants", AwardGrant, roles=OFFICE, creates="grant_id")
    def award_grant(self, call: Call[AwardGrant]) -> Accepted:
        """The granting authority awards a grant."""
        return self.run(call, grant_stream(call.command.grant_id), grant.decider(()))

    @command(f"{GRANT}/posts", CreatePost, roles=OFFICE, creates="post_id")
    def create_post(self, call: Call[CreatePost]) -> Accepted:
        """A post is paid from a grant."""
        return self.run(call, grant_stream(call.command.grant_id), grant.decider(()))

    @command(f"{GRANT}/posts/<post_id>/holder", FillPost, roles=OFFICE)
    def fill_post(self, call: Call[FillPost]) -> Accepted:
        """An employee takes a post."""
        decider = grant.decider(self.desk.holder(call.command))
        return self.run(call, grant_stream(call.command.grant_id), decider)

    @command(f"{GRANT}/posts/<post_id>/vacancy", VacatePost, roles=OFFICE)
    def vacate_post(self, call: Call[VacatePost]) -> Accepted:
        """A post becomes vacant."""
        return self.run(call, grant_stream(call.command.grant_id), grant.decider(()))

    # --- cases ------------------------------------------------------------------------------------

    @command(f"{CASE}/assignment", AssignCase, roles=ASSIGNS)
    def assign_case(self, call: Call[AssignCase]) -> Accepted:
        """From a day on a manager of a team looks after the case."""
        decider = case.decider(self.desk.staff(call.command, call.actor, call.today))
        return self.run(call, case_stream(call.command.case_id), decider)

    @command(f"{CASE}/closure", CloseCase, roles=ADVISES)
    def close_case(self, call: Call[CloseCase]) -> Accepted:
        """Whoever looks after a case closes it."""
        circumstances = self.desk.circumstances(call.command.case_id, call.actor, call.today)
        decider = case.decider(Staff(today=call.today, by=circumstances.colleague))
        covered = covered_for(standing_in(circumstances))
        return self.run(call, case_stream(call.command.case_id), decider, on_behalf_of=covered)

    # --- consultations ----------------------------------------------------------------------------

    @command(f"{CASEWORK}/consultations", RecordConsultation, roles=ADVISES, creates="consultation_id")
    def record_consultation(self, call: Call[RecordConsultation]) -> Accepted:
        """One talk with one case."""
        return self._record(call)

    @command(f"{CASEWORK}/attempted-visits", RecordAttemptedVisit, roles=ADVISES, creates="consultation_id")
    def record_attempted_visit(self, call: Call[RecordAttemptedVisit]) -> Accepted:
        """A visit that met nobody."""
        return self._record(call)

    @command(f"{CONSULTATION}/correction", CorrectConsultation, roles=ADVISES)
    def correct_consultation(self, call: Call[CorrectConsultation]) -> Accepted:
        """A talk as it should read, in full."""
        return self._change(call)

    @command(f"{CONSULTATION}/withdrawal", WithdrawConsultation, roles=ADVISES)
    def withdraw_consultation(self, call: Call[WithdrawConsultation]) -> Accepted:
        """A talk or visit was recorded by mistake."""
        return self._change(call)

    # --- questions --------------------------------------------------------------------------------

    @query(f"{CASEWORK}/me", Nothing, roles=ANY, views=(ACCESS.name, STAFF.name), personal=True)
    def get_me(self, call: Call[Nothing]) -> dict[str, Any]:
        """Who asks: as whom the office knows them, and their covers from today to 14 days ahead."""
        who, _ = self.desk.colleague(call.actor, call.today)
        with self.reader.snapshot() as now:
            access, staff = now.tables(ACCESS), now.tables(STAFF)
            covers = (
                []
                if who.employee_id is None
                else who_may_act.covers_of(now.connection, access, who.employee_id, call.today, call.today + SOON)
            )
            people = {who.employee_id, *(each[name] for each in covers for name in ("employee_id", "deputy_id"))}
            names = who_works_where.names(now.connection, staff, people - {None})
            teams = who_works_where.team_names(now.connection, staff, [who.team_id] if who.team_id else [])
            position = min(now.position(ACCESS), now.position(STAFF))
        call.reads(*names)
        return {**answers.me(who, covers, names, teams, call.today), "today": call.today, "position": position}

    @query(
        f"{CASEWORK}/cases", FindCases, roles=ANY, views=(CASES.name, CONSULTATIONS.name, ACCESS.name), personal=True
    )
    def find_cases(self, call: Call[FindCases]) -> dict[str, Any]:
        """The cases that whoever asks may know of, as they are now, first whoever was not seen for longest.

        `capacity`: as what the caller would record a talk with the case (manager, deputy, lead, walk_in; null: not at
        all). `contact`: when and how the case was met last; null for who does not look after it. `opened_on`: since
        when it has been open without a break.
        """
        asked, (who, within) = call.query, self.desk.colleague(call.actor, call.today)
        sought = Sought(
            household_id=asked.household_id,
            status=asked.status,
            unassigned=asked.unassigned,
            of=own_cases(who) if asked.manager == "me" else None,
            manager_id=asked.manager_id,
        )
        with self.reader.snapshot() as now:
            tables = now.tables(CASES)
            found = which_cases.find(now.connection, tables, sought, within, call.today, asked.limit)
            ids = [each["case_id"] for each in found]
            met = which_consultations.contacts(now.connection, now.tables(CONSULTATIONS), ids, call.today)
            position = min(now.position(CASES), now.position(CONSULTATIONS))
        call.reads(*ids)
        return {"cases": answers.to_visit(found, who, met), "position": position}

    @query(
        f"{CASEWORK}/households/<household_id>/case",
        GetHouseholdsCase,
        roles=ANY | {INTAKE_CLERK},
        views=(CASES.name, ACCESS.name, STAFF.name),
        personal=True,
    )
    def get_households_case(self, call: Call[GetHouseholdsCase]) -> dict[str, Any]:
        """Who looks after a household, and nothing of what was said; `case` is null if it never had one."""
        household_id, (who, _) = call.query.household_id, self.desk.colleague(call.actor, call.today)
        sought = Sought(household_id=household_id)
        with self.reader.snapshot() as now:
            tables, staff = now.tables(CASES), now.tables(STAFF)
            found = which_cases.find(now.connection, tables, sought, Scope(everything=True), call.today, 1)
            managers = [each["manager_id"] for each in found if each["manager_id"] is not None]
            names = who_works_where.names(now.connection, staff, managers)
            teams = who_works_where.team_names(now.connection, staff, [each["team_id"] for each in found])
            position = now.position(CASES)
        call.reads(*(each["case_id"] for each in found), *names)
        told = next((answers.looked_after(each, who, names, teams) for each in found), None)
        return {"household_id": household_id, "case": told, "position": position}

    @query(CASE, GetCase, roles=ANY, personal=True)
    def get_case(self, call: Call[GetCase]) -> dict[str, Any]:
        """A case as of a day, as it was known."""
        asked, day = call.query, call.query.valid_at or call.today
        if not self.desk.may_know_of(self.desk.case(asked.case_id), call.actor, call.today):
            raise Refused("not-your-case", case=asked.case_id)
        history = load(self.platform.store, self.platform.sealer, case_stream(asked.case_id), case.evolve)
        known = case.as_known(history, asked.known)
        return {
            **answers.case(asked.case_id, known, day),
            "valid_at": day,
            "known_at": asked.known_at,
            "revision": history[-1].envelope.revision,
            "position": history[-1].envelope.position,
        }

    @question(
        f"{CASEWORK}/consultations/search",
        FindConsultations,
        roles={INTEGRATION_MANAGER, TEAM_LEAD},
        views=(CONSULTATIONS.name,),
        personal=True,
    )
    def find_consultations(self, call: Call[FindConsultations]) -> dict[str, Any]:
        """What was told in a case's consultations: for who looks after it; for a lead with a reason.

        `entries` are all that was recorded about one: the first telling, corrections, the withdrawal.
        """
        asked, day = call.query, call.query.valid_at or call.today
        consultation.check_readable(
            asked.case_id, asked.reason, self.desk.circumstances(asked.case_id, call.actor, call.today)
        )
        with self.reader.snapshot() as now:
            ids = which_consultations.of_case(now.connection, now.tables(CONSULTATIONS), asked.case_id)
            accounts = who_may_act.accounts(now.connection, now.tables(ACCESS))
            position = now.position(CONSULTATIONS)
        store, sealer = self.platform.store, self.platform.sealer
        histories = (load(store, sealer, consultation_stream(each), consultation.evolve) for each in ids)
        told = [answers.consultation(history, day, asked.known, accounts) for history in histories]
        call.reads(asked.case_id, reason=asked.reason)
        return {
            "consultations": [each for each in told if each is not None],
            "valid_at": day,
            "known_at": asked.known_at,
            "position": position,
        }

    @query(f"{CASEWORK}/teams", ListTeams, roles=ANY, views=(STAFF.name,))
    def list_teams(self, call: Call[ListTeams]) -> dict[str, Any]:
        """The teams and whom they serve on a day."""
        day = call.query.valid_at or call.today
        with self.reader.snapshot() as now:
            found = who_works_where.teams(now.connection, now.tables(STAFF), day)
            return {"teams": found, "valid_at": day, "position": now.position(STAFF)}

    @query(f"{CASEWORK}/employees", ListEmployees, roles=ANY, views=(STAFF.name, CASES.name), personal=True)
    def list_employees(self, call: Call[ListEmployees]) -> dict[str, Any]:
        """The employees with their teams on a day; with their contracts for those who run the office.

        `caseloads`, for them and for leads: how many of the cases that are open now each manager (null: nobody yet)
        looks after on the day, by team. Who left a team may still have cases of it, and who was erased is found here
        alone.
        """
        day, roles = call.query.valid_at or call.today, call.actor.roles
        with self.reader.snapshot() as now:
            tables = now.tables(STAFF)
            found = who_works_where.employees(now.connection, tables, day)
            if not roles.isdisjoint(OFFICE):
                contracts = who_works_where.contracts(now.connection, tables)
                found = [{**each, "contracts": contracts.get(each["employee_id"], [])} for each in found]
            distributes = not roles.isdisjoint(OFFICE | ASSIGNS)
            caseloads = which_cases.caseloads(now.connection, now.tables(CASES), day) if distributes else None
            position = min(now.position(STAFF), now.position(CASES))
        call.reads(*(each["employee_id"] for each in found))
        told = {} if caseloads is None else {"caseloads": caseloads}
        return {"employees": found, **told, "valid_at": day, "position": position}

    # --- how it is done ---------------------------------------------------------------------------

    def _record(self, call: Call[RecordConsultation] | Call[RecordAttemptedVisit]) -> Accepted:
        """The path that is taken most: one small read, one append."""
        circumstances = self.desk.circumstances(call.command.case_id, call.actor, call.today)
        covered = covered_for(standing_in(circumstances))
        stream = consultation_stream(call.command.consultation_id)
        return self.run(call, stream, consultation.decider(circumstances), on_behalf_of=covered, begins=True)

    def _change(self, call: Call[CorrectConsultation] | Call[WithdrawConsultation]) -> Accepted:
        consultation_id = call.command.consultation_id
        told, circumstances = self.desk.circumstances_of(consultation_id, call.actor, call.today)
        covered = covered_for(standing_with(told, circumstances.colleague))
        stream = consultation_stream(consultation_id)
        return self.run(call, stream, consultation.decider(circumstances), on_behalf_of=covered)


class CaseworkReact(ServiceReact):
    """Opens and closes cases as eligibility determines who is in charge; announces contracts that run out."""

    name = "casework"
    classes = frozenset({PersonalClass.STATISTICS, PersonalClass.EMPLOYEE})
    views = VIEWS

    contracts = contracts_observed()

    @reaction
    def look_at_person(self, nudge: Nudge) -> None:
        """Who serves a person was determined: bring the cases in line with what is determined now."""
        person_id = PersonId(subject_of(nudge.stream))
        reacting.look_at(person_id, self.platform.store, self.platform.sealer, self.platform.clock.today())

    @every_beat
    def announce_contract_ends(self) -> None:
        """Whatever has fallen due since the last look, however long ago that was."""
        today = self.platform.clock.today()
        try:
            with self.reader.snapshot() as now:
                due = which_contracts_end.due(now.connection, now.tables(CONTRACT_ENDS), today)
        except ViewNotReady:
            return  # its projector has not begun yet
        reacting.announce(expiry.react(due, today), self.platform.store, self.platform.sealer)

    @classmethod
    def due(cls, platform: Platform, reader: ViewReader) -> int:
        """Announcements that are due and not yet made."""
        try:
            with reader.snapshot() as now:
                tables = now.tables(CONTRACT_ENDS)
                return which_contracts_end.how_many_due(now.connection, tables, platform.clock.today())
        except ViewNotReady:
            return 0


HTTP: Final = CaseworkHttp
REACT: Final = CaseworkReact

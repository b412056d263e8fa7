"""What the figures must say, computed in the plainest way: one loop over the whole history per question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shared.contracts import casework, eligibility, intake
from shared.contracts.envelope import KnownAt
from shared.contracts.model import Event
from tests.reporting.histories import History


class Oracle:
    """Asks one history as valid at a day and as known then."""

    def __init__(self, history: History, valid_at: date, known_at: KnownAt) -> None:
        self.all = [(position, event) for position, (event, _) in enumerate(history.events, 1)]
        self.day = valid_at
        self.known = [
            (position, event)
            for position, (event, learnt_on) in enumerate(history.events, 1)
            if known_at is None or (position <= known_at if isinstance(known_at, int) else learnt_on <= known_at)
        ]

    def said(self, *kinds: type[Event]) -> Iterator[Any]:
        return (event for _, event in self.known if isinstance(event, kinds))

    # --- persons ----------------------------------------------------------------------------------

    @property
    def households(self) -> dict[str, str]:
        """Household of every person registered by the day."""
        found: dict[str, tuple[date, str]] = {}
        for event in self.said(intake.PersonRegistered, intake.BirthRecorded, intake.HouseholdJoined):
            last = found.get(event.person_id, (date.min, ""))
            if last[0] <= event.occurred_on <= self.day:
                found[event.person_id] = event.occurred_on, event.household_id
        return {person: household for person, (_, household) in found.items()}

    def home(self, person: str) -> Any:
        """The residence entry or departure that holds for a person, None without."""
        first_seen: dict[str, int] = {}
        for position, event in self.all:
            if (entry := getattr(event, "residence_id", None)) is not None:
                first_seen.setdefault(entry, position)
        versions: dict[str, Any] = {}
        for event in self.said(intake.MovedIn, intake.ResidenceCorrected, intake.MovedOut, intake.EntryWithdrawn):
            if event.person_id == person:
                versions[event.entry_id if isinstance(event, intake.EntryWithdrawn) else event.residence_id] = event
        holding = [
            (event.occurred_on, first_seen[entry], event)
            for entry, event in versions.items()
            if not isinstance(event, intake.EntryWithdrawn) and event.occurred_on <= self.day
        ]
        return max(holding, key=lambda entry: entry[:2])[2] if holding else None

    def left_on(self, person: str) -> date:
        home = self.home(person)
        return home.occurred_on if isinstance(home, intake.MovedOut) else date.max

    def phase(self, person: str) -> str:
        """By the newest determination: before the phase of follow-up housing it was the one before."""
        said = [e for e in self.said(eligibility.HousingPhaseDetermined) if e.person_id == person]
        if not said:
            return "undetermined"
        newest = said[-1]
        if newest.since is None or newest.since <= self.day:
            return str(newest.phase)
        return "provisional" if newest.phase == "follow_up" else "undetermined"

    def entitled(self, person: str) -> bool:
        said = [e for e in self.said(eligibility.HousingPhaseDetermined) if e.person_id == person]
        return bool(said) and said[-1].phase == "follow_up" and said[-1].since <= self.day

    def service(self, ags: str) -> str | None:
        found: tuple[date, str | None] = (date.min, None)
        for event in self.said(casework.MunicipalServiceSet):
            if event.ags == ags and found[0] <= event.occurred_on <= self.day:
                found = event.occurred_on, event.service
        return found[1]

    def size(self, person: str) -> int:
        mine = self.households[person]
        others = [other for other, household in self.households.items() if household == mine]
        return sum(self.left_on(other) >= self.left_on(person) for other in others)

    # --- talks ------------------------------------------------------------------------------------

    @property
    def talks(self) -> list[Any]:
        versions: dict[str, Any] = {}
        kinds = casework.ConsultationHeld, casework.ConsultationCorrected, casework.ConsultationWithdrawn
        for event in self.said(*kinds):
            versions[event.consultation_id] = event
        return [
            event
            for event in versions.values()
            if not isinstance(event, casework.ConsultationWithdrawn) and event.occurred_on <= self.day
        ]

    @property
    def cases(self) -> dict[str, str]:
        return {event.case_id: event.household_id for event in self.said(casework.CaseOpened)}

    def case_is_family(self, case: str) -> bool:
        members = [person for person, household in self.households.items() if household == self.cases[case]]
        return bool(members) and min(self.size(person) for person in members) > 1

    # --- the figures ------------------------------------------------------------------------------

    def persons_in_care(self) -> dict[str, Any]:
        return {"persons": len(self._in_care())}

    def _in_care(self) -> list[str]:
        return [
            person
            for person in self.households
            if self.entitled(person)
            and (home := self.home(person)) is not None
            and getattr(home, "kind", None) in ("follow_up_housing", "private")
            and self.service(home.ags) == "district"
        ]

    def population(self) -> dict[str, Any]:
        lines = Counter(
            f"{self.phase(person)}.{home.kind}"
            for person in self.households
            if hasattr(home := self.home(person), "kind")
        )
        return {"total": sum(lines.values()), **dict(sorted(lines.items()))}

    def overdue_occupants(self) -> dict[str, Any]:
        found: Counter[str] = Counter()
        for person in self.households:
            home = self.home(person)
            if self.entitled(person) and getattr(home, "kind", None) == "shared_accommodation":
                found[self.service(home.ags) or "nobody"] += 1
        return {
            "total": found["district"] + found["own"],
            "district_municipalities": found["district"],
            "own_service_towns": found["own"],
        }

    def persons_contacted(self) -> dict[str, Any]:
        contacted = {person for talk in self.talks for person in talk.took_part} & set(self.households)
        single = sum(self.size(person) == 1 for person in contacted)
        return {"total": len(contacted), "single": single, "family": len(contacted) - single}

    def outreach_share(self) -> dict[str, Any]:
        outreach = sum(talk.setting == "outreach" for talk in self.talks)
        return {"outreach": outreach, "consultations": len(self.talks)}

    @property
    def visits(self) -> list[Any]:
        return [visit for visit in self.said(casework.VisitAttempted) if visit.occurred_on <= self.day]

    def consultations(self) -> dict[str, Any]:
        settings = Counter(talk.setting for talk in self.talks)
        return {"total": len(self.talks), **settings, "attempted": len(self.visits)}

    def consultations_by_team(self) -> dict[str, Any]:
        held = Counter(f"{talk.team_id}.held" for talk in self.talks)
        return dict(held + Counter(f"{visit.team_id}.attempted" for visit in self.visits))

    def topics(self) -> dict[str, Any]:
        counts = Counter(topic for talk in self.talks for topic in talk.topics)
        return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))

    def consultations_per_case(self) -> dict[str, Any]:
        advised = {talk.case_id for talk in self.talks if talk.case_id in self.cases}
        family = sum(self.case_is_family(case) for case in advised)
        return {"family_cases": family, "single_cases": len(advised) - family}

    def _last_day(self, contract: Any) -> date:
        ended = [e.occurred_on for e in self.said(casework.ContractEnded) if e.contract_id == contract.contract_id]
        return min([contract.ends_on or date.max, *ended])

    def _latest(self, kind: type[Event], of: str) -> dict[str, Any]:
        """The event that holds for each value of a field."""
        found: dict[str, Any] = {}
        for event in self.said(kind):
            before = found.get(getattr(event, of))
            if event.occurred_on <= self.day and (before is None or before.occurred_on <= event.occurred_on):
                found[getattr(event, of)] = event
        return found

    def caseload_by_team(self) -> dict[str, Any]:
        lines: Counter[str] = Counter()
        overdue = self._overdue()
        for team, area in self._latest(casework.TeamAreaSet, "team_id").items():
            for line, persons in (("persons", self._in_care()), ("overdue", overdue)):
                lines[f"{team}.{line}"] += sum(self.home(person).ags in area.municipalities for person in persons)
        fte: Counter[str] = Counter()
        members = self._latest(casework.TeamJoined, "employee_id")
        for contract in self.said(casework.ContractConcluded):
            if contract.occurred_on <= self.day <= self._last_day(contract) and contract.employee_id in members:
                fte[members[contract.employee_id].team_id] += contract.fte
        counted = {f"{team}.fte": value for team, value in fte.items()}
        return {key: value for key, value in {**lines, **counted}.items() if value}

    def _overdue(self) -> list[str]:
        return [
            person
            for person in self.households
            if self.entitled(person)
            and getattr(home := self.home(person), "kind", None) == "shared_accommodation"
            and self.service(home.ags) == "district"
        ]

    def contracts_ending(self) -> dict[str, Any]:
        ended = [c for c in self.said(casework.ContractConcluded) if self._last_day(c) <= self.day]
        return {"contracts": len(ended), "fte": sum((contract.fte for contract in ended), Decimal(0))}

    @property
    def active(self) -> list[Any]:
        """The contracts of the day."""
        ends = {(e.contract_id, e.occurred_on) for e in self.said(casework.ContractEnded)}
        return [
            contract
            for contract in self.said(casework.ContractConcluded)
            if contract.occurred_on <= self.day <= (contract.ends_on or date.max)
            and all(last >= self.day for ended, last in ends if ended == contract.contract_id)
        ]

    def staff(self) -> dict[str, Any]:
        joined = {event.employee_id for event in self.said(casework.EmployeeJoined)}
        persons = {contract.employee_id for contract in self.active} & joined
        return {"persons": len(persons), "fte": sum((contract.fte for contract in self.active), Decimal(0))}

    def caseload_per_fte(self) -> dict[str, Any]:
        in_care, overdue, fte = len(self._in_care()), self.overdue_occupants(), Fraction(self.staff()["fte"])
        counted = {"housed": in_care}
        if self.day >= date(2018, 10, 1):
            counted["with_overdue_occupants"] = in_care + overdue["total"]
            counted["with_overdue_occupants_outside_towns"] = in_care + overdue["district_municipalities"]
        return {name: persons / fte if fte else None for name, persons in counted.items()}

    def grant(self) -> dict[str, Any]:
        """What is awarded, and what the staff of the day costs by the rates of the grant that was awarded last."""
        running = [g for g in self.said(casework.GrantAwarded) if g.occurred_on <= self.day <= g.until]
        qualified = {e.employee_id: e.qualification for e in self.said(casework.EmployeeJoined)}
        fte: Counter[str] = Counter()
        for contract in self.active:
            if contract.employee_id in qualified:
                fte[qualified[contract.employee_id]] += contract.fte
        total, committed = sum((grant.amount for grant in running), Decimal(0)), Decimal(0)
        if running:
            last = sorted(running, key=lambda grant: grant.occurred_on)[-1]
            committed = fte["graduate"] * last.rate_graduate + fte["intermediate"] * last.rate_intermediate
        return {
            "total": total,
            "fte_graduate": fte["graduate"],
            "fte_intermediate": fte["intermediate"],
            "committed": committed,
            "free": total - committed,
        }

    def municipalities(self) -> dict[str, Any]:
        services = Counter(event.service for event in self._latest(casework.MunicipalServiceSet, "ags").values())
        return {"district": services["district"], "own": services["own"]}

    def teams(self) -> dict[str, Any]:
        return {"teams": sum(event.occurred_on <= self.day for event in self.said(casework.TeamFormed))}

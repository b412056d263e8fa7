"""The county's history as commands, in the order in which the office learnt them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from operator import attrgetter
from random import Random
from typing import Any

from scenarios.goeppingen_2018 import plan
from scenarios.goeppingen_2018.county import County, Manager, county
from scenarios.goeppingen_2018.households import Household, Member, Population
from scenarios.goeppingen_2018.office import BASE as CASEWORK
from scenarios.goeppingen_2018.office import HEAD, employee_key, lead_account, office, team_key
from scenarios.goeppingen_2018.talks import Talk, contacted, talks
from scenarios.steps import CaseOf, Post, Ref, Scenario
from shared.api.roles import HEAD_OF_OFFICE, INTAKE_CLERK, INTEGRATION_MANAGER, OPERATOR, TEAM_LEAD

NAME = "goeppingen-2018"
PERSONS = "/intake/v1/persons"
CLERKS = ("clerk-one", "clerk-two", "clerk-three")
DAY = timedelta(days=1)


def scenario(seed: int = 1) -> Scenario:
    """The demonstration county. Another seed: another population, the same figures."""
    chance, place = Random(seed), county()
    households = Population(chance, place).everybody()
    met = contacted(chance, place, households)
    held = talks(chance, met)
    script = _Script(chance, place)
    posts = [
        *office(place),
        *(post for household in households for post in script.household(household)),
        *script.casework(households, held),
    ]
    posts.sort(key=attrgetter("day"))  # stable: within a day the order of each lane stays
    roles = dict.fromkeys(CLERKS, (INTAKE_CLERK,))
    roles |= {HEAD: (HEAD_OF_OFFICE,), "operator": (OPERATOR,)}
    roles |= {lead_account(team.name): (TEAM_LEAD,) for team in place.teams}
    roles |= {manager.account: (INTEGRATION_MANAGER,) for manager in place.staff}
    return Scenario(NAME, seed, plan.BEGINS_ON, plan.ENDS_ON, roles, posts)


class _Script:
    """Turns lives into commands; ``chance`` decides delays, slips of the pen and who types."""

    def __init__(self, chance: Random, place: County) -> None:
        self.chance, self.place = chance, place
        self.case_known_on: dict[str, date] = {}
        """When the office knows all that makes the district responsible for a household."""

    # --- intake -----------------------------------------------------------------------------------

    def household(self, household: Household) -> list[Post]:
        """What intake records of a household, each command on the day it was learnt; registration comes first."""
        registration, *others = self._life(household)
        others = [replace(post, day=max(post.day, registration.day)) for post in others]
        return [registration, *sorted(others, key=attrgetter("day"))]

    def _life(self, household: Household) -> Iterator[Post]:
        clerk = self.chance.choice(CLERKS)
        in_town = household.ags in self.place.own_service
        yield from self._arrivals(household, clerk, directly_housed=in_town)
        if household.rule is not None:
            yield from self._procedure(household, clerk, only_title=in_town)
        if household.housed_on is not None and not in_town:
            yield from self._move_out_of_shared_accommodation(household, clerk)
        for member in household.members:
            if member.left_on is not None:
                learnt_on = self._learnt(member.left_on, often_late=True)
                destination = "other_district" if len(household.members) > 1 else "unknown"
                body = {"destination": destination, "moved_out_on": member.left_on}
                yield self._about(household, member, learnt_on, clerk, "departure", body)

    def _arrivals(self, household: Household, clerk: str, *, directly_housed: bool) -> Iterator[Post]:
        first_on = household.intake_on if not directly_housed else household.housed_on
        assert first_on is not None
        registered_on = self._learnt(first_on)
        slip = self.chance.random() < 0.02  # a name misheard, corrected when the papers came
        for member in household.members:
            if member.arrival == "registered":
                residence = self._residence(household, first_on, shared=not directly_housed)
                name = household.family_name[:-1] if slip else household.family_name
                body = self._person(household, member) | {
                    "family_name": name,
                    "registered_on": first_on,
                    "residence": residence,
                }
                yield Post(
                    day=registered_on, lane=household.key, account=clerk, path=PERSONS, body=body, name=member.key
                )
            elif member.arrival == "reunified":
                yield from self._reunified(household, member, clerk)
            else:
                yield self._birth(household, member, clerk)
        if slip:
            corrected_on = min(registered_on + timedelta(days=self.chance.randint(5, 40)), plan.ENDS_ON)
            for member in household.members:
                if member.arrival == "registered":
                    master = self._person(household, member)
                    body = {k: v for k, v in master.items() if k not in ("anchor_id", "relation")}
                    body |= {"family_name": household.family_name, "corrected_on": corrected_on}
                    yield self._about(household, member, corrected_on, clerk, "corrections/master-data", body)

    def _person(self, household: Household, member: Member) -> dict[str, Any]:
        number = int(household.key[1:])
        body = {
            "family_name": household.family_name,
            "given_name": member.given_name,
            "file_number": f"WM-{number:05}-{member.key.rpartition('.')[2]}",
            "category": "asylum",
            "born_on": member.born_on,
            "sex": member.sex,
            "nationality": household.nationality,
            "language": household.language,
            "interpreter_needed": member.relation != "minor_child" and self.chance.random() < 0.5,
            "state_entry_on": household.state_entry_on,
            "district_intake_on": household.intake_on,
        }
        if member.relation is None:
            return body | {"phone": f"0000 {number:06}"}
        return body | {"anchor_id": Ref(household.anchor.key), "relation": member.relation}

    def _reunified(self, household: Household, member: Member, clerk: str) -> Iterator[Post]:
        """Family reunification arrives with a title and is housed with the anchor at once."""
        body = self._person(household, member) | {
            "category": "family_reunification",
            "state_entry_on": member.joined_on,
            "district_intake_on": None,
            "registered_on": member.joined_on,
            "residence": self._residence(household, member.joined_on, shared=False),
        }
        learnt_on = self._learnt(member.joined_on, at_most=10)
        yield Post(day=learnt_on, lane=household.key, account=clerk, path=PERSONS, body=body, name=member.key)
        title = {"section": "30" if member.relation == "spouse" else "32", "granted_on": member.joined_on}
        yield self._about(household, member, learnt_on, clerk, "titles", title)

    def _birth(self, household: Household, member: Member, clerk: str) -> Post:
        body = {
            "anchor_id": Ref(household.anchor.key),
            "family_name": household.family_name,
            "given_name": member.given_name,
            "born_on": member.born_on,
            "sex": member.sex,
            "nationality": household.nationality,
            "residence": self._residence(household, member.born_on, shared=False),
        }
        learnt_on = self._learnt(member.born_on, often_late=True)
        return Post(
            day=learnt_on, lane=household.key, account=clerk, path="/intake/v1/births", body=body, name=member.key
        )

    def _procedure(self, household: Household, clerk: str, *, only_title: bool) -> Iterator[Post]:
        anchor, key, ends_on = household.anchor, f"procedure:{household.key}", household.follow_up_on
        assert ends_on is not None
        if not only_title:
            opened_on = household.intake_on + timedelta(days=self.chance.randint(2, 20))
            opened = {"kind": "first", "opened_on": opened_on}
            learnt_on = self._learnt(opened_on)
            yield self._about(household, anchor, learnt_on, clerk, "procedures", opened, name=key)
            if household.rule != "R6":
                outcome = "negative" if household.rule == "R4-" else "positive"
                decided_on = max(opened_on + DAY, ends_on - timedelta(days=self.chance.randint(5, 40)))
                decision = {"outcome": outcome, "decided_on": decided_on}
                learnt_on = max(learnt_on, self._learnt(decided_on, at_most=14))
                yield self._about(household, anchor, learnt_on, clerk, f"procedures/{{{key}}}/decision", decision)
                if household.rule != "R3":
                    final = {"outcome": outcome, "final_on": ends_on}
                    learnt_on = max(learnt_on, self._learnt(ends_on, at_most=14))
                    self._now_known(household, learnt_on)
                    yield self._about(household, anchor, learnt_on, clerk, f"procedures/{{{key}}}/finality", final)
        if household.rule == "R3":
            title = {"section": "25(2)", "granted_on": ends_on}
            learnt_on = self._learnt(ends_on, at_most=14)
            self._now_known(household, learnt_on)
            yield self._about(household, anchor, learnt_on, clerk, "titles", title)
        elif household.rule == "R4-":
            issued_on = min(ends_on + timedelta(days=self.chance.randint(5, 30)), plan.ENDS_ON)
            toleration = {"section": "60a", "issued_on": issued_on}
            yield self._about(household, anchor, self._learnt(issued_on), clerk, "tolerations", toleration)

    def _move_out_of_shared_accommodation(self, household: Household, clerk: str) -> Iterator[Post]:
        housed_on = household.housed_on
        assert housed_on is not None
        moving = [member for member in household.members if member.arrival == "registered"]
        if len(moving) == 1 and self.chance.random() < 0.15:
            yield from self._move_between_accommodations(household, clerk)
        slip = self.chance.random()
        learnt_on = self._learnt(housed_on, at_most=14)
        self._now_known(household, learnt_on)
        for member in moving:
            right = self._residence(household, housed_on, shared=False)
            key = f"residence:{member.key}"
            if slip < 0.02:  # the wrong municipality, corrected when the landlord's paper came
                wrong = right | {"ags": self._elsewhere(household.ags)}
                yield self._about(household, member, learnt_on, clerk, "residences", wrong, name=key)
                corrected_on = min(learnt_on + timedelta(days=self.chance.randint(3, 20)), plan.ENDS_ON)
                path = f"corrections/residences/{{{key}}}"
                yield self._about(household, member, corrected_on, clerk, path, right)
            else:
                yield self._about(household, member, learnt_on, clerk, "residences", right, name=key)
        if slip > 0.985:  # entered for the wrong person, withdrawn the next day
            wrong = self._residence(household, learnt_on, shared=True)
            key = f"mistake:{household.key}"
            yield self._about(household, household.anchor, learnt_on, clerk, "residences", wrong, name=key)
            withdrawn_on = min(learnt_on + DAY, plan.ENDS_ON)
            body = {"entry_id": Ref(key), "reason": "wrong_person", "withdrawn_on": withdrawn_on}
            yield self._about(household, household.anchor, withdrawn_on, clerk, "withdrawals", body)

    def _move_between_accommodations(self, household: Household, clerk: str) -> Iterator[Post]:
        assert household.housed_on is not None
        if (household.housed_on - household.intake_on).days < 120:
            return
        moved_on = household.intake_on + timedelta(days=self.chance.randint(40, 100))
        house = self.chance.choice([h for h in self.place.accommodations if h.name != household.accommodation])
        body = {
            "kind": "shared_accommodation",
            "ags": house.ags,
            "accommodation": house.name,
            "moved_in_on": moved_on,
        }
        yield self._about(household, household.anchor, self._learnt(moved_on), clerk, "residences", body)

    def _residence(self, household: Household, since: date, *, shared: bool) -> dict[str, Any]:
        if shared:
            return {
                "kind": "shared_accommodation",
                "ags": household.accommodation_ags,
                "accommodation": household.accommodation,
                "moved_in_on": since,
            }
        number = int(household.key[1:])
        address = f"Wegmarkenweg {number}"
        return {"kind": household.kind, "ags": household.ags, "address": address, "moved_in_on": since}

    def _elsewhere(self, ags: str | None) -> str:
        """Another of the municipalities that the district serves; the one before, where chance hits the right one."""
        served = self.place.served
        hit = self.chance.choice(served)
        return hit if hit != ags else served[served.index(hit) - 1]

    def _about(
        self,
        household: Household,
        member: Member,
        day: date,
        account: str,
        path: str,
        body: Mapping[str, Any],
        *,
        name: str | None = None,
    ) -> Post:
        path = f"{PERSONS}/{{{member.key}}}/{path}"
        return Post(day=day, lane=household.key, account=account, path=path, body=body, name=name)

    def _now_known(self, household: Household, learnt_on: date) -> None:
        self.case_known_on[household.key] = max(learnt_on, self.case_known_on.get(household.key, learnt_on))

    def _learnt(self, day: date, *, often_late: bool = False, at_most: int = 30) -> date:
        """When the office learns what happened on a day; never after the scenario's end."""
        late = self.chance.random() < (0.3 if often_late else 0.05)
        delay = self.chance.randint(8, at_most) if late else self.chance.randint(0, 4)
        return min(max(day, plan.BEGINS_ON + DAY) + timedelta(days=delay), plan.ENDS_ON)

    # --- casework ---------------------------------------------------------------------------------

    def casework(self, households: Iterable[Household], held: Iterable[Talk]) -> Iterator[Post]:
        """Assignments of cases, notices and consents, talks and attempted visits."""
        managers: dict[str, list[tuple[date, Manager]]] = {}
        for household in households:
            if household.in_care(plan.STAFFED_ON, self.place.served):
                managers[household.key] = self._managers(household)
                yield from self._assignments(household, managers[household.key])
        by_household: dict[str, list[Talk]] = {}
        for talk in held:
            by_household.setdefault(talk.household.key, []).append(talk)
        for key, own in by_household.items():
            own.sort(key=attrgetter("held_on"))
            yield from self._first_contact(own[0])
            for talk in own:
                yield from self._talk(talk, managers[key])

    def _managers(self, household: Household) -> list[tuple[date, Manager]]:
        """Who looks after the household, from which day."""
        assert household.ags is not None
        team = [manager for manager in self.place.staff if manager.team == self.place.team_of(household.ags)]
        assigned_on = max(
            plan.SERVICE_STARTS_ON + timedelta(days=self.chance.randint(1, 16)),
            self.case_known_on[household.key] + timedelta(days=self.chance.randint(2, 6)),
        )
        assigned_on = min(assigned_on, plan.ENDS_ON)
        found = [(assigned_on, self._one_of(team, assigned_on))]
        left_on = found[0][1].left_on
        if left_on is not None:
            found.append((left_on + DAY, self._one_of(team, left_on + DAY)))
        return found

    def _one_of(self, team: list[Manager], day: date) -> Manager:
        working = [manager for manager in team if manager.works_on(day)]
        return self.chance.choices(working, weights=[float(manager.fte) for manager in working])[0]

    def _assignments(self, household: Household, managers: list[tuple[date, Manager]]) -> Iterator[Post]:
        for assigned_on, manager in managers:
            yield Post(
                day=assigned_on,
                lane=household.key,
                account=lead_account(manager.team),
                path=f"{CASEWORK}/cases/{{case}}/assignment",
                body={
                    "team_id": Ref(team_key(manager.team)),
                    "manager_id": Ref(employee_key(manager.account)),
                    "assigned_on": assigned_on,
                },
                case=CaseOf(household.anchor.key, (household.anchor.key,)),
            )

    def _first_contact(self, talk: Talk) -> Iterator[Post]:
        """Before the first talk: how data are used, and whether the person agrees."""
        household, clerk = talk.household, self.chance.choice(CLERKS)
        notice = {"language": household.language, "given_on": talk.held_on}
        yield self._about(household, household.anchor, talk.held_on, clerk, "notices", notice)
        if self.chance.random() < 0.95:
            consent = {"scope": "advice_documentation", "given_on": talk.held_on}
            yield self._about(household, household.anchor, talk.held_on, clerk, "consents", consent)
        else:
            refusal = {"scope": "advice_documentation", "refused_on": talk.held_on}
            yield self._about(household, household.anchor, talk.held_on, clerk, "refusals", refusal)

    def _talk(self, talk: Talk, managers: list[tuple[date, Manager]]) -> Iterator[Post]:
        manager = [manager for since, manager in managers if since <= talk.held_on][-1]
        account = self._account(manager, talk.held_on)
        right = self._consultation(talk)
        entered = right
        if talk.entered_wrongly:
            entered = right | {
                "minutes": talk.minutes + 5,
                "setting": "office" if talk.setting != "office" else "remote",
            }
        if self.chance.random() < 0.05:
            visit = {"case_id": "{case}", "visited_on": talk.held_on}
            yield self._case_post(talk, talk.held_on, account, "attempted-visits", visit)
        yield self._case_post(talk, talk.held_on, account, "consultations", entered, name=talk.key)
        if talk.entered_wrongly:
            yield self._case_post(talk, talk.held_on, account, f"consultations/{{{talk.key}}}/correction", right)
        if talk.entered_twice:
            twice = f"twice:{talk.key}"
            yield self._case_post(talk, talk.held_on, account, "consultations", right, name=twice)
            body = {"reason": "entered_twice", "withdrawn_on": talk.held_on}
            yield self._case_post(talk, talk.held_on, account, f"consultations/{{{twice}}}/withdrawal", body)

    def _account(self, manager: Manager, day: date) -> str:
        """The manager, or the deputy while a recorded cover runs."""
        for cover in self.place.covers:
            if cover.covered == manager.account and cover.from_on <= day <= cover.until:
                return cover.deputy
        return manager.account

    def _consultation(self, talk: Talk) -> dict[str, Any]:
        return {
            "case_id": "{case}",
            "held_on": talk.held_on,
            "setting": talk.setting,
            "minutes": talk.minutes,
            "interpreter": talk.interpreter,
            "topics": list(talk.topics),
            "took_part": [Ref(member.key) for member in talk.took_part],
            "concerns": [Ref(member.key) for member in talk.concerns],
            "steps": [{"action_field": field, "step": step} for field, step in talk.steps],
            "health": list(talk.health),
            "note": "Erfundenes Gespräch der Vorführung." if talk.setting == "outreach" else None,
        }

    def _case_post(
        self, talk: Talk, day: date, account: str, path: str, body: dict[str, Any], *, name: str | None = None
    ) -> Post:
        household = talk.household
        case = CaseOf(household.anchor.key, tuple(member.key for member in household.members))
        path = f"{CASEWORK}/{path}"
        return Post(day=day, lane=household.key, account=account, path=path, body=body, name=name, case=case)

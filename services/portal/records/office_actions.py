"""What those who run the office may record: commands of casework as descriptions, from which forms are made. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from services.portal.language import terms
from services.portal.language.words import mark
from services.portal.records.fields import Field
from services.portal.records.staff import Contract, Employee, Team

About = Literal["office", "team", "employee", "contract"]


@dataclass(frozen=True, slots=True)
class Concerned:
    """What an action is about: of the team, the employee and the contract those that it needs."""

    team: Team | None = None
    employee: Employee | None = None
    contract: Contract | None = None

    @property
    def said(self) -> str:
        """What it is called."""
        return self.employee.name if self.employee else self.team.name if self.team else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeAction:
    """A command. ``about``: what its address names; ``path``: where it goes, with ids in their places, and ``{ags}``
    for the municipality that was typed; ``proposes``: what the form shows at first, beside days that begin as today.
    """

    name: str
    label: str
    about: About
    path: str
    fields: tuple[Field, ...]
    hint: str = ""
    proposes: Callable[[Concerned], Mapping[str, Any]] = lambda concerned: {}


SINCE: Final = Field("since", "day", required=True, starts_today=True)
_EMPLOYEE: Final = "employees/{employee}"


def _area(concerned: Concerned) -> Mapping[str, Any]:
    return {"municipalities": concerned.team.area if concerned.team else ()}


def _team(concerned: Concerned) -> Mapping[str, Any]:
    return {"team_id": concerned.employee.team_id if concerned.employee else None}


OFFICE_ACTIONS: Final = (
    OfficeAction(
        name="einstellen",
        label=mark("Somebody joins the office"),
        about="office",
        path="employees",
        fields=(
            Field("name", required=True),
            Field("account", required=True, hint=mark("The name under which they log in; it stays theirs for ever")),
            Field("qualification", "choice", required=True),
            Field("joined_on", "day", required=True, starts_today=True, called=mark("In the office since")),
        ),
        hint=mark("The account itself is made by whoever administers accounts. Team and contract come next."),
    ),
    OfficeAction(
        name="team",
        label=mark("Form a team"),
        about="office",
        path="teams",
        fields=(Field("name", required=True), Field("formed_on", "day", required=True, starts_today=True)),
    ),
    OfficeAction(
        name="dienst",
        label=mark("Who serves a municipality"),
        about="office",
        path="municipalities/{ags}/service",
        fields=(Field("ags", "select", required=True), Field("service", "choice", required=True), SINCE),
        hint=mark("Whether integration management is the district's or the town's own."),
    ),
    OfficeAction(
        name="gebiet",
        label=mark("Area of the team"),
        about="team",
        path="teams/{team}/area",
        fields=(Field("municipalities", "several"), SINCE),
        hint=mark("From that day on the team serves exactly the municipalities that are ticked."),
        proposes=_area,
    ),
    OfficeAction(
        name="wechsel",
        label=mark("Change of team"),
        about="employee",
        path=f"{_EMPLOYEE}/team",
        fields=(Field("team_id", "select", required=True), SINCE),
        hint=mark("Cases stay where they are: the lead of the old team hands them over."),
        proposes=_team,
    ),
    OfficeAction(
        name="vertrag",
        label=mark("New contract"),
        about="employee",
        path=f"{_EMPLOYEE}/contracts",
        fields=(
            Field("fte", "number", required=True, hint=mark("Above 0 and at most 1, such as 0.75")),
            Field("starts_on", "day", required=True),
            Field("ends_on", "day", hint=mark("Empty: without end")),
        ),
    ),
    OfficeAction(
        name="vertragsende",
        label=mark("Contract ends early"),
        about="contract",
        path=f"{_EMPLOYEE}/contracts/{{contract}}/end",
        fields=(
            Field("ended_on", "day", required=True, hint=mark("The last day on which it holds")),
            Field("reason", "choice", required=True, values=("own_wish", "employer", "transfer")),
        ),
    ),
)
BY_NAME: Final = {action.name: action for action in OFFICE_ACTIONS}


def missing(action: OfficeAction, body: Mapping[str, Any]) -> list[Field]:
    """The required fields that are empty, where the address lacks its municipality: no service can be asked then."""
    if "{ags}" not in action.path or body.get("ags") in dict(terms.municipality_options()):
        return []
    return [field for field in action.fields if field.name == "ags" or (field.required and field.name not in body)]


def begins_later(action: OfficeAction, body: Mapping[str, Any], today: date) -> date | None:
    """The day from which on it holds, if that is still to come: until then it is not part of the office as it is."""
    days = (date.fromisoformat(body[field.name]) for field in action.fields if field.starts_today)
    return next((day for day in days if day > today), None)


def address(action: OfficeAction, concerned: Concerned, body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Where the command goes, and with what: a municipality that was typed belongs to the address."""
    ids = {
        "team": concerned.team.id if concerned.team else "",
        "employee": concerned.employee.id if concerned.employee else "",
        "contract": concerned.contract.id if concerned.contract else "",
        "ags": body.get("ags", ""),
    }
    return f"/casework/v1/{action.path.format_map(ids)}", {name: body[name] for name in body if name != "ags"}

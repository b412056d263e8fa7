"""The platform itself: its services and processes, what they read, what they keep, and who may use it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.portal.language.words import mark
from shared.api import roles

EVENTS: Final[Mapping[str, str]] = {
    "reporting.ReportSealed": mark("Report sealed"),
    "runtime.DayBegan": mark("Business day began"),
}

SERVICES: Final[Mapping[str, str]] = {
    "intake": mark("Intake"),
    "eligibility": mark("Eligibility"),
    "casework": mark("Casework"),
    "reporting": mark("Reporting"),
    "runtime": mark("Business clock"),
}
"""Whose events they are, by what their type begins with."""
PROCESSES: Final[Mapping[str, str]] = {
    **{name: label for name, label in SERVICES.items() if name != "runtime"},
    "projector": mark("Views"),
    "relay": mark("Delivery"),
    "react": mark("Reactions"),
}
"""What runs, by kind: the services, and what works for all of them."""
VIEWS: Final[Mapping[str, str]] = {
    "intake.persons": mark("Who is who"),
    "intake.households": mark("Who belongs together"),
    "intake.residences": mark("Who lives where"),
    "intake.permits": mark("Which permits end"),
    "eligibility.households": mark("Whom a change may concern"),
    "eligibility.due": mark("When to look again"),
    "casework.cases": mark("Which cases there are"),
    "casework.consultations": mark("Which consultations there were"),
    "casework.staff": mark("Who works where"),
    "casework.access": mark("Who may act in which case"),
    "casework.contract_ends": mark("Which contracts end"),
    "reporting.what_is_granted": mark("What is granted"),
    "reporting.who_belongs_together": mark("Who belongs together"),
    "reporting.who_is_entitled": mark("Who is entitled"),
    "reporting.who_lives_where": mark("Who lives where"),
    "reporting.who_serves_where": mark("Who serves where"),
    "reporting.who_was_advised": mark("Who was advised"),
    "reporting.who_works_here": mark("Who works here"),
}
"""The read models, by the question they answer."""
STREAMS: Final[Mapping[str, str]] = {
    "person": mark("Person"),
    "eligibility": mark("Phase and service in charge"),
    "municipality": mark("Municipality"),
    "team": mark("Team"),
    "employee": mark("Employee"),
    "cover": mark("Cover"),
    "grant": mark("Grant"),
    "case": mark("Case"),
    "consultation": mark("Consultation"),
    "report": mark("Sealed report"),
    "clock": mark("Business clock"),
}
"""What a stream is about, by the kind that its name begins with."""
PURPOSES: Final[Mapping[str, str]] = {
    "intake.find_persons": mark("Search for persons"),
    "intake.get_person": mark("Person's record"),
    "intake.get_household": mark("Household"),
    "intake.find_households": mark("Households to visit"),
    "intake.find_due": mark("Permits that end"),
    "intake.get_history": mark("Person's history"),
    "eligibility.get_eligibility": mark("Phase and service in charge"),
    "eligibility.get_history": mark("History of the phase"),
    "eligibility.find_phases": mark("Phases for a list"),
    "eligibility.find_due": mark("Whom to look at again"),
    "eligibility.find_due_among": mark("Whom to look at again, of a list"),
    "casework.get_me": mark("Own account and covers"),
    "casework.get_households_case": mark("Who looks after a household"),
    "casework.find_cases": mark("List of cases"),
    "casework.get_case": mark("Case"),
    "casework.find_consultations": mark("Consultations"),
    "casework.list_employees": mark("List of employees"),
    "reporting.events": mark("Audit: history"),
    "reporting.stream": mark("Audit: replay"),
    "reporting.correlation": mark("Audit: one act"),
    "reporting.accesses": mark("Data protection: who looked"),
}
"""What was asked, by service and question."""
CLASSES: Final[Mapping[str, str]] = {
    "identity": mark("who the person is, and notes"),
    "statistics": mark("facts that are counted"),
    "health": mark("health"),
    "employee": mark("employee's data"),
}
"""The classes of personal data, each under a key of its own."""
ROLES: Final[Mapping[str, str]] = {
    roles.INTAKE_CLERK: mark("Intake"),
    roles.INTEGRATION_MANAGER: mark("Integration manager"),
    roles.TEAM_LEAD: mark("Team lead"),
    roles.HEAD_OF_OFFICE: mark("Head of office"),
    roles.REPORTING: mark("Reporting"),
    roles.AUDITOR: mark("Audit"),
    roles.DATA_PROTECTION_OFFICER: mark("Data protection"),
    roles.MUNICIPAL_STAFF: mark("Municipality"),
    roles.IMPORTER: mark("Import"),
    roles.OPERATOR: mark("Operation"),
}
"""The roles of accounts."""

LABELS: Final[Mapping[str, str]] = {
    "chain": mark("Hash of the history"),
    "definition": mark("Definition"),
    "digest": mark("Digest"),
    "figures": mark("Figures"),
    "position": mark("Position in the history"),
    "report_id": mark("Report"),
    "sealed_on": mark("Sealed on"),
    "today": mark("Day"),
    # what the history is searched by
    "stream": mark("Stream"),
    "type": mark("What happened"),
    "actor": mark("Recorded by"),
    "correlation_id": mark("Act"),
    "subject": mark("Person"),
}

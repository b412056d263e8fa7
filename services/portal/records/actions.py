"""What may be recorded from a person's file: each command as a description, its form is made from it. Pure.

A description says what is asked, where it goes, and what of the record is proposed. There is one page for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from services.portal import doors
from services.portal.answers import Answer
from services.portal.language.words import mark
from services.portal.records import fields
from services.portal.records.fields import Field


@dataclass(frozen=True, slots=True)
class Given:
    """What a body is made of: the person's record, what was typed, the entry that it is about, the office's day."""

    record: Answer
    typed: Mapping[str, Any]
    entry_id: str | None
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A command of intake.

    ``path`` behind the person's, with ``{entry}`` for the entry that it is about; a path of its own begins with a
    slash. ``group``: the part of the file where it belongs. ``proposes``: what the form shows at first, of the
    person's record and the entry of it (a residence, a procedure, a title, a toleration); ``adds``: what the body
    holds beside what was typed. ``is_undone``: the answer names an entry that can be withdrawn. ``about_phase``: it is
    about what eligibility says of the person, from which its form is proposed: that stands in the entry's place.
    """

    name: str
    label: str
    group: str
    path: str
    fields: tuple[Field, ...]
    hint: str = ""
    proposes: Callable[[Answer, Answer], Mapping[str, Any]] = lambda record, entry: {}
    adds: Callable[[Given], Mapping[str, Any]] = lambda given: {}
    is_undone: bool = False
    needs_entry: bool = False
    about_phase: bool = False
    roles: frozenset[str] = doors.REGISTER

    def address(self, person_id: str, entry_id: str | None) -> str:
        """Where the command goes."""
        if self.path.startswith("/"):
            return self.path
        return f"/intake/v1/persons/{person_id}/{self.path.format(entry=entry_id)}"

    def body(self, given: Given) -> dict[str, Any]:
        return {**given.typed, **self.adds(given)}


def _child(given: Given) -> Mapping[str, Any]:
    """A child belongs to the household's anchor, and lives where this parent does."""
    home = given.record["residence"] or {}
    with_home = {"residence": {name: home[name] for name in ("kind", "ags", "accommodation", "address")}}
    with_home["residence"]["moved_in_on"] = given.typed.get("born_on")
    anchor = {"anchor_id": given.record["anchor_id"] or given.record["person_id"]}
    return anchor | with_home if "ags" in home else anchor


def _doubts(record: Answer, phase: Answer) -> Mapping[str, Any]:
    """What is decided settles the doubts that were there when the form was opened: what they rest on."""
    return {"settles": " ".join(each["event_id"] for each in phase.get("rests_on", ()))}


def _settled(given: Given) -> Mapping[str, Any]:
    return {"settles": given.typed.get("settles", "").split(), "settled_on": given.today.isoformat()}


SAID: Final = replace(fields.RESIDENCE[-1], name="given_on", starts_today=True)
SCOPE: Final = Field("scope", "choice", required=True)
OUTCOME: Final = Field("outcome", "choice", required=True)
VALID_UNTIL: Final = Field("valid_until", "day")

ACTIONS: Final = (
    Action(
        name="einzug",
        label=mark("Moves in"),
        group="residence",
        path="residences",
        fields=fields.RESIDENCE,
        is_undone=True,
    ),
    Action(
        name="wegzug",
        label=mark("Leaves the district"),
        group="residence",
        path="departure",
        fields=(Field("destination", "choice", required=True), Field("moved_out_on", "day", required=True)),
        is_undone=True,
    ),
    Action(
        name="wohnsitz",
        label=mark("Correct the residence"),
        group="residence",
        path="corrections/residences/{entry}",
        fields=fields.RESIDENCE,
        hint=mark("As it should read from the start. What stood there before stays visible in the timeline."),
        proposes=lambda record, entry: entry,
        needs_entry=True,
    ),
    Action(
        name="stammdaten",
        label=mark("Correct master data"),
        group="person",
        path="corrections/master-data",
        fields=fields.MASTER_DATA,
        hint=mark("As it should read from the start. What stood there before stays visible in the timeline."),
        proposes=lambda record, entry: record,
        adds=lambda given: {"corrected_on": given.today.isoformat()},
    ),
    Action(
        name="antrag",
        label=mark("Asylum application"),
        group="procedures",
        path="procedures",
        fields=(
            Field("kind", "choice", required=True, values=("first", "follow_up", "second")),
            Field("opened_on", "day", required=True),
        ),
        is_undone=True,
    ),
    Action(
        name="entscheidung",
        label=mark("Decision"),
        group="procedures",
        path="procedures/{entry}/decision",
        fields=(OUTCOME, Field("decided_on", "day", required=True)),
        needs_entry=True,
    ),
    Action(
        name="unanfechtbar",
        label=mark("Final"),
        group="procedures",
        path="procedures/{entry}/finality",
        fields=(OUTCOME, Field("final_on", "day", required=True)),
        hint=mark("Final is what nobody can appeal against any more. It may end provisional housing."),
        proposes=lambda record, entry: {"outcome": entry["decisions"][-1]["outcome"] if entry["decisions"] else None},
        needs_entry=True,
    ),
    Action(
        name="titel",
        label=mark("Residence title"),
        group="permits",
        path="titles",
        fields=(
            Field("section", required=True, hint=mark("Of the AufenthG, such as 25(2)")),
            Field("granted_on", "day", required=True),
            VALID_UNTIL,
        ),
        is_undone=True,
    ),
    Action(
        name="duldung",
        label=mark("Toleration"),
        group="permits",
        path="tolerations",
        fields=(
            Field("section", "choice", required=True, values=("60a", "60b", "60c", "60d")),
            Field("issued_on", "day", required=True),
            VALID_UNTIL,
        ),
        is_undone=True,
    ),
    Action(
        name="geburt",
        label=mark("Birth of a child"),
        group="household",
        path="/intake/v1/births",
        fields=(fields.GIVEN_NAME, fields.FAMILY_NAME, fields.BORN_ON, fields.SEX, fields.NATIONALITY),
        hint=mark("The child belongs to the household, lives where this person lives, and shares the anchor's phase."),
        proposes=lambda record, entry: {name: record[name] for name in ("family_name", "nationality")},
        adds=_child,
    ),
    Action(
        name="haushalt",
        label=mark("Changes household"),
        group="household",
        path="household",
        fields=(
            Field(
                "anchor_id", "person", hint=mark("The anchor's name or file number; empty: a household of their own")
            ),
            replace(fields.RELATION, required=False),
            Field("joined_on", "day", required=True),
        ),
    ),
    Action(
        name="hinweis",
        label=mark("Told about the use of data"),
        group="consent",
        path="notices",
        fields=(Field("language", "select", required=True), SAID),
        proposes=lambda record, entry: {"language": record["language"]},
    ),
    Action(
        name="einwilligung",
        label=mark("Consents"),
        group="consent",
        path="consents",
        fields=(SCOPE, SAID),
    ),
    Action(
        name="ablehnung",
        label=mark("Refuses"),
        group="consent",
        path="refusals",
        fields=(SCOPE, replace(SAID, name="refused_on")),
        hint=mark("Who refuses is advised all the same, and only counted."),
    ),
    Action(
        name="widerruf",
        label=mark("Withdraws consent"),
        group="consent",
        path="consent-withdrawals",
        fields=(SCOPE, replace(SAID, name="withdrawn_on")),
    ),
    Action(
        name="klaeren",
        label=mark("Decide by hand"),
        group="review",
        path="reviews",
        fields=(
            Field("phase", "choice", required=True, values=("follow_up", "provisional")),
            Field("since", "day", hint=mark("Only for follow-up housing")),
            Field("legal_basis", required=True, hint=mark("Such as § 9 (2) FlüAG")),
            Field("reason", "lines", required=True),
            Field("settles", "hidden"),
        ),
        hint=mark("Better than to decide by hand is to mend what is missing or wrong, if it can be mended."),
        proposes=_doubts,
        adds=_settled,
        is_undone=True,
        about_phase=True,
        roles=doors.REVIEW,
    ),
    Action(
        name="zuruecknehmen",
        label=mark("Withdraw the entry"),
        group="timeline",
        path="withdrawals",
        fields=(Field("reason", "choice", required=True, values=("not_true", "entered_twice", "wrong_person")),),
        hint=mark("The entry was recorded by mistake and never held. It stays visible, struck through."),
        adds=lambda given: {"entry_id": given.entry_id, "withdrawn_on": given.today.isoformat()},
        needs_entry=True,
    ),
)
BY_NAME: Final = {action.name: action for action in ACTIONS}
WITHDRAW: Final = BY_NAME["zuruecknehmen"]


def of_group(group: str, roles: Collection[str]) -> list[Action]:
    """What somebody may record in a part of the file, without what is about one entry of it."""
    return [
        each for each in ACTIONS if each.group == group and not each.needs_entry and not each.roles.isdisjoint(roles)
    ]


def entry_of(record: Answer, entry_id: str) -> Answer | None:
    """An entry of a record by its id."""
    kinds = ("residences", "procedures", "titles", "tolerations", "reviews")
    parts = (part for kind in kinds for part in record[kind])
    return next((part for part in parts if entry_id in part.values()), None)

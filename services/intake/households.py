"""To which household a person belongs: their own as its anchor, or that of an anchor. Pure.

A household is known by its anchor: the person whose phase and dates its members share (§ 3, § 9 (1)
FlüAG). Membership lives in each person's own stream, so one command never touches two persons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from services.intake.commands import JoinHousehold, RegisterPerson
from shared.contracts.intake import HouseholdJoined, Relation
from shared.contracts.model import HouseholdId, Personal, PersonId
from shared.execute import Refused


@dataclass(frozen=True, slots=True)
class Membership:
    """The household to which the person belongs from ``since``; None: from the start.

    ``anchor_id`` is None for the anchor.
    """

    since: date | None
    household_id: HouseholdId
    anchor_id: PersonId | None
    relation: Personal[Relation | None]


Memberships: TypeAlias = tuple[Membership, ...]
"""At least one, in order of ``since``."""


def on(memberships: Memberships, day: date) -> Membership:
    """The membership on that day, or the first one for days before."""
    held = [membership for membership in memberships if membership.since is None or membership.since <= day]
    return held[-1] if held else memberships[0]


def joined(memberships: Memberships, event: HouseholdJoined) -> Memberships:
    new = Membership(event.occurred_on, event.household_id, event.anchor_id, event.relation)
    return tuple(sorted([*memberships, new], key=lambda membership: membership.since or date.min))


def place(
    command: RegisterPerson | JoinHousehold, day: date, own: HouseholdId, anchor: Memberships | None
) -> Membership:
    """Where the command puts the person on that day: into the anchor's household, or into their ``own``.

    ``anchor`` are the memberships of the person named as anchor, None if there is no such person.
    """
    match command.anchor_id, command.relation:
        case None, None:
            return Membership(day, own, None, None)
        case None, _:
            raise Refused("relation-without-anchor")
        case anchor_id, None:
            raise Refused("relation-required", anchor=anchor_id)
        case anchor_id, relation:
            return Membership(day, household_of(anchor_id, anchor, day), anchor_id, relation)


def household_of(anchor_id: PersonId, anchor: Memberships | None, day: date) -> HouseholdId:
    """The household of which this person is the anchor on that day.

    A child may be born, and a relative registered, before the anchor's own registration.
    """
    if anchor is None:
        raise Refused("unknown-person", person=anchor_id)
    held = on(anchor, day)
    if held.anchor_id is not None:
        raise Refused("not-an-anchor", person=anchor_id)
    return held.household_id


def registered(command: RegisterPerson, own: HouseholdId, anchor: Memberships | None) -> Membership:
    """The first membership. A household named beside an anchor must be the anchor's."""
    first = place(command, command.registered_on, command.household_id or own, anchor)
    if command.household_id not in (None, first.household_id):
        raise Refused("household-contradicts-anchor", household=command.household_id, anchor=command.anchor_id)
    return first


def decide(
    memberships: Memberships, command: JoinHousehold, own: HouseholdId, anchor: Memberships | None
) -> list[HouseholdJoined]:
    if command.anchor_id == command.person_id:
        raise Refused("anchor-is-the-person", person=command.person_id)
    held, new = on(memberships, command.joined_on), place(command, command.joined_on, own, anchor)
    both_anchor = held.anchor_id is None and new.anchor_id is None
    if both_anchor or replace(held, since=new.since) == new:
        raise Refused("already-in-household", household=held.household_id)
    return [
        HouseholdJoined(
            person_id=command.person_id,
            household_id=new.household_id,
            anchor_id=new.anchor_id,
            relation=new.relation,
            occurred_on=command.joined_on,
        )
    ]

"""The assessment: phase and service in charge of a person on a day. Pure: no I/O, no clock.

The order is that of the law's reading: R1 out of scope, R10 the household's anchor, R0 not here yet,
R13 a doubt that could change the result, unless somebody settled it; then the earliest end of provisional
housing counts, and without one it goes on (R11). Phase and residence are two facts; R12 only compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import zip_longest
from typing import Final, TypeAlias

from services.eligibility.facts import Absence, Facts, Folded, Membership, Settlement, Stay
from services.eligibility.rules.model import Bond, Doubt, Finding, RuleSet, Situation
from services.eligibility.service_in_charge import (
    MunicipalService,
    Place,
    borders,
    integration_management,
    social_advice,
)
from shared.contracts.eligibility import NOBODY, Phase, Rule
from shared.contracts.model import Ags, EventId, Hidden, HouseholdId, PersonId

Anchors: TypeAlias = Mapping[PersonId, Folded]
"""The facts of every anchor of the person, of the anchors' anchors, and so on; None: nobody is known there."""
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The result as of a day; the fields mean what they mean in the published determinations.

    ``integration_management`` is None while nobody can say (R13): who serves the person goes on.
    """

    person_id: PersonId
    household_id: HouseholdId
    rule_set: str
    phase: Phase
    since: date | None
    rule: Rule
    legal_basis: str
    reasons: tuple[str, ...]
    rests_on: tuple[EventId, ...]
    overdue_since: date | None
    next_look_on: date | None
    integration_management: str | None
    social_advice: str
    ags: Ags | None


def assess(
    facts: Folded,
    anchors: Anchors,
    municipal_service: MunicipalService,
    as_of: date,
    rules: RuleSet,
) -> Assessment | None:
    """The phase and the service in charge as of a day; None if nothing is known or may be read.

    ``municipal_service`` is that of the municipality in which the person lives on that day. Who has
    left the district keeps the phase of the last day in it.
    """
    if facts is None or isinstance(facts, Hidden):
        return None
    where = facts.whereabouts_on(as_of)
    if isinstance(where, Absence):
        found = replace(find(facts, anchors, where.since - DAY, rules), look_again=frozenset())
    else:
        found = find(facts, anchors, as_of, rules)
    overdue = rules.overdue(found, facts, as_of)
    place = Place(where.ags, where.kind == "shared_accommodation") if isinstance(where, Stay) else None
    present = not isinstance(where, Absence)

    def served_by(day: date) -> str | None:
        return integration_management(found.phase, place, municipal_service, day, rules) if present else NOBODY

    changes = {day for day in borders(municipal_service, rules) if served_by(day) != served_by(as_of)}
    dates = found.look_again | changes | ({rules.until} if rules.until is not None else set())
    return Assessment(
        person_id=facts.person_id,
        household_id=facts.household_on(as_of),
        rule_set=rules.name,
        phase=found.phase,
        since=found.since,
        rule=found.rule,
        legal_basis=found.legal_basis,
        reasons=found.reasons,
        rests_on=tuple(dict.fromkeys((*found.rests_on, *(() if overdue is None else (overdue.by,))))),
        overdue_since=None if overdue is None else overdue.value,
        next_look_on=min((day for day in dates if day > as_of), default=None),
        integration_management=served_by(as_of),
        social_advice=social_advice(found.phase, present),
        ags=None if place is None else place.ags,
    )


def find(facts: Facts, anchors: Anchors, day: date, rules: RuleSet, path: frozenset[PersonId] = frozenset()) -> Finding:
    """What the rules find about a phase on a day. ``path``: the members on whose behalf this is asked."""
    situation = _situation(facts, anchors, day, rules, path)
    if (minor := rules.out_of_scope(situation)) is not None:
        return minor
    household = rules.household(situation)
    if (absent := rules.not_here(situation)) is not None:
        return _looking_ahead(absent, situation)
    findings = (household, *(end(situation) for end in rules.ends))
    ends = [found for found in findings if found is not None and found.phase == "follow_up"]
    ended = min((end for end in ends if _since(end) <= day), key=_since, default=None)
    doubts = rules.doubts(situation)
    dates = (*map(_since, ends), *(doubt.earliest for doubt in doubts if doubt.earliest is not None))
    if serious := [doubt for doubt in doubts if _could_change(doubt, ended, day)]:
        settled = _settled(serious, facts)
        if settled is None:
            return _looking_ahead(_review(serious, rules), situation, *dates)
        later = (settled.since,) if settled.since is not None else ()
        return _looking_ahead(_by_hand(settled, ends, situation), situation, *dates, *later)
    return ended or _looking_ahead(household or rules.goes_on(situation), situation, *dates)


def _could_change(doubt: Doubt, ended: Finding | None, day: date) -> bool:
    """Whether the truth behind a doubt could give another result on that day."""
    if doubt.earliest is None:
        return True
    return doubt.earliest <= day and (ended is None or doubt.earliest < _since(ended))


def _review(doubts: list[Doubt], rules: RuleSet) -> Finding:
    """R13: a human decides."""
    return Finding(
        rule="R13",
        phase="manual_review",
        since=None,
        legal_basis=rules.says("R13"),
        rests_on=tuple(event for doubt in doubts for event in doubt.rests_on),
        reasons=tuple(dict.fromkeys(doubt.reason for doubt in doubts)),
    )


def _settled(doubts: Iterable[Doubt], facts: Facts) -> Settlement | None:
    """What was decided last about these doubts, if all of them have been decided about."""
    newest_first = facts.settlements[::-1]
    found = [next((s for s in newest_first if s.settles.issuperset(doubt.rests_on)), None) for doubt in doubts]
    return None if None in found else next(s for s in newest_first if s in found)


def _by_hand(settled: Settlement, ends: Iterable[Finding], situation: Situation) -> Finding:
    """The decision; where it left provisional housing going on, the rules end it by what comes after its day."""
    day, facts = situation.day, situation.facts
    goes_on = replace(
        situation.rules.goes_on(situation), rule="R13", legal_basis=settled.legal_basis, rests_on=(settled.by,)
    )
    if settled.phase == "provisional":
        return min((end for end in ends if settled.on < _since(end) <= day), key=_since, default=goes_on)
    since = max(settled.since or date.min, facts.arrived_on)
    return replace(goes_on, phase="follow_up", since=since) if since <= day else goes_on


def _looking_ahead(finding: Finding, situation: Situation, *dates: date) -> Finding:
    """With every later day on which time alone may change it: the dates given, and those of the household."""
    days = {*finding.look_again, *dates, *(bond.start for bond in situation.bonds)}
    for bond in situation.bonds:
        if bond.covers(situation.day):
            days |= {bond.end or situation.day, *(bond.anchor.look_again if bond.anchor is not None else ())}
    return replace(finding, look_again=frozenset(later for later in days if later > situation.day))


# --- the household ----------------------------------------------------------------------------


def _situation(facts: Facts, anchors: Anchors, day: date, rules: RuleSet, path: frozenset[PersonId]) -> Situation:
    known = facts.on(day)
    category = known.category.value
    if category is None and isinstance(anchor := _first_anchor(known, anchors), Facts):
        category = anchor.category.value
    bonds = _bonds(known, anchors, day, rules, path | {facts.person_id})
    return Situation(
        facts=known,
        day=day,
        category=category,
        bonds=() if category == "family_reunification" else tuple(bonds),  # it has a title of its own
        rules=rules,
    )


def _first_anchor(facts: Facts, anchors: Anchors) -> Folded:
    anchor_id = facts.memberships[0].anchor_id
    return None if anchor_id is None else anchors.get(anchor_id)


def _bonds(facts: Facts, anchors: Anchors, day: date, rules: RuleSet, path: frozenset[PersonId]) -> Iterator[Bond]:
    """The times in which R10 bound the person to an anchor, as far as they are known on that day."""
    for membership, following in zip_longest(facts.memberships, facts.memberships[1:]):
        anchor_id = membership.anchor_id
        if anchor_id is None or anchor_id == facts.person_id or membership.relation == "other":
            continue
        start = max(membership.since or date.min, facts.arrived_on)
        ends = set() if following is None else {following.since}
        if membership.relation == "minor_child":
            ends.add(rules.of_age(facts))
        anchor = anchors.get(anchor_id)
        if isinstance(anchor, Facts):
            start = max(start, anchor.arrived_on)
            ends |= _ends_with(anchor.on(day), membership, start, rules)
        end = min((end for end in ends if end is not None), default=None)
        if end is not None and end <= start:
            continue
        bond = Bond(start=start, end=end, by=membership.by, anchor=None)
        doubt = _doubt_of(membership, anchor, anchor_id in path)
        if start > day:
            yield bond
        elif doubt is not None or not isinstance(anchor, Facts):
            yield replace(bond, doubt=doubt)
        else:
            last_day = day if end is None else min(day, end - DAY)
            yield replace(bond, anchor=find(anchor, anchors, last_day, rules, path))


def _ends_with(anchor: Facts, membership: Membership, start: date, rules: RuleSet) -> set[date]:
    """The days on which the anchor's own story ends a bond: departure, and with 18 the bond of a parent."""
    if isinstance(anchor.whereabouts_on(start), Absence):
        return {start}
    ends = {entry.since for entry in anchor.whereabouts if isinstance(entry, Absence) and entry.since > start}
    return ends | {rules.of_age(anchor)} if membership.relation in ("parent", "custodian") else ends


def _doubt_of(membership: Membership, anchor: Folded, circular: bool) -> str | None:
    """Why a bond cannot be judged, if it cannot."""
    if circular:
        return "anchors-circular"
    if anchor is None:
        return "anchor-unknown"
    if isinstance(anchor, Hidden):
        return "anchor-erased"
    return "relation-missing" if membership.relation is None else None


def _since(finding: Finding) -> date:
    return finding.since or date.min

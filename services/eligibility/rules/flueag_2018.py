"""§ 9 FlüAG (Flüchtlingsaufnahmegesetz Baden-Württemberg) as read in 2018: when provisional housing ends.

One function per rule, named after it. The data stand at the end, each with its evidence.
Places are kept for the rules whose inputs intake does not publish yet: R5 and R7 belong in ``ends``;
R9 and R8 then move the end that was found to a later day.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Final

from services.eligibility.facts import Absence, Facts, Known, Procedure, Stay, Title
from services.eligibility.months import add_months
from services.eligibility.rules.model import Bond, Doubt, Finding, Marked, RuleSet, Situation
from shared.contracts.eligibility import Rule
from shared.contracts.model import EventId

# --- who the rules are about ------------------------------------------------------------------


def r1_unaccompanied_minor(situation: Situation) -> Finding | None:
    """An unaccompanied minor is out of scope: youth welfare takes charge (§ 42 SGB VIII) [general knowledge]."""
    facts, rules = situation.facts, situation.rules
    of_age = rules.of_age(facts)
    if situation.category != "unaccompanied_minor" or situation.day >= of_age:
        return None
    return Finding(
        rule="R1",
        phase="out_of_scope",
        since=facts.arrived_on,
        legal_basis=rules.says("R1"),
        rests_on=(facts.category.by, facts.born_on.by),
        look_again=frozenset({of_age}),
    )


def r10_household(situation: Situation) -> Finding | None:
    """A member takes the anchor's phase and dates (§ 3, § 9 (1) FlüAG) [source; reading: proposal].

    Provisional housing that ended while the bond held has ended: growing up or leaving the household
    does not bring it back [proposal]. While it goes on, it goes on for the member, too.
    """
    ended = min(filter(None, (_ended(situation, bond) for bond in situation.bonds)), key=_since, default=None)
    if ended is not None:
        return ended
    going_on = (b for b in situation.bonds if b.covers(situation.day) and _phase(b) == "provisional")
    return next((_taken(situation, bond) for bond in going_on), None)


def r0_not_in_district(situation: Situation) -> Finding | None:
    """No intake by the district and no anchor: not yet in the district [proposal].

    What § 9 FlüAG ends begins with that intake. Family reunification needs none: it is here from the
    registration on. Whoever seems to live here without one is a doubt, not absent. Before its birth a child is
    nowhere, whatever household it will belong to.
    """
    facts = situation.facts
    if situation.category == "family_reunification":
        here = facts.arrived_on <= situation.day
    else:
        intake = facts.district_intake_on.value
        here = _lives_here(situation) if intake is None else intake <= situation.day
    unborn = facts.born_here and facts.arrived_on > situation.day
    if not unborn and (here or _is_member(situation)):
        return None
    return Finding(
        rule="R0",
        phase="not_in_district",
        since=None,
        legal_basis=situation.rules.says("R0"),
        rests_on=(facts.district_intake_on.by,),
        look_again=_later({facts.arrived_on}, situation),
    )


# --- what ends provisional housing: the earliest counts ---------------------------------------


def r2_six_months(situation: Situation) -> Finding | None:
    """Humanitarian admission or unlawful entry: six months after intake (§ 9 (4) FlüAG) [source]."""
    if situation.category not in ("humanitarian", "unlawful_entry"):
        return None
    return _months_after_intake(situation, "R2", situation.rules.months_other.value)


def r3_title_granted(situation: Situation) -> Finding | None:
    """Asylum: a residence title was granted (§ 9 (1) Nr. 3 FlüAG) [source].

    Family reunification arrives with a title, the visa (§ 4 (1) AufenthG): no provisional housing at
    all [source and proposal]. A title lost later does not undo it; then a human should look.
    """
    facts, rules = situation.facts, situation.rules
    titles = [title for title in facts.titles if _is_title(title, rules)]
    first = min(titles, key=lambda title: title.granted_on, default=None)
    rests_on: tuple[EventId, ...] = (facts.category.by,)
    if situation.category == "family_reunification":
        since = facts.arrived_on
    elif situation.category == "asylum" and first is not None:
        since, rests_on = max(first.granted_on, facts.arrived_on), (*rests_on, first.by)
    else:
        return None
    ran_out = _ran_out(titles)
    return Finding(
        rule="R3",
        phase="follow_up",
        since=since,
        legal_basis=rules.says("R3"),
        rests_on=rests_on,
        reasons=("title-ran-out",) if ran_out is not None and ran_out <= situation.day else (),
        look_again=_later({ran_out}, situation),
    )


def r4_decision_final(situation: Situation) -> Finding | None:
    """Asylum: the decision on the first or follow-up application is final, either way (§ 9 (1) Nr. 2 FlüAG) [source].

    A follow-up application alone does not lead back to provisional housing. Finality is an input.
    """
    facts, rules = situation.facts, situation.rules
    if situation.category != "asylum":
        return None
    finals = [
        procedure.final
        for procedure in facts.procedures
        if procedure.final is not None
        and procedure.kind in rules.final_kinds.value
        and not any(_contradictions(procedure, situation))
    ]
    first = min(finals, key=lambda final: final.value, default=None)
    if first is None:
        return None
    return Finding(
        rule="R4",
        phase="follow_up",
        since=max(first.value, facts.arrived_on),
        legal_basis=rules.says("R4"),
        rests_on=(facts.category.by, first.by),
    )


def r6_two_years(situation: Situation) -> Finding | None:
    """Asylum: 24 months after the intake by the district, not the entry to Germany (§ 9 (1) Nr. 4 FlüAG) [source]."""
    if situation.category != "asylum":
        return None
    return _months_after_intake(situation, "R6", situation.rules.months_asylum.value)


# --- otherwise --------------------------------------------------------------------------------


def r11_goes_on(situation: Situation) -> Finding:
    """No rule has ended it: provisional housing goes on (§ 9 (1) FlüAG) [source]."""
    facts = situation.facts
    return Finding(
        rule="R11",
        phase="provisional",
        since=facts.arrived_on,
        legal_basis=situation.rules.says("R11"),
        rests_on=(facts.category.by, facts.district_intake_on.by),
    )


def r12_overdue_occupant(finding: Finding, facts: Facts, day: date) -> Known[date] | None:
    """In follow-up phase, yet living in a shared accommodation: overdue since the later of both [source].

    Moving from one shared accommodation to the next does not begin it anew.
    """
    if finding.phase != "follow_up":
        return None
    begun: Stay | Absence | None = None
    for entry in facts.whereabouts:
        if entry.since > day:
            break
        shared = isinstance(entry, Stay) and entry.kind == "shared_accommodation"
        begun = (begun or entry) if shared else None
    return None if begun is None else Known(max(begun.since, _since(finding)), begun.by)


def r13_doubts(situation: Situation) -> tuple[Doubt, ...]:
    """What is missing or contradicts, and could change the result: a human has to look [proposal]."""
    return tuple(_doubts(situation))


def _doubts(situation: Situation) -> Iterator[Doubt]:
    facts, rules = situation.facts, situation.rules
    intake, entry = facts.district_intake_on, facts.state_entry_on
    if situation.category == "unaccompanied_minor":  # R1 has let go: the person is of age
        yield Doubt("category-outdated", (facts.category.by, facts.born_on.by))
    elif situation.category != "family_reunification":
        if intake.value is None and not _is_member(situation):
            yield Doubt("district-intake-missing", (intake.by,))
        if intake.value is not None and _intake_before_entry(facts):
            months = rules.months_asylum if situation.category == "asylum" else rules.months_other
            earliest = add_months(intake.value, months.value)
            yield Doubt("intake-before-entry", (intake.by, entry.by), earliest)
    for before, after in zip(facts.whereabouts, facts.whereabouts[1:], strict=False):
        match before, after:
            case Absence(destination=destination), Stay():
                if destination in rules.review_on_return.value:
                    yield Doubt(f"returned-after-{destination}", (before.by, after.by))
    if situation.category == "asylum":
        for procedure in facts.procedures:
            yield from _contradictions(procedure, situation)
    for bond in situation.bonds:
        if bond.doubt is not None:
            yield Doubt(bond.doubt, (bond.by,), bond.start)
        elif bond.anchor is not None and bond.anchor.phase == "manual_review":
            reasons = bond.anchor.reasons
            yield from (Doubt(r, (bond.by, *bond.anchor.rests_on), bond.start) for r in reasons)


def _intake_before_entry(facts: Facts) -> bool:
    intake, entry = facts.district_intake_on.value, facts.state_entry_on.value
    return intake is not None and entry is not None and intake < entry


def _contradictions(procedure: Procedure, situation: Situation) -> Iterator[Doubt]:
    """Why a final decision cannot be relied upon; nothing while there is none."""
    if procedure.final is None or procedure.kind not in situation.rules.final_kinds.value:
        return
    entry, final = situation.facts.state_entry_on, procedure.final
    if final.value < procedure.opened_on or final.value < (procedure.decided_on or date.min):
        yield Doubt("final-before-decision", (procedure.by, final.by), final.value)
    if entry.value is not None and final.value < entry.value:  # then of an earlier stay
        yield Doubt("final-before-entry", (final.by, entry.by), final.value)


# --- how the rules read their facts -----------------------------------------------------------


def _ran_out(titles: list[Title]) -> date | None:
    """The first day without any valid title; None if one of them has no end, or there is none."""
    ends = [title.valid_until for title in titles if title.valid_until is not None]
    return max(ends) + timedelta(days=1) if ends and len(ends) == len(titles) else None


def _is_title(title: Title, rules: RuleSet) -> bool:
    paragraph = re.search(r"\d+[a-z]?", title.section)
    return paragraph is None or paragraph[0] not in rules.not_titles.value


def _is_member(situation: Situation) -> bool:
    """Whether R10 decides, or would if the anchor could be judged: then an own intake is not needed."""
    return r10_household(situation) is not None or any(
        bond.holds and bond.covers(situation.day) for bond in situation.bonds
    )


def _lives_here(situation: Situation) -> bool:
    """Whether anything recorded speaks for a presence in the district, though no intake is known."""
    facts = situation.facts
    born_here = facts.born_here and facts.arrived_on <= situation.day
    return born_here or bool(facts.whereabouts or facts.procedures or facts.titles)


def _months_after_intake(situation: Situation, rule: Rule, months: int) -> Finding | None:
    """The person's own months. While a bond of R10 holds, the anchor's dates count instead of them."""
    facts = situation.facts
    if facts.district_intake_on.value is None or _intake_before_entry(facts):
        return None
    since = add_months(facts.district_intake_on.value, months)
    for bond in situation.bonds:
        if bond.doubt is None and bond.holds and bond.covers(since):
            if bond.end is None:
                return None
            since = bond.end
    return Finding(
        rule=rule,
        phase="follow_up",
        since=since,
        legal_basis=situation.rules.says(rule),
        rests_on=(facts.category.by, facts.district_intake_on.by),
    )


def _phase(bond: Bond) -> str | None:
    return bond.anchor.phase if bond.anchor is not None else None


def _ended(situation: Situation, bond: Bond) -> Finding | None:
    return _taken(situation, bond) if _phase(bond) == "follow_up" else None


def _taken(situation: Situation, bond: Bond) -> Finding:
    """The anchor's phase as the member's own, not before the member came."""
    assert bond.anchor is not None
    facts, anchor = situation.facts, bond.anchor
    since = max(anchor.since or bond.start, bond.start)
    if anchor.phase == "provisional" and facts.district_intake_on.value is not None:
        since = min(since, facts.arrived_on)  # in provisional housing before the bond, too
    return Finding(
        rule="R10",
        phase=anchor.phase,
        since=since,
        legal_basis=f"{situation.rules.says('R10')}; {anchor.rule}: {anchor.legal_basis}",
        rests_on=(bond.by, *anchor.rests_on),
        reasons=() if bond.covers(situation.day) else ("household-bond-ended",),
        look_again=_later({bond.end}, situation),
    )


def _later(days: Collection[date | None], situation: Situation) -> frozenset[date]:
    return frozenset(day for day in days if day is not None and day > situation.day)


def _since(finding: Finding) -> date:
    return finding.since or date.min


# --- the data ---------------------------------------------------------------------------------

FLUEAG_2018: Final = RuleSet(
    name="flueag-2018.1",
    in_force_from=date(2014, 1, 1),
    out_of_scope=r1_unaccompanied_minor,
    household=r10_household,
    not_here=r0_not_in_district,
    doubts=r13_doubts,
    # R5 (own housing shown) and R7 (discretion) belong here as well, R9 and R8 after it: see above
    ends=(r2_six_months, r3_title_granted, r4_decision_final, r6_two_years),
    goes_on=r11_goes_on,
    overdue=r12_overdue_occupant,
    basis={
        "R0": Marked("§ 9 (1) FlüAG", "proposal", "what it ends begins with the district's intake"),
        "R1": Marked("§ 42 SGB VIII", "general knowledge", "taking into care by youth welfare"),
        "R2": Marked("§ 9 (4) FlüAG", "source", "law text"),
        "R3": Marked("§ 9 (1) Nr. 3 FlüAG", "source", "law text"),
        "R4": Marked("§ 9 (1) Nr. 2 FlüAG", "source", "law text"),
        "R6": Marked("§ 9 (1) Nr. 4 FlüAG", "source", "law text"),
        "R10": Marked("§ 3, § 9 (1) FlüAG", "source", "law text; how the bond begins and ends is our reading"),
        "R11": Marked("§ 9 (1) FlüAG", "source", "law text"),
        "R13": Marked("§ 24 LVwVfG", "general knowledge", "the authority establishes the facts"),
    },
    months_asylum=Marked(24, "source", "§ 9 (1) Nr. 4 FlüAG"),
    months_other=Marked(6, "source", "§ 9 (4) FlüAG"),
    majority=Marked(18, "source", "§ 2 BGB"),
    final_kinds=Marked(frozenset({"first", "follow_up"}), "source", "§ 9 (1) Nr. 2 FlüAG"),
    not_titles=Marked(
        frozenset({"55", "60a", "60b", "60c", "60d", "81"}),
        "source",
        "permission (§ 55 AsylG), tolerations and fictional certificate (§ 81 AufenthG) are no residence titles",
    ),
    review_on_return=Marked(
        frozenset({"other_district", "abroad", "unknown", "deceased"}),
        "proposal",
        "re-entry and moves between districts go to a human; whoever returns from the dead all the more",
    ),
    integration_management_from=Marked(date(2018, 2, 1), "source", "press: the district's service starts"),
    overdue_occupants_from=Marked(date(2018, 10, 1), "source", "the district's report of 2018"),
    overdue_in_own_town=Marked(
        "district", "proposal", "the shared accommodation is the district's own, wherever it stands"
    ),
)

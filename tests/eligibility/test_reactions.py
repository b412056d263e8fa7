"""From what was recorded to what is determined: real store, sealed fields, real views."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from services.eligibility.dossier import Recollection
from services.eligibility.kin import HouseholdsBehind
from services.eligibility.kin import Kin as _Kin
from services.eligibility.reactions import when_intake_changed_then_assess as intake_changed
from shared.contracts.eligibility import HousingPhaseDetermined, ServiceInChargeDetermined
from shared.contracts.intake import ConsentGiven, NoticeGiven, person_stream
from shared.contracts.model import PersonalClass, PersonId
from shared.contracts.registry import NewerThanThisCode
from shared.eventstore.port import NewEvent
from shared.projections.registry import REGISTER, ViewNotReady
from tests.bus.events import UNHEARD, append, new_event
from tests.eligibility.office import Office
from tests.eligibility.sentences import (
    ANCHOR,
    GOEPPINGEN,
    ME,
    OTHER,
    born,
    decided,
    final,
    joined,
    left,
    lives,
    opened,
    registered,
    settled,
    title,
    withdrawn,
)

TODAY = "2018-03-01"


@pytest.fixture(autouse=True)
def it_is_today(office: Office) -> None:
    office.today_is(TODAY)


def a_family(office: Office) -> None:
    office.record(registered(intake="2017-09-15"), lives("2017-09-15"), who=ANCHOR)
    office.record(registered(intake=None, on="2017-09-15", anchor=ANCHOR, relation="spouse"), who=ME)
    office.record(born("2018-01-10"), who=OTHER)


def test_a_review_that_was_settled_is_determined_for_the_whole_household(office: Office) -> None:
    a_family(office)
    earlier_stay = (opened("2015-01-01"), decided("2015-06-01"), final("2015-07-01"))
    office.record(*earlier_stay, lives("2018-02-01", "private", entry="flat"), who=ANCHOR)
    office.react()
    assert [office.phase(who)[0] for who in (ANCHOR, ME, OTHER)] == ["manual_review"] * 3
    in_review = office.determined(ANCHOR).phase
    assert in_review is not None
    office.record(settled(TODAY, *in_review.rests_on, since="2018-02-01"), who=ANCHOR)
    office.react()
    assert office.phase(ANCHOR) == ("follow_up", "2018-02-01", date(2018, 3, 1))
    assert [office.phase(who)[0] for who in (ME, OTHER)] == ["follow_up"] * 2
    by_hand = office.determined(ANCHOR).phase
    assert by_hand is not None and (by_hand.rule, by_hand.legal_basis) == ("R13", "§ 9 (2) FlüAG")
    assert by_hand.rests_on == (office.store.read(f"person-{ANCHOR}")[-1].event_id,)
    assert office.served_by(ANCHOR) == "district"


def test_a_registration_is_determined_with_all_it_rests_on(office: Office) -> None:
    office.record(registered(intake="2017-09-15"), lives("2017-09-15"))
    office.react()
    phase, service = office.determinations(ME)
    assert isinstance(phase.event, HousingPhaseDetermined) and isinstance(service.event, ServiceInChargeDetermined)
    assert (phase.event.phase, phase.event.rule, phase.event.next_look_on) == ("provisional", "R11", date(2019, 9, 15))
    assert phase.event.rests_on == (office.store.read(f"person-{ME}")[0].event_id,)
    assert phase.envelope.learnt_on == phase.event.occurred_on == date(2018, 3, 1)
    assert phase.envelope.actor == "service:eligibility"
    assert phase.envelope.command_id == service.envelope.command_id


def test_causes_are_carried_on(office: Office) -> None:
    office.record(registered())
    office.project()
    (nudge,) = office.nudges()
    office.reactions.react(nudge)
    for recorded in office.determinations(ME):
        assert recorded.envelope.causation_id == nudge.event_id
        assert recorded.envelope.correlation_id == nudge.correlation_id


def test_the_anchors_title_concerns_the_whole_household(office: Office) -> None:
    a_family(office)
    office.react()
    assert {office.phase(who)[0] for who in (ME, ANCHOR, OTHER)} == {"provisional"}
    office.record(title("2018-02-20"), who=ANCHOR)
    office.react()
    assert {office.phase(who)[:2] for who in (ME, ANCHOR, OTHER)} == {("follow_up", "2018-02-20")}


def test_who_left_the_household_is_looked_at_all_the_same(office: Office) -> None:
    a_family(office)
    office.record(joined("2018-02-10"), who=ME)
    office.react()
    office.record(title("2018-02-05"), who=ANCHOR)  # learnt late: still before the departure
    office.react()
    assert office.phase(ME)[:2] == ("follow_up", "2018-02-05")


def test_the_household_of_a_household_is_concerned_too(office: Office) -> None:
    a_family(office)
    office.record(registered(who=OTHER, intake="2017-01-10"), who=(grandmother := office.someone()))
    office.record(joined("2018-02-10", grandmother, "spouse"), who=ANCHOR)
    office.react()
    office.record(title("2018-02-20"), who=grandmother)
    office.react()
    assert {office.phase(who)[:2] for who in (ME, ANCHOR, OTHER)} == {("follow_up", "2018-02-20")}


def test_notice_and_consent_lead_to_nothing(office: Office) -> None:
    office.record(registered())
    office.react()
    before = office.store.head()
    office.record(
        NoticeGiven(occurred_on=date(2018, 3, 1), person_id=ME, language="ar"),
        ConsentGiven(occurred_on=date(2018, 3, 1), person_id=ME, scope="advice_documentation"),
    )
    office.react()
    assert office.store.head() == before + 2
    assert intake_changed.react("intake.NoticeGiven", ME, [OTHER]) == []


def test_a_message_twice_has_its_effect_once(office: Office) -> None:
    office.record(registered(), lives("2016-01-01", "private"), title("2016-05-02"))
    office.project()
    nudges = office.nudges()
    for nudge in nudges * 2:
        office.reactions.react(nudge)
    office.start()
    for nudge in nudges:
        office.reactions.react(nudge)
    assert len(office.determinations(ME)) == 2


def test_messages_in_any_order_lead_to_the_same(office: Office) -> None:
    a_family(office)
    office.record(title("2018-02-20"), who=ANCHOR)
    office.record(withdrawn("title"), who=ANCHOR)
    office.record(opened("2017-10-01"), who=ANCHOR)
    office.project()
    nudges = office.nudges()
    random.Random(5).shuffle(nudges)
    for nudge in nudges:
        office.reactions.react(nudge)
    assert {office.phase(who)[0] for who in (ME, ANCHOR, OTHER)} == {"provisional"}


def test_whoever_publishes_last_has_seen_everything(office: Office) -> None:
    """Two look at once: the slower one, with older facts, must not have the last word."""
    office.record(registered(intake="2017-09-15"))
    office.react()
    office.record(title("2018-02-20"))
    office.project()
    (nudge,) = office.nudges()
    meanwhile = _Once(lambda: office.record(withdrawn("title")))
    publish = office.store.append

    def slowly(*args: Any, **kwargs: Any) -> Any:
        meanwhile()
        return publish(*args, **kwargs)

    office.store.append = slowly  # type: ignore[method-assign]
    office.reactions.react(nudge)
    office.store.append = publish  # type: ignore[method-assign]
    assert meanwhile.done and office.phase(ME)[0] == "provisional"


def test_two_at_once_publish_one_determination(office: Office) -> None:
    office.record(registered())
    office.project()
    (nudge,) = office.nudges()
    other = replace(nudge, event_id=office.someone())
    threads = [threading.Thread(target=office.reactions.react, args=(each,)) for each in (nudge, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(office.determinations(ME)) == 2


def test_a_member_is_not_missed_while_the_view_is_behind(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.eligibility.reacting.PATIENCE", 0.05)
    a_family(office)
    office.react()
    office.record(title("2018-02-20"), who=ANCHOR)
    (nudge,) = office.nudges()
    with pytest.raises(HouseholdsBehind):
        office.reactions.react(nudge)
    office.project()
    office.reactions.react(nudge)
    assert office.phase(ME)[0] == "follow_up"


@pytest.mark.parametrize(
    "newer",
    [new_event(UNHEARD), new_event("intake.ConsentGiven", version=99)],
    ids=["type", "version of one without facts"],
)
def test_nothing_is_determined_or_said_of_whom_a_newer_release_knows_more(office: Office, newer: NewEvent) -> None:
    """An event that nobody here knows may hold facts; to leave it out would be to guess."""
    a_family(office)
    office.react()
    office.record(title("2018-02-20"), who=ANCHOR)
    office.project()
    (about_the_title,) = office.nudges()
    append(office.store, person_stream(ANCHOR), newer)
    before = office.store.head()
    with pytest.raises(NewerThanThisCode):
        office.reactions.react(about_the_title)
    with pytest.raises(NewerThanThisCode):
        Recollection(office.store, office.sealer).person(ANCHOR)
    assert office.store.head() == before


@pytest.mark.parametrize(("newer", "other"), [(ME, OTHER), (OTHER, ME)], ids=["one", "another"])
def test_of_whom_a_newer_release_knows_more_keeps_back_nobody_else(
    office: Office, newer: PersonId, other: PersonId
) -> None:
    a_family(office)
    office.react()
    office.record(title("2018-02-20"), who=ANCHOR)
    office.project()
    (about_the_title,) = office.nudges()
    append(office.store, person_stream(newer), new_event(UNHEARD))
    for _ in range(2):
        with pytest.raises(NewerThanThisCode):
            office.reactions.react(about_the_title)
    assert [office.phase(who)[0] for who in (ANCHOR, other, newer)] == ["follow_up", "follow_up", "provisional"]


def test_a_view_of_another_release_is_not_waited_for(office: Office) -> None:
    office.project()
    with office.runner.engine.begin() as connection:
        connection.execute(update(REGISTER).values(version=99))
    with pytest.raises(ViewNotReady, match=r"eligibility\.households"):
        _Kin(office.reader).wait_for(1, patience=0.0)


def test_who_waits_for_the_view_goes_on_when_it_has_read(office: Office) -> None:
    a_family(office)
    kin = _Kin(office.reader)
    reader = threading.Thread(target=office.project)
    reader.start()
    kin.wait_for(office.store.head(), patience=30.0)
    reader.join()
    assert set(kin.of(ANCHOR)) == {ME, OTHER}


def test_another_service_for_a_town_concerns_its_residents(office: Office) -> None:
    office.record(registered(), lives("2016-06-01", "private", GOEPPINGEN), title("2016-05-02"))
    office.react()
    assert office.served_by(ME) == "district"
    office.set_service(GOEPPINGEN, "own", "2018-02-15")
    office.react()
    assert office.served_by(ME) == GOEPPINGEN


def test_whoever_leaves_is_served_by_nobody(office: Office) -> None:
    office.record(registered(), lives("2016-06-01", "private"), title("2016-05-02"))
    office.react()
    office.record(left("2018-02-20"))
    office.react()
    assert office.served_by(ME) == "none" and office.phase(ME)[0] == "follow_up"


def test_of_an_erased_person_nothing_more_is_determined(office: Office) -> None:
    office.record(registered(), lives("2016-06-01", "private"))
    office.react()
    before = len(office.determinations(ME))
    office.record(title("2018-02-20"))
    office.keyring.destroy(ME, [PersonalClass.STATISTICS], "retention")
    office.react()
    assert len(office.determinations(ME)) == before
    assert not office.due()
    with office.reader.snapshot() as now:
        kept = now.connection.exec_driver_sql("select count(*) from eligibility_households_residents__v1g1").scalar()
    assert kept == 0


class _Once:
    """Does something at its first call."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act, self.done = act, False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            self._act()

"""The 24-month day fires by itself: once, also after downtime, and without keeping anybody waiting."""

from __future__ import annotations

from datetime import date

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.eligibility.assessing import Assessor, Cause
from services.eligibility.looking_again import LookingAgain
from shared.contracts.eligibility import HousingPhaseDetermined
from shared.contracts.intake import person_stream
from shared.contracts.model import PersonId
from shared.eventstore.port import StoreUnavailable
from tests.bus.events import UNHEARD, append, new_event
from tests.eligibility.office import Office
from tests.eligibility.sentences import ANCHOR, ME, OTHER, lives, registered, title


@pytest.fixture
def expecting(office: Office) -> Office:
    """Somebody whose 24 months end on 15.09.2017, as of a day before."""
    office.today_is("2017-06-01")
    office.record(registered(intake="2015-09-15"), lives("2015-09-15"))
    office.react()
    return office


def ticks(office: Office, times: int = 3) -> None:
    """The timer looks, again and again, while the view reads."""
    for _ in range(times):
        office.looking_again.look()
        office.project()


def test_before_the_day_nothing_happens(expecting: Office) -> None:
    expecting.today_is("2017-09-14")
    ticks(expecting)
    assert expecting.phase(ME)[0] == "provisional" and not expecting.due()


def test_the_24_month_day_fires_by_itself_once(expecting: Office) -> None:
    expecting.today_is("2017-09-15")
    ticks(expecting)
    assert expecting.phase(ME) == ("follow_up", "2017-09-15", date(2017, 9, 15))
    phases = [each for each in expecting.determinations(ME) if isinstance(each.event, HousingPhaseDetermined)]
    assert len(phases) == 2
    assert not expecting.due()


def test_after_downtime_it_fires_with_the_day_on_which_it_was_true(expecting: Office) -> None:
    expecting.today_is("2017-12-24")
    expecting.start()
    ticks(expecting)
    assert expecting.phase(ME) == ("follow_up", "2017-09-15", date(2017, 12, 24))


def test_a_row_that_stays_while_the_view_is_behind_is_looked_at_once(
    expecting: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[PersonId] = []
    assess = Assessor.assess

    def counting(assessor: Assessor, person_id: PersonId, cause: Cause) -> None:
        looked.append(person_id)
        assess(assessor, person_id, cause)

    monkeypatch.setattr(Assessor, "assess", counting)
    expecting.today_is("2017-09-15")
    for _ in range(5):
        expecting.looking_again.look()
    assert looked == [ME] and len(expecting.due()) == 1


def test_a_process_that_dies_in_between_changes_nothing(expecting: Office) -> None:
    expecting.today_is("2017-09-15")
    expecting.looking_again.look()
    expecting.start()  # its memory is gone, and the view has read nothing yet
    ticks(expecting)
    phases = [each for each in expecting.determinations(ME) if isinstance(each.event, HousingPhaseDetermined)]
    assert len(phases) == 2


def test_a_household_turns_with_its_anchor(office: Office) -> None:
    office.today_is("2017-06-01")
    office.record(registered(intake="2015-09-15"), who=ANCHOR)
    office.record(registered(intake=None, on="2015-09-15", anchor=ANCHOR, relation="spouse"), who=ME)
    office.react()
    office.today_is("2017-09-15")
    ticks(office)
    assert office.phase(ME)[:2] == office.phase(ANCHOR)[:2] == ("follow_up", "2017-09-15")


def test_the_dated_rules_of_the_service_fire_by_themselves(office: Office) -> None:
    office.today_is("2017-06-01")
    office.record(registered(), lives("2016-06-01", "private"), title("2016-05-02"), who=ME)
    office.record(registered(), lives("2015-09-15"), title("2016-05-02"), who=OTHER)
    office.react()
    found = []
    for day in ("2018-01-31", "2018-02-01", "2018-09-30", "2018-10-01"):
        office.today_is(day)
        ticks(office)
        found.append((office.served_by(ME), office.served_by(OTHER)))
    assert found == [("none", "none"), ("district", "none"), ("district", "none"), ("district", "district")]


def test_an_earlier_title_makes_the_24_month_day_nobodys_business(expecting: Office) -> None:
    expecting.today_is("2017-07-01")
    expecting.record(title("2017-07-01"))
    expecting.react()
    expecting.today_is("2017-09-15")
    assert not expecting.due()
    ticks(expecting)
    assert expecting.phase(ME)[:2] == ("follow_up", "2017-07-01")


def test_one_that_fails_keeps_nobody_waiting_and_is_tried_again_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.today_is("2017-06-01")
    for who in (ME, OTHER):
        office.record(registered(intake="2015-09-15"), who=who)
    office.react()
    office.today_is("2017-09-15")
    now, failing, assess = [0.0], [True], Assessor.assess
    tried: list[float] = []

    def fails_for_me(assessor: Assessor, person_id: PersonId, cause: Cause) -> None:
        if person_id == ME:
            tried.append(now[0])
            if failing[0]:
                raise ValueError("poison")
        assess(assessor, person_id, cause)

    monkeypatch.setattr(Assessor, "assess", fails_for_me)
    looking_again = LookingAgain(office.assessor, office.reader, (1.0, 5.0), lambda: now[0])
    for now[0] in (0.0, 0.5, 1.0, 2.0, 6.0, 10.0):
        looking_again.look()
    assert tried == [0.0, 1.0, 6.0]
    assert office.phase(OTHER)[0] == "follow_up" and office.phase(ME)[0] == "provisional"
    failing[0] = False
    now[0] = 11.0
    looking_again.look()
    assert office.phase(ME)[0] == "follow_up"


def test_one_of_whom_a_newer_release_knows_more_is_left_to_that_and_counted(expecting: Office) -> None:
    append(expecting.store, person_stream(ME), new_event(UNHEARD))
    expecting.today_is("2017-09-15")
    before = newer_met()
    with capture_logs() as told:
        expecting.looking_again.look()
    assert [(each["event"], each["log_level"]) for each in told] == [("newer-release", "warning")]
    assert newer_met() == before + 1
    assert expecting.due(), "it is looked at again later"


def newer_met() -> float:
    """How often this process has met something newer than its code."""
    return REGISTRY.get_sample_value("wegmarken_newer_events_total") or 0.0


def test_while_the_store_is_away_the_timer_waits(expecting: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    expecting.today_is("2017-09-15")

    def away(*_: object) -> None:
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(Assessor, "assess", away)
        ticks(expecting)
    ticks(expecting, 1)
    assert expecting.phase(ME)[0] == "follow_up"


def test_before_the_projector_has_begun_the_timer_waits(office: Office) -> None:
    office.looking_again.look()

"""Every figure, at every pair of dates, says what the plainest computation says: over any history."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.facts import KnownAt
from shared.contracts.casework import ConsultationHeld
from shared.contracts.intake import MovedIn, MovedOut
from shared.contracts.model import Event
from tests.reporting import histories as h
from tests.reporting.histories import ADELBERG, AICHELBERG, SALACH, History, ask
from tests.reporting.oracle import Oracle

DAYS = [date(2017, 9, 15), date(2018, 5, 31), date(2018, 7, 31), date(2018, 11, 1)]
PERSONS, HOUSEHOLDS = ["ada", "ben", "cem"], ["one", "two"]
BEGINNINGS = (MovedIn, MovedOut, ConsultationHeld)
FIGURES = (
    "persons-in-care",
    "overdue-occupants",
    "persons-contacted",
    "outreach-share",
    "topics",
    "consultations-per-case",
    "staff",
    "teams",
)

day, person, household = st.sampled_from(DAYS), st.sampled_from(PERSONS), st.sampled_from(HOUSEHOLDS)
ags = st.sampled_from([ADELBERG, AICHELBERG, SALACH])
kind: Any = st.sampled_from(["shared_accommodation", "follow_up_housing", "private"])
number = st.sampled_from(["1", "2"])
company = st.lists(person, min_size=1, max_size=3, unique=True)
talk_details = st.fixed_dictionaries(
    {
        "setting": st.sampled_from(["outreach", "office"]),
        "topics": st.lists(st.sampled_from(["children", "housing", "language"]), unique=True).map(tuple),
    }
)


def entry(who: str, n: str) -> str:
    return f"entry {n} of {who}"


@st.composite
def facts(draw: st.DrawFn) -> Event:
    """One thing that is recorded; whatever order they come in, the history is one the office could write."""
    who, on = draw(person), draw(day)
    match draw(st.integers(0, 13)):
        case 0 | 1:
            return h.moved_in(who, on, draw(kind), draw(ags), entry(who, draw(number)))
        case 2:
            return h.corrected(who, on, draw(kind), draw(ags), entry(who, draw(number)))
        case 3:
            return h.moved_out(who, on, entry(who, draw(st.sampled_from(["3", "4"]))))
        case 4:
            return h.entry_withdrawn(who, on, entry(who, draw(st.sampled_from(["1", "2", "3", "4"]))))
        case 5 | 6:
            return h.phase(who, draw(day), draw(st.sampled_from(["follow_up", "follow_up", "provisional"])))
        case 7:
            return h.joined(who, draw(household), on)
        case 8:
            return h.talk(f"talk {draw(number)}", draw(household), on, *draw(company), **draw(talk_details))
        case 9:
            return h.talk_corrected(f"talk {draw(number)}", draw(household), on, *draw(company), **draw(talk_details))
        case 10:
            return h.talk_withdrawn(f"talk {draw(number)}", draw(household))
        case 11:
            return h.serves(draw(ags), draw(st.sampled_from(["district", "own"])), on)
        case 12:
            return h.contract(who, draw(st.sampled_from(["0.64", "1"])), on, draw(st.none() | day))
        case _:
            return draw(st.sampled_from([h.contract_ended(who, on, draw(day)), h.team("team", on)]))


@st.composite
def any_history(draw: st.DrawFn) -> History:
    history = History()
    for municipality in (ADELBERG, AICHELBERG, SALACH):
        history.record(h.serves(municipality, "own" if municipality == SALACH else "district"))
    for who in PERSONS:
        history.record(
            h.registered(who, draw(household), draw(day)), h.employee(who), h.phase(who, DAYS[0]), learnt_on=draw(day)
        )
    for name in HOUSEHOLDS:
        history.record(h.case_opened(name), learnt_on=draw(day))
    begun: set[Any] = set()
    for fact in draw(st.lists(facts(), max_size=14)):
        entry_id: Any = getattr(fact, "residence_id", None) or getattr(fact, "consultation_id", None)
        if entry_id in begun and isinstance(fact, BEGINNINGS):
            continue  # an entry is begun once; what comes later are its versions
        begun.add(entry_id)
        history.record(fact, learnt_on=draw(day))
    return history


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(any_history(), day, st.data())
def test_figures_say_what_the_plainest_computation_says(history: History, valid_at: date, data: st.DataObject) -> None:
    positions = st.integers(0, len(history.stored) + 1)
    known_at: KnownAt = data.draw(st.none() | day | positions)
    oracle = Oracle(history, valid_at, known_at)
    with history.folded() as engine:
        for name in FIGURES:
            expected = getattr(oracle, name.replace("-", "_"))()
            value = ask(engine, name, valid_at, known_at)
            assert [(key, value[key]) for key in expected] == list(expected.items()), name

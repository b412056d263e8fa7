"""Any history that the office could write, for property tests: few persons and days, so that much coincides."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from shared.contracts.casework import ConsultationHeld, GrantAwarded
from shared.contracts.intake import MovedIn, MovedOut
from shared.contracts.model import Event
from tests.reporting import histories as h
from tests.reporting.histories import ADELBERG, AICHELBERG, SALACH, History

DAYS = [date(2017, 9, 15), date(2018, 5, 31), date(2018, 7, 31), date(2018, 11, 1)]
PERSONS, HOUSEHOLDS = ["ada", "ben", "cem"], ["one", "two"]
BEGINNINGS = (MovedIn, MovedOut, ConsultationHeld, GrantAwarded)
day, person, household = st.sampled_from(DAYS), st.sampled_from(PERSONS), st.sampled_from(HOUSEHOLDS)
ags = st.sampled_from([ADELBERG, AICHELBERG, SALACH])
kind: Any = st.sampled_from(["shared_accommodation", "follow_up_housing", "private"])
number = st.sampled_from(["1", "2"])
company = st.lists(person, min_size=1, max_size=3, unique=True)
team = st.sampled_from(["north", "south"])
qualification: Any = st.sampled_from(["graduate", "intermediate"])
rate = st.sampled_from(["640.10", "510"])
talk_details = st.fixed_dictionaries(
    {
        "setting": st.sampled_from(["outreach", "office"]),
        "team_id": team.map(h.id_of),
        "topics": st.lists(st.sampled_from(["children", "housing", "language"]), unique=True).map(tuple),
    }
)


def entry(who: str, n: str) -> str:
    return f"entry {n} of {who}"


@st.composite
def facts(draw: st.DrawFn) -> Event:
    """One thing that is recorded; whatever order they come in, the history is one the office could write."""
    who, on = draw(person), draw(day)
    match draw(st.integers(0, 17)):
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
        case 13:
            return h.visit(f"visit {draw(number)}", draw(household), on, draw(team))
        case 14:
            return h.area_set(draw(team), *draw(st.lists(ags, unique=True)), on=on)
        case 15:
            return h.team_joined(who, draw(team), on)
        case 16:
            return h.awarded(f"grant {draw(number)}", "1000", on, max(on, draw(day)), draw(rate), draw(rate))
        case _:
            return draw(st.sampled_from([h.contract_ended(who, on, draw(day)), h.team("team", on)]))


@st.composite
def any_history(draw: st.DrawFn) -> History:
    history = History()
    for municipality in (ADELBERG, AICHELBERG, SALACH):
        history.record(h.serves(municipality, "own" if municipality == SALACH else "district"))
    for who in PERSONS:
        history.record(
            h.registered(who, draw(household), draw(day)),
            h.phase(who, DAYS[0]),
            h.employee(who, draw(qualification)),
            learnt_on=draw(day),
        )
        history.record(h.team_joined(who, draw(team)), h.contract(who, "0.5", draw(day)), learnt_on=draw(day))
    history.record(h.area_set("north", ADELBERG, AICHELBERG), learnt_on=draw(day))
    for name in HOUSEHOLDS:
        history.record(h.case_opened(name), learnt_on=draw(day))
    begun: set[Any] = set()
    for fact in draw(st.lists(facts(), max_size=14)):
        ids = (getattr(fact, name, None) for name in ("residence_id", "consultation_id", "grant_id"))
        entry_id: Any = next(filter(None, ids), None)
        if entry_id in begun and isinstance(fact, BEGINNINGS):
            continue  # an entry is begun once; what comes later are its versions
        begun.add(entry_id)
        history.record(fact, learnt_on=draw(day))
    return history

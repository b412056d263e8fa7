"""Replay: one stream of each kind, event by event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.reporting.ledger import LEDGER, Ledger
from services.reporting.replay.document import changed
from services.reporting.replay.folds import FOLDS
from services.reporting.replay.masking import masked, somebody_in
from services.reporting.replay.stream import Step, between, document, replay_stream
from shared.contracts import casework, eligibility, intake, reporting, runtime
from shared.contracts.codec import encode
from shared.contracts.envelope import Origin
from shared.contracts.model import (
    Ags,
    CaseId,
    ConsultationId,
    EmployeeId,
    Event,
    EventId,
    GrantId,
    HouseholdId,
    PersonalClass,
    PersonId,
    TeamId,
)
from shared.contracts.registry import contracts
from shared.eventstore.port import StoredEvent
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer
from shared.projections.engine import open_engine

D1, D2, D3 = date(2018, 2, 1), date(2018, 5, 2), date(2018, 7, 31)
MASTERS = {personal_class: bytes([n]) * 32 for n, personal_class in enumerate(PersonalClass)}
PERSON, HOUSEHOLD, CASE = PersonId("p1"), HouseholdId("h1"), CaseId("c1")


class Archive:
    """A ledger that is written by an office with all keys and read by one with some."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ring = SqliteKeyRing(folder / "keys.db", MASTERS)
        self.engine = open_engine(f"sqlite:///{folder}/ledger.db", writing=True)
        LEDGER.create(self.engine)
        self.ledger = Ledger(self.engine)
        self._position = 0

    def record(self, stream: str, *events: Event) -> None:
        stored = []
        for revision, event in enumerate(events):
            self._position += 1
            new = encode(event, EventId(f"{stream} {revision}"), Origin.by("anna", "", D3), KeyRingSealer(self.ring))
            at = datetime(2018, 8, 1, tzinfo=UTC)
            stored.append(
                StoredEvent(self._position, new.event_id, stream, revision, new.type, new.data, new.metadata, at)
            )
        self.ledger.write(stored)

    def replay(self, stream: str, classes: Sequence[PersonalClass] = ()) -> list[Step]:
        """With the keys of some classes; of all, if none is named."""
        masters = {c: master for c, master in MASTERS.items() if not classes or c in classes}
        ring = SqliteKeyRing(self.folder / "keys.db", masters)
        try:
            return replay_stream(self.ledger, KeyRingSealer(ring), stream)
        finally:
            ring.close()

    def state(self, stream: str, *events: Event) -> dict[str, Any]:
        """Record a stream; the state at its end."""
        self.record(stream, *events)
        return dict(self.replay(stream)[-1].state)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(tmp_path)
    yield archive
    archive.engine.dispose()
    archive.ring.close()


REGISTERED = intake.PersonRegistered(
    occurred_on=D1,
    person_id=PERSON,
    household_id=HOUSEHOLD,
    anchor_id=None,
    family_name="Muster",
    given_name="Probe",
    file_number=None,
    phone=None,
    relation=None,
    category="asylum",
    born_on=date(1990, 1, 1),
    sex="unknown",
    nationality="XX",
    language=None,
    interpreter_needed=None,
    state_entry_on=None,
    district_intake_on=D1,
)
MOVED = intake.MovedIn(
    occurred_on=D1,
    person_id=PERSON,
    residence_id="r1",
    address="Beispielweg 1",
    kind="shared_accommodation",
    ags=Ags("08117026"),
    accommodation="GU Probe",
)


def test_every_published_event_has_a_row() -> None:
    assert set(FOLDS) == {contract.event_class for contract in contracts().values()}


def test_a_person_step_by_step(archive: Archive) -> None:
    corrected = intake.ResidenceCorrected(
        occurred_on=D2,
        person_id=PERSON,
        residence_id="r1",
        address="Beispielweg 1",
        kind="private",
        ags=Ags("08117026"),
        accommodation=None,
    )
    withdrawn = intake.EntryWithdrawn(occurred_on=D3, person_id=PERSON, entry_id="r1", reason="not_true")
    archive.record("person-p1", REGISTERED, MOVED, corrected, withdrawn)
    steps = archive.replay("person-p1")
    assert [step.revision for step in steps] == [0, 1, 2, 3]
    assert steps[0].state["family_name"] == "Muster"
    assert steps[0].state["born_on"] == "1990-01-01"
    assert steps[0].state["registered_on"] == "2018-02-01"
    assert steps[1].changed == [
        f"residences/r1/{name}" for name in ("accommodation", "address", "ags", "kind", "moved_in_on")
    ]
    assert steps[2].changed == [f"residences/r1/{name}" for name in ("accommodation", "kind", "moved_in_on")]
    assert steps[3].changed == ["residences/r1/withdrawn/on", "residences/r1/withdrawn/reason"]
    assert steps[3].state["residences"]["r1"] == {
        "address": "Beispielweg 1",
        "kind": "private",
        "ags": "08117026",
        "accommodation": None,
        "moved_in_on": "2018-05-02",
        "withdrawn": {"reason": "not_true", "on": "2018-07-31"},
    }
    assert steps[1].state["residences"]["r1"]["kind"] == "shared_accommodation"  # an earlier step stays what it was
    assert between(steps, to=1) == steps[:2]
    assert between(steps, after=1) == steps[2:]
    assert between(steps, after=0, to=2) == steps[1:3]
    assert [between(steps, to_position=position) for position in (0, 3, 9)] == [[], steps[:3], steps]
    assert archive.replay("person-nobody") == []


def test_the_life_of_a_person(archive: Archive) -> None:
    state = archive.state(
        "person-p1",
        REGISTERED,
        intake.ProcedureOpened(occurred_on=D1, person_id=PERSON, procedure_id="a", kind="first"),
        intake.ProcedureDecided(occurred_on=D2, person_id=PERSON, procedure_id="a", outcome="positive"),
        intake.ProcedureBecameFinal(occurred_on=D3, person_id=PERSON, procedure_id="a", outcome="positive"),
        intake.TitleGranted(occurred_on=D3, person_id=PERSON, title_id="t", section="25(2)", valid_until=None),
        intake.ConsentGiven(occurred_on=D1, person_id=PERSON, scope="disclosure"),
        intake.ConsentWithdrawn(occurred_on=D2, person_id=PERSON, scope="disclosure"),
        intake.HouseholdJoined(
            occurred_on=D2, person_id=PERSON, household_id=HouseholdId("h2"), anchor_id=None, relation=None
        ),
    )
    assert state["procedures"]["a"] == {
        "kind": "first",
        "opened_on": "2018-02-01",
        "outcome": "positive",
        "decided_on": "2018-05-02",
        "final_on": "2018-07-31",
    }
    assert state["titles"]["t"] == {"section": "25(2)", "valid_until": None, "granted_on": "2018-07-31"}
    assert state["consents"]["disclosure"]["status"] == "withdrawn"
    assert (state["household_id"], state["in_household_since"]) == ("h2", "2018-05-02")


def test_what_may_not_be_read_is_sealed_and_what_nobody_can_read_is_erased(archive: Archive) -> None:
    archive.record("person-p1", REGISTERED, MOVED)
    (step, _) = archive.replay("person-p1", classes=[PersonalClass.STATISTICS])
    assert (step.state["family_name"], step.state["category"]) == ("sealed", "asylum")
    archive.ring.destroy("p1", [PersonalClass.IDENTITY], "asked for")
    steps = archive.replay("person-p1")
    assert (steps[1].state["family_name"], steps[1].state["category"]) == ("erased", "asylum")
    assert steps[1].state["residences"]["r1"]["address"] == "erased"


def test_eligibility(archive: Archive) -> None:
    phase = eligibility.HousingPhaseDetermined(
        occurred_on=D1,
        person_id=PERSON,
        household_id=HOUSEHOLD,
        rule_set="2018",
        rests_on=(EventId("e"),),
        phase="provisional",
        since=None,
        rule="R11",
        legal_basis="§ 9 FlüAG",
        reasons=(),
        overdue_since=None,
        next_look_on=D3,
    )
    service = eligibility.ServiceInChargeDetermined(
        occurred_on=D3,
        person_id=PERSON,
        household_id=HOUSEHOLD,
        rule_set="2018",
        integration_management="district",
        social_advice="district",
        ags=None,
    )
    archive.record("eligibility-p1", phase, replace(phase, phase="follow_up", since=D3), service)
    steps = archive.replay("eligibility-p1")
    assert steps[1].changed == ["housing_phase/phase", "housing_phase/since"]
    assert steps[2].state["service_in_charge"]["integration_management"] == "district"


def test_case(archive: Archive) -> None:
    opened = casework.CaseOpened(occurred_on=D1, case_id=CASE, household_id=HOUSEHOLD, member_id=PERSON)
    archive.record(
        "case-c1",
        opened,
        casework.CaseMemberJoined(occurred_on=D1, case_id=CASE, member_id=PersonId("p2")),
        casework.CaseAssigned(occurred_on=D2, case_id=CASE, team_id=TeamId("t"), manager_id=EmployeeId("e")),
        casework.CaseMemberLeft(occurred_on=D3, case_id=CASE, member_id=PERSON),
        casework.CaseClosed(occurred_on=D3, case_id=CASE, reason="wish"),
        replace(opened, occurred_on=D3),
    )
    steps = archive.replay("case-c1")
    assert [step.state["status"] for step in steps] == ["open"] * 4 + ["closed", "open"]
    assert steps[2].state["assignment"] == {"team_id": "t", "manager_id": "e", "since": "2018-05-02"}
    assert set(steps[3].state["members"]) == {"p2"}
    assert steps[3].changed == ["members/p1"]


def test_consultation(archive: Archive) -> None:
    held = casework.ConsultationHeld(
        occurred_on=D1,
        consultation_id=ConsultationId("k"),
        case_id=CASE,
        team_id=TeamId("t"),
        held_by=EmployeeId("e"),
        took_part=(PERSON,),
        concerns=(),
        setting="outreach",
        minutes=30,
        interpreter=False,
        topics=("housing", "language"),
        steps=(casework.FieldStep(action_field="housing", step="need"),),
        health=(),
        note="came along",
    )
    corrected = casework.ConsultationCorrected(**{**vars(held), "occurred_on": D2, "minutes": 45})
    withdrawn = casework.ConsultationWithdrawn(
        occurred_on=D3, consultation_id=ConsultationId("k"), case_id=CASE, reason="not_held"
    )
    archive.record("consultation-k", held, corrected, withdrawn)
    steps = archive.replay("consultation-k")
    assert steps[0].state["steps"] == [{"action_field": "housing", "step": "need"}]
    assert steps[1].changed == ["held_on", "minutes", "status"]
    assert steps[2].state["status"] == "withdrawn"
    visit = casework.VisitAttempted(
        occurred_on=D1,
        consultation_id=ConsultationId("v"),
        case_id=CASE,
        team_id=TeamId("t"),
        held_by=EmployeeId("e"),
    )
    assert archive.state("consultation-v", visit)["status"] == "nobody_met"


def test_team_and_municipality(archive: Archive) -> None:
    team = archive.state(
        "team-t",
        casework.TeamFormed(occurred_on=D1, team_id=TeamId("t"), name="North"),
        casework.TeamAreaSet(occurred_on=D2, team_id=TeamId("t"), municipalities=(Ags("08117001"),)),
    )
    assert team["area"] == {"municipalities": ["08117001"], "since": "2018-05-02"}
    own = casework.MunicipalServiceSet(occurred_on=D1, ags=Ags("08117026"), service="own")
    assert archive.state("municipality-08117026", own) == {"ags": "08117026", "service": "own", "since": "2018-02-01"}


def test_employee(archive: Archive) -> None:
    anna = EmployeeId("e")
    state = archive.state(
        "employee-e",
        casework.EmployeeJoined(
            occurred_on=D1, employee_id=anna, account="anna", name="Probe", qualification="graduate"
        ),
        casework.TeamJoined(occurred_on=D1, employee_id=anna, team_id=TeamId("t")),
        casework.ContractConcluded(occurred_on=D1, employee_id=anna, contract_id="k", fte=Decimal("0.80"), ends_on=D3),
        casework.ContractExpiryAnnounced(occurred_on=D2, employee_id=anna, contract_id="k", days_ahead=90),
        casework.ContractEnded(occurred_on=D2, employee_id=anna, contract_id="k", reason="own_wish"),
    )
    assert state["contracts"]["k"] == {
        "fte": "0.80",
        "ends_on": "2018-07-31",
        "starts_on": "2018-02-01",
        "days_ahead": 90,
        "expiry_announced_on": "2018-05-02",
        "reason": "own_wish",
        "ended_on": "2018-05-02",
    }
    assert state["team"] == {"team_id": "t", "since": "2018-02-01"}


def test_grant_and_cover(archive: Archive) -> None:
    grant = GrantId("g")
    state = archive.state(
        "grant-g",
        casework.GrantAwarded(
            occurred_on=D1,
            grant_id=grant,
            amount=Decimal("815185.00"),
            until=D3,
            rate_graduate=Decimal("64000"),
            rate_intermediate=Decimal("51000"),
        ),
        casework.PostCreated(
            occurred_on=D1, grant_id=grant, post_id="1", qualification="graduate", fte=Decimal("1.00")
        ),
        casework.PostFilled(occurred_on=D1, grant_id=grant, post_id="1", employee_id=EmployeeId("e")),
        casework.PostVacated(occurred_on=D2, grant_id=grant, post_id="1"),
    )
    assert state["amount"] == "815185.00"
    assert state["posts"]["1"]["employee_id"] is None
    cover = archive.state(
        "cover-v",
        casework.CoverBegan(
            occurred_on=D1, cover_id="v", employee_id=EmployeeId("e"), deputy_id=EmployeeId("f"), until=D3
        ),
        casework.CoverEnded(occurred_on=D2, cover_id="v"),
    )
    assert (cover["status"], cover["ended_on"]) == ("ended", "2018-05-02")


def test_report_and_clock(archive: Archive) -> None:
    sealed = reporting.ReportSealed(
        occurred_on=D3, report_id="r", definition="council/1", position=9, chain="00", figures="{}", digest="11"
    )
    assert archive.state("report-r", sealed)["position"] == 9
    days = (runtime.DayBegan(occurred_on=D1), runtime.DayBegan(occurred_on=D2))
    assert archive.state("clock", *days) == {"today": "2018-05-02"}


def test_changed_paths() -> None:
    before = {"a": 1, "b": {"c": [1], "d": {"e": 2}}}
    after = {"a": 1, "b": {"c": [1, 2]}, "f": {"g": {"h": 3}}}
    assert changed(before, after) == ["b/c", "b/d", "f/g/h"]
    assert changed(after, after) == []


# --- pseudonyms -----------------------------------------------------------------------------------


def veiled(name: str) -> str:
    return f"P-{name}"


def test_whoever_appears_in_a_step_does_so_by_pseudonym(archive: Archive) -> None:
    archive.state(
        "case-c1",
        casework.CaseOpened(occurred_on=D1, case_id=CaseId("c1"), household_id=HouseholdId("h1"), member_id=PERSON),
        casework.CaseAssigned(occurred_on=D1, case_id=CaseId("c1"), team_id=TeamId("t"), manager_id=EmployeeId("e")),
        casework.CaseMemberLeft(occurred_on=D2, case_id=CaseId("c1"), member_id=PERSON),
    )
    told = [document(step, veiled) for step in archive.replay("case-c1")]
    assert (told[0]["actor_kind"], told[0]["actor"]) == ("account", "P-anna")
    assert set(told[0]["state"]["members"]) == {f"P-{PERSON}"}
    assert told[1]["state"]["assignment"] == {"team_id": "t", "manager_id": "P-e", "since": D1.isoformat()}
    assert told[2]["changed"] == [f"members/P-{PERSON}"]
    assert told[0]["state"]["case_id"] == "c1" and told[0]["type"] == "casework.CaseOpened"


def test_persons_employees_and_accounts_are_somebody(archive: Archive) -> None:
    held = casework.ConsultationHeld(
        occurred_on=D1,
        consultation_id=ConsultationId("k"),
        case_id=CaseId("c1"),
        team_id=TeamId("t"),
        held_by=EmployeeId("e"),
        took_part=(PERSON, PersonId("p2")),
        concerns=(PersonId("p3"),),
        setting="office",
        minutes=30,
        interpreter=False,
        topics=(),
        steps=(),
        health=(),
        note=None,
    )
    assert set(somebody_in(held)) == {"e", PERSON, "p2", "p3"}
    joined = casework.EmployeeJoined(
        occurred_on=D1, employee_id=EmployeeId("e"), account="eva", name="Beispiel", qualification="graduate"
    )
    assert set(somebody_in(joined)) == {"e", "eva"}
    born = intake.BirthRecorded(
        occurred_on=D1,
        person_id=PERSON,
        household_id=HouseholdId("h1"),
        anchor_id=PersonId("p2"),
        family_name="Muster",
        given_name="Probe",
        sex="female",
        nationality="XX",
    )
    assert set(somebody_in(born)) == {PERSON, "p2"}


def test_a_mask_reaches_keys_lists_and_paths() -> None:
    names = {"p1": "X"}
    assert masked({"p1": ["p1", 1, None, {"a": "p1"}]}, names) == {"X": ["X", 1, None, {"a": "X"}]}
    assert masked(["members/p1/since"], names) == ["members/X/since"]

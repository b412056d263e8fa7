"""A consultation: one talk with one case, or a visit that met nobody. Pure.

It is a stream of its own that names the case and the persons, so recording one is one append. What
it rests on (the case, who asks) is loaded beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, TypeAlias, assert_never

from services.casework.case import Assignment, Case
from services.casework.commands import (
    LONGEST_TALK,
    CorrectConsultation,
    RecordAttemptedVisit,
    RecordConsultation,
    Talk,
    WithdrawConsultation,
)
from services.casework.standing import Colleague, Standing, own_cases, receives, standing
from shared.contracts.casework import (
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
)
from shared.contracts.model import CaseId, EmployeeId, TeamId
from shared.execute import Decider, Refused

ConsultationEvent: TypeAlias = ConsultationHeld | ConsultationCorrected | ConsultationWithdrawn | VisitAttempted
ConsultationCommand: TypeAlias = RecordConsultation | CorrectConsultation | WithdrawConsultation | RecordAttemptedVisit


@dataclass(frozen=True, slots=True)
class Consultation:
    """``status`` "attempted" is a visit that met nobody. ``held_by`` keeps it through all corrections."""

    status: Literal["nothing", "held", "attempted", "withdrawn"] = "nothing"
    case_id: CaseId | None = None
    team_id: TeamId | None = None
    held_by: EmployeeId | None = None
    held_on: date = date.max


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The case as it was loaded, who asks, and the office's day."""

    case: Case
    colleague: Colleague
    today: date


def evolve(consultation: Consultation, event: ConsultationEvent) -> Consultation:
    match event:
        case ConsultationHeld() | ConsultationCorrected():
            return _known("held", event)
        case VisitAttempted():
            return _known("attempted", event)
        case ConsultationWithdrawn():
            return replace(consultation, status="withdrawn")
        case _:
            assert_never(event)


def decide(
    consultation: Consultation, command: ConsultationCommand, circumstances: Circumstances
) -> Sequence[ConsultationEvent]:
    match command:
        case RecordConsultation():
            return _record(command, circumstances)
        case RecordAttemptedVisit():
            return _attempt(command, circumstances)
        case _ if consultation.status == "nothing":
            raise Refused("unknown-consultation", consultation=command.consultation_id)
        case CorrectConsultation():
            return _correct(consultation, command, circumstances)
        case WithdrawConsultation():
            return _withdraw(consultation, command, circumstances)
        case _:
            assert_never(command)


def decider(circumstances: Circumstances) -> Decider[Consultation, ConsultationCommand, ConsultationEvent]:
    return Decider(Consultation(), evolve, lambda state, command: decide(state, command, circumstances))


def standing_in(circumstances: Circumstances) -> Standing | None:
    """How whoever asks may act in the case today; None where the case is not theirs."""
    current = circumstances.case.assigned.on(circumstances.today)
    if current is None:
        return None
    return standing(circumstances.colleague, team_id=current.team_id, employee_id=current.manager_id)


def receiving_in(circumstances: Circumstances) -> Standing | None:
    """How whoever asks may record what was said to them by somebody of the case who walked in."""
    current = circumstances.case.assigned.on(circumstances.today)
    return None if current is None else receives(circumstances.colleague, current.team_id)


def standing_with(consultation: Consultation, colleague: Colleague) -> Standing | None:
    """Who may correct or withdraw: whoever held it, her cover, the lead of the team at the time."""
    return standing(colleague, team_id=consultation.team_id, employee_id=consultation.held_by)


def check_readable(case_id: CaseId, reason: str | None, circumstances: Circumstances) -> None:
    """Whoever looks after a case reads what was said in it; the team's lead does so with a reason. Raises Refused."""
    _, current = _looking_after(case_id, circumstances)
    if reason is None and current.manager_id not in own_cases(circumstances.colleague):
        raise Refused("reason-required")


def covered_for(who: Standing | None) -> EmployeeId | None:
    """On whose behalf a deputy acts; None for who acts for themselves, or not at all."""
    return None if who is None else who.on_behalf_of


def _known(
    status: Literal["held", "attempted"], event: ConsultationHeld | ConsultationCorrected | VisitAttempted
) -> Consultation:
    return Consultation(status, event.case_id, event.team_id, event.held_by, event.occurred_on)


def _record(command: RecordConsultation, circumstances: Circumstances) -> list[ConsultationEvent]:
    who, where = _entitled(command.case_id, command.held_on, circumstances, receiving_in(circumstances))
    _check_day(command.held_on, circumstances)
    _check_talk(command, circumstances.case)
    return [
        ConsultationHeld(
            occurred_on=command.held_on,
            consultation_id=command.consultation_id,
            team_id=where.team_id,
            held_by=who.employee_id,
            **_told(command),
        )
    ]


def _attempt(command: RecordAttemptedVisit, circumstances: Circumstances) -> list[ConsultationEvent]:
    who, where = _entitled(command.case_id, command.visited_on, circumstances)
    _check_day(command.visited_on, circumstances)
    return [
        VisitAttempted(
            occurred_on=command.visited_on,
            consultation_id=command.consultation_id,
            case_id=command.case_id,
            team_id=where.team_id,
            held_by=who.employee_id,
        )
    ]


def _correct(
    consultation: Consultation, command: CorrectConsultation, circumstances: Circumstances
) -> list[ConsultationEvent]:
    _check_changeable(consultation, circumstances.colleague)
    if consultation.status == "attempted":
        raise Refused("not-a-consultation", consultation=command.consultation_id)
    if command.case_id != consultation.case_id:
        raise Refused("consultation-of-another-case", consultation=command.consultation_id)
    _check_day(command.held_on, circumstances)
    _check_talk(command, circumstances.case)
    assert consultation.team_id is not None and consultation.held_by is not None
    return [
        ConsultationCorrected(
            occurred_on=command.held_on,
            consultation_id=command.consultation_id,
            team_id=consultation.team_id,
            held_by=consultation.held_by,
            **_told(command),
        )
    ]


def _withdraw(
    consultation: Consultation, command: WithdrawConsultation, circumstances: Circumstances
) -> list[ConsultationEvent]:
    _check_changeable(consultation, circumstances.colleague)
    if command.withdrawn_on < consultation.held_on:
        raise Refused("withdrawn-before-held", held_on=consultation.held_on.isoformat())
    assert consultation.case_id is not None
    return [
        ConsultationWithdrawn(
            occurred_on=command.withdrawn_on,
            consultation_id=command.consultation_id,
            case_id=consultation.case_id,
            reason=command.reason,
        )
    ]


def _entitled(
    case_id: CaseId, day: date, circumstances: Circumstances, otherwise: Standing | None = None
) -> tuple[Standing, Assignment]:
    """In what capacity whoever asks may record for this case, ``otherwise`` if it is not theirs, and whose case it
    was on the day."""
    who, current = _looking_after(case_id, circumstances, otherwise)
    then = circumstances.case.assigned.on(day) or current
    return (Standing(then.manager_id) if circumstances.colleague.imports else who), then


def _looking_after(
    case_id: CaseId, circumstances: Circumstances, otherwise: Standing | None = None
) -> tuple[Standing, Assignment]:
    """In what capacity whoever asks may act in this case today, and whose it is."""
    case = circumstances.case
    if case.status == "not_opened":
        raise Refused("unknown-case", case=case_id)
    current, who = case.assigned.on(circumstances.today), standing_in(circumstances) or otherwise
    if current is None and circumstances.colleague.imports:
        raise Refused("case-not-assigned", case=case_id)
    if current is None or who is None:
        raise Refused("not-your-case", case=case_id)
    return who, current


def _check_changeable(consultation: Consultation, colleague: Colleague) -> None:
    if standing_with(consultation, colleague) is None:
        raise Refused("not-your-consultation")
    if consultation.status == "withdrawn":
        raise Refused("consultation-withdrawn")


def _check_day(day: date, circumstances: Circumstances) -> None:
    case = circumstances.case
    if day > circumstances.today:
        raise Refused("held-in-the-future", held_on=day.isoformat())
    if day < case.first_opened_on:
        raise Refused("held-before-case-opened", opened_on=case.first_opened_on.isoformat())
    if not case.was_open_on(day):
        raise Refused("case-not-open", held_on=day.isoformat())


def _check_talk(talk: Talk, case: Case) -> None:
    if not 1 <= talk.minutes <= LONGEST_TALK:
        raise Refused("minutes-out-of-range", longest=LONGEST_TALK)
    if not talk.topics:
        raise Refused("no-topic")
    if not talk.took_part:
        raise Refused("nobody-took-part")
    if any(_repeats(persons) for persons in (talk.took_part, talk.concerns)):
        raise Refused("person-named-twice")
    if strangers := sorted({*talk.took_part, *talk.concerns} - case.known_by(talk.held_on)):
        raise Refused("not-a-member", person=strangers[0])
    if _repeats(talk.topics):
        raise Refused("topic-named-twice")
    if _repeats(talk.steps) or _repeats(talk.health):
        raise Refused("step-named-twice")


def _repeats(values: Sequence[object]) -> bool:
    return len(set(values)) < len(values)


def _told(talk: Talk) -> dict[str, Any]:
    """The fields that a talk and its correction have in common."""
    return {
        "case_id": talk.case_id,
        "took_part": talk.took_part,
        "concerns": talk.concerns,
        "setting": talk.setting,
        "minutes": talk.minutes,
        "interpreter": talk.interpreter,
        "topics": talk.topics,
        "steps": talk.steps,
        "health": talk.health,
        "note": talk.note,
    }

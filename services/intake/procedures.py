"""Asylum procedures of the current stay: opened, decided, final. Pure: no I/O, no clock.

Finality (Unanfechtbarkeit) is an input, never computed. A court may decide again what an authority
decided, so a procedure has as many decisions as it needs until it is final; the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from services.intake.commands import OpenProcedure, RecordDecision, RecordFinality
from services.intake.contradictions import Contradiction
from services.intake.ids import NewId
from shared.contracts.intake import (
    Outcome,
    ProcedureBecameFinal,
    ProcedureDecided,
    ProcedureKind,
    ProcedureOpened,
)
from shared.contracts.model import Personal
from shared.execute import Refused


@dataclass(frozen=True, slots=True)
class Ruling:
    """An outcome, and the day from which it holds."""

    outcome: Personal[Outcome]
    on: date


@dataclass(frozen=True, slots=True)
class Procedure:
    """``decisions`` in order of their days."""

    entry_id: str
    kind: Personal[ProcedureKind]
    opened_on: date
    decisions: tuple[Ruling, ...] = ()
    final: Ruling | None = None


Procedures: TypeAlias = tuple[Procedure, ...]
ProcedureEvent: TypeAlias = ProcedureOpened | ProcedureDecided | ProcedureBecameFinal
ProcedureCommand: TypeAlias = OpenProcedure | RecordDecision | RecordFinality


def evolve(procedures: Procedures, event: ProcedureEvent) -> Procedures:
    match event:
        case ProcedureOpened():
            return (*procedures, Procedure(event.procedure_id, event.kind, event.occurred_on))
        case ProcedureDecided():
            return tuple(_decided(p, event) if p.entry_id == event.procedure_id else p for p in procedures)
        case ProcedureBecameFinal():
            final = Ruling(event.outcome, event.occurred_on)
            return tuple(replace(p, final=final) if p.entry_id == event.procedure_id else p for p in procedures)


def decide(procedures: Procedures, command: ProcedureCommand, new_id: NewId) -> list[ProcedureEvent]:
    match command:
        case OpenProcedure():
            return [
                ProcedureOpened(
                    person_id=command.person_id,
                    procedure_id=new_id("procedure_id"),
                    kind=command.kind,
                    occurred_on=command.opened_on,
                )
            ]
        case RecordDecision():
            procedure = _still_open(procedures, command.procedure_id)
            if any(ruling.on == command.decided_on for ruling in procedure.decisions):
                raise Refused("already-decided", entry=procedure.entry_id)
            return [
                ProcedureDecided(
                    person_id=command.person_id,
                    procedure_id=command.procedure_id,
                    outcome=command.outcome,
                    occurred_on=command.decided_on,
                )
            ]
        case RecordFinality():
            procedure = _still_open(procedures, command.procedure_id)
            if not procedure.decisions:
                raise Refused("not-decided", entry=procedure.entry_id)
            return [
                ProcedureBecameFinal(
                    person_id=command.person_id,
                    procedure_id=command.procedure_id,
                    outcome=command.outcome,
                    occurred_on=command.final_on,
                )
            ]


def contradictions(procedures: Procedures) -> Iterator[Contradiction]:
    """Days in the wrong order, and a final outcome other than the last decision's."""
    for procedure in procedures:
        if any(ruling.on < procedure.opened_on for ruling in procedure.decisions):
            yield Contradiction("decision-before-opening", procedure.entry_id)
        if procedure.final is not None and procedure.decisions:
            if procedure.final.on < procedure.decisions[-1].on:
                yield Contradiction("finality-before-decision", procedure.entry_id)
            if procedure.final.outcome != procedure.decisions[-1].outcome:
                yield Contradiction("outcome-contradicts", procedure.entry_id)


def _still_open(procedures: Procedures, procedure_id: str) -> Procedure:
    procedure = next((p for p in procedures if p.entry_id == procedure_id), None)
    if procedure is None:
        raise Refused("unknown-procedure", entry=procedure_id)
    if procedure.final is not None:
        raise Refused("procedure-final", entry=procedure_id)
    return procedure


def _decided(procedure: Procedure, event: ProcedureDecided) -> Procedure:
    rulings = [*procedure.decisions, Ruling(event.outcome, event.occurred_on)]
    return replace(procedure, decisions=tuple(sorted(rulings, key=lambda ruling: ruling.on)))

"""How casework's reactions are carried out: load, react, execute. Each may run any number of times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from services.casework import case, employee
from services.casework.case import Staff
from services.casework.commands import AnnounceContractExpiry
from services.casework.employee import Office
from services.casework.reactions import when_service_in_charge_determined_then_open_or_leave_case as membership
from shared.contracts.casework import case_stream, employee_stream
from shared.contracts.codec import Sealer, decode
from shared.contracts.eligibility import ServiceInChargeDetermined, eligibility_stream
from shared.contracts.envelope import Origin
from shared.contracts.model import PersonId
from shared.contracts.registry import NewerThanThisCode
from shared.eventstore.port import NO_STREAM, EventStore, StoreUnavailable
from shared.execute import derived_id, execute
from shared.runtime.logs import get_logger
from shared.runtime.metrics import NEWER_EVENTS

ACTOR: Final = "service:casework"


def look_at(person_id: PersonId, store: EventStore, sealer: Sealer, today: date) -> None:
    """Bring the cases in line with what was last determined about a person.

    Looks again until nothing new was determined meanwhile: two runs about one person may overtake
    each other, and the one that wrote last must have seen the newest.
    """
    stream, revision = eligibility_stream(person_id), NO_STREAM
    determinations: list[ServiceInChargeDetermined] = []
    while news := store.read(stream, after=revision):
        revision = news[-1].revision
        for recorded in (decode(stored, sealer) for stored in news):
            if isinstance(recorded.event, ServiceInChargeDetermined):
                determinations.append(recorded.event)
                cause = recorded.envelope
        for command in membership.react(determinations):
            command_id = derived_id(cause.event_id, f"{type(command).__name__} {command.case_id}")
            origin = Origin.by(
                ACTOR, command_id, today, correlation_id=cause.correlation_id, causation_id=cause.event_id
            )
            execute(store, sealer, case_stream(command.case_id), case.decider(Staff(today=today)), command, origin)


def announce(due: Iterable[AnnounceContractExpiry], store: EventStore, sealer: Sealer) -> None:
    """Announce contract ends that have fallen due; the command id makes each threshold fire once.

    One that cannot be announced, here or by this release, is logged and keeps nobody back. Raises StoreUnavailable.
    """
    for command in due:
        command_id = derived_id(command.contract_id, f"expiry {command.days_ahead}")
        origin = Origin.by(ACTOR, command_id, command.today)
        try:
            execute(store, sealer, employee_stream(command.employee_id), employee.decider(Office()), command, origin)
        except StoreUnavailable:
            raise
        except NewerThanThisCode:
            NEWER_EVENTS.inc()
            get_logger().warning("newer-release", contract_id=command.contract_id)
        except Exception as error:
            get_logger().error("announcement-failed", contract_id=command.contract_id, exc_info=error)

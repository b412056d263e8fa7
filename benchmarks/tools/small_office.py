"""The small office, recorded on a platform on this machine."""

from __future__ import annotations

from deploy.one_machine import OneMachine
from scenarios.loader import Api, Loader
from scenarios.small_office import ROLES, Office, recorded_by, scenario
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.tokens import issue


def set_up(machine: OneMachine) -> Office:
    """Record the office through the API and wait until its case is open and assigned."""
    loader = Loader(scenario(), Api(machine.addresses, machine.token, ROLES))
    loader.run()
    machine.wait_quiet()
    return recorded_by(loader)


def long_token(machine: OneMachine, account: str, minutes: float = 120) -> str:
    """A token that outlives the measurement."""
    return issue((machine.data / "secrets" / ISSUER_PRIVATE).read_bytes(), account, ROLES[account], minutes)

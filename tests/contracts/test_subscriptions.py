"""Who reacts to what: rows that name published events, for those who react and nobody else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib import import_module

import pytest

from deploy.processes import REACTING_SERVICES, SERVICES
from shared.bus.consumer import Reaction
from shared.contracts.registry import contracts
from shared.contracts.subscriptions import SUBSCRIPTIONS


@pytest.mark.parametrize("pattern", sorted({pattern for patterns in SUBSCRIPTIONS.values() for pattern in patterns}))
def test_what_is_reacted_to_is_published(pattern: str) -> None:
    assert any(fnmatchcase(event_type, pattern) for event_type in contracts())


@pytest.mark.parametrize("service", SERVICES)
def test_who_reacts_is_subscribed_and_nobody_else(service: str) -> None:
    react = import_module(f"services.{service}.service").REACT
    entrypoints = [
        each for method in vars(react or object).values() for each in getattr(method, "nameko_entrypoints", ())
    ]
    assert any(isinstance(each, Reaction) for each in entrypoints) == (service in SUBSCRIPTIONS)


def test_who_is_subscribed_runs() -> None:
    assert set(REACTING_SERVICES) == set(SUBSCRIPTIONS)

"""What reporting's workers share: the ledger, and who may be told apart under which pseudonym."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

from nameko.extensions import DependencyProvider

from services.reporting.explanation import Narrator
from services.reporting.ledger import Ledger, Verified
from shared.contracts.model import PersonalClass
from shared.privacy.pseudonyms import pseudonym
from shared.privacy.secrets import PSEUDONYM_KEY
from shared.projections.engine import open_engine
from shared.runtime.native import aside
from shared.service.platform import Platform
from shared.service.provided import platform_of

T = TypeVar("T")

NAMES: Final = frozenset({PersonalClass.IDENTITY, PersonalClass.EMPLOYEE})
"""Erased in one of these classes, a person or an employee is nobody any more."""


class LedgerProvider(DependencyProvider):  # type: ignore[misc]
    def setup(self) -> None:
        self._ledger = Ledger(open_engine(platform_of(self.container).settings.ledger))

    def get_dependency(self, worker_ctx: Any) -> Ledger:
        return self._ledger

    def stop(self) -> None:
        self._ledger.engine.dispose()


def ledger() -> Ledger:
    """The ledger, for reading, as an attribute of a nameko class."""
    return cast(Ledger, LedgerProvider())


def narrator(platform: Platform) -> Narrator:
    """Who tells explanations. Raises SecretInvalid, KeyRingUnavailable."""
    erasures = platform.keyring.erasures()
    return Narrator(
        pseudonym=partial(pseudonym, platform.secret(PSEUDONYM_KEY)),
        erased=frozenset(erasure.subject for erasure in erasures if erasure.personal_class in NAMES),
    )


def verified(platform: Platform) -> Verified:
    """The whole ledger's chain computed anew."""
    return _read_through(platform, Ledger.verify)


def check_known(platform: Platform, position: int) -> None:
    """Raises NewerThanThisCode if a newer release recorded something up to a position: figures here may lack it."""
    _read_through(platform, partial(Ledger.check_known, until=position))


def _read_through(platform: Platform, read: Callable[[Ledger], T]) -> T:
    """The whole ledger, by a reader of its own beside the hub."""

    def of_its_own() -> T:
        engine = open_engine(platform.settings.ledger)
        try:
            return read(Ledger(engine))
        finally:
            engine.dispose()

    return aside(of_its_own)

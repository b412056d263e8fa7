"""The composition root: what a process needs of the outer world, opened once from the settings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from shared.contracts.codec import Sealer
from shared.contracts.model import PersonalClass
from shared.eventstore.opening import open_store
from shared.eventstore.port import EventStore
from shared.privacy.access_log import AccessLog, open_access_log
from shared.privacy.keyring import KeyRing, MasterMismatch, open_keyring
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import (
    DIGEST_KEY,
    ISSUER_PUBLIC,
    SecretInvalid,
    load_masters,
    load_secret,
)
from shared.runtime.config import ConfigurationError, Settings
from shared.service.clock import BusinessClock, ManualClock, SystemClock
from shared.service.tokens import TokenVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What one service in one process works with. Close it when the process ends."""

    settings: Settings
    service: str
    store: EventStore
    sealer: Sealer
    keyring: KeyRing
    clock: BusinessClock
    tokens: TokenVerifier
    access_log: AccessLog
    digest_key: bytes
    close: Callable[[], None]

    @classmethod
    def open(
        cls,
        settings: Settings,
        service: str,
        classes: frozenset[PersonalClass] = frozenset(),
        *,
        store: EventStore | None = None,
    ) -> Platform:
        """Open everything; ``classes`` are the classes of personal data this service may read and write.

        A ``store`` that is given is shared: services in one process have one writer. Raises
        ConfigurationError, StoreUnavailable.
        """
        with ExitStack() as opened:
            if store is None:
                store = open_store(settings.eventstore)
                opened.callback(store.close)
            try:
                masters = load_masters(settings.secrets, classes)
                digest_key = load_secret(settings.secrets, DIGEST_KEY)
                public_key = (settings.secrets / ISSUER_PUBLIC).read_bytes()
            except (SecretInvalid, OSError) as error:
                raise ConfigurationError(f"a secret cannot be read: {error}") from None
            try:
                keyring = open_keyring(settings.keyring, masters)
            except (ValueError, MasterMismatch) as error:
                raise ConfigurationError(f"the key ring cannot be used: {error}") from None
            opened.callback(keyring.close)
            access_log = open_access_log(settings.access_log)
            opened.callback(access_log.close)
            return cls(
                settings=settings,
                service=service,
                store=store,
                sealer=KeyRingSealer(keyring),
                keyring=keyring,
                clock=SystemClock() if settings.clock == "system" else ManualClock(store),
                tokens=TokenVerifier(public_key, settings.issuer),
                access_log=access_log,
                digest_key=digest_key,
                close=opened.pop_all().close,
            )

    def secret(self, name: str) -> bytes:
        """Another 32-byte secret of the installation by its file's name. Raises SecretInvalid."""
        return load_secret(self.settings.secrets, name)

"""The portal's composition root: what its process works with. It opens no event store and no key ring."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

from nameko.extensions import DependencyProvider

from services.portal.backend import Services
from services.portal.login.accounts import Accounts
from services.portal.login.database import open_database
from services.portal.login.identity import ByPassword, Login
from services.portal.login.sessions import Sessions
from services.portal.login.throttle import Throttle
from services.portal.records.seen import Seen
from services.portal.web.assets import Assets
from services.portal.web.rendering import Templates
from shared.database.migrations import TooNew
from shared.privacy.secrets import ISSUER_PRIVATE, PORTAL_KEY, SecretInvalid, load_secret
from shared.runtime.config import ConfigurationError, Settings
from shared.service.provided import PLATFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """Everything that lasts longer than a visit."""

    settings: Settings
    services: Services
    accounts: Accounts
    sessions: Sessions
    login: Login
    assets: Assets
    templates: Templates
    seen: Seen
    key: bytes
    close: Callable[[], None]

    @classmethod
    def open(cls, settings: Settings) -> Portal:
        """Raises ConfigurationError, DatabaseUnavailable."""
        if not settings.services:
            raise ConfigurationError("WEGMARKEN_SERVICES is not set: it tells the portal where the services are")
        with ExitStack() as opened:
            try:
                key = load_secret(settings.secrets, PORTAL_KEY)
                private_key = (settings.secrets / ISSUER_PRIVATE).read_bytes()
            except (SecretInvalid, OSError) as error:
                raise ConfigurationError(f"a secret cannot be read: {error}") from None
            services = Services(settings.services, private_key, settings.issuer, processes=settings.processes)
            opened.callback(services.close)
            try:
                database = open_database(settings.portal)
            except TooNew as error:
                raise ConfigurationError(f"the portal's database cannot be used: {error}") from None
            opened.callback(database.close)
            accounts = Accounts(database)
            assets = Assets.load()
            return cls(
                settings=settings,
                services=services,
                accounts=accounts,
                sessions=Sessions(database, settings.idle),
                login=ByPassword(accounts, Throttle(database, hmac.digest(key, b"throttle", "sha256"))),
                assets=assets,
                templates=Templates(assets),
                seen=Seen(),
                key=key,
                close=opened.pop_all().close,
            )

    @property
    def is_secure(self) -> bool:
        """Whether its users reach it over https."""
        return self.settings.public_url.startswith("https://")

    def draft_key(self, account_id: str) -> bytes:
        """The key under which somebody's browser keeps drafts; nobody else's session is given it."""
        return hmac.digest(self.key, f"draft {account_id}".encode(), "sha256")


def portal_of(container: Any) -> Portal:
    """The portal of a nameko container."""
    found: Portal = container.config[PLATFORMS][container.service_name]
    return found


class PortalProvider(DependencyProvider):  # type: ignore[misc]
    def get_dependency(self, worker_ctx: Any) -> Portal:
        return portal_of(self.container)


def portal() -> Portal:
    """The portal as an attribute of a nameko class."""
    return cast(Portal, PortalProvider())

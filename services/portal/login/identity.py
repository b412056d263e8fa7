"""How somebody shows who they are: the port, and its way by password.

An OIDC provider is another ``Login``: ``begin`` redirects to the provider, ``finish`` reads what it sends back and
makes an ``Account`` of its claims (docs/adr/0010).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final, Protocol

from eventlet.semaphore import Semaphore

from services.portal.login.accounts import Account, Accounts
from services.portal.login.throttle import Throttle

AT_ONCE: Final = 4
"""Passwords verified at the same time: each takes 64 MiB."""


class LoginRefused(Exception):
    """Name and password do not belong together. Which of them is wrong is not said, and not known here."""


class TooManyTries(Exception):
    """``seconds`` to wait before the next try."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Login(Protocol):
    """A way to log in."""

    def begin(self, return_to: str) -> str | None:
        """Where to send the browser; None shows the form for name and password."""
        ...

    def finish(self, given: Mapping[str, str], address: str) -> Account:
        """Who came. ``given``: the form, or what the provider sent back. Raises LoginRefused, TooManyTries."""
        ...


class ByPassword:
    """The portal's own accounts."""

    def __init__(self, accounts: Accounts, throttle: Throttle) -> None:
        self._accounts, self._throttle = accounts, throttle
        self._turns = Semaphore(AT_ONCE)

    def begin(self, return_to: str) -> None:
        return None

    def finish(self, given: Mapping[str, str], address: str) -> Account:
        name = given.get("name", "").strip().lower()
        entered = self._throttle.enter(name, address)
        if entered.wait > 0:
            raise TooManyTries(ceil(entered.wait))
        with self._turns:
            account = self._accounts.verify(name, given.get("password", ""))
        if account is None:
            raise LoginRefused
        self._throttle.forgive(entered)
        return account

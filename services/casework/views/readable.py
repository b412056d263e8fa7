"""Personal fields in a view: erased ones are missing, ones without a master key are a fault."""

from __future__ import annotations

from typing import Any

from shared.contracts.model import Hidden


class MasterKeyNotHeld(Exception):
    """This process was not given a master key that its views need; going on would lose rows silently."""


def readable(value: Any) -> Any:
    """The value, or None if its subject was erased. Raises MasterKeyNotHeld, which stops the view."""
    if value is Hidden.SEALED:
        raise MasterKeyNotHeld("casework's views need the master keys of the class employee")
    return None if value is Hidden.ERASED else value

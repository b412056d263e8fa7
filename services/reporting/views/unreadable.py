"""Personal fields that cannot be read: an erased subject is left out, a missing master key is an error."""

from __future__ import annotations

from typing import Any

from shared.contracts.model import Hidden, PersonalClass
from shared.projections.view import Erasure


class MasterKeyNotHeld(Exception):
    """This process was not given a master key it needs; its figures would silently count too little."""


def erased(value: Any) -> bool:
    """Whether the field's subject was erased. Raises MasterKeyNotHeld, which stops the view."""
    if value is Hidden.SEALED:
        raise MasterKeyNotHeld("reporting needs the master keys of the classes statistics and employee")
    return value is Hidden.ERASED


def erases(erasure: Erasure, personal_class: PersonalClass) -> bool:
    """Whether the erasure is of this class; the others leave the view as it is."""
    return erasure.personal_class == personal_class

"""A command's form as it is opened on a page, in the place to which it belongs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.portal.answers import Answer
from services.portal.records.fields import Field
from services.portal.web.form import Form


class Described(Protocol):
    """What may be recorded, as a description: what it is called, and what is asked for it."""

    @property
    def label(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def fields(self) -> tuple[Field, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Where a form is sent, and under which name its draft is kept; ``back`` is the page where it stands, ``place`` the
    part of it.

    ``about`` says in words what it is about; ``found`` are the people it may name; ``options`` what may be chosen in
    fields of which ``terms`` knows no values.
    """

    action: Described
    form: Form
    address: str
    draft: str
    back: str
    place: str
    about: str = ""
    found: tuple[Answer, ...] = ()
    options: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

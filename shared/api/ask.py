"""What can be asked under one path: a row in a service's table of entrypoints.

The entrypoint serves it, OpenAPI documents it.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

_PLACEHOLDER = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Nothing:
    """The form of a query without parameters, or of a command without a body's fields."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """See ``shared.api.entrypoint.command``, ``query`` and ``question`` for what the fields mean.

    Raises TypeError when a placeholder of the path is no field of the form.
    """

    kind: Literal["command", "query", "question", "page"]
    path: str
    form: type = Nothing
    roles: frozenset[str] = frozenset()
    creates: str | None = None
    answers: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    personal: bool = False
    within_municipality: bool = False
    public: bool = False

    def __post_init__(self) -> None:
        if missing := set(self.placeholders) - self.fields:
            raise TypeError(f"{self.form.__qualname__} has no field {', '.join(sorted(missing))} for {self.path}")
        if not self.public and not self.roles:
            raise TypeError(f"{self.path} is neither public nor for any role")

    @cached_property
    def has_body(self) -> bool:
        """Whether what is asked stands in a JSON body; else in the URL."""
        return self.kind in ("command", "question")

    @cached_property
    def method(self) -> str:
        return "POST" if self.has_body else "GET"

    @cached_property
    def placeholders(self) -> tuple[str, ...]:
        """The path's placeholders, in order."""
        return tuple(_PLACEHOLDER.findall(self.path))

    @cached_property
    def fields(self) -> frozenset[str]:
        return frozenset(field.name for field in dataclasses.fields(self.form))

    @cached_property
    def fills(self) -> bool:
        """Whether the id of what is created is a field of the form, which the platform fills in."""
        return self.creates in self.fields

    @cached_property
    def given(self) -> frozenset[str]:
        """Fields that the caller does not send: the path or the platform gives them."""
        return frozenset(self.placeholders) | ({self.creates} if self.fills and self.creates else frozenset())

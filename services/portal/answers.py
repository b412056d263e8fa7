"""What the services answer: a document, that something was accepted or refused, or nothing at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Answer: TypeAlias = Mapping[str, Any]
"""A document of a service, or a part of one, as JSON holds it."""

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""How the services write ids, as a pattern."""
_CODE_NAME: Final = re.compile(rf" \((?:{_ID}|[a-z]+(?:_[a-z]+)*)\)| {_ID}")
"""An id, or in brackets a name as programs have it, with the space before."""


class Unavailable(Exception):
    """A service does not answer, or cannot at the moment. ``outcome_unknown``: it may have done what was asked."""

    def __init__(self, service: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(service)
        self.service, self.outcome_unknown = service, outcome_unknown


class Refused(Exception):
    """A service says no, in a problem document (in the language of who asked)."""

    def __init__(self, problem: Answer) -> None:
        super().__init__(str(problem.get("type", "")).rpartition(":")[2])
        self.problem = problem

    @property
    def slug(self) -> str:
        """The problem's name, like ``case-not-open``."""
        return str(self.args[0])

    @property
    def status(self) -> int:
        return int(self.problem.get("status", 500))

    @property
    def title(self) -> str:
        """The sentence for people: without the ids and code names that programs find in it."""
        return _CODE_NAME.sub("", str(self.problem.get("title", "")))

    @property
    def entry(self) -> str:
        """The field or entry that breaks the rule, if the refusal names one."""
        return str(self.problem.get("facts", {}).get("entry", ""))

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with which field, by its path."""
        return {str(error["path"]): str(error["message"]) for error in self.problem.get("errors", ())}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command's answer: ``id`` of what it is about, ``position`` of its newest event, and further ids."""

    document: Answer

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def position(self) -> int:
        return int(self.document["position"])

    def __getitem__(self, name: str) -> Any:
        return self.document[name]


def is_id(text: str) -> bool:
    """Whether something is written as an id."""
    return re.fullmatch(_ID, text) is not None

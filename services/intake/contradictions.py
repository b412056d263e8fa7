"""What a record may never say: the shape in which its parts report it."""

from __future__ import annotations

from typing import NamedTuple


class Contradiction(NamedTuple):
    """A broken rule (a problem's name, see ``problems``) and the entry, field or scope that breaks it."""

    rule: str
    entry: str

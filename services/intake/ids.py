"""Ids of the things a command creates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

NewId: TypeAlias = Callable[[str], str]
"""The id of a created thing by its name ("person_id"): the same at every repetition of the command."""

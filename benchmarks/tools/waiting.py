"""Waiting between two commands, and for what follows from one."""

from __future__ import annotations

from typing import Final

PAUSE: Final = (0.02, 0.12)
"""Seconds between two commands, drawn evenly: no rhythm that a poller could fall in step with."""


class NeverCame(Exception):
    """An event did not reach who follows the store, or nothing followed from it. The text says what is missing."""

"""Which version this is. ``pyproject.toml`` reads it from here; the images' tags and backups tell it."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"

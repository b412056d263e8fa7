"""``python -m services.reporting http|projector``. Reporting reacts to nobody."""

from __future__ import annotations

from shared.process.run import main

main("services.reporting")

"""``python -m services.intake http|projector``. Intake reacts to nobody."""

from __future__ import annotations

from shared.process.run import main

main("services.intake")

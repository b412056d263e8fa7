"""``python -m services.portal http``. The portal stores no events and projects none."""

from __future__ import annotations

from shared.process.run import main

main("services.portal")

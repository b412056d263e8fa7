"""``python -m services.eligibility http|react|projector``."""

from __future__ import annotations

from shared.process.run import main

main("services.eligibility")

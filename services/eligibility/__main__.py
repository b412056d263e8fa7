"""``python -m services.eligibility http|react|projector``."""

from __future__ import annotations

from shared.runtime.process import main

main("services.eligibility")

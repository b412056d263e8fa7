"""``python -m services.casework http|react|projector``."""

from shared.runtime.process import main

main("services.casework")

"""``python -m services.casework http|react|projector``."""

from shared.process.run import main

main("services.casework")

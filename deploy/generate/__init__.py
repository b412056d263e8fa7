"""Everything that says how the platform is deployed, written from one description (``deploy/processes.py``)."""

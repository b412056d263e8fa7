"""How the platform runs somewhere: the one description of its processes, a private broker, a supervisor."""

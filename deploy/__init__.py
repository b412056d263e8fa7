"""How the platform runs somewhere: the one description of its processes; a private broker and a supervisor for one
machine; and, generated from the description, containers, proxy and monitoring."""

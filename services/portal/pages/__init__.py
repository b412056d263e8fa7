"""One module per page: what is asked of the services, and which template shows it."""

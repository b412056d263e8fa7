"""One module per page, and a template of the same name: what is asked of the services, and what is shown of it."""

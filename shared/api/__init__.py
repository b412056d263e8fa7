"""HTTP: entrypoints, who may ask, what may be said, problems in two languages, OpenAPI."""

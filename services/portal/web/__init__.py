"""What every page stands on: a visit, its forms and failures, templates and assets."""

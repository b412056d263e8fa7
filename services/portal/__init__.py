"""The pages of the platform: login, forms, lists, figures. A client of the other services' HTTP API like any other."""

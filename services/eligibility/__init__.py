"""Eligibility: the housing phase and the service in charge of a person, by dated rules."""

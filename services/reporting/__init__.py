"""Reporting: the ledger, views over it, figures that explain themselves, history and replay."""

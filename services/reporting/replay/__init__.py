"""Replay: how a stream came to be what it is, event by event, for an auditor's eyes.

It folds by a table of its own, not by the services' code: so it shows what was recorded, and does not
repeat what a service may have made of it.
"""

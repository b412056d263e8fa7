"""Intake: persons, households, procedures, titles and tolerations, residences, notice and consent."""

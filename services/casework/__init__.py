"""Casework: teams, employees, contracts and grants; cases, consultations and cover."""

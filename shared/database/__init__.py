"""Databases by URL: SQLite files, or PostgreSQL with a schema for each use. What differs between them is here."""

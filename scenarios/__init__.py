"""Invented histories, and the loader that posts them through the public API like any other client."""

"""Invented histories, and the loader that posts them through the public API like any other client.

Only the invented log, as long as one likes, is nothing to post: it is written as the services would have.
"""

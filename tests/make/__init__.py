"""Rows for tests, made as the marketplace makes them and really committed.

Every test makes its own parties, so tests need no cleaning up and may run side by side.
"""

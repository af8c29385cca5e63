"""Tells whether a line says that it is paid for, and in which languages that can be told."""

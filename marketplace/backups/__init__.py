"""Backups of a whole market and restores from them: the database and the objects, checked against each other."""

"""Closed forms: what only one assignment asks."""

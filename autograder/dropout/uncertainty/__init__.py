"""Multiplicative noise, many passes and what they know: what only one assignment asks."""

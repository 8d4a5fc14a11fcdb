"""Whole channels, blocks and batch normalisation: what only one assignment asks."""

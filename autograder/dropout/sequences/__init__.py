"""Masks shared over time and masks on weights: what only one assignment asks."""

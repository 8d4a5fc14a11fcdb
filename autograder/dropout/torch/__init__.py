"""Layers, loops and comparisons in PyTorch: what only one assignment asks."""

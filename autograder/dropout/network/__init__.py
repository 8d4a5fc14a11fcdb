"""Networks trained with dropout, and tools that check their gradients: what only one assignment asks."""

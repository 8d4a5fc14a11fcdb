"""Networks trained with dropout, and tools that check gradients: what one assignment asks."""

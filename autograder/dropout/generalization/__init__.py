"""Training, experiments and ablations: what only one assignment asks."""

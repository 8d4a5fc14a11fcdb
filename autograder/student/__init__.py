"""What a student runs: the check in the notebook, and pytest on it. Nothing of the graders is reached from here."""

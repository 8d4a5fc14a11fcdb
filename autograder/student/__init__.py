"""What a student runs: the check in the notebook, and pytest on it. It reaches no grader."""

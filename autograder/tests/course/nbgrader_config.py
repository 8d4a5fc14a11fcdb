from autograder.nbgrader_config import configure

configure(get_config())  # noqa: F821 - nbgrader puts get_config into this file

import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: E401, E702, D100
from autograder.nbgrader_config import configure

configure(get_config())  # noqa: F821 - nbgrader puts get_config here; what you set below this line wins

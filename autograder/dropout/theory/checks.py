"""The checks of this topic, and those that all assignments share."""

from autograder.dropout.checks import *
from autograder.dropout.theory.closed_forms import *

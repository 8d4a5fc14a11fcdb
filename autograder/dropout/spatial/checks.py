"""The checks of this topic, and those that all assignments share."""

from autograder.dropout.checks import *
from autograder.dropout.spatial.blocks import *
from autograder.dropout.spatial.normalisation import *

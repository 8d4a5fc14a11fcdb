"""The checks of this topic, and those that all assignments share."""

from autograder.dropout.checks import *
from autograder.dropout.uncertainty.mc_layers import *
from autograder.dropout.uncertainty.noise import *
from autograder.dropout.uncertainty.passes import *

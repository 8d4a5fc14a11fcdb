"""The symptoms of this topic."""

from autograder.dropout.spatial.block_symptoms import *
from autograder.dropout.spatial.normalisation_symptoms import *

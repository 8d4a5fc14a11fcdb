"""The symptoms of this topic."""

from autograder.dropout.uncertainty.mc_layer_symptoms import *
from autograder.dropout.uncertainty.noise_symptoms import *
from autograder.dropout.uncertainty.pass_symptoms import *

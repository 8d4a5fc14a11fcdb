"""The symptoms of this topic."""

from autograder.dropout.network.loss_symptoms import *
from autograder.dropout.network.score_symptoms import *

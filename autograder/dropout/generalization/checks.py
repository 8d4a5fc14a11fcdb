"""The checks of this topic, and those that all assignments share."""

from autograder.dropout.checks import *
from autograder.dropout.generalization.ablation import *
from autograder.dropout.generalization.epochs import *
from autograder.dropout.generalization.experiments import *
from autograder.dropout.generalization.patients import *
from autograder.dropout.generalization.training import *

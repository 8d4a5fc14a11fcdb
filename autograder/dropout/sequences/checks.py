"""The checks of this topic, and those that all assignments share."""

from autograder.dropout.checks import *
from autograder.dropout.sequences.layers import *
from autograder.dropout.sequences.recurrent import *
from autograder.dropout.sequences.remembering import *
from autograder.dropout.sequences.weights import *

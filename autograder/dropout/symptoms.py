"""The symptoms that several assignments look at: `from autograder.dropout import symptoms as f`."""

from autograder.checks_api.symptoms import gives as gives
from autograder.dropout.draw_symptoms import *
from autograder.dropout.gradient_symptoms import *
from autograder.dropout.mask_symptoms import *
from autograder.dropout.moment_symptoms import *

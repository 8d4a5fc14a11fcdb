"""The checks that all assignments share: `from autograder.dropout import checks as c`."""

from autograder.checks_api.quiz import *
from autograder.checks_api.results import *
from autograder.checks_api.verb import verb as verb
from autograder.checks_api.views import *
from autograder.dropout.calls import outputs as outputs
from autograder.dropout.gradients import *
from autograder.dropout.masks import *
from autograder.dropout.values import *

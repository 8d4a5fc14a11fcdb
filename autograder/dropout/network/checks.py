"""The checks of this topic, and those that all assignments share."""

from autograder.dropout.checks import *
from autograder.dropout.network.gradient_checkers import *
from autograder.dropout.network.leashes import *
from autograder.dropout.network.loss_masks import *
from autograder.dropout.network.losses import *
from autograder.dropout.network.networks import *

"""The checks of all assignments under one name, as `checks.py` files written before autograder/dropout/ import them. Nothing here uses it.

A course updates the kit in the middle of a term, while its students keep the folders they were given: what stands in those still works.
"""

import importlib
import sys
from types import ModuleType

from autograder.checks import before
from autograder.dropout.generalization.checks import *
from autograder.dropout.network.checks import *
from autograder.dropout.sequences.checks import *
from autograder.dropout.spatial.checks import *
from autograder.dropout.theory.checks import *
from autograder.dropout.uncertainty.checks import *

_MODULES = {
    "coats": "dropout.views",
    "derivatives": "dropout.network.gradient_checkers",
    "experiments_facts": "dropout.generalization.experiment_symptoms",
    "facts": "dropout.symptoms",
    "forms": "dropout.forms",
    "lenses": "dropout.views",
    "network_facts": "dropout.network.symptoms",
    "networks": "dropout.network.networks",
    "noise": "dropout.uncertainty.noise",
    "normalisation": "dropout.spatial.normalisation",
    "sequence_facts": "dropout.sequences.symptoms",
    "sequences": "dropout.sequences.recurrent",
    "structured_facts": "dropout.spatial.symptoms",
    "theory": "dropout.theory.symptoms",
    "torch_layers": "dropout.torch.layers",
    "torch_loops": "dropout.torch.loops",
    "training_facts": "dropout.generalization.training_symptoms",
    "uncertainty": "dropout.uncertainty.passes",
    "uncertainty_facts": "dropout.uncertainty.symptoms",
    "verb": "checks_api.verb",
    "ways_back": "dropout.sequences.gradient_formulas",
    "weights": "dropout.sequences.weights",
}
for _old, _new in _MODULES.items():
    globals()[_old] = sys.modules[f"{__name__}.{_old}"] = importlib.import_module(f"autograder.{_new}")

torch_comparisons = sys.modules[f"{__name__}.torch_comparisons"] = ModuleType(f"{__name__}.torch_comparisons")  # two files today
for _new in ("comparisons", "comparison_symptoms"):
    _found = vars(importlib.import_module(f"autograder.dropout.torch.{_new}"))
    vars(torch_comparisons).update({k: v for k, v in _found.items() if not k.startswith("__")})

globals().update({name: before.check(name) for name in before.CHECKS})
for _old, _made in before.SYMPTOMS.items():  # a name of theirs that a topic still has says the same there
    vars(sys.modules[f"{__name__}.{_old}"]).update({name: before.symptom(_old, name) for name in _made})
vars(torch_comparisons).update({k: before.check(k) for k in ("keeps_its_head_among_zeros", "keeps_x_and_dout", "takes_zeros_in_dout")})

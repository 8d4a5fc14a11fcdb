"""The checks of all assignments under one name, for code that was written against 0.1.0."""

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
    "derivatives": "dropout.network.gradient_questions dropout.network.gradient_checkers "
                   "dropout.network.gradient_checker_symptoms",
    "experiments_facts": "dropout.generalization.experiment_symptoms",
    "facts": "dropout.symptoms",
    "forms": "dropout.forms",
    "lenses": "dropout.views",
    "network_facts": "dropout.network.symptoms",
    "networks": "dropout.network.networks",
    "noise": "dropout.uncertainty.noise",
    "normalisation": "dropout.spatial.normalisation",
    "sequence_facts": "dropout.sequences.symptoms",
    "sequences": "dropout.sequences.recurrent dropout.sequences.remembering",
    "structured_facts": "dropout.spatial.symptoms",
    "theory": "dropout.theory.symptoms",
    "torch_comparisons": "dropout.torch.comparisons dropout.torch.comparison_symptoms",
    "torch_layers": "dropout.torch.layers dropout.torch.layer_symptoms",
    "torch_loops": "dropout.torch.loops dropout.torch.nets",
    "training_facts": "dropout.generalization.training_symptoms",
    "uncertainty": "dropout.uncertainty.passes dropout.uncertainty.mc_layers",
    "uncertainty_facts": "dropout.uncertainty.symptoms",
    "verb": "checks_api.verb",
    "ways_back": "dropout.sequences.gradient_formulas",
    "weights": "dropout.sequences.weights",
}
for _old, _new in _MODULES.items():
    _module = ModuleType(f"{__name__}.{_old}")
    for _name in _new.split():
        _found = vars(importlib.import_module(f"autograder.{_name}"))
        vars(_module).update({k: v for k, v in _found.items() if not k.startswith("__")})
    vars(_module).update(before.checks() | before.symptoms(_old))
    globals()[_old] = sys.modules[_module.__name__] = _module
globals().update(before.checks())

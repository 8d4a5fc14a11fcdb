"""What a set-up cell imports of the kit: written out for graders, and that it is what it was."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.dropout.given import Network, accuracy
from autograder.dropout.network.networks import firm_network
from autograder.model import Answer, Call, Cell, Limits, Opaque, Outcome, Role
from autograder.sandbox import BACKENDS
from autograder.subjects.remote import Remote
from autograder.written_out import written_out

IMPORT = "from autograder.dropout.given import Network"
USE = """
def f():
    params = {"W1": np.eye(2), "b1": np.zeros(2)}
    gradients = Network(0.0, 0.0, None).gradients(params, np.eye(2), np.array([0, 1]))
    return type(gradients["W1"]).__name__
"""


def test_only_modules_of_the_kit_are_written_out() -> None:
    setup = f"import os\nfrom autograder import check\nimport numpy as np\n{IMPORT}\nx = 1"
    made = written_out(setup)
    assert made.startswith("import os\nfrom autograder import check\nimport numpy as np\n")
    assert made.endswith("\nx = 1")
    assert "class Network" in made
    assert IMPORT not in made
    assert "__future__" not in made
    for other in ("import os\nfrom os import path", "from autograder.no.such import thing",
                  "from autograder.dropout import (", ""):
        assert written_out(other) == other


def answer(*cells: Cell) -> Answer:
    plain = next(b for b in BACKENDS if b.name == "subprocess")
    with Remote(plain, cells, Limits(call_seconds=60, submission_seconds=120)) as remote:
        return remote.ask([Call("f")], 60)[0]


def test_a_set_up_cell_has_it_and_an_answer_cannot_import_it() -> None:
    setup = Cell("setup", Role.SETUP, written_out(f"import numpy as np\n{IMPORT}"))
    assert answer(setup, Cell("a", Role.ANSWER, USE)).value == "ndarray"
    alone = answer(Cell("setup", Role.SETUP, "import numpy as np"),
                   Cell("a", Role.ANSWER, f"{IMPORT}\n{USE}"))
    assert (alone.outcome is not Outcome.PASSED or type(alone.value) is Opaque
            or alone.value != "ndarray")


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.2, 0.5), (0.3, 0.0)])
def test_its_gradients_are_those_of_the_loss_that_students_wrote(
        rates: tuple[float, float]) -> None:
    params, X, y = firm_network((5, 7, 6, 4), 9, 1)
    rng = np.random.default_rng(2)
    copies = {name: value.copy() for name, value in params.items()}, X.copy()
    found = Network(*rates, np.random.default_rng(3)).gradients(params, X, y)
    for name, value in params.items():
        u = rng.normal(size=value.shape)
        up, down = (_loss({**params, name: value + s * 1e-5 * u}, X, y, rates) for s in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx((found[name] * u).sum(), rel=1e-5, abs=1e-8)
    assert all(np.array_equal(copies[0][n], params[n]) for n in params)
    assert np.array_equal(copies[1], X)
    assert accuracy(params, X, y) == np.mean(_scores(params, X).argmax(axis=1) == y)


def _scores(params: dict[str, np.ndarray], X: np.ndarray,
            masks: tuple[object, ...] = (1.0, 1.0, 1.0)) -> np.ndarray:
    h = X * masks[0]
    for k in (1, 2):
        h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0) * masks[k]
    return np.asarray(h @ params["W3"] + params["b3"])


def _loss(params: dict[str, np.ndarray], X: np.ndarray, y: np.ndarray,
          rates: tuple[float, float]) -> float:
    rng = np.random.default_rng(3)
    shapes = ((X.shape, rates[0]), ((len(X), 7), rates[1]), ((len(X), 6), rates[1]))
    s = _scores(params, X, tuple((rng.random(shape) >= p) / (1 - p) if p else 1.0
                                 for shape, p in shapes))
    return float((np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]).mean())

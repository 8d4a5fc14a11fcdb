"""The battery, put to the dropout of well-known frameworks in thin coats: what is right must pass.

Torch's modules are judged wherever torch is installed. Keras is asked for by name:

    pip install 'autograder[torch]' keras
    KERAS_BACKEND=torch pytest -m frameworks autograder/tests/test_checks_frameworks.py
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder import checks as c
from autograder.checks.forms import Shared
from autograder.checks.noise import Positive
from autograder.judge import judge
from autograder.model import Check, Exercise, Outcome
from autograder.subjects.local import Local

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'autograder[torch]'")

Make = Callable[[float, bool], Callable[[Any], Any]]  # p and whether it trains -> a function of tensors
SOME = "drops_some_and_keeps_some"
FORWARD = {"forward": "dropout_forward", "backward": "dropout_backward"}


def coat(make: Make) -> dict[str, Any]:
    """Dropout of tensors as the course writes it. The seed comes from rng, as the framework has a generator of its own."""

    def dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        if train:
            torch.manual_seed(int(rng.integers(2**31)))
        leaf = torch.tensor(x, requires_grad=True)
        out = make(p, train)(leaf)
        return out.detach().numpy().copy(), (leaf, out)

    def dropout_backward(dout: Any, cache: Any) -> Any:
        leaf, out = cache
        return torch.autograd.grad(out, leaf, torch.tensor(dout), retain_graph=True)[0].numpy().copy()

    return {"dropout_forward": dropout_forward, "dropout_backward": dropout_backward}


def module(name: str) -> Make:
    """A module of torch.nn."""
    return lambda p, train: getattr(torch.nn, name)(p).train(train)


def functional(p: float, train: bool) -> Callable[[Any], Any]:
    return lambda x: torch.nn.functional.dropout(x, p, train)


def keras_layer(name: str, **options: Any) -> Make:
    """A layer of Keras on torch; it draws from a generator that is seeded by hand, so its seed is drawn from torch's."""

    def make(p: float, train: bool) -> Callable[[Any], Any]:
        keras = importlib.import_module("keras")

        def layer(x: Any) -> Any:
            seed = int(torch.randint(2**31, ()))
            found = getattr(keras.layers, name)(p, seed=seed, dtype=str(x.dtype).removeprefix("torch."), **options)
            return found(x, training=train)

        return layer

    return make


# -------------------------------------------------------------------------------------------------------------------- the battery
def about_masks(via: Any = "forward", shape: tuple[int, int] = (256, 256)) -> Iterator[Check]:
    for p in (0.3, 0.62, 0.005):
        yield c.drops_the_right_share(p=p, via=via, shape=shape)
    yield c.treats_examples_apart(p=0.3, via=via, shape=shape)
    yield c.treats_features_apart(p=0.3, via=via, shape=shape)
    yield c.keeps_a_varying_number(p=0.3, via=via)
    yield c.draws_afresh(p=0.3, via=via, shape=(128, 128))
    yield c.obeys_the_generator(p=0.3, via=via)
    yield c.leaves_global_random_state_alone(p=0.3, via=via, shape=(8, 5))


def about_values(shape: tuple[int, ...] = (32, 50)) -> Iterator[Check]:
    yield c.scales_the_survivors(p=0.3, by="1/(1-p)", shape=shape)
    yield c.scales_the_survivors(p=0.4, by="1/(1-p)", shape=shape, dtype="float32")
    yield c.is_identity_at_test_time(p=0.3, shape=shape)
    yield c.draws_nothing_at_test_time(p=0.3, shape=shape)
    yield c.keeps_its_input(p=0.3, shape=shape)
    yield c.keeps_the_dtype(p=0.3, dtype="float32", shape=shape)
    yield c.drops_nothing_at_zero(shape=shape)
    yield c.drops_everything_at_one(shape=shape)
    yield c.refuses(p=-0.1, shape=shape)
    yield c.refuses(p=1.5, shape=shape)
    yield c.passes_gradient_to_kept_units_only(p=0.3, shape=shape, **FORWARD)
    yield c.follows_the_mask(p=0.3, shape=shape, **FORWARD)
    yield c.follows_test_time(p=0.3, shape=shape, **FORWARD)
    yield c.belongs_to_its_own_cache(p=0.3, shape=shape, **FORWARD)
    yield c.passes_gradient_where_x_is_zero(p=0.3, shape=shape, **FORWARD)
    yield c.agrees_with_finite_differences(p=0.35, shape=shape, **FORWARD)


ELEMENT = [c.drops_some_and_keeps_some(p=0.3), *about_masks(), *about_values(), c.takes_any_shape(p=0.3, shapes=((7,), (2, 3, 4, 5)))]


def spatial(*sizes: int) -> list[Check]:
    """What the course asks of spatial dropout on maps of these sizes."""
    via, shape = Shared(2, sizes, "channel"), (8, 12, *sizes)
    whole = [c.drops_as_a_whole(p=p, case=f"p = {p}", via=via) for p in (0.3, 0.62)]
    return [c.drops_some_and_keeps_some(p=0.3, shape=shape), *whole, *about_masks(via, (128, 128)), *about_values(shape)]


def alpha(p: float) -> list[Check]:
    """The two branches of alpha dropout (Klambauer et al. 2017, section 3), from its mean and variance."""
    floor, q = -1.7580993408473766, 1 - p
    a = (q + floor**2 * q * p) ** -0.5
    b = -a * p * floor
    shares = [c.drops_the_right_share(p=p, via=Positive()), c.treats_examples_apart(p=p, via=Positive())]
    values = [c.sets_dropped_units_to(p=p, wanted=a * floor + b), c.keeps_units_on_the_line(p=p, wanted=(a, b))]
    return [c.sets_some_and_keeps_some(p=p), *values, *shares, c.is_identity_at_test_time(p=p), c.repeats_with_the_seed(p=p)]


def refused(checks: list[Check], functions: dict[str, Any]) -> list[str]:
    found = judge(Exercise("dropout_forward", checks), Local(namespace=functions), "frameworks", "salt", seconds=60)
    return [f"{v.check}: {v.got}, wanted {v.wanted}" for v in found if not v.passed]


@pytest.mark.parametrize("make", [module("Dropout"), functional], ids=["nn.Dropout", "F.dropout"])
def test_torch_passes_the_battery_for_elements(make: Make) -> None:
    assert refused(ELEMENT, coat(make)) == []


@pytest.mark.parametrize(("name", "sizes"), [("Dropout1d", (5,)), ("Dropout2d", (3, 2)), ("Dropout3d", (2, 1, 2))])
def test_torch_passes_the_battery_for_channels(name: str, sizes: tuple[int, ...]) -> None:
    assert refused(spatial(*sizes), coat(module(name))) == []


@pytest.mark.parametrize("p", [0.3, 0.62])
def test_torch_passes_the_battery_for_alpha_dropout(p: float) -> None:
    assert refused(alpha(p), coat(module("AlphaDropout"))) == []


def test_the_battery_can_refuse_torch() -> None:
    """The wrong module for the question is seen: element dropout where channels are asked for, and the other way round."""
    assert any("drops_as_a_whole" in line for line in refused(spatial(3, 2), coat(module("Dropout"))))
    whole_rows: Make = lambda p, train: lambda x: torch.nn.Dropout1d(p).train(train)(x[None])[0]  # noqa: E731
    assert any("treats_" in line for line in refused(ELEMENT, coat(whole_rows)))
    found = judge(Exercise("dropout_forward", ELEMENT), Local(namespace=coat(functional)), "frameworks", "salt", seconds=60)
    assert not any(v.outcome is Outcome.BROKEN for v in found)


# -------------------------------------------------------------------------------------------------------------------------- Keras
needs_keras = pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="keras is not installed: pip install keras")


@pytest.fixture
def keras_on_torch() -> None:
    if os.environ.get("KERAS_BACKEND") != "torch":
        pytest.skip("Keras is judged on torch: set KERAS_BACKEND=torch")


@pytest.mark.frameworks
@needs_keras
@pytest.mark.usefixtures("keras_on_torch")
@pytest.mark.filterwarnings("ignore")
def test_keras_passes_the_battery_for_elements() -> None:
    assert refused(ELEMENT, coat(keras_layer("Dropout"))) == []


@pytest.mark.frameworks
@needs_keras
@pytest.mark.usefixtures("keras_on_torch")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "sizes"), [("SpatialDropout2D", (3, 2)), ("SpatialDropout3D", (2, 1, 2))])
def test_keras_passes_the_battery_for_channels(name: str, sizes: tuple[int, ...]) -> None:
    assert refused(spatial(*sizes), coat(keras_layer(name, data_format="channels_first"))) == []


def test_numpy_arrays_of_the_coat_are_their_own() -> None:
    """A coat hands out copies: torch's buffers must not change an answer afterwards."""
    functions = coat(module("Dropout"))
    x = np.ones((2, 3))
    out, cache = functions["dropout_forward"](x, 0.5, np.random.default_rng(0))
    again = functions["dropout_backward"](np.ones((2, 3)), cache)
    out[:] = 7
    assert (functions["dropout_backward"](np.ones((2, 3)), cache) == again).all()

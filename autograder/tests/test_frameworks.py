"""The battery is proven on frameworks beside torch: Flax on JAX, and Keras.

They are no dependency of anything here, so these tests are skipped where they are missing. In a
virtual environment of its own:

    python3 -m venv .frameworks
    .frameworks/bin/pip install -e ".[torch]" msgpack flax keras
    .frameworks/bin/python -m pytest autograder/tests/test_frameworks.py

Last run on the CPU with Flax 0.12.8, JAX 0.10.2 and Keras 3.15.1 (on torch 2.13.0): all passed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.dropout import checks as c
from autograder.model import Outcome
from autograder.tests.battery import all_hold, channels, edges, element, verdicts

pytestmark = [
    pytest.mark.frameworks,
    # what frameworks warn about while they are loaded is their own affair
    pytest.mark.filterwarnings("ignore"),
]
SPATIAL = [(5,), (4, 3), (2, 3, 2)]
Functions = dict[str, Any]


def _seed(rng: Any, train: bool) -> int:
    return int(rng.integers(2**31)) if train else 0


# ---------------------------------------------------------------------------------------- Flax, JAX
@pytest.fixture(scope="module")
def flax() -> Callable[..., Functions]:
    """`flax(axes)`: nnx.Dropout, with one coin for all places along these axes."""
    nnx = pytest.importorskip("flax.nnx", reason="Flax is not installed: pip install flax")
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def coat(axes: tuple[int, ...] = ()) -> Functions:
        def forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
            seed = _seed(rng, train)

            def layer(a: Any) -> Any:  # made within, for JAX wants no state changed from outside
                return nnx.Dropout(p, broadcast_dims=axes, deterministic=not train,
                                   rngs=nnx.Rngs(seed))(a)

            out, back = jax.vjp(layer, jax.numpy.asarray(x))
            return np.asarray(out), back

        return {"forward": forward,
                "backward": lambda dout, cache: np.asarray(cache(jax.numpy.asarray(dout))[0])}

    return coat


@pytest.mark.parametrize("p", [0.1, 0.3, 0.62])
def test_flax_passes(flax: Callable[..., Functions], p: float) -> None:
    all_hold(flax(), *element(p), c.drops_everything_at_one())


@pytest.mark.parametrize("sizes", SPATIAL)
def test_flax_passes_with_one_coin_for_a_channel(flax: Callable[..., Functions],
                                                 sizes: tuple[int, ...]) -> None:
    all_hold(flax(tuple(range(2, 2 + len(sizes)))), *channels(0.3, sizes))


def test_one_coin_for_a_channel_is_not_taken_for_one_coin_each(
        flax: Callable[..., Functions]) -> None:
    (found,) = verdicts(flax((1,)), c.treats_features_apart(p=0.3))
    assert found.outcome is Outcome.FAILED


# -------------------------------------------------------------------------------------------- Keras
@pytest.fixture(scope="module")
def keras() -> Callable[[str], Functions]:
    """`keras("Dropout")`: a layer of Keras, which computes on torch."""
    torch = pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    layers = pytest.importorskip("keras.layers", reason="Keras is not installed: pip install keras")

    def coat(name: str) -> Functions:
        def forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
            leaf = torch.tensor(x, requires_grad=True)
            layer = getattr(layers, name)(p, seed=_seed(rng, train), dtype=str(x.dtype))
            out = layer(leaf, training=train)
            return out.detach().numpy(), (leaf, out)

        def backward(dout: Any, cache: Any) -> Any:
            leaf, out = cache
            return torch.autograd.grad(out, leaf, torch.tensor(dout), retain_graph=True)[0].numpy()

        return {"forward": forward, "backward": backward}

    return coat


@pytest.mark.parametrize("p", [0.1, 0.3, 0.62])
def test_keras_passes(keras: Callable[[str], Functions], p: float) -> None:
    all_hold(keras("Dropout"), *element(p), *edges())


@pytest.mark.parametrize("sizes", SPATIAL)
def test_spatial_dropout_of_keras_passes(keras: Callable[[str], Functions],
                                         sizes: tuple[int, ...]) -> None:
    # channels come last in Keras
    all_hold(keras(f"SpatialDropout{len(sizes)}D"), *channels(0.3, sizes, axis=1))

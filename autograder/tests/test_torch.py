"""The battery is proven on torch: its dropout layers, in thin coats, pass the students' verbs.

Without torch these tests are skipped, and say so. Where torch sees a GPU they run there too; so far
they have been run on the CPU only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.dropout import checks as c
from autograder.model import Opaque, Outcome
from autograder.running.packing import plain
from autograder.tests.battery import all_hold, channels, edges, element, verdicts

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch==2.13.0")

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
LOW = -1.7580993408473766  # what AlphaDropout sets dropped numbers to


# --------------------------------------------------------------------------------------- thin coats
def in_a_coat(apply: Callable[..., Any], device: str) -> dict[str, Any]:
    """`apply(tensor, p, train)` of torch as functions of ours; `rng` is not used."""

    def forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        leaf = torch.tensor(x, device=device, requires_grad=True)
        out = apply(leaf, p, train)
        return out.detach().cpu().numpy(), (leaf, out)

    def backward(dout: Any, cache: Any) -> Any:
        leaf, out = cache
        return torch.autograd.grad(out, leaf, torch.tensor(dout, device=device),
                                   retain_graph=True)[0].cpu().numpy()

    return {"forward": forward, "backward": backward}


def module(name: str) -> Callable[..., Any]:
    """A module of torch.nn, made for each pass."""
    return lambda x, p, train: getattr(torch.nn, name)(p).train(train)(x)


def functional(x: Any, p: float, train: bool) -> Any:
    return torch.nn.functional.dropout(x, p, train)


def alpha(x: Any, p: float, train: bool) -> Any:
    """What AlphaDropout multiplies x by, freed of its constant and scale: the same coins twice."""
    layer = torch.nn.AlphaDropout(p).train(train)
    if not train or p in (0.0, 1.0):
        return layer(x)
    torch.manual_seed(torch.initial_seed() + 1)
    out = layer(x)
    torch.manual_seed(torch.initial_seed())
    nothing = layer(torch.zeros_like(x))
    # dropped numbers are the lowest of all
    kept = ((nothing - nothing.min()).abs() > 1e-6 * abs(LOW)).to(x.dtype)
    return (out - nothing) * kept / ((1 - p) * (1 + p * LOW**2)) ** -0.5


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("p", [0.1, 0.3, 0.62])
@pytest.mark.parametrize("apply", [module("Dropout"), functional], ids=["nn.Dropout", "F.dropout"])
def test_element_dropout_passes(apply: Callable[..., Any], p: float, device: str) -> None:
    torch.manual_seed(1)
    all_hold(in_a_coat(apply, device), *element(p), *edges())


@pytest.mark.parametrize("device", DEVICES)
def test_alpha_dropout_passes_once_its_constant_is_taken_away(device: str) -> None:
    torch.manual_seed(2)
    all_hold(in_a_coat(alpha, device), *element(0.3, "1"), *edges()[:2])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("name", "sizes"),
                         [("Dropout1d", (5,)), ("Dropout2d", (4, 3)), ("Dropout3d", (2, 3, 2))])
def test_dropout_of_channels_passes(name: str, sizes: tuple[int, ...], device: str) -> None:
    torch.manual_seed(3)
    shape = (8, 12, *sizes)
    all_hold(in_a_coat(module(name), device), *channels(0.3, sizes),
             c.drops_everything_at_one(shape=shape))


def test_what_torch_documents_as_different_is_seen() -> None:
    """Dropout2d drops no elements, F.alpha_dropout keeps no zero, F.dropout drops only if told."""
    always = in_a_coat(lambda x, p, train: torch.nn.functional.dropout(x, p), "cpu")
    (found,) = verdicts(always, c.is_identity_at_test_time(p=0.3))
    assert found.outcome is Outcome.FAILED
    rows = in_a_coat(lambda x, p, train: torch.nn.functional.dropout1d(x[None], p, train)[0], "cpu")
    (found,) = verdicts(rows, c.treats_features_apart(p=0.3))
    assert found.outcome is Outcome.FAILED


# ------------------------------------------------------------------------------- tensors as answers
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "bool"])
def test_a_tensor_travels_as_an_array(dtype: str) -> None:
    value = plain(torch.ones(2, 3, dtype=getattr(torch, dtype)))
    assert isinstance(value, np.ndarray)
    assert (value.dtype.name, value.shape) == (dtype, (2, 3))


def test_bfloat16_travels_as_float32_and_gradients_stay_behind() -> None:
    value = plain([torch.ones(2, dtype=torch.bfloat16, requires_grad=True) * 1.4296875])
    assert value[0].dtype == np.float32
    assert value[0].tolist() == [1.4296875, 1.4296875]


def test_a_tensor_without_numbers_does_not_travel() -> None:
    assert plain(torch.empty(2, device="meta")) == Opaque("Tensor")
    assert plain(torch.eye(3).to_sparse()) == Opaque("Tensor")

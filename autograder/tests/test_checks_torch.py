"""The verbs about code for torch: right code passes, each mistake is refused in words, and no junk breaks a check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import torch_layers as t
from autograder.judge import judge
from autograder.model import Check, Exercise, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import junk

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'autograder[torch]'")

Function = Callable[..., Any]


def verdict(check: Check, **functions: Any) -> Verdict:
    """What one check says about the functions (the first is the one under test)."""
    return judge(Exercise(next(iter(functions)), [check]), Local(namespace=dict(functions)), "slug", "salt")[0]


def told(check: Check, **functions: Any) -> str:
    found = verdict(check, **functions)
    assert found.outcome is Outcome.FAILED, found
    return f"{found.got} | {found.wanted}"


def passes(check: Check, **functions: Any) -> None:
    found = verdict(check, **functions)
    assert found.passed, found


# ------------------------------------------------------------------------------------------------------------------- comparing
def comparing(
    ready: Function = lambda module: module.train(),
    seen: Function = lambda mask, out: mask,
    size: Function = lambda theirs: np.abs(theirs).max() or 1.0,
    share: Function = lambda mask: float((mask != 0).mean()),
) -> Function:
    """A comparison, right unless one of its parts is exchanged."""

    def compare(numpy_forward: Function, numpy_backward: Function, module: Any, x: Any, dout: Any, device: str) -> Any:
        leaf = torch.tensor(x, requires_grad=True)
        out = ready(module)(leaf)
        (factor,) = torch.autograd.grad(out.sum(), leaf, retain_graph=True)
        (grad,) = torch.autograd.grad(out, leaf, torch.tensor(dout))
        o, g = out.detach().numpy(), grad.numpy()
        mask = seen(factor.numpy(), o)
        result = {"out": np.abs(numpy_forward(x, mask) - o).max() / size(o), "grad": np.abs(numpy_backward(dout, mask) - g).max() / size(g)}
        return {**result, "keep_rate": share(mask)}

    return compare


COMPARING = [
    t.finds_right_code_right(module="Dropout", p=0.3),
    t.finds_right_code_right(module="Dropout2d", p=0.3, shape=(4, 9, 3, 3), dtype="float32"),
    t.finds_right_code_right(module="AlphaDropout", p=0.3),
    t.keeps_its_head_among_zeros(p=0.4),
    t.measures_what_is_wrong(part="out", p=0.3),
    t.measures_what_is_wrong(part="grad", p=0.3, by=0.2),
    t.sees_one_wrong_number(part="out", p=0.3),
    t.sees_one_wrong_number(part="grad", p=0.3),
    t.counts_what_was_kept(zeros=True),
    t.puts_the_module_into_training_mode(),
    t.manages_the_end(p=0.0),
    t.manages_the_end(p=1.0),
]


@pytest.mark.parametrize("check", COMPARING, ids=lambda check: check.name)
def test_a_right_comparison_passes(check: Check) -> None:
    passes(check, toy=comparing())


def test_a_mask_read_off_the_output_is_refused_among_zeros() -> None:
    toy = comparing(seen=lambda mask, out: (out != 0) * mask.max())
    assert told(t.keeps_its_head_among_zeros(p=0.4), toy=toy).endswith("| at most 1e-12, for the NumPy code is right")
    assert told(t.counts_what_was_kept(zeros=True), toy=toy).startswith('result["keep_rate"] = 0.')


def test_absolute_differences_are_refused() -> None:
    assert told(t.measures_what_is_wrong(part="out", p=0.3), toy=comparing(size=lambda theirs: 1.0)).endswith("| 0.01")


def test_averages_are_refused() -> None:
    toy = comparing(size=lambda theirs: 1e3 * np.abs(theirs).max())
    assert told(t.sees_one_wrong_number(part="grad", p=0.3), toy=toy) == 'result["grad"] = 0.0005 | 0.5'


def test_a_comparison_in_eval_mode_is_refused() -> None:
    wanted = 'result["keep_rate"] = 1 | 0.6, for this module keeps three of five'
    assert told(t.puts_the_module_into_training_mode(), toy=comparing(ready=lambda module: module)) == wanted


def test_a_share_of_what_was_dropped_is_refused() -> None:
    toy = comparing(share=lambda mask: float((mask == 0).mean()))
    assert told(t.counts_what_was_kept(), toy=toy).startswith('result["keep_rate"] = 0.4 | 0.6')


def test_nan_at_the_end_is_refused() -> None:
    with np.errstate(all="ignore"):
        toy = comparing(size=lambda theirs: np.abs(theirs).max())
        assert told(t.manages_the_end(p=1.0), toy=toy).startswith('result["out"] = nan | at most')


def test_an_answer_that_is_no_dict_is_named() -> None:
    check = t.counts_what_was_kept()
    assert told(check, toy=lambda *a: None) == "the function returned None | a dict with out, grad and keep_rate"
    assert told(check, toy=lambda *a: {"out": 1.0}) == 'the dict has no "grad" | out, grad and keep_rate'
    words = 'result["out"] is a str | an array of numbers'
    assert told(check, toy=lambda *a: {"out": "0", "grad": 0, "keep_rate": 1}) == words


# --------------------------------------------------------------------------------------------------------------------------- layers
class Layer(torch.nn.Module):  # type: ignore[misc, name-defined]  # torch is imported by pytest's hand
    """Right, made of torch's own operations; each test below spoils one thing."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Any) -> Any:
        return torch.nn.functional.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Frozen(Layer):
    def forward(self, x: Any) -> Any:
        self.mask = getattr(self, "mask", None)
        if self.mask is None:
            self.mask = torch.nn.functional.dropout(torch.ones_like(x), self.p)
        return x * self.mask


class Single(Layer):
    def forward(self, x: Any) -> Any:
        return super().forward(x.float())


class Unscaled(Layer):
    def forward(self, x: Any) -> Any:
        return super().forward(x) * (1 - self.p)


class Saved(Layer):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)
        self.register_buffer("rate", torch.tensor(p))


class Silent(Layer):
    def extra_repr(self) -> str:
        return "something"


class OnTheCpu(Layer):
    def forward(self, x: Any) -> Any:
        return x * torch.nn.functional.dropout(torch.ones(x.shape), self.p)


class Restless(Layer):
    def forward(self, x: Any) -> Any:
        torch.rand(1)
        return super().forward(x)


class Latest(Layer):
    """Its passes share one operation, and that remembers the latest mask only."""

    def forward(self, x: Any) -> Any:
        return _Forgetful.apply(x, self.p)


class _Forgetful(torch.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, x: Any, p: float) -> Any:
        _Forgetful.mask = torch.nn.functional.dropout(torch.ones_like(x), p)
        return x * _Forgetful.mask

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return dout * _Forgetful.mask, None


LAYERS = [
    *(t.computes_in(dtype=dtype, p=0.3) for dtype in ("float64", "float32", "float16", "bfloat16")),
    t.draws_afresh_in_each_pass(p=0.3),
    t.remembers_each_pass_by_itself(p=0.3),
    t.leaves_the_generator_alone_in_eval(p=0.3),
    t.has_nothing_to_save(p=0.3),
    t.shows_its_p(p=0.3),
    t.makes_its_mask_where_x_lives(p=0.3),
]


@pytest.mark.parametrize("check", LAYERS, ids=lambda check: check.name)
@pytest.mark.parametrize("layer", [Layer, torch.nn.Dropout], ids=["toy", "nn.Dropout"])
def test_a_right_layer_passes(check: Check, layer: Any) -> None:
    passes(check, Toy=layer)


@pytest.mark.parametrize(
    ("check", "layer", "said"),
    [
        (t.draws_afresh_in_each_pass(p=0.3), Frozen, "two passes of one layer dropped the same units | two masks"),
        (t.remembers_each_pass_by_itself(p=0.3), Latest, "after a second pass the gradient of the first differs from its multiplier in"),
        (t.leaves_the_generator_alone_in_eval(p=0.3), Restless, "after .eval() torch's random generator moved on"),
        (t.has_nothing_to_save(p=0.3), Saved, "the state_dict or the parameters hold rate | nothing"),
        (t.shows_its_p(p=0.3), Silent, "repr(layer) = 'Silent(something)' | a text with \"p=0.3\" in it"),
        (t.computes_in(dtype="bfloat16", p=0.3), Single, "out is torch.float32 | torch.bfloat16"),
        (t.computes_in(dtype="float16", p=0.3), Unscaled, "out["),
    ],
)
def test_each_mistake_in_a_layer_is_refused(check: Check, layer: Any, said: str) -> None:
    assert told(check, Toy=layer).startswith(said)


def test_a_mask_on_another_device_is_refused() -> None:
    found = verdict(t.makes_its_mask_where_x_lives(p=0.3), Toy=OnTheCpu)
    assert found.outcome is Outcome.RAISED
    assert found.got.startswith("elsewhere raised RuntimeError")


def test_a_layer_that_is_missing_is_named() -> None:
    found = judge(Exercise("Toy", [t.has_nothing_to_save(p=0.3)]), Local(namespace={}), "slug")[0]
    assert found.got == "Toy is not defined in this notebook"


# ---------------------------------------------------------------------------------------------------------------------------- loops
def looping(train_in: str = "epoch", flag: Function = lambda model: model.training, measured: str = "in eval", most: int = 99) -> Function:
    """A training loop, right unless it is told otherwise."""

    def loop(model: Any, batches: Any, epochs: int) -> Any:
        optimizer, flags = torch.optim.SGD(model.parameters(), lr=0.1), []
        if train_in == "start":
            model.train()
        for _ in range(epochs):
            if train_in == "epoch":
                model.train()
            for X, y in batches[:most]:
                flags.append(flag(model))
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(X), y).backward()
                optimizer.step()
            if measured:
                model.train(measured == "in training").requires_grad_()
                with torch.no_grad():
                    [model(X) for X, _ in batches]
        return flags

    return loop


CASE = {"epochs": 3, "batches": 4}
LOOPS = [
    t.takes_every_batch_once_per_epoch(**CASE),
    t.trains_in_training_mode(**CASE),
    t.trains_in_training_mode(**CASE, starts_in_eval=True),
    t.measures_in_eval_mode(**CASE),
    t.returns_the_flags_it_saw(**CASE),
]


@pytest.mark.parametrize("check", LOOPS, ids=lambda check: check.name)
def test_a_right_loop_passes(check: Check) -> None:
    passes(check, toy=looping())


def test_each_mistake_in_a_loop_is_refused() -> None:
    once = looping("start")
    assert told(t.trains_in_training_mode(**CASE), toy=once) == "the model was in training mode in 4 of 12 steps | all of them"
    assert told(t.returns_the_flags_it_saw(**CASE), toy=looping("start", lambda model: True)).startswith("the flags are not those")
    nothing = "the function returned None | a list of 0 flags, one for each step"
    assert told(t.returns_the_flags_it_saw(**CASE), toy=lambda *a: None) == nothing
    quiet, loud = looping(measured=""), looping(measured="in training")
    assert told(t.measures_in_eval_mode(**CASE), toy=quiet) == "0 passes without a step | a measurement after each of 3 epochs"
    assert told(t.measures_in_eval_mode(**CASE), toy=loud) == "12 of 12 measuring passes were made in training mode | none"
    wanted = "9 steps were taken | 3 epochs of 4 batches: 12 steps"
    assert told(t.takes_every_batch_once_per_epoch(**CASE), toy=looping(most=3)) == wanted


class Net(torch.nn.Sequential):  # type: ignore[misc, name-defined]
    """20 inputs, 2 scores."""

    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(torch.nn.Dropout(p_in), torch.nn.Linear(20, 9), torch.nn.ReLU(), torch.nn.Dropout(p), torch.nn.Linear(9, 2))


class Leaking(Net):
    def forward(self, x: Any) -> Any:
        return super().forward(torch.nn.functional.dropout(x, 0.1))


class Whole(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(0.0, 0.0)


def test_networks_drop_in_training_and_only_there() -> None:
    drops, whole = t.drops_in_training(net="Net", p_in=0.3, p=0.0), t.is_the_whole_network_at_test_time(net="Net", p_in=0.3, p=0.3)
    loop = looping()
    passes(drops, toy=loop, Net=Net)
    passes(whole, toy=loop, Net=Net)
    assert told(drops, toy=loop, Net=Whole) == "two training passes gave the same scores | two masks, two results"
    assert told(whole, toy=loop, Net=Leaking).startswith("after .eval() two passes gave different scores: something still drops")


# ----------------------------------------------------------------------------------------------------------------------------- junk
@pytest.mark.filterwarnings("ignore")  # what junk warns about is its own affair
def test_no_junk_breaks_a_check_or_a_fact() -> None:
    facts = [
        t.comparison(case=t.Comparison()),
        t.rate(case=t.Comparison("Fixed", shape=(30, 40))),
        *(t.one_layer_twice(), t.half_precision(), t.saved_state(), t.printed(), t.loop_modes(), t.loop_flags()),
        t.net_at_test_time(net="toy", p_in=0.3, p=0.3),
    ]
    nets = [t.drops_in_training(net="toy", p_in=0.3, p=0.0), t.is_the_whole_network_at_test_time(net="toy", p_in=0.3, p=0.0)]
    from autograder.diagnose import fingerprint

    for name, function in junk().items():
        subject = Local(namespace={"toy": function})
        for found in judge(Exercise("toy", [*COMPARING, *LAYERS, *LOOPS, *nets]), subject, "slug"):
            assert found.outcome is not Outcome.BROKEN, (name, found)
        fingerprint(facts, "toy", subject, "slug")

"""The verbs about code for torch: right code passes, mistakes are refused in words; and junk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.diagnose import fingerprint
from autograder.dropout import checks as c
from autograder.dropout import symptoms as f
from autograder.dropout.forms import Flat
from autograder.dropout.torch import comparison_symptoms as s
from autograder.dropout.torch import comparisons as t
from autograder.dropout.torch import layer_symptoms as look
from autograder.dropout.torch import layers, loops, nets
from autograder.dropout.views import seen_through, through
from autograder.judge import NO_RETURN, UNDEFINED, judge
from autograder.model import Check, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import junk, one_part

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch==2.13.0")
# as PRELOAD does for a worker: what torch loads when it is first used takes longer than a call may
pytest.importorskip("torch._dynamo")

Function = Callable[..., Any]


def verdict(check: Check, **functions: Any) -> Verdict:
    """What one check says about the functions (the first is the one under test)."""
    return judge(one_part(next(iter(functions)), [check]), Local(namespace=dict(functions)),
                 "slug", "salt")[0]


def told(check: Check, **functions: Any) -> str:
    found = verdict(check, **functions)
    assert found.outcome is Outcome.FAILED, found
    return f"{found.got} | {found.wanted}"


def passes(check: Check, **functions: Any) -> None:
    found = verdict(check, **functions)
    assert found.passed, found


# ---------------------------------------------------------------------------------------- comparing
def comparing(
    ready: Function = lambda module: module.train(),
    seen: Function = lambda mask, out: mask,
    gap: Function = lambda ours, theirs: np.abs(ours - theirs).max(),
    size: Function = lambda theirs: np.abs(theirs).max() or 1.0,
    share: Function = lambda mask: float((mask != 0).mean()),
) -> Function:
    """A comparison, right unless one of its parts is exchanged."""

    def compare(numpy_forward: Function, numpy_backward: Function, module: Any, x: Any, dout: Any,
                device: str) -> Any:
        leaf = torch.tensor(x, requires_grad=True)
        out = ready(module)(leaf)
        (factor,) = torch.autograd.grad(out.sum(), leaf, retain_graph=True)
        (grad,) = torch.autograd.grad(out, leaf, torch.tensor(dout))
        o, g = out.detach().numpy(), grad.numpy()
        mask = seen(factor.numpy(), o)
        result = {"out": gap(numpy_forward(x, mask), o) / size(o),
                  "grad": gap(numpy_backward(dout, mask), g) / size(g)}
        return {**result, "keep_rate": share(mask)}

    return compare


COMPARING = [
    t.asks_with_the_dout_it_got(p=0.3),
    t.notices_wrong_code(part="out", p=0.3),
    t.notices_wrong_code(part="grad", p=0.3),
    t.finds_right_code_right(module="Dropout", p=0.3),
    t.finds_right_code_right(module="Dropout", p=0.3, part="grad"),
    t.finds_right_code_right(module="Dropout2d", p=0.3, shape=(4, 9, 3, 3), dtype="float32"),
    t.finds_right_code_right(module="AlphaDropout", p=0.3),
    t.finds_right_code_right(zeros=True, p=0.4),
    t.measures_what_is_wrong(part="out", p=0.3),
    t.measures_what_is_wrong(part="grad", p=0.3, by=0.2),
    t.sees_one_wrong_number(part="out", p=0.3),
    t.sees_one_wrong_number(part="grad", p=0.3),
    t.sees_one_wrong_number(part="grad", p=0.3, by=-0.3),
    t.finds_right_code_right(zeros_in_dout=True, p=0.4),
    t.sees_what_is_wrong_at_one(),
    t.counts_what_was_kept(zeros=True),
    t.hands_over_the_multiplier(),
    t.hands_over_the_multiplier(zeros=True),
    t.hands_over_the_multiplier(zeros_in_dout=True),
    t.hands_over_the_multiplier(part="grad"),
    t.measures_what_is_wrong(part="out", p=0.3, size=1e-3),
    t.puts_the_module_into_training_mode(),
    t.hands_over_masks_like_x(p=0.3, dtype="float32"),
    c.leaves_its_arguments_alone(via=t.comparison(0.3)),
    t.manages_the_end(end=0.0),
    t.manages_the_end(end=1.0),
]


@pytest.mark.parametrize("check", COMPARING, ids=lambda check: check.name)
def test_a_right_comparison_passes(check: Check) -> None:
    passes(check, toy=comparing())


def test_a_mask_read_off_the_output_is_refused_among_zeros() -> None:
    toy = comparing(seen=lambda mask, out: (out != 0) * mask.max())
    assert told(t.finds_right_code_right(zeros=True, p=0.4),
                toy=toy).endswith("| at most 1e-06, for the NumPy code is right")
    passes(t.hands_over_the_multiplier(), toy=toy)
    assert told(t.hands_over_the_multiplier(zeros=True),
                toy=toy).startswith("the mask that the NumPy functions got is not")
    assert told(t.counts_what_was_kept(zeros=True), toy=toy).startswith('result["keep_rate"] = 0.')


def test_exchanged_arguments_of_the_backward_code_are_seen() -> None:
    def exchanged(numpy_forward: Function, numpy_backward: Function, *rest: Any) -> Any:
        return comparing()(numpy_forward, lambda dout, mask: numpy_backward(mask, dout), *rest)

    passes(t.hands_over_the_multiplier(), toy=exchanged)
    told(t.hands_over_the_multiplier(part="grad"), toy=exchanged)


def test_who_compares_for_a_dout_of_ones_only_is_refused() -> None:
    def ones(numpy_forward: Function, numpy_backward: Function, module: Any, x: Any, dout: Any,
             device: str) -> Any:
        return comparing()(numpy_forward, numpy_backward, module, x, np.ones_like(dout), device)

    passes(t.finds_right_code_right(module="Dropout", p=0.3, part="grad"), toy=ones)
    assert told(t.asks_with_the_dout_it_got(p=0.3),
                toy=ones).endswith("| about 1, for the NumPy code gives the mask whatever dout is")
    found = [fingerprint([s.gradient_taken()], "toy", Local(namespace={"toy": toy}), "slug")
             for toy in (ones, comparing())]
    assert [facts["gradient_taken"] for facts in found] == ["for a dout of ones", "by dout"]


def test_a_scale_of_at_least_one_is_refused_among_small_numbers() -> None:
    toy = comparing(size=lambda theirs: max(np.abs(theirs).max(), 1.0))
    passes(t.measures_what_is_wrong(part="out", p=0.3), toy=toy)
    told(t.measures_what_is_wrong(part="out", p=0.3, size=1e-3), toy=toy)


def test_absolute_differences_are_refused() -> None:
    toy = comparing(size=lambda theirs: 1.0)
    assert told(t.measures_what_is_wrong(part="out", p=0.3), toy=toy).endswith("| 0.01")
    passes(t.notices_wrong_code(part="out", p=0.3), toy=toy)


def test_who_sees_no_difference_or_always_one_tells_nothing() -> None:
    blind, always = comparing(size=lambda theirs: np.inf), lambda *a: dict.fromkeys(t.PARTS, 0.01)
    for part in ("out", "grad"):
        wrong = t.notices_wrong_code(part=part, p=0.3)
        right = t.finds_right_code_right(module="Dropout", p=0.3, part=part)
        assert (told(wrong, toy=blind)
                == f'result["{part}"] = 0 | about 0.01, for the NumPy code is wrong by that much')
        assert (told(right, toy=always)
                == f'result["{part}"] = 0.01 | at most 1e-06, for the NumPy code is right')
    assert told(wrong, toy=lambda *a: dict.fromkeys(t.PARTS, True)).startswith(
        'result["out"] is True or False | a number')


@pytest.mark.parametrize("value", [0.0, 0.01, 1.0, 1e9, np.nan])
def test_no_constant_shows_the_right_mask(value: float) -> None:
    told(t.hands_over_the_multiplier(), toy=lambda *a: dict.fromkeys(t.PARTS, value))


def test_a_right_mask_is_seen_whatever_else_is_wrong() -> None:
    check = t.hands_over_the_multiplier()
    passes(check, toy=comparing(size=lambda theirs: 1.0))
    passes(check, toy=comparing(gap=lambda ours, theirs: float(not np.allclose(ours, theirs)),
                                size=lambda theirs: 1.0))
    for wrong in (lambda mask, out: (mask != 0) / 0.7, lambda mask, out: mask != 0,
                  lambda mask, out: mask + np.nan):
        told(check, toy=comparing(seen=wrong))


def test_averages_are_refused() -> None:
    toy = comparing(size=lambda theirs: 1e3 * np.abs(theirs).max())
    assert (told(t.sees_one_wrong_number(part="grad", p=0.3), toy=toy)
            == 'result["grad"] = 0.0005 | 0.5')


def test_a_comparison_in_eval_mode_is_refused() -> None:
    said = ("of a module that came after .eval(), the mask had no zeros: it dropped nothing | a "
            "pass in training mode")
    assert told(t.puts_the_module_into_training_mode(),
                toy=comparing(ready=lambda module: module)) == said


def test_the_mode_is_seen_whatever_the_rate_is_taken_for() -> None:
    passes(t.puts_the_module_into_training_mode(),
           toy=comparing(share=lambda mask: float(mask.mean())))


def test_the_mode_is_seen_whatever_the_mask_is_multiplied_by() -> None:
    """Of a mask that is wrong otherwise it is not said that it has no zeros."""
    passes(t.puts_the_module_into_training_mode(),
           toy=comparing(seen=lambda mask, out: (mask != 0) / 0.7))


def test_a_difference_with_a_sign_misses_what_is_too_small() -> None:
    toy = comparing(gap=lambda ours, theirs: (ours - theirs).max())
    passes(t.sees_one_wrong_number(part="out", p=0.3), toy=toy)
    assert (told(t.sees_one_wrong_number(part="out", p=0.3, by=-0.5), toy=toy)
            == 'result["out"] = 0 | 0.5')


def test_a_mask_found_by_dividing_by_dout_is_refused_where_dout_is_zero() -> None:
    def divides(numpy_forward: Function, numpy_backward: Function, module: Any, x: Any, dout: Any,
                device: str) -> Any:
        with np.errstate(all="ignore"):
            seen = comparing(seen=lambda mask, out: mask * dout / dout)
            return seen(numpy_forward, numpy_backward, module, x, dout, device)

    assert told(t.finds_right_code_right(zeros_in_dout=True, p=0.4),
                toy=divides).startswith('result["out"] = nan | at most')
    passes(t.finds_right_code_right(zeros=True, p=0.4), toy=divides)


def test_who_divides_by_infinity_at_one_overlooks_what_is_wrong() -> None:
    toy = comparing(size=lambda theirs: np.abs(theirs).max() or np.inf)
    passes(t.manages_the_end(end=1.0), toy=toy)
    assert (told(t.sees_what_is_wrong_at_one(), toy=toy)
            == 'result["out"] = 0 | 0.3, the difference itself')
    passes(t.sees_what_is_wrong_at_one(),
           toy=comparing(size=lambda theirs: np.abs(theirs).max() + 1e-9))


def test_a_mask_of_another_dtype_or_type_is_refused() -> None:
    check = t.hands_over_masks_like_x(p=0.3, dtype="float32")
    said = ("the mask that the NumPy functions got is something else | a NumPy array of shape (6, "
            "20, 7) and dtype float32")
    assert told(check, toy=comparing(seen=lambda mask, out: mask.astype(float))) == said
    assert told(check, toy=comparing(seen=lambda mask, out: np.ma.array(mask))) == said


def test_an_overwritten_argument_is_refused() -> None:
    def spoils(numpy_forward: Function, numpy_backward: Function, module: Any, x: Any, dout: Any,
               device: str) -> Any:
        found = comparing()(numpy_forward, numpy_backward, module, x, dout, device)
        dout *= 2
        return found

    assert (told(c.leaves_its_arguments_alone(via=t.comparison(0.3)), toy=spoils)
            == "dout was changed by the call | dout as it was")


def test_dividing_by_ones_own_numbers_shows_where_much_is_wrong() -> None:
    def ours(numpy_forward: Function, numpy_backward: Function, module: Any, x: Any, dout: Any,
             device: str) -> Any:
        found = comparing()(numpy_forward, numpy_backward, module, x, dout, device)
        return {**found, "out": found["out"] / (1 + found["out"])}

    passes(t.measures_what_is_wrong(part="out", p=0.3, by=0.03), toy=ours)
    assert (told(t.measures_what_is_wrong(part="out", p=0.3, by=1.0), toy=ours)
            == 'result["out"] = 0.5 | 1')


def test_a_share_of_what_was_dropped_is_refused() -> None:
    toy = comparing(share=lambda mask: float((mask == 0).mean()))
    assert told(t.counts_what_was_kept(), toy=toy).startswith('result["keep_rate"] = 0.4 | 0.6')


def test_nan_at_the_end_is_refused() -> None:
    with np.errstate(all="ignore"):
        toy = comparing(size=lambda theirs: np.abs(theirs).max())
        assert told(t.manages_the_end(end=1.0), toy=toy).startswith('result["out"] = nan | at most')


def test_an_answer_that_is_no_dict_is_named() -> None:
    check = t.counts_what_was_kept()
    assert (told(check, toy=lambda *a: None)
            == f"the function returned None{NO_RETURN} | a dict with out, grad and keep_rate")
    assert (told(check, toy=lambda *a: {"out": 1.0})
            == 'the dict has no "grad" | out, grad and keep_rate')
    words = 'result["out"] is a str | an array of numbers'
    assert told(check, toy=lambda *a: {"out": "0", "grad": 0, "keep_rate": 1}) == words


# ------------------------------------------------------------------------------------------- layers
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


class Padded(Layer):
    small = 1e-8

    def forward(self, x: Any) -> Any:
        return (x * torch.empty_like(x).bernoulli_(1 - self.p) / (1 - self.p + self.small)
                if self.training else x)


class Saved(Layer):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)
        self.register_buffer("rate", torch.tensor(p))


class Remembered(Layer):
    def forward(self, x: Any) -> Any:
        self.mask = torch.nn.Parameter(torch.nn.functional.dropout(torch.ones_like(x), self.p),
                                       requires_grad=False)
        return x * self.mask


class Asking(Layer):
    """`if self.train():` is no question, but an order, and always true."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) if self.train() else x


class Silent(Layer):
    def extra_repr(self) -> str:
        return "something"


class Doubled(Layer):
    def extra_repr(self) -> str:
        return f"Doubled(p={self.p})"


class Seeded(Layer):
    def forward(self, x: Any) -> Any:
        state = torch.get_rng_state()
        torch.manual_seed(0)
        out = super().forward(x)
        torch.set_rng_state(state)
        return out


class Elsewhere(Layer):
    def forward(self, x: Any) -> Any:
        coins = torch.from_numpy(np.random.default_rng().random(tuple(x.shape)) >= self.p)
        return x * coins.to(x) / (1 - self.p) if self.training else x


class Careful(Layer):
    """Asks for a number of x, which torch's device without numbers has not."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) if x.isfinite().all().item() else x


class Overwriting(Layer):
    def forward(self, x: Any) -> Any:
        return x.mul_(torch.nn.functional.dropout(torch.ones_like(x), self.p, self.training)) * 1


class OnTheCpu(Layer):
    def forward(self, x: Any) -> Any:
        return x * torch.nn.functional.dropout(torch.ones(x.shape), self.p)


class Restless(Layer):
    def forward(self, x: Any) -> Any:
        torch.rand(1)
        return super().forward(x)


class Drawing(Layer):
    """Draws a seed for a generator of its own, which torch's device without numbers cannot."""

    def forward(self, x: Any) -> Any:
        coins = torch.Generator().manual_seed(torch.randint(2**31, ()).item())
        keep = torch.rand(x.shape, generator=coins, dtype=torch.float32).to(x.device) >= self.p
        return x * keep / (1 - self.p) if self.training else x


class Cut(Layer):
    def forward(self, x: Any) -> Any:
        return super().forward(x.detach())


class Odd(Layer):
    """Its operation returns one gradient, where it was given two things."""

    def forward(self, x: Any) -> Any:
        return _Odd.apply(x, self.p)


class _Odd(torch.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, x: Any, p: float) -> Any:
        return x * 1

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return dout


class Greedy(Layer):
    """Overwrites the gradient that is handed to it."""

    def forward(self, x: Any) -> Any:
        return _Greedy.apply(super().forward(x))


class _Greedy(torch.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 1

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return dout.mul_(1)


class Mute(Layer):
    def extra_repr(self) -> str:
        return ""


class Half(Layer):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__(0.5)


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
    *(layers.computes_in(dtype=dtype, p=0.3, function="Toy")
      for dtype in ("float64", "float32", "float16", "bfloat16")),
    layers.draws_afresh_in_each_pass(p=0.3, function="Toy"),
    layers.remembers_each_pass_by_itself(p=0.3, function="Toy"),
    layers.leaves_the_generator_alone_in_eval(p=0.3, function="Toy"),
    layers.obeys_the_seed_of_torch(p=0.3, function="Toy"),
    layers.has_nothing_to_save(p=0.3, function="Toy"),
    layers.shows_its_p(p=0.3, function="Toy"),
    layers.makes_its_mask_where_x_lives(p=0.3, function="Toy"),
]


@pytest.mark.parametrize("check", LAYERS, ids=lambda check: check.name)
@pytest.mark.parametrize("layer", [Layer, torch.nn.Dropout, Careful, Greedy],
                         ids=["toy", "nn.Dropout", "careful", "greedy"])
def test_a_right_layer_passes(check: Check, layer: Any) -> None:
    passes(check, Toy=layer)


@pytest.mark.parametrize(
    ("check", "layer", "said"),
    [
        (layers.draws_afresh_in_each_pass(p=0.3, function="Toy"), Frozen,
         "two passes of one layer dropped the same units | two masks"),
        (layers.remembers_each_pass_by_itself(p=0.3, function="Toy"), Latest,
         "after a second pass the gradient of the first differs from its"),
        (layers.leaves_the_generator_alone_in_eval(p=0.3, function="Toy"), Restless,
         "after .eval() torch's random generator moved on"),
        (layers.has_nothing_to_save(p=0.3, function="Toy"), Saved,
         "the state_dict or the parameters hold rate | nothing"),
        (layers.shows_its_p(p=0.3, function="Toy"), Silent,
         "repr(layer) = 'Silent(something)' | a text with \"p=0.3\" in it"),
        (layers.shows_its_p(p=0.3, function="Toy"), Doubled,
         "repr(layer) = 'Doubled(Doubled(p=0.3))' | its name only once: extra_repr returns"),
        (layers.obeys_the_seed_of_torch(p=0.3, function="Toy"), Seeded,
         "another torch.manual_seed gave the same mask | another mask"),
        (layers.obeys_the_seed_of_torch(p=0.3, function="Toy"), Elsewhere,
         "the same torch.manual_seed gave another mask | the same mask"),
        (layers.computes_in(dtype="bfloat16", p=0.3, function="Toy"), Single,
         "out is torch.float32 | torch.bfloat16"),
        (layers.computes_in(dtype="float16", p=0.3, function="Toy"), Unscaled, "out["),
    ],
)
def test_each_mistake_in_a_layer_is_refused(check: Check, layer: Any, said: str) -> None:
    assert told(check, Toy=layer).startswith(said)


@pytest.mark.parametrize(("dtype", "small", "near"),
                         [("float64", 1e-12, True), ("float64", 1e-8, False),
                          ("float32", 1e-8, True)])
def test_a_small_number_in_the_divisor_is_seen_where_ten_digits_are_lost(dtype: str, small: float,
                                                                         near: bool) -> None:
    class More(Padded):
        pass

    More.small = small
    assert verdict(layers.computes_in(dtype=dtype, p=0.3, function="Toy"), Toy=More).passed is near


@pytest.mark.parametrize("layer", [Cut, Overwriting])
def test_masks_are_judged_whatever_becomes_of_the_gradient_or_the_input(layer: Any) -> None:
    passes(layers.draws_afresh_in_each_pass(p=0.3, function="Toy"), Toy=layer)
    passes(layers.obeys_the_seed_of_torch(p=0.3, function="Toy"), Toy=layer)


def test_no_number_is_so_small_that_float16_has_few_digits_for_it() -> None:
    """Gradients of about 1e-6 cost right layers a part, once in some hundred hand-ins."""
    names = {"np": np, "Toy": torch.nn.Dropout}
    exec(layers.dtype_code("Toy").source, names)
    drawn = [array for seed in range(50) for array in names["in_dtype"]("float16", 0.3, seed)[1:3]]
    assert min(float(array.detach().abs().min()) for array in drawn) >= 0.5


def test_an_overwritten_input_is_no_matter_of_the_dtype() -> None:
    passes(layers.computes_in(dtype="float32", p=0.3, function="Toy"), Toy=Overwriting)


def test_a_layer_of_torch_is_no_class_of_ones_own() -> None:
    class Heir(torch.nn.Dropout):  # type: ignore[misc, name-defined]
        pass

    class Own(Heir):
        def forward(self, x: Any) -> Any:
            return x

    check = layers.is_a_class_of_your_own(p=0.3, function="Toy")
    passes(check, Toy=Layer)
    passes(check, Toy=Own)
    for toy in (Heir, torch.nn.Dropout, lambda p: torch.nn.AlphaDropout(p)):
        assert (told(check, Toy=toy) == "the forward of Toy is torch's, from "
                "torch.nn.modules.dropout | one that you wrote")


def test_a_mask_on_another_device_is_refused() -> None:
    found = verdict(layers.makes_its_mask_where_x_lives(p=0.3, function="Toy"), Toy=OnTheCpu)
    assert found.outcome is Outcome.RAISED
    assert found.got.startswith("elsewhere raised RuntimeError")


def test_what_cannot_be_tried_without_numbers_is_let_through() -> None:
    passes(layers.makes_its_mask_where_x_lives(p=0.3, function="Toy"), Toy=Drawing)


COAT = layers.layer_coat("toy", "Toy")
BOTH = {"forward": "toy", "backward": "backward"}


def test_a_layer_in_a_coat_may_overwrite_its_input_and_is_seen() -> None:
    """Not a leaf, but what a layer gets within a network; all else it does is judged."""
    passes(through(COAT, c.follows_the_mask(p=0.3, **BOTH)), toy=None, Toy=Overwriting)
    assert (told(through(COAT, c.keeps_its_input(p=0.3)), toy=None, Toy=Overwriting)
            == "x was changed by the call | x as it was")


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (look.one_layer_twice(function="Toy"), {Layer: "own gradients", Frozen: "one mask"}),
        (look.one_layer_twice(function="Toy"), {Latest: "gradients of the latest, draws in eval"}),
        (look.source_of_chance(function="Toy"),
         {Layer: "torch", Frozen: "torch", Seeded: "none", Elsewhere: "another"}),
        (look.home_of_the_mask(function="Toy"),
         {Layer: "that of x", Careful: "that of x", OnTheCpu: "raises RuntimeError"}),
        (look.half_precision(function="Toy"), {Layer: "torch.bfloat16", Single: "torch.float32"}),
        (look.divisor(function="Toy"),
         {Layer: "1 - p", Unscaled: "other", Padded: "a little more"}),
        (look.saved_state(function="Toy"),
         {Layer: "nothing", Saved: "something", Remembered: "something"}),
        (look.printed(function="Toy"), {Layer: "p", Mute: "no p", Half: "another number"}),
        (look.way_back(function="Toy"),
         {Layer: "open", Latest: "open", Cut: "cut off", Odd: "too few or too many gradients"}),
        (look.mode_after_eval(function="Toy"), {Layer: "eval", Asking: "training"}),
        (seen_through(COAT, f.channels()), {Layer: "apart", torch.nn.Dropout1d: "shared"}),
        (seen_through(COAT, f.test_time()), {Layer: "1", Asking: "drops"}),
        (seen_through(COAT, f.input_after()), {Layer: "kept", Overwriting: "overwritten"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_facts_about_layers(fact: Any, words: dict[Any, str]) -> None:
    found = {toy: fingerprint([fact], "toy", Local(namespace={"Toy": toy}), "slug")[fact.name]
             for toy in words}
    assert found == words


@pytest.mark.parametrize(("axes", "word"), [((2, 3), "neighbouring"), ((1,), "distant"), ((), "")])
def test_coins_that_places_or_channels_share_are_seen_where_x_has_four_axes(axes: tuple[int, ...],
                                                                            word: str) -> None:
    class Sharing(Layer):
        def forward(self, x: Any) -> Any:
            coins = torch.ones([1 if axis in axes and x.dim() == 4 else size
                                for axis, size in enumerate(x.shape)])
            return x * super().forward(coins)

    check = through(COAT, c.treats_features_apart(p=0.3, via=Flat((4, 4, 4)), shape=(64, 64),
                                                  what="place"))
    if word:
        assert told(check, toy=None, Toy=Sharing).startswith(
            f"share of units on which {word} columns agree = 1.0000")
    else:
        passes(check, toy=None, Toy=Sharing)


def test_a_layer_that_is_missing_is_named() -> None:
    both = layers.has_nothing_to_save(p=0.3,
                                      function="Toy"), through(COAT, c.keeps_its_input(p=0.3))
    for found in judge(one_part("toy", both), Local(namespace={}), "slug"):
        assert found.got == f"Toy {UNDEFINED}"


def test_an_error_in_a_coat_is_told_of_the_layer() -> None:
    class Raising(Layer):
        def forward(self, x: Any) -> Any:
            raise TypeError("no")

    found = verdict(through(COAT, c.keeps_its_input(p=0.3)), toy=None, Toy=Raising)
    assert found.got.startswith("Toy raised TypeError: no")


# -------------------------------------------------------------------------------------------- loops
def looping(before: str = "", first: str = "train", after: str = "eval",
            flag: Function = lambda model: model.training, most: int = 99, **more: Any) -> Function:
    """A training loop, right unless it is told otherwise; "" is a thing not done."""

    def loop(model: Any, batches: Any, epochs: int) -> Any:
        kind = getattr(torch.optim, more.get("kind", "SGD"))
        optimizer = kind(model.parameters(), lr=more.get("rate", 0.1),
                         weight_decay=more.get("decay", 0))
        flags = []
        getattr(model, before or "modules")()
        for _ in range(epochs):
            getattr(model, first or "modules")()
            if more.get("once"):
                optimizer.zero_grad()
            for X, y in batches[:most]:
                flags.append(flag(model))
                if more.get("forgets", True):
                    optimizer.zero_grad()
                scores = model(X).softmax(dim=1) if more.get("softmax") else model(X)
                torch.nn.functional.cross_entropy(
                    scores, y, reduction=more.get("reduction", "mean")).backward()
                optimizer.step()
            if after:
                getattr(model, after)()
                with torch.no_grad():
                    [model(X) for X, _ in batches[: more.get("looks")]]
        return flags

    return loop


CASE = {"epochs": 3, "batches": 4}
LOOPS = [
    loops.trains_in_training_mode(**CASE),
    loops.trains_in_training_mode(**CASE, starts_in_eval=True),
    loops.takes_every_batch_once_per_epoch(**CASE),
    loops.measures_in_eval_mode(**CASE),
    loops.returns_the_flags_it_saw(**CASE),
    loops.takes_steps_of_sgd(rate=0.1),
]


def by_hand(model: Any, batches: Any, epochs: int) -> Any:
    """Right, and without an optimizer: what is done to weight.data changes no version."""
    flags = []
    for _ in range(epochs):
        model.train()
        for X, y in batches:
            flags.append(model.training)
            model.zero_grad()
            torch.nn.functional.cross_entropy(model(X), y).backward()
            for weight in model.parameters():
                weight.data.sub_(weight.grad.data, alpha=0.1)
        model.eval()(torch.cat([X for X, _ in batches]))
    return flags


@pytest.mark.parametrize("check", LOOPS, ids=lambda check: check.name)
def test_a_right_loop_passes(check: Check) -> None:
    passes(check, toy=looping())
    passes(check, toy=by_hand)


def test_each_mistake_in_a_loop_is_refused() -> None:
    once = looping("train", "")
    assert (told(loops.trains_in_training_mode(**CASE), toy=once)
            == "the model was in training mode in 4 of 12 steps | all of them")
    assert (told(loops.trains_in_training_mode(**CASE), toy=lambda *a: [])
            == "no step was taken | 3 epochs of 4 batches: 12 steps")
    always = looping("train", "", flag=lambda model: True)
    assert told(loops.returns_the_flags_it_saw(**CASE),
                toy=always).startswith("the flags are not those")
    nothing = f"the function returned None{NO_RETURN} | a list of 0 flags, one for each step"
    assert told(loops.returns_the_flags_it_saw(**CASE), toy=lambda *a: None) == nothing
    quiet, loud = looping(after=""), looping(after="train")
    assert (told(loops.measures_in_eval_mode(**CASE), toy=quiet)
            == "something was measured after 0 of 3 epochs | after each of them")
    assert (told(loops.measures_in_eval_mode(**CASE), toy=loud)
            == "12 of 12 measuring passes were made in training mode | none")
    one = "after an epoch 4 of 16 examples were measured | all batches"
    assert told(loops.measures_in_eval_mode(**CASE), toy=looping(looks=1)) == one
    wanted = "9 steps were taken | 3 epochs of 4 batches: 12 steps"
    assert told(loops.takes_every_batch_once_per_epoch(**CASE), toy=looping(most=3)) == wanted


def test_measuring_before_the_first_step_is_not_measuring_after_the_last() -> None:
    def before(model: Any, batches: Any, epochs: int) -> Any:
        for _ in range(epochs):
            model.eval()(torch.cat([X for X, _ in batches]))
            looping(after="")(model, batches, 1)

    said = "something was measured after 2 of 3 epochs | after each of them"
    assert told(loops.measures_in_eval_mode(**CASE), toy=before) == said


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"rate": 0.01}, "another learning rate"),
        ({"decay": 0.01}, "other"),
        ({"forgets": False}, "gradients added up"),
        ({"forgets": False, "once": True}, "gradients added up within an epoch"),
        ({"reduction": "sum"}, "the sum of the losses"),
        ({"softmax": True}, "a softmax too many"),
        ({"kind": "Adam"}, "Adam"),
        ({"kind": "Adam", "rate": 0.001}, "Adam"),
    ],
)
def test_other_steps_are_refused(more: dict[str, Any], word: str) -> None:
    assert told(loops.takes_steps_of_sgd(rate=0.1),
                toy=looping(**more)).startswith("after 3 epochs of 2 batches model.")
    fact = loops.loop_steps(rate=0.1)
    assert (fingerprint([fact], "toy", Local(namespace={"toy": looping(**more)}), "slug")
            == {"loop_steps": word})


def test_setting_training_does_not_reach_the_layers() -> None:
    def assigns(model: Any, batches: Any, epochs: int) -> Any:
        flags = []
        for _ in range(epochs):
            model.training = True
            flags += looping(first="", after="")(model, batches, 1)
            model.training = False
            model(torch.cat([X for X, _ in batches]))
        return flags

    said = "3 of 3 measuring passes were made in training mode | none"
    assert told(loops.measures_in_eval_mode(**CASE), toy=assigns) == said
    passes(loops.returns_the_flags_it_saw(**CASE), toy=assigns)
    fact = loops.loop_switch()
    found = {toy: fingerprint([fact], "toy", Local(namespace={"toy": toy}), "slug")["loop_switch"]
             for toy in (looping(), assigns)}
    assert list(found.values()) == ["the layers follow", "the layers stay as they are"]


@pytest.mark.parametrize(
    ("loop", "word"),
    [
        (looping(), "seen"),
        (looping("train", "", flag=lambda model: True), "always True"),
        (looping(flag=lambda model: int(model.training)), "other"),
        (lambda *a: [True] * 12, "no steps"),
        (lambda *a: looping()(*a)[:3], "one per epoch"),
        (lambda *a: looping()(*a) and None, "no list"),
        (looping(most=2), "seen"),
    ],
)
def test_facts_about_flags(loop: Function, word: str) -> None:
    assert (fingerprint([loops.loop_flags()], "toy", Local(namespace={"toy": loop}), "slug")
            == {"loop_flags": word})


@pytest.mark.parametrize(
    ("loop", "new", "after_eval"),
    [
        (looping(), "trains always, measures in eval mode", "trains always, measures in eval mode"),
        (looping("train", ""), "trains in the first epoch, measures in eval mode",
         "trains in the first epoch, measures in eval mode"),
        (looping(first=""), "trains in the first epoch, measures in eval mode",
         "trains never, measures in eval mode"),
        (looping(first="eval"), "trains never, measures in eval mode",
         "trains never, measures in eval mode"),
        (looping(after=""), "trains always, measures nothing", "trains always, measures nothing"),
        (lambda *a: None, "trains not at all, measures nothing",
         "trains not at all, measures nothing"),
        (looping(most=1), "takes 3 steps of 12", "takes 3 steps of 12"),
    ],
)
def test_facts_about_loops(loop: Function, new: str, after_eval: str) -> None:
    facts = [loops.loop_modes("new"), loops.loop_modes("after_eval", starts_in_eval=True)]
    assert (fingerprint(facts, "toy", Local(namespace={"toy": loop}), "slug")
            == {"new": new, "after_eval": after_eval})


# ----------------------------------------------------------------------------------------- networks
class Net(torch.nn.Sequential):  # type: ignore[misc, name-defined]
    """20 inputs, two hidden layers of 9, 2 scores."""

    def __init__(self, p_in: float, p: float, second: float | None = None,
                 close: Any = torch.nn.ReLU) -> None:
        nn = torch.nn
        hidden = [nn.Dropout(p_in), nn.Linear(20, 9), close(), nn.Dropout(p),
                  nn.Linear(9, 9), close()]
        super().__init__(*hidden, nn.Dropout(p if second is None else second), nn.Linear(9, 2))


class Leaking(Net):
    def forward(self, x: Any) -> Any:
        return super().forward(torch.nn.functional.dropout(x, 0.1))


class Whole(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(0.0, 0.0)


class Keeping(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(1 - p_in, 1 - p)


class HalfDropped(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(p_in, p, second=0.0)


class Repeating(Net):
    def forward(self, x: Any) -> Any:
        torch.manual_seed(0)
        return super().forward(x)


class Certain(Net):
    def forward(self, x: Any) -> Any:
        return super().forward(x).softmax(dim=1)


class Silenced(Net):
    def forward(self, x: Any) -> Any:
        return torch.nn.functional.dropout(super().forward(x), 0.5, self.training)


class Open(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(p_in, p, close=torch.nn.Identity)


class HalfOpen(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(p_in, p)
        (first, _) = (k for k, layer in enumerate(self) if isinstance(layer, torch.nn.ReLU))
        self[first] = torch.nn.Identity()


class Smooth(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(p_in, p, close=torch.nn.Sigmoid)


class Positive(Net):
    def forward(self, x: Any) -> Any:
        return super().forward(x).relu()


class Plain(torch.nn.Dropout):  # type: ignore[misc, name-defined]
    """Drops, and does not divide."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) * (1 - self.p) if self.training else x


class NeverDivided(Net):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(p_in, p)
        for k, layer in enumerate(self):
            if isinstance(layer, torch.nn.Dropout):
                self[k] = Plain(layer.p)


class Listed(Net):
    """Its first layer of dropout stands in a list."""

    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(0.0, p)
        self.first = [torch.nn.Dropout(p_in)]

    def forward(self, x: Any) -> Any:
        return super().forward(self.first[0](x))


class Vanilla(NeverDivided):
    def __init__(self, p_in: float, p: float) -> None:
        super().__init__(p_in, p)
        self.p = p

    def forward(self, x: Any) -> Any:
        return super().forward(x) * (1.0 if self.training else 1 - self.p)


class Transposed(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A right network with matrices the other way round, and no layers."""

    def __init__(self, p_in: float, p: float) -> None:
        super().__init__()
        self.rates = p_in, p, p
        self.weights = torch.nn.ParameterList([torch.randn(20, 9), torch.randn(9, 9),
                                               torch.randn(9, 2)])

    def forward(self, x: Any) -> Any:
        for weight, rate in zip(self.weights, self.rates, strict=True):
            x = torch.nn.functional.dropout(x, rate, self.training) @ weight
            x = x.relu() if weight.shape[1] == 9 else x
        return x


NETS = [
    nets.drops_in_training(net="Net", p_in=0.3, p=0.0),
    nets.drops_nothing_after_eval(net="Net", p_in=0.0, p=0.3),
    nets.drops_each_layer_as_often_as_told(net="Net", p_in=0.6, p=0.2, width=9),
    nets.computes_two_relu_layers(net="Net", width=9),
    nets.scales_the_survivors_of_each_layer(net="Net", p_in=0.3, p=0.6, width=9),
]


@pytest.mark.parametrize("net", [Net, Transposed])
@pytest.mark.parametrize("check", NETS, ids=lambda check: check.name)
def test_a_right_network_passes(check: Check, net: Any) -> None:
    passes(check, toy=looping(), Net=net)


@pytest.mark.parametrize(
    ("check", "net", "said"),
    [
        (NETS[0], Whole, "in training the scores are those of the network without dropout: nothing "
         "was dropped | other scores"),
        (NETS[0], Repeating, "two training passes gave the same scores | two masks, two results"),
        (NETS[1], Leaking,
         "after .eval() two passes gave different scores: something still drops | twice the same"),
        (NETS[2], Keeping, "share of dropped units in the "),
        (NETS[2], Silenced, "passes one score was 0: the output is dropped, too | no score"),
        (NETS[3], Open, "from its own weights and two ReLU layers"),
        (NETS[3], Smooth, "without dropout scores[0, 0] = "),
        (NETS[3], Positive, "without dropout scores[0, 0] = "),
        (NETS[4], NeverDivided,
         "in training the survivors of inputs count 1 times as much as without dropout | 1.42857"),
        (NETS[4], HalfDropped, "in training the survivors of the two hidden layers count 2.5 times "
         "as much as without dropout | 6.25"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_mistake_in_a_network_is_refused(check: Check, net: Any, said: str) -> None:
    assert said in told(check, toy=looping(), Net=net)


def test_one_hidden_layer_without_dropout_is_seen() -> None:
    check = nets.drops_each_layer_as_often_as_told(net="Net", p_in=0.2, p=0.5, width=9)
    assert "hidden layer = 0.0000 | 0.5000, by chance 0.1" in told(check, toy=looping(),
                                                                   Net=HalfDropped)


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (Net, "p_in, p, p"),
        (Transposed, "p_in, p, p"),
        (Keeping, "1 - p_in, 1 - p, 1 - p"),
        (HalfDropped, "p_in, 0, p"),
        (Silenced, "p_in, p, p"),
    ],
)
def test_facts_about_networks(net: Any, words: str) -> None:
    facts = [nets.net_rates(net="Net", width=9), nets.net_scores(net="Net", width=9)]
    scores = "dropped" if net is Silenced else "whole"
    assert (fingerprint(facts, "toy", Local(namespace={"Net": net}), "slug")
            == {"net_rates": words, "net_scores": scores})


@pytest.mark.parametrize(("net", "word"),
                         [(Net, "both"), (HalfDropped, "one"), (NeverDivided, "none"),
                          (Transposed, "both"), (Whole, "none")])
def test_the_factor_of_the_hidden_layers_is_a_fact(net: Any, word: str) -> None:
    fact = nets.net_factor(net="Net", width=9)
    assert fingerprint([fact], "toy", Local(namespace={"Net": net}), "slug") == {"net_factor": word}


@pytest.mark.parametrize(("net", "word"),
                         [(Net, "both"), (Transposed, "both"), (Open, "none"),
                          (HalfOpen, "the second"), (Smooth, "other"), (Positive, "other")])
def test_a_missing_relu_is_a_fact(net: Any, word: str) -> None:
    assert fingerprint([nets.net_relus(net="Net", width=9)], "toy", Local(namespace={"Net": net}),
                       "slug") == {"net_relus": word}


def test_what_still_drops_after_eval_is_right_otherwise() -> None:
    """The sentences about rates, layers and factors do not look at eval mode."""
    for check in (NETS[0], *NETS[2:]):
        passes(check, toy=looping(), Net=Listed)
    told(nets.drops_nothing_after_eval(net="Net", p_in=0.3, p=0.0), toy=looping(), Net=Listed)


def test_all_dropped_is_not_called_nothing_dropped() -> None:
    passes(nets.drops_in_training(net="Net", p_in=0.5, p=0.0), toy=looping(), Net=Keeping)


@pytest.mark.parametrize(("net", "word"), [(Net, "scores"), (Certain, "probabilities")])
def test_a_softmax_at_the_end_is_a_fact(net: Any, word: str) -> None:
    fact = nets.net_output(net="Net")
    assert fingerprint([fact], "toy", Local(namespace={"Net": net}), "slug") == {"net_output": word}


@pytest.mark.parametrize(
    ("net", "word"),
    [
        (Net, "drops in training, whole in eval"),
        (Whole, "whole in training, whole in eval"),
        (Leaking, "drops in training, drops in eval"),
        (Listed, "drops in training, drops in eval, from a list"),
        (Vanilla, "drops in training, other scores in eval"),
    ],
)
def test_what_still_drops_after_eval_is_told_apart(net: Any, word: str) -> None:
    fact = nets.net_at_test_time(net="Net", p_in=0.4, p=0.4)
    assert (fingerprint([fact], "toy", Local(namespace={"Net": net}), "slug")
            == {"net_at_test_time": word})


# --------------------------------------------------------------------------------------------- junk
@pytest.mark.filterwarnings("ignore")  # what junk warns about is its own affair
def test_no_junk_breaks_a_check_or_a_fact() -> None:
    facts = [
        *(s.agrees(case=t.Comparison(), part="out"), s.measured(factor=1.01), s.mask_taken(),
          s.gradient_taken()),
        s.rate(case=t.Comparison("Fixed", shape=(30, 40))),
        *(fact(function="toy") for fact in (
            look.one_layer_twice, look.source_of_chance, look.half_precision, look.saved_state,
            look.home_of_the_mask, look.mode_after_eval, look.printed, look.way_back)),
        *(loops.loop_modes(), loops.loop_flags()),
        *(loops.loop_steps(rate=0.1), loops.loop_switch(), nets.net_factor(net="toy"),
          nets.net_relus(net="toy")),
        *(nets.net_at_test_time(net="toy", p_in=0.3, p=0.3), nets.net_rates(net="toy"),
          nets.net_output(net="toy")),
    ]
    facts.append(nets.net_scores(net="toy"))
    of_nets = [nets.drops_in_training(net="toy", p_in=0.3, p=0.0),
               nets.computes_two_relu_layers(net="toy")]
    of_nets.append(nets.drops_nothing_after_eval(net="toy", p_in=0.3, p=0.0))
    of_nets.append(nets.scales_the_survivors_of_each_layer(net="toy", p_in=0.3, p=0.2))
    of_nets.append(nets.drops_each_layer_as_often_as_told(net="toy", p_in=0.3, p=0.2))
    for name, function in junk().items():
        subject = Local(namespace={"toy": function})
        for found in judge(one_part("toy", [*COMPARING, *LAYERS, *LOOPS, *of_nets]),
                           subject, "slug"):
            assert found.outcome is not Outcome.BROKEN, (name, found)
        fingerprint(facts, "toy", subject, "slug")

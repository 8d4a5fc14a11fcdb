"""SECRET. The key of assignment 6: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import numpy as np

from autograder import checks as c
from autograder import misconception, variant
from autograder.checks.lenses import through
from autograder.checks.sequences import INPUT_MASK, SEQUENCES, STATE_MASK
from autograder.checks.weights import ONE_ROW
from autograder.model import Seed

SALT = "narwhal-2086"

SOME = "drops_some_and_keeps_some"
MASK = {"via": "mask"}
VARIATIONAL = {"forward": "variational_dropout_forward", "backward": "variational_dropout_backward"}
RECURRENT = {"forward": "rnn_forward", "backward": "rnn_backward"}
CONNECT = {"forward": "dropconnect_forward", "backward": "dropconnect_backward"}

WIDE = {"x": (4, 7, 8), "h0": (4, 5), "Wx": (8, 5), "Wh": (5, 5), "b": (5,)}
SHORT = {"x": (3, 1, 4), "h0": (3, 6), "Wx": (4, 6), "Wh": (6, 6), "b": (6,)}
LONG = {**SHORT, "x": (3, 7, 4)}
LAYER = {"x": (7, 3), "W": (3, 5), "b": (5,)}
GRADIENTS = ("dx", "dh0", "dWx", "dWh", "db")
NETWORK = ((3, 7, 4), (3, 5), (4, 5), (5, 5), (5,))

HIDDEN = {
    "variational_dropout_forward": [
        through(SEQUENCES, c.shares_its_mask_over_time(p=0.62, shape=(7, 11, 13), weight=70, needs=SOME)),
        through(SEQUENCES, c.drops_the_right_share(p=0.005, **MASK, weight=8, needs=SOME)),
        through(SEQUENCES, c.drops_the_right_share(p=0.62, calls=2, **MASK, weight=28, needs=SOME)),
        through(SEQUENCES, c.treats_examples_apart(p=0.62, **MASK, weight=30, needs=SOME)),
        through(SEQUENCES, c.treats_features_apart(p=0.62, **MASK, weight=8, needs=SOME)),
        c.scales_the_survivors(p=0.62, by="1/(1-p)", shape=(9, 1, 23), weight=60, needs=SOME),
        c.is_identity_at_test_time(p=0.62, shape=(9, 4, 7), weight=34, needs=SOME),
        c.refuses_a_rate_of(bad=-0.25, given={"x": (4, 6, 5)}, rates=(0.3,), train=False, weight=14, needs=SOME),
        c.follows_the_mask(p=0.62, **VARIATIONAL, shape=(9, 4, 7), weight=14, needs="follows_the_mask"),
        c.agrees_with_finite_differences(p=0.35, **VARIATIONAL, shape=(12, 5, 9), weight=5, needs="follows_the_mask"),
    ],
    "rnn_forward": [
        c.agrees_with_the_solution(
            given=(*NETWORK, 0.3, 0.4, None, False), names=("h", "cache"), name="h", tolerance=1e-6, weight=20, needs="returns"
        ),
        c.agrees_with_the_solution(given=(*NETWORK, 0.0, 0.0, Seed(5)), names=("h", "cache"), name="h", tolerance=2e-6, needs="returns"),
        c.follows_its_masks_through_time(weight=130, needs=(f"{SOME} of m_x", f"{SOME} of m_h")),
        c.follows_its_masks_through_time(size=(3, 1, 4, 4), rates=(0.5, 0.2), needs=(f"{SOME} of m_x", f"{SOME} of m_h")),
        through(INPUT_MASK, c.drops_the_right_share(p=0.62, shape=(128, 128), calls=4, **MASK, weight=16, needs=f"{SOME} of m_x")),
        through(INPUT_MASK, c.keeps_a_varying_number(p=0.62, **MASK, weight=14, needs=f"{SOME} of m_x")),
        through(INPUT_MASK, c.shares_its_mask_over_time(p=0.62, shape=(5, 9, 17), weight=30, needs=f"{SOME} of m_x")),
        through(INPUT_MASK, c.obeys_the_generator(p=0.4, **MASK, weight=8, needs=f"{SOME} of m_x")),
        through(STATE_MASK, c.drops_the_right_share(p=0.62, shape=(128, 128), calls=4, **MASK, weight=16, needs=f"{SOME} of m_h")),
        through(STATE_MASK, c.keeps_a_varying_number(p=0.62, **MASK, weight=14, needs=f"{SOME} of m_h")),
        through(STATE_MASK, c.shares_its_mask_over_time(p=0.62, shape=(5, 9, 17), weight=30, needs=f"{SOME} of m_h")),
        through(STATE_MASK, c.obeys_the_generator(p=0.4, **MASK, weight=8, needs=f"{SOME} of m_h")),
        *(
            c.has_the_right_gradient(
                name=name, given=given, rates=rates, **RECURRENT, case=case, weight=5,
                needs=f"has_the_right_gradient(name={name}, rates=(0.3, 0.2))",
            )
            for given, rates, case in ((WIDE, (0.2, 0.4), ", for more features than units"), (SHORT, (0.4, 0.3), ", for one step"))
            for name in GRADIENTS
        ),
        c.has_the_right_gradient(
            name="dWh", given=LONG, rates=(0.3, 0.3), **RECURRENT, train=False, case=", after a pass at test time",
            needs="has_the_right_gradient(name=dWh, rates=(0.3, 0.2))",
        ),
        c.refuses_a_rate_of(bad=-0.25, given=SHORT, rates=(0.3, 0.4), train=False, weight=8, needs="returns"),
        c.keeps_two_passes_apart(first=SHORT, second=LONG, rates=(0.3, 0.4), **RECURRENT, weight=36, needs="keeps_two_passes_apart"),
    ],
    "dropconnect_forward": [
        c.agrees_with_the_solution(
            given=((6, 4), (4, 5), (5,), 0.3, None, False), names=("out", "cache"), name="out", tolerance=1e-6, weight=50, needs="returns"
        ),
        c.follows_its_masks(p=0.62, weight=12, needs=SOME),
        c.throws_a_coin_for_each_weight(p=0.62, size=(30, 16, 50), weight=90, needs=SOME),
        through(ONE_ROW, c.drops_the_right_share(p=0.005, **MASK, weight=10, needs=SOME)),
        through(ONE_ROW, c.drops_the_right_share(p=0.62, calls=2, **MASK, weight=36, needs=SOME)),
        through(ONE_ROW, c.keeps_a_varying_number(p=0.62, **MASK, weight=90, needs=SOME)),
        through(ONE_ROW, c.multiplies_the_kept_ones(p=0.62, weight=50, needs=SOME)),
        c.never_drops_the_bias(p=0.62, size=(9, 3, 5), weight=40, needs=SOME),
        c.sends_gradient_through_kept_weights_only(p=0.4, backward="dropconnect_backward", weight=8, needs=SOME),
        *(c.has_the_right_gradient(name=name, given=LAYER, rates=(0.45,), **CONNECT, weight=46, needs=SOME) for name in ("dx", "dW", "db")),
        *(
            c.has_the_right_gradient(
                name=name, given=LAYER, rates=(0.45,), **CONNECT, train=False, case=", after a pass at test time", weight=5, needs=SOME
            )
            for name in ("dx", "dW")
        ),
        c.refuses_a_rate_of(bad=-0.25, given=LAYER, rates=(0.3,), train=False, weight=10, needs=SOME),
        c.keeps_two_passes_apart(first=LAYER, second={**LAYER, "x": (4, 3)}, rates=(0.4,), **CONNECT, weight=110, needs=SOME),
    ],
    "dropconnect_moments": [
        c.agrees_with_the_solution(
            given=((7, 5), (5, 3), (3,), 0.3), names=("mean", "var"), name="var", tolerance=1e-6, weight=12, needs="returns(name=var)"
        ),
        c.agrees_with_the_solution(
            given=((7, 5), (5, 3), (3,), 0.3), names=("mean", "var"), name="mean", tolerance=1e-6, weight=6,
            needs="agrees_with_the_solution",
        ),
        c.agrees_with_the_solution(
            given=((7, 5), (5, 3), (3,), 0.3), names=("mean", "var"), name="var", needs="agrees_with_the_solution"
        ),
        c.raises_value_error(case="p = -0.25", given=((7, 5), (5, 3), (3,), -0.25), needs="returns(name=var)"),
    ],
    "FixedVariationalDropout": [
        c.draws_for_another_batch(p=0.3, first=(1, 5, 20), second=(6, 5, 20), weight=6, needs="keeps_its_mask_when_asked(p=0.4)"),
        c.draws_for_another_batch(p=0.3, first=(8, 5, 1), second=(8, 5, 20), weight=6, needs="keeps_its_mask_when_asked(p=0.4)"),
        c.keeps_its_mask_when_asked(p=0.3, steps=9, weight=3, needs="keeps_its_mask_when_asked(p=0.4)"),
        c.draws_again_unless_asked(p=0.3, shape=(3, 2, 40), weight=4, needs="keeps_its_mask_when_asked(p=0.4)"),
    ],
    "quiz": [
        c.answers_rightly(key="coins", needs="is_filled_in(key=coins)"),
        c.answers_rightly(key="survival", needs="is_filled_in(key=survival)"),
        c.answers_rightly(key="growth", needs="is_filled_in(key=growth)"),
        c.answers_rightly(key="spread", needs="is_filled_in(key=spread)"),
        c.answers_rightly(key="batch_mask", choices="abcd", needs="is_filled_in(key=batch_mask, choices=abcd)"),
        c.answers_rightly(key="lstm", choices="abcd", needs="is_filled_in(key=lstm, choices=abcd)"),
    ],
}


def _legal(*rates):
    for p in rates:
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")


def _mask(shape, p, rng, dtype=float):
    return ((rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0)).astype(dtype)


def _times(dout, cache):
    return dout * cache


# =========================================================================================== wrong: variational_dropout_forward
@misconception("variational_dropout_forward", signs="over_time rows", name="every_step_throws_its_own_coins")
class PerStep:
    """Your mask changes from step to step: this is ordinary dropout on an array with three axes. Variational dropout draws ONE mask for
    each sequence, of N times D coins, and uses it at all T steps."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask(x.shape, p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="over_time rows", name="time_is_the_first_axis")
class TimeFirst:
    """Your mask is shared over the FIRST axis and changes along the second. That is right where time comes first, (T, N, D), but here
    the axes are (N, T, D): now all examples share a mask, and every step has another one."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((1, *x.shape[1:]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="rows", name="one_mask_serves_the_whole_batch")
class OneForTheBatch:
    """All sequences of your batch lose the same features. Each sequence should have a mask of its own: N times D coins, not D."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((1, 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="columns", name="whole_sequences_are_dropped")
class WholeSequences:
    """A sequence of your batch loses all of its features or none: there is one coin for each sequence. Throw one for each sequence AND
    feature."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, 1), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="columns over_time", name="whole_steps_are_dropped")
class WholeSteps:
    """You drop whole STEPS: at some times all features are gone, at others none. Variational dropout drops features, each of them for
    the whole sequence."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((*x.shape[:2], 1), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="drop_share", name="p_is_the_keep_probability")
class KeepsP:
    """You keep with probability p. In this course p is the probability of DROPPING, so a feature stays with probability 1 - p, and
    is then divided by 1 - p."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, 1.0
        mask = ((rng.random((len(x), 1, x.shape[2])) < p) * (1 / p if p > 0 else 0.0)).astype(x.dtype)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="multiplier chance_at_test_time", name="test_time_makes_up_for_it")
class VanillaSequences:
    """This is the vanilla form: no factor while training, and 1 - p at test time. Here the inverted one is asked for: divide what you
    keep by 1 - p, and leave x alone at test time."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = (rng.random((len(x), 1, x.shape[2])) >= p).astype(x.dtype) if train else float(1 - p)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="multiplier", name="what_is_kept_stays_as_it_is")
class NeverScaled:
    """You drop, but the features that stay are not divided by 1 - p. Then the layer is quieter in training than at test time."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = (rng.random((len(x), 1, x.shape[2])) >= p).astype(x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="next_mask", name="the_same_mask_means_the_same_for_ever")
class ForEver:
    """Every call of your function draws the same mask. The mask is shared by the steps of ONE batch of sequences; the next batch gets
    new coins. Draw from the rng that is handed in."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, np.random.default_rng(0), x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="arrays_after", name="x_may_be_overwritten")
class InPlace:
    """Your function changes x itself: *= works in place. Multiply into a new array, for x may be the training data."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        x *= mask
        return x, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="dtypes", name="the_mask_decides_about_the_dtype")
class Float64:
    """float32 goes in and float64 comes out: your mask is float64 and pulls the product along. Give the mask the dtype of x."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="dtypes", name="float32_is_good_enough_for_all")
class Float32:
    """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives float64
    out."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        x = x.astype(np.float32)
        mask = _mask((len(x), 1, x.shape[2]), p, rng).astype(np.float32) if train else np.float32(1)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="at_one", name="p_1_divides_by_zero")
class ZeroDivision:
    """At p = 1 you compute 0/0, which gives NaN. Everything is dropped then, so the output is zero, and no division is needed."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = ((rng.random((len(x), 1, x.shape[2])) >= p) / np.float64(1 - p)).astype(x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="outside", name="p_need_not_be_checked")
class Unchecked:
    """A p below 0 or above 1 is accepted. It is no probability, so raise a ValueError, at test time too."""

    def variational_dropout_forward(x, p, rng, train=True):
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="mask_on_the_way_back", name="a_shared_mask_sums_the_gradient")
class SummedGradient:
    """Your gradient is summed over the steps. A sum is due where one number was used at several steps, but each entry of x has an output
    of its own: multiply dout by the mask, step by step, and sum nothing."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else np.ones((1, 1, 1), x.dtype)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        if cache.size == 1:
            return dout
        return np.broadcast_to((dout * cache).sum(axis=1, keepdims=True), dout.shape).copy()


@misconception("variational_dropout_forward", signs="mask_on_the_way_back", name="the_gradient_needs_no_factor")
class GradientUnscaled:
    """Your gradient vanishes in the right places, but what is kept was divided by 1 - p on the way up, and so must be the gradient on
    the way down."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * (np.asarray(cache) != 0)


@misconception("variational_dropout_forward", signs="mask_on_the_way_back", name="the_gradient_ignores_the_mask")
class GradientUnmasked:
    """You pass dout on as it is. Multiply it by what x was multiplied by: 0 or 1/(1 - p)."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout.copy()


_remembered = None


@misconception("variational_dropout_forward", signs="pass_remembered wrong_gradients_at_test_time", name="there_is_only_one_mask_at_a_time")
class GlobalMask:
    """Your mask lives in one global place, not in the cache. So the backward pass of an earlier batch, or one after a test pass, uses the
    mask of the latest training batch. Put what backward needs into the cache."""

    def variational_dropout_forward(x, p, rng, train=True):
        global _remembered
        _legal(p)
        if not train:
            return x, None
        _remembered = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype)
        return x * _remembered, None

    def variational_dropout_backward(dout, cache):
        if _remembered.shape[0] != len(dout) or _remembered.shape[2] != dout.shape[2]:
            return dout * np.resize(_remembered, (len(dout), 1, dout.shape[2]))
        return dout * _remembered


@misconception("variational_dropout_forward", signs="wrong_gradients_at_test_time", name="backward_only_follows_training")
class FailsAfterTest:
    """After a forward pass at test time your backward pass fails, for there is no mask. At test time the layer is the identity: return
    dout."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="generator", name="the_function_may_make_its_own_generator")
class OwnGenerator:
    """Your coins come from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, np.random.default_rng(), x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="generator", name="np_random_is_just_as_good")
class GlobalGenerator:
    """Your coins come from np.random, the global generator, so the seed of rng has no effect and nobody can repeat your result. Draw from
    the rng that is handed in."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, np.random, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="number_dropped", name="a_share_is_dropped_exactly")
class ExactShare:
    """Always the same number of features is dropped. Dropout throws a coin for each of them, so their number varies around its average:
    with a fixed number the features would depend on one another."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, 1.0
        coins = len(x) * x.shape[2]
        kept = rng.permutation(coins) >= round(p * coins)
        mask = (kept.reshape(len(x), 1, -1) * (1 / (1 - p) if p < 1 else 0.0)).astype(x.dtype)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="chance_at_test_time", name="dropout_stays_on_at_test_time")
class AlwaysOn:
    """You drop at test time too. With train=False x is returned as it is, and no coin is thrown."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="chance_at_test_time =multiplier =next_mask", name="test_time_needs_a_factor_as_well")
class FactorTwice:
    """In training you divide by 1 - p, and at test time you multiply by it. One of the two is enough: with the inverted form x is returned
    as it is at test time."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else float(1 - p)
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="multiplier =drop_share", name="the_factor_is_one_over_p")
class DividedByP:
    """You divide what you keep by p, the probability of dropping. What remains is a share of 1 - p, so divide by 1 - p to make up for
    it."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = (rng.random((len(x), 1, x.shape[2])) >= p) / x.dtype.type(p or 1) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="multiplier", name="survivors_are_multiplied_by_q")
class TimesQ:
    """You multiply what you keep by 1 - p. That makes up for nothing: a share of 1 - p remains, so DIVIDE by 1 - p to keep the average."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = (rng.random((len(x), 1, x.shape[2])) >= p) * x.dtype.type(1 - p) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="gradient_at_zero_input", name="what_is_zero_was_dropped")
class ZeroMeansDropped:
    """Your backward pass takes every 0 of the output for a dropped unit. A kept input may be 0 itself (behind a ReLU half of them are),
    and its gradient is not 0: keep the mask in the cache."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, (x * mask != 0) / (1 - p if train and p < 1 else 1.0)

    def variational_dropout_backward(dout, cache):
        return dout * cache


@misconception("variational_dropout_forward", signs="dout_after", name="dout_may_be_overwritten")
class OverwritesDout:
    """Your backward pass changes dout itself: *= works in place. Somebody else may still need it, so multiply into a new array."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        dout *= cache
        return dout


@misconception("variational_dropout_forward", signs="mask_on_the_way_back", name="the_gradient_is_scaled_twice")
class TwiceScaled:
    """Your gradient is multiplied by the mask twice. x was multiplied by 1/(1 - p) once on the way up, so dout is on the way down."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        return dout * cache**2


@misconception("variational_dropout_forward", signs="mask_on_the_way_back", name="the_gradient_is_an_average_over_the_steps")
class AveragedGradient:
    """Your gradient is averaged over the steps. Each entry of x has an output of its own: multiply dout by the mask, step by step, and
    average nothing."""

    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        mask = _mask((len(x), 1, x.shape[2]), p, rng, x.dtype) if train else 1.0
        return x * mask, mask

    def variational_dropout_backward(dout, cache):
        if np.ndim(cache) == 0:
            return dout
        return np.broadcast_to((dout * cache).mean(axis=1, keepdims=True), dout.shape).copy()


# =========================================================================================================== wrong: rnn_forward
def _network(x, h0, Wx, Wh, b, m_x, m_h):
    """The solution's two loops for given masks: (N, D) or (N, T, D) each; a right network to build wrong ones on."""
    h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
    m_x = np.broadcast_to(np.asarray(m_x, x.dtype).reshape(len(x), -1, x.shape[2]), x.shape)
    m_h = np.broadcast_to(np.asarray(m_h, x.dtype).reshape(len(x), -1, len(b)), h.shape)
    for t in range(x.shape[1]):
        state = h[:, t] = np.tanh((x[:, t] * m_x[:, t]) @ Wx + (state * m_h[:, t]) @ Wh + b)
    return h, (x, h0, Wx, Wh, m_x, m_h, h)


def _through_time(dh, cache):
    x, h0, Wx, Wh, m_x, m_h, h = cache
    dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
        dWx += (x[:, t] * m_x[:, t]).T @ da
        dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
        db += da.sum(axis=0)
        dx[:, t] = da @ Wx.T * m_x[:, t]
        back = da @ Wh.T * m_h[:, t]
    return dx, back, dWx, dWh, db


def _two(x, h0, p_x, p_h, rng, train):
    """Two right masks."""
    _legal(p_x, p_h)
    if not train:
        return np.ones((len(x), x.shape[2])), np.ones(h0.shape)
    return _mask((len(x), x.shape[2]), p_x, rng), _mask(h0.shape, p_h, rng)


@misconception("rnn_forward", signs="over_time_of_m_x", name="every_step_throws_new_coins_for_the_input")
class InputPerStep:
    """The mask on your INPUT changes from step to step. Draw m_x once, before the loop over time, and use it at every step."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        _, m_h = _two(x, h0, p_x, p_h, rng, train)
        m_x = _mask(x.shape, p_x, rng) if train else np.ones(x.shape)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="=second_state over_time_of_m_h", name="every_step_throws_new_coins_for_the_state")
class StatePerStep:
    """The mask on your STATE changes from step to step, so a memory survives T steps only with probability q to the power of T. Draw
    m_h once, before the loop over time."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, _ = _two(x, h0, p_x, p_h, rng, train)
        m_h = _mask((*x.shape[:2], len(b)), p_h, rng) if train else np.ones((*x.shape[:2], len(b)))
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="=second_state over_time_of_m_x over_time_of_m_h", name="every_step_throws_new_coins")
class BothPerStep:
    """Both masks change from step to step: they are drawn inside the loop over time. Draw them once, before it."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        _legal(p_x, p_h)
        m_x = _mask(x.shape, p_x, rng) if train else np.ones(x.shape)
        m_h = _mask((*x.shape[:2], len(b)), p_h, rng) if train else np.ones((*x.shape[:2], len(b)))
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="rows_of_m_x rows_of_m_h", name="one_mask_serves_the_whole_batch")
class SharedByTheBatch:
    """All sequences of the batch have the same masks: you drew D and H coins instead of N times D and N times H."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, np.broadcast_to(m_x[:1], m_x.shape), np.broadcast_to(m_h[:1], m_h.shape))

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="two_masks", name="one_draw_serves_both_masks")
class OneDraw:
    """Your two masks come from the same random numbers: where the input loses a feature, the state loses its unit. Draw m_h from fresh
    numbers."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        _legal(p_x, p_h)
        if not train:
            return _network(x, h0, Wx, Wh, b, np.ones((len(x), x.shape[2])), np.ones(h0.shape))
        u = rng.random((len(x), max(x.shape[2], len(b))))
        m_x, m_h = ((u >= p) * (1 / (1 - p) if p < 1 else 0.0) for p in (p_x, p_h))
        return _network(x, h0, Wx, Wh, b, m_x[:, : x.shape[2]], m_h[:, : len(b)])

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="=second_state over_time_of_m_h drop_share_of_m_h", name="the_first_state_is_spared")
class FirstStateSpared:
    """Your mask m_h does not fall on h0: it begins with the second step. h0 enters the first step just as h1 enters the second, so the
    mask falls on it too."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        m_h = np.repeat(m_h[:, None], x.shape[1], axis=1)
        m_h[:, 0] = 1
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception(
    "rnn_forward",
    signs="=first_state =second_state =drop_share_of_m_x =over_time_of_m_h drop_share_of_m_h place_of_the_state_mask",
    name="only_the_input_is_dropped",
)
class NoStateMask:
    """Nothing of the state is dropped: your network has no m_h. Variational dropout of a recurrent network masks the state on its way
    into the next step as well."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, np.ones_like(m_h))

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception(
    "rnn_forward",
    signs="multiplier_of_m_x multiplier_of_m_h =drop_share_of_m_x =drop_share_of_m_h",
    name="what_is_kept_stays_as_it_is",
)
class UnscaledNetwork:
    """Your masks hold 0 and 1: what is kept is not divided by 1 - p. Then the sums are smaller in training than at test time."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, 1.0 * (m_x != 0), 1.0 * (m_h != 0))

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="drop_share_of_m_x drop_share_of_m_h", name="p_is_the_keep_probability")
class NetworkKeepsP:
    """You keep with probability p. In this course p is the probability of DROPPING: keep with probability 1 - p, and divide by 1 - p."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, 1 - p_x, 1 - p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="drop_share_of_m_x drop_share_of_m_h", name="the_two_rates_are_exchanged")
class RatesExchanged:
    """The two rates are exchanged: the input is dropped with p_h and the state with p_x."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_h, p_x, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="=first_state =second_state multiplier_of_m_h", name="the_returned_states_are_masked_too")
class ReturnsMasked:
    """You return the MASKED states. The mask falls on a state only where it enters the next step; what is returned is the whole h_t."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, cache = _network(x, h0, Wx, Wh, b, m_x, m_h)
        return h * np.asarray(m_h, h.dtype)[:, None], (cache, np.asarray(m_h, h.dtype)[:, None])

    def rnn_backward(dh, cache):
        return _through_time(dh * cache[1], cache[0])


@misconception("rnn_forward", signs="first_state second_state over_time_of_m_x", name="h0_belongs_to_the_answer")
class ReturnsFirst:
    """Your h begins with h0 and leaves out the last state. h holds h_1 to h_T: T states, the first of them after the first step."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, cache = _network(x, h0, Wx, Wh, b, m_x, m_h)
        return np.concatenate([h0[:, None], h[:, :-1]], axis=1), cache

    def rnn_backward(dh, cache):
        shifted = np.concatenate([dh[:, 1:], np.zeros_like(dh[:, :1])], axis=1)
        dx, dh0, dWx, dWh, db = _through_time(shifted, cache)
        return dx, dh0 + dh[:, 0], dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="each_step_has_a_gradient_of_its_own")
class NoTimeTravel:
    """Your backward pass treats every step by itself: nothing comes back from the future. h_t also acts through h_(t+1), so add what
    step t + 1 sends back to dh[:, t] before you go on."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0])
        for t in reversed(range(x.shape[1])):
            da = dh[:, t] * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="only_the_last_state_has_a_gradient")
class OnlyTheEnd:
    """Your backward pass uses dh of the last step only. The loss may speak to every state: add dh[:, t] at each step."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        end = np.zeros_like(dh)
        end[:, -1] = dh[:, -1]
        return _through_time(end, cache)


@misconception("rnn_forward", signs="wrong_gradients wrong_gradients_of_one_step =way_through_time", name="the_way_back_has_no_state_mask")
class BackUnmasked:
    """What your step t sends back to h_(t-1) is not multiplied by m_h. A unit that was dropped on the way up must not hear anything on
    the way down, and what was scaled is scaled again."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="wrong_gradients =way_through_time", name="the_recurrent_weights_saw_the_whole_state")
class WhUnmasked:
    """Only dWh is wrong: you multiply the errors by the state itself. The weights saw the MASKED state, so it is the masked one that
    belongs into dWh."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += (h[:, t - 1] if t else h0).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="wrong_gradients =way_through_time", name="the_input_weights_saw_the_whole_input")
class WxUnmasked:
    """Only dWx is wrong: you multiply the errors by x itself. The weights saw the MASKED input, so it is the masked one that belongs
    into dWx."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, _, m_h, h = cache
        dx, dh0, _, dWh, db = _through_time(dh, cache)
        dWx, back = np.zeros_like(Wx), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += x[:, t].T @ da
            back = da @ Wh.T * m_h[:, t]
        return dx, dh0, dWx, dWh, db


@misconception("rnn_forward", signs="wrong_gradients =way_through_time", name="the_input_gradient_needs_no_mask")
class DxUnmasked:
    """Only dx is wrong: it is not multiplied by m_x. A feature that was dropped has no gradient, and one that was kept has the factor
    1/(1 - p)."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        _, dh0, dWx, dWh, db = _through_time(dh, cache)
        return _through_time(dh, (x, h0, Wx, Wh, np.ones_like(m_x), m_h, h))[0], dh0, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="the_last_share_is_the_gradient_of_the_weights")
class LastShare:
    """Your dWx, dWh and db hold the share of one step only. The same weights are used at every step, so their gradients are sums over
    all of them: += instead of =."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, back = np.empty_like(x), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx = (x[:, t] * m_x[:, t]).T @ da
            dWh = ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db = da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception(
    "rnn_forward",
    signs="way_through_time",
    name="tanh_has_the_slope_1_minus_h",
)
class WrongSlope:
    """You take 1 - h for the slope of tanh. It is 1 - h**2, with the square of the state."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t])
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="first_state second_state", name="the_bias_comes_after_the_tanh")
class BiasOutside:
    """The first state is not tanh of the whole sum: the bias belongs inside the tanh, and both matrix products with it."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
        for t in range(x.shape[1]):
            state = h[:, t] = np.tanh((x[:, t] * m_x) @ Wx) + np.tanh((state * m_h) @ Wh) + b
        return h, None

    def rnn_backward(dh, cache):
        return None


_latest = None


@misconception("rnn_forward", signs="pass_remembered", name="there_is_only_one_pass_at_a_time")
class GlobalCache:
    """Your backward pass uses what the LATEST forward pass left behind, not the cache it is given. Two batches may be under way at a
    time: put everything into the cache."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        global _latest
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, _latest = _network(x, h0, Wx, Wh, b, m_x, m_h)
        return h, None

    def rnn_backward(dh, cache):
        return _through_time(dh, _latest)


@misconception("rnn_forward", signs="drop_share_of_m_x =drop_share_of_m_h =first_state", name="only_the_state_is_dropped")
class NoInputMask:
    """Nothing of the input is dropped: your network has no m_x. Variational dropout of a recurrent network masks the input as well."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, np.ones_like(m_x), m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="place_of_the_state_mask", name="the_mask_comes_after_the_weights")
class MaskBehindWeights:
    """Your m_h falls on what comes out of Wh. There it strikes out whole sums; it is the units of the STATE that are dropped: mask h_(t-1)
    first, then multiply by Wh."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
        for t in range(x.shape[1]):
            state = h[:, t] = np.tanh((x[:, t] * m_x) @ Wx + (state @ Wh) * m_h + b)
        return h, None

    def rnn_backward(dh, cache):
        return None


@misconception(
    "rnn_forward",
    signs="place_of_the_state_mask multiplier_of_m_h drop_share_of_m_h =first_state",
    name="the_new_state_is_dropped",
)
class MaskOnNewState:
    """Your m_h falls on the NEW state, behind the tanh, so h0 goes in whole and the states that you return have holes. The mask belongs on
    h_(t-1) where it enters step t; what is returned is the whole h_t."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
        for t in range(x.shape[1]):
            state = h[:, t] = np.tanh((x[:, t] * m_x) @ Wx + state @ Wh + b) * m_h
        return h, None

    def rnn_backward(dh, cache):
        return None


@misconception("rnn_forward", signs="drop_share_of_m_h =drop_share_of_m_x =first_state", name="one_rate_serves_both")
class OneRate:
    """Both of your masks are drawn with p_x. The state has a rate of its own, p_h."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_x, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="multiplier_of_m_h =multiplier_of_m_x =drop_share_of_m_h", name="only_the_input_is_scaled")
class StateUnscaled:
    """Your m_h holds 0 and 1: what is kept of the state is not divided by 1 - p_h. The input is scaled rightly; do the same for the
    state."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, 1.0 * (m_h != 0))

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="columns_of_m_x columns_of_m_h", name="whole_sequences_are_dropped")
class WholeExamples:
    """Your masks have one coin for each sequence, so it loses all of its features or none. Throw a coin for each sequence AND feature,
    and for each sequence and unit."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, np.broadcast_to(m_x[:, :1], m_x.shape), np.broadcast_to(m_h[:, :1], m_h.shape))

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="generator_of_m_x generator_of_m_h", name="the_function_may_make_its_own_generator")
class RnnOwnGenerator:
    """Your masks come from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, np.random.default_rng(), train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="generator_of_m_x generator_of_m_h", name="np_random_is_just_as_good")
class RnnGlobalGenerator:
    """Your masks come from np.random, the global generator, so the seed of rng has no effect and nobody can repeat your result. Draw from
    the rng that is handed in."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, np.random, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="next_mask_of_m_x next_mask_of_m_h", name="the_same_mask_means_the_same_for_ever")
class RnnFrozen:
    """Every call of your function draws the same masks, because it sets a fixed seed. They last for ONE batch of sequences; the next
    batch gets new coins. Draw from the rng that is handed in."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, np.random.default_rng(0), train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="chance_at_test_time", name="dropout_stays_on_at_test_time")
class RnnAlwaysOn:
    """Your masks are drawn at test time too. With train=False nothing is dropped, and no coin is thrown."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, True)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="dtypes", name="the_mask_decides_about_the_dtype")
class RnnFloat64:
    """float32 goes in and float64 comes out. Make the array of the states, and the masks, in the dtype of x."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, cache = _network(x, h0, Wx, Wh, b, m_x, m_h)
        return h.astype(float), cache

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="first_axis", name="time_is_the_first_axis")
class RnnTimeFirst:
    """You walk along the FIRST axis of x, as if it were time. Here x is (N, T, D): example, step, feature. Step t is x[:, t], and h is
    (N, T, H)."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        steps = x.transpose(1, 0, 2)
        m_x, m_h = _two(steps, h0, p_x, p_h, rng, train)
        if len(steps) != len(h0):
            raise ValueError("operands could not be broadcast together")
        h, cache = _network(steps, h0, Wx, Wh, b, m_x, m_h)
        return h.transpose(1, 0, 2), cache

    def rnn_backward(dh, cache):
        dx, *others = _through_time(dh.transpose(1, 0, 2), cache)
        return dx.transpose(1, 0, 2), *others


@misconception("rnn_forward", signs="scaled_gradients", name="gradients_are_clipped")
class RnnClipped:
    """You clip the gradients. Against exploding gradients that is good advice, but to whoever takes the STEP: a backward pass returns the
    gradient as it is."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return tuple(np.clip(g, -2, 2) for g in _through_time(dh, cache))


@misconception("rnn_forward", signs="dtypes", name="float32_is_good_enough_for_all")
class RnnFloat32:
    """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives float64
    out, or gradients cannot be checked."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        x, h0, Wx, Wh, b, m_x, m_h = (np.float32(a) for a in (x, h0, Wx, Wh, b, m_x, m_h))
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="outside_of_m_x outside_of_m_h", name="p_need_not_be_checked")
class RnnUnchecked:
    """A p_x or p_h below 0 or above 1 is accepted. It is no probability, so raise a ValueError, at test time too."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        if not train:
            return _network(x, h0, Wx, Wh, b, np.ones((len(x), x.shape[2])), np.ones(h0.shape))
        return _network(x, h0, Wx, Wh, b, _mask((len(x), x.shape[2]), p_x, rng), _mask(h0.shape, p_h, rng))

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="first_state second_state", name="the_bias_is_forgotten")
class NoBias:
    """Your states do not hear b: it is missing inside the tanh."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
        for t in range(x.shape[1]):
            state = h[:, t] = np.tanh((x[:, t] * m_x) @ Wx + (state * m_h) @ Wh)
        return h, None

    def rnn_backward(dh, cache):
        return None


@misconception("rnn_forward", signs="first_state second_state", name="a_state_is_its_sum")
class NoTanh:
    """Your states are the sums a_t themselves. The state is tanh(a_t)."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
        for t in range(x.shape[1]):
            state = h[:, t] = (x[:, t] * m_x) @ Wx + (state * m_h) @ Wh + b
        return h, None

    def rnn_backward(dh, cache):
        return None


@misconception("rnn_forward", signs="first_state second_state", name="the_past_begins_with_zero")
class NoH0:
    """Your first step does not hear h0: it begins with zeros. The state before the first step is h0."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h0 = 0 * h0
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@misconception("rnn_forward", signs="second_state =first_state", name="every_step_begins_anew")
class NoMemory:
    """Every step of yours hears h0: the new state is not handed on to the next step. Keep h_t, and use it as h_(t-1) at the next step."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        h, state = np.empty((*x.shape[:2], len(b)), x.dtype), h0
        for t in range(x.shape[1]):
            h[:, t] = np.tanh((x[:, t] * m_x) @ Wx + (state * m_h) @ Wh + b)
        return h, None

    def rnn_backward(dh, cache):
        return None


@misconception("rnn_forward", signs="wrong_gradients wrong_gradients_of_one_step =way_through_time", name="backward_forgets_the_masks")
class AllUnmasked:
    """Your backward pass uses no masks, and without dropout it is right. Whatever was multiplied by a mask on the way up is multiplied
    by the same mask on the way down: x_t and h_(t-1) in dWx and dWh, and what goes back to both."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        return _through_time(dh, (x, h0, Wx, Wh, np.ones_like(m_x), np.ones_like(m_h), h))


@misconception("rnn_forward", signs="way_through_time", name="the_slope_of_tanh_is_1")
class NoSlope:
    """The slope of tanh is missing in your backward pass. The error of a_t is the error of h_t times 1 - h_t**2."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="the_state_goes_through_tanh_again")
class SlopeOfTanhH:
    """You take 1 - tanh(h)**2 for the slope. h is already a tanh, so the slope is 1 - h**2."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - np.tanh(h[:, t]) ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="the_way_back_goes_through_Wh_as_it_is")
class NotTransposed:
    """What your step t sends back goes through Wh, not through its transpose. Upwards it was h @ Wh, so downwards it is da @ Wh.T. (Square
    weights do not complain about the wrong one.)"""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="Wh_saw_the_new_state")
class StateAfter:
    """In dWh you use the state h_t AFTER the step. Wh was multiplied by the state before it: h_(t-1), and h0 at the first step."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += (h[:, t] * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="h_minus_one_is_h0")
class WrapsAround:
    """At the first step your dWh uses h[:, -1], and for NumPy that is the LAST state. Before the first step stands h0."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += (h[:, t - 1] * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time =first_state", name="h0_has_no_share_in_dWh")
class WithoutH0:
    """The first step has no share in your dWh. Wh was multiplied by h0 there, so h0 has its share too."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        x, h0, Wx, Wh, m_x, m_h, h = cache
        dx, dWx, dWh, db, back = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wh[0]), np.zeros_like(h0)
        for t in reversed(range(x.shape[1])):
            da = (dh[:, t] + back) * (1 - h[:, t] ** 2)
            dWx += (x[:, t] * m_x[:, t]).T @ da
            dWh += ((h[:, t - 1] if t else 0 * h0) * m_h[:, t]).T @ da
            db += da.sum(axis=0)
            dx[:, t] = da @ Wx.T * m_x[:, t]
            back = da @ Wh.T * m_h[:, t]
        return dx, back, dWx, dWh, db


@misconception("rnn_forward", signs="way_through_time", name="gradients_are_averages_over_the_batch")
class RnnMeans:
    """Your dWx, dWh and db are averages over the examples. Here they are sums: whether the loss is an average is decided by whoever
    hands dh down."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        dx, dh0, dWx, dWh, db = _through_time(dh, cache)
        return dx, dh0, dWx / len(dx), dWh / len(dx), db / len(dx)


@misconception("rnn_forward", signs="way_through_time", name="gradients_are_averages_over_the_steps")
class RnnStepMeans:
    """Your dWx, dWh and db are averages over the steps. The same weights are used at every step, and every step has its full share:
    they are sums."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        dx, dh0, dWx, dWh, db = _through_time(dh, cache)
        return dx, dh0, dWx / dx.shape[1], dWh / dx.shape[1], db / dx.shape[1]


@misconception("rnn_forward", signs="way_through_time", name="h0_has_no_gradient")
class NoDh0:
    """Your dh0 is zero. What the first step sends back to the state before it is the gradient of h0."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = _two(x, h0, p_x, p_h, rng, train)
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        dx, dh0, dWx, dWh, db = _through_time(dh, cache)
        return dx, 0 * dh0, dWx, dWh, db


# =================================================================================================== wrong: dropconnect_forward
def _connected(x, W, b, masks):
    weights = masks * W
    return (x[:, None] @ weights)[:, 0] + b, (x, weights, masks)


def _connected_back(dout, cache):
    x, weights, masks = cache
    return (weights @ dout[..., None])[..., 0], (masks * (x[:, :, None] * dout[:, None])).sum(0), dout.sum(0)


def _coins(x, W, p, rng, train):
    _legal(p)
    return _mask((len(x), *W.shape), p, rng, W.dtype) if train else np.ones((1, 1, 1), W.dtype)


@misconception("dropconnect_forward", signs="coins", name="one_mask_serves_the_whole_batch")
class ConnectShared:
    """You draw one mask on the weights for the whole batch. DropConnect draws one for each EXAMPLE: N times in times out coins. With one
    mask, all examples see the same thinned layer and its noise does not average out."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        masks = _mask((1, *W.shape), p, rng, W.dtype) if train else np.ones((1, 1, 1), W.dtype)
        return _connected(x, W, b, np.broadcast_to(masks, (len(x), *W.shape)))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="coins", name="dropping_inputs_drops_their_weights")
class ConnectInputs:
    """You mask the inputs, so all weights of an input are dropped together: this is dropout. DropConnect throws a coin for each single
    weight."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        masks = _mask((len(x), len(W), 1), p, rng, W.dtype) if train else np.ones((1, 1, 1), W.dtype)
        return _connected(x, W, b, np.broadcast_to(masks, (len(x), *W.shape)))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="coins", name="dropping_outputs_drops_their_weights")
class ConnectOutputs:
    """You mask the outputs of x W, so all weights of an output are dropped together. DropConnect throws a coin for each single
    weight, before the sum."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        masks = _mask((len(x), 1, W.shape[1]), p, rng, W.dtype) if train else np.ones((1, 1, 1), W.dtype)
        return _connected(x, W, b, np.broadcast_to(masks, (len(x), *W.shape)))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="coins", name="drop_connect_drops_examples")
class ConnectExamples:
    """You drop whole EXAMPLES of the output. Some libraries call that drop_connect (it is stochastic depth); DropConnect throws a coin
    for each weight of W, for each example."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        masks = _mask((len(x), 1, 1), p, rng, W.dtype) if train else np.ones((1, 1, 1), W.dtype)
        return _connected(x, W, b, np.broadcast_to(masks, (len(x), *W.shape)))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="bias", name="the_bias_is_dropped_too")
class ConnectBias:
    """You drop the bias as well. In this exercise it is always added as it is, in training and at test time."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        out, cache = _connected(x, W, 0 * b, _coins(x, W, p, rng, train))
        mask = _mask(out.shape, p, rng, W.dtype) if train else np.ones((1, 1), W.dtype)
        return out + b * mask, (cache, mask)

    def dropconnect_backward(dout, cache):
        dx, dW, _ = _connected_back(dout, cache[0])
        return dx, dW, (dout * cache[1]).sum(0)


@misconception("dropconnect_forward", signs="bias", name="the_bias_is_scaled_too")
class ConnectBiasScaled:
    """You divide the bias by 1 - p together with the rest. Only what passed the mask is divided; b is added afterwards, as it is."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        scale = (1 / (1 - p) if 0 < p < 1 else 1.0) if train else 1.0
        out, cache = _connected(x, W, b * W.dtype.type(scale), _coins(x, W, p, rng, train))
        return out, (cache, scale)

    def dropconnect_backward(dout, cache):
        dx, dW, db = _connected_back(dout, cache[0])
        return dx, dW, db * dout.dtype.type(cache[1])


@misconception("dropconnect_forward", signs="multiplier", name="what_is_kept_stays_as_it_is")
class ConnectUnscaled:
    """The kept weights are not divided by 1 - p, so the sums are smaller in training than at test time."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, (_coins(x, W, p, rng, train) != 0).astype(W.dtype))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="multiplier weights_at_test_time", name="test_time_makes_up_for_it")
class ConnectVanilla:
    """This is the form of the paper: no factor while training, and a smaller W at test time. Here the inverted one is asked for: divide
    the kept weights by 1 - p in training, and take W as it is at test time."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        kept = (_coins(x, W, p, rng, train) != 0).astype(W.dtype)
        return _connected(x, W, b, kept if train else kept * W.dtype.type(1 - p))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="weights_at_test_time", name="test_time_needs_a_factor_as_well")
class ConnectTwice:
    """In training you divide by 1 - p, and at test time you multiply W by it. One of the two is enough: with the inverted form W is used
    as it is at test time."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        masks = _coins(x, W, p, rng, train)
        return _connected(x, W, b, masks if train else masks * W.dtype.type(1 - p))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="drop_share", name="p_is_the_keep_probability")
class ConnectKeepsP:
    """You keep a weight with probability p, as the paper writes it. In this course p is the probability of DROPPING."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        return _connected(x, W, b, _coins(x, W, 1 - p, rng, train))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="arrays_after", name="dropped_weights_are_set_to_zero")
class ConnectOverwrites:
    """You write zeros into W itself, so those weights are lost for good, and each call loses more. Masks belong into a new array:
    the weights stay as they are."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        masks = _coins(x, W, p, rng, train)
        out, cache = _connected(x, W, b, masks)
        if train:
            W *= masks[-1]
        return out, cache

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="way_of_dx", name="the_gradient_of_x_goes_through_all_weights")
class ConnectDx:
    """Your dx goes back through the whole W. Each example used weights of its own, masked and scaled, and its gradient goes back
    through those."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        out, cache = _connected(x, W, b, _coins(x, W, p, rng, train))
        return out, (cache, W)

    def dropconnect_backward(dout, cache):
        _, dW, db = _connected_back(dout, cache[0])
        return dout @ cache[1].T, dW, db


@misconception("dropconnect_forward", signs="way_of_dW", name="every_example_has_a_share_in_every_weight")
class ConnectDW:
    """Your dW is x.T @ dout, as without dropout. An example that dropped a weight did not use it, so it has no share in its gradient:
    mask each example's share before you add them up."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))

    def dropconnect_backward(dout, cache):
        dx, _, db = _connected_back(dout, cache)
        return dx, cache[0].T @ dout, db


@misconception("dropconnect_forward", signs="way_of_dx way_of_dW", name="backward_forgets_the_masks")
class ConnectPlainBackward:
    """Your dx and dW are those of a layer without DropConnect. What was masked and scaled on the way up is masked and scaled on the way
    down: the weights in dx, and each example's share in dW."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))[0], (x, W)

    def dropconnect_backward(dout, cache):
        return dout @ cache[1].T, cache[0].T @ dout, dout.sum(0)


@misconception("dropconnect_forward", signs="way_of_dW", name="dW_needs_no_factor")
class ConnectDWUnscaled:
    """Your dW is masked, but it lacks the factor 1/(1 - p): the weights were divided by 1 - p, so their gradient is too."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))

    def dropconnect_backward(dout, cache):
        x, _, masks = cache
        dx, _, db = _connected_back(dout, cache)
        return dx, ((masks != 0) * (x[:, :, None] * dout[:, None])).sum(0), db


@misconception("dropconnect_forward", signs="way_of_dW", name="gradients_are_averages_over_the_batch")
class ConnectMeans:
    """Your dW and db are averages over the examples. Here they are sums: whether the loss is an average is decided by whoever hands dout
    down."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))

    def dropconnect_backward(dout, cache):
        dx, dW, db = _connected_back(dout, cache)
        return dx, dW / len(dout), db / len(dout)


_latest_layer = None


@misconception("dropconnect_forward", signs="pass_remembered", name="there_is_only_one_mask_at_a_time")
class ConnectGlobal:
    """Your backward pass uses what the LATEST training pass left behind, not the cache it is given. Two batches may be under way at a time:
    put everything into the cache."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        global _latest_layer
        out, _latest_layer = _connected(x, W, b, _coins(x, W, p, rng, train))
        return out, None

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, _latest_layer)


@misconception("dropconnect_forward", signs="generator", name="the_function_may_make_its_own_generator")
class ConnectOwnGenerator:
    """Your coins come from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, np.random.default_rng(), train))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="generator", name="np_random_is_just_as_good")
class ConnectGlobalGenerator:
    """Your coins come from np.random, the global generator, so the seed of rng has no effect and nobody can repeat your result. Draw from
    the rng that is handed in."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, np.random, train))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="next_mask", name="a_mask_can_be_used_again")
class ConnectFrozen:
    """Every call of your function draws the same masks, because it sets a fixed seed. Each training call throws new coins: draw from
    the rng that is handed in."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, np.random.default_rng(0), train))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="chance_at_test_time weights_at_test_time", name="dropout_stays_on_at_test_time")
class ConnectAlwaysOn:
    """You drop weights at test time too. With train=False the output is x W + b, and no coin is thrown."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, True))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="bias", name="the_bias_is_forgotten")
class ConnectNoBias:
    """Your training output lacks the bias: b is added to every output, whatever was dropped."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        out, cache = _connected(x, W, 0 * b if train else b, _coins(x, W, p, rng, train))
        return out, cache

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="dtypes", name="the_mask_decides_about_the_dtype")
class ConnectFloat64:
    """float32 goes in and float64 comes out of the training pass: your mask is float64 and pulls the product along. Give it the dtype
    of W."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        out, cache = _connected(x, W, b, _coins(x, W, p, rng, train))
        return (out.astype(float) if train else out), cache

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="dtypes", name="float32_is_good_enough_for_all")
class ConnectFloat32:
    """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives float64
    out, or gradients cannot be checked."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        coins = _coins(x, W, p, rng, train)
        x, W, b, coins = (np.float32(a) for a in (x, W, b, coins))
        return _connected(x, W, b, coins)

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="outside", name="p_need_not_be_checked")
class ConnectUnchecked:
    """A p below 0 or above 1 is accepted. It is no probability, so raise a ValueError, at test time too."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        masks = _mask((len(x), *W.shape), p, rng, W.dtype) if train else np.ones((1, 1, 1), W.dtype)
        return _connected(x, W, b, masks)

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="at_one", name="p_1_divides_by_zero")
class ConnectZeroDivision:
    """At p = 1 you compute 0/0, which gives NaN. All weights are dropped then, so the output is b, and no division is needed."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        if not train:
            return _connected(x, W, b, np.ones((1, 1, 1), W.dtype))
        return _connected(x, W, b, ((rng.random((len(x), *W.shape)) >= p) / np.float64(1 - p)).astype(W.dtype))

    def dropconnect_backward(dout, cache):
        return _connected_back(dout, cache)


@misconception("dropconnect_forward", signs="way_of_dW", name="dW_is_the_gradient_times_W")
class ConnectDWTimesW:
    """Your dW is multiplied by W once more: you used the masked WEIGHTS where the mask belongs. The derivative of a product with
    respect to W has x and the mask in it, and no W."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))

    def dropconnect_backward(dout, cache):
        dx, dW, db = _connected_back(dout, cache)
        return dx, dW * cache[1].sum(0) / np.where(cache[2].sum(0) == 0, 1, cache[2].sum(0)), db


@misconception("dropconnect_forward", signs="way_of_dW", name="one_mask_stands_for_all")
class ConnectDWFirstMask:
    """Your dW is x.T @ dout times the mask of ONE example. Each example dropped other weights: mask each example's share with its own
    mask, then add them up."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))

    def dropconnect_backward(dout, cache):
        dx, _, db = _connected_back(dout, cache)
        return dx, (cache[0].T @ dout) * cache[2][0], db


@misconception("dropconnect_forward", signs="way_of_dW", name="the_masks_can_be_averaged_first")
class ConnectDWMeanMask:
    """You add up the shares of all examples and multiply them by the average mask. A sum of products is no product of sums: mask each
    example's share first, then add them up."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        return _connected(x, W, b, _coins(x, W, p, rng, train))

    def dropconnect_backward(dout, cache):
        dx, _, db = _connected_back(dout, cache)
        return dx, (cache[0].T @ dout) * cache[2].mean(0), db


@misconception("dropconnect_forward", signs="way_of_dx", name="dx_needs_no_factor")
class ConnectDxUnscaled:
    """Your dx goes through the kept weights, but it lacks the factor 1/(1 - p) that they had on the way up."""

    def dropconnect_forward(x, W, b, p, rng, train=True):
        out, cache = _connected(x, W, b, _coins(x, W, p, rng, train))
        return out, (cache, W)

    def dropconnect_backward(dout, cache):
        masks, W = cache[0][2], cache[1]
        _, dW, db = _connected_back(dout, cache[0])
        return ((W * (masks != 0)) @ dout[..., None])[..., 0], dW, db


# =================================================================================================== wrong: dropconnect_moments
def _below_one(p):
    if not 0 <= p < 1:
        raise ValueError("p")


@misconception("dropconnect_moments", signs="var last_var", name="the_sum_comes_before_the_square")
def moments_square_of_the_sum(x, W, b, p):
    """You square the sum x W. The variance of a sum of independent terms is the sum of their variances, so each term is squared first:
    (x**2) @ (W**2)."""
    _below_one(p)
    return x @ W + b, p / (1 - p) * (x @ W) ** 2


@misconception("dropconnect_moments", signs="var last_var", name="the_variance_forgets_the_scale")
def moments_without_scale(x, W, b, p):
    """Your variance p (1 - p) x^2 W^2 belongs to a mask of 0 and 1. The kept weights are divided by 1 - p, and a factor comes out of a
    variance squared."""
    _below_one(p)
    return x @ W + b, p * (1 - p) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="var last_var", name="the_spread_is_the_variance")
def moments_spread(x, W, b, p):
    """You return the standard deviation. The variance is its square."""
    _below_one(p)
    return x @ W + b, np.sqrt(p / (1 - p) * (x**2 @ W**2))


@misconception("dropconnect_moments", signs="var last_var", name="the_bias_adds_to_the_spread")
def moments_with_bias(x, W, b, p):
    """You add b to the variance. A number that is always the same moves the average and not the spread."""
    _below_one(p)
    return x @ W + b, p / (1 - p) * (x**2 @ W**2) + b**2


@misconception("dropconnect_moments", signs="mean =last_mean", name="the_average_has_no_bias")
def moments_without_bias(x, W, b, p):
    """Your average lacks the bias: it is xW + b."""
    _below_one(p)
    return x @ W, p / (1 - p) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="mean var last_mean last_var", name="these_are_the_moments_without_the_division")
def moments_of_the_paper(x, W, b, p):
    """These are the moments of the paper's form, in which the kept weights are not divided. Here they are divided by 1 - p in training,
    which keeps the average at xW + b."""
    _below_one(p)
    return (1 - p) * (x @ W) + b, p * (1 - p) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="mean var last_mean last_var", name="variance_and_average_change_places")
def moments_swapped(x, W, b, p):
    """Your two results have changed places: first the average, then the variance."""
    _below_one(p)
    return p / (1 - p) * (x**2 @ W**2), x @ W + b


@misconception("dropconnect_moments", signs="var last_var", name="p_is_the_keep_probability")
def moments_keep(x, W, b, p):
    """Your variance is that of weights that STAY with probability p, as the paper writes it. In this course p is the probability of
    DROPPING: p / (1 - p)."""
    _below_one(p)
    return x @ W + b, (1 - p) / (p or 1) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="var last_var", name="the_second_moment_is_the_variance")
def moments_second(x, W, b, p):
    """Your second result is the average of u squared. The variance is that minus the square of the average."""
    _below_one(p)
    return x @ W + b, p / (1 - p) * (x**2 @ W**2) + (x @ W + b) ** 2


@misconception("dropconnect_moments", signs="mean last_mean", name="the_average_shrinks")
def moments_shrunk(x, W, b, p):
    """Your average is multiplied by 1 - p. The kept weights are divided by 1 - p in training, so on average nothing is lost: xW + b."""
    _below_one(p)
    return (1 - p) * (x @ W) + b, p / (1 - p) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="mean last_mean", name="the_average_grows")
def moments_grown(x, W, b, p):
    """Your average is divided by 1 - p. That factor belongs to the kept weights, and makes up for the dropped ones: on average it is xW
    + b."""
    _below_one(p)
    return x @ W / (1 - p) + b, p / (1 - p) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="var last_var", name="the_variance_is_a_single_coins")
def moments_of_one_coin(x, W, b, p):
    """Your variance has the factor p. One term has the variance p / (1 - p) times the square of x W: from p (1 - p) of the coin, and twice
    1 / (1 - p) of the scale."""
    _below_one(p)
    return x @ W + b, p * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="beyond", name="outputs_vary_together")
def moments_covariance(x, W, b, p):
    """You return a matrix of variances and covariances for each example. Wanted is one variance for each output, shape (N, out): the
    outputs have coins of their own and are independent."""
    _below_one(p)
    return x @ W + b, p / (1 - p) * (x**2 @ W**2)[:, :, None] * np.eye(len(b))


@misconception("dropconnect_moments", signs="outside at_one", name="p_need_not_be_checked")
def moments_unchecked(x, W, b, p):
    """A p below 0, or 1 and above, is accepted. At p = 1 the variance has no value (0 times infinity), so raise a ValueError for a p
    outside [0, 1)."""
    with np.errstate(all="ignore"):
        return x @ W + b, p / np.float64(1 - p) * (x**2 @ W**2)


@misconception("dropconnect_moments", signs="at_one =outside", name="p_1_is_allowed")
def moments_at_one(x, W, b, p):
    """You accept p = 1. There the variance has no value (0 times infinity), so p must be smaller than 1: raise a ValueError."""
    _legal(p)
    with np.errstate(all="ignore"):
        return x @ W + b, p / np.float64(1 - p) * (x**2 @ W**2)


# =============================================================================================== wrong: FixedVariationalDropout
@misconception(
    "FixedVariationalDropout",
    signs="asked_to_keep asked_to_keep_for_a_shorter_chunk not_asked_to_keep after_test_time",
    name="same_mask_means_draw",
)
def patient_unchanged(p):
    """The patient has not changed: it draws when same_mask is True and keeps the mask when it is False. It should be the other way
    round."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if same_mask or self.mask is None:
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="smaller_batch after_one_sequence after_one_feature", name="an_old_mask_always_fits")
def patient_stale(p):
    """The flag is right now, but with same_mask=True the old mask is used whatever the new batch looks like. A batch of another size
    fails, and after a single sequence all others silently share its mask. Keep a mask only if it fits."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.mask is None:
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="smaller_batch", name="a_large_mask_can_be_cut")
def patient_cut(p):
    """You cut the old mask to the size of the new batch. Those are other sequences: draw a new mask when the number of sequences is
    another."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.mask is None or len(self.mask) < len(x) or self.mask.shape[2] != x.shape[2]:
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask[: len(x)]

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="=asked_to_keep asked_to_keep_for_a_shorter_chunk", name="a_mask_belongs_to_a_length")
def patient_length(p):
    """You draw again when the next chunk is shorter or longer. The mask has no steps, so it fits a chunk of any length: only the number of
    sequences and of features matter."""

    class Layer:
        mask, shape = None, None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.shape != x.shape:
                self.mask, self.shape = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p), x.shape
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="=asked_to_keep after_test_time", name="test_time_forgets_the_mask")
def patient_forgets(p):
    """A call at test time wipes out the remembered mask. It should return x and leave the mask alone: a test in the middle of a text must
    not change the training."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                self.mask = None
                return x
            if not same_mask or self.mask is None or self.mask.shape != (len(x), 1, x.shape[2]):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="=asked_to_keep not_asked_to_keep", name="a_mask_that_fits_is_kept")
def patient_keeps(p):
    """Your layer keeps its mask whenever it fits, even with same_mask=False. So all batches of one size are masked alike. Keep it only
    when it fits AND same_mask is True."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if self.mask is None or self.mask.shape != (len(x), 1, x.shape[2]):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="asked_to_keep", name="a_mask_is_never_kept")
def patient_fresh(p):
    """Your layer draws a new mask in every call, even with same_mask=True. Then the chunks of one text are masked differently: keep the
    mask when same_mask asks for it and it fits."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if True:
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="after_one_feature =after_one_sequence", name="only_the_number_of_sequences_counts")
def patient_features(p):
    """You compare the number of sequences, but not that of features. A mask with other features does not fit either: draw a new one."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.mask is None or len(self.mask) != len(x):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception(
    "FixedVariationalDropout", signs="smaller_batch after_one_sequence =after_one_feature", name="only_the_number_of_features_counts"
)
def patient_sequences(p):
    """You compare the number of features, but not that of sequences. The mask of another number of sequences does not fit: draw a new
    one."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.mask is None or self.mask.shape[2] != x.shape[2]:
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="after_one_sequence =smaller_batch", name="a_mask_that_can_be_repeated_fits")
def patient_broadcasts(p):
    """A mask that was drawn for ONE sequence is repeated for all sequences of the next batch: NumPy does that without an error. Compare the
    shapes before you keep a mask."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.mask is None or self.mask.shape[0] not in (1, len(x)) or self.mask.shape[2] != x.shape[2]:
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="layer_at_test_time", name="test_time_makes_up_for_it")
def patient_scales_test(p):
    """At test time you multiply x by 1 - p. The mask is inverted: what it keeps is divided by 1 - p, so x is returned as it is."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x * (1 - p)
            if not same_mask or self.mask is None or self.mask.shape != (len(x), 1, x.shape[2]):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="layer_at_test_time", name="test_time_keeps_the_mask_on")
def patient_masks_test(p):
    """At test time you still multiply by the remembered mask. Nothing is dropped there: return x."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train and self.mask is None:
                return x
            if train and (not same_mask or self.mask is None or self.mask.shape != (len(x), 1, x.shape[2])):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="smaller_batch after_one_sequence", name="a_mask_that_does_not_fit_is_an_error")
def patient_raises(p):
    """With same_mask=True and a batch of another size you raise an error. The layer should help itself: draw a new mask for it."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if same_mask and self.mask is not None and self.mask.shape != (len(x), 1, x.shape[2]):
                raise ValueError("another size")
            if not same_mask or self.mask is None or self.mask.shape != (len(x), 1, x.shape[2]):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            return x * self.mask

    _legal(p)
    return Layer()


@misconception("FixedVariationalDropout", signs="sequences_after", name="x_may_be_overwritten")
def patient_in_place(p):
    """Your layer changes x itself: *= works in place. Multiply into a new array."""

    class Layer:
        mask = None

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            if not same_mask or self.mask is None or self.mask.shape != (len(x), 1, x.shape[2]):
                self.mask = (rng.random((len(x), 1, x.shape[2])) >= p) / (1 - p)
            x *= self.mask
            return x

    _legal(p)
    return Layer()


# ================================================================================================ right, and looks different
@variant("variational_dropout_forward")
class RepeatedMask:
    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train or p == 0:
            return x.copy(), None
        if p == 1:
            return np.zeros_like(x), np.zeros_like(x)
        kept = rng.binomial(1, 1 - p, size=(x.shape[0], x.shape[2])).astype(x.dtype)
        mask = np.repeat(kept[:, np.newaxis, :], x.shape[1], axis=1)
        return x * mask / x.dtype.type(1 - p), mask / x.dtype.type(1 - p)

    def variational_dropout_backward(dout, cache):
        return dout if cache is None else np.multiply(dout, cache)


@variant("variational_dropout_forward")
class SequenceBySequence:
    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        out, dropped = np.array(x), []
        for n in range(len(x)):
            gone = [d for d in range(x.shape[2]) if train and rng.uniform() < p]
            if train and p < 1:
                out[n] /= 1 - p
            out[n][:, gone] = 0
            dropped.append(gone)
        return out, {"dropped": dropped, "p": p if train else 0.0}

    def variational_dropout_backward(dout, cache):
        dx = np.array(dout) / (1 - cache["p"] if cache["p"] < 1 else 1)
        for n, gone in enumerate(cache["dropped"]):
            dx[n][:, gone] = 0
        return dx


@variant("variational_dropout_forward")
class FeaturesFirst:
    def variational_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, lambda dout: dout
        coins = rng.random((x.shape[2], x.shape[0])).T
        factor = np.where(coins < 1 - p, 1 / (1 - p) if p < 1 else 0, 0).astype(x.dtype)
        return np.einsum("ntd,nd->ntd", x, factor), lambda dout: np.einsum("ntd,nd->ntd", dout, factor)

    def variational_dropout_backward(dout, cache):
        return cache(dout)


@variant("rnn_forward")
class StateMaskFirst:
    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        _legal(p_x, p_h)
        m_h = _mask(h0.shape, p_h, rng) if train else np.ones(h0.shape)
        m_x = _mask((len(x), x.shape[2]), p_x, rng) if train else np.ones((len(x), x.shape[2]))
        return _network(x, h0, Wx, Wh, b, m_x, m_h)

    def rnn_backward(dh, cache):
        return _through_time(dh, cache)


@variant("rnn_forward")
class OneMatrix:
    """Both products as one, with the input and the state side by side; both masks from one draw; time outermost in the cache."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        _legal(p_x, p_h)
        features = x.shape[2]
        both, stacked = np.vstack([Wx, Wh]), []
        mask = np.ones((len(x), len(both)), x.dtype)
        if train:
            rates = np.where(np.arange(len(both)) < features, p_x, p_h)
            with np.errstate(divide="ignore"):
                factor = np.where(rates < 1, 1 / (1 - rates), 0.0)
            mask = np.where(rng.uniform(size=mask.shape) < rates, 0.0, factor).astype(x.dtype)
        states = [h0]
        for t in range(x.shape[1]):
            stacked.append(np.hstack([x[:, t], states[-1]]) * mask)
            states.append(np.tanh(stacked[-1] @ both + b))
        return np.stack(states[1:], axis=1), {"stacked": stacked, "states": states, "both": both, "mask": mask, "features": features}

    def rnn_backward(dh, cache):
        features, both = cache["features"], cache["both"]
        d_both, back, dx = np.zeros_like(both), 0.0, []
        db = np.zeros(both.shape[1], both.dtype)
        for t in range(dh.shape[1] - 1, -1, -1):
            h = cache["states"][t + 1]
            da = (dh[:, t] + back) * (1 - h * h)
            d_both += cache["stacked"][t].T @ da
            db += np.ones(len(da), da.dtype) @ da
            down = (da @ both.T) * cache["mask"]
            dx.insert(0, down[:, :features])
            back = down[:, features:]
        return [np.stack(dx, axis=1), back, d_both[:features], d_both[features:], db]


@variant("rnn_forward")
class AllInputsAtOnce:
    """The input part of all steps in one product before the loop, the weights' gradients in one product after it."""

    def rnn_forward(x, h0, Wx, Wh, b, p_x, p_h, rng, train=True):
        m_x, m_h = (m.astype(x.dtype) for m in _two(x, h0, p_x, p_h, rng, train))
        drive = np.tensordot(x * m_x[:, None, :], Wx, axes=1) + b
        h = np.zeros((x.shape[1] + 1, *h0.shape), x.dtype)
        h[0] = h0
        for t in range(x.shape[1]):
            h[t + 1] = np.tanh(drive[:, t] + (h[t] * m_h).dot(Wh))
        return h[1:].transpose(1, 0, 2).copy(), (x, Wx, Wh, m_x, m_h, h)

    def rnn_backward(dh, cache):
        x, Wx, Wh, m_x, m_h, h = cache
        errors, back = np.zeros_like(h[1:]), np.zeros_like(h[0])
        for t in range(len(errors))[::-1]:
            errors[t] = (1 - h[t + 1] ** 2) * (dh[:, t, :] + back)
            back = m_h * errors[t].dot(Wh.T)
        dWh = np.einsum("tnh,tnk->hk", h[:-1] * m_h, errors)
        dWx = np.einsum("ntd,tnk->dk", x * m_x[:, None], errors)
        return np.einsum("tnk,dk->ntd", errors, Wx) * m_x[:, None], back, dWx, dWh, errors.sum(axis=(0, 1))


@variant("dropconnect_forward")
class ConnectEinsum:
    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        if not train:
            return x @ W + b, (x, W, None, 1.0)
        kept = rng.random((len(x), *W.shape)) < 1 - p
        scale = W.dtype.type(1 - p) if p < 1 else W.dtype.type(1)
        return np.einsum("ni,nio,io->no", x, kept.astype(W.dtype), W) / scale + b, (x, W, kept, scale)

    def dropconnect_backward(dout, cache):
        x, W, kept, scale = cache
        if kept is None:
            return dout @ W.T, x.T @ dout, dout.sum(axis=0)
        return np.einsum("no,nio,io->ni", dout, kept, W) / scale, np.einsum("ni,no,nio->io", x, dout, kept) / scale, dout.sum(axis=0)


@variant("dropconnect_forward")
class ConnectExampleByExample:
    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        if not train:
            return np.dot(x, W) + b, [(row, np.ones_like(W), W) for row in x]
        rows, cache = [], []
        for row in x:
            mask = rng.choice([0.0, 1 / (1 - p) if p < 1 else 0.0], size=W.shape, p=[p, 1 - p]).astype(W.dtype)
            cache.append((row, mask, W))
            rows.append(row @ (mask * W) + b)
        return np.array(rows), cache

    def dropconnect_backward(dout, cache):
        dx = [(mask * W) @ d for d, (_, mask, W) in zip(dout, cache, strict=True)]
        dW = sum(np.outer(row, d) * mask for d, (row, mask, _) in zip(dout, cache, strict=True))
        return np.array(dx), dW, np.sum(dout, axis=0)


@variant("dropconnect_forward")
class ConnectOutputsFirst:
    def dropconnect_forward(x, W, b, p, rng, train=True):
        _legal(p)
        masks = np.ones((W.shape[1], len(x), len(W)), W.dtype)
        if train:
            masks[rng.random(masks.shape) < p] = 0
            masks *= 1 / (1 - p) if p < 1 else 0
        return (masks * x * W.T[:, None]).sum(axis=2).T + b, (x, W, masks)

    def dropconnect_backward(dout, cache):
        x, W, masks = cache
        weighted = masks * dout.T[:, :, None]
        return (weighted * W.T[:, None]).sum(axis=0), (weighted * x).sum(axis=1).T, dout.T.sum(axis=1)


@variant("dropconnect_moments")
def moments_by_terms(x, W, b, p):
    _below_one(p)
    terms = x[:, :, None] * W[None]
    high = terms / (1 - p)
    return terms.sum(axis=1) + b, ((1 - p) * high**2 - terms**2).sum(axis=1)


@variant("dropconnect_moments")
def moments_einsum(x, W, b, p):
    _below_one(p)
    odds = p / (1 - p)
    return np.dot(x, W) + b[None, :], np.einsum("ni,ni,io,io->no", x, x, W, W) * odds


@variant("FixedVariationalDropout")
def layer_with_a_dict(p):
    class Layer:
        def __init__(self):
            self.known = {}

        def forward(self, x, rng, train=True, same_mask=False):
            if train:
                fitting = (len(x), x.shape[2])
                if not (same_mask and fitting in self.known):
                    self.known = {fitting: rng.binomial(1, 1 - p, size=fitting) / (1 - p if p < 1 else 1)}
                return np.einsum("ntd,nd->ntd", x, self.known[fitting])
            return np.array(x)

    _legal(p)
    return Layer()


@variant("FixedVariationalDropout")
def layer_with_an_early_end(p):
    class Layer:
        mask = np.zeros((0, 0))

        def forward(self, x, rng, train=True, same_mask=False):
            if not train:
                return x
            shape = x[:, 0].shape
            if same_mask is False or self.mask.shape != shape:
                self.mask = np.where(rng.uniform(size=shape) < p, 0.0, 1.0 / max(1 - p, 1e-300))
            return x * np.expand_dims(self.mask, 1)

    _legal(p)
    return Layer()

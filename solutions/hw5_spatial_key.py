"""SECRET. The key of assignment 5: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import numpy as np

from autograder import checks as c
from autograder import misconception, variant
from autograder.checks.forms import Blocks, Shared
from autograder.checks.lenses import asking
from autograder.checks.normalisation import Memory

SALT = "quokka-2905"

TINY = {"via": Shared(2, (1, 2), "channel")}
FLAT = {"via": Shared(2, (2, 1), "channel")}
VOLUME = {"via": Shared(2, (1, 2, 1), "channel")}
UNITS, PLACES = {"via": Blocks((0, 1))}, {"via": Blocks((2, 3))}
SPATIAL = {"forward": "spatial_dropout_forward", "backward": "spatial_dropout_backward"}
GAMMA = {"gamma": "dropblock_gamma"}
MEMORY = {"memory": Memory(state="running", reset="start_over", rate=0.1, eps=1e-5)}

SOME = "drops_some_and_keeps_some"
COINS = "drops_the_right_share of dropblock_mask(p=0.3)"
BLOCKS = "drops_whole_blocks of dropblock_mask(p=0.3, block=3)"
GRADIENT = "passes_gradient_to_kept_units_only"
SHIFT = "is_right(case=average 1, deviation 1, p = 0.2)"
NORMAL = "normalises_each_channel"
LAST = "drops_channels_last(p=0.3)"

# One exercise, two functions
MASK = [
    c.drops_whole_blocks(p=0.2, block=4, shape=(24, 24, 12, 11), weight=5, needs=BLOCKS),
    c.drops_blocks_as_often_as_gamma_says(p=0.2, block=4, shape=(24, 24, 12, 11), **GAMMA, weight=4, needs=BLOCKS),
    c.draws_blocks_for_each_map(p=0.2, block=4, shape=(24, 24, 12, 11), **GAMMA, weight=2, needs=BLOCKS),
    c.scales_by_the_kept_share(p=0.6, block=2, shape=(5, 4, 6, 7), weight=6, needs=COINS),
    c.drops_the_right_share(p=0.62, what="unit, when block = 1,", calls=1, **PLACES, needs=COINS),
    c.treats_examples_apart(p=0.62, **PLACES, needs=COINS),
    c.treats_features_apart(p=0.62, **PLACES, needs=COINS),
    c.keeps_a_varying_number(p=0.62, **PLACES, needs=COINS),
]

HIDDEN = {
    "spatial_dropout_forward": [
        c.drops_as_a_whole(p=0.62, case="maps of another size", via=Shared(2, (2, 7), "channel"), weight=2, needs=SOME),
        c.drops_as_a_whole(p=0.62, case="long sequences", via=Shared(2, (31,), "channel"), needs=SOME),
        c.drops_as_a_whole(p=0.62, case="volumes of another size", via=Shared(2, (3, 1, 4), "channel"), needs=SOME),
        c.drops_the_right_share(p=0.005, what="channel", **TINY, weight=3, needs=SOME),
        c.drops_the_right_share(p=0.62, what="channel", calls=1, **FLAT, weight=2, needs=SOME),
        c.treats_examples_apart(p=0.62, **FLAT, weight=2, needs=SOME),
        c.treats_features_apart(p=0.62, what="channel", **FLAT, weight=2, needs=SOME),
        c.drops_the_right_share(p=0.4, what="channel", calls=1, shape=(128, 128), **VOLUME, weight=2, needs=SOME),
        c.treats_examples_apart(p=0.4, shape=(128, 128), **VOLUME, weight=2, needs=SOME),
        c.treats_features_apart(p=0.4, shape=(128, 128), what="channel", **VOLUME, weight=2, needs=SOME),
        c.scales_the_survivors(p=0.62, by="1/(1-p)", shape=(9, 8, 3, 2), weight=6, needs=SOME),
        c.scales_the_survivors(p=0.4, by="1/(1-p)", shape=(12, 9, 7), dtype="float32", weight=4, needs=SOME),
        c.is_identity_at_test_time(p=0.62, shape=(3, 4, 2, 3, 2), weight=9, needs=SOME),
        c.keeps_its_input(p=0.62, shape=(3, 4, 5), needs=SOME),
    ],
    "spatial_dropout_backward": [
        c.follows_the_mask(p=0.62, shape=(9, 8, 3, 2), **SPATIAL, weight=2, needs=GRADIENT),
        c.follows_the_mask(p=0.4, shape=(9, 8, 5), **SPATIAL, needs=GRADIENT),
        c.follows_test_time(p=0.62, shape=(3, 4, 5, 2), **SPATIAL, by="1", needs=GRADIENT),
        c.agrees_with_finite_differences(p=0.35, shape=(8, 6, 5, 4), **SPATIAL, weight=2, needs=GRADIENT),
    ],
    "dropblock_gamma": [
        c.agrees_with_the_solution(given=(9, 17, 0.35, 5), names=("gamma",), name="gamma", tolerance=1e-6, weight=4, needs="returns"),
        c.refuses_the_call(case="gamma is asked with block = 0", given=(4, 9, 0.3, 0), needs="returns"),
        c.refuses_the_call(case="gamma is asked with a p below 0", given=(4, 9, -0.1, 2), needs="returns"),
        *(asking("dropblock_mask", check, "dropblock_mask") for check in MASK),
    ],
    "variance_shift": [
        c.is_right_like_the_solution(case="a negative average", given=(-0.7, 1.3, 0.35), names=("ratio",), weight=6, needs=SHIFT),
        c.is_right_like_the_solution(case="average 0", given=(0.0, 2.5, 0.62), names=("ratio",), weight=4, needs=SHIFT),
        c.raises_value_error(case="p below 0", given=(0.5, 1.0, -0.1), needs=SHIFT),
    ],
    "fixed_conv_block": [
        c.normalises_each_channel(shape=(3, 7, 6, 2), **MEMORY, weight=3, needs=NORMAL),
        c.divides_by_the_right_root(shape=(3, 7, 6, 2), **MEMORY, needs=NORMAL),
        c.remembers_the_batches(batches=5, shape=(3, 7, 6, 2), **MEMORY, weight=2, needs="remembers_the_batches(p=0.0)"),
        c.normalises_at_test_time(p=0.62, shape=(3, 7, 6, 2), **MEMORY, weight=3, needs="normalises_at_test_time"),
        c.drops_channels_last(p=0.62, shape=(9, 8, 2, 3), **MEMORY, weight=3, needs=LAST),
        c.drops_each_channel_by_itself(p=0.62, **MEMORY, weight=4, needs=LAST),
    ],
    "quiz": [
        c.answers_rightly(key="coins", needs="is_filled_in(key=coins)"),
        c.answers_rightly(key="middle", needs="is_filled_in(key=middle)"),
        c.answers_rightly(key="louder", needs="is_filled_in(key=louder)"),
        c.answers_rightly(key="relu_shift", needs="is_filled_in(key=relu_shift)"),
        c.answers_rightly(key="vanilla", choices="abcd", needs="is_filled_in(key=vanilla, choices=abcd)"),
        c.answers_rightly(key="stack", choices="abcd", needs="is_filled_in(key=stack, choices=abcd)"),
    ],
}


running = {}  # the notebook's own takes its place: these functions are moved there before they are judged


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


def _scale(p):
    return float(1 / (1 - p)) if p < 1 else 0.0


# ================================================================================================ wrong: spatial_dropout_forward
def _spatial(x, p, rng, train, coins):
    """Inverted dropout with one coin for each entry of the shape `coins`, stretched over x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = ((rng.random(coins) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="outside", name="assert_is_as_good_as_raise")
def spatial_assert(x, p, rng, train=True):
    """You guard p with assert. An assert is a note for yourself, and `python -O` leaves it out; who calls your function with a wrong p
    should get a ValueError: raise one."""
    assert 0 <= p <= 1
    return _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))


@misconception("spatial_dropout_forward", signs="outside_at_test =outside", name="test_time_takes_any_p")
def spatial_checks_in_training(x, p, rng, train=True):
    """You look at p in training only. A p outside [0, 1] is a mistake at test time too: check it before anything else."""
    return _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2)) if train else (x, 1.0)


@misconception("spatial_dropout_forward", signs="images", name="each_pixel_throws_its_own_coin")
def spatial_per_pixel(x, p, rng, train=True):
    """Each pixel of your maps throws its own coin: this is the dropout of assignment 1. Here all places of a channel share ONE coin, so
    draw (N, C) coins and stretch them over the spatial axes."""
    return _spatial(x, p, rng, train, x.shape)


@misconception("spatial_dropout_forward", signs="images", name="one_mask_serves_the_whole_batch")
def spatial_shared_over_batch(x, p, rng, train=True):
    """Every example of the batch loses the same channels. Each example needs coins of its own: (N, C) of them, not C."""
    return _spatial(x, p, rng, train, (1, x.shape[1]) + (1,) * (x.ndim - 2))


@misconception("spatial_dropout_forward", signs="images", name="channels_come_last")
def spatial_channels_last(x, p, rng, train=True):
    """You treat the LAST axis as the channels. Here the axes are (N, C, *spatial), as in PyTorch: the channels are axis 1, and the coins
    are constant along axes 2, 3, ..."""
    return _spatial(x, p, rng, train, x.shape[:1] + (1,) * (x.ndim - 2) + x.shape[-1:])


@misconception("spatial_dropout_forward", signs="images", name="a_whole_example_is_dropped")
def spatial_per_example(x, p, rng, train=True):
    """One coin decides about a whole example: all of its channels fall, or none. Each CHANNEL of each example throws its own coin."""
    return _spatial(x, p, rng, train, x.shape[:1] + (1,) * (x.ndim - 1))


@misconception("spatial_dropout_forward", signs="images", name="a_place_is_dropped_in_all_channels")
def spatial_per_place(x, p, rng, train=True):
    """You drop a PLACE in all channels at once: the coins are shared along the channels. It is the other way round: a channel falls at
    all of its places."""
    return _spatial(x, p, rng, train, (x.shape[0], 1, *x.shape[2:]))


@misconception("spatial_dropout_forward", signs="images volumes", name="only_the_last_axis_is_spatial")
def spatial_rows(x, p, rng, train=True):
    """Each ROW of a map throws its own coin: only the last axis shares it. All axes from the third on are spatial, so the coins have the
    shape (N, C, 1, 1) for images."""
    return _spatial(x, p, rng, train, (*x.shape[:-1], 1))


@misconception("spatial_dropout_forward", signs="sequences volumes", name="maps_have_two_axes_always")
def spatial_images_only(x, p, rng, train=True):
    """Your function only takes four axes. Sequences (N, C, L) and volumes (N, C, D, H, W) have channels too: let x.ndim decide how many
    axes of length 1 the coins get."""
    N, C, _, _ = x.shape
    return _spatial(x, p, rng, train, (N, C, 1, 1))


@misconception("spatial_dropout_forward", signs="drop_share survivors", name="p_is_the_keep_probability")
def spatial_keep_p(x, p, rng, train=True):
    """You keep each channel with probability p. In this course p is the probability of DROPPING (as in PyTorch): a channel stays with
    probability 1 - p, and the survivors are divided by 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    kept = rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) < p
    mask = (kept * (float(1 / p) if p > 0 else 0.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="drop_share", name="the_mask_is_inverted")
def spatial_swapped(x, p, rng, train=True):
    """Your factor is right, but the mask is the wrong way round: channels STAY with probability p. They should be dropped with
    probability p."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    kept = rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) < p
    mask = (kept * (float(1 / (1 - p)) if p < 1 else 1.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="survivors", name="survivors_stay_as_they_are")
def spatial_unscaled(x, p, rng, train=True):
    """You drop the right channels, but the survivors stay as they are. Inverted dropout divides them by 1 - p, so that the average is
    what it will be at test time."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="survivors", name="survivors_are_divided_by_p")
def spatial_divided_by_p(x, p, rng, train=True):
    """You divide the survivors by p. They are the share 1 - p of all channels, and must be divided by that."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = ((rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * (float(1 / p) if p > 0 else 1.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="survivors", name="the_scale_is_counted_in_this_draw")
def spatial_counted_scale(x, p, rng, train=True):
    """You divide by the share of channels that happened to survive in this draw. Here the factor is 1 / (1 - p) in every draw; counting is
    what DropBlock does, in exercise 3."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    kept = (rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p).astype(x.dtype)
    mask = kept / kept.mean() if kept.any() else kept
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="survivors number_dropped", name="exactly_p_times_c_channels_are_dropped")
def spatial_exact_count(x, p, rng, train=True):
    """You drop the same number of channels in every example. Each channel throws its own coin, so that number varies; it is p C only on
    average."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    ranks = rng.random(x.shape[:2]).argsort(axis=1).argsort(axis=1)
    kept = (ranks >= round(p * x.shape[1])).reshape(x.shape[:2] + (1,) * (x.ndim - 2))
    mask = (kept * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="test_time", name="dropout_works_at_test_time_too")
def spatial_always_on(x, p, rng, train=True):
    """You drop channels at test time as well. With train=False the layer is the identity, and draws no random number."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    rng = np.random.default_rng(0) if rng is None else rng
    mask = ((rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="test_time", name="test_time_needs_a_factor_too")
def spatial_factor_at_test(x, p, rng, train=True):
    """At test time you multiply by 1 - p. That belongs to vanilla dropout; the inverted form has divided by 1 - p in training already, so
    test time returns x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x * float(1 - p), float(1 - p)
    mask = ((rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="next_mask", name="a_fixed_seed_belongs_in_the_function")
def spatial_frozen(x, p, rng, train=True):
    """Every call drops the same channels, because the function makes a generator with a fixed seed. Draw from the rng that is handed
    in."""
    return _spatial(x, p, np.random.default_rng(0), train, x.shape[:2] + (1,) * (x.ndim - 2))


@misconception("spatial_dropout_forward", signs="generator", name="the_function_may_make_its_own_generator")
def spatial_own(x, p, rng, train=True):
    """You draw from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""
    return _spatial(x, p, np.random.default_rng(), train, x.shape[:2] + (1,) * (x.ndim - 2))


@misconception("spatial_dropout_forward", signs="generator", name="np_random_is_just_as_good")
def spatial_global(x, p, rng, train=True):
    """You draw from np.random, the global generator. Draw from the rng that is handed in: only then does a seed give the same result
    again."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = ((np.random.rand(*x.shape[:2], *(1,) * (x.ndim - 2)) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="input_after", name="the_input_may_be_overwritten")
def spatial_in_place(x, p, rng, train=True):
    """Your function changes x itself (*= works in place). Others may still need x: write the product into a new array."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = ((rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)
    x *= mask
    return x, mask


@misconception("spatial_dropout_forward", signs="float32_gives", name="every_float_is_a_float64")
def spatial_float64(x, p, rng, train=True):
    """float32 comes out as float64, because the mask is float64 and the product takes the wider of the two. Give the mask the dtype of
    x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x.astype(float), 1.0
    mask = (rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="digits", name="float32_is_good_enough_for_all")
def spatial_float32(x, p, rng, train=True):
    """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives float64
    out."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    x = x.astype(np.float32)
    if not train:
        return x, np.float32(1)
    mask = (rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * np.float32(_scale(p))
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="at_one", name="nobody_asks_for_p_equal_one")
def spatial_nan_at_one(x, p, rng, train=True):
    """At p = 1 you divide by 0, and NaN comes out. Everything is dropped then: return zeros, and do not compute 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    kept = (rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p).astype(x.dtype)
    mask = (kept / np.float64(1 - p)).astype(x.dtype)
    return x * mask, mask


@misconception("spatial_dropout_forward", signs="outside", name="any_p_will_do")
def spatial_unchecked(x, p, rng, train=True):
    """A p outside [0, 1] is accepted. It is no probability; raise ValueError, in training and at test time."""
    if not train:
        return x, 1.0
    mask = ((rng.random(x.shape[:2] + (1,) * (x.ndim - 2)) >= p) * (float(1 / (1 - p)) if p != 1 else 0.0)).astype(x.dtype)
    return x * mask, mask


# =============================================================================================== wrong: spatial_dropout_backward
@misconception("spatial_dropout_backward", signs="gradient_mask", name="the_gradient_ignores_the_mask")
class BackwardWithoutMask:
    """You pass the whole gradient on, or its scale only. A dropped channel had no part in the output, so it gets no gradient: multiply dout
    by the mask, not only by 1 / (1 - p)."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, _ = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, (float(1 / (1 - p)) if p < 1 else 0.0) if train else 1.0

    def spatial_dropout_backward(dout, cache):
        return dout * cache


@misconception("spatial_dropout_backward", signs="gradient_factor", name="the_gradient_needs_no_scale")
class BackwardUnscaled:
    """Your gradient vanishes in the right channels, but it lacks the factor 1 / (1 - p). The gradient is multiplied by whatever x was
    multiplied by."""

    def spatial_dropout_forward(x, p, rng, train=True):
        return _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))

    def spatial_dropout_backward(dout, cache):
        return dout * (np.asarray(cache) != 0)


@misconception("spatial_dropout_backward", signs="gradient_factor", name="the_gradient_is_scaled_twice")
class BackwardScaledTwice:
    """Your gradient has the factor 1 / (1 - p) twice: the mask that you stored contains it already."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, mask = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, (mask, 1 - p if train and p < 1 else 1.0)

    def spatial_dropout_backward(dout, cache):
        mask, keep = cache
        return dout * mask / keep


@misconception("spatial_dropout_backward", signs="gradient_mask", name="backward_draws_its_own_mask")
class BackwardRedraws:
    """Your backward pass draws new coins. The gradient must go to the channels that were kept in the FORWARD pass: store that mask in the
    cache."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, _ = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, (p, rng) if train else None

    def spatial_dropout_backward(dout, cache):
        if cache is None:
            return dout
        p, rng = cache
        return _spatial(dout, p, rng, True, dout.shape[:2] + (1,) * (dout.ndim - 2))[0]


@misconception("spatial_dropout_backward", signs="gradient_mask gradient_axes", name="the_gradient_throws_a_coin_per_pixel")
class BackwardPerPixel:
    """Your forward pass drops whole channels, but the gradient is masked pixel by pixel, with another mask. Both directions use the one
    mask of the forward pass."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, _ = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, _spatial(np.ones_like(x), p, rng, train, x.shape)[0]

    def spatial_dropout_backward(dout, cache):
        return dout * cache


@misconception("spatial_dropout_backward", signs="gradient_at_zero_input", name="the_mask_can_be_read_off_the_output")
class BackwardFromOutput:
    """You take a zero of the output for a dropped unit. But a kept unit whose x is 0 (behind a ReLU there are many) has output 0 too,
    and its gradient must pass. Store the mask."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, _ = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, (out, float(1 / (1 - p)) if p < 1 else 0.0) if train else None

    def spatial_dropout_backward(dout, cache):
        return dout if cache is None else dout * (cache[0] != 0) * cache[1]


@misconception("spatial_dropout_backward", signs="gradient_factor gradient_at_zero_input", name="the_gradient_is_multiplied_by_the_output")
class BackwardTimesOutput:
    """You multiply dout by the OUTPUT of the forward pass. The derivative of x * mask with respect to x is the mask: store that."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, _ = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, out if train else 1.0

    def spatial_dropout_backward(dout, cache):
        return dout * cache


_latest = 1.0


@misconception("spatial_dropout_backward", signs="cache_used", name="the_latest_mask_is_the_right_one")
class BackwardGlobal:
    """You keep the mask in a global variable. When two forward passes are followed by two backward passes, one of these gets the
    wrong mask. Hand it over in the cache."""

    def spatial_dropout_forward(x, p, rng, train=True):
        global _latest
        out, _latest = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, None

    def spatial_dropout_backward(dout, cache):
        return dout * _latest


@misconception("spatial_dropout_backward", signs="test_gradient", name="backward_only_follows_training")
class BackwardFailsAtTest:
    """After a forward pass at test time your backward pass fails: there is no mask to multiply by. At test time the layer is the
    identity, so return dout."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, mask = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, mask if train else None

    def spatial_dropout_backward(dout, cache):
        return dout * cache


@misconception("spatial_dropout_backward", signs="test_gradient", name="the_gradient_is_scaled_at_test_time")
class BackwardScalesAtTest:
    """After a forward pass at test time you divide dout by 1 - p. At test time the layer is the identity, so the gradient passes
    unchanged: dx = dout."""

    def spatial_dropout_forward(x, p, rng, train=True):
        out, mask = _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))
        return out, mask if train else (float(1 / (1 - p)) if p < 1 else 0.0)

    def spatial_dropout_backward(dout, cache):
        return dout * cache


@misconception("spatial_dropout_backward", signs="dout_after", name="dout_may_be_overwritten")
class BackwardInPlace:
    """Your function changes dout itself (*= works in place). Other branches of the network may still need it: write dout * mask into a
    new array."""

    def spatial_dropout_forward(x, p, rng, train=True):
        return _spatial(x, p, rng, train, x.shape[:2] + (1,) * (x.ndim - 2))

    def spatial_dropout_backward(dout, cache):
        dout *= cache
        return dout


# ========================================================================================================= wrong: dropblock_gamma
def _gamma(H, W, p, block):
    if not 0 <= p <= 1 or not 1 <= block <= min(H, W):
        raise ValueError("p is no probability, or the block does not fit")
    return p / block**2 * H * W / ((H - block + 1) * (W - block + 1))


def _erased(seeds, shape, block):
    """True = kept: everything but the blocks that begin at the seeds."""
    kept = np.ones(shape, dtype=bool)
    rows, columns = seeds.shape[2:]
    for down in range(block):
        for right in range(block):
            window = kept[:, :, down : down + rows, right : right + columns]  # smaller than the seeds where it sticks out of the map
            window[seeds[:, :, : window.shape[2], : window.shape[3]]] = False
    return kept


def _by_count(kept):
    return kept * (kept.size / kept.sum()) if kept.any() else np.zeros(kept.shape)


@misconception("dropblock_gamma", signs="gamma gamma_of_a_wide_map", name="gamma_is_p")
class GammaIsP:
    """You draw a BLOCK with probability p at every place. One block erases block^2 units, so nearly the whole map goes: divide by block^2,
    and account for the places where no block may begin."""

    def dropblock_gamma(H, W, p, block):
        if not 0 <= p <= 1 or not 1 <= block <= min(H, W):
            raise ValueError("p is no probability, or the block does not fit")
        return p

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        _gamma(H, W, p, block)
        return _by_count(_erased(rng.random((N, C, H - block + 1, W - block + 1)) < p, shape, block))


@misconception("dropblock_gamma", signs="gamma gamma_of_a_wide_map", name="gamma_needs_no_correction_for_the_border")
class GammaUncorrected:
    """Your gamma is p / block^2. But blocks may begin only at (H - block + 1)(W - block + 1) of the H W places, so each of those must be
    drawn more often: multiply by the ratio of the two numbers."""

    def dropblock_gamma(H, W, p, block):
        if not 0 <= p <= 1 or not 1 <= block <= min(H, W):
            raise ValueError("p is no probability, or the block does not fit")
        return p / block**2

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        _gamma(H, W, p, block)
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < p / block**2
        return _by_count(_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="gamma gamma_of_a_wide_map", name="a_block_has_block_units")
class GammaDividesOnce:
    """Your gamma divides by block only. A block is a square: it erases block^2 units."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block) * block

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block) * block
        return _by_count(_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="gamma gamma_of_a_wide_map", name="p_is_the_keep_probability")
class GammaOfKeep:
    """Your gamma is computed with 1 - p. The paper's formula says (1 - keep_prob), and our p is that already: the probability of
    DROPPING."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, 1 - p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, 1 - p, block)
        return _by_count(_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="gamma_of_a_wide_map", name="every_map_is_a_square")
class GammaOfSquares:
    """Your gamma is right for square maps only: H enters it twice, W not at all (or the other way round). Use H W / ((H - block + 1)
    (W - block + 1))."""

    def dropblock_gamma(H, W, p, block):
        if not 0 <= p <= 1 or not 1 <= block <= min(H, W):
            raise ValueError("p is no probability, or the block does not fit")
        return p / block**2 * H**2 / (H - block + 1) ** 2

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        _gamma(H, W, p, block)
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < p / block**2 * H**2 / (H - block + 1) ** 2
        return _by_count(_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="mask_zeros", name="blocks_may_stick_out_of_the_map")
class BlocksCut:
    """Your blocks may begin anywhere, and those at the border are cut off. Only WHOLE blocks are drawn: the upper left corner lies among
    the first H - block + 1 rows and W - block + 1 columns."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        return _by_count(_erased(rng.random(shape) < _gamma(*shape[2:], p, block), shape, block))


@misconception("dropblock_gamma", signs="mask_zeros", name="gamma_drops_single_units")
class BlocksOfOne:
    """You drop single UNITS with probability gamma. Gamma is the probability that a block BEGINS at a place; all block x block units from
    there on are dropped."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        return _by_count(rng.random(shape) >= _gamma(*shape[2:], p, block))


@misconception("dropblock_gamma", signs="mask_zeros_of_even_blocks", name="every_block_has_a_centre")
class BlocksAroundCentre:
    """Your blocks reach block // 2 units to each side of a centre. For an even block that is a side of block + 1: right for 3, wrong for 4.
    Count from the upper left corner."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        side = 2 * (block // 2) + 1 if block < min(H, W) else block
        seeds = rng.random((N, C, H - side + 1, W - side + 1)) < _gamma(H, W, p, block)
        return _by_count(_erased(seeds, shape, side))


@misconception("dropblock_gamma", signs="mask_maps", name="one_mask_serves_the_whole_batch")
class BlocksSharedByExamples:
    """All examples of the batch lose the same blocks. Draw the places for every example (and every channel) anew: (N, C, ...) of
    them."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        _, C, H, W = shape
        seeds = rng.random((1, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _by_count(np.broadcast_to(_erased(seeds, (1, C, H, W), block), shape))


@misconception("dropblock_gamma", signs="mask_maps", name="all_channels_lose_the_same_blocks")
class BlocksSharedByChannels:
    """All channels of an example lose the same blocks. Here each channel has
    blocks of its own."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, _, H, W = shape
        seeds = rng.random((N, 1, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _by_count(np.broadcast_to(_erased(seeds, (N, 1, H, W), block), shape))


@misconception("dropblock_gamma", signs="mask_maps", name="one_mask_serves_all_maps")
class BlocksAlikeEverywhere:
    """All maps lose the same blocks, in every example and every channel. Draw the places for each of them anew: (N, C, ...) of them."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        _, _, H, W = shape
        seeds = rng.random((1, 1, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _by_count(np.broadcast_to(_erased(seeds, (1, 1, H, W), block), shape))


@misconception("dropblock_gamma", signs="mask_untouched_maps =mask_zeros =mask_maps", name="each_map_loses_one_block")
class OneBlockEach:
    """Each map loses exactly one block, as if it were Cutout. In DropBlock every valid place throws a coin: a map may lose no block, or
    several."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        if _gamma(H, W, p, block) == 0:
            return np.ones(shape)
        rows, columns = H - block + 1, W - block + 1
        place = rng.integers(rows * columns, size=(N, C, 1))
        seeds = (np.arange(rows * columns) == place).reshape(N, C, rows, columns)
        return _by_count(_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="mask_survivors", name="the_scale_is_one_over_one_minus_p")
class BlocksScaledByP:
    """You divide by 1 - p. With blocks the share that is left is NOT 1 - p: they overlap, and few of them make a large noise. So the scale
    is counted: (all units) / (units left)."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _erased(seeds, shape, block) * (float(1 / (1 - p)) if p < 1 else 0.0)


@misconception("dropblock_gamma", signs="mask_survivors", name="each_map_is_scaled_by_itself")
class BlocksScaledPerMap:
    """You scale each map by its own count. Here the units are counted over the WHOLE mask, all examples and channels together."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        kept = _erased(seeds, shape, block)
        return kept * (H * W / np.maximum(kept.sum(axis=(2, 3), keepdims=True), 1))


@misconception("dropblock_gamma", signs="mask_survivors", name="each_example_is_scaled_by_itself")
class ScaledByExample:
    """You scale each example by its own count. Here the units are counted over the WHOLE mask, all examples and channels together."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        H, W = shape[2:]
        kept = _erased(rng.random((*shape[:2], H - block + 1, W - block + 1)) < _gamma(H, W, p, block), shape, block)
        left = kept.mean(axis=(1, 2, 3), keepdims=True)
        return kept / np.where(left > 0, left, 1)


@misconception("dropblock_gamma", signs="mask_inner_units =gamma =mask_zeros", name="places_are_drawn_with_probability_p")
class DrawnWithP:
    """Your gamma is right, but your mask draws its blocks with probability p, not gamma: p is the share of UNITS, and one block erases
    many. Then nearly everything falls."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        H, W = shape[2:]
        _gamma(H, W, p, block)
        return _by_count(_erased(rng.random((*shape[:2], H - block + 1, W - block + 1)) < p, shape, block))


@misconception("dropblock_gamma", signs="mask_zeros", name="blocks_are_cut_at_the_border")
class CentresEverywhere:
    """You draw the centres of blocks on the whole map, and the border cuts those that stick out. Here a block is drawn only where all of it
    lies inside the map: at (H - block + 1)(W - block + 1) places."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        kept = np.ones(shape, dtype=bool)
        half = block // 2
        drawn = rng.random(shape) < _gamma(*shape[2:], p, block)
        for n, k, i, j in np.argwhere(drawn):
            up, left = i - half, j - half
            kept[n, k, max(0, up) : up + block, max(0, left) : left + block] = False
        return _by_count(kept)


@misconception("dropblock_gamma", signs="gamma_too_large mask_outside", name="nobody_asks_for_nonsense")
class NothingRefused:
    """You check none of the arguments: with a block larger than the map your gamma is negative or a division by zero, and a p above 1 is
    taken as it is. Raise a ValueError for both, and for block < 1."""

    def dropblock_gamma(H, W, p, block):
        return p * H * W / (block**2 * (H - block + 1) * (W - block + 1))

    def dropblock_mask(shape, p, block, rng):
        H, W = shape[2:]
        gamma = p * H * W / (block**2 * (H - block + 1) * (W - block + 1))
        return _by_count(_erased(rng.random((*shape[:2], H - block + 1, W - block + 1)) < gamma, shape, block))


@misconception("dropblock_gamma", signs="gamma_too_large =mask_outside", name="a_block_always_fits")
class NothingSaidOfLargeBlocks:
    """A block larger than the map ends in a division by zero. The caller asked for something impossible: say so with a ValueError."""

    def dropblock_gamma(H, W, p, block):
        return p * H * W / (block**2 * (H - block + 1) * (W - block + 1))

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        gamma = p * H * W / (block**2 * (H - block + 1) * (W - block + 1))
        return _by_count(_erased(rng.binomial(1, gamma, (N, C, H - block + 1, W - block + 1)) == 1, shape, block))


@misconception("dropblock_gamma", signs="mask_survivors", name="survivors_stay_as_they_are")
class BlocksUnscaled:
    """Your blocks are right, but what is left stays at 1. Multiply it by (all units) / (units left), so that the average of the mask
    is 1."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _erased(seeds, shape, block).astype(float)


@misconception("dropblock_gamma", signs="mask_zeros", name="the_blocks_are_what_is_kept")
class BlocksInsideOut:
    """Your mask is inside out: the blocks are kept, all else is dropped. A True that marks a block means DROPPED; turn it round before you
    multiply."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _by_count(~_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="mask_nothing_left", name="something_is_always_left")
class BlocksDivideByZero:
    """When every unit is dropped you divide by 0 units, and NaN comes out. An empty mask is a legal draw: return zeros."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        kept = _erased(seeds, shape, block)
        return kept * np.float64(kept.size) / kept.sum()


@misconception("dropblock_gamma", signs="gamma_too_large mask_too_large =mask_outside", name="large_blocks_are_cut_to_size")
class BlocksClipped:
    """A block larger than the map is quietly made smaller. The caller asked for something impossible: raise ValueError."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, min(block, H, W) if block >= 1 else block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        block = min(block, H, W)
        rng = np.random.default_rng(0) if rng is None else rng
        seeds = rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)
        return _by_count(_erased(seeds, shape, block))


@misconception("dropblock_gamma", signs="mask_generator", name="np_random_is_just_as_good")
class BlocksGlobal:
    """You draw from np.random, the global generator. Draw from the rng that is handed in: only then does a seed give the same result
    again."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        gamma = _gamma(H, W, p, block)
        return _by_count(_erased(np.random.rand(N, C, H - block + 1, W - block + 1) < gamma, shape, block))


@misconception("dropblock_gamma", signs="mask_generator", name="the_function_may_make_its_own_generator")
class BlocksOwn:
    """Your mask comes from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        gamma = _gamma(H, W, p, block)
        return _by_count(_erased(np.random.default_rng().random((N, C, H - block + 1, W - block + 1)) < gamma, shape, block))


@misconception("dropblock_gamma", signs="mask_next_mask", name="a_fixed_seed_belongs_in_the_function")
class BlocksFrozen:
    """Every call draws the same mask, because your function makes a generator with a fixed seed. Draw from the rng that is handed in."""

    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        gamma = _gamma(H, W, p, block)
        return _by_count(_erased(np.random.default_rng(0).random((N, C, H - block + 1, W - block + 1)) < gamma, shape, block))


# ========================================================================================================= wrong: variance_shift
@misconception("variance_shift", signs="=ratio =centred far_from_zero", name="mu_needs_no_square")
def shift_mu(mu, sigma, p):
    """You use mu where its square belongs; for mu = 1 that makes no difference. The average of the square is sigma**2 + mu**2."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return sigma**2 / ((sigma**2 + mu) / (1 - p) - mu)


@misconception("variance_shift", signs="outside", name="any_p_will_do")
def shift_unchecked(mu, sigma, p):
    """You do not check p. Below 0 it is no probability, and from 1 on nothing is left in training: raise a ValueError."""
    with np.errstate(all="ignore"):
        return sigma**2 / ((sigma**2 + mu**2) / np.float64(1 - p) - mu**2)


@misconception("variance_shift", signs="ratio centred", name="the_ratio_is_training_over_test")
def shift_upside_down(mu, sigma, p):
    """Your ratio is the wrong way round: training / test. Asked for is test / training, a number of at most 1."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return ((sigma**2 + mu**2) / (1 - p) - mu**2) / sigma**2


@misconception("variance_shift", signs="ratio", name="the_average_plays_no_part")
def shift_without_mean(mu, sigma, p):
    """You return 1 - p whatever the average is. A dropped unit jumps from x to 0, so the noise grows with the average: E[x^2] = sigma^2 +
    mu^2."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return 1 - p


@misconception("variance_shift", signs="ratio centred", name="a_ratio_of_variances_is_a_ratio_of_deviations")
def shift_root(mu, sigma, p):
    """You return the ratio of the standard deviations. The variances were asked for: the square of yours."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return np.sqrt(sigma**2 / ((sigma**2 + mu**2) / (1 - p) - mu**2))


@misconception("variance_shift", signs="ratio", name="the_second_moment_is_the_variance")
def shift_second_moment(mu, sigma, p):
    """Your training variance is E[y^2]: the square of the average has not been subtracted."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return sigma**2 / ((sigma**2 + mu**2) / (1 - p))


@misconception("variance_shift", signs="ratio centred", name="p_is_the_keep_probability")
def shift_keep(mu, sigma, p):
    """You divide by p where 1 - p belongs: in this course p is the probability of DROPPING."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return sigma**2 / ((sigma**2 + mu**2) / p - mu**2) if p else 0.0


@misconception("variance_shift", signs="ratio", name="sigma_is_the_variance")
def shift_unsquared(mu, sigma, p):
    """You use sigma as if it were the variance. It is the standard deviation: square it."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return sigma / ((sigma + mu**2) / (1 - p) - mu**2)


@misconception("variance_shift", signs="ratio centred", name="training_is_not_scaled")
def shift_unscaled(mu, sigma, p):
    """Your training variance belongs to a mask of 0 and 1. Inverted dropout divides by 1 - p, and a factor comes out of a variance
    squared."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability")
    return sigma**2 / ((1 - p) * (sigma**2 + mu**2) - (1 - p) ** 2 * mu**2)


# ======================================================================================================= wrong: fixed_conv_block
def _healthy(x, train):
    """Normalised as it should be; the memory moves in training."""
    if train:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running["mean"] = 0.9 * running["mean"] + 0.1 * mean
        running["var"] = 0.9 * running["var"] + 0.1 * var
    else:
        mean, var = running["mean"], running["var"]
    return ((x - mean.reshape(1, -1, 1, 1)) / np.sqrt(var.reshape(1, -1, 1, 1) + 1e-5)).astype(x.dtype)


def _dropped(h, p, rng, train, per_unit=False):
    """Inverted dropout of whole channels (or of single units)."""
    if not train:
        return h
    kept = rng.random(h.shape if per_unit else (*h.shape[:2], 1, 1)) >= p
    return h * (kept * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(h.dtype)


@misconception("fixed_conv_block", signs="normalised_over", name="one_mean_serves_all_channels")
def block_over_everything(x, p, rng, train):
    """You take one mean and one variance over ALL axes. The channels measure different things: each needs its own, over the examples and
    places, axis=(0, 2, 3)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        mean, var = np.full(x.shape[1], x.mean()), np.full(x.shape[1], x.var())
        running["mean"] = 0.9 * running["mean"] + 0.1 * mean
        running["var"] = 0.9 * running["var"] + 0.1 * var
    else:
        mean, var = running["mean"], running["var"]
    h = ((x - mean.reshape(1, -1, 1, 1)) / np.sqrt(var.reshape(1, -1, 1, 1) + 1e-5)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="each_example_is_normalised_by_itself")
def block_over_places(x, p, rng, train):
    """You normalise each channel of each EXAMPLE by itself (instance normalisation). The statistics of a channel are taken over the
    examples too: axis=(0, 2, 3)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        running["mean"] = 0.9 * running["mean"] + 0.1 * x.mean(axis=(0, 2, 3))
        running["var"] = 0.9 * running["var"] + 0.1 * x.var(axis=(0, 2, 3))
        mean, var = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)
    else:
        mean, var = running["mean"].reshape(1, -1, 1, 1), running["var"].reshape(1, -1, 1, 1)
    return _dropped(((x - mean) / np.sqrt(var + 1e-5)).astype(x.dtype), p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="each_pixel_has_its_own_mean")
def block_over_examples(x, p, rng, train):
    """You take the statistics over the examples only, so every PLACE has its own mean. A convolution treats all places alike: average over
    them too, axis=(0, 2, 3)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        running["mean"] = 0.9 * running["mean"] + 0.1 * x.mean(axis=(0, 2, 3))
        running["var"] = 0.9 * running["var"] + 0.1 * x.var(axis=(0, 2, 3))
        mean, var = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
    else:
        mean, var = running["mean"].reshape(1, -1, 1, 1), running["var"].reshape(1, -1, 1, 1)
    return _dropped(((x - mean) / np.sqrt(var + 1e-5)).astype(x.dtype), p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="eps_goes_beside_the_root")
def block_eps_outside(x, p, rng, train):
    """You divide by std + eps. The formula has eps UNDER the root: sqrt(var + eps). The difference is small until a channel is nearly
    constant."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running["mean"] = 0.9 * running["mean"] + 0.1 * mean
        running["var"] = 0.9 * running["var"] + 0.1 * var
    else:
        mean, var = running["mean"], running["var"]
    h = ((x - mean.reshape(1, -1, 1, 1)) / (np.sqrt(var.reshape(1, -1, 1, 1)) + 1e-5)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="one_divides_by_the_variance")
def block_without_root(x, p, rng, train):
    """You divide by the variance. Divide by its root: only then do all channels come out with deviation 1."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running["mean"] = 0.9 * running["mean"] + 0.1 * mean
        running["var"] = 0.9 * running["var"] + 0.1 * var
    else:
        mean, var = running["mean"], running["var"]
    h = ((x - mean.reshape(1, -1, 1, 1)) / (var.reshape(1, -1, 1, 1) + 1e-5)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="the_batch_needs_no_eps")
def block_without_eps(x, p, rng, train):
    """You divide by the bare deviation. Add eps to the variance under the root: a channel that is constant in a batch has deviation 0."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    if train:
        mean, std = x.mean(axis=(0, 2, 3), keepdims=True), x.std(axis=(0, 2, 3), keepdims=True)
        h = ((x - mean) / np.where(std > 0, std, 1)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="memory_holds", name="variances_divide_by_one_less")
def block_one_less(x, p, rng, train):
    """Your variance divides by one less than the number of values (ddof=1), as PyTorch's running one does. Here it is that of np.var,
    divided by the number of values."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3), ddof=1)
        running["mean"] = 0.9 * running["mean"] + 0.1 * mean
        running["var"] = 0.9 * running["var"] + 0.1 * var
    else:
        mean, var = running["mean"], running["var"]
    h = ((x - mean.reshape(1, -1, 1, 1)) / np.sqrt(var.reshape(1, -1, 1, 1) + 1e-5)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="training_uses_the_memory_too")
def block_running_in_training(x, p, rng, train):
    """While training you normalise with the RUNNING statistics. They are for test time; in training each batch is normalised with its own
    mean and variance."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    _healthy(x, train)
    return _dropped(_healthy(x, False), p, rng, train)


@misconception("fixed_conv_block", signs="normalised_over", name="all_channels_of_an_example_share_a_mean")
def block_layer_norm(x, p, rng, train):
    """You normalise each EXAMPLE over its channels and places (layer normalisation). Each channel needs a mean and a variance of its own,
    over the examples and places: axis=(0, 2, 3)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    if train:
        mean, var = x.mean(axis=(1, 2, 3), keepdims=True), x.var(axis=(1, 2, 3), keepdims=True)
        h = ((x - mean) / np.sqrt(var + 1e-5)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="test_uses", name="test_time_needs_no_normalisation")
def block_raw_at_test(x, p, rng, train):
    """At test time you return x as it came. The layers behind were trained on normalised channels: normalise with the running mean and
    variance."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return _dropped(_healthy(x, True), p, rng, True) if train else x


@misconception("fixed_conv_block", signs="test_uses", name="test_time_uses_the_test_batch")
def block_batch_at_test(x, p, rng, train):
    """At test time you normalise with the test batch itself. Then the answer for one example depends on its neighbours in the batch; use
    the running mean and variance."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        return _dropped(_healthy(x, True), p, rng, True)
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return ((x - mean) / np.sqrt(var + 1e-5)).astype(x.dtype)


@misconception("fixed_conv_block", signs="memory_holds", name="the_running_statistics_come_by_themselves")
def block_without_memory(x, p, rng, train):
    """Your training pass leaves running["mean"] and running["var"] as they are, so test time works with 0 and 1. Move them in every
    training call: 0.9 of the old, 0.1 of the batch."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return _healthy(x, False)
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return _dropped(((x - mean) / np.sqrt(var + 1e-5)).astype(x.dtype), p, rng, True)


@misconception("fixed_conv_block", signs="memory_holds", name="the_last_batch_is_memory_enough")
def block_last_batch(x, p, rng, train):
    """Your memory holds the last batch alone. A running average forgets slowly: 0.9 of the old, 0.1 of the batch."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    if train:
        running["mean"], running["var"] = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="memory_holds", name="momentum_weighs_the_batch")
def block_weights_swapped(x, p, rng, train):
    """You mix 0.1 of the old with 0.9 of the batch, so the memory is hardly more than the last batch. It is the other way round. (Libraries
    disagree about which of the two numbers is called momentum.)"""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return _healthy(x, False)
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    running["mean"] = 0.1 * running["mean"] + 0.9 * mean
    running["var"] = 0.1 * running["var"] + 0.9 * var
    h = ((x - mean.reshape(1, -1, 1, 1)) / np.sqrt(var.reshape(1, -1, 1, 1) + 1e-5)).astype(x.dtype)
    return _dropped(h, p, rng, True)


@misconception("fixed_conv_block", signs="memory_holds", name="the_memory_holds_deviations")
def block_remembers_deviations(x, p, rng, train):
    """running["var"] collects standard deviations. It should collect variances: the root is taken when you divide."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        mean, std = x.mean(axis=(0, 2, 3)), np.sqrt(x.var(axis=(0, 2, 3)) + 1e-5)
        running["mean"] = 0.9 * running["mean"] + 0.1 * mean
        running["var"] = 0.9 * running["var"] + 0.1 * std
    else:
        mean, std = running["mean"], running["var"]
    h = ((x - mean.reshape(1, -1, 1, 1)) / std.reshape(1, -1, 1, 1)).astype(x.dtype)
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="memory_at_test", name="one_learns_at_test_time_too")
def block_learns_at_test(x, p, rng, train):
    """A pass at test time moves your running mean and variance. Then the answers depend on what was asked before; only training may move
    them."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    if not train:
        running["mean"] = 0.9 * running["mean"] + 0.1 * x.mean(axis=(0, 2, 3))
        running["var"] = 0.9 * running["var"] + 0.1 * x.var(axis=(0, 2, 3))
    return _dropped(h, p, rng, train)


@misconception("fixed_conv_block", signs="memory_with_dropout dropout_place", name="dropout_comes_first")
def block_drops_first(x, p, rng, train):
    """You drop before you normalise. The statistics then see the noise of the dropout, which is gone at test time (exercise 4), and the
    zeros are no zeros any more. Normalise first, drop last."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return _healthy(_dropped(x, p, rng, train), train)


@misconception("fixed_conv_block", signs="block_mask_axes", name="each_pixel_throws_its_own_coin")
def block_drops_units(x, p, rng, train):
    """You drop single units. In maps the neighbours give them away: drop whole channels, one coin for each channel of each example."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return _dropped(_healthy(x, train), p, rng, train, per_unit=True)


@misconception("fixed_conv_block", signs="block_mask_axes", name="one_mask_serves_the_whole_batch")
def block_drops_for_the_batch(x, p, rng, train):
    """All examples of the batch lose the same channels. Each example needs coins of its own: (N, C) of them."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    if not train:
        return h
    kept = rng.random((1, x.shape[1], 1, 1)) >= p
    return h * (kept * (float(1 / (1 - p)) if p < 1 else 0.0)).astype(x.dtype)


@misconception("fixed_conv_block", signs="block_factor", name="survivors_stay_as_they_are")
def block_unscaled(x, p, rng, train):
    """The surviving channels stay as they are. Inverted dropout divides them by 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    return h * (rng.random((*x.shape[:2], 1, 1)) >= p).astype(x.dtype) if train else h


@misconception("fixed_conv_block", signs="test_uses", name="dropout_works_at_test_time_too")
def block_drops_at_test(x, p, rng, train):
    """You drop channels at test time as well. With train=False nothing is dropped, and no random number is drawn."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    rng = np.random.default_rng(0) if rng is None else rng
    return _dropped(_healthy(x, train), p, rng, True)


@misconception("fixed_conv_block", signs="block_share", name="p_is_the_keep_probability")
def block_keep_p(x, p, rng, train):
    """You keep each channel with probability p. In this course p is the probability of DROPPING."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    h = _healthy(x, train)
    if not train or p == 0:
        return h
    return h * ((rng.random((*x.shape[:2], 1, 1)) < p) * float(1 / p)).astype(x.dtype)


@misconception("fixed_conv_block", signs="normalised_over memory_holds dropout_place test_uses block_mask_axes", name="the_patient_is_well")
def block_patient(x, p, rng, train):
    """This is the patient as it came: one mean for all channels, no normalisation at test time, dropout of single units before it. All four
    complaints are left to cure."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        x = x * (rng.random(x.shape) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)
        x = (x - x.mean()) / (x.std() + 1e-5)
    return x


# ================================================================================================ right, and looks different
@variant("spatial_dropout_forward")
def spatial_binomial(x, p, rng, train=True):
    _legal(p)
    if not train:
        return x.copy(), None
    coins = rng.binomial(1, 1 - p, size=x.shape[:2]).astype(x.dtype) * x.dtype.type(_scale(p))
    return np.einsum("nc,nc...->nc...", coins, x), coins


@variant("spatial_dropout_forward")
def spatial_loop(x, p, rng, train=True):
    _legal(p)
    out = np.array(x)
    if train:
        for channel in range(x.shape[1]):
            for n in range(x.shape[0]):
                out[n, channel] = out[n, channel] / (1 - p) if rng.random() >= p else 0
    return out, None


@variant("spatial_dropout_forward")
def spatial_assignment(x, p, rng, train=True):
    _legal(p)
    if not train or p == 0:
        return x, ()
    if p == 1:
        return np.zeros_like(x), ()
    out = x / x.dtype.type(1 - p)
    out[rng.uniform(size=x.shape[:2]) < p] = 0
    return out, ()


@variant("spatial_dropout_forward")
def spatial_broadcast_copy(x, p, rng, train=True):
    _legal(p)
    if not train:
        return x, np.ones_like(x)
    flat = x.reshape(x.shape[0] * x.shape[1], -1)
    kept = rng.choice([0.0, 1.0], size=(len(flat), 1), p=[p, 1 - p])
    mask = np.repeat(kept * _scale(p), flat.shape[1], axis=1).reshape(x.shape).astype(x.dtype)
    return np.multiply(x, mask), mask


@variant("spatial_dropout_backward")
class BackwardWithIndices:
    def spatial_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        kept = (rng.random(x.shape[1::-1]) >= p).T
        out = np.zeros_like(x)
        out[kept] = x[kept] * x.dtype.type(_scale(p))
        return out, {"kept": kept, "p": p}

    def spatial_dropout_backward(dout, cache):
        if cache is None:
            return dout
        dx = np.zeros_like(dout)
        dx[cache["kept"]] = dout[cache["kept"]] / (1 - cache["p"])
        return dx


@variant("spatial_dropout_backward")
class BackwardWithFullMask:
    def spatial_dropout_forward(x, p, rng, train=True):
        _legal(p)
        full = np.ones_like(x)
        if train:
            coins = rng.random(x.shape[:2]).reshape(x.shape[:2] + (1,) * (x.ndim - 2)) >= p
            full = np.broadcast_to(coins * _scale(p), x.shape).astype(x.dtype)
        return x * full, (full, p, train)

    def spatial_dropout_backward(dout, cache):
        full, _, train = cache
        return np.where(full != 0, dout * full, 0) if train else dout.copy()


@variant("dropblock_gamma")
class BlocksOneByOne:
    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        mask = np.ones(shape)
        for n, channel, i, j in np.argwhere(rng.random((N, C, H - block + 1, W - block + 1)) < _gamma(H, W, p, block)):
            mask[n, channel, i : i + block, j : j + block] = 0
        return mask / max(mask.mean(), 1 / mask.size)


@variant("dropblock_gamma")
class BlocksByWindows:
    def dropblock_gamma(H, W, p, block):
        _legal(p)
        if block < 1 or block > H or block > W:
            raise ValueError("the block does not fit")
        places = (H + 1 - block) * (W + 1 - block)
        return p * H * W / (places * block * block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        _legal(p)
        if block < 1 or block > H or block > W:
            raise ValueError("the block does not fit")
        gamma = min(1.0, p * H * W / ((H + 1 - block) * (W + 1 - block) * block * block))
        seeds = rng.binomial(1, gamma, size=(H + 1 - block, W + 1 - block, C, N)).T.swapaxes(2, 3)
        padded = np.pad(seeds, ((0, 0), (0, 0), (block - 1, block - 1), (block - 1, block - 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (block, block), axis=(2, 3))
        mask = 1.0 - windows.max(axis=(4, 5))
        return mask / mask.mean() if mask.any() else mask


@variant("dropblock_gamma")
class BlocksBySums:
    def dropblock_gamma(H, W, p, block):
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        gamma = _gamma(H, W, p, block)
        covered = np.zeros(shape, dtype=int)
        for i in range(H - block + 1):
            for j in range(W - block + 1):
                covered[:, :, i : i + block, j : j + block] += (rng.uniform(size=(N, C, 1, 1)) < gamma).astype(int)
        kept = covered == 0
        return np.where(kept, kept.size / max(kept.sum(), 1), 0.0)


@variant("variance_shift")
def shift_multiplied(mu, sigma, p):
    _legal(p)
    if p == 1:
        raise ValueError("nothing is left to compare")
    return (1 - p) * sigma**2 / (sigma**2 + p * mu**2)


@variant("variance_shift")
def shift_by_noise(mu, sigma, p):
    if p < 0 or p >= 1:
        raise ValueError("p is a probability below 1")
    noise = p / (1 - p) * (mu * mu + sigma * sigma)
    return float(1 / (1 + noise / sigma**2))


@variant("fixed_conv_block")
def block_in_place_memory(x, p, rng, train):
    _legal(p)
    if not train:
        scale = 1 / np.sqrt(running["var"][:, None, None] + 1e-5)
        return ((x - running["mean"][:, None, None]) * scale).astype(x.dtype)
    axes = (0, 2, 3)
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    running["mean"] += 0.1 * (mean.ravel() - running["mean"])
    running["var"] += 0.1 * (var.ravel() - running["var"])
    out = (x - mean) / np.sqrt(var + 1e-5)
    if p == 1:
        return np.zeros_like(x)
    out[rng.uniform(size=x.shape[:2]) < p] = 0
    return (out / (1 - p)).astype(x.dtype)


@variant("fixed_conv_block")
def block_channel_by_channel(x, p, rng, train):
    _legal(p)
    out = np.empty_like(x)
    for channel in range(x.shape[1]):
        values = x[:, channel]
        mean, var = running["mean"][channel], running["var"][channel]
        if train:
            running["mean"][channel] = 0.9 * mean + 0.1 * np.mean(values)
            running["var"][channel] = 0.9 * var + 0.1 * np.var(values)
            mean, var = np.mean(values), np.var(values)
        out[:, channel] = (values - mean) / (var + 1e-5) ** 0.5
        if train:
            kept = rng.binomial(1, 1 - p, size=len(x)).reshape(-1, 1, 1)
            out[:, channel] *= kept * _scale(p)
    return out


@variant("fixed_conv_block")
def block_by_spatial_dropout(x, p, rng, train):
    _legal(p)
    c_last = np.moveaxis(x, 1, -1)
    if train:
        flat = c_last.reshape(-1, x.shape[1])
        mean, var = flat.mean(axis=0), (flat**2).mean(axis=0) - flat.mean(axis=0) ** 2
        running.update(mean=0.9 * running["mean"] + 0.1 * mean, var=0.9 * running["var"] + 0.1 * var)
    else:
        mean, var = running["mean"], running["var"]
    h = np.moveaxis((c_last - mean) / np.sqrt(var + 1e-5), -1, 1).astype(x.dtype)
    return _spatial(h, p, rng, train, (*h.shape[:2], 1, 1))[0]

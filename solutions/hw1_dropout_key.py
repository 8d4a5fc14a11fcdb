"""SECRET. The key of assignment 1: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import numpy as np

from autograder import checks as c
from autograder import misconception, variant

SALT = "okapi-7341"

MASK = {"via": "mask"}
MULTIPLIER = {"via": "multiplier"}
INVERTED = {"forward": "dropout_forward", "backward": "dropout_backward"}
VANILLA = {"forward": "vanilla_forward", "backward": "vanilla_backward"}
SOME = "drops_some_and_keeps_some"
GRADIENT = "passes_gradient_to_kept_units_only"

HIDDEN = {
    "keep_mask": [
        c.drops_the_right_share(p=0.005, **MASK, needs=SOME),
        c.drops_the_right_share(p=0.62, calls=2, **MASK, needs=SOME),
        c.treats_examples_apart(p=0.62, **MASK, needs=SOME),
        c.treats_features_apart(p=0.62, **MASK, needs=SOME),
        c.keeps_a_varying_number(p=0.62, **MASK, needs=SOME),
        c.obeys_the_generator(p=0.62, shape=(9, 5, 31), **MASK, needs=SOME),
    ],
    "dropout_forward": [
        c.drops_the_right_share(p=0.005, needs=SOME),
        c.drops_the_right_share(p=0.62, calls=2, weight=3, needs=SOME),
        c.scales_the_survivors(p=0.62, by="1/(1-p)", shape=(6, 5, 4, 7), weight=3, needs=SOME),
        c.scales_the_survivors(p=0.4, by="1/(1-p)", dtype="float32", needs=SOME),
        c.is_identity_at_test_time(p=0.62, shape=(6, 5, 4, 7), weight=2, needs=SOME),
        c.treats_examples_apart(p=0.62, needs=SOME),
        c.treats_features_apart(p=0.62, needs=SOME),
        c.keeps_a_varying_number(p=0.62, needs=SOME),
        c.keeps_its_input(p=0.62, shape=(3, 4, 5), needs=SOME),
    ],
    "dropout_backward": [
        c.follows_the_mask(p=0.62, shape=(6, 5, 4, 7), **INVERTED, weight=2, needs=GRADIENT),
        c.follows_test_time(p=0.62, shape=(6, 5, 4, 7), **INVERTED, by="1", needs=GRADIENT),
        c.agrees_with_finite_differences(p=0.35, **INVERTED, weight=2, needs=GRADIENT),
    ],
    "vanilla_forward": [
        c.drops_the_right_share(p=0.005, needs=SOME),
        c.drops_the_right_share(p=0.62, calls=2, needs=SOME),
        c.scales_the_survivors(p=0.62, by="1", shape=(6, 5, 4, 7), needs=SOME),
        c.multiplies_at_test_time(p=0.62, by="1-p", shape=(6, 5, 4, 7), needs=SOME),
        c.treats_examples_apart(p=0.62, needs=SOME),
        c.treats_features_apart(p=0.62, needs=SOME),
        c.keeps_a_varying_number(p=0.62, needs=SOME),
        c.follows_the_mask(p=0.62, shape=(6, 5, 4, 7), **VANILLA, needs=GRADIENT),
        c.agrees_with_finite_differences(p=0.35, **VANILLA, needs=GRADIENT),
    ],
    "dropout_moments": [
        c.agrees_with_the_solution(given=((7, 5), 0.3), names=("mean", "var"), name="var", weight=3, needs="returns(name=var)"),
        c.agrees_with_the_solution(given=((7, 5), 0.3), names=("mean", "var"), name="mean", needs="agrees_with_the_solution(name=var)"),
    ],
    "fixed_dropout_mask": [
        c.holds_only(p=0.6, by="1/(1-p)", shape=(1, 2), needs="holds_only(p=0.7, by=1/(1-p))"),
        c.can_drop_everything(p=0.7, units=1, calls=40, **MULTIPLIER, needs="holds_only(p=0.7, by=1/(1-p))"),
        c.can_drop_everything(p=0.7, units=3, calls=80, **MULTIPLIER, needs="holds_only(p=0.7, by=1/(1-p))"),
        c.drops_the_right_share(p=0.3, **MULTIPLIER, needs="holds_only(p=0.7, by=1/(1-p))"),
    ],
    "quiz": [
        c.answers_rightly(key="distinct", needs="is_filled_in(key=distinct)"),
        c.answers_rightly(key="keep_to_drop", needs="is_filled_in(key=keep_to_drop)"),
        c.answers_rightly(key="spread", needs="is_filled_in(key=spread)"),
        c.answers_rightly(key="wide_enough", needs="is_filled_in(key=wide_enough)"),
        c.answers_rightly(key="one_in_five", choices="abcd", needs="is_filled_in(key=one_in_five, choices=abcd)"),
        c.answers_rightly(key="at_test", choices="abcd", needs="is_filled_in(key=at_test, choices=abcd)"),
    ],
}


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


# ============================================================================================================ wrong: keep_mask
@misconception("keep_mask", signs="drop_share", name="p_is_the_keep_probability")
def keep_mask_with_p(shape, p, rng):
    """You keep each unit with probability p. In this course p is the probability of DROPPING (as in PyTorch), so a unit stays with
    probability 1 - p. Papers and CS231n often use p the other way round."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return rng.random(shape) < p


@misconception("keep_mask", signs="drop_share", name="a_normal_number_is_as_good_as_a_uniform_one")
def keep_mask_normal(shape, p, rng):
    """You compare NORMAL random numbers with p. They are not spread evenly over 0 to 1, so the share that passes is not 1 - p. Draw
    uniform numbers: rng.random, not rng.normal or randn."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return rng.standard_normal(shape) >= p


@misconception("keep_mask", signs="rows", name="one_mask_serves_the_whole_batch")
def keep_mask_per_column(shape, p, rng):
    """All rows of your mask are the same: every example of the batch loses the same units. Draw one number per ENTRY, not one per
    column."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return np.broadcast_to(rng.random(shape[1:]) >= p, shape).copy()


@misconception("keep_mask", signs="columns", name="one_draw_decides_about_all_features")
def keep_mask_per_row(shape, p, rng):
    """Each row of your mask is all True or all False: an example loses all of its features or none. Draw one number per ENTRY, not one
    per row."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return np.broadcast_to(rng.random(shape[:1] + (1,) * (len(shape) - 1)) >= p, shape).copy()


@misconception("keep_mask", signs="number_dropped", name="exactly_p_n_units_are_dropped")
def keep_mask_exact(shape, p, rng):
    """You drop exactly the share p, every time. Each unit should throw its own coin, so the number that stays varies: it is p * n only
    on average."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    n = int(np.prod(shape))
    mask = np.ones(n, dtype=bool)
    mask[rng.permutation(n)[: round(p * n)]] = False
    return mask.reshape(shape)


@misconception("keep_mask", signs="drop_share", name="the_coin_is_always_fair")
def keep_mask_fair(shape, p, rng):
    """Half of your units are dropped whatever p is: the coin is always fair. Let p decide, for example by comparing uniform numbers
    with it."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return rng.integers(0, 2, shape) == 1


@misconception("keep_mask", signs="next_mask", name="a_fixed_seed_belongs_in_the_function")
def keep_mask_frozen(shape, p, rng):
    """Every call gives the same mask, because the function makes a generator with a fixed seed. So the same units would be dropped for
    ever. Draw from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return np.random.default_rng(0).random(shape) >= p


@misconception("keep_mask", signs="generator", name="np_random_is_just_as_good")
def keep_mask_global(shape, p, rng):
    """You draw from np.random, the global generator. Then the same rng gives another mask each time and nobody can repeat your result.
    Draw from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return np.random.random_sample(shape) >= p


@misconception("keep_mask", signs="generator", name="the_function_may_make_its_own_generator")
def keep_mask_own(shape, p, rng):
    """You make a generator of your own inside the function, so the seed of rng has no effect and nobody can repeat your result. Draw
    from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return np.random.default_rng().random(shape) >= p


@misconception("keep_mask", signs="mask_type", name="the_mask_is_already_scaled")
def keep_mask_scaled(shape, p, rng):
    """Your mask holds floats. Here it should only say WHICH units stay: a boolean array. The scaling comes in the next exercise."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return (rng.random(shape) >= p).astype(float)


# ====================================================================================================== wrong: dropout_forward
@misconception("dropout_forward", signs="drop_share survivors", name="p_is_the_keep_probability")
def forward_keep_p(x, p, rng, train=True):
    """You treat p as the probability of KEEPING: units stay with probability p and are divided by p. In this course p is the
    probability of DROPPING (as in PyTorch): keep with 1 - p, divide by 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, None
    mask = (rng.random(x.shape) < p) / max(p, 1e-12)
    return x * mask.astype(x.dtype), mask


@misconception("dropout_forward", signs="drop_share", name="the_mask_is_inverted")
def forward_swapped_mask(x, p, rng, train=True):
    """Your scale 1 / (1 - p) is right, but the mask is the wrong way round: units STAY with probability p. They should be dropped
    with probability p."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) < p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="survivors", name="survivors_need_no_scaling")
def forward_unscaled(x, p, rng, train=True):
    """You drop units but never divide the survivors by 1 - p, so the layer is quieter in training than at test time and the average of
    the output is (1 - p) x instead of x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype)
    return x * mask, mask


@misconception("dropout_forward", signs="survivors test_time", name="the_scaling_belongs_to_test_time")
def forward_classic(x, p, rng, train=True):
    """This is classic dropout: nothing is scaled in training and the output shrinks by 1 - p at test time. Correct, but not inverted:
    here the survivors are divided by 1 - p in training, and test time returns x as it is. (Exercise 4 is the place for this form.)"""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = (rng.random(x.shape) >= p).astype(x.dtype) if train else float(1 - p)
    return x * mask, mask


@misconception("dropout_forward", signs="survivors test_time", name="test_time_multiplies_by_p")
def forward_classic_with_p(x, p, rng, train=True):
    """You scale at test time, and by p, the share that was DROPPED. Inverted dropout does not scale at test time at all: divide the
    survivors by 1 - p while training."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = (rng.random(x.shape) >= p).astype(x.dtype) if train else float(p)
    return x * mask, mask


@misconception("dropout_forward", signs="survivors", name="survivors_are_divided_by_p")
def forward_divides_by_p(x, p, rng, train=True):
    """You divide the survivors by p. A unit survives with probability 1 - p, so that is what the average must be repaired by: divide by
    1 - p. (At p = 0.5 both are the same, which hides it.)"""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / p) if p > 0 else 1.0)
    return x * mask, mask


@misconception("dropout_forward", signs="survivors", name="survivors_are_multiplied_by_the_keep_probability")
def forward_multiplies_by_q(x, p, rng, train=True):
    """You multiply the survivors by 1 - p, which makes the layer even quieter. To keep the average, DIVIDE by 1 - p: the survivors speak
    up for those who are missing."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * float(1 - p)
    return x * mask, mask


@misconception("dropout_forward", signs="survivors", name="the_scale_is_applied_twice")
def forward_scaled_twice(x, p, rng, train=True):
    """You divide by 1 - p twice, perhaps once in the mask and once more in the output. Once is enough: then the average is x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) ** 2 if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="test_time", name="test_time_scales_once_more")
def forward_scaled_at_test_too(x, p, rng, train=True):
    """Your training pass is right, but at test time you multiply by 1 - p as well. The division in training has already repaired the
    average: test time returns x unchanged."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x * float(1 - p), float(1 - p)
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="test_time", name="test_time_divides_as_well")
def forward_divides_at_test_too(x, p, rng, train=True):
    """Your training pass is right, but at test time you divide by 1 - p too. At test time all units are present, nobody has to speak up:
    return x unchanged."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    scale = float(1 / (1 - p)) if p < 1 else 0.0
    if not train:
        return x * scale, scale
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * scale
    return x * mask, mask


@misconception("dropout_forward", signs="test_time", name="test_time_drops_too")
def forward_drops_at_test(x, p, rng, train=True):
    """Your function drops units at test time as well. With train=False it should use the whole network: return x unchanged and draw
    nothing."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="drop_share", name="a_normal_number_is_as_good_as_a_uniform_one")
def forward_normal(x, p, rng, train=True):
    """You compare NORMAL random numbers with p. They are not spread evenly over 0 to 1, so the share that is dropped is not p. Draw
    uniform numbers: rng.random, not rng.normal or randn."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.standard_normal(x.shape) < 1 - p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="rows", name="one_mask_serves_the_whole_batch")
def forward_row_mask(x, p, rng, train=True):
    """All rows of your mask are the same: every example of the batch loses the same units. Draw a mask of the full shape of x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random((1, *x.shape[1:])) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="columns", name="one_draw_decides_about_all_features")
def forward_column_mask(x, p, rng, train=True):
    """An example loses all of its features or none: you draw one number per row. Draw a mask of the full shape of x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    shape = x.shape[:1] + (1,) * (x.ndim - 1)
    mask = (rng.random(shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="number_dropped", name="exactly_p_n_units_are_dropped")
def forward_exact(x, p, rng, train=True):
    """You drop exactly the share p, every time. Each unit should throw its own coin, so the number that stays varies: it is p * n only
    on average."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = np.full(x.size, float(1 / (1 - p)) if p < 1 else 0.0, dtype=x.dtype)
    mask[rng.permutation(x.size)[: round(p * x.size)]] = 0
    return x * mask.reshape(x.shape), mask.reshape(x.shape)


@misconception("dropout_forward", signs="survivors", name="the_scale_is_the_share_that_really_stayed")
def forward_realised(x, p, rng, train=True):
    """You divide by the share that happened to stay in this draw. Divide by 1 - p: then each unit keeps its average by itself, whatever
    happens to its neighbours."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype)
    mask *= x.dtype.type(mask.size / max(mask.sum(), 1))
    return x * mask, mask


@misconception("dropout_forward", signs="drop_share", name="the_coin_is_always_fair")
def forward_fair(x, p, rng, train=True):
    """Half of your units are dropped whatever p is: the coin is always fair. Let p decide, for example by comparing uniform numbers
    with it."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = rng.integers(0, 2, x.shape).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="next_mask", name="a_fixed_seed_belongs_in_the_function")
def forward_frozen(x, p, rng, train=True):
    """Every call drops the same units, because the function sets a fixed seed. Dropout needs a fresh mask in every step: draw from the
    rng that is handed in, without seeding anything."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (np.random.default_rng(1).random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="generator", name="np_random_is_just_as_good")
def forward_global(x, p, rng, train=True):
    """You draw from np.random, the global generator. Then the same rng gives another mask each time and nobody can repeat your result.
    Draw from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (np.random.rand(*x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="generator", name="the_function_may_make_its_own_generator")
def forward_own(x, p, rng, train=True):
    """You make a generator of your own inside the function, so the seed of rng has no effect and nobody can repeat your result. Draw
    from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (np.random.default_rng().random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="drop_share survivors", name="dropout_is_gaussian_noise")
def forward_gaussian(x, p, rng, train=True):
    """You multiply every unit by a normal random number. That is Gaussian dropout, a cousin (assignment 7). Here a unit is either
    dropped or kept and divided by 1 - p, nothing in between."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    noise = (1 + rng.standard_normal(x.shape) * np.sqrt(p / max(1 - p, 1e-12))).astype(x.dtype)
    return x * noise, noise


@misconception("dropout_forward", signs="negatives", name="dropout_comes_with_a_relu")
def forward_relu(x, p, rng, train=True):
    """Negative inputs never survive: there is a ReLU in your function (code from lecture notes often has both in one line). Dropout
    treats all values alike."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return np.maximum(x, 0) * mask, mask


@misconception("dropout_forward", signs="input_after", name="the_input_may_be_overwritten")
def forward_in_place(x, p, rng, train=True):
    """Your function changes x itself (*= works in place). The caller still needs it: if x is a slice of the training set, the data is
    erased bit by bit. Write x * mask into a new array."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    x *= mask
    return x, mask


@misconception("dropout_forward", signs="shapes", name="arrays_are_always_two_dimensional")
def forward_two_dimensional(x, p, rng, train=True):
    """Your function only takes 2-D arrays (perhaps it unpacks N, D = x.shape). Use x.shape as a whole and it works for any
    number of axes."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    n, d = x.shape
    mask = (rng.random((n, d)) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="at_one", name="p_is_never_one")
def forward_nan_at_one(x, p, rng, train=True):
    """At p = 1 you divide 0 by 0 and get NaN. Nobody survives there, so nobody needs a scale: return zeros without computing
    1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / x.dtype.type(1 - p)
    return x * mask, mask


@misconception("dropout_forward", signs="at_one", name="p_is_never_one")
def forward_raises_at_one(x, p, rng, train=True):
    """At p = 1 you divide by zero. Nobody survives there, so nobody needs a scale: return zeros without computing 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * float(1 / (1 - p))
    return x * mask, mask


@misconception("dropout_forward", signs="float32_gives", name="float64_is_good_enough_for_all")
def forward_float64(x, p, rng, train=True):
    """float32 goes in and float64 comes out, because the mask is float64. Networks often run in float32, and this silently doubles
    their memory. Give the mask the dtype of x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p) * np.float64(1 / (1 - p) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="outside", name="any_p_is_a_probability")
def forward_unchecked(x, p, rng, train=True):
    """You accept a p outside [0, 1], and what comes out then is nonsense that looks like numbers. Raise a ValueError at once: it is the
    kindest thing a function can do for its caller."""
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p != 1 else 0.0)
    return x * mask, mask


# ===================================================================================================== wrong: dropout_backward
@misconception("dropout_backward", signs="gradient_factor", name="the_gradient_needs_no_scale")
class BackwardWithoutScale:
    """Your gradient has the mask but not the factor 1 / (1 - p). The forward pass multiplied x by mask / (1 - p), so the gradient is
    multiplied by the very same."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, None
        mask = rng.random(x.shape) >= p
        return x * mask.astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0), mask

    def dropout_backward(dout, cache):
        return dout.copy() if cache is None else dout * cache


@misconception("dropout_backward", signs="gradient_factor", name="the_gradient_is_scaled_twice")
class BackwardScalesTwice:
    """Your gradient carries the factor 1 / (1 - p) twice, perhaps once in the stored mask and once more by a division. The forward pass
    used it once, so the gradient does too."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, (1.0, 1.0)
        scale = float(1 / (1 - p)) if p < 1 else 0.0
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * scale
        return x * mask, (mask, scale)

    def dropout_backward(dout, cache):
        mask, scale = cache
        return dout * mask * scale


@misconception("dropout_backward", signs="gradient_mask", name="backward_draws_its_own_mask")
class BackwardRedraws:
    """Your backward pass draws a new mask. The gradient must pass exactly where the forward pass let x through: keep the mask in the
    cache and use it again."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, (0.0, rng)
        mask = rng.random(x.shape) >= p
        return x * mask.astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0), (p, rng)

    def dropout_backward(dout, cache):
        p, rng = cache
        if p == 0:
            return dout.copy()
        return dout * (rng.random(dout.shape) >= p) / (1 - p)


@misconception("dropout_backward", signs="gradient_mask", name="the_gradient_ignores_the_mask")
class BackwardIgnoresMask:
    """Dropped units get a gradient as well. A dropped unit contributed nothing to the output, so nothing comes back to it: multiply dout
    by the mask of the forward pass."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, 1.0
        scale = float(1 / (1 - p)) if p < 1 else 0.0
        return x * (rng.random(x.shape) >= p).astype(x.dtype) * scale, scale

    def dropout_backward(dout, cache):
        return dout * cache


@misconception("dropout_backward", signs="gradient_factor gradient_at_zero_input", name="the_gradient_is_multiplied_by_the_output")
class BackwardTimesOutput:
    """You multiply dout by the OUTPUT of the forward pass. The layer is y = m x / (1 - p): its derivative with respect to x is
    m / (1 - p), in which x does not occur."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, np.ones_like(x)
        out = x * (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return out, out

    def dropout_backward(dout, cache):
        return dout * cache


@misconception("dropout_backward", signs="gradient_at_zero_input", name="the_output_tells_who_was_dropped")
class BackwardFromOutput:
    """You find the mask again from out != 0. But where x itself is 0 (after a ReLU, half of all units) the output is 0 either way, and a
    kept unit loses its gradient. Keep the mask in the cache."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, None
        scale = float(1 / (1 - p)) if p < 1 else 0.0
        out = x * (rng.random(x.shape) >= p).astype(x.dtype) * scale
        return out, (out, scale)

    def dropout_backward(dout, cache):
        if cache is None:
            return dout.copy()
        out, scale = cache
        return dout * (out != 0) * scale


@misconception("dropout_backward", signs="cache_used test_gradient", name="the_mask_lives_outside_the_cache")
class BackwardRemembersTheLatest:
    """Your backward pass uses the mask of the LATEST training pass, which you keep outside the cache. After a second forward pass, or
    after one at test time, that is the wrong one. Everything backward needs belongs in the cache it is given."""

    def dropout_forward(x, p, rng, train=True):
        global _latest_mask
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, None
        _latest_mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * _latest_mask, None

    def dropout_backward(dout, cache):
        return dout * _latest_mask


@misconception("dropout_backward", signs="test_gradient", name="test_time_leaves_the_old_mask_in_place")
class BackwardStaleAtTest:
    """After a forward pass at test time your gradient still carries the mask of the last TRAINING pass. At test time the layer is the
    identity, so dx = dout."""

    def dropout_forward(x, p, rng, train=True):
        global _old_mask
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, _old_mask
        _old_mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * _old_mask, _old_mask

    def dropout_backward(dout, cache):
        return dout * cache


@misconception("dropout_backward", signs="test_gradient", name="backward_only_follows_training")
class BackwardFailsAtTest:
    """After a forward pass at test time your backward pass fails: there is no mask to multiply by. At test time the layer is the
    identity, so return dout."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, None
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * mask, mask

    def dropout_backward(dout, cache):
        return dout * cache


@misconception("dropout_backward", signs="test_gradient", name="the_gradient_is_scaled_at_test_time")
class BackwardScalesAtTest:
    """After a forward pass at test time you divide dout by 1 - p. At test time the layer is the identity, so the gradient passes
    unchanged: dx = dout."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        scale = float(1 / (1 - p)) if p < 1 else 0.0
        if not train:
            return x, np.full_like(x, scale)
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * scale
        return x * mask, mask

    def dropout_backward(dout, cache):
        return dout * cache


@misconception("dropout_backward", signs="dout_after", name="dout_may_be_overwritten")
class BackwardInPlace:
    """Your function changes dout itself (*= works in place). Other branches of the network may still need it: write dout * mask into a
    new array."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, 1.0
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * mask, mask

    def dropout_backward(dout, cache):
        dout *= cache
        return dout


# ====================================================================================================== wrong: vanilla_forward
@misconception("vanilla_forward", signs="survivors test_time test_gradient", name="vanilla_is_inverted_dropout")
class VanillaInverted:
    """This is inverted dropout again. Vanilla dropout leaves the survivors as they are in training and multiplies by 1 - p at test
    time."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, 1.0
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


@misconception("vanilla_forward", signs="test_time test_gradient", name="test_time_multiplies_by_p")
class VanillaTimesP:
    """At test time you multiply by p, the share that was dropped. In training each unit is present with probability 1 - p, and that is
    what test time must match: multiply by 1 - p."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        mask = (rng.random(x.shape) >= p).astype(x.dtype) if train else float(p)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


@misconception("vanilla_forward", signs="test_time test_gradient", name="test_time_needs_no_factor")
class VanillaIdentityAtTest:
    """At test time you return x as it is. Without scaling in training the average of the output was (1 - p) x, and test time must match
    it: multiply by 1 - p."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, 1.0
        mask = (rng.random(x.shape) >= p).astype(x.dtype)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


@misconception("vanilla_forward", signs="drop_share", name="the_mask_is_inverted")
class VanillaSwappedMask:
    """Your test time is right, but the mask is the wrong way round: units STAY with probability p. They should be dropped with
    probability p."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        mask = (rng.random(x.shape) < p).astype(x.dtype) if train else float(1 - p)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


@misconception("vanilla_forward", signs="drop_share test_time test_gradient", name="p_is_the_keep_probability")
class VanillaKeepP:
    """You keep each unit with probability p, as the papers write it. In this course p is the probability of DROPPING: keep with
    probability 1 - p."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        mask = (rng.random(x.shape) < p).astype(x.dtype) if train else float(p)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


@misconception("vanilla_forward", signs="test_gradient", name="the_test_gradient_forgets_its_factor")
class VanillaTestGradient:
    """At test time your forward pass multiplies by 1 - p, but the gradient passes unchanged. Whatever x was multiplied by, dout is
    multiplied by it too."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x * float(1 - p), 1.0
        mask = (rng.random(x.shape) >= p).astype(x.dtype)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


# ====================================================================================================== wrong: dropout_moments
@misconception("dropout_moments", signs="var", name="the_spread_is_the_variance")
def moments_spread(x, p):
    """You return the standard deviation. The variance is its square."""
    return x.copy(), np.sqrt(x**2 * p / (1 - p))


@misconception("dropout_moments", signs="var", name="the_variance_forgets_the_scale")
def moments_unscaled_variance(x, p):
    """Your variance p (1 - p) x^2 belongs to a mask of 0 and 1. Inverted dropout divides by 1 - p, and a factor comes out of a variance
    squared."""
    return x.copy(), x**2 * p * (1 - p)


@misconception("dropout_moments", signs="mean var", name="these_are_the_moments_of_vanilla_dropout")
def moments_vanilla(x, p):
    """These are the moments of VANILLA dropout in training. The exercise asks for the inverted form, which keeps the average at x."""
    return x * (1 - p), x**2 * p * (1 - p)


@misconception("dropout_moments", signs="var", name="the_variance_divides_once_by_too_much")
def moments_divided_twice(x, p):
    """You divide by (1 - p)^2 but leave out the 1 - p of the coin's own variance p (1 - p). One of the two factors cancels."""
    return x.copy(), x**2 * p / (1 - p) ** 2


# =================================================================================================== wrong: fixed_dropout_mask
@misconception("fixed_dropout_mask", signs="when_all_are_dropped", name="somebody_must_survive_as_a_number")
def clinic_patient(shape, p, rng):
    """The patient has not changed: when all units are dropped a single number comes back instead of a mask of zeros."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = (rng.random(shape) >= p) / max(1 - p, 1e-12)
    return mask if mask.any() else 1 / max(1 - p, 1e-12)


@misconception("fixed_dropout_mask", signs="when_all_are_dropped", name="an_empty_mask_is_drawn_again")
def clinic_redraw(shape, p, rng):
    """When all units are dropped you draw again until somebody survives. That changes the probabilities: the average of the mask is
    more than 1. An all-zero mask is a legal draw."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if p == 1:
        return np.zeros(shape)
    while True:
        mask = (rng.random(shape) >= p) / (1 - p)
        if mask.any():
            return mask


@misconception("fixed_dropout_mask", signs="when_all_are_dropped", name="an_empty_mask_becomes_a_full_one")
def clinic_full(shape, p, rng):
    """When all units are dropped you keep all of them instead. The shape is right now, but the average is still too large. An all-zero
    mask is a legal draw."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if p == 1:
        return np.zeros(shape)
    mask = (rng.random(shape) >= p) / (1 - p)
    return mask if mask.any() else np.full(shape, 1 / (1 - p))


# ================================================================================================ right, and looks different
@variant("keep_mask")
def mask_less_than_q(shape, p, rng):
    _legal(p)
    return rng.random(shape) < 1 - p


@variant("keep_mask")
def mask_strictly_greater(shape, p, rng):
    _legal(p)
    return rng.random(shape) > p if 0 < p < 1 else np.full(shape, p == 0)


@variant("keep_mask")
def mask_binomial(shape, p, rng):
    _legal(p)
    return rng.binomial(1, 1 - p, size=shape).astype(bool)


@variant("keep_mask")
def mask_uniform_ends_swapped(shape, p, rng):
    _legal(p)
    return ~(rng.uniform(0.0, 1.0, size=shape) < p)


@variant("keep_mask")
def mask_integers(shape, p, rng):
    _legal(p)
    return rng.integers(0, 2**53, size=shape) >= p * 2**53


@variant("keep_mask")
def mask_choice(shape, p, rng):
    _legal(p)
    return rng.choice([False, True], size=shape, p=[p, 1 - p])


@variant("keep_mask")
def mask_exponential(shape, p, rng):
    _legal(p)
    return np.exp(-rng.exponential(size=shape)) >= p


@variant("keep_mask")
def mask_entry_by_entry(shape, p, rng):
    _legal(p)
    mask = np.empty(shape, dtype=bool)
    for place in np.ndindex(mask.shape):
        mask[place] = rng.random() >= p
    return mask


@variant("keep_mask")
def mask_float32_draws(shape, p, rng):
    _legal(p)
    return rng.random(shape, dtype=np.float32) >= np.float32(p)


@variant("dropout_forward")
def forward_boolean_assignment(x, p, rng, train=True):
    _legal(p)
    if not train:
        return x.copy(), None
    if p == 1:
        return np.zeros_like(x), None
    out = x / x.dtype.type(1 - p)
    out[rng.random(x.shape) < p] = 0
    return out, None


@variant("dropout_forward")
def forward_where(x, p, rng, train=True):
    _legal(p)
    if not train or p == 0:
        return x, np.ones(x.shape)
    if p == 1:
        return np.zeros_like(x), np.zeros(x.shape)
    kept = rng.random(x.shape) >= p
    return np.where(kept, x / (1 - p), 0).astype(x.dtype), kept


@variant("dropout_forward")
def forward_scale_after_masking(x, p, rng, train=True):
    _legal(p)
    if not train:
        return x, None
    out = x * rng.binomial(1, 1 - p, size=x.shape).astype(x.dtype)
    if p < 1:
        out /= 1 - p
    return out, (p, train)


@variant("dropout_forward")
def forward_entry_by_entry(x, p, rng, train=True):
    _legal(p)
    out = np.array(x)
    if train:
        flat = out.reshape(-1)
        for i in range(flat.size):
            flat[i] = flat[i] / (1 - p) if rng.random() >= p else 0
    return out, None


@variant("dropout_backward")
class BackwardWithFlags:
    def dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, {"mode": "test"}
        kept = rng.random(x.shape) >= p
        cache = {"mode": "train", "kept": kept, "p": p}
        return (np.where(kept, x / (1 - p), 0).astype(x.dtype) if p < 1 else np.zeros_like(x)), cache

    def dropout_backward(dout, cache):
        if cache["mode"] == "test":
            return dout
        dx = np.zeros_like(dout)
        dx[cache["kept"]] = dout[cache["kept"]] / (1 - cache["p"])
        return dx


@variant("dropout_backward")
class BackwardWithIndices:
    def dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, ()
        dropped = np.flatnonzero(rng.uniform(size=x.size) < p)
        out = x.reshape(-1) * x.dtype.type(1 / (1 - p) if p < 1 else 0)
        out[dropped] = 0
        return out.reshape(x.shape), (dropped, p)

    def dropout_backward(dout, cache):
        if not cache:
            return dout.copy()
        dropped, p = cache
        dx = dout.flatten() / (1 - p) if p < 1 else np.zeros(dout.size)
        dx[dropped] = 0
        return dx.reshape(dout.shape)


@variant("dropout_backward")
class BackwardWithClosure:
    def dropout_forward(x, p, rng, train=True):
        _legal(p)
        factor = np.ones(x.shape, x.dtype)
        if train:
            factor = rng.choice(np.array([0, 1 / (1 - p) if p < 1 else 0], x.dtype), size=x.shape, p=[p, 1 - p])

        def back(dout):
            return np.multiply(dout, factor)

        return x * factor, back

    def dropout_backward(dout, cache):
        return cache(dout)


@variant("vanilla_forward")
class VanillaWhere:
    def vanilla_forward(x, p, rng, train=True):
        _legal(p)
        if train:
            kept = rng.random(x.shape) < 1 - p
            return np.where(kept, x, x.dtype.type(0)), kept
        return x - p * x, 1 - p

    def vanilla_backward(dout, cache):
        return dout * cache


@variant("vanilla_forward")
class VanillaAssignment:
    def vanilla_forward(x, p, rng, train=True):
        _legal(p)
        out = np.array(x)
        if not train:
            out *= 1 - p
            return out, ("test", p)
        dropped = rng.uniform(size=x.shape) < p
        out[dropped] = 0
        return out, ("train", dropped)

    def vanilla_backward(dout, cache):
        mode, what = cache
        return np.where(what, 0, dout) if mode == "train" else (1 - what) * dout


@variant("dropout_moments")
def moments_two_values(x, p):
    q = 1 - p
    high = x / q
    mean = q * high
    return mean, q * (high - mean) ** 2 + p * mean**2


@variant("dropout_moments")
def moments_second_moment(x, p):
    return np.array(x), np.square(x) / (1 - p) - np.square(x)


@variant("fixed_dropout_mask")
def clinic_binomial(shape, p, rng):
    _legal(p)
    mask = rng.binomial(1, 1 - p, size=shape).astype(float)
    return mask / (1 - p) if p < 1 else mask


@variant("fixed_dropout_mask")
def clinic_multiply(shape, p, rng):
    _legal(p)
    return (rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0)

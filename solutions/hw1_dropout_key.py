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
    "keep_mask": {
        "rate": [
            c.drops_the_right_share(p=0.005, calls=1, **MASK),
            c.drops_the_right_share(p=0.62, calls=1, **MASK),
        ],
        "coins": [
            c.treats_examples_apart(p=0.62, **MASK),
            c.treats_features_apart(p=0.62, **MASK),
            c.keeps_a_varying_number(p=0.62, **MASK),
        ],
        "rng": [c.obeys_the_generator(p=0.62, shape=(9, 5, 31), **MASK)],
    },
    "dropout_forward": {
        "coins": [
            c.drops_the_right_share(p=0.005, calls=1),
            c.drops_the_right_share(p=0.62, calls=1),
            c.treats_examples_apart(p=0.62),
            c.treats_features_apart(p=0.62),
            c.keeps_a_varying_number(p=0.62),
        ],
        "scale": [
            c.scales_the_survivors(p=0.62, by="1/(1-p)", shape=(37, 41)),
            c.scales_the_survivors(p=0.4, by="1/(1-p)", dtype="float32"),
        ],
        "test": [c.is_identity_at_test_time(p=0.62, shape=(37, 41))],
        "rng": [c.obeys_the_generator(p=0.62, shape=(37, 41))],
        "manners": [c.keeps_its_input(p=0.62, shape=(7, 5))],
    },
    "dropout_backward": {
        "mask": [
            c.follows_the_mask(p=0.62, shape=(37, 41), **INVERTED, needs=GRADIENT),
            c.agrees_with_finite_differences(p=0.35, **INVERTED, needs=GRADIENT),
        ],
        "test": [c.follows_test_time(p=0.62, shape=(37, 41), **INVERTED, by="1")],
        "cache": [c.belongs_to_its_own_cache(p=0.62, shape=(37, 41), **INVERTED)],
    },
    "vanilla_forward": {
        "training": [
            c.drops_the_right_share(p=0.005, calls=1),
            c.drops_the_right_share(p=0.62, calls=1),
            c.scales_the_survivors(p=0.62, by="1", shape=(37, 41)),
            c.treats_examples_apart(p=0.62),
            c.treats_features_apart(p=0.62),
            c.keeps_a_varying_number(p=0.62),
        ],
        "test": [c.multiplies_at_test_time(p=0.62, by="1-p", shape=(37, 41))],
        "backward": [
            c.follows_the_mask(p=0.62, shape=(37, 41), **VANILLA, needs=GRADIENT),
            c.agrees_with_finite_differences(p=0.35, **VANILLA, needs=GRADIENT),
        ],
        "backward_test": [c.follows_test_time(p=0.62, shape=(37, 41), **VANILLA)],
    },
    "dropout_moments": {
        "var": [c.agrees_with_the_solution(given=((7, 5), 0.3), names=("mean", "var"), name="var", tolerance=1e-6)],
        "mean": [c.agrees_with_the_solution(given=((7, 5), 0.3), names=("mean", "var"), name="mean", tolerance=1e-6)],
        "manners": [c.agrees_with_the_solution(given=((7, 5), 0.3), names=("mean", "var"), name="var", needs="agrees_with_the_solution")],
    },
    "fixed_dropout_mask": {
        "cure": [
            c.holds_only(p=0.6, by="1/(1-p)", shape=(1, 2)),
            c.can_drop_everything(p=0.6, units=1, calls=400, **MULTIPLIER),
        ],
        "coins": [c.treats_examples_apart(p=0.3, **MULTIPLIER)],
    },
    "quiz": {
        "distinct": [c.answers_rightly(key="distinct", needs="distinct")],
        "keep_to_drop": [c.answers_rightly(key="keep_to_drop", needs="keep_to_drop")],
        "spread": [c.answers_rightly(key="spread", needs="spread")],
        "wide_enough": [c.answers_rightly(key="wide_enough", needs="wide_enough")],
        "one_in_five": [c.answers_rightly(key="one_in_five", choices="abcd", needs="one_in_five")],
        "at_test": [c.answers_rightly(key="at_test", choices="abcd", needs="at_test")],
    },
}


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


# ============================================================================================================ wrong: keep_mask
@misconception("keep_mask", signs="drop_share", name="p_is_the_keep_probability", also="fixed_dropout_mask")
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
    """Two calls give the same mask, because the function seeds a generator of its own (with a fixed number, or with the time). So the same
    units are dropped again and again. Draw from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return np.random.default_rng(0).random(shape) >= p


@misconception("keep_mask", signs="generator", name="np_random_is_just_as_good")
def keep_mask_global(shape, p, rng):
    """You draw from a global generator, np.random or random. Then the same rng gives another mask each time and nobody can repeat your
    result. Draw from the rng that is handed in."""
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


@misconception("keep_mask", signs="mask_type", name="zeros_and_ones_are_booleans")
def keep_mask_whole_numbers(shape, p, rng):
    """Your mask holds the whole numbers 0 and 1. Asked for are booleans, True and False: they multiply just as well, and x[mask] and ~mask
    only mean what you think with them. Leave out astype(int), or compare with 1."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return rng.binomial(1, 1 - p, shape)


@misconception("keep_mask", signs="small_p", name="p_counts_in_tenths")
def keep_mask_tenths(shape, p, rng):
    """Your random numbers take only a few values, so p is rounded to tenths: 0.03 works like 0 or like 0.1. Draw numbers fine enough for
    every p, such as rng.random."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return rng.integers(0, 10, shape) >= round(10 * p)


@misconception(
    "keep_mask", signs="drop_share", name="places_are_picked_with_replacement", also="dropout_forward vanilla_forward fixed_dropout_mask"
)
def keep_mask_with_replacement(shape, p, rng):
    """You pick p * n places, but the same place can be picked twice, so fewer units are dropped than you meant; and how many are dropped
    should be left to chance anyway. Let each unit throw its own coin."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = np.ones(shape, dtype=bool)
    mask.reshape(-1)[rng.integers(0, max(mask.size, 1), round(p * mask.size))] = False
    return mask


@misconception("keep_mask", signs="shapes", name="a_shape_is_always_a_tuple", also="fixed_dropout_mask")
def keep_mask_unpacks(shape, p, rng):
    """Your function fails when the shape is a plain number, such as 7, because it takes a tuple apart. NumPy's own functions take both:
    hand shape on as it is, as in rng.random(shape)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return rng.random((*shape,)) >= p


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


@misconception("dropout_forward", signs="survivors", name="survivors_are_divided_by_p", also="fixed_dropout_mask")
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
    """At test time you multiply by 1 - p. In inverted dropout the division in training has already repaired the average: test time returns
    x unchanged."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x * float(1 - p), float(1 - p)
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="test_time", name="test_time_divides_as_well")
def forward_divides_at_test_too(x, p, rng, train=True):
    """At test time you divide by 1 - p. There all units are present and nobody has to speak up for others: return x unchanged."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    scale = float(1 / (1 - p)) if p < 1 else 0.0
    if not train:
        return x * scale, scale
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * scale
    return x * mask, mask


@misconception("dropout_forward", signs="test_time", name="test_time_drops_too")
def forward_drops_at_test_if_it_can(x, p, rng, train=True):
    """Your function drops units at test time as well. With train=False it should use the whole network: return x unchanged and draw
    nothing."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if rng is None:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="test_time rng_at_test", name="test_time_drops_too")
def forward_drops_at_test(x, p, rng, train=True):
    """Your function drops units at test time as well. With train=False it should use the whole network: return x unchanged and draw
    nothing."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="rng_at_test", name="the_mask_is_drawn_before_train_is_asked", also="vanilla_forward")
def forward_draws_first(x, p, rng, train=True):
    """At test time your function works only if it gets an rng, because the mask is drawn before train is looked at. With train=False no
    random number is drawn, and rng may be None: ask for train first."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    if not train:
        return x, 1.0
    return x * mask, mask


@misconception("dropout_forward", signs="survivors negatives", name="the_mask_is_the_output", also="vanilla_forward")
def forward_returns_the_mask(x, p, rng, train=True):
    """While training you return the mask itself: every survivor has the same value, whatever x was. The layer MULTIPLIES x by the mask;
    the mask belongs into the cache."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return mask, mask


@misconception("dropout_forward", signs="returned", name="forward_returns_out_alone", also="vanilla_forward")
def forward_without_cache(x, p, rng, train=True):
    """You return only the output. In this course a forward function returns a pair, (out, cache): the second is whatever the backward
    function needs, usually the mask."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x
    return x * (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)


@misconception("dropout_forward", signs="returned", name="forward_returns_nothing", also="vanilla_forward")
def forward_without_return(x, p, rng, train=True):
    """Your function returns nothing (None). A forward function returns a pair, (out, cache), and leaves x as it was."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        x = x * (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)


@misconception("dropout_forward", signs="digits", name="a_float32_mask_is_exact_enough", also="fixed_dropout_mask")
def forward_float32_mask(x, p, rng, train=True):
    """You divide in float32, so what survives is right to seven digits only, even when x is float64. A gradient check would notice. Keep
    the mask boolean (or in the dtype of x) and divide by the plain number 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(np.float32) * (np.float32(1 / (1 - p)) if p < 1 else np.float32(0))
    return x * mask, mask


@misconception("dropout_forward", signs="digits", name="float32_is_good_enough_for_all", also="vanilla_forward")
def forward_float32(x, p, rng, train=True):
    """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives float64 out,
    or a gradient check, which needs all sixteen digits, fails behind your layer."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    x = x.astype(np.float32)
    if not train:
        return x, np.float32(1)
    mask = (rng.random(x.shape) >= p).astype(np.float32) * np.float32(1 / (1 - p) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="digits", name="a_little_in_the_divisor_does_no_harm", also="fixed_dropout_mask")
def forward_with_epsilon(x, p, rng, train=True):
    """You add a small number to 1 - p before you divide by it. Against p = 1 that helps, but everywhere else the survivors are a little
    too small. Divide by 1 - p itself, and treat p = 1 apart."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train or p == 0:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * float(1 / (1 - p + 1e-8))
    return x * mask, mask


@misconception(
    "dropout_forward", signs="drop_share", name="a_normal_number_is_as_good_as_a_uniform_one", also="vanilla_forward fixed_dropout_mask"
)
def forward_normal(x, p, rng, train=True):
    """You compare NORMAL random numbers with p. They are not spread evenly over 0 to 1, so the share that is dropped is not p. Draw
    uniform numbers: rng.random, not rng.normal or randn."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.standard_normal(x.shape) < 1 - p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="rows", name="one_mask_serves_the_whole_batch", also="vanilla_forward fixed_dropout_mask")
def forward_row_mask(x, p, rng, train=True):
    """All rows of your mask are the same: every example of the batch loses the same units. Draw one number per ENTRY, not one per
    column."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random((1, *x.shape[1:])) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="columns", name="one_draw_decides_about_all_features", also="vanilla_forward fixed_dropout_mask")
def forward_column_mask(x, p, rng, train=True):
    """An example loses all of its features or none: you draw one number per row. Draw one number per ENTRY."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    shape = x.shape[:1] + (1,) * (x.ndim - 1)
    mask = (rng.random(shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="number_dropped", name="exactly_p_n_units_are_dropped", also="vanilla_forward fixed_dropout_mask")
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


@misconception("dropout_forward", signs="drop_share", name="the_coin_is_always_fair", also="vanilla_forward fixed_dropout_mask")
def forward_fair(x, p, rng, train=True):
    """Half of your units are dropped whatever p is: the coin is always fair. Let p decide, for example by comparing uniform numbers
    with it."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = rng.integers(0, 2, x.shape).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="next_mask", name="a_fixed_seed_belongs_in_the_function", also="vanilla_forward fixed_dropout_mask")
def forward_frozen(x, p, rng, train=True):
    """Two calls drop the same units, because the function sets a seed of its own (a fixed number, or the time). Dropout needs a fresh mask
    in every step: draw from the rng that is handed in, without seeding anything."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (np.random.default_rng(1).random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="generator", name="np_random_is_just_as_good", also="vanilla_forward fixed_dropout_mask")
def forward_global(x, p, rng, train=True):
    """You draw from a global generator, np.random or random. Then the same rng gives another mask each time and nobody can repeat your
    result. Draw from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (np.random.rand(*x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception(
    "dropout_forward", signs="generator", name="the_function_may_make_its_own_generator", also="vanilla_forward fixed_dropout_mask"
)
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


@misconception("dropout_forward", signs="negatives", name="dropout_comes_with_a_relu", also="vanilla_forward")
def forward_relu(x, p, rng, train=True):
    """Negative inputs never survive: there is a ReLU in your function (code from lecture notes often has both in one line). Dropout
    treats all values alike."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return np.maximum(x, 0) * mask, mask


@misconception("dropout_forward", signs="input_after", name="the_input_may_be_overwritten", also="vanilla_forward")
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


@misconception(
    "dropout_forward", signs="shapes", name="arrays_are_always_two_dimensional", also="keep_mask vanilla_forward fixed_dropout_mask"
)
def forward_two_dimensional(x, p, rng, train=True):
    """Your function only works in two dimensions (perhaps it unpacks a shape into N, D). Use the shape as a whole, and it works for any
    number of axes."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    n, d = x.shape
    mask = (rng.random((n, d)) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="at_one", name="p_is_never_one", also="keep_mask vanilla_forward fixed_dropout_mask")
def forward_nan_at_one(x, p, rng, train=True):
    """At p = 1 you divide 0 by 0 and get NaN. Nobody survives there, so nobody needs a scale: return zeros without computing
    1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / x.dtype.type(1 - p)
    return x * mask, mask


@misconception("dropout_forward", signs="at_one", name="p_is_never_one", also="keep_mask vanilla_forward fixed_dropout_mask")
def forward_raises_at_one(x, p, rng, train=True):
    """At p = 1 you divide by zero. Nobody survives there, so nobody needs a scale: return zeros without computing 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * float(1 / (1 - p))
    return x * mask, mask


@misconception("dropout_forward", signs="at_one", name="p_is_never_one", also="keep_mask vanilla_forward fixed_dropout_mask")
def forward_warns_at_one(x, p, rng, train=True):
    """At p = 1 your zeros come with a warning: 1 / (1 - p) is computed although nobody survives who would need it. Return zeros without
    computing it."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    scale = np.divide(1, x.dtype.type(1 - p))
    mask = np.where(rng.random(x.shape) >= p, scale, x.dtype.type(0))
    return x * mask, mask


@misconception("dropout_forward", signs="at_one", name="p_is_never_one", also="keep_mask vanilla_forward fixed_dropout_mask")
def forward_refuses_one(x, p, rng, train=True):
    """p = 1 is a legal probability, and your function refuses it. It drops everything: return zeros, and raise ValueError only where p
    is below 0 or above 1."""
    if not 0 <= p < 1:
        raise ValueError("p is below 1")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * float(1 / (1 - p))
    return x * mask, mask


@misconception("dropout_forward", signs="small_p", name="p_counts_in_tenths", also="vanilla_forward fixed_dropout_mask")
def forward_tenths(x, p, rng, train=True):
    """Your random numbers take only a few values, so p is rounded to tenths: 0.03 works like 0 or like 0.1. Draw numbers fine enough for
    every p, such as rng.random."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.integers(0, 10, x.shape) >= 10 * p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="drop_share test_time rng_at_test", name="training_and_test_are_exchanged")
def forward_exchanged(x, p, rng, train=True):
    """Your two modes are exchanged: you drop units at test time and return x while training. Dropout works while the network learns; with
    train=False nothing is dropped."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="float32_gives", name="float64_is_good_enough_for_all", also="vanilla_forward")
def forward_float64(x, p, rng, train=True):
    """float32 goes in and float64 comes out, because the mask is float64. Networks often run in float32, and this silently doubles
    their memory. Give the mask the dtype of x."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p) * np.float64(1 / (1 - p) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="outside", name="assert_is_as_good_as_raise", also="keep_mask vanilla_forward fixed_dropout_mask")
def forward_asserts(x, p, rng, train=True):
    """You check p with assert, which raises AssertionError, and which python -O leaves out. Asked for is a ValueError: if p is outside
    [0, 1], raise ValueError with a word about what was wrong."""
    assert 0 <= p <= 1, "p is a probability"
    if not train:
        return x, 1.0
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return x * mask, mask


@misconception("dropout_forward", signs="outside", name="any_p_is_a_probability", also="keep_mask vanilla_forward fixed_dropout_mask")
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
        return dout * (rng.random(dout.shape) >= p) / (1 - p) if p < 1 else np.zeros_like(dout)


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


@misconception("dropout_backward", signs="test_gradient", name="backward_only_follows_training")
class BackwardUnpacksNothingAtTest:
    """After a forward pass at test time your backward pass fails: it asks for a mask that was never made. At test time the layer is the
    identity, so return dout."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        cache = {"p": p}
        if train:
            cache["mask"] = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * cache["mask"] if train else x, cache

    def dropout_backward(dout, cache):
        return dout * cache["mask"]


class Layer:
    """An object that a layer's functions may keep things in."""


@misconception("dropout_backward", signs="test_gradient", name="backward_only_follows_training")
class BackwardLooksForAnAttribute:
    """After a forward pass at test time your backward pass fails: the object in the cache has no mask yet, as none was drawn. At test time
    the layer is the identity, so return dout."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        layer = Layer()
        if train:
            layer.mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * layer.mask if train else x, layer

    def dropout_backward(dout, cache):
        return dout * cache.mask


@misconception("dropout_backward", signs="test_gradient", name="backward_only_follows_training")
class BackwardNothingAtTest:
    """After a forward pass at test time your backward function returns nothing (None). At test time the layer is the identity, so return
    dout."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, None
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * mask, mask

    def dropout_backward(dout, cache):
        dx = None
        if cache is not None:
            dx = dout * cache
        return dx


@misconception("dropout_backward", signs="test_gradient", name="the_cache_holds_a_mask_in_any_case", also="vanilla_forward")
class BackwardMaskedAtTest:
    """After a forward pass at test time your gradient is masked, although the output was not: the mask is drawn and put into the cache
    whether train is True or not. The cache should say what x was really multiplied by."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        chance = rng if rng is not None else np.random.default_rng(p > 0)
        mask = (chance.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * mask if train else x, mask

    def dropout_backward(dout, cache):
        return dout * cache


@misconception("dropout_backward", signs="gradient_at_one", name="p_is_never_one")
class BackwardNotANumberAtOne:
    """After a forward pass with p = 1 your gradient is no number, or the backward function fails: it divides by 1 - p = 0. Everything was
    dropped, so dx is zeros."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, (np.ones(x.shape), 0.0)
        kept = rng.random(x.shape) >= p
        return (x * kept / (1 - p)).astype(x.dtype) if p < 1 else np.zeros_like(x), (kept, np.float64(p))

    def dropout_backward(dout, cache):
        kept, p = cache
        return dout * kept / (1 - p)


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


@misconception("dropout_backward", signs="cache_used", name="the_latest_mask_is_the_right_one")
class BackwardUsesTheNewest:
    """Your backward pass uses the mask of the LATEST training pass, which you keep outside the cache. When two forward passes are followed
    by two backward passes, one of them gets the wrong mask. Hand it over in the cache."""

    def dropout_forward(x, p, rng, train=True):
        global _newest_mask
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, "test"
        _newest_mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * _newest_mask, "train"

    def dropout_backward(dout, cache):
        return dout.copy() if cache == "test" else dout * _newest_mask


@misconception("dropout_backward", signs="gradient_mask", name="the_gradient_goes_to_the_dropped")
class BackwardInverted:
    """Your gradient passes exactly where units were DROPPED, and vanishes where they were kept: the mask is the wrong way round. It must
    pass where the forward pass let x through."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, None
        dropped = rng.random(x.shape) < p
        scale = float(1 / (1 - p)) if p < 1 else 0.0
        return np.where(dropped, 0, x * scale).astype(x.dtype), (dropped, scale)

    def dropout_backward(dout, cache):
        if cache is None:
            return dout.copy()
        dropped, scale = cache
        return dout * dropped * scale


@misconception("dropout_backward", signs="gradient_mask", name="the_gradient_goes_to_the_dropped")
class BackwardWhatIsLeft:
    """You subtract dout * mask from dout: what is left is just what the mask takes away, so the dropped units get the gradient and the
    kept ones the wrong one. The gradient is dout * mask itself."""

    def dropout_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x, np.zeros_like(x)
        mask = (rng.random(x.shape) >= p).astype(x.dtype) * (float(1 / (1 - p)) if p < 1 else 0.0)
        return x * mask, mask

    def dropout_backward(dout, cache):
        return dout - dout * cache


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


@misconception("vanilla_forward", signs="test_time", name="test_time_divides_by_the_kept_share")
class VanillaDividesAtTest:
    """At test time you DIVIDE by 1 - p. All units are back then, so the layer is louder than it was in training, not quieter: multiply by
    1 - p."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x / float(1 - p or 1), float(1 / (1 - p or 1))
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


@misconception("vanilla_forward", signs="test_time rng_at_test", name="test_time_drops_too")
class VanillaDropsAtTest:
    """Your function drops units at test time as well. With train=False it should use the whole network: multiply x by 1 - p and draw
    nothing."""

    def vanilla_forward(x, p, rng, train=True):
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        rng = np.random.default_rng(5) if rng is None else rng
        mask = (rng.random(x.shape) >= p).astype(x.dtype)
        return x * mask, mask

    def vanilla_backward(dout, cache):
        return dout * cache


@misconception("vanilla_forward", signs="cache_used test_gradient", name="the_mask_lives_outside_the_cache")
class VanillaRemembersTheLatest:
    """vanilla_backward uses the mask of the LATEST training pass, which you keep outside the cache. After another forward pass, or after
    one at test time, that is the wrong one. Everything backward needs belongs in the cache it is given."""

    def vanilla_forward(x, p, rng, train=True):
        global _vanilla_mask
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")
        if not train:
            return x * float(1 - p), None
        _vanilla_mask = (rng.random(x.shape) >= p).astype(x.dtype)
        return x * _vanilla_mask, None

    def vanilla_backward(dout, cache):
        return dout * _vanilla_mask


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


@misconception("dropout_moments", signs="mean var", name="mean_and_variance_change_places")
def moments_exchanged(x, p):
    """You return the variance first and the mean second. The function returns (mean, var)."""
    return x**2 * p / (1 - p), x.copy()


@misconception("dropout_moments", signs="var", name="the_variance_is_that_of_the_batch")
def moments_of_the_batch(x, p):
    """You take averages over the entries of x. The question is about each entry by itself: x is fixed, and only its mask is random, so mean
    and var have the shape of x."""
    if not 0 <= p < 1:
        raise ValueError("p is a probability below 1")
    return np.mean(x), np.var(x) * p / (1 - p)


@misconception("dropout_moments", signs="var", name="the_ratio_is_upside_down")
def moments_upside_down(x, p):
    """Your variance has the factor (1 - p) / p. It is the other way round, p / (1 - p): when nothing is dropped there is no noise."""
    return x.copy(), x**2 * (1 - p) / p if p else 0 * x


@misconception("dropout_moments", signs="var", name="the_variance_grows_like_x")
def moments_not_squared(x, p):
    """Your variance is proportional to x. A factor comes out of a variance squared: it is proportional to x^2."""
    return x.copy(), x * p / (1 - p)


@misconception("dropout_moments", signs="var", name="the_second_moment_is_the_variance")
def moments_second_only(x, p):
    """You return the average of y^2. The variance is the average of y^2 minus the square of the average of y."""
    return x.copy(), x**2 / (1 - p)


@misconception("dropout_moments", signs="mean", name="the_mean_shrinks_by_1_minus_p")
def moments_smaller_mean(x, p):
    """Your mean is (1 - p) x. So it is without scaling; the inverted form divides the survivors by 1 - p, and the average stays x."""
    return x * (1 - p), x**2 * p / (1 - p)


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


@misconception("fixed_dropout_mask", signs="when_all_are_dropped", name="one_unit_is_always_saved")
def clinic_rescue(shape, p, rng):
    """Where all were dropped you bring one unit back. So the average of the mask is too large in a small layer: an all-zero mask is a legal
    draw, and must stay as often as chance makes it."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    kept = rng.random(shape) >= p
    if p < 1 and not kept.any():
        kept.reshape(-1)[rng.integers(kept.size)] = True
    return kept * (1 / (1 - p) if p < 1 else 0.0)


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


@misconception("fixed_dropout_mask", signs="when_all_are_dropped", name="an_empty_mask_is_drawn_once_more")
def clinic_once_more(shape, p, rng):
    """When all units are dropped you draw a second time. That happens less often to be empty than it should, and the average of the mask
    is more than 1. An all-zero mask is a legal draw."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    scale = float(1 / (1 - p)) if p < 1 else 0.0
    mask = (rng.random(shape) >= p) * scale
    return mask if mask.any() else (rng.random(shape) >= p) * scale


@misconception("fixed_dropout_mask", signs="survivors", name="survivors_need_no_scaling")
def clinic_unscaled(shape, p, rng):
    """Your mask holds 0 and 1. The healthy function returns the factors of INVERTED dropout: 0 and 1 / (1 - p), so that their average
    is 1."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return (rng.random(shape) >= p).astype(float)


@misconception("fixed_dropout_mask", signs="at_one", name="p_is_never_one")
def clinic_nan_at_one(shape, p, rng):
    """At p = 1 you divide 0 by 0 and get NaN. Nobody survives there, so nobody needs a scale: return zeros without computing
    1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return (rng.random(shape) >= p) / np.float64(1 - p)


@misconception("fixed_dropout_mask", signs="next_mask", name="a_fixed_seed_belongs_in_the_function")
def clinic_frozen(shape, p, rng):
    """Two calls give the same mask, because the function seeds a generator of its own. Draw from the rng that is handed in."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    return (np.random.default_rng(0).random(shape) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)


@misconception("fixed_dropout_mask", signs="rows", name="one_mask_serves_the_whole_batch")
def clinic_one_row(shape, p, rng):
    """All rows of your mask are the same: every example of the batch loses the same units. Draw one number per ENTRY, not one per
    column."""
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    row = (rng.random((1, *shape[1:]) if len(shape) > 1 else shape) >= p) * (float(1 / (1 - p)) if p < 1 else 0.0)
    return np.broadcast_to(row, shape).copy()


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


@variant("keep_mask")
def mask_early_exits(shape, p, rng):
    _legal(p)
    if p == 0:
        return np.full(shape, True)
    if p == 1:
        return np.full(shape, False)
    return np.logical_not(rng.random(size=shape) < p)


def _coin(p, rng):
    return bool(rng.uniform() >= p)


@variant("keep_mask")
def mask_by_a_helper(shape, p, rng):
    _legal(p)
    shape = (shape,) if np.isscalar(shape) else shape
    return np.array([_coin(p, rng) for _ in range(int(np.prod(shape)))], dtype=bool).reshape(shape)


@variant("keep_mask")
def mask_half_and_half(shape, p, rng):
    _legal(p)
    mask = np.zeros(shape, dtype=bool)
    flat = mask.reshape(-1)
    middle = flat.size // 2
    flat[:middle] = rng.random(middle) >= p
    flat[middle:] = rng.random(flat.size - middle) >= p
    return mask


@variant("keep_mask")
def mask_of_bits(shape, p, rng):
    if p < 0 or p > 1:
        raise ValueError
    return rng.integers(2**53, size=shape) < round((1 - p) * 2**53)


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


class _Layer:
    """Dropout as a class, the mask as an attribute."""

    def __init__(self, p, rng):
        self.p, self.rng, self.mask = p, rng, None

    def __call__(self, x, train):
        if not train:
            self.mask = np.ones_like(x)
        elif self.p == 1:
            self.mask = np.zeros_like(x)
        else:
            self.mask = ((self.rng.random(x.shape) >= self.p) / (1 - self.p)).astype(x.dtype)
        return x * self.mask


@variant("dropout_forward")
def forward_as_a_class(x, p, rng, train=True):
    _legal(p)
    layer = _Layer(p, rng)
    return layer(x, train), layer


@variant("dropout_forward")
def forward_silenced(x, p, rng, train=True):
    _legal(p)
    if not train:
        return np.array(x), (train,)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.divide(x, x.dtype.type(1 - p))
    return np.where(rng.random(x.shape) < p, x.dtype.type(0), scaled), (train,)


@variant("dropout_forward")
def forward_of_bits(x, p, rng, train=True):
    if p < 0.0 or p > 1.0:
        raise ValueError("no probability")
    if train is False or p == 0:
        return x, None
    if p == 1:
        return 0 * x, None
    kept = rng.integers(2**53, size=x.shape) >= p * 2**53
    return x * kept.astype(x.dtype) * x.dtype.type(1 / (1 - p)), kept


@variant("dropout_backward")
class BackwardAsAClass:
    def dropout_forward(x, p, rng, train=True):
        _legal(p)
        layer = _Layer(p, rng)
        return layer(x, train), layer

    def dropout_backward(dout, cache):
        return dout * cache.mask


@variant("dropout_backward")
class BackwardWithTuple:
    def dropout_forward(x, p, rng, train=True):
        _legal(p)
        keep = 1 - p
        mask = _mask_of(x.shape, p, rng) if train else None
        if not train:
            return x, (x, p, train, mask)
        if keep == 0:
            return np.zeros_like(x), (x, p, train, mask)
        return (x * mask / keep).astype(x.dtype), (x, p, train, mask)

    def dropout_backward(dout, cache):
        _, p, train, mask = cache
        if not train:
            return dout
        if p == 1:
            return np.zeros_like(dout)
        return dout * mask / (1 - p)


@variant("dropout_backward")
class BackwardEntryByEntry:
    def dropout_forward(x, p, rng, train=True):
        _legal(p)
        factors = np.ones(x.size, x.dtype)
        if train:
            for i in range(x.size):
                factors[i] = 1 / (1 - p) if rng.random() >= p else 0
        return (x.reshape(-1) * factors).reshape(x.shape), factors.tolist()

    def dropout_backward(dout, cache):
        return np.array([d * f for d, f in zip(dout.reshape(-1), cache, strict=True)]).reshape(dout.shape)


def _mask_of(shape, p, rng):
    return (rng.random(shape) >= p).astype(np.int8)


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


@variant("vanilla_forward")
class VanillaAsAClass:
    def vanilla_forward(x, p, rng, train=True):
        _legal(p)
        layer = _Vanilla(p)
        return layer.forward(x, rng, train), layer

    def vanilla_backward(dout, cache):
        return cache.backward(dout)


class _Vanilla:
    def __init__(self, p):
        self.p, self.kept = p, None

    def forward(self, x, rng, train):
        self.kept = rng.random(x.shape) >= self.p if train else None
        return self.backward(x)

    def backward(self, dout):
        return dout * (float(1 - self.p) if self.kept is None else self.kept.astype(dout.dtype))


@variant("vanilla_forward")
class VanillaEarlyExit:
    def vanilla_forward(x, p, rng, train=True):
        if not (p >= 0 and p <= 1):
            raise ValueError(p)
        if not train:
            return (x * (1 - p)).astype(x.dtype), {"test": 1 - p}
        if p in (0, 1):
            return x * float(1 - p), {"test": 1 - p}
        mask = rng.binomial(1, 1 - p, x.shape)
        return (x * mask).astype(x.dtype), {"train": mask}

    def vanilla_backward(dout, cache):
        (factor,) = cache.values()
        return dout * factor


@variant("vanilla_forward")
class VanillaFromInverted:
    def vanilla_forward(x, p, rng, train=True):
        _legal(p)
        factor = _mask_of(x.shape, p, rng).astype(x.dtype) if train else x.dtype.type(1 - p)
        return factor * x, [factor]

    def vanilla_backward(dout, cache):
        (factor,) = cache
        return np.multiply(factor, dout)


@variant("dropout_moments")
def moments_two_values(x, p):
    if not 0 <= p < 1:
        raise ValueError("p is a probability below 1")
    q = 1 - p
    high = x / q
    mean = q * high
    return mean, q * (high - mean) ** 2 + p * mean**2


@variant("dropout_moments")
def moments_second_moment(x, p):
    if p < 0 or p >= 1:
        raise ValueError("p is a probability below 1")
    return np.array(x), np.square(x) / (1 - p) - np.square(x)


@variant("dropout_moments")
def moments_entry_by_entry(x, p):
    if not (p >= 0 and p < 1):
        raise ValueError
    mean, var = x * 1, np.empty_like(x)
    for place in np.ndindex(x.shape):
        var[place] = x[place] * x[place] * p / (1 - p)
    return [mean, var]


@variant("dropout_moments")
def moments_over_both_masks(x, p):
    _legal(p)
    if p == 1:
        raise ValueError("p < 1")
    values, chances = [0 * x, x / (1 - p)], [p, 1 - p]
    mean = sum(c * v for v, c in zip(values, chances, strict=True))
    return mean, sum(c * (v - mean) ** 2 for v, c in zip(values, chances, strict=True))


@variant("dropout_moments")
def moments_in_single_steps(x, p):
    _legal(p if p < 1 else 2)
    coin = p * (1 - p)
    return +x, np.power(x / (1 - p), 2) * coin


@variant("fixed_dropout_mask")
def clinic_early_exit(shape, p, rng):
    _legal(p)
    if p == 1:
        return np.zeros(shape)
    mask = np.zeros(shape)
    mask[rng.random(shape) >= p] = 1 / (1 - p)
    return mask


@variant("fixed_dropout_mask")
def clinic_silenced(shape, p, rng):
    _legal(p)
    with np.errstate(all="ignore"):
        return np.where(rng.random(shape) < p, 0.0, np.float64(1) / np.float64(1 - p))


@variant("fixed_dropout_mask")
def clinic_by_a_loop(shape, p, rng):
    _legal(p)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    values = [1 / (1 - p) if rng.random() >= p else 0.0 for _ in range(int(np.prod(shape)))]
    return np.array(values).reshape(shape)


@variant("fixed_dropout_mask")
def clinic_binomial(shape, p, rng):
    _legal(p)
    mask = rng.binomial(1, 1 - p, size=shape).astype(float)
    return mask / (1 - p) if p < 1 else mask


@variant("fixed_dropout_mask")
def clinic_multiply(shape, p, rng):
    _legal(p)
    return (rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0)

"""SECRET. The key of assignment 1: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

from functools import partial

import numpy as np

from autograder import core, edge, manner, right, variant, within
from autograder.dropout import checks as c

SALT = "okapi-7341"

MASK = {"via": "mask"}
MULTIPLIER = {"via": "multiplier"}
INVERTED = {"forward": "dropout_forward", "backward": "dropout_backward"}
VANILLA = {"forward": "vanilla_forward", "backward": "vanilla_backward"}
SOME = "drops_some_and_keeps_some"
GRADIENT = "passes_gradient_to_kept_units_only"
CHANCE = ("drops_the_right_share", "keeps_a_varying_number", "draws_afresh", "takes_any_shape")

HIDDEN = {
    "keep_mask": {
        "rate": [
            c.drops_the_right_share(p=0.005, shape=(148, 148), **MASK),
            c.drops_the_right_share(p=0.62, calls=1, **MASK),
        ],
        "coins": [
            c.treats_examples_apart(p=0.62, **MASK),
            c.treats_features_apart(p=0.62, **MASK),
            c.keeps_a_varying_number(p=0.62, **MASK),
            c.can_drop_everything(p=0.6, units=3, calls=200, **MASK, needs=CHANCE),
        ],
        "rng": [c.obeys_the_generator(p=0.62, shape=(45, 31), **MASK)],
    },
    "dropout_forward": {
        "coins": [
            c.drops_the_right_share(p=0.005, shape=(148, 148)),
            c.drops_the_right_share(p=0.62, calls=1),
            c.treats_examples_apart(p=0.62),
            c.treats_features_apart(p=0.62),
            c.keeps_a_varying_number(p=0.62),
            c.can_drop_everything(p=0.6, units=3, calls=200, via="forward", needs=CHANCE),
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
            c.drops_the_right_share(p=0.005, shape=(148, 148)),
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
        "var": [c.is_right_like_the_solution(given=((7, 5), 0.45), names=("mean", "var"), name="var", tolerance=1e-5)],
        "mean": [c.is_right_like_the_solution(given=((7, 5), 0.45), names=("mean", "var"), name="mean", tolerance=1e-5)],
        "manners": [
            c.is_right_like_the_solution(given=given, names=("mean", "var"), name="var", tolerance=tolerance, needs="var")
            for given, tolerance in ((((3, 4), 0.0), 1e-9), (((7, 5), 0.3), 1e-10))
        ],
    },
    "fixed_dropout_mask": {
        "cure": [
            c.holds_only(p=0.6, by="1/(1-p)", shape=(1, 2)),
            c.can_drop_everything(p=0.6, units=1, calls=400, **MULTIPLIER),
        ],
        "coins": [c.treats_examples_apart(p=0.3, **MULTIPLIER)],
    },
    "quiz": {
        **{key: [c.answers_rightly(key=key, needs=key)] for key in ("distinct", "keep_to_drop", "spread", "wide_enough")},
        **{key: [c.answers_rightly(key=key, choices="abcd", needs=key)] for key in ("one_in_five", "at_test")},
    },
}


# ------------------------------------------------------------------------------------------------ wrong, in several exercises
# The solutions of dropout_forward, vanilla_forward and fixed_dropout_mask draw by calling keep_mask; these are other ways to draw.
DRAWN = "keep_mask(x.shape, p, rng)"
CLINIC = "keep_mask(shape, p, rng)"
UNIFORM = "rng.random(shape)"
CHECKED = "raise ValueError("
SCALE = "1 / (1 - p) if p < 1 else 0.0"
TRAIN = "if not train:\n        return x, 1.0\n"
EVERYWHERE = "vanilla_forward fixed_dropout_mask"
ALL = "keep_mask vanilla_forward fixed_dropout_mask"
ELSEWHERE = f"dropout_forward {EVERYWHERE}"


normal = partial(
    core,
    "a_normal_number_is_as_good_as_a_uniform_one",
    """You compare NORMAL random numbers with p. They are not spread evenly over 0 to 1, so the share that is dropped is not p.
    Draw uniform numbers: rng.random, not rng.normal or randn.""",
    signs="drop_share",
)
shared_rows = partial(
    core,
    "one_mask_serves_the_whole_batch",
    """All rows of your mask are the same: every example of the batch loses the same units. Draw one number per ENTRY, not one
    per column.""",
    signs="rows",
)
shared_columns = partial(
    core,
    "one_draw_decides_about_all_features",
    """Each row of your mask is all kept or all dropped: an example loses all of its features or none. Draw one number per
    ENTRY, not one per row.""",
    signs="columns",
)
exact_number = partial(
    core,
    "exactly_p_n_units_are_dropped",
    """You drop exactly the share p, every time. Each unit should throw its own coin, so the number that stays varies: it is p
    * n only on average.""",
    signs="number_dropped",
)
fair_coin = partial(
    core,
    "the_coin_is_always_fair",
    """Half of your units are dropped whatever p is: the coin is always fair. Let p decide, for example by comparing uniform
    numbers with it.""",
    signs="drop_share small_p",
)
frozen = partial(
    core,
    "a_fixed_seed_belongs_in_the_function",
    """Two calls drop the same units: the function seeds a generator of its own (with a fixed number, or with the time), or
    an old mask is used again. Draw a new one in each call, from the rng that is handed in, without seeding anything.""",
    signs="next_mask",
)
global_generator = partial(
    edge,
    "np_random_is_just_as_good",
    """You draw from a global generator, np.random or random. Then the same rng gives another mask each time and nobody can
    repeat your result. Draw from the rng that is handed in.""",
    signs="generator",
)
own_generator = partial(
    edge,
    "the_function_may_make_its_own_generator",
    """You draw from a generator of your own, so the seed of rng has no effect and nobody can repeat your result. Draw from
    the rng that is handed in.""",
    signs="generator",
)
in_tenths = partial(
    core,
    "p_counts_in_tenths",
    """Your random numbers take only a few values, so p is rounded to tenths: 0.03 works like 0 or like 0.1. Draw numbers fine
    enough for every p, such as rng.random.""",
    signs="small_p",
)
in_hundredths = partial(
    core,
    "p_counts_in_hundredths",
    """Your random numbers take only a hundred values, so p is rounded to hundredths: 0.005 works like 0 or like 0.01. Draw numbers
    fine enough for every p, such as rng.random.""",
    signs="small_p",
)
in_pairs = partial(
    core,
    "one_coin_serves_two",
    """Each coin of yours serves two: the mask is alike in pairs, so the two are always dropped together. Draw as many numbers as x has
    entries: one for each.""",
)
never_empty = partial(
    core,
    "an_empty_mask_is_drawn_again",
    """When all units are dropped you draw again until somebody survives. In a small layer far fewer units are dropped then than
    p says: a mask without a survivor is a legal draw.""",
    signs="when_all_are_dropped",
)
one_saved = partial(
    core,
    "one_unit_is_always_saved",
    """Where all units are dropped you bring one back. In a small layer far fewer units are dropped then than p says: a mask without
    a survivor is a legal draw.""",
    signs="when_all_are_dropped",
)


def never_one(sentence, *edits, also=ALL):
    return manner("p_is_never_one", sentence, *edits, signs="at_one", also=also)


def only_after_training(sentence, *edits):
    return edge("backward_only_follows_training", f"{sentence} At test time the layer is the identity, so return dout.", *edits,
                signs="test_gradient")


def caching(at_test, in_training):
    """Edits by which dropout_forward puts something else into the cache."""
    return tuple(
        within("dropout_forward", f"return {out}, {was}", f"return {out}, {new}")
        for out, was, new in (("x", "1.0", at_test), ("x * mask", "mask", in_training))
    )


def drawn(new):
    """Another way to draw in dropout_forward."""
    return (DRAWN, new)


MISCONCEPTIONS = {
    "keep_mask": [
        core(
            "p_is_the_keep_probability",
            """You keep each unit with probability p. In this course p is the probability of DROPPING (as in PyTorch), so a unit stays with
            probability 1 - p. Papers and CS231n often use p the other way round.""",
            ("u >= p", "u < p"),
            signs="drop_share", also="fixed_dropout_mask",
        ),
        normal((UNIFORM, "rng.standard_normal(shape)")),
        shared_rows(
            (UNIFORM, "np.zeros(shape)"),
            ("np.asarray(u >= p)", "(u + rng.random(u.shape[1:])) >= p"),
        ),
        shared_columns(
            (UNIFORM, "np.zeros(shape)"),
            ("np.asarray(u >= p)", "(u + rng.random(u.shape[:1] + (1,) * (u.ndim - 1))) >= p"),
        ),
        exact_number(
            (UNIFORM, "np.zeros(shape)"),
            ("np.asarray(u >= p)", "(rng.permutation(u.size) >= round(p * u.size)).reshape(u.shape)"),
        ),
        never_empty(("    return np.asarray", f"    while p < 1 and not np.any(u >= p):\n        u = {UNIFORM}\n    return np.asarray")),
        one_saved(
            ("    return np.asarray(u >= p)", "    kept = np.asarray(u >= p)\n    kept.flat[: 1 - kept.any()] = p < 1\n    return kept")
        ),
        fair_coin((UNIFORM, "rng.integers(0, 2, shape)"), ("u >= p", "u == 1")),
        frozen((UNIFORM, "np.random.default_rng(0).random(shape)")),
        global_generator((UNIFORM, "np.random.random_sample(shape)")),
        own_generator((UNIFORM, "np.random.default_rng().random(shape)")),
        manner(
            "the_mask_is_already_scaled",
            """Your mask holds floats. Here it should only say WHICH units stay: a boolean array. The scaling comes in the next
            exercise.""",
            ("np.asarray(u >= p)", "np.asarray(u >= p).astype(float)"),
            signs="mask_type",
        ),
        manner(
            "zeros_and_ones_are_booleans",
            """Your mask holds the whole numbers 0 and 1. Asked for are booleans, True and False: they multiply just as well, and x[mask]
            and ~mask only mean what you think with them. Leave out astype(int), or compare with 1.""",
            ("np.asarray(u >= p)", "np.asarray(u >= p).astype(int)"),
            signs="mask_type",
        ),
        in_tenths((UNIFORM, "rng.integers(0, 10, shape)"), ("u >= p", "u >= round(10 * p)")),
        in_hundredths((UNIFORM, "rng.integers(0, 100, shape)"), ("u >= p", "u >= 100 * p"), also=ELSEWHERE),
        in_pairs((UNIFORM, f"np.resize(np.repeat({UNIFORM}.ravel(), 2), shape)"), signs="columns", also=ELSEWHERE),
        in_pairs((UNIFORM, f"{UNIFORM}; u[1::2] = u[:-1:2] if np.ndim(u) > 1 else u[1::2]"), signs="rows", also=ELSEWHERE),
        core(
            "places_are_picked_with_replacement",
            """You pick p * n places, but the same place can be picked twice, so fewer units are dropped than you meant; and how many are
            dropped should be left to chance anyway. Let each unit throw its own coin.""",
            (UNIFORM, "np.ones(shape, dtype=bool)"),
            (
                "return np.asarray(u >= p)",
                "u.reshape(-1)[rng.integers(0, max(u.size, 1), round(p * u.size))] = False\n    return u",
            ),
            signs="drop_share", also="dropout_forward vanilla_forward fixed_dropout_mask",
        ),
        manner(
            "a_shape_is_always_a_tuple",
            """Your function fails when the shape is a plain number, such as 7, because it takes a tuple apart. NumPy's own functions take
            both: hand shape on as it is, as in rng.random(shape).""",
            (UNIFORM, "rng.random((*shape,))"),
            signs="shapes", also="fixed_dropout_mask",
        ),
    ],
    "dropout_forward": [
        core(
            "p_is_the_keep_probability",
            """You treat p as the probability of KEEPING: units stay with probability p and are divided by p. In this course p is the
            probability of DROPPING (as in PyTorch): keep with 1 - p, divide by 1 - p.""",
            drawn("~" + DRAWN),
            (SCALE, "1 / max(p, 1e-12)"),
            signs="drop_share survivors",
        ),
        core(
            "the_mask_is_inverted",
            """Your scale 1 / (1 - p) is right, but the mask is the wrong way round: units STAY with probability p. They should be dropped
            with probability p.""",
            drawn("~" + DRAWN),
            signs="drop_share =survivors",
        ),
        core(
            "one_coin_decides_about_everything",
            """A call drops everything or nothing: one coin decides about the whole array. Each entry throws its own: draw numbers of the
            shape of x.""",
            drawn("np.full(x.shape, rng.random() >= p)"),
            signs="coins_of_a_call", also="vanilla_forward",
        ),
        core(
            "units_stay_with_probability_p_as_they_are",
            """Your mask is the wrong way round, units STAY with probability p, and the survivors are not scaled. Keep each with probability
            1 - p, and divide those by 1 - p.""",
            drawn("~" + DRAWN), (SCALE, "1.0"),
            signs="drop_share survivors",
        ),
        core(
            "a_division_waits_for_the_subtraction",
            """Nobody is dropped: who should be is multiplied by -p, and the survivors by 1 - p, for mask / 1 - p is (mask / 1) - p. Write
            mask / (1 - p).""",
            (f"({DRAWN} * scale)", f"({DRAWN} / 1 - p)"),
            signs="survivors",
        ),
        core(
            "survivors_need_no_scaling",
            """You drop units but never divide the survivors by 1 - p, so the layer is quieter in training than at test time and the average
            of the output is (1 - p) x instead of x.""",
            (SCALE, "1.0"),
            signs="survivors",
        ),
        core(
            "the_scaling_belongs_to_test_time",
            """This is classic dropout: nothing is scaled in training and the output shrinks by 1 - p at test time. Correct, but not
            inverted: here the survivors are divided by 1 - p in training, and test time returns x as it is. (Exercise 4 is the place for
            this form.)""",
            (SCALE, "1.0"),
            ("return x, 1.0", "return x * float(1 - p), float(1 - p)"),
            signs="survivors test_time",
        ),
        core(
            "test_time_multiplies_by_p",
            """You scale at test time, and by p, the share that was DROPPED. Inverted dropout does not scale at test time at all: divide the
            survivors by 1 - p while training.""",
            (SCALE, "1.0"),
            ("return x, 1.0", "return x * float(p), float(p)"),
            signs="survivors test_time",
        ),
        core(
            "survivors_are_divided_by_p",
            """You divide the survivors by p. A unit survives with probability 1 - p, so that is what the average must be repaired by:
            divide by 1 - p. (At p = 0.5 both are the same, which hides it.)""",
            (SCALE, "1 / p if p > 0 else 1.0"),
            signs="survivors", also="fixed_dropout_mask",
        ),
        core(
            "survivors_are_multiplied_by_the_keep_probability",
            """You multiply the survivors by 1 - p, which makes the layer even quieter. To keep the average, DIVIDE by 1 - p: the survivors
            speak up for those who are missing.""",
            (SCALE, "1 - p"),
            signs="survivors =drop_share", also="fixed_dropout_mask",
        ),
        core(
            "the_spread_is_what_is_kept",
            """You divide the survivors by the square root of 1 - p. That keeps the average of x^2; inverted dropout keeps the average of x
            itself: divide by 1 - p.""",
            (SCALE, "1 / np.sqrt(1 - p) if p < 1 else 0.0"),
            signs="survivors", also="fixed_dropout_mask",
        ),
        core(
            "the_scale_is_applied_twice",
            """You divide by 1 - p twice, perhaps once in the mask and once more in the output. Once is enough: then the average is x.""",
            (SCALE, "1 / (1 - p) ** 2 if p < 1 else 0.0"),
            signs="survivors",
        ),
        edge(
            "test_time_scales_once_more",
            """At test time you multiply by 1 - p. In inverted dropout the division in training has already repaired the average: test time
            returns x unchanged.""",
            ("return x, 1.0", "return x * float(1 - p), float(1 - p)"),
            signs="test_time",
        ),
        edge(
            "test_time_divides_as_well",
            """At test time you divide by 1 - p. There all units are present and nobody has to speak up for others: return x unchanged.""",
            ("return x, 1.0", f"return x * float({SCALE}), 1.0"),
            signs="test_time",
        ),
        edge(
            "test_time_drops_too",
            """Your function drops units at test time as well. With train=False it should use the whole network: return x unchanged and draw
            nothing.""",
            ("if not train:", "if rng is None:"),
            signs="test_time",
        ),
        edge(
            "test_time_drops_too",
            """Your function drops units at test time as well. With train=False it should use the whole network: return x unchanged and draw
            nothing.""",
            (TRAIN, "pass\n"),
            signs="test_time rng_at_test",
        ),
        edge(
            "the_mask_is_drawn_before_train_is_asked",
            """At test time your function works only if it gets an rng, because the mask is drawn before train is looked at. With
            train=False no random number is drawn, and rng may be None: ask for train first.""",
            ("if not train:", f"kept = {DRAWN}\n    if not train:"),
            signs="rng_at_test", also="vanilla_forward",
        ),
        core(
            "the_mask_is_the_output",
            """While training you return the mask itself: every survivor has the same value, whatever x was. The layer MULTIPLIES x by the
            mask; the mask belongs into the cache.""",
            ("return x * mask, mask", "return mask, mask"),
            signs="survivors negatives", also="vanilla_forward",
        ),
        core(
            "forward_returns_out_alone",
            """You return only the output. In this course a forward function returns a pair, (out, cache): the second is whatever the
            backward function needs, usually the mask.""",
            ("return x, 1.0", "return x"),
            ("return x * mask, mask", "return x * mask"),
            signs="returned", also="vanilla_forward",
        ),
        core(
            "forward_returns_nothing",
            """Your function returns nothing (None). A forward function returns a pair, (out, cache), and leaves x as it was.""",
            ("return x, 1.0", "return"),
            ("return x * mask, mask", "x = x * mask"),
            signs="returned", also="vanilla_forward",
        ),
        manner(
            "a_float32_mask_is_exact_enough",
            """You divide in float32, so what survives is right to seven digits only, even when x is float64. A gradient check would notice.
            Keep the mask boolean (or in the dtype of x) and divide by the plain number 1 - p.""",
            (".astype(x.dtype)", ".astype(np.float32)"),
            signs="digits", also="fixed_dropout_mask",
        ),
        manner(
            "float32_is_good_enough_for_all",
            """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives
            float64 out, or a gradient check, which needs all sixteen digits, fails behind your layer.""",
            (".astype(x.dtype)", ".astype(np.float32)"),
            ("return x * mask, mask", "return x.astype(np.float32) * mask, mask"),
            signs="digits", also="vanilla_forward",
        ),
        manner(
            "a_little_in_the_divisor_does_no_harm",
            """You add a small number to 1 - p before you divide by it. Against p = 1 that helps, but everywhere else the survivors are a
            little too small. Divide by 1 - p itself, and treat p = 1 apart.""",
            (SCALE, "1 / (1 - p + 1e-8) if p else 1.0"),
            signs="digits", also="fixed_dropout_mask",
        ),
        normal(drawn("(rng.standard_normal(x.shape) < 1 - p)"), also=EVERYWHERE),
        shared_rows(drawn("keep_mask((1, *x.shape[1:]), p, rng)"), also=EVERYWHERE),
        shared_columns(drawn("keep_mask(x.shape[:1] + (1,) * (x.ndim - 1), p, rng)"), also=EVERYWHERE),
        never_empty(
            ("    return x * mask", f"    while scale and not mask.any(): mask = {DRAWN} * x.dtype.type(scale)\n    return x * mask"),
        ),
        one_saved(("    return x * mask, mask", "    if not mask.any():\n        mask.flat[:1] = scale\n    return x * mask, mask")),
        exact_number(drawn("(rng.permutation(x.size) >= round(p * x.size)).reshape(x.shape)"), also=EVERYWHERE),
        core(
            "the_scale_is_the_share_that_really_stayed",
            """You divide by the share that happened to stay in this draw. Divide by 1 - p: then each unit keeps its average by itself,
            whatever happens to its neighbours.""",
            (f"scale = {SCALE}", f"kept = {DRAWN}"),
            (f"({DRAWN} * scale)", "(kept * (kept.size / max(kept.sum(), 1)))"),
            signs="survivors", also="fixed_dropout_mask",
        ),
        core(
            "the_weakest_units_are_dropped",
            """You look at x to decide who is dropped, and the same units fall in every call. Dropout does not choose: each unit throws a
            coin, whatever its value is.""",
            (f"{DRAWN} * scale", "(abs(x) > np.sort(abs(x), axis=None)[round(p * x.size) - 1]) * scale if p else np.ones(x.shape)"),
            signs="next_mask other_inputs",
        ),
        core(
            "what_is_dropped_is_cut_out",
            """You return only the units that were kept, x[mask], so out is a shorter array. A dropped unit stays where it is, with the
            value 0: the next layer expects as many inputs as ever.""",
            ("return x * mask, mask", "return (x * mask)[mask != 0], mask"),
            signs="returned", also="vanilla_forward",
        ),
        fair_coin(drawn("rng.integers(0, 2, x.shape)"), also=EVERYWHERE),
        frozen(drawn("keep_mask(x.shape, p, np.random.default_rng(1))"), also=EVERYWHERE),
        global_generator(drawn("(np.random.rand(*x.shape) >= p)"), also=EVERYWHERE),
        own_generator(drawn("keep_mask(x.shape, p, np.random.default_rng())"), also=EVERYWHERE),
        core(
            "dropout_is_gaussian_noise",
            """You multiply every unit by a normal random number. That is Gaussian dropout, a cousin (assignment 7). Here a unit is either
            dropped or kept and divided by 1 - p, nothing in between.""",
            (f"{DRAWN} * scale", "1 + rng.standard_normal(x.shape) * np.sqrt(p / max(1 - p, 1e-12))"),
            signs="drop_share survivors",
        ),
        core(
            "dropout_comes_with_a_relu",
            """Negative inputs never survive: there is a ReLU in your function (code from lecture notes often has both in one line). Dropout
            treats all values alike.""",
            ("return x * mask, mask", "return np.maximum(x, 0) * mask, mask"),
            signs="negatives", also="vanilla_forward",
        ),
        manner(
            "the_input_may_be_overwritten",
            """Your function changes x itself (*= works in place). The caller still needs it: if x is a slice of the training set, the data
            is erased bit by bit. Write x * mask into a new array.""",
            ("return x * mask, mask", "x *= mask\n    return x, mask"),
            signs="input_after", also="vanilla_forward",
        ),
        manner(
            "arrays_are_always_two_dimensional",
            """Your function only works in two dimensions (perhaps it unpacks a shape into N, D). Use the shape as a whole, and it works for
            any number of axes.""",
            (f"scale = {SCALE}", f"n, d = x.shape\n    scale = {SCALE}"),
            signs="shapes", also=ALL,
        ),
        never_one(
            """At p = 1 you divide 0 by 0 and get NaN. Nobody survives there, so nobody needs a scale: return zeros without
            computing 1 / (1 - p).""",
            (f"    scale = {SCALE}\n", ""),
            (f"({DRAWN} * scale).astype(x.dtype)", f"{DRAWN}.astype(x.dtype) / x.dtype.type(1 - p)"),
        ),
        never_one(
            """At p = 1 you divide by zero. Nobody survives there, so nobody needs a scale: return zeros without computing 1 / (1 -
            p).""",
            (SCALE, "1 / (1 - p)"),
        ),
        never_one(
            """At p = 1 your zeros come with a warning: 1 / (1 - p) is computed although nobody survives who would need it. Return
            zeros without computing it.""",
            (SCALE, "np.divide(1, x.dtype.type(1 - p))"),
            (f"({DRAWN} * scale)", f"np.where({DRAWN}, scale, 0)"),
        ),
        never_one(
            """p = 1 is a legal probability, and your function refuses it. It drops everything: return zeros, and raise ValueError
            only where p is below 0 or above 1.""",
            ("0 <= p <= 1", "0 <= p < 1"),
        ),
        manner(
            "the_ends_are_no_probabilities",
            """p = 0 and p = 1 are legal probabilities, and your function refuses them: the one drops nothing, the other everything. Raise
            ValueError only where p is below 0 or above 1.""",
            ("0 <= p <= 1", "0 < p < 1"),
            signs="at_zero at_one", also=ALL,
        ),
        in_tenths(drawn("(rng.integers(0, 10, x.shape) >= 10 * p)"), also=EVERYWHERE),
        core(
            "training_and_test_are_exchanged",
            """Your two modes are exchanged: you drop units at test time and return x while training. Dropout works while the network
            learns; with train=False nothing is dropped.""",
            ("if not train:", "if train:"),
            signs="drop_share test_time rng_at_test",
        ),
        manner(
            "float64_is_good_enough_for_all",
            """float32 goes in and float64 comes out: your mask has another dtype, and a product takes the wider of the two. Networks often
            run in float32, and this silently doubles their memory. Give the mask the dtype of x.""",
            (".astype(x.dtype)", ".astype(np.float64)"),
            signs="float32_gives", also="vanilla_forward",
        ),
        manner(
            "assert_is_as_good_as_raise",
            """You check p with assert, which raises AssertionError, and which python -O leaves out. Asked for is a ValueError: if p is
            outside [0, 1], raise ValueError with a word about what was wrong.""",
            (CHECKED, "raise AssertionError("),
            signs="outside", also=ALL,
        ),
        manner(
            "any_p_is_a_probability",
            """You accept a p outside [0, 1], and what comes out then is nonsense that looks like numbers. Raise a ValueError at once: it is
            the kindest thing a function can do for its caller.""",
            (CHECKED, "str("),
            drawn("(rng.random(x.shape) >= p)"),
            signs="outside", also=ALL,
        ),
    ],
    "dropout_backward": [
        core(
            "the_gradient_needs_no_scale",
            """Your gradient has the mask but not the factor 1 / (1 - p). The forward pass multiplied x by mask / (1 - p), so the gradient
            is multiplied by the very same.""",
            ("dout * cache", "dout * (cache != 0)"),
            signs="gradient_factor",
        ),
        core(
            "the_gradient_is_scaled_twice",
            """Your gradient carries the factor 1 / (1 - p) twice, perhaps once in the stored mask and once more by a division. The forward
            pass used it once, so the gradient does too.""",
            ("dout * cache", "dout * cache * cache"),
            signs="gradient_factor",
        ),
        core(
            "backward_undoes_the_scale",
            """You multiply the gradient by 1 - p where the forward pass divided by it. Going back does not undo a step: whatever x was
            multiplied by, dout is multiplied by the very same.""",
            *caching("(1.0, 0.0)", "(mask != 0, p)"),
            ("return dout * cache", "kept, p = cache\n    return dout * kept * (1 - p)"),
            signs="gradient_factor",
        ),
        core(
            "the_gradient_is_divided_by_p",
            """You divide the gradient by p, the share that was dropped. The forward pass divided by 1 - p, so the gradient does too. (At p
            = 0.5 both are the same, which hides it.)""",
            *caching("(1.0, 1.0)", "(mask != 0, p or 1.0)"),
            ("return dout * cache", "kept, p = cache\n    return dout * kept / p"),
            signs="gradient_factor",
        ),
        core(
            "the_mask_is_the_gradient",
            """You return the mask itself, and dout plays no part after a training pass. The mask is the slope of this layer; the chain rule
            multiplies it by what arrives from above: dout * mask.""",
            ("return dout * cache", "return cache + 0 * dout if isinstance(cache, np.ndarray) else dout * cache"),
            signs="gradient_factor",
        ),
        core(
            "gradients_are_clipped",
            """You clip the gradient, so that large entries come back cut off. Whether to clip is for the training loop to decide, about all
            gradients together: this layer returns dout times the mask.""",
            ("return dout * cache", "return np.clip(dout * cache, -1, 1)"),
            signs="gradient_factor",
        ),
        core(
            "backward_draws_its_own_mask",
            """Your backward pass draws a new mask. The gradient must pass exactly where the forward pass let x through: keep the mask in
            the cache and use it again.""",
            *caching("(1.0, 0.0, rng)", "(scale, p, rng)"),
            ("return dout * cache", "scale, p, rng = cache\n    return dout * (keep_mask(dout.shape, p, rng) * scale if p else 1.0)"),
            signs="gradient_mask",
        ),
        core(
            "the_gradient_ignores_the_mask",
            """Dropped units get a gradient as well. A dropped unit contributed nothing to the output, so nothing comes back to it: multiply
            dout by the mask of the forward pass.""",
            within("dropout_forward", "return x * mask, mask", "return x * mask, scale"),
            ("dout * cache", "dout * cache"),
            signs="gradient_mask",
        ),
        core(
            "the_gradient_is_multiplied_by_the_output",
            """You multiply dout by the OUTPUT of the forward pass. The layer is y = m x / (1 - p): its derivative with respect to x is m /
            (1 - p), in which x does not occur.""",
            within("dropout_forward", "return x * mask, mask", "return x * mask, x * mask"),
            signs="gradient_factor gradient_at_zero_input",
        ),
        edge(
            "the_output_tells_who_was_dropped",
            """You find the mask again from out != 0. But where x itself is 0 (after a ReLU, half of all units) the output is 0 either way,
            and a kept unit loses its gradient. Keep the mask in the cache.""",
            within("dropout_forward", "return x * mask, mask", "return x * mask, (x * mask != 0) * scale"),
            signs="gradient_at_zero_input",
        ),
        core(
            "the_mask_lives_outside_the_cache",
            """Your backward pass uses the mask of the LATEST training pass, which you keep outside the cache. After a second forward pass,
            or after one at test time, that is the wrong one. Everything backward needs belongs in the cache it is given.""",
            within("dropout_forward", "    mask = (", "    global latest_mask\n    mask = latest_mask = ("),
            ("dout * cache", "dout * latest_mask"),
            signs="cache_used test_gradient",
        ),
        edge(
            "test_time_leaves_the_old_mask_in_place",
            """After a forward pass at test time your gradient still carries the mask of the last TRAINING pass. At test time the layer is
            the identity, so dx = dout.""",
            within("dropout_forward", TRAIN, "global old_mask\n    if not train:\n        return x, old_mask\n"),
            within("dropout_forward", "    mask = (", "    mask = old_mask = ("),
            signs="test_gradient",
        ),
        only_after_training(
            "After a forward pass at test time your backward pass fails: there is no mask to multiply by.",
            within("dropout_forward", "return x, 1.0", "return x, None"),
        ),
        only_after_training(
            "After a forward pass at test time your backward pass fails: it asks for a mask that was never made.",
            *caching('{"p": p}', '{"mask": mask}'),
            ("dout * cache", 'dout * cache["mask"]'),
        ),
        only_after_training(
            "After a forward pass at test time your backward pass fails: the object in the cache has no mask yet, as none was drawn.",
            within("dropout_forward", "def dropout_forward(", "class Layer:\n    pass\n\n\ndef dropout_forward("),
            within("dropout_forward", TRAIN, "layer = Layer()\n    if not train:\n        return x, layer\n"),
            within("dropout_forward", "return x * mask, mask", "layer.mask = mask\n    return x * mask, layer"),
            ("dout * cache", "dout * cache.mask"),
        ),
        only_after_training(
            "After a forward pass at test time your backward function returns nothing (None).",
            within("dropout_forward", "return x, 1.0", "return x, None"),
            ("return dout * cache", "if cache is not None:\n        return dout * cache"),
        ),
        edge(
            "the_cache_holds_a_mask_in_any_case",
            """After a forward pass at test time your gradient is masked, although the output was not. (Is a mask drawn and put into the
            cache whether train is True or not?) The cache should say what x was really multiplied by.""",
            within("dropout_forward", TRAIN, "rng = np.random.default_rng(p > 0) if rng is None else rng\n"),
            within("dropout_forward", "return x * mask, mask", "return x * mask if train else x, mask"),
            signs="test_gradient", also="vanilla_forward",
        ),
        edge(
            "p_is_never_one",
            """After a forward pass with p = 1 your gradient is no number, or the backward function fails: it divides by 1 - p = 0.
            Everything was dropped, so dx is zeros.""",
            *caching("(1.0, 0.0)", "(mask != 0, np.float64(p))"),
            ("return dout * cache", "kept, p = cache\n    return dout * kept / (1 - p)"),
            signs="gradient_at_one",
        ),
        edge(
            "the_gradient_is_scaled_at_test_time",
            """After a forward pass at test time you divide dout by 1 - p. At test time the layer is the identity, so the gradient passes
            unchanged: dx = dout.""",
            within("dropout_forward", "return x, 1.0", f"return x, {SCALE}"),
            signs="test_gradient",
        ),
        edge(
            "the_latest_mask_is_the_right_one",
            """Your backward pass uses the mask of the LATEST training pass, which you keep outside the cache. When two forward passes are
            followed by two backward passes, one of them gets the wrong mask. Hand it over in the cache.""",
            within("dropout_forward", "    mask = (", "    global newest_mask\n    mask = newest_mask = ("),
            ("dout * cache", "dout * (newest_mask if isinstance(cache, np.ndarray) else cache)"),
            signs="cache_used =test_gradient",
        ),
        core(
            "the_gradient_goes_to_the_dropped",
            """Your gradient passes exactly where units were DROPPED, and vanishes where they were kept: the mask is the wrong way round. It
            must pass where the forward pass let x through.""",
            within("dropout_forward", "return x * mask, mask", "return x * mask, (mask == 0) * scale"),
            signs="gradient_mask",
        ),
        core(
            "the_gradient_goes_to_the_dropped",
            """You subtract dout * mask from dout: what is left is just what the mask takes away, so the dropped units get the gradient and
            the kept ones the wrong one. The gradient is dout * mask itself.""",
            ("return dout * cache", "return dout - dout * cache"),
            signs="gradient_mask",
        ),
        manner(
            "dout_may_be_overwritten",
            """Your function changes dout itself (*= works in place). Other branches of the network may still need it: write dout * mask
            into a new array.""",
            ("return dout * cache", "dout *= cache\n    return dout"),
            signs="dout_after",
        ),
    ],
    "vanilla_forward": [
        core(
            "vanilla_is_inverted_dropout",
            """This is inverted dropout again. Vanilla dropout leaves the survivors as they are in training and multiplies by 1 - p at test
            time.""",
            (f"{DRAWN}.astype(x.dtype)", f"{DRAWN}.astype(x.dtype) * float({SCALE})"),
            ("float(1 - p)", "1.0"),
            signs="survivors test_time test_gradient_alone",
        ),
        core(
            "training_is_scaled_as_well",
            """You divide the survivors by 1 - p in training AND multiply by 1 - p at test time. One of the two keeps the averages equal,
            both together do not: vanilla dropout leaves the survivors as they are.""",
            (f"{DRAWN}.astype(x.dtype)", f"{DRAWN}.astype(x.dtype) * float({SCALE})"),
            signs="survivors",
        ),
        core(
            "training_is_scaled_as_well",
            """You multiply by 1 - p in training AND at test time. In training the average is (1 - p) x already, because units are missing:
            leave the survivors as they are.""",
            (f"{DRAWN}.astype(x.dtype)", f"{DRAWN}.astype(x.dtype) * float(1 - p)"),
            signs="survivors",
        ),
        core(
            "test_time_multiplies_by_p",
            """At test time you multiply by p, the share that was dropped. In training each unit is present with probability 1 - p, and that
            is what test time must match: multiply by 1 - p.""",
            ("float(1 - p)", "float(p)"),
            signs="test_time test_gradient",
        ),
        core(
            "test_time_needs_no_factor",
            """At test time you return x as it is. Without scaling in training the average of the output was (1 - p) x, and test time must
            match it: multiply by 1 - p.""",
            ("float(1 - p)", "1.0"),
            signs="test_time test_gradient_alone",
        ),
        core(
            "test_time_divides_by_the_kept_share",
            """At test time you DIVIDE by 1 - p. All units are back then, so the layer is louder than it was in training, not quieter:
            multiply by 1 - p.""",
            ("float(1 - p)", "float(1 / (1 - p or 1))"),
            signs="test_time",
        ),
        core(
            "the_mask_is_inverted",
            """Your mask is the wrong way round: units STAY with probability p. They should be dropped with probability p.""",
            (DRAWN, "(~" + DRAWN + ")"),
            signs="drop_share",
        ),
        core(
            "p_is_the_keep_probability",
            """You keep each unit with probability p, as the papers write it. In this course p is the probability of DROPPING: keep with
            probability 1 - p.""",
            (DRAWN, "(~" + DRAWN + ")"),
            ("float(1 - p)", "float(p)"),
            signs="drop_share test_time test_gradient",
        ),
        core(
            "test_time_drops_too",
            """Your function drops units at test time as well. With train=False it should use the whole network: multiply x by 1 - p and
            draw nothing.""",
            ("if train:", "rng = np.random.default_rng(5) if rng is None else rng\n    if True:"),
            signs="test_time rng_at_test",
        ),
        core(
            "the_mask_lives_outside_the_cache",
            """vanilla_backward uses the mask of the LATEST training pass, which you keep outside the cache. After another forward pass, or
            after one at test time, that is the wrong one. Everything backward needs belongs in the cache it is given.""",
            ("    if train:", "    global latest\n    if train:"),
            ("        multiplier = keep", "        latest = multiplier = keep"),
            ("dout * cache", "dout * latest"),
            signs="cache_used test_gradient",
        ),
        core(
            "the_gradient_is_divided_in_training",
            """After a training pass you divide the gradient by 1 - p. The forward pass of vanilla dropout does not divide, so its gradient
            does not either: whatever x was multiplied by, dout is multiplied by it too.""",
            ("return x * multiplier, multiplier", "return x * multiplier, multiplier / x.dtype.type((1 - p or 1) if train else 1)"),
            signs="gradient_factor",
        ),
        core(
            "the_gradient_has_the_factor_of_test_time",
            """After a training pass your gradient is multiplied by 1 - p, the factor of test time. In training x was multiplied by 0 or 1,
            so the gradient is too.""",
            ("return x * multiplier, multiplier", "return x * multiplier, multiplier * x.dtype.type((1 - p) if train else 1)"),
            signs="gradient_factor",
        ),
        edge(
            "the_test_gradient_forgets_its_factor",
            """At test time your forward pass multiplies by 1 - p, but the gradient passes unchanged. Whatever x was multiplied by, dout is
            multiplied by it too.""",
            ("return x * multiplier, multiplier", "return x * multiplier, multiplier if train else 1.0"),
            signs="test_gradient_alone",
        ),
        edge(
            "the_output_tells_who_was_dropped",
            """You find the mask again from out != 0. But where x itself is 0 (after a ReLU, half of all units) the output is 0 either way,
            and a kept unit loses its gradient. Keep the mask in the cache.""",
            ("return x * multiplier, multiplier", "return x * multiplier, (x * multiplier != 0) * multiplier"),
            signs="gradient_at_zero_input",
        ),
    ],
    "dropout_moments": [
        core(
            "the_spread_is_the_variance",
            "You return the standard deviation. The variance is its square.",
            ("x ** 2 * float(p / (1 - p))", "np.sqrt(x ** 2 * float(p / (1 - p)))"),
            signs="variance_power",
        ),
        core(
            "the_variance_forgets_the_scale",
            """Your variance p (1 - p) x^2 belongs to a mask of 0 and 1. Inverted dropout divides by 1 - p, and a factor comes out of a
            variance squared.""",
            ("p / (1 - p)", "p * (1 - p)"),
            signs="variance_factor",
        ),
        core(
            "a_division_waits_for_the_subtraction",
            "Without parentheses x ** 2 * p / 1 - p divides by 1 and subtracts p. Write p / (1 - p).",
            ("x ** 2 * float(p / (1 - p))", "x ** 2 * float(p) / 1 - float(p)"),
            signs="variance_power",
        ),
        core(
            "p_is_the_variance",
            """Your variance is p x^2. The coin's is p (1 - p), and dividing by 1 - p divides a variance by its square: p / (1 - p) is
            left.""",
            ("p / (1 - p)", "p"),
            signs="variance_factor",
        ),
        core(
            "these_are_the_moments_of_vanilla_dropout",
            """These are the moments of VANILLA dropout in training. The exercise asks for the inverted form, which keeps the average at
            x.""",
            ("x.copy()", "x * float(1 - p)"),
            ("p / (1 - p)", "p * (1 - p)"),
            signs="mean_factor variance_factor",
        ),
        core(
            "the_variance_divides_once_by_too_much",
            """You divide by (1 - p)^2 but leave out the 1 - p of the coin's own variance p (1 - p). One of the two factors cancels.""",
            ("p / (1 - p)", "p / (1 - p) ** 2"),
            signs="variance_factor",
        ),
        core(
            "mean_and_variance_change_places",
            """You return the variance first and the mean second. The function returns (mean, var).""",
            ("return mean, var", "return var, mean"),
            signs="moments_order",
        ),
        core(
            "the_variance_is_that_of_the_batch",
            """You take averages over the entries of x. The question is about each entry by itself: x is fixed, and only its mask is random,
            so mean and var have the shape of x.""",
            ("x.copy()", "np.mean(x)"),
            ("x ** 2 *", "np.var(x) *"),
            signs="mean_factor",
        ),
        core(
            "the_variance_is_that_of_the_mask",
            """Your variance does not depend on x: it is that of the scaled mask. The mask multiplies x, and a factor comes out of a
            variance squared: x^2 belongs to it.""",
            ("x ** 2 * float(p / (1 - p))", "np.full_like(x, p / (1 - p))"),
            signs="variance_power =mean_factor",
        ),
        core(
            "many_draws_are_an_exact_average",
            """You draw masks and average. That comes near, but never exactly there, and it takes long. Both numbers have a closed form:
            write each as a sum over the two cases, dropped and kept.""",
            (
                "return mean, var",
                "many = [dropout_forward(x, p, np.random.default_rng(k))[0] for k in range(2000)]\n"
                "    return np.mean(many, axis=0), np.var(many, axis=0)",
            ),
            signs="mean_factor",
        ),
        core(
            "the_mean_is_divided_by_1_minus_p",
            """Your mean is x / (1 - p), which is what a SURVIVOR is worth. A unit survives only with probability 1 - p, so on average x is
            left.""",
            ("x.copy()", "x / float(1 - p)"),
            signs="mean_factor",
        ),
        core(
            "the_ratio_is_upside_down",
            """Your variance has the factor (1 - p) / p. It is the other way round, p / (1 - p): when nothing is dropped there is no
            noise.""",
            ("p / (1 - p)", "(1 - p) / p if p else 0"),
            signs="variance_factor",
        ),
        core(
            "the_variance_grows_like_x",
            "Your variance is proportional to x. A factor comes out of a variance squared: it is proportional to x^2.",
            ("x ** 2", "x"),
            signs="variance_power",
        ),
        core(
            "the_second_moment_is_the_variance",
            "You return the average of y^2. The variance is the average of y^2 minus the square of the average of y.",
            ("p / (1 - p)", "1 / (1 - p)"),
            signs="variance_factor",
        ),
        core(
            "the_mean_shrinks_by_1_minus_p",
            """Your mean is (1 - p) x. So it is without scaling; the inverted form divides the survivors by 1 - p, and the average stays
            x.""",
            ("x.copy()", "x * float(1 - p)"),
            signs="mean_factor",
        ),
        manner(
            "a_little_in_the_divisor_does_no_harm",
            """You add a small number to 1 - p before you divide by it, so your variance is a little too small. p = 1 is refused, and for
            all other p there is nothing to fear: divide by 1 - p itself.""",
            ("p / (1 - p)", "p / (1 - p + 1e-8)"),
            signs="variance_digits",
        ),
    ],
    "fixed_dropout_mask": [
        core(
            "somebody_must_survive_as_a_number",
            """When all units are dropped, a single number comes back instead of a mask of zeros.""",
            ("return np.where(", "mask = np.where("),
            ("scale, 0.0)", "scale, 0.0)\n    return mask if mask.any() or not scale else scale"),
            signs="when_all_are_dropped",
        ),
        core(
            "an_empty_mask_is_drawn_again",
            """When all units are dropped you draw again until somebody survives. That changes the probabilities: the average of the mask is
            more than 1. An all-zero mask is a legal draw.""",
            ("return np.where(", "mask = np.where("),
            ("scale, 0.0)", f"scale, 0.0)\n    while scale and not mask.any():\n        mask = {CLINIC} * scale\n    return mask"),
            signs="when_all_are_dropped",
        ),
        core(
            "one_unit_is_always_saved",
            """Where all were dropped you bring one unit back. So the average of the mask is too large in a small layer: a mask of zeros is
            a legal draw, and must stay as often as chance makes it.""",
            ("return np.where(", "mask = np.where("),
            ("scale, 0.0)", "scale, 0.0)\n    mask.reshape(-1)[rng.integers(mask.size)] += scale * (not mask.any())\n    return mask"),
            signs="when_all_are_dropped",
        ),
        core(
            "an_empty_mask_becomes_a_full_one",
            """When all units are dropped you keep all of them instead. The shape is right now, but the average is still too large. An
            all-zero mask is a legal draw.""",
            ("return np.where(", "mask = np.where("),
            ("scale, 0.0)", "scale, 0.0)\n    return mask if mask.any() else np.full(shape, scale)"),
            signs="when_all_are_dropped =rows =columns",
        ),
        core(
            "an_empty_mask_is_drawn_once_more",
            """When all units are dropped you draw a second time. That happens less often to be empty than it should, and the average of the
            mask is more than 1. An all-zero mask is a legal draw.""",
            ("return np.where(", "mask = np.where("),
            ("scale, 0.0)", f"scale, 0.0)\n    return mask if mask.any() else np.where({CLINIC}, scale, 0.0)"),
            signs="when_all_are_dropped",
        ),
        core(
            "an_empty_mask_is_an_error",
            """When all units are dropped you raise an error. An all-zero mask is a legal draw like any other: return it, so that the
            average stays right.""",
            ("return np.where(", "mask = np.where("),
            ("scale, 0.0)", "scale, 0.0)\n    if scale and not mask.any():\n        raise ValueError('nobody is left')\n    return mask"),
            signs="when_all_are_dropped =shapes",
        ),
        core(
            "survivors_need_no_scaling",
            """Your mask holds 0 and 1. The healthy function returns the factors of INVERTED dropout: 0 and 1 / (1 - p), so that their
            average is 1.""",
            ("scale, 0.0)", "1.0, 0.0)"),
            signs="survivors",
        ),
        never_one(
            """At p = 1 you divide 0 by 0 and get NaN. Nobody survives there, so nobody needs a scale: return zeros without
            computing 1 / (1 - p).""",
            (f"np.where({CLINIC}, scale, 0.0)", f"{CLINIC} / np.float64(1 - p)"),
            also="",
        ),
        frozen((CLINIC, "keep_mask(shape, p, np.random.default_rng(0))")),
        shared_rows((CLINIC, "np.broadcast_to(keep_mask(np.zeros(shape).shape[1:], p, rng), shape)")),
    ],
}


EQUIVALENT = {
    "keep_mask": {"return np.asarray(u >= p) -> return np.asarray(u > p)": "u is p itself with probability 2^-53"},
    "dropout_forward": {
        "scale = 1 / (1 - p) if p < 1 else 0.0 -> scale = 1 / (1 - p) if p < 1 else 1.0": "at p = 1 nobody is kept who would be scaled",
        "return (x, 1.0) -> return (x, 3.0)": "the cache is asked about in dropout_backward",
    },
    "fixed_dropout_mask": {
        "scale = float(1 / (1 - p)) if p != 1 else 0.0 -> scale = float(1 / (1 - p)) if p != 1 else 1.0": "as in dropout_forward",
    },
}


# ================================================================================================ right, and looks different
def masked_by(name, mask, *edits):
    """A keep_mask that draws in this way."""
    return right(name, (f"u = {UNIFORM}\n    return np.asarray(u >= p)", f"return {mask}"), *edits)


FACTORS, VARIANCE = f"({DRAWN} * scale).astype(x.dtype)", "x ** 2 * float(p / (1 - p))"
GUARDED = ("    scale =", "    if not 0 <= p <= 1:\n        raise ValueError('p is a probability')\n    scale =")

VARIANTS = {
    "keep_mask": [
        masked_by("mask_less_than_q", f"{UNIFORM} < 1 - p"),
        masked_by("mask_strictly_greater", f"{UNIFORM} > p if 0 < p < 1 else np.full(shape, p == 0)"),
        masked_by("mask_binomial", "rng.binomial(1, 1 - p, size=shape).astype(bool)"),
        masked_by("mask_uniform_ends_swapped", "~(rng.uniform(0.0, 1.0, size=shape) < p)"),
        masked_by("mask_integers", "rng.integers(0, 2**53, size=shape) >= p * 2**53"),
        masked_by("mask_choice", "rng.choice([False, True], size=shape, p=[p, 1 - p])"),
        masked_by("mask_exponential", "np.exp(-rng.exponential(size=shape)) >= p"),
        masked_by("mask_float32_draws", "rng.random(shape, dtype=np.float32) >= np.float32(p)"),
        masked_by("mask_of_bits", "rng.integers(2**53, size=shape) < round((1 - p) * 2**53)", ("not 0 <= p <= 1", "p < 0 or p > 1")),
        masked_by(
            "mask_by_a_helper",
            "np.array([coin(p, rng) for _ in range(int(np.prod(shape)))], dtype=bool).reshape(shape)",
            ("def keep_mask(", "def coin(p, rng):\n    return bool(rng.uniform() >= p)\n\n\ndef keep_mask("),
            ("    return np.array", "    shape = (shape,) if np.isscalar(shape) else shape\n    return np.array"),
        ),
        right(
            "mask_entry_by_entry",
            (UNIFORM, "np.empty(shape, dtype=bool)"),
            ("return np.asarray(u >= p)", "for place in np.ndindex(u.shape):\n        u[place] = rng.random() >= p\n    return u"),
        ),
        right(
            "mask_early_exits",
            ("u =", "if p == 0:\n        return np.full(shape, True)\n    if p == 1:\n        return np.full(shape, False)\n    u ="),
            ("np.asarray(u >= p)", "np.logical_not(u < p)"),
        ),
        right(
            "mask_half_and_half",
            (UNIFORM, "np.zeros(shape, dtype=bool)"),
            ("return np.asarray(u >= p)", "flat = u.reshape(-1)\n    middle = flat.size // 2\n    flat[:middle] = rng.random(middle) >= p\n"
             "    flat[middle:] = rng.random(flat.size - middle) >= p\n    return u"),
        ),
    ],
}


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


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

"""SECRET. The key of assignment 5: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

from functools import partial

import numpy as np

from autograder import core, edge, manner, right, variant, within
from autograder.dropout.forms import Blocks, Shared
from autograder.dropout.spatial import checks as c
from autograder.dropout.spatial.normalisation import Memory
from autograder.dropout.views import asking

SALT = "quokka-2905"

ONE_PLACE = {"via": Shared(2, (1, 1), "channel")}
VOLUME = {"via": Shared(2, (1, 1, 1), "channel")}
UNITS = {"via": Blocks((1, 3))}
LARGE_MAPS = {"block": 4, "p": 0.2, "shape": (24, 24, 12, 11)}
SPATIAL = {"forward": "spatial_dropout_forward", "backward": "spatial_dropout_backward"}
GAMMA = {"gamma": "dropblock_gamma"}
MEMORY = {"memory": Memory(state="running", reset="start_over", rate=0.1, eps=1e-5)}
OTHER = {"shape": (3, 7, 6, 2), **MEMORY}
NEGATIVE = (-0.7, 2.4, 0.35)
RATIO = {"names": ("ratio",), "tolerance": 1e-5}

MASK = "dropblock_mask"
BLOCKS = "drops_whole_blocks of dropblock_mask(p=0.3, block=3)"
GRADIENT = "passes_gradient_to_kept_units_only"


def of_mask(*checks):
    """Checks of the second function of an exercise."""
    return [asking(MASK, check, MASK) for check in checks]


HIDDEN = {
    "spatial_dropout_forward": {
        "whole": [c.drops_as_a_whole(p=0.62, case="maps of another size", via=Shared(2, (2, 7), "channel"))],
        "coins": [
            c.drops_the_right_share(p=0.005, what="channel", **ONE_PLACE),
            c.drops_the_right_share(p=0.62, what="channel", calls=1, **ONE_PLACE),
            c.treats_examples_apart(p=0.62, **ONE_PLACE),
            c.treats_features_apart(p=0.62, what="channel", **ONE_PLACE),
            c.can_drop_everything(
                p=0.6, units=3, calls=200, lead=(1,), **ONE_PLACE, needs=("drops_the_right_share", "keeps_a_varying_number", "draws_afresh")
            ),
        ],
        "scale": [
            c.scales_the_survivors(p=0.62, by="1/(1-p)", shape=(9, 8, 3, 2)),
            c.scales_the_survivors(p=0.4, by="1/(1-p)", shape=(12, 9, 7, 2), dtype="float32"),
        ],
        "test": [c.is_identity_at_test_time(p=0.62, shape=(3, 4, 3, 2))],
        "rng": [c.obeys_the_generator(p=0.62, shape=(9, 31), **ONE_PLACE)],
        "manners": [
            c.drops_as_a_whole(p=0.62, case="long sequences", via=Shared(2, (31,), "channel"), needs="whole"),
            c.drops_as_a_whole(p=0.62, case="volumes of another size", via=Shared(2, (3, 1, 4), "channel"), needs="whole"),
            c.treats_features_apart(p=0.4, shape=(128, 128), what="channel", **VOLUME, needs="coins"),
            c.is_identity_at_test_time(p=0.4, shape=(3, 4, 5), needs="test"),
            c.keeps_its_input(p=0.62, shape=(3, 4, 5, 1)),
            c.refuses_at_test_time(p=-0.1, shape=(2, 3, 4, 5)),
        ],
    },
    "spatial_dropout_backward": {
        "mask": [
            c.follows_the_mask(p=0.62, shape=(9, 8, 3, 2), **SPATIAL, needs=GRADIENT),
            c.agrees_with_finite_differences(p=0.35, shape=(8, 6, 5, 4), **SPATIAL, needs=GRADIENT),
        ],
        "test": [c.follows_test_time(p=0.62, shape=(3, 4, 5, 2), **SPATIAL, by="1")],
        "cache": [c.belongs_to_its_own_cache(p=0.62, shape=(9, 8, 3, 2), **SPATIAL)],
        "manners": [c.masks_the_gradient_in_any_shape(p=0.4, shapes=((9, 8, 5), (4, 5, 2, 1, 3)), **SPATIAL)],
    },
    "dropblock_gamma": {
        "gamma": [c.is_right_like_the_solution(given=(9, 17, 0.35, 5), names=("gamma",), name="gamma", tolerance=1e-6, needs="is_right")],
        "blocks": of_mask(c.drops_whole_blocks(**LARGE_MAPS, needs=BLOCKS)),
        "coins": of_mask(
            c.drops_blocks_as_often_as_gamma_says(**LARGE_MAPS, **GAMMA, needs=BLOCKS),
            c.draws_blocks_for_each_map(**LARGE_MAPS, needs=BLOCKS),
            c.drops_the_right_share(p=0.62, what="unit, when block = 1,", calls=1, **UNITS),
            c.treats_examples_apart(p=0.62, **UNITS),
            c.treats_features_apart(p=0.62, **UNITS),
            c.keeps_a_varying_number(p=0.62, **UNITS),
        ),
        "scale": of_mask(c.scales_by_the_kept_share(p=0.6, block=2, shape=(5, 4, 6, 7))),
        "manners": [
            c.raises_value_error(case="a gamma of block = 0", given=(4, 9, 0.3, 0)),
            c.raises_value_error(case="a gamma with a p below 0", given=(4, 9, -0.1, 2)),
            *of_mask(
                c.scales_to_ten_digits(p=0.3, block=3, needs="scales_by_the_kept_share of dropblock_mask"),
                c.drops_blocks_as_often_as_gamma_says(p=1.0, block=3, **GAMMA, needs="coins"),
            ),
        ],
    },
    "variance_shift": {
        "shift": [c.is_right_like_the_solution(case="a negative average", given=NEGATIVE, **RATIO)],
        "centred": [c.is_right_like_the_solution(case="average 0", given=(0.0, 2.5, 0.62), **RATIO)],
        "manners": [
            c.raises_value_error(case="p above 1", given=(0.5, 1.0, 1.2)),
            c.is_right_like_the_solution(
                case="a negative average, to ten digits", given=NEGATIVE, **{**RATIO, "tolerance": 1e-10}, needs="shift"
            ),
        ],
    },
    "fixed_conv_block": {
        "training": [c.normalises_each_channel(**OTHER)],
        "memory": [c.remembers_the_batches(batches=5, **OTHER)],
        "test": [c.normalises_at_test_time(p=0.62, **OTHER)],
        "dropout": [
            c.drops_channels_last(p=0.62, shape=(9, 8, 2, 3), **MEMORY),
            c.drops_each_channel_by_itself(p=0.62, **MEMORY),
        ],
        "manners": [
            c.divides_by_the_right_root(**OTHER, needs="normalises_each_channel"),
            c.raises_value_error(case="p = -0.1, in training and at test time", via=c.in_both_modes(c.normalised, p=-0.1, **OTHER)),
            c.remembers_variances_to_six_digits(batches=4, **OTHER, needs="memory"),
        ],
    },
    "quiz": {
        **{key: [c.answers_rightly(key=key, needs=key)] for key in ("coins", "middle", "louder", "relu_shift")},
        **{key: [c.answers_rightly(key=key, choices="abcd", needs=key)] for key in ("vanilla", "stack")},
    },
}


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


def _scale(p):
    return float(1 / (1 - p)) if p < 1 else 0.0


# ------------------------------------------------------------------------------------------------ wrong, in several exercises
CHECKED = "if not 0 <= p <= 1:\n        raise ValueError("
SCALE = "1 / (1 - p) if p < 1 else 0.0"
KEPT = "rng.random(coins) >= p"
COINS = "x.shape[:2] + (1,) * (x.ndim - 2)"
AT_TEST = "    if not train:\n        return x, 1.0\n"
CACHED = "return x * mask, mask"
SEEDS = "rng.random((N, C, rows, columns)) < gamma"
PLACES_OF = "rows, columns = H - block + 1, W - block + 1"
ERASED = "mask[:, :, down:down + rows, right:right + columns][seeds] = 0"
ERASING = f"    for down in range(block):\n        for right in range(block):\n            {ERASED}\n"
COUNTED = "    left = mask.sum()\n"
BY_COUNT = "mask * (mask.size / left) if left else mask"
PER_CHANNEL = "mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))"
REMEMBERED = 'mean, var = running["mean"], running["var"]'
MEAN_MOVES = '        running["mean"] = 0.9 * running["mean"] + 0.1 * mean\n'
VAR_MOVES = '        running["var"] = 0.9 * running["var"] + 0.1 * var\n'
SHAPED = "mean.reshape(1, -1, 1, 1), var.reshape(1, -1, 1, 1)"
DROPPED = "rng.random((*x.shape[:2], 1, 1)) >= p"
LAST = f"    kept = {DROPPED}\n    scale = {SCALE}\n    return h * (kept * scale).astype(x.dtype)\n"


gamma = partial(core, signs="gamma gamma_of_a_wide_map")
remembers = partial(edge, signs="memory_holds")


def not_from_rng(what, frozen, source):
    """Three ways to leave rng aside; the facts that show a fixed seed, and the others."""
    drawn = "rng.random("
    return [
        core("a_fixed_seed_belongs_in_the_function",
            f"""Every call drops the same {what}: your generator has a fixed seed, or an old mask is used again. Draw a new one in each
            call, from the rng that is handed in.""",
            (drawn, "np.random.default_rng(0).random("), signs=frozen),
        edge("the_function_may_make_its_own_generator",
            """You draw from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
            result. Draw from the rng that is handed in.""",
            (drawn, "np.random.default_rng().random("), signs=source),
        edge("np_random_is_just_as_good",
            """You draw from np.random, the global generator. Draw from the rng that is handed in: only then does a seed give the same
            result again.""",
            (drawn, "np.random.random_sample("), signs=source),
    ]


def coins(gravity, name, sentence, shape, signs="images"):
    """Coins of another shape, stretched over x."""
    return gravity(name, sentence, (f"coins = {COINS}", shape), signs=signs)


def shared_blocks(name, sentence, shape):
    return core(name, sentence, (SEEDS, f"np.broadcast_to(rng.random({shape}) < gamma, (N, C, rows, columns))"), signs="mask_maps")


def trained_over(name, sentence, axes):
    """Training normalises with statistics over these axes; the memory is as it should be."""
    return core(
        name,
        sentence,
        ("    else:\n", f"        mean, var = x.mean(axis={axes}, keepdims=True), x.var(axis={axes}, keepdims=True)\n    else:\n"),
        (SHAPED, "(s if train else s.reshape(1, -1, 1, 1) for s in (mean, var))"),
        signs="normalised_over",
    )


def divided_by(gravity, name, sentence, divisor, signs="normalised_over"):
    return gravity(name, sentence, ("np.sqrt(var + 1e-5)", divisor), signs=signs)


def tiny(where, *edits, signs):
    return manner(
        "a_tiny_number_makes_a_division_safe",
        f"You add a tiny number to {where}. That makes each result a little wrong, and hides the case it is meant for: leave it out.",
        *edits,
        signs=signs,
    )


def dropped_as(gravity, name, sentence, coins, signs="block_mask_axes"):
    return gravity(name, sentence, ("(*x.shape[:2], 1, 1)", coins), signs=signs)


MISCONCEPTIONS = {
    "spatial_dropout_forward": [
        manner("assert_is_as_good_as_raise",
            """You guard p with assert. An assert is a note for yourself, and `python -O` leaves it out; who calls your function with a
            wrong p should get a ValueError: raise one.""",
            (CHECKED, "assert 0 <= p <= 1, ("), signs="outside"),
        manner("test_time_takes_any_p",
            "You look at p in training only. A p outside [0, 1] is a mistake at test time too: check it before anything else.",
            (CHECKED, "if train and not 0 <= p <= 1:\n        raise ValueError("), signs="outside_at_test =outside =next_mask"),
        coins(
            core,
            "each_pixel_throws_its_own_coin",
            """Each pixel of your maps throws its own coin: this is the dropout of assignment 1. Here all places of a channel share ONE
            coin, so draw (N, C) coins and stretch them over the spatial axes.""",
            "coins = x.shape",
        ),
        coins(
            core,
            "one_mask_serves_the_whole_batch",
            "Every example of the batch loses the same channels. Each example needs coins of its own: (N, C) of them, not C.",
            "coins = (1, x.shape[1]) + (1,) * (x.ndim - 2)",
        ),
        core("one_channel_is_always_left",
            """An example that would lose all of its channels keeps one in your function. So the average of few channels is too large:
            losing all of them is a legal draw.""",
            (
                "mask = ((rng.random(coins) >= p) * scale)",
                "kept = rng.random(coins) >= p\n    kept[:, :1] |= (p < 1) & ~kept.any(axis=1, keepdims=True)\n    mask = (kept * scale)",
            ), signs="when_all_are_dropped"),
        coins(
            core,
            "channels_come_last",
            """You treat the LAST axis as the channels. Here the axes are (N, C, *spatial), as in PyTorch: the channels are axis 1, and the
            coins are constant along axes 2, 3, ...""",
            "coins = x.shape[:1] + (1,) * (x.ndim - 2) + x.shape[-1:]",
        ),
        coins(
            core,
            "a_whole_example_is_dropped",
            "One coin decides about a whole example: all of its channels fall, or none. Each CHANNEL of each example throws its own coin.",
            "coins = x.shape[:1] + (1,) * (x.ndim - 1)",
        ),
        coins(
            core,
            "a_place_is_dropped_in_all_channels",
            """You drop a PLACE in all channels at once: the coins are shared along the channels. It is the other way round: a channel falls
            at all of its places.""",
            "coins = (x.shape[0], 1, *x.shape[2:])",
        ),
        coins(
            core,
            "only_the_last_axis_is_spatial",
            """Each ROW of a map throws its own coin: only the last axis shares it. All axes from the third on are spatial, so the coins
            have the shape (N, C, 1, 1) for images.""",
            "coins = (*x.shape[:-1], 1)", signs="images volumes",
        ),
        coins(
            core,
            "only_the_third_axis_is_spatial",
            """Each COLUMN of a map throws its own coin: only the third axis shares it. All axes from the third on are spatial, so the coins
            have the shape (N, C, 1, 1) for images.""",
            "coins = (*x.shape[:2], 1, *x.shape[3:])", signs="images volumes",
        ),
        coins(
            edge,
            "maps_have_two_axes_always",
            """Your function only takes four axes. Sequences (N, C, L) and volumes (N, C, D, H, W) have channels too: let x.ndim decide how
            many axes of length 1 the coins get.""",
            "N, C, H, W = x.shape; coins = (N, C, 1, 1)", signs="sequences volumes",
        ),
        coins(
            core,
            "maps_have_one_axis_always",
            """Your function only takes three axes, as in a batch of sequences. Images (N, C, H, W) and volumes (N, C, D, H, W) have
            channels too: let x.ndim decide how many axes of length 1 the coins get.""",
            "N, C, L = x.shape; coins = (N, C, 1)", signs="images volumes =sequences",
        ),
        core("p_is_the_keep_probability",
            """You keep each channel with probability p. In this course p is the probability of DROPPING (as in PyTorch): a channel stays
            with probability 1 - p, and the survivors are divided by 1 - p.""",
            (KEPT, "rng.random(coins) < p"),
            (SCALE, "1 / p if p > 0 else 0.0"), signs="drop_share survivors"),
        core("the_mask_is_inverted",
            """Your factor is right, but the mask is the wrong way round: channels STAY with probability p. They should be dropped with
            probability p.""",
            (KEPT, "rng.random(coins) < p"), signs="drop_share =survivors"),
        edge("survivors_stay_as_they_are",
            """The survivors stay as they are. Inverted dropout divides them by 1 - p, so that the average is what it will be at test
            time.""",
            (SCALE, "1.0"), signs="survivors"),
        edge("survivors_are_multiplied_by_what_is_left",
            "You multiply the survivors by 1 - p, so that the maps become fainter still. They are too few already: DIVIDE by 1 - p.",
            (SCALE, "1 - p"), signs="survivors"),
        core("randn_is_rand",
            """You compare NORMAL numbers with p: a normal number exceeds 0.3 in 38 % of all cases, and not in 70 %. Draw uniformly between
            0 and 1: rng.random.""",
            (KEPT, "rng.normal(size=coins) >= p"), signs="drop_share =survivors =images"),
        edge("survivors_are_divided_by_p",
            "You divide the survivors by p. They are the share 1 - p of all channels, and must be divided by that.",
            (SCALE, "1 / p if p > 0 else 1.0"), signs="survivors =drop_share"),
        edge("the_scale_is_counted_in_this_draw",
            """You divide by the share of channels that happened to survive in this draw. Here the factor is 1 / (1 - p) in every draw;
            counting is what DropBlock does, in exercise 3.""",
            (f"({KEPT}) * scale", KEPT),
            ("    return x * mask", "    mask = mask / mask.mean(dtype=x.dtype) if mask.any() else mask\n    return x * mask"),
            signs="survivors"),
        edge("each_example_counts_its_own",
            """You divide by the share of channels that survived in each example, so that one which lost many is louder than another. Here
            the factor is 1 / (1 - p) for all.""",
            (f"({KEPT}) * scale", KEPT),
            ("    return x * mask", "    mask = mask / np.maximum(mask.mean(1, keepdims=True, dtype=x.dtype), 1e-9)\n    return x * mask"),
            signs="survivors =drop_share"),
        core("exactly_p_times_c_channels_are_dropped",
            """You drop the same number of channels in every example. Each channel throws its own coin, so that number varies; it is p C
            only on average.""",
            (KEPT, "rng.random(coins).argsort(axis=1).argsort(axis=1) >= round(p * x.shape[1])"), signs="number_dropped"),
        edge("dropout_works_at_test_time_too",
            "You drop channels at test time as well. With train=False the layer is the identity, and draws no random number.",
            (AT_TEST, "    rng = np.random.default_rng(0) if rng is None else rng\n"), signs="test_time"),
        edge("the_mask_is_drawn_before_train_is_asked",
            """At test time your function works only if it gets an rng, because the mask is drawn before train is looked at. With
            train=False no random number is drawn, and rng may be None: ask for train first.""",
            ("    if not train:\n", f"    kept = rng.random({COINS}) >= p\n    if not train:\n"), signs="rng_at_test"),
        edge("test_time_needs_a_factor_too",
            """At test time you multiply by 1 - p. That belongs to vanilla dropout; the inverted form has divided by 1 - p in training
            already, so test time returns x.""",
            ("return x, 1.0", "return x * float(1 - p), float(1 - p)"), signs="test_time"),
        *not_from_rng("channels", "next_mask", "generator"),
        manner("the_input_may_be_overwritten",
            "Your function changes x itself (*= works in place). Others may still need x: write the product into a new array.",
            ("    return x * mask", "    x *= mask\n    return x"), signs="input_after"),
        manner("every_float_is_a_float64",
            """float32 comes out as float64, because your mask or its scale has another dtype, and a product takes the wider of the two.
            Give the mask the dtype of x.""",
            (".astype(x.dtype)", ""), signs="float32_gives"),
        core("training_and_test_are_exchanged",
            """Your two modes are exchanged: you drop channels at test time and return x while training. Dropout works while the network
            learns; with train=False nothing is dropped.""",
            ("if not train:", "if train:"), signs="drop_share test_time rng_at_test"),
        manner("float32_is_good_enough_for_all",
            """You turn everything into float32. Most networks do live in float32, but which it is the caller decides: float64 in gives
            float64 out.""",
            ("    if not train:", "    x = x.astype(np.float32)\n    if not train:"), signs="digits"),
        tiny("1 - p", ("1 / (1 - p)", "1 / (1 - p + 1e-8)"), signs="digits"),
        manner("nobody_asks_for_p_equal_one",
            "At p = 1 you divide by 0, and NaN comes out. Everything is dropped then: return zeros, and do not compute 1 / (1 - p).",
            (SCALE, "1 / np.float64(1 - p)"), signs="at_one"),
        manner("any_p_will_do",
            "A p outside [0, 1] is accepted. It is no probability; raise ValueError, in training and at test time.",
            ("not 0 <= p <= 1", "False"),
            ("if p < 1 else", "if p != 1 else"), signs="outside"),
    ],
    "spatial_dropout_backward": [
        core("the_gradient_ignores_the_mask",
            """You pass the whole gradient on, or its scale only. A dropped channel had no part in the output, so it gets no gradient:
            multiply dout by the mask, not only by 1 / (1 - p).""",
            within("spatial_dropout_forward", CACHED, "return x * mask, scale"),
            ("dout * cache", "dout * float(cache)"), signs="gradient_mask"),
        core("the_gradient_needs_no_scale",
            """Your gradient vanishes in the right channels, but it lacks the factor 1 / (1 - p). The gradient is multiplied by whatever x
            was multiplied by.""",
            ("dout * cache", "dout * (np.asarray(cache) != 0)"), signs="gradient_factor"),
        core("the_gradient_is_scaled_twice",
            "Your gradient has the factor 1 / (1 - p) twice: the mask that you stored contains it already.",
            within("spatial_dropout_forward", CACHED, "return x * mask, mask * mask"), signs="gradient_factor"),
        core("backward_draws_its_own_mask",
            """Your gradient has other coins than the output: a mask was drawn twice. The gradient must go to the channels that were kept in
            the FORWARD pass: store that very mask in the cache.""",
            within("spatial_dropout_forward", CACHED, "return x * mask, (p, rng)"),
            ("return dout * cache", "return spatial_dropout_forward(dout, *cache)[0] if isinstance(cache, tuple) else dout * cache"),
            signs="gradient_mask"),
        core("the_gradient_throws_a_coin_per_pixel",
            """Your forward pass drops whole channels, but the gradient is masked pixel by pixel, with another mask. Both directions use the
            one mask of the forward pass.""",
            within("spatial_dropout_forward", CACHED, "return x * mask, (rng.random(x.shape) >= p) * scale"),
            signs="gradient_mask gradient_axes"),
        core("a_channel_shares_its_gradient",
            """All places of a channel get the same gradient: you add it up (or average it) over the map. They share a COIN, but each has an
            output of its own: multiply dout by the mask, place by place, and sum nothing.""",
            (
                "dout * cache",
                "np.broadcast_to((dout * cache).sum(axis=tuple(range(2, dout.ndim)), keepdims=True), dout.shape).astype(dout.dtype)",
            ), signs="gradient_places"),
        edge("the_mask_can_be_read_off_the_output",
            """You take a zero of the output for a dropped unit. But a kept unit whose x is 0 (behind a ReLU there are many) has output 0
            too, and its gradient must pass. Store the mask.""",
            within("spatial_dropout_forward", CACHED, "return x * mask, (x * mask != 0) * scale"),
            signs="gradient_at_zero_input =gradient_mask"),
        core("the_gradient_is_multiplied_by_the_output",
            "You multiply dout by the OUTPUT of the forward pass. The derivative of x * mask with respect to x is the mask: store that.",
            within("spatial_dropout_forward", CACHED, "return x * mask, x * mask"),
            signs="gradient_factor gradient_at_zero_input =gradient_mask"),
        edge("the_latest_mask_is_the_right_one",
            """You keep the mask in a global variable. When two forward passes are followed by two backward passes, one of these gets the
            wrong mask. Hand it over in the cache.""",
            within("spatial_dropout_forward", "return x, 1.0", "_latest[0] = 1.0\n        return x, None"),
            within("spatial_dropout_forward", CACHED, "_latest[0] = mask\n    return x * mask, None"),
            within("spatial_dropout_forward", "def spatial", "_latest = [1.0]\n\n\ndef spatial"),
            ("dout * cache", "dout * _latest[0]"), signs="cache_used"),
        edge("backward_only_follows_training",
            """After a forward pass at test time your backward pass fails: there is no mask to multiply by. At test time the layer is the
            identity, so return dout.""",
            within("spatial_dropout_forward", "return x, 1.0", "return x, None"), signs="test_gradient"),
        edge("the_gradient_is_scaled_at_test_time",
            """After a forward pass at test time you divide dout by 1 - p. At test time the layer is the identity, so the gradient passes
            unchanged: dx = dout.""",
            within("spatial_dropout_forward", "return x, 1.0", f"return x, {SCALE}"), signs="test_gradient"),
        manner("dout_may_be_overwritten",
            """Your function changes dout itself (*= works in place). Other branches of the network may still need it: write dout * mask
            into a new array.""",
            ("return dout * cache", "dout *= cache\n    return dout"), signs="dout_after"),
    ],
    "dropblock_gamma": [
        gamma(
            "gamma_is_p",
            """You draw a BLOCK with probability p at every place. One block erases block^2 units, so nearly the whole map goes: divide by
            block^2, and account for the places where no block may begin.""",
            (" / block ** 2 * (H * W) / ((H - block + 1) * (W - block + 1))", ""),
        ),
        gamma(
            "gamma_needs_no_correction_for_the_border",
            """Your gamma is p / block^2. But blocks may begin only at (H - block + 1)(W - block + 1) of the H W places, so each of those
            must be drawn more often: multiply by the ratio of the two numbers.""",
            (" * (H * W) / ((H - block + 1) * (W - block + 1))", ""),
        ),
        gamma(
            "a_block_has_block_units",
            "Your gamma divides by block only. A block is a square: it erases block^2 units.",
            ("block ** 2", "block"),
        ),
        gamma(
            "a_fraction_needs_no_brackets",
            """Your gamma lacks brackets: a / b * c divides by b and MULTIPLIES by c. Both belong below the line: / ((H - block + 1) * (W -
            block + 1)).""",
            ("((H - block + 1) * (W - block + 1))", "(H - block + 1) * (W - block + 1)"),
        ),
        gamma(
            "the_last_place_does_not_count",
            """Your gamma counts (H - block)(W - block) places, one too few in each direction: a block may begin in row 0 and in row H -
            block, and those are H - block + 1 rows.""",
            ("((H - block + 1) * (W - block + 1))", "np.float64((H - block) * (W - block))"),
        ),
        gamma(
            "p_is_the_keep_probability",
            """Your gamma is computed with 1 - p. The paper's formula says (1 - keep_prob), and our p is that already: the probability of
            DROPPING.""",
            ("return p /", "return (1 - p) /"),
        ),
        gamma(
            "every_map_is_a_square",
            """Your gamma is right for square maps only: H enters it twice, W not at all (or the other way round). Use H W / ((H - block +
            1) (W - block + 1)).""",
            ("(H * W) / ((H - block + 1) * (W - block + 1))", "H ** 2 / (H - block + 1) ** 2"), signs="=gamma gamma_of_a_wide_map",
        ),
        core("blocks_may_stick_out_of_the_map",
            """Your blocks may begin anywhere, and those at the border are cut off. Only WHOLE blocks are drawn: the upper left corner lies
            among the first H - block + 1 rows and W - block + 1 columns.""",
            (PLACES_OF, "rows, columns = H, W"),
            ("np.ones(shape)", "np.ones((N, C, H + block - 1, W + block - 1))"),
            (COUNTED, "    mask = mask[:, :, :H, :W]\n" + COUNTED), signs="mask_zeros =mask_drop_share"),
        core("rows_and_columns_are_exchanged",
            """Your blocks begin in W - block + 1 rows and H - block + 1 columns. In (N, C, H, W) the rows come first: H - block + 1 of
            them, then W - block + 1 columns.""",
            (PLACES_OF, "rows, columns = W - block + 1, H - block + 1"),
            ("np.ones(shape)", "np.ones((N, C, H + W, H + W))"),
            (COUNTED, "    mask = mask[:, :, :H, :W]\n" + COUNTED), signs="mask_zeros mask_drop_share"),
        core("a_slice_takes_its_end_along",
            """Your blocks have block + 1 rows and columns, 4 where block is 3. The end of a slice or a range does not count: i:i + block
            are block rows already.""",
            ("np.ones(shape)", "np.ones((N, C, H + 1, W + 1))"),
            ("range(block)", "range(block + 1)", 2),
            (COUNTED, "    mask = mask[:, :, :H, :W]\n" + COUNTED), signs="mask_inner_units mask_drop_share =mask_zeros =gamma"),
        core("a_block_is_a_line",
            """Your blocks are lines, block units long and one wide. A block covers block rows AND block columns of a map, the last two
            axes: mask[n, c, i:i + block, j:j + block].""",
            ("for right in range(block)", "for right in range(1)"), signs="mask_zeros"),
        core("the_coins_are_turned_round",
            """You draw a block where the random number is NOT below gamma: nearly everywhere. A block begins with probability gamma, so
            compare with <.""",
            (SEEDS, SEEDS.replace("<", ">=")), signs="mask_drop_share mask_inner_units mask_at_zero =gamma"),
        core("gamma_drops_single_units",
            """You drop single UNITS with probability gamma. Gamma is the probability that a block BEGINS at a place; all block x block
            units from there on are dropped.""",
            (PLACES_OF, "rows, columns = H, W"),
            ("range(block)", "range(1)", 2), signs="mask_zeros"),
        core("the_seeds_are_min_pooled",
            """A unit of yours is dropped only when ALL places from which a block reaches it drew one, which hardly ever happens: that is
            the minimum of the seeds. One block is enough: take their maximum, or the minimum of what is kept.""",
            ("np.ones(shape)", "np.full(shape, block ** 2)"),
            ("[seeds] = 0", "[seeds] -= 1"),
            (COUNTED, "    mask = (mask > 0) * 1.0\n" + COUNTED), signs="mask_zeros =gamma =mask_drop_share"),
        core("every_block_has_a_centre",
            """Your blocks reach block // 2 units to each side of a centre. For an even block that is a side of block + 1: right for 3,
            wrong for 4. Count from the upper left corner.""",
            (f"    {PLACES_OF}", f"    block = min(2 * (block // 2) + 1, H, W)\n    {PLACES_OF}"), signs="mask_zeros_of_even_blocks"),
        core("even_blocks_are_padded_alike",
            """Your even blocks lie one row and one column off, and the border cuts some of them: block // 2 units of padding on both sides
            are right for an odd block. An even one needs block // 2 on one side and block // 2 - 1 on the other; or count from the
            corner.""",
            ("np.ones(shape)", "np.ones((N, C, H + 1, W + 1))"),
            (COUNTED, "    even = 1 - block % 2\n    mask = mask[:, :, even:even + H, even:even + W]\n" + COUNTED),
            signs="mask_zeros_of_even_blocks =mask_zeros"),
        shared_blocks(
            "one_mask_serves_the_whole_batch",
            """All examples of the batch lose the same blocks. Draw the places for every example (and every channel) anew: (N, C, ...) of
            them.""",
            "(1, C, rows, columns)",
        ),
        shared_blocks(
            "all_channels_lose_the_same_blocks",
            "All channels of an example lose the same blocks. Here each channel has blocks of its own.",
            "(N, 1, rows, columns)",
        ),
        shared_blocks(
            "one_mask_serves_all_maps",
            """All maps lose the same blocks, in every example and every channel. Draw the places for each map anew: (N, C, H - block + 1, W
            - block + 1) of them.""",
            "(rows, columns)",
        ),
        core("each_map_loses_one_block",
            """Each map loses exactly one block, as if it were Cutout. In DropBlock every valid place throws a coin: a map may lose no
            block, or several.""",
            (SEEDS, "np.arange(rows * columns) == rng.integers(rows * columns, size=(N, C, 1))"),
            ("    mask = np.ones", "    seeds = seeds.reshape(N, C, rows, columns) & (gamma > 0)\n    mask = np.ones"),
            signs="mask_untouched_maps =mask_zeros"),
        core("the_last_places_begin_no_block",
            """Your places end one too early: with range(H - block), or H - block rows of seeds, no block ever reaches the last row and the
            last column, and a block as large as the map is never drawn. There are H - block + 1 places down, W - block + 1 across.""",
            (PLACES_OF, "rows, columns = H - block, W - block"), signs="mask_nothing_left mask_drop_share =mask_zeros"),
        core("blocks_never_overlap",
            """You draw a block only where none lies yet. Each valid place throws its coin whatever its neighbours did, and blocks overlap:
            the share that is left is counted afterwards.""",
            (
                "    mask = np.ones",
                """    for n, c, i, j in np.argwhere(seeds):
        near = seeds[n, c, max(i - block + 1, 0):i + block, max(j - block + 1, 0):j + block]
        near[...] = False
        seeds[n, c, i, j] = True
    mask = np.ones""",
            ), signs="mask_overlaps =mask_untouched_maps =mask_drop_share =mask_zeros"),
        core("each_map_loses_as_many_blocks",
            """Each map loses the same number of blocks. Here every valid place throws a coin with probability gamma, so their number varies
            from map to map, and some maps stay whole.""",
            (
                SEEDS,
                "rng.random((N, C, rows * columns)).argsort(axis=2).argsort(axis=2) < round(gamma * rows * columns)\n"
                "    seeds = seeds.reshape(N, C, rows, columns)",
            ), signs="mask_untouched_maps =mask_zeros =mask_inner_units"),
        core("a_map_loses_one_block_at_most",
            """You throw one coin for each MAP, and one block of it falls or none. In DropBlock every valid place throws a coin, with
            probability gamma: a map may lose several blocks.""",
            (SEEDS, "(np.arange(rows * columns) == rng.integers(rows * columns, size=(N, C, 1))) & (rng.random((N, C, 1)) < p)"),
            ("    mask = np.ones", "    seeds = seeds.reshape(N, C, rows, columns)\n    mask = np.ones"),
            signs="mask_untouched_maps =mask_zeros"),
        edge("the_scale_is_one_over_one_minus_p",
            """You divide by 1 - p. With blocks the share that is left is NOT 1 - p: they overlap, and few of them make a large noise. So
            the scale is counted: (all units) / (units left).""",
            (BY_COUNT, "mask / (1 - p) if p < 1 else 0 * mask"), signs="mask_survivors"),
        edge("the_scale_is_upside_down",
            "You multiply by (units left) / (all units). It is the other way round: what is left speaks up for what is gone.",
            (BY_COUNT, "mask * (left / mask.size)"), signs="mask_survivors"),
        edge("each_map_is_scaled_by_itself",
            "You scale each map by its own count. Here the units are counted over the WHOLE mask, all examples and channels together.",
            ("mask.sum()", "mask.mean((2, 3), keepdims=True)"),
            (BY_COUNT, "mask / np.where(left, left, 1)"), signs="mask_survivors"),
        edge("each_example_is_scaled_by_itself",
            "You scale each example by its own count. Here the units are counted over the WHOLE mask, all examples and channels together.",
            ("mask.sum()", "mask.mean((1, 2, 3), keepdims=True)"),
            (BY_COUNT, "mask / np.where(left, left, 1)"), signs="mask_survivors"),
        core("places_are_drawn_with_probability_p",
            """Your gamma is right, but your mask draws its blocks with probability p, not gamma: p is the share of UNITS, and one block
            erases many. Then nearly everything falls.""",
            ("< gamma", "< p"), signs="mask_inner_units =gamma =mask_zeros"),
        core("blocks_are_cut_at_the_border",
            """You draw the centres of blocks on the whole map, and the border cuts those that stick out. Here a block is drawn only where
            all of it lies inside the map: at (H - block + 1)(W - block + 1) places.""",
            (PLACES_OF, "rows, columns = H, W"),
            ("np.ones(shape)", "np.ones((N, C, H + block - 1, W + block - 1))"),
            (COUNTED, "    half = block // 2\n    mask = mask[:, :, half:half + H, half:half + W]\n" + COUNTED), signs="mask_zeros"),
        manner("nobody_asks_for_nonsense",
            """You check none of the arguments: with a block larger than the map your gamma is negative or a division by zero, and a p above
            1 is taken as it is. Raise a ValueError for both, and for block < 1.""",
            ("not 0 <= p <= 1", "False"),
            ("not 1 <= block <= min(H, W)", "False"), signs="gamma_too_large mask_outside"),
        manner("a_block_always_fits",
            "A block larger than the map ends in a division by zero. The caller asked for something impossible: say so with a ValueError.",
            ("not 1 <= block <= min(H, W)", "False"), signs="gamma_too_large =mask_outside"),
        edge("survivors_stay_as_they_are",
            "What is left stays at 1. Multiply it by (all units) / (units left), so that the average of the mask is 1.",
            (BY_COUNT, "mask"), signs="mask_survivors"),
        core("the_blocks_are_what_is_kept",
            """Your mask is inside out: the blocks are kept, all else is dropped. A True that marks a block means DROPPED; turn it round
            before you multiply.""",
            (COUNTED, "    mask = 1 - mask\n" + COUNTED), signs="mask_zeros mask_drop_share"),
        manner("something_is_always_left",
            "When every unit is dropped you divide by 0 units, and NaN comes out. An empty mask is a legal draw: return zeros.",
            (BY_COUNT, "mask * (mask.size / left)"), signs="mask_nothing_left"),
        manner("at_p_1_everything_falls",
            """At p = 1 your mask is all zeros. Here p is only roughly the share of units that fall: gamma is below 1 when block > 1, and
            some places draw no block. The formula holds for p = 1, too: leave it to gamma.""",
            ("    gamma = ", "    if p == 1:\n        return np.zeros(shape)\n    gamma = "),
            signs="mask_left_at_one =gamma =mask_survivors =mask_inner_units"),
        tiny("the number of units left", (BY_COUNT, "mask * (mask.size / (left + 1e-4))"), signs="mask_digits"),
        manner("large_blocks_are_cut_to_size",
            "A block larger than the map is quietly made smaller. The caller asked for something impossible: raise ValueError.",
            ("    if not 1 <= block", "    block = min(block, H, W)\n    if not 1 <= block"),
            ("    gamma = ", "    block = min(block, H, W)\n    gamma = "),
            signs="gamma_too_large mask_too_large mask_large_blocks_drop =mask_outside"),
        *not_from_rng("blocks", "mask_next_mask", "mask_generator"),
    ],
    "variance_shift": [
        core("mu_needs_no_square",
            "You use mu where its square belongs; for mu = 1 that makes no difference. The average of the square is sigma**2 + mu**2.",
            ("mu ** 2", "mu", 2), signs="exponent_of_mu"),
        manner("any_p_will_do",
            "You do not check p. Below 0 it is no probability, and from 1 on nothing is left in training: raise a ValueError.",
            ("not 0 <= p < 1", "False"),
            ("(1 - p)", "np.float64(1 - p)"), signs="outside"),
        manner("p_may_be_one",
            "You let p = 1 through, as in the other exercises. Here nothing is left in training, and you divide by 0: raise a ValueError.",
            ("not 0 <= p < 1", "not 0 <= p <= 1"), signs="at_one =outside"),
        core("the_ratio_is_training_over_test",
            "Your ratio is the wrong way round: training / test. Asked for is test / training, a number of at most 1.",
            ("sigma ** 2 / training", "training / sigma ** 2"), signs="direction"),
        core("the_average_plays_no_part",
            """You return 1 - p whatever the average is. A dropped unit jumps from x to 0, so the noise grows with the average: E[x^2] =
            sigma^2 + mu^2.""",
            ("sigma ** 2 / training", "1 - p"), signs="exponent_of_mu"),
        core("a_ratio_of_variances_is_a_ratio_of_deviations",
            "You return the ratio of the standard deviations. The variances were asked for: the square of yours.",
            ("sigma ** 2 / training", "np.sqrt(sigma ** 2 / training)"), signs="root"),
        core("the_second_moment_is_the_variance",
            "Your training variance is E[y^2]: the square of the average has not been subtracted.",
            (" - mu ** 2", ""), signs="centre"),
        core("p_is_the_keep_probability",
            "You divide by p where 1 - p belongs: in this course p is the probability of DROPPING.",
            ("(1 - p) - mu", "max(p, 1e-12) - mu"), signs="factor"),
        core("sigma_is_the_variance",
            "You use sigma as if it were the variance. It is the standard deviation: square it.",
            ("sigma ** 2", "sigma", 2), signs="exponent_of_sigma"),
        core("training_is_not_scaled",
            """Your training variance belongs to a mask of 0 and 1. Inverted dropout divides by 1 - p, and a factor comes out of a variance
            squared.""",
            ("(sigma ** 2 + mu ** 2) / (1 - p) - mu ** 2", "(1 - p) * (sigma ** 2 + mu ** 2) - (1 - p) ** 2 * mu ** 2"),
            signs="factor =exponent_of_mu =direction"),
        core("the_second_moment_is_multiplied",
            """You multiply sigma^2 + mu^2 by 1 - p. Only that share of the units is kept, but each of them is divided by 1 - p, which
            counts twice in a square: E[y^2] is (sigma^2 + mu^2) / (1 - p).""",
            ("(1 - p) - mu", "(1 / (1 - p)) - mu"), signs="factor direction =exponent_of_mu"),
        core("a_shift_is_a_difference",
            "You subtract one variance from the other. Asked for is their ratio: test / training.",
            ("sigma ** 2 / training", "training - sigma ** 2"), signs="direction"),
        core("a_fraction_needs_no_brackets",
            """The training variance lacks its brackets: a / b / c - d divides by b and by c, and then subtracts d from all of it.
            Write the variance in training on a line of its own, then divide by it.""",
            ("sigma ** 2 / training", "sigma ** 2 / (sigma ** 2 + mu ** 2) / (1 - p) - mu ** 2"), signs="factor exponent_of_mu"),
        core("a_factor_is_squared_and_no_coin_thrown",
            """You divide sigma^2 + mu^2 by (1 - p)^2. The factor comes out squared, but only 1 - p of the units have it, the others are 0:
            E[y^2] is the share 1 - p of that, (sigma^2 + mu^2) / (1 - p).""",
            ("(1 - p) - mu", "(1 - p) ** 2 - mu"), signs="factor"),
        core("only_the_average_makes_noise",
            """Your training variance is sigma^2 plus the noise of the average. The spread around it is dropped and scaled as well: sigma^2
            is divided by 1 - p, too.""",
            ("(sigma ** 2 + mu ** 2) / (1 - p) - mu ** 2", "sigma ** 2 + p / (1 - p) * mu ** 2"), signs="factor"),
        tiny("a divisor", ("/ training", "/ (training + 1e-8)"), signs="digits_of_ratio"),
    ],
    "fixed_conv_block": [
        core("one_mean_serves_all_channels",
            """You take one mean and one variance over ALL axes. The channels measure different things: each needs its own, over the
            examples and places, axis=(0, 2, 3).""",
            (PER_CHANNEL, "mean, var = np.full(x.shape[1], x.mean()), np.full(x.shape[1], x.var())"), signs="normalised_over"),
        trained_over(
            "each_example_is_normalised_by_itself",
            """You normalise each channel of each EXAMPLE by itself (instance normalisation). The statistics of a channel are taken over the
            examples too: axis=(0, 2, 3).""",
            "(2, 3)",
        ),
        trained_over(
            "each_pixel_has_its_own_mean",
            """You take the statistics over the examples only, so every PLACE has its own mean. A convolution treats all places alike:
            average over them too, axis=(0, 2, 3).""",
            "0",
        ),
        trained_over(
            "all_channels_of_an_example_share_a_mean",
            """You normalise each EXAMPLE over its channels and places (layer normalisation). Each channel needs a mean and a variance of
            its own, over the examples and places: axis=(0, 2, 3).""",
            "(1, 2, 3)",
        ),
        core("reshape_moves_axes",
            """You bring the channels to the front with reshape. It moves no axes: it cuts the numbers anew, so your rows mix the channels.
            Transpose first, or take the statistics over axis=(0, 2, 3).""",
            (PER_CHANNEL, "flat = x.reshape(x.shape[1], -1)\n        mean, var = flat.mean(axis=1), flat.var(axis=1)"),
            signs="normalised_over"),
        divided_by(
            manner,
            "eps_goes_beside_the_root",
            """You divide by std + eps. The formula has eps UNDER the root: sqrt(var + eps). The difference is small until a channel is
            nearly constant.""",
            "(np.sqrt(var) + 1e-5)",
        ),
        divided_by(
            core,
            "one_divides_by_the_variance",
            "You divide by the variance. Divide by its root: only then do all channels come out with deviation 1.",
            "(var + 1e-5)",
        ),
        divided_by(
            manner,
            "the_batch_needs_no_eps",
            "You divide by the bare deviation. Add eps to the variance under the root: a constant channel has deviation 0.",
            "np.sqrt(var + (0 if train else 1e-5))",
        ),
        manner("variances_divide_by_one_less",
            """Your variance divides by one less than the number of values (ddof=1), as PyTorch's running one does. Here it is that of
            np.var, divided by the number of values.""",
            ("x.var(axis=(0, 2, 3))", "x.var(axis=(0, 2, 3), ddof=1)"), signs="memory_holds"),
        core("training_uses_the_memory_too",
            """While training you normalise with the RUNNING statistics. They are for test time; in training each batch is normalised with
            its own mean and variance.""",
            (f"    else:\n        {REMEMBERED}", f"    {REMEMBERED}"), signs="normalised_over"),
        edge("test_time_needs_no_normalisation",
            """At test time you return x as it came. The layers behind were trained on normalised channels: normalise with the running mean
            and variance.""",
            ("        return h", "        return x"), signs="test_uses"),
        edge("test_time_uses_the_test_batch",
            """At test time you normalise with the test batch itself. Then the answer for one example depends on its neighbours in the
            batch; use the running mean and variance.""",
            (REMEMBERED, PER_CHANNEL), signs="test_uses"),
        remembers(
            "the_running_statistics_come_by_themselves",
            """Your training pass leaves running["mean"] and running["var"] as they are, so test time works with 0 and 1. Move them in every
            training call: 0.9 of the old, 0.1 of the batch.""",
            (MEAN_MOVES + VAR_MOVES, ""),
        ),
        remembers(
            "only_the_mean_is_remembered",
            'You move running["mean"], and running["var"] stays at 1. Both are averages over the batches: move both.',
            (VAR_MOVES, ""),
        ),
        remembers(
            "every_batch_starts_over",
            """Your memory begins anew in every training call and knows the last batch only. start_over is called once, before the first
            batch, and not by your function.""",
            ("    if train:\n", "    if train:\n        start_over(x.shape[1])\n"),
        ),
        core("the_memory_keeps_axes_of_length_one",
            """Your batch's statistics have the shape (1, C, 1, 1), as keepdims=True leaves them, and with the C numbers of running they
            make C times C. Remember C numbers (mean.ravel(), for one), and stretch them where you normalise.""",
            ("x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))", "(f(axis=(0, 2, 3), keepdims=True) for f in (x.mean, x.var))"),
            signs="memory_holds"),
        remembers(
            "the_last_batch_is_memory_enough",
            "Your memory holds the last batch alone. A running average forgets slowly: 0.9 of the old, 0.1 of the batch.",
            ('0.9 * running["mean"] + 0.1 * mean', "mean"),
            ('0.9 * running["var"] + 0.1 * var', "var"),
        ),
        remembers(
            "the_first_batch_sets_the_memory",
            """Your first batch replaces what start_over wrote, and the average begins with it. Here the memory starts from 0 and 1: the
            first batch counts 0.1, as every other does.""",
            (MEAN_MOVES, '        if not running["mean"].any():\n            running["mean"], running["var"] = mean, var\n' + MEAN_MOVES),
        ),
        remembers(
            "momentum_weighs_the_batch",
            """You mix 0.1 of the old with 0.9 of the batch, so the memory is hardly more than the last batch. It is the other way round.
            (Libraries disagree about which of the two numbers is called momentum.)""",
            ('0.9 * running["mean"] + 0.1 * mean', '0.1 * running["mean"] + 0.9 * mean'),
            ('0.9 * running["var"] + 0.1 * var', '0.1 * running["var"] + 0.9 * var'),
        ),
        remembers(
            "the_memory_holds_deviations",
            'running["var"] collects standard deviations. It should collect variances: the root is taken when you divide.',
            ("0.1 * var", "0.1 * np.sqrt(var + 1e-5)"),
            (REMEMBERED, REMEMBERED + " ** 2"),
        ),
        manner("the_memory_holds_eps_too",
            """running["var"] collects var + eps. Keep the variance as it is, and add eps where you divide: else test time has it twice.""",
            ("0.1 * var", "0.1 * (var + 1e-5)"), signs="memory_holds"),
        edge("one_learns_at_test_time_too",
            """A pass at test time moves your running mean and variance. Then the answers depend on what was asked before; only training may
            move them.""",
            (
                f"        {REMEMBERED}\n",
                f"        {REMEMBERED}\n"
                '        running["mean"] = 0.9 * mean + 0.1 * x.mean(axis=(0, 2, 3))\n'
                '        running["var"] = 0.9 * var + 0.1 * x.var(axis=(0, 2, 3))\n',
            ), signs="memory_at_test"),
        core("dropout_comes_first",
            """You drop before you normalise. The statistics then see the noise of the dropout, which is gone at test time (exercise 4), and
            the zeros are no zeros any more. Normalise first, drop last.""",
            ("    if train:\n", f"    if train:\n        x = x * (({DROPPED}) * ({SCALE})).astype(x.dtype)\n"),
            (LAST, "    return h\n"), signs="memory_with_dropout dropout_place"),
        dropped_as(
            core,
            "each_pixel_throws_its_own_coin",
            "You drop single units. In maps the neighbours give them away: drop whole channels, one coin for each channel of each example.",
            "x.shape",
        ),
        dropped_as(
            core,
            "one_mask_serves_the_whole_batch",
            "All examples of the batch lose the same channels. Each example needs coins of its own: (N, C) of them.",
            "(1, x.shape[1], 1, 1)",
        ),
        edge("survivors_stay_as_they_are",
            "The surviving channels stay as they are. Inverted dropout divides them by 1 - p.",
            (SCALE, "1.0"), signs="block_factor =dropout_place"),
        edge("dropout_works_at_test_time_too",
            "You drop channels at test time as well. With train=False nothing is dropped, and no random number is drawn.",
            ("    if not train:\n        return h\n", "    rng = np.random.default_rng(0) if rng is None else rng\n"), signs="test_uses"),
        core("p_is_the_keep_probability",
            "You keep each channel with probability p. In this course p is the probability of DROPPING.",
            ("if not train:", "if not train or p == 0:"),
            (DROPPED, DROPPED.replace(">=", "<")),
            (SCALE, "1 / p"), signs="block_share"),
        *not_from_rng("channels", "block_generator", "block_generator"),
        manner("the_input_may_be_overwritten",
            "Your function changes x itself (-= and /= work in place). Others may still need x: write the result into a new array.",
            ("    h = ((x - mean)", "    x -= mean\n    h = ((x)"), signs="x_after"),
        manner("nobody_asks_for_p_equal_one",
            "At p = 1 you divide by 0. Every channel is dropped then: return zeros, and do not compute 1 / (1 - p).",
            (SCALE, "1 / np.float64(1 - p)"), signs="block_at_one =dropout_place"),
        manner("any_p_will_do",
            "A p outside [0, 1] is accepted. It is no probability; raise ValueError, in training and at test time.",
            ("not 0 <= p <= 1", "False"), ("if p < 1 else", "if p != 1 else"), signs="block_outside"),
        core("the_patient_is_well",
            """This is the patient as it came: one mean for all channels, no normalisation at test time, dropout of single units before it.
            All four complaints are left to cure.""",
            (
                f"    if train:\n        {PER_CHANNEL}",
                "    if train:\n"
                "        x = x * (rng.random(x.shape) >= p) / max(1 - p, 1e-12)\n"
                "        return (x - x.mean()) / (x.std() + 1e-5)\n"
                f"    return x\n    if train:\n        {PER_CHANNEL}",
            ), signs="normalised_over memory_holds dropout_place test_uses block_mask_axes"),
    ],
}

NEVER_EQUAL = "a random number is p (or gamma) itself with probability 2^-53"
NOBODY_KEPT = "at p = 1 nobody is kept who would be scaled"
EQUIVALENT = {
    "spatial_dropout_forward": {
        f"scale = {SCALE} -> scale = 1 / (1 - p) if p < 1 else 1.0": NOBODY_KEPT,
        "return (x, 1.0) -> return (x, 3.0)": "the cache is asked about in spatial_dropout_backward",
        f"mask = (({KEPT}) * scale).astype(x.dtype) -> mask = (({KEPT.replace('>=', '>')}) * scale).astype(x.dtype)": NEVER_EQUAL,
    },
    "dropblock_gamma": {
        "gamma = dropblock_gamma(H, W, p, block) -> gamma = dropblock_gamma(W, H, p, block)": "gamma is the same for a turned map",
        "if not 1 <= block <= min(H, W): -> if not 1 <= block <= min(W, H):": "as min is",
        f"seeds = {SEEDS} -> seeds = {SEEDS.replace('<', '<=')}": NEVER_EQUAL,
    },
    "fixed_conv_block": {
        f"kept = {DROPPED} -> kept = {DROPPED.replace('>=', '>')}": NEVER_EQUAL,
        f"scale = {SCALE} -> scale = 1 / (1 - p) if p < 1 else 1.0": NOBODY_KEPT,
        **{
            f"mean, var = ({SHAPED}) -> mean, var = ({turned})": "any negative size stands for what is left"
            for turned in (SHAPED.replace("-1", "-2", 1), SHAPED[::-1].replace("1-", "2-", 1)[::-1])
        },
    },
}


# ================================================================================================ right, and looks different
VARIANTS = {
    "spatial_dropout_forward": [
        right("spatial_binomial", (KEPT, "rng.binomial(1, 1 - p, coins)"), ("return x, 1.0", "return x.copy(), None")),
        right("spatial_einsum", (COINS, "x.shape[:2]"), ("x * mask,", "np.einsum('nc,nc...->nc...', mask, x),")),
        right("spatial_choice", (KEPT, "rng.choice([False, True], coins, p=[p, 1 - p])"), ("x * mask,", "np.multiply(x, mask),")),
        right("spatial_with_care", ("1 / (1 - p)", "1 / (1 - p + 1e-12)")),
        right("spatial_full_mask", ("* scale)", "* scale * np.ones(x.shape))"), ("return x, 1.0", "return x, np.ones_like(x)")),
    ],
    "variance_shift": [
        right("shift_multiplied", ("sigma ** 2 / training", "(1 - p) * sigma ** 2 / (sigma ** 2 + p * mu ** 2)")),
        right("shift_by_noise", ("sigma ** 2 / training", "float(1 / (1 + p / (1 - p) * (mu * mu + sigma * sigma) / sigma ** 2))")),
        right("shift_is_safe", ("/ training", "/ (training + 1e-12)")),
    ],
    "dropblock_gamma": [
        right("scaled_by_the_average", (BY_COUNT, "mask / max(mask.mean(), 1 / mask.size)")),
        right("scaled_with_care", ("mask.size / left", "mask.size / (left + 1e-12)")),
    ],
    "fixed_conv_block": [
        right("block_binomial", (DROPPED, "rng.binomial(1, 1 - p, size=x.shape[:2]).reshape(*x.shape[:2], 1, 1)")),
        right("block_with_care", ("1 / (1 - p)", "1 / (1 - p + 1e-12)"), ("np.sqrt(var + 1e-5)", "(np.sqrt(var + 1e-5) + 1e-12)")),
        right("block_calls_exercise_1", (LAST, "    return spatial_dropout_forward(h, p, rng)[0]\n")),
        right(
            "block_calls_exercise_1_always",
            (f"    if not train:\n        return h\n{LAST}", "    return spatial_dropout_forward(h, p, rng, train)[0]\n"),
        ),
        right("block_power", ("/ np.sqrt(var + 1e-5)", "* (var + 1e-5) ** -0.5")),
        right("block_moments", ("x.var(axis=(0, 2, 3))", "(x.astype(float) ** 2).mean((0, 2, 3)) - x.astype(float).mean((0, 2, 3)) ** 2")),
    ],
}


@variant("spatial_dropout_forward")
def spatial_loop(x, p, rng, train=True):
    _legal(p)
    out = np.array(x)
    if train:
        for n, channel in np.ndindex(x.shape[:2]):
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


def _gamma(H, W, p, block):
    _legal(p)
    if not 1 <= block <= min(H, W):
        raise ValueError("the block does not fit")
    return p * H * W / ((H + 1 - block) * (W + 1 - block) * block * block)


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
        return _gamma(H, W, p, block)

    def dropblock_mask(shape, p, block, rng):
        N, C, H, W = shape
        gamma = min(1.0, _gamma(H, W, p, block))
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
        for i, j in np.ndindex(H - block + 1, W - block + 1):
            covered[:, :, i : i + block, j : j + block] += rng.uniform(size=(N, C, 1, 1)) < gamma
        kept = covered == 0
        return np.where(kept, kept.size / max(kept.sum(), 1), 0.0)


running = {}  # the notebook's own takes its place: these functions are moved there before they are judged


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
def block_channels_last(x, p, rng, train):
    _legal(p)
    c_last = np.moveaxis(x, 1, -1)
    if train:
        flat = c_last.reshape(-1, x.shape[1])
        mean, var = flat.mean(axis=0), (flat**2).mean(axis=0) - flat.mean(axis=0) ** 2
        running.update(mean=0.9 * running["mean"] + 0.1 * mean, var=0.9 * running["var"] + 0.1 * var)
    else:
        mean, var = running["mean"], running["var"]
    h = np.moveaxis((c_last - mean) / np.sqrt(var + 1e-5), -1, 1).astype(x.dtype)
    return h * ((rng.random((*h.shape[:2], 1, 1)) >= p) * _scale(p)).astype(x.dtype) if train else h

"""SECRET. The key of assignment 6: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

from functools import partial

import numpy as np

from autograder import variant
from autograder.dropout.sequences import checks as c
from autograder.dropout.sequences import gradient_formulas as w
from autograder.dropout.sequences.recurrent import INPUT_MASK, SEQUENCES, STATE_MASK
from autograder.dropout.sequences.weights import ONE_ROW
from autograder.dropout.views import through
from autograder.keys import core, edge, manner, right
from autograder.model import Seed

SALT = "narwhal-2086"

SOME = "drops_some_and_keeps_some"
FRESH = "draws_afresh"
STEADY = "shares_its_mask_over_time"
WHOLE = "returns_whole_states"
COINS = "throws_a_coin_for_each_weight"
APART = ("treats_examples_apart", "treats_features_apart")
MASK = {"via": "mask"}
VARIATIONAL = {"forward": "variational_dropout_forward", "backward": "variational_dropout_backward"}
RECURRENT = {"forward": "rnn_forward", "backward": "rnn_backward", "model": w.through_time}
CONNECT = {"forward": "dropconnect_forward", "backward": "dropconnect_backward"}

WIDE = {"x": (4, 7, 8), "h0": (4, 5), "Wx": (8, 5), "Wh": (5, 5), "b": (5,)}
SHORT = {"x": (3, 1, 4), "h0": (3, 6), "Wx": (4, 6), "Wh": (6, 6), "b": (6,)}
LONG = {**SHORT, "x": (3, 7, 4)}
LAYER = {"x": (7, 3), "W": (3, 5), "b": (5,)}
NETWORK = ((3, 7, 4), (3, 5), (4, 5), (5, 5), (5,))
STATES = {"names": ("h", "cache"), "name": "h", "needs": "is_right"}
MOMENTS = {"given": ((7, 5), (5, 3), (3,), 0.3), "names": ("mean", "var")}


def of_both(make):
    """The checks that `make(lens, "m_x")` lists about the mask of the input, then those about the mask of the state."""
    return [through(lens, check) for lens in (INPUT_MASK, STATE_MASK) for check in make(lens.name)]


def gradients(*names):
    """Of each array once more, where it has the right gradient already: for other sizes, and for a single step."""
    cases = ((WIDE, (0.2, 0.4), ", for more features than units"), (SHORT, (0.4, 0.3), ", for one step"))
    return [
        c.has_the_right_gradient(
            name=name, given=given, rates=rates, case=case, **RECURRENT,
            needs=("is_right", f"has_the_right_gradient(name={name}, rates=(0.3, 0.2))"),
        )
        for given, rates, case in cases
        for name in names
    ]


def layer_gradient(name, **case):
    return c.has_the_right_gradient(
        name=name, given=LAYER, rates=(0.45,), **CONNECT, model=w.through_weights, **case,
        needs=(f"has_the_right_gradient(name={name}, rates=(0.3,))", *(() if case.get("train", True) else ("is_right",))),
    )


HIDDEN = {
    "variational_dropout_forward": {
        "mask": [
            through(SEQUENCES, c.shares_its_mask_over_time(p=0.62, shape=(7, 11, 13))),
            through(SEQUENCES, c.treats_examples_apart(p=0.62, **MASK)),
            through(SEQUENCES, c.treats_features_apart(p=0.62, **MASK)),
        ],
        "factor": [
            through(SEQUENCES, c.drops_the_right_share(p=0.005, **MASK)),
            through(SEQUENCES, c.drops_the_right_share(p=0.62, calls=2, **MASK)),
            c.scales_the_survivors(p=0.62, by="1/(1-p)", shape=(9, 1, 23)),
        ],
        "chance": [c.is_identity_at_test_time(p=0.62, shape=(9, 4, 7))],
        "gradient": [
            c.follows_the_mask(p=0.62, **VARIATIONAL, shape=(9, 4, 7), needs="follows_the_mask"),
            c.agrees_with_finite_differences(p=0.35, **VARIATIONAL, shape=(12, 5, 9), needs="follows_the_mask"),
        ],
        "manners": [c.raises_value_error(case="p = -0.25", via=c.with_a_rate_of(-0.25, {"x": (4, 6, 5)}, (0.3,), train=False))],
    },
    "rnn_forward": {
        "states": [
            c.is_right_like_the_solution(given=(*NETWORK, 0.3, 0.4, None, False), tolerance=1e-6, **STATES),
            c.is_right_like_the_solution(
                given=(*NETWORK, 0.0, 0.0, Seed(5)), names=("h", "cache"), name="h", tolerance=2e-6,
                needs=("is_right", "drops_nothing_when_all_rates_are_zero"),
            ),
        ],
        "masks": [
            c.masks_what_goes_to_the_weights(
                size=(3, 5, 4, 4), rates=(0.5, 0.2), needs=("is_right", WHOLE, f"{STEADY} of m_x", f"{STEADY} of m_h")
            ),
            *of_both(lambda name: [c.shares_its_mask_over_time(p=0.62, shape=(5, 9, 17), needs=(f"{SOME} of {name}", "is_right"))]),
        ],
        "rates": of_both(
            lambda name: [
                c.drops_the_right_share(p=0.62, shape=(128, 128), calls=4, **MASK, needs=(f"{SOME} of {name}", WHOLE)),
                c.keeps_a_varying_number(
                    p=0.62, shape=(128, 128), **MASK, needs=[f"{verb} of {name}" for verb in (SOME, *APART, FRESH)]
                ),
                c.obeys_the_generator(p=0.4, **MASK, needs=(f"{SOME} of {name}", f"{FRESH} of {name}")),
            ]
        ),
        "down": [
            *gradients("dx", "dh0"),
            c.keeps_two_passes_apart(
                first=SHORT, second=LONG, rates=(0.3, 0.4), forward="rnn_forward", backward="rnn_backward", needs="keeps_two_passes_apart"
            ),
        ],
        "weights": [
            *gradients("dWx", "dWh", "db"),
            c.has_the_right_gradient(
                name="dWh", given=LONG, rates=(0.3, 0.3), **RECURRENT, train=False, case=", after a pass at test time",
                needs=("is_right", "has_the_right_gradient(name=dWh, rates=(0.3, 0.2))"),
            ),
        ],
        "manners": [c.raises_value_error(case="a probability of -0.25", via=c.with_a_rate_of(-0.25, SHORT, (0.3, 0.4), train=False))],
    },
    "dropconnect_forward": {
        "coins": [c.throws_a_coin_for_each_weight(p=0.62, size=(30, 16, 50))],
        "factor": [
            through(ONE_ROW, c.drops_the_right_share(p=0.005, **MASK, needs=COINS)),
            through(ONE_ROW, c.drops_the_right_share(p=0.62, calls=2, **MASK, needs=COINS)),
            through(ONE_ROW, c.keeps_a_varying_number(p=0.62, **MASK, needs=(COINS, FRESH))),
            through(ONE_ROW, c.scales_the_survivors(p=0.62, **MASK)),
            c.never_drops_the_bias(p=0.62, size=(9, 3, 5)),
            c.sums_kept_weights(p=0.62),
        ],
        "chance": [
            c.is_right_like_the_solution(
                given=((6, 4), (4, 5), (5,), 0.3, None, False), names=("out", "cache"), name="out", tolerance=1e-6, needs="is_right"
            ),
        ],
        "dx": [
            c.sends_gradient_through_kept_weights_only(
                p=0.4, backward="dropconnect_backward", needs="has_the_right_gradient(name=dx, rates=(0.3,))"
            ),
            layer_gradient("dx"),
            layer_gradient("dx", train=False, case=", after a pass at test time"),
            c.keeps_two_passes_apart(
                first=LAYER, second={**LAYER, "x": (4, 3)}, rates=(0.4,), **CONNECT, needs="has_the_right_gradient(name=dx, rates=(0.3,))"
            ),
        ],
        "dW": [layer_gradient("dW"), layer_gradient("db"), layer_gradient("dW", train=False, case=", after a pass at test time")],
        "manners": [c.raises_value_error(case="a probability of -0.25", via=c.with_a_rate_of(-0.25, LAYER, (0.3,), train=False))],
    },
    "dropconnect_moments": {
        "var": [c.is_right_like_the_solution(name="var", **MOMENTS, tolerance=1e-5, needs="var")],
        "mean": [c.is_right_like_the_solution(name="mean", **MOMENTS, tolerance=1e-5, needs="mean")],
        "manners": [
            c.is_right_like_the_solution(name="var", **MOMENTS, tolerance=1e-10, needs="var"),
            c.raises_value_error(case="p = -0.25", given=((7, 5), (5, 3), (3,), -0.25)),
        ],
    },
    "FixedVariationalDropout": {
        "kept": [
            c.keeps_its_mask_when_asked(p=0.3, steps=9, needs="keeps_its_mask_when_asked(p=0.4)"),
            c.keeps_the_latest_mask(p=0.3, before=(6, 5, 20), needs=("keeps_the_latest_mask", "draws_for_another_batch")),
        ],
        "anew": [c.draws_again_unless_asked(p=0.3, shape=(3, 2, 40))],
        "fits": [
            c.draws_for_another_batch(p=0.3, first=(1, 5, 20), second=(6, 5, 20)),
            c.draws_for_another_batch(p=0.3, first=(8, 5, 1), second=(8, 5, 20)),
            c.draws_for_another_batch(p=0.3, first=(10, 5, 12), second=(12, 5, 10)),
        ],
        "manners": [c.knows_the_ends(bad=(-0.25,), shape=(5, 4, 7))],
    },
    "quiz": {
        **{key: [c.answers_rightly(key=key, needs=key)] for key in ("coins", "survival", "growth", "spread")},
        **{key: [c.answers_rightly(key=key, choices="abcd", needs=key)] for key in ("batch_mask", "lstm")},
    },
}


# ============================================================================================================ wrong, of any mask
SCALE = "1 / (1 - p) if p < 1 else 0.0"
BACKWARD = "return dout * cache"
UNPACKED = "x, h0, Wx, Wh, m_x, m_h, h = cache"
MASKS = "m_x, m_h = mask(p_x, features), mask(p_h, len(b))"
SHARES = """        dWx += (x[:, t] * m_x).T @ da
        dWh += (before * m_h).T @ da
        db += da.sum(axis=0)
        dx[:, t] = da @ Wx.T * m_x
"""
RESULT = "return dx, from_future, dWx, dWh, db"
LAYER_SCALE = "1 / (1 - self.p) if self.p < 1 else 0.0"
SELDOM = "a number is p itself with probability 2^-53"
SUM = "np.tanh((x[:, t] * m_x) @ Wx + (state * m_h) @ Wh + b)"
DRAWN = "np.where(rng.random((sequences, 1, features)) >= self.p, scale, 0.0).astype(x.dtype)"
FITS = "self.mask.shape == (sequences, 1, features)"
REFUSE = "if same_mask and self.mask is not None and not fits:\n            raise ValueError"
TEST = "    if not train:\n        return x, 1.0\n"


in_float32 = partial(
    manner,
    "float32_is_good_enough_for_all",
    "You turn everything into float32. Most networks do live in float32, but which it is the caller "
    "decides: float64 in gives float64 out, or gradients cannot be checked.",
    signs="dtypes",
)


def both(fact):
    """The signs that show on both masks of the recurrent network."""
    return f"{fact}_of_m_x {fact}_of_m_h"


def of_any_mask(what, of=str):
    """What is believed in three exercises. `what`: the things that are dropped; `of` turns a fact into the signs that show it."""
    return [
        core("dropout_is_left_out",
            f"Nothing is dropped: in training no {what} is ever zero. Draw a mask from rng and multiply by it.",
            (">= p", ">= 0"), (SCALE, "1.0"), signs=of("multiplier")),
        edge("p_is_the_keep_probability",
            "You keep with probability p. In this course p is the probability of DROPPING (papers often write it "
            f"the other way round): keep a {what} with probability 1 - p, and divide by 1 - p.",
            (">= p", "< p"), (SCALE, "1 / p if p > 0 else 0.0"), signs=of("drop_share")),
        edge("the_coins_are_turned_round",
            f"Your factor is right, but the coins are the wrong way round: a {what} STAYS with probability p. Keep it where the random "
            "number is at least p.",
            (">= p", "< p"), signs=of("drop_share") + " =" + of("multiplier").replace(" ", " =")),
        edge("what_is_kept_stays_as_it_is",
            f"What is kept is not divided by 1 - p: you multiply by 0 and 1. So a {what} counts for less in "
            "training than at test time.",
            (SCALE, "1.0"), signs=of("multiplier")),
        edge("the_factor_is_one_over_p",
            "You divide what you keep by p, the probability of dropping. What remains is a share of 1 - p, so "
            "divide by 1 - p to make up for it.",
            (SCALE, "1 / p if p > 0 else 1.0"), signs=of("multiplier") + " =" + of("drop_share").replace(" ", " =")),
        edge("survivors_are_multiplied_by_q",
            "You multiply what you keep by 1 - p. That makes up for nothing: a share of 1 - p remains, so DIVIDE "
            "by 1 - p to keep the average.",
            (SCALE, "1 - p"), signs=of("multiplier")),
        edge("the_function_may_make_its_own_generator",
            "Your coins come from a generator that your function makes for itself, so the seed of rng has no "
            "effect and nobody can repeat your result. Draw from the rng that is handed in.",
            ("rng.random", "np.random.default_rng().random"), signs=of("generator")),
        edge("np_random_is_just_as_good",
            "Your coins come from np.random, the global generator, so the seed of rng has no effect and nobody can "
            "repeat your result. Draw from the rng that is handed in.",
            ("rng.random", "np.random.random"), signs=of("generator")),
        manner("p_need_not_be_checked",
            "A p below 0 or above 1 is accepted. It is no probability, so raise a ValueError, at test time too.",
            ("not 0 <= p <= 1", "False"), signs=of("outside")),
        manner("p_1_divides_by_zero",
            "At p = 1 you divide by 1 - p, which is zero. Everything is dropped then: no division is needed.",
            (" if p < 1 else 0.0", ""), signs=of("at_one")),
        manner("a_divisor_needs_an_epsilon",
            "You add something small to 1 - p before you divide, so what is kept is a little too small. Nothing "
            "divides by zero here but p = 1, where everything is dropped: treat that by itself.",
            (SCALE, "1 / (1 - p + 1e-8)"), signs=of("digits")),
    ]


# ============================================================================================================ wrong, one by one
MISCONCEPTIONS = {
    "variational_dropout_forward": [
        *of_any_mask("feature"),
        core("every_step_throws_its_own_coins",
            "Your mask changes from step to step: this is ordinary dropout on an array with three axes. "
            "Variational dropout draws ONE mask for each sequence, of N times D coins, and uses it at all T steps.",
            ("(sequences, 1, features)", "x.shape"), signs="over_time rows"),
        core("time_is_the_first_axis",
            "Your mask is shared over the FIRST axis and changes along the second. That is right where time comes "
            "first, (T, N, D), but here the axes are (N, T, D): now all examples share a mask, and every step has "
            "another one.",
            ("(sequences, 1, features)", "(1, *x.shape[1:])"), signs="over_time rows"),
        core("one_mask_serves_the_whole_batch",
            "All sequences of your batch lose the same features. Each sequence should have a mask of its own: N "
            "times D coins, not D.",
            ("(sequences, 1, features)", "(1, 1, features)"), signs="rows"),
        core("whole_sequences_are_dropped",
            "A sequence of your batch loses all of its features or none: there is one coin for each sequence. "
            "Throw one for each sequence AND feature.",
            ("(sequences, 1, features)", "(sequences, 1, 1)"), signs="columns"),
        core("whole_steps_are_dropped",
            "You drop whole STEPS: at some times all features are gone, at others none. Variational dropout drops "
            "features, each of them for the whole sequence.",
            ("(sequences, 1, features)", "(*x.shape[:2], 1)"), signs="columns over_time"),
        core("the_same_mask_means_the_same_for_ever",
            "Every call of your function draws the same mask. The mask is shared by the steps of ONE batch of "
            "sequences; the next batch gets new coins. Draw from the rng that is handed in.",
            ("rng.random", "np.random.default_rng(0).random"), signs="next_mask"),
        edge("a_share_is_dropped_exactly",
            "Always the same number of features is dropped. Dropout throws a coin for each of them, so their "
            "number varies around its average: with a fixed number the features would depend on one another.",
            ("rng.random((sequences, 1, features)) >= p", "rng.permutation(coins).reshape(sequences, 1, -1) >= round(p * coins)"),
            ("    scale =", "    coins = sequences * features\n    scale ="),
            signs="number_dropped"),
        edge("test_time_makes_up_for_it",
            "This is the vanilla form: no factor while training, and 1 - p at test time. Here the inverted one is "
            "asked for: divide what you keep by 1 - p, and leave x alone at test time.",
            (SCALE, "1.0"), ("return x, 1.0", "return x * (1 - p), 1 - p"), signs="multiplier chance_at_test_time"),
        edge("test_time_needs_a_factor_as_well",
            "In training you divide by 1 - p, and at test time you multiply by it. One of the two is enough: with "
            "the inverted form x is returned as it is at test time.",
            ("return x, 1.0", "return x * (1 - p), 1 - p"), signs="chance_at_test_time =multiplier =next_mask"),
        core("training_and_test_are_exchanged",
            "Your two modes are exchanged: you drop at test time and return x while training. Dropout works while the network learns; "
            "with train=False nothing is dropped.",
            ("if not train:", "if train:"), signs="multiplier chance_at_test_time"),
        edge("dropout_stays_on_at_test_time",
            "You drop at test time too. With train=False x is returned as it is, and no coin is thrown.",
            (TEST, ""), signs="chance_at_test_time"),
        core("a_shared_mask_sums_the_gradient",
            "Your gradient is summed over the steps. A sum is due where one number was used at several steps, but "
            "each entry of x has an output of its own: multiply dout by the mask, step by step, and sum nothing.",
            (BACKWARD, "return (dout * cache).sum(axis=1, keepdims=True) + 0 * dout if np.ndim(cache) else dout"),
            signs="mask_on_the_way_back"),
        core("the_gradient_is_an_average_over_the_steps",
            "Your gradient is averaged over the steps. Each entry of x has an output of its own: multiply dout by "
            "the mask, step by step, and average nothing.",
            (BACKWARD, "return (dout * cache).mean(axis=1, keepdims=True) + 0 * dout if np.ndim(cache) else dout"),
            signs="mask_on_the_way_back"),
        core("the_gradient_needs_no_factor",
            "Your gradient vanishes in the right places, but what is kept was divided by 1 - p on the way up, and "
            "so must be the gradient on the way down.",
            (BACKWARD, "return dout * (np.asarray(cache) != 0)"), signs="mask_on_the_way_back"),
        core("the_gradient_ignores_the_mask",
            "You pass dout on as it is. Multiply it by what x was multiplied by: 0 or 1/(1 - p).",
            (BACKWARD, "return dout.copy()"), signs="mask_on_the_way_back"),
        core("the_gradient_is_scaled_twice",
            "Your gradient is multiplied by the mask twice. x was multiplied by 1/(1 - p) once on the way up, so "
            "dout is on the way down.",
            (BACKWARD, "return dout * cache**2"), signs="mask_on_the_way_back"),
        core("the_gradient_draws_its_own_mask",
            "Your backward pass draws a mask of its own. The gradient must pass where the forward pass let x through: keep that mask in "
            "the cache.",
            ("return x, 1.0", "return x, (0.0, None, 1.0)"), ("return x * mask, mask", "return x * mask, (p, rng, scale)"),
            (BACKWARD, "p, rng, scale = cache\n"
             "    return dout * ((rng.random((len(dout), 1, dout.shape[2])) >= p) * scale if p else 1.0)"),
            signs="mask_on_the_way_back"),
        edge("there_is_only_one_mask_at_a_time",
            "Your mask lives in one global place, not in the cache. So the backward pass of an earlier batch, or "
            "one after a test pass, uses the mask of the latest training batch. Put what backward needs into the "
            "cache.",
            ("return x * mask, mask", "variational_dropout_forward.mask = mask\n    return x * mask, None"),
            (BACKWARD, "return dout * variational_dropout_forward.mask"),
            signs="pass_remembered"),
        edge("backward_only_follows_training",
            "After a forward pass at test time your backward pass fails, for there is no mask. At test time the "
            "layer is the identity: return dout.",
            ("return x, 1.0", "return x, None"), signs="wrong_gradients_at_test_time"),
        edge("what_is_zero_was_dropped",
            "Your backward pass takes every 0 of the output for a dropped unit. A kept input may be 0 itself "
            "(behind a ReLU half of them are), and its gradient is not 0: keep the mask in the cache.",
            ("return x * mask, mask", "return x * mask, (x * mask != 0) * scale"), signs="gradient_at_zero_input"),
        manner("x_may_be_overwritten",
            "Your function changes x itself: *= works in place. Multiply into a new array, for x may be the "
            "training data.",
            ("return x * mask, mask", "x *= mask\n    return x, mask"), signs="arrays_after"),
        manner("dout_may_be_overwritten",
            "Your backward pass changes dout itself: *= works in place. Somebody else may still need it, so "
            "multiply into a new array.",
            (BACKWARD, "dout *= cache\n    return dout"), signs="dout_after"),
        manner("the_mask_decides_about_the_dtype",
            "float32 goes in and float64 comes out: your mask has another dtype and pulls the product along. Give "
            "the mask the dtype of x.",
            (".astype(x.dtype)", ""), signs="dtypes"),
        manner("float32_is_good_enough_for_all",
            "You turn everything into float32. Most networks do live in float32, but which it is the caller "
            "decides: float64 in gives float64 out.",
            ("    if not train:", "    x = x.astype(np.float32)\n    if not train:"), signs="dtypes"),
    ],
    "rnn_forward": [
        *of_any_mask("feature or unit", both),
        core("every_step_throws_new_coins_for_the_input",
            "The mask on your INPUT changes from step to step. Draw m_x once, before the loop over time, and use "
            "it at every step.",
            (MASKS, "m_h, m_x = mask(p_h, len(b)), [mask(p_x, features) for _ in range(steps)]"),
            ("x[:, t] * m_x", "x[:, t] * m_x[t]", 2), ("Wx.T * m_x", "Wx.T * m_x[t]"),
            signs="over_time_of_m_x =first_state"),
        core("every_step_throws_new_coins_for_the_state",
            "The mask on your STATE changes from step to step, so a memory survives T steps only with probability "
            "q to the power of T. Draw m_h once, before the loop over time.",
            (MASKS, "m_x, m_h = mask(p_x, features), [mask(p_h, len(b)) for _ in range(steps)]"),
            ("state * m_h", "state * m_h[t]"), ("before * m_h", "before * m_h[t]"), ("Wh.T * m_h", "Wh.T * m_h[t]"),
            signs="=second_state over_time_of_m_h"),
        core("every_step_throws_new_coins",
            "Both masks change from step to step: they are drawn inside the loop over time. Draw them once, before "
            "it.",
            (MASKS, "m_x, m_h = [mask(p_x, features) for _ in range(steps)], [mask(p_h, len(b)) for _ in range(steps)]"),
            ("x[:, t] * m_x", "x[:, t] * m_x[t]", 2), ("Wx.T * m_x", "Wx.T * m_x[t]"),
            ("state * m_h", "state * m_h[t]"), ("before * m_h", "before * m_h[t]"), ("Wh.T * m_h", "Wh.T * m_h[t]"),
            signs="=first_state =second_state over_time_of_m_x over_time_of_m_h"),
        core("one_mask_serves_the_whole_batch",
            "All sequences of the batch have the same masks: you drew D and H coins instead of N times D and N "
            "times H.",
            ("rng.random((sequences, width))", "rng.random((1, width))"), signs=both("rows")),
        core("whole_sequences_are_dropped",
            "Your masks have one coin for each sequence, so it loses all of its features or none. Throw a coin for "
            "each sequence AND feature, and for each sequence and unit.",
            ("rng.random((sequences, width))", "rng.random((sequences, 1))"), signs=both("columns")),
        core("one_draw_serves_both_masks",
            "Your two masks come from the same random numbers: where the input loses a feature, the state loses "
            "its unit. Draw m_h from fresh numbers.",
            ("\n    def mask(", "    coins = rng.random((sequences, features + len(b))) if train else None\n\n    def mask("),
            ("rng.random((sequences, width))", "coins[:, :width]"),
            signs="two_masks"),
        core("the_same_mask_means_the_same_for_ever",
            "Every call of your function draws the same masks, because it sets a fixed seed. They last for ONE "
            "batch of sequences; the next batch gets new coins. Draw from the rng that is handed in.",
            ("\n    def mask(", "    rng = np.random.default_rng(0)\n\n    def mask("), signs=both("next_mask")),
        core("the_first_state_is_spared",
            "Your mask m_h does not fall on h0: it begins with the second step. h0 enters the first step just as "
            "h1 enters the second, so the mask falls on it too.",
            ("state * m_h", "state * (m_h if t else 1)"), ("before * m_h", "before * (m_h if t else 1)"),
            ("Wh.T * m_h", "Wh.T * (m_h if t else 1)"),
            signs="=second_state over_time_of_m_h"),
        core("only_the_input_is_dropped",
            "Nothing of the state is dropped: your network has no m_h. Variational dropout of a recurrent network "
            "masks the state on its way into the next step as well.",
            ("state * m_h", "state"), ("before * m_h", "before"), ("Wh.T * m_h", "Wh.T"),
            signs="=drop_share_of_m_x =over_time_of_m_h drop_share_of_m_h place_of_the_state_mask"),
        core("only_the_state_is_dropped",
            "Nothing of the input is dropped: your network has no m_x. Variational dropout of a recurrent network "
            "masks the input as well.",
            ("x[:, t] * m_x", "x[:, t]", 2), ("Wx.T * m_x", "Wx.T"),
            signs="drop_share_of_m_x =drop_share_of_m_h"),
        core("the_mask_comes_after_the_weights",
            "Your m_h falls on what comes out of Wh. There it strikes out whole sums; it is the units of the STATE "
            "that are dropped: mask h_(t-1) first, then multiply by Wh.",
            ("(state * m_h) @ Wh", "(state @ Wh) * m_h"), ("(before * m_h).T @ da", "before.T @ (da * m_h)"),
            ("da @ Wh.T * m_h", "(da * m_h) @ Wh.T"),
            signs="place_of_the_state_mask"),
        core("the_weights_of_the_state_are_dropped",
            "Your m_h falls on the weights Wh, the same for all sequences. That is DropConnect, the subject of exercise 3; here the units "
            "of the STATE are dropped, for each sequence by coins of its own.",
            (MASKS, f"{MASKS}\n    N, sequences = sequences, len(b)\n    m_h, sequences = mask(p_h, len(b)), N"),
            ("(state * m_h) @ Wh", "state @ (m_h * Wh)"), ("(before * m_h).T @ da", "before.T @ da * m_h"),
            ("da @ Wh.T * m_h", "da @ (m_h * Wh).T"),
            signs="rows_of_m_h place_of_the_state_mask =rows_of_m_x =drop_share_of_m_h"),
        edge("the_two_rates_are_exchanged",
            "The two rates are exchanged: the input is dropped with p_h and the state with p_x.",
            (MASKS, "m_x, m_h = mask(p_h, features), mask(p_x, len(b))"), signs=both("drop_share")),
        edge("one_rate_serves_both",
            "Both of your masks are drawn with p_x. The state has a rate of its own, p_h.",
            ("mask(p_h,", "mask(p_x,"), signs="drop_share_of_m_h =drop_share_of_m_x =rows_of_m_h"),
        edge("only_the_input_is_scaled",
            "Your m_h holds 0 and 1: what is kept of the state is not divided by 1 - p_h. The input is scaled "
            "rightly; do the same for the state.",
            (MASKS, f"{MASKS}\n    m_h = (m_h > 0).astype(x.dtype)"),
            signs="multiplier_of_m_h =multiplier_of_m_x =drop_share_of_m_h"),
        edge("the_returned_states_are_masked_too",
            "You return the MASKED states. The mask falls on a state only where it enters the next step; what is "
            "returned is the whole h_t.",
            ("return h, (x,", "return h * m_h[:, None], (x,"), (UNPACKED, f"{UNPACKED}\n    dh = dh * m_h[:, None]"),
            signs="returned_states"),
        edge("the_new_state_is_dropped",
            "Your m_h falls on the NEW state, behind the tanh, so h0 goes in whole and the states that you return "
            "have holes. The mask belongs on h_(t-1) where it enters step t; what is returned is the whole h_t.",
            (SUM, "np.tanh((x[:, t] * m_x) @ Wx + state @ Wh + b) * m_h"), ("before * m_h", "before"), ("Wh.T * m_h", "Wh.T"),
            ("(1 - h[:, t] ** 2)", "m_h * (1 - (h[:, t] / np.where(m_h > 0, m_h, 1)) ** 2)"),
            signs="returned_states"),
        edge("dropout_stays_on_at_test_time",
            "Your masks are drawn at test time too. With train=False nothing is dropped, and no coin is thrown.",
            ("        if not train:\n            return np.ones((sequences, width), dtype=x.dtype)\n", ""),
            signs="chance_at_test_time"),
        core("time_is_the_first_axis",
            "You walk along the FIRST axis of x, as if it were time. Here x is (N, T, D): example, step, feature. "
            "Step t is x[:, t], and h is (N, T, H).",
            ("    sequences, steps, features", "    x = x.transpose(1, 0, 2)\n    sequences, steps, features"),
            ("return h, (x,", "return h.transpose(1, 0, 2), (x,"), (UNPACKED, f"{UNPACKED}\n    dh = dh.transpose(1, 0, 2)"),
            ("return dx,", "return dx.transpose(1, 0, 2),"),
            signs="first_axis"),
        core("all_states_are_the_last",
            "All states that you return are the last one. You write every state into ONE array and put that into the list again and again: "
            "make a new array at each step, or append a copy.",
            ("return h, (x,", "h[:] = h[:, -1:].copy()\n    return h, (x,"), signs="first_state =second_state"),
        edge("h0_belongs_to_the_answer",
            "Your h begins with h0 and leaves out the last state. h holds h_1 to h_T: T states, the first of them "
            "after the first step.",
            ("return h, (x,", "return np.concatenate([h0[:, None], h[:, :-1]], axis=1), (x,"),
            (UNPACKED, f"{UNPACKED}\n    first, dh = dh[:, 0], np.concatenate([dh[:, 1:], 0 * dh[:, :1]], axis=1)"),
            ("return dx, from_future,", "return dx, from_future + first,"),
            signs="first_state second_state over_time_of_m_x"),
        edge("the_bias_comes_after_the_tanh",
            "The first state is not tanh of the whole sum: the bias belongs inside the tanh, and both matrix "
            "products with it.",
            (" @ Wh + b)", " @ Wh) + b"), ("m_x, m_h, h)", "m_x, m_h, h, b)"), ("m_x, m_h, h =", "m_x, m_h, h, b ="),
            ("h[:, t] ** 2", "(h[:, t] - b) ** 2"), ("da.sum(axis=0)", "(dh[:, t] + from_future).sum(axis=0)"),
            signs="first_state second_state"),
        edge("the_bias_is_forgotten",
            "Your states do not hear b: it is missing inside the tanh.",
            (" @ Wh + b)", " @ Wh)"), signs="first_state second_state"),
        edge("a_state_is_its_sum",
            "Your states are the sums a_t themselves. The state is tanh(a_t).",
            ("np.tanh(", "("), (" * (1 - h[:, t] ** 2)", ""), signs="first_state second_state state_below_zero"),
        edge("any_activation_will_do",
            "Your states go through a ReLU. In this network the state is tanh(a_t), and its slope on the way back 1 - h_t^2.",
            ("np.tanh(", "np.maximum(0, "), ("(1 - h[:, t] ** 2)", "(h[:, t] > 0)"), signs="first_state state_below_zero"),
        edge("the_past_begins_with_zero",
            "Your first step does not hear h0: it begins with zeros. The state before the first step is h0.",
            ("state = h0", "state = 0 * h0"), ("else h0", "else 0 * h0"), (RESULT, RESULT.replace("from_future", "0 * from_future")),
            signs="first_state second_state"),
        edge("every_step_begins_anew",
            "Every step of yours hears h0: the new state is not handed on to the next step. Keep h_t, and use it "
            "as h_(t-1) at the next step.",
            (f"state = {SUM}\n        h[:, t] = state", f"h[:, t] = {SUM}"), ("h[:, t - 1] if t else h0", "h0"),
            ("(dh[:, t] + from_future)", "dh[:, t]"), ("from_future = da", "from_future += da"),
            signs="second_state =first_state"),
        core("what_comes_back_goes_round_the_tanh",
            "You add what the future sends back AFTER the slope of tanh. It arrives at the state h_t, just as dh does: first add the two, "
            "then multiply by 1 - h_t^2.",
            ("(dh[:, t] + from_future) * (1 - h[:, t] ** 2)", "dh[:, t] * (1 - h[:, t] ** 2) + from_future"), signs="way_of_errors"),
        core("the_way_back_begins_at_the_first_step",
            "Your backward loop runs from the first step to the last. What a step needs comes from the step AFTER it: begin with the last.",
            ("reversed(range(x.shape[1]))", "range(x.shape[1])"), signs="way_of_errors"),
        core("the_way_back_leaves_out_the_first_step",
            "Your backward loop leaves out the FIRST step: range(T - 1, 0, -1) ends with 1, for the end of a range does not count. "
            "reversed(range(T)) takes all.",
            ("reversed(range(x.shape[1]))", "reversed(range(1, x.shape[1]))"), ("np.empty_like(x), np.z", "np.zeros_like(x), np.z"),
            signs="way_of_errors"),
        core("the_way_back_leaves_out_the_last_step",
            "Your backward loop leaves out the LAST step: it begins one step too early. The last state is number T - 1, and dh speaks to "
            "it as well.",
            ("reversed(range(x.shape[1]))", "reversed(range(x.shape[1] - 1))"), ("np.empty_like(x), np.z", "np.zeros_like(x), np.z"),
            signs="way_of_errors"),
        core("the_way_back_ends_after_one_step",
            "Your backward pass goes back through the last step only, and all others have a dx of 0. Does it return inside its loop?",
            ("    return dx, from_future", "        return dx, from_future"), ("np.empty_like(x), np.z", "np.zeros_like(x), np.z"),
            signs="way_of_errors"),
        core("the_slope_belongs_to_the_state_before",
            "You take the slope of tanh at the state BEFORE the step. It is the slope at what came out of tanh: 1 - h_t**2.",
            ("(1 - h[:, t] ** 2)", "(1 - before ** 2)"), signs="way_of_errors"),
        core("each_step_has_a_gradient_of_its_own",
            "Your backward pass treats every step by itself: nothing comes back from the future. h_t also acts "
            "through h_(t+1), so add what step t + 1 sends back to dh[:, t] before you go on.",
            ("(dh[:, t] + from_future)", "dh[:, t]"), signs="way_of_errors =second_state"),
        core("only_the_last_state_has_a_gradient",
            "Your backward pass uses dh of the last step only. The loss may speak to every state: add dh[:, t] at "
            "each step.",
            ("(dh[:, t] + from_future)", "(dh[:, t] * (t == x.shape[1] - 1) + from_future)"),
            signs="way_of_errors"),
        core("the_way_back_has_no_state_mask",
            "What your step t sends back to h_(t-1) is not multiplied by m_h. A unit that was dropped on the way "
            "up must not hear anything on the way down, and what was scaled is scaled again.",
            ("Wh.T * m_h", "Wh.T"), signs="masked_in_dh0"),
        core("the_way_back_has_no_mask",
            "What goes back to x_t and to h_(t-1) is not multiplied by the masks; in dWx and dWh they stand rightly. A feature or unit "
            "that was dropped on the way up must not hear anything on the way down, and what was scaled is scaled again.",
            ("Wx.T * m_x", "Wx.T"), ("Wh.T * m_h", "Wh.T"),
            signs="masked_in_dx masked_in_dh0 =masked_in_dWx =masked_in_dWh"),
        core("backward_forgets_the_masks",
            "Your backward pass uses no masks. Whatever was multiplied by a mask "
            "on the way up is multiplied by the same mask on the way down: x_t and h_(t-1) in dWx and dWh, and "
            "what goes back to both.",
            (UNPACKED, f"{UNPACKED}\n    m_x = m_h = 1.0"),
            signs="masked_in_dx masked_in_dh0 masked_in_dWx masked_in_dWh"),
        edge("the_weights_saw_what_was_not_masked",
            "In dWx and dWh you multiply the errors by x and by the state themselves. "
            "The weights saw the MASKED input and the MASKED state, so these belong into dWx and dWh.",
            ("dWx += (x[:, t] * m_x).T", "dWx += x[:, t].T"), ("(before * m_h).T", "before.T"),
            signs="masked_in_dWx masked_in_dWh"),
        edge("the_recurrent_weights_saw_the_whole_state",
            "In dWh you multiply the errors by the state itself. The weights saw the MASKED state, so "
            "it is the masked one that belongs into dWh.",
            ("(before * m_h).T", "before.T"), signs="masked_in_dWh"),
        edge("the_input_weights_saw_the_whole_input",
            "In dWx you multiply the errors by x itself. The weights saw the MASKED input, so it is "
            "the masked one that belongs into dWx.",
            ("dWx += (x[:, t] * m_x).T", "dWx += x[:, t].T"), signs="masked_in_dWx"),
        edge("the_input_gradient_needs_no_mask",
            "Your dx is not multiplied by m_x. A feature that was dropped has no gradient, and one "
            "that was kept has the factor 1/(1 - p).",
            ("Wx.T * m_x", "Wx.T"), signs="masked_in_dx"),
        edge("the_last_share_is_the_gradient_of_the_weights",
            "Your dWx, dWh and db hold the share of one step only. The same weights are used at every step, so "
            "their gradients are sums over all of them: += instead of =.",
            (" += ", " = ", 3), signs="sums_of_weights"),
        edge("the_last_share_is_the_gradient_of_the_weights",
            "Your dWx and dWh hold the share of one step only. The same weights are used at every step, so their gradients are sums over "
            "all of them: += instead of =.",
            ("dWx += ", "dWx = "), ("dWh += ", "dWh = "), signs="sums_of_weights"),
        edge("biases_take_the_average",
            "Your db is an average over the examples; dWx and dWh are sums, as they should be. b is added for every example, so its "
            "gradient is a sum, too.",
            ("da.sum(axis=0)", "da.mean(axis=0)"), signs="sums_of_weights"),
        core("tanh_has_the_slope_1_minus_h",
            "You take 1 - h for the slope of tanh. It is 1 - h**2, with the square of the state.",
            ("h[:, t] ** 2", "h[:, t]"), signs="way_of_errors"),
        core("tanh_has_the_slope_of_the_sigmoid",
            "You take h (1 - h) for the slope of tanh. That is the slope of the sigmoid; the one of tanh is 1 - h**2.",
            ("(1 - h[:, t] ** 2)", "h[:, t] * (1 - h[:, t])"), signs="way_of_errors"),
        core("the_slope_of_tanh_is_1",
            "The slope of tanh is missing in your backward pass. The error of a_t is the error of h_t times 1 - "
            "h_t**2.",
            (" * (1 - h[:, t] ** 2)", ""), signs="way_of_errors =first_state"),
        core("the_state_goes_through_tanh_again",
            "You take 1 - tanh(h)**2 for the slope. h is already a tanh, so the slope is 1 - h**2.",
            ("h[:, t] ** 2", "np.tanh(h[:, t]) ** 2"), signs="way_of_errors"),
        core("the_way_back_goes_through_Wh_as_it_is",
            "What your step t sends back goes through Wh, not through its transpose. Upwards it was h @ Wh, so "
            "downwards it is da @ Wh.T. (Square weights do not complain about the wrong one.)",
            ("da @ Wh.T", "da @ Wh"), signs="way_of_errors"),
        edge("Wh_saw_the_new_state",
            "In dWh you use the state h_t AFTER the step. Wh was multiplied by the state before it: h_(t-1), and "
            "h0 at the first step.",
            ("h[:, t - 1] if t else h0", "h[:, t]"), signs="state_of_dWh =first_state"),
        edge("h_minus_one_is_h0",
            "At the first step your dWh uses h[:, -1], and for NumPy that is the LAST state. Before the first step "
            "stands h0.",
            ("h[:, t - 1] if t else h0", "h[:, t - 1]"), signs="state_of_dWh"),
        edge("h0_has_no_share_in_dWh",
            "The first step has no share in your dWh. Wh was multiplied by h0 there, so h0 has its share too.",
            ("if t else h0", "if t else 0 * h0"), signs="state_of_dWh =first_state =second_state"),
        edge("gradients_are_averages_over_the_batch",
            "Your dWx, dWh and db are averages over the examples. Here they are sums: whether the loss is an "
            "average is decided by whoever hands dh down.",
            (RESULT, "return dx, from_future, *(g / len(x) for g in (dWx, dWh, db))"), signs="sums_of_weights"),
        edge("gradients_are_averages_over_the_steps",
            "Your dWx, dWh and db are averages over the steps. The same weights are used at every step, and every "
            "step has its full share: they are sums.",
            (RESULT, "return dx, from_future, *(g / x.shape[1] for g in (dWx, dWh, db))"), signs="sums_of_weights"),
        edge("h0_has_no_gradient",
            "Your dh0 is zero. What the first step sends back to the state before it is the gradient of h0.",
            (RESULT, RESULT.replace("from_future", "0 * from_future")), signs="way_to_h0 =first_state =second_state"),
        edge("gradients_are_clipped",
            "You clip the gradients. Against exploding gradients that is good advice, but to whoever takes the "
            "STEP: a backward pass returns the gradient as it is.",
            (RESULT, "return dx, from_future, *(np.clip(g, -5, 5) for g in (dWx, dWh, db))"),
            signs="scaled_gradients"),
        core("the_gradient_draws_its_own_masks",
            "Your backward pass draws masks of its own. The gradient must pass where the forward pass let x and the state through: keep "
            "those masks in the cache.",
            ("return h, (x, h0, Wx, Wh, m_x, m_h, h)", "return h, (x, h0, Wx, Wh, mask, (p_x, p_h), h)"),
            (UNPACKED, "x, h0, Wx, Wh, mask, p, h = cache\n    m_x, m_h = mask(p[0], x.shape[2]), mask(p[1], len(Wh))"),
            signs="scaled_gradients"),
        edge("there_is_only_one_pass_at_a_time",
            "Your backward pass uses what the LATEST forward pass left behind, not the cache it is given. Two "
            "batches may be under way at a time: put everything into the cache.",
            ("return h, (x, h0, Wx, Wh, m_x, m_h, h)", "rnn_forward.latest = x, h0, Wx, Wh, m_x, m_h, h\n    return h, None"),
            ("h = cache", "h = rnn_forward.latest"),
            signs="pass_remembered"),
        manner("dh_may_be_overwritten",
            "Your backward pass adds to dh itself. Somebody else may still need it, so write the sum of dh[:, t] "
            "and what comes back from the future into a new array.",
            ("(dh[:, t] + from_future)", "dh[:, t]"),
            ("        da =", "        dh[:, t] += from_future\n        da ="),
            signs="upstream_after"),
        manner("x_may_be_overwritten",
            "Your function changes an array that it was handed: *= and h0[...] = work in place. Write what you "
            "mask into a new array.",
            (MASKS, f"{MASKS}\n    x *= m_x[:, None]"), ("(x[:, t] * m_x) @", "x[:, t] @"), ("(x[:, t] * m_x).T", "x[:, t].T"),
            signs="arrays_after"),
        manner("the_mask_decides_about_the_dtype",
            "float32 goes in and float64 comes out. Make the array of the states, and the masks, in the dtype of x.",
            ("len(b)), dtype=x.dtype)", "len(b)))"), signs="dtypes"),
        in_float32(("    sequences, steps", "    x, h0, Wx, Wh, b = (np.float32(a) for a in (x, h0, Wx, Wh, b))\n    sequences, steps")),
    ],
    "dropconnect_forward": [
        core("a_share_is_dropped_exactly",
            "Every example of yours loses exactly the share p of its weights. Each weight throws a coin of its own, so that the number "
            "that is left varies: it is a share of 1 - p only on average.",
            ("(rng.random((len(x), *W.shape)) >= p)",
             "np.array([rng.permutation(W.size) >= round(p * W.size) for _ in x]).reshape(-1, *W.shape)"),
            signs="coins"),
        *of_any_mask("weight"),
        core("one_mask_serves_the_whole_batch",
            "You draw one mask on the weights for the whole batch. DropConnect draws one for each EXAMPLE: N times "
            "in times out coins. With one mask, all examples see the same thinned layer and its noise does not "
            "average out.",
            ("(len(x), *W.shape)", "(1, *W.shape)"), signs="coins"),
        core("dropping_inputs_drops_their_weights",
            "You mask the inputs, so all weights of an input are dropped together: this is dropout. DropConnect "
            "throws a coin for each single weight.",
            ("(len(x), *W.shape)", "(len(x), len(W), 1)"), signs="coins"),
        core("dropping_outputs_drops_their_weights",
            "You mask the outputs of x W, so all weights of an output are dropped together. DropConnect throws a "
            "coin for each single weight, before the sum.",
            ("(len(x), *W.shape)", "(len(x), 1, W.shape[1])"), signs="coins"),
        core("drop_connect_drops_examples",
            "You drop whole EXAMPLES of the output. Some libraries call that drop_connect (it is stochastic "
            "depth); DropConnect throws a coin for each weight of W, for each example.",
            ("(len(x), *W.shape)", "(len(x), 1, 1)"), signs="coins"),
        core("a_mask_can_be_used_again",
            "Every call of your function draws the same masks, because it sets a fixed seed. Each training call "
            "throws new coins: draw from the rng that is handed in.",
            ("rng.random", "np.random.default_rng(0).random"), signs="next_mask"),
        edge("the_bias_is_dropped_too",
            "You drop the bias as well. In this exercise it is always added as it is, in training and at test time.",
            ("    weights =", "    coins = (rng.random((len(x), len(b))) >= p) * scale if train else 1.0\n    weights ="),
            ("+ b", "+ (b * coins).astype(x.dtype)"), ("weights, masks)", "weights, masks, coins)"),
            ("weights, masks =", "weights, masks, coins ="),
            ("dout.sum(axis=0)", "(dout * coins).sum(axis=0)"),
            signs="bias"),
        edge("the_bias_is_scaled_too",
            "You divide the bias by 1 - p together with the rest. Only what passed the mask is divided; b is added "
            "afterwards, as it is.",
            ("+ b", "+ b * (scale if train and p < 1 else 1.0)"), signs="bias"),
        edge("the_bias_is_forgotten",
            "Your training output lacks the bias: b is added to every output, whatever was dropped.",
            ("+ b", "+ (0 if train else b)"), signs="bias"),
        edge("test_time_makes_up_for_it",
            "This is the form of the paper: no factor while training, and a smaller W at test time. Here the "
            "inverted one is asked for: divide the kept weights by 1 - p in training, and take W as it is at test "
            "time.",
            (SCALE, "1.0"), ("np.ones((1, 1, 1),", "np.full((1, 1, 1), 1 - p,"),
            signs="multiplier weights_at_test_time"),
        edge("test_time_needs_a_factor_as_well",
            "In training you divide by 1 - p, and at test time you multiply W by it. One of the two is enough: "
            "with the inverted form W is used as it is at test time.",
            ("np.ones((1, 1, 1),", "np.full((1, 1, 1), 1 - p,"), signs="weights_at_test_time"),
        edge("dropout_stays_on_at_test_time",
            "You drop weights at test time too. With train=False the output is x W + b, and no coin is thrown.",
            ("if train:", "if True:"), signs="chance_at_test_time weights_at_test_time"),
        edge("the_gradient_of_x_goes_through_all_weights",
            "Your dx goes back through the whole W. Each example used weights of its own, masked and scaled, and "
            "its gradient goes back through those.",
            ("(x, weights, masks)", "(x, W, masks)"), ("(weights @ dout[:, :, None])[:, :, 0]", "dout @ weights.T"),
            signs="way_of_dx"),
        edge("dx_needs_no_factor",
            "Your dx goes through the kept weights, but it lacks the factor 1/(1 - p) that they had on the way up.",
            ("(weights @ dout", "(weights / max(masks.max(), 1) @ dout"), signs="way_of_dx"),
        edge("every_example_has_a_share_in_every_weight",
            "Your dW is x.T @ dout, as without dropout. An example that dropped a weight did not use it, so it has "
            "no share in its gradient: mask each example's share before you add them up.",
            ("shares.sum(axis=0)", "x.T @ dout"), signs="way_of_dW =arrays_after"),
        core("backward_forgets_the_masks",
            "Your dx and dW are those of a layer without DropConnect. What was masked and scaled on the way up is "
            "masked and scaled on the way down: the weights in dx, and each example's share in dW.",
            ("(x, weights, masks)", "(x, W, masks)"), ("(weights @ dout[:, :, None])[:, :, 0]", "dout @ weights.T"),
            ("shares.sum(axis=0)", "x.T @ dout"),
            signs="way_of_dx way_of_dW =arrays_after"),
        edge("dW_needs_no_factor",
            "Your dW is masked, but it lacks the factor 1/(1 - p): the weights were divided by 1 - p, so their "
            "gradient is too.",
            ("shares = masks *", "shares = (masks != 0) *"), signs="way_of_dW"),
        core("the_gradient_draws_its_own_masks",
            "Your backward pass draws masks of its own. Each example's gradient must go through the weights that it kept in the forward "
            "pass: keep those masks in the cache.",
            ("return out, (x, weights, masks)", "return out, (x, W, scale * (p < 1) if train else 1, rng, p if train else 0)"),
            ("x, weights, masks = cache", "x, W, scale, rng, p = cache\n"
             "    masks = (rng.random((len(x), *W.shape)) >= p) * scale if p else np.ones((1, 1, 1))\n    weights = masks * W"),
            signs="scaled_gradients"),
        edge("gradients_are_averages_over_the_batch",
            "Your dW and db are averages over the examples. Here they are sums: whether the loss is an average is "
            "decided by whoever hands dout down.",
            ("shares.sum(axis=0), dout.sum(axis=0)", "shares.mean(axis=0), dout.mean(axis=0)"), signs="way_of_dW"),
        edge("dW_is_the_gradient_times_W",
            "Your dW is multiplied by W once more: you used the masked WEIGHTS where the mask belongs. The "
            "derivative of a product with respect to W has x and the mask in it, and no W.",
            ("shares = masks *", "shares = weights *"), signs="way_of_dW"),
        edge("one_mask_stands_for_all",
            "Your dW is x.T @ dout times the mask of ONE example. Each example dropped other weights: mask each "
            "example's share with its own mask, then add them up.",
            ("shares.sum(axis=0)", "masks[0] * (x.T @ dout)"), signs="way_of_dW"),
        edge("the_masks_can_be_averaged_first",
            "You add up the shares of all examples and multiply them by the average mask. A sum of products is no "
            "product of sums: mask each example's share first, then add them up.",
            ("shares.sum(axis=0)", "masks.mean(axis=0) * (x.T @ dout)"), signs="way_of_dW"),
        edge("the_masks_can_be_added_up_first",
            "You add up the masks of all examples and multiply x.T @ dout by the sum. A sum of products is no "
            "product of sums: mask each example's share first, then add them up.",
            ("shares.sum(axis=0)", "masks.sum(axis=0) * (x.T @ dout)"), signs="way_of_dW"),
        edge("there_is_only_one_mask_at_a_time",
            "Your backward pass uses what the LATEST training pass left behind, not the cache it is given. Two "
            "batches may be under way at a time: put everything into the cache.",
            ("return out, (x, weights, masks)", "dropconnect_forward.latest = x, weights, masks\n    return out, None"),
            ("masks = cache", "masks = dropconnect_forward.latest"),
            signs="pass_remembered"),
        manner("dropped_weights_are_set_to_zero",
            "You write zeros into W itself, so those weights are lost for good, and each call loses more. Masks "
            "belong into a new array: the weights stay as they are.",
            ("    return out,", "    W *= masks[-1]\n    return out,"), signs="arrays_after"),
        manner("the_mask_decides_about_the_dtype",
            "float32 goes in and float64 comes out of the training pass: your mask has another dtype and pulls "
            "the product along. Give it the dtype of W.",
            (".astype(W.dtype)", ""), signs="dtypes"),
        in_float32(("    if train:", "    x, W, b = (np.float32(a) for a in (x, W, b))\n    if train:")),
    ],
    "dropconnect_moments": [
        core("the_sum_comes_before_the_square",
            "You square the sum x W. The variance of a sum of independent terms is the sum of their variances, so "
            "each term is squared first: (x**2) @ (W**2).",
            ("(x**2 @ W**2)", "(x @ W) ** 2"), signs="spread_of_two"),
        core("only_W_is_squared",
            "You square W, but not x, so a negative x lowers your variance. The factor of a coin is x W, and both are squared in its "
            "variance: (x**2) @ (W**2).",
            ("(x**2 @ W**2)", "(x @ W**2)"), signs="spread_of_two"),
        core("nothing_is_squared",
            "You square neither x nor W. The factor of a coin is x W, and both are squared in its variance: (x**2) @ (W**2).",
            ("(x**2 @ W**2)", "(x @ W)"), signs="spread_of_two spread_of_weights"),
        core("only_x_is_squared",
            "You square x, but not W. The factor of a coin is x W, and both are squared in its variance: (x**2) @ (W**2).",
            ("(x**2 @ W**2)", "(x**2 @ W)"), signs="spread_of_weights"),
        core("the_square_of_the_mask_is_its_variance",
            "Your variance has the factor 1 / (1 - p), the average SQUARE of a mask's entry. Its variance is that minus the square of its "
            "average, which is 1: p / (1 - p).",
            ("p / (1 - p)", "1 / (1 - p)"), signs="spread_factor"),
        core("the_variance_forgets_the_scale",
            "Your variance p (1 - p) x^2 W^2 belongs to a mask of 0 and 1. The kept weights are divided by 1 - p, "
            "and a factor comes out of a variance squared.",
            ("p / (1 - p)", "p * (1 - p)"), signs="spread_factor"),
        core("the_coin_has_no_variance_left",
            "Your variance has the factor p / (1 - p)^2: the scale counts twice, but the coin itself with p alone. Its variance is p (1 - "
            "p), and over (1 - p)^2 that is p / (1 - p).",
            ("p / (1 - p)", "p / (1 - p) ** 2"), signs="spread_factor"),
        core("the_spread_is_the_variance",
            "You return the standard deviation. The variance is its square.",
            ("return mean, var", "return mean, np.sqrt(var)"), signs="spread_root"),
        core("the_bias_adds_to_the_spread",
            "You add b to the variance. A number that is always the same moves the average and not the spread.",
            ("(x**2 @ W**2)", "(x**2 @ W**2) + b**2"), signs="spread_adds"),
        core("p_is_the_keep_probability",
            "Your variance is that of weights that STAY with probability p, as the paper writes it. In this course "
            "p is the probability of DROPPING: p / (1 - p).",
            ("p / (1 - p)", "(1 - p) / (p or 1)"), signs="spread_factor"),
        core("the_second_moment_is_the_variance",
            "Your second result is the average of u squared. The variance is that minus the square of the average.",
            ("(x**2 @ W**2)", "(x**2 @ W**2) + mean**2"), signs="spread_adds"),
        core("the_variance_is_a_single_coins",
            "Your variance has the factor p. One term has the variance p / (1 - p) times the square of x W: from p "
            "(1 - p) of the coin, and twice 1 / (1 - p) of the scale.",
            ("p / (1 - p)", "p"), signs="spread_factor"),
        core("outputs_vary_together",
            "You return a matrix of variances and covariances for each example. Wanted is one variance for each "
            "output, shape (N, out): the outputs have coins of their own and are independent.",
            ("return mean, var", "return mean, var[:, :, None] * np.eye(len(b))"), signs="beyond"),
        core("variance_and_average_change_places",
            "Your two results have changed places: first the average, then the variance.",
            ("return mean, var", "return var, mean"), signs="order"),
        core("these_are_the_moments_without_the_division",
            "These are the moments of the paper's form, in which the kept weights are not divided. Here they are "
            "divided by 1 - p in training, which keeps the average at xW + b.",
            ("x @ W + b", "(1 - p) * (x @ W) + b"), ("p / (1 - p)", "p * (1 - p)"),
            signs="average_factor spread_factor"),
        edge("the_average_has_no_bias",
            "Your average lacks the bias: it is xW + b.",
            ("x @ W + b", "x @ W"), signs="average_adds"),
        edge("the_average_shrinks",
            "Your average is multiplied by 1 - p. The kept weights are divided by 1 - p in training, so on average "
            "nothing is lost: xW + b.",
            ("x @ W + b", "(1 - p) * (x @ W) + b"), signs="average_factor"),
        edge("the_average_grows",
            "Your average is divided by 1 - p. That factor belongs to the kept weights, and makes up for the "
            "dropped ones: on average it is xW + b.",
            ("x @ W + b", "x @ W / (1 - p) + b"), signs="average_factor"),
        manner("p_need_not_be_checked",
            "A p below 0, or 1 and above, is accepted. At p = 1 the variance has no value (0 times infinity), so "
            "raise a ValueError for a p outside [0, 1).",
            ("not 0 <= p < 1", "False"), ("p / (1 - p)", "p / np.float64(1 - p)"), signs="outside at_one"),
        manner("p_1_is_allowed",
            "You accept p = 1. There the variance has no value (0 times infinity), so p must be smaller than 1: "
            "raise a ValueError.",
            ("not 0 <= p < 1", "not 0 <= p <= 1"), signs="at_one =outside"),
        manner("a_divisor_needs_an_epsilon",
            "You add something small to 1 - p before you divide, so the variance is a little too small. p is "
            "smaller than 1: nothing divides by zero.",
            ("p / (1 - p)", "p / (1 - p + 1e-8)"), signs="spread_digits"),
    ],
    "FixedVariationalDropout": [
        core("the_first_mask_is_kept",
            "With same_mask=True you use the mask of the FIRST call, although others were drawn since. The next chunk belongs to the "
            "sequences of the latest call: keep its mask.",
            ("        fits = self.mask", '        self.mask = getattr(self, "oldest", None)\n        fits = self.mask'),
            ("        return x * self.mask", "        if not fits:\n            self.oldest = self.mask\n        return x * self.mask"),
            signs="call_before =asked_to_keep"),
        edge("all_layers_share_a_memory",
            "Your mask belongs to the class (or to no object at all), so all layers share it: a second layer that draws takes the mask "
            "away from the first. A network has many layers: keep the mask in self.",
            ("self.mask", "FixedVariationalDropout.mask", 5), signs="memory =asked_to_keep"),
        core("same_mask_means_draw",
            "The patient has not changed: it draws when same_mask is True and keeps the mask when it is False. It "
            "should be the other way round.",
            ("not (same_mask and fits)", "same_mask or self.mask is None"),
            signs="asked_to_keep asked_to_keep_for_a_shorter_chunk not_asked_to_keep after_test_time"),
        core("a_mask_is_never_kept",
            "Your layer draws a new mask in every call, even with same_mask=True. Then the chunks of one text are "
            "masked differently: keep the mask when same_mask asks for it and it fits.",
            ("not (same_mask and fits)", "True"), signs="asked_to_keep"),
        core("every_step_throws_its_own_coins",
            "Your layer's mask changes from step to step: it has T steps of coins. Draw N times D coins, and let them stand for all steps.",
            ("rng.random((sequences, 1, features))", "rng.random(x.shape)"), (FITS, "self.mask.shape == x.shape"),
            signs="asked_to_keep"),
        core("a_mask_belongs_to_a_length",
            "You draw again when the next chunk is shorter or longer. The mask has no steps, so it fits a chunk of "
            "any length: only the number of sequences and of features matter.",
            (FITS, "self.shape == x.shape"),
            ("        return x * self.mask", "        self.shape = x.shape\n        return x * self.mask"),
            signs="=asked_to_keep asked_to_keep_for_a_shorter_chunk"),
        edge("an_old_mask_always_fits",
            "The flag is right now, but with same_mask=True the old mask is used whatever the new batch looks "
            "like. A batch of another size fails, and after a single sequence all others silently share its mask. "
            "Keep a mask only if it fits.",
            (FITS, "True"),
            signs="smaller_batch after_one_sequence after_one_feature"),
        edge("a_large_mask_can_be_cut",
            "You cut the old mask to the size of the new batch. Those are other sequences: draw a new mask when "
            "the number of sequences is another.",
            ("self.mask.shape ==", "self.mask[:sequences].shape =="), ("x * self.mask", "x * self.mask[:sequences]"),
            signs="smaller_batch =coins_from"),
        edge("only_the_number_of_sequences_counts",
            "You compare the number of sequences, but not that of features. A mask with other features does not "
            "fit either: draw a new one.",
            (FITS, "len(self.mask) == sequences"),
            signs="after_one_feature =after_one_sequence"),
        edge("only_the_number_of_coins_counts",
            "You compare how many entries the mask has. A batch of fewer sequences with more features may have as many, and would get "
            "coins that belong to others: compare both numbers.",
            (FITS, "self.mask.size == sequences * features"), ("x * self.mask", "x * self.mask.reshape(sequences, 1, features)"),
            signs="as_many_coins =coins_from"),
        core("a_forced_draw_is_not_remembered",
            "With same_mask=True and a batch that does not fit you draw a new mask, and forget it: the next chunk of these sequences gets "
            "another one. Remember every mask that was drawn in training.",
            ("        return x * self.mask", "        mask = self.mask\n        if same_mask and not fits:\n"
             "            self.mask = None\n        return x * mask"),
            signs="after_a_forced_draw =call_before"),
        edge("only_the_number_of_features_counts",
            "You compare the number of features, but not that of sequences. The mask of another number of "
            "sequences does not fit: draw a new one.",
            (FITS, "self.mask.shape[2] == features"),
            signs="smaller_batch after_one_sequence =after_one_feature"),
        edge("a_mask_that_can_be_repeated_fits",
            "A mask that was drawn for ONE sequence is repeated for all sequences of the next batch: NumPy does "
            "that without an error. Compare the shapes before you keep a mask.",
            (FITS, "self.mask.shape in [(1, 1, features), (sequences, 1, features)]"),
            signs="after_one_sequence =smaller_batch"),
        edge("a_mask_that_does_not_fit_is_an_error",
            "With same_mask=True and a batch of another size you raise an error. The layer should help itself: "
            "draw a new mask for it.",
            ("        if not (", f"        {REFUSE}\n        if not ("),
            signs="smaller_batch after_one_sequence"),
        edge("a_mask_that_fits_is_kept",
            "Your layer keeps its mask whenever it fits, even with same_mask=False. So all batches of one size are "
            "masked alike. Keep it only when it fits AND same_mask is True.",
            ("not (same_mask and fits)", "not fits"), signs="=asked_to_keep not_asked_to_keep =coins_from"),
        edge("test_time_forgets_the_mask",
            "A call at test time wipes out the remembered mask. It should return x and leave the mask alone: a "
            "test in the middle of a text must not change the training.",
            ("            return x\n", "            self.mask = None\n            return x\n"),
            signs="=asked_to_keep after_test_time"),
        core("the_same_mask_means_the_same_for_ever",
            "Your layer sets a seed of its own, so each mask that it draws is the one before. Draw from the rng that is handed in.",
            ("rng.random", "np.random.default_rng(0).random"), signs="coins_from not_asked_to_keep"),
        manner("np_random_is_just_as_good",
            "Your coins come from np.random, the global generator, so the seed of rng has no effect. Draw from the rng that is handed in.",
            ("rng.random", "np.random.random"), signs="coins_from"),
        edge("test_time_makes_up_for_it",
            "At test time you multiply x by 1 - p. The mask is inverted: what it keeps is divided by 1 - p, so x "
            "is returned as it is.",
            ("            return x\n", "            return x * (1 - self.p)\n"), signs="layer_at_test_time"),
        edge("test_time_keeps_the_mask_on",
            "At test time you still multiply by a mask. Nothing is dropped there: return x.",
            ("            return x\n", "            return x if self.mask is None else x * self.mask[: len(x)]\n"),
            signs="layer_at_test_time"),
        manner("x_may_be_overwritten",
            "Your layer changes x itself: *= works in place. Multiply into a new array.",
            ("        return x * self.mask", "        x *= self.mask\n        return x"), signs="sequences_after"),
        manner("p_is_the_keep_probability",
            "Your layer keeps a feature with probability p. In this course p is the probability of DROPPING.",
            (">= self.p", "< self.p"), signs="layer_share"),
        manner("what_is_kept_stays_as_it_is",
            "What your layer keeps is not divided by 1 - p. Then it is quieter in training than at test time.",
            (LAYER_SCALE, "1.0"), signs="layer_factor"),
        manner("a_divisor_needs_an_epsilon",
            "You add something small to 1 - p before you divide, so what is kept is a little too small. Only p = 1 "
            "would divide by zero, where everything is dropped: treat that by itself.",
            (LAYER_SCALE, "1 / (1 - self.p + 1e-8)"), signs="layer_factor"),
    ],
}


NO_ONE_KEPT = {f"scale = {was} -> scale = {was.replace('0.0', '1.0')}": "at p = 1 nothing is kept" for was in (SCALE, LAYER_SCALE)}
EQUIVALENT = {
    "variational_dropout_forward": {
        "kept = rng.random((sequences, 1, features)) >= p -> kept = rng.random((sequences, 1, features)) > p": SELDOM,
        **NO_ONE_KEPT,
    },
    "rnn_forward": {
        "kept = rng.random((sequences, width)) >= p -> kept = rng.random((sequences, width)) > p": SELDOM,
        "db = np.zeros_like(Wh[0]) -> db = np.zeros_like(Wh[1])": "any row of Wh has the shape of b",
        "db = np.zeros_like(Wh[0]) -> db = np.zeros_like(Wh[-1])": "any row of Wh has the shape of b",
        **NO_ONE_KEPT,
    },
    "dropconnect_forward": {
        "masks = ((rng.random((len(x), *W.shape)) >= p) * scale).astype(W.dtype) -> "
        "masks = ((rng.random((len(x), *W.shape)) > p) * scale).astype(W.dtype)": SELDOM,
        "dx = (weights @ dout[:, :, None])[:, :, 0] -> dx = (weights @ dout[:, :, None])[:, :, -1]": "the axis has length 1",
        "out = (x[:, None, :] @ weights)[:, 0, :] + b -> out = (x[:, None, :] @ weights)[:, -1, :] + b": "the axis has length 1",
        **NO_ONE_KEPT,
    },
    "FixedVariationalDropout": {
        f"self.mask = {DRAWN} -> self.mask = {DRAWN.replace('>=', '>')}": SELDOM,
        **NO_ONE_KEPT,
    },
    "quiz": {
        f"quiz['coins'] = 32 * 128 -> quiz['coins'] = 32 * {n}": "within the 1 % that a number may be off" for n in (127, 129)
    },
}


# ================================================================================================ right, and looks different
VARIANTS = {
    "variational_dropout_forward": [
        right(
            "RepeatedMask",
            ("rng.random((sequences, 1, features)) >= p", "rng.binomial(1, 1 - p, size=(sequences, features)).astype(x.dtype)"),
            ("(kept * scale)", "np.repeat(kept[:, np.newaxis, :] * scale, x.shape[1], axis=1)"), ("return x, 1.0", "return x.copy(), None"),
            (BACKWARD, "return dout if cache is None else np.multiply(dout, cache)"),
        ),
        right(
            "FeaturesFirst",
            ("rng.random((sequences, 1, features)) >= p", "rng.random((features, sequences)).T < 1 - p"),
            ("return x, 1.0", "return x, lambda dout: dout"), (BACKWARD, "return cache(dout)"),
            ("    return x * mask, mask", "    masked = lambda a: np.einsum('ntd,nd->ntd', a, mask)\n    return masked(x), masked"),
        ),
    ],
    "rnn_forward": [
        right("state_mask_first", (MASKS, "m_h, m_x = mask(p_h, len(b)), mask(p_x, features)")),
        right(  # what a wrong exercise 1 costs is given back to who calls it here
            "RecurrentByExercise1",
            (MASKS, "masked, m_x = variational_dropout_forward(x, p_x, rng, train)\n"
             "    m_h = variational_dropout_forward(np.ones((sequences, 1, len(b)), dtype=x.dtype), p_h, rng, train)[0][:, 0]"),
            ("(x[:, t] * m_x) @", "masked[:, t] @"), ("return h, (x,", "return h, (masked,"), ("(x[:, t] * m_x).T", "x[:, t].T"),
            ("Wx.T * m_x", "Wx.T"), ("return dx,", "return variational_dropout_backward(dx, m_x),"),
        ),
        right(  # the input part of all steps in one product before the loop, the weights' gradients in one product after it
            "AllInputsAtOnce",
            (MASKS, f"{MASKS}\n    drive = np.tensordot(x * m_x[:, None, :], Wx, axes=1) + b"),
            (SUM, "np.tanh(drive[:, t] + (state * m_h).dot(Wh))"),
            ("dx, dWx, dWh = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh)", "errors = np.empty_like(h)"),
            (SHARES, "        errors[:, t] = da\n"),
            (RESULT, 'dx = np.einsum("ntk,dk->ntd", errors, Wx) * m_x[:, None]\n'
             '    dWx = np.einsum("ntd,ntk->dk", x * m_x[:, None], errors)\n'
             "    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1) * m_h[:, None]\n"
             '    return dx, from_future, dWx, np.einsum("nth,ntk->hk", before, errors), errors.sum(axis=(0, 1))'),
        ),
    ],
    "dropconnect_forward": [
        right(
            "ConnectEinsum",
            ("rng.random((len(x), *W.shape)) >= p", "rng.random((len(x), *W.shape)) < 1 - p"),
            ("np.ones((1, 1, 1), dtype=W.dtype)", "np.ones((len(x), *W.shape), dtype=W.dtype)"),
            ("(x[:, None, :] @ weights)[:, 0, :]", 'np.einsum("ni,nio->no", x, weights)'),
            ("(weights @ dout[:, :, None])[:, :, 0]", 'np.einsum("no,nio->ni", dout, weights)'),
            ("shares.sum(axis=0)", 'np.einsum("ni,no,nio->io", x, dout, masks)'),
        ),
        right(
            "ConnectOutputsFirst",
            ("rng.random((len(x), *W.shape))", "rng.random((W.shape[1], len(x), len(W)))"), ("masks * W", "masks * W.T[:, None]"),
            ("(x[:, None, :] @ weights)[:, 0, :]", "(weights * x).sum(axis=2).T"),
            ("(weights @ dout[:, :, None])[:, :, 0]", "(weights * dout.T[:, :, None]).sum(axis=0)"),
            ("x[:, :, None] * dout[:, None, :]", "x * dout.T[:, :, None]"), ("shares.sum(axis=0)", "shares.sum(axis=1).T"),
        ),
    ],
    "dropconnect_moments": [
        right(
            "moments_by_terms",
            ("x @ W + b", "(x[:, :, None] * W).sum(axis=1) + b"),
            ("p / (1 - p) * (x**2 @ W**2)", "((1 - p) * (x[:, :, None] * W / (1 - p)) ** 2 - (x[:, :, None] * W) ** 2).sum(axis=1)"),
        ),
        right(
            "moments_einsum",
            ("x @ W + b", "np.dot(x, W) + b[None, :]"), ("(x**2 @ W**2)", 'np.einsum("ni,ni,io,io->no", x, x, W, W)'),
        ),
    ],
    "FixedVariationalDropout": [
        right(
            "layer_that_uses_the_first_exercise",
            ("            scale = 1 / (1 - self.p) if self.p < 1 else 0.0\n", ""),
            (DRAWN, "variational_dropout_forward(np.ones_like(x[:, :1]), self.p, rng)[0]"),
        ),
        right(
            "layer_with_an_early_end",
            (FITS, "self.mask.shape == x[:, :1].shape"),
            (DRAWN, "np.where(rng.uniform(size=x[:, :1].shape) < self.p, 0.0, 1.0 / max(1 - self.p, 1e-300))"),
        ),
    ],
}


def _legal(*rates):
    for p in rates:
        if not 0 <= p <= 1:
            raise ValueError("p is a probability")


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

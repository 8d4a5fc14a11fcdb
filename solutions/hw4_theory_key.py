"""SECRET. The key of assignment 4: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import itertools
from functools import partial
from math import log, prod

import numpy as np

from autograder import core, edge, manner, right, variant
from autograder.dropout.theory import checks as c

SALT = "heron-2968"

PROBS = {"names": ("probs",)}
LOSS = {"names": ("loss",)}
WEIGHTS = {"names": ("w",)}
PENALTY = {"names": ("penalty",)}
POOLED = {"names": ("pooled", "per_unit"), "name": "pooled"}
PER_UNIT = {"names": ("pooled", "per_unit"), "name": "per_unit"}
LARGE = c.normals(8, 3, times=300.0)
UNEVEN = c.normals(50, 6, times=(0.05, 40.0, 1.0, 3.0, 0.2, 1.0))
THREE, ONES = [[2.0, 1.0, 1.0]], [1.0, 1.0, 1.0]
TALL = ([[1.0]] * 2, [2.0] * 2)
FIT = (THREE, [7.0], [1.0, 3.0, 2.0])  # without a miss
like = c.is_right_like_the_solution
best = c.reaches_the_minimum
times = c.gives_in_proportion

HIDDEN = {
    "enumerate_masks": {
        "all": [c.lists_every_mask_once(n=7)],
        "any_number": [c.lists_every_mask_once(n=12), c.lists_every_mask_once(n=1)],
    },
    "ensemble_mean": {
        "mean": [like(case="five inputs", given=((3, 5), (5, 3), (3,), 0.35), **PROBS)],
        "votes": [
            like(case="p = 0, four inputs", given=((3, 4), (4, 3), (3,), 0.0), **PROBS),
            like(case="twelve inputs", given=((6, 12), (12, 4), (4,), 0.3), **PROBS, needs="mean"),
            like(case="a p above one half", given=((5, 7), (7, 3), (3,), 0.62), **PROBS, needs="mean"),
            like(case="no more classes than two", given=((9, 5), (5, 2), (2,), 0.15), **PROBS, needs="mean"),
        ],
        "huge": [like(case="huge weights", given=((6, 8), LARGE, (3,), 0.5), **PROBS)],
    },
    "weight_scaling": {
        "factor": [
            like(case="many examples", given=((200, 64), (64, 10), [0.0] * 10, 0.3), **PROBS),
            like(case="a p above one half", given=((5, 7), (7, 3), [0.0] * 3, 0.62), **PROBS),
            like(case="p = 0", given=((5, 7), (7, 3), (3,), 0.0), **PROBS),
        ],
        "bias": [like(case="a bias for each class", given=((5, 7), (7, 3), (3,), 0.3), **PROBS, needs="factor")],
        "huge": [like(case="huge weights", given=((6, 8), LARGE, (3,), 0.3), **PROBS, needs=("factor", "bias"))],
        "manners": [c.raises_value_error(case="p = -0.1", given=((2, 3), (3, 2), (2,), -0.1))],
    },
    "expected_dropout_loss": {
        "misses": [like(case="more examples and p = 0", given=((4, 3), (4,), (3,), 0.0), **LOSS)],
        "factor": [times(case="p = 0.8 and p = 0.2, only noise", given=(*FIT, 0.8), to=(*FIT, 0.2), wanted=16.0, **LOSS)],
        "coins": [
            times(
                case="noise of 4, 0, 0 and of 1, 2, 1",
                given=([[4.0, 0.0, 0.0]], [4.0], ONES, 0.3),
                to=([[1.0, 2.0, 1.0]], [4.0], ONES, 0.3),
                wanted=8 / 3,
                **LOSS,
            ),
            times(
                case="noise of 1, 2 in both of two examples and of 2, 1 in one",
                given=([[1.0, 2.0]] * 2, [3.0, 3.0], [1.0, 1.0], 0.3),
                to=([[2.0, 1.0], [0.0, 0.0]], [3.0, 0.0], [1.0, 1.0], 0.3),
                wanted=2.0,
                **LOSS,
                needs="misses",
            ),
        ],
        "average": [
            like(case="many examples", given=((60, 12), (60,), (12,), 0.3), **LOSS),
            like(case="a p above one half", given=((7, 9), (7,), (9,), 0.62), **LOSS),
            like(case="columns of very different size", given=(UNEVEN, (50,), (6,), 0.2), **LOSS),
            c.is_the_average_over_masks(p=0.15, shape=(4, 3)),
        ],
        "manners": [c.raises_value_error(case="p = -0.1", given=((3, 2), (3,), (2,), -0.1))],
    },
    "dropout_ridge": {
        "factor": [like(case="an input of 1, a p above one half", given=([[1.0]], [3.0], 0.62), **WEIGHTS)],
        "columns": [
            times(case="five times as large", given=([[5.0]] * 2, [2.0] * 2, 0.3), to=(*TALL, 0.3), wanted=[0.2], **WEIGHTS)
        ],
        "minimum": [
            like(case="many examples", given=((60, 8), (60,), 0.3), **WEIGHTS),
            like(case="a p above one half", given=((60, 8), (60,), 0.62), **WEIGHTS),
            like(case="more columns than examples", given=((5, 9), (5,), 0.3), **WEIGHTS),
            best(case="columns of very different size", given=(UNEVEN, (50,), 0.2), loss="expected_dropout_loss"),
            best(case="nearly dependent columns", given=(c.powers(40, 6), (40,), 0.1), loss="expected_dropout_loss"),
        ],
        "least_squares": [like(case="p = 0", given=((40, 5), (40,), 0.0), **WEIGHTS)],
        "manners": [
            c.raises_value_error(case="p = -0.1", given=((3, 2), (3,), -0.1)),
            best(
                case="nearly dependent columns and p = 0",
                given=(c.powers(40, 6), (40,), 0.0),
                loss="expected_dropout_loss",
                needs="least_squares",
            ),
        ],
    },
    "glm_penalty": {
        "factor": [times(case="p = 0.8 and p = 0.2", given=(THREE, ONES, 0.8), to=(THREE, ONES, 0.2), wanted=16.0, **PENALTY)],
        "curvature": [
            times(case="log 4 and log 2", given=([[1.0]] * 2, [log(4)], 0.3), to=([[1.0]] * 2, [log(2)], 0.3), wanted=2.88, **PENALTY),
            times(
                case="log 3 and log 9 in two examples, and log 3 in both",
                given=([[1.0], [2.0]], [log(3)], 0.5),
                to=([[1.0]] * 2, [log(3)], 0.5),
                wanted=1.46,
                **PENALTY,
                needs="coins",
            ),
        ],
        "coins": [
            times(case="one of three and all", given=([[3.0, 0.0, 0.0]], ONES, 0.3), to=([ONES], ONES, 0.3), wanted=3.0, **PENALTY)
        ],
        "size": [
            like(case="many examples", given=((80, 6), (6,), 0.3), **PENALTY),
            like(case="a p above one half", given=((9, 4), (4,), 0.62), **PENALTY),
        ],
        "huge": [
            like(
                case="large scores",
                given=(c.normals(30, 4, times=200.0), (4,), 0.3),
                **PENALTY,
                needs=("factor", "curvature", "coins", "size"),
            )
        ],
        "manners": [c.raises_value_error(case="p = -0.1", given=((3, 2), (2,), -0.1))],
    },
    "fixed_dropout_variance": {
        "per_unit": [like(case="nine units", given=((9,), 0.3), **PER_UNIT)],
        "units": [
            like(case="nine units", given=((9,), 0.3), **POOLED),
            like(case="p = 0", given=((9,), 0.0), **POOLED),
        ],
        "manners": [c.raises_value_error(case="p = -0.1", given=((9,), -0.1))],
    },
    "quiz": {
        **{key: [c.answers_rightly(key=key, needs=key)] for key in ("log_odds", "relu_average", "equal_ridge", "one_input")},
        **{key: [c.answers_rightly(key=key, choices="abcd", needs=key)] for key in ("new_units", "certain")},
    },
}


# ------------------------------------------------------------------------------------------------ wrong, in several exercises
ODDS = "p / (1 - p)"
BITS = "(numbers >> np.arange(n)) % 2 == 1"
SUMMED = "np.sum(misses ** 2) + np.sum(noise)"
SOLVED = "np.linalg.solve(X.T @ X + np.diag(price), X.T @ y)"
BENT = "odds / (1 + odds) ** 2"
POOL = "np.mean(per_unit) + np.var(q * y)"
UP_TO_ONE, BELOW_ONE = "if not 0 <= p <= 1:", "if not 0 <= p < 1:"


def any_p(guard=UP_TO_ONE):
    outside, slip = "[0, 1]", "It is always a slip of the caller's: raise ValueError."
    if guard == BELOW_ONE:
        outside, slip = "[0, 1)", "Where p = 1 you divide by zero. Both are slips of the caller's: raise ValueError."
    return manner("any_p_will_do", f"A p outside {outside} goes through without a word. {slip}", (guard, "if False:"), signs="outside")


one_is_legal = partial(manner, "p_may_be_one_here_too",
    """You refuse a p outside 0 to 1, but not p = 1 itself. The formula divides by 1 - p, so here 1 is an error as well: raise
    a ValueError.""",
    (BELOW_ONE, UP_TO_ONE), signs="at_one =outside")
tiny = partial(manner, "a_tiny_number_makes_a_divisor_safe",
    """Your result is right to some seven digits and not to ten. A tiny number is added to a divisor that is never zero (or
    you reckon with float32). Leave it out: the exact formula is safe.""",
    signs="digits")


def sampled(function, *edits, exact="in_another_order"):
    """Masks drawn by RNG: one with a fixed seed in every call, and one that goes on from call to call."""
    start = f"def {function}("
    return [
        core("many_draws_are_an_exact_average",
            """You draw masks and average over them. However many you draw, the result trembles in its third or fourth digit.
            Asked is the average itself: the closed form, or the sum over all masks with their probabilities.""",
            *edits, (old, new), signs=signs)
        for old, new, signs in [
            ("RNG", "np.random.default_rng(1)", f"{exact} =repeated"),
            (start, f"RNG = np.random.default_rng(1)\n\n\n{start}", "repeated"),
        ]
    ]


def overwritten(*edits, name="the_arrays_may_be_overwritten"):
    return manner(name,
        """Your function changes an array that it is given (operators such as *= work in place). Whoever calls it a second time gets
        other numbers: write into a new array.""",
        *edits, signs="arguments_after")


WRONG_ODDS = [
    ("the_variance_forgets_the_scale", "p * (1 - p)",
     "has the factor p (1 - p) of a mask of 0 and 1. The inverted mask is divided by 1 - p, so its variance is divided by (1 - p)^2."),
    ("p_is_the_keep_probability", "((1 - p) / p if p else 0.0)",
     "has the factor (1 - p)/p, which is right for papers in which p is the probability of keeping. Here p DROPS: it is p/(1 - p)."),
    ("the_price_is_p", "p",
     "has the factor p. The variance of an inverted mask is p/(1 - p): the survivors are louder, and so is the noise."),
    ("the_variance_divides_once_by_too_much", "p / (1 - p) ** 2",
     "is divided by (1 - p)^2, but leaves out the 1 - p of the coin's own variance p (1 - p). One of the two factors cancels."),
]


def odds_of(what, signs):
    """What people write for the p / (1 - p) of `what`."""
    return [core(name, f"{what} {why}", (ODDS, wrong), signs=signs) for name, wrong, why in WRONG_ODDS]


MISCONCEPTIONS = {
    "enumerate_masks": [
        core("enough_draws_show_every_mask",
            """Your masks are drawn at random. Even 2**n draws show some masks several times and miss more than a third of them.
            List them instead: count from 0 to 2**n - 1 and write each number in binary.""",
            (BITS, "np.random.default_rng(0).random((len(numbers), n)) < 0.5"), signs="masks_listed"),
        core("the_empty_mask_does_not_count",
            """One mask is missing: the one that drops everything. It is as legal as all others, and without it the
            probabilities do not add up to 1.""",
            ("np.arange(2 ** n)", "np.arange(1, 2 ** n)"), signs="masks_listed"),
        core("the_last_number_is_forgotten",
            """One mask is missing at the end of your list. There are 2**n masks, numbered from 0 to 2**n - 1, and range and
            arange leave out the number they end with: let them end with 2**n.""",
            ("np.arange(2 ** n)", "np.arange(2 ** n - 1)"), signs="masks_listed"),
        core("only_the_number_kept_matters",
            "You list one mask for each NUMBER of kept units. Which units are kept matters too: there are 2**n masks.",
            ("np.arange(2 ** n)", "np.arange(n + 1)"), (BITS, "np.arange(n) < numbers"), signs="masks_listed"),
        core("one_unit_is_dropped_at_a_time",
            """You list only masks in which a single unit is dropped. Every unit is kept or dropped by itself: there are 2**n
            masks.""",
            (BITS, "~np.eye(n, dtype=bool)"), signs="masks_listed"),
        core("a_mask_is_a_column",
            "Your masks stand in the columns. Here each ROW is a mask, and there are 2**n rows of n entries: transpose.",
            ("return (numbers >> np.arange(n)) % 2 == 1", "return ((numbers >> np.arange(n)) % 2 == 1).T"), signs="masks_listed"),
        edge("eight_bits_are_enough",
            """For few units your list is right, but it counts in eight bits, and for nine units or more the numbers start
            again: masks come twice. Count in ordinary integers.""",
            ("np.arange(2 ** n)", "np.arange(2 ** n).astype(np.uint8)"), signs="of_nine =masks_listed"),
        manner("zeros_and_ones_are_as_good_as_booleans",
            """Your list is complete, but it holds numbers. A mask is a bool array here, True = kept: only then do ~mask and
            x[mask] do what they say.""",
            (" == 1", ""), signs="list_type"),
    ],
    "ensemble_mean": [
        core("a_committee_averages_probabilities",
            """You average the probabilities of the members. That is the arithmetic mean, a good committee as well, but asked is
            the GEOMETRIC one: average the logarithms, then normalise.""",
            ("log_softmax(scores), 1)", "np.exp(log_softmax(scores)), 1)"), ("np.exp(log_softmax(mean_log))", "mean_log"),
            signs="kind_of_mean"),
        core("every_member_has_the_same_voice",
            """All masks count the same in your mean. That is right at p = 1/2 only; otherwise a mask with k inputs kept has the
            weight (1 - p)^k p^(D - k).""",
            ("(1 - p) ** k * p ** (masks.shape[1] - k)", "0.0 * k + 0.5 ** masks.shape[1]"), signs="votes_of_masks"),
        core("p_is_the_keep_probability",
            """You weight a mask with p for each KEPT input, as the papers write it. In this course p is the probability of
            DROPPING: each kept input counts 1 - p, each dropped one p.""",
            ("(1 - p) ** k * p **", "p ** k * (1 - p) **"), signs="votes_of_masks"),
        core("a_geometric_mean_sums_to_one",
            """Your rows do not sum to 1. A geometric mean of probabilities is no probability yet: divide each row by its
            sum.""",
            ("np.exp(log_softmax(mean_log))", "np.exp(mean_log)"), signs="rows"),
        core("the_members_scale_their_inputs",
            """Your members divide the kept inputs by 1 - p. That is inverted dropout; here the masks are vanilla: an input is
            there as it is, or it is 0.""",
            ("x[:, :, None] * W", "x[:, :, None] * W / (1 - p if p < 1 else 1)"), signs="inputs_of_members"),
        core("softmax_runs_over_the_examples",
            """Your softmax runs over the examples instead of the classes: the columns sum to 1, but the rows should. Take the
            sums along the last axis.""",
            ("axis=-1", "axis=-2", 2), signs="softmax_over"),
        edge("a_product_of_many_probabilities_stays_a_number",
            """With huge scores your result is no number. You multiply probabilities, and those that are too small for a float
            make the whole product 0. Stay with logarithms from the scores on, and take the exponential once, at the end.""",
            ("mean_log = np.tensordot(weights, log_softmax(scores), 1)\n    return np.exp(log_softmax(mean_log))",
             "product = np.prod(np.exp(log_softmax(scores)) ** weights[:, None, None], axis=0)\n"
             "    return product / product.sum(axis=1, keepdims=True)"),
            signs="clash =loud_members"),
        edge("the_exponential_of_a_score_is_a_number",
            """With huge scores your result is no number: the exponential of 1000 is larger than any float. Subtract the largest
            score of each example first; the softmax does not notice.""",
            ("scores = scores - scores.max(axis=-1, keepdims=True)\n    ", ""), signs="loud_members"),
        core("the_bias_is_dropped_too",
            "You scale or drop the bias as well. Only the inputs have coins: every member keeps b, so the committee does.",
            ("axes=(1, 1)) + b", "axes=(1, 1)) + (1 - p) * b"), signs="bias_of_members"),
        edge("a_tiny_number_makes_a_logarithm_safe",
            """You add a tiny number before you take the logarithm of a probability. That hides the zero, but changes the mean
            where a member is sure. Take scores minus the logarithm of the sum of exponentials: no zero comes up.""",
            ("log_softmax(scores), 1)", "np.log(np.exp(log_softmax(scores)) + 1e-12), 1)"), signs="sure_members"),
        *sampled("ensemble_mean", ("enumerate_masks(x.shape[1])", "RNG.random((20000, x.shape[1])) >= p"),
            ("(1 - p) ** k * p ** (masks.shape[1] - k)", "np.full(len(k), 1 / len(k))"), exact="exactness"),
        tiny(("return np.exp(log_softmax(mean_log))",
            "odds = np.exp(mean_log - mean_log.max(axis=1, keepdims=True))\n"
            "    return odds / (odds.sum(axis=1, keepdims=True) + 1e-8)"), signs="rows"),
        any_p(),
    ],
    "weight_scaling": [
        core("the_bias_is_scaled_too",
            "You multiply the bias by 1 - p as well. The bias is never dropped, so it needs no factor: only x W is scaled.",
            ("(x @ W) + b", "(x @ W + b)"), signs="probability bias_alone"),
        core("p_is_the_keep_probability",
            """You multiply by p. In this course p is the probability of DROPPING; an input is there with probability 1 - p, and
            that is the factor.""",
            ("(1 - p) * (x @ W)", "p * (x @ W)"), signs="probability"),
        core("test_time_needs_no_factor",
            """You use the weights as they are. That is right after INVERTED dropout. After vanilla dropout the inputs are all
            back and too loud: multiply x W by 1 - p.""",
            ("(1 - p) * (x @ W)", "x @ W"), signs="probability"),
        core("the_weights_are_divided",
            """You divide by 1 - p. That is what inverted dropout does in TRAINING. At test time, after vanilla dropout, all
            inputs are present and the sum is too large: multiply by 1 - p.""",
            ("(1 - p) * (x @ W)", "(x @ W) / (1 - p if p < 1 else 1)"), signs="probability"),
        core("the_factor_is_a_root",
            """Your factor is the square root of 1 - p. That keeps the average SQUARE; the mean network keeps the average itself: multiply
            by 1 - p.""",
            ("(1 - p) * (x @ W)", "np.sqrt(1 - p) * (x @ W)"), signs="probability"),
        core("inputs_and_weights_are_both_scaled",
            """Your scores carry the factor 1 - p twice, once with the inputs and once with the weights. An input is there with probability
            1 - p: once is enough.""",
            ("(1 - p) * (x @ W)", "(1 - p) ** 2 * (x @ W)"), signs="probability"),
        core("scores_are_probabilities",
            "You return the scores. Asked are probabilities: send each row through a softmax.",
            ("return odds / odds.sum(axis=1, keepdims=True)", "return (1 - p) * (x @ W) + b"), signs="probability"),
        core("softmax_runs_over_the_examples",
            """Your softmax runs over the examples instead of the classes: the columns sum to 1, but the rows should. Take the
            sums along the last axis.""",
            ("odds.sum(axis=1, keepdims=True)", "odds.sum(axis=0)"), signs="probability"),
        core("probabilities_are_scaled",
            """You multiply the PROBABILITIES by 1 - p, and they no longer sum to 1. What is scaled is the weights, inside the
            softmax.""",
            ("(1 - p) * (x @ W)", "x @ W"), ("return odds / odds", "return (1 - p) * odds / odds"), signs="probability"),
        edge("the_exponential_of_a_score_is_a_number",
            """With huge scores your result is no number: the exponential of 1000 is larger than any float. Subtract the largest
            score of each example first; the softmax does not notice.""",
            ("    scores -= scores.max(axis=1, keepdims=True)\n", ""), signs="huge_scores"),
        edge("one_largest_score_serves_all_examples",
            """You subtract the largest score of ALL examples. Beside a huge one the exponentials of the others are then all 0,
            and 0/0 is no number. Subtract from each row its own largest score: max(axis=1, keepdims=True).""",
            ("scores.max(axis=1, keepdims=True)", "scores.max()"), signs="beside_huge_scores =huge_scores"),
        overwritten(("scores = (1 - p) * (x @ W) + b", "W *= 1 - p\n    scores = x @ W + b"), name="the_weights_may_be_overwritten"),
        tiny(("return odds / odds.sum(axis=1, keepdims=True)", "return odds / (odds.sum(axis=1, keepdims=True) + 1e-8)")),
        any_p(),
    ],
    "expected_dropout_loss": [
        core("noise_averages_away",
            """You return the loss without dropout. The prediction is right on average, but a square feels the noise too: add
            the variance of the prediction.""",
            (" + np.sum(noise)", ""), signs="noise_is"),
        *odds_of("Your variance", signs="noise_by_p"),
        core("the_masks_are_vanilla",
            """This is the average loss of VANILLA dropout, whose prediction is (1 - p) X w on average. Asked is the inverted
            form, with X * M divided by 1 - p.""",
            ("y - X @ w", "y - (1 - p) * X @ w"), (ODDS, "p * (1 - p)"), signs="prediction_is noise_by_p"),
        core("the_prediction_shrinks_as_well",
            """Your prediction is multiplied by 1 - p. With the inverted mask it is right on average: the misses are y - X w,
            and only the variance depends on p.""",
            ("y - X @ w", "y - (1 - p) * X @ w"), signs="prediction_is"),
        core("the_loss_has_a_half",
            "Your loss has a factor 1/2. Many books have one, for the sake of the derivative; asked is the sum of squares itself.",
            (SUMMED, "0.5 * (np.sum(misses ** 2) + np.sum(noise))"), signs="loss_of_zero_weights"),
        core("the_prediction_is_divided",
            """You divide the prediction by 1 - p. The mask drops a share p of it, and the division makes up for just that: on average the
            prediction is X w.""",
            ("y - X @ w", "y - X @ w / (1 - p)"), signs="prediction_is"),
        core("noise_helps",
            """You subtract the variance of the prediction. Noise makes a square larger on average, never smaller: add it.""",
            (" + np.sum(noise)", " - np.sum(noise)"), signs="noise_is"),
        edge("the_loss_is_a_mean",
            "You divide by the number of examples. The loss here is the SUM of squares.",
            (SUMMED, "np.mean(misses ** 2) + np.mean(noise)"), signs="loss_of_zero_weights"),
        core("the_price_is_the_same_for_all_weights",
            """You add p/(1 - p) times the sum of w squared, as ordinary ridge would. The noise of input j is x_ij w_j times a
            noisy factor: its variance contains the square of x_ij as well.""",
            ("X ** 2 @ w ** 2", "np.sum(w ** 2)"), signs="noise_by_inputs noise_by_size noise_by_examples"),
        core("the_noise_knows_no_weights",
            """The weights are missing in your variance. The noise of input j is x_ij w_j times a noisy factor: square both.""",
            ("(X ** 2 @ w ** 2)", "np.sum(X ** 2, axis=1)"), signs="noise_by_weights =noise_by_inputs"),
        core("the_columns_are_standardised",
            """You add p/(1 - p) times the number of examples times the sum of w squared: one price for all weights. That is
            right only where every column has the average square 1. In general the price of a weight is the sum of squares of
            its own column.""",
            ("(X ** 2 @ w ** 2)", "len(X) * np.sum(w ** 2)"), signs="noise_by_inputs noise_by_size =noise_by_examples"),
        core("an_example_has_one_coin",
            """You take the variance of the prediction as p/(1 - p) times its square. That would be so if one coin dropped a
            whole example. Each entry has its own coin: square first, then add up over the inputs.""",
            ("(X ** 2 @ w ** 2)", "(X @ w) ** 2"), signs="noise_by_inputs noise_by_weights"),
        core("all_examples_share_their_coins",
            """You add up a column of X before you square it, as if one coin dropped an input of all examples. Each entry of X has its own
            coin: square first, then add up over examples and inputs.""",
            ("(X ** 2 @ w ** 2)", "(np.sum(X, axis=0) ** 2 @ w ** 2)"), signs="noise_by_examples =noise_by_inputs"),
        core("each_example_has_its_own_loss",
            "You return one number for each example. Add them up: the loss is a single number.",
            ("float(np.sum(misses ** 2) + np.sum(noise))", "misses ** 2 + noise"), signs="result"),
        *sampled("expected_dropout_loss",
            ("misses = y - X @ w", "kept = RNG.random((4000, *X.shape)) >= p\n    misses = y - (X * kept / (1 - p)) @ w"),
            (SUMMED, "np.sum(misses ** 2) / 4000")),
        edge("all_masks_can_be_listed",
            """You list all masks of X. For a few entries that gives the right average, but 600 entries have 2^600 masks. Asked
            is a closed form: the square of the average miss, plus the variance of the prediction.""",
            ("misses = y - X @ w",
             "kept = enumerate_masks(X.size).reshape(-1, *X.shape)\n    k = kept.sum(axis=(1, 2))\n"
             "    chances = (1 - p) ** k * p ** (X.size - k)\n    misses = y - (X * kept / (1 - p)) @ w"),
            (SUMMED, "chances @ (misses ** 2).sum(axis=1)"), signs="many_entries =digits"),
        overwritten(("p / (1 - p) * (X ** 2 @", "p / (1 - p) * (np.square(X, out=X) @")),
        tiny((ODDS, "p / (1 - p + 1e-8)")),
        any_p(BELOW_ONE),
        one_is_legal(),
    ],
    "dropout_ridge": [
        core("the_price_is_the_same_for_all_weights",
            """This is ordinary ridge: the same price p/(1 - p) for all weights. With dropout a weight pays for the noise of its
            own input, so its price contains the sum of squares of its column.""",
            ("np.sum(X ** 2, axis=0)", "np.ones(X.shape[1])"), signs="units more_examples"),
        core("the_columns_are_standardised",
            """Your price is p/(1 - p) times the number of examples, one for all weights. That is right only where every column
            has the average square 1. In general the price of a weight is the sum of squares of its own column.""",
            ("np.sum(X ** 2, axis=0)", "len(X) * np.ones(X.shape[1])"), signs="units =more_examples"),
        core("the_masks_are_vanilla",
            """These are the weights of VANILLA dropout: yours divided by 1 - p. With the inverted mask X is already scaled in
            training, and the weights need no factor.""",
            ("X.T @ y)", "X.T @ y) / (1 - p)"), signs="one_weight twins"),
        core("noise_does_not_move_the_minimum",
            """You return least squares, whatever p is. The noise costs more for large weights, so the minimum moves towards
            zero: minimise the average loss of exercise 4, both of its parts.""",
            (SOLVED, "np.linalg.lstsq(X, y, rcond=None)[0]"), signs="one_weight first_weight second_weight"),
        *odds_of("Your price", signs="one_weight"),
        core("only_one_of_the_two_squares_has_a_two",
            """Your price is half of what it should be. Both squares of the loss give a factor 2 in the derivative, and it
            cancels in both or in neither.""",
            (ODDS, "0.5 * p / (1 - p)"), signs="one_weight"),
        core("the_price_is_a_mean_over_examples",
            """Your price takes the MEAN of x_ij squared, while the other part of the loss is a sum over the examples. Use sums
            in both, or means in both.""",
            ("np.sum(X ** 2", "np.mean(X ** 2"), signs="more_examples first_weight second_weight =units"),
        core("all_examples_share_their_coins",
            """Your price is the square of a column's SUM, as if one coin dropped an input of all examples. Each entry of X has its own
            coin: square first, then add up.""",
            ("np.sum(X ** 2, axis=0)", "np.sum(X, axis=0) ** 2"), signs="more_examples first_weight second_weight =units"),
        core("the_price_is_a_variance",
            """Your price takes the variance of a column, which is about the average of its entries. What is dropped goes to 0 and not to
            that average: take the sum of the squares themselves.""",
            ("np.sum(X ** 2, axis=0)", "len(X) * np.var(X, axis=0)"), signs="one_weight first_weight second_weight"),
        core("dropout_is_a_factor_on_least_squares",
            """Your weights are 1 - p times least squares; a penalty with ALL of X^T X gives the same. That is right for a
            single column, or for columns at right angles. But different inputs have different coins, so only the diagonal of
            X^T X belongs into the penalty.""",
            (SOLVED, "(1 - p) * np.linalg.lstsq(X, y, rcond=None)[0]"), signs="first_weight second_weight =one_weight =units"),
        *sampled("dropout_ridge",
            ("price = p / (1 - p) * np.sum(X ** 2, axis=0)",
             "kept = RNG.random((2000, *X.shape)) >= p\n    noisy = (X * kept / (1 - p)).reshape(-1, X.shape[1])"),
            (SOLVED, "np.linalg.lstsq(noisy, np.tile(y, 2000), rcond=None)[0]")),
        manner("a_ridge_needs_a_little_on_the_diagonal",
            """Your weights are right to some digits only, even at p = 0: a tiny number stands on the diagonal (or a descent
            stops early). The equations need no help: where p > 0 the price makes them solvable, and at p = 0 the columns are
            independent.""",
            ("np.diag(price)", "np.diag(price + 1e-8)"), signs="digits_at_zero"),
        tiny((ODDS, "p / (1 - p + 1e-8)"), signs="digits_of_one =digits_at_zero"),
        any_p(BELOW_ONE),
        one_is_legal(),
    ],
    "glm_penalty": [
        edge("the_second_order_needs_no_half",
            "Your penalty is twice too large: the second-order term of a Taylor series has the factor 1/2.",
            ("0.5 * np.sum", "np.sum"), signs="small_p"),
        core("every_example_counts_the_same",
            """You leave out s (1 - s), as in linear regression. The logistic loss bends differently at each score, and noise
            costs only where it bends.""",
            ("curvature * variance", "variance"), signs="by_score"),
        core("the_probability_is_the_curvature",
            "You weight the examples with s, which is the FIRST derivative of log(1 + e^z). The second one is s (1 - s).",
            (BENT, "1 / (1 + np.exp(-np.clip(X @ beta, -500, 500)))"), signs="by_score"),
        core("the_curvature_is_a_square",
            "You weight the examples with s^2. The second derivative of log(1 + e^z) is s (1 - s): at s = 1 nothing bends any more.",
            (BENT, "1 / (1 + np.exp(-np.clip(X @ beta, -500, 500))) ** 2"), signs="by_score"),
        core("an_example_has_one_coin",
            """You use the square of the score. That would be its variance if one coin dropped the whole example. Each input has
            its own coin: square x_ij beta_j first, then add up over j.""",
            ("(X ** 2 @ beta ** 2)", "(X @ beta) ** 2"), signs="by_inputs by_size"),
        core("one_curvature_serves_all_examples",
            """You take the average of s (1 - s) over the examples. Each example has a curvature of its own: multiply by it what this
            example's noise costs, then add up.""",
            (BENT, f"np.mean({BENT})"), signs="by_scores =by_score =by_inputs =two_alike"),
        core("the_price_knows_no_weights",
            """The weights are missing in your penalty. The noise of input j is x_ij beta_j times a noisy factor: square both.""",
            ("(X ** 2 @ beta ** 2)", "np.sum(X ** 2, axis=1)"), signs="by_inputs one_example"),
        core("the_price_is_the_same_for_all_weights",
            """Your price is the same for all weights, as in ordinary ridge. The noise of input j is x_ij beta_j times a noisy
            factor: its variance contains the square of x_ij as well.""",
            ("X ** 2 @ beta ** 2", "np.sum(beta ** 2)"), signs="by_inputs by_size"),
        *odds_of("Your penalty", signs="penalty_by_p"),
        core("the_penalty_is_the_exact_average",
            """You average the loss over masks instead of taking the second order. That is what dropout really adds, but asked
            is the approximation: half the curvature times the variance of the score, which has a closed form.""",
            ("return float(0.5 * np.sum(curvature * variance))",
             "masks = enumerate_masks(X.shape[1])\n    k = masks.sum(axis=1)\n"
             "    noisy = np.logaddexp(0, masks @ (X * beta).T / (1 - p)) - np.logaddexp(0, X @ beta)\n"
             "    return float(np.sum(((1 - p) ** k * p ** (X.shape[1] - k)) @ noisy))"),
            signs="one_example penalty_by_p by_score"),
        edge("the_penalty_is_a_mean",
            "You average over the examples. The penalty here is a SUM, like the loss to which it is added.",
            ("0.5 * np.sum", "0.5 * np.mean"), signs="two_alike =by_inputs"),
        edge("the_exponential_of_a_score_is_a_number",
            """With huge scores your result is no number: infinity divided by infinity. Write the sigmoid as 1/(1 + exp(-z)),
            where an infinite exponential does no harm, or use the absolute value of z: s (1 - s) is the same for z and -z.""",
            ("np.exp(-np.abs(X @ beta))", "np.exp(X @ beta)"), signs="huge_scores"),
        overwritten(("(X ** 2 @", "(np.square(X, out=X) @")),
        tiny((ODDS, "p / (1 - p + 1e-8)")),
        any_p(BELOW_ONE),
        one_is_legal(),
    ],
    "fixed_dropout_variance": [
        core("one_number_answers_both_questions",
            """The patient has not changed: one number comes back, the average of the variances per unit. Return a pair: the
            pooled variance, which has a second term, and the variance of each unit.""",
            ("return pooled, per_unit", "return np.mean(per_unit)"), signs="result"),
        core("the_pool_has_the_average_variance",
            """Your pooled variance is the average of the variances per unit. In a pool the units also differ from EACH OTHER:
            add the variance of their averages (1 - p) y_i.""",
            (" + np.var(q * y)", ""), signs="pooled =alike"),
        core("p_is_the_keep_probability",
            """The second term of your pooled variance has the factor p^2. The averages of the outputs are (1 - p) y_i, so it is
            (1 - p)^2: at p = 1/2 nobody sees the difference.""",
            ("np.var(q * y)", "np.var(p * y)"), signs="pooled =alike"),
        edge("the_units_are_a_sample",
            """You divide the variance over the units by n - 1. The units are all there are, not a sample of more: divide by
            n.""",
            ("np.var(q * y)", "np.var(q * y, ddof=1)"), signs="pooled =alike"),
        core("the_masks_are_inverted",
            "These are the variances of INVERTED dropout. Here the survivors are not scaled: the factor is p (1 - p).",
            ("p * q * y ** 2", "p / q * y ** 2 if p < 1 else 0.0 * y"), ("np.var(q * y)", "np.var(y)"), signs="pooled second_unit"),
        core("all_units_speak_at_full_volume",
            """The second term of your pooled variance lacks the factor (1 - p)^2. The averages of the outputs are (1 - p) y_i, and a factor
            comes out of a variance squared.""",
            ("np.var(q * y)", "np.var(y)"), signs="pooled =second_unit =alike"),
        core("a_pool_is_a_sum",
            """Your pooled variance is the SUM of the variances per unit. In a pool ONE output is drawn at random: take their average, and
            add the variance of their averages (1 - p) y_i.""",
            (POOL, "np.sum(per_unit)"), signs="pooled =second_unit"),
        core("a_factor_comes_out_as_it_is",
            "Your variance of a unit has the factor y. A factor comes out of a variance squared: p (1 - p) y^2.",
            ("p * q * y ** 2", "p * q * y"), signs="pooled second_unit"),
        core("the_spread_is_the_variance",
            "You return the standard deviation of each unit. The variance is its square.",
            ("return pooled, per_unit", "return pooled, np.sqrt(per_unit)"), signs="second_unit"),
        core("a_pair_has_no_order",
            "Your pair stands the wrong way round: first the pooled variance, one number, then the variance of each unit.",
            ("return pooled, per_unit", "return per_unit, pooled"), signs="second_unit =result"),
        *sampled("fixed_dropout_variance",
            ("per_unit = p * q * y ** 2", "outputs = y * (RNG.random((100000, len(y))) >= p)\n    per_unit = outputs.var(axis=0)"),
            (POOL, "np.var(outputs)")),
        overwritten(
            ("per_unit = p * q * y ** 2", "between = np.var(q * y)\n    y **= 2\n    per_unit = p * q * y"), ("np.var(q * y))", "between)")
        ),
        any_p(),
    ],
}


EQUIVALENT = {
    "enumerate_masks": {
        f"return (numbers >> np.arange(n)) % 2 == 1 -> return (numbers >> np.arange(n)) % 2 {other}": "the rows may stand in any order"
        for other in ("!= 1", "== 0")
    },
}

# ================================================================================================ right, and looks different
VARIANTS = {
    "enumerate_masks": [
        right("masks_of_bits", (BITS, "(numbers & 2 ** np.arange(n)) > 0")),
        right("masks_of_strings", (BITS, "np.array([[digit == '1' for digit in format(k, f'0{n}b')] for k in range(2 ** n)])")),
        right("masks_of_indices", (BITS, "np.indices((2,) * n).reshape(n, -1).T.astype(bool)")),
    ],
    "ensemble_mean": [
        right("mean_by_the_identity", ("np.exp(log_softmax(mean_log))", "np.exp(log_softmax((1 - p) * x @ W + b))")),
        right("mean_of_scores", ("log_softmax(scores), 1)", "scores, 1)")),
        right("mean_nearly_exact", ("keepdims=True))\n", "keepdims=True) + 1e-12)\n")),
    ],
    "weight_scaling": [
        right("scaling_the_weights", ("(1 - p) * (x @ W)", "x.dot(W * (1 - p))")),
        right("scaling_by_logaddexp",
            ("odds / odds.sum(axis=1, keepdims=True)", "np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))")),
        right("scaling_nearly_exactly", ("odds.sum(axis=1, keepdims=True)", "(odds.sum(axis=1, keepdims=True) + 1e-12)")),
    ],
    "expected_dropout_loss": [
        right("loss_by_the_second_moment",
            (SUMMED, "y @ y - 2 * y @ X @ w + w @ (X.T @ X + p / (1 - p) * np.diag(np.diag(X.T @ X))) @ w")),
        right("loss_of_norms", (SUMMED, "np.linalg.norm(misses) ** 2 + p / (1 - p) * np.linalg.norm(X * w) ** 2")),
        right("loss_nearly_exact", (ODDS, "p / (1 - p + 1e-12)")),
    ],
    "dropout_ridge": [
        right("ridge_by_inverse", (SOLVED, "np.linalg.inv(X.T @ X + np.diag(price)) @ X.T @ y")),
        right("ridge_with_more_examples",
            (SOLVED, "np.linalg.lstsq(np.vstack([X, np.diag(np.sqrt(price))]), np.append(y, 0 * price), rcond=None)[0]")),
        right("ridge_in_unit_columns",
            ("price = p / (1 - p) * np.sum(X ** 2, axis=0)", "length = np.sqrt(np.sum(X * X, axis=0))\n    unit = X / length"),
            (SOLVED, "np.linalg.solve(unit.T @ unit + p / (1 - p) * np.eye(len(length)), unit.T @ y) / length")),
        right("ridge_through_vanilla",
            ("price = p / (1 - p)", "q = 1 - p\n    price = p * q"),
            (SOLVED, "q * np.linalg.pinv(q * q * X.T @ X + np.diag(price)) @ (q * X.T @ y)")),
        right("ridge_by_cholesky",
            (f"return {SOLVED}", "L = np.linalg.cholesky(X.T @ X + np.diag(price))\n"
                                 "    return np.linalg.solve(L.T, np.linalg.solve(L, X.T @ y))")),
        right("ridge_nearly_exact", (ODDS, "p / (1 - p + 1e-12)")),
    ],
    "glm_penalty": [
        right("penalty_with_sigmoid", (BENT, "1 / (1 + np.exp(-(X @ beta))) * (1 - 1 / (1 + np.exp(-(X @ beta))))")),
        right("penalty_with_weights",
            (BENT, "1 / (2 + np.exp(np.clip(X @ beta, -700, 700)) + np.exp(-np.clip(X @ beta, -700, 700)))"),
            (ODDS, "(1 / (1 - p) - 1)"), ("return float(", "return np.array(")),
        right("penalty_nearly_exact", (ODDS, "p / (1 - p + 1e-12)"), ("(1 + odds) ** 2", "((1 + odds) ** 2 + 1e-12)")),
    ],
    "fixed_dropout_variance": [
        right("variance_by_moments",
            ("p * q * y ** 2", "q * y ** 2 - (q * y) ** 2"), (POOL, "q * np.mean(y ** 2) - (q * np.mean(y)) ** 2")),
        right("variance_as_lists", ("return pooled, per_unit", "return [pooled, per_unit.tolist()]")),
    ],
}


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


def _below_one(p):
    if not 0 <= p < 1:
        raise ValueError("p is a probability below 1")


def _masks(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


def _log_softmax(scores):
    scores = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


@variant("enumerate_masks")
def masks_doubling(n):
    masks = np.zeros((1, 0), dtype=bool)
    for _ in range(n):
        dropped, kept = np.zeros((len(masks), 1), bool), np.ones((len(masks), 1), bool)
        masks = np.vstack([np.hstack([masks, dropped]), np.hstack([masks, kept])])
    return masks


@variant("enumerate_masks")
def masks_by_subsets(n):
    masks = np.ones((2**n, n), dtype=bool)
    subsets = (s for k in range(n + 1) for s in itertools.combinations(range(n), k))
    for row, dropped in enumerate(subsets):
        masks[row, list(dropped)] = False
    return masks


@variant("ensemble_mean")
def mean_mask_by_mask(x, W, b, p):
    _legal(p)
    total = np.zeros((len(x), len(b)))
    for mask in itertools.product([0, 1], repeat=x.shape[1]):
        chance = prod(1 - p if kept else p for kept in mask)
        scores = (x * np.array(mask)) @ W + b
        top = scores.max(axis=1, keepdims=True)
        total += chance * (scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True)))
    total -= total.max(axis=1, keepdims=True)
    return np.exp(total) / np.exp(total).sum(axis=1, keepdims=True)


@variant("ensemble_mean")
def mean_example_by_example(x, W, b, p):
    _legal(p)
    masks = _masks(x.shape[1])
    chances = np.where(masks, 1 - p, p).prod(axis=1)
    rows = []
    for example in x:
        logs = _log_softmax((masks * example) @ W + b)
        rows.append(np.exp(_log_softmax(chances @ logs)))
    return np.array(rows)


@variant("weight_scaling")
def scaling_the_inputs(x, W, b, p):
    _legal(p)
    scores = (x - p * x) @ W + b[None, :]
    odds = np.exp(scores - scores.max())
    if (odds.sum(axis=1) == 0).any():
        odds = np.exp(scores - scores.max(axis=1)[:, None])
    return odds / odds.sum(axis=1)[:, None]


@variant("expected_dropout_loss")
def loss_entry_by_entry(X, y, w, p):
    _below_one(p)
    total = 0.0
    for row, target in zip(X, y, strict=True):
        total += (target - sum(a * b for a, b in zip(row, w, strict=True))) ** 2
        for a, b in zip(row, w, strict=True):
            total += a**2 * b**2 * (1 / (1 - p) - 1)
    return total


@variant("glm_penalty")
def penalty_with_tanh(X, beta, p):
    _below_one(p)
    s = 0.5 * (1 + np.tanh(X @ beta / 2))
    total = 0.0
    for i in range(len(X)):
        total += s[i] * (1 - s[i]) * sum((X[i, j] * beta[j]) ** 2 for j in range(len(beta)))
    return total * p / (2 * (1 - p))


@variant("fixed_dropout_variance")
def variance_by_enumeration(y, p):
    _legal(p)
    masks = _masks(len(y))
    chances, outputs = np.where(masks, 1 - p, p).prod(axis=1), masks * y
    per_unit = chances @ outputs**2 - (chances @ outputs) ** 2
    pooled = chances @ (outputs**2).mean(axis=1) - (chances @ outputs.mean(axis=1)) ** 2
    return pooled, per_unit

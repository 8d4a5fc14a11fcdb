"""SECRET. The key of assignment 7: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import math

import numpy as np

from autograder import core, edge, manner, variant
from autograder.dropout.uncertainty import checks as c
from autograder.dropout.uncertainty.noise import Branched
from autograder.dropout.uncertainty.passes import NOISY, STATS, STEEP
from autograder.dropout.views import asking
from autograder.model import Seed

SALT = "curlew-5527"

KEPT = {"via": Branched()}
GAUSSIAN, ALPHA = "gaussian_dropout_forward", "alpha_dropout_forward"
SOFTMAX = "is_the_softmax_of_each_pass"
LINES = "sets_some_and_keeps_some of alpha dropout"
UNITS = "drops_inputs_of_the_layer"

CLIFF = [[0.0, 3.0, 5.0, 5.0], [-7.0, -9.0, -9.0, -9.0], [9.0, -9.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]]
LEDGES = [[0.0, 0.0, 0.5, 0.5], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]
BROAD = c.dirichlets(20, 30, 10, alpha=0.5, seed=71)  # 20 passes, 30 examples, 10 classes
SPARSE = c.dirichlets(9, 40, 5, alpha=0.02, seed=72)  # many probabilities of 0, or next to it
ONCE = c.dirichlets(1, 12, 4, alpha=1.0, seed=73)
SURE_BUT_SPLIT = [[[1.0, 0.0]], [[0.0, 1.0]]]
WIDE = ([[1.0, -0.5, 0.7], [0.3, 2.0, 0.0]], [[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]])


def gaussian(*checks):
    return [asking(GAUSSIAN, check, "Gaussian dropout") for check in checks]


def alpha(*checks):
    return [asking(ALPHA, check, "alpha dropout") for check in checks]


def answered(key, **kind):
    return [c.answers_rightly(key=key, **kind, needs=key)]


HIDDEN = {
    "mc_predict": {
        "softmax": [
            c.gives_probabilities_for_each_pass(passes=1, examples=4, needs=(SOFTMAX, "draws_anew_in_each_pass")),
            c.is_the_softmax_of_each_pass(passes=40, examples=3, needs=SOFTMAX),
        ],
        "passes": [c.draws_anew_in_each_pass(passes=40, examples=50)],
        "stable": [
            c.is_right(
                case="four classes and scores of thousands",
                given=(STEEP, CLIFF, 3, Seed(2)),
                wanted=[LEDGES] * 3,
                names=("probs",),
                tolerance=1e-5,
            )
        ],
        "manners": [c.raises_value_error(case="T = -1", given=(NOISY, CLIFF, -1, Seed(1)))],
    },
    "predictive_stats": {
        "mean": [c.is_right_like_the_solution(case="many passes", given=(BROAD,), names=STATS, name="mean", tolerance=1e-6)],
        "entropy": [
            c.gives_the_entropy_of_its_mean(case="many passes", given=BROAD),
            c.gives_the_entropy_of_its_mean(case="a single pass", given=ONCE),
        ],
        "information": [
            c.subtracts_the_average_entropy(case="many passes", given=BROAD),
            c.subtracts_the_average_entropy(case="a single pass", given=ONCE),
        ],
        "zeros": [
            c.subtracts_the_average_entropy(case="sure passes that disagree", given=SURE_BUT_SPLIT, needs="information"),
            c.gives_the_entropy_of_its_mean(case="sure passes", given=SPARSE, needs="entropy"),
            c.subtracts_the_average_entropy(case="sure passes", given=SPARSE, needs="information"),
        ],
        "manners": [
            c.gives_the_entropy_of_its_mean(case="many passes, nine digits", given=BROAD, tolerance=1e-9, needs="entropy"),
        ],
    },
    GAUSSIAN: {
        "law": gaussian(c.follows_the_normal_law(p=0.62), c.follows_the_normal_law(p=0.05)),
        "own": gaussian(c.draws_a_factor_for_each_unit(p=0.62)),
        "gaussian_manners": gaussian(
            c.is_identity_at_test_time(p=0.62, shape=(6, 5, 4, 7)),
            c.keeps_its_input(p=0.62, shape=(3, 4, 5)),
            c.refuses(p=1.5),
        ),
        "values": alpha(
            c.sets_dropped_units_to(p=0.62, wanted=-0.6346206188397101),
            c.keeps_units_on_the_line(p=0.62, wanted=(0.9499203038774588, 1.03543364126479)),
            c.sets_dropped_units_to(p=0.1, wanted=-1.457738730518132, shape=(6, 5, 4, 7)),
        ),
        "coins": alpha(
            c.drops_the_right_share(p=0.62, calls=2, **KEPT),
            c.drops_the_right_share(
                p=0.005, **KEPT, needs=("treats_examples_apart of alpha dropout", "treats_features_apart of alpha dropout")
            ),
            c.keeps_a_varying_number(p=0.62, **KEPT, needs="draws_afresh of alpha dropout"),
        ),
        "alpha_manners": alpha(c.is_identity_at_test_time(p=0.62, shape=(6, 5, 4, 7))),
    },
    "fixed_mc_dropout": {
        "units": [c.drops_inputs_of_the_layer(p=0.62, units=6, needs=UNITS)],
        "coins": [
            c.drops_for_each_example(p=0.62, units=5, needs="drops_for_each_example"),
            c.drops_for_each_pass(p=0.62, passes=11, examples=400, needs=("drops_for_each_example", "average")),
        ],
        "average": [c.gives_over_the_passes(p=0.62, name="mean", passes=3)],
        "spread": [c.gives_over_the_passes(p=0.62, name="std", passes=3)],
        "manners": [
            c.is_right(
                case="p = 0, when all passes are alike",
                given=(*WIDE, 0.0, 5, Seed(1)),
                wanted=[[0.0, 0.0], [0.0, 0.0]],
                names=("mean", "std"),
                name="std",
                tolerance=1e-6,
                needs="spread",
            ),
            c.raises_value_error(case="p = -0.1", given=(*WIDE, -0.1, 3, Seed(1))),
        ],
    },
    "quiz": {
        **{key: answered(key) for key in ("entropy", "information", "passes", "strong_noise")},
        **{key: answered(key, choices="abcd") for key in ("doubtful", "train_mode")},
    },
}

# ------------------------------------------------------------------------------------------ what is exchanged, by the solution's text
PASSES = "np.stack([forward(x, rng) for t in range(T)])"
CHECKED, ASSERTED = "raise ValueError(", "raise AssertionError("
RESULT, HIGHEST = "e / e.sum(axis=2, keepdims=True)", "z.max(axis=2, keepdims=True)"
MEAN, LOGS = "probs.mean(axis=0)", "p * np.log(np.where(p > 0, p, 1.0))"
SPREAD, NORMAL, TIMES = "np.sqrt(p / (1 - p))", "rng.standard_normal(x.shape)", "x * factor, factor"
NOISE_OFF = "    if not train:\n        return x, 1.0\n    factor"
DROPPING_OFF = "    if not train:\n        return x, 1.0\n    if p == 1:"
COINS = "rng.random(x.shape)"
KEPT_ONES, LINE, FLOOR, SHIFT = f"{COINS} >= p", "a * x + b", "a * alpha + b", "-a * p * alpha"
SCORES, ALL_SCORES = "(x * mask / (1 - p)) @ W", "np.stack([thinned_scores(x, rng) for t in range(T)])"
MEAN_OF, SPREAD_OF = "probs.mean(axis=0)", "probs.std(axis=0)"
DROPPED_WEIGHTS = ((COINS, "rng.random(W.shape)"), (SCORES, "x @ (W * mask / (1 - p))"))
AVERAGED_SCORES = (
    ("probs = mc", f"scores = {ALL_SCORES}\n    probs = mc"),
    ("mc_predict(thinned_scores, x, T", "mc_predict(lambda x, rng: scores.mean(axis=0), x, 1"),
)

MISCONCEPTIONS = {
    "mc_predict": [
        core("scores_are_probabilities",
            """You return the scores of the passes. Scores can be negative and sum to anything; turn each row of them into probabilities
            with a softmax.""",
            (RESULT, "z"), signs="passes_are"),
        core("the_average_is_all_that_matters",
            """You average over the passes. Here all T of them are wanted, shape (T, N, K): how far they differ is what the next exercise
            looks at.""",
            (RESULT, f"({RESULT}).mean(axis=0)"), signs="passes_are"),
        core("one_pass_is_returned",
            """Only one pass comes back, whatever T is. (A return inside the loop ends it in its first round.) Collect all T passes,
            and return them after the loop: shape (T, N, K).""",
            ("for t in range(T)])", "for t in range(1)])"), signs="passes_are"),
        core("range_begins_with_1",
            "You make one pass too few: range(1, T) has T - 1 numbers. It is range(T) that has T.",
            ("range(T)", "range(1, T)"), signs="passes_are"),
        core("range_ends_with_its_number",
            "You make one pass too many: range(T + 1) counts from 0 to T. It is range(T) that has T numbers.",
            ("range(T)", "range(T + 1)"), signs="passes_are"),
        core("scores_are_divided_by_their_sum",
            """You divide the scores by their sum. Scores may be negative, and their sum 0: take exp of each of them first.""",
            (RESULT, "z / z.sum(axis=2, keepdims=True)"), signs="passes_are"),
        core("examples_compete_for_a_class",
            """Your probabilities sum to 1 over the EXAMPLES. Each example distributes its own probability over the classes: normalise
            along the last axis.""",
            ("axis=2", "axis=1", 2), signs="passes_are"),
        core("passes_compete_for_a_class",
            """Your probabilities sum to 1 over the PASSES. Each pass is an answer of its own: normalise over the classes, the last
            axis.""",
            ("axis=2", "axis=0", 2), signs="passes_are"),
        core("one_softmax_for_the_whole_pass",
            """You divide by the sum over all examples and classes of a pass. Every row needs a sum of its own: sum over the last axis
            only, with keepdims=True.""",
            ("e.sum(axis=2, keepdims=True)", "e.sum(axis=(1, 2), keepdims=True)"), signs="passes_are"),
        core("a_pass_casts_a_vote",
            """Your passes cast votes: 1 for the class with the largest score, 0 for the others. Each pass should say how probable it
            finds every class.""",
            (RESULT, "np.eye(z.shape[2])[z.argmax(axis=2)]"), signs="passes_are"),
        core("each_class_is_decided_by_itself",
            """You use a sigmoid for each class. The classes exclude each other, so their probabilities must share a total of 1: use a
            softmax.""",
            (RESULT, "0.5 * (1 + np.tanh(z / 2))"), signs="passes_are"),
        core("the_passes_are_the_middle_axis",
            """Your array is (N, T, K): examples first, then the passes of each. Asked for is (T, N, K), pass after pass, so that
            probs[t] is what one pass said: stack along the first axis.""",
            ("for t in range(T)])", "for t in range(T)], axis=1)"), signs="passes_are"),
        core("log_probabilities_will_do",
            """You return the LOGARITHMS of the probabilities. They are handy for losses, but here the probabilities themselves are
            wanted.""",
            (RESULT, "z - z.max(axis=2, keepdims=True) - np.log(e.sum(axis=2, keepdims=True))"), signs="passes_are"),
        core("exp_is_already_a_softmax",
            """You take exp of the scores but never divide by its sum. Divide each row by the sum over its classes, so that it sums
            to 1.""",
            (RESULT, "np.exp(z)"), signs="passes_are"),
        core("a_pass_is_the_average_so_far",
            """Your passes are averages over all passes so far. Nothing is averaged yet: probs[t] is the softmax of pass t alone, or
            the spread that is asked for later is lost.""",
            ("return e / e.sum(axis=2, keepdims=True)",
             "probs = e / e.sum(axis=2, keepdims=True)\n    return np.cumsum(probs, axis=0) / np.arange(1, T + 1)[:, None, None]"),
            signs="passes_mixed"),
        core("one_pass_can_be_repeated",
            """All your passes are alike. Call forward T times, each time with rng itself (not with a copy, which would draw the same
            again), and return what each pass says, not one result T times.""",
            ("[forward(x, rng) for t in range(T)]", "[forward(x, rng)] * T"), signs="passes_differ"),
        core("each_pass_starts_from_the_same_seed",
            """All your passes are alike, whatever rng: each starts from the same fixed seed. Hand rng itself to forward, and it moves on
            by itself from pass to pass.""",
            ("forward(x, rng)", "forward(x, np.random.default_rng(0))"), signs="passes_differ passes_from"),
        core("the_pass_number_makes_a_good_seed",
            """Your passes do not depend on rng: each is given a generator made from its number. Nobody can then draw other passes. Hand
            rng itself to forward.""",
            ("forward(x, rng)", "forward(x, np.random.default_rng(t))"), signs="passes_from =passes_are =passes_differ"),
        core("a_few_seeds_are_enough",
            """You draw a seed for each pass, out of a few numbers, so that some passes are the same. Hand rng itself to forward: it moves
            on by itself, and no two passes are alike.""",
            ("forward(x, rng)", "forward(x, np.random.default_rng(rng.integers(10)))"), signs="passes_differ =passes_from"),
        manner("a_pass_can_be_thrown_away",
            """You call forward more than T times and leave a pass out. Passes are what MC dropout costs: where you need the shape of the
            scores, take it from the first of the T.""",
            ("range(T)])", "range(T + 1)][1:])"), signs="passes_made =passes_are"),
        edge("the_function_may_make_its_own_generator",
            """You make a generator of your own, so the seed of rng has no effect and nobody can repeat your result. Hand rng on to
            forward.""",
            ("    z = np", "    rng = np.random.default_rng()\n    z = np"), signs="passes_from"),
        edge("exp_can_take_anything",
            """Your softmax overflows: exp(1000) is infinite for a computer, and infinity divided by infinity is NaN. Subtract the
            largest score of each row first; the softmax stays the same.""",
            (HIGHEST, "0"), signs="huge_scores far_below"),
        edge("one_maximum_serves_all_rows",
            """You subtract the largest score of the whole array. In a row that lies far below it every exp becomes 0, and 0 / 0 is NaN.
            Subtract the largest score of each ROW.""",
            (HIGHEST, "z.max()"), signs="far_below"),
        edge("the_mean_of_a_row_will_do",
            """You subtract from each row its mean, or another number that is not its largest. A score far above that still overflows:
            subtract the largest, and no exponent is above 0.""",
            (HIGHEST, "z.mean(axis=2, keepdims=True)"), signs="huge_scores far_above =far_below"),
        edge("large_scores_are_cut_off",
            """You cut the scores off before exp, so that two which both lie beyond become equal: the softmax of (3000, 2000) is (1, 0), and
            yours is (1/2, 1/2). Subtract the largest score of each row instead; nothing is lost by that.""",
            ("    e = np", "    z = np.clip(z, -500, 500)\n    e = np"), signs="far_above"),
        manner("a_little_in_the_divisor_does_no_harm",
            """You add a small number to the sum before you divide by it. The sum is never below 1 when the largest score is subtracted
            first; so there is nothing to guard against, and your probabilities sum to a little less than 1. Divide by the sum itself.""",
            ("e.sum(axis=2, keepdims=True)", "(e.sum(axis=2, keepdims=True) + 1e-8)"), signs="rows_sum_to"),
        manner("assert_is_as_good_as_raise",
            """You guard T with assert, which raises AssertionError, and which `python -O` leaves out. Asked for is a ValueError: if T is
            smaller than 1, raise ValueError with a word about what was wrong.""",
            (CHECKED, ASSERTED), signs="no_pass"),
        manner("no_pass_is_an_answer_too",
            """For T = 0 you return an empty array. Its average would be a NaN, far from here and hard to find: raise a ValueError if T
            is smaller than 1.""",
            ("if T <= 0:", "if False:"), signs="no_pass", base="predict_pass_by_pass"),
        manner("float32_is_exact_enough",
            """Your results are right to seven digits only, because you reckon in float32. What comes in is float64; leave it so, and a
            later check of gradients or of small differences does not fail.""",
            (RESULT, f"({RESULT}).astype(np.float32)"), signs="rows_sum_to"),
    ],
    "predictive_stats": [
        core("entropy_is_measured_in_bits",
            "Your entropy is in bits (log2). In this course it is in nats: use the natural logarithm, np.log.",
            ("np.log(", "np.log2("), signs="stats_unit"),
        core("the_average_entropy_is_the_entropy_of_the_average",
            """Your entropy is the average of the passes' own entropies. The predictive entropy is the entropy of the AVERAGE: passes
            that are certain of different classes make the committee unsure. Average first.""",
            ("return mean, entropy", "return mean, hesitation"), signs="stats_entropy"),
        core("the_difference_goes_the_other_way",
            """Your mutual information is negative. It is the entropy of the average MINUS the average of the entropies, and never below
            0.""",
            ("entropy - hesitation", "hesitation - entropy"), signs="stats_information"),
        core("what_passes_hesitate_is_what_they_disagree",
            """What you return as mutual information is the average entropy of the passes: how much each hesitates by itself. Subtract it
            from the entropy of the average, and their disagreement is left.""",
            ("entropy - hesitation", "hesitation"), signs="stats_information"),
        core("the_variance_is_the_information",
            """Your third result is the variance of the probabilities. It is another measure of disagreement; the mutual information is
            the entropy of the average minus the average entropy.""",
            ("entropy - hesitation", "probs.var(axis=0).sum(axis=-1)"), signs="stats_information"),
        core("entropies_of_passes_are_added",
            "You subtract the SUM of the passes' entropies. Their average is meant: divide by T.",
            ("entropy_of(probs).mean(axis=0)", "entropy_of(probs).sum(axis=0)"), signs="stats_information =stats_entropy"),
        core("each_pass_has_an_information",
            "You subtract the entropy of each pass by itself, so that T numbers come out for an example. Average these entropies first.",
            ("entropy_of(probs).mean(axis=0)", "entropy_of(probs)"), signs="stats_information"),
        core("the_divergence_is_turned_round",
            """You average how far the MEAN diverges from the passes. It is the other way round: how far each pass diverges from the mean,
            which is the entropy of the mean minus the average entropy. (Yours is infinite where a pass rules a class out.)""",
            ("entropy - hesitation", "(mean * np.log(mean / np.maximum(probs, 1e-300))).sum(axis=-1).mean(axis=0)"),
            signs="stats_information =stats_entropy"),
        core("entropy_has_no_minus_sign",
            """Your entropies are negative: logarithms of probabilities are below 0, and the minus in front of the sum turns them
            round.""",
            ("-np.sum", "np.sum"), signs="stats_sign =stats_mean"),
        edge("zero_times_log_zero_takes_care_of_itself",
            """Where a probability is exactly 0 your entropy is NaN: log(0) is minus infinity, and 0 times that is NaN. Such a class
            should contribute 0; let the logarithm see something harmless there.""",
            ("np.where(p > 0, p, 1.0)", "p"), signs="at_zero"),
        edge("a_nan_may_be_left_out_of_the_sum",
            """You let 0 log 0 become NaN and leave it out of the sum, so NumPy warns of log(0) on the way. Let the logarithm see something
            harmless where a probability is 0.""",
            ("np.where(p > 0, p, 1.0)", "p"), ("-np.sum", "-np.nansum"), signs="at_zero =stats_information"),
        core("entropy_lies_between_0_and_1",
            """You divide the entropy by log(K), so that it lies between 0 and 1. That is sometimes useful, but here it is wanted in
            nats, undivided.""",
            ("axis=-1)", "axis=-1) / np.log(p.shape[-1])"), signs="stats_unit"),
        core("logarithms_are_averaged",
            """Your mean is the GEOMETRIC one, the softmax of the average log-probability. MC dropout averages the probabilities
            themselves. (With a 0 in one pass the geometric mean is 0, whatever the others say.)""",
            (MEAN, "softmax_of(np.log(np.maximum(probs, 1e-300)).mean(axis=0))"),
            ("    mean =", "    def softmax_of(z):\n        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)\n\n    mean ="),
            signs="stats_mean"),
        core("the_entropy_is_an_average_over_classes",
            "You take the MEAN over the classes of -p log p. An entropy is the sum over the classes.",
            ("np.sum(", "np.mean("), signs="stats_unit"),
        core("the_passes_are_added",
            "You add the passes up without dividing by T, so your probabilities sum to T.",
            (MEAN, "probs.sum(axis=0)"), signs="stats_mean"),
        core("one_number_for_all_examples",
            """You add or average over the examples as well. Every example has an entropy and a mutual information of its own: arrays of
            shape (N,).""",
            ("entropy_of(mean)", "entropy_of(mean).mean()"),
            ("entropy_of(probs).mean(axis=0)", "entropy_of(probs).mean()"), signs="stats_form"),
        core("information_comes_before_entropy",
            "Your second and third result have changed places: first the entropy of the average, then the mutual information.",
            ("entropy, entropy - hesitation", "entropy - hesitation, entropy"), signs="stats_entropy stats_information"),
        core("the_terms_of_an_entropy_need_no_sum",
            """You return -p log p for every class. The entropy of an example is the SUM of these over its classes: an array of shape
            (N,).""",
            ("np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)", "p * np.log(np.where(p > 0, p, 1.0))"),
            signs="stats_form =stats_entropy"),
        core("the_first_axis_are_the_examples",
            """You average over the EXAMPLES, axis 1: your mean is (T, K), a mixture of different inputs in each pass. probs is (T, N,
            K); average over the passes, axis 0.""",
            (".mean(axis=0)", ".mean(axis=1)", 2), signs="stats_mean"),
        edge("a_little_in_the_logarithm_does_no_harm",
            """You add a small number to the probabilities to keep the logarithm from 0. So each class contributes a little, even one of
            probability 0, and your entropies are right to six digits only. Let the logarithm see a 1 where p is 0, and add nothing.""",
            (LOGS, "(p + 1e-7) * np.log(p + 1e-7)"), signs="stats_digits =stats_unit"),
        manner("float32_is_exact_enough",
            """Your results are right to seven digits only, because you reckon in float32. What comes in is float64; leave it so, and a
            later check of gradients or of small differences does not fail.""",
            ("    mean =", "    probs = probs.astype(np.float32)\n    mean ="), signs="stats_digits"),
        manner("zeros_may_be_replaced_in_place",
            """You write into probs where it is 0, and so change the caller's array. Let the logarithm see another array: np.where(p > 0,
            p, 1.0), or a copy.""",
            ("    mean =", "    probs[probs == 0] = 1e-12\n    mean ="), signs="probs_after"),
    ],
    "gaussian_dropout_forward": [
        core("the_variance_is_the_standard_deviation",
            """Your noise has the STANDARD DEVIATION p / (1 - p). That should be its variance: take the root before you hand it to the
            generator.""",
            (SPREAD, "p / (1 - p)"), signs="gaussian_noise_spread =gaussian_noise_mean"),
        core("the_noise_is_that_of_vanilla_dropout",
            """Your noise has the variance p (1 - p), that of a mask of 0 and 1. Inverted dropout divides by 1 - p, and its variance is p
            / (1 - p).""",
            (SPREAD, "np.sqrt(p * (1 - p))"), signs="gaussian_noise_spread"),
        core("p_is_the_standard_deviation",
            "Your noise has the standard deviation p. The noise of dropout with probability p has the variance p / (1 - p).",
            (SPREAD, "p"), signs="gaussian_noise_spread"),
        core("p_is_the_variance",
            """Your noise has the variance p. The noise of dropout with probability p has the variance p / (1 - p), which grows beyond
            all bounds as p comes near 1.""",
            (SPREAD, "np.sqrt(p)"), signs="gaussian_noise_spread"),
        core("p_is_the_keep_probability",
            """Your noise has the variance (1 - p) / p: you read p as the probability of KEEPING, as Srivastava et al. write it. Here p
            drops, and the variance is p / (1 - p).""",
            (SPREAD, "np.sqrt((1 - p) / p if p else 0)"), signs="gaussian_noise_spread =gaussian_noise_mean"),
        core("the_scale_is_the_standard_deviation",
            """Your noise has the standard deviation 1 / (1 - p), the factor by which inverted dropout multiplies. The factors of
            inverted dropout have the variance p / (1 - p), and so should yours: take the root of that. (At p = 0 there is no noise.)""",
            (SPREAD, "1 / (1 - p)"), signs="gaussian_noise_spread"),
        core("the_mean_square_of_the_factors_is_their_variance",
            """Your noise has the variance 1 / (1 - p), the mean SQUARE of inverted dropout's factors. Take away the square of their mean,
            which is 1, and p / (1 - p) is left.""",
            (SPREAD, "np.sqrt(1 / (1 - p))"), signs="gaussian_noise_spread"),
        core("the_variance_is_squared",
            "Your noise has the standard deviation (p / (1 - p))^2. A variance is the square, so it is its ROOT that you need.",
            (SPREAD, "(p / (1 - p)) ** 2"), signs="gaussian_noise_spread"),
        core("a_division_waits_for_the_subtraction",
            """Your Gaussian dropout returns x unchanged in training, too. Without parentheses p / 1 - p is (p / 1) - p, which is 0: write
            p / (1 - p).""",
            (SPREAD, "np.sqrt(p / 1 - p)"), signs="gaussian_noise"),
        core("the_spread_has_another_formula",
            """Your noise has the mean 1, but a standard deviation that is none of the usual ones. Its VARIANCE should be p / (1 - p): take
            the root of that.""",
            (SPREAD, "(p / (1 - p)) ** 0.8"), signs="gaussian_noise_spread =gaussian_noise =gaussian_noise_mean =gaussian_noise_shape"),
        core("noise_is_added",
            "You ADD noise to x. Dropout multiplies: a unit that is 0 stays 0, and a large one is disturbed more than a small one.",
            (TIMES, "x + factor - 1, factor"), signs="gaussian_noise"),
        core("survivors_are_divided_besides",
            """You multiply by noise of mean 1 and divide by 1 - p as well. Nobody was dropped, so nobody needs to speak up for others:
            the mean of the factors is already 1.""",
            (TIMES, "x * factor / x.dtype.type(1 - p), factor"), signs="gaussian_noise_mean =gaussian_noise =gaussian_noise_shape"),
        core("noise_has_mean_zero",
            """Your factors have the mean 0, so on average nothing of x is left. Their mean must be 1: then test time can return x as it
            is.""",
            ("1 + np.sqrt", "np.sqrt"), signs="gaussian_noise_mean"),
        core("the_mean_is_the_keep_probability",
            """Your factors have the mean 1 - p, like the mask of vanilla dropout. Here their mean is 1, and test time needs no
            factor.""",
            ("1 + np.sqrt", "1 - p + np.sqrt"), signs="gaussian_noise_mean =gaussian_noise"),
        core("this_is_dropout_with_zeros",
            """This is inverted dropout itself: factors 0 and 1 / (1 - p). Here each factor is drawn from a NORMAL distribution with the
            same mean and variance.""",
            (f"1 + {SPREAD} * {NORMAL}", "(rng.random(x.shape) >= p) / (1 - p)"), signs="gaussian_noise"),
        core("noise_comes_besides_the_zeros",
            """You drop units AND disturb the others. Here nobody is dropped: the noise stands in place of the mask of zeros, and has its
            mean and its variance by itself.""",
            (f"{SPREAD} * {NORMAL}", f"{SPREAD} * {NORMAL}\n    factor = factor * (rng.random(x.shape) >= p)"), signs="gaussian_noise"),
        core("factors_are_never_negative",
            """You cut the noise off at 0 (or take its absolute value). A normal factor may be negative: that turns a unit's sign round,
            and belongs to the law. Leave it, or mean and variance are others.""",
            (f"1 + {SPREAD} * {NORMAL}", f"np.maximum(1 + {SPREAD} * {NORMAL}, 0)"),
            signs="gaussian_noise_below_zero =gaussian_noise =gaussian_noise_of"),
        core("any_noise_of_that_variance_will_do",
            """Your factors are drawn from a uniform distribution. The right mean and variance are not enough: draw normal ones, by
            rng.normal or rng.standard_normal.""",
            (f"{SPREAD} * {NORMAL}", "np.sqrt(3 * p / (1 - p)) * rng.uniform(-1, 1, x.shape)"), signs="gaussian_noise_shape"),
        edge("the_average_must_be_exactly_one",
            """You divide the noise by its own average (or spread), so that it comes out exactly in every call. But then one unit is louder
            because another was quieter: the factors depend on each other. Mean 1 is what they have on average; leave each draw alone.""",
            ("    return x * factor, factor", "    factor = factor / factor.mean()\n    return x * factor, factor"),
            signs="gaussian_noise_level"),
        edge("one_noise_serves_the_whole_batch",
            """In your Gaussian dropout all examples of a batch get the same noise. Draw a factor for every unit of every example: noise
            of the full shape of x.""",
            (NORMAL, "rng.standard_normal((1, *x.shape[1:]))"), signs="gaussian_noise_of"),
        edge("one_number_disturbs_everything",
            "You draw a single number and multiply everything by it. Draw a factor for every unit: noise of the shape of x.",
            (NORMAL, "rng.standard_normal(())"), signs="gaussian_noise_of"),
        edge("each_example_has_one_factor",
            """In your Gaussian dropout all units of an example get the same factor. Draw one for every unit: noise of the full shape of
            x.""",
            (NORMAL, "rng.standard_normal(x.shape[:1] + (1,) * (x.ndim - 1))"), signs="gaussian_noise_of"),
        edge("noise_stays_on_at_test_time",
            """Your Gaussian dropout makes noise at test time as well. With train=False return x unchanged and draw nothing; who wants
            noise at test time (as in MC dropout) calls it with train=True.""",
            (NOISE_OFF, "    rng = rng or np.random.default_rng()\n    factor"), signs="gaussian_at_rest"),
        edge("test_time_needs_a_factor",
            "At test time you multiply x by a factor. The mean of your factors is 1 in training, so x is returned as it is.",
            (NOISE_OFF, NOISE_OFF.replace("x, 1.0", "x * x.dtype.type(1 - p), 1.0")), signs="gaussian_at_rest"),
        core("a_fixed_seed_belongs_in_the_function",
            """Every call of gaussian_dropout_forward makes the same noise, because it sets a fixed seed. Draw from the rng that is
            handed in.""",
            (NORMAL, "np.random.default_rng(0).standard_normal(x.shape)"), signs="gaussian_next_noise"),
        edge("np_random_is_just_as_good",
            """Your Gaussian noise comes from np.random, the global generator. Then the same rng gives other noise each time and nobody
            can repeat your result. Draw from the rng that is handed in.""",
            (NORMAL, "np.random.standard_normal(x.shape)"), signs="gaussian_noise_from"),
        edge("the_noise_may_have_its_own_generator",
            """Your Gaussian noise comes from a generator that your function makes for itself, so the seed of rng has no effect and
            nobody can repeat your result. Draw from the rng that is handed in.""",
            (NORMAL, "np.random.default_rng().standard_normal(x.shape)"), signs="gaussian_noise_from"),
        manner("the_input_may_be_overwritten",
            """Your gaussian_dropout_forward changes x itself (*= works in place). Others may still need it: write x * noise into a new
            array.""",
            (f"return {TIMES}", "x *= factor\n    return x, factor"), signs="gaussian_input_after"),
        manner("the_noise_decides_about_the_dtype",
            """In Gaussian dropout float32 becomes float64: the generator draws float64, and NumPy widens the product. Turn the noise
            into x.dtype first.""",
            ("factor.astype(x.dtype)", "factor.astype(float)"), signs="gaussian_float32_gives"),
        manner("float32_is_good_enough_for_all",
            "In Gaussian dropout float64 becomes float32. Most networks do live in float32, but which it is the caller decides.",
            (TIMES, "x.astype(np.float32) * factor.astype(np.float32), factor"), signs="gaussian_float32_gives"),
        manner("assert_is_as_good_as_raise",
            """gaussian_dropout_forward checks p with assert, which raises AssertionError, and which python -O leaves out. Asked for is a
            ValueError: raise it where p is outside [0, 1).""",
            ('raise ValueError(f"p must', 'raise AssertionError(f"p must'), signs="gaussian_outside"),
        core("dropped_units_are_set_to_zero",
            """This is ordinary inverted dropout: dropped units become 0 and the others are divided by 1 - p. Alpha dropout sets them to
            alpha', and then multiplies EVERYTHING by a and adds b.""",
            (LINE, "x / (1 - p)"),
            (FLOOR, "0.0"), signs="alpha_dropped_to alpha_slope alpha_shift"),
        core("the_low_value_is_all",
            """You set dropped units to alpha' and leave it at that. Mean and variance are no longer 0 and 1 then: multiply everything by
            a and add b.""",
            (LINE, "x"),
            (FLOOR, "alpha"), signs="alpha_dropped_to alpha_slope alpha_shift"),
        core("only_kept_units_are_repaired",
            "Kept units are right, but dropped ones stay at alpha'. a and b belong to both: a dropped unit becomes a alpha' + b.",
            (FLOOR, "alpha"), signs="alpha_dropped_to =alpha_slope =alpha_shift"),
        core("survivors_are_divided_by_the_keep_probability_too",
            """You divide the survivors by 1 - p as well. In alpha dropout a and b restore mean and variance; the inverted trick has no
            place besides.""",
            (LINE, "a * x / (1 - p) + b"), signs="alpha_slope"),
        core("a_needs_no_root",
            """Your a is the square of the right one: the root is missing. A factor comes out of a variance squared, so a is 1 divided by
            the ROOT of the variance.""",
            (" ** 0.5", ""), signs="alpha_slope"),
        core("a_is_the_root_of_the_variance",
            """Your a is the root of the variance, where it should be 1 divided by it. The bracket has the variance q (1 + p alpha'^2);
            to make 1 of it one DIVIDES by its root.""",
            ("(1 / ((1 - p) * (1 + p * alpha ** 2))) ** 0.5", "((1 - p) * (1 + p * alpha ** 2)) ** 0.5"), signs="alpha_slope"),
        core("p_and_q_change_places",
            "In your a, p and 1 - p stand in each other's places: a = 1 / sqrt(q (1 + p alpha'^2)), and q = 1 - p is what is KEPT.",
            ("((1 - p) * (1 + p * alpha ** 2))", "((p or 1) * (1 + (1 - p) * alpha ** 2))"), signs="alpha_slope"),
        core("the_mean_square_is_the_variance",
            """Your a is 1 / sqrt(q + p alpha'^2), from the mean SQUARE of the bracket. For the variance the square of its mean, p alpha',
            is taken away: q (1 + p alpha'^2).""",
            ("((1 - p) * (1 + p * alpha ** 2))", "(1 - p + p * alpha ** 2)"), signs="alpha_slope"),
        core("a_has_another_formula",
            """Your a is none that we know. It is a number that depends on p alone: 1 divided by the root of q (1 + p alpha'^2), 0.861 at
            p = 0.3.""",
            ("((1 - p) * (1 + p * alpha ** 2))", "(1 + p * alpha ** 2)"), signs="alpha_slope"),
        core("b_has_another_formula",
            "Your a is right and your b none that we know. It is -a p alpha', 0.454 at p = 0.3.",
            (SHIFT, "-a * (1 - p) * alpha * (p > 0)"), signs="alpha_shift =alpha_slope"),
        core("mean_and_variance_are_restored_batch_by_batch",
            """Your line changes from call to call: you subtract the mean of what came out, and divide by its standard deviation. a and b
            depend on p alone; mean 0 and variance 1 are restored on average.""",
            ("    return out.astype", "    if p:\n        out = np.where(kept, x, alpha)\n        out = (out - out.mean()) / out.std()\n"
             "    return out.astype"), signs="alpha_slope"),
        core("b_has_the_sign_of_alpha",
            """Your b has the wrong sign. Dropping to a negative value lowers the mean by p alpha', and b must raise it again: b = -a p
            alpha', a positive number.""",
            ("b = -a", "b = a"), signs="alpha_dropped_to alpha_shift"),
        core("alpha_prime_is_positive",
            "Your alpha' has the wrong sign. It is the lowest value of a SELU, -1.7581: a negative number.",
            ("-1.7580993408473766", "1.7580993408473766"), signs="alpha_dropped_to alpha_shift"),
        core("b_can_be_left_out",
            "You multiply by a but do not add b. The variance is repaired, the mean is not: add b to everything.",
            (SHIFT, "0.0"), signs="alpha_dropped_to alpha_shift"),
        core("alpha_is_added_to_everybody",
            """You add alpha' to every unit, the kept ones too, so that all of them are lower. It stands in the place of a unit that was
            dropped: a kept one becomes a x + b.""",
            (LINE, "a * (x + alpha) + b"), signs="alpha_shift =alpha_slope"),
        core("b_is_added_before_the_multiplication",
            "You add the repair of the mean after multiplying by a, but without a in it: b = -a p alpha', not -p alpha'.",
            (SHIFT, "-p * alpha"), signs="alpha_shift"),
        edge("units_stay_with_probability_p",
            "Your mask is the wrong way round: units STAY with probability p. They should be dropped with probability p.",
            (KEPT_ONES, "(rng.random(x.shape) < p) | (p == 0)"), signs="alpha_drop_share"),
        edge("the_repair_belongs_to_test_time_too",
            """At test time your alpha dropout returns a x + b. Nothing was dropped there, so nothing needs repair: return x
            unchanged.""",
            (DROPPING_OFF, "    if p == 1:"),
            ("    kept =", "    if not train:\n        return (a * x + b).astype(x.dtype), 1.0\n    kept ="),
            signs="alpha_at_rest"),
        edge("the_mask_stays_on_at_test_time",
            "Your alpha dropout drops at test time as well. With train=False return x unchanged and draw nothing.",
            (DROPPING_OFF, "    rng = rng or np.random.default_rng()\n    if p == 1:"), signs="alpha_at_rest"),
        edge("one_mask_serves_the_whole_batch",
            "In your alpha dropout all examples of a batch lose the same units. Draw a mask of the full shape of x.",
            (COINS, "rng.random((1, *x.shape[1:]))"), signs="alpha_rows"),
        edge("whole_examples_are_dropped",
            "In your alpha dropout an example loses all of its units or none. Draw a mask of the full shape of x.",
            (COINS, "rng.random(x.shape[:1] + (1,) * (x.ndim - 1))"), signs="alpha_columns"),
        edge("a_share_is_dropped_exactly",
            """Your alpha dropout always drops the same number of units. Each unit throws a coin of its own, so their number varies
            around its average.""",
            (KEPT_ONES, "(rng.permutation(x.size) >= round(p * x.size)).reshape(x.shape)"), signs="alpha_number_dropped"),
        manner("p_equal_to_one_needs_no_thought",
            """At p = 1 your alpha dropout computes 1 / 0, and NaN comes out. All units are dropped there: return zeros before a is
            computed.""",
            ("    if p == 1:\n        return np.zeros_like(x), 0.0\n", "    p = np.float64(p)\n"), signs="alpha_at_one"),
        core("a_fixed_seed_belongs_in_the_mask",
            """Every call of alpha_dropout_forward drops the same units, because it sets a fixed seed. Draw from the rng that is handed
            in.""",
            (COINS, "np.random.default_rng(1).random(x.shape)"), signs="alpha_next_mask"),
        edge("the_mask_may_have_its_own_generator",
            """Your alpha dropout draws from a generator that it makes for itself, so the seed of rng has no effect and nobody can repeat
            your result. Draw from the rng that is handed in.""",
            (COINS, "np.random.default_rng().random(x.shape)"), signs="alpha_noise_from"),
        edge("np_random_draws_as_good_a_mask",
            """The mask of your alpha dropout comes from np.random, the global generator. Then the same rng gives other masks each time.
            Draw from the rng that is handed in.""",
            (COINS, "np.random.random(x.shape)"), signs="alpha_noise_from"),
        manner("the_constants_decide_about_the_dtype",
            "float32 becomes float64 in your alpha_dropout_forward. Give the result the dtype of x.",
            ("out.astype(x.dtype)", "out.astype(float)"), signs="alpha_float32_gives"),
        core("zero_is_low_enough",
            """Dropped units become b: you set them to 0, and then multiply by a and add b. Alpha dropout sets them to alpha' first, so
            they become a alpha' + b.""",
            (FLOOR, "b"), signs="alpha_dropped_to =alpha_slope =alpha_shift"),
        core("dropped_units_stay_zero",
            "Kept units are right, but dropped ones are 0. A dropped unit becomes a alpha' + b.",
            (FLOOR, "0.0"), signs="alpha_dropped_to =alpha_slope =alpha_shift"),
        core("only_dropped_units_are_repaired",
            "Dropped units are right, but kept ones stay as they are. a and b belong to both: a kept unit becomes a x + b.",
            (LINE, "x"), signs="=alpha_dropped_to alpha_slope alpha_shift"),
        core("alpha_prime_is_alpha",
            """You use SELU's alpha, 1.6733. The lowest value of a SELU is alpha' = -lambda alpha = -1.7581, with both of its
            constants.""",
            ("-1.7580993408473766", "-1.6732632423543772"), signs="alpha_dropped_to alpha_slope"),
        manner("alpha_may_overwrite_its_input",
            "Your alpha_dropout_forward changes x itself. Others may still need it: write the result into a new array.",
            (f"np.where(kept, {LINE}, {FLOOR})", LINE),
            ("    out =", "    x[~kept] = alpha\n    out ="), signs="alpha_input_after"),
        manner("a_little_in_the_divisor_does_no_harm",
            """You add a small number to the divisor of a. Only at p = 1 is it 0, and there you return zeros before a is computed;
            everywhere else your output is a little off. Divide by q (1 + p alpha'^2) itself.""",
            ("(1 / ((1 - p)", "(1 / (1e-8 + (1 - p)"), signs="alpha_line_digits"),
        manner("float32_is_exact_enough",
            """In alpha dropout float64 becomes float32. Most networks do live in float32, but which it is the caller decides: give the
            result the dtype of x.""",
            ("out.astype(x.dtype)", "out.astype(np.float32)"), signs="alpha_float32_gives"),
    ],
    "fixed_mc_dropout": [
        core("the_patient_has_not_changed",
            """The patient has not changed: it drops weights instead of units, the same ones for all examples, and averages scores
            instead of probabilities.""",
            *DROPPED_WEIGHTS, *AVERAGED_SCORES, (SPREAD_OF, "scores.std(axis=0)"),
            signs="what_is_dropped dropped_for mean_is std_is"),
        core("weights_may_be_dropped_instead_of_units",
            """You still drop WEIGHTS, and the same ones for all examples. A dropped unit takes all its weights with it: multiply x, not W,
            by the mask.""",
            *DROPPED_WEIGHTS, signs="what_is_dropped dropped_for"),
        core("weights_may_be_dropped_for_each_example",
            """Each example has masks of its own now, but of WEIGHTS: that is DropConnect. A dropped unit takes all its weights with it:
            multiply x by a mask of the shape of x.""",
            (COINS, "rng.random((len(x), *W.shape))"),
            (SCORES, "np.einsum('nd,ndk->nk', x, mask * W / (1 - p))"), signs="what_is_dropped dropped_for"),
        core("one_mask_serves_the_whole_batch",
            """All examples of a pass share one roll of the dice, as the four copies of the patient did: they lose the same. Draw a mask of
            the shape of x, (N, D).""",
            (COINS, "rng.random(x.shape[1])"), signs="dropped_for"),
        core("one_mask_serves_all_passes",
            "All your passes use the same masks, so they agree perfectly and mean nothing. Draw new masks in every pass.",
            ("    def thinned", f"    mask = {COINS} >= p\n\n    def thinned"),
            (f"        mask = {COINS} >= p\n", ""), signs="dropped_in"),
        core("scores_are_averaged",
            """You still average the SCORES and take the softmax afterwards. Take the softmax of every pass first; then mean and standard
            deviation of the probabilities.""",
            *AVERAGED_SCORES, (SPREAD_OF, "scores.std(axis=0)"), signs="mean_is std_is"),
        core("the_mean_comes_before_the_softmax",
            "Your mean is still the softmax of an average score. Average the probabilities.",
            ("probs = mc", f"scores = {ALL_SCORES}\n    passes = iter(scores)\n    probs = mc"),
            ("mc_predict(thinned_scores, x", "mc_predict(lambda x, rng: next(passes), x"),
            (MEAN_OF, "mc_predict(lambda x, rng: scores.mean(axis=0), x, 1, rng)[0]"), signs="mean_is"),
        edge("the_spread_is_that_of_the_scores",
            "Your standard deviation is that of the SCORES. Take it over the probabilities of the passes.",
            ("probs = mc", f"scores = {ALL_SCORES}\n    passes = iter(scores)\n    probs = mc"),
            ("mc_predict(thinned_scores, x", "mc_predict(lambda x, rng: next(passes), x"),
            (SPREAD_OF, "scores.std(axis=0)"), signs="std_is =mean_is"),
        edge("the_spread_has_another_formula",
            """The spread beside your mean is none of the usual ones. Take the deviations of the T probabilities from their mean, the mean
            of their squares over the passes, and its root: np.std(probs, axis=0).""",
            (SPREAD_OF, "np.sqrt(probs.mean(axis=0) * (1 - probs.mean(axis=0)))"), signs="std_is =mean_is"),
        edge("the_spread_needs_no_axis",
            """Your second result is not an array (N, K). Take the standard deviation over the passes alone: np.std(probs, axis=0), where
            probs is (T, N, K).""",
            (SPREAD_OF, "probs.std()"), signs="std_is"),
        edge("the_variance_is_the_standard_deviation",
            "Your second result is the variance. The standard deviation is its root.",
            (SPREAD_OF, "probs.var(axis=0)"), signs="std_is"),
        edge("the_standard_deviation_divides_by_one_less",
            """Your standard deviation divides by T - 1 (as PyTorch's std does by default). Here it divides by T, so that a single pass
            has the spread 0.""",
            (SPREAD_OF, "probs.std(axis=0, ddof=min(T - 1, 1))"), signs="std_is"),
        edge("the_spread_is_that_of_the_mean",
            """Your second result is the standard error of the mean: you divide by the root of T once more. Asked for is how far single
            passes spread, which does not shrink when there are more of them.""",
            (SPREAD_OF, "probs.std(axis=0) / np.sqrt(T)"), signs="std_is"),
        core("survivors_need_no_scaling",
            "You never divide the survivors by 1 - p, so the scores are smaller than those the layer was trained with.",
            ("x * mask / (1 - p)", "x * mask"), signs="survivors_are"),
        core("survivors_are_divided_by_p",
            "You divide the survivors by p. They stay with probability 1 - p: divide by that.",
            ("x * mask / (1 - p)", "x * mask / (p or 1)"), signs="survivors_are"),
        core("survivors_are_multiplied_by_the_keep_probability",
            "You multiply the survivors by 1 - p, which makes them smaller still. They speak up for the others: DIVIDE by 1 - p.",
            ("x * mask / (1 - p)", "x * mask * (1 - p)"), signs="survivors_are"),
        core("masks_pile_up",
            """Each of your passes drops from what the one before has left, until hardly a unit speaks. Start every pass from x itself: a
            new array x * mask, never x *= mask or x = x * mask.""",
            ("    def thinned", "    left = x.copy()\n\n    def thinned"),
            (SCORES, "np.multiply(left, mask, out=left) / (1 - p) @ W"), signs="few_units"),
        core("examples_compete_for_a_class_here",
            """Your softmax sums to 1 over the EXAMPLES. In an array (T, N, K) the classes are the last axis: normalise along axis -1.""",
            ("    return probs.mean", "    probs = probs / probs.sum(axis=1, keepdims=True)\n    return probs.mean"),
            signs="passes_give"),
        core("a_pass_casts_a_vote_here",
            "Your passes cast votes: 1 for the class with the largest score. Average the probabilities that each pass gives.",
            ("x, T, rng)\n", "x, T, rng)\n    probs = np.eye(W.shape[1])[probs.argmax(axis=2)]\n"), signs="passes_give"),
        core("p_is_the_keep_probability",
            "Your mask is the wrong way round: units STAY with probability p. They should be dropped with probability p.",
            (f"{COINS} >= p", f"({COINS} < p) | (p == 0)"), signs="share_dropped"),
        core("the_softmax_is_left_out",
            "You return mean and standard deviation of the SCORES. Turn the scores of every pass into probabilities first.",
            ("mc_predict(thinned_scores, x, T, rng)", ALL_SCORES), signs="passes_give"),
        edge("the_passes_may_have_their_own_generator",
            """Your masks come from a generator that your function makes for itself, so the seed of rng has no effect and nobody can
            repeat your result. Draw from the rng that is handed in.""",
            ("    probs =", "    rng = np.random.default_rng()\n    probs ="), signs="layer_from"),
        edge("np_random_is_just_as_good_here",
            """Your masks come from np.random, the global generator, so the seed of rng has no effect and nobody can repeat your result.
            Draw from the rng that is handed in.""",
            (COINS, "np.random.random(x.shape)"), signs="layer_from"),
        core("a_fixed_seed_belongs_in_the_passes",
            "Your masks are the same in every call, whatever rng: you set a fixed seed. Draw from the rng that is handed in.",
            ("    probs =", "    rng = np.random.default_rng(0)\n    probs ="), signs="layer_from =dropped_in"),
        core("whole_examples_are_dropped_here",
            """In each pass an example of yours loses all of its units or none. Each UNIT of each example throws a coin: draw a mask of
            the shape of x, (N, D).""",
            (COINS, "rng.random((len(x), 1))"), signs="dropped_for"),
        core("the_scores_are_dropped",
            "You drop SCORES, behind the layer. The dropout of this layer is on its inputs: multiply x by the mask, before W.",
            (COINS, "rng.random((len(x), W.shape[1]))"),
            (SCORES, "(x @ W) * mask / (1 - p)"), signs="what_is_dropped"),
        core("the_mean_needs_no_dropout",
            """Your mean is that of the ordinary pass: nothing is dropped in it. Leave dropout on, and average the probabilities of the T
            passes.""",
            (MEAN_OF, "mc_predict(lambda x, rng: x @ W * (p < 1), x, 1, rng)[0]"), signs="mean_is"),
        core("mean_and_spread_change_places",
            "Your two results have changed places: first the mean, then the standard deviation.",
            (f"{MEAN_OF}, {SPREAD_OF}", f"{SPREAD_OF}, {MEAN_OF}"), signs="order"),
        manner("a_little_in_the_divisor_does_no_harm",
            """You add a small number to 1 - p before you divide by it. Against p = 1 that helps, but everywhere else the probabilities
            are a little off. Divide by 1 - p itself, and treat p = 1 apart.""",
            ("/ (1 - p)", "/ (1 - p + 1e-8)"), signs="layer_digits"),
        manner("assert_is_as_good_as_raise",
            """You check p with assert, which raises AssertionError, and which python -O leaves out. Asked for is a ValueError: raise it
            where p is outside [0, 1].""",
            (CHECKED, ASSERTED), signs="outside"),
        manner("float32_is_exact_enough",
            """Your results are right to seven digits only, because you reckon in float32. What comes in is float64; leave it so, and a
            later check of gradients or of small differences does not fail.""",
            ("x, T, rng)\n", "x, T, rng).astype(np.float32)\n"), signs="layer_digits"),
        manner("p_is_never_one",
            """At p = 1 you divide 0 by 0, and NaN comes out. All units are dropped there, so that all scores are 0: treat p = 1 apart.""",
            ("        if p == 1:\n            return np.zeros((len(x), W.shape[1]))\n", "        q = np.float64(1 - p)\n"),
            ("mask / (1 - p)", "mask / q"), signs="at_one"),
        manner("any_p_is_a_probability",
            "You accept a p outside [0, 1]. Raise a ValueError before anything is drawn.",
            ("if not 0 <= p <= 1:", "if False:"), signs="outside"),
        manner("no_pass_is_an_answer_too",
            "For T = 0 you return NaN, the average of nothing. Raise a ValueError if T is smaller than 1.",
            (" or T < 1", ""), signs="no_pass", base="clinic_all_at_once"),
    ],
}


EQUIVALENT = {
    "mc_predict": {
        "if T < 1: -> pass": "np.stack of nothing is a ValueError as well",
        "if T < 1: -> if T < 0:": "as above",
        "raise ValueError(f'at least one pass is needed, but T = {T}') -> pass": "as above",
    },
    "predictive_stats": {
        "return -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1) -> return -np.sum(p * np.log(np.where(p > 0, p, 3.0)), axis=-1)": (
            "0 times the logarithm of any positive number is 0"
        ),
    },
    GAUSSIAN: {
        "factor = 1 + np.sqrt(p / (1 - p)) * rng.standard_normal(x.shape) -> "
        "factor = 1 - np.sqrt(p / (1 - p)) * rng.standard_normal(x.shape)": "a normal number and its negative have the same distribution",
        "kept = rng.random(x.shape) >= p -> kept = rng.random(x.shape) > p": "a draw is p itself with probability 2^-53",
        "return (x, 1.0) -> return (x, 3.0)": "the cache is not looked at",
        "return (np.zeros_like(x), 0.0) -> return (np.zeros_like(x), 1.0)": "the cache is not looked at",
        "return (out.astype(x.dtype), (a * kept).astype(x.dtype)) -> return (out.astype(x.dtype), (a / kept).astype(x.dtype))": (
            "the cache is not looked at"
        ),
    },
    "fixed_mc_dropout": {"mask = rng.random(x.shape) >= p -> mask = rng.random(x.shape) > p": "a draw is p itself with probability 2^-53"},
}

# ================================================================================================ right, and looks different
LOWEST = -1.7580993408473766


def _constants(p):
    a = ((1 - p) * (1 + p * LOWEST**2)) ** -0.5 if p < 1 else 0.0
    return a, -a * p * LOWEST


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


def _softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _allowed(p, T):
    if not 0 <= p <= 1 or T < 1:
        raise ValueError("p or T")


def _inverse(p):
    return 1 / (1 - p) if p < 1 else 0.0


@variant("mc_predict")
def predict_pass_by_pass(forward, x, T, rng):
    if T <= 0:
        raise ValueError("no passes")
    probs = []
    for _ in range(T):
        z = np.asarray(forward(x, rng=rng))
        z = z - np.max(z, axis=-1)[:, np.newaxis]
        probs.append(np.exp(z) / np.sum(np.exp(z), axis=1)[:, None])
    return np.array(probs)


@variant("mc_predict")
def predict_with_logarithms(forward, x, T, rng):
    z = np.stack([forward(x, rng) for t in range(T)])  # np.stack of nothing is a ValueError
    return np.exp(z - np.logaddexp.reduce(z, axis=2, keepdims=True))


@variant("mc_predict")
def predict_with_children(forward, x, T, rng):
    if T < 1:
        raise ValueError("T")
    z = [forward(x, child) for child in rng.spawn(T)]
    e = [np.exp(one - one.max(axis=1, keepdims=True)) for one in z]
    return [(one / one.sum(axis=1, keepdims=True)).tolist() for one in e]


@variant("mc_predict")
def predict_all_at_once(forward, x, T, rng):
    if T < 1:
        raise ValueError("T")
    z = forward(np.tile(x, (T, 1)), rng)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).reshape(T, len(x), -1)


@variant("mc_predict")
def predict_into_an_array(forward, x, T, rng):
    assert isinstance(T, int)
    if not T >= 1:
        raise ValueError(f"T = {T}")
    first = forward(x, rng)
    z = np.empty((T, *first.shape))
    z[0] = first
    for t in range(1, T):
        z[t] = forward(x, rng)
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z


@variant("predictive_stats")
def stats_where(probs):
    mean = np.average(probs, axis=0)
    terms = np.zeros_like(probs)
    np.log(probs, out=terms, where=probs > 0)
    logs = np.zeros_like(mean)
    np.log(mean, out=logs, where=mean > 0)
    entropy = -np.einsum("nk,nk->n", mean, logs)
    return mean, entropy, entropy + (probs * terms).sum(axis=(0, 2)) / len(probs)


@variant("predictive_stats")
def stats_small_number(probs):
    mean = probs.mean(0)
    entropy = -(mean * np.log(mean + 1e-12)).sum(1)
    own = -(probs * np.log(probs + 1e-12)).sum(2)
    return mean, entropy, entropy - own.mean(0)


@variant("predictive_stats")
def stats_clipped(probs):
    mean = sum(probs) / len(probs)
    entropy = -np.sum(mean * np.log(np.clip(mean, 1e-10, 1)), axis=1)
    own = np.mean([-np.sum(one * np.log(np.clip(one, 1e-10, 1)), axis=1) for one in probs], axis=0)
    return mean, entropy, np.maximum(entropy - own, 0.0)


@variant("predictive_stats")
def stats_divergence(probs):
    mean = probs.mean(axis=0)
    safe = np.where(mean > 0, mean, 1.0)
    entropy = -(mean * np.log(safe)).sum(axis=1)
    information = (probs * (np.log(np.where(probs > 0, probs, 1.0)) - np.log(safe))).sum(axis=2).mean(axis=0)
    return mean, entropy, information


@variant("predictive_stats")
def stats_number_by_number(probs):
    T, N, K = probs.shape

    def entropy_of(row):
        return -sum(p * math.log(p) for p in row if p > 0)

    mean = [[sum(probs[t, n, k] for t in range(T)) / T for k in range(K)] for n in range(N)]
    entropy = [entropy_of(row) for row in mean]
    return mean, entropy, [entropy[n] - sum(entropy_of(probs[t, n]) for t in range(T)) / T for n in range(N)]


@variant("gaussian_dropout_forward")
def gaussian_normal(x, p, rng, train=True):
    if p < 0 or p >= 1:
        raise ValueError("p")
    if not train:
        return x.copy(), None
    return (x * rng.normal(1.0, (p / (1 - p)) ** 0.5, size=x.shape)).astype(x.dtype), "cache"


@variant("gaussian_dropout_forward")
def gaussian_around_x(x, p, rng, train=True):
    if not 0 <= p < 1:
        raise ValueError("p")
    if train:
        return rng.normal(x, np.abs(x) * np.sqrt(p / (1 - p))).astype(x.dtype), None
    return x, None


@variant("gaussian_dropout_forward")
def gaussian_minus(x, p, rng, train=True):
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train or p == 0:
        return x, None
    z = rng.standard_normal(x.shape, dtype=np.float32 if x.dtype == np.float32 else np.float64)
    return x - x * z * x.dtype.type(math.sqrt(p / (1 - p))), z


@variant("gaussian_dropout_forward")
def gaussian_box_muller(x, p, rng, train=True):
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    radius = np.sqrt(-2 * np.log(1 - rng.random(x.shape)))
    z = radius * np.cos(2 * np.pi * rng.random(x.shape))
    return (x * (1 + np.sqrt(p / (1 - p)) * z)).astype(x.dtype), z


@variant("gaussian_dropout_forward")
def gaussian_multivariate(x, p, rng, train=True):
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, ()
    factor = np.empty(x.shape, dtype=x.dtype)
    for place in range(len(x)):
        factor[place] = 1 + np.sqrt(p / (1 - p)) * rng.standard_normal(x.shape[1:])
    return np.multiply(x, factor), factor


@variant("gaussian_dropout_forward")
class AlphaMultiplied:
    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x.copy(), None
        if p == 1:
            return x * 0, None
        scale, alpha = 1.0507009873554805, 1.6732632423543772
        low, q = -scale * alpha, 1 - p
        mask = rng.binomial(1, q, size=x.shape)
        a = (q + low**2 * q * p) ** (-0.5)
        b = -a * ((1 - q) * low)
        return (a * (mask * x + (1 - mask) * low) + b).astype(x.dtype), mask


@variant("gaussian_dropout_forward")
class AlphaAssigned:
    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p in (0, 1):
            return (x if p == 0 else np.zeros_like(x)), None
        a, b = _constants(p)
        out = x * x.dtype.type(a) + x.dtype.type(b)
        out[rng.uniform(size=x.shape) < p] = a * LOWEST + b
        return out, None


@variant("gaussian_dropout_forward")
class AlphaCentred:
    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros(x.shape, x.dtype), None
        kept = rng.random(x.shape) < 1 - p
        mixed = x + (LOWEST - x) * ~kept
        return ((mixed - p * LOWEST) / math.sqrt((1 - p) * (1 + p * LOWEST**2))).astype(x.dtype), kept


@variant("gaussian_dropout_forward")
class AlphaRoundedConstant:
    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        low = -1.758099341
        a = 1 / math.sqrt((1 - p) * (1 + p * low * low))
        kept = rng.integers(0, 2**53, size=x.shape) >= p * 2**53
        return np.where(kept, a * (x - p * low), a * low * (1 - p)).astype(x.dtype), kept


@variant("fixed_mc_dropout")
def clinic_all_at_once(x, W, p, T, rng):
    _allowed(p, T)
    masks = rng.random((T, *x.shape)) >= p
    probs = _softmax(x * masks * _inverse(p) @ W)
    return probs.mean(axis=0), probs.std(axis=0)


@variant("fixed_mc_dropout")
def clinic_running_sums(x, W, p, T, rng):
    _allowed(p, T)
    total = np.zeros((len(x), W.shape[1]))
    squares = np.zeros_like(total)
    for _ in range(T):
        probs = _softmax((x * rng.binomial(1, 1 - p, x.shape)) @ W * _inverse(p))
        total += probs
        squares += probs**2
    mean = total / T
    return mean, np.sqrt(np.maximum(squares / T - mean**2, 0.0))


@variant("fixed_mc_dropout")
def clinic_scaled_weights(x, W, p, T, rng):
    _allowed(p, T)
    heavy = W / (1 - p) if p < 1 else 0 * W
    passes = [_softmax(np.where(rng.random(x.shape) < p, 0.0, x) @ heavy) for t in range(T)]
    mean = sum(passes) / T
    return mean, np.sqrt(sum((one - mean) ** 2 for one in passes) / T)


@variant("fixed_mc_dropout")
def clinic_example_by_example(x, W, p, T, rng):
    _allowed(p, T)
    probs = np.empty((T, len(x), W.shape[1]))
    for n in range(len(x)):
        for t in range(T):
            kept = rng.random(x.shape[1]) >= p
            probs[t, n] = _softmax(x[n, kept] @ W[kept] * _inverse(p))
    return probs.mean(axis=0), probs.std(axis=0)

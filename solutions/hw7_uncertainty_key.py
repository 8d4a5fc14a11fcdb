"""SECRET. The key of assignment 7: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import math

import numpy as np

from autograder import checks as c
from autograder import misconception, variant
from autograder.checks.lenses import asking
from autograder.checks.noise import Positive
from autograder.checks.uncertainty import NOISY, STEEP
from autograder.model import Seed

SALT = "curlew-5527"
ALPHA = -1.7580993408473766

KEPT = {"via": Positive()}
STATS = {"names": ("mean", "entropy", "mutual_information")}
PROBABILITIES = "gives_probabilities_for_each_pass"
SOFTMAX = "is_the_softmax_of_each_pass"
MEAN = "is_right(case=three passes and two examples, name=mean, tolerance=1e-06)"
NOISE = "multiplies_by_noise of Gaussian dropout"
BRANCHES = "sets_some_and_keeps_some of alpha dropout"
UNITS = "drops_inputs_of_the_layer"
OVER_PASSES = "gives_over_the_passes(p=0.3, name=mean)"

CLIFF = [[0.0, 3.0, 5.0, 5.0], [-7.0, -9.0, -9.0, -9.0], [9.0, -9.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]]
LEDGES = [[0.0, 0.0, 0.5, 0.5], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]
BROAD = c.dirichlets(20, 30, 10, alpha=0.5, seed=71)  # 20 passes, 30 examples, 10 classes
SPARSE = c.dirichlets(9, 40, 5, alpha=0.02, seed=72)  # many probabilities of 0, or next to it
ONCE = c.dirichlets(1, 12, 4, alpha=1.0, seed=73)
WIDE = ([[1.0, -0.5, 0.7], [0.3, 2.0, 0.0]], [[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]])

# One exercise, two functions: each is half of its weight
GAUSSIAN = [
    c.follows_the_normal_law(p=0.62, weight=34, needs=NOISE),
    c.follows_the_normal_law(p=0.05, weight=12, needs=NOISE),
    c.draws_a_factor_for_each_unit(p=0.62, weight=8, needs=NOISE),
    c.is_identity_at_test_time(p=0.62, shape=(6, 5, 4, 7), weight=20, needs=NOISE),
    c.keeps_its_input(p=0.62, shape=(3, 4, 5), needs=NOISE),
    c.refuses(p=1.5, needs=NOISE),
]

LOWERED = [
    c.sets_dropped_units_to(p=0.62, wanted=-0.6346206188397101, weight=16, needs=BRANCHES),
    c.keeps_units_on_the_line(p=0.62, wanted=(0.9499203038774588, 1.03543364126479), weight=28, needs=BRANCHES),
    c.sets_dropped_units_to(p=0.1, wanted=-1.457738730518132, shape=(6, 5, 4, 7), weight=12, needs=BRANCHES),
    c.drops_the_right_share(p=0.62, calls=2, **KEPT, weight=20, needs=BRANCHES),
    c.drops_the_right_share(p=0.005, **KEPT, weight=2, needs=BRANCHES),
    c.keeps_a_varying_number(p=0.62, **KEPT, weight=20, needs=BRANCHES),
    c.is_identity_at_test_time(p=0.62, shape=(6, 5, 4, 7), weight=22, needs=BRANCHES),
]

HIDDEN = {
    "mc_predict": [
        c.gives_probabilities_for_each_pass(passes=1, examples=4, needs=SOFTMAX),
        c.is_the_softmax_of_each_pass(passes=40, examples=3, weight=2, needs=SOFTMAX),
        c.draws_anew_in_each_pass(passes=40, examples=2, weight=2, needs=SOFTMAX),
        c.is_right(
            case="four classes and scores of thousands",
            given=(STEEP, CLIFF, 3, Seed(2)),
            wanted=[LEDGES] * 3,
            names=("probs",),
            tolerance=1e-6,
            weight=2,
            needs=PROBABILITIES,
        ),
        c.raises_value_error(case="T = -1", given=(NOISY, CLIFF, -1, Seed(1)), needs=SOFTMAX),
    ],
    "predictive_stats": [
        c.is_right_like_the_solution(case="many passes", given=(BROAD,), **STATS, name="mean", tolerance=1e-6, weight=2, needs=MEAN),
        c.is_right_like_the_solution(case="many passes", given=(BROAD,), **STATS, name="entropy", tolerance=1e-6, weight=3, needs=MEAN),
        c.is_right_like_the_solution(
            case="many passes", given=(BROAD,), **STATS, name="mutual_information", tolerance=1e-6, weight=3, needs=MEAN
        ),
        c.is_right_like_the_solution(case="sure passes", given=(SPARSE,), **STATS, name="entropy", tolerance=1e-6, needs=MEAN),
        c.is_right_like_the_solution(case="sure passes", given=(SPARSE,), **STATS, name="mutual_information", tolerance=1e-6, needs=MEAN),
        c.is_right_like_the_solution(case="a single pass", given=(ONCE,), **STATS, name="mutual_information", tolerance=1e-6, needs=MEAN),
    ],
    "gaussian_dropout_forward": [
        *(asking("gaussian_dropout_forward", check, "Gaussian dropout") for check in GAUSSIAN),
        *(asking("alpha_dropout_forward", check, "alpha dropout") for check in LOWERED),
    ],
    "fixed_mc_dropout": [
        c.drops_inputs_of_the_layer(p=0.62, units=6, needs=UNITS),
        c.drops_for_each_example(p=0.62, examples=2000, units=5, weight=2, needs=UNITS),
        c.gives_over_the_passes(p=0.62, name="mean", passes=3, needs=OVER_PASSES),
        c.gives_over_the_passes(p=0.62, name="std", passes=3, weight=2, needs="gives_over_the_passes(p=0.3, name=std)"),
        c.drops_for_each_pass(p=0.62, passes=11, examples=400, weight=2, needs=OVER_PASSES),
        c.is_right(
            case="p = 0, when all passes are alike",
            given=(*WIDE, 0.0, 5, Seed(1)),
            wanted=[[0.0, 0.0], [0.0, 0.0]],
            names=("mean", "std"),
            name="std",
            tolerance=1e-6,
            needs=UNITS,
        ),
        c.raises_value_error(case="p = -0.1", given=(*WIDE, -0.1, 3, Seed(1)), needs=UNITS),
    ],
    "quiz": [
        c.answers_rightly(key="entropy", needs="is_filled_in(key=entropy)"),
        c.answers_rightly(key="information", needs="is_filled_in(key=information)"),
        c.answers_rightly(key="passes", needs="is_filled_in(key=passes)"),
        c.answers_rightly(key="strong_noise", needs="is_filled_in(key=strong_noise)"),
        c.answers_rightly(key="doubtful", choices="abcd", needs="is_filled_in(key=doubtful, choices=abcd)"),
        c.answers_rightly(key="train_mode", choices="abcd", needs="is_filled_in(key=train_mode, choices=abcd)"),
    ],
}


# ============================================================================================================ wrong: mc_predict
@misconception("mc_predict", signs="passes_are", name="scores_are_probabilities")
def predict_scores(forward, x, T, rng):
    """You return the scores of the passes. Scores can be negative and sum to anything; turn each row of them into probabilities with a
    softmax."""
    if T < 1:
        raise ValueError("T")
    return np.stack([forward(x, rng) for t in range(T)])


@misconception("mc_predict", signs="passes_are", name="the_average_is_all_that_matters")
def predict_average(forward, x, T, rng):
    """You average over the passes. Here all T of them are wanted, shape (T, N, K): how far they differ is what the next exercise looks
    at."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    e = np.exp(z - z.max(axis=2, keepdims=True))
    return (e / e.sum(axis=2, keepdims=True)).mean(axis=0)


@misconception("mc_predict", signs="passes_are", name="examples_compete_for_a_class")
def predict_over_examples(forward, x, T, rng):
    """Your probabilities sum to 1 over the EXAMPLES. Each example distributes its own probability over the classes: normalise along the
    last axis."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@misconception("mc_predict", signs="passes_are", name="passes_compete_for_a_class")
def predict_over_passes(forward, x, T, rng):
    """Your probabilities sum to 1 over the PASSES. Each pass is an answer of its own: normalise over the classes, the last axis."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


@misconception("mc_predict", signs="passes_are", name="one_softmax_for_the_whole_pass")
def predict_over_pass(forward, x, T, rng):
    """You divide by the sum over all examples and classes of a pass. Every row needs a sum of its own: sum over the last axis only, with
    keepdims=True."""
    if T < 1:
        raise ValueError("T")
    e = [np.exp(z - z.max()) for z in (forward(x, rng) for t in range(T))]
    return np.stack([one / one.sum() for one in e])


@misconception("mc_predict", signs="passes_are passes_differ passes_from", name="a_pass_casts_a_vote")
def predict_votes(forward, x, T, rng):
    """Your passes cast votes: 1 for the class with the largest score, 0 for the others. Each pass should say how probable it finds every
    class."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    return np.eye(z.shape[2])[z.argmax(axis=2)]


@misconception("mc_predict", signs="passes_are", name="each_class_is_decided_by_itself")
def predict_sigmoid(forward, x, T, rng):
    """You use a sigmoid for each class. The classes exclude each other, so their probabilities must share a total of 1: use a softmax."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    return 0.5 * (1 + np.tanh(z / 2))


@misconception("mc_predict", signs="passes_are", name="the_passes_are_the_middle_axis")
def predict_examples_first(forward, x, T, rng):
    """Your array is (N, T, K): examples first, then the passes of each. Asked for is (T, N, K), pass after pass, so that probs[t] is what
    one pass said: stack along the first axis."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)], axis=1)
    e = np.exp(z - z.max(axis=2, keepdims=True))
    return e / e.sum(axis=2, keepdims=True)


@misconception("mc_predict", signs="passes_are", name="log_probabilities_will_do")
def predict_logarithms(forward, x, T, rng):
    """You return the LOGARITHMS of the probabilities. They are handy for losses, but here the probabilities themselves are wanted."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    z = z - z.max(axis=2, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=2, keepdims=True))


@misconception("mc_predict", signs="passes_are", name="exp_is_already_a_softmax")
def predict_powers(forward, x, T, rng):
    """You take exp of the scores but never divide by its sum. Divide each row by the sum over its classes, so that it sums to 1."""
    if T < 1:
        raise ValueError("T")
    return np.exp(np.stack([forward(x, rng) for t in range(T)]))


@misconception("mc_predict", signs="passes_differ", name="one_pass_can_be_repeated")
def predict_repeated(forward, x, T, rng):
    """All your passes are alike. Call forward T times, each time with rng itself (not with a copy, which would draw the same again),
    and return what each pass says, not one result T times."""
    if T < 1:
        raise ValueError("T")
    z = forward(x, rng)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.repeat((e / e.sum(axis=1, keepdims=True))[None], T, axis=0)


@misconception("mc_predict", signs="passes_differ passes_from", name="each_pass_starts_from_the_same_seed")
def predict_reseeded(forward, x, T, rng):
    """All your passes are alike, whatever rng: each starts from the same fixed seed. Hand rng itself to forward, and it moves on by itself
    from pass to pass."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, np.random.default_rng(0)) for t in range(T)])
    e = np.exp(z - z.max(axis=2, keepdims=True))
    return e / e.sum(axis=2, keepdims=True)


@misconception("mc_predict", signs="passes_from", name="the_pass_number_makes_a_good_seed")
def predict_numbered(forward, x, T, rng):
    """Your passes do not depend on rng: each is given a generator made from its number. Nobody can then draw other passes. Hand rng itself
    to forward."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, np.random.default_rng(t)) for t in range(T)])
    e = np.exp(z - z.max(axis=2, keepdims=True))
    return e / e.sum(axis=2, keepdims=True)


@misconception("mc_predict", signs="passes_from", name="the_function_may_make_its_own_generator")
def predict_own(forward, x, T, rng):
    """You make a generator of your own, so the seed of rng has no effect and nobody can repeat your result. Hand rng on to forward."""
    if T < 1:
        raise ValueError("T")
    own = np.random.default_rng()
    z = np.stack([forward(x, own) for t in range(T)])
    e = np.exp(z - z.max(axis=2, keepdims=True))
    return e / e.sum(axis=2, keepdims=True)


@misconception("mc_predict", signs="huge_scores far_below", name="exp_can_take_anything")
def predict_overflow(forward, x, T, rng):
    """Your softmax overflows: exp(1000) is infinite for a computer, and infinity divided by infinity is NaN. Subtract the largest score of
    each row first; the softmax stays the same."""
    if T < 1:
        raise ValueError("T")
    with np.errstate(all="ignore"):
        e = np.exp(np.stack([forward(x, rng) for t in range(T)]))
        return e / e.sum(axis=2, keepdims=True)


@misconception("mc_predict", signs="far_below", name="one_maximum_serves_all_rows")
def predict_one_maximum(forward, x, T, rng):
    """You subtract the largest score of the whole array. In a row that lies far below it every exp becomes 0, and 0 / 0 is NaN. Subtract
    the largest score of each ROW."""
    if T < 1:
        raise ValueError("T")
    z = np.stack([forward(x, rng) for t in range(T)])
    with np.errstate(all="ignore"):
        e = np.exp(z - z.max())
        return e / e.sum(axis=2, keepdims=True)


@misconception("mc_predict", signs="no_pass", name="assert_is_as_good_as_raise")
def predict_asserts(forward, x, T, rng):
    """You guard T with assert, which raises AssertionError, and which `python -O` leaves out. Asked for is a ValueError: if T is smaller
    than 1, raise ValueError with a word about what was wrong."""
    assert T >= 1
    probs = []
    for _ in range(T):
        z = forward(x, rng)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        probs.append(e / e.sum(axis=1, keepdims=True))
    return np.array(probs)


@misconception("mc_predict", signs="no_pass", name="no_pass_is_an_answer_too")
def predict_nothing(forward, x, T, rng):
    """For T = 0 you return an empty array. Its average would be a NaN, far from here and hard to find: raise a ValueError if T is smaller
    than 1."""
    probs = []
    for _ in range(T):
        z = forward(x, rng)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        probs.append(e / e.sum(axis=1, keepdims=True))
    return np.array(probs)


# ======================================================================================================= wrong: predictive_stats
def _entropy(p, axis=-1):
    return -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=axis)


@misconception("predictive_stats", signs="entropy", name="entropy_is_measured_in_bits")
def stats_bits(probs):
    """Your entropy is in bits (log2). In this course it is in nats: use the natural logarithm, np.log."""
    mean = probs.mean(axis=0)
    total, own = _entropy(mean) / np.log(2), _entropy(probs).mean(axis=0) / np.log(2)
    return mean, total, total - own


@misconception("predictive_stats", signs="entropy", name="the_average_entropy_is_the_entropy_of_the_average")
def stats_expected_entropy(probs):
    """Your entropy is the average of the passes' own entropies. The predictive entropy is the entropy of the AVERAGE: passes that are
    certain of different classes make the committee unsure. Average first."""
    mean = probs.mean(axis=0)
    own = _entropy(probs).mean(axis=0)
    return mean, own, _entropy(mean) - own


@misconception("predictive_stats", signs="information", name="the_difference_goes_the_other_way")
def stats_negative_information(probs):
    """Your mutual information is negative. It is the entropy of the average MINUS the average of the entropies, and never below 0."""
    mean = probs.mean(axis=0)
    total, own = _entropy(mean), _entropy(probs).mean(axis=0)
    return mean, total, own - total


@misconception("predictive_stats", signs="information", name="what_passes_hesitate_is_what_they_disagree")
def stats_information_is_own(probs):
    """What you return as mutual information is the average entropy of the passes: how much each hesitates by itself. Subtract it from the
    entropy of the average, and their disagreement is left."""
    mean = probs.mean(axis=0)
    return mean, _entropy(mean), _entropy(probs).mean(axis=0)


@misconception("predictive_stats", signs="information", name="the_variance_is_the_information")
def stats_variance(probs):
    """Your third result is the variance of the probabilities. It is another measure of disagreement; the mutual information is the entropy
    of the average minus the average entropy."""
    mean = probs.mean(axis=0)
    return mean, _entropy(mean), probs.var(axis=0).sum(axis=-1)


@misconception("predictive_stats", signs="entropy information", name="entropy_has_no_minus_sign")
def stats_no_minus(probs):
    """Your entropies are negative: logarithms of probabilities are below 0, and the minus in front of the sum turns them round."""
    mean = probs.mean(axis=0)
    return mean, -_entropy(mean), _entropy(probs).mean(axis=0) - _entropy(mean)


@misconception("predictive_stats", signs="at_zero", name="zero_times_log_zero_takes_care_of_itself")
def stats_nan(probs):
    """Where a probability is exactly 0 your entropy is NaN: log(0) is minus infinity, and 0 times that is NaN. Such a class should
    contribute 0; let the logarithm see something harmless there."""
    mean = probs.mean(axis=0)
    with np.errstate(all="ignore"):
        total, own = -(mean * np.log(mean)).sum(axis=-1), -(probs * np.log(probs)).sum(axis=-1).mean(axis=0)
    return mean, total, total - own


@misconception("predictive_stats", signs="entropy", name="entropy_lies_between_0_and_1")
def stats_normalised(probs):
    """You divide the entropy by log(K), so that it lies between 0 and 1. That is sometimes useful, but here it is wanted in nats,
    undivided."""
    mean = probs.mean(axis=0)
    total, own = _entropy(mean) / np.log(probs.shape[2]), _entropy(probs).mean(axis=0) / np.log(probs.shape[2])
    return mean, total, total - own


@misconception("predictive_stats", signs="mean", name="logarithms_are_averaged")
def stats_geometric(probs):
    """Your mean is the GEOMETRIC one, the softmax of the average log-probability. MC dropout averages the probabilities themselves. (With a
    0 in one pass the geometric mean is 0, whatever the others say.)"""
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(np.maximum(probs, 1e-300)).mean(axis=0))
    mean = mean / mean.sum(axis=-1, keepdims=True)
    total = _entropy(mean)
    return mean, total, total - _entropy(probs).mean(axis=0)


@misconception("predictive_stats", signs="entropy", name="the_entropy_is_an_average_over_classes")
def stats_mean_over_classes(probs):
    """You take the MEAN over the classes of -p log p. An entropy is the sum over the classes."""
    mean = probs.mean(axis=0)
    total, own = _entropy(mean) / probs.shape[2], _entropy(probs).mean(axis=0) / probs.shape[2]
    return mean, total, total - own


@misconception("predictive_stats", signs="mean", name="the_passes_are_added")
def stats_sum(probs):
    """You add the passes up without dividing by T, so your probabilities sum to T."""
    mean = probs.sum(axis=0)
    total = _entropy(mean)
    return mean, total, total - _entropy(probs).mean(axis=0)


@misconception("predictive_stats", signs="second_entropy =result", name="one_number_for_all_examples")
def stats_one_number(probs):
    """You add or average over the examples as well. Every example has an entropy and a mutual information of its own: arrays of shape
    (N,)."""
    mean = probs.mean(axis=0)
    total = _entropy(mean).mean()
    return mean, total, total - _entropy(probs).mean()


@misconception("predictive_stats", signs="entropy information", name="information_comes_before_entropy")
def stats_exchanged(probs):
    """Your second and third result have changed places: first the entropy of the average, then the mutual information."""
    mean = probs.mean(axis=0)
    total, own = _entropy(mean), _entropy(probs).mean(axis=0)
    return mean, total - own, total


# =============================================================================================== wrong: gaussian_dropout_forward
def _gaussian(x, spread, rng, mean=1.0):
    factor = (mean + spread * rng.standard_normal(x.shape)).astype(x.dtype)
    return x * factor, factor


@misconception("gaussian_dropout_forward", signs="gaussian_noise_spread", name="the_variance_is_the_standard_deviation")
def gaussian_variance(x, p, rng, train=True):
    """Your noise has the STANDARD DEVIATION p / (1 - p). That should be its variance: take the root before you hand it to the generator."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, p / (1 - p), rng) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_spread", name="the_noise_is_that_of_vanilla_dropout")
def gaussian_vanilla(x, p, rng, train=True):
    """Your noise has the variance p (1 - p), that of a mask of 0 and 1. Inverted dropout divides by 1 - p, and its variance is p / (1 -
    p)."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p * (1 - p)), rng) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_spread", name="p_is_the_standard_deviation")
def gaussian_p(x, p, rng, train=True):
    """Your noise has the standard deviation p. The noise of dropout with probability p has the variance p / (1 - p)."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, p, rng) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_spread", name="p_is_the_variance")
def gaussian_sqrt_p(x, p, rng, train=True):
    """Your noise has the variance p. The noise of dropout with probability p has the variance p / (1 - p), which grows beyond all bounds as
    p comes near 1."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p), rng) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_spread", name="p_is_the_keep_probability")
def gaussian_keep(x, p, rng, train=True):
    """Your noise has the variance (1 - p) / p: you read p as the probability of KEEPING, as Srivastava et al. write it. Here p drops, and
    the variance is p / (1 - p)."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt((1 - p) / p) if p else 0.0, rng) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise", name="noise_is_added")
def gaussian_additive(x, p, rng, train=True):
    """You ADD noise to x. Dropout multiplies: a unit that is 0 stays 0, and a large one is disturbed more than a small one."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    return (x + np.sqrt(p / (1 - p)) * rng.standard_normal(x.shape)).astype(x.dtype), None


@misconception("gaussian_dropout_forward", signs="gaussian_noise_mean", name="noise_has_mean_zero")
def gaussian_centred(x, p, rng, train=True):
    """Your factors have the mean 0, so on average nothing of x is left. Their mean must be 1: then test time can return x as it is."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), rng, mean=0.0) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_mean", name="the_mean_is_the_keep_probability")
def gaussian_mean_q(x, p, rng, train=True):
    """Your factors have the mean 1 - p, like the mask of vanilla dropout. Here their mean is 1, and test time needs no factor."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), rng, mean=1 - p) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise", name="this_is_dropout_with_zeros")
def gaussian_bernoulli(x, p, rng, train=True):
    """This is inverted dropout itself: factors 0 and 1 / (1 - p). Here each factor is drawn from a NORMAL distribution with the same mean
    and variance."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    factor = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)
    return x * factor, factor


@misconception("gaussian_dropout_forward", signs="gaussian_noise_shape", name="any_noise_of_that_variance_will_do")
def gaussian_uniform(x, p, rng, train=True):
    """Your factors have the right mean and variance, but they are drawn from a uniform distribution. Draw normal ones: rng.normal or
    rng.standard_normal."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    factor = (1 + np.sqrt(3 * p / (1 - p)) * rng.uniform(-1, 1, x.shape)).astype(x.dtype)
    return x * factor, factor


@misconception("gaussian_dropout_forward", signs="gaussian_noise_of", name="one_noise_serves_the_whole_batch")
def gaussian_per_feature(x, p, rng, train=True):
    """In your Gaussian dropout all examples of a batch get the same noise. Draw a factor for every unit of every example: noise of the full
    shape of x."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    factor = (1 + np.sqrt(p / (1 - p)) * rng.standard_normal((1, *x.shape[1:]))).astype(x.dtype)
    return x * factor, factor


@misconception("gaussian_dropout_forward", signs="gaussian_noise_of", name="one_number_disturbs_everything")
def gaussian_one_number(x, p, rng, train=True):
    """You draw a single number and multiply everything by it. Draw a factor for every unit: noise of the shape of x."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    factor = float(rng.normal(1, np.sqrt(p / (1 - p))))
    return x * factor, factor


@misconception("gaussian_dropout_forward", signs="gaussian_at_rest", name="noise_stays_on_at_test_time")
def gaussian_always(x, p, rng, train=True):
    """Your Gaussian dropout makes noise at test time as well. With train=False return x unchanged and draw nothing; who wants noise at test
    time (as in MC dropout) calls it with train=True."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), rng or np.random.default_rng())


@misconception("gaussian_dropout_forward", signs="gaussian_next_noise", name="a_fixed_seed_belongs_in_the_function")
def gaussian_frozen(x, p, rng, train=True):
    """Every call of gaussian_dropout_forward makes the same noise, because it sets a fixed seed. Draw from the rng that is handed in."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), np.random.default_rng(0)) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_from", name="np_random_is_just_as_good")
def gaussian_global(x, p, rng, train=True):
    """Your Gaussian noise comes from np.random, the global generator. Then the same rng gives other noise each time and nobody can repeat
    your result. Draw from the rng that is handed in."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), np.random.mtrand._rand) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_input_after", name="the_input_may_be_overwritten")
def gaussian_in_place(x, p, rng, train=True):
    """Your gaussian_dropout_forward changes x itself (*= works in place). Others may still need it: write x * noise into a new array."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if train:
        x *= (1 + np.sqrt(p / (1 - p)) * rng.standard_normal(x.shape)).astype(x.dtype)
    return x, None


@misconception("gaussian_dropout_forward", signs="gaussian_float32_gives", name="the_noise_decides_about_the_dtype")
def gaussian_float64(x, p, rng, train=True):
    """In Gaussian dropout float32 becomes float64: the generator draws float64, and NumPy widens the product. Turn the noise into x.dtype
    first."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return (x * (1 + np.sqrt(p / (1 - p)) * rng.standard_normal(x.shape)), None) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_float32_gives", name="float32_is_good_enough_for_all")
def gaussian_float32(x, p, rng, train=True):
    """In Gaussian dropout float64 becomes float32. Most networks do live in float32, but which it is the caller decides."""
    if not 0 <= p < 1:
        raise ValueError("p")
    x = x.astype(np.float32)
    return _gaussian(x, np.sqrt(p / (1 - p)), rng) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_from", name="the_noise_may_have_its_own_generator")
def gaussian_own(x, p, rng, train=True):
    """Your Gaussian noise comes from a generator that your function makes for itself, so the seed of rng has no effect and nobody can
    repeat your result. Draw from the rng that is handed in."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), np.random.default_rng()) if train else (x, None)


@misconception("gaussian_dropout_forward", signs="gaussian_at_rest", name="test_time_needs_a_factor")
def gaussian_scaled_test(x, p, rng, train=True):
    """At test time you multiply x by a factor. The mean of your factors is 1 in training, so x is returned as it is."""
    if not 0 <= p < 1:
        raise ValueError("p")
    return _gaussian(x, np.sqrt(p / (1 - p)), rng) if train else (x * x.dtype.type(1 - p), None)


@misconception("gaussian_dropout_forward", signs="gaussian_noise_of", name="each_example_has_one_factor")
def gaussian_per_example(x, p, rng, train=True):
    """In your Gaussian dropout all units of an example get the same factor. Draw one for every unit: noise of the full shape of x."""
    if not 0 <= p < 1:
        raise ValueError("p")
    if not train:
        return x, None
    factor = 1 + np.sqrt(p / (1 - p)) * rng.standard_normal((len(x),) + (1,) * (x.ndim - 1))
    return (x * factor).astype(x.dtype), factor


# ================================================================================================== wrong: alpha_dropout_forward
def _constants(p):
    a = ((1 - p) * (1 + p * ALPHA**2)) ** -0.5 if p < 1 else 0.0
    return a, -a * p * ALPHA


def _alpha(x, p, rng, a, b, floor=ALPHA):
    kept = rng.random(x.shape) >= p
    return (a * np.where(kept, x, floor) + b).astype(x.dtype), kept


def _legal(p):
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to alpha_slope alpha_shift", name="dropped_units_are_set_to_zero")
class AlphaOrdinary:
    """This is ordinary inverted dropout: dropped units become 0 and the others are divided by 1 - p. Alpha dropout sets them to alpha', and
    then multiplies EVERYTHING by a and adds b."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        return _alpha(x, p, rng, 1 / (1 - p), 0.0, 0.0)


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to alpha_slope alpha_shift", name="the_low_value_is_all")
class AlphaWithoutRepair:
    """You set dropped units to alpha' and leave it at that. Mean and variance are no longer 0 and 1 then: multiply everything by a and add
    b."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        return _alpha(x, p, rng, 1.0, 0.0) if p < 1 else (np.zeros_like(x), None)


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to", name="only_kept_units_are_repaired")
class AlphaKeptOnly:
    """Kept units are right, but dropped ones stay at alpha'. a and b belong to both: a dropped unit becomes a alpha' + b."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return np.where(kept, a * x + b, ALPHA).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_slope", name="survivors_are_divided_by_the_keep_probability_too")
class AlphaInvertedToo:
    """You divide the survivors by 1 - p as well. In alpha dropout a and b restore mean and variance; the inverted trick has no place
    besides."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return np.where(kept, a * x / (1 - p) + b, a * ALPHA + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_slope", name="a_needs_no_root")
class AlphaNoRoot:
    """Your a is the square of the right one: the root is missing. A factor comes out of a variance squared, so a is 1 divided by the ROOT
    of the variance."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a = _constants(p)[0] ** 2
        return _alpha(x, p, rng, a, -a * p * ALPHA)


@misconception("gaussian_dropout_forward", signs="alpha_shift", name="b_has_the_sign_of_alpha")
class AlphaSignOfB:
    """Your b has the wrong sign. Dropping to a negative value lowers the mean by p alpha', and b must raise it again: b = -a p alpha', a
    positive number."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        a, b = _constants(p)
        return _alpha(x, p, rng, a, -b) if p < 1 else (np.zeros_like(x), None)


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to alpha_shift", name="b_can_be_left_out")
class AlphaNoShift:
    """You multiply by a but do not add b. The variance is repaired, the mean is not: add b to everything."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        return _alpha(x, p, rng, _constants(p)[0], 0.0) if p < 1 else (np.zeros_like(x), None)


@misconception("gaussian_dropout_forward", signs="alpha_shift alpha_slope", name="b_is_added_before_the_multiplication")
class AlphaShiftFirst:
    """You add the repair of the mean after multiplying by a, but without a in it: b = -a p alpha', not -p alpha'."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        a, b = _constants(p)
        return _alpha(x, p, rng, a, b / a) if p < 1 else (np.zeros_like(x), None)


@misconception("gaussian_dropout_forward", signs="alpha_drop_share", name="units_stay_with_probability_p")
class AlphaSwappedMask:
    """Your constants are right, but the mask is the wrong way round: units STAY with probability p. They should be dropped with probability
    p."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) < p if p else np.ones(x.shape, dtype=bool)
        return np.where(kept, a * x + b, a * ALPHA + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_at_rest", name="the_repair_belongs_to_test_time_too")
class AlphaRepairsAtTest:
    """At test time your alpha dropout returns a x + b. Nothing was dropped there, so nothing needs repair: return x unchanged."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if p == 1:
            return (np.zeros_like(x) if train else x), None
        a, b = _constants(p)
        return _alpha(x, p, rng, a, b) if train else ((a * x + b).astype(x.dtype), None)


@misconception("gaussian_dropout_forward", signs="alpha_rows", name="one_mask_serves_the_whole_batch")
class AlphaRowMask:
    """In your alpha dropout all examples of a batch lose the same units. Draw a mask of the full shape of x."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = np.broadcast_to(rng.random((1, *x.shape[1:])) >= p, x.shape)
        return np.where(kept, a * x + b, a * ALPHA + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_at_one", name="p_equal_to_one_needs_no_thought")
class AlphaAtOne:
    """At p = 1 your alpha dropout computes 1 / 0, and NaN comes out. All units are dropped there: return zeros before a is computed."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        with np.errstate(all="ignore"):
            a = np.float64((1 - p) * (1 + p * ALPHA**2)) ** -0.5
            return _alpha(x, p, rng, a, -a * p * ALPHA)


@misconception("gaussian_dropout_forward", signs="alpha_next_mask", name="a_fixed_seed_belongs_in_the_mask")
class AlphaFrozen:
    """Every call of alpha_dropout_forward drops the same units, because it sets a fixed seed. Draw from the rng that is handed in."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        a, b = _constants(p)
        return _alpha(x, p, np.random.default_rng(1), a, b) if p < 1 else (np.zeros_like(x), None)


@misconception("gaussian_dropout_forward", signs="alpha_float32_gives", name="the_constants_decide_about_the_dtype")
class AlphaFloat64:
    """float32 becomes float64 in your alpha_dropout_forward. Give the result the dtype of x."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return np.where(kept, a * x.astype(float) + b, a * ALPHA + b), kept


@misconception("gaussian_dropout_forward", signs="alpha_noise_from", name="the_mask_may_have_its_own_generator")
class AlphaOwn:
    """Your alpha dropout draws from a generator that it makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        return _alpha(x, p, np.random.default_rng(), a, b)


@misconception("gaussian_dropout_forward", signs="alpha_noise_from", name="np_random_draws_as_good_a_mask")
class AlphaGlobal:
    """The mask of your alpha dropout comes from np.random, the global generator. Then the same rng gives other masks each time. Draw
    from the rng that is handed in."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        return _alpha(x, p, np.random, a, b)


@misconception("gaussian_dropout_forward", signs="alpha_columns", name="whole_examples_are_dropped")
class AlphaExamples:
    """In your alpha dropout an example loses all of its units or none. Draw a mask of the full shape of x."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return np.where(kept[..., :1], a * x + b, a * ALPHA + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_number_dropped", name="a_share_is_dropped_exactly")
class AlphaExact:
    """Your alpha dropout always drops the same number of units. Each unit throws a coin of its own, so their number varies around its
    average."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = (rng.permutation(x.size) >= round(p * x.size)).reshape(x.shape)
        return np.where(kept, a * x + b, a * ALPHA + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to =alpha_slope =alpha_shift alpha_drop_share", name="zero_is_low_enough")
class AlphaZero:
    """Dropped units become b: you set them to 0, and then multiply by a and add b. Alpha dropout sets them to alpha' first, so they become
    a alpha' + b."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return (a * x * kept + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to =alpha_slope =alpha_shift", name="dropped_units_stay_zero")
class AlphaStaysZero:
    """Kept units are right, but dropped ones are 0. A dropped unit becomes a alpha' + b."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return np.where(kept, a * x + b, 0).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="=alpha_dropped_to alpha_slope alpha_shift", name="only_dropped_units_are_repaired")
class AlphaDroppedOnly:
    """Dropped units are right, but kept ones stay as they are. a and b belong to both: a kept unit becomes a x + b."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        return np.where(kept, x, a * ALPHA + b).astype(x.dtype), kept


@misconception("gaussian_dropout_forward", signs="alpha_dropped_to", name="alpha_prime_is_alpha")
class AlphaSmaller:
    """You use SELU's alpha, 1.6733. The lowest value of a SELU is alpha' = -lambda alpha = -1.7581, with both of its constants."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        low = -1.6732632423543772
        a = ((1 - p) * (1 + p * low**2)) ** -0.5
        return _alpha(x, p, rng, a, -a * p * low, low)


@misconception("gaussian_dropout_forward", signs="alpha_at_rest", name="the_mask_stays_on_at_test_time")
class AlphaAlways:
    """Your alpha dropout drops at test time as well. With train=False return x unchanged and draw nothing."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        return _alpha(x, p, rng, a, b)


@misconception("gaussian_dropout_forward", signs="alpha_input_after", name="alpha_may_overwrite_its_input")
class AlphaInPlace:
    """Your alpha_dropout_forward changes x itself. Others may still need it: write the result into a new array."""

    def alpha_dropout_forward(x, p, rng, train=True):
        _legal(p)
        if not train:
            return x, None
        if p == 1:
            return np.zeros_like(x), None
        a, b = _constants(p)
        kept = rng.random(x.shape) >= p
        x[~kept] = ALPHA
        return (a * x + b).astype(x.dtype), kept


# ======================================================================================================= wrong: fixed_mc_dropout
def _softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _allowed(p, T):
    if not 0 <= p <= 1 or T < 1:
        raise ValueError("p or T")


def _inverse(p):
    return 1 / (1 - p) if p < 1 else 0.0


@misconception("fixed_mc_dropout", signs="what_is_dropped dropped_for mean_is std_is", name="the_patient_has_not_changed")
def clinic_patient(x, W, p, T, rng):
    """The patient has not changed: it drops weights instead of units, the same ones for all examples, and averages scores instead of
    probabilities."""
    _allowed(p, T)
    scores = np.stack([x @ (W * (rng.random(W.shape) >= p)) * _inverse(p) for t in range(T)])
    return _softmax(scores.mean(axis=0)), scores.std(axis=0)


@misconception("fixed_mc_dropout", signs="what_is_dropped dropped_for", name="weights_may_be_dropped_instead_of_units")
def clinic_weights(x, W, p, T, rng):
    """The probabilities are averaged rightly now, but you still drop WEIGHTS, and the same ones for all examples. A dropped unit takes all
    its weights with it: multiply x, not W, by the mask."""
    _allowed(p, T)
    probs = np.stack([_softmax(x @ (W * (rng.random(W.shape) >= p)) * _inverse(p)) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="what_is_dropped dropped_for", name="weights_may_be_dropped_for_each_example")
def clinic_weights_per_example(x, W, p, T, rng):
    """Each example has masks of its own now, but of WEIGHTS: that is DropConnect. A dropped unit takes all its weights with it: multiply x
    by a mask of the shape of x."""
    _allowed(p, T)
    masks = rng.random((T, len(x), *W.shape)) >= p
    probs = _softmax(np.einsum("nd,tndk->tnk", x, masks * W) * _inverse(p))
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="dropped_for", name="one_mask_serves_the_whole_batch")
def clinic_shared(x, W, p, T, rng):
    """You drop units now, but the same ones in all examples: four copies of an example still share one roll of the dice. Draw a mask of the
    shape of x, (N, D)."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape[1]) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="=dropped_for dropped_in", name="one_mask_serves_all_passes")
def clinic_frozen(x, W, p, T, rng):
    """All your passes use the same masks, so they agree perfectly and mean nothing. Draw new masks in every pass."""
    _allowed(p, T)
    mask = rng.random(x.shape) >= p
    probs = np.stack([_softmax(x * mask * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="mean_is std_is", name="scores_are_averaged")
def clinic_scores(x, W, p, T, rng):
    """The masks are healthy, but you still average the SCORES and take the softmax afterwards. Take the softmax of every pass first; then
    mean and standard deviation of the probabilities."""
    _allowed(p, T)
    scores = np.stack([x * (rng.random(x.shape) >= p) * _inverse(p) @ W for t in range(T)])
    return _softmax(scores.mean(axis=0)), scores.std(axis=0)


@misconception("fixed_mc_dropout", signs="mean_is", name="the_mean_comes_before_the_softmax")
def clinic_scores_mean(x, W, p, T, rng):
    """Your standard deviation is right, but your mean is still the softmax of an average score. Average the probabilities."""
    _allowed(p, T)
    scores = np.stack([x * (rng.random(x.shape) >= p) * _inverse(p) @ W for t in range(T)])
    return _softmax(scores.mean(axis=0)), _softmax(scores).std(axis=0)


@misconception("fixed_mc_dropout", signs="std_is", name="the_spread_is_that_of_the_scores")
def clinic_scores_std(x, W, p, T, rng):
    """Your mean is right, but your standard deviation is that of the SCORES. Take it over the probabilities of the passes."""
    _allowed(p, T)
    scores = np.stack([x * (rng.random(x.shape) >= p) * _inverse(p) @ W for t in range(T)])
    return _softmax(scores).mean(axis=0), scores.std(axis=0)


@misconception("fixed_mc_dropout", signs="std_is", name="the_variance_is_the_standard_deviation")
def clinic_variance(x, W, p, T, rng):
    """Your second result is the variance. The standard deviation is its root."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.var(axis=0)


@misconception("fixed_mc_dropout", signs="std_is", name="the_standard_deviation_divides_by_one_less")
def clinic_ddof(x, W, p, T, rng):
    """Your standard deviation divides by T - 1 (as PyTorch's std does by default). Here it divides by T, so that a single pass has the
    spread 0."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0, ddof=1) if T > 1 else np.zeros(probs.shape[1:])


@misconception("fixed_mc_dropout", signs="std_is", name="the_spread_is_that_of_the_mean")
def clinic_standard_error(x, W, p, T, rng):
    """Your second result is the standard error of the mean: you divide by the root of T once more. Asked for is how far single passes
    spread, which does not shrink when there are more of them."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0) / np.sqrt(T)


@misconception("fixed_mc_dropout", signs="what_is_dropped", name="survivors_need_no_scaling")
def clinic_unscaled(x, W, p, T, rng):
    """You drop units but never divide the survivors by 1 - p, so the scores are smaller than those the layer was trained with."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="share_dropped", name="p_is_the_keep_probability")
def clinic_swapped(x, W, p, T, rng):
    """Your mask is the wrong way round: units STAY with probability p. They should be dropped with probability p."""
    _allowed(p, T)
    kept = (lambda: rng.random(x.shape) < p) if 0 < p < 1 else (lambda: p == 0)
    probs = np.stack([_softmax(x * kept() * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="what_is_dropped mean_is std_is", name="the_softmax_is_left_out")
def clinic_no_softmax(x, W, p, T, rng):
    """You return mean and standard deviation of the SCORES. Turn the scores of every pass into probabilities first."""
    _allowed(p, T)
    scores = np.stack([x * (rng.random(x.shape) >= p) * _inverse(p) @ W for t in range(T)])
    return scores.mean(axis=0), scores.std(axis=0)


@misconception("fixed_mc_dropout", signs="layer_from", name="the_passes_may_have_their_own_generator")
def clinic_own(x, W, p, T, rng):
    """Your masks come from a generator that your function makes for itself, so the seed of rng has no effect and nobody can repeat your
    result. Draw from the rng that is handed in."""
    _allowed(p, T)
    rng = np.random.default_rng()
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="layer_from", name="np_random_is_just_as_good_here")
def clinic_global(x, W, p, T, rng):
    """Your masks come from np.random, the global generator, so the seed of rng has no effect and nobody can repeat your result. Draw from
    the rng that is handed in."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (np.random.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="layer_from =dropped_in =dropped_for", name="a_fixed_seed_belongs_in_the_passes")
def clinic_seeded(x, W, p, T, rng):
    """Your masks are the same in every call, whatever rng: you set a fixed seed. Draw from the rng that is handed in."""
    _allowed(p, T)
    rng = np.random.default_rng(0)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="dropped_for", name="whole_examples_are_dropped_here")
def clinic_whole(x, W, p, T, rng):
    """In each pass an example of yours loses all of its units or none. Each UNIT of each example throws a coin: draw a mask of the
    shape of x, (N, D)."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random((len(x), 1)) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="what_is_dropped =dropped_for", name="the_scores_are_dropped")
def clinic_drops_scores(x, W, p, T, rng):
    """You drop SCORES, behind the layer. The dropout of this layer is on its inputs: multiply x by the mask, before W."""
    _allowed(p, T)
    probs = np.stack([_softmax((x @ W) * (rng.random((len(x), W.shape[1])) >= p) * _inverse(p)) for t in range(T)])
    return probs.mean(axis=0), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="what_is_dropped dropped_for", name="the_mean_needs_no_dropout")
def clinic_no_dropout(x, W, p, T, rng):
    """Your mean is that of the ordinary pass: nothing is dropped in it. Leave dropout on, and average the probabilities of the T passes."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return _softmax(x @ W if p < 1 else 0 * x @ W), probs.std(axis=0)


@misconception("fixed_mc_dropout", signs="what_is_dropped dropped_for", name="mean_and_spread_change_places")
def clinic_swapped_results(x, W, p, T, rng):
    """Your two results have changed places: first the mean, then the standard deviation."""
    _allowed(p, T)
    probs = np.stack([_softmax(x * (rng.random(x.shape) >= p) * _inverse(p) @ W) for t in range(T)])
    return probs.std(axis=0), probs.mean(axis=0)


# ================================================================================================ right, and looks different
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
        out[rng.uniform(size=x.shape) < p] = a * ALPHA + b
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
        mixed = x + (ALPHA - x) * ~kept
        return ((mixed - p * ALPHA) / math.sqrt((1 - p) * (1 + p * ALPHA**2))).astype(x.dtype), kept


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

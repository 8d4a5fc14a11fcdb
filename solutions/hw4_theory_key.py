"""SECRET. The key of assignment 4: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import itertools
from math import prod

import numpy as np

from autograder import checks as c
from autograder import misconception, variant

SALT = "heron-2968"

PROBS = {"names": ("probs",)}
LOSS = {"names": ("loss",)}
WEIGHTS = {"names": ("w",)}
PENALTY = {"names": ("penalty",)}
VARIANCES = {"names": ("pooled", "per_unit")}
ONE_INPUT = "is_right(case=one input and p = 0.25)"
BY_DEFINITION = "is_the_average_over_masks(p=0.3)"
NO_WAY_DOWN = "leaves_no_way_down(p=0.3)"
UNDECIDED = "is_right(case=a score of 0, p = 0.2)"
POOLED = "is_right(case=the example of the text, name=pooled)"
PER_UNIT = "is_right(case=the example of the text, name=per_unit)"
LARGE = c.normals(8, 3, times=300.0)
UNEVEN = c.normals(50, 6, times=(0.05, 40.0, 1.0, 3.0, 0.2, 1.0))

HIDDEN = {
    "enumerate_masks": [
        c.lists_every_mask_once(n=12, weight=2, needs="lists_every_mask_once(n=3)"),
        c.lists_every_mask_once(n=7, needs="lists_every_mask_once(n=3)"),
        c.lists_every_mask_once(n=1, needs="lists_every_mask_once(n=3)"),
    ],
    "ensemble_mean": [
        c.is_right_like_the_solution(case="twelve inputs", given=((6, 12), (12, 4), (4,), 0.3), **PROBS, weight=3, needs=ONE_INPUT),
        c.is_right_like_the_solution(case="a p above one half", given=((5, 7), (7, 3), (3,), 0.62), **PROBS, weight=2, needs=ONE_INPUT),
        c.is_right_like_the_solution(case="no more classes than two", given=((9, 5), (5, 2), (2,), 0.15), **PROBS, needs=ONE_INPUT),
        c.is_right_like_the_solution(case="huge weights", given=((6, 8), LARGE, (3,), 0.3), **PROBS, tolerance=1e-8, needs=ONE_INPUT),
    ],
    "weight_scaling": [
        c.is_right_like_the_solution(case="many examples", given=((200, 64), (64, 10), (10,), 0.3), **PROBS, weight=3, needs=ONE_INPUT),
        c.is_right_like_the_solution(case="a p above one half", given=((5, 7), (7, 3), (3,), 0.62), **PROBS, weight=2, needs=ONE_INPUT),
        c.is_right_like_the_solution(case="p = 0", given=((5, 7), (7, 3), (3,), 0.0), **PROBS, needs=ONE_INPUT),
        c.is_right_like_the_solution(case="huge weights", given=((6, 8), LARGE, (3,), 0.3), **PROBS, tolerance=1e-8, needs=ONE_INPUT),
    ],
    "expected_dropout_loss": [
        c.is_right_like_the_solution(case="many examples", given=((60, 12), (60,), (12,), 0.3), **LOSS, weight=3, needs=BY_DEFINITION),
        c.is_right_like_the_solution(case="a p above one half", given=((7, 9), (7,), (9,), 0.62), **LOSS, weight=2, needs=BY_DEFINITION),
        c.is_right_like_the_solution(case="columns of very different size", given=(UNEVEN, (50,), (6,), 0.2), **LOSS, needs=BY_DEFINITION),
        c.is_the_average_over_masks(p=0.15, shape=(4, 3), needs=BY_DEFINITION),
    ],
    "dropout_ridge": [
        c.is_right_like_the_solution(case="many examples", given=((60, 8), (60,), 0.3), **WEIGHTS, weight=3, needs=NO_WAY_DOWN),
        c.is_right_like_the_solution(case="a p above one half", given=((60, 8), (60,), 0.62), **WEIGHTS, weight=2, needs=NO_WAY_DOWN),
        c.is_right_like_the_solution(case="more columns than examples", given=((5, 9), (5,), 0.3), **WEIGHTS, needs=NO_WAY_DOWN),
        c.is_right_like_the_solution(case="p = 0", given=((40, 5), (40,), 0.0), **WEIGHTS, needs=NO_WAY_DOWN),
        c.reaches_the_minimum(
            case="columns of very different size", given=(UNEVEN, (50,), 0.2), loss="expected_dropout_loss", needs=NO_WAY_DOWN
        ),
        c.reaches_the_minimum(
            case="nearly dependent columns", given=(c.powers(40, 6), (40,), 0.1), loss="expected_dropout_loss", needs=NO_WAY_DOWN
        ),
        c.reaches_the_minimum(
            case="nearly dependent columns and p = 0", given=(c.powers(40, 6), (40,), 0.0), loss="expected_dropout_loss", needs=NO_WAY_DOWN
        ),
    ],
    "glm_penalty": [
        c.is_right_like_the_solution(case="many examples", given=((80, 6), (6,), 0.3), **PENALTY, weight=3, needs=UNDECIDED),
        c.is_right_like_the_solution(case="a p above one half", given=((9, 4), (4,), 0.62), **PENALTY, weight=2, needs=UNDECIDED),
        c.is_right_like_the_solution(case="large scores", given=(c.normals(30, 4, times=200.0), (4,), 0.3), **PENALTY, needs=UNDECIDED),
    ],
    "fixed_dropout_variance": [
        c.is_right_like_the_solution(case="nine units", given=((9,), 0.3), **VARIANCES, name="pooled", weight=2, needs=POOLED),
        c.is_right_like_the_solution(case="nine units", given=((9,), 0.3), **VARIANCES, name="per_unit", weight=2, needs=PER_UNIT),
        c.is_right_like_the_solution(case="p = 0", given=((9,), 0.0), **VARIANCES, name="pooled", needs=POOLED),
    ],
    "quiz": [
        c.answers_rightly(key="log_odds", needs="is_filled_in(key=log_odds)"),
        c.answers_rightly(key="relu_average", needs="is_filled_in(key=relu_average)"),
        c.answers_rightly(key="equal_ridge", needs="is_filled_in(key=equal_ridge)"),
        c.answers_rightly(key="one_input", needs="is_filled_in(key=one_input)"),
        c.answers_rightly(key="new_units", choices="abcd", needs="is_filled_in(key=new_units, choices=abcd)"),
        c.answers_rightly(key="certain", choices="abcd", needs="is_filled_in(key=certain, choices=abcd)"),
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


def _chances(masks, p):
    k = masks.sum(axis=1)
    return (1 - p) ** k * p ** (masks.shape[1] - k)


def _log_softmax(scores, axis=-1):
    scores = scores - scores.max(axis=axis, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=axis, keepdims=True))


def _member_logs(x, W, b):
    masks = _masks(x.shape[1])
    return masks, _log_softmax(np.einsum("md,nd,dk->mnk", masks, x, W, optimize=True) + b)


# ====================================================================================================== wrong: enumerate_masks
@misconception("enumerate_masks", signs="masks_listed", name="enough_draws_show_every_mask")
def masks_drawn(n):
    """Your masks are drawn at random. Even 2**n draws show some masks several times and miss more than a third of them. List them instead:
    count from 0 to 2**n - 1 and write each number in binary."""
    return np.random.default_rng(0).random((2**n, n)) < 0.5


@misconception("enumerate_masks", signs="masks_listed", name="the_empty_mask_does_not_count")
def masks_without_the_empty_one(n):
    """One mask is missing: the one that drops everything. It is as legal as all others, and without it the probabilities do not add up
    to 1."""
    return (np.arange(1, 2**n)[:, None] >> np.arange(n)) % 2 == 1


@misconception("enumerate_masks", signs="masks_listed", name="only_the_number_kept_matters")
def masks_by_number(n):
    """You list one mask for each NUMBER of kept units. Which units are kept matters too: there are 2**n masks."""
    return np.arange(n) < np.arange(n + 1)[:, None]


@misconception("enumerate_masks", signs="masks_listed", name="one_unit_is_dropped_at_a_time")
def masks_one_dropped(n):
    """You list only masks in which a single unit is dropped. Every unit is kept or dropped by itself: there are 2**n masks."""
    return ~np.eye(n, dtype=bool)


@misconception("enumerate_masks", signs="list_type", name="zeros_and_ones_are_as_good_as_booleans")
def masks_of_numbers(n):
    """Your list is complete, but it holds numbers. A mask is a bool array here, True = kept: only then do ~mask and x[mask] do what they
    say."""
    return (np.arange(2**n)[:, None] >> np.arange(n)) % 2


# ======================================================================================================== wrong: ensemble_mean
@misconception("ensemble_mean", signs="probability", name="a_committee_averages_probabilities")
def mean_arithmetic(x, W, b, p):
    """You average the probabilities of the members. That is the arithmetic mean, a good committee as well, but asked is the GEOMETRIC
    one: average the logarithms, then normalise."""
    _legal(p)
    masks, logs = _member_logs(x, W, b)
    return np.tensordot(_chances(masks, p), np.exp(logs), 1)


@misconception("ensemble_mean", signs="probability", name="every_member_has_the_same_voice")
def mean_unweighted(x, W, b, p):
    """All masks count the same in your mean. That is right at p = 1/2 only; otherwise a mask with k inputs kept has the weight
    (1 - p)^k p^(D - k)."""
    _legal(p)
    _, logs = _member_logs(x, W, b)
    return np.exp(_log_softmax(logs.mean(axis=0)))


@misconception("ensemble_mean", signs="probability", name="p_is_the_keep_probability")
def mean_keep(x, W, b, p):
    """You weight a mask with p for each KEPT input, as the papers write it. In this course p is the probability of DROPPING: each kept
    input counts 1 - p, each dropped one p."""
    _legal(p)
    masks, logs = _member_logs(x, W, b)
    return np.exp(_log_softmax(np.tensordot(_chances(masks, 1 - p), logs, 1)))


@misconception("ensemble_mean", signs="probability", name="a_geometric_mean_sums_to_one")
def mean_unnormalised(x, W, b, p):
    """Your rows do not sum to 1. A geometric mean of probabilities is no probability yet: divide each row by its sum."""
    _legal(p)
    masks, logs = _member_logs(x, W, b)
    return np.exp(np.tensordot(_chances(masks, p), logs, 1))


@misconception("ensemble_mean", signs="probability", name="the_members_scale_their_inputs")
def mean_inverted(x, W, b, p):
    """Your members divide the kept inputs by 1 - p. That is inverted dropout; here the masks are vanilla: an input is there as it is, or
    it is 0."""
    _legal(p)
    masks, logs = _member_logs(x / (1 - p) if p < 1 else 0 * x, W, b)
    return np.exp(_log_softmax(np.tensordot(_chances(masks, p), logs, 1)))


@misconception("ensemble_mean", signs="probability", name="softmax_runs_over_the_examples")
def mean_over_examples(x, W, b, p):
    """Your softmax runs over the examples instead of the classes: the columns sum to 1, but the rows should. Take the sums along the last
    axis."""
    _legal(p)
    masks = _masks(x.shape[1])
    scores = np.einsum("md,nd,dk->mnk", masks, x, W, optimize=True) + b
    return np.exp(_log_softmax(np.tensordot(_chances(masks, p), _log_softmax(scores, 1), 1), 0))


@misconception("ensemble_mean", signs="huge_scores", name="a_product_of_many_probabilities_stays_a_number")
def mean_by_products(x, W, b, p):
    """With huge scores your result is no number. You multiply probabilities, and those that are too small for a float make the whole
    product 0. Stay with logarithms from the scores on, and take the exponential once, at the end."""
    _legal(p)
    masks, logs = _member_logs(x, W, b)
    product = np.prod(np.exp(logs) ** _chances(masks, p)[:, None, None], axis=0)
    return product / product.sum(axis=1, keepdims=True)


@misconception("ensemble_mean", signs="loud_scores huge_scores", name="the_exponential_of_a_score_is_a_number")
def mean_overflows(x, W, b, p):
    """With huge scores your result is no number: the exponential of 1000 is larger than any float. Subtract the largest score of each
    example first; the softmax does not notice."""
    _legal(p)
    masks = _masks(x.shape[1])
    scores = np.einsum("md,nd,dk->mnk", masks, x, W, optimize=True) + b
    logs = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    return np.exp(_log_softmax(np.tensordot(_chances(masks, p), logs, 1)))


# ======================================================================================================= wrong: weight_scaling
@misconception("ensemble_mean", signs="probability", name="the_bias_is_dropped_too")
def mean_bias_dropped(x, W, b, p):
    """You scale or drop the bias as well. Only the inputs have coins: every member keeps b, so the committee does."""
    if not 0 <= p <= 1:
        raise ValueError("p must be in [0, 1]")
    s = (1 - p) * (x @ W + b)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@misconception("ensemble_mean", signs="huge_scores", name="a_tiny_number_makes_a_logarithm_safe")
def mean_of_clipped(x, W, b, p):
    """You add a tiny number before you take the logarithm of a probability. That hides the zero, but changes the mean where a member is
    sure. Take scores minus the logarithm of the sum of exponentials: no zero comes up."""
    if not 0 <= p <= 1:
        raise ValueError("p must be in [0, 1]")
    total = np.zeros((len(x), W.shape[1]))
    for m in itertools.product((0, 1), repeat=x.shape[1]):
        s = (x * np.array(m)) @ W + b
        e = np.exp(s - s.max(axis=1, keepdims=True))
        weight = prod(1 - p if kept else p for kept in m)
        total += weight * np.log(e / e.sum(axis=1, keepdims=True) + 1e-12)
    e = np.exp(total - total.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@misconception("ensemble_mean", signs="outside", name="any_p_will_do")
def mean_unguarded(x, W, b, p):
    """A p outside [0, 1] goes through without a word. It is always a slip of the caller's: raise ValueError."""
    s = (1 - p) * x @ W + b
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@misconception("weight_scaling", signs="outside", name="any_p_will_do")
def scaling_unguarded(x, W, b, p):
    """A p outside [0, 1] goes through without a word. It is always a slip of the caller's: raise ValueError."""
    s = (1 - p) * x @ W + b
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@misconception("expected_dropout_loss", signs="outside", name="any_p_will_do")
def loss_unguarded(X, y, w, p):
    """A p outside [0, 1) goes through without a word, and p = 1 divides by zero. Both are slips of the caller's: raise ValueError."""
    return float(np.sum((y - X @ w) ** 2) + p / (1 - p) * np.sum(X**2 @ w**2))


@misconception("dropout_ridge", signs="outside", name="any_p_will_do")
def ridge_unguarded(X, y, p):
    """A p outside [0, 1) goes through without a word, and p = 1 divides by zero. Both are slips of the caller's: raise ValueError."""
    if p == 0:
        return np.linalg.lstsq(X, y, rcond=None)[0]
    return np.linalg.solve(X.T @ X + p / (1 - p) * np.diag((X**2).sum(axis=0)), X.T @ y)


@misconception("glm_penalty", signs="outside", name="any_p_will_do")
def penalty_unguarded(X, beta, p):
    """A p outside [0, 1) goes through without a word, and p = 1 divides by zero. Both are slips of the caller's: raise ValueError."""
    e = np.exp(-np.abs(X @ beta))
    return float(0.5 * p / (1 - p) * np.sum(e / (1 + e) ** 2 * (X**2 @ beta**2)))


@misconception("fixed_dropout_variance", signs="outside", name="any_p_will_do")
def variance_unguarded(y, p):
    """A p outside [0, 1] goes through without a word. It is always a slip of the caller's: raise ValueError."""
    q = 1 - p
    return p * q * np.mean(y**2) + q**2 * np.var(y), p * q * y**2


@misconception("weight_scaling", signs="probability", name="the_bias_is_scaled_too")
def scaling_with_bias(x, W, b, p):
    """You multiply the bias by 1 - p as well. The bias is never dropped, so it needs no factor: only x W is scaled."""
    _legal(p)
    return np.exp(_log_softmax((1 - p) * (x @ W + b)))


@misconception("weight_scaling", signs="probability", name="p_is_the_keep_probability")
def scaling_by_p(x, W, b, p):
    """You multiply by p. In this course p is the probability of DROPPING; an input is there with probability 1 - p, and that is the
    factor."""
    _legal(p)
    return np.exp(_log_softmax(p * (x @ W) + b))


@misconception("weight_scaling", signs="probability", name="test_time_needs_no_factor")
def scaling_none(x, W, b, p):
    """You use the weights as they are. That is right after INVERTED dropout. After vanilla dropout the inputs are all back and too loud:
    multiply x W by 1 - p."""
    _legal(p)
    return np.exp(_log_softmax(x @ W + b + 0 * p))


@misconception("weight_scaling", signs="probability", name="the_weights_are_divided")
def scaling_divided(x, W, b, p):
    """You divide by 1 - p. That is what inverted dropout does in TRAINING. At test time, after vanilla dropout, all inputs are present and
    the sum is too large: multiply by 1 - p."""
    _legal(p)
    return np.exp(_log_softmax((x @ W) / (1 - p) + b)) if p < 1 else np.exp(_log_softmax(0 * (x @ W) + b))


@misconception("weight_scaling", signs="probability", name="probabilities_are_scaled")
def scaling_probabilities(x, W, b, p):
    """You multiply the PROBABILITIES by 1 - p, and they no longer sum to 1. What is scaled is the weights, inside the softmax."""
    _legal(p)
    return (1 - p) * np.exp(_log_softmax(x @ W + b))


@misconception("weight_scaling", signs="huge_scores", name="the_exponential_of_a_score_is_a_number")
def scaling_overflows(x, W, b, p):
    """With huge scores your result is no number: the exponential of 1000 is larger than any float. Subtract the largest score of each
    example first; the softmax does not notice."""
    _legal(p)
    odds = np.exp((1 - p) * (x @ W) + b)
    return odds / odds.sum(axis=1, keepdims=True)


@misconception("weight_scaling", signs="arguments_after", name="the_weights_may_be_overwritten")
def scaling_in_place(x, W, b, p):
    """Your function changes W itself (*= works in place). Whoever calls it a second time gets other probabilities: write the scaled
    weights into a new array."""
    _legal(p)
    W *= 1 - p
    return np.exp(_log_softmax(x @ W + b))


# ================================================================================================ wrong: expected_dropout_loss
@misconception("expected_dropout_loss", signs="loss_by_p", name="noise_averages_away")
def loss_without_noise(X, y, w, p):
    """You return the loss without dropout. The prediction is right on average, but a square feels the noise too: add the variance of the
    prediction."""
    _below_one(p)
    return np.sum((y - X @ w) ** 2)


@misconception("expected_dropout_loss", signs="loss_by_p", name="the_variance_forgets_the_scale")
def loss_vanilla_variance(X, y, w, p):
    """Your variance has the factor p (1 - p) of a mask of 0 and 1. The inverted mask is divided by 1 - p, so its variance is divided by
    (1 - p)^2."""
    _below_one(p)
    return np.sum((y - X @ w) ** 2) + p * (1 - p) * np.sum(X**2 @ w**2)


@misconception("expected_dropout_loss", signs="loss_by_p", name="the_masks_are_vanilla")
def loss_vanilla(X, y, w, p):
    """This is the average loss of VANILLA dropout, whose prediction is (1 - p) X w on average. Asked is the inverted form, with X * M
    divided by 1 - p."""
    _below_one(p)
    return np.sum((y - (1 - p) * X @ w) ** 2) + p * (1 - p) * np.sum(X**2 @ w**2)


@misconception("expected_dropout_loss", signs="loss_of_zero_weights", name="the_loss_is_a_mean")
def loss_mean(X, y, w, p):
    """You divide by the number of examples. The loss here is the SUM of squares."""
    _below_one(p)
    return (np.sum((y - X @ w) ** 2) + p / (1 - p) * np.sum(X**2 @ w**2)) / len(y)


@misconception("expected_dropout_loss", signs="loss_by_p", name="the_price_is_the_same_for_all_weights")
def loss_plain_ridge(X, y, w, p):
    """You add p/(1 - p) times the sum of w squared, as ordinary ridge would. The noise of input j is x_ij w_j times a noisy factor: its
    variance contains the square of x_ij as well."""
    _below_one(p)
    return np.sum((y - X @ w) ** 2) + p / (1 - p) * np.sum(w**2)


@misconception("expected_dropout_loss", signs="loss_by_p", name="an_example_has_one_coin")
def loss_one_coin_per_row(X, y, w, p):
    """You take the variance of the prediction as p/(1 - p) times its square. That would be so if one coin dropped a whole example. Each
    entry has its own coin: square first, then add up over the inputs."""
    _below_one(p)
    return np.sum((y - X @ w) ** 2) + p / (1 - p) * np.sum((X @ w) ** 2)


@misconception("expected_dropout_loss", signs="loss_by_p", name="p_is_the_keep_probability")
def loss_keep(X, y, w, p):
    """Your variance has the factor (1 - p)/p, which is right for papers in which p is the probability of keeping. Here p DROPS: the factor
    is p/(1 - p)."""
    _below_one(p)
    return np.sum((y - X @ w) ** 2) + ((1 - p) / p if p else 0.0) * np.sum(X**2 @ w**2)


@misconception("expected_dropout_loss", signs="loss_by_p", name="the_variance_divides_once_by_too_much")
def loss_divided_twice(X, y, w, p):
    """You divide by (1 - p)^2 but leave out the 1 - p of the coin's own variance p (1 - p). One of the two factors cancels."""
    _below_one(p)
    return np.sum((y - X @ w) ** 2) + p / (1 - p) ** 2 * np.sum(X**2 @ w**2)


@misconception("expected_dropout_loss", signs="result", name="each_example_has_its_own_loss")
def loss_per_example(X, y, w, p):
    """You return one number for each example. Add them up: the loss is a single number."""
    _below_one(p)
    return (y - X @ w) ** 2 + p / (1 - p) * (X**2 @ w**2)


# ======================================================================================================== wrong: dropout_ridge
def _solve(X, y, price):
    return np.linalg.lstsq(X.T @ X + price, X.T @ y, rcond=None)[0]


@misconception("dropout_ridge", signs="first_weight second_weight", name="the_price_is_the_same_for_all_weights")
def ridge_plain(X, y, p):
    """This is ordinary ridge: the same price p/(1 - p) for all weights. With dropout a weight pays for the noise of its own input, so its
    price contains the sum of squares of its column."""
    _below_one(p)
    return _solve(X, y, p / (1 - p) * np.eye(X.shape[1]))


@misconception("dropout_ridge", signs="first_weight second_weight", name="the_masks_are_vanilla")
def ridge_vanilla(X, y, p):
    """These are the weights of VANILLA dropout: yours divided by 1 - p. With the inverted mask X is already scaled in training, and the
    weights need no factor."""
    _below_one(p)
    return _solve(X, y, p / (1 - p) * np.diag((X**2).sum(0))) / (1 - p)


@misconception("dropout_ridge", signs="first_weight second_weight", name="noise_does_not_move_the_minimum")
def ridge_ols(X, y, p):
    """You return least squares, whatever p is. The noise costs more for large weights, so the minimum moves towards zero: minimise the
    average loss of exercise 4, both of its parts."""
    _below_one(p)
    return _solve(X, y, 0.0)


@misconception("dropout_ridge", signs="first_weight second_weight", name="the_variance_forgets_the_scale")
def ridge_pq(X, y, p):
    """Your price has the factor p (1 - p) of a mask of 0 and 1. For the inverted mask it is p/(1 - p)."""
    _below_one(p)
    return _solve(X, y, p * (1 - p) * np.diag((X**2).sum(0)))


@misconception("dropout_ridge", signs="first_weight second_weight", name="the_price_is_p")
def ridge_p(X, y, p):
    """Your price has the factor p. The variance of an inverted mask is p/(1 - p): the survivors are louder, and so is the noise."""
    _below_one(p)
    return _solve(X, y, p * np.diag((X**2).sum(0)))


@misconception("dropout_ridge", signs="first_weight second_weight", name="only_one_of_the_two_squares_has_a_two")
def ridge_half(X, y, p):
    """Your price is half of what it should be. Both squares of the loss give a factor 2 in the derivative, and it cancels in both or in
    neither."""
    _below_one(p)
    return _solve(X, y, 0.5 * p / (1 - p) * np.diag((X**2).sum(0)))


@misconception("dropout_ridge", signs="first_weight second_weight", name="the_price_is_a_mean_over_examples")
def ridge_mean(X, y, p):
    """Your price takes the MEAN of x_ij squared, while the other part of the loss is a sum over the examples. Use sums in both, or means in
    both."""
    _below_one(p)
    return _solve(X, y, p / (1 - p) * np.diag((X**2).mean(0)))


@misconception("dropout_ridge", signs="first_weight second_weight", name="dropout_is_a_factor_on_least_squares")
def ridge_factor(X, y, p):
    """Your weights are 1 - p times least squares; a penalty with ALL of X^T X gives the same. That is right for a single column, or for
    columns at right angles. But different inputs have different coins, so only the diagonal of X^T X belongs into the penalty."""
    _below_one(p)
    return (1 - p) * _solve(X, y, 0.0)


@misconception("dropout_ridge", signs="first_weight second_weight", name="p_is_the_keep_probability")
def ridge_keep(X, y, p):
    """Your price has the factor (1 - p)/p, which is right for papers in which p is the probability of keeping. Here p DROPS: the factor is
    p/(1 - p)."""
    _below_one(p)
    return _solve(X, y, ((1 - p) / p if p else 0.0) * np.diag((X**2).sum(0)))


# ========================================================================================================== wrong: glm_penalty
def _spread(X, beta):
    s = 1 / (1 + np.exp(-np.clip(X @ beta, -500, 500)))
    return s, X**2 @ beta**2


@misconception("glm_penalty", signs="one_example", name="the_second_order_needs_no_half")
def penalty_without_half(X, beta, p):
    """Your penalty is twice too large: the second-order term of a Taylor series has the factor 1/2."""
    _below_one(p)
    s, spread = _spread(X, beta)
    return p / (1 - p) * np.sum(s * (1 - s) * spread)


@misconception("glm_penalty", signs="one_example huge_scores", name="every_example_counts_the_same")
def penalty_without_curvature(X, beta, p):
    """You leave out s (1 - s), as in linear regression. The logistic loss bends differently at each score, and noise costs only where it
    bends."""
    _below_one(p)
    return 0.5 * p / (1 - p) * np.sum(X**2 @ beta**2)


@misconception("glm_penalty", signs="one_example huge_scores", name="the_probability_is_the_curvature")
def penalty_first_derivative(X, beta, p):
    """You weight the examples with s, which is the FIRST derivative of log(1 + e^z). The second one is s (1 - s)."""
    _below_one(p)
    s, spread = _spread(X, beta)
    return 0.5 * p / (1 - p) * np.sum(s * spread)


@misconception("glm_penalty", signs="one_example", name="an_example_has_one_coin")
def penalty_of_scores(X, beta, p):
    """You use the square of the score. That would be its variance if one coin dropped the whole example. Each input has its own coin:
    square x_ij beta_j first, then add up over j."""
    _below_one(p)
    s, _ = _spread(X, beta)
    return 0.5 * p / (1 - p) * np.sum(s * (1 - s) * (X @ beta) ** 2)


@misconception("glm_penalty", signs="penalty_by_p", name="the_variance_forgets_the_scale")
def penalty_pq(X, beta, p):
    """Your variance has the factor p (1 - p) of a mask of 0 and 1. For the inverted mask it is p/(1 - p)."""
    _below_one(p)
    s, spread = _spread(X, beta)
    return 0.5 * p * (1 - p) * np.sum(s * (1 - s) * spread)


@misconception("glm_penalty", signs="penalty_by_p", name="p_is_the_keep_probability")
def penalty_keep(X, beta, p):
    """Your penalty has the factor (1 - p)/p. In this course p is the probability of DROPPING: the factor is p/(1 - p)."""
    _below_one(p)
    s, spread = _spread(X, beta)
    return 0.5 * ((1 - p) / p if p else 0.0) * np.sum(s * (1 - s) * spread)


@misconception("glm_penalty", signs="two_alike", name="the_penalty_is_a_mean")
def penalty_mean(X, beta, p):
    """You average over the examples. The penalty here is a SUM, like the loss to which it is added."""
    _below_one(p)
    s, spread = _spread(X, beta)
    return 0.5 * p / (1 - p) * np.mean(s * (1 - s) * spread)


@misconception("glm_penalty", signs="huge_scores", name="the_exponential_of_a_score_is_a_number")
def penalty_overflows(X, beta, p):
    """With huge scores your result is no number: infinity divided by infinity. Write the sigmoid as 1/(1 + exp(-z)), where an infinite
    exponential does no harm, or use the absolute value of z: s (1 - s) is the same for z and -z."""
    _below_one(p)
    odds = np.exp(X @ beta)
    s = odds / (1 + odds)
    return 0.5 * p / (1 - p) * np.sum(s * (1 - s) * (X**2 @ beta**2))


# =============================================================================================== wrong: fixed_dropout_variance
@misconception("fixed_dropout_variance", signs="result", name="one_number_answers_both_questions")
def variance_patient(y, p):
    """The patient has not changed: one number comes back, the average of the variances per unit. Return a pair: the pooled variance, which
    has a second term, and the variance of each unit."""
    _legal(p)
    return p * (1 - p) * np.mean(y**2)


@misconception("fixed_dropout_variance", signs="pooled", name="the_pool_has_the_average_variance")
def variance_without_units(y, p):
    """Your pooled variance is the average of the variances per unit. In a pool the units also differ from EACH OTHER: add the variance of
    their averages (1 - p) y_i."""
    _legal(p)
    per_unit = p * (1 - p) * y**2
    return np.mean(per_unit), per_unit


@misconception("fixed_dropout_variance", signs="pooled", name="p_is_the_keep_probability")
def variance_keep(y, p):
    """The second term of your pooled variance has the factor p^2. The averages of the outputs are (1 - p) y_i, so it is (1 - p)^2: at
    p = 1/2 nobody sees the difference."""
    _legal(p)
    per_unit = p * (1 - p) * y**2
    return np.mean(per_unit) + p**2 * np.var(y), per_unit


@misconception("fixed_dropout_variance", signs="pooled", name="the_units_are_a_sample")
def variance_sample(y, p):
    """You divide the variance over the units by n - 1. The units are all there are, not a sample of more: divide by n."""
    _legal(p)
    per_unit = p * (1 - p) * y**2
    return np.mean(per_unit) + (1 - p) ** 2 * np.var(y, ddof=1), per_unit


@misconception("fixed_dropout_variance", signs="pooled second_unit", name="the_masks_are_inverted")
def variance_inverted(y, p):
    """These are the variances of INVERTED dropout. Here the survivors are not scaled: the factor is p (1 - p)."""
    _legal(p)
    per_unit = p / (1 - p) * y**2 if p < 1 else 0.0 * y
    return np.mean(per_unit) + np.var(y), per_unit


@misconception("fixed_dropout_variance", signs="second_unit", name="the_spread_is_the_variance")
def variance_spread(y, p):
    """You return the standard deviation of each unit. The variance is its square."""
    _legal(p)
    per_unit = p * (1 - p) * y**2
    return np.mean(per_unit) + (1 - p) ** 2 * np.var(y), np.sqrt(per_unit)


# ================================================================================================ right, and looks different
@variant("enumerate_masks")
def masks_product(n):
    return np.array(list(itertools.product([True, False], repeat=n)))


@variant("enumerate_masks")
def masks_doubling(n):
    masks = np.zeros((1, 0), dtype=bool)
    for _ in range(n):
        dropped, kept = np.zeros((len(masks), 1), bool), np.ones((len(masks), 1), bool)
        masks = np.vstack([np.hstack([masks, dropped]), np.hstack([masks, kept])])
    return masks


@variant("enumerate_masks")
def masks_of_strings(n):
    return np.array([[digit == "1" for digit in format(number, f"0{n}b")] for number in range(2**n)])


@variant("enumerate_masks")
def masks_of_indices(n):
    return np.indices((2,) * n).reshape(n, -1).T.astype(bool)


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


@variant("ensemble_mean")
def mean_of_scores(x, W, b, p):
    _legal(p)
    masks = _masks(x.shape[1])
    scores = np.average(masks[:, None, :] * x, axis=0, weights=_chances(masks, p)) @ W + b
    return np.exp(_log_softmax(scores))


@variant("ensemble_mean")
def mean_by_the_identity(x, W, b, p):
    _legal(p)
    return np.exp(_log_softmax((1 - p) * x @ W + b))


@variant("weight_scaling")
def scaling_the_weights(x, W, b, p):
    _legal(p)
    scores = x.dot(W * (1 - p)) + b
    return 1 / np.exp(np.minimum(scores[:, None, :] - scores[:, :, None], 700)).sum(axis=2)


@variant("weight_scaling")
def scaling_the_inputs(x, W, b, p):
    _legal(p)
    scores = (x - p * x) @ W + b[None, :]
    odds = np.exp(scores - scores.max())
    if (odds.sum(axis=1) == 0).any():
        odds = np.exp(scores - scores.max(axis=1)[:, None])
    return odds / odds.sum(axis=1)[:, None]


@variant("weight_scaling")
def scaling_by_logaddexp(x, W, b, p):
    _legal(p)
    scores = np.einsum("nd,dk->nk", x, W) * (1 - p) + b
    return np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


@variant("expected_dropout_loss")
def loss_by_the_second_moment(X, y, w, p):
    _below_one(p)
    gram = X.T @ X
    second = gram + p / (1 - p) * np.diag(np.diag(gram))
    return y @ y - 2 * y @ X @ w + w @ second @ w


@variant("expected_dropout_loss")
def loss_entry_by_entry(X, y, w, p):
    _below_one(p)
    total = 0.0
    for row, target in zip(X, y, strict=True):
        total += (target - sum(a * b for a, b in zip(row, w, strict=True))) ** 2
        for a, b in zip(row, w, strict=True):
            total += a**2 * b**2 * (1 / (1 - p) - 1)
    return total


@variant("expected_dropout_loss")
def loss_of_norms(X, y, w, p):
    _below_one(p)
    return np.linalg.norm(y - X @ w) ** 2 + p / (1 - p) * np.linalg.norm(X * w) ** 2


@variant("dropout_ridge")
def ridge_by_inverse(X, y, p):
    _below_one(p)
    gram = X.T @ X
    gram[np.diag_indices_from(gram)] *= 1 + p / (1 - p)
    return np.linalg.inv(gram) @ X.T @ y


@variant("dropout_ridge")
def ridge_with_more_examples(X, y, p):
    _below_one(p)
    extra = np.sqrt(p / (1 - p)) * np.diag(np.linalg.norm(X, axis=0))
    return np.linalg.lstsq(np.vstack([X, extra]), np.concatenate([y, np.zeros(X.shape[1])]), rcond=None)[0]


@variant("dropout_ridge")
def ridge_in_unit_columns(X, y, p):
    _below_one(p)
    length = np.sqrt(np.sum(X * X, axis=0))
    unit = X / length
    return np.linalg.solve(unit.T @ unit + p / (1 - p) * np.eye(X.shape[1]), unit.T @ y) / length


@variant("dropout_ridge")
def ridge_through_vanilla(X, y, p):
    _below_one(p)
    q = 1 - p
    gram = X.T @ X
    return q * np.linalg.pinv(q * q * gram + p * q * np.diag(np.diag(gram))) @ (q * X.T @ y)


@variant("dropout_ridge")
def ridge_by_cholesky(X, y, p):
    _below_one(p)
    gram = X.T @ X
    L = np.linalg.cholesky(gram + p / (1 - p) * np.diag(np.diag(gram)))
    return np.linalg.solve(L.T, np.linalg.solve(L, X.T @ y))


@variant("glm_penalty")
def penalty_with_sigmoid(X, beta, p):
    _below_one(p)
    s = 1 / (1 + np.exp(-(X @ beta)))
    return 0.5 * p / (1 - p) * (s * (1 - s)) @ (X**2) @ beta**2


@variant("glm_penalty")
def penalty_with_tanh(X, beta, p):
    _below_one(p)
    s = 0.5 * (1 + np.tanh(X @ beta / 2))
    total = 0.0
    for i in range(len(X)):
        total += s[i] * (1 - s[i]) * sum((X[i, j] * beta[j]) ** 2 for j in range(len(beta)))
    return total * p / (2 * (1 - p))


@variant("glm_penalty")
def penalty_with_weights(X, beta, p):
    _below_one(p)
    z = np.clip(X @ beta, -700, 700)
    weights = 1 / (2 + np.exp(z) + np.exp(-z))
    return np.array(0.5 * (1 / (1 - p) - 1) * np.sum(weights[:, None] * (X * beta) ** 2))


@variant("fixed_dropout_variance")
def variance_by_moments(y, p):
    _legal(p)
    q = 1 - p
    return q * np.mean(y**2) - (q * np.mean(y)) ** 2, q * y**2 - (q * y) ** 2


@variant("fixed_dropout_variance")
def variance_as_lists(y, p):
    _legal(p)
    q = 1 - p
    return [p * q * np.mean(y**2) + q**2 * np.var(y), [float(p * q * v**2) for v in y]]


@variant("fixed_dropout_variance")
def variance_by_enumeration(y, p):
    _legal(p)
    masks = _masks(len(y))
    chances, outputs = _chances(masks, p), masks * y
    per_unit = chances @ outputs**2 - (chances @ outputs) ** 2
    pooled = chances @ (outputs**2).mean(axis=1) - (chances @ outputs.mean(axis=1)) ** 2
    return pooled, per_unit

"""SECRET. The key of assignment 2: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

import linecache

import numpy as np

from autograder import checks as c
from autograder import misconception, variant

SALT = "quokka-5823"

BOTH = ("differentiates(form=x squared)", "differentiates(form=a matrix product)")
CORE = "gives_a_loss_and_all_gradients"
INPUT = "drops_some_and_keeps_some_of_the(of=inputs, p=0.4)"
UNITS = "drops_some_and_keeps_some_of_the(of=hidden units, p=0.4)"
INPUT_SCALE, UNITS_SCALE = "scales_the_surviving(of=inputs, p=0.4)", "scales_the_surviving(of=hidden units, p=0.4)"
LONG_COLUMN = "is_right(case=a column of length 5 beside a short one, with c = 2, tolerance=1e-06)"
DROPS, KEEPS = {"p_in": 0.3, "p_hidden": 0.6}, {"p_in": 0.0, "p_hidden": 0.0}
REAL = {"sizes": (64, 40, 30, 10), "batch": 32}

HIDDEN = {
    "numeric_gradient": [
        c.differentiates(form="a ReLU layer with dropout", shape=(4, 5), needs=BOTH),
        c.differentiates(form="a matrix product", shape=(2, 3, 4), weight=2, needs=BOTH),
        c.differentiates(form="x squared with dropout", shape=(11,), needs=BOTH),
        c.uses_central_differences(h=0.03, x=(1.5, -2.5, 0.25, 4.0), weight=3, needs=BOTH),
        c.gives_x_back(form="a matrix product", shape=(2, 3, 4), weight=2, needs=BOTH),
    ],
    "directional_error": [
        c.accepts_the_right_gradient(form="a ReLU layer with dropout", shape=(32, 50), weight=2, needs="rejects_a_gradient_that"),
        c.accepts_the_right_gradient(form="a sum of sines (one number)", shape=(5, 4, 3), weight=2, needs="rejects_a_gradient_that"),
        c.accepts_the_right_gradient(form="a matrix product", shape=(32, 50), needs="rejects_a_gradient_that"),
        *(
            c.rejects_a_gradient_that(slips=name, shape=(32, 50), needs="accepts_the_right_gradient(form=x squared with dropout)")
            for name in (
                "forgets the mask",
                "forgets the scale",
                "scales twice",
                "divides by p",
                "forgets the ReLU",
                "draws a fresh mask",
                "has the wrong sign",
                "is zero everywhere",
            )
        ),
        c.measures_in_units_of_the_gradient(off=0.01, shape=(30, 100), weight=5, needs="rejects_a_gradient_that"),
    ],
    "mlp_loss": [
        c.gives_the_loss_of_the_solution(
            case="at test time, on a larger network", **DROPS, train=False, **REAL, weight=6, tolerance=1e-6, needs=CORE
        ),
        c.gives_the_loss_of_the_solution(
            case="in training without dropout", **KEEPS, train=True, **REAL, weight=3, tolerance=1e-6, needs=CORE
        ),
        c.agrees_with_its_own_loss(case="without dropout, on a larger network", **KEEPS, **REAL, weight=6, needs="is_right"),
        c.agrees_with_its_own_loss(case="at test time", **DROPS, train=False, weight=2, needs="is_right"),
        c.agrees_with_its_own_loss(case="with dropout everywhere, on a larger network", **DROPS, **REAL, weight=10, needs=(INPUT, UNITS)),
        c.agrees_with_its_own_loss(
            case="for a single example", p_in=0.1, p_hidden=0.25, sizes=(7, 9, 5, 3), batch=1, weight=3, needs=(INPUT, UNITS)
        ),
        c.drops_the_right_share_of(of="inputs", p=0.62, weight=4, needs=INPUT_SCALE),
        c.drops_the_right_share_of(of="units of hidden layer 1", p=0.62, weight=4, needs=UNITS_SCALE),
        c.drops_the_right_share_of(of="units of hidden layer 2", p=0.62, weight=4, needs=UNITS_SCALE),
        c.drops_the_right_share_of(of="inputs", p=0.05, needs=INPUT_SCALE),
        c.scales_the_surviving(of="inputs", p=0.55, weight=2, needs=INPUT),
        c.scales_the_surviving(of="hidden units", p=0.55, weight=2, needs=UNITS),
        c.gives_dropped_units_no_gradient(p_in=0.4, p_hidden=0.3, weight=3, needs=(INPUT, UNITS)),
        c.changes_neither_parameters_nor_data(p_in=0.5, p_hidden=0.3, weight=2, needs="is_right"),
        c.is_the_plain_network_at_test_time(p_in=0.45, p_hidden=0.7, **REAL, weight=4, needs="is_right"),
    ],
    "mlp_predict": [c.gives_the_scores_of_the_solution(sizes=(30, 20, 16, 7), batch=25, weight=3, needs="is_right")],
    "max_norm": [
        c.is_right_like_the_solution(
            case="a larger matrix", given=((40, 30), 6.3), names=("W",), tolerance=1e-6, weight=3, needs=LONG_COLUMN
        ),
    ],
    "fixed_softmax_backward": [
        c.is_right_like_the_solution(
            case="a larger batch",
            given=([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.05, 0.05, 0.9]], [2, 2, 0, 1, 0]),
            names=("dscores",),
            tolerance=1e-6,
            weight=2,
            needs="leaves_its_arguments_alone",
        ),
    ],
    "quiz": [
        c.answers_rightly(key="first_loss", needs="is_filled_in(key=first_loss)"),
        c.answers_rightly(key="parameters", needs="is_filled_in(key=parameters)"),
        c.answers_rightly(key="evaluations", needs="is_filled_in(key=evaluations)"),
        c.answers_rightly(key="truncation", needs="is_filled_in(key=truncation)"),
        c.answers_rightly(key="same_seed", choices="abcd", needs="is_filled_in(key=same_seed, choices=abcd)"),
        c.answers_rightly(key="one_example", choices="abcd", needs="is_filled_in(key=one_example, choices=abcd)"),
    ],
}


# ==================================================================================================== wrong: numeric_gradient
@misconception("numeric_gradient", signs="cube", name="one_side_is_enough")
def numeric_one_sided(f, x, dout, h=1e-5):
    """You nudge each entry one way only. The one-sided difference has an error of the size of h, the central one of the size of h^2:
    go up AND down, and divide by 2h."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        here = np.sum(f(x) * dout)
        x[i] = before + h
        dx[i] = (np.sum(f(x) * dout) - here) / h
        x[i] = before
    return dx


@misconception("numeric_gradient", signs="cube of_a_square", name="the_distance_is_h")
def numeric_divided_by_h(f, x, dout, h=1e-5):
    """All of your entries are twice too large: between x - h and x + h lies the distance 2h, not h."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        up = np.sum(f(x) * dout)
        x[i] = before - h
        down = np.sum(f(x) * dout)
        x[i] = before
        dx[i] = (up - down) / h
    return dx


@misconception("numeric_gradient", signs="effect_of_dout", name="dout_plays_no_part")
def numeric_without_dout(f, x, dout, h=1e-5):
    """You differentiate sum(f(x)). The gradient asked for is that of sum(f(x) * dout): what arrives from above weighs each output."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        up = np.sum(f(x))
        x[i] = before - h
        down = np.sum(f(x))
        x[i] = before
        dx[i] = (up - down) / (2 * h)
    return dx


@misconception("numeric_gradient", signs="x_afterwards", name="adding_back_restores_x")
def numeric_added_back(f, x, dout, h=1e-5):
    """Your gradient is right, but some entries of x come back changed in their last bits: x + h - 2h + h is rounded three times. Keep
    the old number and write it back."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = np.sum(f(x) * dout)
        x[i] -= 2 * h
        down = np.sum(f(x) * dout)
        x[i] += h
        dx[i] = (up - down) / (2 * h)
    return dx


@misconception("numeric_gradient", signs="x_afterwards", name="x_is_mine_to_change")
def numeric_not_restored(f, x, dout, h=1e-5):
    """You leave x moved by h. The caller still needs it: give every entry its old number back."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = np.sum(f(x) * dout)
        x[i] -= 2 * h
        down = np.sum(f(x) * dout)
        dx[i] = (up - down) / (2 * h)
    return dx


@misconception("numeric_gradient", signs="of_x_itself", name="f_always_returns_a_new_array")
def numeric_alias(f, x, dout, h=1e-5):
    """When f returns x itself, the result that you put aside changes as soon as you move x on, and the difference becomes 0. Reduce
    f(x) to a number at once, or copy it."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        up = f(x)
        x[i] = before - h
        down = f(x)
        dx[i] = np.sum((up - down) * dout) / (2 * h)
        x[i] = before
    return dx


@misconception("numeric_gradient", signs="cube", name="the_step_is_always_the_same")
def numeric_fixed_step(f, x, dout, h=1e-5):
    """Your step does not depend on h. It is an argument: whoever calls chooses it."""
    h = 1e-5
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        up = np.sum(f(x) * dout)
        x[i] = before - h
        down = np.sum(f(x) * dout)
        x[i] = before
        dx[i] = np.round((up - down) / (2 * h), 8)
    return dx


@misconception("numeric_gradient", signs="of_a_product", name="all_entries_can_be_nudged_at_once")
def numeric_all_at_once(f, x, dout, h=1e-5):
    """You nudge all entries of x together. That works only where output i depends on input i alone; in a matrix product every output
    depends on many inputs. Nudge one entry at a time."""
    if np.shape(f(x)) == ():
        return np.zeros_like(x)
    return (f(x + h) - f(x - h)) / (2 * h) * dout


@misconception("numeric_gradient", signs="of_a_square of_a_product", name="seven_digits_are_enough_for_a_slope")
def numeric_in_float32(f, x, dout, h=1e-5):
    """Your gradient is noisy: somewhere the numbers are float32. With seven digits, x + h and x - h hardly differ for h = 1e-5. Stay in
    float64 here."""
    x = x.astype(np.float32)
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        dx[i] = (np.sum(f(up) * dout) - np.sum(f(down) * dout)) / (2 * h)
    return dx


# ==================================================================================================== wrong: directional_error
@misconception("directional_error", signs="signs_of_errors", name="an_error_has_a_sign")
def directional_signed(f, x, dout, dx, rng, k=3, h=1e-5):
    """Your errors can be negative, and then the largest of them may hide a large mistake. Take the absolute value before you compare."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    errors = []
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        errors.append((measured - np.sum(dx * u)) / (size or 1.0))
    return float(max(errors))


@misconception("directional_error", signs="error_of_a_missing_gradient", name="next_to_nothing_is_a_divisor")
def directional_eps(f, x, dout, dx, rng, k=3, h=1e-5):
    """Where dx is zero you divide by next to nothing, and any slope becomes a huge error. Then nothing is to be divided by: return the
    difference itself."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size) + 1e-12
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / size)
    return float(worst)


@misconception("directional_error", signs="size_of_an_error", name="the_average_is_enough")
def directional_mean(f, x, dout, dx, rng, k=3, h=1e-5):
    """You return the average over the directions. The largest is asked for: one direction that disagrees is enough to prove a mistake."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    errors = []
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        errors.append(abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(np.mean(errors))


@misconception("directional_error", signs="cube size_of_an_error", name="a_direction_may_have_any_length")
def directional_long(f, x, dout, dx, rng, k=3, h=1e-5):
    """Your directions are not of length 1, so the step is not h, and the error grows with the number of entries. Divide u by its length."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(worst)


@misconception("directional_error", signs="size_of_an_error", name="the_promised_slope_is_the_measure")
def directional_by_slope(f, x, dout, dx, rng, k=3, h=1e-5):
    """You divide by the slope of that very direction. A direction may by chance be nearly at right angles to dx, and then a perfect
    gradient looks bad: divide by |dx| / sqrt(n), the size that a slope typically has."""
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        slope = np.sum(dx * u)
        worst = max(worst, abs(measured - slope) / (abs(slope) or 1.0))
    return float(worst)


@misconception("directional_error", signs="cube", name="both_slopes_together_are_the_measure")
def directional_relative(f, x, dout, dx, rng, k=3, h=1e-5):
    """You divide by the sizes of both slopes together, the relative error of CS231n and others. Then an error looks half as large,
    and a direction nearly at right angles to dx looks bad by chance. Here it is divided by |dx| / sqrt(n)."""
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        slope = np.sum(dx * u)
        worst = max(worst, abs(measured - slope) / max(abs(measured) + abs(slope), 1e-8))
    return float(worst)


@misconception("directional_error", signs="size_of_an_error", name="the_length_of_dx_is_the_measure")
def directional_by_length(f, x, dout, dx, rng, k=3, h=1e-5):
    """You divide by |dx| and forget the square root of n. A slope along a random direction is about |dx| / sqrt(n), so your errors look the
    smaller the larger x is."""
    size = np.linalg.norm(dx)
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(worst)


@misconception("directional_error", signs="other_seeds", name="the_directions_may_be_fixed")
def directional_frozen(f, x, dout, dx, rng, k=3, h=1e-5):
    """Your error is the same whatever rng is handed in. Draw the directions from rng, so that another seed looks in other directions."""
    rng = np.random.default_rng(0)
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(worst)


@misconception("directional_error", signs="cube smaller_step", name="one_side_is_enough")
def directional_one_sided(f, x, dout, dx, rng, k=3, h=1e-5):
    """You step forwards only. The one-sided difference has an error of the size of h itself; go h u forwards AND backwards, and divide by
    2h."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x)) * dout) / h
        worst = max(worst, abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(worst)


@misconception("directional_error", signs="cube_times_dout", name="dout_plays_no_part")
def directional_without_dout(f, x, dout, dx, rng, k=3, h=1e-5):
    """You measure the slope of sum(f(x)). It is sum(f(x) * dout) whose gradient dx claims to be."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum(f(x + h * u) - f(x - h * u)) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(worst)


@misconception("directional_error", signs="error_of_zeros", name="a_gradient_is_never_zero")
def directional_nan(f, x, dout, dx, rng, k=3, h=1e-5):
    """Where dx is zero everywhere you divide 0 by 0. Then there is nothing to divide by: return the difference as it is."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    errors = []
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        errors.append(abs(measured - np.sum(dx * u)) / size)
    return float(np.max(errors))


@misconception("directional_error", signs="other_seeds", name="np_random_is_just_as_good")
def directional_global(f, x, dout, dx, rng, k=3, h=1e-5):
    """You draw your directions from np.random, the global generator. Then nobody can repeat a result: draw from rng."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    worst = 0.0
    for _ in range(k):
        u = np.random.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / (size or 1.0))
    return float(worst)


@misconception("directional_error", signs="effect_of_k", name="one_direction_is_enough")
def directional_once(f, x, dout, dx, rng, k=3, h=1e-5):
    """You try a single direction, whatever k is. (A return inside the loop, or a direction drawn before it?) Draw a new one k times, and
    return the largest of the k errors."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    u = rng.normal(size=x.shape)
    u /= np.linalg.norm(u)
    measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
    return float(abs(measured - np.sum(dx * u)) / (size or 1.0))


@misconception("directional_error", signs="error_of_a_missing_gradient", name="a_gradient_of_zeros_is_right")
def directional_zeros_pass(f, x, dout, dx, rng, k=3, h=1e-5):
    """Where dx is zero everywhere you return 0, as if it were right. But f may well have a slope there: return the difference as it is, and
    a forgotten gradient is caught."""
    size = np.linalg.norm(dx) / np.sqrt(dx.size)
    worst = 0.0
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u /= np.linalg.norm(u)
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        worst = max(worst, abs(measured - np.sum(dx * u)) / size if size else 0.0)
    return float(worst)


# ============================================================================================================= wrong: mlp_loss
# A right answer, and what one changed line makes of it.
RIGHT = '''\
def mlp_loss(params, X, y, p_in, p_hidden, rng, train=True):
    if not (0 <= p_in <= 1 and 0 <= p_hidden <= 1):
        raise ValueError("p is a probability")

    def factor(shape, p):
        if not train:
            return np.ones(shape)
        return (rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0)

    W1, b1, W2, b2, W3, b3 = (params[name] for name in ("W1", "b1", "W2", "b2", "W3", "b3"))
    N = len(X)
    m0 = factor(X.shape, p_in)
    h0 = X * m0
    a1 = h0 @ W1 + b1
    m1 = factor(a1.shape, p_hidden)
    h1 = np.maximum(a1, 0) * m1
    a2 = h1 @ W2 + b2
    m2 = factor(a2.shape, p_hidden)
    h2 = np.maximum(a2, 0) * m2
    s = h2 @ W3 + b3
    s = s - s.max(axis=1, keepdims=True)
    sums = np.exp(s).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - s[np.arange(N), y])
    ds = np.exp(s) / sums
    ds[np.arange(N), y] -= 1
    ds = ds / N
    da2 = (ds @ W3.T) * m2 * (a2 > 0)
    da1 = (da2 @ W2.T) * m1 * (a1 > 0)
    grads = {"W3": h2.T @ ds, "b3": ds.sum(axis=0)}
    grads["W2"], grads["b2"] = h1.T @ da2, da2.sum(axis=0)
    grads["W1"], grads["b1"] = h0.T @ da1, da1.sum(axis=0)
    return loss, grads
'''


def _written(name, *changes):
    """The right answer with some lines changed (old, new, old, new ...), as a function that knows its source."""
    source = RIGHT
    for old, new in zip(changes[0::2], changes[1::2], strict=True):
        if old not in source:
            raise ValueError(f"{name}: there is no {old!r}")
        source = source.replace(old, new)
    filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"np": np}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["mlp_loss"]


def _slip(name, signs, sentence, *changes):
    """A wrong solution: the belief, the facts that give it away, what the student reads, and the lines it changes."""
    function = _written(name, *changes)
    function.__doc__ = sentence
    globals()[f"mlp_{name}_{len(globals())}"] = misconception("mlp_loss", signs=signs, name=name)(function)


FACTOR = "(rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0)"

_slip(
    "p_is_the_keep_probability",
    "inputs_survive input_factor hidden_units_survive hidden_factor",
    "You keep each unit with probability p. In this course p is the probability of DROPPING, so a unit stays with probability 1 - p. "
    "Papers often use p the other way round.",
    FACTOR,
    "(rng.random(shape) < p) * (1 / p) if p > 0 else np.ones(shape)",
)
_slip(
    "p_is_the_keep_probability",
    "whole_way input_factor",
    "You keep each unit with probability p and divide by p. In this course p is the probability of DROPPING: keep with 1 - p and "
    "divide by 1 - p. (At p = 0, where nothing should be dropped, you now get 0 / 0: that is where a NaN comes from.)",
    FACTOR,
    "(rng.random(shape) < p) / np.float64(p)",
)
HIDDEN_FACTORS = ("m1 = factor(a1.shape, p_hidden)", "m2 = factor(a2.shape, p_hidden)")


def _hidden(new):
    """The lines that give the hidden layers a factor of their own."""
    first, second = HIDDEN_FACTORS
    own = "    def hidden(shape, p):\n        if not train:\n            return np.ones(shape)\n        return " + new + "\n\n"
    names = "    W1, b1, W2, b2, W3, b3 ="
    return (names, own + names, first, first.replace("factor", "hidden"), second, second.replace("factor", "hidden"))


_slip(
    "p_is_the_keep_probability",
    "hidden_units_survive hidden_factor",
    "In the hidden layers you keep each unit with probability p. In this course p is the probability of DROPPING, so a unit stays with "
    "probability 1 - p. Papers often use p the other way round.",
    *_hidden("(rng.random(shape) < p) * (1 / p) if p > 0 else np.ones(shape)"),
)
_slip(
    "survivors_need_no_scale",
    "hidden_factor",
    "In the hidden layers you drop units but leave the survivors as they are, so these layers are quieter in training than at test time. "
    "Divide them by 1 - p.",
    *_hidden("(rng.random(shape) >= p) * 1.0"),
)
_slip(
    "the_factor_belongs_to_test_time",
    "hidden_factor at_test",
    "In the hidden layers this is vanilla dropout: no factor in training, 1 - p at test time. Asked for is the inverted form: divide the "
    "survivors by 1 - p in training and leave test time alone.",
    *_hidden("(rng.random(shape) >= p) * 1.0"),
    "            return np.ones(shape)\n        return (rng.random(shape) >= p) * 1.0",
    "            return np.full(shape, 1 - p)\n        return (rng.random(shape) >= p) * 1.0",
)
_slip(
    "one_mask_serves_the_whole_batch",
    "hidden_masks",
    "In the hidden layers all examples of a batch lose the same units. Draw a number for each unit AND example: the mask has the shape of "
    "the whole layer.",
    *_hidden(FACTOR.replace("shape", "shape[1:]")),
)
_slip(
    "hidden_units_meet_no_chance",
    "hidden_units_survive second_layer_survives",
    "In your hidden layers no chance is at work: a unit that survives once survives in every call. Is its mask drawn from rng, with "
    "p_hidden, and without a seed of your own? (Mind that rng.random(...) < q / q compares with 1.)",
    *_hidden("np.ones(shape)"),
)
_slip(
    "a_penalty_belongs_to_the_loss",
    "penalty",
    "You add a penalty on the weights. It is a fine thing against overfitting, but asked for is the mean cross-entropy alone, and its "
    "gradients.",
    "    return loss, grads",
    "    for name in (\"W1\", \"W2\", \"W3\"):\n        loss += 0.0005 * np.sum(params[name] ** 2)\n"
    "        grads[name] = grads[name] + 0.001 * params[name]\n    return loss, grads",
)
_slip(
    "a_penalty_belongs_to_the_gradients",
    "penalty",
    "You add a multiple of the weights to their gradients (weight decay). Asked for are the gradients of the loss that you return: the "
    "mean cross-entropy alone.",
    "    return loss, grads",
    "    for name in (\"W1\", \"W2\", \"W3\"):\n        grads[name] = grads[name] + 0.001 * params[name]\n    return loss, grads",
)
_slip(
    "a_sum_keeps_its_dimensions",
    "gradient_shapes",
    "A gradient has the shape of its parameter: b1 is (H,), but your gradient of it has an axis more. Sum over the rows without "
    "keepdims=True, or params[name] -= lr * grads[name] will fail.",
    "grads = {\"W3\": h2.T @ ds, \"b3\": ds.sum(axis=0)}",
    "grads = {\"W3\": h2.T @ ds, \"b3\": ds.sum(axis=0, keepdims=True)}",
)
_slip(
    "what_is_below_p_stays",
    "inputs_survive",
    "You keep the units whose random number is below p, a share of p. But p is the probability of DROPPING: keep those with "
    "rng.random(...) >= p, a share of 1 - p, which is what you divide by.",
    FACTOR,
    "(rng.random(shape) < p) * (1 / (1 - p) if p < 1 else 0.0) if p > 0 else np.ones(shape)",
)
_slip(
    "p_of_zero_keeps_nothing",
    "inputs_survive",
    "With p = 0 nothing is left. In this course p is the probability of DROPPING: at p = 0 every unit stays, in general a share of 1 - p.",
    FACTOR,
    "(rng.random(shape) < p) * (1 / p if p > 0 else 0.0)",
)
_slip(
    "dropout_can_come_later",
    "inputs_survive input_factor dropped_inputs hidden_units_survive hidden_factor second_layer_survives",
    "Nothing is dropped in training, whatever p_in and p_hidden are. If you are on the way, well done so far: next multiply the input and "
    "the output of each ReLU by a random mask, divided by 1 - p.",
    FACTOR,
    "np.ones(shape)",
)
_slip(
    "survivors_need_no_scale",
    "input_factor hidden_factor",
    "You drop units but leave the survivors as they are, so every layer is quieter in training than at test time. Divide them by 1 - p.",
    FACTOR,
    "(rng.random(shape) >= p) * 1.0",
)
_slip(
    "the_factor_belongs_to_test_time",
    "input_factor hidden_factor at_test",
    "This is vanilla dropout: no factor in training, 1 - p at test time. It is right in its own way, but asked for is the inverted form: "
    "divide the survivors by 1 - p in training and leave test time alone.",
    "return np.ones(shape)",
    "return np.full(shape, 1 - p)",
    FACTOR,
    "(rng.random(shape) >= p) * 1.0",
)
_slip(
    "survivors_are_divided_by_p",
    "input_factor hidden_factor",
    "You divide the survivors by p, the share that was dropped. It is the share that STAYED, 1 - p, that must be made up for.",
    FACTOR,
    "(rng.random(shape) >= p) * (1 / p if p > 0 else 1.0)",
)
_slip(
    "seven_digits_are_enough_for_a_slope",
    "loss_of_no_scores",
    "Your loss has the seven digits of float32. For training that is plenty; but the small differences from which a slope is measured are "
    "lost in the rounding. The parameters come in float64: leave them as they are.",
    "s = s - s.max(axis=1, keepdims=True)",
    "s = (s - s.max(axis=1, keepdims=True)).astype(np.float32)",
)
_slip(
    "the_input_is_never_dropped",
    "inputs_survive input_factor dropped_inputs",
    "Your inputs are never dropped, whatever p_in is. The first dropout comes before the first matrix.",
    "m0 = factor(X.shape, p_in)",
    "m0 = np.ones(X.shape)",
)
_slip(
    "one_hidden_layer_is_enough",
    "hidden_units_survive second_layer_survives",
    "Only the first hidden layer is dropped. The second one has a dropout of its own, after its ReLU.",
    "m2 = factor(a2.shape, p_hidden)",
    "m2 = np.ones(a2.shape)",
)
_slip(
    "only_the_last_hidden_layer_is_dropped",
    "hidden_units_survive whole_way =second_layer_survives =layers",
    "Only the second hidden layer is dropped. The first one has a dropout of its own, after its ReLU.",
    "m1 = factor(a1.shape, p_hidden)",
    "m1 = np.ones(a1.shape)",
)
_slip(
    "a_hidden_layer_has_the_rate_of_the_input",
    "inputs_survive hidden_units_survive =second_layer_survives =whole_way",
    "Your first hidden layer is dropped with p_in. That is the rate of the input; both hidden layers have p_hidden.",
    "m1 = factor(a1.shape, p_hidden)",
    "m1 = factor(a1.shape, p_in)",
)
_slip(
    "a_hidden_layer_has_the_rate_of_the_input",
    "inputs_survive hidden_units_survive second_layer_survives =dropped_inputs",
    "Your second hidden layer is dropped with p_in. That is the rate of the input; both hidden layers have p_hidden.",
    "m2 = factor(a2.shape, p_hidden)",
    "m2 = factor(a2.shape, p_in)",
)
_slip(
    "the_scores_are_dropped_too",
    "scores",
    "You drop scores as well. A class whose score is dropped cannot be compared with the others: there is no dropout after the "
    "last matrix.",
    "s = h2 @ W3 + b3\n",
    "m3 = factor((N, len(b3)), p_hidden)\n    s = (h2 @ W3 + b3) * m3\n",
    "ds = ds / N",
    "ds = ds / N * m3",
)
_slip(
    "the_two_rates_have_changed_places",
    "inputs_survive input_factor hidden_units_survive second_layer_survives input_masks hidden_masks dropped_inputs =penalty",
    "Your p_in and p_hidden have changed places: p_in belongs to the input, p_hidden to the two hidden layers.",
    "factor(X.shape, p_in)",
    "factor(X.shape, p_hidden)",
    "factor(a1.shape, p_hidden)",
    "factor(a1.shape, p_in)",
    "factor(a2.shape, p_hidden)",
    "factor(a2.shape, p_in)",
)
_slip(
    "dropout_stays_on_at_test_time",
    "at_test",
    "With train=False units are still dropped. At test time the whole network answers, and no random number is drawn.",
    "if not train:",
    "if rng is None:",
)
_slip(
    "one_mask_serves_both_hidden_layers",
    "layers hidden_units_survive",
    "Your two hidden layers lose the same units when they are of the same width. Each dropout draws a mask of its own.",
    "m2 = factor(a2.shape, p_hidden)",
    "m2 = m1 if a2.shape == a1.shape else factor(a2.shape, p_hidden)",
)
_slip(
    "one_mask_serves_the_whole_batch",
    "input_masks hidden_masks",
    "All examples of a batch lose the same units. Draw a number for each unit AND example: the mask has the shape of the whole layer.",
    "rng.random(shape)",
    "rng.random(shape[1:])",
)
_slip(
    "an_example_is_dropped_as_a_whole",
    "input_masks hidden_masks",
    "A whole layer of an example is kept or dropped, all units together. Draw a number for each unit AND example: the mask has the "
    "shape of the whole layer.",
    "rng.random(shape)",
    "rng.random((shape[0], 1))",
    "* (1 / (1 - p) if p < 1 else 0.0)",
    "* np.full(shape, 1 / (1 - p) if p < 1 else 0.0)",
)
_slip(
    "a_fixed_seed_belongs_in_the_function",
    "generator_used",
    "Every call drops the same units, because the function makes a generator with a fixed seed. Draw from the rng that is handed in.",
    "    N = len(X)",
    "    rng = np.random.default_rng(0)\n    N = len(X)",
)
_slip(
    "np_random_is_just_as_good",
    "generator_used",
    "You draw from the global generator. Then nobody can repeat a result: draw from the rng that is handed in.",
    "rng.random(shape)",
    "np.random.random(shape)",
)
_slip(
    "the_loss_is_a_sum",
    "loss_of_no_scores",
    "Your loss is the SUM over the batch. Asked for is the mean, so that its size does not depend on the size of the batch.",
    "loss = np.mean(",
    "loss = np.sum(",
    "ds = ds / N",
    "ds = ds * 1.0",
)
_slip(
    "the_gradient_of_a_sum_is_that_of_a_mean",
    "loss_of_no_scores slope_of_W1 slope_of_W2 slope_of_W3 slope_of_b1 slope_of_b2 slope_of_b3",
    "Your loss is the SUM over the batch, but your gradients are those of the mean. Asked for is the mean: divide the loss by N as well.",
    "loss = np.mean(",
    "loss = np.sum(",
)
_slip(
    "logarithms_are_binary",
    "loss_of_no_scores",
    "Your loss is in bits. Asked for are nats: the natural logarithm, np.log.",
    "loss = np.mean(np.log(sums[:, 0]) - s[np.arange(N), y])",
    "loss = np.mean(np.log(sums[:, 0]) - s[np.arange(N), y]) / np.log(2)",
    "ds = ds / N",
    "ds = ds / N / np.log(2)",
)
_slip(
    "the_gradient_need_not_be_divided_by_n",
    "slope_of_W1 slope_of_W2 slope_of_W3",
    "All of your gradients are too large by the size of the batch: the loss is a mean, so its gradient is divided by N too.",
    "ds = ds / N",
    "ds = ds * 1.0",
)
_slip(
    "the_gradient_points_downhill",
    "slope_of_W1 slope_of_W2 slope_of_W3",
    "All of your gradients have the wrong sign. The gradient says how the loss GROWS; the minus comes only when you take the step.",
    "return loss, grads",
    "return loss, {name: -g for name, g in grads.items()}",
)
_slip(
    "biases_take_the_average",
    "slope_of_b1 slope_of_b2 slope_of_b3",
    "Your weight gradients are right, but those of the biases are too small by the size of the batch. A bias is added in every row: its "
    "gradient is the SUM over the rows (the division by N is done already).",
    "ds.sum(axis=0)",
    "ds.mean(axis=0)",
    "da2.sum(axis=0)",
    "da2.mean(axis=0)",
    "da1.sum(axis=0)",
    "da1.mean(axis=0)",
)
_slip(
    "dropout_matters_forwards_only",
    "dropped_in_layer_1 dropped_in_layer_2",
    "Dropped units get a gradient. On the way back each dropout multiplies once more by what it multiplied by on the way forward: 0 for "
    "the dropped ones.",
    " * m2 * (a2 > 0)",
    " * (a2 > 0)",
    " * m1 * (a1 > 0)",
    " * (a1 > 0)",
)
_slip(
    "the_gradient_needs_no_scale",
    "slope_of_W2_with_dropout slope_of_W1_with_dropout",
    "Your gradient passes the right units, but without the factor 1/(1-p) of the survivors. What the forward pass multiplied by, scale "
    "included, multiplies the gradient.",
    " * m2 * (a2 > 0)",
    " * (m2 > 0) * (a2 > 0)",
    " * m1 * (a1 > 0)",
    " * (m1 > 0) * (a1 > 0)",
)
_slip(
    "the_scale_is_applied_again",
    "slope_of_W2_with_dropout slope_of_W1_with_dropout",
    "Your gradient is divided by 1 - p twice: the stored multiplier holds this factor already.",
    " * m2 * (a2 > 0)",
    " * m2 / (1 - p_hidden if p_hidden < 1 else 1) * (a2 > 0)",
    " * m1 * (a1 > 0)",
    " * m1 / (1 - p_hidden if p_hidden < 1 else 1) * (a1 > 0)",
)
_slip(
    "the_gradient_draws_its_own_mask",
    "dropped_in_layer_1 dropped_in_layer_2",
    "On the way back you draw a fresh mask. The gradient belongs to the units that took part: keep the masks of the forward pass.",
    " * m2 * (a2 > 0)",
    " * factor(a2.shape, p_hidden) * (a2 > 0)",
    " * m1 * (a1 > 0)",
    " * factor(a1.shape, p_hidden) * (a1 > 0)",
)
_slip(
    "relu_lets_every_gradient_pass",
    "inactive_in_layer_1 inactive_in_layer_2 =slope_of_W3",
    "Units whose ReLU is off get a gradient. Where a is negative the ReLU is flat: multiply by (a > 0).",
    " * (a2 > 0)",
    "",
    " * (a1 > 0)",
    "",
)
_slip(
    "the_first_relu_lets_every_gradient_pass",
    "inactive_in_layer_1 =slope_of_W3",
    "On the way back you think of the second ReLU, but not of the first: where a of the first layer is negative, its units get a gradient. "
    "Multiply by (a > 0) there too.",
    " * (a1 > 0)",
    "",
)
_slip(
    "the_first_matrix_meets_the_whole_input",
    "dropped_inputs =penalty",
    "Your gradient of W1 uses X. The matrix was multiplied by the input AFTER dropout: use that, zeros and scale included.",
    "h0.T @ da1",
    "X.T @ da1",
)
_slip(
    "weights_meet_the_layer_before_dropout",
    "slope_of_W2_with_dropout slope_of_W3_with_dropout dropped_in_layer_1 =penalty",
    "Your gradients of W2 and W3 use the ReLU's output before dropout. These matrices were multiplied by what was left AFTER dropout.",
    "h2.T @ ds",
    "np.maximum(a2, 0).T @ ds",
    "h1.T @ da2",
    "np.maximum(a1, 0).T @ da2",
)
_slip(
    "the_data_may_be_overwritten",
    "given_after",
    "X *= mask changes the array of the caller: your training data lose some of their entries at every step. Make a new array, X * mask.",
    "h0 = X * m0",
    "X *= m0\n    h0 = X",
)
_slip(
    "scores_are_never_large",
    "huge_scores",
    "With a score of 2000 your loss is no finite number: exp(2000) is too large, and so is the log of a probability of 0. Subtract the "
    "largest score of each ROW first, and take the logarithm of the sum, not of the probability.",
    "s = s - s.max(axis=1, keepdims=True)",
    "s = s * 1.0",
)
_slip(
    "a_tiny_number_makes_a_logarithm_safe",
    "huge_scores",
    "You add a tiny number to the probability (or clip it) before you take its logarithm. That hides the zero, but makes the loss of a "
    "hopeless example too small. Take the logarithm of the sum of exponentials, minus the score, and no zero comes up.",
    "loss = np.mean(np.log(sums[:, 0]) - s[np.arange(N), y])",
    "loss = -np.mean(np.log((np.exp(s) / sums)[np.arange(N), y] + 1e-12))",
)
_slip(
    "test_time_is_scaled_as_well",
    "at_test",
    "At test time you still multiply by 1 - p. That belongs to vanilla dropout: here the survivors were divided by 1 - p in training, so "
    "the whole network answers as it is.",
    "return np.ones(shape)",
    "return np.full(shape, 1 - p)",
)
_slip(
    "a_rate_of_one_is_refused",
    "rate_one",
    "You refuse p = 1. It is a legal rate: everything is dropped, and the result is zeros, not an error.",
    "0 <= p_hidden <= 1)",
    "0 <= p_hidden < 1)",
)
_slip(
    "p_is_never_one",
    "rate_one",
    "With p = 1 you divide by zero. Then everything is dropped, and there is nobody left to be scaled: the multiplier is 0.",
    "(1 / (1 - p) if p < 1 else 0.0)",
    "np.divide(1.0, 1 - p)",
)
_slip(
    "any_p_will_do",
    "rate_outside",
    "A rate outside 0 to 1 goes through without a word. It is always a slip of the caller's: raise ValueError.",
    "if not (0 <= p_in <= 1 and 0 <= p_hidden <= 1):",
    "if p_in is None:",
    "1 / (1 - p) if p < 1 else 0.0",
    "1 / (1 - p) if p != 1 else 0.0",
)


# ========================================================================================================== wrong: mlp_predict
@misconception("mlp_predict", signs="scores_by_hand", name="scores_go_through_a_relu_too")
def predict_relu(params, X):
    """Negative scores are missing: you send the scores through a ReLU as well. The last layer is linear."""
    h1 = np.maximum(X @ params["W1"] + params["b1"], 0)
    h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)
    return np.maximum(h2 @ params["W3"] + params["b3"], 0)


@misconception("mlp_predict", signs="row_sums", name="scores_are_probabilities")
def predict_softmax(params, X):
    """You return probabilities. Asked for are the scores, before any softmax."""
    h1 = np.maximum(X @ params["W1"] + params["b1"], 0)
    h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)
    s = h2 @ params["W3"] + params["b3"]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@misconception("mlp_predict", signs="scores_by_hand", name="one_relu_is_enough")
def predict_one_relu(params, X):
    """Your second hidden layer has no ReLU. Two linear maps in a row are no more than one."""
    h1 = np.maximum(X @ params["W1"] + params["b1"], 0)
    h2 = h1 @ params["W2"] + params["b2"]
    return h2 @ params["W3"] + params["b3"]


@misconception("mlp_predict", signs="scores_by_hand", name="biases_are_for_training")
def predict_no_biases(params, X):
    """Your prediction leaves the biases out. They are a part of the network at test time too."""
    h1 = np.maximum(X @ params["W1"], 0)
    h2 = np.maximum(h1 @ params["W2"], 0)
    return h2 @ params["W3"]


@misconception("mlp_predict", signs="scores_by_hand", name="a_network_is_linear")
def predict_linear(params, X):
    """Your hidden layers have no ReLU. Without it three matrices in a row are no more than one. Take max(a, 0) twice."""
    h = (X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
    return h @ params["W3"] + params["b3"]


@misconception("mlp_predict", signs="scores_by_hand", name="a_prediction_is_a_class")
def predict_classes(params, X):
    """You return the classes. Asked for are the scores of all classes, an (N, K) array; whoever wants the class takes argmax of it."""
    h1 = np.maximum(X @ params["W1"] + params["b1"], 0)
    h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)
    return (h2 @ params["W3"] + params["b3"]).argmax(axis=1)


# ============================================================================================================= wrong: max_norm
@misconception("max_norm", signs="long_column short_column", name="the_leash_holds_the_whole_matrix")
def max_norm_whole(W, c):
    """You scale the whole matrix by one number. The leash is for each unit by itself: column j is scaled only if column j is too long."""
    return W * min(1.0, c / max(np.sqrt((W**2).sum()), 1e-300))


@misconception("max_norm", signs="long_column short_column", name="a_unit_is_a_row")
def max_norm_rows(W, c):
    """You look at the rows of W. The weights INTO unit j are column j: sum the squares over axis 0."""
    length = np.sqrt((W**2).sum(axis=1, keepdims=True))
    return W * (c / np.maximum(length, c))


@misconception("max_norm", signs="short_column", name="every_column_has_length_c")
def max_norm_all(W, c):
    """You bring every column to length c, the short ones too. It is a leash, not a rod: what is shorter than c stays as it is."""
    length = np.sqrt((W**2).sum(axis=0))
    return W * c / np.where(length > 0, length, 1.0)


@misconception("max_norm", signs="long_column", name="the_length_is_the_sum_of_squares")
def max_norm_squared(W, c):
    """You compare the SQUARE of the length with c. Take the root first."""
    square = (W**2).sum(axis=0)
    return W * (c / np.maximum(square, c))


@misconception("max_norm", signs="long_column", name="the_length_is_the_sum_of_entries")
def max_norm_l1(W, c):
    """You take the sum of the absolute values for the length. It is the root of the sum of squares: [3, 4] has the length 5."""
    length = np.abs(W).sum(axis=0)
    return W * (c / np.maximum(length, c))


@misconception("max_norm", signs="long_column", name="entries_are_clipped")
def max_norm_clipped(W, c):
    """You clip the entries one by one, which turns the column in another direction. The whole column is scaled by one number."""
    return np.clip(W, -c, c)


@misconception("max_norm", signs="zeros", name="every_column_has_a_length")
def max_norm_nan(W, c):
    """A column of zeros becomes NaN, because you divide by its length. It is shorter than c, so it stays as it is."""
    with np.errstate(all="ignore"):
        return W * np.minimum(1.0, c / np.sqrt((W**2).sum(axis=0)) * np.where((W**2).sum(axis=0) > 0, 1.0, np.nan))


@misconception("max_norm", signs="arguments_afterwards", name="w_may_be_overwritten")
def max_norm_in_place(W, c):
    """You scale the caller's matrix itself. Return a new one."""
    W *= c / np.maximum(np.sqrt((W**2).sum(axis=0)), c)
    return W


# =============================================================================================== wrong: fixed_softmax_backward
@misconception("fixed_softmax_backward", signs="arguments_afterwards", name="an_equals_sign_makes_a_copy")
def clinic_patient(probs, y):
    """The patient has not changed: delta = probs (or probs[:], or np.asarray) is a second NAME for the same numbers, so the caller's
    probabilities lose their 1. Copy first."""
    delta = probs
    delta[np.arange(len(y)), y] -= 1
    return delta / len(y)


@misconception("fixed_softmax_backward", signs="right_class other_class", name="the_loss_is_a_sum")
def clinic_sum(probs, y):
    """Your gradient belongs to the SUM over the batch. The loss is a mean: divide by N."""
    delta = probs.copy()
    delta[np.arange(len(y)), y] -= 1
    return delta


@misconception("fixed_softmax_backward", signs="right_class other_class", name="the_gradient_points_the_other_way")
def clinic_sign(probs, y):
    """Your gradient has the wrong sign: a larger score of the right class makes the loss SMALLER, so its entry is negative."""
    delta = -probs
    delta[np.arange(len(y)), y] += 1
    return delta / len(y)


@misconception("fixed_softmax_backward", signs="other_class", name="only_the_right_class_has_a_gradient")
def clinic_right_only(probs, y):
    """Only the right class gets a gradient. The other scores matter too: raising one of them takes probability from the right class."""
    delta = np.zeros_like(probs)
    n = np.arange(len(y))
    delta[n, y] = (probs[n, y] - 1) / len(y)
    return delta


# ============================================================================================== right, and looks different
@variant("max_norm")
def max_norm_tiny(W, c):
    norms = np.sqrt(np.sum(np.square(W), axis=0, keepdims=True))
    return W * (np.clip(norms, 0, c) / (1e-7 + norms))


@variant("numeric_gradient")
def numeric_flat(f, x, dout, h=1e-5):
    dx = np.empty(x.size)
    flat = x.reshape(-1)
    for i in range(x.size):
        keep = flat[i]
        flat[i] = keep + h
        up = np.array(f(x))
        flat[i] = keep - h
        down = np.array(f(x))
        flat[i] = keep
        dx[i] = ((up - down) / (2 * h) * dout).sum()
    return dx.reshape(x.shape)


@variant("numeric_gradient")
def numeric_on_copies(f, x, dout, h=1e-5):
    def total(z):
        return float(np.sum(f(z) * np.asarray(dout)))

    entries = []
    for i in range(x.size):
        e = np.zeros(x.size)
        e[i] = h
        e = e.reshape(x.shape)
        entries.append((total(x + e) - total(x - e)) / (2 * h))
    return np.array(entries).reshape(x.shape)


@variant("numeric_gradient")
def numeric_nditer(f, x, dout, h=1e-5):
    dx = np.zeros(x.shape)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        i = it.multi_index
        old = float(x[i])
        x[i] = old + h
        up = np.copy(f(x))
        x[i] = old - h
        down = np.copy(f(x))
        x[i] = old
        dx[i] = np.sum((up - down) * dout) / (2 * h)
        it.iternext()
    return dx


@variant("directional_error")
def directional_lists(f, x, dout, dx, rng, k=3, h=1e-5):
    size = np.sqrt(np.mean(dx**2))
    errors = []
    for u in rng.standard_normal((k, *x.shape)):
        u = u / np.sqrt((u**2).sum())
        slope = (np.sum(f(x + h * u) * dout) - np.sum(f(x - h * u) * dout)) / (2 * h)
        errors.append(abs(slope - np.vdot(dx, u)))
    worst = max(errors)
    return worst / size if size else worst


@variant("directional_error")
def directional_flat(f, x, dout, dx, rng, k=3, h=1e-5):
    norm = np.linalg.norm(dx.ravel())
    result = []
    for _ in range(k):
        u = rng.standard_normal(x.size)
        u = (u / np.linalg.norm(u)).reshape(x.shape)
        up, down = np.asarray(f(x + h * u)), np.asarray(f(x - h * u))
        measured = np.sum(dout * (up - down) / (2 * h))
        result.append(np.abs(measured - (dx * u).sum()) * (np.sqrt(x.size) / norm if norm > 0 else 1.0))
    return np.max(result)


mlp_right = _written("mlp_right")
mlp_right = variant("mlp_loss")(mlp_right)


@variant("mlp_loss")
def mlp_masks_first_in_reverse(params, X, y, p_in, p_hidden, rng, train=True):
    if min(p_in, p_hidden) < 0 or max(p_in, p_hidden) > 1:
        raise ValueError("rates are probabilities")
    N, D = X.shape
    H1, H2 = len(params["b1"]), len(params["b2"])
    masks = [np.ones((N, H2)), np.ones((N, H1)), np.ones((N, D))]
    if train:
        for k, p in enumerate((p_hidden, p_hidden, p_in)):
            if p > 0:
                masks[k] = rng.binomial(1, 1 - p, size=masks[k].shape) / (1 - p) if p < 1 else 0 * masks[k]
    m2, m1, m0 = masks
    h0 = m0 * X
    z1 = np.dot(h0, params["W1"]) + params["b1"]
    h1 = m1 * z1 * (z1 >= 0)
    z2 = np.dot(h1, params["W2"]) + params["b2"]
    h2 = m2 * z2 * (z2 >= 0)
    scores = np.dot(h2, params["W3"]) + params["b3"]
    top = scores.max(1)
    onehot = np.eye(scores.shape[1])[y]
    loss = (top + np.log(np.exp(scores - top[:, None]).sum(1)) - (scores * onehot).sum(1)).sum() / N
    P = np.exp(scores - top[:, None])
    P = P / P.sum(1)[:, None]
    d3 = (P - onehot) / N
    d2 = np.dot(d3, params["W3"].T) * (z2 >= 0) * m2
    d1 = np.dot(d2, params["W2"].T) * (z1 >= 0) * m1
    return loss, {
        "b1": d1.sum(0), "W1": np.dot(h0.T, d1),
        "b2": d2.sum(0), "W2": np.dot(h1.T, d2),
        "b3": d3.sum(0), "W3": np.dot(h2.T, d3),
    }


@variant("mlp_loss")
def mlp_layer_by_layer(params, X, y, p_in, p_hidden, rng, train=True):
    for p in [p_in, p_hidden]:
        if p < 0 or p > 1:
            raise ValueError(p)

    def drop(x, p):
        if not train or p == 0:
            return x, lambda dout: dout
        if p == 1:
            return np.zeros_like(x), lambda dout: np.zeros_like(dout)
        gone = rng.uniform(size=x.shape) < p
        out = x / (1 - p)
        out[gone] = 0

        def back(dout):
            dx = dout / (1 - p)
            dx[gone] = 0
            return dx

        return out, back

    grads, steps = {}, []
    h, back = drop(X, p_in)
    for layer in ("1", "2"):
        a = h @ params["W" + layer] + params["b" + layer]
        r = a.copy()
        r[r < 0] = 0
        steps.append((h, a, back, layer))
        h, back = drop(r, p_hidden)
    s = h @ params["W3"] + params["b3"]
    logs = s - np.max(s, axis=1)[:, np.newaxis]
    logs = logs - np.log(np.sum(np.exp(logs), axis=1))[:, np.newaxis]
    loss = 0.0
    d = np.exp(logs) / len(y)
    for n, label in enumerate(y):
        loss -= logs[n, label] / len(y)
        d[n, label] -= 1 / len(y)
    grads["W3"], grads["b3"] = h.T @ d, np.ones(len(y)) @ d
    d = back(d @ params["W3"].T)
    for h, a, back, layer in reversed(steps):
        d = np.where(a > 0, d, 0.0)
        grads["W" + layer], grads["b" + layer] = h.T @ d, d.sum(0)
        d = back(d @ params["W" + layer].T)
    return loss, grads


@variant("mlp_loss")
def mlp_example_by_example(params, X, y, p_in, p_hidden, rng, train=True):
    if not (0 <= p_in <= 1) or not (0 <= p_hidden <= 1):
        raise ValueError("not a probability")
    W = [params["W1"], params["W2"], params["W3"]]
    b = [params["b1"], params["b2"], params["b3"]]
    total = 0.0
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for x, label in zip(X, y, strict=True):
        hs, factors, h = [], [], x
        for k in range(3):
            p = p_in if k == 0 else p_hidden
            factor = np.ones(len(h))
            if train:
                factor = np.array([0.0 if p == 1 or rng.random() < p else 1 / (1 - p) for _ in h])
            h = h * factor
            hs.append(h)
            factors.append(factor)
            h = h @ W[k] + b[k]
            if k < 2:
                h = np.maximum(h, 0)
        e = np.exp(h - h.max())
        total += np.log(e.sum()) - (h[label] - h.max())
        d = e / e.sum()
        d[label] -= 1
        for k in (2, 1, 0):
            grads[f"W{k + 1}"] += np.outer(hs[k], d) / len(X)
            grads[f"b{k + 1}"] += d / len(X)
            d = (W[k] @ d) * factors[k] * (hs[k] > 0)
    return total / len(X), grads


@variant("mlp_predict")
def predict_loop(params, X):
    h = X
    for layer in (1, 2, 3):
        h = h @ params[f"W{layer}"] + params[f"b{layer}"]
        if layer < 3:
            h = np.where(h > 0, h, 0)
    return h


@variant("mlp_predict")
def predict_augmented(params, X):
    ones = np.ones((len(X), 1))
    h1 = np.hstack([X, ones]) @ np.vstack([params["W1"], params["b1"]])
    h1 = h1 * (h1 > 0)
    h2 = np.einsum("nh,hk->nk", h1, params["W2"]) + params["b2"]
    h2 = (h2 + np.abs(h2)) / 2
    return h2.dot(params["W3"]) + params["b3"]


@variant("max_norm")
def max_norm_loop(W, c):
    result = W.copy()
    for j in range(W.shape[1]):
        length = np.linalg.norm(W[:, j])
        if length > c:
            result[:, j] = W[:, j] / length * c
    return result


@variant("max_norm")
def max_norm_clip(W, c):
    norms = np.linalg.norm(W, axis=0, keepdims=True)
    return np.where(norms > c, W * c / (norms + (norms == 0)), W)


@variant("fixed_softmax_backward")
def clinic_onehot(probs, y):
    return (probs - np.eye(probs.shape[1])[y]) / probs.shape[0]


@variant("fixed_softmax_backward")
def clinic_divided(probs, y):
    N = len(y)
    delta = probs / N
    delta[range(N), y] -= 1 / N
    return delta

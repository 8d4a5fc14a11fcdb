"""SECRET. The key of assignment 3: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

from pathlib import Path

import numpy as np

from autograder import checks as c
from autograder import misconception, notebook, variant
from autograder.checks.forms import Bare

SALT = "numbat-5903"

LAYER = {"via": Bare()}
EXACT = "moves_exactly(fraction=0.2, count=400)"
NETWORK = "returns_a_network(sizes=(6, 8, 7, 3))"
STEP = "steps_down_the_gradient"
MEAN = "sums_up(key=mean)"
WHOLE = "starts_at_the_whole_network"
HEALTHY = "keeps_its_input"
R = {"data": "digits", "train": 400, "noise": 0.2, "sizes": (64, 128, 128, 10), "epochs": 100, "lr": 0.01, "momentum": 0.9}

HIDDEN = {
    "noisy_labels": [
        c.moves_exactly(fraction=0.29, count=100, needs=EXACT),  # int(0.29 * 100) is 28
        c.moves_exactly(fraction=0.0, count=50, needs=EXACT),
        c.moves_exactly(fraction=0.6, count=333, classes=3, weight=2, needs=EXACT),
        c.reaches_all_wrong_classes(classes=5, needs=EXACT),
        c.refuses_the_fraction(fraction=-0.1, needs=EXACT),
    ],
    "train_mlp": [
        c.returns_a_network(sizes=(5, 3), needs=STEP),
        c.steps_down_the_gradient(sizes=(7, 40, 44, 36, 3), lr=0.05, weight=2, needs=STEP),
        c.keeps_momentum(sizes=(7, 50, 4), momentum=0.35, weight=2, needs=STEP),
        c.drops_while_training(where="hidden units", p_in=0.5, p_hidden=0.3, weight=2, needs=STEP),
        c.drops_while_training(where="inputs", p_in=0.4, p_hidden=0.1, weight=2, needs=STEP),
        # 20 seeds of the solution: mean gain 11.0 points, sd 1.5, smallest 7.4; the worst three of them still average 8.8
        c.gains_from_dropout(
            given=R, p_hidden=0.5, seeds=3, gain=0.05, floor=0.7, weight=8,
            seconds=30,  # for 0.7 s of computing
            needs="learns",
        ),
    ],
    "paired_summary": [
        c.sums_up_like_the_solution(count=20, key="mean", needs=MEAN),
        c.sums_up_like_the_solution(count=7, key="sd", weight=2, needs=MEAN),
        c.sums_up_like_the_solution(count=12, key="t", weight=2, needs=MEAN),
        c.sums_up_like_the_solution(count=15, key="wins", needs=MEAN),
    ],
    "ablation_curve": [
        c.deletes_units(fraction=0.55, weight=4, needs="deletes_units"),
        c.deletes_units(fraction=0.6, two_layers=False, weight=2, needs=WHOLE),
        c.deletes_any_unit(calls=200, needs=WHOLE),
        c.averages_over_repeats(repeats=3, needs=WHOLE),
    ],
    "fixed_input_dropout": [
        c.keeps_its_input(p=0.6, shape=(5, 8), needs=HEALTHY),
        c.drops_the_right_share(p=0.1, **LAYER, needs=HEALTHY),
        c.multiplies_what_it_keeps(p=0.6, weight=2, needs=HEALTHY),
        c.treats_features_apart(p=0.3, **LAYER, needs=HEALTHY),
    ],
    "quiz": [
        c.answers_rightly(key="updates", needs="is_filled_in(key=updates)"),
        c.answers_rightly(key="parameters", needs="is_filled_in(key=parameters)"),
        c.answers_rightly(key="share_left", needs="is_filled_in(key=share_left)"),
        c.answers_rightly(key="one_run", needs="is_filled_in(key=one_run)"),
        c.answers_rightly(key="how_many", needs="is_filled_in(key=how_many)"),
        c.answers_rightly(key="best_epoch", choices="abcd", needs="is_filled_in(key=best_epoch, choices=abcd)"),
        c.answers_rightly(key="narrow", choices="abcd", needs="is_filled_in(key=narrow, choices=abcd)"),
        c.answers_rightly(key="which_claim", choices="abcd", needs="is_filled_in(key=which_claim, choices=abcd)"),
    ],
}

# What the set-up cell gives to every notebook, the functions below may use as well.
_given = {}
exec(notebook.layout(Path(__file__).parent / "hw3_generalization" / "hw3_generalization.ipynb").setup, _given)
network_loss = _given["network_loss"]


# ===================================================================================================================== wrong: noisy_labels

@misconception("noisy_labels", signs="new_classes moved_labels", name="a_random_class_is_a_wrong_class")
def noisy_any_class(y, fraction, classes, rng):
    """You replace labels by a random class, but one time in ten that is the class it had: too few labels really move. Draw among the
    OTHER classes, for example by going 1 to classes - 1 steps on."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = rng.permutation(len(y))[: round(fraction * len(y))]
    y2[moved] = rng.integers(0, classes, len(moved))
    return y2


@misconception("noisy_labels", signs="moved_labels", name="each_label_throws_a_coin")
def noisy_coins(y, fraction, classes, rng):
    """You throw a coin for each label, so the number of wrong labels varies from call to call. Here exactly round(fraction * N) labels
    are to move: draw WHICH ones, not whether."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    moved = rng.random(len(y)) < fraction
    return np.where(moved, (y + rng.integers(1, classes, len(y))) % classes, y)


@misconception("noisy_labels", signs="moved_labels new_classes", name="a_label_may_be_drawn_twice")
def noisy_replacement(y, fraction, classes, rng):
    """You draw the places with replacement, so some labels are drawn twice and too few move. Use rng.permutation(N)[:k] or
    rng.choice(N, k, replace=False)."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = rng.integers(0, len(y), round(fraction * len(y)))
    y2[moved] = (y[moved] + rng.integers(1, classes, len(moved))) % classes
    return y2


@misconception("noisy_labels", signs="moved_labels", name="int_rounds")
def noisy_int(y, fraction, classes, rng):
    """You cut off with int where the number of labels should be rounded: 0.29 * 100 is 28.999... in floating point, and int makes 28 of
    it. Use round."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = rng.permutation(len(y))[: int(fraction * len(y))]
    y2[moved] = (y2[moved] + rng.integers(1, classes, len(moved))) % classes
    return y2


@misconception("noisy_labels", signs="new_classes", name="the_next_class_is_random_enough")
def noisy_next(y, fraction, classes, rng):
    """Every label that moves goes to the same neighbour class, y + 1. Then the mistakes have a pattern that a network can learn. Each
    of the wrong classes should be equally likely."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = rng.permutation(len(y))[: round(fraction * len(y))]
    y2[moved] = (y2[moved] + 1) % classes
    return y2


@misconception("noisy_labels", signs="new_classes", name="one_shift_serves_all_labels")
def noisy_one_shift(y, fraction, classes, rng):
    """You draw ONE shift and use it for all labels that move, so all sixes become the same digit. Draw a shift for each of them:
    rng.integers(1, classes, k)."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = rng.permutation(len(y))[: round(fraction * len(y))]
    y2[moved] = (y2[moved] + int(rng.integers(2, classes))) % classes
    return y2


@misconception("noisy_labels", signs="new_classes", name="integers_includes_its_end")
def noisy_short(y, fraction, classes, rng):
    """The last of the wrong classes is never reached: rng.integers(1, classes - 1) stops at classes - 2, for its end is not included.
    Write rng.integers(1, classes)."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = rng.permutation(len(y))[: round(fraction * len(y))]
    y2[moved] = (y2[moved] + rng.integers(1, classes - 1, len(moved))) % classes
    return y2


@misconception("noisy_labels", signs="picked_places", name="the_first_labels_will_do")
def noisy_front(y, fraction, classes, rng):
    """You move the first labels of y. When the data are sorted, that spoils some classes and leaves the others alone. Let chance pick
    the places: rng.permutation(N)[:k]."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    k = round(fraction * len(y))
    y2[:k] = (y2[:k] + rng.integers(1, classes, k)) % classes
    return y2


@misconception("noisy_labels", signs="labels_after", name="y_may_be_overwritten")
def noisy_in_place(y, fraction, classes, rng):
    """Your function changes y itself, so the right labels are gone, for the test as well. Copy first: y2 = y.copy()."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    moved = rng.permutation(len(y))[: round(fraction * len(y))]
    y[moved] = (y[moved] + rng.integers(1, classes, len(moved))) % classes
    return y


@misconception("noisy_labels", signs="labels_by", name="np_random_is_just_as_good")
def noisy_global(y, fraction, classes, rng):
    """You draw from np.random, the global generator. Then the same rng gives other labels each time and nobody can repeat your
    experiment. Draw from the rng that is handed in."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2 = y.copy()
    moved = np.random.permutation(len(y))[: round(fraction * len(y))]
    y2[moved] = (y2[moved] + np.random.randint(1, classes, len(moved))) % classes
    return y2


@misconception("noisy_labels", signs="picked_places labels_by", name="a_fixed_seed_belongs_in_the_function")
def noisy_fixed(y, fraction, classes, rng):
    """Your function makes a generator with a fixed seed, so the same labels move whatever rng is. Draw from the rng that is handed
    in."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")
    y2, own = y.copy(), np.random.default_rng(0)
    moved = own.permutation(len(y))[: round(fraction * len(y))]
    y2[moved] = (y2[moved] + own.integers(1, classes, len(moved))) % classes
    return y2


@misconception("noisy_labels", signs="odd_fractions", name="any_number_is_a_fraction")
def noisy_unchecked(y, fraction, classes, rng):
    """A fraction outside [0, 1] should be refused with a ValueError. As it is, a slip of the pen (20 for 20 %) gives labels nobody
    meant."""
    y2 = y.copy()
    moved = rng.permutation(len(y))[: min(max(round(fraction * len(y)), 0), len(y))]
    y2[moved] = (y2[moved] + rng.integers(1, classes, len(moved))) % classes
    return y2


# ===================================================================================================================== right: noisy_labels

@variant("noisy_labels")
def noisy_by_choice(y, fraction, classes, rng):
    """choice without replacement, and a jump over the own class."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")

    y2 = np.array(y)
    for i in rng.choice(len(y), size=round(fraction * len(y)), replace=False):
        new = rng.integers(classes - 1)
        y2[i] = new + (new >= y[i])
    return y2


@variant("noisy_labels")
def noisy_by_retry(y, fraction, classes, rng):
    """drawing again until the class is another."""
    if not 0 <= fraction <= 1:
        raise ValueError("fraction is a share")

    y2 = list(y)
    for i in np.argsort(rng.random(len(y)))[: round(len(y) * fraction)]:
        while y2[i] == y[i]:
            y2[i] = np.int64(rng.uniform(0, classes))
    return np.array(y2)


@variant("noisy_labels")
def noisy_by_mask(y, fraction, classes, rng):
    """a boolean mask that is shuffled."""
    if fraction < 0 or fraction > 1:
        raise ValueError(fraction)
    mask = np.zeros(len(y), dtype=bool)
    mask[: round(fraction * len(y))] = True
    rng.shuffle(mask)
    shift = rng.choice(np.arange(1, classes), size=len(y))
    return np.where(mask, np.mod(y + shift, classes), y).astype(np.int32)


# ======================================================================================================================== wrong: train_mlp

@misconception("train_mlp", signs="first_weights", name="weights_may_start_at_zero")
def train_zeros(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your weights start at 0. Then all units of a layer compute the same, get the same gradient and stay the same for ever; with ReLU
    nothing but the last bias ever moves. Draw them at random."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = np.zeros((sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_weights", name="small_random_weights_are_safe")
def train_small(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your first weights have the standard deviation 0.01 in every layer. The signal shrinks from layer to layer, and the gradient with
    it. Let it depend on the fan-in: sqrt(2 / fan_in)."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, 0.01, (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_weights", name="standard_normal_weights_will_do")
def train_large(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your first weights are standard normal numbers. A sum of fan_in of them is far too loud. Scale them to the standard deviation
    sqrt(2 / fan_in)."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, 1.0, (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_weights", name="he_gives_the_standard_deviation")
def train_variance(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You use 2 / fan_in as the standard deviation. It is the VARIANCE: the standard deviation, which rng.normal wants, is its square
    root."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, 2 / sizes[k - 1], (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_weights", name="fan_out_counts")
def train_fan_out(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your first weights depend on the number of OUTPUTS of the layer. What makes a sum loud is how many terms it has: use the number
    of inputs, sqrt(2 / fan_in)."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_weights", name="relu_needs_no_factor_two")
def train_xavier(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your first weights have the variance 1 / fan_in, which suits tanh. A ReLU passes on only half of what it gets, hence the 2 of He
    et al.: sqrt(2 / fan_in)."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(1 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_weights", name="inputs_and_outputs_count")
def train_glorot(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your first weights have the variance 2 / (fan_in + fan_out), as Glorot and Bengio proposed for tanh. For ReLUs He et al. look at the
    inputs alone: sqrt(2 / fan_in)."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / (sizes[k - 1] + sizes[k])), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="trained_biases", name="biases_need_no_training")
def train_weights_only(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your biases stay 0: only the weights are trained. grads holds b1, b2, ... too, and they make the same steps."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for k in range(1, len(sizes)):
                velocity[f"W{k}"] = momentum * velocity[f"W{k}"] - lr * grads[f"W{k}"]
                params[f"W{k}"] += velocity[f"W{k}"]
    return params


@misconception("train_mlp", signs="first_weights", name="he_weights_are_positive")
def train_uniform(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your first weights are uniform on 0 to something, so none is negative: all units lean the same way. Draw from a normal
    distribution with mean 0."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.uniform(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_step", name="the_gradient_points_downhill")
def train_uphill(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your steps go UP the gradient: the loss grows. The gradient points to where the loss rises fastest, so subtract lr times it."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] + lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="first_step", name="momentum_is_an_average_of_gradients")
def train_damped(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You multiply the new gradient by 1 - momentum, as in a running mean, so your steps are too small by that factor. Here V <-
    momentum * V - lr * gradient."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - (1 - momentum) * lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="second_step within_an_epoch", name="momentum_can_be_left_out")
def train_no_momentum(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your steps keep nothing of the last one: momentum has no effect. Keep a velocity for each array, V <- momentum * V - lr *
    gradient, and add it."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                params[name] -= lr * grads[name]
    return params


@misconception("train_mlp", signs="second_step", name="a_new_epoch_stops_the_ball")
def train_forgetful(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your velocities start at zero again in each epoch. They live as long as the training: create them before the loop over epochs."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    for _epoch in range(epochs):
        velocity = {name: np.zeros_like(value) for name, value in params.items()}
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="second_step", name="the_gradient_is_taken_ahead")
def train_nesterov(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You take the gradient one momentum step ahead of the weights (Nesterov's form). Here it is taken at the weights as they are,
    before the step."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            ahead = {name: params[name] + momentum * velocity[name] for name in params}
            _, grads = network_loss(ahead, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="label_used", name="only_x_needs_shuffling")
def train_apart(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """The examples are trained with the labels of others: you shuffle only one of X and y, or each of them in an order of its own. Use the
    same order for both: X[batch], y[batch]."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[start : start + 32], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="order", name="one_shuffle_is_enough")
def train_shuffled_once(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You shuffle once, before the first epoch, so the batches are the same in every epoch. Draw a new order at the beginning of each
    epoch."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    order = rng.permutation(len(X))
    for _epoch in range(epochs):
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="order", name="the_order_does_not_matter")
def train_never_shuffled(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You never shuffle: each epoch takes the same batches in the same order. Draw an order at the beginning of each epoch,
    rng.permutation(len(X))."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = np.arange(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="batches", name="an_incomplete_batch_is_left_out")
def train_drops_rest(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You leave out the last batch when it is not full, so in each epoch some examples are not used (and with fewer than 32 there is no
    training at all in it). Let the last batch hold what is left."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, max(len(X) - 31, 1), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="batches", name="batches_are_drawn_with_replacement")
def train_replacement(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You draw each batch from all examples with replacement, so in an epoch some are used twice and others not at all. Shuffle once
    per epoch and cut the order into batches."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        for start in range(0, len(X), 32):
            batch = rng.integers(0, len(X), min(32, len(X) - start))
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="batches", name="all_examples_make_one_batch")
def train_whole(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You make one step per epoch, with all examples at once. Cut the shuffled order into batches of 32 and make a step for each."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for _start in (0,):
            batch = order
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="dropped_inputs dropped_hidden", name="p_hidden_comes_first")
def train_swapped(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You swap the two probabilities: inputs are dropped with p_hidden and hidden units with p_in. The order is p_in, p_hidden, here
    and in network_loss."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_hidden, p_in, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="dropped_inputs dropped_hidden", name="dropout_comes_by_itself")
def train_no_dropout(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your training does not drop anything: p_in and p_hidden have no effect. Hand them on to network_loss."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], 0.0, 0.0, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="dropped_hidden", name="one_p_is_enough")
def train_inputs_only(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Inputs are dropped, hidden units are not: p_hidden has no effect. Hand both probabilities on to network_loss."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, 0.0, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="source_of_chance", name="the_function_may_make_its_own_generator")
def train_own(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You make a generator of your own for the order of the examples, so the seed of rng does not fix the result and nobody can repeat
    your experiment. Draw from the rng that is handed in."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = np.random.default_rng().permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="source_of_chance", name="a_fixed_seed_belongs_in_the_function")
def train_frozen(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You make a generator with a fixed seed, so every training is the same, whatever rng is: twenty seeds would be one experiment.
    Draw from the rng that is handed in."""
    params = {}
    for k in range(1, len(sizes)):
        own = np.random.default_rng(k)
        params[f"W{k}"] = own.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = np.random.default_rng(_epoch).permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, np.random.default_rng(start))
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="source_of_chance", name="np_random_is_just_as_good")
def train_global(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """You draw from np.random, the global generator, so the same rng does not give the same network. Draw from the rng that is handed
    in."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = np.random.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


@misconception("train_mlp", signs="data_after", name="shuffling_x_itself_does_no_harm")
def train_in_place(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """Your function shuffles (or drops) the caller's X and y themselves. After it nobody knows which example was which. Shuffle an
    array of indices and take X[batch], y[batch]."""
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.normal(0, np.sqrt(2 / sizes[k - 1]), (sizes[k - 1], sizes[k]))
        params[f"b{k}"] = np.zeros(sizes[k])
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for _epoch in range(epochs):
        order = rng.permutation(len(X))
        X[:], y[:] = X[order], y[order]
        for start in range(0, len(X), 32):
            batch = slice(start, start + 32)
            _, grads = network_loss(params, X[batch], y[batch], p_in, p_hidden, rng)
            for name in params:
                velocity[name] = momentum * velocity[name] - lr * grads[name]
                params[name] += velocity[name]
    return params


# ======================================================================================================================== right: train_mlp

@variant("train_mlp")
def train_as_torch_does(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """velocity of gradients, as in torch; lists of arrays inside."""
    layers = len(sizes) - 1
    names = [f"{kind}{k}" for k in range(1, layers + 1) for kind in "Wb"]
    values = []
    for k in range(1, len(sizes)):
        fan_in, fan_out = sizes[k - 1 : k + 1]
        values += [rng.standard_normal((fan_in, fan_out)) * (2 / fan_in) ** 0.5, np.zeros(fan_out)]
    speed = [0.0] * len(values)
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(X)), range(32, len(X), 32)):
            _, grads = network_loss(dict(zip(names, values, strict=True)), X[batch], y[batch], p_in, p_hidden, rng)
            speed = [momentum * v + grads[name] for v, name in zip(speed, names, strict=True)]
            values = [w - lr * v for w, v in zip(values, speed, strict=True)]
    return dict(zip(names, values, strict=True))


@variant("train_mlp")
def train_on_shuffled_copies(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """shuffled copies of the data, and a network of its own with masks on the other side."""
    depth = len(sizes) - 1
    W = [rng.normal(size=(sizes[k], sizes[k + 1])) * np.sqrt(2.0 / sizes[k]) for k in range(depth)]
    b = [np.zeros(n) for n in sizes[1:]]
    dW, db = [w * 0 for w in W], [v * 0 for v in b]
    for _ in range(epochs):
        indices = np.arange(len(X))
        rng.shuffle(indices)
        Xs, ys = X[indices], y[indices]
        while len(Xs):
            x, labels, Xs, ys = Xs[:32], ys[:32], Xs[32:], ys[32:]
            h, masks = [], []
            for k in range(depth):
                p = p_hidden if k else p_in
                masks.append(rng.binomial(1, 1 - p, x.shape) / (1 - p))
                h.append(x * masks[-1])
                x = h[-1] @ W[k] + b[k]
                x = np.maximum(x, 0) if k < depth - 1 else x
            e = np.exp(x - x.max(1)[:, None])
            d = (e / e.sum(1)[:, None] - np.eye(sizes[-1])[labels]) / len(labels)
            for k in reversed(range(depth)):
                gW, gb = h[k].T @ d, d.sum(0)
                d = (d @ W[k].T) * masks[k] * (h[k] > 0)
                dW[k], db[k] = momentum * dW[k] - lr * gW, momentum * db[k] - lr * gb
                W[k], b[k] = W[k] + dW[k], b[k] + db[k]
    return {**{f"W{k + 1}": w for k, w in enumerate(W)}, **{f"b{k + 1}": v for k, v in enumerate(b)}}


@variant("train_mlp")
def train_with_stacked_orders(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """all orders drawn first, after the weights."""
    params = {}
    for k in range(len(sizes) - 1):
        params["W" + str(k + 1)] = rng.normal(0, 1, sizes[k : k + 2]) / np.sqrt(sizes[k] / 2)
        params["b" + str(k + 1)] = np.zeros(sizes[k + 1])
    orders = [rng.choice(len(X), len(X), replace=False) for _ in range(epochs)]
    V = dict.fromkeys(params, 0)
    for order in orders:
        for i in range(-(-len(X) // 32)):
            rows = order[32 * i : 32 * i + 32]
            grads = network_loss(params, X[rows], y[rows], p_in, p_hidden, rng)[1]
            for name, grad in grads.items():
                V[name] = momentum * V[name] - lr * grad
                params[name] = params[name] + V[name]
    return params


# =================================================================================================================== wrong: paired_summary

@misconception("paired_summary", signs="sd", name="n_is_in_the_denominator")
def paired_n(a, b):
    """Your standard deviation divides by n. The mean was estimated from the same differences, so divide by n - 1 (in NumPy: ddof=1);
    torch and Excel do that by default, NumPy does not."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = d.std()
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="sd", name="pairs_may_be_taken_apart")
def paired_unpaired(a, b):
    """You add up the scatter of a and that of b, as for two unrelated groups. These are PAIRS: take the differences first, and the
    standard deviation of those. That is what makes few seeds go far."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = np.sqrt(a.var(ddof=1) + b.var(ddof=1))
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="mean wins", name="d_is_b_minus_a")
def paired_reversed(a, b):
    """Your differences are b - a. Here d = a - b, so that a positive mean says that the FIRST method is better."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = b - a
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="t_and_sd", name="t_needs_no_root_of_n")
def paired_no_root(a, b):
    """Your t is the mean over the standard deviation of a single difference. The mean of n of them scatters less, by the root of n: t =
    mean / (sd / sqrt(n))."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / s), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="t_and_sd", name="t_divides_by_n")
def paired_n_for_root(a, b):
    """Your t divides the standard deviation by n. The standard error of a mean is sd / sqrt(n), with the root."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / len(d))), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="sd", name="sd_is_the_standard_error")
def paired_error(a, b):
    """Under "sd" you give the standard error sd / sqrt(n). Asked for is the scatter of a single difference; the root of n belongs into
    t."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    error = d.std(ddof=1) / np.sqrt(len(d))
    return {"mean": float(d.mean()), "sd": float(error), "t": float(d.mean() / error), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="sd", name="sd_is_the_variance")
def paired_variance(a, b):
    """Under "sd" you give the variance. The standard deviation is its square root, and has the unit of the results."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(d.var(ddof=1)), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="wins", name="a_draw_is_a_win")
def paired_ties(a, b):
    """You count a difference of 0 as a win. Wins are the pairs with d > 0."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": int((d >= 0).sum())}


@misconception("paired_summary", signs="wins", name="wins_is_a_share")
def paired_share(a, b):
    """Under "wins" you give a share. Asked for is the number of pairs with d > 0, an int."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError("not paired")
    d = a - b
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": float((d > 0).mean())}


@misconception("paired_summary", signs="unpaired a_single_pair", name="what_can_be_subtracted_is_paired")
def paired_unchecked(a, b):
    """Results of different length are no pairs; cutting the longer one pairs them with the wrong partners. Raise a ValueError, also for
    fewer than two."""
    n = min(len(a), len(b))
    d = np.asarray(a[:n], dtype=float) - np.asarray(b[:n], dtype=float)
    s = d.std(ddof=1)
    return {"mean": float(d.mean()), "sd": float(s), "t": float(d.mean() / (s / np.sqrt(len(d)))), "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="a_single_pair", name="one_pair_has_a_scatter")
def paired_single(a, b):
    """One pair has no scatter: its standard deviation would be 0 divided by 0. Raise a ValueError for fewer than two pairs."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if len(a) != len(b):
        raise ValueError("not paired")
    d, n = a - b, len(a)
    sd = np.sqrt(np.sum((d - d.mean()) ** 2) / max(n - 1, 1))
    return {"mean": d.mean(), "sd": sd, "t": d.mean() / (sd / np.sqrt(n)) if sd else 0.0, "wins": int((d > 0).sum())}


@misconception("paired_summary", signs="mean wins", name="a_difference_has_no_sign")
def paired_absolute(a, b):
    """You take absolute values, and then every difference is a gain. The sign says which of the two methods was better: keep it."""
    if len(a) != len(b) or len(a) < 2:
        raise ValueError("not paired")
    d, n = np.abs(np.asarray(a, dtype=float) - np.asarray(b, dtype=float)), len(a)
    return {"mean": d.mean(), "sd": d.std(ddof=1), "t": d.mean() / (d.std(ddof=1) / np.sqrt(n)), "wins": int((d > 0).sum())}


# =================================================================================================================== right: paired_summary

@variant("paired_summary")
def paired_by_hand(a, b):
    """plain Python."""
    if len(a) != len(b) or len(a) < 2:
        raise ValueError("not paired")
    d = [float(x) - float(y) for x, y in zip(a, b, strict=True)]
    n = len(d)
    mean = sum(d) / n
    sd = (sum((v - mean) ** 2 for v in d) / (n - 1)) ** 0.5
    return {"wins": sum(v > 0 for v in d), "t": mean * n**0.5 / sd if sd else 0.0, "sd": sd, "mean": mean}


@variant("paired_summary")
def paired_in_numpy(a, b):
    """NumPy scalars, and more than was asked."""
    d = np.subtract(a, b)
    if d.ndim != 1 or d.size < 2:
        raise ValueError("two or more pairs")
    se = np.sqrt(np.var(d, ddof=1) / d.size)
    return {"mean": np.mean(d), "sd": np.std(d, ddof=1), "t": np.mean(d) / se, "wins": np.count_nonzero(d > 0), "se": se}


# =================================================================================================================== wrong: ablation_curve

@misconception("ablation_curve", signs="deletion", name="survivors_need_no_scaling")
def ablate_unscaled(params, X, y, fractions, rng, repeats):
    """You delete units but leave the others as they are, so the next layer hears less than it is used to, and accuracy is lost for want
    of loudness. Multiply the survivors by 1 / (1 - f)."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1.0)
                factor[rng.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="nothing_deleted", name="accuracy_is_a_percentage")
def ablate_percent(params, X, y, fractions, rng, repeats):
    """You return percentages. An accuracy here is a share, between 0 and 1: leave out the factor 100."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[rng.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append(100 * (scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="survivors_are_multiplied_by_what_is_left")
def ablate_quieter(params, X, y, fractions, rng, repeats):
    """You multiply the survivors by 1 - f, which makes the layer even quieter. DIVIDE by 1 - f: the survivors speak up for those who
    are missing."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 - f)
                factor[rng.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="the_realised_share_scales")
def ablate_realised(params, X, y, fractions, rng, repeats):
    """You scale by H / (units left). That is close, but asked for is 1 / (1 - f) with the fraction as given, which differs when f * H
    is not a whole number."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.zeros(units)
                left = rng.permutation(units)[round(f * units) :]
                factor[left] = units / max(len(left), 1)
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="each_unit_throws_a_coin")
def ablate_coins(params, X, y, fractions, rng, repeats):
    """You throw a coin for each unit, so the number that goes varies. Exactly round(f * H) units of a layer are to be deleted: draw
    WHICH ones, for example rng.permutation(H)[:k]."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = (rng.random(units) >= f) / (1 - f)
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deleted_for", name="deleting_is_dropout")
def ablate_dropout(params, X, y, fractions, rng, repeats):
    """You delete other units for each EXAMPLE, as dropout does. A deleted unit is gone for all examples of that repeat: draw one set
    per layer, not one per row."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                factor = (rng.random(h.shape) >= f) / (1 - f)
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="int_rounds")
def ablate_int(params, X, y, fractions, rng, repeats):
    """You cut off with int where f * H should be rounded: of 0.35 * 5 = 1.75 units int deletes one, round two."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[rng.permutation(units)[: int(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="the_fraction_is_what_is_kept")
def ablate_keeps(params, X, y, fractions, rng, repeats):
    """You KEEP the fraction f of the units and delete the rest. The fractions say how much is deleted."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.zeros(units)
                factor[rng.permutation(units)[: round(f * units)]] = 1 / f if f else 0.0
                factor = factor if f else np.ones(units)
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="only_the_first_layer_has_hidden_units")
def ablate_first_layer(params, X, y, fractions, rng, repeats):
    """Units are deleted in the first hidden layer only. Every layer between the inputs and the scores is hidden: delete in each of
    them."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                if k == 1:
                    units = h.shape[1]
                    factor = np.full(units, 1 / (1 - f))
                    factor[rng.permutation(units)[: round(f * units)]] = 0
                    h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="only_the_last_layer_has_hidden_units")
def ablate_last_layer(params, X, y, fractions, rng, repeats):
    """Units are deleted in the last hidden layer only. Every layer between the inputs and the scores is hidden: delete in each of
    them."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                if k == last - 1:
                    units = h.shape[1]
                    factor = np.full(units, 1 / (1 - f))
                    factor[rng.permutation(units)[: round(f * units)]] = 0
                    h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deletion", name="a_deleted_unit_keeps_its_bias")
def ablate_inputs_of_units(params, X, y, fractions, rng, repeats):
    """You cut a unit off from its inputs, but its bias still speaks: relu(b) goes on to the next layer. A deleted unit gives 0: set its
    OUTPUT to 0, after the ReLU."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                a = h @ params[f"W{k}"]
                a[:, rng.permutation(a.shape[1])[: round(f * a.shape[1])]] = 0
                h = np.maximum(a + params[f"b{k}"], 0) / (1 - f)
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deleted_units deleted_by", name="a_fixed_seed_belongs_in_the_function")
def ablate_frozen(params, X, y, fractions, rng, repeats):
    """You make a generator with a fixed seed, so the curve is the same whatever rng is. Draw from the rng that is handed in."""
    rng = np.random.default_rng(0)
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0) / (1 - f)
                h[:, rng.permutation(h.shape[1])[: round(f * h.shape[1])]] = 0
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deleted_units repeats deleted_by", name="the_first_units_will_do")
def ablate_front(params, X, y, fractions, rng, repeats):
    """You always delete the first units of a layer, so repeats show nothing new. Let chance pick them: rng.permutation(H)[:k]."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[np.arange(round(f * units))] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="repeats", name="one_draw_serves_all_repeats")
def ablate_once(params, X, y, fractions, rng, repeats):
    """Several repeats give what one gives: all of them delete the same units, or only one is made. Draw new units in every repeat."""
    last = len(params) // 2
    curve = []
    seed = int(rng.integers(2**32))
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            again = np.random.default_rng(seed)
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[again.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="repeats", name="the_last_repeat_counts")
def ablate_last_repeat(params, X, y, fractions, rng, repeats):
    """You return the accuracy of the last repeat. Asked for is the mean over all repeats."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[rng.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(accuracies[-1])
    return np.array(curve)


@misconception("ablation_curve", signs="repeats", name="repeats_add_up")
def ablate_sum(params, X, y, fractions, rng, repeats):
    """You return the sum over the repeats, which is above 1. Divide by their number: asked for is the mean."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[rng.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.sum(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="network_after", name="the_weights_may_be_set_to_zero")
def ablate_in_place(params, X, y, fractions, rng, repeats):
    """You set weights of params itself to zero. The units stay deleted for the next repeat, the next fraction, and for whoever owns the
    network. Work on h, or on a copy."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                units = params[f"W{k}"].shape[1]
                params[f"W{k + 1}"][rng.permutation(units)[: round(f * units)]] = 0
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0) / (1 - f)
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


@misconception("ablation_curve", signs="deleted_by", name="np_random_is_just_as_good")
def ablate_global(params, X, y, fractions, rng, repeats):
    """You draw from np.random, the global generator, so the same rng does not give the same curve. Draw from the rng that is handed
    in."""
    last = len(params) // 2
    curve = []
    for f in fractions:
        accuracies = []
        for _repeat in range(repeats):
            h = X
            for k in range(1, last):
                h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
                units = h.shape[1]
                factor = np.full(units, 1 / (1 - f))
                factor[np.random.permutation(units)[: round(f * units)]] = 0
                h = h * factor
            scores = h @ params[f"W{last}"] + params[f"b{last}"]
            accuracies.append((scores.argmax(axis=1) == y).mean())
        curve.append(np.mean(accuracies))
    return np.array(curve)


# =================================================================================================================== right: ablation_curve

@variant("ablation_curve")
def ablate_by_cutting(params, X, y, fractions, rng, repeats):
    """a smaller network: the rows and columns of the deleted units are cut out."""
    result = np.zeros(len(fractions))
    depth = len(params) // 2
    for i, f in enumerate(fractions):
        for _ in range(repeats):
            h, inside = X, np.arange(X.shape[1])
            for k in range(1, depth + 1):
                W, b = params[f"W{k}"][inside], params[f"b{k}"]
                if k == depth:
                    h = h @ W + b
                    break
                stay = np.sort(rng.choice(len(b), len(b) - round(f * len(b)), replace=False))
                h, inside = np.maximum(h @ W[:, stay] + b[stay], 0) / (1 - f), stay
            result[i] += np.mean(np.argmax(h, axis=1) == y) / repeats
    return result


@variant("ablation_curve")
def ablate_by_masks(params, X, y, fractions, rng, repeats):
    """masks by sorting uniform numbers, all drawn first; scaled weights in a copy."""
    last = len(params) // 2
    widths = [params[f"b{k}"].size for k in range(1, last)]
    keep = [[[rng.random(n).argsort().argsort() >= round(f * n) for n in widths] for _ in range(repeats)] for f in fractions]

    def one(f, masks):
        h = X
        for k, mask in enumerate(masks, start=1):
            h = np.where(mask, (h @ params[f"W{k}"] + params[f"b{k}"]).clip(min=0) * (1 / (1 - f)), 0)
        return float(np.equal((h @ params[f"W{last}"] + params[f"b{last}"]).argmax(-1), y).mean())

    return [sum(one(f, masks) for masks in sets) / repeats for f, sets in zip(fractions, keep, strict=True)]


# ============================================================================================================== wrong: fixed_input_dropout

@misconception("fixed_input_dropout", signs="layer_input", name="scaling_was_the_only_fault")
def input_still_in_place(x, p, rng):
    """Your function still writes into x, and x may be a view of the training set: what is dropped is gone for ever. (*= works in place,
    and x[:] is another view, not a copy.) Return x * mask, a new array."""
    x *= (rng.random(x.shape) >= p) / (1 - p)
    return x


@misconception("fixed_input_dropout", signs="layer_input", name="setting_entries_to_zero_is_no_multiplication")
def input_indexed(x, p, rng):
    """You set entries of x itself to zero. That is as permanent as x *= mask: x may be a view of the training set. Work on a copy, or
    return x * mask."""
    x[rng.random(x.shape) < p] = 0
    return x / (1 - p)


@misconception("fixed_input_dropout", signs="layer_survivors", name="survivors_need_no_scaling")
def input_unscaled(x, p, rng):
    """The survivors are not divided by 1 - p, so the network is trained on fainter pictures than it will be
    tested on."""
    return x * (rng.random(x.shape) >= p)


@misconception("fixed_input_dropout", signs="drop_share layer_survivors", name="p_is_the_keep_probability")
def input_keep(x, p, rng):
    """You keep each input with probability p. In this course p is the probability of DROPPING: keep with 1 - p,
    divide by 1 - p."""
    return x * (rng.random(x.shape) < p) / p


@misconception("fixed_input_dropout", signs="layer_survivors", name="survivors_are_divided_by_p")
def input_by_p(x, p, rng):
    """You divide the survivors by p. An input survives with probability 1 - p, so that is what the average must be repaired by."""
    return x * (rng.random(x.shape) >= p) / p


@misconception("fixed_input_dropout", signs="rows", name="one_mask_serves_the_whole_batch")
def input_shared(x, p, rng):
    """All examples of the batch lose the same pixels. Draw one number per ENTRY: rng.random(x.shape)."""
    return x * (rng.random(x.shape[1]) >= p) / (1 - p)


@misconception("fixed_input_dropout", signs="columns", name="one_draw_decides_about_all_features")
def input_rows(x, p, rng):
    """You drop whole examples. Dropout decides about every pixel of every example: rng.random(x.shape)."""
    return x * (rng.random((len(x), 1)) >= p) / (1 - p)


@misconception("fixed_input_dropout", signs="next_mask generator", name="a_fixed_seed_belongs_in_the_function")
def input_frozen(x, p, rng):
    """The function makes a generator with a fixed seed, so the same pixels are dropped in every step. Draw from the rng that is handed
    in."""
    return x * (np.random.default_rng(0).random(x.shape) >= p) / (1 - p)


@misconception("fixed_input_dropout", signs="generator", name="np_random_is_just_as_good")
def input_global(x, p, rng):
    """You draw from np.random, the global generator. Draw from the rng that is handed in, so that others can repeat your result."""
    return x * (np.random.random_sample(x.shape) >= p) / (1 - p)


# ============================================================================================================== right: fixed_input_dropout

@variant("fixed_input_dropout")
def input_by_copy(x, p, rng):
    """a private copy, changed in place."""
    out = x.copy()
    out[rng.random(x.shape) < p] = 0
    out /= 1 - p
    return out


@variant("fixed_input_dropout")
def input_by_binomial(x, p, rng):
    """np.where and binomial."""
    return np.where(rng.binomial(1, p, size=np.shape(x)), 0.0, np.divide(x, 1 - p))


@variant("fixed_input_dropout")
def input_by_out(x, p, rng):
    """choice, and an output array."""
    kept = rng.choice([False, True], x.shape, p=[p, 1 - p])
    out = np.empty(x.shape)
    np.multiply(x, kept, out=out)
    return out * (1 / (1 - p))

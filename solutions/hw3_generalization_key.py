"""SECRET. The key of assignment 3: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

from pathlib import Path

import numpy as np

from autograder import notebook, variant
from autograder.dropout.forms import Bare
from autograder.dropout.generalization import checks as c
from autograder.keys import core, edge, manner, right

SALT = "numbat-5903"

LAYER = {"via": Bare()}
WHOLE_BATCH = ("uses_each_example_once", "keeps_examples_and_labels_together")
R = {"data": "digits", "train": 400, "noise": 0.2, "sizes": (64, 128, 128, 10), "epochs": 100, "lr": 0.01, "momentum": 0.9}


def answered(*keys):
    """One question or two of the quiz, answered rightly."""
    return [c.answers_rightly(key=key, needs=f"is_filled_in(key={key})") for key in keys]


def chosen(key):
    return [c.answers_rightly(key=key, choices="abcd", needs=f"is_filled_in(key={key}, choices=abcd)")]


HIDDEN = {
    "noisy_labels": {
        "number": [c.moves_exactly(fraction=0.6, count=335, classes=3)],
        "classes": [c.reaches_all_wrong_classes(classes=5, count=2400)],
        "places": [c.picks_labels_at_random(count=8000, classes=7)],
        "rounding": [
            c.moves_exactly(fraction=0.07, count=100),  # a little more than 7 in floating point
            c.moves_exactly(fraction=0.6, count=333, classes=3),
        ],
        "manners": [
            c.moves_exactly(fraction=0.0, count=50, needs="number"),
            c.raises_value_error(case="fraction = -0.1", via=c.noisy_labels(-0.1)),
        ],
    },
    "train_mlp": {
        "start": [c.returns_a_network(sizes=(5, 3))],
        "steps": [c.steps_down_the_gradient(sizes=(7, 40, 44, 36, 3), lr=0.05, examples=32, needs=WHOLE_BATCH)],
        "momentum": [c.keeps_momentum(sizes=(7, 50, 4), momentum=0.35, examples=32, needs=WHOLE_BATCH)],
        "dropout": [
            c.drops_while_training(where="hidden units", p_in=0.5, p_hidden=0.3),
            c.drops_while_training(where="inputs", p_in=0.4, p_hidden=0.1),
            # 20 seeds of the solution: mean gain 11.0 points, sd 1.5, smallest 7.4; the worst three of them still average 8.8
            c.gains_from_dropout(
                given=R, p_hidden=0.5, seeds=3, gain=0.05, floor=0.7,
                seconds=30,  # for 0.7 s of computing
                needs="learns",
            ),
        ],
    },
    "paired_summary": {
        "mean": [c.sums_up_like_the_solution(count=20, key="mean")],
        "sd": [c.sums_up_like_the_solution(count=7, key="sd")],
        "t": [c.sums_up_like_the_solution(count=12, key="t")],
        "wins": [c.sums_up_like_the_solution(count=15, key="wins")],
        "manners": [
            c.sums_up_like_the_solution(count=2, key="mean", needs="mean"),  # two pairs are enough
            c.sums_up_like_the_solution(count=7, key="sd", tolerance=1e-10, needs="sd"),
            c.sums_up_like_the_solution(count=12, key="t", tolerance=1e-10, needs="t"),
        ],
    },
    "ablation_curve": {
        "units": [c.deletes_units(fraction=0.6, two_layers=False)],
        "scale": [c.scales_the_others(fraction=0.45)],
        "draw": [c.deletes_any_unit(calls=200), c.averages_over_repeats(repeats=3, needs="leaves_its_arguments_alone")],
        "curve": [c.deletes_units(fraction=0.55, needs="deletes_units")],
    },
    "fixed_input_dropout": {
        "cure": [c.keeps_its_input(p=0.6, shape=(5, 8))],
        "coins": [c.drops_the_right_share(p=0.1, shape=(200, 300), **LAYER)],
        "scale": [c.scales_the_survivors(p=0.6, shape=(29, 43), **LAYER)],
        "rng": [c.obeys_the_generator(p=0.6, shape=(20, 30), **LAYER)],
        "manners": [c.is_exact_to_ten_digits(p=0.6, shape=(29, 43), **LAYER, needs="scales_the_survivors(p=0.3)")],
    },
    "quiz": {
        "sizes": answered("updates", "parameters"),
        "share_left": answered("share_left"),
        "pairs": answered("one_run", "how_many"),
        "best_epoch": chosen("best_epoch"),
        "narrow": chosen("narrow"),
        "which_claim": chosen("which_claim"),
    },
}

# What the set-up cell gives to every notebook, the functions below may use as well.
_given = {}
exec(notebook.layout(Path(__file__).parent / "hw3_generalization" / "hw3_generalization.ipynb").setup, _given)
Network = _given["Network"]


# ========================================================================================================================= wrong, families
def np_random(things, *edits, signs):
    return edge(
        "np_random_is_just_as_good",
        f"You draw from np.random, the global generator. Then the same rng gives other {things} each time and nobody can repeat your "
        "experiment. Draw from the rng that is handed in.",
        *edits,
        signs=signs,
    )


def fixed_seed(consequence, *edits, signs):
    return core(
        "a_fixed_seed_belongs_in_the_function",
        f"Your function makes a generator with a fixed seed, so {consequence}, whatever rng is. Draw from the rng that is handed in.",
        *edits,
        signs=signs,
    )


def own_generator(consequence, *edits, signs):
    return edge(
        "the_function_may_make_its_own_generator",
        f"You make a generator of your own{consequence}, so the seed of rng does not fix the result and nobody can repeat your experiment. "
        "Draw from the rng that is handed in.",
        *edits,
        signs=signs,
    )


def asserts(*edits, signs):
    return manner(
        "an_assert_will_do",
        """You refuse with assert, which raises an AssertionError and, when Python is run with -O, nothing at all. It is there to find
        slips of your own: for what others hand in, raise a ValueError.""",
        *edits,
        signs=signs,
    )


def tiny(place, *edits, signs):
    return manner(
        "a_tiny_number_makes_a_division_safe",
        f"You add a tiny number to {place}. That makes each result a little wrong, and hides the case it is meant for: leave it out.",
        *edits,
        signs=signs,
    )


def first_weights(name, sentence, sd):
    return edge(name, sentence, ("np.sqrt(2 / fan_in)", sd), signs="first_weights")


PICK = "rng.permutation(len(y))[: round(fraction * len(y))]"
STEPS = "rng.integers(1, classes, len(moved))"
DRAW = "rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, fan_out))"
SHUFFLE = "rng.permutation(len(X))"
UNITS = "rng.permutation(units)[: round(f * units)]"
FACTOR = "1 / (1 - f)"

# ================================================================================================================================ wrong
MISCONCEPTIONS = {
    "noisy_labels": [
        core("a_random_class_is_a_wrong_class",
            """You replace labels by a random class, but one time in ten that is the class it had: too few labels really move. Draw among
            the OTHER classes, for example by going 1 to classes - 1 steps on.""",
            (STEPS, "rng.integers(0, classes, len(moved))"), signs="new_classes"),
        core("each_label_throws_a_coin",
            """You throw a coin for each label, so the number of wrong labels varies from call to call. Here exactly round(fraction * N)
            labels are to move: draw WHICH ones, not whether.""",
            (PICK, "np.flatnonzero(rng.random(len(y)) < fraction)"), signs="moved_labels"),
        core("labels_are_exchanged",
            """You shuffle the labels of the chosen places among themselves. Many come back to one of their own class, and how often each
            class stands there does not change: too few move, and not to any class alike. Draw a wrong class for each place.""",
            ("(y2[moved] + steps) % classes", "rng.permutation(y2[moved])"), signs="new_classes moved_labels"),
        core("a_label_may_be_drawn_twice",
            """You draw the places with replacement, so some labels are drawn twice and too few move. Use rng.permutation(N)[:k] or
            rng.choice(N, k, replace=False).""",
            (PICK, "rng.integers(0, len(y), round(fraction * len(y)))"), signs="new_classes"),
        edge("int_rounds",
            """You cut off with int where the number of labels should be rounded: 0.29 * 100 is 28.999... in floating point, and int makes
            28 of it. Use round.""",
            ("round(", "int("), signs="moved_labels"),
        core("the_next_class_is_random_enough",
            """Every label that moves goes to the same neighbour class, y + 1. Then the mistakes have a pattern that a network can learn.
            Each of the wrong classes should be equally likely.""",
            (STEPS, "1"), signs="new_classes"),
        core("one_shift_serves_all_labels",
            """You draw ONE shift and use it for all labels that move, so all sixes become the same digit. Draw a shift for each of them:
            rng.integers(1, classes, k).""",
            (STEPS, "int(rng.integers(2, classes))"), signs="new_classes"),
        core("integers_includes_its_end",
            """The last of the wrong classes is never reached: rng.integers(1, classes - 1) stops at classes - 2, for its end is not
            included. Write rng.integers(1, classes).""",
            ("(1, classes,", "(1, classes - 1,"), signs="new_classes"),
        core("the_next_class_takes_what_stays",
            """Where the class you draw is the one a label has, you take the next one, so that this is twice as likely as the others. Draw
            again, or draw a shift: rng.integers(1, classes, k).""",
            (STEPS, "np.maximum(rng.integers(0, classes, len(moved)), 1)"), signs="new_classes"),
        core("the_first_labels_will_do",
            """You move the first labels of y. When the data are sorted, that spoils some classes and leaves the others alone. Let chance
            pick the places: rng.permutation(N)[:k].""",
            ("rng.permutation(len(y))", "np.arange(len(y))"), signs="picked_places"),
        manner("y_may_be_overwritten",
            "Your function changes y itself, so the right labels are gone, for the test as well. Copy first: y2 = y.copy().",
            ("y.copy()", "y"), signs="labels_after"),
        np_random("labels", ("rng.permutation", "np.random.permutation"), ("rng.integers", "np.random.randint"), signs="labels_by"),
        own_generator("", ("    y2 = y.copy()", "    y2, rng = y.copy(), np.random.default_rng()"), signs="labels_by"),
        fixed_seed("the same labels move",
            ("    y2 = y.copy()", "    y2, rng = y.copy(), np.random.default_rng(0)"), signs="picked_places labels_by"),
        manner("any_number_is_a_fraction",
            """A fraction outside [0, 1] should be refused with a ValueError. As it is, a slip of the pen (20 for 20 %) gives labels nobody
            meant.""",
            ("not 0 <= fraction <= 1", "False"), signs="odd_fractions"),
        manner("the_ends_are_no_fractions",
            "A fraction of 0 or 1 is refused. Both lie in [0, 1]: nothing moves, or everything.",
            ("not 0 <= fraction <= 1", "not 0 < fraction < 1"), signs="new_classes"),
        asserts(("if not 0 <= fraction <= 1:\n        raise ValueError(", "assert 0 <= fraction <= 1, ("), signs="odd_fractions"),
    ],
    "train_mlp": [
        core("the_weights_are_scaled_at_the_end",
            """You multiply the trained weights by 1 - p before you return them. That belongs to vanilla dropout. Here the survivors are
            divided by 1 - p in every step, so the whole network answers with the weights as they were trained.""",
            (
                "    return params",
                '    for k in range(1, len(sizes)):\n        params[f"W{k}"] *= 1 - (p_hidden if k > 1 else p_in)\n    return params',
            ), signs="returned_weights"),
        core("weights_may_start_at_zero",
            """Your weights start at 0. Then all units of a layer compute the same, get the same gradient and stay the same for ever; with
            ReLU nothing but the last bias ever moves. Draw them at random.""",
            (DRAW, "np.zeros((fan_in, fan_out))"), signs="first_weights"),
        first_weights("small_random_weights_are_safe",
            """Your first weights have the standard deviation 0.01 in every layer. The signal shrinks from layer to layer, and the
            gradient with it. Let it depend on the fan-in: sqrt(2 / fan_in).""",
            "0.01"),
        first_weights("standard_normal_weights_will_do",
            """Your first weights are standard normal numbers. A sum of fan_in of them is far too loud. Scale them to the standard
            deviation sqrt(2 / fan_in).""",
            "1.0"),
        first_weights("he_gives_the_standard_deviation",
            """You use 2 / fan_in as the standard deviation. It is the VARIANCE: the standard deviation, which rng.normal wants, is its
            square root.""",
            "2 / fan_in"),
        first_weights("fan_out_counts",
            """Your first weights depend on the number of OUTPUTS of the layer. What makes a sum loud is how many terms it has: use the
            number of inputs, sqrt(2 / fan_in).""",
            "np.sqrt(2 / fan_out)"),
        first_weights("relu_needs_no_factor_two",
            """Your first weights have the variance 1 / fan_in, which suits tanh. A ReLU passes on only half of what it gets, hence the 2
            of He et al.: sqrt(2 / fan_in).""",
            "np.sqrt(1 / fan_in)"),
        first_weights("inputs_and_outputs_count",
            """Your first weights have the variance 2 / (fan_in + fan_out), as Glorot and Bengio proposed for tanh. For ReLUs He et al.
            look at the inputs alone: sqrt(2 / fan_in).""",
            "np.sqrt(2 / (fan_in + fan_out))"),
        edge("he_weights_are_positive",
            """Your first weights are uniform on 0 to something, so none is negative: all units lean the same way. Draw from a normal
            distribution with mean 0.""",
            ("rng.normal(0.0,", "rng.uniform(0.0,"), signs="first_weights"),
        core("biases_need_no_training",
            "Your biases stay 0: only the weights are trained. grads holds b1, b2, ... too, and they make the same steps.",
            ("for name in params:", 'for name in [n for n in params if n[0] == "W"]:'), signs="trained_biases"),
        core("the_gradient_points_downhill",
            """Your steps go UP the gradient: the loss grows. The gradient points to where the loss rises fastest, so subtract lr times
            it.""",
            ("- lr * grads", "+ lr * grads"), signs="first_step"),
        core("the_gradient_is_a_sum_over_the_batch",
            """Your steps are 32 times as long as they should be: the gradient of a SUM over the batch. The loss of a batch is the mean over
            its examples, so divide by their number.""",
            ("lr * grads", "len(batch) * lr * grads"), signs="first_step"),
        edge("momentum_is_an_average_of_gradients",
            """You multiply the new gradient by 1 - momentum, as in a running mean, so your steps are too small by that factor. Here V <-
            momentum * V - lr * gradient.""",
            ("lr * grads", "(1 - momentum) * lr * grads"), signs="first_step"),
        core("weight_decay_belongs_to_every_training",
            """Your steps also make every weight a little smaller: weight decay. It is a cure of its own, and nobody could say which of
            the two has helped. Here V <- momentum * V - lr * gradient, and nothing else.""",
            ("lr * grads[name]", "lr * (grads[name] + 1e-3 * params[name])"), signs="weights_without_data"),
        edge("momentum_can_be_left_out",
            """Your steps keep nothing of the last one: momentum has no effect. Keep a velocity for each array, V <- momentum * V - lr *
            gradient, and add it.""",
            ("momentum * velocity[name] - lr", "-lr"), signs="second_step within_an_epoch"),
        edge("a_new_epoch_stops_the_ball",
            """Your velocities start at zero again in each epoch. They live as long as the training: create them before the loop over
            epochs.""",
            ("        order =", "        velocity = dict.fromkeys(params, 0.0)\n        order ="), signs="second_step"),
        edge("the_gradient_is_taken_ahead",
            """You take the gradient one momentum step ahead of the weights (Nesterov's form). Here it is taken at the weights as they are,
            before the step.""",
            ("gradients(params,", "gradients({n: params[n] + momentum * velocity[n] for n in params},"), signs="second_step"),
        edge("the_step_looks_ahead",
            """You add momentum * V - lr * gradient to the weights when V has moved already: that is Nesterov's momentum, as optimizers
            write it with nesterov=True, and its first step is 1 + momentum times too long for the classical one. Here W <- W + V.""",
            ("params[name] += velocity[name]", "params[name] += momentum * velocity[name] - lr * grads[name]"), signs="first_step"),
        core("only_x_needs_shuffling",
            """The examples are trained with the labels of others: you shuffle only one of X and y, or each of them in an order of its own.
            Use the same order for both: X[batch], y[batch].""",
            ("y[batch]", "y[start : start + 32]"), signs="label_used"),
        edge("one_shuffle_is_enough",
            """You shuffle once, before the first epoch, so the batches are the same in every epoch. Draw a new order at the beginning of
            each epoch.""",
            (f"    for _ in range(epochs):\n        order = {SHUFFLE}", f"    order = {SHUFFLE}\n    for _ in range(epochs):"),
            signs="order"),
        edge("the_order_does_not_matter",
            """You never shuffle: each epoch takes the same batches in the same order. Draw an order at the beginning of each epoch,
            rng.permutation(len(X)).""",
            (SHUFFLE, "np.arange(len(X))"), signs="order"),
        edge("an_incomplete_batch_is_left_out",
            """You leave out the last batch when it is not full, so in each epoch some examples are not used (and with fewer than 32 there
            is no training at all in it). Let the last batch hold what is left.""",
            ("range(0, len(X), 32)", "range(0, len(X) - 31, 32)"), signs="batches"),
        edge("batches_are_drawn_with_replacement",
            """You draw each batch from all examples with replacement, so in an epoch some are used twice and others not at all. Shuffle
            once per epoch and cut the order into batches.""",
            ("order[start : start + 32]", "rng.integers(0, len(X), min(32, len(X) - start))"), signs="batches"),
        edge("all_examples_make_one_batch",
            "You make one step per epoch, with all examples at once. Cut the shuffled order into batches of 32 and make a step for each.",
            ("range(0, len(X), 32)", "[0]"),
            ("order[start : start + 32]", "order"), signs="batches"),
        core("p_hidden_comes_first",
            """You swap the two probabilities: inputs are dropped with p_hidden and hidden units with p_in. The order is p_in, p_hidden,
            here and in Network.""",
            ("p_in, p_hidden, rng", "p_hidden, p_in, rng"), signs="dropped_inputs dropped_hidden"),
        core("dropout_comes_by_itself",
            "Your training does not drop anything: p_in and p_hidden have no effect. Hand them on to Network.",
            ("p_in, p_hidden, rng", "0.0, 0.0, rng"), signs="dropped_inputs dropped_hidden"),
        core("one_p_is_enough",
            "Inputs are dropped, hidden units are not: p_hidden has no effect. Hand both probabilities on to Network.",
            ("p_in, p_hidden, rng", "p_in, 0.0, rng"), signs="dropped_hidden =dropped_inputs"),
        core("inputs_are_never_dropped",
            "Hidden units are dropped, inputs are not: p_in has no effect. Hand both probabilities on to Network.",
            ("p_in, p_hidden, rng", "0.0, p_hidden, rng"), signs="dropped_inputs =dropped_hidden"),
        core("network_wants_the_keep_probability",
            """You hand 1 - p_in and 1 - p_hidden to Network. It takes the probabilities of DROPPING, as your function does: with yours and
            p = 0 everything is dropped.""",
            ("p_in, p_hidden, rng", "1 - p_in, 1 - p_hidden, rng"), signs="dropped_inputs"),
        core("one_mask_serves_the_whole_training",
            """Each step drops the same units, so you train ONE thinned network and never the others. Make one Network with the rng that is
            handed in, before the loop: each call of gradients draws fresh masks from it.""",
            ("network.gradients", "Network(p_in, p_hidden, np.random.default_rng(0)).gradients"), signs="next_dropped"),
        own_generator("", (SHUFFLE, f"np.random.default_rng().{SHUFFLE[4:]}"), signs="source_of_chance"),
        edge("the_order_may_have_a_seed_of_its_own",
            """You shuffle by a generator with a seed of its own (0, or the number of the epoch), so the batches are the same in every
            training, whatever rng is. Draw the order from the rng that is handed in.""",
            (SHUFFLE, "np.random.default_rng(_).permutation(len(X))"), signs="order_by"),
        fixed_seed("every training is the same and twenty seeds would be one experiment",
            ("    params = {}", "    rng, params = np.random.default_rng(0), {}"), signs="source_of_chance order_by"),
        np_random("networks", ("    params = {}", "    rng, params = np.random, {}"), signs="source_of_chance"),
        manner("shuffling_x_itself_does_no_harm",
            """Your function shuffles (or drops) the caller's X and y themselves. After it nobody knows which example was which. Shuffle an
            array of indices and take X[batch], y[batch].""",
            (SHUFFLE, f"{SHUFFLE}\n        X[:], y[:] = X[order], y[order]\n        order = np.arange(len(X))"), signs="data_after"),
    ],
    "paired_summary": [
        edge("n_is_in_the_denominator",
            """Your standard deviation divides by n. The mean was estimated from the same differences, so divide by n - 1 (in NumPy:
            ddof=1); torch and Excel do that by default, NumPy does not.""",
            ("ddof=1", "ddof=0"), signs="sd"),
        core("pairs_may_be_taken_apart",
            """You add up the scatter of a and that of b, as for two unrelated groups. These are PAIRS: take the differences first, and the
            standard deviation of those. That is what makes few seeds go far.""",
            ("d.std(ddof=1)", "np.sqrt(a.var(ddof=1) + b.var(ddof=1))"), signs="sd"),
        core("d_is_b_minus_a",
            "Your differences are b - a. Here d = a - b, so that a positive mean says that the FIRST method is better.",
            ("a - b", "b - a"), signs="mean"),
        core("t_needs_no_root_of_n",
            """Your t is the mean over the standard deviation of a single difference. The mean of n of them scatters less, by the root of n:
            t = mean / (sd / sqrt(n)).""",
            ("sd / np.sqrt(len(d))", "sd"), signs="t_and_sd =sd"),
        core("t_is_that_of_two_groups",
            """Your t is that of two groups which have nothing to do with each other (ttest_ind in SciPy). These are pairs: t = mean / (sd /
            sqrt(n)) with the standard deviation of the DIFFERENCES (ttest_rel).""",
            ("(sd / np.sqrt(len(d)))", "np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(d))"), signs="t_and_sd"),
        core("t_divides_by_n",
            "Your t divides the standard deviation by n. The standard error of a mean is sd / sqrt(n), with the root.",
            ("np.sqrt(len(d))", "len(d)"), signs="t_and_sd"),
        edge("sd_is_the_standard_error",
            """Under "sd" you give the standard error sd / sqrt(n). Asked for is the scatter of a single difference; the root of n belongs
            into t.""",
            ("(sd / np.sqrt(len(d)))", "sd"),
            ("d.std(ddof=1)", "d.std(ddof=1) / np.sqrt(len(d))"), signs="sd"),
        edge("sd_is_the_variance",
            'Under "sd" you give the variance. The standard deviation is its square root, and has the unit of the results.',
            ("float(sd)", "float(sd**2)"), signs="sd"),
        edge("a_draw_is_a_win",
            "You count a difference of 0 as a win. Wins are the pairs with d > 0.",
            ("d > 0", "d >= 0"), signs="draws"),
        edge("wins_is_a_share",
            'Under "wins" you give a share. Asked for is the number of pairs with d > 0, an int.',
            ("int((d > 0).sum())", "float((d > 0).mean())"), signs="wins_form"),
        manner("what_can_be_subtracted_is_paired",
            """Results of different length are no pairs; cutting the longer one, as zip does, pairs them with the wrong partners. Raise a
            ValueError.""",
            ("a.shape != b.shape or len(a) < 2", "len(a) < 2"),
            ("d = a - b", "n = min(len(a), len(b))\n    d = a[:n] - b[:n]"), signs="unpaired"),
        manner("one_pair_has_a_scatter",
            "One pair has no scatter: its standard deviation would be 0 divided by 0. Raise a ValueError for fewer than two pairs.",
            ("len(a) < 2", "len(a) < 1"), signs="a_single_pair"),
        core("a_difference_has_no_sign",
            "You take absolute values, and then every difference is a gain. The sign says which of the two methods was better: keep it.",
            ("a - b", "np.abs(a - b)"), signs="mean"),
        asserts(("if a.shape != b.shape or len(a) < 2:\n        raise ValueError(", "assert a.shape == b.shape and len(a) > 1, ("),
            signs="unpaired a_single_pair"),
        tiny("the standard error", ("sd / np.sqrt(len(d))", "sd / np.sqrt(len(d)) + 1e-8"), signs="summary_digits"),
    ],
    "ablation_curve": [
        core("survivors_need_no_scaling",
            """You delete units but leave the others as they are, so the next layer hears less than it is used to, and accuracy is lost for
            want of loudness. Multiply the survivors by 1 / (1 - f).""",
            (FACTOR, "1.0"), signs="survivor_factor"),
        edge("accuracy_is_a_percentage",
            "You return percentages. An accuracy here is a share, between 0 and 1: leave out the factor 100.",
            ("append((", "append(100 * ("), signs="nothing_deleted"),
        core("accuracy_counts_the_wrong_answers",
            "You return the share of WRONG answers. Accuracy is the share of examples that the network gets right.",
            ("== y", "!= y"), signs="nothing_deleted"),
        core("survivors_are_multiplied_by_what_is_left",
            """You multiply the survivors by 1 - f, which makes the layer even quieter. DIVIDE by 1 - f: the survivors speak up for those
            who are missing.""",
            (FACTOR, "1 - f"), signs="survivor_factor"),
        edge("the_realised_share_scales",
            """You scale by H / (units left). That is close, but asked for is 1 / (1 - f) with the fraction as given, which differs when f *
            H is not a whole number.""",
            (FACTOR, "units / (units - round(f * units))"), signs="survivor_factor"),
        core("each_unit_throws_a_coin",
            """You throw a coin for each unit, so the number that goes varies. Exactly round(f * H) units of a layer are to be deleted: draw
            WHICH ones, for example rng.permutation(H)[:k].""",
            (UNITS, "rng.random(units) < f"), signs="number_deleted =network_after"),
        core("deleting_is_dropout",
            """You delete other units for each EXAMPLE, as dropout does. A deleted unit is gone for all examples of that repeat: draw one
            set per layer, not one per row.""",
            ("np.full(units,", "np.full(h.shape,"),
            (UNITS, "rng.random(h.shape) < f"), signs="deleted_for"),
        core("a_unit_may_be_drawn_twice",
            """You draw the units with replacement, so some are drawn twice and too few are deleted. Use rng.permutation(H)[:k] or
            rng.choice(H, k, replace=False).""",
            (UNITS, "rng.integers(0, units, round(f * units))"), signs="number_deleted"),
        edge("one_draw_serves_all_layers",
            """In all hidden layers the same units are deleted. Draw for each layer by itself: that its units are independent of those of
            the layer before is what "each set is equally likely" means for a network.""",
            ("            h = X", "            h, seed = X, rng.integers(2**32)"),
            ("rng.permutation(units)", "np.random.default_rng(seed).permutation(units)"), signs="layers_deleted =deleted_units"),
        edge("int_rounds",
            "You cut off with int where f * H should be rounded: of 0.35 * 5 = 1.75 units int deletes one, round two.",
            ("round(", "int("), signs="number_deleted"),
        core("the_fraction_is_what_is_kept",
            "You KEEP the fraction f of the units and delete the rest. The fractions say how much is deleted.",
            (UNITS, "rng.permutation(units)[round(f * units) :]"),
            (FACTOR, "1 / (f or 1)"), signs="number_deleted"),
        core("only_the_first_layer_has_hidden_units",
            """Units are deleted in the first hidden layer only. Every layer between the inputs and the scores is hidden: delete in each of
            them.""",
            ("h * factor", "h * factor if k == 1 else h"), signs="layers_deleted"),
        core("only_the_last_layer_has_hidden_units",
            """Units are deleted in the last hidden layer only. Every layer between the inputs and the scores is hidden: delete in each of
            them.""",
            ("h * factor", "h * factor if k == last - 1 else h"), signs="layers_deleted"),
        core("a_deleted_unit_keeps_its_bias",
            """You cut a unit off from its inputs, but its bias still speaks: relu(b) goes on to the next layer. A deleted unit gives 0: set
            its OUTPUT to 0, after the ReLU.""",
            ('np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)', 'h @ params[f"W{k}"]'),
            ("h * factor", f'np.maximum(h * (factor > 0) + params[f"b{{k}}"], 0) * ({FACTOR})'), signs="deleted_unit"),
        fixed_seed("the curve is the same",
            ("    curve = []", "    curve, rng = [], np.random.default_rng(0)"), signs="deleted_by"),
        core("the_first_units_will_do",
            "You always delete the first units of a layer, so repeats show nothing new. Let chance pick them: rng.permutation(H)[:k].",
            ("rng.permutation(units)", "np.arange(units)"), signs="deleted_units deleted_by"),
        edge("one_draw_serves_all_repeats",
            """Several repeats give what one gives: all of them delete the same units, or only one is made. Draw new units in every
            repeat.""",
            ("    curve = []", "    curve, seed = [], rng.integers(2**32)"),
            ("            h = X", "            h, rng = X, np.random.default_rng(seed)"), signs="repeats"),
        edge("the_last_repeat_counts",
            "You return the accuracy of the last repeat. Asked for is the mean over all repeats.",
            ("np.mean(accuracies)", "accuracies[-1]"), signs="repeats"),
        edge("the_best_repeat_counts",
            "You return the accuracy of the best repeat. Asked for is the mean over all repeats.",
            ("np.mean(accuracies)", "max(accuracies)"), signs="repeats"),
        edge("repeats_add_up",
            "You return the sum over the repeats, which is above 1. Divide by their number: asked for is the mean.",
            ("np.mean(", "np.sum("), signs="repeats"),
        manner("the_weights_may_be_set_to_zero",
            """You set weights of params itself to zero. The units stay deleted for the next repeat, the next fraction, and for whoever owns
            the network. Work on h, or on a copy.""",
            ("factor[rng", 'params[f"W{k + 1}"][rng'), signs="network_after"),
        np_random("curves", ("rng.permutation", "np.random.permutation"), signs="deleted_by"),
    ],
    "fixed_input_dropout": [
        core("scaling_was_the_only_fault",
            """Your function still writes into x, and x may be a view of the training set: what is dropped is gone for ever. (*= works in
            place, and x[:] is another view, not a copy.) Return x * mask, a new array.""",
            ("return x * mask", "x *= mask\n    return x"), signs="layer_input"),
        core("setting_entries_to_zero_is_no_multiplication",
            """You set entries of x itself to zero. That is as permanent as x *= mask: x may be a view of the training set. Work on a copy,
            or return x * mask.""",
            ("return x * mask", "x[mask == 0] = 0\n    return x / (1 - p)"), signs="layer_input"),
        edge("survivors_need_no_scaling",
            "The survivors are not divided by 1 - p, so the network is trained on fainter pictures than it will be tested on.",
            (" / (1 - p)", ""), signs="layer_survivors"),
        edge("survivors_are_multiplied_by_what_is_left",
            "You multiply the survivors by 1 - p, which makes the pictures fainter still. They are too few already: DIVIDE by 1 - p.",
            (" / (1 - p)", " * (1 - p)"), signs="layer_survivors"),
        core("randn_is_rand",
            """You compare NORMAL numbers with p: a normal number exceeds 0.3 in 38 % of all cases, and not in 70 %. Draw uniformly between
            0 and 1: rng.random(x.shape).""",
            ("rng.random(x.shape)", "rng.normal(size=x.shape)"), signs="drop_share"),
        core("p_is_the_keep_probability",
            "You keep each input with probability p. In this course p is the probability of DROPPING: keep with 1 - p, divide by 1 - p.",
            (">= p) / (1 - p)", "< p) / p"), signs="drop_share"),
        core("survivors_are_divided_by_p",
            "You divide the survivors by p. An input survives with probability 1 - p, so that is what the average must be repaired by.",
            ("(1 - p)", "p"), signs="layer_survivors =drop_share"),
        core("one_mask_serves_the_whole_batch",
            "All examples of the batch lose the same pixels. Draw one number per ENTRY: rng.random(x.shape).",
            ("x.shape", "x.shape[1]"), signs="rows"),
        core("one_draw_decides_about_all_features",
            "You drop whole examples. Dropout decides about every pixel of every example: rng.random(x.shape).",
            ("x.shape", "(len(x), 1)"), signs="columns"),
        core("exactly_p_n_units_are_dropped",
            """You drop exactly the share p of the pixels, every time. Each pixel should throw its own coin, so that the number that stays
            varies: it is p * n only on average.""",
            ("(rng.random(x.shape) >= p)", "(rng.permutation(x.size) >= round(p * x.size)).reshape(x.shape)"), signs="number_dropped"),
        fixed_seed(
            "the same pixels are dropped in every step", ("rng.random", "np.random.default_rng(0).random"), signs="next_mask generator"
        ),
        np_random("masks", ("rng.random", "np.random.random"), signs="generator"),
        tiny("1 - p", ("(1 - p)", "(1 - p + 1e-8)"), signs="layer_digits"),
    ],
}

EQUIVALENT = {
    "noisy_labels": {
        "y2[moved] = (y2[moved] + steps) % classes -> y2[moved] = (y2[moved] - steps) % classes": "the other way round the same circle"
    },
    "ablation_curve": {
        "h = np.maximum(h @ params[f'W{k}'] + params[f'b{k}'], 0) -> h = np.maximum(0, h @ params[f'W{k}'] + params[f'b{k}'])":
            "the larger of two numbers, in either order"
    },
    "fixed_input_dropout": {
        "mask = (rng.random(x.shape) >= p) / (1 - p) -> mask = (rng.random(x.shape) > p) / (1 - p)":
            "a uniform number is p itself with probability 2^-53"
    },
}

# ================================================================================================================================ right
VARIANTS = {
    "paired_summary": [right("paired_with_a_harmless_epsilon", ("sd / np.sqrt(len(d))", "sd / np.sqrt(len(d)) + 1e-12"))],
    "ablation_curve": [right("ablate_with_a_harmless_epsilon", (FACTOR, "1 / (1 - f + 1e-12)"))],
    "fixed_input_dropout": [right("input_with_a_harmless_epsilon", ("(1 - p)", "(1 - p + 1e-12)"))],
}


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


@variant("train_mlp")
def train_as_torch_does(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng):
    """velocity of gradients, as in torch; lists of arrays inside."""
    layers = len(sizes) - 1
    names = [f"{kind}{k}" for k in range(1, layers + 1) for kind in "Wb"]
    values = []
    for k in range(1, len(sizes)):
        fan_in, fan_out = sizes[k - 1 : k + 1]
        values += [rng.standard_normal((fan_in, fan_out)) * (2 / fan_in) ** 0.5, np.zeros(fan_out)]
    speed, network = [0.0] * len(values), Network(p_in, p_hidden, rng)
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(X)), range(32, len(X), 32)):
            grads = network.gradients(dict(zip(names, values, strict=True)), X[batch], y[batch])
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
            grads = Network(p_in, p_hidden, rng).gradients(params, X[rows], y[rows])
            for name, grad in grads.items():
                V[name] = momentum * V[name] - lr * grad
                params[name] = params[name] + V[name]
    return params


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

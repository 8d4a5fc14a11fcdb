"""SECRET. The key of assignment 2: hidden cases, wrong solutions by the belief behind them, and right answers that look different."""

from functools import partial

import numpy as np

from autograder import core, edge, manner, right, variant
from autograder.dropout.network import checks as c
from autograder.model import Code, Seed

SALT = "quokka-5823"

INPUTS, ONE, TWO = ALL = ("inputs", "units of hidden layer 1", "units of hidden layer 2")
UPPER, LOWER = ("W3", "b3"), ("W2", "b2", "W1", "b1")
SOME = tuple(f"drops_some_and_keeps_some_of_the(of={of}, p=0.4)" for of in ALL)
MEASURABLE = ("upper", "lower", "draws_from_rng")
DROPS = {"p_in": 0.3, "p_hidden": 0.6}
REAL = {"sizes": (64, 40, 30, 10), "batch": 32}
LINE = Code("f", "f = lambda x: 5 * x")
SLIPS = (
    "forgets the mask",
    "forgets the scale",
    "scales twice",
    "divides by p",
    "forgets the ReLU",
    "draws a fresh mask",
    "has the wrong sign",
)


def quiz(key, **kind):
    return [c.answers_rightly(key=key, needs=key, **kind)]


HIDDEN = {
    "numeric_gradient": {
        "slope": [
            c.differentiates(form="a ReLU layer with dropout"),
            c.differentiates(form="a matrix product", shape=(2, 3, 4)),
            c.differentiates(form="x squared with dropout", shape=(11,)),
        ],
        "central": [
            c.uses_central_differences(h=0.03, x=(1.5, -2.5, 0.25, 4.0)),
            c.differentiates(form="a matrix product", shape=(3, 4), h=1e-3, needs="slope"),
        ],
        "manners": [
            c.leaves_its_arguments_alone(arrays="its arguments", via=c.numeric_gradient("x squared with dropout", (7, 1))),
            c.differentiates(form="x squared", shape=(3, 4), tolerance=1e-8, needs=("slope", "central")),
        ],
    },
    "directional_error": {
        "tells": [
            c.accepts_the_right_gradient(form="a ReLU layer with dropout", shape=(32, 50)),
            c.accepts_the_right_gradient(form="a sum of sines (one number)", shape=(5, 4, 3)),
            c.accepts_the_right_gradient(form="a matrix product", shape=(32, 50)),
            *(c.rejects_a_gradient_that(slips=name, shape=(32, 50)) for name in SLIPS),
        ],
        "unit": [
            c.measures_in_units_of_the_gradient(off=0.01, n=3000, needs="is_right"),
            c.walks_in_k_directions(needs="is_right"),
            c.is_right(case="a dx far below 1", given=(LINE, [2.0], [1.0], [0.5], Seed(1), 3, 0.1), wanted=9.0, tolerance=1e-5,
                       names=("error",), needs="accepts_the_right_gradient"),
        ],
    },
    "mlp_loss": {
        "loss": [
            c.is_right_like_the_solution(
                case="a larger network at test time", name="the loss", tolerance=1e-6,
                via=c.loss(**DROPS, train=False, **REAL, maker="normal_network"),
            ),
            c.is_the_plain_network_at_test_time(p_in=0.45, p_hidden=0.7, **REAL),
        ],
        "dropout": [
            *(c.scales_the_surviving(of=of, p=0.55, calls=128, needs=some) for of, some in zip(ALL, SOME, strict=True)),
            *(c.drops_the_right_share_of(of=of, p=0.62, needs=f"decides_by_itself_about(of={of}, p=0.4)") for of in ALL),
            c.drops_the_right_share_of(of=INPUTS, p=0.05, units=4000, needs=f"decides_by_itself_about(of={INPUTS}, p=0.4)"),
        ],
        "upper": [c.agrees_with_its_own_loss(case="of W3 and b3, on a larger network", of=UPPER, train=False, **REAL, needs="is_right")],
        "lower": [
            c.agrees_with_its_own_loss(case="of W2, b2, W1 and b1, on a larger network", of=LOWER, train=False, **REAL, needs="upper"),
            c.agrees_with_its_own_loss(case="at test time", **DROPS, train=False, needs=("loss", "upper")),
        ],
        "masks": [
            c.agrees_with_its_own_loss(case="with dropout everywhere, on a larger network", **DROPS, **REAL, needs=(*SOME, *MEASURABLE)),
            c.agrees_with_its_own_loss(
                case="for a single example", p_in=0.1, p_hidden=0.25, sizes=(7, 9, 5, 3), batch=1, needs=(*SOME, *MEASURABLE)
            ),
            c.gives_dropped_units_no_gradient(p_in=0.4, p_hidden=0.3, needs=SOME),
        ],
        "manners": [c.leaves_its_arguments_alone(arrays="its arguments", via=c.loss(0.5, 0.3))],
    },
    "mlp_predict": {
        "scores": [
            c.is_right_like_the_solution(
                case="another network", name="the scores", tolerance=1e-6, via=c.scores((30, 20, 16, 7), 25, "normal_network")
            )
        ]
    },
    "max_norm": {
        "long": [c.is_right_like_the_solution(case="a larger matrix", given=((40, 30), 1.7), names=("W",), tolerance=1e-6)],
        "short": [
            c.is_right_like_the_solution(case="short columns only", given=((40, 30), 50.0), names=("W",), tolerance=1e-6),
            c.is_right_like_the_solution(case="long and short columns", given=((40, 30), 6.3), names=("W",), tolerance=1e-6, needs="long")
        ],
    },
    "fixed_softmax_backward": {
        "cure": [
            c.gives_a_gradient_of_scores(
                case=", in a larger batch", probs=((0.25, 0.75), (0.9, 0.1), (0.35, 0.65), (0.2, 0.8), (0.55, 0.45)), y=(0, 1, 1, 0, 0)
            ),
        ],
        "gradient": [
            c.is_right_like_the_solution(
                case="a larger batch",
                given=([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.05, 0.05, 0.9]], [2, 2, 0, 1, 0]),
                names=("dscores",),
                tolerance=1e-6,
            ),
        ],
    },
    "quiz": {
        **{key: quiz(key) for key in ("first_loss", "parameters", "evaluations", "truncation")},
        **{key: quiz(key, choices="abcd") for key in ("same_seed", "one_example")},
    },
}

# ------------------------------------------------------------------------------------------------------------------ edits of mlp_loss
FACTOR = "(rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0)"
MASK_1, MASK_2 = "m1 = multiplier(a1.shape, p_hidden)", "m2 = multiplier(a2.shape, p_hidden)"
BACK_2, BACK_1 = " * m2 * (a2 > 0)", " * m1 * (a1 > 0)"
SCALE = "(1 / (1 - p) if p < 1 else 0.0)"

DECAY = """    for name in ("W1", "W2", "W3"):
        grads[name] = grads[name] + 0.001 * params[name]
    return float(loss)"""


def hidden_layers(new, at_test="1.0"):
    """Edits that give the hidden layers a multiplier of their own."""
    own = f"    def own(shape, p):\n        if not train:\n            return {at_test}\n        return {new}\n\n"
    names = "    W1, b1, W2, b2, W3, b3 ="
    return (names, own + names), (MASK_1, MASK_1.replace("multiplier", "own")), (MASK_2, MASK_2.replace("multiplier", "own"))


# ------------------------------------------------------------------------------------------------- wrong, in several exercises
kept_instead = partial(core, "p_is_the_keep_probability")
unscaled = partial(core, "survivors_need_no_scale")
vanilla = partial(core, "the_factor_belongs_to_test_time")
batch_mask = partial(core, "one_mask_serves_the_whole_batch")
half_a_difference = partial(
    core,
    "a_step_back_that_only_goes_home",
    """You step up by h, and then back by h to where you started, and divide by 2h: half of a one-sided difference. The second
    value must be taken at x - h.""",
)
without_dout = partial(
    core,
    "dout_plays_no_part",
    """You take the slope of sum(f(x)). The gradient in question is that of sum(f(x) * dout): what arrives from above weighs
    each output.""",
)
tiny_number = partial(
    manner,
    "a_little_in_the_divisor_does_no_harm",
    """You add a tiny number to what you divide by (or to what you take the logarithm of), so no result is right to more than a
    few digits. Treat the case that you fear apart, and divide by the number itself.""",
    signs="digits",
)
two_axes = partial(
    core,
    "x_has_two_axes",
    """Your loops count along two axes, so x may be a matrix and nothing else. Let np.ndindex(x.shape) name the entries, whatever
    the number of axes.""",
    signs="form_of_a_row =form_of_a_square",
)
fresh_mask = partial(
    edge,
    "the_gradient_draws_its_own_mask",
    """On the way back you draw a fresh mask. The gradient belongs to the units that took part: keep the masks of the forward
    pass.""",
)
twice_back = partial(
    edge,
    "the_scale_is_applied_again",
    """Your gradient is divided by 1 - p twice: the stored multiplier holds this factor already, so multiply by it once.""",
)
averaged = partial(
    edge,
    "biases_take_the_average",
    """Your gradients of biases are too small by the size of the batch. A bias is added in every row: its gradient is the SUM over
    the rows (the division by N is done already).""",
)


def rate_of_the_input(layer, *edits, signs):
    return core(
        "a_hidden_layer_has_the_rate_of_the_input",
        f"Your {layer} dropped with p_in. That is the rate of the input; both hidden layers have p_hidden.",
        *edits,
        signs=signs,
    )


def forgotten_mask(layer, *edits, signs):
    return edge(
        "one_mask_is_forgotten_on_the_way_back",
        f"""On the way back you think of one mask and forget the other: dropped units of the {layer} hidden layer get a gradient.
        Each dropout multiplies once more by what it multiplied by on the way forward.""",
        *edits,
        signs=signs,
    )


def before_dropout(names, *edits, signs):
    return edge(
        "weights_meet_the_layer_before_dropout",
        f"""Your gradient of {names} uses the ReLU's output before dropout. The matrix was multiplied by what was left AFTER
        dropout.""",
        *edits,
        signs=signs,
    )


MISCONCEPTIONS = {
    "numeric_gradient": [
        core("one_side_is_enough",
            """You nudge each entry one way only. The one-sided difference has an error of the size of h, the central one of the
            size of h^2: go up AND down, and divide by 2h.""",
            ("x[i] = before - h", "x[i] = before"), ("(2 * h)", "h"), signs="sides =distance"),
        half_a_difference(("x[i] = before - h", "x[i] = before"), signs="sides distance"),
        core("the_distance_is_h",
            "All of your entries are twice too large: between x - h and x + h lies the distance 2h, not h.",
            ("(2 * h)", "h"), signs="distance =sides"),
        without_dout(("np.multiply(f(x), dout)", "f(x)", 2), signs="effect_of_dout"),
        manner("adding_back_restores_x",
            """Some entries of x come back changed in their last bits: x + h - 2h + h is rounded three times. Keep the old number and write
            it back.""",
            ("x[i] = before + h", "x[i] += h"), ("x[i] = before - h", "x[i] -= 2 * h"), ("x[i] = before\n", "x[i] += h\n"),
            signs="x_afterwards"),
        manner("x_is_mine_to_change",
            "You leave x moved by h. The caller still needs it: give every entry its old number back.",
            ("        x[i] = before\n", ""), signs="x_afterwards"),
        core("one_entry_is_enough",
            """Only the first entry of your gradient is filled in. (A return inside the loop ends it in its first round.) Return dx after
            the loop.""",
            ("    return dx", "        return dx")),
        edge("f_always_returns_a_new_array",
            """When f returns x itself, the result that you put aside changes as soon as you move x on, and the difference becomes
            0. Reduce f(x) to a number at once, or copy it.""",
            ("up = np.sum(np.multiply(f(x), dout))", "up = f(x)"),
            ("down = np.sum(np.multiply(f(x), dout))", "down = f(x)\n        change = np.sum(np.multiply(np.subtract(up, down), dout))"),
            ("(up - down)", "change"), signs="of_x_itself"),
        core("the_mean_is_the_sum",
            """You take the mean over the outputs. L is their SUM, weighted with dout, so your slopes are too small by the number of
            outputs.""",
            ("np.sum(np.multiply(f(x), dout))", "np.mean(np.multiply(f(x), dout))", 2), signs="outputs"),
        core("the_gradient_points_downhill",
            "All of your slopes have the wrong sign: subtract what is below from what is above, L(x + h) - L(x - h).",
            ("(up - down)", "(down - up)"), signs="sign"),
        core("a_difference_is_a_slope",
            "You do not divide by 2h. The difference of two values becomes a slope only when it is divided by the distance between them.",
            ("(up - down) / (2 * h)", "(up - down)"), signs="distance"),
        core("dout_comes_at_the_end",
            """You take the slope of sum(f(x)) and multiply by dout afterwards. That works only where output i depends on input i alone:
            dout belongs to the OUTPUTS, so multiply f(x) by it before you add up.""",
            ("np.multiply(f(x), dout)", "f(x)", 2), ("return dx", "return dx * dout"),
            signs="form_of_a_product =form_of_a_square =form_of_a_number =effect_of_dout"),
        core("dout_comes_at_the_end",
            """You take the slope of sum(f(x)) and multiply by dout afterwards. That works only where output i depends on input i alone:
            dout belongs to the OUTPUTS, so multiply f(x) by it before you add up.""",
            ("np.multiply(f(x), dout)", "f(x)", 2), ("return dx", "return dx * (dout if np.shape(dout) == x.shape else np.mean(dout))"),
            signs="form_of_a_product =form_of_a_square =form_of_a_number =effect_of_dout"),
        core("the_step_is_always_the_same",
            "Your step does not depend on h. It is an argument: whoever calls chooses it.",
            ("    dx = np.zeros_like(x)\n", "    h = 1e-5\n    dx = np.zeros_like(x)\n"),
            ("(up - down) / (2 * h)", "np.round((up - down) / (2 * h), 8)"), signs="sides"),
        core("all_entries_can_be_nudged_at_once",
            """You nudge all entries of x together. That works only where output i depends on input i alone; in a matrix product
            every output depends on many inputs. Nudge one entry at a time.""",
            ("    for i in np.ndindex(x.shape):\n", "    for i in [...]:\n"),
            ("        before = x[i]\n", "        before = x.copy()\n"),
            ("np.sum(np.multiply(f(x), dout))", "np.multiply(f(x), dout)", 2), signs="form_of_a_product =effect_of_dout"),
        core("the_divisor_is_always_the_same",
            "You divide by 2e-5 whatever the step is. The step h is an argument: divide by 2h.",
            ("(2 * h)", "2e-5"), signs="distance =sides"),
        core("the_axes_are_lost",
            "Your dx is a flat list of numbers. It has the shape of x: dx.reshape(x.shape).",
            ("return dx", "return dx.ravel()"), signs="form_of_a_square =form_of_a_row"),
        core("any_sum_adds_up_everything",
            """With a matrix your L is no number: Python's sum() adds up its rows, and np.dot and @ are matrix products. np.sum adds up all
            entries: np.sum(f(x) * dout).""",
            ("np.sum(np.multiply(f(x), dout))", "sum(np.multiply(f(x), dout))", 2),
            signs="form_of_a_square form_of_a_product =form_of_a_row"),
        core("slopes_are_whole_numbers",
            """Your dx is an array of integers, so every slope that you write into it is cut off at the decimal point. Make it with
            np.zeros(x.shape).""",
            ("np.zeros_like(x)", "np.zeros(x.shape, dtype=int)")),
        two_axes(("    for i in np.ndindex(x.shape):", "    rows, columns = x.shape\n    for i in np.ndindex(rows, columns):")),
        two_axes(("np.ndindex(x.shape)", "np.ndindex(x.shape[0], x.shape[1])")),
        manner("seven_digits_are_enough_for_a_result",
            """Your gradient is computed well and kept badly: dx is float32, so nine of its sixteen digits are lost. Make it
            with np.zeros(x.shape), which is float64.""",
            ("np.zeros_like(x)", "np.zeros(x.shape, dtype=np.float32)"), signs="type_of_dx =form_of_a_square"),
        core("x_has_a_single_axis",
            """Your loop counts along one axis only, so with a matrix it nudges whole rows, or ends in an IndexError. Let
            np.ndindex(x.shape) name the entries, whatever the number of axes.""",
            ("np.ndindex(x.shape)", "range(len(x))"), ("before = x[i]", "before = np.copy(x[i])"),
            signs="form_of_a_square form_of_a_product =form_of_a_row"),
        core("x_has_a_single_axis",
            """Your loop counts along one axis only, so with a matrix it nudges whole rows, or ends in an IndexError. Let
            np.ndindex(x.shape) name the entries, whatever the number of axes.""",
            ("np.ndindex(x.shape)", "range(x.size)"), ("before = x[i]", "before = np.copy(x[i])"),
            signs="form_of_a_square form_of_a_product =form_of_a_row"),
        core("seven_digits_are_enough_for_a_slope",
            """Your gradient is noisy: somewhere the numbers are float32. With seven digits, x + h and x - h hardly differ for h =
            1e-5. Stay in float64 here.""",
            ("    dx = np.zeros_like(x)\n", "    x = x.astype(np.float32)\n    dx = np.zeros_like(x)\n"),
            signs="form_of_a_square form_of_a_product"),
    ],
    "directional_error": [
        edge("an_error_has_a_sign",
            """Your errors can be negative, and then the largest of them may hide a large mistake. Take the absolute value before
            you compare.""",
            ("abs(measured - np.sum(dx * u))", "measured - np.sum(dx * u)"), ("worst = 0.0", "worst = -np.inf"),
            signs="sign_of_an_error"),
        core("errors_below_zero_do_not_count",
            """A difference below 0 does not count in your error, however large it is. Take its absolute value before you compare.""",
            ("abs(measured - np.sum(dx * u))", "measured - np.sum(dx * u)"), signs="sign_of_an_error"),
        edge("next_to_nothing_is_a_divisor",
            """Where dx is zero you divide by next to nothing, and any slope becomes a huge error. Then nothing is to be divided
            by: return the difference itself.""",
            ("error / size if size > 0 else error", "error / (size + 1e-12)"), signs="error_of_a_missing_gradient"),
        tiny_number(("error / size if", "error / (size + 1e-8) if"), signs="digits_of_an_error"),
        edge("the_average_is_enough",
            """You return the average over the directions (or their sum). The largest is asked for: one direction that disagrees is
            enough to prove a mistake.""",
            ("worst = max(worst, error / size if size > 0 else error)", "worst += (error / size if size > 0 else error) / k"),
            signs="result_of_k"),
        edge("a_direction_may_have_any_length",
            """Your directions are not of length 1, so the step is not h, and the error grows with the number of entries. Divide u
            by its length, that of all its entries: np.linalg.norm(u).""",
            ("        u = u / np.linalg.norm(u)\n", ""), signs="length_of_a_direction"),
        edge("directions_may_all_point_one_way",
            """All entries of your directions are positive (rng.random draws from 0 to 1), so they point one way: an error whose
            entries have one sign looks far too large, one with both signs too small. Draw normal numbers:
            rng.normal(size=x.shape).""",
            ("rng.normal(size=x.shape)", "rng.random(x.shape)"), signs="ways_of_directions"),
        edge("the_promised_slope_is_the_measure",
            """You divide by the slope of that very direction. A direction may by chance be nearly at right angles to dx, and then
            a perfect gradient looks bad: divide by |dx| / sqrt(n), the size that a slope typically has.""",
            ("error / size if size > 0 else error", "error / (abs(np.sum(dx * u)) or 1.0)"), signs="unit_of_an_error"),
        edge("both_slopes_together_are_the_measure",
            """You divide by the sizes of both slopes together, the relative error of CS231n and others. Then an error looks half
            as large, and a direction nearly at right angles to dx looks bad by chance. Here it is divided by |dx| / sqrt(n).""",
            ("error / size if size > 0 else error", "error / max(abs(measured) + abs(np.sum(dx * u)), 1e-8)"), signs="unit_of_an_error"),
        edge("the_length_of_dx_is_the_measure",
            """You divide by |dx| and forget the square root of n. A slope along a random direction is about |dx| / sqrt(n), so
            your errors look the smaller the larger x is.""",
            (" / np.sqrt(dx.size)", ""), signs="unit_of_an_error"),
        edge("the_number_of_entries_is_its_own_root",
            """You divide |dx| by n, not by the square root of n. A slope along a random direction is about |dx| / sqrt(n), so your
            errors look the larger the larger x is.""",
            (" / np.sqrt(dx.size)", " / dx.size"), signs="unit_of_an_error"),
        edge("a_division_undoes_a_division",
            "You divide by |dx| and by the square root of n. It is divided by |dx| / sqrt(n): mind the parentheses.",
            (" / np.sqrt(dx.size)", " * np.sqrt(dx.size)"), signs="unit_of_an_error"),
        edge("n_is_the_number_of_rows",
            """You divide by the square root of len(x), the number of its rows. n counts all entries of x: x.size.""",
            ("np.sqrt(dx.size)", "np.sqrt(len(dx))"), signs="unit_of_an_error"),
        edge("an_error_needs_no_unit",
            """You return the difference of the two slopes as it is. Whether that is much depends on how large dx is: divide by
            |dx| / sqrt(n), the size that a slope typically has.""",
            ("error / size if size > 0 else error", "error"), signs="unit_of_an_error"),
        core("a_direction_is_an_axis",
            """Your directions move a single entry of x. A wrong gradient is then found only if that entry happens to be wrong: draw
            normal numbers for all entries, and divide by their length.""",
            ("u = rng.normal(size=x.shape)", "u = np.zeros(x.shape)\n        u.flat[rng.integers(u.size)] = 1.0"),
            signs="reach"),
        core("every_entry_is_a_direction",
            """You go through the entries of x one by one, as numeric_gradient does: two calls of f for each. The point of this check is to
            get by with two calls for each of k random directions, however large x is.""",
            ("for _ in range(k):", "for i in range(x.size):"),
            ("u = rng.normal(size=x.shape)", "u = np.zeros(x.shape)\n        u.flat[i] = 1.0"),
            signs="reach other_seeds calls_of_f directions_taken =result_of_k"),
        edge("the_directions_may_be_fixed",
            """Your error is the same whatever rng is handed in. Draw the directions from rng, so that another seed looks in other
            directions.""",
            ("    worst = 0.0\n", "    worst = 0.0\n    rng = np.random.default_rng(0)\n"), signs="other_seeds"),
        edge("np_random_is_just_as_good",
            "You draw your directions from np.random, the global generator. Then nobody can repeat a result: draw from rng.",
            ("rng.normal(", "np.random.normal("), signs="other_seeds"),
        edge("one_side_is_enough",
            """You step forwards only. The one-sided difference has an error of the size of h itself; go h u forwards AND
            backwards, and divide by 2h.""",
            ("f(x - h * u)", "f(x)"), ("(2 * h)", "h"), signs="sides_of_a_step"),
        half_a_difference(("f(x - h * u)", "f(x)"), signs="sides_of_a_step"),
        core("the_distance_is_h",
            "The slopes that you measure are twice too large: between x - h u and x + h u lies the distance 2h, not h.",
            ("(2 * h)", "h"), signs="sides_of_a_step"),
        edge("the_step_is_always_the_same",
            "Your step does not depend on h. It is an argument: whoever calls chooses it.",
            ("    worst = 0.0\n", "    worst, h = 0.0, 1e-5\n"), signs="step_taken"),
        edge("k_is_always_the_same",
            "You walk in the same number of directions whatever k is. Let the loop run k times.",
            ("range(k)", "range(3)"), signs="directions_taken =result_of_k"),
        edge("the_function_may_make_its_own_generator",
            "Your directions come from a generator of your own. Then nobody can repeat a result: draw from rng.",
            ("    worst = 0.0\n", "    worst = 0.0\n    rng = np.random.default_rng()\n"), signs="other_seeds"),
        without_dout(("change * dout", "change"), signs="weight_of_dout"),
        edge("a_gradient_is_never_zero",
            "Where dx is zero everywhere you divide 0 by 0. Then there is nothing to divide by: return the difference as it is.",
            ("worst = max(worst, error / size if size > 0 else error)", "worst = np.maximum(worst, error / size)"),
            signs="error_of_zeros"),
        edge("one_direction_is_enough",
            """A single direction decides, whatever k is. (A return inside the loop, a direction drawn before it, or the last error in
            place of the largest?) Draw a new one k times, and return the largest of the k errors.""",
            ("    return float(worst)", "        return float(worst)"), signs="result_of_k"),
        edge("a_gradient_of_zeros_is_right",
            """Where dx is zero everywhere you return 0, as if it were right. But f may well have a slope there: return the
            difference as it is, and a forgotten gradient is caught.""",
            ("else error)", "else 0.0)"), signs="error_of_a_missing_gradient"),
    ],
    "mlp_loss": [
        kept_instead(
            """You keep each unit with probability p. In this course p is the probability of DROPPING, so a unit stays with
            probability 1 - p. Papers often use p the other way round.""",
            (FACTOR, "(rng.random(shape) < p) * (1 / p) if p > 0 else np.ones(shape)"),
            signs="inputs_survive input_factor hidden_units_survive hidden_factor"),
        kept_instead(
            """You keep each unit with probability p and divide by p. In this course p is the probability of DROPPING: keep with 1
            - p and divide by 1 - p. (At p = 0, where nothing should be dropped, you now get 0 / 0: that is where a NaN comes
            from.)""",
            (FACTOR, "(rng.random(shape) < p) / np.float64(p)"), signs="whole_way input_factor"),
        kept_instead(
            """In the hidden layers you keep each unit with probability p. In this course p is the probability of DROPPING, so a
            unit stays with probability 1 - p. Papers often use p the other way round.""",
            *hidden_layers("(rng.random(shape) < p) * (1 / p) if p > 0 else np.ones(shape)"),
            signs="hidden_units_survive hidden_factor"),
        core("what_is_below_p_stays",
            """You keep the units whose random number is below p, a share of p. But p is the probability of DROPPING: keep those
            with rng.random(...) >= p, a share of 1 - p, which is what you divide by.""",
            (FACTOR, f"(rng.random(shape) < p) * {SCALE} if p > 0 else np.ones(shape)"),
            signs="inputs_survive =input_factor"),
        core("p_of_zero_keeps_nothing",
            """With p = 0 nothing is left. In this course p is the probability of DROPPING: at p = 0 every unit stays, in general
            a share of 1 - p.""",
            (FACTOR, "(rng.random(shape) < p) * (1 / p if p > 0 else 0.0)"), signs="inputs_survive"),
        unscaled(
            """You drop units but leave the survivors as they are, so every layer is quieter in training than at test time. Divide
            them by 1 - p.""",
            (SCALE, "1.0"), signs="input_factor hidden_factor"),
        unscaled(
            """In the hidden layers you drop units but leave the survivors as they are, so these layers are quieter in training
            than at test time. Divide them by 1 - p.""",
            *hidden_layers("(rng.random(shape) >= p) * 1.0"), signs="hidden_factor"),
        vanilla(
            """This is vanilla dropout: no factor in training, 1 - p at test time. It is right in its own way, but asked for is
            the inverted form: divide the survivors by 1 - p in training and leave test time alone.""",
            ("return 1.0", "return 1 - p"), (SCALE, "1.0"), signs="input_factor hidden_factor at_test"),
        vanilla(
            """In the hidden layers this is vanilla dropout: no factor in training, 1 - p at test time. Asked for is the inverted
            form: divide the survivors by 1 - p in training and leave test time alone.""",
            *hidden_layers("(rng.random(shape) >= p) * 1.0", at_test="1 - p"), signs="hidden_factor at_test"),
        unscaled(
            """You drop inputs but leave the survivors as they are, so the first layer is quieter in training than at test time. Divide
            them by 1 - p.""",
            ("m0 = multiplier(X.shape, p_in)", "m0 = multiplier(X.shape, p_in)\n    m0 = m0 != 0"), signs="input_factor =hidden_factor"),
        core("survivors_are_divided_by_p",
            """You divide the survivors by p, the share that was dropped. It is the share that STAYED, 1 - p, that must be made up
            for.""",
            (SCALE, "(1 / p if p > 0 else 1.0)"), signs="input_factor hidden_factor"),
        core("the_mask_is_applied_twice",
            "Your survivors are divided by 1 - p twice: the multiplier holds this factor already, so multiply by it once.",
            (SCALE, "(1 / (1 - p) ** 2 if p < 1 else 0.0)"), signs="input_factor hidden_factor"),
        batch_mask(
            """All examples of a batch lose the same units. Draw a number for each unit AND example: the mask has the shape of the
            whole layer.""",
            ("rng.random(shape)", "rng.random(shape[1:])"), signs="input_masks hidden_masks"),
        batch_mask(
            """In the hidden layers all examples of a batch lose the same units. Draw a number for each unit AND example: the mask
            has the shape of the whole layer.""",
            *hidden_layers(FACTOR.replace("shape", "shape[1:]")), signs="hidden_masks"),
        core("an_example_is_dropped_as_a_whole",
            """A whole layer of an example is kept or dropped, all units together. Draw a number for each unit AND example: the
            mask has the shape of the whole layer.""",
            ("rng.random(shape)", "rng.random((shape[0], 1))"), (SCALE, "np.full(shape, 1 / (1 - p) if p < 1 else 0.0)"),
            signs="input_masks hidden_masks"),
        core("an_example_is_dropped_as_a_whole",
            """A hidden layer of an example is kept or dropped, all units together. Draw a number for each unit AND example: the mask has
            the shape of the whole layer.""",
            *hidden_layers(f"(rng.random((shape[0], 1)) >= p) * np.full(shape, {SCALE})"),
            signs="hidden_masks =input_masks =inputs_survive =hidden_units_survive =hidden_factor"),
        core("the_mask_comes_before_the_bias",
            """You drop before the bias is added, so a dropped unit still says relu(b). Dropout comes after the ReLU: a dropped unit says
            nothing.""",
            ("a1 = h0 @ W1 + b1", "m1 = multiplier((N, len(b1)), p_hidden)\n    a1 = (h0 @ W1) * m1 + b1"), (f"    {MASK_1}\n", ""),
            ("np.maximum(a1, 0) * m1", "np.maximum(a1, 0)"),
            ("a2 = h1 @ W2 + b2", "m2 = multiplier((N, len(b2)), p_hidden)\n    a2 = (h1 @ W2) * m2 + b2"), (f"    {MASK_2}\n", ""),
            ("np.maximum(a2, 0) * m2", "np.maximum(a2, 0)"),
            ("ds @ W3.T * m2 * (a2 > 0)", "ds @ W3.T * (a2 > 0)"), ("da2 @ W2.T * m1 * (a1 > 0)", "(da2 * m2) @ W2.T * (a1 > 0)"),
            ("h1.T @ da2", "h1.T @ (da2 * m2)"), ("h0.T @ da1", "h0.T @ (da1 * m1)"),
            signs="second_layer_survives dropped_in_layer_1 dropped_in_layer_2 =hidden_units_survive"),
        core("a_relu_may_leak",
            """Your ReLU leaks: a negative number comes through a hundredth of its size (or so), and so does its gradient. That is another
            activation; asked for is max(a, 0).""",
            ("np.maximum(a1, 0)", "np.maximum(a1, 0.01 * a1)"), ("np.maximum(a2, 0)", "np.maximum(a2, 0.01 * a2)"),
            ("(a1 > 0)", "np.where(a1 > 0, 1, 0.01)"), ("(a2 > 0)", "np.where(a2 > 0, 1, 0.01)"),
            signs="inactive_in_layer_1 inactive_in_layer_2"),
        core("any_activation_will_do",
            """Your hidden units are curved, as with tanh. That is another network; asked for are ReLUs, max(a, 0), whose gradient passes
            where a > 0.""",
            ("np.maximum(a1, 0)", "np.tanh(a1)"), ("np.maximum(a2, 0)", "np.tanh(a2)"),
            ("(a1 > 0)", "(1 - np.tanh(a1) ** 2)"), ("(a2 > 0)", "(1 - np.tanh(a2) ** 2)"),
            signs="inactive_in_layer_1 inactive_in_layer_2"),
        core("scores_go_through_a_relu_too",
            "You send the scores through a ReLU as well, so negative ones are lost. The last layer is linear.",
            ("s = h2 @ W3 + b3\n", "s = np.maximum(h2 @ W3 + b3, 0)\n"), signs="delta"),
        core("gradients_have_names_of_their_own",
            """Your gradients are called dW1, db1 and so on. They should have the names of their parameters, W1, b1, ..., so that a loop
            over params can take the step.""",
            ("return float(loss), grads", 'return float(loss), {f"d{name}": grads[name] for name in grads}'), signs="gradient_shapes"),
        core("dropout_can_come_later",
            """Nothing is dropped in training, whatever p_in and p_hidden are. If you are on the way, well done so far: next
            multiply the input and the output of each ReLU by a random mask, divided by 1 - p.""",
            (FACTOR, "np.ones(shape)"),
            signs="inputs_survive input_factor dropped_inputs hidden_units_survive hidden_factor second_layer_survives"),
        core("a_division_waits_for_the_subtraction",
            """You multiply the survivors by 1 - p, and the others by -p: mask / 1 - p is (mask / 1) - p. Write mask / (1 - p).""",
            (FACTOR, "(rng.random(shape) >= p) / 1 - p"),
            signs="input_factor hidden_factor hidden_units_survive second_layer_survives dropped_inputs =penalty"),
        core("the_input_is_never_dropped",
            "Your inputs are never dropped, whatever p_in is. The first dropout comes before the first matrix.",
            ("m0 = multiplier(X.shape, p_in)", "m0 = 1.0"), signs="inputs_survive input_factor dropped_inputs"),
        core("one_hidden_layer_is_enough",
            "Only the first hidden layer is dropped. The second one has a dropout of its own, after its ReLU.",
            (MASK_2, "m2 = 1.0"), signs="hidden_units_survive second_layer_survives"),
        core("only_the_last_hidden_layer_is_dropped",
            "Only the second hidden layer is dropped. The first one has a dropout of its own, after its ReLU.",
            (MASK_1, "m1 = 1.0"),
            signs="hidden_units_survive whole_way dropped_in_layer_1 =penalty =second_layer_survives =layers"),
        core("hidden_units_meet_no_chance",
            """In your hidden layers no chance is at work: a unit that survives once survives in every call. Is its mask drawn
            from rng, with p_hidden, and without a seed of your own? (Mind that rng.random(...) < q / q compares with 1.)""",
            *hidden_layers("np.ones(shape)"), signs="hidden_units_survive second_layer_survives"),
        rate_of_the_input("first hidden layer is",
            (MASK_1, "m1 = multiplier(a1.shape, p_in)"),
            signs="inputs_survive hidden_units_survive =second_layer_survives =whole_way"),
        rate_of_the_input("second hidden layer is",
            (MASK_2, "m2 = multiplier(a2.shape, p_in)"),
            signs="inputs_survive hidden_units_survive second_layer_survives =dropped_inputs"),
        rate_of_the_input("hidden layers are",
            (MASK_1, "m1 = multiplier(a1.shape, p_in)"), (MASK_2, "m2 = multiplier(a2.shape, p_in)"),
            signs="inputs_survive hidden_units_survive second_layer_survives =dropped_inputs =whole_way"),
        core("the_two_rates_have_changed_places",
            "Your p_in and p_hidden have changed places: p_in belongs to the input, p_hidden to the two hidden layers.",
            ("multiplier(X.shape, p_in)", "multiplier(X.shape, p_hidden)"),
            ("multiplier(a1.shape, p_hidden)", "multiplier(a1.shape, p_in)"),
            ("multiplier(a2.shape, p_hidden)", "multiplier(a2.shape, p_in)"),
            signs="inputs_survive input_factor hidden_units_survive second_layer_survives input_masks hidden_masks dropped_inputs "
            "=penalty"),
        core("the_scores_are_dropped_too",
            """You drop scores as well. A class whose score is dropped cannot be compared with the others: there is no dropout
            after the last matrix.""",
            ("s = h2 @ W3 + b3\n", "m3 = multiplier((N, len(b3)), p_hidden)\n    s = (h2 @ W3 + b3) * m3\n"),
            ("ds /= N", "ds = ds / N * m3"), signs="scores"),
        core("one_mask_serves_both_hidden_layers",
            "Your two hidden layers lose the same units when they are of the same width. Each dropout draws a mask of its own.",
            (MASK_2, "m2 = m1 if a2.shape == a1.shape else multiplier(a2.shape, p_hidden)"),
            signs="layers hidden_units_survive =hidden_masks"),
        core("a_fixed_seed_belongs_in_the_function",
            """Every call drops the same units, because the function makes a generator with a fixed seed. Draw from the rng that
            is handed in.""",
            ("    N = len(X)", "    rng = np.random.default_rng(0)\n    N = len(X)"), signs="generator_used"),
        edge("np_random_is_just_as_good",
            "You draw from the global generator. Then nobody can repeat a result: draw from the rng that is handed in.",
            ("rng.random(shape)", "np.random.random(shape)"), signs="generator_used"),
        edge("the_function_may_make_its_own_generator",
            """You make a generator of your own inside the function, so the seed of rng has no effect and nobody can repeat your
            result. Draw from the rng that is handed in.""",
            ("rng.random(shape)", "np.random.default_rng().random(shape)"), signs="generator_used"),
        edge("dropout_stays_on_at_test_time",
            "With train=False units are still dropped. At test time the whole network answers, and no random number is drawn.",
            ("if not train:", "if rng is None:"), signs="at_test"),
        edge("test_time_is_scaled_as_well",
            """At test time you still multiply by 1 - p. That belongs to vanilla dropout: here the survivors were divided by 1 - p
            in training, so the whole network answers as it is.""",
            ("return 1.0", "return 1 - p"), signs="at_test =input_factor =hidden_factor"),
        edge("a_penalty_belongs_to_the_loss",
            """You add a penalty on the weights. It is a fine thing against overfitting, but asked for is the mean cross-entropy
            alone, and its gradients.""",
            ("    return float(loss)", DECAY.replace("    grads", "    loss += 0.0005 * np.sum(params[name] ** 2)\n        grads")),
            signs="penalty"),
        edge("a_penalty_belongs_to_the_gradients",
            """You add a multiple of the weights to their gradients (weight decay). Asked for are the gradients of the loss that
            you return: the mean cross-entropy alone.""",
            ("    return float(loss)", DECAY), signs="penalty"),
        edge("seven_digits_are_enough_for_a_slope",
            """Your loss has the seven digits of float32. For training that is plenty; but the small differences from which a
            slope is measured are lost in the rounding. The parameters come in float64: leave them as they are.""",
            ("s = s - s.max(axis=1, keepdims=True)", "s = (s - s.max(axis=1, keepdims=True)).astype(np.float32)"),
            signs="loss_of_no_scores"),
        edge("the_loss_is_a_sum",
            "Your loss is the SUM over the batch. Asked for is the mean, so that its size does not depend on the size of the batch.",
            (".mean()", ".sum()"), ("    ds /= N\n", ""), signs="loss_of_no_scores =slope_of_W3"),
        edge("the_gradient_of_a_sum_is_that_of_a_mean",
            """Your loss is the SUM over the batch, but your gradients are those of the mean. Asked for is the mean: divide the
            loss by N as well.""",
            (".mean()", ".sum()"), signs="loss_of_no_scores slope_of_W1 slope_of_W2 slope_of_W3 slope_of_b1 slope_of_b2 slope_of_b3"),
        edge("logarithms_are_binary",
            "Your loss is in bits. Asked for are nats: the natural logarithm, np.log.",
            (".mean()", ".mean() / np.log(2)"), ("ds /= N", "ds /= N * np.log(2)"), signs="loss_of_no_scores"),
        edge("softmax_runs_over_the_batch",
            """Your probabilities add up to 1 over the whole batch: each example meets the scores of the others. Add up over the classes of
            each example, axis=1.""",
            ("np.exp(s).sum(axis=1, keepdims=True)", "np.exp(s).sum()"), signs="loss_of_no_scores"),
        edge("the_gradient_need_not_be_divided_by_n",
            "All of your gradients are too large by the size of the batch: the loss is a mean, so its gradient is divided by N too.",
            ("    ds /= N\n", ""), signs="slope_of_W1 slope_of_W2 slope_of_W3"),
        edge("the_gradient_points_downhill",
            """All of your gradients have the wrong sign. The gradient says how the loss GROWS; the minus comes only when you take
            the step.""",
            ("ds /= N", "ds /= -N"), signs="slope_of_W1 slope_of_W2 slope_of_W3"),
        edge("the_right_class_needs_no_minus_one",
            """Your gradient of the scores is the softmax P alone. The right class has to have its 1 subtracted: (P - one-hot(y))
            / N, or the scores of all classes are pushed down alike.""",
            ("    ds[np.arange(N), y] -= 1\n", ""), signs="delta"),
        edge("only_the_right_class_has_a_gradient",
            """Only the score of the right class gets a gradient. The others matter too: raising one of them takes probability
            from the right class. The gradient of the scores is (P - one-hot(y)) / N, all classes of it.""",
            ("    ds /= N\n", "    ds *= np.eye(len(b3))[y] / N\n"), signs="delta"),
        averaged(
            ("ds.sum(axis=0)", "ds.mean(axis=0)"), ("da2.sum(axis=0)", "da2.mean(axis=0)"), ("da1.sum(axis=0)", "da1.mean(axis=0)"),
            signs="slope_of_b1 slope_of_b2 slope_of_b3"),
        averaged(("ds.sum(axis=0)", "ds.mean(axis=0)"), signs="slope_of_b3 =slope_of_W3 =slope_of_b2"),
        averaged(
            ("da2.sum(axis=0)", "da2.mean(axis=0)"), ("da1.sum(axis=0)", "da1.mean(axis=0)"),
            signs="slope_of_b1 slope_of_b2 =slope_of_b3"),
        edge("weights_take_the_average",
            """Your gradients of the weights are too small by the size of the batch: the division by N is done already, in the gradient of
            the scores.""",
            ("h0.T @ da1", "h0.T @ da1 / N"), ("h1.T @ da2", "h1.T @ da2 / N"), ("h2.T @ ds", "h2.T @ ds / N"),
            signs="slope_of_W1 slope_of_W2 slope_of_W3 =slope_of_b3"),
        edge("relu_lets_every_gradient_pass",
            "Units whose ReLU is off get a gradient. Where a is negative the ReLU is flat: multiply by (a > 0).",
            (" * (a2 > 0)", ""), (" * (a1 > 0)", ""), signs="inactive_in_layer_1 inactive_in_layer_2 =slope_of_W3"),
        edge("the_first_relu_lets_every_gradient_pass",
            """On the way back you think of the second ReLU, but not of the first: where a of the first layer is negative, its
            units get a gradient. Multiply by (a > 0) there too.""",
            (" * (a1 > 0)", ""), signs="inactive_in_layer_1 =inactive_in_layer_2 =slope_of_W3"),
        edge("the_second_relu_lets_every_gradient_pass",
            """On the way back you think of the first ReLU, but not of the second: where a of the second layer is negative, its
            units get a gradient. Multiply by (a > 0) there too.""",
            (" * (a2 > 0)", ""), signs="inactive_in_layer_2 =inactive_in_layer_1 =slope_of_W3"),
        edge("a_relu_cuts_off_gradients",
            """On the way back your ReLU cuts off negative GRADIENTS. What decides is the a of the forward pass: multiply by (a > 0).""",
            ("ds @ W3.T" + BACK_2, "np.maximum(ds @ W3.T * m2, 0)"), ("da2 @ W2.T" + BACK_1, "np.maximum(da2 @ W2.T * m1, 0)"),
            signs="inactive_in_layer_1 inactive_in_layer_2 =slope_of_W3"),
        edge("dropout_matters_forwards_only",
            """Dropped units get a gradient. On the way back each dropout multiplies once more by what it multiplied by on the way
            forward: 0 for the dropped ones.""",
            (BACK_2, " * (a2 > 0)"), (BACK_1, " * (a1 > 0)"), signs="dropped_in_layer_1 dropped_in_layer_2"),
        forgotten_mask("first",
            (BACK_1, " * (a1 > 0)"), signs="dropped_in_layer_1 =dropped_in_layer_2"),
        forgotten_mask("second",
            (BACK_2, " * (a2 > 0)"), signs="dropped_in_layer_2 =dropped_in_layer_1"),
        edge("the_gradient_needs_no_scale",
            """Your gradient passes the right units, but without the factor 1/(1-p) of the survivors. What the forward pass
            multiplied by, scale included, multiplies the gradient.""",
            (BACK_2, " * (m2 > 0) * (a2 > 0)"), (BACK_1, " * (m1 > 0) * (a1 > 0)"),
            signs="slope_of_W2_with_dropout slope_of_W1_with_dropout"),
        twice_back(
            (BACK_2, " * m2 * m2 * (a2 > 0)"), (BACK_1, " * m1 * m1 * (a1 > 0)"),
            signs="slope_of_W2_with_dropout slope_of_W1_with_dropout"),
        twice_back((BACK_1, " * m1 * m1 * (a1 > 0)"), signs="slope_of_W1_with_dropout =slope_of_W2_with_dropout"),
        twice_back((BACK_2, " * m2 * m2 * (a2 > 0)"), signs="slope_of_W2_with_dropout slope_of_W1_with_dropout"),
        fresh_mask(
            (BACK_2, " * multiplier(a2.shape, p_hidden) * (a2 > 0)"), (BACK_1, " * multiplier(a1.shape, p_hidden) * (a1 > 0)"),
            signs="dropped_in_layer_1 dropped_in_layer_2"),
        fresh_mask((BACK_1, " * multiplier(a1.shape, p_hidden) * (a1 > 0)"), signs="dropped_in_layer_1 =dropped_in_layer_2"),
        fresh_mask((BACK_2, " * multiplier(a2.shape, p_hidden) * (a2 > 0)"), signs="dropped_in_layer_2 =dropped_in_layer_1"),
        edge("the_first_matrix_meets_the_whole_input",
            "Your gradient of W1 uses X. The matrix was multiplied by the input AFTER dropout: use that, zeros and scale included.",
            ("h0.T @ da1", "X.T @ da1"), signs="dropped_inputs =penalty"),
        before_dropout("W2 and that of W3",
            ("h2.T @ ds", "np.maximum(a2, 0).T @ ds"), ("h1.T @ da2", "np.maximum(a1, 0).T @ da2"),
            signs="slope_of_W2_with_dropout slope_of_W3_with_dropout dropped_in_layer_1 =penalty =hidden_units_survive"),
        before_dropout("W3",
            ("h2.T @ ds", "np.maximum(a2, 0).T @ ds"), signs="slope_of_W3_with_dropout =slope_of_W2_with_dropout"),
        before_dropout("W2",
            ("h1.T @ da2", "np.maximum(a1, 0).T @ da2"),
            signs="slope_of_W2_with_dropout =slope_of_W1_with_dropout =slope_of_W3_with_dropout =hidden_units_survive"),
        manner("a_sum_keeps_its_dimensions",
            """A gradient has the shape of its parameter: b1 is (H,), but your gradient of it has an axis more. Sum over the rows
            without keepdims=True, or params[name] -= lr * grads[name] will fail.""",
            ("ds.sum(axis=0)", "ds.sum(axis=0, keepdims=True)"), signs="gradient_shapes"),
        manner("the_data_may_be_overwritten",
            """X *= mask changes the array of the caller: your training data lose some of their entries at every step. Make a new
            array, X * mask.""",
            ("h0 = X * m0", "X *= m0\n    h0 = X"), signs="given_after"),
        manner("the_function_takes_the_step_itself",
            """Your function changes the parameters. Asked for are the loss and its gradients; the step is taken by whoever calls, with a
            learning rate of their own.""",
            ("    return float(loss)", "    for name in grads:\n        params[name] -= 0.1 * grads[name]\n    return float(loss)"),
            signs="given_after"),
        manner("scores_are_never_large",
            """With a score of 2000 your loss is no finite number: exp(2000) is too large, and so is the log of a probability of
            0. Subtract the largest score of each ROW first, and take the logarithm of the sum, not of the probability.""",
            ("    s = s - s.max(axis=1, keepdims=True)\n", ""), signs="huge_scores"),
        manner("one_maximum_serves_all_rows",
            """You subtract the largest score of the whole batch. In a row that lies far below it every exp becomes 0, and log(0) is
            infinite: subtract the largest score of each ROW.""",
            ("s.max(axis=1, keepdims=True)", "s.max()"), signs="huge_scores"),
        manner("a_tiny_number_makes_a_logarithm_safe",
            """You add a tiny number to the probability (or clip it) before you take its logarithm. That hides the zero, but makes
            the loss of a hopeless example too small. Take the logarithm of the sum of exponentials, minus the score, and no
            zero comes up.""",
            ("-log_P[np.arange(N), y].mean()", "-np.log(np.exp(log_P[np.arange(N), y]) + 1e-12).mean()"), signs="huge_scores"),
        tiny_number((SCALE, "(1 / (1 - p + 1e-8) if p < 1 else 0.0)"), signs="digits =loss_of_no_scores"),
        tiny_number(("axis=1, keepdims=True))\n", "axis=1, keepdims=True) + 1e-8)\n"), signs="digits =loss_of_no_scores"),
        manner("a_rate_of_one_is_refused",
            "You refuse p = 1. It is a legal rate: everything is dropped, and the result is zeros, not an error.",
            ("0 <= p <= 1", "0 <= p < 1"), signs="rate_one"),
        manner("p_is_never_one",
            "With p = 1 you divide by zero. Then everything is dropped, and there is nobody left to be scaled: the multiplier is 0.",
            (SCALE, "np.divide(1.0, 1 - p)"), signs="rate_one"),
        manner("any_p_will_do",
            "A rate outside 0 to 1 goes through without a word. It is always a slip of the caller's: raise ValueError.",
            ("raise ValueError(", "str("), ("if p < 1 else 0.0", "if p != 1 else 0.0"), signs="rate_outside"),
    ],
    "mlp_predict": [
        core("scores_go_through_a_relu_too",
            "Negative scores are missing: you send the scores through a ReLU as well. The last layer is linear.",
            ('h2 @ params["W3"] + params["b3"]', 'np.maximum(h2 @ params["W3"] + params["b3"], 0)'), signs="last_layer"),
        core("scores_are_probabilities",
            "You return probabilities. Asked for are the scores, before any softmax.",
            ("    return h2", "    s = h2"),
            ('"b3"]\n', '"b3"]\n    e = np.exp(s - s.max(axis=1)[:, None])\n    return e / e.sum(axis=1)[:, None]\n'),
            signs="row_sums"),
        core("scores_are_log_probabilities",
            "You return the logarithms of probabilities. Asked for are the scores, before any softmax.",
            ("    return h2", "    s = h2"),
            ('"b3"]\n', '"b3"]\n    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))\n'), signs="row_sums"),
        core("a_prediction_is_scaled_down",
            """You multiply the hidden layers by one half. That belongs to vanilla dropout with p = 0.5; here the survivors were divided by
            1 - p in training, so the whole network answers as it is.""",
            (", 0)", ", 0) * 0.5", 2), signs="volume"),
        core("the_input_goes_through_a_relu_too",
            "You send the inputs through a ReLU as well. Negative inputs count: a ReLU comes after a matrix and its bias.",
            ("np.maximum(X @", "np.maximum(np.maximum(X, 0) @"), signs="input_below_zero"),
        core("a_relu_may_leak",
            "Your ReLU leaks: a hundredth of a negative number comes through. That is another activation; asked for is max(a, 0).",
            ('h1 = np.maximum(X @ params["W1"] + params["b1"], 0)',
             'h1 = X @ params["W1"] + params["b1"]\n    h1 = np.maximum(h1, 0.01 * h1)'),
            ('h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)',
             'h2 = h1 @ params["W2"] + params["b2"]\n    h2 = np.maximum(h2, 0.01 * h2)'), signs="layer_1_below_zero layer_2_below_zero"),
        core("any_activation_will_do",
            """Your hidden layers are curved, as with a tanh or a sigmoid. It is the network of mlp_loss that should answer, and its units
            are ReLUs: max(a, 0).""",
            ("np.maximum(", "np.tanh(", 2), (", 0)", ")", 2), signs="volume =row_sums"),
        core("one_relu_is_enough",
            "Your second hidden layer has no ReLU. Two linear maps in a row are no more than one.",
            ('np.maximum(h1 @ params["W2"] + params["b2"], 0)', 'h1 @ params["W2"] + params["b2"]'),
            signs="layer_2_below_zero =layer_1_below_zero"),
        core("biases_are_for_training",
            "Your prediction leaves the biases out. They are a part of the network at test time too.",
            *((f' + params["b{layer}"]', "") for layer in (1, 2, 3)), signs="last_layer"),
        core("a_network_is_linear",
            "Your hidden layers have no ReLU. Without it three matrices in a row are no more than one. Take max(a, 0) twice.",
            ("np.maximum(", "(", 2), (", 0)", ")", 2), signs="layer_1_below_zero layer_2_below_zero =volume"),
        core("a_prediction_is_a_class",
            """You return the classes. Asked for are the scores of all classes, an (N, K) array; whoever wants the class takes
            argmax of it.""",
            ('h2 @ params["W3"] + params["b3"]', '(h2 @ params["W3"] + params["b3"]).argmax(axis=1)'), signs="scores_by_hand"),
    ],
    "max_norm": [
        core("the_leash_holds_the_whole_matrix",
            """You scale the whole matrix by one number. The leash is for each unit by itself: column j is scaled only if column j
            is too long.""",
            (".sum(axis=0)", ".sum()"), signs="scaled_together"),
        core("a_unit_is_a_row",
            "You look at the rows of W. The weights INTO unit j are column j: sum the squares over axis 0.",
            (".sum(axis=0)", ".sum(axis=1, keepdims=True)"), signs="scaled_together"),
        core("every_column_has_length_c",
            """You bring every column to length c, the short ones too. It is a leash, not a rod: what is shorter than c stays as
            it is.""",
            ("np.maximum(length, c)", "np.where(length > 0, length, 1.0)"), signs="short_columns"),
        core("the_length_is_the_sum_of_squares",
            "You compare the SQUARE of the length with c. Take the root first.",
            ("np.sqrt((W ** 2).sum(axis=0))", "(W ** 2).sum(axis=0)"), signs="length_taken"),
        core("the_length_is_the_sum_of_entries",
            "You take the sum of the absolute values for the length. It is the root of the sum of squares: [3, 4] has the length 5.",
            ("np.sqrt((W ** 2).sum(axis=0))", "np.abs(W).sum(axis=0)"), signs="length_taken =scaled_together"),
        core("the_length_is_the_largest_entry",
            "You take the largest entry for the length. It is the root of the sum of squares: [3, 4] has the length 5.",
            ("np.sqrt((W ** 2).sum(axis=0))", "np.abs(W).max(axis=0)"), signs="length_taken"),
        core("the_length_is_a_mean",
            "You take the root of the MEAN of the squares. The length is the root of their sum, and grows with the number of entries.",
            ("(W ** 2).sum(axis=0)", "(W ** 2).mean(axis=0)"), signs="length_taken"),
        core("a_leash_pulls_the_short_ones",
            """You scale the columns that are SHORTER than c, and leave the long ones as they are: a comparison is turned round, or min
            and max have changed places.""",
            ("np.maximum(length, c)", "np.where(length > 0, np.minimum(length, c), c)"),
            signs="scaled_together short_columns length_wanted"),
        core("a_leash_has_length_one",
            "You bring long columns to length 1, whatever c is. Multiply by c besides: a column that is too long ends with length c.",
            ("return W * (c / np.maximum(length, c))", "return W / np.where(length > c, length, 1.0)"), signs="length_wanted"),
        core("entries_are_clipped",
            "You clip the entries one by one, which turns the column in another direction. The whole column is scaled by one number.",
            ("W * (c / np.maximum(length, c))", "np.clip(W, -c, c)"), signs="scaled_together"),
        edge("every_column_has_a_length",
            "A column of zeros becomes NaN, because you divide by its length. It is shorter than c, so it stays as it is.",
            ("c / np.maximum(length, c)", "np.minimum(1.0, c * np.divide(1.0, length)) * (length / length)"), signs="zeros"),
        tiny_number(("np.maximum(length, c)", "(np.maximum(length, c) + 1e-6)"), signs="length_digits"),
        manner("w_may_be_overwritten",
            "You scale the caller's matrix itself. Return a new one.",
            ("return W * (c / np.maximum(length, c))", "W *= c / np.maximum(length, c)\n    return W"), signs="arguments_afterwards"),
    ],
    "fixed_softmax_backward": [
        core("an_equals_sign_makes_a_copy",
            """The patient has not changed: delta = probs (or probs[:], or np.asarray) is a second NAME for the same numbers, so
            the caller's probabilities lose their 1. Copy first.""",
            ("probs.copy()", "probs"), signs="arguments_afterwards"),
        core("the_loss_is_a_sum",
            "Your gradient belongs to the SUM over the batch. The loss is a mean: divide by N.",
            (" / len(y)", ""), signs="divisor"),
        core("the_mean_is_over_the_classes",
            "You divide by the number of classes. The loss is a mean over the EXAMPLES: divide by N, the number of rows.",
            ("len(y)\n", "probs.shape[1]\n"), signs="divisor"),
        core("the_right_class_needs_no_minus_one",
            """Your gradient is the softmax P alone. The right class has to have its 1 subtracted, or the scores of all classes are pushed
            down alike.""",
            ("    dscores[np.arange(len(y)), y] -= 1\n", ""), signs="form"),
        core("the_gradient_points_the_other_way",
            "Your gradient has the wrong sign: a larger score of the right class makes the loss SMALLER, so its entry is negative.",
            ("return dscores", "return -dscores"), signs="sign"),
        core("a_colon_goes_with_each_example",
            """You subtract 1 in EVERY row from the columns of all right classes: that is what [:, y] means. Each row has one entry of its
            own: [np.arange(len(y)), y].""",
            ("[np.arange(len(y)), y]", "[:, y]"), signs="form"),
        core("only_the_right_class_has_a_gradient",
            """Only the right class gets a gradient. The other scores matter too: raising one of them takes probability from the
            right class.""",
            ("return dscores", "return np.eye(probs.shape[1])[y] * dscores"), signs="form"),
        tiny_number(("len(y)\n", "(len(y) + 1e-8)\n")),
    ],
}

SIGNATURE = "def directional_error(f, x, dout, dx, rng, k={}, h=1e-05):"
KINK = "at 0 itself a ReLU has no slope, and either is taken"
FACTORS = "the factors of a product, or the arguments of a maximum, have changed places"
EQUIVALENT = {
    "numeric_gradient": {
        f"{side} = np.sum(np.multiply(f(x), dout)) -> {side} = np.sum(np.multiply(dout, f(x)))": FACTORS for side in ("up", "down")
    },
    "directional_error": {
        "worst = max(worst, error / size if size > 0 else error) -> worst = max(error / size if size > 0 else error, worst)": FACTORS,
        **{f"{SIGNATURE.format(3)} -> {SIGNATURE.format(k)}": "the signature stands in the stub" for k in (2, 4)},
    },
    "mlp_loss": {
        "h1 = np.maximum(a1, 0) * m1 -> h1 = np.maximum(0, a1) * m1": FACTORS,
        "h2 = np.maximum(a2, 0) * m2 -> h2 = np.maximum(0, a2) * m2": FACTORS,
        "da2 = ds @ W3.T * m2 * (a2 > 0) -> da2 = ds @ W3.T * m2 * (a2 >= 0)": KINK,
        "da1 = da2 @ W2.T * m1 * (a1 > 0) -> da1 = da2 @ W2.T * m1 * (a1 >= 0)": KINK,
        f"return {FACTOR} -> return {FACTOR.replace('>=', '>')}": "a number that is p itself is drawn once in 2^53 times",
        f"return {FACTOR} -> return {FACTOR.replace('0.0', '1.0')}": "at p = 1 nothing is kept, so nothing is multiplied",
    },
    "mlp_predict": {
        "h1 = np.maximum(X @ params['W1'] + params['b1'], 0) -> h1 = np.maximum(0, X @ params['W1'] + params['b1'])": FACTORS,
        "h2 = np.maximum(h1 @ params['W2'] + params['b2'], 0) -> h2 = np.maximum(0, h1 @ params['W2'] + params['b2'])": FACTORS,
    },
    "max_norm": {"return W * (c / np.maximum(length, c)) -> return W * (c / np.maximum(c, length))": FACTORS},
}

# ------------------------------------------------------------------------------------------------ right, and looks different
VARIANTS = {
    "mlp_predict": [
        right("predict_augmented",
            ('X @ params["W1"] + params["b1"]', 'np.hstack([X, np.ones((len(X), 1))]) @ np.vstack([params["W1"], params["b1"]])'),
            ('h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)',
             'h2 = np.einsum("nh,hk->nk", h1, params["W2"]) + params["b2"]\n    h2 = (h2 + np.abs(h2)) / 2')),
    ],
    "max_norm": [
        right("by_where", ("W * (c / np.maximum(length, c))", "np.where(length > c, W * c / (length + (length == 0)), W)")),
        right("max_norm_loop",
            ("return W * (c / np.maximum(length, c))",
             "result = W.copy()\n    for j in range(W.shape[1]):\n        if length[j] > c:\n"
             "            result[:, j] = W[:, j] / length[j] * c\n    return result")),
    ],
    "fixed_softmax_backward": [
        right("by_one_hot", ("dscores[np.arange(len(y)), y] -= 1", "dscores -= np.eye(probs.shape[1])[y]")),
        right("clinic_divided",
            ("probs.copy()", "probs / len(y)"), ("[np.arange(len(y)), y] -= 1", "[range(len(y)), y] -= 1 / len(y)"),
            ("dscores / len(y)", "dscores")),
    ],
    "mlp_loss": [right("by_choice", ("(rng.random(shape) >= p)", "rng.choice([0, 1], size=shape, p=[p, 1 - p])"))],
}


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

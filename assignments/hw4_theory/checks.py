"""What assignment 4 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from math import log

from autograder import Exercise, Part
from autograder.dropout.theory import checks as c
from autograder.dropout.theory import committee_symptoms as m
from autograder.dropout.theory import loss_symptoms as n
from autograder.dropout.theory import symptoms as t

PROBS = {"names": ("probs",)}
LOSS = {"names": ("loss",)}
WEIGHTS = {"names": ("w",)}
PENALTY = {"names": ("penalty",)}
VARIANCES = {"names": ("pooled", "per_unit")}
TEN = {"tolerance": 1e-10}

# softmax layers whose odds are whole numbers
ONE = ([[1.0]], [[log(81), 0.0]], [0.0, 0.0])
TWO = ([[1.0, 1.0], [1.0, 0.0]], [[log(4), 0.0], [log(9), 0.0]], [log(2), 0.0])
HUGE = ([[1.0, 1.0]], [[1000.0, 0.0], [-1000.0, 0.0]], [log(3), 0.0])
SURE = ([[1.0], [0.0]], [[2000.0, 0.0]], [0.0, 0.0])
SILENT = ([[1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]], [log(2), 0.0])  # only the bias speaks
# regressions
MISS = ([[1.0, 2.0]], [4.0], [1.0, 1.0])
LINE = ([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
FIT = ([[1.0, 2.0]], [3.0], [1.0, 1.0])  # predicted without a miss: all that is left is noise
FIT_BY_ONE = ([[3.0, 0.0]], [3.0], [1.0, 1.0])
FIT_BY_ONE_WEIGHT = ([[1.0, 1.0]], [3.0], [3.0, 0.0])
FIT_BY_TWO_WEIGHTS = ([[1.0, 1.0]], [3.0], [1.0, 2.0])
NOTHING = ([[1.0, 2.0]], [0.0], [2.0, -1.0])  # a prediction of 0
UNIT = ([[1.0]], [2.0])
LONG = ([[10.0]], [2.0])  # ten times as large
TALL = ([[1.0]] * 2, [2.0] * 2)  # twice as many examples
TWINS = ([[1.0, 1.0]], [1.0])
# logistic regressions
EVEN = ([[1.0, 1.0]], [1.0, 1.0])
UNEVEN = ([[2.0, 0.0]], [1.0, 1.0])  # the same score
ODDS_3 = ([[1.0]], [log(3)])
ODDS_9 = ([[1.0]], [log(9)])
UNDECIDED = ([[1.0, -1.0]], [1.0, 1.0])
INPUTS = [[1000.0], [-1000.0], [1.0]]
LAYER = [1.0, 2.0, 3.0, 4.0]


# what the whole waits for: once a ratio is wrong, so is each value
NOISE_BY_P = c.gives_in_proportion(
    case="six times as much for p = 0.6 as for p = 0.2, where only noise is left",
    given=(*FIT, 0.6),
    to=(*FIT, 0.2),
    wanted=6.0,
    **LOSS,
)
NOISE_BY_INPUTS = c.gives_in_proportion(
    case="1.8 times as much noise for the inputs 3, 0 as for 1, 2",
    given=(*FIT_BY_ONE, 0.2),
    to=(*FIT, 0.2),
    wanted=1.8,
    **LOSS,
)
NOISE_BY_WEIGHTS = c.gives_in_proportion(
    case="1.8 times as much noise for the weights 3, 0 as for 1, 2",
    given=(*FIT_BY_ONE_WEIGHT, 0.2),
    to=(*FIT_BY_TWO_WEIGHTS, 0.2),
    wanted=1.8,
    **LOSS,
)
PRICE = c.is_right(case="one example with one input of 1, p = 0.2", given=(*UNIT, 0.2), wanted=[1.6], **WEIGHTS)
OWN_COLUMN = c.gives_in_proportion(
    case="a tenth of the weight when the input is ten times as large",
    given=(*LONG, 0.2),
    to=(*UNIT, 0.2),
    wanted=[0.1],
    **WEIGHTS,
)
PENALTY_BY_P = c.gives_in_proportion(
    case="six times as much for p = 0.6 as for p = 0.2",
    given=(*EVEN, 0.6),
    to=(*EVEN, 0.2),
    wanted=6.0,
    **PENALTY,
)
PENALTY_BY_SCORE = c.gives_in_proportion(
    case="1.92 times as much for a score of log 9 as for log 3, with one input of 1",
    given=(*ODDS_9, 0.5),
    to=(*ODDS_3, 0.5),
    wanted=1.92,
    **PENALTY,
)
PENALTY_BY_INPUTS = c.gives_in_proportion(
    case="twice as much when one input makes the score as when two do",
    given=(*UNEVEN, 0.5),
    to=(*EVEN, 0.5),
    wanted=2.0,
    **PENALTY,
)


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


EXERCISES = [
    Exercise(
        "enumerate_masks",
        [
            Part(
                "all",
                "each mask stands in the list once",
                share=60,
                gravity="core",
                checks=[c.lists_every_mask_once(n=3)],
            ),
            Part(
                "any_number",
                "one unit, six, or twelve",
                share=25,
                needs="all",
                checks=[c.lists_every_mask_once(n=6)],
            ),
            Part(
                "manners",
                "the list is a boolean array",
                share=15,
                gravity="manner",
                checks=[c.lists_booleans(n=3)],
            ),
        ],
    ),
    Exercise(
        "ensemble_mean",
        [
            Part(
                "mean",
                "it averages logarithms, and normalises at the end",
                share=40,
                gravity="core",
                checks=[
                    c.is_right(
                        case="two examples with a bias, p = 0.5",
                        given=(*TWO, 0.5),
                        wanted=[[12 / 13, 1 / 13], [0.8, 0.2]],
                        **PROBS,
                    ),
                ],
            ),
            Part(
                "votes",
                "each member counts with the probability of its mask",
                share=30,
                gravity="core",
                checks=[
                    c.is_right(case="p = 0, when nothing is dropped", given=(*ONE, 0.0), wanted=[[81 / 82, 1 / 82]], **PROBS),
                    c.is_right(case="p = 1, when nothing is left", given=(*ONE, 1.0), wanted=[[0.5, 0.5]], **PROBS),
                    c.is_right(case="one input and p = 0.25", given=(*ONE, 0.25), wanted=[[27 / 28, 1 / 28]], **PROBS, needs="mean"),
                ],
            ),
            Part(
                "huge",
                "scores of 1000 neither overflow nor vanish",
                share=15,
                needs="mean",
                checks=[c.is_right(case="scores of 1000", given=(*HUGE, 0.25), wanted=[[0.75, 0.25]], **PROBS)],
            ),
            Part(
                "manners",
                "ten digits; a bad p is refused, the arrays are left alone",
                share=15,
                gravity="manner",
                checks=[
                    c.leaves_its_arguments_alone(given=(*TWO, 0.5), names=("x", "W", "b")),
                    c.raises_value_error(case="p = 1.5", given=(*ONE, 1.5)),
                    c.raises_value_error(case="p = -0.1", given=(*ONE, -0.1)),
                    c.is_right(
                        case="one input, to ten digits", given=(*ONE, 0.25), wanted=[[27 / 28, 1 / 28]], **PROBS, **TEN,
                        needs=("mean", "votes"),
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "weight_scaling",
        [
            Part(
                "factor",
                "x W is multiplied by 1 - p",
                share=45,
                gravity="core",
                checks=[c.is_right(case="one input and p = 0.25", given=(*ONE, 0.25), wanted=[[27 / 28, 1 / 28]], **PROBS)],
            ),
            Part(
                "bias",
                "the bias is never dropped, and not scaled",
                share=25,
                gravity="core",
                checks=[
                    c.is_right(case="weights of 0, when only the bias speaks", given=(*SILENT, 0.25), wanted=[[2 / 3, 1 / 3]], **PROBS),
                    c.is_right(
                        case="two examples with a bias, p = 0.5",
                        given=(*TWO, 0.5),
                        wanted=[[12 / 13, 1 / 13], [0.8, 0.2]],
                        **PROBS,
                        needs="factor",
                    ),
                    c.is_right(
                        case="p = 1, when only the bias is left",
                        given=(*TWO, 1.0),
                        wanted=[[2 / 3, 1 / 3]] * 2,
                        **PROBS,
                        needs="factor",
                    ),
                ],
            ),
            Part(
                "huge",
                "scores of 1000 do not overflow",
                share=15,
                checks=[c.is_right(case="scores of 1000", given=(*SURE, 0.5), wanted=[[1.0, 0.0], [0.5, 0.5]], **PROBS)],
            ),
            Part(
                "manners",
                "ten digits; a bad p is refused, the arrays are left alone",
                share=15,
                gravity="manner",
                checks=[
                    c.leaves_its_arguments_alone(given=(*TWO, 0.5), names=("x", "W", "b")),
                    c.raises_value_error(case="p = 1.5", given=(*ONE, 1.5)),
                    c.is_right(
                        case="one input, to ten digits", given=(*ONE, 0.25), wanted=[[27 / 28, 1 / 28]], **PROBS, **TEN,
                        needs=("factor", "bias"),
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "expected_dropout_loss",
        [
            Part(
                "misses",
                "without dropout it is the sum of squares",
                share=15,
                checks=[
                    c.is_right(case="p = 0", given=(*MISS, 0.0), wanted=1.0, **LOSS),
                    c.is_right(case="three examples and p = 0", given=(*LINE, [1.0, 1.0], 0.0), wanted=5.0, **LOSS),
                ],
            ),
            Part(
                "factor",
                "the noise grows with p as p / (1 - p)",
                share=30,
                gravity="core",
                checks=[NOISE_BY_P],
            ),
            Part(
                "coins",
                "each entry of X has a coin of its own, and its noise is the square of x w",
                share=30,
                gravity="core",
                checks=[
                    c.returns_no_negative(given=(*FIT, 0.2), names=("loss",), name="loss"),
                    NOISE_BY_INPUTS,
                    NOISE_BY_WEIGHTS,
                ],
            ),
            Part(
                "average",
                "together it is the average over all masks, and X may have any size",
                share=10,
                needs=("misses", NOISE_BY_P, NOISE_BY_INPUTS, NOISE_BY_WEIGHTS),
                checks=[
                    c.is_right(case="one example and p = 0.2", given=(*MISS, 0.2), wanted=2.25, **LOSS),
                    c.is_the_average_over_masks(p=0.3),
                    c.is_the_average_over_masks(p=0.6, shape=(2, 5)),
                    c.is_right(case="600 entries of X", given=(c.ones(30, 20), c.ones(30), c.ones(20), 0.2), wanted=10980.0, **LOSS),
                ],
            ),
            Part(
                "manners",
                "ten digits; p = 1 and a bad p are refused, the arrays are left alone",
                share=15,
                gravity="manner",
                checks=[
                    c.leaves_its_arguments_alone(given=(*LINE, [1.0, 1.0], 0.5), names=("X", "y", "w")),
                    c.raises_value_error(case="p = 1.5", given=(*LINE, [1.0, 1.0], 1.5)),
                    c.raises_value_error(case="p = 1", given=(*LINE, [1.0, 1.0], 1.0)),
                    c.is_right(case="one example, to ten digits", given=(*MISS, 0.2), wanted=2.25, **LOSS, **TEN, needs="average"),
                ],
            ),
        ],
    ),
    Exercise(
        "dropout_ridge",
        [
            Part(
                "factor",
                "the price has the factor p / (1 - p)",
                share=20,
                gravity="core",
                checks=[PRICE],
            ),
            Part(
                "columns",
                "each weight pays for the sum of squares of its own column",
                share=20,
                gravity="core",
                checks=[OWN_COLUMN],
            ),
            Part(
                "minimum",
                "no other weights have a smaller average loss, however the columns lie",
                share=30,
                gravity="core",
                needs=(PRICE, OWN_COLUMN),
                checks=[
                    c.leaves_no_way_down(p=0.3),
                    c.leaves_no_way_down(p=0.6, shape=(4, 3)),
                    c.is_right(case="two identical columns, p = 0.5", given=(*TWINS, 0.5), wanted=[1 / 3, 1 / 3], **WEIGHTS),
                ],
            ),
            Part(
                "least_squares",
                "p = 0 gives least squares",
                share=15,
                checks=[c.is_right(case="points on a line, p = 0", given=(*LINE, 0.0), wanted=[1.0, 2.0], **WEIGHTS)],
            ),
            Part(
                "manners",
                "ten digits, of nearly dependent columns too; p = 1 and a bad p are refused, the arrays are left alone",
                share=15,
                gravity="manner",
                checks=[
                    c.leaves_its_arguments_alone(given=(*LINE, 0.5), names=("X", "y")),
                    c.raises_value_error(case="p = 1.5", given=(*LINE, 1.5)),
                    c.raises_value_error(case="p = 1", given=(*LINE, 1.0)),
                    c.is_right(case="p = 0, to ten digits", given=(*LINE, 0.0), wanted=[1.0, 2.0], **WEIGHTS, **TEN, needs="least_squares"),
                    c.is_right(case="one input, to ten digits", given=(*UNIT, 0.2), wanted=[1.6], **WEIGHTS, **TEN, needs="factor"),
                ],
            ),
        ],
    ),
    Exercise(
        "glm_penalty",
        [
            Part(
                "factor",
                "it grows with p as p / (1 - p)",
                share=25,
                gravity="core",
                checks=[
                    PENALTY_BY_P,
                    c.is_right(case="p = 0", given=(*UNDECIDED, 0.0), wanted=0.0, **PENALTY, needs="gives_in_proportion"),
                ],
            ),
            Part(
                "curvature",
                "an example counts as much as the loss bends there: s (1 - s)",
                share=25,
                gravity="core",
                checks=[PENALTY_BY_SCORE],
            ),
            Part(
                "coins",
                "each input has a coin of its own: squares are added, not the square of a sum",
                share=15,
                gravity="core",
                checks=[PENALTY_BY_INPUTS],
            ),
            Part(
                "size",
                "the second order has a half, and the examples are added up",
                share=15,
                needs=(PENALTY_BY_P, PENALTY_BY_SCORE, PENALTY_BY_INPUTS),
                checks=[
                    c.is_right(case="a score of 0, p = 0.2", given=(*UNDECIDED, 0.2), wanted=0.0625, **PENALTY),
                    c.is_right(
                        case="odds of 3 and 9, p = 0.5", given=([[1.0], [2.0]], [log(3)], 0.5), wanted=0.27375 * log(3) ** 2, **PENALTY
                    ),
                ],
            ),
            Part(
                "huge",
                "scores of 1000 give 0, and no NaN",
                share=10,
                checks=[
                    c.gives_in_proportion(
                        case="1.92 times as much for log 9 as for log 3, with scores beyond 1000 of both signs beside it",
                        given=(INPUTS, [log(9)], 0.5),
                        to=(INPUTS, [log(3)], 0.5),
                        wanted=1.92,
                        **PENALTY,
                    )
                ],
            ),
            Part(
                "manners",
                "ten digits; p = 1 and a bad p are refused, the arrays are left alone",
                share=10,
                gravity="manner",
                checks=[
                    c.leaves_its_arguments_alone(given=(*UNDECIDED, 0.5), names=("X", "beta")),
                    c.raises_value_error(case="p = 1.5", given=([[1.0]], [1.0], 1.5)),
                    c.raises_value_error(case="p = 1", given=([[1.0]], [1.0], 1.0)),
                    c.is_right(case="a score of 0, to ten digits", given=(*UNDECIDED, 0.2), wanted=0.0625, **PENALTY, **TEN, needs="size"),
                ],
            ),
        ],
    ),
    Exercise(
        "fixed_dropout_variance",
        [
            Part(
                "per_unit",
                "a unit's variance is p (1 - p) y^2",
                share=40,
                gravity="core",
                checks=[
                    c.is_right(
                        case="the example of the text", given=(LAYER, 0.5), wanted=[0.25, 1.0, 2.25, 4.0], **VARIANCES, name="per_unit"
                    ),
                    c.is_right(case="p = 1", given=([2.0, 3.0], 1.0), wanted=[0.0, 0.0], **VARIANCES, name="per_unit"),
                ],
            ),
            Part(
                "coins",
                "pooled, units that are alike have the variance that their coins give",
                share=20,
                checks=[
                    c.is_right(case="three units of 2, p = 0.25", given=([2.0] * 3, 0.25), wanted=0.75, **VARIANCES, name="pooled"),
                ],
            ),
            Part(
                "units",
                "pooled, units that differ add the variance of their averages",
                share=25,
                gravity="core",
                needs="coins",
                checks=[
                    c.is_right(case="the example of the text", given=(LAYER, 0.5), wanted=2.1875, **VARIANCES, name="pooled"),
                    c.is_right(case="two units and p = 0.25", given=([2.0, 0.0], 0.25), wanted=0.9375, **VARIANCES, name="pooled"),
                ],
            ),
            Part(
                "manners",
                "ten digits; a bad p is refused, y is left alone",
                share=15,
                gravity="manner",
                checks=[
                    c.raises_value_error(case="p = 1.5", given=([1.0, 2.0], 1.5)),
                    c.leaves_its_arguments_alone(given=(LAYER, 0.5), names=("y",)),
                    c.is_right(
                        case="two units, to ten digits", given=([2.0, 0.0], 0.25), wanted=0.9375, **VARIANCES, name="pooled", **TEN,
                        needs="units",
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            question("log_odds", "the log odds of the committee"),
            question("relu_average", "the average output of a ReLU"),
            question("equal_ridge", "the ridge that does what dropout does"),
            question("one_input", "the weight of a single input"),
            question("new_units", "what new units do to the predictions", choices="abcd"),
            question("certain", "which example adds least", choices="abcd"),
        ],
    ),
]

# Two inputs, unequal and with a bias: whatever is scaled, weighted or added wrongly shows in this number.
SOFTMAX = ([[1.0, 2.0], [0.5, -1.0]], [[1.5, 0.0], [-0.4, 0.3]], [0.7, -0.2])
EXAMPLES = ([[1.0, 2.0], [0.5, -1.0], [1.0, 0.5]], [4.0, 1.0, -1.0])
LOGISTIC = ([[1.0, 2.0]], [1.0, -0.3])

PROBES = {
    "enumerate_masks": [
        t.masks_listed(n=4),
        t.masks_listed("of_nine", n=9),
        t.list_type(n=4),
    ],
    "ensemble_mean": [
        m.kind_of_mean(),
        m.votes_of_masks(),
        m.inputs_of_members(),
        m.exactness(),
        m.rows(),
        m.softmax_over(),
        m.bias_of_members(),
        m.sure_members(),
        m.loud_members(),
        m.clash(),
        t.repeated(given=(*ONE, 0.25)),
        t.arguments_after(given=(*SOFTMAX, 0.2)),
        t.takes("outside", given=(*SOFTMAX, 1.5)),
        t.gives("at_one", given=(*SOFTMAX, 1.0)),
    ],
    "weight_scaling": [
        t.gives("probability", given=(*SOFTMAX, 0.2)),
        t.gives("bias_alone", given=(*SILENT, 0.25)),
        t.gives("huge_scores", given=(*SURE, 0.5)),
        t.gives("beside_huge_scores", given=(*SURE, 0.5), place=2),
        t.digits(given=(*ONE, 0.25), wanted=1 / 28, place=1),
        t.arguments_after(given=(*SOFTMAX, 0.2)),
        t.takes("outside", given=(*SOFTMAX, 1.5)),
        t.gives("at_one", given=(*SOFTMAX, 1.0)),
    ],
    "expected_dropout_loss": [
        n.prediction_is(),
        n.noise_is(),
        n.noise_by_p(),
        n.noise_by_inputs(),
        n.noise_by_weights(),
        n.noise_by_size(),
        n.noise_by_examples(),
        t.gives("loss_of_zero_weights", given=(EXAMPLES[0], [5.0, 2.0, -1.0], [0.0, 0.0], 0.0)),
        t.digits(given=(*MISS, 0.2), wanted=2.25),
        t.repeated(given=(*MISS, 0.2)),
        t.in_another_order(given=(*MISS, 0.2), to=([[2.0, 1.0]], *MISS[1:], 0.2)),
        t.form("many_entries", given=(c.ones(30, 20), c.ones(30), c.ones(20), 0.2)),
        t.form("result", given=(*EXAMPLES, [1.0, -0.5], 0.2)),
        t.arguments_after(given=(*EXAMPLES, [1.0, -0.5], 0.2)),
        t.takes("outside", given=(*EXAMPLES, [1.0, -0.5], 1.5)),
        t.refused("at_one", given=(*EXAMPLES, [1.0, -0.5], 1.0)),
    ],
    "dropout_ridge": [
        t.gives("one_weight", given=(*UNIT, 0.2)),
        t.in_proportion("units", given=(*LONG, 0.2), to=(*UNIT, 0.2), wanted=0.1),
        t.in_proportion("more_examples", given=(*TALL, 0.2), to=(*UNIT, 0.2), wanted=1.0),
        t.gives("first_weight", given=(*EXAMPLES, 0.2)),
        t.gives("second_weight", given=(*EXAMPLES, 0.2), place=1),
        t.gives("twins", given=(*TWINS, 0.5)),
        t.digits("digits_of_one", given=(*UNIT, 0.2), wanted=1.6),
        t.digits(given=(*TWINS, 0.5), wanted=1 / 3),
        t.repeated(given=(*TWINS, 0.5)),
        t.in_another_order(given=(*EXAMPLES, 0.2), to=([row[::-1] for row in EXAMPLES[0]], EXAMPLES[1], 0.2)),
        t.digits("digits_at_zero", given=(*LINE, 0.0), wanted=2.0, place=1),
        t.arguments_after(given=(*EXAMPLES, 0.2)),
        t.takes("outside", given=(*EXAMPLES, 1.5)),
        t.refused("at_one", given=(*EXAMPLES, 1.0)),
    ],
    "glm_penalty": [
        t.ratio("penalty_by_p", given=(*EVEN, 0.6), to=(*EVEN, 0.2)),
        t.ratio("by_score", given=(*ODDS_9, 0.5), to=(*ODDS_3, 0.5)),
        t.ratio("by_inputs", given=(*UNEVEN, 0.5), to=(*EVEN, 0.5)),
        t.ratio("by_size", given=([[2.0, -2.0]], [1.0, 1.0], 0.5), to=(*UNDECIDED, 0.5)),
        t.gives("small_p", given=(*ODDS_9, 1e-7)),
        t.ratio("two_alike", given=([[1.0, 2.0]] * 2, [1.0, -0.3], 0.2), to=(*LOGISTIC, 0.2)),
        t.ratio("by_scores", given=([[1.0], [2.0]], [log(3)], 0.5), to=([[1.0]] * 2, [log(3)], 0.5)),
        t.gives("one_example", given=(*LOGISTIC, 0.5)),
        t.gives("huge_scores", given=(INPUTS, [log(3)], 0.5)),
        t.digits(given=(*UNDECIDED, 0.2), wanted=0.0625),
        t.repeated(given=(*UNDECIDED, 0.2)),
        t.arguments_after(given=(*LOGISTIC, 0.5)),
        t.takes("outside", given=([[1.0]], [1.0], 1.5)),
        t.refused("at_one", given=([[1.0]], [1.0], 1.0)),
    ],
    "fixed_dropout_variance": [
        t.form("result", given=(LAYER, 0.2)),
        t.gives("alike", given=([2.0] * 3, 0.2), index=0),
        t.gives("pooled", given=(LAYER, 0.2), index=0),
        t.gives("second_unit", given=(LAYER, 0.2), index=1, place=1),
        t.digits(given=([4.0, 0.0], 0.25), wanted=3.75, index=0),
        t.repeated(given=(LAYER, 0.2)),
        t.in_another_order(given=(LAYER, 0.2), to=(LAYER[::-1], 0.2)),
        t.arguments_after(given=(LAYER, 0.2)),
        t.takes("outside", given=([1.0, 2.0], 1.5)),
    ],
}

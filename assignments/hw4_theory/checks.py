"""What assignment 4 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from math import log

from autograder import Exercise
from autograder import checks as c
from autograder.checks import theory as t

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

# softmax layers whose odds are whole numbers
ONE = ([[1.0]], [[log(81), 0.0]], [0.0, 0.0])
TWO = ([[1.0, 1.0], [1.0, 0.0]], [[log(4), 0.0], [log(9), 0.0]], [log(2), 0.0])
HUGE = ([[1.0, 1.0]], [[1000.0, 0.0], [-1000.0, 0.0]], [log(3), 0.0])
LINE = ([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
COLUMN = ([[1.0], [2.0]], [2.0, 4.0])
TWINS = ([[1.0, 1.0]], [1.0])

EXERCISES = [
    Exercise(
        "enumerate_masks",
        [
            c.lists_every_mask_once(n=3, weight=2),
            c.lists_every_mask_once(n=6, needs="lists_every_mask_once(n=3)"),
            c.lists_booleans(n=3, needs="lists_every_mask_once(n=3)"),
        ],
    ),
    Exercise(
        "ensemble_mean",
        [
            c.is_right(case="one input and p = 0.25", given=(*ONE, 0.25), wanted=[[27 / 28, 1 / 28]], **PROBS, weight=2),
            c.is_right(
                case="two examples with a bias, p = 0.5", given=(*TWO, 0.5), wanted=[[12 / 13, 1 / 13], [0.8, 0.2]], **PROBS, weight=2
            ),
            c.is_right(case="p = 0, when nothing is dropped", given=(*ONE, 0.0), wanted=[[81 / 82, 1 / 82]], **PROBS, needs=ONE_INPUT),
            c.is_right(
                case="p = 1, when only the bias is left",
                given=(*TWO, 1.0),
                wanted=[[2 / 3, 1 / 3], [2 / 3, 1 / 3]],
                **PROBS,
                needs=ONE_INPUT,
            ),
            c.is_right(case="scores of 1000", given=(*HUGE, 0.25), wanted=[[0.75, 0.25]], **PROBS, needs=ONE_INPUT),
            c.leaves_its_arguments_alone(given=(*TWO, 0.5), names=("x", "W", "b"), needs=ONE_INPUT),
            c.raises_value_error(case="p = 1.5", given=(*ONE, 1.5), needs=ONE_INPUT),
            c.raises_value_error(case="p = -0.1", given=(*ONE, -0.1), needs=ONE_INPUT),
        ],
    ),
    Exercise(
        "weight_scaling",
        [
            c.is_right(case="one input and p = 0.25", given=(*ONE, 0.25), wanted=[[27 / 28, 1 / 28]], **PROBS, weight=2),
            c.is_right(
                case="two examples with a bias, p = 0.5", given=(*TWO, 0.5), wanted=[[12 / 13, 1 / 13], [0.8, 0.2]], **PROBS, weight=2
            ),
            c.is_right(
                case="p = 1, when only the bias is left",
                given=(*TWO, 1.0),
                wanted=[[2 / 3, 1 / 3], [2 / 3, 1 / 3]],
                **PROBS,
                needs=ONE_INPUT,
            ),
            c.is_right(
                case="scores of 1000",
                given=([[1.0], [0.0]], [[2000.0, 0.0]], [0.0, 0.0], 0.5),
                wanted=[[1.0, 0.0], [0.5, 0.5]],
                **PROBS,
                needs=ONE_INPUT,
            ),
            c.leaves_its_arguments_alone(given=(*TWO, 0.5), names=("x", "W", "b"), needs=ONE_INPUT),
            c.raises_value_error(case="p = 1.5", given=(*ONE, 1.5), needs=ONE_INPUT),
        ],
    ),
    Exercise(
        "expected_dropout_loss",
        [
            c.is_right(case="one example and p = 0.2", given=([[1.0, 2.0]], [4.0], [1.0, 1.0], 0.2), wanted=2.25, **LOSS, weight=2),
            c.is_the_average_over_masks(p=0.3, weight=3),
            c.is_the_average_over_masks(p=0.6, shape=(2, 5), weight=2, needs=BY_DEFINITION),
            c.is_right(
                case="600 entries of X", given=(c.ones(30, 20), c.ones(30), c.ones(20), 0.2), wanted=10980.0, **LOSS, needs=BY_DEFINITION
            ),
            c.is_right(case="p = 0", given=([[1.0, 2.0]], [4.0], [1.0, 1.0], 0.0), wanted=1.0, **LOSS, needs=BY_DEFINITION),
            c.leaves_its_arguments_alone(given=(*LINE, [1.0, 1.0], 0.5), names=("X", "y", "w"), needs=BY_DEFINITION),
            c.raises_value_error(case="p = 1.5", given=(*LINE, [1.0, 1.0], 1.5), needs=BY_DEFINITION),
            c.raises_value_error(case="p = 1", given=(*LINE, [1.0, 1.0], 1.0), needs=BY_DEFINITION),
        ],
    ),
    Exercise(
        "dropout_ridge",
        [
            c.is_right(case="a single column and p = 0.2", given=(*COLUMN, 0.2), wanted=[1.6], **WEIGHTS, weight=2),
            c.leaves_no_way_down(p=0.3, weight=3),
            c.leaves_no_way_down(p=0.6, shape=(4, 3), weight=2, needs=NO_WAY_DOWN),
            c.is_right(case="two identical columns, p = 0.5", given=(*TWINS, 0.5), wanted=[1 / 3, 1 / 3], **WEIGHTS, needs=NO_WAY_DOWN),
            c.is_right(case="points on a line, p = 0", given=(*LINE, 0.0), wanted=[1.0, 2.0], **WEIGHTS, needs=NO_WAY_DOWN),
            c.leaves_its_arguments_alone(given=(*LINE, 0.5), names=("X", "y"), needs=NO_WAY_DOWN),
            c.raises_value_error(case="p = 1.5", given=(*LINE, 1.5), needs=NO_WAY_DOWN),
            c.raises_value_error(case="p = 1", given=(*LINE, 1.0), needs=NO_WAY_DOWN),
        ],
    ),
    Exercise(
        "glm_penalty",
        [
            c.is_right(case="a score of 0, p = 0.2", given=([[1.0, -1.0]], [1.0, 1.0], 0.2), wanted=0.0625, **PENALTY, weight=2),
            c.is_right(
                case="odds of 3 and 9, p = 0.5", given=([[1.0], [2.0]], [log(3)], 0.5), wanted=0.27375 * log(3) ** 2, **PENALTY, weight=2
            ),
            c.is_right(case="p = 0", given=([[1.0, -1.0]], [1.0, 1.0], 0.0), wanted=0.0, **PENALTY, needs=UNDECIDED),
            c.is_right(
                case="scores beyond 1000 of both signs",
                given=([[1000.0], [-1000.0], [1.0]], [log(3)], 0.5),
                wanted=0.09375 * log(3) ** 2,
                **PENALTY,
                needs=UNDECIDED,
            ),
            c.raises_value_error(case="p = 1.5", given=([[1.0]], [1.0], 1.5), needs=UNDECIDED),
            c.raises_value_error(case="p = 1", given=([[1.0]], [1.0], 1.0), needs=UNDECIDED),
        ],
    ),
    Exercise(
        "fixed_dropout_variance",
        [
            c.is_right(
                case="the example of the text", given=([1.0, 2.0, 3.0, 4.0], 0.5), wanted=2.1875, **VARIANCES, name="pooled", weight=0
            ),
            c.is_right(
                case="the example of the text",
                given=([1.0, 2.0, 3.0, 4.0], 0.5),
                wanted=[0.25, 1.0, 2.25, 4.0],
                **VARIANCES,
                name="per_unit",
                weight=0,
            ),
            c.is_right(case="two units and p = 0.25", given=([2.0, 0.0], 0.25), wanted=0.9375, **VARIANCES, name="pooled", needs=POOLED),
            c.is_right(case="p = 1", given=([2.0, 3.0], 1.0), wanted=[0.0, 0.0], **VARIANCES, name="per_unit", needs=PER_UNIT),
            c.raises_value_error(case="p = 1.5", given=([1.0, 2.0], 1.5), needs=(POOLED, PER_UNIT)),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="log_odds", weight=0),
            c.is_filled_in(key="relu_average", weight=0),
            c.is_filled_in(key="equal_ridge", weight=0),
            c.is_filled_in(key="one_input", weight=0),
            c.is_filled_in(key="new_units", choices="abcd", weight=0),
            c.is_filled_in(key="certain", choices="abcd", weight=0),
        ],
    ),
]

# Two inputs, unequal and with a bias: whatever is scaled, weighted or added wrongly shows in this number.
LAYER = ([[1.0, 2.0], [0.5, -1.0]], [[1.5, 0.0], [-0.4, 0.3]], [0.7, -0.2])
EXAMPLES = ([[1.0, 2.0], [0.5, -1.0], [1.0, 0.5]], [4.0, 1.0, -1.0])

PROBES = {
    "enumerate_masks": [t.masks_listed(n=4), t.list_type(n=4)],
    "ensemble_mean": [
        t.gives("probability", given=(*LAYER, 0.2)),
        t.gives("huge_scores", given=(*HUGE, 0.25)),
        t.gives("loud_scores", given=([[1.0]], [[1000.0, 1000.0]], [log(3), 0.0], 0.25)),
        t.arguments_after(given=(*LAYER, 0.2)),
        t.takes("outside", given=(*LAYER, 1.5)),
        t.gives("at_one", given=(*LAYER, 1.0)),
    ],
    "weight_scaling": [
        t.gives("probability", given=(*LAYER, 0.2)),
        t.gives("huge_scores", given=([[1.0], [0.0]], [[2000.0, 0.0]], [0.0, 0.0], 0.5)),
        t.arguments_after(given=(*LAYER, 0.2)),
        t.takes("outside", given=(*LAYER, 1.5)),
        t.gives("at_one", given=(*LAYER, 1.0)),
    ],
    "expected_dropout_loss": [
        t.ratio("loss_by_p", given=(*EXAMPLES, [1.0, -0.5], 0.2), to=(*EXAMPLES, [1.0, -0.5], 0.6)),
        t.gives("loss_of_zero_weights", given=(*EXAMPLES, [0.0, 0.0], 0.2)),
        t.form("result", given=(*EXAMPLES, [1.0, -0.5], 0.2)),
        t.takes("outside", given=(*EXAMPLES, [1.0, -0.5], 1.5)),
        t.takes("at_one", given=(*EXAMPLES, [1.0, -0.5], 1.0)),
    ],
    "dropout_ridge": [
        t.gives("first_weight", given=(*EXAMPLES, 0.2)),
        t.gives("second_weight", given=(*EXAMPLES, 0.2), place=1),
        t.gives("twins", given=(*TWINS, 0.5)),
        t.takes("outside", given=(*EXAMPLES, 1.5)),
        t.takes("at_one", given=(*EXAMPLES, 1.0)),
    ],
    "glm_penalty": [
        t.gives("one_example", given=([[1.0, 2.0]], [1.0, -0.3], 0.5)),
        t.ratio("penalty_by_p", given=([[1.0, 2.0]], [1.0, -0.3], 0.2), to=([[1.0, 2.0]], [1.0, -0.3], 0.6)),
        t.ratio("two_alike", given=([[1.0, 2.0]] * 2, [1.0, -0.3], 0.2), to=([[1.0, 2.0]], [1.0, -0.3], 0.2)),
        t.gives("huge_scores", given=([[1000.0], [-1000.0], [1.0]], [log(3)], 0.5)),
        t.takes("outside", given=([[1.0]], [1.0], 1.5)),
        t.takes("at_one", given=([[1.0]], [1.0], 1.0)),
    ],
    "fixed_dropout_variance": [
        t.form("result", given=([1.0, 2.0, 3.0, 4.0], 0.2)),
        t.gives("pooled", given=([1.0, 2.0, 3.0, 4.0], 0.2), index=0),
        t.gives("second_unit", given=([1.0, 2.0, 3.0, 4.0], 0.2), index=1, place=1),
        t.takes("outside", given=([1.0, 2.0], 1.5)),
    ],
}

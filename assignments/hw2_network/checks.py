"""What assignment 2 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other networks.
"""

import numpy as np

from autograder import Exercise
from autograder import checks as c
from autograder.checks import derivatives as d
from autograder.checks import facts as f
from autograder.checks import network_facts as n
from autograder.model import Code, Given, Seed

# Two examples, two inputs, two and two hidden units, three classes: small enough for pencil and paper.
HAND = c.written(
    W1=[[1.0, -1.0], [1.0, 2.0]],
    b1=[0.0, 1.0],
    W2=[[1.0, 0.0], [-1.0, 1.0]],
    b2=[0.0, -1.0],
    W3=[[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]],
    b3=[0.0, 0.0, 1.0],
)
X, Y = [[1.0, 2.0], [3.0, -1.0]], [1, 0]
SCORES = [[0.0, 3.0, -2.0], [2.0, 0.0, 5.0]]
LOSS = (np.log(1 + np.exp(3) + np.exp(-2)) - 3 + np.log(np.exp(2) + 1 + np.exp(5)) - 2) / 2

CUBE = Code("f", "f = lambda x: x ** 3")
PROBS = [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]
DSCORES = [[0.1, -0.25, 0.15], [-0.45, 0.05, 0.4]]
LAYER = "a ReLU layer with dropout"
BOTH = ("differentiates(form=x squared)", "differentiates(form=a matrix product)")
CORE = "gives_a_loss_and_all_gradients"
INPUT_CASE, UNITS_CASE = "(of=inputs, p=0.4)", "(of=hidden units, p=0.4)"
INPUT, HIDDEN_UNITS = (f"drops_some_and_keeps_some_of_the{case}" for case in (INPUT_CASE, UNITS_CASE))
LONG_COLUMN = "is_right(case=a column of length 5 beside a short one, with c = 2, tolerance=1e-06)"
PARTS = ("W1", "b1", "W2", "b2", "W3", "b3")

EXERCISES = [
    Exercise(
        "numeric_gradient",
        [
            c.differentiates(form="x squared", weight=3),
            c.differentiates(form="a matrix product", weight=3),
            c.uses_central_differences(weight=3, needs=BOTH),
            c.differentiates(form="a sum of sines (one number)"),
            c.gives_x_back(weight=3, needs=BOTH),
            c.differentiates(form="x itself", needs=BOTH),
        ],
    ),
    Exercise(
        "directional_error",
        [
            c.accepts_the_right_gradient(form="x squared with dropout", weight=0),
            c.rejects_a_gradient_that(slips="forgets the mask", needs="accepts_the_right_gradient"),
            c.rejects_a_gradient_that(slips="forgets the scale", needs="accepts_the_right_gradient"),
            c.rejects_a_gradient_that(slips="scales twice", needs="accepts_the_right_gradient"),
            c.rejects_a_gradient_that(slips="divides by p", needs="accepts_the_right_gradient"),
            c.rejects_a_gradient_that(slips="forgets the ReLU", needs="accepts_the_right_gradient"),
            c.rejects_a_gradient_that(slips="draws a fresh mask", needs="accepts_the_right_gradient"),
            c.accepts_the_right_gradient(form=LAYER, weight=2, needs="rejects_a_gradient_that"),
            c.is_right(
                case="x^3 at 2 with the step 0.1, where the slope comes out too large by 0.01",
                given=(CUBE, [2.0], [1.0], [12.0], Seed(1), 3, 0.1),
                wanted=0.01 / 12,
                names=("error",),
                weight=3,
                needs="rejects_a_gradient_that",
            ),
            c.is_right(
                case="a dx of zero where f has a slope: there is nothing to divide by",
                given=(CUBE, [2.0], [1.0], [0.0], Seed(1), 3, 0.1),
                wanted=12.01,
                names=("error",),
                needs="rejects_a_gradient_that",
            ),
            c.measures_in_units_of_the_gradient(weight=4, needs="rejects_a_gradient_that"),
            c.draws_its_directions_from_rng(slips="forgets the scale", weight=2, needs="rejects_a_gradient_that"),
            c.knows_a_gradient_of_zeros(needs="rejects_a_gradient_that"),
            c.keeps_what_it_is_given(needs="rejects_a_gradient_that"),
        ],
    ),
    Exercise(
        "mlp_loss",
        [
            c.gives_a_loss_and_all_gradients(p_in=0.2, p_hidden=0.5, weight=0),
            c.is_right(
                case="two examples that you can do by hand",
                given=(HAND, X, Y, 0.0, 0.0, None, False),
                wanted=LOSS,
                names=("loss", "grads"),
                name="loss",
                tolerance=1e-6,
                weight=4,
                needs=CORE,
            ),
            c.agrees_with_its_own_loss(case="without dropout", p_in=0.0, p_hidden=0.0, weight=6, needs="is_right"),
            c.shapes_gradients_like_parameters(p_in=0.2, p_hidden=0.5, weight=8, needs="is_right"),
            c.is_the_plain_network_at_zero(needs="is_right"),
            c.is_the_plain_network_at_test_time(p_in=0.2, p_hidden=0.5, weight=18, needs="is_right"),
            c.drops_some_and_keeps_some_of_the(of="inputs", p=0.4, weight=0, needs=CORE),
            c.drops_some_and_keeps_some_of_the(of="hidden units", p=0.4, weight=0, needs=CORE),
            c.scales_the_surviving(of="inputs", p=0.4, weight=2, needs=INPUT),
            c.scales_the_surviving(of="hidden units", p=0.4, weight=2, needs=HIDDEN_UNITS),
            c.drops_the_right_share_of(of="inputs", p=0.3, weight=2, needs=f"scales_the_surviving{INPUT_CASE}"),
            c.drops_the_right_share_of(of="units of hidden layer 1", p=0.3, weight=2, needs=f"scales_the_surviving{UNITS_CASE}"),
            c.drops_the_right_share_of(of="units of hidden layer 2", p=0.3, weight=2, needs=f"scales_the_surviving{UNITS_CASE}"),
            c.decides_by_itself_about(of="inputs", p=0.4, weight=12, needs=f"scales_the_surviving{INPUT_CASE}"),
            c.decides_by_itself_about(of="units of hidden layer 1", p=0.4, weight=12, needs=f"scales_the_surviving{UNITS_CASE}"),
            c.decides_by_itself_about(of="units of hidden layer 2", p=0.4, weight=12, needs=f"scales_the_surviving{UNITS_CASE}"),
            c.draws_a_mask_for_every_layer(p=0.4, weight=26, needs=("scales_the_surviving",)),
            c.never_drops_the_scores(p=0.4, needs=INPUT),
            c.obeys_its_generator(p=0.4, needs=(INPUT, HIDDEN_UNITS)),
            c.draws_no_number_at_test_time(p_in=0.2, p_hidden=0.5, weight=12, needs=(INPUT, HIDDEN_UNITS)),
            c.agrees_with_its_own_loss(case="with dropout on the input", p_in=0.2, p_hidden=0.0, weight=4, needs=INPUT),
            c.agrees_with_its_own_loss(case="with dropout on the hidden layers", p_in=0.0, p_hidden=0.4, weight=7, needs=HIDDEN_UNITS),
            c.gives_dropped_units_no_gradient(p_in=0.2, p_hidden=0.5, weight=3, needs=(INPUT, HIDDEN_UNITS)),
            c.changes_neither_parameters_nor_data(p_in=0.2, p_hidden=0.5, weight=2, needs="is_right"),
            c.stands_huge_scores(weight=3, needs="is_right"),
            c.survives_dropping_everything(weight=3, needs=HIDDEN_UNITS),
            c.refuses_rates(p_in=-0.1, p_hidden=0.5, weight=2, needs="is_right"),
            c.refuses_rates(p_in=0.2, p_hidden=1.5, weight=2, needs="is_right"),
        ],
    ),
    Exercise(
        "mlp_predict",
        [
            c.is_right(case="two examples that you can do by hand", given=(HAND, X), wanted=SCORES, names=("scores",), weight=2),
            c.changes_neither_parameters_nor_data(via="predict", needs="is_right"),
        ],
    ),
    Exercise(
        "max_norm",
        [
            c.is_right(
                case="a column of length 5 beside a short one, with c = 2",
                given=([[3.0, 0.1], [4.0, 0.1]], 2.0),
                wanted=[[1.2, 0.1], [1.6, 0.1]],
                names=("W",),
                tolerance=1e-6,
                weight=2,
            ),
            c.is_right(
                case="a column of zeros",
                given=([[0.0, 3.0], [0.0, -4.0]], 2.5),
                wanted=[[0.0, 1.5], [0.0, -2.0]],
                names=("W",),
                tolerance=1e-6,
                needs=LONG_COLUMN,
            ),
            c.leaves_its_arguments_alone(given=([[3.0, 0.1], [4.0, 0.1]], 2.0), names=("W", "c"), needs=LONG_COLUMN),
        ],
    ),
    Exercise(
        "fixed_softmax_backward",
        [
            c.is_right(
                case="two examples with three classes", given=(PROBS, Y), wanted=DSCORES, names=("dscores",), tolerance=1e-6, weight=0
            ),
            c.leaves_its_arguments_alone(given=(PROBS, Y), names=("probs", "y"), weight=3, needs="is_right"),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="first_loss", weight=0),
            c.is_filled_in(key="parameters", weight=0),
            c.is_filled_in(key="evaluations", weight=0),
            c.is_filled_in(key="truncation", weight=0),
            c.is_filled_in(key="same_seed", choices="abcd", weight=0),
            c.is_filled_in(key="one_example", choices="abcd", weight=0),
        ],
    ),
]

INPUTS = Given("X", np.array(X))
SLOPES = [n.slope(f"slope_of_{name}", of=name) for name in PARTS]
PREDICTIONS = (
    ("right", (0.0, 3.0, -2.0, 2.0, 0.0, 5.0)),
    ("relu", (0.0, 3.0, 0.0, 2.0, 0.0, 5.0)),
    ("no biases", (0.0, 3.0, -3.0, 2.0, 0.0, 4.0)),
    ("no second relu", (-1.0, 3.0, -4.0, 2.0, -1.0, 6.0)),
    ("no relu", (-1.0, 3.0, -4.0, 6.0, -5.0, 18.0)),
    ("classes", (1.0, 2.0)),
)

PROBES = {
    "numeric_gradient": [
        f.value_at("cube", given=(CUBE, [2.0], [1.0], 0.1)),
        d.effect_of_dout(),
        d.gradient_of("of_a_square", form="x squared"),
        d.gradient_of("of_a_product", form="a matrix product"),
        d.gradient_of("of_x_itself", form="x itself"),
        d.x_afterwards(),
    ],
    "directional_error": [
        f.value_at("cube", given=(CUBE, [2.0], [1.0], [12.0], Seed(1), 1, 0.1)),
        f.value_at("cube_times_dout", given=(CUBE, [2.0], [3.0], [36.0], Seed(1), 1, 0.1)),
        f.value_at("smaller_step", given=(CUBE, [2.0], [1.0], [12.0], Seed(1), 1, 0.02)),
        d.size_of_an_error(),
        d.signs_of_errors(),
        d.other_seeds(),
        d.effect_of_k(),
        d.error_of_zeros(),
        d.error_of_a_missing_gradient(),
    ],
    "mlp_loss": [
        n.loss_of_no_scores(),
        n.huge_scores(),
        n.share("inputs_survive", layer=0),
        n.share("hidden_units_survive", layer=1),
        n.share("second_layer_survives", layer=2),
        n.factor("input_factor", layer=0),
        n.factor("hidden_factor", layer=1),
        n.whole_way(),
        n.scores(),
        n.layers(),
        n.examples("input_masks", layer=0),
        n.examples("hidden_masks", layer=1),
        n.generator_used(),
        n.at_test(),
        *SLOPES,
        n.slope("slope_of_W1_with_input_dropout", of="W1", p_in=0.2),
        n.slope("slope_of_W3_with_dropout", of="W3", p_hidden=0.35),
        n.slope("slope_of_W2_with_dropout", of="W2", p_hidden=0.35),
        n.slope("slope_of_W1_with_dropout", of="W1", p_hidden=0.35),
        n.dropped_units("dropped_in_layer_1", layer=1),
        n.dropped_units("dropped_in_layer_2", layer=2),
        n.dropped_inputs(),
        n.gradient_shapes(),
        n.penalty(),
        n.inactive_units("inactive_in_layer_1", layer=1),
        n.inactive_units("inactive_in_layer_2", layer=2),
        n.given_after(),
        n.rate_outside(),
        n.rate_one(),
    ],
    "mlp_predict": [n.scores_by_hand(params=HAND, X=INPUTS, table=PREDICTIONS), n.row_sums(params=HAND, X=INPUTS)],
    "max_norm": [
        f.value_at("long_column", given=([[3.0, 0.1], [4.0, 0.1]], 2.0)),
        f.value_at("short_column", given=([[0.1, 3.0], [0.1, 4.0]], 2.0)),
        f.value_at("zeros", given=([[0.0, 3.0], [0.0, -4.0]], 2.5)),
        d.arguments_afterwards(given=([[3.0, 0.1], [4.0, 0.1]], 2.0), names=("W", "c")),
    ],
    "fixed_softmax_backward": [
        f.value_at("right_class", given=([[0.2, 0.8], [0.6, 0.4]], [0, 1])),
        f.value_at("other_class", given=([[0.2, 0.8], [0.6, 0.4]], [1, 1])),
        d.arguments_afterwards(given=(PROBS, Y), names=("probs", "y")),
    ],
}

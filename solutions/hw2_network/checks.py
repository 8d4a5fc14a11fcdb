"""What assignment 2 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other networks.
"""

import numpy as np

from autograder import Exercise, Part
from autograder.checks_api import symptoms as f
from autograder.dropout.network import checks as c
from autograder.dropout.network import direction_symptoms as a
from autograder.dropout.network import gradient_checker_symptoms as d
from autograder.dropout.network import leash_symptoms as k
from autograder.dropout.network import symptoms as n
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
LINE = Code("f", "f = lambda x: 5 * x")
OFF_BY_ONE = (LINE, [2.0], [1.0], [4.0], Seed(1), 3, 0.1)
PROBS = [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]
DSCORES = [[0.1, -0.25, 0.15], [-0.45, 0.05, 0.4]]
TWO_LONG = [[3.0, 6.0], [4.0, 8.0]]
LAYER = "a ReLU layer with dropout"
ONE, TWO = "units of hidden layer 1", "units of hidden layer 2"
ALL = ("inputs", ONE, TWO)
UPPER = ("W3", "b3")
MEASURABLE = ("upper", "lower", "draws_from_rng")  # so that a mask alone is to blame
READABLE = "shows_its_scores"  # so that survivors can be counted
PARTS = ("W1", "b1", "W2", "b2", "W3", "b3")


def some(of):
    return f"drops_some_and_keeps_some_of_the(of={of}, p=0.4)"


def both(of):
    """What a factor of this layer can be told by: a unit of hidden layer 1 is seen through one of layer 2."""
    return (some(ONE), some(TWO)) if of == ONE else some(of)


def apart(of):
    return f"decides_by_itself_about(of={of}, p=0.4)"


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


EXERCISES = [
    Exercise(
        "numeric_gradient",
        [
            Part(
                "slope",
                "each entry of dx is the slope of sum(f(x) * dout) when that entry of x alone moves",
                share=45,
                gravity="core",
                checks=[
                    c.points_uphill(),
                    c.differentiates(form="x squared"),
                    c.differentiates(form="a matrix product"),
                    c.differentiates(form="a sum of sines (one number)"),
                ],
            ),
            Part(
                "central",
                "it steps by h, as far up as down",
                share=30,
                gravity="core",
                needs="points_uphill",
                checks=[c.uses_central_differences()],
            ),
            Part(
                "itself",
                "f may return x itself",
                share=10,
                needs="points_uphill",
                checks=[c.stands_an_f_that_returns_x()],
            ),
            Part(
                "manners",
                "x comes back as it was, bit for bit, and dout is left alone",
                share=15,
                gravity="manner",
                needs="points_uphill",
                checks=[c.leaves_its_arguments_alone(arrays="x and dout", via=c.numeric_gradient(shape=(30, 1)))],
            ),
        ],
    ),
    Exercise(
        "directional_error",
        [
            Part(
                "tells",
                "a right gradient has a tiny error, a wrong one has not",
                share=35,
                gravity="core",
                checks=[
                    c.feels_the_gradient(),
                    c.accepts_the_right_gradient(form="x squared with dropout"),
                    c.accepts_the_right_gradient(form=LAYER),
                    c.rejects_a_gradient_that(slips="forgets the mask"),
                    c.rejects_a_gradient_that(slips="forgets the scale"),
                    c.rejects_a_gradient_that(slips="scales twice"),
                    c.rejects_a_gradient_that(slips="divides by p"),
                    c.rejects_a_gradient_that(slips="forgets the ReLU"),
                    c.rejects_a_gradient_that(slips="draws a fresh mask"),
                    c.needs_few_calls_of_f(),
                ],
            ),
            Part(
                "unit",
                "the error is the largest of k, over |dx| / sqrt(n)",
                share=20,
                needs="feels_the_gradient",
                checks=[
                    c.is_right(
                        case="5 x, when dx claims the slope 4: 1 of 4",
                        given=OFF_BY_ONE,
                        wanted=0.25,
                        names=("error",),
                        tolerance=1e-6,
                        needs="accepts_the_right_gradient",
                    ),
                    c.is_never_negative(needs="accepts_the_right_gradient"),
                    c.measures_in_units_of_the_gradient(needs="is_right"),
                ],
            ),
            Part(
                "central",
                "it steps by h, as far forwards as backwards",
                share=15,
                needs="feels_the_gradient",
                checks=[c.takes_central_steps()],
            ),
            Part(
                "directions",
                "its directions come from rng, and point all ways alike",
                share=10,
                needs="feels_the_gradient",
                checks=[c.draws_from_rng(via=c.error_of_a_slip()), c.looks_all_ways(needs="measures_in_units_of_the_gradient")],
            ),
            Part(
                "zeros",
                "where dx is zero everywhere, nothing is divided by",
                share=10,
                needs="feels_the_gradient",
                checks=[
                    c.knows_a_gradient_of_zeros(),
                    c.measures_where_dx_is_zero(),
                ],
            ),
            Part(
                "manners",
                "ten digits; x, dout and dx are left alone",
                share=10,
                gravity="manner",
                needs="feels_the_gradient",
                checks=[
                    c.leaves_its_arguments_alone(arrays="x, dout and dx", via=c.error_of_a_slip()),
                    c.accepts_the_right_gradient(form="a matrix product", tolerance=1e-6, needs="tells"),
                    c.is_right(
                        case="5 x and the slope 4, to ten digits",
                        given=OFF_BY_ONE,
                        wanted=0.25,
                        names=("error",),
                        tolerance=1e-10,
                        needs="unit",
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "mlp_loss",
        [
            Part(
                "loss",
                "the loss is the mean cross-entropy of the softmax; at test time nothing is dropped, scaled or drawn",
                share=15,
                checks=[
                    c.feels_its_scores(),
                    c.is_right(
                        case="two examples that you can do by hand",
                        given=(HAND, X, Y, 0.0, 0.0, Seed(1), False),
                        wanted=LOSS,
                        names=("loss", "grads"),
                        name="loss",
                        tolerance=1e-6,
                    ),
                    c.shows_its_scores(),
                    c.is_the_plain_network_at_test_time(p_in=0.2, p_hidden=0.5),
                    c.draws_no_number_at_test_time(p_in=0.2, p_hidden=0.5, needs="is_the_plain_network_at_test_time"),
                ],
            ),
            Part(
                "upper",
                "without dropout, W3 and b3 get the gradients of the loss",
                share=12,
                needs="feels_its_scores",
                checks=[
                    c.agrees_with_its_own_loss(case="of W3 and b3, for one example", of=UPPER, batch=1, train=False),
                    c.agrees_with_its_own_loss(case="of W3 and b3", of=UPPER, train=False, needs="is_right"),
                ],
            ),
            Part(
                "lower",
                "without dropout, W2, b2 and then W1, b1 get theirs, through both ReLUs",
                share=19,
                needs="feels_its_scores",
                checks=[
                    c.leads_the_gradient_back(through="W3", to="b2"),
                    c.agrees_with_its_own_loss(case="of W2 and b2", of=("W2", "b2"), train=False, needs="upper"),
                    c.leads_the_gradient_back(through="W2", to="b1"),
                    c.agrees_with_its_own_loss(case="of W1 and b1", of=("W1", "b1"), train=False, needs="upper"),
                ],
            ),
            Part(
                "dropout",
                "input and hidden units throw a coin each, in every layer, example and call anew; survivors are divided by 1 - p",
                share=25,
                gravity="core",
                needs="feels_its_scores",
                checks=[
                    *(c.drops_some_and_keeps_some_of_the(of=of, p=0.4) for of in ALL),
                    *(c.scales_the_surviving(of=of, p=0.4, needs=both(of)) for of in ALL),
                    c.is_the_plain_network_at_zero(),
                    c.draws_its_masks_afresh(p=0.4),
                    *(c.decides_by_itself_about(of=of, p=0.4, needs=(some(of), "draws_its_masks_afresh", READABLE)) for of in ALL),
                    *(c.drops_the_right_share_of(of=of, p=0.3, needs=apart(of)) for of in ALL),
                    c.draws_a_mask_for_every_layer(p=0.4, needs="drops_the_right_share_of"),
                    c.never_drops_the_scores(p=0.4, needs=some("inputs")),
                ],
            ),
            Part(
                "manners",
                "rng is the only chance; shapes, ten digits, huge scores, p = 1; bad rates are refused, nothing is modified",
                share=10,
                gravity="manner",
                needs="feels_its_scores",
                checks=[
                    c.draws_from_rng(via=c.loss(0.4, 0.4, sizes=(20, 20, 20, 4))),
                    c.shapes_gradients_like_parameters(p_in=0.2, p_hidden=0.5),
                    c.is_right(
                        case="the same two examples, to ten digits",
                        given=(HAND, X, Y, 0.0, 0.0, Seed(1), False),
                        wanted=LOSS,
                        names=("loss", "grads"),
                        name="loss",
                        tolerance=1e-10,
                        needs="is_right(case=two examples that you can do by hand, name=loss, tolerance=1e-06)",
                    ),
                    c.scales_the_surviving(
                        of="inputs", p=0.4, tolerance=1e-9, needs="scales_the_surviving(of=inputs, p=0.4)"
                    ),
                    c.stands_huge_scores(needs="is_right"),
                    c.survives_dropping_everything(needs="dropout"),
                    c.raises_value_error(case="p_in = -0.1 and p_hidden = 0.5", via=c.loss(-0.1, 0.5)),
                    c.raises_value_error(case="p_in = 0.2 and p_hidden = 1.5", via=c.loss(0.2, 1.5)),
                    c.leaves_its_arguments_alone(arrays="params, X and y", via=c.loss(0.2, 0.5)),
                ],
            ),
            Part(
                "masks",
                "with dropout, the gradients meet the masks of the forward pass, factor included",
                share=19,
                needs="feels_its_scores",
                checks=[
                    c.gives_dropped_units_no_gradient(p_in=0.2, p_hidden=0.5, needs=tuple(map(some, ALL))),
                    c.agrees_with_its_own_loss(case="with dropout on the input", p_in=0.2, needs=(some("inputs"), *MEASURABLE)),
                    c.agrees_with_its_own_loss(
                        case="with dropout on the hidden layers", p_hidden=0.4, needs=(some(ONE), some(TWO), *MEASURABLE)
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "mlp_predict",
        [
            Part(
                "scores",
                "relu, relu, and a last layer that is linear: the scores of all classes",
                share=85,
                gravity="core",
                checks=[
                    c.is_right(
                        case="two examples that you can do by hand",
                        given=(HAND, X),
                        wanted=SCORES,
                        names=("scores",),
                        tolerance=1e-6,
                    )
                ],
            ),
            Part(
                "manners",
                "neither params nor X is modified",
                share=15,
                gravity="manner",
                checks=[c.leaves_its_arguments_alone(arrays="params and X", via=c.scores())],
            ),
        ],
    ),
    Exercise(
        "max_norm",
        [
            Part(
                "long",
                "a column longer than c comes back with length c, whatever the others are",
                share=50,
                gravity="core",
                checks=[
                    c.shortens_what_is_too_long(),
                    c.is_right(
                        case="columns of length 5 and 10, with c = 2",
                        given=(TWO_LONG, 2.0),
                        wanted=[[1.2, 1.2], [1.6, 1.6]],
                        names=("W",),
                        tolerance=1e-6,
                    ),
                ],
            ),
            Part(
                "short",
                "a shorter column stays as it is, also beside a long one",
                share=25,
                gravity="core",
                needs="shortens_what_is_too_long",
                checks=[
                    c.is_right(
                        case="columns of length 1 and 0.5, with c = 2",
                        given=([[0.6, 0.3], [0.8, 0.4]], 2.0),
                        wanted=[[0.6, 0.3], [0.8, 0.4]],
                        names=("W",),
                        tolerance=1e-6,
                    ),
                ],
            ),
            Part(
                "zeros",
                "a column of zeros stays as it is",
                share=10,
                needs="shortens_what_is_too_long",
                checks=[
                    c.is_right(
                        case="a column of zeros",
                        given=([[0.0], [0.0]], 2.5),
                        wanted=[[0.0], [0.0]],
                        names=("W",),
                    ),
                ],
            ),
            Part(
                "manners",
                "ten digits; the given W is left alone",
                share=15,
                gravity="manner",
                needs="shortens_what_is_too_long",
                checks=[
                    c.leaves_its_arguments_alone(given=(TWO_LONG, 2.0), names=("W", "c")),
                    c.is_right(
                        case="columns of length 5 and 10, to ten digits",
                        given=(TWO_LONG, 2.0),
                        wanted=[[1.2, 1.2], [1.6, 1.6]],
                        names=("W",),
                        tolerance=1e-10,
                        needs="long",
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "fixed_softmax_backward",
        [
            Part(
                "cure",
                "the stored probabilities stay as they are, however often it is called",
                share=50,
                gravity="core",
                needs="gives_a_gradient_of_scores",
                checks=[c.gives_a_gradient_of_scores(), c.leaves_its_arguments_alone(given=(PROBS, Y), names=("probs", "y"))],
            ),
            Part(
                "gradient",
                "the gradient is that of the mean, (probs - one-hot(y)) / N",
                share=35,
                gravity="core",
                checks=[
                    c.is_right(
                        case="two examples with three classes", given=(PROBS, Y), wanted=DSCORES, names=("dscores",), tolerance=1e-6
                    ),
                ],
            ),
            Part(
                "manners",
                "ten digits, and one example is a batch too",
                share=15,
                gravity="manner",
                needs="gives_a_gradient_of_scores",
                checks=[
                    c.is_right(
                        case="a single example", given=([[0.25, 0.75]], [1]), wanted=[[0.25, -0.25]], names=("dscores",), tolerance=1e-10
                    ),
                ],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            question("first_loss", "the loss of a network that knows nothing"),
            question("parameters", "the number of parameters"),
            question("evaluations", "what the check entry by entry costs"),
            question("truncation", "the error at a tenth of the step"),
            question("same_seed", "why the masks are frozen during a check", choices="abcd"),
            question("one_example", "what one dropped example does to a unit's weights", choices="abcd"),
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
        d.effect_of_dout(),
        d.sides(),
        *(d.factor_of_a_slope(part, part=part) for part in ("sign", "distance", "outputs")),
        d.form_of("form_of_a_square", form="x squared"),
        d.form_of("form_of_a_product", form="a matrix product"),
        d.form_of("form_of_a_number", form="a sum of sines (one number)"),
        d.form_of("form_of_a_row", form="x squared", shape=(6,)),
        d.form_of("of_x_itself", form="x itself"),
        d.type_of_dx(),
        d.x_afterwards(),
    ],
    "directional_error": [
        a.unit_of_an_error(),
        a.sides_of_a_step(),
        a.weight_of_dout(),
        a.length_of_a_direction(),
        a.step_taken(),
        a.ways_of_directions(),
        a.reach(),
        a.sign_of_an_error(),
        a.result_of_k(),
        d.directions_taken(),
        a.digits_of_an_error(),
        d.other_seeds(),
        d.calls_of_f(),
        d.error_of_zeros(),
        d.error_of_a_missing_gradient(),
    ],
    "mlp_loss": [
        n.loss_of_no_scores(),
        n.digits(),
        n.delta(),
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
        f.arguments_after("given_after", via=c.loss(0.2, 0.25), named=True),
        f.takes("rate_outside", via=(c.loss(-0.25, 0.5), c.loss(0.5, 1.25))),
        n.rate_one(),
    ],
    "mlp_predict": [
        n.scores_by_hand(params=HAND, X=INPUTS, table=PREDICTIONS),
        n.row_sums(params=HAND, X=INPUTS),
        n.last_layer(),
        n.volume(),
        n.below_zero("input_below_zero", layer=0),
        n.below_zero("layer_1_below_zero", layer=1),
        n.below_zero("layer_2_below_zero", layer=2),
    ],
    "max_norm": [
        k.scaled_together(),
        k.length_taken(),
        k.length_wanted(),
        k.length_digits(),
        k.short_columns(),
        f.gives("zeros", given=([[0.0, 3.0], [0.0, -4.0]], 2.5)),
        f.arguments_after("arguments_afterwards", given=([[3.0, 0.1], [4.0, 0.1]], 2.0), names=("W", "c"), named=True),
    ],
    "fixed_softmax_backward": [
        f.gives("right_class", given=([[0.2, 0.8], [0.6, 0.4]], [0, 1])),
        f.gives("other_class", given=([[0.2, 0.8], [0.6, 0.4]], [1, 1])),
        *(n.delta_form(part, given=(PROBS, Y), part=part) for part in ("form", "sign", "divisor")),
        d.digits_at("digits", given=(PROBS, Y), wanted=DSCORES),
        f.arguments_after("arguments_afterwards", given=(PROBS, Y), names=("probs", "y"), named=True),
    ],
}

"""What assignment 1 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from autograder import Exercise, Part
from autograder.dropout import checks as c
from autograder.dropout import symptoms as f

SHAPES = ((7,), (2, 3, 4), (2, 3, 4, 5))
MASK = {"via": "mask"}
MULTIPLIER = {"via": "multiplier"}
INVERTED = {"forward": "dropout_forward", "backward": "dropout_backward"}
VANILLA = {"forward": "vanilla_forward", "backward": "vanilla_backward"}

SOME = "drops_some_and_keeps_some"
GRADIENT = "passes_gradient_to_kept_units_only"
BY_HAND = ([2.0, -1.0, 0.0], 0.2)


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


EXERCISES = [
    Exercise(
        "keep_mask",
        [
            Part(
                "rate",
                "each unit is dropped with probability p",
                share=35,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_some_and_keeps_some(p=0.3, **MASK),
                    c.drops_the_right_share(p=0.3, **MASK),
                ],
            ),
            Part(
                "coins",
                "each unit throws a coin of its own, anew in every call",
                share=35,
                gravity="core",
                needs=SOME,
                checks=[
                    c.treats_examples_apart(p=0.3, **MASK),
                    c.treats_features_apart(p=0.3, **MASK),
                    c.keeps_a_varying_number(p=0.3, **MASK),
                    c.draws_afresh(p=0.3, **MASK),
                ],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=15,
                needs=SOME,
                checks=[
                    c.obeys_the_generator(p=0.3, **MASK),
                    c.leaves_global_random_state_alone(p=0.3, **MASK),
                ],
            ),
            Part(
                "manners",
                "the mask is boolean and of any shape; p = 0 and p = 1 are legal, a p outside is refused",
                share=15,
                gravity="manner",
                needs=SOME,
                checks=[
                    c.is_boolean(p=0.3),
                    c.takes_any_shape(p=0.3, shapes=(7, *SHAPES), **MASK),
                    c.drops_nothing_at_zero(**MASK),
                    c.drops_everything_at_one(**MASK),
                    c.refuses(p=-0.1, **MASK),
                    c.refuses(p=1.5, **MASK),
                ],
            ),
        ],
    ),
    Exercise(
        "dropout_forward",
        [
            Part(
                "coins",
                "each unit throws a coin of its own with probability p, anew in every call",
                share=30,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_some_and_keeps_some(p=0.3),
                    c.drops_the_right_share(p=0.3),
                    c.treats_examples_apart(p=0.3),
                    c.treats_features_apart(p=0.3),
                    c.keeps_a_varying_number(p=0.3),
                    c.draws_afresh(p=0.3, needs="drops_the_right_share"),
                ],
            ),
            Part(
                "scale",
                "survivors are divided by 1 - p",
                share=30,
                gravity="core",
                needs=SOME,
                checks=[c.scales_the_survivors(p=0.3, by="1/(1-p)")],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=10,
                needs=SOME,
                checks=[
                    c.obeys_the_generator(p=0.3),
                    c.leaves_global_random_state_alone(p=0.3),
                ],
            ),
            Part(
                "test",
                "test time returns x unchanged and draws nothing",
                share=20,
                needs=SOME,
                checks=[
                    c.is_identity_at_test_time(p=0.3),
                    c.draws_nothing_at_test_time(p=0.3, needs=("is_identity_at_test_time", "obeys_the_generator")),
                ],
            ),
            Part(
                "manners",
                "any shape and dtype, ten digits, p = 0 and p = 1; a bad p is refused, x is left alone",
                share=10,
                gravity="manner",
                needs=SOME,
                checks=[
                    c.is_exact_to_ten_digits(p=0.3, needs="scales_the_survivors"),
                    c.keeps_its_input(p=0.3),
                    c.keeps_the_dtype(p=0.3, dtype="float32"),
                    c.keeps_the_dtype(p=0.3, dtype="float64"),
                    c.takes_any_shape(p=0.3, shapes=SHAPES),
                    c.drops_nothing_at_zero(),
                    c.drops_everything_at_one(),
                    c.refuses(p=-0.1),
                    c.refuses(p=1.5),
                    c.refuses_at_test_time(p=1.5),
                    c.refuses_at_test_time(p=-0.1),
                ],
            ),
        ],
    ),
    Exercise(
        "dropout_backward",
        [
            Part(
                "mask",
                "the gradient goes where forward's signal went, with the same factor",
                share=50,
                gravity="core",
                checks=[
                    c.passes_gradient_to_kept_units_only(p=0.3, **INVERTED),
                    c.follows_the_mask(p=0.3, **INVERTED, needs=GRADIENT),
                ],
            ),
            Part(
                "test",
                "after a test pass the gradient passes unchanged",
                share=20,
                needs=GRADIENT,
                checks=[c.follows_test_time(p=0.3, **INVERTED, by="1")],
            ),
            Part(
                "cache",
                "it looks at the cache it is given, and at nothing else",
                share=20,
                needs=GRADIENT,
                checks=[
                    c.belongs_to_its_own_cache(p=0.3, **INVERTED),
                    c.passes_gradient_where_x_is_zero(p=0.3, **INVERTED),
                    c.is_zero_after_dropping_everything(**INVERTED),
                ],
            ),
            Part(
                "manners",
                "dout and the cache are left as they were",
                share=10,
                gravity="manner",
                needs=GRADIENT,
                checks=[
                    c.can_be_called_twice(p=0.3, **INVERTED),
                    c.keeps_dout(p=0.3, **INVERTED),
                ],
            ),
        ],
    ),
    Exercise(
        "vanilla_forward",
        [
            Part(
                "training",
                "training drops each unit with probability p and leaves the survivors as they are",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_some_and_keeps_some(p=0.3),
                    c.drops_the_right_share(p=0.3),
                    c.scales_the_survivors(p=0.3, by="1"),
                    c.obeys_the_generator(p=0.3),
                    c.leaves_global_random_state_alone(p=0.3),
                ],
            ),
            Part(
                "test",
                "test time multiplies by 1 - p and draws nothing",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    c.multiplies_at_test_time(p=0.3, by="1-p"),
                    c.draws_nothing_at_test_time(p=0.3, needs=("multiplies_at_test_time", "obeys_the_generator")),
                ],
            ),
            Part(
                "backward",
                "the gradient is multiplied by what x was multiplied by",
                share=25,
                needs=SOME,
                checks=[
                    c.passes_gradient_to_kept_units_only(p=0.3, **VANILLA),
                    c.follows_the_mask(p=0.3, **VANILLA, needs=GRADIENT),
                    c.belongs_to_its_own_cache(p=0.3, **VANILLA, needs=GRADIENT),
                    c.passes_gradient_where_x_is_zero(p=0.3, **VANILLA, needs=GRADIENT),
                ],
            ),
            Part(
                "backward_test",
                "after a test pass the gradient is multiplied by 1 - p",
                share=15,
                needs=GRADIENT,
                checks=[c.follows_test_time(p=0.3, **VANILLA)],
            ),
            Part(
                "manners",
                "either dtype, p = 0 and p = 1; a bad p is refused, x and dout are left alone",
                share=10,
                gravity="manner",
                needs=SOME,
                checks=[
                    c.keeps_its_input(p=0.3),
                    c.keeps_the_dtype(p=0.3, dtype="float32"),
                    c.keeps_the_dtype(p=0.3, dtype="float64"),
                    c.drops_nothing_at_zero(),
                    c.drops_everything_at_one(),
                    c.refuses(p=1.5),
                    c.refuses_at_test_time(p=1.5),
                    c.refuses_at_test_time(p=-0.1),
                    c.keeps_dout(p=0.3, **VANILLA, needs=GRADIENT),
                ],
            ),
        ],
        functions=("vanilla_forward", "vanilla_backward"),
    ),
    Exercise(
        "dropout_moments",
        [
            Part(
                "var",
                "the variance is x^2 p / (1 - p)",
                share=55,
                gravity="core",
                checks=[
                    c.returns_no_negative(given=BY_HAND, names=("mean", "var"), name="var"),
                    c.is_right(given=BY_HAND, wanted=[1.0, 0.25, 0.0], names=("mean", "var"), name="var"),
                ],
            ),
            Part(
                "mean",
                "the average is x",
                share=30,
                needs="returns_no_negative",
                checks=[c.is_right(given=BY_HAND, wanted=[2.0, -1.0, 0.0], names=("mean", "var"), name="mean")],
            ),
            Part(
                "manners",
                "ten digits, either dtype; p = 1 and a bad p are refused, x is left alone",
                share=15,
                gravity="manner",
                needs="returns_no_negative",
                checks=[
                    c.raises_value_error(case="p = 1", given=([2.0, -1.0], 1.0)),
                    c.raises_value_error(case="p = -0.1", given=([2.0, -1.0], -0.1)),
                    c.leaves_its_arguments_alone(given=((6, 7), 0.3), names=("x",)),
                    c.gives_the_dtype(given=((6, 7), 0.3), names=("mean", "var")),
                ],
            ),
        ],
    ),
    Exercise(
        "fixed_dropout_mask",
        [
            Part(
                "cure",
                "a mask that drops everything stays as it is, so the average is right",
                share=45,
                gravity="core",
                needs="holds_only",
                checks=[
                    c.drops_some_and_keeps_some(p=0.5, **MULTIPLIER),
                    c.holds_only(p=0.7, by="1/(1-p)", needs=SOME),
                    c.can_drop_everything(p=0.5, units=2, **MULTIPLIER),
                ],
            ),
            Part(
                "coins",
                "each unit throws a coin of its own with probability p",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[c.drops_the_right_share(p=0.3, **MULTIPLIER)],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=15,
                needs=SOME,
                checks=[
                    c.obeys_the_generator(p=0.3, **MULTIPLIER),
                    c.leaves_global_random_state_alone(p=0.3, **MULTIPLIER),
                ],
            ),
            Part(
                "manners",
                "an array of any shape, ten digits, p = 1; a bad p is refused",
                share=15,
                gravity="manner",
                needs=SOME,
                checks=[
                    c.is_exact_to_ten_digits(p=0.7, **MULTIPLIER, needs="holds_only"),
                    c.takes_any_shape(p=0.5, shapes=(7, *SHAPES), **MULTIPLIER),
                    c.drops_everything_at_one(**MULTIPLIER),
                    c.refuses(p=1.5, **MULTIPLIER),
                ],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            question("distinct", "the number of distinct networks"),
            question("keep_to_drop", "the same dropout with the other p"),
            question("spread", "the standard deviation of a unit's output"),
            question("wide_enough", "the width at which the bias is small"),
            question("one_in_five", "what a p of one in five means", choices="abcd"),
            question("at_test", "why nothing is scaled at test time", choices="abcd"),
        ],
    ),
]

LAWS = [f.drop_share(), f.coins_of_a_call(), f.rows(), f.columns(), f.number_dropped(), f.small_p()]
DRAW = [*LAWS, f.next_mask(), f.generator(), f.shapes()]
EDGES = [f.at_zero(), f.at_one(), f.outside()]
VALUES = [f.returned(), f.survivors(), f.test_time(), f.rng_at_test(), f.negatives(), f.input_after(), f.float32_gives()]

PROBES = {
    "keep_mask": [
        f.drop_share(**MASK),
        f.rows(**MASK),
        f.columns(**MASK),
        f.number_dropped(**MASK),
        f.when_all_are_dropped(**MASK),
        f.small_p(**MASK),
        f.next_mask(**MASK),
        f.generator(**MASK),
        f.shapes(**MASK),
        f.mask_type(),
        f.at_zero(**MASK),
        f.at_one(**MASK),
        f.outside(**MASK),
    ],
    "dropout_forward": [*DRAW, f.when_all_are_dropped(via="forward"), f.other_inputs(), *VALUES, f.digits(), *EDGES],
    "dropout_backward": [
        f.gradient_mask(**INVERTED),
        f.gradient_factor(**INVERTED),
        f.test_gradient(**INVERTED, by="1"),
        f.cache_used(**INVERTED),
        f.gradient_at_zero_input(**INVERTED),
        f.gradient_at_one(**INVERTED),
        f.dout_after(**INVERTED),
    ],
    "vanilla_forward": [
        *DRAW,
        *VALUES,
        f.digits(),
        *EDGES,
        f.gradient_mask(**VANILLA),
        f.gradient_factor(**VANILLA),
        f.test_gradient(**VANILLA),
        f.test_gradient("test_gradient_alone", **VANILLA, relative=False),
        f.cache_used(**VANILLA),
        f.gradient_at_zero_input(**VANILLA),
    ],
    "dropout_moments": [
        f.moments_order(),
        f.mean_factor(),
        f.variance_power(),
        f.variance_factor(),
        f.variance_digits(),
    ],
    "fixed_dropout_mask": [
        f.drop_share(**MULTIPLIER),
        f.survivors(**MULTIPLIER),
        f.digits(**MULTIPLIER),
        f.when_all_are_dropped(),
        f.rows(**MULTIPLIER),
        f.columns(**MULTIPLIER),
        f.number_dropped(**MULTIPLIER),
        f.small_p(**MULTIPLIER),
        f.next_mask(**MULTIPLIER),
        f.generator(**MULTIPLIER),
        f.shapes(**MULTIPLIER),
        f.at_one(**MULTIPLIER),
        f.outside(**MULTIPLIER),
    ],
}

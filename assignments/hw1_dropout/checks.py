"""What assignment 1 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from autograder import Exercise
from autograder import checks as c
from autograder.checks import facts as f

SHAPES = ((7,), (2, 3, 4), (2, 3, 4, 5))
MASK = {"via": "mask"}
MULTIPLIER = {"via": "multiplier"}
INVERTED = {"forward": "dropout_forward", "backward": "dropout_backward"}
VANILLA = {"forward": "vanilla_forward", "backward": "vanilla_backward"}

SOME = "drops_some_and_keeps_some"
SHARE = "drops_the_right_share(p=0.3)"
GRADIENT = "passes_gradient_to_kept_units_only"
BY_HAND = ([2.0, -1.0, 0.0], 0.2)

EXERCISES = [
    Exercise(
        "keep_mask",
        [
            c.drops_some_and_keeps_some(p=0.3, **MASK),
            c.drops_the_right_share(p=0.3, **MASK, weight=8, needs=SOME),
            c.treats_examples_apart(p=0.3, **MASK, weight=2, needs=SOME),
            c.treats_features_apart(p=0.3, **MASK, weight=2, needs=SOME),
            c.keeps_a_varying_number(p=0.3, **MASK, weight=3, needs=SOME),
            c.draws_afresh(p=0.3, **MASK, needs=SHARE),
            c.obeys_the_generator(p=0.3, **MASK, weight=3, needs=SOME),
            c.leaves_global_random_state_alone(p=0.3, **MASK, needs=SOME),
            c.is_boolean(p=0.3, needs=SOME),
            c.takes_any_shape(p=0.3, shapes=(7, *SHAPES), **MASK, needs=SOME),
            c.drops_nothing_at_zero(**MASK, needs=SOME),
            c.drops_everything_at_one(**MASK, needs=SOME),
            c.refuses(p=-0.1, **MASK, needs=SOME),
            c.refuses(p=1.5, **MASK, needs=SOME),
        ],
    ),
    Exercise(
        "dropout_forward",
        [
            c.drops_some_and_keeps_some(p=0.3),
            c.drops_the_right_share(p=0.3, weight=15, needs=SOME),
            c.scales_the_survivors(p=0.3, by="1/(1-p)", weight=15, needs=SOME),
            c.is_exact_to_ten_digits(p=0.3, weight=3, needs="scales_the_survivors"),
            c.is_identity_at_test_time(p=0.3, weight=14, needs=SOME),
            c.treats_examples_apart(p=0.3, weight=3, needs=SOME),
            c.treats_features_apart(p=0.3, weight=3, needs=SOME),
            c.keeps_a_varying_number(p=0.3, weight=5, needs=SOME),
            c.draws_afresh(p=0.3, needs=SHARE),
            c.obeys_the_generator(p=0.3, weight=4, needs=SOME),
            c.draws_nothing_at_test_time(p=0.3, weight=5, needs=("is_identity_at_test_time", "obeys_the_generator")),
            c.leaves_global_random_state_alone(p=0.3, needs=SOME),
            c.keeps_its_input(p=0.3, weight=2, needs=SOME),
            c.keeps_the_dtype(p=0.3, dtype="float32", weight=3, needs=SOME),
            c.keeps_the_dtype(p=0.3, dtype="float64", weight=3, needs=SOME),
            c.takes_any_shape(p=0.3, shapes=SHAPES, weight=3, needs=SOME),
            c.drops_nothing_at_zero(needs=SOME),
            c.drops_everything_at_one(weight=3, needs=SOME),
            c.refuses(p=-0.1, needs=SOME),
            c.refuses(p=1.5, needs=SOME),
            c.refuses_at_test_time(p=1.5, needs=SOME),
        ],
    ),
    Exercise(
        "dropout_backward",
        [
            c.passes_gradient_to_kept_units_only(p=0.3, **INVERTED),
            c.follows_the_mask(p=0.3, **INVERTED, weight=2, needs=GRADIENT),
            c.follows_test_time(p=0.3, **INVERTED, by="1", weight=2, needs=GRADIENT),
            c.belongs_to_its_own_cache(p=0.3, **INVERTED, needs=GRADIENT),
            c.can_be_called_twice(p=0.3, **INVERTED, needs=GRADIENT),
            c.passes_gradient_where_x_is_zero(p=0.3, **INVERTED, needs=GRADIENT),
            c.is_zero_after_dropping_everything(**INVERTED, needs=GRADIENT),
            c.keeps_dout(p=0.3, **INVERTED, needs=GRADIENT),
        ],
    ),
    Exercise(
        "vanilla_forward",
        [
            c.drops_some_and_keeps_some(p=0.3),
            c.drops_the_right_share(p=0.3, weight=6, needs=SOME),
            c.scales_the_survivors(p=0.3, by="1", weight=6, needs=SOME),
            c.multiplies_at_test_time(p=0.3, by="1-p", weight=8, needs=SOME),
            c.obeys_the_generator(p=0.3, needs=SOME),
            c.draws_nothing_at_test_time(p=0.3, weight=3, needs=("multiplies_at_test_time", "obeys_the_generator")),
            c.leaves_global_random_state_alone(p=0.3, needs=SOME),
            c.keeps_its_input(p=0.3, needs=SOME),
            c.keeps_the_dtype(p=0.3, dtype="float32", needs=SOME),
            c.keeps_the_dtype(p=0.3, dtype="float64", needs=SOME),
            c.drops_nothing_at_zero(needs=SOME),
            c.drops_everything_at_one(needs=SOME),
            c.refuses(p=1.5, needs=SOME),
            c.refuses_at_test_time(p=1.5, needs=SOME),
            c.passes_gradient_to_kept_units_only(p=0.3, **VANILLA, needs=SOME),
            c.follows_the_mask(p=0.3, **VANILLA, weight=2, needs=GRADIENT),
            c.follows_test_time(p=0.3, **VANILLA, weight=4, needs=GRADIENT),
            c.belongs_to_its_own_cache(p=0.3, **VANILLA, needs=GRADIENT),
            c.keeps_dout(p=0.3, **VANILLA, needs=GRADIENT),
        ],
        functions=("vanilla_forward", "vanilla_backward"),
    ),
    Exercise(
        "dropout_moments",
        [
            c.returns(given=BY_HAND, wanted=[1.0, 0.25, 0.0], names=("mean", "var"), name="var", weight=4),
            c.returns(given=BY_HAND, wanted=[2.0, -1.0, 0.0], names=("mean", "var"), name="mean", weight=2, needs="returns"),
            c.raises_value_error(case="p = 1", given=([2.0, -1.0], 1.0), needs="returns"),
            c.raises_value_error(case="p = -0.1", given=([2.0, -1.0], -0.1), needs="returns"),
            c.leaves_its_arguments_alone(given=((6, 7), 0.3), names=("x",), needs="returns"),
            c.keeps_single_precision(given=((6, 7), 0.3), names=("mean", "var"), needs="returns"),
        ],
    ),
    Exercise(
        "fixed_dropout_mask",
        [
            c.drops_some_and_keeps_some(p=0.5, **MULTIPLIER, weight=0),
            c.holds_only(p=0.7, by="1/(1-p)", needs=SOME),
            c.is_exact_to_ten_digits(p=0.7, **MULTIPLIER, needs="holds_only"),
            c.can_drop_everything(p=0.5, units=2, weight=3, needs="holds_only"),
            c.takes_any_shape(p=0.5, shapes=(7, *SHAPES), **MULTIPLIER, needs="holds_only"),
            c.obeys_the_generator(p=0.3, **MULTIPLIER, needs="holds_only"),
            c.leaves_global_random_state_alone(p=0.3, **MULTIPLIER, needs="holds_only"),
            c.drops_everything_at_one(**MULTIPLIER, needs="holds_only"),
            c.refuses(p=1.5, **MULTIPLIER, needs="holds_only"),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="distinct", weight=0),
            c.is_filled_in(key="keep_to_drop", weight=0),
            c.is_filled_in(key="spread", weight=0),
            c.is_filled_in(key="wide_enough", weight=0),
            c.is_filled_in(key="one_in_five", choices="abcd", weight=0),
            c.is_filled_in(key="at_test", choices="abcd", weight=0),
        ],
    ),
]

DRAW = [f.drop_share(), f.rows(), f.columns(), f.number_dropped(), f.small_p(), f.next_mask(), f.generator(), f.shapes()]
EDGES = [f.at_zero(), f.at_one(), f.outside()]
VALUES = [f.returned(), f.survivors(), f.test_time(), f.rng_at_test(), f.negatives(), f.input_after(), f.float32_gives()]

PROBES = {
    "keep_mask": [
        f.drop_share(**MASK),
        f.rows(**MASK),
        f.columns(**MASK),
        f.number_dropped(**MASK),
        f.small_p(**MASK),
        f.next_mask(**MASK),
        f.generator(**MASK),
        f.shapes(**MASK),
        f.mask_type(),
        f.at_zero(**MASK),
        f.at_one(**MASK),
        f.outside(**MASK),
    ],
    "dropout_forward": [*DRAW, *VALUES, f.digits(), *EDGES],
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
        f.cache_used(**VANILLA),
    ],
    "dropout_moments": [
        f.value_at("mean", given=([3.0], 0.2), index=0),
        f.value_at("var", given=([3.0], 0.2), index=1),
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

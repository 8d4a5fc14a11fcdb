"""What is asked in assignment 8: the sentences a student may read, and the facts by which a belief is recognised.

A weight says how much of the exercise's points a sentence is worth; "needs" names what must hold before a sentence is tried. All of it
runs on the CPU. On a machine without torch nothing of it runs, and nobody loses a point.
"""

from dataclasses import replace

from autograder import checks as c
from autograder.checks import facts as f
from autograder.checks import torch_comparisons as t
from autograder.checks import torch_layers as layers
from autograder.checks import torch_loops as loops
from autograder.checks.coats import fact_in_a_coat, in_a_coat
from autograder.model import Exercise

NEEDS = ("torch",)
GPU = True  # `autograder grade --gpu` shows its cages this machine's
PRELOAD = ("torch._dynamo",)  # what torch.optim loads when it is first used

FUNCTION = layers.function_coat("MyDropoutFunction", "MyDropoutFunction")
LAYER = layers.layer_coat("MyDropoutFunction", "MyDropout")
BOTH = {"forward": "MyDropoutFunction", "backward": "backward"}
LAYER_BOTH = {"forward": "MyDropout", "backward": "backward"}
OF_LAYER = {"function": "MyDropout", "p": 0.3}
TELLS = "tells_wrong_from_right"
DROPS = "drops_some_and_keeps_some of MyDropoutFunction"
MASKED = "passes_gradient_to_kept_units_only of MyDropoutFunction"
LAYER_DROPS = "drops_some_and_keeps_some of MyDropout"
WORKS = (DROPS, LAYER_DROPS)  # what the layer does with the function that this exercise is about
LAYER_MASKED = "passes_gradient_to_kept_units_only of MyDropout"
TRAINS = "trains_in_training_mode(epochs=3, batches=4)"
STEPS = "takes_every_batch_once_per_epoch"
NET = {"net": "FixedNet"}


def function(check):
    """The check, put to MyDropoutFunction itself."""
    return in_a_coat(FUNCTION, check)


def layer(check):
    """The check, put to the layer MyDropout."""
    return in_a_coat(LAYER, check)


EXERCISES = [
    Exercise(
        "compare_with_torch",
        [
            t.tells_wrong_from_right(p=0.3, weight=2),
            t.measures_what_is_wrong(part="out", p=0.3, weight=2, needs=TELLS),
            t.measures_what_is_wrong(part="grad", p=0.3, weight=2, needs=TELLS),
            t.sees_one_wrong_number(part="out", p=0.3, weight=3, needs=TELLS),
            t.sees_one_wrong_number(part="out", by=-0.5, p=0.3, weight=2, needs=TELLS),
            t.finds_right_code_right(module="Dropout", p=0.3, weight=2, needs=TELLS),
            t.keeps_its_head_among_zeros(p=0.3, dtype="float32", weight=2, needs=TELLS),
            t.takes_zeros_in_dout(p=0.3, weight=2, needs=TELLS),
            t.finds_right_code_right(module="Dropout1d", p=0.3, shape=(6, 20, 7), dtype="float32", needs=TELLS),
            t.finds_right_code_right(module="Dropout2d", p=0.3, shape=(6, 20, 4, 4), dtype="float32", needs=TELLS),
            t.finds_right_code_right(module="Dropout3d", p=0.3, shape=(6, 20, 3, 3, 3), dtype="float32", needs=TELLS),
            t.finds_right_code_right(module="AlphaDropout", p=0.3, dtype="float32", weight=2, needs=TELLS),
            t.counts_what_was_kept(weight=2, needs=TELLS),
            t.counts_what_was_kept(zeros=True, weight=2, needs=TELLS),
            t.puts_the_module_into_training_mode(weight=6, needs=TELLS),
            t.manages_the_end(end=0.0, needs=TELLS),
            t.manages_the_end(end=1.0, needs=TELLS),
            t.sees_what_is_wrong_at_one(needs=TELLS),
            t.hands_over_masks_like_x(p=0.3, dtype="float32", needs=TELLS),
            t.keeps_x_and_dout(p=0.3, needs=TELLS),
        ],
    ),
    Exercise(
        "MyDropoutFunction",
        [
            function(c.drops_some_and_keeps_some(p=0.3)),
            function(c.drops_the_right_share(p=0.3, calls=1, weight=14, needs=DROPS)),
            function(c.scales_the_survivors(p=0.3, by="1/(1-p)", dtype="float32", weight=22, needs=DROPS)),
            function(c.passes_gradient_to_kept_units_only(p=0.3, **BOTH, weight=8, needs=DROPS)),
            function(c.follows_the_mask(p=0.3, **BOTH, weight=8, needs=MASKED)),
            function(c.passes_gradient_where_x_is_zero(p=0.3, **BOTH, weight=8, needs=MASKED)),
            function(c.drops_everything_at_one(weight=3, needs=DROPS)),
            function(c.keeps_its_input(p=0.3, weight=3, needs=DROPS)),
            function(c.keeps_dout(p=0.3, **BOTH, weight=3, needs=DROPS)),
            layers.is_a_class_of_your_own(**OF_LAYER, weight=0),
            layer(c.drops_some_and_keeps_some(p=0.3, needs="is_a_class_of_your_own")),
            layer(c.drops_the_right_share(p=0.3, calls=1, weight=7, needs=WORKS)),
            layer(c.scales_the_survivors(p=0.3, by="1/(1-p)", dtype="float32", weight=7, needs=WORKS)),
            layer(c.is_identity_at_test_time(p=0.3, weight=30, needs=LAYER_DROPS)),
            layer(c.passes_gradient_to_kept_units_only(p=0.3, **LAYER_BOTH, needs=LAYER_DROPS)),
            layer(c.follows_the_mask(p=0.3, **LAYER_BOTH, needs=LAYER_MASKED)),
            layer(c.follows_test_time(p=0.3, **LAYER_BOTH, weight=2, needs="is_identity_at_test_time of MyDropout")),
            layer(c.treats_examples_apart(p=0.3, weight=12, needs=WORKS)),
            layer(c.treats_features_apart(p=0.3, weight=12, needs=WORKS)),
            layers.draws_afresh_in_each_pass(**OF_LAYER, weight=26, needs=WORKS),
            layers.remembers_each_pass_by_itself(**OF_LAYER, weight=12, needs="draws_afresh_in_each_pass"),
            layers.obeys_the_seed_of_torch(**OF_LAYER, weight=24, needs=LAYER_DROPS),
            layers.leaves_the_generator_alone_in_eval(**OF_LAYER, weight=7, needs=LAYER_DROPS),
            layer(c.takes_any_shape(p=0.3, shapes=((7,), (2, 3, 4, 5), (1, 1)), weight=3, needs=LAYER_DROPS)),
            layer(c.drops_nothing_at_zero(weight=6, needs=LAYER_DROPS)),
            layer(c.drops_everything_at_one(weight=7, needs=LAYER_DROPS)),
            layer(c.refuses(p=-0.1, weight=4, needs=LAYER_DROPS)),
            layer(c.refuses(p=1.5, weight=4, needs=LAYER_DROPS)),
            layers.computes_in(dtype="float64", **OF_LAYER, weight=7, needs=LAYER_DROPS),
            layers.computes_in(dtype="float32", **OF_LAYER, needs=LAYER_DROPS),
            layers.computes_in(dtype="float16", **OF_LAYER, weight=2, needs=LAYER_DROPS),
            layers.computes_in(dtype="bfloat16", **OF_LAYER, weight=4, needs=LAYER_DROPS),
            layers.makes_its_mask_where_x_lives(**OF_LAYER, weight=7, needs=LAYER_DROPS),
            layers.has_nothing_to_save(**OF_LAYER, weight=7, needs=LAYER_DROPS),
            layers.shows_its_p(**OF_LAYER, weight=5, needs=LAYER_DROPS),
        ],
        functions=("MyDropoutFunction", "MyDropout"),
    ),
    Exercise(
        "fixed_training_loop",
        [
            loops.trains_in_training_mode(epochs=3, batches=4, weight=3),
            loops.takes_every_batch_once_per_epoch(epochs=3, batches=4, needs=TRAINS),
            loops.trains_in_training_mode(epochs=2, batches=3, starts_in_eval=True, weight=3, needs=STEPS),
            loops.measures_in_eval_mode(epochs=3, batches=4, weight=5, needs=STEPS),
            loops.returns_the_flags_it_saw(epochs=3, batches=4, weight=3, needs=STEPS),
            loops.takes_steps_of_sgd(rate=0.1, weight=5, needs=STEPS),
            loops.drops_in_training_and_only_there(**NET, p_in=0.5, p=0.0, weight=5),
            loops.drops_in_training_and_only_there(**NET, p_in=0.0, p=0.5, weight=5),
            loops.drops_each_layer_as_often_as_told(**NET, p_in=0.6, p=0.2, weight=4, needs="drops_in_training_and_only_there"),
            loops.computes_two_relu_layers(**NET, weight=3, needs="drops_in_training_and_only_there"),
            loops.scales_the_survivors_of_each_layer(**NET, p_in=0.5, p=0.2, weight=3, needs="drops_in_training_and_only_there"),
        ],
        functions=("FixedNet", "fixed_training_loop"),
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="handed_over", weight=0),
            c.is_filled_in(key="live_steps", weight=0),
            c.is_filled_in(key="seen_rate", weight=0),
            c.is_filled_in(key="fastest", weight=0),
            c.is_filled_in(key="functional", choices="abcd", weight=0),
            c.is_filled_in(key="same_seed", choices="abcd", weight=0),
        ],
    ),
]

PLAIN, BIG = (0.01, 0.3), (0.01, 0.005, 0.5, 1.0)  # sizes a comparison may find: of a mask of True and False, p itself
FIXED = t.Comparison("Fixed", shape=(30, 40))


def of_layer(fact):
    """The fact, seen of the layer MyDropout."""
    return fact_in_a_coat(LAYER, fact)


PROBES = {
    "compare_with_torch": [
        t.comparison("plain", case=t.Comparison(), sizes=PLAIN),
        t.comparison("among_zeros", case=t.Comparison(zeros=True)),
        t.comparison("alpha", case=t.Comparison("AlphaDropout")),
        t.comparison("wrong_forward", case=t.Comparison(factor=1.01), sizes=BIG),
        t.comparison("wrong_backward", case=t.Comparison(factor=1.01, part="grad"), sizes=BIG),
        t.comparison("one_wrong_number", case=t.Comparison(one_off=0.5), sizes=BIG),
        t.comparison("one_wrong_number_too_small", case=t.Comparison(one_off=-0.5), sizes=BIG),
        t.comparison("zeros_in_dout", case=t.Comparison(zeros_in_dout=True)),
        t.rate("keep_rate", case=FIXED),
        t.rate("keep_rate_among_zeros", case=replace(FIXED, zeros=True)),
        t.rate("keep_rate_after_eval", case=replace(FIXED, evaluating=True)),
        t.comparison("at_one", case=t.Comparison(p=1.0), sizes=(1.0,)),
    ],
    "MyDropoutFunction": [
        *(
            of_layer(fact)
            for fact in (
                f.drop_share(),
                f.rows(),
                f.columns(),
                f.survivors(),
                f.digits(),
                f.test_time(),
                f.input_after(),
                f.shapes(),
                f.at_zero(),
                f.at_one(),
                f.outside(),
                f.number_dropped(),
                f.gradient_mask(**LAYER_BOTH),
                f.gradient_factor(**LAYER_BOTH),
                f.gradient_at_zero_input(**LAYER_BOTH),
            )
        ),
        fact_in_a_coat(FUNCTION, f.survivors()),
        fact_in_a_coat(FUNCTION, f.gradient_factor(**BOTH)),
        layers.one_layer_twice(function="MyDropout"),
        layers.source_of_chance(function="MyDropout"),
        layers.half_precision(function="MyDropout"),
        layers.home_of_the_mask(function="MyDropout"),
        layers.saved_state(function="MyDropout"),
        layers.mode_after_eval(function="MyDropout"),
        layers.printed(function="MyDropout"),
        layers.way_back(function="MyDropout"),
    ],
    "fixed_training_loop": [
        loops.loop_modes(),
        loops.loop_modes("loop_modes_after_eval", starts_in_eval=True),
        loops.loop_flags(),
        loops.loop_switch(),
        loops.loop_steps(rate=0.1),
        loops.net_at_test_time("inputs", **NET, p_in=0.5, p=0.0),
        loops.net_at_test_time("hidden", **NET, p_in=0.0, p=0.5),
        loops.net_rates(**NET),
        loops.net_factor(**NET),
    ],
}

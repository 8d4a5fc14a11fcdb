"""What is asked in assignment 8: the sentences a student may read, and the facts by which a belief is recognised.

A weight says how much of the exercise's points a sentence is worth; "needs" names what must hold before a sentence is tried. All of it
runs on the CPU. On a machine without torch nothing of it runs, and nobody loses a point.
"""

from autograder import checks as c
from autograder.checks import facts as f
from autograder.checks import torch_layers as t
from autograder.checks.coats import fact_in_a_coat, in_a_coat
from autograder.model import Exercise

NEEDS = ("torch",)
PRELOAD = ("torch._dynamo",)  # what torch.optim loads when it is first used

LAYER = t.layer_coat("MyDropout")
FUNCTION = t.function_coat("MyDropout", "MyDropoutFunction")
BOTH = {"forward": "MyDropout", "backward": "backward"}
SOME = "drops_some_and_keeps_some"
MEASURES = "measures_what_is_wrong"


def layer(check):
    """The check, put to the layer MyDropout."""
    return in_a_coat(LAYER, check)


def function(check):
    """The check, put to MyDropoutFunction itself."""
    return in_a_coat(FUNCTION, check)


EXERCISES = [
    Exercise(
        "compare_with_torch",
        [
            t.measures_what_is_wrong(part="out", p=0.3, weight=2),
            t.measures_what_is_wrong(part="grad", p=0.3, weight=2),
            t.finds_right_code_right(module="Dropout", p=0.3, weight=2, needs=MEASURES),
            t.keeps_its_head_among_zeros(p=0.3, weight=2, needs=MEASURES),
            t.finds_right_code_right(module="Dropout1d", p=0.3, shape=(6, 20, 7), needs=MEASURES),
            t.finds_right_code_right(module="Dropout2d", p=0.3, shape=(6, 20, 4, 4), needs=MEASURES),
            t.finds_right_code_right(module="Dropout3d", p=0.3, shape=(6, 20, 3, 3, 3), needs=MEASURES),
            t.finds_right_code_right(module="AlphaDropout", p=0.3, weight=2, needs=MEASURES),
            t.finds_right_code_right(module="Dropout", p=0.3, dtype="float32", needs=MEASURES),
            t.sees_one_wrong_number(part="out", p=0.3, weight=3, needs=MEASURES),
            t.counts_what_was_kept(weight=2, needs=MEASURES),
            t.counts_what_was_kept(zeros=True, needs=MEASURES),
            t.puts_the_module_into_training_mode(weight=5, needs=MEASURES),
            t.manages_the_end(p=0.0, weight=2, needs=MEASURES),
            t.manages_the_end(p=1.0, weight=2, needs=MEASURES),
        ],
    ),
    Exercise(
        "MyDropout",
        [
            layer(c.drops_some_and_keeps_some(p=0.3)),
            layer(c.drops_the_right_share(p=0.3, weight=3, needs=SOME)),
            layer(c.scales_the_survivors(p=0.3, by="1/(1-p)", weight=3, needs=SOME)),
            layer(c.is_identity_at_test_time(p=0.3, weight=6, needs=SOME)),
            layer(c.passes_gradient_to_kept_units_only(p=0.3, **BOTH, weight=2, needs=SOME)),
            layer(c.follows_the_mask(p=0.3, **BOTH, weight=2, needs="passes_gradient_to_kept_units_only")),
            layer(c.passes_gradient_where_x_is_zero(p=0.3, **BOTH, needs="passes_gradient_to_kept_units_only")),
            layer(c.follows_test_time(p=0.3, **BOTH, needs="passes_gradient_to_kept_units_only")),
            function(c.scales_the_survivors(p=0.3, by="1/(1-p)", weight=2, needs=SOME)),
            function(c.follows_the_mask(p=0.3, **BOTH, weight=2, needs="scales_the_survivors of MyDropoutFunction")),
            layer(c.treats_examples_apart(p=0.3, needs=SOME)),
            layer(c.treats_features_apart(p=0.3, needs=SOME)),
            layer(c.obeys_the_generator(p=0.3, needs=SOME)),
            t.draws_afresh_in_each_pass(p=0.3, weight=4, needs=SOME),
            t.remembers_each_pass_by_itself(p=0.3, weight=4, needs="draws_afresh_in_each_pass"),
            t.leaves_the_generator_alone_in_eval(p=0.3, weight=2, needs=SOME),
            layer(c.keeps_its_input(p=0.3, needs=SOME)),
            layer(c.keeps_dout(p=0.3, **BOTH, needs=SOME)),
            layer(c.takes_any_shape(p=0.3, shapes=((7,), (2, 3, 4, 5), (1, 1)), needs=SOME)),
            layer(c.drops_nothing_at_zero(needs=SOME)),
            layer(c.drops_everything_at_one(needs=SOME)),
            layer(c.refuses(p=-0.1, needs=SOME)),
            layer(c.refuses(p=1.5, needs=SOME)),
            t.computes_in(dtype="float64", p=0.3, needs=SOME),
            t.computes_in(dtype="float32", p=0.3, needs=SOME),
            t.computes_in(dtype="float16", p=0.3, needs=SOME),
            t.computes_in(dtype="bfloat16", p=0.3, needs=SOME),
            t.makes_its_mask_where_x_lives(p=0.3, needs=SOME),
            t.has_nothing_to_save(p=0.3, needs=SOME),
            t.shows_its_p(p=0.3, needs=SOME),
        ],
        functions=("MyDropoutFunction", "MyDropout"),
    ),
    Exercise(
        "fixed_training_loop",
        [
            t.takes_every_batch_once_per_epoch(epochs=3, batches=4),
            t.trains_in_training_mode(epochs=3, batches=4, weight=3, needs="takes_every_batch_once_per_epoch"),
            t.trains_in_training_mode(epochs=2, batches=3, starts_in_eval=True, needs="takes_every_batch_once_per_epoch"),
            t.measures_in_eval_mode(epochs=3, batches=4, weight=2, needs="takes_every_batch_once_per_epoch"),
            t.returns_the_flags_it_saw(epochs=3, batches=4, needs="takes_every_batch_once_per_epoch"),
            t.drops_in_training(net="FixedNet", p_in=0.5, p=0.0),
            t.drops_in_training(net="FixedNet", p_in=0.0, p=0.5),
            t.is_the_whole_network_at_test_time(net="FixedNet", p_in=0.5, p=0.0, weight=3, needs="drops_in_training"),
            t.is_the_whole_network_at_test_time(net="FixedNet", p_in=0.0, p=0.5, weight=3, needs="drops_in_training"),
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

BIG = (0.01, 0.5)

PROBES = {
    "compare_with_torch": [
        t.comparison("plain", case=t.Comparison()),
        t.comparison("among_zeros", case=t.Comparison(zeros=True)),
        t.comparison("alpha", case=t.Comparison("AlphaDropout")),
        t.comparison("wrong_forward", case=t.Comparison(factor=1.01), sizes=BIG),
        t.comparison("wrong_backward", case=t.Comparison(factor=1.01, part="grad"), sizes=BIG),
        t.comparison("one_wrong_number", case=t.Comparison(one_off=0.5), sizes=BIG),
        t.rate("keep_rate", case=t.Comparison("Fixed", shape=(30, 40))),
        t.rate("keep_rate_after_eval", case=t.Comparison("Fixed", shape=(30, 40), evaluating=True)),
        t.comparison("after_eval", case=t.Comparison("Fixed", shape=(30, 40), evaluating=True)),
        t.comparison("at_one", case=t.Comparison(p=1.0)),
    ],
    "MyDropout": [
        *(
            fact_in_a_coat(LAYER, fact)
            for fact in (
                f.drop_share(),
                f.rows(),
                f.columns(),
                f.survivors(),
                f.test_time(),
                f.input_after(),
                f.shapes(),
                f.at_zero(),
                f.at_one(),
                f.outside(),
                f.gradient_mask(**BOTH),
                f.gradient_factor(**BOTH),
                f.gradient_at_zero_input(**BOTH),
            )
        ),
        fact_in_a_coat(FUNCTION, f.survivors()),
        t.one_layer_twice(),
        t.half_precision(),
        t.saved_state(),
        t.printed(),
    ],
    "fixed_training_loop": [
        t.loop_modes(),
        t.loop_modes("loop_modes_after_eval", starts_in_eval=True),
        t.loop_flags(),
        t.net_at_test_time("inputs", net="FixedNet", p_in=0.5, p=0.0),
        t.net_at_test_time("hidden", net="FixedNet", p_in=0.0, p=0.5),
    ],
}

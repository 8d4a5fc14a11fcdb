"""What is asked in assignment 8: the marking sheet a student may read, and the facts by which a belief is recognised.

All of it runs on the CPU. On a machine without torch nothing of it runs, and nobody loses a point.
"""

from dataclasses import replace

from autograder import Exercise, Part
from autograder.dropout import checks as c
from autograder.dropout import symptoms as f
from autograder.dropout.forms import Flat
from autograder.dropout.torch import comparison_symptoms as s
from autograder.dropout.torch import comparisons as t
from autograder.dropout.torch import layer_symptoms, layers, loops, nets
from autograder.dropout.views import seen_through, through

NEEDS = ("torch",)
GPU = True  # `autograder grade --gpu` shows its sandboxes this machine's
PRELOAD = ("torch._dynamo",)  # what torch.optim loads when it is first used

FUNCTION = layers.function_coat("MyDropoutFunction", "MyDropoutFunction")
LAYER = layers.layer_coat("MyDropoutFunction", "MyDropout")
BOTH = {"forward": "MyDropoutFunction", "backward": "backward"}
LAYER_BOTH = {"forward": "MyDropout", "backward": "backward"}
OF_LAYER = {"function": "MyDropout", "p": 0.3}
AFTER_A_RELU = {"zeros": True, "case": ", where half of x is 0, as after a ReLU"}
BEFORE_A_RELU = {"zeros_in_dout": True, "case": ", where half of dout is 0, as before a ReLU"}
NOTICES = "notices_wrong_code(part=out, p=0.3)"
HANDED_OVER = "hands_over_the_multiplier"
DROPS = "drops_some_and_keeps_some of MyDropoutFunction"
MASKED = "passes_gradient_to_kept_units_only of MyDropoutFunction"
LAYER_DROPS = "drops_some_and_keeps_some of MyDropout"
LAYER_MASKED = "passes_gradient_to_kept_units_only of MyDropout"
FEATURES = "treats_features_apart of MyDropout"
MAPS = {"via": Flat((8, 4, 8)), "shape": (256, 256)}
RESTS = "is_identity_at_test_time of MyDropout"
STEPS = "takes_every_batch_once_per_epoch"
NET = {"net": "FixedNet"}
INPUTS = {**NET, "p_in": 0.5, "p": 0.0}
HIDDEN_UNITS = {**NET, "p_in": 0.0, "p": 0.5}


def function(check):
    """The check, put to MyDropoutFunction itself."""
    return through(FUNCTION, check)


def layer(check):
    """The check, put to the layer MyDropout."""
    return through(LAYER, check)


def agreement(part, sentence, *more):
    """The part about one of the two numbers that a comparison gives."""
    wrong = t.notices_wrong_code(part=part, p=0.3)
    right = t.finds_right_code_right(module="Dropout", p=0.3, part=part, needs=wrong)
    return Part(part, sentence, 25, gravity="core", checks=[wrong, right, *more])


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


EXERCISES = [
    Exercise(
        "compare_with_torch",
        [
            agreement("out", "NumPy's output is compared with that of the pass whose mask it got"),
            agreement(
                "grad", "NumPy's gradient by dout is compared with that of the pass whose mask it got",
                t.asks_with_the_dout_it_got(p=0.3, needs="notices_wrong_code(part=grad, p=0.3)"),
            ),
            Part(
                "mask",
                "the mask is the multiplier of a training pass, also where x or dout is 0, of all modules",
                25,
                gravity="core",
                needs=NOTICES,
                checks=[
                    t.hands_over_the_multiplier(),
                    t.hands_over_the_multiplier(zeros=True),
                    t.hands_over_the_multiplier(zeros_in_dout=True),
                    t.hands_over_the_multiplier(part="grad", needs=("notices_wrong_code(part=grad, p=0.3)", "grad")),
                    t.puts_the_module_into_training_mode(needs=HANDED_OVER),
                    t.finds_right_code_right(**AFTER_A_RELU, p=0.3, dtype="float32", needs=("out", "grad", HANDED_OVER)),
                    t.finds_right_code_right(**BEFORE_A_RELU, p=0.3, needs=("out", "grad", HANDED_OVER)),
                    *(
                        t.finds_right_code_right(module=module, p=0.3, shape=shape, dtype="float32", needs=("out", "grad"))
                        for module, shape in (
                            ("Dropout1d", (6, 20, 7)),
                            ("Dropout2d", (6, 20, 4, 4)),
                            ("Dropout3d", (6, 20, 3, 3, 3)),
                            ("AlphaDropout", (32, 50)),
                        )
                    ),
                ],
            ),
            Part(
                "measure",
                "a difference is the largest one, divided by the largest of torch's numbers",
                10,
                checks=[
                    t.measures_what_is_wrong(part="out", p=0.3, needs="out"),
                    t.measures_what_is_wrong(part="grad", p=0.3, needs="grad"),
                    t.sees_one_wrong_number(part="out", p=0.3, needs="out"),
                    t.sees_one_wrong_number(part="out", by=-0.5, p=0.3, needs="out"),
                ],
            ),
            Part(
                "rate",
                "keep_rate is the share of the mask that is not 0",
                5,
                checks=[
                    t.counts_what_was_kept(),
                    t.counts_what_was_kept(zeros=True, needs="hands_over_the_multiplier(zeros=True)"),
                ],
            ),
            Part(
                "manners",
                "p = 0 and p = 1, a mask of the shape and dtype of x; x and dout are left alone",
                10,
                gravity="manner",
                needs=NOTICES,
                checks=[
                    t.manages_the_end(end=0.0, needs=("out", "grad", "mask", "rate")),
                    t.manages_the_end(end=1.0, needs=("out", "grad", "mask", "rate")),
                    t.sees_what_is_wrong_at_one(needs=("out", "mask", "measure")),
                    t.hands_over_masks_like_x(p=0.3, dtype="float32", needs=("out", "grad", "mask")),
                    c.leaves_its_arguments_alone(arrays="x and dout", via=t.comparison(0.3)),
                ],
            ),
        ],
    ),
    Exercise(
        "MyDropoutFunction",
        [
            Part(
                "forward",
                "a number is dropped with probability p, and the survivors are divided by 1 - p",
                25,
                gravity="core",
                needs=DROPS,
                checks=[
                    function(c.drops_some_and_keeps_some(p=0.3)),
                    function(c.drops_the_right_share(p=0.3, calls=1)),
                    function(c.scales_the_survivors(p=0.3, by="1/(1-p)", dtype="float32")),
                ],
            ),
            Part(
                "mode",
                "MyDropout does so in training with its own p, and returns x as it is in eval mode",
                15,
                checks=[
                    layers.is_a_class_of_your_own(**OF_LAYER),
                    layer(c.drops_some_and_keeps_some(p=0.3, needs="is_a_class_of_your_own")),
                    layer(c.drops_the_right_share(p=0.3, calls=1, needs=("forward", LAYER_DROPS))),
                    layer(c.scales_the_survivors(p=0.3, by="1/(1-p)", dtype="float32", needs=("forward", LAYER_DROPS))),
                    layer(c.is_identity_at_test_time(p=0.3, needs=LAYER_DROPS)),
                    layer(c.follows_test_time(p=0.3, **LAYER_BOTH, needs=RESTS)),
                ],
            ),
            Part(
                "backward",
                "the gradient is multiplied by the very mask of its pass",
                20,
                needs=DROPS,
                checks=[
                    function(c.passes_gradient_to_kept_units_only(p=0.3, **BOTH)),
                    function(c.follows_the_mask(p=0.3, **BOTH, needs=MASKED)),
                    function(c.passes_gradient_where_x_is_zero(p=0.3, **BOTH, needs=MASKED)),
                    layer(c.passes_gradient_to_kept_units_only(p=0.3, **LAYER_BOTH, needs=LAYER_DROPS)),
                    layer(c.follows_the_mask(p=0.3, **LAYER_BOTH, needs=LAYER_MASKED)),
                    layers.remembers_each_pass_by_itself(**OF_LAYER, needs="follows_the_mask of MyDropout"),
                ],
            ),
            Part(
                "rng",
                "chance is torch's own: torch.manual_seed governs it, and eval mode draws nothing",
                5,
                needs=LAYER_DROPS,
                checks=[
                    layers.obeys_the_seed_of_torch(**OF_LAYER),
                    layers.leaves_the_generator_alone_in_eval(**OF_LAYER, needs=RESTS),
                ],
            ),
            Part(
                "coins",
                "each number throws a coin of its own, anew in every pass",
                25,
                gravity="core",
                needs=LAYER_DROPS,
                checks=[
                    layer(c.treats_examples_apart(p=0.3)),
                    layer(c.treats_features_apart(p=0.3)),
                    layer(c.treats_features_apart(p=0.3, what="place of a channel", **MAPS, needs=FEATURES)),
                    layers.draws_afresh_in_each_pass(**OF_LAYER),
                ],
            ),
            Part(
                "manners",
                "any shape, dtype and device, p = 0 and p = 1; a bad p is refused, x is left alone, nothing is saved, p is shown",
                10,
                gravity="manner",
                needs=DROPS,
                checks=[
                    function(c.drops_everything_at_one(needs="forward")),
                    function(c.keeps_its_input(p=0.3)),
                    function(c.keeps_dout(p=0.3, **BOTH, needs=MASKED)),
                    layer(c.takes_any_shape(p=0.3, shapes=((7,), (2, 3, 4, 5), (1, 1)), needs=LAYER_DROPS)),
                    layer(c.drops_nothing_at_zero(needs=("forward", LAYER_DROPS))),
                    layer(c.drops_everything_at_one(needs=("forward", LAYER_DROPS))),
                    layer(c.refuses(p=-0.1, needs=LAYER_DROPS)),
                    layer(c.refuses(p=1.5, needs=LAYER_DROPS)),
                    *(
                        layers.computes_in(dtype=dtype, **OF_LAYER, needs=("forward", "mode", "backward"))
                        for dtype in ("float64", "float32", "float16", "bfloat16")
                    ),
                    layers.makes_its_mask_where_x_lives(**OF_LAYER, needs=LAYER_DROPS),
                    layers.has_nothing_to_save(**OF_LAYER, needs=LAYER_DROPS),
                    layers.shows_its_p(**OF_LAYER, needs=LAYER_DROPS),
                ],
            ),
        ],
        functions=("MyDropoutFunction", "MyDropout"),
    ),
    Exercise(
        "fixed_training_loop",
        [
            Part(
                "steps",
                "each epoch takes one plain step of SGD on each batch, with mean cross-entropy",
                10,
                checks=[
                    loops.takes_every_batch_once_per_epoch(epochs=3, batches=4),
                    loops.takes_steps_of_sgd(rate=0.1, needs=STEPS),
                ],
            ),
            Part(
                "train",
                "every step is taken in training mode, to the last epoch",
                25,
                gravity="core",
                checks=[
                    loops.trains_in_training_mode(epochs=3, batches=4),
                    loops.trains_in_training_mode(epochs=2, batches=3, starts_in_eval=True),
                ],
            ),
            Part(
                "measure",
                "after each epoch all batches are measured, in eval mode",
                10,
                needs=STEPS,
                checks=[loops.measures_in_eval_mode(epochs=3, batches=4)],
            ),
            Part(
                "flags",
                "it returns model.training as it was at each step",
                10,
                gravity="manner",
                needs=STEPS,
                checks=[loops.returns_the_flags_it_saw(epochs=3, batches=4)],
            ),
            Part(
                "net",
                "FixedNet has two ReLU layers and in training drops inputs with p_in, both hidden layers with p, survivors scaled",
                20,
                checks=[
                    nets.drops_in_training(**INPUTS),
                    nets.drops_in_training(**HIDDEN_UNITS),
                    nets.computes_two_relu_layers(**NET, needs="drops_in_training"),
                    nets.drops_each_layer_as_often_as_told(**NET, p_in=0.6, p=0.2, needs="computes_two_relu_layers"),
                    nets.scales_the_survivors_of_each_layer(**NET, p_in=0.5, p=0.2, needs="drops_each_layer_as_often_as_told"),
                ],
            ),
            Part(
                "eval",
                "FixedNet drops nothing after .eval()",
                25,
                gravity="core",
                checks=[
                    nets.drops_nothing_after_eval(**INPUTS, needs=nets.drops_in_training(**INPUTS)),
                    nets.drops_nothing_after_eval(**HIDDEN_UNITS, needs=nets.drops_in_training(**HIDDEN_UNITS)),
                ],
            ),
        ],
        functions=("FixedNet", "fixed_training_loop"),
    ),
    Exercise(
        "quiz",
        [
            question("handed_over", "the factor of a ported keep_prob"),
            question("live_steps", "the patient's steps in training mode"),
            question("seen_rate", "the keep rate seen in the output"),
            question("fastest", "the least time of a forward pass"),
            question("functional", "what F.dropout does after eval()", choices="abcd"),
            question("same_seed", "what one seed on two devices may be asked", choices="abcd"),
        ],
    ),
]

FIXED = t.Comparison("Fixed", shape=(30, 40))


def of_layer(fact):
    """The fact, seen of the layer MyDropout."""
    return seen_through(LAYER, fact)


PROBES = {
    "compare_with_torch": [
        s.agrees("plain_out", case=t.Comparison(), part="out"),
        s.agrees("plain_grad", case=t.Comparison(), part="grad"),
        s.agrees("alpha", case=t.Comparison("AlphaDropout"), part="out"),
        s.agrees("at_one", case=t.Comparison(p=1.0), part="out"),
        s.measured("one_percent", factor=1.01),
        s.measured("one_wrong_number", one_off=0.5),
        s.measured("one_wrong_number_too_small", one_off=-0.5),
        s.mask_taken("mask"),
        s.mask_taken("mask_among_zeros", case=replace(s.FIXED, zeros=True)),
        s.mask_taken("mask_after_eval", case=replace(s.FIXED, evaluating=True)),
        s.mask_taken("mask_of_zeros_in_dout", case=replace(s.FIXED, zeros_in_dout=True), part="grad"),
        s.gradient_taken(),
        s.rate("keep_rate", case=FIXED),
        s.rate("keep_rate_among_zeros", case=replace(FIXED, zeros=True)),
        s.rate("keep_rate_after_eval", case=replace(FIXED, evaluating=True)),
    ],
    "MyDropoutFunction": [
        *(
            of_layer(fact)
            for fact in (
                f.drop_share(),
                f.rows(),
                f.columns(),
                f.channels(),
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
                f.dout_after(**LAYER_BOTH),
            )
        ),
        seen_through(FUNCTION, f.survivors()),
        seen_through(FUNCTION, f.gradient_factor(**BOTH)),
        layer_symptoms.one_layer_twice(function="MyDropout"),
        layer_symptoms.source_of_chance(function="MyDropout"),
        layer_symptoms.half_precision(function="MyDropout"),
        layer_symptoms.divisor(function="MyDropout"),
        layer_symptoms.home_of_the_mask(function="MyDropout"),
        layer_symptoms.saved_state(function="MyDropout"),
        layer_symptoms.mode_after_eval(function="MyDropout"),
        layer_symptoms.printed(function="MyDropout"),
        layer_symptoms.way_back(function="MyDropout"),
    ],
    "fixed_training_loop": [
        loops.loop_modes(),
        loops.loop_modes("loop_modes_after_eval", starts_in_eval=True),
        loops.loop_flags(),
        loops.loop_switch(),
        loops.loop_steps(rate=0.1),
        nets.net_at_test_time("inputs", **NET, p_in=0.5, p=0.0),
        nets.net_at_test_time("hidden", **NET, p_in=0.0, p=0.5),
        nets.net_rates(**NET),
        nets.net_scores(**NET),
        nets.net_factor(**NET),
        nets.net_output(**NET),
        nets.net_relus(**NET),
    ],
}

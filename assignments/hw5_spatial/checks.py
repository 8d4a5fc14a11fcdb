"""What assignment 5 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from autograder import Exercise, Part
from autograder.checks_api import symptoms as t
from autograder.dropout import symptoms as f
from autograder.dropout.forms import Blocks, Shared
from autograder.dropout.spatial import checks as c
from autograder.dropout.spatial import shift_symptoms as v
from autograder.dropout.spatial import symptoms as s
from autograder.dropout.spatial.normalisation import Memory
from autograder.dropout.views import asked_of, asking
from autograder.model import Given, Seed

# How many spatial axes, and how long. The coins of the channels are counted on maps of one place, where each channel is whole.
IMAGES = {"via": Shared(2, (4, 3), "channel")}
SEQUENCES = {"via": Shared(2, (5,), "channel")}
VOLUMES = {"via": Shared(2, (2, 3, 2), "channel")}
ONE_PLACE = {"via": Shared(2, (1, 1), "channel")}
MAPS = {"shape": (8, 12, 3, 2)}
SMALL_MAPS = {"shape": (2, 3, 4, 5)}
SPATIAL = {"forward": "spatial_dropout_forward", "backward": "spatial_dropout_backward"}

UNITS = {"via": Blocks((0, 2))}  # single units, of maps of one column
GAMMA = {"gamma": "dropblock_gamma"}
RATIO = {"names": ("ratio",), "tolerance": 1e-5}  # ten digits are a matter of manners
TOO_LARGE = (Given("(2, 3, 9, 4)", (2, 3, 9, 4)), 0.3, 5, Seed(1))
MEMORY = {"memory": Memory(state="running", reset="start_over", rate=0.1, eps=1e-5)}

SOME = "drops_some_and_keeps_some"
MASK = "dropblock_mask"
COINS = "drops_the_right_share of dropblock_mask(p=0.3)"
BLOCKS = "drops_whole_blocks of dropblock_mask(p=0.3, block=3)"
GRADIENT = "passes_gradient_to_kept_units_only"


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


def of_mask(*checks):
    """Checks of the second function of an exercise."""
    return [asking(MASK, check, MASK) for check in checks]


EXERCISES = [
    Exercise(
        "spatial_dropout_forward",
        [
            Part(
                "whole",
                "a channel is dropped or kept at all of its places",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_some_and_keeps_some(p=0.3, **MAPS),
                    c.drops_as_a_whole(p=0.3, case="images (N, C, H, W)", **IMAGES),
                ],
            ),
            Part(
                "coins",
                "each channel of each example throws a coin of its own with probability p, anew in every call",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_the_right_share(p=0.3, what="channel", **ONE_PLACE),
                    c.treats_examples_apart(p=0.3, **ONE_PLACE),
                    c.treats_features_apart(p=0.3, what="channel", **ONE_PLACE),
                    c.keeps_a_varying_number(p=0.3, **ONE_PLACE),
                    c.draws_afresh(p=0.3, **ONE_PLACE, needs="drops_the_right_share"),
                ],
            ),
            Part(
                "scale",
                "survivors are divided by 1 - p",
                share=15,
                needs=SOME,
                checks=[c.scales_the_survivors(p=0.3, by="1/(1-p)", **MAPS)],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=10,
                needs=SOME,
                checks=[
                    c.obeys_the_generator(p=0.3, **ONE_PLACE),
                    c.leaves_global_random_state_alone(p=0.3, **ONE_PLACE),
                ],
            ),
            Part(
                "test",
                "test time returns x unchanged and draws nothing",
                share=10,
                needs=SOME,
                checks=[
                    c.is_identity_at_test_time(p=0.3, **MAPS),
                    c.draws_nothing_at_test_time(p=0.3, **MAPS, needs=("is_identity_at_test_time", "obeys_the_generator")),
                ],
            ),
            Part(
                "manners",
                "one, two or three spatial axes, either dtype, ten digits, p = 0 and p = 1; a bad p is refused, x is left alone",
                share=15,
                gravity="manner",
                needs=SOME,
                checks=[
                    c.drops_as_a_whole(p=0.3, case="sequences (N, C, L)", **SEQUENCES, needs="drops_as_a_whole"),
                    c.drops_as_a_whole(p=0.3, case="volumes (N, C, D, H, W)", **VOLUMES, needs="whole"),
                    c.is_exact_to_ten_digits(p=0.3, **MAPS, needs="scales_the_survivors"),
                    c.keeps_its_input(p=0.3, **MAPS),
                    c.keeps_the_dtype(p=0.3, dtype="float32", **MAPS),
                    c.keeps_the_dtype(p=0.3, dtype="float64", **MAPS),
                    c.drops_nothing_at_zero(**MAPS, needs="drops_the_right_share"),
                    c.drops_everything_at_one(**MAPS, needs="drops_the_right_share"),
                    c.refuses(p=-0.1, **SMALL_MAPS),
                    c.refuses(p=1.5, **SMALL_MAPS),
                    c.refuses_at_test_time(p=1.5, **SMALL_MAPS),
                ],
            ),
        ],
    ),
    Exercise(
        "spatial_dropout_backward",
        [
            Part(
                "mask",
                "the gradient goes where forward's signal went, with the same factor",
                share=50,
                gravity="core",
                checks=[
                    c.passes_gradient_to_kept_units_only(p=0.3, **SPATIAL, **MAPS),
                    c.follows_the_mask(p=0.3, **SPATIAL, **MAPS, needs=GRADIENT),
                ],
            ),
            Part(
                "test",
                "after a test pass the gradient passes unchanged",
                share=20,
                needs=GRADIENT,
                checks=[c.follows_test_time(p=0.3, **SPATIAL, **MAPS, by="1")],
            ),
            Part(
                "cache",
                "it looks at the cache it is given, and at nothing else",
                share=15,
                needs=GRADIENT,
                checks=[
                    c.belongs_to_its_own_cache(p=0.3, **SPATIAL, **MAPS),
                    c.passes_gradient_where_x_is_zero(p=0.3, **SPATIAL, **MAPS),
                ],
            ),
            Part(
                "manners",
                "as many spatial axes as forward takes; dout and the cache are left as they were",
                share=15,
                gravity="manner",
                needs=GRADIENT,
                checks=[
                    c.masks_the_gradient_in_any_shape(p=0.3, **SPATIAL, shapes=((6, 5, 4), (3, 4, 2, 3, 2))),
                    c.can_be_called_twice(p=0.3, **SPATIAL, **MAPS),
                    c.keeps_dout(p=0.3, **SPATIAL, **MAPS),
                ],
            ),
        ],
    ),
    Exercise(
        "dropblock_gamma",
        [
            Part(
                "gamma",
                "gamma makes up for the size of a block and for the places where none may begin",
                share=30,
                gravity="core",
                checks=[c.is_right(given=(8, 6, 0.3, 3), wanted=1 / 15, names=("gamma",), name="gamma")],
            ),
            Part(
                "blocks",
                "the mask loses whole blocks that lie inside the map",
                share=25,
                gravity="core",
                checks=of_mask(c.drops_whole_blocks(p=0.3, block=3)),
            ),
            Part(
                "coins",
                "each valid place of each map throws a coin of its own with probability gamma, anew in every call",
                share=25,
                gravity="core",
                needs=COINS,
                checks=of_mask(
                    c.drops_the_right_share(p=0.3, what="unit, when block = 1,", **UNITS),
                    c.draws_blocks_for_each_map(p=0.3, block=3, needs=BLOCKS),
                    c.drops_blocks_as_often_as_gamma_says(p=0.3, block=3, **GAMMA, needs=BLOCKS),
                    c.draws_afresh(p=0.3, **UNITS),
                ),
            ),
            Part(
                "scale",
                "what is left is multiplied by (all units) / (units left), counted over the whole mask",
                share=10,
                checks=of_mask(c.scales_by_the_kept_share(p=0.3, block=3)),
            ),
            Part(
                "manners",
                "chance comes from rng alone; ten digits, both ends of p, an empty mask; a bad p and a block that does not fit are refused",
                share=10,
                gravity="manner",
                checks=[
                    c.raises_value_error(case="a gamma of blocks larger than the map", given=(4, 9, 0.3, 5)),
                    *of_mask(
                        c.obeys_the_generator(p=0.3, **UNITS, needs=COINS),
                        c.leaves_global_random_state_alone(p=0.3, **UNITS),
                        c.drops_nothing_at_zero(**UNITS, needs=COINS),
                        c.stays_finite_when_nothing_is_left(needs=COINS),
                        c.raises_value_error(case="blocks larger than the map", given=TOO_LARGE),
                        c.refuses(p=1.5, **UNITS),
                    ),
                ],
            ),
        ],
        functions=("dropblock_gamma", "dropblock_mask"),
    ),
    Exercise(
        "variance_shift",
        [
            Part(
                "shift",
                "the ratio is test over training, and the average plays its part",
                share=60,
                gravity="core",
                checks=[
                    c.is_right(case="average 1, deviation 2, p = 0.2", given=(1.0, 2.0, 0.2), wanted=16 / 21, **RATIO),
                    c.is_right(case="p = 0", given=(1.5, 2.0, 0.0), wanted=1.0, **RATIO),
                ],
            ),
            Part(
                "centred",
                "it is 1 - p when the average is 0",
                share=25,
                checks=[c.is_right(case="average 0", given=(0.0, 1.5, 0.2), wanted=0.8, **RATIO)],
            ),
            Part(
                "manners",
                "ten digits; p = 1 and a bad p are refused",
                share=15,
                gravity="manner",
                checks=[
                    c.raises_value_error(case="p = 1", given=(1.0, 1.0, 1.0)),
                    c.raises_value_error(case="p below 0", given=(0.5, 1.0, -0.1)),
                ],
            ),
        ],
    ),
    Exercise(
        "fixed_conv_block",
        [
            Part(
                "training",
                "training normalises each channel over the examples and all places",
                share=25,
                gravity="core",
                checks=[c.normalises_each_channel(**MEMORY)],
            ),
            Part(
                "memory",
                "training moves the running mean and variance towards each batch",
                share=15,
                checks=[c.remembers_the_batches(p=0.0, **MEMORY)],
            ),
            Part(
                "test",
                "test time normalises with the running statistics, drops nothing and learns nothing",
                share=20,
                checks=[
                    c.normalises_at_test_time(p=0.3, **MEMORY),
                    c.learns_nothing_at_test_time(p=0.3, **MEMORY, needs="normalises_at_test_time"),
                ],
            ),
            Part(
                "dropout",
                "dropout comes last; each channel of each example throws a coin of its own, from rng",
                share=25,
                gravity="core",
                needs="drops_channels_last",
                checks=[
                    c.drops_channels_last(p=0.3, **MEMORY),
                    c.drops_each_channel_by_itself(p=0.3, **MEMORY),
                    c.draws_from_rng(via=c.normalised(p=0.3, shape=(12, 10, 4, 3), kept=True, **MEMORY)),
                    c.remembers_the_batches(p=0.3, **MEMORY, needs="remembers_the_batches(p=0.0)"),
                ],
            ),
            Part(
                "manners",
                "eps under the root, either dtype, p = 1; a bad p is refused, x is left alone",
                share=15,
                gravity="manner",
                checks=[
                    c.divides_by_the_right_root(**MEMORY, needs="normalises_each_channel"),
                    *(
                        c.gives_the_dtype(dtype=dtype, via=c.in_both_modes(c.normalised, p=0.3, dtype=dtype, **MEMORY))
                        for dtype in ("float32", "float64")
                    ),
                    c.leaves_its_arguments_alone(arrays="x", via=c.normalised(p=0.3, **MEMORY)),
                    c.drops_every_channel_at_one(**MEMORY, needs="dropout"),
                    c.raises_value_error(case="p = 1.5, in training and at test time", via=c.in_both_modes(c.normalised, p=1.5, **MEMORY)),
                ],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            question("coins", "how many coins PyTorch throws for one image"),
            question("middle", "how often a unit in the middle of the map is dropped"),
            question("louder", "how much louder a coin per channel is"),
            question("relu_shift", "the variance shift behind a ReLU"),
            question("vanilla", "the variance shift of vanilla dropout", choices="abcd"),
            question("stack", "which normalisations meet a shift", choices="abcd"),
        ],
    ),
]

WIDE = {"shape": (53, 59, 2, 1)}  # 0.7 of 53 * 59 * 2 is no whole number, so 1 / (realised share) is never 1 / (1 - p)
SMALL = {"shape": (3, 4, 5, 2)}
WIDE_PAIR = {**SPATIAL, **WIDE}

LARGE_MAPS = {"shape": (6, 8, 20, 25)}  # a single one of which has enough blocks at its border
MASK_FACTS = [
    t.takes("too_large", given=TOO_LARGE),
    s.large_blocks_drop(),
    s.zeros_form("zeros", block=3, **LARGE_MAPS),
    s.zeros_form("zeros_of_even_blocks", block=4, **LARGE_MAPS),
    s.inner_share("inner_units", block=3),
    s.overlaps("overlaps", block=3),
    s.maps_masked("maps", block=3),
    s.blocks_a_map("untouched_maps", block=3),
    s.block_scale("survivors", block=3),
    s.block_digits("digits", block=3),
    f.at_one("nothing_left", via=Blocks((0, 1, 2, 3), block=2), shape=(3, 4, 2, 2)),
    s.left_at_one("left_at_one", block=3),
    f.drop_share(**UNITS),
    f.next_mask(**UNITS),
    f.generator(**UNITS),
    f.at_zero(**UNITS),
    f.outside(**UNITS),
]

PROBES = {
    "spatial_dropout_forward": [
        s.mask_axes("sequences", shape=(17, 13, 11)),
        s.mask_axes("images", shape=(17, 13, 7, 6)),
        s.mask_axes("volumes", shape=(17, 13, 5, 4, 3)),
        f.drop_share(**WIDE),
        f.number_dropped(**ONE_PLACE),
        f.when_all_are_dropped(shape=(1, 2), **ONE_PLACE),
        f.next_mask(**WIDE),
        f.generator(**WIDE),
        f.survivors(**WIDE),
        f.digits(**WIDE),
        f.test_time(**WIDE),
        f.rng_at_test(**SMALL),
        f.input_after(**SMALL),
        f.float32_gives(**SMALL),
        f.at_zero(**SMALL),
        f.at_one(**SMALL),
        f.outside(**SMALL),
        f.outside_at_test(**SMALL),
    ],
    "spatial_dropout_backward": [
        f.gradient_mask(**WIDE_PAIR),
        s.gradient_axes(**WIDE_PAIR),
        s.gradient_places(**WIDE_PAIR),
        f.gradient_factor(**WIDE_PAIR),
        f.test_gradient(**WIDE_PAIR),
        f.cache_used(**WIDE_PAIR),
        f.gradient_at_zero_input(**WIDE_PAIR),
        f.dout_after(**SPATIAL, **MAPS),
    ],
    "dropblock_gamma": [
        f.gives("gamma", given=(14, 14, 0.1, 7)),
        f.gives("gamma_of_a_wide_map", given=(8, 6, 0.3, 3)),
        t.takes("gamma_too_large", given=(4, 9, 0.3, 5)),
        *(asked_of(MASK, fact, "mask") for fact in MASK_FACTS),
    ],
    "variance_shift": [
        v.direction(),
        v.root(),
        v.exponent_of_mu(),
        v.exponent_of_sigma(),
        v.factor(),
        v.centre(),
        v.digits_of_ratio(),
        t.takes("outside", given=(1.0, 2.0, 1.25)),
        t.refused("at_one", given=(1.0, 2.0, 1.0)),
    ],
    "fixed_conv_block": [
        s.normalised_over(**MEMORY),
        s.memory_holds(**MEMORY),
        s.memory_holds("memory_with_dropout", p=0.3, **MEMORY),
        s.test_uses(**MEMORY),
        s.memory_at_test(**MEMORY),
        s.dropout_place(**MEMORY),
        s.block_mask_axes(**MEMORY),
        s.block_factor(**MEMORY),
        s.block_share(**MEMORY),
        s.block_generator(**MEMORY),
        s.block_at_one(**MEMORY),
        t.arguments_after("x_after", via=c.normalised(p=0.3, **MEMORY)),
        t.takes("block_outside", via=[view for p in (-0.25, 1.25) for view in c.in_both_modes(c.normalised, p=p, **MEMORY)]),
    ],
}

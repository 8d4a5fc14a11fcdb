"""What assignment 5 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from autograder import Exercise
from autograder import checks as c
from autograder.checks import facts as f
from autograder.checks import structured_facts as s
from autograder.checks.forms import Blocks, Shared
from autograder.checks.lenses import asked_of, asking
from autograder.checks.normalisation import Memory
from autograder.model import Seed

# How many spatial axes, and how long. The chance tests use tiny maps: what counts there is the number of channels.
IMAGES = {"via": Shared(2, (4, 3), "channel")}
SEQUENCES = {"via": Shared(2, (5,), "channel")}
VOLUMES = {"via": Shared(2, (2, 3, 2), "channel")}
TINY = {"via": Shared(2, (1, 2), "channel")}
MAPS = {"shape": (8, 12, 3, 2)}
SPATIAL = {"forward": "spatial_dropout_forward", "backward": "spatial_dropout_backward", **MAPS}

UNITS = {"via": Blocks((0, 1))}
GAMMA = {"gamma": "dropblock_gamma"}
MEMORY = {"memory": Memory(state="running", reset="start_over", rate=0.1, eps=1e-5)}

SOME = "drops_some_and_keeps_some"
WHOLE = "drops_as_a_whole(p=0.3, case=images (N, C, H, W))"
COINS = "drops_the_right_share of dropblock_mask(p=0.3)"
BLOCKS = "drops_whole_blocks of dropblock_mask(p=0.3, block=3)"
GRADIENT = "passes_gradient_to_kept_units_only"
SHIFT = "is_right(case=average 1, deviation 1, p = 0.2)"
NORMAL = "normalises_each_channel"
LAST = "drops_channels_last(p=0.3)"

# One exercise, two functions: the exercise has the name of the first
MASK = [
    c.drops_the_right_share(p=0.3, what="unit, when block = 1,", **UNITS),
    c.drops_whole_blocks(p=0.3, block=3, weight=8),
    c.drops_blocks_as_often_as_gamma_says(p=0.3, block=3, **GAMMA, weight=4, needs=BLOCKS),
    c.draws_blocks_for_each_map(p=0.3, block=3, **GAMMA, weight=4, needs=BLOCKS),
    c.scales_by_the_kept_share(p=0.3, block=3, weight=6, needs=COINS),
    c.draws_afresh(p=0.3, **UNITS, weight=3, needs=COINS),
    c.obeys_the_generator(p=0.3, **UNITS, weight=4, needs=COINS),
    c.leaves_global_random_state_alone(p=0.3, **UNITS, weight=3, needs=COINS),
    c.drops_nothing_at_zero(**UNITS, needs=COINS),
    c.stays_finite_when_nothing_is_left(weight=2, needs=COINS),
    c.refuses_the_call(case="the blocks are larger than the map", given=((2, 3, 9, 4), 0.3, 5, Seed(1)), needs=COINS),
    c.refuses(p=1.5, **UNITS, needs=COINS),
]

EXERCISES = [
    Exercise(
        "spatial_dropout_forward",
        [
            c.drops_some_and_keeps_some(p=0.3, **MAPS),
            c.drops_as_a_whole(p=0.3, case="images (N, C, H, W)", **IMAGES, weight=4, needs=SOME),
            c.drops_as_a_whole(p=0.3, case="sequences (N, C, L)", **SEQUENCES, weight=2, needs=SOME),
            c.drops_as_a_whole(p=0.3, case="volumes (N, C, D, H, W)", **VOLUMES, weight=2, needs=SOME),
            c.drops_the_right_share(p=0.3, what="channel", **TINY, weight=4, needs=WHOLE),
            c.treats_examples_apart(p=0.3, **TINY, weight=5, needs=WHOLE),
            c.treats_features_apart(p=0.3, what="channel", **TINY, weight=3, needs=WHOLE),
            c.keeps_a_varying_number(p=0.3, **TINY, weight=4, needs=WHOLE),
            c.draws_afresh(p=0.3, **TINY, weight=3, needs=WHOLE),
            c.obeys_the_generator(p=0.3, **TINY, weight=4, needs=WHOLE),
            c.leaves_global_random_state_alone(p=0.3, **TINY, weight=3, needs=SOME),
            c.scales_the_survivors(p=0.3, by="1/(1-p)", **MAPS, weight=11, needs=SOME),
            c.is_identity_at_test_time(p=0.3, **MAPS, weight=10, needs=SOME),
            c.draws_nothing_at_test_time(p=0.3, **MAPS, weight=2, needs=("is_identity_at_test_time", "obeys_the_generator")),
            c.keeps_its_input(p=0.3, **MAPS, weight=2, needs=SOME),
            c.keeps_the_dtype(p=0.3, dtype="float32", **MAPS, weight=3, needs=SOME),
            c.keeps_the_dtype(p=0.3, dtype="float64", **MAPS, weight=3, needs=SOME),
            c.drops_nothing_at_zero(**MAPS, needs=SOME),
            c.drops_everything_at_one(**MAPS, weight=3, needs=SOME),
            c.refuses(p=-0.1, shape=(2, 3, 4, 5), needs=SOME),
            c.refuses(p=1.5, shape=(2, 3, 4, 5), needs=SOME),
            c.refuses_at_test_time(p=1.5, shape=(2, 3, 4, 5), weight=2, needs=SOME),
        ],
    ),
    Exercise(
        "spatial_dropout_backward",
        [
            c.passes_gradient_to_kept_units_only(p=0.3, **SPATIAL),
            c.follows_the_mask(p=0.3, **SPATIAL, weight=2, needs=GRADIENT),
            c.follows_test_time(p=0.3, **SPATIAL, by="1", needs=GRADIENT),
            c.belongs_to_its_own_cache(p=0.3, **SPATIAL, needs=GRADIENT),
            c.passes_gradient_where_x_is_zero(p=0.3, **SPATIAL, needs=GRADIENT),
            c.keeps_dout(p=0.3, **SPATIAL, needs=GRADIENT),
        ],
    ),
    Exercise(
        "dropblock_gamma",
        [
            c.returns(given=(8, 6, 0.3, 3), wanted=1 / 15, names=("gamma",), name="gamma", tolerance=1e-6, weight=4),
            c.refuses_the_call(case="gamma is asked for blocks larger than the map", given=(4, 9, 0.3, 5), needs="returns"),
            *(asking("dropblock_mask", check, "dropblock_mask") for check in MASK),
        ],
        functions=("dropblock_gamma", "dropblock_mask"),
    ),
    Exercise(
        "variance_shift",
        [
            c.is_right(case="average 1, deviation 1, p = 0.2", given=(1.0, 1.0, 0.2), wanted=2 / 3, names=("ratio",)),
            c.is_right(case="p = 0", given=(1.5, 2.0, 0.0), wanted=1.0, names=("ratio",), needs=SHIFT),
            c.raises_value_error(case="p = 1", given=(1.0, 1.0, 1.0), needs=SHIFT),
        ],
    ),
    Exercise(
        "fixed_conv_block",
        [
            c.normalises_each_channel(**MEMORY, weight=6),
            c.divides_by_the_right_root(**MEMORY, needs=NORMAL),
            c.remembers_the_batches(p=0.0, **MEMORY, weight=4),
            c.normalises_at_test_time(p=0.3, **MEMORY, weight=6),
            c.learns_nothing_at_test_time(p=0.3, **MEMORY, weight=4, needs="normalises_at_test_time"),
            c.drops_channels_last(p=0.3, **MEMORY, weight=4),
            c.drops_each_channel_by_itself(p=0.3, **MEMORY, weight=4, needs=LAST),
            c.remembers_the_batches(p=0.3, **MEMORY, weight=2, needs=LAST),
            c.minds_its_manners(p=0.3, **MEMORY, needs=NORMAL),
            c.minds_its_manners(p=0.3, dtype="float64", **MEMORY, needs=NORMAL),
            c.refuses_in_both_modes(p=1.5, **MEMORY, needs=NORMAL),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="coins", weight=0),
            c.is_filled_in(key="middle", weight=0),
            c.is_filled_in(key="louder", weight=0),
            c.is_filled_in(key="relu_shift", weight=0),
            c.is_filled_in(key="vanilla", choices="abcd", weight=0),
            c.is_filled_in(key="stack", choices="abcd", weight=0),
        ],
    ),
]

WIDE = {"shape": (53, 59, 2, 1)}  # 0.7 of 53 * 59 * 2 is no whole number, so 1 / (realised share) is never 1 / (1 - p)
SMALL = {"shape": (3, 4, 5, 2)}
WIDE_PAIR = {"forward": "spatial_dropout_forward", "backward": "spatial_dropout_backward", **WIDE}

MASK_FACTS = [
    s.call_gives("too_large", given=((2, 3, 9, 4), 0.3, 5, Seed(1))),
    s.zeros_form("zeros", block=3),
    s.zeros_form("zeros_of_even_blocks", block=4),
    s.inner_share("inner_units", block=3),
    s.maps_masked("maps", block=3),
    s.blocks_a_map("untouched_maps", block=3),
    s.block_scale("survivors", block=3),
    s.when_nothing_is_left("nothing_left"),
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
        f.number_dropped(**TINY),
        f.next_mask(**WIDE),
        f.generator(**WIDE),
        f.survivors(**WIDE),
        f.digits(**WIDE),
        f.test_time(**WIDE),
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
        f.gradient_factor(**WIDE_PAIR),
        f.test_gradient(**WIDE_PAIR),
        f.cache_used(**WIDE_PAIR),
        f.gradient_at_zero_input(**WIDE_PAIR),
        f.dout_after(**SPATIAL),
    ],
    "dropblock_gamma": [
        f.value_at("gamma", given=(14, 14, 0.1, 7)),
        f.value_at("gamma_of_a_wide_map", given=(8, 6, 0.3, 3)),
        s.call_gives("gamma_too_large", given=(4, 9, 0.3, 5)),
        *(asked_of("dropblock_mask", fact, "mask") for fact in MASK_FACTS),
    ],
    "variance_shift": [
        f.value_at("ratio", given=(1.0, 2.0, 0.2)),
        f.value_at("centred", given=(0.0, 1.0, 0.2)),
        f.value_at("far_from_zero", given=(3.0, 2.0, 0.2)),
        s.call_gives("outside", given=(1.0, 2.0, 1.25)),
        s.call_gives("at_one", given=(1.0, 2.0, 1.0)),
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
    ],
}

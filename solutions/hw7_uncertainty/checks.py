"""What assignment 7 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from math import log

from autograder import Exercise
from autograder import checks as c
from autograder.checks import facts as f
from autograder.checks import theory as t
from autograder.checks import uncertainty_facts as u
from autograder.checks.lenses import asked_of, asking
from autograder.checks.noise import Positive
from autograder.checks.uncertainty import NOISY, STEEP
from autograder.model import Seed

SHAPES = ((7,), (2, 3, 4), (2, 3, 4, 5))
STATS = {"names": ("mean", "entropy", "mutual_information")}
KEPT = {"via": Positive()}  # alpha dropout of ones: what stays positive was kept
PROBABILITIES = "gives_probabilities_for_each_pass"
SOFTMAX = "is_the_softmax_of_each_pass"
MEAN = "is_right(case=three passes and two examples, name=mean, tolerance=1e-06)"
NOISE = "multiplies_by_noise of Gaussian dropout"
BRANCHES = "sets_some_and_keeps_some of alpha dropout"
UNITS = "drops_inputs_of_the_layer"

# Scores of thousands, with whole answers: e^-1000 is exactly 0 here. One row is far below the other.
PEAKS = [[1.0, 0.0, -2.0], [-3.0, -3.0, -3.0]]
HEIGHTS = [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]]

# Three passes, two examples, three classes
PASSES = [
    [[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]],
    [[0.25, 0.5, 0.25], [0.0, 0.5, 0.5]],
    [[0.375, 0.375, 0.25], [0.5, 0.25, 0.25]],
]
BROAD = -0.75 * log(0.375) - 0.25 * log(0.25)  # entropy of (0.375, 0.375, 0.25)
SURE_BUT_SPLIT = [[[1.0, 0.0]], [[0.0, 1.0]]]
UNSURE_AND_AGREED = [[[0.5, 0.5]], [[0.5, 0.5]]]

LAYER = ([[1.0, -0.5], [0.3, 2.0]], [[1.0, 0.0, -1.0], [0.5, 1.5, 0.0]])
HUGE = ([[1.0], [0.0]], [[1000.0, 0.0]])

# One exercise, two functions: each is half of its weight
GAUSSIAN = [
    c.multiplies_by_noise(p=0.3, weight=2),
    c.follows_the_normal_law(p=0.3, weight=50, needs=NOISE),
    c.is_identity_at_test_time(p=0.3, weight=22, needs=NOISE),
    c.draws_nothing_at_test_time(p=0.3, weight=2, needs="is_identity_at_test_time of Gaussian dropout"),
    c.draws_a_factor_for_each_unit(p=0.3, weight=10, needs=NOISE),
    c.repeats_with_the_seed(p=0.3, weight=20, needs=NOISE),
    c.leaves_global_random_state_alone(p=0.3, weight=4, needs=NOISE),
    c.keeps_its_input(p=0.3, weight=13, needs=NOISE),
    c.keeps_the_dtype(p=0.3, dtype="float32", weight=14, needs=NOISE),
    c.keeps_the_dtype(p=0.3, dtype="float64", weight=12, needs=NOISE),
    c.takes_any_shape(p=0.3, shapes=SHAPES, needs=NOISE),
    c.drops_nothing_at_zero(needs=NOISE),
    c.refuses(p=-0.1, needs=NOISE),
    c.refuses(p=1.0, needs=NOISE),
]

ALPHA = [
    c.sets_some_and_keeps_some(p=0.3),
    c.sets_dropped_units_to(p=0.3, wanted=-1.0595481589864804, weight=30, needs=BRANCHES),
    c.keeps_units_on_the_line(p=0.3, wanted=(0.8609526162463562, 0.45409206813706293), weight=36, needs=BRANCHES),
    c.drops_the_right_share(p=0.3, **KEPT, weight=24, needs=BRANCHES),
    c.is_identity_at_test_time(p=0.3, weight=22, needs=BRANCHES),
    c.draws_nothing_at_test_time(p=0.3, weight=2, needs="is_identity_at_test_time of alpha dropout"),
    c.treats_examples_apart(p=0.3, **KEPT, weight=10, needs=BRANCHES),
    c.treats_features_apart(p=0.3, **KEPT, weight=8, needs=BRANCHES),
    c.draws_afresh(p=0.3, **KEPT, weight=7, needs=BRANCHES),
    c.repeats_with_the_seed(p=0.3, weight=20, needs=BRANCHES),
    c.keeps_its_input(p=0.3, weight=14, needs=BRANCHES),
    c.keeps_the_dtype(p=0.3, dtype="float32", weight=14, needs=BRANCHES),
    c.keeps_the_dtype(p=0.3, dtype="float64", weight=12, needs=BRANCHES),
    c.takes_any_shape(p=0.3, shapes=SHAPES, needs=BRANCHES),
    c.drops_nothing_at_zero(needs=BRANCHES),
    c.drops_everything_at_one(weight=14, needs=BRANCHES),
    c.refuses(p=-0.1, needs=BRANCHES),
    c.refuses(p=1.5, needs=BRANCHES),
]

EXERCISES = [
    Exercise(
        "mc_predict",
        [
            c.gives_probabilities_for_each_pass(weight=2),
            c.is_the_softmax_of_each_pass(weight=3, needs=PROBABILITIES),
            c.draws_anew_in_each_pass(weight=3, needs=SOFTMAX),
            c.hands_its_generator_on(weight=2, needs=SOFTMAX),
            c.is_right(
                case="scores of thousands",
                given=(STEEP, PEAKS, 2, Seed(1)),
                wanted=[HEIGHTS, HEIGHTS],
                names=("probs",),
                tolerance=1e-6,
                weight=2,
                needs=PROBABILITIES,
            ),
            c.leaves_its_arguments_alone(given=(NOISY, PEAKS, 3, Seed(1)), names=("forward", "x", "T", "rng"), needs=SOFTMAX),
            c.raises_value_error(case="T = 0", given=(NOISY, PEAKS, 0, Seed(1)), needs=PROBABILITIES),
        ],
    ),
    Exercise(
        "predictive_stats",
        [
            c.is_right(
                case="three passes and two examples",
                given=(PASSES,),
                wanted=[[0.375, 0.375, 0.25], [0.5, 0.25, 0.25]],
                **STATS,
                name="mean",
                tolerance=1e-6,
                weight=2,
            ),
            c.is_right(
                case="three passes and two examples",
                given=(PASSES,),
                wanted=[BROAD, 1.5 * log(2)],
                **STATS,
                name="entropy",
                tolerance=1e-6,
                weight=2,
            ),
            c.is_right(
                case="three passes and two examples",
                given=(PASSES,),
                wanted=[BROAD - (3 * log(2) + BROAD) / 3, 2 / 3 * log(2)],
                **STATS,
                name="mutual_information",
                tolerance=1e-6,
                weight=2,
            ),
            c.is_right(
                case="passes that are sure and contradict each other",
                given=(SURE_BUT_SPLIT,),
                wanted=[log(2)],
                **STATS,
                name="mutual_information",
                tolerance=1e-6,
                needs=MEAN,
            ),
            c.is_right(
                case="passes that are unsure and agree",
                given=(UNSURE_AND_AGREED,),
                wanted=[0.0],
                **STATS,
                name="mutual_information",
                tolerance=1e-6,
                needs=MEAN,
            ),
            c.stays_quiet(case="probabilities that are exactly 0", given=(SURE_BUT_SPLIT,), **STATS, needs=MEAN),
            c.leaves_its_arguments_alone(given=(PASSES,), names=("probs",), needs=MEAN),
        ],
    ),
    Exercise(
        "gaussian_dropout_forward",
        [asking("gaussian_dropout_forward", check, "Gaussian dropout") for check in GAUSSIAN]
        + [asking("alpha_dropout_forward", check, "alpha dropout") for check in ALPHA],
        functions=("gaussian_dropout_forward", "alpha_dropout_forward"),
    ),
    Exercise(
        "fixed_mc_dropout",
        [
            c.drops_inputs_of_the_layer(p=0.3, weight=2),
            c.drops_for_each_example(p=0.3, weight=4, needs=UNITS),
            c.gives_over_the_passes(p=0.3, name="mean", weight=2, needs=UNITS),
            c.gives_over_the_passes(p=0.3, name="std", weight=5, needs="gives_over_the_passes(p=0.3, name=mean)"),
            c.drops_for_each_pass(p=0.3, weight=4, needs="gives_over_the_passes(p=0.3, name=mean)"),
            c.throws_its_coins_by_the_generator(p=0.3, weight=3, needs=UNITS),
            c.is_right(
                case="scores of 1000, p = 0",
                given=(*HUGE, 0.0, 3, Seed(1)),
                wanted=[[1.0, 0.0], [0.5, 0.5]],
                names=("mean", "std"),
                name="mean",
                needs=UNITS,
            ),
            c.is_right(
                case="p = 1, when all scores are 0",
                given=(*LAYER, 1.0, 3, Seed(1)),
                wanted=[[1 / 3, 1 / 3, 1 / 3], [1 / 3, 1 / 3, 1 / 3]],
                names=("mean", "std"),
                name="mean",
                tolerance=1e-6,
                needs=UNITS,
            ),
            c.leaves_its_arguments_alone(given=(*LAYER, 0.5, 3, Seed(1)), names=("x", "W"), needs=UNITS),
            c.raises_value_error(case="p = 1.5", given=(*LAYER, 1.5, 3, Seed(1)), needs=UNITS),
            c.raises_value_error(case="T = 0", given=(*LAYER, 0.5, 0, Seed(1)), needs=UNITS),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="entropy", weight=0),
            c.is_filled_in(key="information", weight=0),
            c.is_filled_in(key="passes", weight=0),
            c.is_filled_in(key="strong_noise", weight=0),
            c.is_filled_in(key="doubtful", choices="abcd", weight=0),
            c.is_filled_in(key="train_mode", choices="abcd", weight=0),
        ],
    ),
]

ASKED = (PASSES,)

# What an answer at p = 0.3 can be made of
SMALLER = -0.7 * 1.6732632423543772 / (0.7 * (1 + 0.3 * 1.6732632423543772**2)) ** 0.5  # with SELU's alpha in place of alpha'
FLOORS = (
    ("a alpha' + b", -1.0595481589864804),
    ("alpha'", -1.7580993408473766),
    ("0", 0.0),
    ("a alpha'", -1.5136402270495431),
    ("b", 0.45409206813706293),
    ("a alpha + b of SELU's alpha", SMALLER),
)
SLOPES = (("a", 0.8609526162463562), ("1", 1.0), ("1/(1-p)", 10 / 7), ("a/(1-p)", 1.229932308923366), ("a^2", 0.7412394074211866))
SHIFTS = (("b", 0.45409206813706293), ("0", 0.0), ("-b", -0.45409206813706293), ("b / a", 0.5274298022542130))

GAUSSIAN_FACTS = [
    u.noise(),
    u.noise_mean(),
    u.noise_spread(),
    u.noise_shape(),
    u.noise_of(),
    u.next_noise(),
    u.noise_from(),
    u.at_rest(),
    f.input_after(),
    f.float32_gives(),
    f.outside(),
    f.at_one(),
]

ALPHA_FACTS = [
    u.branch("dropped_to", part="floor", table=FLOORS),
    u.branch("slope", part="slope", table=SLOPES),
    u.branch("shift", part="intercept", table=SHIFTS),
    f.drop_share(**KEPT),
    f.rows(**KEPT),
    f.columns(**KEPT),
    f.number_dropped(**KEPT),
    f.next_mask(**KEPT),
    u.noise_from(),
    u.at_rest(),
    f.input_after(),
    f.float32_gives(),
    f.outside(),
    f.at_one(),
]

PROBES = {
    "mc_predict": [
        u.passes_are(),
        u.passes_differ(),
        u.passes_from(),
        t.gives("huge_scores", given=(STEEP, PEAKS, 2, Seed(1))),
        t.gives("far_below", given=(STEEP, PEAKS, 2, Seed(1)), place=3),
        t.takes("no_pass", given=(NOISY, PEAKS, 0, Seed(1))),
    ],
    "predictive_stats": [
        t.form("result", given=ASKED),
        t.gives("mean", given=ASKED, index=0),
        t.gives("entropy", given=ASKED, index=1),
        t.gives("second_entropy", given=ASKED, index=1, place=1),
        t.gives("information", given=ASKED, index=2),
        t.gives("at_zero", given=(SURE_BUT_SPLIT,), index=2),
        t.gives("certain", given=([[[1.0, 0.0]], [[1.0, 0.0]]],), index=1),
    ],
    "gaussian_dropout_forward": [
        *(asked_of("gaussian_dropout_forward", fact, "gaussian") for fact in GAUSSIAN_FACTS),
        *(asked_of("alpha_dropout_forward", fact, "alpha") for fact in ALPHA_FACTS),
    ],
    "fixed_mc_dropout": [
        u.what_is_dropped(),
        u.dropped_for(),
        u.dropped_in(),
        u.layer_from(),
        u.share_dropped(),
        u.mean_is(),
        u.std_is(),
        t.takes("outside", given=(*LAYER, 1.5, 3, Seed(1))),
        t.takes("no_pass", given=(*LAYER, 0.5, 0, Seed(1))),
        t.gives("at_one", given=(*LAYER, 1.0, 3, Seed(1)), index=0),
    ],
}

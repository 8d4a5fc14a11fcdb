"""What assignment 7 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""


from autograder import Exercise, Part
from autograder.checks_api import symptoms as t
from autograder.dropout import symptoms as f
from autograder.dropout.uncertainty import checks as c
from autograder.dropout.uncertainty import symptoms as u
from autograder.dropout.uncertainty.noise import Branched
from autograder.dropout.uncertainty.passes import NOISY, STATS, STEEP
from autograder.dropout.views import asked_of, asking
from autograder.model import Seed

SHAPES = ((7,), (2, 3, 4), (2, 3, 4, 5))
KEPT = {"via": Branched()}  # which units alpha dropout kept
GAUSSIAN, ALPHA = "gaussian_dropout_forward", "alpha_dropout_forward"
PROBABILITIES = "gives_probabilities_for_each_pass"
SOFTMAX = "is_the_softmax_of_each_pass"
ZEROS = "counts_zero_log_zero_as_zero"
UNITS = "drops_inputs_of_the_layer"
COINS = "drops_for_each_example"

# Scores of thousands, with whole answers: e^-1000 is exactly 0 here. One row is far below the other.
PEAKS = [[1.0, 0.0, -2.0], [-3.0, -3.0, -3.0]]
HEIGHTS = [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]]

# Three passes, two examples, three classes
PASSES = [
    [[0.5, 0.25, 0.25], [0.5, 0.375, 0.125]],
    [[0.25, 0.5, 0.25], [0.25, 0.5, 0.25]],
    [[0.375, 0.375, 0.25], [0.75, 0.125, 0.125]],
]
AVERAGE = [[0.375, 0.375, 0.25], [0.5, 1 / 3, 1 / 6]]
SURE_BUT_SPLIT = [[[1.0, 0.0]], [[0.0, 1.0]]]
RULED_OUT = [[[0.75, 0.25, 0.0]], [[0.5, 0.25, 0.25]]]
UNSURE_AND_AGREED = [[[0.5, 0.5]], [[0.5, 0.5]]]

LAYER = ([[1.0, -0.5], [0.3, 2.0]], [[1.0, 0.0, -1.0], [0.5, 1.5, 0.0]])
HUGE = ([[1.0], [0.0]], [[1000.0, 0.0]])
RESULTS = {"names": ("mean", "std")}


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


def gaussian(*checks):
    return [asking(GAUSSIAN, check, "Gaussian dropout") for check in checks]


def alpha(*checks):
    return [asking(ALPHA, check, "alpha dropout") for check in checks]


EXERCISES = [
    Exercise(
        "mc_predict",
        [
            Part(
                "softmax",
                "the result (T, N, K) is the softmax over the classes, for each pass and example",
                share=35,
                gravity="core",
                checks=[c.gives_probabilities_for_each_pass(), c.is_the_softmax_of_each_pass(needs=PROBABILITIES)],
            ),
            Part(
                "passes",
                "T passes are made, each with fresh noise",
                share=30,
                gravity="core",
                checks=[
                    c.draws_anew_in_each_pass(),
                    c.keeps_its_passes_apart(needs=SOFTMAX),
                    c.draws_anew_in_each_call(via=c.fair_passes(3), needs="draws_anew_in_each_pass"),
                ],
            ),
            Part(
                "stable",
                "scores of thousands neither overflow nor vanish",
                share=15,
                needs=SOFTMAX,
                checks=[
                    c.is_right(
                        case="scores of thousands",
                        given=(STEEP, PEAKS, 2, Seed(1)),
                        wanted=[HEIGHTS, HEIGHTS],
                        names=("probs",),
                        tolerance=1e-5,
                    )
                ],
            ),
            Part("rng", "chance comes from the rng that is handed on", share=10, checks=[c.draws_from_rng(via=c.fair_passes())]),
            Part(
                "manners",
                "ten digits, no pass in vain; a T below 1 is refused, x is left alone",
                share=10,
                gravity="manner",
                checks=[
                    c.sums_to_one_to_ten_digits(needs=PROBABILITIES),
                    c.makes_no_pass_in_vain(needs=PROBABILITIES),
                    c.leaves_its_arguments_alone(given=(NOISY, PEAKS, 3, Seed(1)), names=("forward", "x", "T", "rng")),
                    c.raises_value_error(case="T = 0", given=(NOISY, PEAKS, 0, Seed(1))),
                ],
            ),
        ],
    ),
    Exercise(
        "predictive_stats",
        [
            Part(
                "mean",
                "the mean is the average of the probabilities over the passes",
                share=25,
                gravity="core",
                checks=[
                    c.is_right(
                        case="three passes and two examples", given=(PASSES,), wanted=AVERAGE, names=STATS, name="mean", tolerance=1e-6
                    )
                ],
            ),
            Part(
                "entropy",
                "the entropy is that of the mean, in nats, for each example",
                share=25,
                gravity="core",
                checks=[
                    c.gives_the_entropy_of_its_mean(case="three passes and two examples", given=PASSES),
                    c.gives_the_entropy_of_its_mean(case="passes that are unsure and agree", given=UNSURE_AND_AGREED),
                ],
            ),
            Part(
                "information",
                "the mutual information is the entropy minus the average entropy of the passes",
                share=25,
                gravity="core",
                checks=[
                    c.subtracts_the_average_entropy(case="three passes and two examples", given=PASSES),
                    c.subtracts_the_average_entropy(case="passes that are unsure and agree", given=UNSURE_AND_AGREED),
                ],
            ),
            Part(
                "zeros",
                "a probability of 0 contributes 0, without NaN or warning",
                share=15,
                checks=[
                    c.counts_zero_log_zero_as_zero(given=PASSES),
                    c.stays_quiet(case="probabilities that are exactly 0", given=(SURE_BUT_SPLIT,), names=STATS, needs=ZEROS),
                ],
            ),
            Part(
                "manners",
                "ten digits, and probs is left alone",
                share=10,
                gravity="manner",
                checks=[
                    c.gives_the_entropy_of_its_mean(case="ten digits", given=PASSES, tolerance=1e-10, needs="entropy"),
                    c.leaves_its_arguments_alone(given=(RULED_OUT,), names=("probs",), needs=ZEROS),
                ],
            ),
        ],
    ),
    Exercise(
        GAUSSIAN,
        [
            Part(
                "law",
                "Gaussian dropout multiplies by normal factors of mean 1 and variance p / (1 - p)",
                share=25,
                gravity="core",
                needs="multiplies_by_noise of Gaussian dropout",
                checks=gaussian(c.multiplies_by_noise(p=0.3), c.follows_the_normal_law(p=0.3)),
            ),
            Part(
                "own",
                "Gaussian dropout draws a factor for each unit, anew in every call",
                share=15,
                checks=gaussian(
                    c.draws_a_factor_for_each_unit(p=0.3),
                    c.leaves_the_average_to_chance(p=0.3, needs="draws_a_factor_for_each_unit of Gaussian dropout"),
                ),
            ),
            Part(
                "gaussian_manners",
                "Gaussian dropout draws from rng alone, returns x at test time, keeps shape and dtype, refuses a bad p, leaves x alone",
                share=10,
                gravity="manner",
                checks=gaussian(
                    c.draws_from_rng(via=c.outputs(0.3)),
                    c.leaves_global_random_state_alone(p=0.3),
                    c.is_identity_at_test_time(p=0.3),
                    c.draws_nothing_at_test_time(
                        p=0.3, needs=("is_identity_at_test_time of Gaussian dropout", "draws_from_rng of Gaussian dropout")
                    ),
                    c.keeps_its_input(p=0.3),
                    c.keeps_the_dtype(p=0.3, dtype="float32"),
                    c.keeps_the_dtype(p=0.3, dtype="float64"),
                    c.takes_any_shape(p=0.3, shapes=SHAPES),
                    c.drops_nothing_at_zero(needs="law"),
                    c.refuses(p=-0.1),
                    c.refuses(p=1.0),
                    c.refuses_at_test_time(p=1.5),
                ),
            ),
            Part(
                "values",
                "alpha dropout turns kept units into a x + b and dropped ones into a alpha' + b",
                share=25,
                gravity="core",
                needs="sets_some_and_keeps_some of alpha dropout",
                checks=alpha(
                    c.sets_some_and_keeps_some(p=0.3),
                    c.sets_dropped_units_to(p=0.3, wanted=-1.0595481589864804),
                    c.keeps_units_on_the_line(p=0.3, wanted=(0.8609526162463562, 0.45409206813706293)),
                ),
            ),
            Part(
                "coins",
                "alpha dropout drops each unit by a coin of its own with probability p, anew in every call",
                share=15,
                needs="sets_some_and_keeps_some of alpha dropout",
                checks=alpha(
                    c.drops_the_right_share(p=0.3, **KEPT),
                    c.treats_examples_apart(p=0.3, **KEPT),
                    c.treats_features_apart(p=0.3, **KEPT),
                    c.draws_afresh(p=0.3, **KEPT),
                ),
            ),
            Part(
                "alpha_manners",
                "alpha dropout draws from rng alone, returns x at test time, keeps shape and dtype, minds p = 0, p = 1 and a bad p, "
                "leaves x alone",
                share=10,
                gravity="manner",
                checks=alpha(
                    c.draws_from_rng(via=c.outputs(0.3)),
                    c.leaves_global_random_state_alone(p=0.3),
                    c.is_identity_at_test_time(p=0.3),
                    c.draws_nothing_at_test_time(
                        p=0.3, needs=("is_identity_at_test_time of alpha dropout", "draws_from_rng of alpha dropout")
                    ),
                    c.keeps_units_on_the_line(
                        p=0.3, wanted=(0.8609526162463562, 0.45409206813706293), tolerance=1e-9, needs="values"
                    ),
                    c.keeps_its_input(p=0.3),
                    c.keeps_the_dtype(p=0.3, dtype="float32"),
                    c.keeps_the_dtype(p=0.3, dtype="float64"),
                    c.takes_any_shape(p=0.3, shapes=SHAPES),
                    c.drops_nothing_at_zero(needs="values"),
                    c.drops_everything_at_one(),
                    c.refuses(p=-0.1),
                    c.refuses(p=1.5),
                    c.refuses_at_test_time(p=1.5),
                ),
            ),
        ],
        functions=(GAUSSIAN, ALPHA),
    ),
    Exercise(
        "fixed_mc_dropout",
        [
            Part(
                "units",
                "units of x are dropped, not weights; the others are divided by 1 - p before W and the softmax",
                share=25,
                gravity="core",
                checks=[c.drops_inputs_of_the_layer(p=0.3)],
            ),
            Part(
                "average",
                "the mean is that of the probabilities of the passes",
                share=25,
                gravity="core",
                checks=[c.gives_over_the_passes(p=0.3, name="mean")],
            ),
            Part(
                "coins",
                "each unit of each example throws a coin of its own with probability p, anew in each pass and each call",
                share=25,
                gravity="core",
                checks=[
                    c.drops_for_each_example(p=0.3),
                    c.drops_for_each_pass(p=0.3, needs=(COINS, "average")),
                    c.draws_anew_in_each_call(via=c.mc_layer(0.5, 5), needs=COINS),
                ],
            ),
            Part(
                "spread",
                "the standard deviation is that of the probabilities, divided by T",
                share=10,
                checks=[c.gives_over_the_passes(p=0.3, name="std")],
            ),
            Part("rng", "chance comes from rng alone", share=5, checks=[c.draws_from_rng(via=c.mc_layer(0.3))]),
            Part(
                "manners",
                "ten digits, p = 0, p = 1 and scores of 1000; a bad p and a T below 1 are refused, x and W left alone",
                share=10,
                gravity="manner",
                checks=[
                    c.is_exact_in_a_single_pass(p=0.3, needs=UNITS),
                    c.is_right(
                        case="scores of 1000, p = 0",
                        given=(*HUGE, 0.0, 3, Seed(1)),
                        wanted=[[1.0, 0.0], [0.5, 0.5]],
                        **RESULTS,
                        name="mean",
                        tolerance=1e-5,
                        needs=UNITS,
                    ),
                    c.is_right(
                        case="p = 1, when all scores are 0",
                        given=(*LAYER, 1.0, 3, Seed(1)),
                        wanted=[[1 / 3, 1 / 3, 1 / 3], [1 / 3, 1 / 3, 1 / 3]],
                        **RESULTS,
                        name="mean",
                        tolerance=1e-5,
                        needs=UNITS,
                    ),
                    c.leaves_its_arguments_alone(given=(*LAYER, 0.5, 3, Seed(1)), names=("x", "W")),
                    c.raises_value_error(case="p = 1.5", given=(*LAYER, 1.5, 3, Seed(1))),
                    c.raises_value_error(case="T = 0", given=(*LAYER, 0.5, 0, Seed(1))),
                ],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            question("entropy", "the entropy of an average"),
            question("information", "the mutual information of two passes"),
            question("passes", "how many passes make the mean exact enough"),
            question("strong_noise", "the p of a given noise"),
            question("doubtful", "what a high entropy without information says", choices="abcd"),
            question("train_mode", "what train mode switches on besides dropout", choices="abcd"),
        ],
    ),
]

ASKED = {"given": PASSES}

# What an answer at p = 0.3 can be made of
SMALLER = -0.7 * 1.6732632423543772 / (0.7 * (1 + 0.3 * 1.6732632423543772**2)) ** 0.5  # with SELU's alpha in place of alpha'
FLOORS = (
    ("a alpha' + b", -1.0595481589864804),
    ("alpha'", -1.7580993408473766),
    ("0", 0.0),
    ("a alpha'", -1.5136402270495431),
    ("b", 0.45409206813706293),
    ("a alpha + b of SELU's alpha", SMALLER),
    ("-a alpha' - b", 1.0595481589864804),
    ("a alpha' - b", -1.967732295186606),
    ("a alpha' + b of 1/a", -1.0595481589864804 / 0.8609526162463562**2),
)
SLOPES = (
    ("a", 0.8609526162463562),
    ("1", 1.0),
    ("1/(1-p)", 10 / 7),
    ("a/(1-p)", 1.229932308923366),
    ("a^2", 0.7412394074211866),
    ("1/a", 1 / 0.8609526162463562),
    ("p for q", 1.026469126308401),
    ("of the mean square", 0.7839162351177006),
)
SHIFTS = (
    ("b", 0.45409206813706293),
    ("0", 0.0),
    ("a alpha' + b", -1.0595481589864804),
    ("-b", -0.45409206813706293),
    ("b / a", 0.5274298022542130),
    ("b of 1/a", 0.45409206813706293 / 0.8609526162463562**2),
)

GAUSSIAN_FACTS = [
    u.noise(),
    u.noise_mean(),
    u.noise_spread(),
    u.noise_shape(),
    u.noise_below_zero(),
    u.noise_of(),
    u.noise_level(),
    u.next_noise(),
    t.chance_from("noise_from", via=c.outputs(0.3)),
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
    u.line_digits(slopes=tuple(value for _, value in SLOPES)),
    f.drop_share(**KEPT),
    f.rows(**KEPT),
    f.columns(**KEPT),
    f.number_dropped(**KEPT),
    f.next_mask(**KEPT),
    t.chance_from("noise_from", via=c.outputs(0.3)),
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
        u.passes_mixed(),
        u.passes_made(),
        u.passes_from(),
        u.rows_sum_to(),
        t.gives("huge_scores", given=(STEEP, PEAKS, 2, Seed(1))),
        t.gives("far_below", given=(STEEP, PEAKS, 2, Seed(1)), place=3),
        t.gives("far_above", given=(STEEP, [[3.0, 2.0, -2.0]], 1, Seed(1))),
        t.takes("no_pass", given=(NOISY, PEAKS, 0, Seed(1))),
    ],
    "predictive_stats": [
        u.stats_mean(**ASKED),
        u.stats_entropy(**ASKED),
        u.stats_unit(**ASKED),
        u.stats_sign(**ASKED),
        u.stats_form(**ASKED),
        u.stats_information(**ASKED),
        u.stats_digits(**ASKED),
        u.at_zero(given=SURE_BUT_SPLIT),
        t.arguments_after("probs_after", given=(RULED_OUT,), names=("probs",)),
    ],
    GAUSSIAN: [
        *(asked_of(GAUSSIAN, fact, "gaussian") for fact in GAUSSIAN_FACTS),
        *(asked_of(ALPHA, fact, "alpha") for fact in ALPHA_FACTS),
    ],
    "fixed_mc_dropout": [
        u.order(),
        u.passes_give(),
        u.what_is_dropped(),
        u.survivors_are(),
        u.dropped_for(),
        u.dropped_in(),
        t.chance_from("layer_from", via=c.mc_layer(0.3)),
        u.share_dropped(),
        u.mean_is(),
        u.std_is(),
        u.layer_digits(),
        u.few_units(),
        t.takes("outside", given=(*LAYER, 1.5, 3, Seed(1))),
        t.takes("no_pass", given=(*LAYER, 0.5, 0, Seed(1))),
        t.gives("at_one", given=(*LAYER, 1.0, 3, Seed(1)), index=0),
    ],
}

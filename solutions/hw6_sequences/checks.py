"""What assignment 6 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from autograder import Exercise
from autograder import checks as c
from autograder.checks import facts as f
from autograder.checks import sequence_facts as s
from autograder.checks import theory as t
from autograder.checks import ways_back as w
from autograder.checks.lenses import seen_through, through
from autograder.checks.sequences import INPUT_MASK, SEQUENCES, STATE_MASK
from autograder.checks.weights import ONE_ROW

SOME = "drops_some_and_keeps_some"
MASK = {"via": "mask"}
KEPT = "keeps_its_mask_when_asked(p=0.4)"

SEQUENCE = {"x": (4, 6, 5)}
VARIATIONAL = {"forward": "variational_dropout_forward", "backward": "variational_dropout_backward"}

NETWORK = {"x": (3, 5, 4), "h0": (3, 6), "Wx": (4, 6), "Wh": (6, 6), "b": (6,)}
SHORTER = {**NETWORK, "x": (2, 3, 4), "h0": (2, 6)}
RATES = (0.3, 0.2)
RECURRENT = {"forward": "rnn_forward", "backward": "rnn_backward"}
THROUGH_TIME = {"given": NETWORK, "rates": RATES, **RECURRENT}

LAYER = {"x": (5, 4), "W": (4, 3), "b": (3,)}
CONNECT = {"forward": "dropconnect_forward", "backward": "dropconnect_backward"}
THROUGH_WEIGHTS = {"given": LAYER, "rates": (0.3,), **CONNECT}

# tanh(1.5 - 0.5 + 0.5) and tanh(-0.5 - 0.5 + 2 tanh(1.5)), then two sums that begin without a past; done with a pocket calculator
BY_HAND = (
    [[[1.5], [-0.5]], [[0.5], [2.5]]], [[0.25], [0.0]], [[1.0]], [[2.0]], [-0.5], 0.5, 0.5, None, False,
)
STATES = [[[0.9051482536448664], [0.6697537950614595]], [[0.0], [0.9640275800758169]]]

MOMENTS = ([[3.0, 1.0], [1.0, 2.0]], [[1.0, 0.0], [-2.0, 4.0]], [0.5, 0.0], 0.2)


def masks(lens, *, times=1.0):
    """The sentences about one mask of a function that has several, or that masks something else than an array."""
    of = f" of {lens.name}" if lens.name else ""
    core = f"{SOME}{of}"
    return [
        through(lens, c.drops_some_and_keeps_some(p=0.3, **MASK)),
        through(lens, c.drops_the_right_share(p=0.3, **MASK, shape=(128, 128), calls=4, weight=20 * times, needs=core)),
        through(lens, c.multiplies_the_kept_ones(p=0.3, weight=44 * times, needs=core)),
        through(lens, c.treats_examples_apart(p=0.3, **MASK, shape=(128, 128), weight=20 * times, needs=core)),
        through(lens, c.treats_features_apart(p=0.3, **MASK, shape=(128, 128), weight=12 * times, needs=core)),
        through(lens, c.draws_afresh(p=0.3, **MASK, shape=(128, 128), weight=8 * times, needs=core)),
    ]


EXERCISES = [
    Exercise(
        "variational_dropout_forward",
        [
            c.drops_some_and_keeps_some(p=0.3, shape=(8, 6, 20)),
            through(SEQUENCES, c.shares_its_mask_over_time(p=0.3, weight=110, needs=SOME)),
            through(SEQUENCES, c.drops_the_right_share(p=0.3, **MASK, weight=60, needs=SOME)),
            through(SEQUENCES, c.treats_examples_apart(p=0.3, **MASK, weight=44, needs=SOME)),
            through(SEQUENCES, c.treats_features_apart(p=0.3, **MASK, weight=24, needs=SOME)),
            through(SEQUENCES, c.keeps_a_varying_number(p=0.3, **MASK, weight=70, needs=SOME)),
            through(SEQUENCES, c.draws_afresh(p=0.3, **MASK, weight=16, needs=SOME)),
            through(SEQUENCES, c.obeys_the_generator(p=0.3, **MASK, weight=70, needs=SOME)),
            through(SEQUENCES, c.leaves_global_random_state_alone(p=0.3, **MASK, weight=4, needs=SOME)),
            c.scales_the_survivors(p=0.3, by="1/(1-p)", shape=(8, 6, 20), weight=90, needs=SOME),
            c.is_identity_at_test_time(p=0.3, shape=(8, 6, 20), weight=60, needs=SOME),
            c.needs_no_chance_at_test_time(given=SEQUENCE, rates=(0.3,), weight=6, needs="is_identity_at_test_time"),
            c.leaves_what_it_is_given(given=SEQUENCE, rates=(0.3,), weight=16, needs=SOME),
            c.stays_in(given=SEQUENCE, rates=(0.3,), dtype="float32", weight=16, needs=SOME),
            c.stays_in(given=SEQUENCE, rates=(0.3,), dtype="float64", weight=16, needs=SOME),
            c.drops_nothing_at_zero(shape=(8, 6, 20), needs=SOME),
            c.drops_everything_at_one(shape=(8, 6, 20), weight=16, needs=SOME),
            c.refuses_a_rate_of(bad=1.5, given=SEQUENCE, rates=(0.3,), weight=12, needs=SOME),
            c.follows_the_mask(p=0.3, **VARIATIONAL, shape=(8, 6, 20), weight=40, needs=SOME),
            c.follows_test_time(p=0.3, **VARIATIONAL, by="1", shape=(8, 6, 20), weight=30, needs="follows_the_mask"),
            c.belongs_to_its_own_cache(p=0.3, **VARIATIONAL, shape=(8, 6, 20), weight=60, needs="follows_the_mask"),
            c.passes_gradient_where_x_is_zero(p=0.3, **VARIATIONAL, shape=(8, 6, 20), weight=24, needs="follows_the_mask"),
            c.keeps_dout(p=0.3, **VARIATIONAL, shape=(3, 4, 5), weight=16, needs="follows_the_mask"),
        ],
        functions=("variational_dropout_forward", "variational_dropout_backward"),
    ),
    Exercise(
        "rnn_forward",
        [
            c.returns(given=BY_HAND, wanted=STATES, names=("h", "cache"), name="h", tolerance=1e-6, weight=30),
            *masks(INPUT_MASK),
            through(INPUT_MASK, c.shares_its_mask_over_time(p=0.3, weight=50, needs=f"{SOME} of m_x")),
            *masks(STATE_MASK),
            through(STATE_MASK, c.shares_its_mask_over_time(p=0.3, weight=50, needs=f"{SOME} of m_h")),
            c.draws_two_masks(p=0.3, weight=90, needs=(f"{SOME} of m_x", f"{SOME} of m_h")),
            c.needs_no_chance_at_test_time(given=NETWORK, rates=RATES, needs="returns"),
            c.drops_nothing_when_all_rates_are_zero(given=NETWORK, rates=RATES, needs=(f"{SOME} of m_x", f"{SOME} of m_h")),
            c.leaves_what_it_is_given(given=NETWORK, rates=RATES, weight=18, needs="returns"),
            c.stays_in(given=NETWORK, rates=RATES, dtype="float32", weight=18, needs="returns"),
            c.stays_in(given=NETWORK, rates=RATES, dtype="float64", weight=18, needs="returns"),
            c.refuses_a_rate_of(bad=1.5, given=NETWORK, rates=RATES, weight=10, needs="returns"),
            c.has_the_right_gradient(name="dx", **THROUGH_TIME, weight=11),
            c.has_the_right_gradient(name="dh0", **THROUGH_TIME, weight=11),
            c.has_the_right_gradient(name="dWx", **THROUGH_TIME, weight=11),
            c.has_the_right_gradient(name="dWh", **THROUGH_TIME, weight=11),
            c.has_the_right_gradient(name="db", **THROUGH_TIME, weight=11),
            c.keeps_two_passes_apart(first=NETWORK, second=SHORTER, rates=RATES, **RECURRENT, weight=36, needs="has_the_right_gradient"),
            c.leaves_its_upstream_alone(given=NETWORK, rates=RATES, **RECURRENT, weight=18, needs="has_the_right_gradient"),
        ],
        functions=("rnn_forward", "rnn_backward"),
    ),
    Exercise(
        "dropconnect_forward",
        [
            c.returns(
                given=([[1.0, 2.0]], [[3.0, 0.0, -1.0], [1.0, 4.0, 0.5]], [0.0, 1.0, -1.0], 0.5, None, False),
                wanted=[[5.0, 9.0, -1.0]], names=("out", "cache"), name="out", tolerance=1e-6, weight=60,
            ),
            *masks(ONE_ROW, times=2.0),
            c.throws_a_coin_for_each_weight(p=0.3, weight=140, needs=SOME),
            through(ONE_ROW, c.obeys_the_generator(p=0.3, **MASK, weight=100, needs=SOME)),
            c.never_drops_the_bias(p=0.3, weight=70, needs=SOME),
            c.needs_no_chance_at_test_time(given=LAYER, rates=(0.3,), weight=14, needs=SOME),
            c.drops_nothing_when_all_rates_are_zero(given=LAYER, rates=(0.3,), weight=2, needs=SOME),
            c.leaves_the_bias_alone_at_one(weight=30, needs=SOME),
            c.leaves_what_it_is_given(given=LAYER, rates=(0.3,), weight=30, needs=SOME),
            c.stays_in(given=LAYER, rates=(0.3,), dtype="float32", weight=30, needs=SOME),
            c.stays_in(given=LAYER, rates=(0.3,), dtype="float64", weight=30, needs=SOME),
            c.refuses_a_rate_of(bad=1.5, given=LAYER, rates=(0.3,), weight=22, needs=SOME),
            c.has_the_right_gradient(name="dx", **THROUGH_WEIGHTS, weight=100, needs=SOME),
            c.has_the_right_gradient(name="dW", **THROUGH_WEIGHTS, weight=100, needs=SOME),
            c.has_the_right_gradient(name="db", **THROUGH_WEIGHTS, weight=30, needs=SOME),
            c.leaves_its_upstream_alone(given=LAYER, rates=(0.3,), **CONNECT, weight=22, needs="has_the_right_gradient"),
        ],
        functions=("dropconnect_forward", "dropconnect_backward"),
    ),
    Exercise(
        "dropconnect_moments",
        [
            c.returns(
                given=([[3.0, 1.0]], [[1.0, 0.0], [-2.0, 4.0]], [0.5, 0.0], 0.2),
                wanted=[[3.25, 4.0]], names=("mean", "var"), name="var", weight=10,
            ),
            c.returns(
                given=([[3.0, 1.0]], [[1.0, 0.0], [-2.0, 4.0]], [0.5, 0.0], 0.2),
                wanted=[[1.5, 4.0]], names=("mean", "var"), name="mean", weight=6, needs="returns",
            ),
            c.leaves_its_arguments_alone(given=MOMENTS, names=("x", "W", "b"), weight=2, needs="returns(name=var)"),
            c.raises_value_error(case="p = 1", given=(*MOMENTS[:3], 1.0), needs="returns(name=var)"),
        ],
    ),
    Exercise(
        "FixedVariationalDropout",
        [
            c.drops_whole_features_of_sequences(p=0.4, weight=0),
            c.keeps_its_mask_when_asked(p=0.4, weight=6, needs="drops_whole_features_of_sequences"),
            c.keeps_its_mask_when_asked(p=0.4, steps=3, weight=4, needs=KEPT),
            c.draws_again_unless_asked(p=0.4, weight=6, needs=KEPT),
            c.draws_for_another_batch(p=0.4, weight=9, needs=KEPT),
            c.draws_first_whatever_is_asked(p=0.4, weight=3, needs=KEPT),
            c.remembers_through_test_time(p=0.4, weight=11, needs=KEPT),
            c.leaves_its_sequences_alone(p=0.4, weight=2, needs=KEPT),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="coins", weight=0),
            c.is_filled_in(key="survival", weight=0),
            c.is_filled_in(key="growth", weight=0),
            c.is_filled_in(key="spread", weight=0),
            c.is_filled_in(key="batch_mask", choices="abcd", weight=0),
            c.is_filled_in(key="lstm", choices="abcd", weight=0),
        ],
    ),
]


def seen(lens):
    """The facts about one mask."""
    facts = [
        f.drop_share(**MASK), f.rows(**MASK), f.columns(**MASK), f.number_dropped(**MASK), f.next_mask(**MASK), f.generator(**MASK),
        s.multiplier(), s.at_one(), s.outside(),
    ]
    return [seen_through(lens, fact) for fact in facts]


ONE_STEP = {**NETWORK, "x": (3, 1, 4)}

PROBES = {
    "variational_dropout_forward": [
        *seen(SEQUENCES),
        seen_through(SEQUENCES, s.over_time()),
        s.arrays_after(given=SEQUENCE, rates=(0.3,)),
        s.dtypes(given=SEQUENCE, rates=(0.3,)),
        s.chance_at_test_time(given=SEQUENCE, rates=(0.3,)),
        s.wrong_gradients(given=SEQUENCE, rates=(0.3,), **VARIATIONAL),
        s.wrong_gradients("wrong_gradients_at_test_time", given=SEQUENCE, rates=(0.3,), train=False, **VARIATIONAL),
        w.mask_on_the_way_back(given={"x": (12, 4, 13)}, rates=(0.3,), **VARIATIONAL),
        f.gradient_at_zero_input(**VARIATIONAL, shape=(8, 6, 20)),
        f.dout_after(**VARIATIONAL, shape=(3, 4, 5)),
        s.pass_remembered(given=SEQUENCE, rates=(0.3,), **VARIATIONAL),
    ],
    "rnn_forward": [
        f.value_at(given=BY_HAND, index=0, name="first_state"),
        t.gives("second_state", given=BY_HAND, index=0, place=1),
        *seen(INPUT_MASK),
        seen_through(INPUT_MASK, s.over_time()),
        *seen(STATE_MASK),
        seen_through(STATE_MASK, s.over_time()),
        s.two_masks(),
        s.first_axis(),
        s.scaled_gradients(**THROUGH_TIME),
        s.arrays_after(given=NETWORK, rates=RATES),
        s.dtypes(given=NETWORK, rates=RATES),
        s.chance_at_test_time(given=NETWORK, rates=RATES),
        s.wrong_gradients(**THROUGH_TIME),
        s.wrong_gradients("wrong_gradients_of_one_step", given=ONE_STEP, rates=RATES, **RECURRENT),
        s.wrong_gradients("wrong_gradients_of_the_last_state", **THROUGH_TIME, last_step=True),
        s.wrong_gradients("wrong_gradients_without_dropout", given=NETWORK, rates=(0.0, 0.0), **RECURRENT),
        w.way_through_time(**THROUGH_TIME),
        w.place_of_the_state_mask(),
        s.pass_remembered(given=NETWORK, rates=RATES, **RECURRENT),
    ],
    "dropconnect_forward": [
        *seen(ONE_ROW),
        s.coins(),
        s.bias(),
        s.weights_at_test_time(),
        s.arrays_after(given=LAYER, rates=(0.3,)),
        s.dtypes(given=LAYER, rates=(0.3,)),
        s.chance_at_test_time(given=LAYER, rates=(0.3,)),
        s.wrong_gradients(**THROUGH_WEIGHTS),
        s.wrong_gradients("wrong_gradients_at_test_time", given=LAYER, rates=(0.3,), train=False, **CONNECT),
        w.way_through_weights("way_of_dx", of="x", **THROUGH_WEIGHTS),
        w.way_through_weights("way_of_dW", of="W", **THROUGH_WEIGHTS),
        s.pass_remembered(given=LAYER, rates=(0.3,), **CONNECT),
    ],
    "dropconnect_moments": [
        f.value_at("mean", given=MOMENTS, index=0),
        f.value_at("var", given=MOMENTS, index=1),
        t.gives("last_mean", given=MOMENTS, index=0, place=3),
        t.gives("last_var", given=MOMENTS, index=1, place=3),
        t.gives("beyond", given=MOMENTS, index=1, place=4),
        t.takes("outside", given=(*MOMENTS[:3], 1.25)),
        t.takes("at_one", given=(*MOMENTS[:3], 1.0)),
    ],
    "FixedVariationalDropout": [
        s.layer_factor(),
        s.next_call("asked_to_keep", same_mask=True),
        s.next_call("asked_to_keep_for_a_shorter_chunk", same_mask=True, steps=3),
        s.next_call("not_asked_to_keep", same_mask=False),
        s.another_batch("smaller_batch", first=8, second=6),
        s.another_batch("after_one_sequence", first=1, second=6),
        s.another_batch("after_one_feature", first=6, second=6, features=(1, 20)),
        s.after_test_time(),
        s.layer_at_test_time(),
        s.sequences_after(),
    ],
}

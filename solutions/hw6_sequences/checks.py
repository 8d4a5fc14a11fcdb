"""What assignment 6 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs.
"""

from autograder import Exercise, Part
from autograder.checks_api import symptoms as t
from autograder.dropout import symptoms as f
from autograder.dropout.sequences import checks as c
from autograder.dropout.sequences import gradient_formulas as w
from autograder.dropout.sequences import masked_ways as k
from autograder.dropout.sequences import moment_symptoms as m
from autograder.dropout.sequences import symptoms as s
from autograder.dropout.sequences.recurrent import INPUT_MASK, SEQUENCES, STATE_MASK
from autograder.dropout.sequences.weights import ONE_ROW
from autograder.dropout.views import seen_through, through

SOME = "drops_some_and_keeps_some"
GRADIENT = "passes_gradient_to_kept_units_only"
STEADY = "shares_its_mask_over_time"
WHOLE = "returns_whole_states"
APART = ("treats_examples_apart", "treats_features_apart")
ENDS = ("is_right", "never_drops_the_bias", "drops_the_right_share")
MASK = {"via": "mask"}
LARGE = {**MASK, "shape": (128, 128)}
MANY_COINS = (8, 2, 30)  # two seeds do not agree in all of them by chance
KEPT = "keeps_its_mask_when_asked(p=0.4)"

SEQUENCE = {"x": (4, 6, 5)}
VARIATIONAL = {"forward": "variational_dropout_forward", "backward": "variational_dropout_backward"}

NETWORK = {"x": (3, 5, 4), "h0": (3, 6), "Wx": (4, 6), "Wh": (6, 6), "b": (6,)}
SHORTER = {**NETWORK, "x": (2, 3, 4), "h0": (2, 6)}
RATES = (0.3, 0.2)
RECURRENT = {"forward": "rnn_forward", "backward": "rnn_backward"}
THROUGH_TIME = {"given": NETWORK, "rates": RATES, **RECURRENT}
TIME_MODEL = {"model": w.through_time}  # for whom the same seed gives another output

LAYER = {"x": (5, 4), "W": (4, 3), "b": (3,)}
CONNECT = {"forward": "dropconnect_forward", "backward": "dropconnect_backward"}
THROUGH_WEIGHTS = {"given": LAYER, "rates": (0.3,), **CONNECT}
WEIGHTS_MODEL = {"model": w.through_weights}

# tanh(1.5 - 0.5 + 0.5) and tanh(-0.5 - 0.5 + 2 tanh(1.5)), then two sums that begin without a past; done with a pocket calculator
BY_HAND = (
    [[[1.5], [-0.5]], [[0.5], [2.5]]], [[0.25], [0.0]], [[1.0]], [[2.0]], [-0.5], 0.5, 0.5, None, False,
)
BELOW_ZERO = ([[[-1.0]]], [[0.0]], [[1.0]], [[2.0]], [-0.5], 0.5, 0.5, None, False)
STATES = [[[0.9051482536448664], [0.6697537950614595]], [[0.0], [0.9640275800758169]]]
LAYER_BY_HAND = ([[1.0, 2.0]], [[3.0, 0.0, -1.0], [1.0, 4.0, 0.5]], [0.0, 1.0, -1.0], 0.5, None, False)
MOMENTS = ([[3.0, 1.0]], [[1.0, 0.0], [-2.0, 4.0]], [0.5, 0.0], 0.2)
TWO_EXAMPLES = ([[3.0, 1.0], [1.0, 2.0]], *MOMENTS[1:])


def of_both(make):
    """The checks that `make(lens, "m_x")` lists about the mask of the input, then those about the mask of the state."""
    return [through(lens, check) for lens in (INPUT_MASK, STATE_MASK) for check in make(lens.name)]


def gives(dtype, given, rates):
    return c.gives_the_dtype(dtype=dtype, via=c.in_both_modes(c.forwards, given, rates, dtype=dtype))


def leaves_dout(needs, *layer, **pair):
    return c.leaves_its_arguments_alone(arrays="dout", via=c.backwards(*layer, **pair), needs=needs)


def question(key, sentence, **kind):
    return Part(key, sentence, 1, [c.is_filled_in(key=key, **kind)])


EXERCISES = [
    Exercise(
        "variational_dropout_forward",
        [
            Part(
                "mask",
                "one mask stays for all steps, with a coin for each sequence and feature, thrown anew in every call",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_some_and_keeps_some(p=0.3, shape=(8, 6, 20)),
                    through(SEQUENCES, c.shares_its_mask_over_time(p=0.3)),
                    through(SEQUENCES, c.treats_examples_apart(p=0.3, **MASK)),
                    through(SEQUENCES, c.treats_features_apart(p=0.3, **MASK)),
                    through(SEQUENCES, c.draws_afresh(p=0.3, **MASK)),
                ],
            ),
            Part(
                "factor",
                "each coin drops with probability p, and what is kept is divided by 1 - p",
                share=15,
                needs=SOME,
                checks=[
                    through(SEQUENCES, c.drops_the_right_share(p=0.3, **MASK)),
                    through(SEQUENCES, c.keeps_a_varying_number(p=0.3, **MASK, needs=(*APART, "draws_afresh"))),
                    c.scales_the_survivors(p=0.3, by="1/(1-p)", shape=(8, 6, 20)),
                ],
            ),
            Part(
                "chance",
                "chance comes from rng alone, and test time knows none: x is returned as it is",
                share=10,
                needs=SOME,
                checks=[
                    through(SEQUENCES, c.obeys_the_generator(p=0.3, **MASK, needs="draws_afresh")),
                    through(SEQUENCES, c.leaves_global_random_state_alone(p=0.3, **MASK)),
                    c.is_identity_at_test_time(p=0.3, shape=(8, 6, 20)),
                    c.needs_no_chance_at_test_time(given=SEQUENCE, rates=(0.3,), needs="is_identity_at_test_time"),
                ],
            ),
            Part(
                "gradient",
                "dout is multiplied by what x was multiplied by, step by step",
                share=30,
                checks=[
                    c.passes_gradient_to_kept_units_only(p=0.3, **VARIATIONAL, shape=(8, 6, 20)),
                    c.follows_the_mask(p=0.3, **VARIATIONAL, shape=(8, 6, 20), needs=GRADIENT),
                ],
            ),
            Part(
                "cache",
                "backward looks at the cache it is given and at nothing else, after a test pass too",
                share=10,
                needs=GRADIENT,
                checks=[
                    c.keeps_two_passes_apart(first=SEQUENCE, second={"x": (3, 4, 5)}, rates=(0.3,), **VARIATIONAL),
                    c.follows_test_time(p=0.3, **VARIATIONAL, by="1", shape=(8, 6, 20)),
                    c.passes_gradient_where_x_is_zero(p=0.3, **VARIATIONAL, shape=(8, 6, 20), needs="follows_the_mask"),
                ],
            ),
            Part(
                "manners",
                "ten digits, either dtype, p = 0 and p = 1; a bad p is refused, x and dout are left alone",
                share=10,
                gravity="manner",
                needs=SOME,
                checks=[
                    c.is_exact_to_ten_digits(p=0.3, shape=(8, 6, 20), needs="scales_the_survivors"),
                    c.leaves_its_arguments_alone(via=c.forwards(SEQUENCE, (0.3,))),
                    gives("float32", SEQUENCE, (0.3,)),
                    gives("float64", SEQUENCE, (0.3,)),
                    c.drops_nothing_at_zero(shape=(8, 6, 20), needs="drops_the_right_share"),
                    c.drops_everything_at_one(shape=(8, 6, 20), needs="drops_the_right_share"),
                    c.raises_value_error(case="a probability of 1.5", via=c.with_a_rate_of(1.5, SEQUENCE, (0.3,))),
                    c.keeps_dout(p=0.3, **VARIATIONAL, shape=(3, 4, 5), needs=GRADIENT),
                ],
            ),
        ],
        functions=("variational_dropout_forward", "variational_dropout_backward"),
    ),
    Exercise(
        "rnn_forward",
        [
            Part(
                "states",
                "the states are those of the formula, whole, and nothing is dropped at test time",
                share=15,
                checks=[
                    c.is_right(given=BY_HAND, wanted=STATES, names=("h", "cache"), name="h", tolerance=1e-6),
                    c.returns_whole_states(rates=RATES),
                    c.needs_no_chance_at_test_time(given=NETWORK, rates=RATES, needs="is_right"),
                ],
            ),
            Part(
                "masks",
                "one mask falls on x_t and another on h_(t-1), both drawn once for all steps, anew in every call",
                share=25,
                gravity="core",
                checks=[
                    *of_both(
                        lambda name: [
                            c.drops_some_and_keeps_some(p=0.3, **MASK, needs=("is_right", WHOLE) if name == "m_h" else ()),
                            c.shares_its_mask_over_time(p=0.3, needs=(f"{SOME} of {name}", "is_right")),
                            c.treats_examples_apart(p=0.3, **LARGE, needs=(f"{SOME} of {name}", WHOLE)),
                            c.treats_features_apart(p=0.3, **LARGE, needs=(f"{SOME} of {name}", WHOLE)),
                            c.draws_afresh(p=0.3, **LARGE, needs=(f"{SOME} of {name}", WHOLE)),
                        ]
                    ),
                    c.draws_two_masks(p=0.3, needs=[f"{verb} of {name}" for verb in (STEADY, *APART) for name in ("m_x", "m_h")]),
                    c.masks_what_goes_to_the_weights(needs=("is_right", WHOLE, f"{STEADY} of m_x", f"{STEADY} of m_h")),
                ],
            ),
            Part(
                "rates",
                "coins of rng drop with p_x and p_h, and what is kept is divided by 1 - p",
                share=10,
                checks=[
                    *of_both(
                        lambda name: [
                            c.drops_the_right_share(p=0.3, **LARGE, calls=4, needs=(f"{SOME} of {name}", WHOLE)),
                            c.scales_the_survivors(p=0.3, **MASK, needs=(f"{SOME} of {name}", "is_right", WHOLE)),
                            c.obeys_the_generator(p=0.3, **MASK, needs=(f"{SOME} of {name}", f"draws_afresh of {name}")),
                            c.leaves_global_random_state_alone(p=0.3, **MASK, needs=f"{SOME} of {name}"),
                        ]
                    ),
                    c.drops_nothing_when_all_rates_are_zero(given=NETWORK, rates=RATES, needs=f"{SOME} of m_x"),
                ],
            ),
            Part(
                "down",
                "dx and dh0 come back through time and through both masks, by the cache that is given",
                share=20,
                checks=[
                    c.has_the_right_gradient(name="dx", **THROUGH_TIME, **TIME_MODEL),
                    c.has_the_right_gradient(name="dh0", **THROUGH_TIME, **TIME_MODEL, needs="is_right"),
                    c.keeps_two_passes_apart(
                        first=NETWORK, second=SHORTER, rates=RATES, **RECURRENT, needs="has_the_right_gradient(name=dx, rates=(0.3, 0.2))"
                    ),
                ],
            ),
            Part(
                "weights",
                "dWx, dWh and db are sums over all steps, of what the weights saw",
                share=20,
                checks=[
                    c.has_the_right_gradient(name="dWx", **THROUGH_TIME, **TIME_MODEL),
                    c.has_the_right_gradient(name="dWh", **THROUGH_TIME, **TIME_MODEL),
                    c.has_the_right_gradient(name="db", **THROUGH_TIME, **TIME_MODEL, needs="is_right"),
                ],
            ),
            Part(
                "manners",
                "ten digits, either dtype, p = 1; a bad p_x or p_h is refused, no array is modified",
                share=10,
                gravity="manner",
                checks=[
                    *of_both(
                        lambda name: [
                            c.is_exact_to_ten_digits(p=0.3, **MASK, needs=f"scales_the_survivors of {name}"),
                            c.drops_everything_at_one(**MASK, needs=f"drops_the_right_share of {name}"),
                        ]
                    ),
                    c.leaves_its_arguments_alone(via=c.forwards(NETWORK, RATES)),
                    gives("float32", NETWORK, RATES),
                    gives("float64", NETWORK, RATES),
                    c.raises_value_error(case="a probability of 1.5", via=c.with_a_rate_of(1.5, NETWORK, RATES)),
                    leaves_dout("has_the_right_gradient", NETWORK, RATES, **RECURRENT),
                ],
            ),
        ],
        functions=("rnn_forward", "rnn_backward"),
    ),
    Exercise(
        "dropconnect_forward",
        [
            Part(
                "coins",
                "each weight of each example has a coin of its own, thrown anew in every call",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    through(ONE_ROW, c.drops_some_and_keeps_some(p=0.3, **MASK)),
                    c.throws_a_coin_for_each_weight(p=0.3),
                    through(ONE_ROW, c.draws_afresh(p=0.3, **LARGE, needs="throws_a_coin_for_each_weight")),
                ],
            ),
            Part(
                "factor",
                "a weight is dropped with probability p, a kept one divided by 1 - p, and b is added whole",
                share=15,
                needs=SOME,
                checks=[
                    through(ONE_ROW, c.drops_the_right_share(p=0.3, **LARGE, calls=4, needs="throws_a_coin_for_each_weight")),
                    through(ONE_ROW, c.scales_the_survivors(p=0.3, **MASK)),
                    c.never_drops_the_bias(p=0.3),
                ],
            ),
            Part(
                "chance",
                "chance comes from rng alone, and test time knows none: the output is x W + b",
                share=10,
                needs=SOME,
                checks=[
                    c.is_right(given=LAYER_BY_HAND, wanted=[[5.0, 9.0, -1.0]], names=("out", "cache"), name="out", tolerance=1e-6),
                    c.needs_no_chance_at_test_time(given=LAYER, rates=(0.3,), needs="is_right"),
                    through(ONE_ROW, c.obeys_the_generator(p=0.3, **MASK, needs="draws_afresh")),
                    through(ONE_ROW, c.leaves_global_random_state_alone(p=0.3, **MASK)),
                ],
            ),
            Part(
                "dx",
                "dx goes back through the weights that its example kept, by the cache that is given",
                share=20,
                needs=SOME,
                checks=[
                    c.has_the_right_gradient(name="dx", **THROUGH_WEIGHTS, **WEIGHTS_MODEL),
                    c.keeps_two_passes_apart(
                        first=LAYER, second={**LAYER, "x": (3, 4)}, rates=(0.3,), **CONNECT,
                        needs="has_the_right_gradient(name=dx, rates=(0.3,))",
                    ),
                ],
            ),
            Part(
                "dW",
                "dW adds up the share of each example, masked as its weights were; db is the sum of dout",
                share=20,
                needs=SOME,
                checks=[
                    c.has_the_right_gradient(name="dW", **THROUGH_WEIGHTS, **WEIGHTS_MODEL),
                    c.has_the_right_gradient(name="db", **THROUGH_WEIGHTS, **WEIGHTS_MODEL, needs="never_drops_the_bias"),
                ],
            ),
            Part(
                "manners",
                "ten digits, either dtype, p = 0 and p = 1; a bad p is refused, no array is modified",
                share=10,
                gravity="manner",
                needs=SOME,
                checks=[
                    through(ONE_ROW, c.is_exact_to_ten_digits(p=0.3, **MASK, needs="scales_the_survivors")),
                    c.drops_nothing_when_all_rates_are_zero(given=LAYER, rates=(0.3,), needs=ENDS),
                    c.leaves_the_bias_alone_at_one(needs=ENDS),
                    c.leaves_its_arguments_alone(via=c.forwards(LAYER, (0.3,))),
                    gives("float32", LAYER, (0.3,)),
                    gives("float64", LAYER, (0.3,)),
                    c.raises_value_error(case="a probability of 1.5", via=c.with_a_rate_of(1.5, LAYER, (0.3,))),
                    leaves_dout("has_the_right_gradient", LAYER, (0.3,), **CONNECT),
                ],
            ),
        ],
        functions=("dropconnect_forward", "dropconnect_backward"),
    ),
    Exercise(
        "dropconnect_moments",
        [
            Part(
                "var",
                "the variance is p / (1 - p) times the sum of (x_i W_ij)^2, one for each output",
                share=60,
                gravity="core",
                checks=[c.is_right(given=MOMENTS, wanted=[[3.25, 4.0]], names=("mean", "var"), name="var", tolerance=1e-5)],
            ),
            Part(
                "mean",
                "the average is x W + b",
                share=25,
                checks=[c.is_right(given=MOMENTS, wanted=[[1.5, 4.0]], names=("mean", "var"), name="mean", tolerance=1e-5)],
            ),
            Part(
                "manners",
                "ten digits; p = 1 and a bad p are refused, no array is modified",
                share=15,
                gravity="manner",
                checks=[
                    c.is_right(
                        case="p = 0", given=(*MOMENTS[:3], 0.0), wanted=[[0.0, 0.0]], names=("mean", "var"), name="var", needs="var"
                    ),
                    c.raises_value_error(case="p = 1", given=(*MOMENTS[:3], 1.0)),
                    c.leaves_its_arguments_alone(given=MOMENTS, names=("x", "W", "b")),
                ],
            ),
        ],
    ),
    Exercise(
        "FixedVariationalDropout",
        [
            Part(
                "kept",
                "the mask of the latest training call is used again when same_mask=True asks for it",
                share=30,
                gravity="core",
                checks=[
                    c.drops_whole_features_of_sequences(p=0.4),
                    c.keeps_its_mask_when_asked(p=0.4, needs="drops_whole_features_of_sequences"),
                    c.keeps_its_mask_when_asked(p=0.4, steps=3, needs=KEPT),
                    c.keeps_the_latest_mask(p=0.4, needs=KEPT),
                ],
            ),
            Part(
                "anew",
                "a new mask is drawn when same_mask is False, and in the first call whatever it is; each layer has its own",
                share=20,
                needs=KEPT,
                checks=[c.draws_again_unless_asked(p=0.4), c.draws_first_whatever_is_asked(p=0.4), c.keeps_layers_apart(p=0.4)],
            ),
            Part(
                "fits",
                "a mask that does not fit the batch is never used: a new one is drawn",
                share=25,
                needs=KEPT,
                checks=[c.draws_for_another_batch(p=0.4)],
            ),
            Part(
                "test",
                "test time returns x and leaves the remembered mask alone",
                share=15,
                needs=KEPT,
                checks=[c.remembers_through_test_time(p=0.4)],
            ),
            Part(
                "manners",
                "the formula is as before: p, 1 / (1 - p) to ten digits, p = 0 and p = 1; chance is that of rng, x is left alone",
                share=10,
                gravity="manner",
                needs=KEPT,
                checks=[
                    c.drops_features_as_often_as(p=0.2),
                    c.divides_what_it_keeps(p=0.4, needs="drops_features_as_often_as"),
                    c.knows_the_ends(bad=(1.5,), needs="drops_features_as_often_as"),
                    c.draws_from_rng(via=c.a_layer(0.4, shape=MANY_COINS)),
                    c.leaves_its_arguments_alone(arrays="x", via=c.in_both_modes(c.a_layer, 0.4)),
                ],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            question("coins", "the number of coins of one call"),
            question("survival", "how long a memory lives under fresh masks"),
            question("growth", "the average growth under one mask"),
            question("spread", "the standard deviation of a DropConnect unit"),
            question("batch_mask", "the trouble with one mask for a batch", choices="abcd"),
            question("lstm", "what the dropout of an LSTM drops", choices="abcd"),
        ],
    ),
]


def seen(lens):
    """The facts about one mask."""
    facts = [
        f.drop_share(**MASK), f.rows(**MASK), f.columns(**MASK), f.number_dropped(**MASK), f.next_mask(**MASK), f.generator(**MASK),
        s.multiplier(), s.digits(), s.at_one(), f.outside(**MASK),
    ]
    return [seen_through(lens, fact) for fact in facts]


UNDROPPED = {**THROUGH_TIME, "given": {"x": (3, 5, 6), "h0": (3, 4), "Wx": (6, 4), "Wh": (4, 4), "b": (4,)}}  # dx shows the errors

PROBES = {
    "variational_dropout_forward": [
        *seen(SEQUENCES),
        seen_through(SEQUENCES, s.over_time()),
        t.arguments_after("arrays_after", via=c.forwards(SEQUENCE, (0.3,)), named=True),
        s.dtypes(given=SEQUENCE, rates=(0.3,)),
        s.chance_at_test_time(given=SEQUENCE, rates=(0.3,)),
        w.wrong_gradients(given=SEQUENCE, rates=(0.3,), **VARIATIONAL),
        w.wrong_gradients("wrong_gradients_at_test_time", given=SEQUENCE, rates=(0.3,), train=False, **VARIATIONAL),
        w.mask_on_the_way_back(given={"x": (12, 4, 13)}, rates=(0.3,), **VARIATIONAL),
        f.gradient_at_zero_input(**VARIATIONAL, shape=(8, 6, 20)),
        f.dout_after(**VARIATIONAL, shape=(3, 4, 5)),
        s.pass_remembered(given=SEQUENCE, rates=(0.3,), **VARIATIONAL),
    ],
    "rnn_forward": [
        t.gives("first_state", given=BY_HAND, index=0),
        t.gives("second_state", given=BY_HAND, index=0, place=1),
        t.gives("state_below_zero", given=BELOW_ZERO, index=0),
        *seen(INPUT_MASK),
        seen_through(INPUT_MASK, s.over_time()),
        *seen(STATE_MASK),
        seen_through(STATE_MASK, s.over_time()),
        s.two_masks(),
        s.first_axis(),
        s.scaled_gradients(**THROUGH_TIME),
        t.arguments_after("arrays_after", via=c.forwards(NETWORK, RATES), named=True),
        s.dtypes(given=NETWORK, rates=RATES),
        s.chance_at_test_time(given=NETWORK, rates=RATES),
        w.wrong_gradients(**THROUGH_TIME, **TIME_MODEL),
        *(way(**UNDROPPED) for way in (w.way_of_errors, w.way_to_h0, w.sums_of_weights, w.state_of_dWh)),
        *(masked(**RECURRENT) for masked in (k.masked_in_dx, k.masked_in_dh0, k.masked_in_dWx, k.masked_in_dWh)),
        w.place_of_the_state_mask(),
        s.returned_states(),
        t.arguments_after("upstream_after", via=c.backwards(**THROUGH_TIME)),
        s.pass_remembered(**THROUGH_TIME),
    ],
    "dropconnect_forward": [
        *seen(ONE_ROW),
        s.coins(),
        s.bias(),
        s.weights_at_test_time(),
        t.arguments_after("arrays_after", via=c.forwards(LAYER, (0.3,)), named=True),
        s.dtypes(given=LAYER, rates=(0.3,)),
        s.chance_at_test_time(given=LAYER, rates=(0.3,)),
        w.wrong_gradients(**THROUGH_WEIGHTS, **WEIGHTS_MODEL),
        w.wrong_gradients("wrong_gradients_at_test_time", given=LAYER, rates=(0.3,), train=False, **CONNECT),
        s.scaled_gradients(**THROUGH_WEIGHTS),
        w.way_through_weights("way_of_dx", of="x", **THROUGH_WEIGHTS),
        w.way_through_weights("way_of_dW", of="W", **THROUGH_WEIGHTS),
        t.arguments_after("upstream_after", via=c.backwards(**THROUGH_WEIGHTS)),
        s.pass_remembered(**THROUGH_WEIGHTS),
    ],
    "dropconnect_moments": [
        m.order(),
        m.average_factor(),
        m.average_adds(),
        m.spread_factor(),
        m.spread_of_two(),
        m.spread_of_weights(),
        m.spread_adds(),
        m.spread_root(),
        m.spread_digits(),
        t.gives("beyond", given=TWO_EXAMPLES, index=1, place=4),
        t.takes("outside", given=(*MOMENTS[:3], 1.25)),
        t.refused("at_one", given=(*MOMENTS[:3], 1.0)),
    ],
    "FixedVariationalDropout": [
        s.layer_share(),
        s.layer_factor(),
        s.next_call("asked_to_keep", same_mask=True),
        s.next_call("asked_to_keep_for_a_shorter_chunk", same_mask=True, steps=3),
        s.next_call("not_asked_to_keep", same_mask=False),
        s.call_before(),
        s.call_before("after_a_forced_draw", sequences=6),
        s.memory(),
        s.another_batch("smaller_batch", first=8, second=6),
        s.another_batch("after_one_sequence", first=1, second=6),
        s.another_batch("after_one_feature", first=6, second=6, features=(1, 20)),
        s.another_batch("as_many_coins", first=12, second=8, features=(8, 12)),
        s.after_test_time(),
        s.layer_at_test_time(),
        t.arguments_after("sequences_after", via=c.a_layer(0.3)),
        t.chance_from("coins_from", via=c.a_layer(0.3, shape=MANY_COINS)),
    ],
}

"""What assignment 3 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs; and they train your network.
"""

from autograder import Exercise, Part
from autograder.checks_api import symptoms as g
from autograder.dropout import symptoms as f
from autograder.dropout.forms import Bare
from autograder.dropout.generalization import checks as c
from autograder.dropout.generalization import experiment_symptoms as e
from autograder.dropout.generalization import training_symptoms as t

LAYER = {"via": Bare()}
SOME = "drops_some_and_keeps_some"
NETWORK = "returns_a_network(sizes=(6, 8, 7, 3))"
A, B = [3.0, 5.0, 4.0, 8.0], [1.0, 5.0, 5.0, 3.0]
UNEVEN = {"a": [1.0, 0.0, 0.0, -1.0, -2.0, -3.0, -4.0], "b": [0.0] * 7}  # one win, two draws, four defeats
DIGITS = {"data": "digits", "train": 300, "noise": 0.0, "sizes": (64, 64, 10), "epochs": 15, "lr": 0.02, "momentum": 0.9}


def filled(key, choices=""):
    return c.is_filled_in(key=key, choices=choices) if choices else c.is_filled_in(key=key)


EXERCISES = [
    Exercise(
        "noisy_labels",
        [
            Part(
                "number",
                "just as many labels as asked move, each to another class",
                share=25,
                gravity="core",
                checks=[c.moves_exactly(fraction=0.2, count=400)],
            ),
            Part(
                "classes",
                "each of the wrong classes is equally likely",
                share=25,
                gravity="core",
                checks=[c.reaches_all_wrong_classes()],
            ),
            Part(
                "places",
                "which labels move is left to chance, anew in each call",
                share=25,
                gravity="core",
                checks=[c.picks_labels_at_random(), c.draws_anew_in_each_call(via=c.noisy_labels(moved=True))],
            ),
            Part(
                "rounding",
                "what is no whole number of labels is rounded",
                share=5,
                needs="number",
                checks=[c.moves_exactly(fraction=0.29, count=100)],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=10,
                checks=[c.draws_from_rng(via=c.noisy_labels())],
            ),
            Part(
                "manners",
                "a fraction outside [0, 1] is refused, 0 and 1 are not; labels are ints, y is left alone",
                share=10,
                gravity="manner",
                checks=[
                    c.raises_value_error(case="fraction = 1.5", via=c.noisy_labels(1.5)),
                    c.gives_ints(),
                    c.moves_exactly(fraction=1.0, count=50, needs="moves_exactly(fraction=0.2, count=400)"),
                    c.leaves_its_arguments_alone(arrays="y", via=c.noisy_labels()),
                ],
            ),
        ],
    ),
    Exercise(
        "train_mlp",
        [
            Part(
                "start",
                "the first weights are normal with standard deviation sqrt(2 / fan_in), the first biases 0",
                share=15,
                needs=NETWORK,
                checks=[
                    c.returns_a_network(sizes=(6, 8, 7, 3)),
                    c.starts_its_units_apart(),
                    c.draws_first_weights(),
                    c.draws_its_weights_by_rng(),
                ],
            ),
            Part(
                "steps",
                "each step goes down the gradient, and every example has its own label",
                share=25,
                gravity="core",
                needs=NETWORK,
                checks=[
                    c.steps_down_the_gradient(sizes=(6, 40, 30, 3)),
                    c.keeps_examples_and_labels_together(),
                ],
            ),
            Part(
                "momentum",
                "each step keeps momentum times the last one, through all epochs",
                share=10,
                needs=NETWORK,
                checks=[c.keeps_momentum(sizes=(6, 40, 30, 3), momentum=0.8)],
            ),
            Part(
                "batches",
                "an epoch uses each example once, shuffled anew, 32 by 32",
                share=15,
                needs=NETWORK,
                checks=[c.uses_each_example_once(), c.shuffles_anew(needs="uses_each_example_once")],
            ),
            Part(
                "dropout",
                "inputs and hidden units are dropped, each with their own probability, and the network gains by it",
                share=25,
                gravity="core",
                needs="starts_its_units_apart",
                checks=[
                    c.drops_while_training(where="hidden units", p_in=0.2, p_hidden=0.5),
                    c.drops_while_training(where="inputs", p_in=0.2, p_hidden=0.5),
                    c.drops_anew_in_each_step(needs=("drops_while_training", "uses_each_example_once")),
                    c.returns_what_it_trained(p_in=0.2, p_hidden=0.5),
                    c.learns(given=DIGITS, p_hidden=0.25, at_least=0.8, needs=("start", "steps", "momentum", "batches"), seconds=30),
                ],
            ),
            Part(
                "manners",
                "chance comes from rng and from nothing else; X and y are left alone, each bias is a vector",
                share=10,
                gravity="manner",
                needs=NETWORK,
                checks=[
                    c.draws_from_rng(via=c.trained()),
                    c.draws_orders_and_masks_by_rng(needs=("shuffles_anew", "drops_while_training")),
                    c.leaves_its_arguments_alone(arrays="X and y", via=c.trained()),
                    c.keeps_its_biases_flat(sizes=(6, 8, 7, 3)),
                ],
            ),
        ],
    ),
    Exercise(
        "paired_summary",
        [
            Part(
                "mean",
                "the mean is that of d = a - b",
                share=20,
                checks=[c.sums_up(given=(A, B), wanted=1.5, key="mean")],
            ),
            Part(
                "sd",
                "the standard deviation is that of d, with n - 1",
                share=25,
                gravity="core",
                checks=[c.sums_up(given=(A, B), wanted=7.0**0.5, key="sd")],
            ),
            Part(
                "t",
                "t is the mean over sd / sqrt(n)",
                share=25,
                gravity="core",
                checks=[c.sums_up(given=(A, B), wanted=3 / 7.0**0.5, key="t")],
            ),
            Part(
                "wins",
                "the wins are the number of d above 0",
                share=15,
                checks=[c.sums_up(given=(A, B), wanted=2.0, key="wins")],
            ),
            Part(
                "manners",
                "lists will do, ten digits; what is not paired is refused",
                share=15,
                gravity="manner",
                checks=[
                    c.sums_up(given=(A, B), wanted=1.5, key="mean", form="lists", needs="mean"),
                    c.raises_value_error(case="a and b of different lengths", given=([1.0, 2.0, 3.0], [1.0, 2.0])),
                    c.raises_value_error(case="a single pair", given=([1.0], [2.0])),
                ],
            ),
        ],
    ),
    Exercise(
        "ablation_curve",
        [
            Part(
                "units",
                "so many units of each hidden layer are silent, for all examples",
                share=25,
                gravity="core",
                needs="deletes_for_all_examples",
                checks=[c.deletes_something(), c.deletes_for_all_examples(), c.deletes_units()],
            ),
            Part(
                "scale",
                "the other units are multiplied by 1 / (1 - f)",
                share=25,
                gravity="core",
                needs="deletes_for_all_examples",
                checks=[c.scales_the_others()],
            ),
            Part(
                "manners",
                "the network, X and y are left as they are",
                share=10,
                gravity="manner",
                needs="deletes_something",
                checks=[c.leaves_its_arguments_alone(arrays="params, X and y", via=c.ablated())],
            ),
            Part(
                "draw",
                "each set of units is equally likely, drawn anew in each repeat, and the mean is taken",
                share=20,
                needs="deletes_for_all_examples",
                checks=[
                    c.deletes_any_unit(),
                    c.draws_for_each_layer(needs=("deletes_units", "deletes_any_unit")),
                    c.averages_over_repeats(needs="leaves_its_arguments_alone"),
                ],
            ),
            Part(
                "curve",
                "a share of right answers for each fraction, in their order; what is no whole number of units is rounded",
                share=10,
                needs="deletes_something",
                checks=[
                    c.starts_at_the_whole_network(),
                    c.answers_in_order(needs=("starts_at_the_whole_network", "leaves_its_arguments_alone")),
                    c.deletes_units(fraction=0.35, needs="deletes_units"),
                ],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=10,
                checks=[c.draws_from_rng(via=c.ablated())],
            ),
        ],
    ),
    Exercise(
        "fixed_input_dropout",
        [
            Part(
                "cure",
                "x is only read, never written to",
                share=40,
                gravity="core",
                needs=SOME,
                checks=[c.drops_some_and_keeps_some(p=0.3, **LAYER), c.keeps_its_input(p=0.3)],
            ),
            Part(
                "coins",
                "each input throws a coin of its own with probability p, anew in every call",
                share=25,
                gravity="core",
                needs=SOME,
                checks=[
                    c.drops_the_right_share(p=0.3, **LAYER),
                    c.treats_examples_apart(p=0.3, **LAYER),
                    c.treats_features_apart(p=0.3, **LAYER),
                    c.keeps_a_varying_number(p=0.3, **LAYER),
                    c.draws_afresh(p=0.3, **LAYER),
                ],
            ),
            Part(
                "scale",
                "what is kept is divided by 1 - p",
                share=20,
                needs=SOME,
                checks=[c.scales_the_survivors(p=0.3, **LAYER)],
            ),
            Part(
                "rng",
                "chance comes from rng and from nothing else",
                share=5,
                needs=SOME,
                checks=[c.obeys_the_generator(p=0.3, **LAYER), c.leaves_global_random_state_alone(p=0.3, **LAYER)],
            ),
            Part(
                "manners",
                "ten digits, and p = 0",
                share=10,
                gravity="manner",
                needs=SOME,
                checks=[c.drops_nothing_at_zero(**LAYER), c.is_exact_to_ten_digits(p=0.3, **LAYER, needs="scales_the_survivors")],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            Part("sizes", "how many steps a training makes, and how many weights it trains", 2, [filled("updates"), filled("parameters")]),
            Part("share_left", "how much ink the patient of the clinic leaves", 1, [filled("share_left")]),
            Part("pairs", "how far a single pair scatters, and how many it takes", 2, [filled("one_run"), filled("how_many")]),
            Part("best_epoch", "what is wrong with the best of 300 epochs", 1, [filled("best_epoch", "abcd")]),
            Part("narrow", "why dropout harms a narrow network", 1, [filled("narrow", "abcd")]),
            Part("which_claim", "which claim the experiments support", 1, [filled("which_claim", "abcd")]),
        ],
    ),
]

PROBES = {
    "noisy_labels": [
        e.moved_labels(),
        e.picked_places(),
        e.new_classes(),
        g.arguments_after("labels_after", via=c.noisy_labels()),
        g.chance_from("labels_by", via=c.noisy_labels()),
        g.takes("odd_fractions", via=(c.noisy_labels(-0.2), c.noisy_labels(1.2))),
    ],
    "train_mlp": [
        t.first_weights(),
        t.returned_weights(),
        t.weights_without_data(),
        t.first_step(),
        t.second_step(),
        t.trained_biases(),
        t.within_an_epoch(),
        t.batches(),
        t.label_used(),
        t.order(),
        t.order_by(),
        g.chance_from("source_of_chance", via=c.trained()),
        g.arguments_after("data_after", via=c.trained()),
        t.dropped_share("dropped_inputs", where="inputs"),
        t.dropped_share("dropped_hidden", where="hidden units"),
        t.next_dropped(),
    ],
    "paired_summary": [
        e.summary("mean", given=(A, B), key="mean"),
        e.summary("sd", given=(A, B), key="sd"),
        e.t_and_sd(given=(A, B), wanted=3 / 7.0**0.5),
        e.wins_form(**UNEVEN),
        e.draws(**UNEVEN),
        e.summary_digits(given=(A, B), wanted={"mean": 1.5, "sd": 7.0**0.5, "t": 3 / 7.0**0.5}),
        g.takes("unpaired", given=([1.0, 2.0, 3.0], [1.0, 2.0])),
        g.takes("a_single_pair", given=([1.0], [2.0])),
    ],
    "ablation_curve": [
        e.nothing_deleted(),
        e.survivor_factor(),
        e.number_deleted(),
        e.layers_deleted(),
        e.deleted_unit(),
        e.deleted_for(),
        e.deleted_units(),
        e.repeats(),
        g.arguments_after("network_after", via=c.ablated()),
        g.chance_from("deleted_by", via=c.ablated()),
    ],
    "fixed_input_dropout": [
        e.layer_input(),
        f.drop_share(**LAYER),
        f.rows(**LAYER),
        f.columns(**LAYER),
        f.number_dropped(**LAYER),
        f.next_mask(**LAYER),
        f.generator(**LAYER),
        f.survivors("layer_survivors", **LAYER),
        f.digits("layer_digits", **LAYER),
    ],
}

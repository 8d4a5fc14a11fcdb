"""What assignment 3 asks of your functions, sentence by sentence. `pytest` and `check("...")` run exactly this list.

The final marks use these sentences too, and others like them with other inputs; and they train your network.
"""

from autograder import Exercise
from autograder import checks as c
from autograder.checks import experiments_facts as e
from autograder.checks import facts as f
from autograder.checks import training_facts as t
from autograder.checks.forms import Bare

LAYER = {"via": Bare()}
EXACT = "moves_exactly(fraction=0.2, count=400)"
NETWORK = "returns_a_network(sizes=(6, 8, 7, 3))"
STEP = "steps_down_the_gradient"
A, B = [3.0, 5.0, 4.0, 8.0], [1.0, 5.0, 5.0, 3.0]
WHOLE = "starts_at_the_whole_network"
SOME = "drops_some_and_keeps_some"
DIGITS = {"data": "digits", "train": 300, "noise": 0.0, "sizes": (64, 64, 10), "epochs": 15, "lr": 0.02, "momentum": 0.9}

EXERCISES = [
    Exercise(
        "noisy_labels",
        [
            c.moves_exactly(fraction=0.2, count=400, weight=3),
            c.reaches_all_wrong_classes(weight=3, needs=EXACT),
            c.picks_labels_at_random(weight=3, needs=EXACT),
            c.keeps_its_labels(needs=EXACT),
            c.spoils_by_the_generator(weight=2, needs=EXACT),
            c.refuses_the_fraction(fraction=1.5, needs=EXACT),
        ],
    ),
    Exercise(
        "train_mlp",
        [
            c.returns_a_network(sizes=(6, 8, 7, 3), weight=0),
            c.draws_first_weights(weight=3, needs=NETWORK),
            c.steps_down_the_gradient(sizes=(6, 40, 30, 3), weight=3, needs=NETWORK),
            c.keeps_its_biases_flat(sizes=(6, 8, 7, 3), weight=2, needs=STEP),
            c.keeps_momentum(sizes=(6, 40, 30, 3), momentum=0.8, weight=2, needs=STEP),
            c.uses_each_example_once(weight=2, needs=STEP),
            c.keeps_examples_and_labels_together(weight=2, needs=STEP),
            c.shuffles_anew(weight=3, needs="uses_each_example_once"),
            c.drops_while_training(where="hidden units", p_in=0.2, p_hidden=0.5, weight=2, needs=STEP),
            c.drops_while_training(where="inputs", p_in=0.2, p_hidden=0.5, weight=2, needs=STEP),
            c.repeats_itself(weight=3, needs=STEP),
            c.keeps_its_data(weight=2, needs=STEP),
            c.learns(given=DIGITS, p_hidden=0.25, at_least=0.8, weight=2, needs=NETWORK, seconds=30),
        ],
    ),
    Exercise(
        "paired_summary",
        [
            c.sums_up(given=(A, B), wanted=1.5, key="mean"),
            c.sums_up(given=(A, B), wanted=1.5, key="mean", form="lists", needs="sums_up(key=mean)"),
            c.sums_up(given=(A, B), wanted=7.0**0.5, key="sd", weight=2, needs="sums_up(key=mean)"),
            c.sums_up(given=(A, B), wanted=3 / 7.0**0.5, key="t", weight=2, needs="sums_up(key=mean)"),
            c.sums_up(given=(A, B), wanted=2.0, key="wins", needs="sums_up(key=mean)"),
            c.refuses_what_is_not_paired(needs="sums_up(key=mean)"),
        ],
    ),
    Exercise(
        "ablation_curve",
        [
            c.starts_at_the_whole_network(weight=0),
            c.deletes_units(weight=4, needs=WHOLE),
            c.deletes_any_unit(weight=2, needs=WHOLE),
            c.averages_over_repeats(weight=2, needs=WHOLE),
            c.answers_in_order(needs=WHOLE),
            c.keeps_the_network(needs="deletes_units"),
            c.deletes_by_the_generator(weight=2, needs="deletes_units"),
            c.deletes_units(fraction=0.35, weight=2, needs="deletes_units"),
        ],
    ),
    Exercise(
        "fixed_input_dropout",
        [
            c.drops_some_and_keeps_some(p=0.3, **LAYER, weight=0),
            c.keeps_its_input(p=0.3, weight=3, needs=SOME),
            c.drops_the_right_share(p=0.3, **LAYER, weight=2, needs="keeps_its_input"),
            c.multiplies_what_it_keeps(p=0.3, weight=2, needs="keeps_its_input"),
            c.treats_examples_apart(p=0.3, **LAYER, needs="keeps_its_input"),
            c.draws_afresh(p=0.3, **LAYER, needs="keeps_its_input"),
            c.obeys_the_generator(p=0.3, **LAYER, needs="keeps_its_input"),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="updates", weight=0),
            c.is_filled_in(key="parameters", weight=0),
            c.is_filled_in(key="share_left", weight=0),
            c.is_filled_in(key="one_run", weight=0),
            c.is_filled_in(key="how_many", weight=0),
            c.is_filled_in(key="best_epoch", choices="abcd", weight=0),
            c.is_filled_in(key="narrow", choices="abcd", weight=0),
            c.is_filled_in(key="which_claim", choices="abcd", weight=0),
        ],
    ),
]

PROBES = {
    "noisy_labels": [
        e.moved_labels(),
        e.picked_places(),
        e.new_classes(),
        e.labels_after(),
        e.labels_by(),
        e.odd_fractions(),
    ],
    "train_mlp": [
        t.first_weights(),
        t.first_step(),
        t.second_step(),
        t.trained_biases(),
        t.within_an_epoch(),
        t.batches(),
        t.label_used(),
        t.order(),
        t.source_of_chance(),
        t.data_after(),
        t.dropped_share("dropped_inputs", where="inputs"),
        t.dropped_share("dropped_hidden", where="hidden units"),
    ],
    "paired_summary": [
        e.summary("mean", given=(A, B), key="mean"),
        e.summary("sd", given=(A, B), key="sd"),
        e.t_and_sd(given=(A, B), wanted=3 / 7.0**0.5),
        e.summary("wins", given=([1.0, 0.0, -1.0, -2.0, -3.0], [0.0] * 5), key="wins"),
        e.unpaired(a=[1.0, 2.0, 3.0], b=[1.0, 2.0]),
        e.unpaired("a_single_pair", a=[1.0], b=[2.0]),
    ],
    "ablation_curve": [
        e.nothing_deleted(),
        e.deletion(),
        e.deleted_for(),
        e.deleted_units(),
        e.repeats(),
        e.network_after(),
        e.deleted_by(),
    ],
    "fixed_input_dropout": [
        e.layer_input(),
        f.drop_share(**LAYER),
        f.rows(**LAYER),
        f.columns(**LAYER),
        f.next_mask(**LAYER),
        f.generator(**LAYER),
        e.layer_survivors(),
    ],
}

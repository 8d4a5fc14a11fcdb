"""Toy: what is asked in public."""

from autograder import Exercise
from autograder import checks as c
from autograder.checks import facts as f

EXERCISES = [
    Exercise(
        "shrink",
        [
            c.multiplies_at_test_time(p=0.25, by="1-p", weight=2),
            c.keeps_its_input(p=0.25, needs="multiplies_at_test_time"),
        ],
    ),
    Exercise(
        "quiz",
        [
            c.is_filled_in(key="twice", weight=0),
            c.is_filled_in(key="letter", choices="ab", weight=0),
        ],
    ),
]

PROBES = {"shrink": [f.test_time()]}

"""Toy: what is asked in public."""

from autograder import Exercise, Part
from autograder.dropout import checks as c
from autograder.dropout import symptoms as f

EXERCISES = [
    Exercise(
        "shrink",
        [
            Part(
                "factor",
                "x is multiplied by 1 - p",
                share=85,
                gravity="core",
                checks=[c.multiplies_at_test_time(p=0.25, by="1-p")],
            ),
            Part(
                "manners",
                "x is left alone",
                share=15,
                gravity="manner",
                needs="factor",
                checks=[c.keeps_its_input(p=0.25)],
            ),
        ],
    ),
    Exercise(
        "quiz",
        [
            Part("twice", "twice a half", 1, [c.is_filled_in(key="twice")]),
            Part("letter", "the right letter", 1, [c.is_filled_in(key="letter", choices="ab")]),
        ],
    ),
]

PROBES = {"shrink": [f.test_time()]}

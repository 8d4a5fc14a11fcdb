"""What the steps do to single notebooks: whatever a file says, the marks find their cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.model import CourseError, Diagnosis, ExerciseResult, Outcome, Verdict
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, TOY, answered, cell, code_cell

pytestmark = pytest.mark.nbgrader

IDS = ("setup", "shrink", "check_shrink", "quiz", "check_quiz")


def source() -> dict[str, Any]:
    return dict(
        json.loads((TOY / "solutions" / SLUG / f"{SLUG}.ipynb").read_text(encoding="utf-8")))


def released() -> dict[str, Any]:
    """What the gradebook would say of the toy notebook."""
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum, is_locked  # type: ignore[import-untyped]

    from autograder.nbgrader_plugin.repair import Released

    found = {}
    for c in map(from_dict, source()["cells"]):
        told = c.metadata.get("nbgrader")
        if told:
            c.source = "".join(c.source)
            points = told.get("points")
            known = Released(told.grade_id, "code", c.source, compute_checksum(c), is_locked(c),
                             told.solution, False, points)
            found[told.grade_id] = known
    return found


def repaired(notebook: dict[str, Any], folder: Path) -> Any:
    """The notebook after RepairHandIn, written and read as nbgrader does."""
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator  # type: ignore[import-untyped]

    from autograder import notebook as reader
    from autograder import notebook_file
    from autograder.course import load_public
    from autograder.nbgrader_plugin import handin, repair

    path = folder / f"{SLUG}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    parsed = notebook_file.parse(notebook_file.content(path), path)
    nb = handin.from_parsed(parsed)
    nb.cells = repair.repaired(
        nb.cells, released(), reader.from_node(parsed, path, load_public(TOY / "solutions" / SLUG)))
    nbformat.validate(nb)
    MetadataValidator().validate_nb(nb)
    json.dumps(nb).encode()
    return nb


# -------------------------------------------------------------------------------------- any hand-in
junk = st.recursive(st.none() | st.booleans() | st.integers(-5, 120) | st.floats()
                    | st.text(max_size=5) | st.sampled_from(IDS),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)
KEYS = ["grade_id", "grade", "solution", "locked", "points", "schema_version", "task",
        "checksum", "cell_type"]
claims = st.dictionaries(st.sampled_from(KEYS), junk, max_size=6) | junk
metadata = st.fixed_dictionaries({}, optional={"nbgrader": claims, "tags": junk, "deletable": junk,
                                               "collapsed": junk}) | junk
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"]) | junk},
    optional={
        "source": st.sampled_from([RIGHT, QUIZ, "x = 1", ["a\n", "b"]]) | junk,
        "metadata": metadata,
        "id": st.sampled_from(["shrink", "cell-1"]) | junk,
        "outputs": junk,
        "execution_count": junk,
        "attachments": junk,
    },
)


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(handed_in=st.lists(cells | junk, max_size=6), top=junk)
def test_every_released_cell_is_there_once_whatever_was_handed_in(handed_in: list[Any], top: Any,
                                                                  tmp_path: Path) -> None:
    nb = repaired({"nbformat": 4, "nbformat_minor": 5, "metadata": top, "cells": handed_in},
                  tmp_path)
    names = [c.metadata.nbgrader.grade_id for c in nb.cells if "nbgrader" in c.metadata]
    assert sorted(n for n in names if n != "setup") == sorted(n for n in IDS if n != "setup")
    assert all(set(c.metadata) <= {"nbgrader"} and not c.get("outputs") for c in nb.cells)


def test_an_honest_notebook_is_left_as_it_is(tmp_path: Path) -> None:
    handed_in = answered(source())
    nb = repaired(handed_in, tmp_path)
    assert [(c.id, c.source) for c in nb.cells] == [(c["id"], "".join(c["source"]))
                                                    for c in handed_in["cells"]]


def test_a_check_cell_is_restored_and_stands_below_its_answer(tmp_path: Path) -> None:
    handed_in = answered(source())
    cell(handed_in, "check_quiz")["source"] = "print('full marks')"
    handed_in["cells"].remove(cell(handed_in, "check_shrink"))
    names = [(c.metadata.get("nbgrader", {}).get("grade_id"), c.source)
             for c in repaired(handed_in, tmp_path).cells]
    assert names[names.index(("shrink", RIGHT)) + 1] == ("check_shrink", 'check("shrink")')
    assert ("check_quiz", 'check("quiz")') in names


def test_pictures_are_kept_and_drawings_are_not(tmp_path: Path) -> None:
    handed_in = source()
    bundle = {"a.png": {"image/png": "aGk="}, "b.svg": {"image/svg+xml": "aGk="},
              "c.png": {"image/png": '"><script>'}, "d": 3}
    handed_in["cells"].append({"cell_type": "markdown", "metadata": {}, "id": "p", "source": "",
                               "attachments": bundle})
    handed_in["cells"].append(code_cell("x", attachments=bundle))
    kept = [c.attachments for c in repaired(handed_in, tmp_path).cells if "attachments" in c]
    assert kept == [{"a.png": {"image/png": "aGk="}}]


# -------------------------------------------------------------------------------- score and reasons
def result(points: float = 1.5, **more: Any) -> ExerciseResult:
    failed = Verdict("shrink", "keeps", "Keeps the `x`", Outcome.FAILED, "out = <b>`1`</b>", "2")
    return ExerciseResult(**{"name": "shrink", "points": points, "max_points": 3.0,
                             "verdicts": (failed,), **more})


@pytest.mark.parametrize(("points", "score"), [(1.5, 1.5), (-1.0, 0.0), (7.0, 3.0),
                                               (float("nan"), 0.0), (float("inf"), 0.0), (3, 3.0)])
def test_a_score_is_a_finite_number_within_bounds(points: float, score: float) -> None:
    from autograder.nbgrader_plugin.grade_step import score_of

    found = score_of(result(points), 3)
    assert found == score
    assert type(found) is float, "nbgrader gives full marks for the text np.float64(1.5)"


def test_what_could_not_be_run_costs_nothing_and_says_so() -> None:
    from autograder.nbgrader_plugin.grade_step import score_of
    from autograder.nbgrader_plugin.marks import reasons

    skipped = result(0.0, not_run="torch is not installed")
    assert score_of(skipped, 3) == 3
    assert (reasons(skipped) == "Not judged here (`torch is not installed`). It counts in full "
            "until someone has looked at it.")


def test_points_that_differ_from_the_gradebook_are_a_course_error() -> None:
    from autograder.nbgrader_plugin.grade_step import score_of

    with pytest.raises(CourseError, match="worth 3 points in solutions/, but 2 in the gradebook"):
        score_of(result(), 2)


def test_reasons_name_the_belief_first_and_quote_what_was_seen() -> None:
    from autograder.nbgrader_plugin.marks import reasons

    beliefs = (Diagnosis("shrink", "p_is_kept", "You keep p."), Diagnosis("other", "x", "no"))
    assert reasons(result(diagnoses=beliefs, trouble="NameError: q")) == (
        "- Running your cell stopped with `NameError: q`\n"
        "- **p is kept**: You keep p.\n"
        "- Keeps the `x`: `` out = < b>`1`< /b>, but should be 2 ``"
    )
    assert reasons(result(verdicts=())) is None

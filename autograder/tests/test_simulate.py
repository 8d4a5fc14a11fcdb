"""Simulated classes and the measurements made with them, on the toy course."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam
from autograder.authoring import bench, demo, stock_course, timing
from autograder.authoring.fill import released, spread
from autograder.authoring.scratch import course
from autograder.authoring.simulate import Stock, hand_ins, simulate, stock
from autograder.cli import main
from autograder.model import Call, Check, CourseError, Part
from autograder.staff import load_staff
from autograder.tests.classroom import SLUG, TOY


@pytest.fixture(scope="module")
def toys(released_once: Path) -> Stock:
    return stock(load_staff(released_once, SLUG),
                 released(released_once / "assignments" / SLUG / f"{SLUG}.ipynb"))


def test_the_same_seed_makes_the_same_class(toys: Stock) -> None:
    assert list(hand_ins(toys, 30, 7)) == list(hand_ins(toys, 30, 7))
    assert list(hand_ins(toys, 30, 7)) != list(hand_ins(toys, 30, 8))


def test_a_larger_class_begins_like_the_smaller_one(toys: Stock) -> None:
    assert list(hand_ins(toys, 40, 7))[:30] == list(hand_ins(toys, 30, 7))


def test_the_class_is_mixed_and_no_two_are_alike(toys: Stock) -> None:
    texts = [text for _, text in hand_ins(toys, 1000, 0)]
    worked = [t for t in texts if t.endswith("}\n") and re.search(r"# s\d{4}", t)]
    assert len(set(worked)) == len(worked) > 700
    assert any(not t for t in texts)
    assert any("while True" in t for t in texts)
    assert any("(x * p, None)" in t for t in texts)
    assert any("(x - p * x, None)" in t for t in texts)
    cut = [t for t in texts if t and not t.endswith("}\n")]
    assert cut
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(cut[0])


@pytest.mark.nbgrader
def test_a_simulated_class_can_be_graded_at_once(tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", SLUG, "--students", "6", "--seed", "3", "--into", str(tmp_path / "class"),
             "--course", str(TOY)]
    assert main(words) == 0
    assert "6 hand-ins in" in capsys.readouterr().out
    assert main(["grade", SLUG, "--course", str(tmp_path / "class"), "--jobs", "1"]) in (0, 1)
    assert len(list((tmp_path / "class" / "submitted").iterdir())) == 6


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="was not made by this command"):
        course(TOY, tmp_path, SLUG)
    with pytest.raises(CourseError, match="at least one student"):
        simulate(TOY, SLUG, 0, 0, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


# ------------------------------------------------------------------------------------- measurements
def test_every_gradient_check_is_timed() -> None:
    asked: list[Any] = []

    def looks(exam: Exam, shape: tuple[int, ...] = (9, 9)) -> None:
        asked.append((shape, *exam.ask(Call("shrink", (np.ones(shape), 0.5, None)))))

    staff = load_staff(TOY, SLUG)
    assert bench.gradient_timings(staff, [(2, 3)]) == []
    check = Check(bench.GRADIENT_CHECK, bench.GRADIENT_CHECK, "holds", looks)
    (exercise, *_), part = staff.assignment.exercises, Part("gradient", "the gradient is right",
                                                            1.0, [check])
    staff = replace(staff, assignment=replace(staff.assignment,
                                              exercises=(replace(exercise, parts=(part,)),)))
    found = bench.gradient_timings(staff, [(2, 3)])
    assert found[0]["shape"] == [2, 3]
    assert {"check", "loop"} <= found[0]["seconds"].keys()
    assert {shape for shape, _ in asked} == {(2, 3)}
    assert all(out.shape == (2, 3) for _, (out, _) in asked)


def test_the_loop_leaves_the_input_as_it_was() -> None:
    x = np.arange(6.0).reshape(2, 3)
    bench.elementwise(x)
    assert np.array_equal(x, np.arange(6.0).reshape(2, 3))


def test_the_stock_course_has_asserts_and_the_same_points(released_once: Path) -> None:
    notebook = json.loads(
        (released_once / "solutions" / SLUG / f"{SLUG}.ipynb").read_text(encoding="utf-8"))
    staff = load_staff(released_once, SLUG)
    made = stock_course.with_asserts(copy.deepcopy(notebook), staff, stock_course.EMPTY)
    assert [c["source"] for c in _graded(made)] == ["assert shrink is not None\n",
                                                    "assert quiz is not None\n"]
    real = [c["source"]
            for c in _graded(stock_course.with_asserts(notebook, staff, stock_course.REAL))]
    space = {"np": np, **staff.reference.namespace}
    for source in real:
        exec(source, space)
    with pytest.raises(AssertionError):
        exec(real[0], space | {"shrink": lambda *args, **kwargs: 7})
    assert real[0].count("assert np.isclose") > 1


def _graded(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]


def test_the_processor_time_of_a_command_holds_what_it_started(tmp_path: Path) -> None:
    (tmp_path / "burn.py").write_text("import subprocess, sys, time\nif len(sys.argv) > 1:\n"
                                      "    end = time.process_time() + 0.3\n"
                                      "    while time.process_time() < end: pass\nelse:\n"
                                      "    subprocess.run([sys.executable, __file__, 'child'])\n")
    assert timing.run(("burn",), tmp_path)[1] >= 0.3


def test_a_busy_machine_is_said() -> None:
    assert timing.noise(0.01) == ""
    assert "63%" in timing.noise(0.63)


def test_ratios_come_first_and_noise_is_called_noise(tmp_path: Path) -> None:
    times = [bench.Timing("quick", 10, 2.0, 1.0, 1.1, 0.1),
             bench.Timing("noisy", 10, 2.3, 2.0, 2.0, 1.0)]
    times.append(bench.Timing("stock", 10, 20.0, 19.0, 2.0, 1.0))
    found = {"machine": "m", "assignment": "a", "checks": 10, "classes": [t.told() for t in times],
             "gradients": [], "scaling": []}
    found |= {"others": 0.4, "whole": False, "dearest": [("e: c", 0.002)]}
    found["self-check"] = {"import numpy": 0.1, "autograder check": 0.5}
    told = list(bench.lines(found))
    assert told[2].split() == ["quick", "20.0", "100", "100", "10000", "2"]
    assert told[3].split()[:3] == ["noisy", "?", "?"]
    assert "NOT QUIET" in told[5]
    assert "without what sandboxed workers used" in told[6]
    assert told[8].split() == ["2.0", "e:", "c"]
    bench.plot(found, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").stat().st_size > 1000


def test_the_demo_keeps_its_size_however_many_beliefs_a_key_holds() -> None:
    people = [demo.HandIn("", str(n), "") for n in range(37)]
    assert spread(people, 40) == people
    assert [h.kind for h in spread(people, 5)] == ["0", "7", "14", "22", "29"]


def test_a_scratch_course_brings_what_its_configuration_imports(toy: Path, tmp_path: Path) -> None:
    config = toy / "nbgrader_config.py"
    config.write_text(config.read_text() + '\n'
                      'get_config().AssignLatePenalties.plugin_class = "late.Late"\n')
    (toy / "late.py").write_text("LATE = 1\n")
    (toy / "notes.py").write_text("x = 1\n")
    made = course(toy, tmp_path / "scratch", SLUG)
    assert (made / "late.py").read_text() == "LATE = 1\n"
    assert not (made / "notes.py").exists()

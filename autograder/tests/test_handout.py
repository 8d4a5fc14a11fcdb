"""What students get: which files, the same bytes each time, and nothing that answers."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import autograder
from autograder.authoring import bundle, proof
from autograder.authoring.fill import filled, released, write
from autograder.authoring.gate import Gate
from autograder.authoring.handout import Handout, bare, collect, student_part
from autograder.authoring.target import Target
from autograder.cli import main
from autograder.model import CourseError
from autograder.staff import load_staff
from autograder.student import places
from autograder.surroundings import stranger
from autograder.tests.classroom import SLUG

ROOT = Path(autograder.__file__).parents[1]
CHOSEN = ("hw1_dropout", "hw3_generalization")


@pytest.fixture(scope="session")
def handout() -> Handout:
    return collect(ROOT, CHOSEN)


@pytest.fixture(scope="session")
def zip_file(handout: Handout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("handout") / "dropout.zip"
    bundle.write(handout, path)
    return path


def names(data: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return set(archive.namelist())


# ----------------------------------------------------------------------------------------- the list
def test_the_zip_holds_what_students_need_and_nothing_else(zip_file: Path,
                                                           handout: Handout) -> None:
    found = names(zip_file.read_bytes())
    wheel = f"dropout_autograder-{handout.version}-py3-none-any.whl"
    folders = {f"{slug}/{name}" for slug in CHOSEN
               for name in (f"{slug}.ipynb", "checks.py", "hints.json", "layout.json")}
    data = {"datasets/README.md", "datasets/digits.npy"}
    assert found == {f"dropout/{n}" for n in {"LICENSE", "README.md", "install.html",
                                              "requirements.txt", wheel} | folders | data}
    with zipfile.ZipFile(zip_file) as archive:
        assert f"./{wheel}" in archive.read("dropout/requirements.txt").decode()
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        inside = names(archive.read(f"dropout/{wheel}"))
    assert {n for n in inside if n.startswith("autograder/")} == set(handout.wheel)
    assert {f"autograder/assignments/{slug}/{name}" for slug in CHOSEN
            for name in ("checks.py", "hints.json", "layout.json")} <= inside
    assert not [n for n in inside if n.endswith(".ipynb")]


def test_the_students_part_reaches_no_grader_and_no_test(handout: Handout) -> None:
    assert ({"cli.py", "grade.py", "student/command.py", "judge.py", "report/html.py"}
            - student_part().keys() == {"cli.py", "grade.py"})
    assert "autograder/datasets.py" in handout.wheel, "a notebook imports it"
    assert "autograder/dropout/sequences/checks.py" not in handout.wheel, "of no chosen assignment"
    assert list(proof.leaks(handout, ROOT)) == []


def test_the_wheel_does_not_explain_itself(handout: Handout) -> None:
    def code(source: str) -> str:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if (isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and len(node.body) > 1
                    and ast.get_docstring(node)):
                node.body.pop(0)
        return ast.dump(tree, include_attributes=True)

    for name, made in student_part().items():
        if name.endswith(".py"):
            assert (code(made.decode())
                    == code((ROOT / "autograder" / name).read_text(encoding="utf-8"))), name
    assert bare('"""A."""\nx = "# no"  # why\n') == '\nx = "# no"\n'
    assert bare('def f():\n    """A\n    B."""\n    return 1\n') == "def f():\n\n\n    return 1\n"
    assert (bare('@verb()\ndef f():\n    """A."""\n    return 1\n').count('"""')
            == 2), "it is the check's sentence"
    assert bare('def f():\n    """A."""\n    return 1\n',
                entered=True).count('"""') == 2, "a notebook may ask for help(f)"


def test_the_same_tree_gives_the_same_bytes_and_another_one_another_version(
        zip_file: Path, handout: Handout, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        bundle.write(collect(ROOT, CHOSEN), tmp_path / "again.zip")
    finally:
        os.umask(before)
    assert (tmp_path / "again.zip").read_bytes() == zip_file.read_bytes()
    assert replace(handout, wheel={**handout.wheel,
                                   "autograder/one_more.py": b""}).version != handout.version
    assert handout.version.startswith(f"{autograder.__version__}+w")


def test_data_that_was_fetched_is_not_passed_on(toy: Path) -> None:
    (toy / "datasets").mkdir()
    for name in ("digits.npy", "sonar.csv", "cifar-10-python.tar.gz"):
        (toy / "datasets" / name).write_text("data")
    found = collect(toy).files
    assert ({name for name in found if name.startswith("datasets/")}
            == {"datasets/README.md", "datasets/digits.npy"})
    assert found["datasets/digits.npy"] == b"data", "the course's own"


def test_a_course_of_ones_own_gives_what_the_kit_gives_and_needs_no_other_assignment(
        toy: Path) -> None:
    found = collect(toy)
    assert {"README.md", "LICENSE", "datasets/digits.npy"} <= found.files.keys()
    assert found.files["README.md"] == (ROOT / "assignments" / "README.md").read_bytes()
    assert Gate(found, toy)._handed_out("hw2_unreleased") == {}
    assert "check" in Gate(found, toy)._handed_out(SLUG)


def test_the_version_stands_in_one_place() -> None:
    assert ('version = { attr = "autograder.__version__" '
            '}' in (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for path in ROOT.glob("assignments/*/*.ipynb"):
        told = json.loads(path.read_text(encoding="utf-8"))["metadata"]["autograder"]
        assert told == {"assignment": path.stem, "release": autograder.__version__}


def test_what_is_not_released_is_named(toy: Path) -> None:
    with pytest.raises(CourseError, match=r"hw9.*Run `autograder release` first\."):
        collect(toy, ["hw9"])
    shutil.rmtree(toy / "assignments")
    with pytest.raises(CourseError,
                       match=r"holds no released assignment\. Run `autograder release` first\."):
        collect(toy)


# ----------------------------------------------------------------------------------------- the gate
def test_candidates_are_held_against_whole_answers() -> None:
    """Where only what is not 0 is asked for, any truth value had the form of a layer's output."""
    staff = load_staff(ROOT, "hw1_dropout")
    asked = Target(staff, staff.assignment.exercise("dropout_forward"), {}).asked
    assert len(asked) > 5
    assert not any(call.nonzero for calls, _ in asked for call in calls)


def small(root: Path, wheel: Mapping[str, str] = {}, cells: tuple[str, ...] = ()) -> Handout:
    """The toy's notebook, with more cells, and a wheel with nothing but these modules."""
    node = released(root / "assignments" / SLUG / f"{SLUG}.ipynb")
    node["cells"] += [{"cell_type": "code", "metadata": {}, "source": [text]} for text in cells]
    return Handout((SLUG,), {n: t.encode() for n, t in wheel.items()},
                   {f"{SLUG}/{SLUG}.ipynb": json.dumps(node).encode()})


def found(root: Path, handout: Handout) -> list[str]:
    staff = load_staff(root, SLUG)
    gate = Gate(handout, root)
    return [score.finding for one in gate.tried(staff) for score in one.findings]


IN_ENGINE = "def lessened(values, share):\n    return values * (1 - share)\n"
IN_TEST = ("def test_it():\n    def right(x, p, rng, train):\n        return (1 - p) * x, None\n"
           "    assert right\n")
IN_CLASS = "class Layer:\n    def forward(self, x, p):\n        return x - p * x\n"


@pytest.mark.parametrize(
    ("wheel", "cells", "what"),
    [
        ({"autograder/judge_too.py": IN_ENGINE}, (),
         r"^lessened in autograder/judge_too\.py \(of the first 2, with a None\) earns 100%"),
        ({"autograder/tests/test_it.py": IN_TEST}, (),
         r"^test_it\.right in autograder/tests/test_it\.py earns \d+% of shrink"),
        ({"autograder/layer.py": IN_CLASS}, (), r"^Layer\(\)\.forward in autograder/layer\.py"),
        ({"autograder/table.py": 'quiz = {"twice": 42, "letter": "a"}\n'}, (),
         r"^quiz in autograder/table\.py earns 100% of quiz"),
        ({}, ("def lessened(x, p):\n    return x - p * x",),
         r"^lessened in toy_scaling/toy_scaling\.ipynb"),
        ({}, ("x, p = np.ones(3), 0.5\ny = (1 - p) * x\nprint(y)",),
         r"^`\(1 - p\) \* x` in toy_scaling/toy_scaling\.ipynb"),
        ({}, ("q = 1 - p\ny = q * x",),
         r"^`q \* x` in toy_scaling/toy_scaling\.ipynb \(and 1 lines above, with a None\)"),
    ],
)
def test_a_planted_leak_is_caught_by_what_it_does(
    released_once: Path, wheel: dict[str, str], cells: tuple[str, ...], what: str
) -> None:
    (one,) = found(released_once, small(released_once, wheel, cells))
    assert re.search(what, one), one
    assert one.endswith("Rework it so that it is of another form, or keep it out of the hand-out.")


def test_what_is_near_a_right_answer_is_none(released_once: Path) -> None:
    wheel = {"autograder/near.py": "def scaled(x, p, rng, train):\n    return p * x, None\n\n\n"
             "def shape(x, p):\n    return x\n"}
    assert found(released_once, small(released_once, wheel)) == []


def test_a_function_without_manners_costs_only_itself(released_once: Path) -> None:
    text = ("import os, time\n\n\ndef a(x, p):\n    os._exit(3)\n\n\ndef b(x, p):\n"
            "    while True:\n        pass\n\n\ndef c(x, p):\n")
    text += "    open('made.txt', 'w').write('here')\n    return x\n\n\n" + IN_ENGINE
    gate = Gate(small(released_once, {"autograder/rude.py": text}), released_once)
    one = next(iter(gate.tried(load_staff(released_once, SLUG), {"shrink"})))
    assert [s.parts for s in one.findings] == [("lessened in autograder/rude.py",)]
    assert one.lost >= 1
    assert not Path("made.txt").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("autograder/judge.py", "    factor = x.dtype.type(1 - p)  # so",
         "holds a line of the solution in toy_scaling"),
        ("README.md", 'SALT = "a toy needs no secret salt"',
         f"holds a line of solutions/{SLUG}_key.py"),
        ("autograder/tests/test_it.py", "", "is for staff"),
        ("autograder/grade.py", "", "is for staff"),
    ],
)
def test_a_planted_text_is_caught(released_once: Path, name: str, text: str, said: str,
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LEAST", 28)
    (one,) = proof.leaks(small(released_once, {name: text}), released_once)
    assert said in one


def test_nothing_is_written_while_something_is_found(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    node = released(path)
    node["cells"].append({"cell_type": "code", "metadata": {},
                          "source": ["def lessened(x, p):\n", "    return x - p * x"]})
    path.write_text(json.dumps(node), encoding="utf-8")
    assert main(["bundle", "--course", str(toy), "--into", str(toy / "out.zip"), "--table",
                 str(toy / "table.csv")]) == 1
    said = capsys.readouterr().out
    assert "lessened in toy_scaling/toy_scaling.ipynb" in said, said
    assert "Nothing was written." in said
    assert not (toy / "out.zip").exists()
    assert "toy_scaling,shrink," in (toy / "table.csv").read_text(encoding="utf-8")


# ----------------------------------------------------------------------------------- finding checks
@pytest.fixture
def beside(released_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in which the toy is installed twice, under two names; the folder with both."""
    package = tmp_path / "package"
    for slug in (SLUG, "toy_other"):
        folder = package / places.INSTALLED / slug
        folder.mkdir(parents=True)
        for name in ("checks.py", "hints.json", "layout.json"):
            text = (released_once / "assignments" / SLUG / name).read_text(encoding="utf-8")
            changed = (text.replace(SLUG, slug) if slug == SLUG
                       else text.replace(SLUG, slug).replace("shrink", "shorten"))
            (folder / name).write_text(changed, encoding="utf-8")
    monkeypatch.setattr(autograder, "__file__", str(package / "__init__.py"))
    return package / places.INSTALLED


def test_a_running_notebook_finds_its_checks_by_what_it_has(beside: Path) -> None:
    layout = json.loads((beside / SLUG / "layout.json").read_text(encoding="utf-8"))
    assert places.of_namespace("shrink", {}) == beside / SLUG
    assert places.of_namespace("shorten", {}) == beside / "toy_other"
    assert places.of_namespace("quiz", {"quiz": {}, "shorten": abs}) == beside / "toy_other"
    assert places.of_namespace("cheque", {}) is None
    with pytest.raises(CourseError, match=r'may be a notebook of toy_\w+ or of toy_\w+\. Run its '
                       r'cells .* check\("quiz", folder='):
        places.of_namespace("quiz", {"In": ["", layout["setup"]]})


def test_a_saved_notebook_finds_its_checks_by_what_it_says_or_holds(
        beside: Path, released_once: Path, tmp_path: Path) -> None:
    original = released_once / "assignments" / SLUG / f"{SLUG}.ipynb"
    moved = tmp_path / "elsewhere" / "copy.ipynb"
    moved.parent.mkdir()
    shutil.copy(original, moved)
    node: dict[str, Any] = json.loads(original.read_text(encoding="utf-8"))
    assert places.of_notebook(moved, node) == beside / SLUG
    assert places.is_of_course(moved)
    del node["metadata"]["autograder"]
    assert places.of_notebook(moved, node) == beside / SLUG, "by the ids of its cells"
    assert places.of_notebook(original, node) == original.parent, "checks beside it come first"
    odds: tuple[Any, ...] = ({}, [], {"cells": 7}, {"cells": [{"metadata": {"nbgrader": 1}}]},
                             {"metadata": {"autograder": []}})
    for odd in odds:
        assert places.of_notebook(moved, odd) == moved.parent
    moved.write_text("{", encoding="utf-8")
    assert not places.is_of_course(moved)


def test_another_package_of_the_same_name_is_named(tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    assert stranger() == ""
    folder = tmp_path / "autograder-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: autograder\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "pip uninstall autograder" in stranger()


# -------------------------------------------------------------------------------- as a student does
@pytest.fixture(scope="module")
def student(zip_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip unpacked, and an environment with its wheel: nothing is fetched, the rest is ours."""
    home = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(zip_file) as archive:
        archive.extractall(home)
    venv.create(home / ".venv", symlinks=True)
    ours = next(p for p in sys.path if p.endswith("site-packages"))
    theirs = next((home / ".venv").glob("lib/python*/site-packages"))
    shutil.copytree(ours, theirs, dirs_exist_ok=True, ignore=_ours, copy_function=os.symlink)
    (wheel,) = (home / "dropout").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links",
               str(wheel.parent), str(wheel)]
    done = run([*install[:3], "--python", str(home / ".venv/bin/python"), *install[3:]], home)
    assert done.returncode == 0, done.stdout + done.stderr
    return home


def _ours(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if "autograder" in n]


def run(words: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith(("JUPYTER", "PYTEST", "PYTHON"))}
    return subprocess.run(words, cwd=place, env=environment, text=True, capture_output=True,
                          timeout=600, check=False)


@pytest.mark.slow
def test_the_tests_of_a_fresh_student_fail_on_the_stub_and_pass_on_the_solution(
        student: Path) -> None:
    program, folder = str(student / ".venv/bin/python"), student / "dropout" / "hw1_dropout"
    where = run([program, "-c", "import autograder; print(autograder.__file__)"], folder)
    assert where.stdout.startswith(str(student)), where
    stub = run([program, "-m", "pytest", "-q", "."], folder)
    assert stub.returncode == 1, stub.stdout + stub.stderr
    assert "is not written yet" in stub.stdout
    path = folder / "hw1_dropout.ipynb"
    write(filled(released(path), load_staff(ROOT, "hw1_dropout").solution.answers), path)
    full = run([program, "-m", "pytest", "-q", "."], folder)
    assert full.returncode == 0, full.stdout + full.stderr
    command = run([str(student / ".venv/bin/autograder"), "check", str(path)], student)
    assert command.returncode == 0, command.stdout + command.stderr
    grader = run([str(student / ".venv/bin/autograder"), "grade", "hw1_dropout"], student)
    assert grader.returncode == 2
    assert "invalid choice: 'grade'" in grader.stderr


COLAB = {"colab": {"provenance": [], "toc_visible": True},
         "kernelspec": {"name": "python3", "display_name": "Python 3"}}
VS_CODE = {"kernelspec": {"name": "python3", "display_name": ".venv"},
           "language_info": {"name": "python", "version": "3.12.1"}}


@pytest.mark.slow
@pytest.mark.parametrize("metadata", [None, COLAB, VS_CODE],
                         ids=["as it was", "from Colab", "from VS Code"])
def test_a_notebook_alone_in_an_empty_folder_finds_its_checks(
        student: Path, metadata: dict[str, Any] | None, tmp_path: Path) -> None:
    node = filled(released(ROOT / "assignments/hw1_dropout/hw1_dropout.ipynb"),
                  load_staff(ROOT, "hw1_dropout").solution.answers)
    if metadata is not None:
        node["metadata"] = metadata
        node["cells"] = [{**c, "metadata": {**c["metadata"], "id": "x1"}, "id": f"cell{n}"}
                         for n, c in enumerate(node["cells"])]
    write(node, tmp_path / "Copy of hw1.ipynb")
    saved = run([str(student / ".venv/bin/autograder"), "check", "Copy of hw1.ipynb"], tmp_path)
    assert saved.returncode == 0, saved.stdout + saved.stderr
    if metadata is None:
        tests = run([str(student / ".venv/bin/python"), "-m", "pytest", "-q"], tmp_path)
        assert tests.returncode == 0, tests.stdout + tests.stderr
    running = {**node, "cells": [{**c, "source": "".join(c["source"])}
                                 for c in node["cells"] if _is_needed(c)]}
    path = student / ".venv/share/jupyter/kernels/python3"
    path.mkdir(parents=True, exist_ok=True)
    words = [str(student / ".venv/bin/python"), "-m", "ipykernel_launcher", "-f",
             "{connection_file}"]
    (path / "kernel.json").write_text(
        json.dumps({"argv": words, "display_name": "student", "language": "python"}))
    script = tmp_path / "run.py"
    (tmp_path / "in.json").write_text(json.dumps(running))
    script.write_text(
        "import json, nbformat\nfrom nbclient import NotebookClient\n"
        "node = nbformat.from_dict(json.load(open('in.json')))\n"
        "NotebookClient(node, timeout=300, kernel_name='python3').execute()\n"
    )
    kernel = run([str(student / ".venv/bin/python"), "run.py"], tmp_path)
    assert kernel.returncode == 0, kernel.stdout + kernel.stderr


def _is_needed(cell: dict[str, Any]) -> bool:
    """Whether it is the set-up, an answer or a check: the pictures between them take a minute."""
    return cell["cell_type"] == "code" and "nbgrader" in cell["metadata"]


@pytest.mark.slow
def test_a_later_bundle_with_more_is_installed_over_an_earlier_one(student: Path,
                                                                   tmp_path: Path) -> None:
    more = collect(ROOT, [*CHOSEN, "hw2_network"])
    name, wheel = bundle.build_wheel(more)
    (tmp_path / name).write_bytes(wheel)
    program = str(student / ".venv/bin/python")
    done = run([sys.executable, "-m", "pip", "--python", program, "install", "--no-index",
                "--no-deps", str(tmp_path / name)], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = run([program, "-c", "from autograder.student.places import installed; print([f.name "
                  "for f, _ in installed()])"], tmp_path)
    assert listed.stdout.strip() == "['hw1_dropout', 'hw2_network', 'hw3_generalization']", listed

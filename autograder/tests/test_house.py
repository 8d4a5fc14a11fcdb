"""The floors of the house: imports point downward, strangers stay put, words are kept."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import autograder
from autograder.checks_api.verb import Verb
from autograder.course import lacking, slugs
from autograder.dropout import masks
from autograder.model import Check
from autograder.staff import Staff, load_staff
from autograder.tests.toys import CASES

HOUSE = Path(autograder.__file__).parent

# A room is a module of the package or a folder with all that is in it.
FLOORS: tuple[frozenset[str], ...] = tuple(
    frozenset(rooms.split())
    for rooms in (
        "model layout surroundings running chance interactive asking foresight pasting keys "
        "datasets written_out notebook_file",
        "found_cells checks_api judge diagnose sandbox worker report folders",
        "notebook",
        "course subjects examine",
        "staff student",
        "carried",
        "grade",
        "nbgrader_plugin",
        "classes explain",
        "authoring neighbours",
        "dropout commands",
        "cli __main__ __init__ nbgrader_config checks",
    )
)

# Arrows that may stay on one floor, or lead up, each with its reason.
ALLOWED = {
    ("running", "model"): "everything speaks in the nouns",
    ("layout", "model"): "everything speaks in the nouns",
    ("pasting", "model"): "everything speaks in the nouns",
    ("pasting", "asking"): "how a call is written is decided where calls are made",
    ("surroundings", "model"): "what is lacking is an error of the kit's",
    ("asking", "running"): "what cannot travel has the same name in messages",
    ("asking", "model"): "everything speaks in the nouns",
    ("foresight", "model"): "everything speaks in the nouns",
    ("foresight", "running"): "what is sent ahead is written down as it travels",
    ("keys", "model"): "everything speaks in the nouns",
    ("interactive", "running"): "whether a cell is Python is asked in one place",
    ("datasets", "model"): "everything speaks in the nouns",
    ("notebook_file", "model"): "everything speaks in the nouns",
    ("diagnose", "checks_api"): "a fingerprint is made of symptoms, which are written beside the "
    "checks",
    ("__main__", "cli"): "python -m autograder is the command",
    ("authoring", "nbgrader_config"): "release and stock nbgrader must run with the same settings; "
    "the file holds settings only",
    ("cli", "__init__"): "the version",
    ("student", "__init__"): "the version",
    ("authoring", "__init__"): "the version, which a hand-out says",
    ("notebook", "__init__"): "the version: a hand-in may be of another release",
    ("nbgrader_plugin", "__init__"): "the version, which a release says",
    ("nbgrader_plugin", "nbgrader_config"): "the quick road asks whether the settings are those of "
    "the kit; the file holds settings only",
}

# What a room may import of the house, where the floors alone would allow more.
ONLY = {
    "model": "",
    "layout": "model",
    "pasting": "model asking",
    # shown in the sandbox file by file, and run on the student's machine, too: so it is no part of
    # worker/
    "running": "model",
    "chance": "",
    "keys": "model",
    "datasets": "model",
    "notebook_file": "model",
    "asking": "model running",
    "checks_api": "model chance asking surroundings",
    # public files of numbers; they say nothing of where a student lives
    "dropout": "checks_api model chance asking datasets",
    "checks": "asking checks_api dropout model",
    "report": "model",
    "worker": "running model",
}

# One stranger, few rooms.
STRANGERS = {
    # nbgrader's preprocessors are handed nbformat's nodes and must hand them back
    "nbformat": "notebook nbgrader_plugin",
    # the demo is a class that nbgrader grades
    "nbgrader": "nbgrader_plugin nbgrader_config authoring",
    "pytest": "student",
    "msgpack": "running",
    "pyseccomp": "sandbox",
    "scipy": "chance",
    "rich": "commands authoring report student",
    "jinja2": "report nbgrader_plugin",
    "IPython": "student interactive",
    "distributed": "classes",
    "msgspec": "classes",
    # gradcheck measured beside ours; CUDA started where a GPU was let in
    "torch": "authoring worker",
}
# never imported by importing one of the rooms a student uses
LAZY = frozenset({"torch", "distributed", "rich", "jinja2", "IPython", "pyseccomp"})

FORBIDDEN_TO_STUDENTS = (*("staff", "keys", "sandbox", "worker", "running.wire", "running.frames",
                           "subjects.remote", "grade", "classes", "authoring", "nbgrader_plugin"),
                         *("msgpack", "nbgrader", "pyseccomp"))


@cache
def modules() -> dict[str, ast.Module]:
    """Dotted name below autograder -> its syntax tree; tests stand outside the house."""
    found = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        if parts[0] != "tests":
            name = ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def room(module: str) -> str:
    """The room in which a module lies."""
    return module.split(".")[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """Everything a piece of code imports, as dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide arrows"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_import(tree: ast.Module) -> Iterator[str]:
    """What importing the module imports: not what stands in functions or under TYPE_CHECKING."""
    for statement in tree.body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            continue
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield from imported(statement)


def inside(names: Iterator[str]) -> set[str]:
    """Those names that are modules of the house, without its own name in front."""
    found = set()
    for name in names:
        if name == "autograder" or name.startswith("autograder."):
            inner = name.removeprefix("autograder").lstrip(".")
            if inner in modules():
                found.add(inner)
            elif name != "autograder" and "." not in inner:
                found.add("__init__")  # a name that the face of the package offers
    return found


def arrows() -> Iterator[tuple[str, str, str]]:
    """(module, its room, room it imports from) for every import that leaves its room."""
    for module, tree in modules().items():
        for target in sorted({room(t) for t in inside(imported(tree))}):
            if target != room(module):
                yield module, room(module), target


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS, 1) if name in rooms)


# ------------------------------------------------------------------------------------------- floors
def test_every_room_has_a_floor() -> None:
    rooms = {room(m) for m in modules()}
    homeless = rooms - frozenset().union(*FLOORS)
    assert not homeless, f"give these rooms a floor in this file: {sorted(homeless)}"


def test_imports_point_downward() -> None:
    wrong = [
        f"{module} (floor {floor(here)}) imports {there} (floor {floor(there)})"
        for module, here, there in arrows()
        if floor(there) >= floor(here) and (here, there) not in ALLOWED
    ]
    assert not wrong, "these arrows do not point downward: " + "; ".join(wrong)


def test_no_exception_has_outlived_its_arrow() -> None:
    real = {(here, there) for _, here, there in arrows()}
    assert ALLOWED.keys() <= real, f"take out of ALLOWED: {ALLOWED.keys() - real}"


def test_some_rooms_know_even_less_than_their_floor_allows() -> None:
    wrong = [f"{module} imports {there}" for module, here, there in arrows()
             if here in ONLY and there not in ONLY[here].split()]
    assert not wrong, "these rooms may not know so much: " + "; ".join(wrong)


def test_the_engine_knows_nothing_of_the_course() -> None:
    wrong = [f"{module} imports {there}" for module, here, there in arrows()
             if there in ("dropout", "checks") and here != "checks"]
    assert not wrong, f"what is about dropout belongs in dropout/: {wrong}"


TOPICS = frozenset(path.parent.name for path in (HOUSE / "dropout").glob("*/__init__.py"))


def topic(module: str) -> str:
    """The topic of dropout/ in whose folder a module lies, or ""."""
    parts = module.split(".")
    return parts[1] if parts[0] == "dropout" and len(parts) > 1 and parts[1] in TOPICS else ""


def test_no_topic_imports_another_and_what_topics_share_imports_none() -> None:
    assert len(TOPICS) == 7
    wrong = [
        f"{module} imports {there}"
        for module, tree in modules().items()
        for there in inside(imported(tree))
        if room(module) == "dropout" and topic(there) not in ("", topic(module))
    ]
    assert not wrong, f"let what two topics need lie beside their folders: {wrong}"


def test_no_function_is_longer_than_forty_lines() -> None:
    functions = [(m, f) for m, tree in modules().items()
                 for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)]
    assert [f"{m}.{f.name}" for m, f in functions if (f.end_lineno or 0) - f.lineno >= 40] == []


def one_name_a_line(source: str) -> str:
    """The text with each import that takes several lines as ruff would write it."""
    lines = source.split("\n")
    found = [node for node in ast.walk(ast.parse(source))
             if isinstance(node, ast.ImportFrom) and node.end_lineno != node.lineno]
    for node in sorted(found, key=lambda node: -node.lineno):
        first, *rest = lines[node.lineno - 1 : node.end_lineno]
        if not any("#" in line for line in rest):
            names = " ".join(rest).strip(" ,)").split(",")
            pad = " " * node.col_offset
            lines[node.lineno - 1 : node.end_lineno] = [
                first, *(f"{pad}    {name.strip()}," for name in names), f"{pad})"]
    return "\n".join(lines)


def test_imports_are_sorted(tmp_path: Path) -> None:
    for home in ("autograder", "solutions", "assignments"):
        for path in (HOUSE.parent / home).rglob("*.py"):
            copy = tmp_path / path.relative_to(HOUSE.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(one_name_a_line(path.read_text(encoding="utf-8")), encoding="utf-8")
    options = ("--isolated", "--no-cache", "--line-length=100", "--target-version=py310")
    known = "lint.isort.known-first-party=['autograder']"
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--select=I", *options,
                           f"--config={known}", str(tmp_path)],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_line_of_a_key_or_of_checks_is_wider_than_140() -> None:
    tables = [p for h in ("solutions", "assignments") for p in (HOUSE.parent / h).rglob("*.py")]
    assert [p.name for p in tables if re.search(".{141}", p.read_text(encoding="utf-8"))] == []


def test_the_nouns_need_only_the_standard_library() -> None:
    nouns = [tree for module, tree in modules().items() if room(module) == "model"]
    strangers = ({name.split(".")[0] for tree in nouns for name in imported(tree)}
                 - sys.stdlib_module_names - {"autograder"})
    assert not strangers, f"model/ imports {strangers}"


def test_nobody_imports_the_worker() -> None:
    wrong = [f"{module} imports worker" for module, _, there in arrows() if there == "worker"]
    assert not wrong, f"a worker is started, never imported: {wrong}"


def test_nobody_imports_solutions_assignments_or_tests() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        for name in imported(tree)
        if name.split(".")[0] in ("solutions", "assignments") or name.startswith("autograder.tests")
    ]
    assert not wrong, wrong


def test_strangers_stay_in_their_rooms() -> None:
    met = {(name.split(".")[0], room(m)) for m, tree in modules().items()
           for name in imported(tree)}
    wrong = [f"{name} is imported in {home}"
             for name, home in met if home not in STRANGERS.get(name, home).split()]
    assert not wrong, wrong


def test_the_tests_of_students_and_the_notebook_reach_no_grader() -> None:
    for start in ("student.selfcheck", "student.pytest_plugin"):
        for module, way in reached(start, imported).items():
            for forbidden in FORBIDDEN_TO_STUDENTS:
                assert not f"{module}.".startswith(f"{forbidden}."), " -> ".join(way)


def test_what_a_student_imports_imports_no_lazy_stranger() -> None:
    for start in ("__init__", "student.selfcheck", "student.pytest_plugin"):
        for module, way in reached(start, at_import).items():
            assert module.split(".")[0] not in LAZY, " -> ".join(way)


def reached(start: str, look: object) -> dict[str, tuple[str, ...]]:
    """All that is reached from a module, with the way there; strangers by their own names."""
    assert callable(look)
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        names = list(look(modules()[here]))
        own = inside(iter(names)) - {"__init__"}
        parents = {name.rpartition(".")[0] for name in own} - {""}  # importing a.b runs a as well
        others = {n.split(".")[0] for n in names} - {"autograder"}
        for name in sorted(own | parents | others):
            if name not in ways:
                ways[name] = (*ways[here], name)
                if name in modules():
                    waiting.append(name)
    return ways


# -------------------------------------------------------------------------------------------- words
def every_module() -> Iterator[ModuleType]:
    for name in modules():
        if name not in ("__main__", "worker.__main__"):  # these run when imported
            yield importlib.import_module("autograder" if name == "__init__"
                                          else f"autograder.{name}")


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in modules().items() if not ast.get_docstring(tree)]
    assert not silent, f"these modules have no docstring: {silent}"


def test_what_is_announced_is_there() -> None:
    for module in every_module():
        announced = getattr(module, "__all__", [])
        missing = [name for name in announced if not hasattr(module, name)]
        assert not missing, f"{module.__name__}.__all__ promises {missing}"
        assert list(announced) == sorted(set(announced)), (f"{module.__name__}.__all__ is not "
                                                           "sorted, or says something twice")


FACES = ("checks", "symptoms")  # they offer what the modules beside them make


@cache
def modules_of_checks() -> list[str]:
    return [n for n in modules()
            if room(n) in ("checks_api", "dropout") and n.split(".")[-1] not in FACES]


def judges(thing: object) -> bool:
    """Is this made of a function that takes an exam and returns nothing? (Probes give words.)"""
    annotations = getattr(getattr(thing, "__wrapped__", None), "__annotations__", {})
    return "exam" in annotations and annotations.get("return") == "None"


def made_in(name: str) -> dict[str, Verb]:
    """The checks that a module defines."""
    module = importlib.import_module(f"autograder.{name}")
    return {n: thing for n, thing in vars(module).items()
            if judges(thing) and thing.__module__ == module.__name__}


@cache
def verbs() -> dict[str, Verb]:
    return {name: verb for module in modules_of_checks() for name, verb in made_in(module).items()}


def test_every_verb_is_announced() -> None:
    for name in modules_of_checks():
        announced = getattr(importlib.import_module(f"autograder.{name}"), "__all__", [])
        assert not made_in(name).keys() - set(announced), name


def test_no_two_checks_have_one_name() -> None:
    every = [verb for module in modules_of_checks() for verb in made_in(module)]
    assert len(every) == len(set(every)) == len(verbs()) > 150


def test_every_verb_has_a_sentence_that_stands_behind_a_name() -> None:
    for name, verb in verbs().items():
        sentence = (verb.__doc__ or "").partition("\n\n")[0]
        assert len(sentence) > 5, f"{name} has no sentence"
        assert not sentence.rstrip().endswith(
            (".", ",", ";", ":")), f"{name}: the sentence ends with punctuation: {sentence!r}"
    for _, check in CASES:
        assert check.sentence, f"{check.name} has no sentence"
        assert "{" not in check.sentence, f"{check.name} leaves a hole: {check.sentence!r}"


@pytest.fixture(scope="module")
def course() -> dict[str, Staff]:
    """The course's assignments with their keys, if what they need and solutions/ are here."""
    root = HOUSE.parent
    found = ({slug: load_staff(root, slug) for slug in slugs(root)}
             if (root / "solutions").is_dir() else {})
    ready = {slug: staff for slug, staff in found.items() if not lacking(staff.assignment)}
    return ready or pytest.skip("the assignments of the course are not here")


def test_every_verb_is_asked_in_some_assignment(course: dict[str, Staff]) -> None:
    if len(course) < len(slugs(HOUSE.parent)):
        pytest.skip("an assignment needs what is not installed here")
    asked = {check.verb.split(" of ")[0] for staff in course.values()
             for e in staff.assignment.exercises for check in e.checks}
    assert not verbs().keys() - asked, "take these checks out, or ask them"


def test_every_chance_check_says_what_it_sees(course: dict[str, Staff]) -> None:
    chancy = 0
    for slug, staff in course.items():
        for check in (check for e in staff.assignment.exercises for check in e.checks):
            chancy += bool(check.chances)
            assert bool(check.chances) == bool(check.power), (
                f"{slug}, {check.name}: {check.chances} chance tests, power {check.power!r}")
    assert chancy > len(course)


def test_no_class_of_messages_is_empty() -> None:
    said = 0
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
                    and isinstance(node.exc.func, ast.Name)):
                name, arguments = node.exc.func.id, node.exc.args
                if name in ("Wrong", "CourseError", "SubmissionError", "Broken", "CheckFailed"):
                    assert arguments, f"{module}, line {node.lineno}: {name} says nothing"
                    first = arguments[0]
                    assert not (isinstance(first, ast.Constant) and not first.value), (
                        f"{module}, line {node.lineno}: {name} says nothing")
                    said += 1
    assert said > 300


def test_a_check_is_only_made_with_cases_it_knows() -> None:
    with pytest.raises(TypeError, match=r"drops_the_right_share takes \['calls', 'p', 'shape', "
                       r"'via', 'what'\], not \['q'\]"):
        masks.drops_the_right_share(q=0.3)
    assert isinstance(masks.drops_the_right_share(p=0.3), Check)


# ------------------------------------------------------------------------------------------- weight
def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], text=True,
                          capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ["numpy", "scipy", "nbformat", "msgpack", "rich", "pytest", "IPython", "matplotlib",
             "typing", "json", "pathlib", "inspect"]
    before_and_after = run_python(
        f"import sys; before = set(sys.modules); import autograder; print([m for m in {heavy} if m "
        "in sys.modules and m not in before])")
    assert before_and_after.strip() == "[]", f"import autograder imports {before_and_after}"


def test_the_pytest_plugin_does_not_slow_other_suites_down() -> None:
    heavy = ["numpy", "scipy", "nbformat", "rich"]
    loaded = run_python("import sys; import pytest, autograder.student.pytest_plugin; print([m "
                        f"for m in {heavy} if m in sys.modules])")
    assert loaded.strip() == "[]", f"the plugin imports {loaded}"


def test_checking_oneself_loads_no_grader() -> None:
    forbidden = ["msgpack", "nbgrader", "autograder.running.wire", "autograder.running.frames",
                 "autograder.sandbox", "autograder.grade", "autograder.subjects.remote"]
    loaded = run_python(
        "import sys, autograder.student.selfcheck, autograder.student.pytest_plugin, "
        f"autograder.notebook, autograder.checks_api.symptoms; print([m for m in {forbidden} if m "
        "in sys.modules])")
    assert loaded.strip() == "[]", f"a student's check loads {loaded}"


def test_the_face_of_the_package_offers_what_it_announces_and_nothing_else() -> None:
    assert set(autograder.__all__) == {*("Exercise", "Part", "__version__", "check", "core", "edge",
                                         "manner", "misconception", "right", "variant", "within")}
    with pytest.raises(AttributeError, match="no attribute 'cheque'"):
        _ = autograder.cheque

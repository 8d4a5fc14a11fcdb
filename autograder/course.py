"""Folders -> assignments, as students have them; autograder.staff adds the key, for graders."""

from __future__ import annotations

import difflib
import importlib.util
import json
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder import notebook
from autograder.checks_api.verb import named
from autograder.folders import folders, is_course
from autograder.layout import LAYOUT, Layout, must_agree
from autograder.layout import read as read_layout
from autograder.model import Assignment, Check, CourseError, Exercise, ExerciseResult, Gravity, Part
from autograder.surroundings import demand_sentences

HINTS = "hints.json"


# ------------------------------------------------------------------------------------------ folders
def find_root(start: Path | None = None) -> Path:
    """The root: the nearest folder from `start` up with solutions/, assignments/ or a config."""
    here = (start or Path.cwd()).resolve()
    if not here.is_dir():
        raise CourseError(f"There is no folder {here}. Name the course's root.")
    for folder in (here, *here.parents):
        if is_course(folder):
            return folder
    raise CourseError(f"There is no course at {here}: neither it nor a folder above holds "
                      "solutions/ or assignments/. Go to the course.")


def slugs(root: Path) -> list[str]:
    """The assignments of a course, sorted by name; from solutions/ if there, else assignments/."""
    found = folders(root)
    home = found.source if found.source.is_dir() else found.release
    return sorted(f.name for f in home.iterdir() if (f / "checks.py").is_file())


# ------------------------------------------------------------------------------------------- public
def load_public(folder: Path) -> Assignment:
    """The assignment in a released folder, by its layout.json, or in a source, by its notebook."""
    demand_sentences()
    folder = folder.resolve()
    layout = _layout(folder)
    module = load_module(folder / "checks.py", f"_autograder_checks_{folder.name}")
    exercises = tuple(_exercise(e, layout.points, folder) for e in defined(module, "EXERCISES"))
    _complete(exercises, layout.points, folder)
    must_agree(layout, exercises, folder)
    hints = folder / HINTS
    return Assignment(
        slug=layout.slug or folder.name,
        folder=folder,
        exercises=exercises,
        probes={name: _told_apart(name, tuple(facts))
                for name, facts in getattr(module, "PROBES", {}).items()},
        setup=layout.setup,
        course_cells=layout.cells,
        hints=json.loads(hints.read_text(encoding="utf-8")) if hints.is_file() else {},
        needs=tuple(getattr(module, "NEEDS", ())),
        preload=tuple(getattr(module, "PRELOAD", ())),
        gpu=bool(getattr(module, "GPU", False)),
    )


def lacking(assignment: Assignment) -> str:
    """Why nothing of this assignment can run here; "" when all packages that it NEEDS are there."""
    missing = [name for name in assignment.needs if importlib.util.find_spec(name) is None]
    return f"the package {missing[0]} is not installed on this machine" if missing else ""


def not_run(assignment: Assignment) -> tuple[ExerciseResult, ...]:
    """The results of an assignment that lacks something here: nothing judged, nothing lost."""
    reason = lacking(assignment)
    return tuple(ExerciseResult(e.name, 0.0, e.points, (), not_run=reason)
                 for e in assignment.exercises)


def _layout(folder: Path) -> Layout:
    """What is known of the course's notebook: by itself in a source folder, else by layout.json."""
    if not _is_source(folder):
        return read_layout(folder / LAYOUT)
    path = folder / f"{folder.name}.ipynb"
    if not path.is_file():
        raise CourseError(
            f"{folder} should hold the notebook {folder.name}.ipynb. {_take_it(folder)}")
    return notebook.layout(path)


def _is_source(folder: Path) -> bool:
    """Whether solutions are written here, wherever the course keeps them: nobody is given a key."""
    return ("solutions" in (folder.name, folder.parent.name)
            or folder.with_name(f"{folder.name}_key.py").is_file())


def _take_it(folder: Path) -> str:
    """Where a lost file is to be had: a release would grade the solution against its stubs."""
    return ("Make it, or put it back from your copy of solutions/." if _is_source(folder)
            else "Take it from the folder you were given.")


def load_module(path: Path, name: str) -> ModuleType:
    """A checks.py or a key, run as a module of that name; CourseError with the line that raised."""
    if not path.is_file():
        what = ("holds the hidden checks" if path.name.endswith("_key.py")
                else "lists the checks of the assignment")
        raise CourseError(f"{path} is missing. It {what}. {_take_it(path.parent)}")
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # inspect.getsource and dataclasses look modules up by name
    try:
        # not imported: no compiled copy is to lie beside what students get, or must not see
        exec(compile(path.read_bytes(), path, "exec"), vars(module))
    except CourseError:
        raise
    except Exception as error:
        raise CourseError(f"{path} cannot be loaded: {type(error).__name__}: "
                          f"{error}{_where(error, path)}. Mend the file.") from error
    return module


def _where(error: Exception, path: Path) -> str:
    """The line that raised and the name perhaps meant: " (line 7; did you mean is_identity?)"."""
    lines = [frame.lineno
             for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    told = [f"line {lines[-1]}"] if lines else []
    if isinstance(error, AttributeError) and error.name:
        told += [f"did you mean {name}?"
                 for name in difflib.get_close_matches(error.name, dir(error.obj), 1)]
    return f" ({'; '.join(told)})" if told else ""


def defined(module: ModuleType, name: str) -> Any:
    """What a checks.py or a key must define."""
    if not hasattr(module, name):
        raise CourseError(
            f"{module.__file__} does not define {name}. Add it; the other assignments show how.")
    return getattr(module, name)


def _exercise(exercise: Exercise, points: Mapping[str, float], folder: Path) -> Exercise:
    if exercise.name not in points:
        raise CourseError(f"{folder.name}: there is no check cell check_{exercise.name} with "
                          "points. Add it to the notebook.")
    for part in exercise.parts:
        if not isinstance(part, Part):
            raise CourseError(f"{exercise.name} has {part!r} where a part belongs. Write "
                              "Part(name, sentence, share, [checks]).")
        if not part.share > 0:
            raise CourseError(f"The part {part.name} of {exercise.name} has the share "
                              f"{part.share!r}. Give it a number above 0.")
        if part.gravity not in [*Gravity, *(g.value for g in Gravity)]:
            raise CourseError(f"The part {part.name} of {exercise.name} has the gravity "
                              f"{part.gravity!r}. Say core, edge or manner.")
    complete = replace(exercise, parts=tuple(with_needs(p, p.checks) for p in exercise.parts),
                       points=points[exercise.name])
    demand_distinct(complete)
    return complete


def with_needs(part: Part, checks: Iterable[Check]) -> Part:
    """The part with these checks, each of which needs what the part does, if that comes before."""
    needs, listed = named(part.needs), tuple(checks)
    first = next((n for n, c in enumerate(listed) if {c.name, c.verb} & set(needs)), -1)
    waiting = (replace(c, needs=tuple(dict.fromkeys((*needs, *c.needs))))
               for c in listed[first + 1 :])
    return replace(part, checks=(*listed[: first + 1], *waiting), gravity=Gravity(part.gravity))


def _told_apart(exercise: str, probes: tuple[Any, ...]) -> tuple[Any, ...]:
    """The probes of an exercise: of two with one name, a misconception could show only one."""
    names = [probe.name for probe in probes]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise CourseError(f'PROBES of {exercise} has {twice} twice. Give one of them a name of its '
                          f'own: {twice}("name", ...).')
    return probes


def demand_distinct(exercise: Exercise) -> None:
    """Refuse two parts or checks of one name, and a check that needs a later one."""
    names = [p.name for p in exercise.parts] + [c.name for c in exercise.checks]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise CourseError(f"{exercise.name} has {twice[0]} twice. Change a case or leave one out.")
    known: set[str] = set()
    for check in exercise.checks:
        missing = [need for need in check.needs if need not in known]
        if missing:
            raise CourseError(f"{exercise.name}: {check.name} needs {missing[0]}, which is no "
                              "earlier check or part of the exercise.")
        known |= {check.name, check.verb, exercise.part_of[check.name]}


def _complete(exercises: tuple[Exercise, ...], points: Mapping[str, float], folder: Path) -> None:
    unknown = set(points) - {e.name for e in exercises}
    if unknown:
        odd = sorted(unknown)[0]
        raise CourseError(f"{folder.name} has a check cell for {odd}, which checks.py does not "
                          "list. Add the exercise there.")

"""Folders -> assignments. `load_public` reads what students have; `load_staff` adds the key, by path, for graders only."""

from __future__ import annotations

import difflib
import importlib.util
import json
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder import notebook
from autograder.chance import MAX_TESTS
from autograder.checks_api.verb import hide, named
from autograder.diagnose import fingerprint, signs
from autograder.folders import folders, is_course, salt
from autograder.foresight import Foresight
from autograder.judge import judge
from autograder.keys import bare, edited, entries, helpers, source
from autograder.layout import LAYOUT, Layout, must_agree
from autograder.layout import read as read_layout
from autograder.model import (
    Assignment,
    Cell,
    Check,
    CourseError,
    Exercise,
    ExerciseResult,
    Gravity,
    Key,
    Misconception,
    Outcome,
    Part,
    Role,
    Submission,
    Variant,
    Verdict,
)
from autograder.subjects.local import Local
from autograder.surroundings import demand_sentences

HINTS = "hints.json"
PATIENCE = 600.0  # seconds for a call of the course's own functions: on a busy machine "timed_out" must not become a word of the hints


# ----------------------------------------------------------------------------------------------------------------------- folders
def find_root(start: Path | None = None) -> Path:
    """The course's root: the nearest folder at or above `start` that holds solutions/, assignments/ or nbgrader_config.py."""
    here = (start or Path.cwd()).resolve()
    if not here.is_dir():
        raise CourseError(f"There is no folder {here}. Name the course's root.")
    for folder in (here, *here.parents):
        if is_course(folder):
            return folder
    raise CourseError(f"There is no course at {here}: neither it nor a folder above holds solutions/ or assignments/. Go to the course.")


def slugs(root: Path) -> list[str]:
    """The assignments of a course, sorted by name; from solutions/ when it is there, else from assignments/."""
    found = folders(root)
    home = found.source if found.source.is_dir() else found.release
    return sorted(f.name for f in home.iterdir() if (f / "checks.py").is_file())


# ------------------------------------------------------------------------------------------------------------------------ public
def load_public(folder: Path) -> Assignment:
    """The assignment in a released folder, where layout.json speaks for its notebook, or in a source folder, where the notebook does."""
    demand_sentences()
    folder = folder.resolve()
    layout = _layout(folder)
    module = _module(folder / "checks.py", f"_autograder_checks_{folder.name}")
    exercises = tuple(_exercise(e, layout.points, folder) for e in _defined(module, "EXERCISES"))
    _complete(exercises, layout.points, folder)
    must_agree(layout, exercises, folder)
    hints = folder / HINTS
    return Assignment(
        slug=layout.slug or folder.name,
        folder=folder,
        exercises=exercises,
        probes={name: _told_apart(name, tuple(facts)) for name, facts in getattr(module, "PROBES", {}).items()},
        setup=layout.setup,
        course_cells=layout.cells,
        hints=json.loads(hints.read_text(encoding="utf-8")) if hints.is_file() else {},
        needs=tuple(getattr(module, "NEEDS", ())),
        preload=tuple(getattr(module, "PRELOAD", ())),
        gpu=bool(getattr(module, "GPU", False)),
    )


def lacking(assignment: Assignment) -> str:
    """Why nothing of this assignment can be run on this machine; "" when all the packages that it NEEDS are there."""
    missing = [name for name in assignment.needs if importlib.util.find_spec(name) is None]
    return f"the package {missing[0]} is not installed on this machine" if missing else ""


def not_run(assignment: Assignment) -> tuple[ExerciseResult, ...]:
    """The results of an assignment for which something is lacking here: nothing judged, nothing lost."""
    reason = lacking(assignment)
    return tuple(ExerciseResult(e.name, 0.0, e.points, (), not_run=reason) for e in assignment.exercises)


def _layout(folder: Path) -> Layout:
    """What is known of the course's own notebook: in a source folder that notebook says it, elsewhere layout.json, and nothing else."""
    if not _is_source(folder):
        return read_layout(folder / LAYOUT)
    path = folder / f"{folder.name}.ipynb"
    if not path.is_file():
        raise CourseError(f"{folder} should hold the notebook {folder.name}.ipynb. {_take_it(folder)}")
    return notebook.layout(path)


def _is_source(folder: Path) -> bool:
    """Whether solutions are written here, wherever the course keeps them: nobody is given a key."""
    return "solutions" in (folder.name, folder.parent.name) or folder.with_name(f"{folder.name}_key.py").is_file()


def _take_it(folder: Path) -> str:
    """Where a lost file is to be had: a release in place of a solution would be graded against its own stubs."""
    return "Make it, or put it back from your copy of solutions/." if _is_source(folder) else "Take it from the folder you were given."


class _Unwritten(SourceFileLoader):
    """Leaves no compiled copy beside a file that students are given, or that they must not see."""

    def set_data(self, path: Any, data: Any, *, _mode: int = 0o666) -> None:
        """Write nothing."""


def _module(path: Path, name: str) -> ModuleType:
    if not path.is_file():
        what = "holds the hidden checks" if path.name.endswith("_key.py") else "lists the checks of the assignment"
        raise CourseError(f"{path} is missing. It {what}. {_take_it(path.parent)}")
    spec = importlib.util.spec_from_file_location(name, path, loader=_Unwritten(name, str(path)))
    if spec is None or spec.loader is None:
        raise CourseError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # inspect.getsource and dataclasses look modules up by name
    try:
        spec.loader.exec_module(module)
    except CourseError:
        raise
    except Exception as error:
        raise CourseError(f"{path} cannot be loaded: {type(error).__name__}: {error}{_where(error, path)}. Mend the file.") from error
    return module


def _where(error: Exception, path: Path) -> str:
    """The line of the file that raised, and the name that may have been meant: " (line 7; did you mean is_identity?)"."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    told = [f"line {lines[-1]}"] if lines else []
    if isinstance(error, AttributeError) and error.name:
        told += [f"did you mean {name}?" for name in difflib.get_close_matches(error.name, dir(error.obj), 1)]
    return f" ({'; '.join(told)})" if told else ""


def _defined(module: ModuleType, name: str) -> Any:
    if not hasattr(module, name):
        raise CourseError(f"{module.__file__} does not define {name}. Add it; the other assignments show how.")
    return getattr(module, name)


def _exercise(exercise: Exercise, points: Mapping[str, float], folder: Path) -> Exercise:
    if exercise.name not in points:
        raise CourseError(f"{folder.name}: there is no check cell check_{exercise.name} with points. Add it to the notebook.")
    for part in exercise.parts:
        if not isinstance(part, Part):
            raise CourseError(f"{exercise.name} has {part!r} where a part belongs. Write Part(name, sentence, share, [checks]).")
        if not part.share > 0:
            raise CourseError(f"The part {part.name} of {exercise.name} has the share {part.share!r}. Give it a number above 0.")
        if part.gravity not in [*Gravity, *(g.value for g in Gravity)]:
            raise CourseError(f"The part {part.name} of {exercise.name} has the gravity {part.gravity!r}. Say core, edge or manner.")
    complete = replace(exercise, parts=tuple(_part(p, p.checks) for p in exercise.parts), points=points[exercise.name])
    _distinct(complete)
    return complete


def _part(part: Part, checks: Iterable[Check]) -> Part:
    """The part with these checks, each of which needs what the part needs: after the check, if it stands in the part itself."""
    needs, listed = named(part.needs), tuple(checks)
    first = next((n for n, c in enumerate(listed) if {c.name, c.verb} & set(needs)), -1)
    waiting = (replace(c, needs=tuple(dict.fromkeys((*needs, *c.needs)))) for c in listed[first + 1 :])
    return replace(part, checks=(*listed[: first + 1], *waiting), gravity=Gravity(part.gravity))


def _told_apart(exercise: str, probes: tuple[Any, ...]) -> tuple[Any, ...]:
    """The probes of an exercise: of two with one name, a misconception could show one of them only."""
    names = [probe.name for probe in probes]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise CourseError(f'PROBES of {exercise} has {twice} twice. Give one of them a name of its own: {twice}("name", ...).')
    return probes


def _distinct(exercise: Exercise) -> None:
    names = [p.name for p in exercise.parts] + [c.name for c in exercise.checks]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise CourseError(f"{exercise.name} has {twice[0]} twice. Change a case or leave one out.")
    known: set[str] = set()
    for check in exercise.checks:
        missing = [need for need in check.needs if need not in known]
        if missing:
            raise CourseError(f"{exercise.name}: {check.name} needs {missing[0]}, which is no earlier check or part of the exercise.")
        known |= {check.name, check.verb, exercise.part_of[check.name]}


def _complete(exercises: tuple[Exercise, ...], points: Mapping[str, float], folder: Path) -> None:
    unknown = set(points) - {e.name for e in exercises}
    if unknown:
        odd = sorted(unknown)[0]
        raise CourseError(f"{folder.name} has a check cell for {odd}, which checks.py does not list. Add the exercise there.")


# ------------------------------------------------------------------------------------------------------------------------- staff
@dataclass(frozen=True)
class Staff:
    """An assignment with its secrets: public and hidden checks together, the key, and the solution as a submission."""

    assignment: Assignment
    key: Key
    solution: Submission
    released: Path  # the folder that students were given, whether it is there or not

    @cached_property
    def reference(self) -> Local:
        """The solution notebook, loaded in this process."""
        subject = Local(self.solution.cells)
        if subject.troubles:
            cell, trouble = next(iter(subject.troubles.items()))
            raise CourseError(f"The solution of {self.assignment.slug} does not run: cell {cell}: {trouble}. Mend the solution notebook.")
        return subject

    @cached_property
    def foresight(self) -> defaultdict[str, Foresight]:
        """Exercise -> what its checks ask, as far as this process has learned it."""
        return defaultdict(Foresight)

    def demand_a_solution_that_runs(self) -> None:
        """Load it now; CourseError when one of its cells does not run."""
        _ = self.reference

    def written(self, entry: Misconception | Variant) -> dict[str, str]:
        """The answer cells of one wrong or right answer of the key, as far as they are not the solution's: exercise -> source."""
        if entry.edits:
            return edited(self.base(entry), entry)
        homes = {name: e.name for e in self.assignment.exercises for name in e.names}
        found: dict[str, list[str]] = {}
        for function, text in source(entry).items():
            found.setdefault(homes.get(function, entry.exercise), []).append(text)
        return {e: "\n\n\n".join([*helpers(entry, "\n".join(texts), self.assignment.setup), *texts]) for e, texts in found.items()}

    def base(self, entry: Misconception | Variant) -> dict[str, str]:
        """What is edited: the solution's answers, or those with a variant among them, without comments and docstrings."""
        if not entry.base:
            return self._solved
        for variant in self.key.variants:
            if variant.exercise == entry.exercise and variant.name == entry.base and variant is not entry:
                return self._solved | {name: bare(text) for name, text in self.written(variant).items()}
        raise CourseError(f"{entry.name} edits the variant {entry.base!r}, and {entry.exercise} has none of that name. Mend base=.")

    @cached_property
    def _solved(self) -> dict[str, str]:
        return {name: bare(source) for name, source in self.solution.answers.items()}

    def answered(self, entry: Misconception | Variant) -> Local:
        """The solution notebook with that answer in it, loaded in this process."""
        if not entry.edits:
            return self.reference.with_functions(dict(entry.functions))
        subject = self.with_cells(self.base(entry) | self.written(entry) if entry.base else self.written(entry))
        for cell, trouble in subject.troubles.items():
            raise CourseError(f"{entry.name}, an edit of {cell}, does not run: {trouble}. Mend the edit.")
        return subject

    def with_cells(self, answers: Mapping[str, str]) -> Local:
        """The solution notebook with these answers (exercise -> source) in it, which all of its functions see."""
        names = {e.name: e.names for e in self.assignment.exercises}
        order = [e for e in names if e in answers]
        return self.reference.with_answers([Cell(e, Role.ANSWER, answers[e], names[e]) for e in order])

    @cached_property
    def consequences(self) -> dict[Any, Any]:
        """What beliefs about one exercise do to others, as far as it was worked out; see autograder.carried."""
        return {}

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        """The released hints when there are any, else made from the key now (the same, but slower)."""
        released = _released(self)
        if not released.is_file():
            return hints(self)
        found: dict[str, Any] = json.loads(released.read_text(encoding="utf-8"))
        return found


def _released(staff: Staff) -> Path:
    return staff.released / HINTS


def must_exist(root: Path, slug: str) -> Path:
    """The source folder of an assignment, or a CourseError that lists those there are."""
    found = folders(root)
    folder = found.of(slug)
    if not found.source.is_dir() and found.released(slug).is_dir():
        mend = f"To check a notebook: autograder check {found.released(slug) / slug}.ipynb"
        raise CourseError(f"{root} holds what students get of {slug}, and no solutions: nothing can be graded here. {mend}")
    if folder.is_dir() and not (folder / "checks.py").is_file() and not folders(root).key(slug).is_file():
        raise CourseError(f"{slug} has no checks.py, so nbgrader grades it as ever: nbgrader autograde {slug}")
    if not folder.is_dir():
        raise CourseError(f"There is no assignment {slug!r} in {found.source}. There are: {', '.join(slugs(root)) or 'none'}.")
    return folder


def load_staff(root: Path, slug: str) -> Staff:
    """The assignment `slug` of the course at `root` with its key."""
    folder = must_exist(root, slug)
    public = load_public(folder)
    if lacking(public):  # the key may import what the assignment needs; without it, it would be of no use anyhow
        return Staff(public, Key({}, (), (), ""), notebook.read(folder / f"{slug}.ipynb", public), folders(root).released(slug))
    module = _module(folders(root).key(slug), f"_autograder_key_{slug}")
    hidden = _hidden(module, public)
    exercises = tuple(_with_hidden(e, hidden.get(e.name, {})) for e in public.exercises)
    for exercise in exercises:
        _distinct(exercise)
    assignment = replace(public, exercises=exercises, course_cells=public.course_cells | _released_cells(root, slug))
    _affordable(assignment)
    found = entries(vars(module))
    for entry in found:
        _must_be_askable(entry, public)
    key = Key(
        hidden=hidden,
        misconceptions=tuple(e for e in found if isinstance(e, Misconception)),
        variants=tuple(e for e in found if isinstance(e, Variant)),
        salt=str(_defined(module, "SALT")) + salt(root),
        equivalent=getattr(module, "EQUIVALENT", {}),
    )
    return Staff(assignment, key, notebook.read(folder / f"{slug}.ipynb", assignment), folders(root).released(slug))


def _hidden(module: ModuleType, public: Assignment) -> dict[str, dict[str, tuple[Check, ...]]]:
    """The key's HIDDEN: exercise -> part -> checks."""
    where = f"HIDDEN in {public.slug}_key.py"
    found: dict[str, dict[str, tuple[Check, ...]]] = {}
    for name, parts in _defined(module, "HIDDEN").items():
        _must_be_there(name, public, where)
        known = [p.name for p in public.exercise(name).parts]
        if not isinstance(parts, Mapping):
            mend = f"Write {{part: [checks]}} with its parts: {', '.join(known)}."
            raise CourseError(f"{where} lists checks of {name} without saying of which part. {mend}")
        for part in parts:
            if part not in known:
                raise CourseError(f"{where} speaks of the part {part!r} of {name}, which has the parts {', '.join(known)}.")
        found[name] = {part: tuple(hide(c) for c in checks) for part, checks in parts.items()}
    return found


def _with_hidden(exercise: Exercise, hidden: Mapping[str, tuple[Check, ...]]) -> Exercise:
    return replace(exercise, parts=tuple(_part(p, (*p.checks, *hidden.get(p.name, ()))) for p in exercise.parts))


def _must_be_askable(entry: Misconception | Variant, public: Assignment) -> None:
    """Refuse an entry about an exercise that is not there, or a belief about one of which no such fact is looked at."""
    kind = "misconception" if isinstance(entry, Misconception) else "variant"
    _must_be_there(entry.exercise, public, f"The {kind} {entry.name} in {public.slug}_key.py")
    if isinstance(entry, Variant):
        return
    for name in entry.also:
        _must_be_there(name, public, f"also= of the misconception {entry.name} in {public.slug}_key.py")
    if entry.exercise not in public.probes:
        raise CourseError(
            f"The misconception {entry.name} cannot be told apart from anything: checks.py has no PROBES for {entry.exercise}. "
            f'Add some there: PROBES = {{"{entry.exercise}": [...]}}; the other assignments show how.'
        )
    facts = [probe.name for probe in public.probes[entry.exercise]]
    for sign in entry.signs:
        if sign.removeprefix("=") not in facts:
            told = f"The misconception {entry.name} has the sign {sign!r}, which is no fact of {entry.exercise}. Its facts in PROBES are"
            raise CourseError(f"{told}: {', '.join(facts)}.")


def _must_be_there(exercise: str, public: Assignment, where: str) -> None:
    """An exercise that somebody names in the key."""
    try:
        public.exercise(exercise)
    except CourseError as error:
        raise CourseError(f"{where}: {error}") from None


def _released_cells(root: Path, slug: str) -> frozenset[str]:
    """Digests of the released cells, stubs among them: where the solution's folder holds answers, students got these."""
    released = folders(root).released(slug) / f"{slug}.ipynb"
    return notebook.layout(released).cells if released.is_file() else frozenset()


def _affordable(assignment: Assignment) -> None:
    spent = sum(c.chances for e in assignment.exercises for c in e.checks)
    if spent > MAX_TESTS:
        raise CourseError(f"{assignment.slug} makes {spent} chance tests; the error budget pays for {MAX_TESTS}. Leave some out.")


def hints(staff: Staff) -> dict[str, Any]:
    """Facts and sentences, no code: what a student's own machine needs to name a misconception.

    Where something is lacking they cannot be made: those released before are kept.
    """
    if lacking(staff.assignment):
        return dict(staff.hints) if _released(staff).is_file() else {}
    slug, reference = staff.assignment.slug, staff.reference
    result: dict[str, Any] = {}
    for exercise, probes in staff.assignment.probes.items():
        right = fingerprint(probes, exercise, reference, slug, PATIENCE, strict=True)
        result[exercise] = {"right": right, "misconceptions": []}
        for belief in (m for m in staff.key.misconceptions if m.exercise == exercise):
            wrong = fingerprint(probes, exercise, staff.answered(belief), slug, PATIENCE, strict=True)
            chosen, also = signs(right, wrong, belief.signs)
            told = {"name": belief.name, "sentence": belief.sentence, "signs": chosen, "also": also, "crosses": crosses(staff, belief)}
            result[exercise]["misconceptions"].append(told)
    _share(staff, result)
    return result


_CROSSES: dict[str, list[str]] = {}  # in this process: `verify` has judged every wrong answer when it makes the release once more


def crosses(staff: Staff, belief: Misconception, judged: Iterable[Verdict] = ()) -> list[str]:
    """The names of the public checks that do not hold for who believes this; `judged` is what they gave, if that is known."""
    folder, home = staff.assignment.folder, staff.assignment.exercise(belief.exercise)
    known = repr((folder, (folder / "checks.py").read_text(encoding="utf-8"), belief.exercise, staff.base(belief), staff.written(belief)))
    if known not in _CROSSES:
        found = judged or judge(home.public, staff.answered(belief), staff.assignment.slug, seconds=PATIENCE)
        failed = [v for v in found if not v.passed and v.outcome is not Outcome.SKIPPED and not v.hidden]
        _CROSSES[known] = [v.check for v in failed]
    return _CROSSES[known]


def _share(staff: Staff, told: dict[str, Any]) -> None:
    """Tell a belief of the other exercises it holds for, where the facts that give it away are looked at and no belief has them yet."""
    for belief, exercise in ((b, staff.assignment.exercise(e).name) for b in staff.key.misconceptions for e in b.also):
        if exercise not in told or belief.exercise not in told:
            continue
        entry = next(m for m in told[belief.exercise]["misconceptions"] if (m["name"], m["sentence"]) == (belief.name, belief.sentence))
        right, there = told[exercise]["right"], told[exercise]["misconceptions"]
        shown = bool(entry["signs"]) and all(right.get(fact, word) != word for fact, word in entry["signs"].items())
        if shown and entry["signs"] not in [m["signs"] for m in there]:
            also = {fact: word for fact, word in entry["also"].items() if right.get(fact, word) != word}
            names = [check.name for check in staff.assignment.exercise(exercise).checks]
            there.append({**entry, "also": also, "crosses": [name for name in entry["crosses"] if name in names]})

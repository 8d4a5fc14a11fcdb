"""An assignment with its secrets: what students have, its key and its solution."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from autograder import notebook
from autograder.chance import MAX_TESTS
from autograder.checks_api.verb import hide
from autograder.course import (
    HINTS, defined, demand_distinct, lacking, load_module, load_public, slugs, with_needs)
from autograder.diagnose import Facts, fingerprint, signs
from autograder.folders import folders, salt
from autograder.foresight import Foresight
from autograder.judge import judge
from autograder.keys import bare, edited, entries, helpers, source
from autograder.model import (
    Assignment, Cell, Check, CourseError, Exercise, Key, Misconception, Outcome, Role, Submission,
    Variant, Verdict)
from autograder.subjects.local import Local
from autograder.subjects.oracle import Oracle

# seconds for a call of the course's own functions: on a busy machine "timed_out" must not become a
# word of the hints
PATIENCE = 600.0
T = TypeVar("T")


@dataclass(frozen=True)
class Staff:
    """An assignment with its secrets: public and hidden checks, key, solution as submission."""

    assignment: Assignment
    key: Key
    solution: Submission
    released: Path  # the folder that students were given, whether it is there or not

    @cached_property
    def reference(self) -> Local:
        """The solution notebook, loaded in this process; CourseError when a cell does not run."""
        subject = Local(self.solution.cells)
        if subject.troubles:
            cell, trouble = next(iter(subject.troubles.items()))
            raise CourseError(f"The solution of {self.assignment.slug} does not run: cell {cell}: "
                              f"{trouble}. Mend the solution notebook.")
        return subject

    @cached_property
    def oracle(self) -> Oracle:
        """The solution, for who judges one hand-in after the other."""
        return Oracle(self.reference)

    @cached_property
    def foresight(self) -> defaultdict[str, Foresight]:
        """Exercise -> what its checks ask, as far as this process has learned it."""
        return defaultdict(Foresight)

    def written(self, entry: Misconception | Variant) -> dict[str, str]:
        """The cells of one answer of the key that are not the solution's: exercise -> source."""
        if entry.edits:
            return edited(self.base(entry), entry)
        homes = {name: e.name for e in self.assignment.exercises for name in e.names}
        found: dict[str, list[str]] = {}
        for function, text in source(entry).items():
            found.setdefault(homes.get(function, entry.exercise), []).append(text)
        return {e: "\n\n\n".join([*helpers(entry, "\n".join(texts), self.assignment.setup), *texts])
                for e, texts in found.items()}

    def base(self, entry: Misconception | Variant) -> dict[str, str]:
        """What is edited: answers of solution or variant, without comments and docstrings."""
        if not entry.base:
            return self._solved
        for variant in self.key.variants:
            if (variant.exercise == entry.exercise and variant.name == entry.base
                    and variant is not entry):
                return self._solved | {name: bare(text)
                                       for name, text in self.written(variant).items()}
        raise CourseError(f"{entry.name} edits the variant {entry.base!r}, and {entry.exercise} "
                          "has none of that name. Mend base=.")

    @cached_property
    def _solved(self) -> dict[str, str]:
        return {name: bare(source) for name, source in self.solution.answers.items()}

    def answered(self, entry: Misconception | Variant) -> Local:
        """The solution notebook with that answer in it, loaded in this process."""
        if not entry.edits:
            return self.reference.with_functions(dict(entry.functions))
        subject = self.with_cells(self.base(entry) | self.written(entry) if entry.base
                                  else self.written(entry))
        for cell, trouble in subject.troubles.items():
            raise CourseError(
                f"{entry.name}, an edit of {cell}, does not run: {trouble}. Mend the edit.")
        return subject

    def with_cells(self, answers: Mapping[str, str]) -> Local:
        """The solution notebook with these answers (exercise -> source), seen by all of it."""
        names = {e.name: e.names for e in self.assignment.exercises}
        order = [e for e in names if e in answers]
        return self.reference.with_answers([Cell(e, Role.ANSWER, answers[e], names[e])
                                            for e in order])

    @cached_property
    def consequences(self) -> dict[Any, Any]:
        """What beliefs about one exercise do to others, if worked out; see carried."""
        return {}

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        """The released hints if any, else made from the key now (the same, but slower)."""
        released = self.released / HINTS
        if not released.is_file():
            return hints(self)
        found: dict[str, Any] = json.loads(released.read_text(encoding="utf-8"))
        return found


def must_exist(root: Path, slug: str) -> Path:
    """The source folder of an assignment, or a CourseError that lists those there are."""
    found = folders(root)
    folder = found.of(slug)
    if not found.source.is_dir() and found.released(slug).is_dir():
        mend = f"To check a notebook: autograder check {found.released(slug) / slug}.ipynb"
        raise CourseError(f"{root} holds what students get of {slug}, and no solutions: nothing "
                          f"can be graded here. {mend}")
    if (folder.is_dir() and not (folder / "checks.py").is_file()
            and not folders(root).key(slug).is_file()):
        raise CourseError(
            f"{slug} has no checks.py, so nbgrader grades it as ever: nbgrader autograde {slug}")
    if not folder.is_dir():
        raise CourseError(f"There is no assignment {slug!r} in {found.source}. There are: "
                          f"{', '.join(slugs(root)) or 'none'}.")
    return folder


def load_staff(root: Path, slug: str) -> Staff:
    """The assignment `slug` of the course at `root` with its key."""
    folder = must_exist(root, slug)
    public = load_public(folder)
    # the key may import what the assignment needs; without it, it would be of no use anyhow
    if lacking(public):
        return Staff(public, Key({}, (), (), ""), notebook.read(folder / f"{slug}.ipynb", public),
                     folders(root).released(slug))
    module = load_module(folders(root).key(slug), f"_autograder_key_{slug}")
    hidden = _hidden(module, public)
    exercises = tuple(_with_hidden(e, hidden.get(e.name, {})) for e in public.exercises)
    for exercise in exercises:
        demand_distinct(exercise)
    assignment = replace(public, exercises=exercises,
                         course_cells=public.course_cells | _released_cells(root, slug))
    _affordable(assignment)
    found = entries(vars(module))
    for entry in found:
        _must_be_askable(entry, public)
    key = Key(
        hidden=hidden,
        misconceptions=tuple(e for e in found if isinstance(e, Misconception)),
        variants=tuple(e for e in found if isinstance(e, Variant)),
        salt=str(defined(module, "SALT")) + salt(root),
        equivalent=getattr(module, "EQUIVALENT", {}),
    )
    return Staff(assignment, key, notebook.read(folder / f"{slug}.ipynb", assignment),
                 folders(root).released(slug))


def _hidden(module: ModuleType, public: Assignment) -> dict[str, dict[str, tuple[Check, ...]]]:
    """The key's HIDDEN: exercise -> part -> checks."""
    where = f"HIDDEN in {public.slug}_key.py"
    found: dict[str, dict[str, tuple[Check, ...]]] = {}
    for name, parts in defined(module, "HIDDEN").items():
        _must_be_there(name, public, where)
        known = [p.name for p in public.exercise(name).parts]
        if not isinstance(parts, Mapping):
            mend = f"Write {{part: [checks]}} with its parts: {', '.join(known)}."
            raise CourseError(
                f"{where} lists checks of {name} without saying of which part. {mend}")
        for part in parts:
            if part not in known:
                raise CourseError(f"{where} speaks of the part {part!r} of {name}, which has the "
                                  f"parts {', '.join(known)}.")
        found[name] = {part: tuple(hide(c) for c in checks) for part, checks in parts.items()}
    return found


def _with_hidden(exercise: Exercise, hidden: Mapping[str, tuple[Check, ...]]) -> Exercise:
    return replace(exercise, parts=tuple(with_needs(p, (*p.checks, *hidden.get(p.name, ())))
                                         for p in exercise.parts))


def _must_be_askable(entry: Misconception | Variant, public: Assignment) -> None:
    """Refuse an entry about an exercise, or a fact of one, that is not there."""
    kind = "misconception" if isinstance(entry, Misconception) else "variant"
    _must_be_there(entry.exercise, public, f"The {kind} {entry.name} in {public.slug}_key.py")
    if isinstance(entry, Variant):
        return
    for name in entry.also:
        _must_be_there(name, public,
                       f"also= of the misconception {entry.name} in {public.slug}_key.py")
    if entry.exercise not in public.probes:
        raise CourseError(f"The misconception {entry.name} cannot be told apart from anything: "
                          f"checks.py has no PROBES for {entry.exercise}. "
                          f'Add some there: PROBES = {{"{entry.exercise}": [...]}}; the other '
                          'assignments show how.')
    facts = [probe.name for probe in public.probes[entry.exercise]]
    for sign in entry.signs:
        if sign.removeprefix("=") not in facts:
            told = (f"The misconception {entry.name} has the sign {sign!r}, which is no fact of "
                    f"{entry.exercise}. Its facts in PROBES are")
            raise CourseError(f"{told}: {', '.join(facts)}.")


def _must_be_there(exercise: str, public: Assignment, where: str) -> None:
    """An exercise that somebody names in the key."""
    try:
        public.exercise(exercise)
    except CourseError as error:
        raise CourseError(f"{where}: {error}") from None


def _released_cells(root: Path, slug: str) -> frozenset[str]:
    """Digests of the released cells, stubs too: students got these in place of the answers."""
    released = folders(root).released(slug) / f"{slug}.ipynb"
    return notebook.layout(released).cells if released.is_file() else frozenset()


def _affordable(assignment: Assignment) -> None:
    spent = sum(c.chances for e in assignment.exercises for c in e.checks)
    if spent > MAX_TESTS:
        raise CourseError(f"{assignment.slug} makes {spent} chance tests; the error budget pays "
                          f"for {MAX_TESTS}. Leave some out.")


def hints(staff: Staff) -> dict[str, Any]:
    """Facts and sentences, no code: what a student's own machine needs to name a misconception.

    Where something is lacking they cannot be made: those released before are kept.
    """
    if lacking(staff.assignment):
        return dict(staff.hints) if (staff.released / HINTS).is_file() else {}
    slug, reference = staff.assignment.slug, staff.reference
    result: dict[str, Any] = {}
    for exercise, probes in staff.assignment.probes.items():
        right = fingerprint(probes, exercise, reference, slug, PATIENCE, strict=True)
        result[exercise] = {"right": right, "misconceptions": []}
        for belief in (m for m in staff.key.misconceptions if m.exercise == exercise):
            wrong = facts(staff, belief)
            chosen, also = signs(right, wrong, belief.signs)
            told = {"name": belief.name, "sentence": belief.sentence, "signs": chosen, "also": also,
                    "crosses": crosses(staff, belief)}
            result[exercise]["misconceptions"].append(told)
    _share(staff, result)
    return result


# in this process: `verify` has looked at every wrong answer when it makes the release once more
_KNOWN: dict[str, Any] = {}


def _known(what: str, staff: Staff, belief: Misconception, look: Callable[[], T]) -> T:
    cells = [cell.source for cell in staff.solution.cells]
    folder, answers = staff.assignment.folder, (staff.base(belief), staff.written(belief))
    key = repr((what, folder, (folder / "checks.py").read_text(encoding="utf-8"), belief.exercise,
                cells, answers))
    if key not in _KNOWN:
        _KNOWN[key] = look()
    found: T = _KNOWN[key]
    return found


def crosses(staff: Staff, belief: Misconception, judged: Iterable[Verdict] = ()) -> list[str]:
    """The public checks that fail for who believes this; `judged`: what they gave, if known."""

    def look() -> list[str]:
        public = staff.assignment.exercise(belief.exercise).public
        found = judged or judge(public, staff.answered(belief), staff.assignment.slug,
                                seconds=PATIENCE)
        return [v.check for v in found
                if not v.passed and v.outcome is not Outcome.SKIPPED and not v.hidden]

    return _known("crosses", staff, belief, look)


def facts(staff: Staff, belief: Misconception) -> Facts:
    """What a look at an answer of who believes this finds."""
    slug, exercise = staff.assignment.slug, belief.exercise
    probes = staff.assignment.probes.get(exercise, ())
    return _known("facts", staff, belief, lambda: fingerprint(
        probes, exercise, staff.answered(belief), slug, PATIENCE, strict=True))


def _share(staff: Staff, told: dict[str, Any]) -> None:
    """Tell a belief of other exercises where its facts are looked at and no belief has them."""
    for belief, exercise in ((b, staff.assignment.exercise(e).name)
                             for b in staff.key.misconceptions for e in b.also):
        if exercise not in told or belief.exercise not in told:
            continue
        entry = next(m for m in told[belief.exercise]["misconceptions"]
                     if (m["name"], m["sentence"]) == (belief.name, belief.sentence))
        right, there = told[exercise]["right"], told[exercise]["misconceptions"]
        shown = (bool(entry["signs"])
                 and all(right.get(fact, word) != word for fact, word in entry["signs"].items()))
        if shown and entry["signs"] not in [m["signs"] for m in there]:
            also = {fact: word for fact, word in entry["also"].items()
                    if right.get(fact, word) != word}
            names = [check.name for check in staff.assignment.exercise(exercise).checks]
            there.append({**entry, "also": also,
                          "crosses": [name for name in entry["crosses"] if name in names]})

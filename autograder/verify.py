"""The kit examines itself. Each finding is a sentence that ends with the mend; no finding means that the course may be released."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder import chance, notebook, release
from autograder.course import Staff, lacking, load_staff
from autograder.course import slugs as all_slugs
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import judge, points
from autograder.model import Check, CourseError, Exercise, Outcome, Subject, Verdict
from autograder.subjects.local import Local

FINE = "Everything looks fine."
SKIPPED = " - skipped: "


@dataclass(frozen=True)
class Step:
    """One thing verify looks at: what it says while looking, and how it looks."""

    title: str
    look: Callable[[Staff, Path, int], Iterator[str]]
    runs_code: bool = True  # needs the packages that the assignment needs, or its key, which may import them


def verify(root: Path, slugs: list[str] | None = None, seeds: int = 3) -> Iterator[tuple[str, str, list[str]]]:
    """Look at every assignment; yields (slug, what was looked at, findings). `seeds` is how often each right variant is judged."""
    for slug in slugs or all_slugs(root):
        try:
            staff = load_staff(root, slug)
            notebook.validate(root / "solutions" / slug / f"{slug}.ipynb")
            reason = lacking(staff.assignment)
            _ = reason or staff.reference
        except CourseError as error:
            yield slug, "loads", [str(error)]
            continue
        for step in STEPS:
            if reason and step.runs_code:
                yield slug, f"{step.title}{SKIPPED}{reason}", []
            else:
                kept = f" (hints.json left as it is: {reason})" if reason else ""
                yield slug, step.title + kept, list(step.look(staff, root, seeds))


def verdicts_of(exercise: Exercise, subject: Subject, staff: Staff, sweep: int = 0) -> tuple[Verdict, ...]:
    """Judge one exercise by all checks, public and hidden; `sweep` > 0 draws other inputs."""
    slug, salt = staff.assignment.slug, staff.key.salt
    if sweep:
        slug, salt = f"{slug}/sweep {sweep}", f"{salt}/sweep {sweep}"
        # hidden ones alone draw by the salt; shared masks know nothing else
        exercise = replace(exercise, checks=[replace(c, hidden=True) for c in exercise.checks])
    return judge(exercise, subject, slug, salt, staff.reference)


# ------------------------------------------------------------------------------------------------------------------------- steps
def _solution_is_full(staff: Staff, root: Path, seeds: int) -> Iterator[str]:
    for exercise in staff.assignment.exercises:
        for verdict in verdicts_of(exercise, staff.reference, staff):
            if not verdict.passed:
                yield f"The solution of {exercise.name} fails {verdict.check}: {_told(verdict)}. Mend the solution or the check."


def _doing_nothing_earns_nothing(staff: Staff, root: Path, seeds: int) -> Iterator[str]:
    for exercise in staff.assignment.exercises:
        for name, subject in (*_stub(staff, root), *trivial_subjects(staff, exercise)):
            earned = points(exercise, verdicts_of(exercise, subject, staff))
            if earned:
                yield (
                    f"{exercise.name}: {name} earns {earned:g} points. Let the checks it passes need a core property, "
                    'for example needs="drops_some_and_keeps_some".'
                )


def trivial_subjects(staff: Staff, exercise: Exercise) -> Iterator[tuple[str, Subject]]:
    """Answers that do nothing: functions that return their first argument, zeros, ones or None, alone or as a pair."""
    reference: dict[str, Any] = {name: staff.reference.namespace.get(name) for name in exercise.names}
    if not all(callable(f) for f in reference.values()):
        for value in (0, 1, None, ""):
            fake = {name: dict.fromkeys(thing, value) if isinstance(thing, dict) else value for name, thing in reference.items()}
            yield f"{value!r} for everything", staff.reference.with_functions(fake)
        return
    for title, make in _TRIVIAL.items():
        for shape, wrap in _WRAPPED.items():
            function = _composed(make, wrap)
            yield f"returning {shape.format(title)}", staff.reference.with_functions(dict.fromkeys(exercise.names, function))


def _stub(staff: Staff, root: Path) -> Iterator[tuple[str, Subject]]:
    """The released notebook, in which nothing is filled in. That it exists is another step's business."""
    path = root / "assignments" / staff.assignment.slug / f"{staff.assignment.slug}.ipynb"
    if path.is_file():
        yield "the released stub", Local(notebook.read(path, staff.assignment).cells)


def _like(x: Any) -> tuple[int, ...]:
    return x if isinstance(x, tuple) else np.shape(x)


_TRIVIAL: dict[str, Callable[[Any], Any]] = {
    "its first argument": lambda x: x,
    "zeros": lambda x: np.zeros(_like(x)),
    "ones": lambda x: np.ones(_like(x)),
    "True everywhere": lambda x: np.ones(_like(x), dtype=bool),
    "False everywhere": lambda x: np.zeros(_like(x), dtype=bool),
    "None": lambda x: None,
    "0.0": lambda x: 0.0,
}
_WRAPPED: dict[str, Callable[[Any], Any]] = {
    "{}": lambda value: value,
    "({}, None)": lambda value: (value, None),
    "{} twice": lambda value: (value, value),
}


def _composed(make: Callable[[Any], Any], wrap: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x=None, *args, **kwargs: wrap(make(x))


def _variants_are_full(staff: Staff, root: Path, seeds: int) -> Iterator[str]:
    for variant in staff.key.variants:
        exercise = staff.assignment.exercise(variant.exercise)
        subject = staff.reference.with_functions(dict(variant.functions))
        for sweep in range(seeds):
            failed = [v for v in verdicts_of(exercise, subject, staff, sweep) if not v.passed]
            if failed:
                yield f"The right variant {variant.name} fails {failed[0].check} (sweep {sweep}): {_told(failed[0])}. Mend the check."
                break


def _wrong_ones_are_named(staff: Staff, root: Path, seeds: int) -> Iterator[str]:
    for belief in staff.key.misconceptions:
        exercise = staff.assignment.exercise(belief.exercise)
        subject = staff.reference.with_functions(dict(belief.functions))
        verdicts = verdicts_of(exercise, subject, staff)
        if any(v.outcome is Outcome.BROKEN for v in verdicts):
            broken = next(v for v in verdicts if v.outcome is Outcome.BROKEN)
            yield f"{belief.name} breaks the check {broken.check}: {broken.got}. Mend the check: no answer may do that."
        elif points(exercise, verdicts) >= exercise.points:
            yield f"The wrong solution {belief.name} of {exercise.name} loses no points. Add a check that sees it."
        facts = fingerprint(staff.assignment.probes.get(exercise.name, ()), exercise.name, subject, staff.assignment.slug)
        named = [d.name for d in diagnose(exercise.name, facts, staff.hints[exercise.name])]
        if named != [belief.name]:
            yield (
                f"The wrong solution {belief.name} of {exercise.name} is named {', '.join(named) or 'nothing'}. "
                "Sharpen its signs, or add a fact that tells them apart."
            )


def _release_is_fresh(staff: Staff, root: Path, seeds: int) -> Iterator[str]:
    yield from release.check_release(root, staff.assignment.slug)


def _odds_add_up(staff: Staff, root: Path, seeds: int) -> Iterator[str]:
    tests = sum(c.chances for e in staff.assignment.exercises for c in e.checks)
    if tests * chance.ALPHA > chance.BUDGET:
        yield f"{tests} chance tests cost more than the budget of {chance.BUDGET:g}. Leave some out."


def _told(verdict: Verdict) -> str:
    return f"{verdict.got}, but should be {verdict.wanted}" if verdict.wanted else verdict.got


STEPS = (
    Step("the solution scores full", _solution_is_full),
    Step("doing nothing earns nothing", _doing_nothing_earns_nothing),
    Step("right answers that look different score full", _variants_are_full),
    Step("wrong solutions lose points and are named", _wrong_ones_are_named),
    Step("chance tests stay within the error budget", _odds_add_up),
    Step("the release is fresh, complete and holds no secret", _release_is_fresh, runs_code=False),
)


def odds(staff: Staff) -> Iterator[tuple[str, Check]]:
    """(exercise, check) for every check that leaves something to chance."""
    for exercise in staff.assignment.exercises:
        for check in exercise.checks:
            if check.chances:
                yield exercise.name, check

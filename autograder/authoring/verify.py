"""The kit examines itself. Each finding ends with the mend; without one, release the course."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from autograder import chance, notebook
from autograder.authoring import prose, release, unearned
from autograder.course import lacking
from autograder.course import slugs as all_slugs
from autograder.diagnose import diagnose
from autograder.folders import folders
from autograder.judge import UNFIT, judge
from autograder.judge import result as result_of
from autograder.model import (
    Check, CourseError, Exercise, ExerciseResult, Gravity, Misconception, Outcome, Subject, Variant,
    Verdict)
from autograder.staff import Staff, crosses, facts, load_staff
from autograder.subjects.local import Local

FINE = "Everything looks fine."
SKIPPED = " - skipped: "
# of the points of its exercise, what a wrong answer must lose, at least and at most
COSTS = {Gravity.CORE: (0.25, 1.0), Gravity.EDGE: (0.05, 0.25), Gravity.MANNER: (0.01, 0.15)}
PARTS = (2, 6)  # of a rubric; three to six where the exercise has that much to it
CORE = 0.25  # of an exercise's points, at least, is for what gives it its name
MANNERS = (0.1, 0.2)  # of an exercise's points is for good manners
HALF = 0.4  # of an exercise's points, at least, are lost with one of its several functions
CLOSE = 1e-6


@dataclass(frozen=True)
class Examination:
    """What the answers in an assignment and its key are worth, each judged when first asked for."""

    staff: Staff
    root: Path
    seeds: int = 3  # how often each right variant is judged

    @cached_property
    def solution(self) -> tuple[ExerciseResult, ...]:
        """The solution, exercise by exercise."""
        return tuple(self._judged(e, self.staff.reference) for e in self.staff.assignment.exercises)

    @cached_property
    def idle(self) -> tuple[tuple[str, ExerciseResult], ...]:
        """Answers that do nothing, by what they do instead."""
        staff, found = self.staff, []
        for exercise in staff.assignment.exercises:
            for name, subject in (*unearned.stub(staff), *unearned.trivial(staff, exercise)):
                found.append((name, self._judged(exercise, subject)))
        return tuple(found)

    @cached_property
    def right(self) -> tuple[tuple[Variant, int, ExerciseResult], ...]:
        """The right variants, each with its last sweep: the first that failed, if any."""
        return tuple((variant, *self._swept(variant)) for variant in self.staff.key.variants)

    @cached_property
    def wrong(self) -> tuple[tuple[Misconception, ExerciseResult], ...]:
        """The wrong solutions, with what each is diagnosed as."""
        return tuple((belief, self._believed(belief)) for belief in self.staff.key.misconceptions)

    @cached_property
    def halves(self) -> tuple[tuple[str, ExerciseResult], ...]:
        """The solution without one function of several: its name, and what the rest is worth."""
        found = []
        for exercise in (e for e in self.staff.assignment.exercises if len(e.names) > 1):
            for name in exercise.names:
                subject = self.staff.reference.with_functions({name: lambda *args, **kwargs: None})
                found.append((name, self._judged(exercise, subject)))
        return tuple(found)

    @cached_property
    def fitted(self) -> tuple[unearned.Lookup, ...]:
        """Hand-ins that were fitted to the public checks."""
        return tuple(unearned.lookups(self.staff, self._share))

    def _share(self, exercise: Exercise, subject: Subject) -> float:
        return self._judged(exercise, subject).points / exercise.points

    def _swept(self, variant: Variant) -> tuple[int, ExerciseResult]:
        exercise, subject = self._answered(variant)
        for sweep in range(max(self.seeds, 1)):
            result = self._judged(exercise, subject, sweep)
            if not all(v.passed for v in result.verdicts):
                break
        return sweep, result

    def _believed(self, belief: Misconception) -> ExerciseResult:
        result = self._judged(*self._answered(belief))
        crosses(self.staff, belief, result.verdicts)
        named = diagnose(belief.exercise, facts(self.staff, belief),
                         self.staff.hints[belief.exercise])
        return replace(result, diagnoses=named)

    def _answered(self, entry: Variant | Misconception) -> tuple[Exercise, Local]:
        return self.staff.assignment.exercise(entry.exercise), self.staff.answered(entry)

    def _judged(self, exercise: Exercise, subject: Subject, sweep: int = 0) -> ExerciseResult:
        return result_of(exercise, verdicts_of(exercise, subject, self.staff, sweep))


@dataclass(frozen=True)
class Step:
    """One thing verify looks at: what it says while looking, and how it looks."""

    title: str
    look: Callable[[Examination], Iterable[str]]
    # needs the packages that the assignment needs, or its key, which may import them
    runs_code: bool = True


def verify(root: Path, slugs: list[str] | None = None, seeds: int = 3,
           seen: dict[str, Examination] | None = None) -> Iterator[tuple[str, str, list[str]]]:
    """Look at every assignment; yields (slug, what was looked at, findings).

    `seeds` is how often each right variant is judged. What was judged stands in `seen` afterwards,
    by slug; an assignment that does not load is not there.
    """
    for slug in slugs or all_slugs(root):
        try:
            staff = load_staff(root, slug)
            notebook.validate(folders(root).notebook(slug))
            reason = lacking(staff.assignment)
            if not reason:
                _ = staff.reference  # does it run?
        except CourseError as error:
            yield slug, "loads", [str(error)]
            continue
        examination = Examination(staff, root, seeds)
        if seen is not None:
            seen[slug] = examination
        for step in STEPS:
            if reason and step.runs_code:
                yield slug, f"{step.title}{SKIPPED}{reason}", []
            else:
                kept = f" (hints.json left as it is: {reason})" if reason else ""
                yield slug, step.title + kept, list(step.look(examination))


def verdicts_of(exercise: Exercise, subject: Subject, staff: Staff,
                sweep: int = 0) -> tuple[Verdict, ...]:
    """Judge one exercise by all checks, public and hidden; `sweep` > 0 draws other inputs."""
    slug, salt = staff.assignment.slug, staff.key.salt
    if sweep:
        slug, salt = f"{slug}/sweep {sweep}", f"{salt}/sweep {sweep}"
        # hidden ones alone draw by the salt; shared masks know nothing else
        exercise = exercise.each(lambda check: replace(check, hidden=True))
    return judge(exercise, subject, slug, salt, staff.reference)


# -------------------------------------------------------------------------------------------- steps
def _solution_is_full(seen: Examination) -> Iterator[str]:
    for result in seen.solution:
        for verdict in result.verdicts:
            if not verdict.passed:
                yield (f"The solution of {result.name} fails {verdict.check}: {_told(verdict)}. "
                       "Mend the solution or the check.")


def _doing_nothing_earns_nothing(seen: Examination) -> Iterator[str]:
    for name, result in seen.idle:
        if result.points:
            yield (f"{result.name}: {name} earns {result.points:g} points. Let the parts it earns "
                   'need a core property, for example needs="drops_some_and_keeps_some".')


def _variants_are_full(seen: Examination) -> Iterator[str]:
    for variant, sweep, result in seen.right:
        failed = [v for v in result.verdicts if not v.passed]
        if failed:
            yield (f"The right variant {variant.name} fails {failed[0].check} (sweep {sweep}): "
                   f"{_told(failed[0])}. Mend the check.")


def _wrong_ones_are_named(seen: Examination) -> Iterator[str]:
    for belief, result in seen.wrong:
        broken = next((v for v in result.verdicts
                       if v.outcome is Outcome.BROKEN or v.got == UNFIT), None)
        if broken:
            yield (f"{belief.name} breaks the check {broken.check}: {broken.got}. Mend the check: "
                   "no answer may do that.")
        elif result.points >= result.max_points:
            yield (f"The wrong solution {belief.name} of {result.name} loses no points. Add a "
                   "check that sees it.")
        else:
            yield from _costs_what_it_should(belief, result)
        named = [d.name for d in result.diagnoses]
        if named != [belief.name]:
            yield (f"The wrong solution {belief.name} of {result.name} is named "
                   f"{', '.join(named) or 'nothing'}. Sharpen its signs, or add a fact that tells "
                   "them apart.")


def _costs_what_it_should(belief: Misconception, result: ExerciseResult) -> Iterator[str]:
    cost, (least, most) = lost(result), COSTS[belief.gravity]
    if not least - CLOSE <= cost <= most + CLOSE:
        costs = (f"costs {cost:.0%} of {result.name}, and as {belief.gravity.value} it should cost "
                 f"{least:.0%} to {most:.0%}")
        yield (f"The wrong solution {belief.name} {costs}. Change a share, move a check to another "
               "part, or say how grave it is.")


def lost(result: ExerciseResult) -> float:
    """Which share of its points an exercise lost."""
    return (1 - sum(part.points for part in result.parts) / result.max_points
            if result.max_points else 0.0)


def _rubric_is_sound(seen: Examination) -> Iterator[str]:
    for exercise in seen.staff.assignment.exercises:
        right = seen.staff.reference.namespace
        asks_functions = any(callable(right.get(name)) for name in exercise.names)
        yield from (f"{exercise.name}: {trouble}"
                    for trouble in _troubles_of_rubric(exercise, asks_functions))
    for name, result in seen.halves:
        if lost(result) < HALF - CLOSE:
            yield (f"{result.name} without {name} keeps {1 - lost(result):.0%}. Give the parts "
                   f"about {name} {HALF:.0%} at least.")


def _troubles_of_rubric(exercise: Exercise, asks_functions: bool) -> Iterator[str]:
    least, most = PARTS
    if not least <= len(exercise.parts) <= most:
        yield f"it has {len(exercise.parts)} parts. Make it {least} to {most}."
    for part in exercise.parts:
        if all(c.hidden for c in part.checks):
            yield (f"the part {part.name} has no public check. Add one, so that students can see "
                   "what it asks.")
    if asks_functions:
        total = sum(p.share for p in exercise.parts)
        core, manners = (sum(p.share for p in exercise.parts if p.gravity is g) / total
                         for g in (Gravity.CORE, Gravity.MANNER))
        if core < CORE - CLOSE:
            yield (f"its core parts carry {core:.0%}. Give what the exercise is named after "
                   f"{CORE:.0%} at least.")
        if not MANNERS[0] - CLOSE <= manners <= MANNERS[1] + CLOSE:
            yield (f"good manners carry {manners:.0%}. Make that {MANNERS[0]:.0%} to "
                   f"{MANNERS[1]:.0%}.")


def _odds_add_up(seen: Examination) -> Iterator[str]:
    tests = sum(c.chances for e in seen.staff.assignment.exercises for c in e.checks)
    if tests * chance.ALPHA > chance.BUDGET:
        yield (f"{tests} chance tests cost more than the budget of {chance.BUDGET:g}. "
               "Leave some out.")


def _told(verdict: Verdict) -> str:
    return f"{verdict.got}, but should be {verdict.wanted}" if verdict.wanted else verdict.got


def _prose_agrees(seen: Examination) -> Iterator[str]:
    home = folders(seen.root)
    path, header = home.notebook(seen.staff.assignment.slug), home.header
    cells, above = (json.loads(p.read_text(encoding="utf-8"))["cells"] if p.is_file() else []
                    for p in (path, header))
    yield from prose.of_points(cells, path.name)
    yield from prose.of_minutes(cells, above, path.name)


STEPS = (
    Step("the rubrics are sound", _rubric_is_sound),
    Step("the solution scores full", _solution_is_full),
    Step("doing nothing earns nothing", _doing_nothing_earns_nothing),
    Step("what is fitted to the public checks earns less than half",
         lambda seen: filter(None, (one.finding for one in seen.fitted))),
    Step("right answers that look different score full", _variants_are_full),
    Step("wrong solutions lose points and are named", _wrong_ones_are_named),
    Step("chance tests stay within the error budget", _odds_add_up),
    Step("the prose speaks of the points and minutes there are", _prose_agrees, runs_code=False),
    Step("the release is fresh, complete and holds no secret",
         lambda seen: release.check_release(seen.root, seen.staff.assignment.slug),
         runs_code=False),
)


def odds(staff: Staff) -> Iterator[tuple[str, Check]]:
    """(exercise, check) for every check that leaves something to chance."""
    for exercise in staff.assignment.exercises:
        for check in exercise.checks:
            if check.chances:
                yield exercise.name, check

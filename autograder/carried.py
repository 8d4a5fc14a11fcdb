"""A mistake is paid for once: what a later exercise loses only by using a wrong function.

A student whose dropout_forward calls a keep_mask that is upside down has one mistake, not two. So
the solution is given that very mistake, in keep_mask alone, and its dropout_forward is judged: if
its facts are those of the student's and the same checks hold, nothing else is wrong there as far as
can be seen, and the parts that it loses too are given back. A right dropout_forward may do
something else with a wrong mask than the solution's does: so those that the key knows to be as
right are judged, too. Nothing can be gained by it: the earlier exercise has lost points for a
belief that was named, and an exercise that loses more than six tenths in this way shows too little
of itself to be believed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from autograder.diagnose import Facts, fingerprint
from autograder.examine import LIMITS, must_not_be_broken
from autograder.judge import earned, one_by_one, points
from autograder.keys import bare
from autograder.model import (
    Cell, Exercise, ExerciseResult, Misconception, Role, Submission, Verdict)
from autograder.running.statements import parsed
from autograder.staff import Staff

MOST = 0.6  # of the points of an exercise that another's mistake may explain


@dataclass
class Consequence:
    """What a belief about an earlier exercise does to a later one that is right otherwise.

    It is looked at as far as somebody must know: most are other than what a student shows, and the
    first checks tell.
    """

    exercise: Exercise
    begin: Callable[[], Iterator[Verdict]]
    look: Callable[[], Facts]
    seen: list[Verdict] = field(default_factory=list)
    coming: Iterator[Verdict] | None = None

    def explains(self, result: ExerciseResult) -> bool:
        """Whether the same checks hold with the same facts, and enough of the exercise is left."""
        for place, theirs in enumerate(result.verdicts):
            if place == len(self.seen):
                self._look_further()
            if self.seen[place].outcome is not theirs.outcome:
                return False
        return 0 < self.share <= MOST and self.facts == result.facts

    def _look_further(self) -> None:
        self.coming = self.coming or self.begin()
        try:
            self.seen.append(next(self.coming))
        except BaseException:  # out of memory, say: whoever comes next begins anew
            self.seen, self.coming = [], None
            raise

    @cached_property
    def lost(self) -> frozenset[str]:
        """The parts, once all checks were tried."""
        return frozenset(p.name for p in earned(self.exercise, self.seen) if not p.full)

    @property
    def share(self) -> float:
        """Of the exercise's points that is lost."""
        worth = sum(self.exercise.worth(p) for p in self.exercise.parts if p.name in self.lost)
        return worth / self.exercise.points if self.exercise.points else 0.0

    @cached_property
    def facts(self) -> Facts:
        """Looked at for who has lost the same sentences, and for nobody else."""
        return self.look()


def with_carried(staff: Staff, submission: Submission,
                 results: Sequence[ExerciseResult]) -> tuple[ExerciseResult, ...]:
    """The results, with the parts given back that only an earlier exercise's mistake has cost."""
    if all(result.points >= result.max_points for result in results):
        return tuple(results)
    uses = calls(submission.cells)
    done: dict[str, ExerciseResult] = {}
    for result in results:
        exercise = staff.assignment.exercise(result.name)
        earlier = [done[name] for name in sources(staff, exercise, uses) if name in done]
        done[result.name] = _settled(staff, exercise, result, earlier)
    return tuple(done.values())


def _settled(staff: Staff, exercise: Exercise, result: ExerciseResult,
             earlier: Iterable[ExerciseResult]) -> ExerciseResult:
    named = (((source, belief) for source in earlier for belief in _named(staff, source))
             if result.facts else ())
    for source, belief in named:
        for number, form in enumerate(forms(staff, exercise)):
            if source.name in form:
                continue  # a forward and a backward that were written for each other
            consequence = consequence_of(staff, belief, exercise, number)
            if consequence.explains(result):
                return _given_back(exercise, result, consequence.lost, source.name)
    return result


def _named(staff: Staff, result: ExerciseResult) -> list[Misconception]:
    """The beliefs for which an exercise has lost points; all ways in which the key writes them.

    Of several, one alone may be what a later exercise shows: it minds its p itself, say.
    """
    names = {d.name for d in result.diagnoses if d.exercise == result.name}
    if result.points >= result.max_points:
        return []
    return [m for m in staff.key.misconceptions if m.exercise == result.name and m.name in names]


def _given_back(exercise: Exercise, result: ExerciseResult, lost: frozenset[str],
                source: str) -> ExerciseResult:
    note = f"carried over from {source}, charged there"
    parts = tuple(replace(p, points=p.max_points, note=note) if p.name in lost and not p.full else p
                  for p in result.parts)
    return replace(result, parts=parts, points=points(exercise, parts))


def forms(staff: Staff, exercise: Exercise) -> list[Mapping[str, str]]:
    """Right answers that call an earlier exercise: the solution's, then those of the key."""
    key = ("forms", exercise.name)
    if key not in staff.consequences:
        text = ast.unparse(ast.parse(bare(staff.solution.answers[exercise.name])))
        pairs = [title.partition(" -> ") for title in staff.key.equivalent.get(exercise.name, ())]
        equal = [{exercise.name: text.replace(was, becomes)}
                 for was, _, becomes in pairs if text.count(was) == 1]
        others = [staff.written(v) for v in staff.key.variants if v.exercise == exercise.name]
        staff.consequences[key] = [{}, *(cells for cells in [*equal, *others]
                                         if sources(staff, exercise, _calls_in(cells)))]
    found: list[Mapping[str, str]] = staff.consequences[key]
    return found


def consequence_of(staff: Staff, belief: Misconception, exercise: Exercise,
                   form: int = 0) -> Consequence:
    """What the belief does to a right answer to another exercise; looked at once."""
    key = (belief.exercise, belief.name, belief.edits, exercise.name, form)
    if key not in staff.consequences:
        staff.consequences[key] = _begun(staff, belief, exercise, forms(staff, exercise)[form])
    found: Consequence = staff.consequences[key]
    return found


def _begun(staff: Staff, belief: Misconception, exercise: Exercise,
           form: Mapping[str, str]) -> Consequence:
    assignment, probes = staff.assignment, staff.assignment.probes.get(exercise.name, ())
    subject = staff.with_cells({**form, **staff.written(belief)})

    def verdicts() -> Iterator[Verdict]:
        for verdict in one_by_one(exercise, subject, assignment.slug, staff.key.salt, staff.oracle):
            must_not_be_broken(assignment.slug, verdict)
            yield verdict

    look = partial(fingerprint, probes, exercise.name, subject, assignment.slug,
                   LIMITS.call_seconds)
    return Consequence(exercise, verdicts, look)


# ----------------------------------------------------------------------------------- who calls whom
def calls(cells: Iterable[Cell]) -> dict[str, set[str]]:
    """Function -> the names it mentions, over all cells; later definitions add to earlier ones."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        tree = parsed(cell.source)
        for statement in tree.body if tree else ():
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
                found.setdefault(statement.name, set()).update(names)
    return found


def _calls_in(answers: Mapping[str, str]) -> dict[str, set[str]]:
    return calls(Cell(name, Role.ANSWER, source) for name, source in answers.items())


def sources(staff: Staff, exercise: Exercise, uses: Mapping[str, set[str]]) -> list[str]:
    """The earlier exercises this one calls, directly or not, in the code that made `uses`."""
    reached = _reached({*exercise.names, *_partners(exercise)}, uses)
    names = [e.name for e in staff.assignment.exercises]
    earlier = staff.assignment.exercises[: names.index(exercise.name)]
    return [e.name for e in earlier if reached & set(e.names)]


def _partners(exercise: Exercise) -> set[str]:
    """Functions of other exercises that its checks call: the forward of a backward."""
    return {v for check in exercise.checks
            for k, v in check.case.items() if k in ("forward", "backward") and isinstance(v, str)}


def _reached(names: set[str], uses: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += uses.get(name, ())
    return found

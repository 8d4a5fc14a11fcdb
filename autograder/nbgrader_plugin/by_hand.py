"""Points and words given by hand, as formgrader gives them, and parts of a rubric judged so.

nbgrader knows one manual score for a whole check cell. A part that was judged by hand is therefore
written down in the manual comment, one line each, from which the score is added up: what it says is
what counts, and formgrader shows and edits it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbgrader.api import MissingEntry  # type: ignore[import-untyped]

from autograder.model import CourseError, ExerciseResult
from autograder.nbgrader_plugin.context import CHECK
from autograder.nbgrader_plugin.gradebook import Register
from autograder.nbgrader_plugin.markdown import plain
from autograder.report import words

AUTOMATIC = "auto"
LINE = re.compile(r"- (?P<part>[\w-]+)(?: \(.*\))?: (?P<points>[\d.]+) of [\d.]+ by hand(?:, not "
                  r"[\d.]+)?, because .*")
TOTAL = re.compile(r"So this exercise has (?P<points>[\d.]+) points\.")


@dataclass(frozen=True)
class Given:
    """What a human wants: points for a part, an exercise or a cell; None: what the grader found."""

    target: str
    points: float | None
    because: str


def given(text: str, because: str) -> Given:
    """PART=POINTS as it is written on the command line."""
    target, equals, points = text.partition("=")
    if not equals or not target.strip():
        raise CourseError(f"--set {text} says nothing. Write PART=POINTS, for example scale=0.5, "
                          f"or PART={AUTOMATIC} to take it back.")
    if points.strip() == AUTOMATIC:
        return Given(target.strip(), None, "")
    try:
        value = float(points)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise CourseError(
            f"--set {text}: {points!r} is no number of points. Write one, for example scale=0.5.")
    if not because.strip():
        raise CourseError('--set needs a reason, which the student reads: --because "the formula '
                          'in the comment is right".')
    return Given(target.strip(), value, " ".join(because.split()))


def as_markdown(comment: str) -> str:
    """The comment for a page: our lines are plain words; what stands beside them is Markdown."""
    return "\n".join(f"- {plain(line.removeprefix('- '))}" if LINE.fullmatch(line) else line
                     for line in comment.split("\n"))


# -------------------------------------------------------------------------------- what stands there
def judged(name: str, score: float | None, comment: str | None) -> Mapping[str, float] | None:
    """Part -> its points by hand, of an exercise; None where all of it was given by hand."""
    lines = _lines(comment or "")
    if score is not None and (not lines or name in lines or not _adds_up(comment or "", score)):
        return None
    return ({part: float(found["points"]) for part, found in lines.items()}
            if score is not None else {})


def _lines(comment: str) -> Mapping[str, re.Match[str]]:
    return {found["part"]: found for line in comment.split("\n") if (found := LINE.fullmatch(line))}


def _adds_up(comment: str, score: float) -> bool:
    """Whether the score is that of our lines; formgrader may have set another one since."""
    total = TOTAL.search(comment)
    return total is not None and abs(float(total["points"]) - score) <= words.CLOSE


def marked(register: Register, student: str,
           results: Sequence[ExerciseResult]) -> list[ExerciseResult]:
    """The results with a human's points; of an exercise given whole, the parts are the checks'."""
    notebook = submitted(register, student)
    if notebook is None:
        return list(results)
    scores = {grade.name.removeprefix(CHECK): grade.manual_score for grade in notebook.grades}
    comments = {c.name: c.manual_comment for c in notebook.comments}
    return [_marked(result, scores.get(result.name), comments.get(result.name))
            for result in results]


def _marked(result: ExerciseResult, score: float | None, comment: str | None) -> ExerciseResult:
    if score is None:
        return result
    given = judged(result.name, score, comment)
    if given is None:
        return replace(result, points=score,
                       parts=tuple(replace(p, note="by the checks") for p in result.parts))
    parts = (replace(p, points=given[p.name], note="by hand") if p.name in given else p
             for p in result.parts)
    return replace(result, points=score, parts=tuple(parts))


def standing(register: Register, student: str, results: Sequence[ExerciseResult]) -> Iterator[str]:
    """What the gradebook says of a hand-in, where it is more than what was just judged."""
    notebook = submitted(register, student)
    if notebook is None:
        yield f"gradebook: nothing of {student} yet. Run `autograder grade {register.slug}`."
        return
    penalty = notebook.late_submission_penalty or 0.0
    late = f", {words.number(penalty)} less for being late" if penalty else ""
    yield (f"gradebook: {words.number(max(0.0, notebook.score - penalty))} of "
           f"{words.number(notebook.max_score)} points{late}")
    judged = {CHECK + r.name: r for r in results}
    comments = {c.name: c.manual_comment for c in notebook.comments}
    for grade in notebook.grades:
        name = grade.name.removeprefix(CHECK)
        result = judged.get(grade.name)
        if grade.manual_score is not None:
            text = TOTAL.sub("", comments.get(name) or "") or "no words were left"
            said = (line.removeprefix("- ") for line in text.split("\n") if line.strip())
            yield f"{name}: {words.number(grade.manual_score)} by hand: {'; '.join(said)}"
        if result and not result.not_run and grade.auto_score is None:
            yield f"{name}: not graded yet. Run `autograder grade {register.slug}`."
        elif result and not result.not_run and abs(grade.auto_score - result.points) > words.CLOSE:
            differs = (f"{words.number(grade.auto_score)} in the gradebook, "
                       f"{words.number(result.points)} now")
            again = f"Run `autograder grade {register.slug}`, unless --never-lower keeps the points"
            yield f"{name}: {differs}: the hand-in or the checks are others. {again}."


def submitted(register: Register, student: str) -> Any:
    """The notebook of a student in the gradebook, None before it was graded."""
    try:
        return register.book.find_submission_notebook(register.slug, register.slug, student)
    except MissingEntry:
        return None


# ----------------------------------------------------------------------------------------- to write
def give(register: Register, student: str, wanted: Sequence[Given],
         results: Sequence[ExerciseResult]) -> Iterator[str]:
    """Write these points and reasons; says what is written. On a CourseError nothing is."""
    notebook = submitted(register, student)
    if notebook is None:
        raise CourseError(f"{student} has no marks in {register.slug} yet. Run `autograder grade "
                          f"{register.slug}` first.")
    told = [_give(notebook, one, results) for one in wanted]
    register.settle_one(student)
    yield from told


def _give(notebook: Any, one: Given, results: Sequence[ExerciseResult]) -> str:
    result = _exercise_of(one.target, results)
    name = result.name if result else one.target
    grades = {g.name: g for g in notebook.grades}
    grade = grades.get(CHECK + name) or grades.get(name)
    if grade is None:
        raise CourseError(f"There is no {one.target!r} to give points for. There are: "
                          f"{', '.join(_targets(results, grades))}.")
    comment = next((c for c in notebook.comments if c.name == name), None)
    before = (comment.manual_comment if comment else None) or ""
    after, score = (_of_parts if result and one.target != name
                    else _of_all)(one, result, grade, before)
    grade.manual_score, grade.needs_manual_grade = score, score is None and grade.auto_score is None
    if comment is not None:
        comment.manual_comment = after or None
    found = grade.auto_score
    if score is None and found is None:
        return f"{name}: no points yet"
    beside = ("" if None in (score, found) or abs(score - found) <= words.CLOSE
              else f", where the checks gave {words.number(found)}")
    return (f"{name}: {words.number(found if score is None else score)} of "
            f"{words.number(grade.max_score)} points{beside}")


def _targets(results: Sequence[ExerciseResult], grades: Mapping[str, Any]) -> list[str]:
    parts = [p.name for r in results for p in r.parts]
    return [*dict.fromkeys(parts), *(name.removeprefix(CHECK) for name in grades)]


def _exercise_of(target: str, results: Sequence[ExerciseResult]) -> ExerciseResult | None:
    """The exercise of that name, or with such a part; CourseError where several have one."""
    named = ([r for r in results if r.name == target]
             or [r for r in results if any(p.name == target for p in r.parts)])
    if len(named) > 1:
        raise CourseError(f"{', '.join(r.name for r in named)} have a part {target}. Name the "
                          "exercise, too: explain HW STUDENT EXERCISE.")
    return named[0] if named else None


def _of_all(one: Given, result: ExerciseResult | None, grade: Any,
            before: str) -> tuple[str, float | None]:
    """Points for a whole cell; lines about its parts are replaced."""
    own = _foreign(before)
    if one.points is None:
        return own, None
    _affordable(one, grade.max_score)
    line = _line(one, "", grade.max_score, grade.auto_score)
    return "\n".join(filter(None, [own, line, _total(one.points)])), one.points


def _of_parts(one: Given, result: ExerciseResult | None, grade: Any,
              before: str) -> tuple[str, float | None]:
    """Points for one part of the rubric: the others stay as they are, whoever gave them."""
    assert result is not None, "only an exercise has parts"
    if grade.auto_score is None or abs(grade.auto_score - result.points) > words.CLOSE:
        there, now = ("no points" if p is None else f"{words.number(p)} points"
                      for p in (grade.auto_score, result.points))
        raise CourseError(f"{result.name} has {there} in the gradebook, and its parts have {now} "
                          "together. Run `autograder grade` first; where --never-lower keeps the "
                          f"points, give them to the whole exercise: --set {result.name}=POINTS.")
    if grade.manual_score is not None and not _adds_up(before, grade.manual_score):
        manual = words.number(grade.manual_score)
        raise CourseError(f"{result.name} has {manual} points by hand for all of it. Say --set "
                          f"{result.name}=POINTS.")
    lines = _lines(before)
    if result.name in lines:
        raise CourseError(f"All of {result.name} was judged by hand. Say --set "
                          f"{result.name}=POINTS or {result.name}={AUTOMATIC}.")
    by_hand = {part: (float(found["points"]), str(found[0])) for part, found in lines.items()}
    by_hand.pop(one.target, None)
    part = next(p for p in result.parts if p.name == one.target)
    if one.points is not None:
        _affordable(one, part.max_points)
        by_hand[part.name] = one.points, _line(one, part.sentence, part.max_points, part.points)
    if not by_hand:
        return _foreign(before), None
    score = round(sum(by_hand[p.name][0] if p.name in by_hand else p.points
                      for p in result.parts), 2)
    told = [_foreign(before), *(text for _, text in by_hand.values()), _total(score)]
    return "\n".join(filter(None, told)), score


def _affordable(one: Given, most: float) -> None:
    if one.points is not None and one.points > most + words.CLOSE:
        raise CourseError(f"{one.target} is worth {words.number(most)} points, so "
                          f"{words.number(one.points)} is too much.")


def _line(one: Given, sentence: str, most: float, found: float | None) -> str:
    instead = "" if found is None else f", not {words.number(found)}"
    told = (f"{words.number(one.points or 0.0)} of {words.number(most)} by hand{instead}, because "
            f"{one.because}")
    return f"- {one.target}{f' ({words.phrase(sentence)})' * bool(sentence)}: {told}"


def _total(score: float) -> str:
    return f"\nSo this exercise has {words.number(score)} points."


def _foreign(comment: str) -> str:
    """What a human wrote in formgrader beside our lines."""
    lines = [line for line in comment.split("\n")
             if not LINE.fullmatch(line) and not TOTAL.fullmatch(line)]
    return "\n".join(lines).strip()

"""Reports as plain text, in the kit's error grammar: sentence, what was seen, call, hint."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from autograder.model import Diagnosis, ExerciseResult, Report, Verdict
from autograder.report import words

WIDTH = 100
NOTHING: Mapping[str, str] = MappingProxyType({})


def message(verdict: Verdict, diagnoses: Sequence[Diagnosis] = (), brief: bool = False) -> str:
    """One verdict in two to four lines; in one if it holds, or its reason stands below."""
    lines = [
        f"{words.MARKS[verdict.outcome]} {words.line(verdict.exercise)} {words.sentence(verdict)}"]
    if brief and not diagnoses:
        return lines[0]
    lines += below("", words.story(verdict))
    call = words.call(verdict)
    lines += below("", f"from these lines:\n{call}") if "\n" in call else below("from  ", call)
    for hint in words.hints(diagnoses, verdict.exercise):
        lines += below("hint  ", hint, wrap=True)
    return "\n".join(lines)


def exercise_text(result: ExerciseResult, staff: bool = False,
                  more: Mapping[str, str] = NOTHING) -> str:
    """All that is known about one exercise, by parts; to students, points in reach.

    `more` is what staff alone reads below a check.
    """
    if result.not_run:
        return f"- {words.line(result.name)} {words.summary(result)}"
    return "\n".join(_exercise_lines(result, staff, more))


def _exercise_lines(result: ExerciseResult, staff: bool, more: Mapping[str, str]) -> Iterator[str]:
    if result.trouble:
        yield f"! {words.line(result.name)}: running your cell stopped with"
        yield from below("", words.clean(result.trouble))
    first = words.first_trouble(result)

    def told(verdict: Verdict, brief: bool) -> str:
        lines = [message(verdict, result.diagnoses if verdict is first else (), brief),
                 *below("", more.get(verdict.check, ""))]
        return "\n".join(lines)

    for part, verdicts in words.grouped(result):
        briefly = words.run_on(verdicts)
        if part:
            yield heading(words.part_mark(part, verdicts), words.part_sentence(part),
                          words.part_points(part))
        yield from (textwrap.indent(told(verdict, verdict.check in briefly), "   " * bool(part))
                    for verdict in verdicts)
    if result.max_points:
        yield f"= {words.line(result.name)}: {words.summary(result, staff)}"


def heading(mark: str, sentence: str, points: str) -> str:
    """A line of the rubric, points at the right edge, and a sentence to reach them below."""
    first, *rest = textwrap.wrap(sentence, WIDTH - len(points) - 5) or [""]
    return "\n".join([f"{mark:<2} {first}".ljust(WIDTH - len(points) - 1) + " " + points,
                      *(f"   {line}" for line in rest)])


def report_text(report: Report, staff: bool = False) -> str:
    """Everything about one hand-in."""
    blocks = [f"{words.line(report.assignment)}  {words.line(report.submission)}"]
    if report.status == "unreadable":
        blocks.append("x This hand-in could not be read, so there is no mark.\n"
                      f"    {words.line(report.error)}")
    elif report.status != "graded":
        blocks.append("! The grader itself failed, so there is no mark (no fault of yours).\n"
                      f"    {words.line(report.error)}")
    if report.notes:
        blocks.append("\n".join(f"note  {words.line(note)}" for note in report.notes))
    blocks += [exercise_text(result, staff) for result in report.exercises]
    if staff and report.points is not None:
        blocks.append(f"{words.number(report.points)} of {words.number(report.max_points)} points")
    return "\n\n".join(blocks)


def below(label: str, text: str, wrap: bool = False) -> list[str]:
    """The text four columns in, its further lines aligned with the first; nothing for no text."""
    if not text:
        return []
    lines = textwrap.wrap(text, WIDTH - 4 - len(label)) if wrap else text.split("\n")
    return ["    " + (label if i == 0 else " " * len(label)) + line for i, line in enumerate(lines)]

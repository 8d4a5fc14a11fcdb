"""Cells and metadata as they were released, answers as they were handed in.

nbgrader believes a notebook's metadata: a copied check cell stops the grading of the whole class, a
falsified flag loses the hand-in. Here nothing a student's file says about itself is believed except
which exercise a cell claims to answer, and of that the judgement is notebook.py's, so that what is
shown as the answer is what was graded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from nbgrader.api import Gradebook  # type: ignore[import-untyped]

from autograder.model import Role, Submission
from autograder.nbgrader_plugin.context import CHECK, Place
from autograder.nbgrader_plugin.elsewhere import CLEANING, Step
from autograder.nbgrader_plugin.handin import cell as valid_cell
from autograder.nbgrader_plugin.handin import handed_in, text
from autograder.nbgrader_plugin.submitted import SECRET, secret

# as nbgrader marks it
MARK_SCHEME = re.compile(r"^[^\n]*BEGIN MARK SCHEME.*?END MARK SCHEME[^\n]*\n?",
                         re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Released:
    """One cell of the released notebook that nbgrader keeps an eye on, from the gradebook."""

    name: str
    kind: str
    source: str
    checksum: str
    locked: bool
    solution: bool
    task: bool
    points: float | None

    @property
    def needed(self) -> bool:
        """Whether it must be there for the marks to have a place; read-only prose need not."""
        return self.solution or self.task or self.points is not None

    @property
    def handed_out(self) -> str:
        """The source as students have it: the gradebook's task has its mark scheme."""
        return MARK_SCHEME.sub("", self.source) if self.task else self.source

    @property
    def metadata(self) -> dict[str, Any]:
        """What generate_assignment wrote into this cell."""
        made: dict[str, Any] = {"schema_version": 3, "grade_id": self.name, "cell_type": self.kind,
                                "checksum": self.checksum}
        made |= {"grade": self.points is not None and not self.task, "solution": self.solution,
                 "locked": self.locked}
        made["task"] = self.task
        return made if self.points is None else made | {"points": self.points}


class RepairHandIn(Step):
    """The first step on a hand-in."""

    instead_of = CLEANING

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        released = place.once(f"{place.slug}, its released cells", lambda: _released(place))
        _, submission, _ = handed_in(place)
        nb.cells = repaired(nb.cells, released, submission)
        _keep_only_the_notebook(place)


def _released(place: Place) -> dict[str, Released]:
    with Gradebook(place.db_url) as gradebook:
        return released_cells(gradebook, place.notebook, place.slug)


def released_cells(gradebook: Any, name: str, slug: str) -> dict[str, Released]:
    """The cells that generate_assignment recorded, by grade_id."""
    found = gradebook.find_notebook(name, slug)
    points = {c.name: float(c.max_score) for c in (*found.grade_cells, *found.task_cells)}
    solutions, tasks = {c.name for c in found.solution_cells}, {c.name for c in found.task_cells}
    return {c.name: Released(c.name, c.cell_type, c.source, c.checksum, c.locked,
                             c.name in solutions, c.name in tasks, points.get(c.name))
            for c in found.source_cells}


def repaired(cells: Sequence[Any], released: Mapping[str, Released],
             submission: Submission) -> list[Any]:
    """The cells, each released id exactly once, all else ordinary cells without metadata."""
    owner = {index: name for name, index in _owners(cells, released, submission).items()}
    result = [_labelled(cell, released[owner[i]]) if i in owner else _ordinary(cell)
              for i, cell in enumerate(cells)]
    for missing in (r for r in released.values() if r.needed and r.name not in owner.values()):
        result.insert(_place_for(missing, result), _restored(missing, {c.id for c in result}))
    return result


def mended(cells: Iterable[Any], released: Mapping[str, Released],
           submission: Submission) -> Iterator[tuple[str, str]]:
    """(Exercise, what) of a parsed hand-in's cells that `repaired` puts back as handed out."""
    found = [c for c in cells if isinstance(c, Mapping) and isinstance(c.get("metadata"), Mapping)]
    claims: dict[str, list[Any]] = {name: [] for name in released}
    for cell in found:
        nbgrader = cell["metadata"].get("nbgrader")
        name = nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None
        if isinstance(name, str) and name in claims:
            claims[name].append(cell)
    answered = {c.id for c in submission.cells if c.role is Role.ANSWER}
    for name, cells_of in claims.items():
        if name in answered or name == "setup":  # the reader has told
            continue
        if what := _mended(released[name], cells_of):
            yield (name.removeprefix(CHECK) if released[name].needed else ""), what


def _mended(released: Released, claims: Sequence[Any]) -> str:
    kind = "check" if released.name.startswith(CHECK) else "task" if released.task else "answer"
    what = f"its {kind} cell" if released.needed else f"the cell {released.name}"
    if not claims:
        return f"{what} was deleted; it was put back as handed out" if released.needed else ""
    changed = (released.locked
               and text(claims[-1].get("source")).strip() != released.handed_out.strip())
    if changed or claims[-1].get("cell_type") != released.kind:
        return f"{what} was changed; it was put back as handed out"
    return (f"{what} is there {len(claims)} times; one was kept" if len(claims) > 1
            and released.needed else "")


def _owners(cells: Sequence[Any], released: Mapping[str, Released],
            submission: Submission) -> dict[str, int]:
    """grade_id -> its cell: for an answer the one graded, else the last that claims it."""
    answers = {c.id: c.source for c in submission.cells if c.role is Role.ANSWER}
    owners: dict[str, int] = {}
    for name in released:
        claims = [i for i, c in enumerate(cells)
                  if c.metadata.get("nbgrader", {}).get("grade_id") == name]
        same = [i for i, c in enumerate(cells) if name in answers and c.source == answers[name]]
        choice = [i for i in claims if i in same] or same or claims
        free = [i for i in choice if i not in owners.values()]
        if free:
            owners[name] = free[-1]
    return owners


def _labelled(cell: Any, released: Released) -> Any:
    made = {"cell_type": released.kind,
            "source": released.source if released.locked else cell.source}
    if released.kind == cell.cell_type == "markdown":
        made["attachments"] = cell.get("attachments", {})
    node = nbformat.from_dict(valid_cell(made, cell.id))  # type: ignore[no-untyped-call]
    node.metadata = nbformat.from_dict({"nbgrader": released.metadata})  # type: ignore[no-untyped-call]
    return node


def _ordinary(cell: Any) -> Any:
    cell.metadata = type(cell)()
    return cell


def _restored(released: Released, taken: set[str]) -> Any:
    """A cell that was deleted, as it was handed out."""
    name = f"restored-{released.name}"[:60]
    while name in taken:
        name += "x"
    blank = nbformat.from_dict({"cell_type": released.kind, "source": released.source, "id": name})  # type: ignore[no-untyped-call]
    return _labelled(blank, released)


def _place_for(released: Released, cells: Sequence[Any]) -> int:
    """Below its answer, if it is a check cell; else at the end."""
    answer = released.name.removeprefix(CHECK)
    for index, cell in enumerate(cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id") == answer:
            return index + 1
    return len(cells)


def _keep_only_the_notebook(place: Place) -> None:
    """Take away what was copied beside the notebook: a page would be served to staff, or returned.

    The secret by which feedback finds its way back through the exchange is written again:
    nbgrader's copy may be that of a link.
    """
    for path in sorted(place.autograded.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.name != "timestamp.txt":  # by which nbgrader sees that a later hand-in is later
            path.unlink()
    if found := secret(place.submitted):
        (place.autograded / SECRET).write_bytes(found)

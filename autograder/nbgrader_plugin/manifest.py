"""The manifest of what was collected: each hand-in and every file, taken or not, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.folders import put
from autograder.model import CourseError
from autograder.nbgrader_plugin.archives import Piece
from autograder.nbgrader_plugin.names import UNKNOWN, Person, Told
from autograder.nbgrader_plugin.settings import MANIFEST

SCHEMA = 1
UNLISTED = "is not in the roster"
# platforms whose number is the same person in every assignment
STABLE = ("Canvas", "Blackboard", "ILIAS", "Brightspace")


@dataclass
class Taken:
    """One person's hand-in: what there is of it, and what came of it."""

    person: Person
    files: list[tuple[Piece, Told]]
    student: str = ""
    status: str = "taken"  # or "as before", "unclear" (taken, but a human must choose), "not taken"
    why: str = ""
    time: str = ""  # in UTC; "" where the platform does not say when
    notes: list[str] = field(default_factory=list)
    saved: dict[str, Piece] = field(default_factory=dict)  # name in submitted/ -> what it is
    words: dict[str, str] = field(default_factory=dict)  # the same, as digests

    @property
    def late(self) -> bool:
        return any(t.late for _, t in self.files)


@dataclass
class Collection:
    """What was found in the archives of one assignment."""

    slug: str
    hand_ins: list[Taken] = field(default_factory=list)
    unknown: list[Piece] = field(default_factory=list)
    # ids of the roster, if there is one, of whom nothing came so far
    absent: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """1 if somebody has to look into something, else 0."""
        whole = all(h.status in ("taken", "as before") and not any(p.why for p, _ in h.files)
                    for h in self.hand_ins)
        return 0 if whole and not self.unknown else 1

    def to_dict(self) -> dict[str, Any]:
        """The manifest."""
        hand_ins = [_entry(h) for h in sorted(self.hand_ins, key=lambda h: h.student)]
        strangers = [{"from": p.source, "why": p.why or UNKNOWN} for p in self.unknown]
        told = {"hand_ins": hand_ins, "not_taken": strangers, "absent": self.absent}
        return {"schema": SCHEMA, "assignment": self.slug, **told,
                "unnamed": sum(not p.why for p in self.unknown)}


def _entry(one: Taken) -> dict[str, Any]:
    names = {piece.source: name for name, piece in one.saved.items()}
    left = "left out: of an earlier attempt, or the same as another" if one.saved else None
    files = [(p.source, names.get(p.source), p.why) for p, _ in one.files if p.wanted]
    files_told = [{"from": source, "as": name, "why": why or (None if name else left)}
                  for source, name, why in files]
    who = {"platform": one.person.platform, "name": one.person.name, "number": one.person.number}
    told = {"late": one.late, "time": one.time or None, "notes": one.notes, "files": files_told,
            "words": one.words}
    return {"student": one.student, "status": one.status, "why": one.why or None, **who, **told}


def listed(downloads: Path, slug: str) -> Iterator[dict[str, Any]]:
    """Hand-ins that were collected before, of this ("here") and the other assignments."""
    for path in sorted(downloads.glob(f"*/{MANIFEST}")):
        for entry in read(path)["hand_ins"]:
            yield {**entry, "here": path.parent.name == slug}


def read(path: Path) -> dict[str, Any]:
    """A manifest; CourseError when it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if (found["schema"] != SCHEMA
                or not all(isinstance(e["student"], str) for e in found["hand_ins"])):
            raise ValueError(f"schema {found['schema']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is no list of collected hand-ins ({error}). Put back a copy, or "
                          "take it away.") from error
    return dict(found)


def write(path: Path, found: Collection, earlier: Sequence[Mapping[str, Any]]) -> None:
    """Write what was found now, and what stands from before."""
    manifest = found.to_dict()
    here, people = {e["student"] for e in manifest["hand_ins"]}, {h.person for h in found.hand_ins}
    # of archives that are not given again; whom a roster has given another id by now has that one
    # alone
    before = [e for e in earlier if e["here"] and e["student"] not in here
              and Person(e["platform"], e["name"], e["number"]) not in people]
    manifest["hand_ins"] += [{key: value for key, value in e.items() if key != "here"}
                             for e in before]
    put(path, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode(
        errors="backslashreplace"))

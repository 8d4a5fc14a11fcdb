"""From archives to submitted/: `autograder collect` and `nbgrader zip_collect`, one road.

Every file that may be a hand-in ends in the manifest: taken, and as what, or not taken, and why.
Two students never become one; where the archive does not say whose a file is, nobody gets it.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any

from autograder.model import Broken
from autograder.nbgrader_plugin import manifest
from autograder.nbgrader_plugin.archives import NOTEBOOK, Piece, pieces
from autograder.nbgrader_plugin.manifest import STABLE, UNLISTED, Collection, Taken
from autograder.nbgrader_plugin.names import (
    AGAIN, ARCHIVE, HAND, Person, Told, hidden, same, told, wrappers)
from autograder.nbgrader_plugin.roster import Roster, enter
from autograder.nbgrader_plugin.settings import MANIFEST
from autograder.nbgrader_plugin.submitted import (
    STAMP, digest, in_the_way, standing_notes, time_by_hand, words_of)
from autograder.report.collected import lines
from autograder.report.standing import UNTIMED

OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)  # and of nobody's hand-in
LONGEST = 200  # bytes of a student's id, which is the name of a folder


# --------------------------------------------------------------------------------------- collecting
def collect(coursedir: Any, downloaded: Path, sources: Iterable[Path],
            roster: Roster | None = None, force: bool = False, zone: tzinfo = timezone.utc,
            times: Roster | None = None) -> Collection:
    """Bring what the archives hold to submitted/, and a manifest to `downloaded`.

    Only what the disk does raises. `zone` is that of the platform's clock: in the names of files it
    writes its own time. `times` is the list that says when they came.
    """
    slug, roster = coursedir.assignment_id, roster or Roster()
    found = Collection(slug)
    try:
        downloaded.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=downloaded, prefix=".unpacked-") as into:
            everything = [piece for source in sources for piece in pieces(source, Path(into))]
            people = _sorted_out(everything, found, roster)
            earlier = list(manifest.listed(downloaded.parent, slug))
            _name(people, roster, earlier)
            for one in people:
                before: dict[str, str] = next((e["words"] for e in earlier
                                               if e["here"] and e["student"] == one.student), {})
                _choose(one, slug)
                if one.saved:
                    listed, notes = (times or roster).handed_in(one.person)
                    one.time, one.notes = _in_utc(max((t.time for _, t in one.files), default="")
                                                  or listed, zone), one.notes + notes
                    folder = Path(coursedir.format_path(coursedir.submitted_directory,
                                                        one.student, slug))
                    _put(one, folder, before, force, in_the_way(folder, slug))
                if one.status == "not taken":
                    # what stands there is what was collected before
                    one.saved, one.words = {}, before
        found.hand_ins = people
        found.absent = sorted(roster.ids - {h.student for h in people}
                              - {e["student"] for e in earlier if e["here"]})
        manifest.write(downloaded / MANIFEST, found, earlier)
    except OSError as error:
        place = f"{error.filename or downloaded}"
        raise Broken(f"{place} cannot be read or written ({error.strerror or error}). Mend it and "
                     "collect again.") from error
    return found


def told_of(found: Collection, coursedir: Any, roster: Roster | None) -> Iterator[str]:
    """What came of it, line by line; meanwhile the gradebook gets the names of the roster."""
    yield from lines(found.to_dict())
    if roster and (named := enter(coursedir, roster)):
        yield named


def _sorted_out(everything: Sequence[Piece], found: Collection, roster: Roster) -> list[Taken]:
    """Whose is what. What may be a hand-in and names nobody goes to `found.unknown`."""
    people: dict[Person, Taken] = {}
    for archive in dict.fromkeys(p.archive for p in everything):
        inside = [p for p in everything if p.archive == archive]
        for piece, says in _owners(archive, inside, found.slug, roster.ids):
            if says is None:
                found.unknown += [piece] * piece.wanted
            else:
                people.setdefault(says.person, Taken(says.person, [])).files.append((piece, says))
    return list(people.values())


def _owners(archive: str, inside: Sequence[Piece], slug: str,
            known: frozenset[str]) -> list[tuple[Piece, Told | None]]:
    around = wrappers((p.parts for p in inside if not hidden(p.parts)), slug)

    *folders, last = archive.split("/")

    def look(first: Sequence[str], name: str) -> list[Told | None]:
        stripped = [p.parts[1:] if len(p.parts) > 1 and p.parts[0] in around else p.parts
                    for p in inside]
        return [told((*first, *parts) or (last,), slug, name, known) for parts in stripped]

    found = look([], "")
    # else the platform has spoken
    if archive and all(t is None or t.person.platform == HAND for t in found):
        found = look([], ARCHIVE.sub("", last))
        if folders and not any(found):  # somebody's archive in a folder of theirs
            found = look([*folders, last], "")
    return list(zip(inside, found, strict=True))


# -------------------------------------------------------------------------------------------- names
def _name(people: Sequence[Taken], roster: Roster, earlier: Iterable[Mapping[str, Any]]) -> None:
    """An id for each, never one for two: from the roster, as before, or the name if it tells."""
    by_roster = roster.find([one.person for one in people])
    shared = Counter(same(one.person.name) for one in people)
    before: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for entry in earlier:
        before.setdefault((entry["platform"], same(entry["name"])), []).append(entry)
    for one in people:
        person = one.person
        namesakes = before.get((person.platform, same(person.name)), [])
        one.student = by_roster.get(person) or _known(person, namesakes)
        if not one.student:
            tells = (not person.nameless and shared[same(person.name)] == 1
                     and not _taken_before(person, namesakes))
            # a Mac takes letters apart, and the next machine does not
            one.student = unicodedata.normalize("NFC", person.name if tells else person.long)
            if not tells and not person.nameless and person.number:
                one.notes.append(
                    f"{person.name} may be two people, so the number {person.number} was kept")
        if roster and person not in by_roster:
            one.notes.append(UNLISTED)
    _no_two_in_one(people)


def _known(person: Person, namesakes: Iterable[Mapping[str, Any]]) -> str:
    """The id that the same person had when this or another assignment was collected."""
    own = (e for e in namesakes
           if person.number and (e["name"], e["number"]) == (person.name, person.number))
    return next((str(e["student"]) for e in own if e["here"] or person.platform in STABLE), "")


def _taken_before(person: Person, namesakes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the bare name is, or was in one class, that of somebody else."""
    other = any(e["number"] != person.number
                for e in namesakes if e["here"] or person.platform in STABLE)
    return (bool(person.number)
            and (other or any(same(e["student"]) != same(e["name"]) for e in namesakes)))


def _no_two_in_one(people: Sequence[Taken]) -> None:
    """Where two would still have one id, or one that is no folder's name, nothing is taken."""
    owners: dict[str, list[Taken]] = {}
    for one in people:
        owners.setdefault(same(one.student), []).append(one)
        safe = (one.student.isprintable() and "/" not in one.student
                and not one.student.startswith((".", "-")))
        if (not safe or not one.student.strip()
                or len(one.student.encode("utf-8", "replace")) > LONGEST):
            one.status = "not taken"
            one.why = "the name cannot be that of a folder; rename it to <student>_<assignment>"
    for several in owners.values():
        for one in several if len(several) > 1 else ():
            others = ", ".join(o.files[0][0].source for o in several if o is not one)
            one.status = "not taken"
            one.why = f"another hand-in has the same name ({others}); leave one, or rename it"


# ----------------------------------------------------------------------------------------- choosing
def _choose(one: Taken, slug: str) -> None:
    """Which notebooks of a person go to submitted/, and under which names."""
    if one.status == "not taken":
        return
    newest = max(t.attempt for _, t in one.files)
    older = [p for p, t in one.files if t.attempt < newest and p.content]
    own = [(p, t) for p, t in one.files if t.attempt == newest and p.content]
    one.files = [(p, t) for p, t in one.files if t.attempt == newest or p.content]
    if older:
        one.notes.append(
            f"{len(older)} of an earlier attempt left out: {', '.join(p.source for p in older)}")
    if not own:
        one.status, one.why = "not taken", _nothing(one)
        return
    if one.late:
        one.notes.append(UNTIMED)
    one.saved = _saved(own, f"{slug}.ipynb")
    if len(one.saved) > 1 and f"{slug}.ipynb" not in one.saved:
        one.status = "unclear"
        one.why = (f"none of {len(one.saved)} notebooks is certainly the hand-in; rename the right "
                   f"one to {slug}.ipynb")
    elif len(one.saved) > 1:
        one.notes.append(f"{len(one.saved)} notebooks; {slug}.ipynb is graded")


def _nothing(one: Taken) -> str:
    if reasons := [f"{p.parts[-1] if p.parts else p.archive} {p.why}"
                   for p, _ in one.files if p.why]:
        return "; ".join(reasons[:3])
    names = [t.file for _, t in one.files]
    return f"no notebook, only {', '.join(names[:3])}{', ...' * (len(names) > 3)}"


def _saved(own: Sequence[tuple[Piece, Told]], expected: str) -> dict[str, Piece]:
    """Name -> notebook, equal ones once; the expected name only for the one that fits best."""
    words = {_word(p): (p, t) for p, t in reversed(own)}
    different = list(reversed(words.values()))
    exact = [p for p, t in different if t.file.lower() == expected.lower()]
    near = [p for p, t in different
            if AGAIN.sub("", NOTEBOOK.sub("", t.file)) == Path(expected).stem]
    chosen = exact[0] if len(exact) == 1 else near[0] if not exact and len(near) == 1 else None
    result = {expected: chosen} if chosen else {}
    for piece, says in (d for d in different if d[0] is not chosen):
        # they tell same-named notebooks apart
        folders = piece.parts[1:-1] if len(different) > 1 else ()
        result[_free(" - ".join((*folders, says.file)), {expected, *result})] = piece
    return result


def _in_utc(time: str, zone: tzinfo) -> str:
    there = time and datetime.fromisoformat(time).replace(tzinfo=zone)
    return f"{there.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC" if there else ""


def _free(name: str, taken: Iterable[str]) -> str:
    name = "".join(c if c.isprintable() and c not in "/\\:" else "?"
                   for c in name).lstrip(".")[-LONGEST // 2 :]
    name = f"{NOTEBOOK.sub('', name)}.ipynb"
    lower, stem, number = {t.lower() for t in taken}, Path(name).stem, 1
    while name.lower() in lower:
        name, number = f"{stem} ({number}).ipynb", number + 1
    return name


def _word(piece: Piece) -> str:
    assert piece.content is not None, "only what was unpacked is compared"
    return digest(piece.content.read_bytes())


# ------------------------------------------------------------------------------------------ writing
def _put(one: Taken, folder: Path, before: Mapping[str, str], force: bool, blocked: str) -> None:
    """The hand-in in its place, whole or not at all; what others put there stays, if not forced."""
    if blocked:
        one.status, one.why = "not taken", blocked
        return
    stamp = {STAMP: one.time.encode()} if one.time else {}
    one.words = ({name: _word(p) for name, p in one.saved.items()}
                 | {name: digest(data) for name, data in stamp.items()})
    there = words_of(folder)
    by_hand = bool(there) and there != before and not force
    if there == one.words or (by_hand and one.words == before):
        one.status = "as before" if one.status == "taken" or by_hand else one.status
        if there != one.words:
            _as_by_hand(one, folder)
    elif by_hand:
        one.status = "not taken"
        what = {name for name in there.keys() | before.keys()
                if there.get(name) != before.get(name)}
        beside = (f"{folder} holds something else that was not collected here; look at it, and "
                  "take it away or add --force")
        timed = (f"{folder / STAMP} was written by hand for the hand-in before; take it away, "
                 "collect again, and write the new time there")
        one.why = timed if what == {STAMP} else beside
    else:
        try:
            _replace(one, folder, stamp)
        except OSError as error:
            if error.errno in OF_THE_DISK:
                raise
            one.status = "not taken"
            one.why = (f"{error.filename or folder} cannot be written ({error.strerror or error}); "
                       "mend it, and collect again")


def _as_by_hand(one: Taken, folder: Path) -> None:
    """What a human did with a hand-in stands, and answers what was asked of them."""
    one.why = ""
    one.time = time_by_hand(folder, one.words)
    changed = "was changed by hand since it was collected, and is left so"
    one.notes = standing_notes(one.notes, folder, one.words) if one.time else [*one.notes, changed]


def _replace(one: Taken, folder: Path, stamp: Mapping[str, bytes]) -> None:
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, piece in one.saved.items():
        assert piece.content is not None, "only what was unpacked is saved"
        shutil.copyfile(piece.content, new / name)
    for name, data in stamp.items():
        (new / name).write_bytes(data)
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(new, folder)

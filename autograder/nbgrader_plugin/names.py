"""Whose hand-in a file is, from names that platforms write into archives. No file is touched.

A form that is not known is told as such and never guessed at: two students under one name lose one
of them his marks.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

HAND = "by hand"
UNKNOWN = "cannot tell whose hand-in this is"

MOODLE = re.compile(
    r"(?P<name>(?:[^_]+_)*?[^_]+)_(?P<number>\d+[a-z]?)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
BLACKBOARD = re.compile(
    r"(?P<title>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)?")
BRIGHTSPACE = re.compile(r"(?P<number>\d+)-\d+ ?- ?(?P<name>.+?) ?- ?(?P<time>[A-Z][a-z]{2} \d\d?, "
                         r"\d{4} \d{3,4} [AP]M)(?: ?- ?(?P<file>.+))?")
GRADESCOPE = re.compile(r"submission_(?P<number>\d+)")
ILIAS = re.compile(r"(?P<name>[^_]+_[^_]+_(?P<login>.+))_(?P<number>\d{2,})")
# an upload has a number of its own, what was typed into the page has none
CANVAS = re.compile(r"(?P<name>.+?)_(?P<late>LATE_)?(?P<number>\d+)_"
                    r"(?:\d+_(?P<file>.+)|(?P<page>(?:text|link)\.html))")
# Canvas, blind marking
ANONYMOUS = re.compile(r"(?:LATE_)?anon_(?:LATE_)?(?P<number>[A-Za-z0-9]+)_\d+_(?P<file>.+)")
PLATFORMS = ("_attempt_", "_assignsubmission_")
TEAMS = re.compile(r"Version (?P<version>\d+)")
CLONED = "-submissions"  # the folder that `gh classroom clone student-repos` makes

# may stand in a name made by hand; anybody can write it, so it is no time
STAMP = re.compile(r"_\d{4}-\d\d-\d\d[T-]\d\d-\d\d-\d\d$")
ARCHIVE = re.compile(r"(?:\.tar)?\.(?:zip|tar|gz|tgz)$", re.IGNORECASE)
# what browsers and Canvas put behind the name of a second file
AGAIN = re.compile(r" ?\(\d+\)$|-\d+$")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NAMELESS = {"anon", "participant", "teilnehmer", "teilnehmerin", "participante", "partecipante",
            "deltager", "deelnemer", "submission"}
# words that many archives have for their folders, also with a number, and that are nobody's name
NOBODY = re.compile(
    r"(?:(?:new|untitled|working|submitted|my) )?(?:anon|participant|submissions?|version|attempt"
    r"|group|part|exercise|week|assignment|archive|attachments?|files?|downloads?|downloaded"
    r"|extracted|notebooks?|homework|hw|work|src|code|new|old|final|folder|main|master|copy|copie"
    r"|kopie|copia)[ _-]?\d*")


@dataclass(frozen=True)
class Person:
    """Somebody as a platform names them: two are the same only if the platform says so."""

    platform: str
    name: str  # "" where it says nothing, as in blind marking
    number: str = ""  # the platform's own, where it gives one

    @property
    def nameless(self) -> bool:
        return not self.name or self.name.casefold() in NAMELESS

    @property
    def long(self) -> str:
        """The name with the number: nobody else's."""
        return "_".join(word for word in (self.name or "anon", self.number) if word)


@dataclass(frozen=True)
class Told:
    """What the path of one file tells."""

    person: Person
    file: str  # as the student called it
    late: bool = False  # the platform says so, and not when
    time: str = ""  # the platform says so; never what a student wrote
    attempt: tuple[int, ...] = ()  # of several hand-ins of one person the greatest counts


def told(parts: Sequence[str], slug: str, archive: str = "",
         known: Collection[str] = ()) -> Told | None:
    """What a path in an archive says, outermost part first; None for no known form or student."""
    if hidden(parts[:1]):
        return None
    last = len(parts) == 1
    # never deeper: from there on names are the student's own invention
    found = platform(parts[0], slug, last)
    if found is not None:  # what lies in a folder or an inner archive has the name it has there
        return found if found.file and last else replace(found, file=parts[-1])
    return _teams(parts) or _by_hand(parts, slug, archive, known)


def wrappers(paths: Iterable[Sequence[str]], slug: str) -> set[str]:
    """Folders around the whole of an archive: what lies in them names its owners itself."""
    owners: dict[str, set[str]] = {}
    for first, second, *rest in (p for p in paths if len(p) > 1):
        if platform(second, slug, not rest):
            owners.setdefault(first, set()).update(("a platform's", "form"))
        owners.setdefault(first, set()).add(second.rpartition(f"_{slug}")[0]
                                            if f"_{slug}" in second else "")
    return {name for name, found in owners.items()
            if len(found - {""}) > 1 and not platform(name, slug)}


def hidden(parts: Sequence[str]) -> bool:
    """Whether it is what macOS, Windows and Jupyter put beside files."""
    return any((p.startswith((".", "__MACOSX")) and p != "..") or p in ("Thumbs.db", "desktop.ini")
               for p in parts)


def same(name: str) -> str:
    """What two names have in common that an eye, a Mac or a Windows disk cannot tell apart."""
    return unicodedata.normalize("NFC", name).casefold().strip()


# ---------------------------------------------------------------------------------------- platforms
def platform(part: str, slug: str, last: bool = False) -> Told | None:
    """What a name tells if a platform made it; `last` for a file: some stand in folders only."""
    found = _moodle(part) or _blackboard(part, slug) or _brightspace(part) or _canvas(part, slug)
    return found if found or last else _folder(part)


def _moodle(part: str) -> Told | None:
    m = MOODLE.fullmatch(part)
    return Told(Person("Moodle", m["name"], m["number"]), m["file"] or "") if m else None


def _blackboard(part: str, slug: str) -> Told | None:
    m = BLACKBOARD.fullmatch(part)
    login = _login(m["title"], slug) if m else ""
    if not m or not login:
        return None
    time = _time(m["time"], "%Y-%m-%d-%H-%M-%S")
    return Told(Person("Blackboard", login), m["file"] or "", time=time, attempt=_digits(time))


def _brightspace(part: str) -> Told | None:
    m = BRIGHTSPACE.fullmatch(part)
    if not m:
        return None
    time = _american(m["time"])
    return Told(Person("Brightspace", m["name"], m["number"]), m["file"] or "", time=time,
                attempt=_digits(time))


def _canvas(part: str, slug: str) -> Told | None:
    if m := ANONYMOUS.fullmatch(part):
        return Told(Person("Canvas", "", m["number"]), m["file"],
                    "LATE_" in part[: m.start("number")])
    # numbers in the assignment's own name are not Canvas's
    head, here, _ = part.partition(f"_{slug}")
    m = CANVAS.fullmatch(part) if not here or CANVAS.fullmatch(f"{head}_x") else None
    return (Told(Person("Canvas", m["name"], m["number"]), m["file"] or m["page"], bool(m["late"]))
            if m else None)


def _folder(part: str) -> Told | None:
    if m := GRADESCOPE.fullmatch(part):
        return Told(Person("Gradescope", "submission", m["number"]), "")
    if m := ILIAS.fullmatch(part):  # with a "_" too many nobody knows where the login begins
        return Told(Person("ILIAS", m["name"] if "_" in m["login"] else m["login"],
                           m["number"]), "")
    return None


def _login(title: str, slug: str) -> str:
    """Blackboard's <assignment>_<login>, where both may hold "_": only what is certain."""
    if title.startswith(f"{slug}_"):
        return title[len(slug) + 1 :]
    words = title.split("_")
    return words[1] if len(words) == 2 else ""


def _teams(parts: Sequence[str]) -> Told | None:
    """Teams: [Submitted files/]<student>/<assignment>/Version 2/..."""
    for place in (2, 3):
        version = TEAMS.fullmatch(parts[place]) if place < len(parts) - 1 else None
        if version and (place == 2 or same(parts[0]) in ("submitted files", "student work")):
            return Told(Person("Teams", parts[place - 2]), parts[-1],
                        attempt=(int(version["version"]),))
    return None


def _by_hand(parts: Sequence[str], slug: str, archive: str, known: Collection[str]) -> Told | None:
    """<student>_<slug>.ipynb, <student>/<slug>.ipynb, <slug>-<student>/...: if it names one."""
    if any(mark in part for part in parts for mark in PLATFORMS):
        return None  # a platform's, in a form that is not known
    named = list(_named(parts, slug, archive))
    ours = [name for name in (*named, archive) if name in known]
    found = {same(name): name for name in ours or named if not NOBODY.fullmatch(same(name))}
    if len(found) != 1:
        return None
    (name,) = found.values()
    own = re.sub(rf"^{re.escape(name)}_(?:\d{{4}}-[\dT-]+_)?(?={re.escape(slug)})", "", parts[-1])
    return Told(Person(HAND, name), own)


def _named(parts: Sequence[str], slug: str, archive: str) -> Iterator[str]:
    ours, repository = _repositories((archive, *parts), slug)
    if len(parts) > 2 and parts[1] == slug:  # as in submitted/, whatever lies below
        found = repository.fullmatch(parts[0])
        yield found["login"] if found else parts[0]
        return
    for part in (archive, *parts):
        before, here, _ = part.rpartition(f"_{slug}")
        if here:
            yield STAMP.sub("", before)
    for part in parts[:-1]:
        found = repository.fullmatch(part)
        if found and not NOBODY.fullmatch(same(found["login"])):
            yield found["login"]
            return  # from here on names are the student's own invention
        if not (found or ours.search(part) or hidden([part])):
            yield ARCHIVE.sub("", part)


def _repositories(parts: Sequence[str], slug: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The assignment as GitHub writes it, and Classroom's [<name>-submissions/]<name>-<login>."""
    ours = r"[-_. ]".join(map(re.escape, re.split(r"[-_. ]", slug)))
    theirs = [re.escape(part.removesuffix(CLONED)) for part in parts[:2] if part.endswith(CLONED)]
    repository = rf"(?:{'|'.join([ours, *theirs])})-(?P<login>[\w.-]*[^\W\d_][\w.-]*)"
    return re.compile(ours, re.IGNORECASE), re.compile(repository, re.IGNORECASE)


# -------------------------------------------------------------------------------------------- times
def _time(text: str, form: str) -> str:
    """A time of the platform's as nbgrader reads it; "" for one that no calendar has."""
    try:
        return datetime.datetime.strptime(text, form).isoformat(" ")
    except ValueError:
        return ""


def _american(text: str) -> str:
    """The time in "Nov 20, 2026 1000 AM", whatever language this machine speaks."""
    month, day, year, clock, half = text.replace(",", "").split()
    if month not in MONTHS:
        return ""
    hour = int(clock[:-2]) % 12 + 12 * (half == "PM")
    return _time(f"{year}-{MONTHS.index(month) + 1}-{day} {hour}:{clock[-2:]}", "%Y-%m-%d %H:%M")


def _digits(time: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", time)))

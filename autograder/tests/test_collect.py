"""Archives of platforms, whole and damaged: whose hand-in arrives where, and what is said."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.model import CourseError
from autograder.nbgrader_plugin import archives, settings
from autograder.nbgrader_plugin import roster as lists
from autograder.nbgrader_plugin.collect import collect
from autograder.nbgrader_plugin.manifest import Collection
from autograder.nbgrader_plugin.names import Told, told, wrappers
from autograder.nbgrader_plugin.roster import Roster
from autograder.nbgrader_plugin.settings import MANIFEST
from autograder.neighbours.feedback import way_back
from autograder.report.collected import lines

SLUG = "hw1_dropout"
NB = f"{SLUG}.ipynb"
Files = Mapping[str, "str | bytes"]


# ------------------------------------------------------------------------------------------ helpers
def notebook(words: str = "") -> bytes:
    """A notebook that no other is like."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [],
                       "words": words}).encode()


def zipped(files: Files) -> bytes:
    """A zip archive with these files; a name alone stands for a notebook that says it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content or notebook(name))
    return out.getvalue()


def named(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


def damaged(data: bytes) -> bytes:
    """The archive after a bad download: its table of contents is gone."""
    return data[: len(data) // 2]


def spoilt(data: bytes) -> bytes:
    """The archive with a byte of its first file turned over: its checksum is wrong."""
    place = 60
    return data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]


class Room:
    """A course folder in which hand-ins are collected."""

    def __init__(self, root: Path, slug: str = SLUG) -> None:
        self.root, self.slug = root, slug
        self.archive = root / "downloaded" / slug / "archive"
        self.archive.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.archive / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def collect(
        self,
        roster: Roster | None = None,
        force: bool = False,
        sources: Sequence[Path] = (),
        zone: str = "UTC",
        times: Roster | None = None,
    ) -> Collection:
        where = SimpleNamespace(assignment_id=self.slug, submitted_directory="submitted")
        where.format_path = lambda step, student, slug: str(self.root / step / student / slug)
        found = collect(where, self.archive.parent, sources or [self.archive], roster, force,
                        settings.zone(zone), times)
        assert [p.name for p in self.archive.parent.iterdir() if p.name.startswith(".")] == []
        return found

    def handed_in(self) -> dict[str, set[str]]:
        """Student -> files in submitted/, save timestamps."""
        found: dict[str, set[str]] = {}
        for path in self.root.glob(f"submitted/*/{self.slug}/*"):
            found.setdefault(path.parts[-3], set()).update({path.name} - {"timestamp.txt"})
        return found

    def words(self, student: str, name: str = NB) -> str:
        path = self.root / "submitted" / student / self.slug / name
        return str(json.loads(path.read_bytes())["words"])

    def manifest(self) -> dict[str, Any]:
        return dict(json.loads((self.archive.parent / MANIFEST).read_bytes()))

    def said(self, found: Collection) -> str:
        return "\n".join(lines(found.to_dict()))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


# ---------------------------------------------------------------------------------------- the table
# platform -> the files of its archive, and who has handed in what: never two people in one, never
# one in two
ARCHIVES: dict[str, tuple[Files, dict[str, str]]] = {
    "Moodle": (
        named(*(f"{who}_assignsubmission_file_/{NB}"
                for who in ("Wei Lee_123458", "Wei Lee_123459", "Ada L_77"))),
        {"Wei Lee_123458": NB, "Wei Lee_123459": NB, "Ada L": NB},
    ),
    "Moodle, flat": (
        named(f"Wei Lee_123458_assignsubmission_file_{NB}",
              f"Wei Lee_123459_assignsubmission_file_{NB}"),
        {"Wei Lee_123458": NB, "Wei Lee_123459": NB},
    ),
    "Moodle, blind": (
        named(*(f"Participant_876{n}n_assignsubmission_file_/{NB}" for n in range(4))),
        {f"Participant_876{n}n": NB for n in range(4)},
    ),
    "Moodle, one, blind": (named(f"Participant_8768_assignsubmission_file/{NB}"),
                           {"Participant_8768": NB}),
    "Canvas": (
        named(f"leewei_1234_5678_{NB}", f"leewei_LATE_5678_5679_{NB}",
              f"lovelaceada_9_5680_{SLUG}-1.ipynb"),
        {"leewei_1234": NB, "leewei_5678": NB, "lovelaceada": NB},
    ),
    "Canvas, blind": (
        named(*(f"anon_{who}_44550_{NB}" for who in ("aB3dE", "aB3dF", "Zz9", "12345")),
              f"LATE_anon_q1_7_{NB}"),
        {"anon_aB3dE": NB, "anon_aB3dF": NB, "anon_Zz9": NB, "anon_12345": NB, "anon_q1": NB},
    ),
    "Blackboard": (
        {
            **named(*(f"{SLUG}_{who}_attempt_2026-11-{day}-10-00-00_{NB}"
                      for who, day in (("a_l", 20), ("a_l", 21), ("b_l", 20)))),
            f"{SLUG}_a_l_attempt_2026-11-20-10-00-00.txt": "Name: Ada",
        },
        {"a_l": NB, "b_l": NB},
    ),
    "Brightspace": (
        {
            **named(
                f"12345-678 - Ada Lovelace - Nov 20, 2026 1000 AM/{NB}",
                f"12345-679 - Ada Lovelace - Nov 21, 2026 110 PM/{NB}",
                f"99-678 - Wei Lee - Nov 20, 2026 1000 AM - {NB}",
                f"98-678 - Wei Lee - Nov 20, 2026 1000 AM - {NB}",
            ),
            "index.html": "<html>",
        },
        {"Ada Lovelace": NB, "Wei Lee_99": NB, "Wei Lee_98": NB},
    ),
    "Gradescope": (
        {
            **named(f"assignment_1_export/submission_101/{NB}",
                    f"assignment_1_export/submission_102/{NB}"),
            "assignment_1_export/submission_metadata.yml": "submission_101: {}",
        },
        {"submission_101": NB, "submission_102": NB},
    ),
    "Teams": (
        named(*(f"Submitted files/{who}/HW 1/Version {n}/{NB}"
                for who, n in (("Lee, Wei", 10), ("Lee, Wei", 9), ("L", 1)))),
        {"Lee, Wei": NB, "L": NB},
    ),
    "ILIAS": (
        named(f"Lovelace_Ada_adal_1001/{NB}", f"Lovelace_Ann_annl_1002/{NB}",
              f"Lee_Wei_w_lee_1003/{NB}"),
        {"adal": NB, "annl": NB, "Lee_Wei_w_lee": NB},
    ),
    "GitHub Classroom": (
        {
            **named(*(f"hw1-dropout-submissions/hw1-dropout-{who}/{NB}"
                      for who in ("octocat", f"mona-lisa/{SLUG}"))),
            "hw1-dropout-submissions/hw1-dropout-octocat/.git/config": "[core]",
        },
        {"octocat": NB, "mona-lisa": NB},
    ),
    "GitHub Classroom, another title": (
        named(*(f"homework-1-submissions/homework-1-{who}/{NB}"
                for who in ("octocat", "mona-lisa"))),
        {"octocat": NB, "mona-lisa": NB},
    ),
    "by hand": (
        named(f"ada_{NB}", f"ada_l_{NB}", f"dee_2026-11-20T10-00-00_{NB}", f"bob/{NB}",
              f"cyd/{SLUG}/deep/my own.ipynb"),
        {"ada": NB, "ada_l": NB, "dee": NB, "bob": NB, "cyd": "my own.ipynb"},
    ),
}
NEWEST = {"Blackboard": ("a_l", "11-21"), "Brightspace": ("Ada Lovelace", "Nov 21"),
          "Teams": ("Lee, Wei", "Version 10")}


@pytest.mark.parametrize("form", ["an archive", "a folder", "an archive named like a hand-in"])
@pytest.mark.parametrize("platform", ARCHIVES)
def test_everybody_arrives_and_nobody_becomes_another(platform: str, form: str, room: Room) -> None:
    files, expected = ARCHIVES[platform]
    if form == "a folder":
        for name, content in files.items():
            room.put(name, content or notebook(name))
    elif form == "an archive" or platform.startswith(("by hand", "GitHub")):
        # these have no mark of a platform's
        room.put("submissions.zip", zipped(files))
    else:
        room.put(f"CS101_{SLUG}.zip", zipped(files))
    found = room.collect()
    assert found.code == 0, room.said(found)
    assert room.handed_in() == {student: {name} for student, name in expected.items()}
    sources = [f["from"] for h in room.manifest()["hand_ins"] for f in h["files"] if f["as"]]
    assert len(set(sources)) == len(expected)
    if platform in NEWEST:
        student, newest = NEWEST[platform]
        assert newest in room.words(student)


# trouble -> what is put beside honest hand-ins of Moodle, what is said of it, and whom it costs the
# hand-in
TROUBLES: dict[str, tuple[Files, str, bool]] = {
    "a damaged inner archive": ({"x.zip": damaged(zipped(named(NB)))}, "x.zip is damaged", True),
    "an inner archive with a wrong checksum": ({"x.zip": spoilt(zipped({NB: notebook("n" * 999)}))},
                                               f"{NB} is damaged", True),
    "three of one name": (named(f"a/{NB}", f"b/{NB}", f"c/{NB}"),
                          f"rename the right one to {NB}", False),
    "a notebook too large": ({NB: b" " * 1_000_001}, "is larger than 1 MB", True),
    "a member without a "
    "name": ({"x.zip": zipped({"????": "", NB: notebook()}).replace(b"????", bytes(4))}, "", False),
    "a zip bomb": ({"x.zip": zipped({f"{n}.ipynb": b" " * 900_000 for n in range(9)})},
                   "a zip bomb?", False),
    "a path that leads out": ({"x.zip": zipped({f"../../{NB}": notebook()})},
                              "leads out of the archive", True),
    "an absolute path": ({"x.zip": zipped({f"/tmp/{NB}": notebook()})},
                         "leads out of the archive", True),
    "an archive in an archive": ({"x.zip": zipped({"y.zip": zipped(named(NB))})},
                                 "archive in an archive in an archive", True),
    "a 7z archive": ({"x.7z": b"7z"}, "x.7z is an archive of a kind that is not opened", True),
    "an archive with nothing in it": ({"x.zip": zipped({})}, "x.zip is empty", True),
    "nothing but what Jupyter keeps for itself": ({f".ipynb_checkpoints/{NB}": notebook()},
                                                  f"no notebook, only {NB}", True),
    "the same, of Windows and the editor": ({f".vscode/{NB}": notebook(), "Thumbs.db": b"\0"},
                                            f"no notebook, only {NB}, Thumbs.db", True),
    "the same, packed": ({"x.zip": zipped({f".ipynb_checkpoints/{NB}": notebook()})},
                         f"no notebook, only {NB}", True),
    "what a Mac puts beside it": ({NB: notebook(), f"._{NB}": b"\0\5",
                                   f".ipynb_checkpoints/{NB}": b"{}"}, "", False),
    "no notebook": ({"hw1.py": b"print()", "hw1.pdf": b"%PDF"},
                    "no notebook, only hw1.py, hw1.pdf", True),
    "a time that no calendar has": ({f"{SLUG} 2026-99-99T99-99-99.ipynb": notebook()}, "", False),
    "a time of the student's own": ({f"{SLUG} 2020-01-01T00-00-00.ipynb": notebook()}, "", False),
    "another's name": ({f"Ada L_77_assignsubmission_file_{NB}": notebook()}, "", False),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_costs_only_its_owner_and_is_named(trouble: str, room: Room,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(archives, "INNER", 5_000_000)
    theirs, said, lost = TROUBLES[trouble]
    honest = {f"{who}_assignsubmission_file_/{NB}": "" for who in ("Ada L_77", "Wei Lee_123459")}
    room.put("m.zip", zipped(
        {**honest, **{f"Odd One_66_assignsubmission_file_/{k}": v for k, v in theirs.items()}}))
    found = room.collect()
    assert room.words("Ada L") == f"Ada L_77_assignsubmission_file_/{NB}"
    assert set(room.handed_in()) == {"Ada L", "Wei Lee"} | (set() if lost else {"Odd One"})
    assert said in room.said(found)
    assert found.code == (1 if said else 0), room.said(found)
    assert not (room.root / "submitted" / "Odd One" / SLUG / "timestamp.txt").exists()


def test_a_notebook_that_a_browser_saved_as_text_is_one(room: Room) -> None:
    room.put("c.zip", zipped(named(f"adal_1_2_{NB}.txt", f"leewei_3_4_{NB}.json",
                                   "bo_5_6_notes.txt", "cy_7_8_data.json")))
    found = room.collect()
    assert room.handed_in() == {"adal": {NB}, "leewei": {NB}}
    assert "no notebook, only notes.txt" in room.said(found)


def test_only_who_is_not_named_is_to_be_renamed(room: Room) -> None:
    room.put("m.zip", damaged(zipped(named(f"adal_1_2_{NB}"))))
    assert "Rename" not in room.said(room.collect())
    room.put(f"CS301/ada/{NB}", notebook())
    assert "or name the students with --roster" in room.said(room.collect())


def test_an_empty_file_is_named(room: Room) -> None:
    room.put(f"ada_{NB}", b"")
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {})
    assert f"ada_{NB} is empty" in room.said(found)


def test_what_a_mac_packs_is_nobody(room: Room) -> None:
    room.put("all.zip", zipped({f"class/ada_{NB}": "", f"class/bob_{NB}": "",
                                f"class/._ada_{NB}": b"\0", "class/.DS_Store": b"\0"}))
    room.put("mac.zip", zipped({f"cyd_{NB}": "", f"__MACOSX/._cyd_{NB}": b"\0",
                                f"__MACOSX/{NB}": b"\0", f"._cyd_{NB}": b"\0"}))
    found = room.collect()
    assert (found.code, set(room.handed_in())) == (0, {"ada", "bob", "cyd"}), room.said(found)


def test_a_mac_writes_names_in_utf8_and_takes_letters_apart(room: Room) -> None:
    """Finder's archives do not say UTF-8; what cannot be read so stays as old machines wrote it."""
    # of other lengths, the longest first
    students = {"李小龙": "utf-8", unicodedata.normalize("NFD", "Jörg"): "utf-8", "Grün": "cp437"}
    names = [f"{student}_{NB}".encode(code) for student, code in students.items()]
    archive = zipped({"N" * len(name): "" for name in names})
    for name in names:
        archive = archive.replace(b"N" * len(name), name)
    room.put("m.zip", archive)
    found = room.collect()
    assert (found.code, set(room.handed_in())) == (0, {"李小龙", "Jörg", "Grün"}), room.said(found)


def linked(kind: str) -> bytes:
    """An archive whose notebook is only a link."""
    out = io.BytesIO()
    if kind == "zip":
        info = zipfile.ZipInfo(NB)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(info, "/etc/passwd")
    else:
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            member = tarfile.TarInfo(NB)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_link_is_not_followed(kind: str, room: Room) -> None:
    room.put(f"ada_{SLUG}.{kind}", linked(kind))
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {})
    assert "is a link" in room.said(found)
    os.symlink("/etc/passwd", room.archive / f"bob_{NB}")
    assert "bob" in room.said(room.collect())
    assert room.handed_in() == {}


def test_a_tar_archive_is_read_too(room: Room) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in (f"./work/{NB}", "notes.txt"):
            member, data = tarfile.TarInfo(name), notebook(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    room.put(f"ada_{SLUG}.tar.gz", out.getvalue())
    room.put(f"bob_{SLUG}.tar.gz", damaged(out.getvalue()))
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {"ada": {NB}})
    assert "is damaged" in room.said(found)


@pytest.mark.parametrize("name", ["hw1.ipynb", NB, f"submission/{NB}", f"a/b/{NB}", f"ada/bob_{NB}",
                                  f"Version 1/{NB}", f"My_hw_a_b_attempt_2026-11-20-10-00-00_{NB}"])
def test_an_unknown_form_is_told_and_not_guessed(name: str, room: Room) -> None:
    room.put(name, notebook())
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {})
    assert f"{name}: cannot tell whose hand-in this is" in room.said(found)
    assert room.manifest()["not_taken"] == [{"from": name,
                                             "why": "cannot tell whose hand-in this is"}]


def test_two_who_are_named_alike_without_a_number_are_not_taken(room: Room) -> None:
    room.put(f"ada_{NB}", notebook("1"))
    room.put(f"Ada_{NB}", notebook("2"))
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {})
    assert f"another hand-in has the same name (Ada_{NB})" in room.said(found)


def test_who_only_typed_something_is_named(room: Room) -> None:
    room.put("c.zip", zipped({f"adal_1_2_{NB}": "", "leewei_3_text.html": "<p>",
                              "bo_LATE_4_link.html": "<a>"}))
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {"adal": {NB}})
    assert "no notebook, only text.html" in room.said(found)
    assert "no notebook, only link.html" in room.said(found)


def test_a_student_cannot_hand_in_for_another(room: Room) -> None:
    """Deeper names are the student's own: named like a platform's, they make nothing another's."""
    inner = zipped(named(f"Ada L_77_assignsubmission_file_/{NB}",
                         f"leewei_12_34_{NB}", f"bob_{NB}"))
    room.put("m.zip", zipped({"Mal M_66_assignsubmission_file_/x.zip": inner,
                              f"Ada L_77_assignsubmission_file_/{NB}": ""}))
    found = room.collect()
    assert set(room.handed_in()) == {"Mal M", "Ada L"}
    assert room.words("Ada L") == f"Ada L_77_assignsubmission_file_/{NB}"
    assert f"3 notebooks; {NB} is graded" in room.said(found)


@pytest.mark.parametrize("name", ["../../x", "x\n\ty", ".hidden", "-rf", "x" * 300])
def test_a_name_that_is_no_folder_is_refused(name: str, room: Room) -> None:
    files = {f"{name}_66_assignsubmission_file_{NB}": "",
             f"Ada L_77_assignsubmission_file_{NB}": ""}
    room.put("m.zip", zipped(files))
    found = room.collect()
    assert room.handed_in() == {"Ada L": {NB}}
    assert found.code == (0 if name == ".hidden" else 1), ("a file that begins with a dot is one "
                                                           "that macOS and Jupyter put there")


def test_a_damaged_archive_of_the_platform_is_told(room: Room) -> None:
    room.put("m.zip", damaged(zipped(named(f"Ada L_77_assignsubmission_file_/{NB}"))))
    room.put(f"ada_{NB}", notebook())
    found = room.collect()
    assert (found.code, room.handed_in()) == (1, {"ada": {NB}})
    assert "not taken: m.zip: is damaged" in room.said(found)


def test_a_table_of_contents_without_end_is_not_read(
        room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.nbgrader_plugin.archives.LIST", 1_000)
    room.put("m.zip",
             zipped(named(*(f"Ada L_77_assignsubmission_file_/{n}.txt" for n in range(20)))))
    assert "m.zip: lists far too many files" in room.said(room.collect())


# ------------------------------------------------------------------------------- late, times, again
def test_late_is_kept_and_a_time_only_where_the_platform_tells_it(room: Room) -> None:
    room.put("c.zip", zipped(
        named(f"leewei_LATE_1_2_{NB}",
              f"{SLUG}_bob_attempt_2026-11-20-10-00-00_{SLUG} 2020-01-01T00-00-00.ipynb")))
    found = room.collect(zone="Europe/Berlin")
    by_student = {h["student"]: (h["late"], h["time"]) for h in room.manifest()["hand_ins"]}
    assert by_student == {"leewei": (True, None), "bob": (False, "2026-11-20 09:00:00 UTC")}
    assert "leewei  taken (late, no time told)  " in room.said(found)
    assert "bob     taken (2026-11-20 09:00:00 UTC)  " in room.said(found)
    assert "late, as the platform says" in room.said(found)
    assert ((room.root / "submitted" / "bob" / SLUG / "timestamp.txt").read_text()
            == "2026-11-20 09:00:00 UTC")
    assert not (room.root / "submitted" / "leewei" / SLUG / "timestamp.txt").exists()


def test_a_time_that_a_human_wrote_is_known(room: Room) -> None:
    """As the README says where no time is told; a new attempt's time is new, so nothing is lost."""
    first = room.put("c.zip", zipped(named(f"leewei_LATE_1_2_{NB}", "leewei_LATE_1_2_work.ipynb",
                                           f"dee_LATE_3_4_{NB}")))
    room.collect()
    for who, text in (("leewei", "2026-11-20 12:00:00 Europe/Berlin"), ("dee", "yesterday")):
        (room.root / "submitted" / who / SLUG / "timestamp.txt").write_text(text)
    for _ in range(2):
        found = room.collect()
        said, lee = room.said(found), next(h for h in found.hand_ins if h.student == "leewei")
        assert (lee.status, lee.time, lee.notes) == ("as before", "2026-11-20 11:00:00 UTC",
                                                     [f"2 notebooks; {NB} is graded"])
        assert "leewei  as before (late, 2026-11-20 11:00:00 UTC)" in said
        assert (said.count("the time is not told") == said.count("was changed by hand")
                == 1), "of dee, whose file holds no time"
    first.write_bytes(zipped(named(f"leewei_LATE_1_7_{NB}")))
    assert ("timestamp.txt was written by hand for the hand-in before; take it away, collect "
            "again" in room.said(room.collect()))
    (room.root / "submitted" / "leewei" / SLUG / "timestamp.txt").unlink()
    assert next(h for h in room.collect().hand_ins if h.student == "leewei").status == "taken"


def test_what_is_in_the_way_of_one_costs_nobody_else(room: Room) -> None:
    """Odd things in submitted/: nothing is written through a link, and nothing endless is read."""
    names = ("ada", "bob", "cyd", "dee", "eve", "zoe")
    room.put("s.zip", zipped(named(*(f"{who}_{NB}" for who in names))))
    submitted, outside = room.root / "submitted", room.root / "outside"
    for place in (outside / SLUG, submitted / "cyd", submitted / "dee" / SLUG):
        place.mkdir(parents=True)
    (submitted / "ada").write_text("no folder")
    (submitted / "bob").symlink_to(outside)
    (submitted / "cyd" / SLUG).symlink_to(outside)
    os.mkfifo(submitted / "dee" / SLUG / "pipe.ipynb")
    with (submitted / "dee" / SLUG / "endless.txt").open("wb") as file:
        file.truncate(1 << 40)
    (submitted / "eve").mkdir()
    (submitted / "eve" / f".{SLUG}.new").write_text("no folder")
    found = room.collect()
    assert ({h.student: h.status for h in found.hand_ins} == dict.fromkeys(names, "not taken")
            | {"zoe": "taken"})
    told = "\n".join(h.why for h in found.hand_ins)
    assert ("submitted/ada is no folder; take it away, and collect again\n"
            f"{submitted}/bob is only a link" in told)
    assert "something else that was not collected here" in told
    assert f".{SLUG}.new cannot be written (File exists); mend it, and collect again" in told
    assert list(outside.rglob("*")) == [outside / SLUG]
    assert "zoe" in room.handed_in()


def test_a_zone_that_is_none_is_told() -> None:
    for name in ("Berlin", "../../etc/passwd", ""):
        with pytest.raises(CourseError, match="There is no time zone"):
            settings.zone(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(room: Room) -> None:
    room.put(f"ada_{NB}", notebook())
    room.put(f"bob/{NB}", notebook()).parent.chmod(0)
    room.put(f"cyd_{NB}", notebook()).chmod(0)
    found = room.collect()
    (room.archive / "bob").chmod(0o700)
    assert (found.code, room.handed_in()) == (1, {"ada": {NB}})
    assert {p.source for p in found.unknown} == {"bob"}
    assert f"cyd_{NB} cannot be read (Permission denied)" in room.said(found)


def test_a_second_collection_brings_what_is_new_and_leaves_what_a_human_changed(room: Room) -> None:
    name = "{}_{}_assignsubmission_file_/" + NB
    files = {name.format(who, n): notebook("old")
             for who, n in (("Wei Lee", 1), ("Ada L", 2), ("Bob B", 3), ("Cyd C", 4))}
    room.put("m.zip", zipped(files))
    assert room.collect().code == 0
    changed = room.root / "submitted" / "Ada L" / SLUG / NB
    changed.write_bytes(notebook("mended by hand"))
    (room.root / "submitted" / "Bob B" / SLUG / NB).write_bytes(notebook("mended, too"))
    files |= {name.format("Wei Lee", 5): notebook("namesake"),
              name.format("Wei Lee", 1): notebook("new")}
    files |= {name.format("Bob B", 3): notebook("new")}
    room.put("m.zip", zipped(files))
    found = room.collect()
    states = {h.student: h.status for h in found.hand_ins}
    assert states == {"Wei Lee": "taken", "Ada L": "as before", "Bob B": "not taken",
                      "Cyd C": "as before", "Wei Lee_5": "taken"}
    assert ((room.words("Wei Lee"), room.words("Ada L"), room.words("Bob B"))
            == ("new", "mended by hand", "mended, too"))
    assert found.code == 1
    assert "holds something else that was not collected here" in room.said(found)
    assert room.collect(force=True).code == 0
    assert (room.words("Ada L"), room.words("Bob B")) == ("old", "new")


def test_whom_another_roster_calls_otherwise_stands_in_the_manifest_once(
        room: Room, tmp_path: Path) -> None:
    """Two ids for one number were nobody's row on the way back."""
    room.put("c.zip", zipped(named(f"leewei_12_2_{NB}", f"lovelaceada_9_3_{NB}")))
    for ids in (("wl1", "al"), ("w@x.edu", "a@x.edu"), ("wl1", "al")):
        (tmp_path / "roster.csv").write_text(f"id,lms_user_id\n{ids[0]},12\n{ids[1]},9\n")
        room.collect(lists.read(tmp_path / "roster.csv"))
        assert sorted(h["student"] for h in room.manifest()["hand_ins"]) == sorted(ids)
    assert way_back(room.root, SLUG, "Canvas").numbers == {"12": "wl1", "9": "al"}


def test_who_handed_in_by_another_road_is_not_overwritten(room: Room) -> None:
    there = room.root / "submitted" / "ada" / SLUG / NB
    there.parent.mkdir(parents=True)
    there.write_bytes(notebook("from the exchange"))
    room.put(f"ada_{NB}", notebook("from an archive"))
    assert room.collect().code == 1
    assert room.words("ada") == "from the exchange"


def test_a_namesake_who_comes_later_does_not_become_the_first(room: Room) -> None:
    room.put("c.zip", zipped(named(f"leewei_1_2_{NB}")))
    room.collect()
    second = Room(room.root, "hw2_network")
    second.put("c.zip", zipped(named("leewei_9_3_hw2_network.ipynb")))
    second.collect()
    third = Room(room.root, "hw3_x")
    third.put("c.zip", zipped(named("leewei_9_4_hw3_x.ipynb", "leewei_1_5_hw3_x.ipynb")))
    third.collect()
    assert ((set(room.handed_in()), set(second.handed_in()), set(third.handed_in()))
            == ({"leewei"}, {"leewei_9"}, {"leewei", "leewei_9"}))


def test_a_list_that_is_none_is_told(room: Room) -> None:
    room.put(f"ada_{NB}", notebook())
    (room.archive.parent / MANIFEST).write_text("{")
    with pytest.raises(CourseError, match="is no list of collected hand-ins"):
        room.collect()


def test_an_archive_that_was_collected_before_stays_in_the_list(room: Room) -> None:
    first, second = room.put(f"ada_{NB}", notebook()), room.put(f"bob_{NB}", notebook())
    room.collect(sources=[first])
    room.collect(sources=[second])
    assert {h["student"] for h in room.manifest()["hand_ins"]} == {"ada", "bob"}


def test_two_notebooks_of_one_student_are_both_there_and_the_named_one_is_graded(
        room: Room) -> None:
    room.put("c.zip", zipped(named(f"adal_1_2_{NB}", "adal_1_3_notes.ipynb")))
    found = room.collect()
    assert (found.code, room.handed_in()) == (0, {"adal": {NB, "notes.ipynb"}})
    assert f"2 notebooks; {NB} is graded" in room.said(found)


# ------------------------------------------------------------------------------------------- roster
ROSTERS = {"nbgrader": "id,first_name,last_name,email,lms_user_id\nwl1,Wei,Lee,w@x.edu,1234\n"
           "wl2,Wei,Lee,v@x.edu,5678\nal,Ada,Lovelace,,\n",
           "Canvas": '\ufeffStudent,ID,SIS User ID,SIS Login ID\n"Lee, Wei",1234,77,wl1\n'
           '"Lee, Wei",5678,78,wl2\n"Lovelace, Ada",9,79,al\n',
           "semicolons": "id;lms_user_id;name\nwl1;1234;\nwl2;5678;\nal;;Lovelace Ada\n"}


@pytest.mark.parametrize("kind", ROSTERS)
def test_the_roster_says_who_is_who(kind: str, room: Room, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTERS[kind], encoding="utf-8")
    room.put("c.zip", zipped(named(f"leewei_1234_1_{NB}", f"leewei_5678_2_{NB}",
                                   f"lovelaceada_9_3_{NB}", f"stranger_10_4_{NB}")))
    found = room.collect(lists.read(tmp_path / "roster.csv"))
    assert set(room.handed_in()) == {"wl1", "wl2", "al", "stranger"}
    assert found.absent == []
    assert room.said(found).count("is not in the roster") == 1


def test_moodles_worksheet_says_who_is_who(room: Room, tmp_path: Path) -> None:
    text = ("Identifier,Full name,Email address\nParticipant 123458,Wei Lee,w1@x.edu\n"
            "Participant 123459,Wei Lee,w2@x.edu\n")
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    files, _ = ARCHIVES["Moodle"]
    room.put("m.zip", zipped(files))
    room.collect(lists.read(tmp_path / "roster.csv"))
    assert set(room.handed_in()) == {"w1@x.edu", "w2@x.edu", "Ada L"}


def test_of_moodles_ids_the_first_that_is_filled_counts(tmp_path: Path) -> None:
    head = "Identifier,Full name,Email address"
    rows = ["Participant 1,Wei Lee,w@x.edu", "Participant 2,Wei Lee,v@x.edu"]
    (tmp_path / "roster.csv").write_text("\n".join(
        [head + ",Username", *(f"{row},u{n}" for n, row in enumerate(rows))]), encoding="utf-8")
    assert lists.read(tmp_path / "roster.csv").ids == {"u0", "u1"}
    (tmp_path / "roster.csv").write_text("\n".join(row.rpartition(",")[0] for row in [head, *rows]),
                                         encoding="utf-8")
    with pytest.raises(CourseError,
                       match=r"has Wei Lee twice.* ID number, Username, Email address, Full name"):
        lists.read(tmp_path / "roster.csv")


def test_moodles_worksheet_says_when(room: Room, tmp_path: Path) -> None:
    """Its archive does not. By number only: other assignments' worksheets tell other times."""
    times = ["Friday, 20 November 2026, 9:05 PM", "Freitag, 20. November 2026, 21:05",
             "Friday, November 20, 2026, 09:05 AM", "-"]
    names = [("1", "Ada L"), ("2", "Bob B"), ("3", "Cyd C"), ("4", "Dee D")]
    rows = [f'Participant {n},{name},"{time}"'
            for (n, name), time in zip(names, times, strict=True)]
    (tmp_path / "roster.csv").write_text(
        "\n".join(["Identifier,Full name,Last modified (submission)", *rows]), encoding="utf-8")
    room.put("m.zip", zipped(named(*(f"{name}_{n}_assignsubmission_file_/{NB}"
                                     for n, name in [("901", "Dee D"), *names[:3]]))))
    said = room.said(room.collect(lists.read(tmp_path / "roster.csv"), zone="Europe/Berlin"))
    stamps = {p.parts[-3]: p.read_text() for p in room.root.glob("submitted/*/*/timestamp.txt")}
    assert stamps == {"Ada L": "2026-11-20 20:05:00 UTC", "Cyd C": "2026-11-20 08:05:00 UTC"}
    assert said.count("only English dates are read") == 1
    assert "'Freitag, 20. November 2026, 21:05'" in said


def test_moodles_worksheet_says_when_beside_a_roster_of_another_kind(
        room: Room, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("id,first_name,last_name\nal7,Ada,L\n", encoding="utf-8")
    worksheet = ('Identifier,Full name,Last modified (submission)\n'
                 'Participant 901,Ada L,"Friday, 20 November 2026, 9:05 PM"\n')
    (tmp_path / "worksheet.csv").write_text(worksheet, encoding="utf-8")
    room.put("m.zip", zipped(named(f"Ada L_901_assignsubmission_file_/{NB}")))
    found = room.collect(lists.read(tmp_path / "roster.csv"),
                         times=lists.worksheet(tmp_path / "worksheet.csv"))
    assert [(h.student, h.time) for h in found.hand_ins] == [("al7", "2026-11-20 21:05:00 UTC")]
    with pytest.raises(CourseError, match=r"roster.csv is no grading worksheet of Moodle's"):
        lists.worksheet(tmp_path / "roster.csv")


def test_a_name_that_two_have_finds_nobody_and_numbers_of_others_are_not_moodles(
        room: Room, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTERS["nbgrader"].replace("1234", "123458"),
                                         encoding="utf-8")
    files, _ = ARCHIVES["Moodle"]
    room.put("m.zip", zipped(files))
    room.collect(lists.read(tmp_path / "roster.csv"))
    assert set(room.handed_in()) == {"Wei Lee_123458", "Wei Lee_123459", "Ada L"}


def test_a_number_that_stands_twice_finds_nobody(room: Room, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("id,lms_user_id\nx,7\ny,7\n", encoding="utf-8")
    room.put("c.zip", zipped(named(f"adal_7_2_{NB}")))
    room.collect(lists.read(tmp_path / "roster.csv"))
    assert set(room.handed_in()) == {"adal"}


def test_of_whom_nothing_came_is_said_once_all_archives_are_read(
        room: Room, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTERS["nbgrader"], encoding="utf-8")
    known = lists.read(tmp_path / "roster.csv")
    first = room.put("1.zip", zipped(named(f"leewei_1234_1_{NB}")))
    second = room.put("2.zip", zipped(named("leewei_5678_2_hw1.pdf")))
    assert ("in the roster, and nothing came: al, "
            "wl2" in room.said(room.collect(known, sources=[first])))
    assert ("in the roster, and nothing came: al\n"
            in room.said(room.collect(known, sources=[second]))), "a wrong file is something"
    assert room.manifest()["absent"] == ["al"]


def test_the_roster_decides_where_two_names_stand(room: Room, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("id\nada\n", encoding="utf-8")
    room.put(f"ada/bob_{NB}", notebook())
    room.collect(lists.read(tmp_path / "roster.csv"))
    assert set(room.handed_in()) == {"ada"}


@pytest.mark.parametrize(("text", "said"),
                         [("a,b\n1,2\n", "none of the columns"), ("", "none of the columns"),
                          ("id\na\na\n", "has a twice")])
def test_a_roster_that_is_none_is_told(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=said):
        lists.read(tmp_path / "roster.csv")
    with pytest.raises(CourseError, match="cannot be read"):
        lists.read(tmp_path / "nowhere.csv")


# -------------------------------------------------------------------------------------------- names
def says(path: str, slug: str = SLUG) -> Told | None:
    return told(path.split("/"), slug)


@pytest.mark.parametrize(
    ("path", "name", "file"),
    [
        ("ada_hw1.ipynb", "ada", "hw1.ipynb"),
        ("ada_hw1 (1).ipynb", "ada", "hw1 (1).ipynb"),
        ("Ada L_77_assignsubmission_file/work/bob_hw1.ipynb", "Ada L", "bob_hw1.ipynb"),
        ("Ada L_77_assignsubmission_file_x_78_assignsubmission_file_hw1.ipynb", "Ada L",
         "x_78_assignsubmission_file_hw1.ipynb"),
        ("Ada L_77_assignsubmission_file_my work.ipynb", "Ada L", "my work.ipynb"),
        ("lovelaceada_12_345_hw1-2.ipynb", "lovelaceada", "hw1-2.ipynb"),
        ("hw1_ada_attempt_2026-11-20-10-00-00_x_attempt_2027-11-20-10-00-00_hw1.ipynb", "ada",
         "x_attempt_2027-11-20-10-00-00_hw1.ipynb"),
        ("Homework 1_ada_attempt_2026-11-20-10-00-00_hw1.ipynb", "ada", "hw1.ipynb"),
        ("ada/hw1.ipynb", "ada", "hw1.ipynb"),
        ("ada/hw1/hw1.ipynb", "ada", "hw1.ipynb"),
        ("ada/work.zip/solution.ipynb", "ada", "solution.ipynb"),
    ],
)
def test_the_student_is_read_from_the_name(path: str, name: str, file: str) -> None:
    found = says(path, "hw1")
    assert found is not None
    assert (found.person.name, found.file) == (name, file)


def test_what_github_calls_a_copy_is_nobodys_name() -> None:
    """The folder of a repository's "Download ZIP" ends in its branch; who it is stands around."""
    branch = told(["hw1-main", "hw1.ipynb"],
                  "hw1"), told(["hw1-main", "hw1.ipynb"], "hw1", "ada_hw1")
    assert [t and t.person.name for t in branch] == [None, "ada"]
    for path in ("ada/hw1-main/hw1.ipynb", "hw1-ada/hw1.ipynb", "HW1-ada/hw1/hw1.ipynb",
                 "HW1-ada/sub/hw1/deep.ipynb"):
        found = says(path, "hw1")
        assert found is not None
        assert found.person.name == "ada", path
    assert says("hw1-1/hw1.ipynb", "hw1") is None
    left = says("ada/.ipynb_checkpoints/hw1.ipynb", "hw1")
    assert left is not None
    assert left.person.name == "ada"
    assert told(["hw1-bob", "hw1.ipynb"], "hw1", "ada_hw1") is None, "two are named"


def test_a_folder_of_clones_that_is_given_itself(room: Room) -> None:
    clones = room.root / "homework-1-submissions"
    for who in ("octocat", "mona-lisa"):
        (clones / f"homework-1-{who}").mkdir(parents=True)
        (clones / f"homework-1-{who}" / NB).write_bytes(notebook(who))
    (clones / "homework-1-hubot" / ".git").mkdir(parents=True)
    (clones / "homework-1-hubot" / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (room.root / "classroom_roster.csv").write_text(
        '"identifier","github_username","github_id","name"\n"s-17","octocat","1","octocat"\n'
        '"s-18","","",""\n"s-19","Mona-Lisa","2",""\n')
    found = room.collect(lists.read(room.root / "classroom_roster.csv"), sources=[clones])
    assert (found.code, set(room.handed_in())) == (1, {"s-17", "s-19"}), room.said(found)
    assert "no notebook, only HEAD" in room.said(found)
    assert ([h["student"] for h in room.manifest()["hand_ins"] if h["status"] == "not taken"]
            == ["hubot"])


def test_numbers_in_the_name_of_an_assignment_are_not_canvass() -> None:
    here = says("ada_hw_1_2_x.ipynb", "hw_1_2_x")
    there = says("leewei_3_4_hw_1_2_x.ipynb", "hw_1_2_x")
    assert here is not None
    assert there is not None
    assert (here.person.name, there.person.name, there.person.number) == ("ada", "leewei", "3")


def test_a_folder_around_all_is_nobody() -> None:
    paths = [("class", f"ada_{NB}"), ("class", f"bob_{NB}"), ("ada", NB),
             ("all", "Ada_1_assignsubmission_file_", NB)]
    assert wrappers(paths, SLUG) == {"class", "all"}

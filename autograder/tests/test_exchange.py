"""The whole ring of nbgrader's exchange: handed out, in, graded, back, and once more."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from autograder.classes.desk import word_of
from autograder.cli import main
from autograder.nbgrader_plugin.submitted import SECRET, secret, take
from autograder.tests.classroom import RIGHT, SLUG, WRONG, Classroom, answered, make, server

pytestmark = pytest.mark.nbgrader
COURSE = "toy101"


def shared(root: Path, exchange: Path) -> None:
    """Add the exchange to a settings file, as README says."""
    path = root / "nbgrader_config.py"
    own = (f"\nc = get_config()\nc.CourseDirectory.course_id = {COURSE!r}\n"
           f"c.Exchange.root = {str(exchange)!r}\n")
    path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + own,
                    encoding="utf-8")


class Home(Classroom):
    """A student's own folder, with nothing of the kit's settings in it."""

    def __init__(self, root: Path, exchange: Path) -> None:
        root.mkdir()
        super().__init__(root)
        shared(root, exchange)

    def hand_in(self, shrink: str) -> None:
        path = self.root / SLUG / f"{SLUG}.ipynb"
        path.write_text(json.dumps(answered(json.loads(path.read_text(encoding="utf-8")), shrink)),
                        encoding="utf-8")
        self.done("submit", SLUG)

    def done(self, *words: str) -> str:
        done = self.run(*words, "--student", self.root.name)
        assert done.code == 0, done.text
        return done.text

    def feedback(self, student: str = "") -> str:
        """The newest page that was fetched."""
        pages = sorted((self.root / SLUG / "feedback").glob("*/*.html"))
        return pages[-1].read_text(encoding="utf-8") if pages else ""


def test_the_whole_ring_twice_and_on_both_roads(tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    course = make(tmp_path / "course")
    shared(course.root, exchange)
    ada, bob = Home(tmp_path / "ada", exchange), Home(tmp_path / "bob", exchange)

    def ours(*words: str) -> str:
        done = course.run(*words)
        assert done.code == 0, done.text
        return done.text

    ours("release_assignment", SLUG)
    for home, answer in ((ada, WRONG), (bob, RIGHT)):
        home.done("fetch_assignment", SLUG)
        home.hand_in(answer)
    ours("collect", SLUG)
    # has no secret, and comes before nobody's feedback
    course.submit("by-mail", answered(course.released()))
    assert main(["grade", SLUG, "--course", str(course.root), "--jobs", "1"]) == 0
    ours("generate_feedback", SLUG)
    assert "by-mail has not handed in through the exchange" in ours("release_feedback", SLUG)
    for home, score in ((ada, 2), (bob, 5)):
        home.done("fetch_feedback", SLUG)
        assert f'<p class="total">{score} <span>of 5 points</span></p>' in home.feedback()
    assert "feedback already fetched" in ada.done("list", "--inbound", SLUG)
    assert ({p.name for p in (course.root / "feedback" / "ada" / SLUG).iterdir()}
            == {f"{SLUG}.html", "timestamp.txt", SECRET})

    ada.hand_in(RIGHT)
    # the same notebook with another secret: its feedback must find its way, too
    bob.done("submit", SLUG)
    ours("collect", SLUG, "--update")
    ours("autograde", SLUG, "--student", "ada")
    assert main(["grade", SLUG, "--course", str(course.root), "--jobs", "1"]) == 0
    config = tmp_path / "jupyter" / "nbgrader_config.py"
    config.parent.mkdir()
    config.write_text(f"c = get_config()\nc.CourseDirectory.root = {str(course.root)!r}\n")
    with server(tmp_path, config.parent) as ask:
        for step in ("generate_feedback", "release_feedback"):
            answer = json.loads(ask(f"/formgrader/api/assignment/{SLUG}/{step}", b""))
            assert answer["success"], answer
    for home in (ada, bob):
        home.done("fetch_feedback", SLUG)
        assert '<p class="total">5 <span>of 5 points</span></p>' in home.feedback()
        assert len(list((home.root / SLUG / "feedback").iterdir())) == 2
    assert ada.done("list", "--inbound", SLUG).count("feedback already fetched") == 2


# ------------------------------------------------------------------------------------------ secrets
def test_only_a_secret_that_nbgrader_may_have_written_is_carried(tmp_path: Path) -> None:
    path = tmp_path / SECRET
    assert secret(tmp_path) == b""
    for content, carried in ((b"0123abcd" * 16, True), (b"x" * 1024, True), (b"x" * 1025, False),
                             (b"", False), (b"\xff", False)):
        path.write_bytes(content)
        assert secret(tmp_path) == (content if carried else b"")
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert secret(tmp_path) == b""
    path.unlink()
    os.mkfifo(path)
    assert secret(tmp_path) == b"", "a pipe is not waited for"
    path.unlink()
    path.mkdir()
    assert secret(tmp_path) == b""


@pytest.mark.parametrize("road", ["autograder grade", "nbgrader autograde"])
def test_a_linked_secret_reaches_nobody(road: str, tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    folder = course.submit("mal", answered(course.released()))
    (folder / SECRET).symlink_to(course.root / "solutions" / f"{SLUG}_key.py")
    shutil.copytree(folder, course.root / "submitted" / "ada" / SLUG, symlinks=True)
    (course.root / "submitted" / "ada" / SLUG / SECRET).unlink()
    (course.root / "submitted" / "ada" / SLUG / SECRET).write_text("0123abcd")
    if road == "autograder grade":
        assert main(["grade", SLUG, "--course", str(course.root), "--jobs", "1"]) == 0
    else:
        assert course.run("autograde", SLUG).code == 0
    left = {p.parts[-3]: p.read_text() for p in course.root.glob(f"autograded/*/*/{SECRET}")}
    assert left == {"ada": "0123abcd"}


def test_the_same_notebook_with_another_secret_is_another_hand_in(tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    folder = course.submit("ada", answered(course.released()))
    words = set()
    for content in ("a", "b"):
        (folder / SECRET).write_text(content)
        words.add(word_of(take(folder, SLUG), "desk"))
    assert len(words) == 2
